/* SPDX-License-Identifier: MIT */
/*
 * A buddy allocator with exact sizes and a cache of single pages.
 *
 * Free memory is kept as blocks of 2^order pages, aligned to their size (from
 * the pool's base), in one doubly linked list per order, whose links stand in
 * the blocks themselves. There is one byte of state per page, and it means
 * something only in the first page of a block or of an allocated piece:
 *   PAGE_USED         allocated, or not memory (so zero bytes are right for
 *                     memory that was never added)
 *   PAGE_FREE|order   the first page of a free block
 *   PAGE_CACHED       in the cache
 * The bytes of other pages are stale. That is safe: a byte is looked at only
 * for the buddy of a block that is just being freed; the buddy is no larger
 * block's inside (that block would contain both), so its first page begins a
 * block or piece, and whoever made it so wrote its byte.
 *
 * An allocation of count pages takes the smallest block that holds them and
 * gives back the rest at once. What remains consists of pieces: the powers of
 * two in count, in descending order; each piece's first byte is PAGE_USED, and
 * freeing frees the pieces, which merge with their buddies. When no single
 * block is large enough, two or more free neighbours are joined.
 *
 * Single pages come from a small stack, last freed first out, whose pages look
 * allocated to the buddies. When it is full its older half is given back; it
 * is given back whole before an allocation fails. So single pages cost a few
 * nanoseconds, and large runs still come together again.
 */
#include "port/pages.h"
#include "port/port.h"

enum page_state {
	PAGE_USED = 0,
	PAGE_CACHED = 0x40,
	PAGE_FREE = 0x80,
};

enum {
	PAGES_REFILL_ORDER = 4, /* what an empty cache takes at once */
	PAGES_JOIN_TRIES = 256,
};

static void *page_address(const struct page_pool *pool, size_t index)
{
	return (void *)(pool->base + (index << PAGE_SHIFT));
}

static size_t page_index(const struct page_pool *pool, const void *page)
{
	size_t index = ((uintptr_t)page - pool->base) >> PAGE_SHIFT;

	port_assert(index < pool->count);
	return index;
}

/* The largest order whose block is not larger than count (>= 1) pages. */
static unsigned int order_within(size_t count)
{
	return 63 - (unsigned int)__builtin_clzl(count);
}

static void block_link(struct page_pool *pool, size_t index, unsigned int order)
{
	struct page_block *block = page_address(pool, index);
	struct page_block **head = &pool->blocks[order];

	block->next = *head;
	block->link = head;
	if (*head)
		(*head)->link = &block->next;
	*head = block;
	pool->orders |= (uint64_t)1 << order;
	pool->state[index] = (uint8_t)(PAGE_FREE | order);
}

static void block_unlink(struct page_pool *pool, size_t index,
			 unsigned int order)
{
	struct page_block *block = page_address(pool, index);

	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
	if (!pool->blocks[order])
		pool->orders &= ~((uint64_t)1 << order);
	pool->state[index] = PAGE_USED;
}

/* Makes 2^order pages a free block, merged with its buddies. */
static void block_put(struct page_pool *pool, size_t index, unsigned int order)
{
	size_t buddy;

	while (order + 1 < PAGES_ORDERS) {
		buddy = index ^ ((size_t)1 << order);
		if (buddy >= pool->count ||
		    pool->state[buddy] != (PAGE_FREE | order))
			break;
		block_unlink(pool, buddy, order);
		index &= buddy;
		order++;
	}
	block_link(pool, index, order);
}

/* Gives back the count pages from index, as the largest blocks they hold. */
static void run_put(struct page_pool *pool, size_t index, size_t count)
{
	unsigned int order;

	while (count) {
		order = order_within(count);
		if (index && (unsigned int)__builtin_ctzl(index) < order)
			order = (unsigned int)__builtin_ctzl(index);
		if (order >= PAGES_ORDERS)
			order = PAGES_ORDERS - 1;
		block_put(pool, index, order);
		index += (size_t)1 << order;
		count -= (size_t)1 << order;
	}
}

/* Marks the pieces of an allocation of count pages. */
static void pieces_mark(struct page_pool *pool, size_t index, size_t count)
{
	unsigned int order;

	while (count) {
		order = order_within(count);
		pool->state[index] = PAGE_USED;
		index += (size_t)1 << order;
		count -= (size_t)1 << order;
	}
}

static void cache_drain(struct page_pool *pool, size_t keep)
{
	size_t i, given = pool->cached - keep;

	for (i = 0; i < given; i++)
		block_put(pool, page_index(pool, (void *)pool->cache[i]), 0);
	for (i = 0; i < keep; i++)
		pool->cache[i] = pool->cache[given + i];
	pool->cached = keep;
}

/* Finds a free block of at least the order; stores where it is. */
static bool block_take(struct page_pool *pool, unsigned int order,
		       size_t *index, unsigned int *found)
{
	uint64_t orders = pool->orders >> order << order;

	if (!orders)
		return false;
	*found = (unsigned int)__builtin_ctzl(orders);
	*index = page_index(pool, pool->blocks[*found]);
	block_unlink(pool, *index, *found);
	return true;
}

/*
 * Takes a run of count pages that begins with a free block of half the size
 * a single block would need, and goes on in the free blocks behind it.
 */
static bool run_join(struct page_pool *pool, size_t count, size_t *found)
{
	unsigned int order = order_within(count);
	struct page_block *block = pool->blocks[order];
	size_t index, end, tries;

	for (tries = 0; block && tries < PAGES_JOIN_TRIES; tries++) {
		index = page_index(pool, block);
		end = index + ((size_t)1 << order);
		while (end - index < count && end < pool->count &&
		       (pool->state[end] & PAGE_FREE))
			end += (size_t)1 << (pool->state[end] & ~PAGE_FREE);
		if (end - index >= count)
			break;
		block = block->next;
	}
	if (!block || tries == PAGES_JOIN_TRIES)
		return false;
	for (*found = index; index < end; index += (size_t)1 << order) {
		order = pool->state[index] & ~(unsigned int)PAGE_FREE;
		block_unlink(pool, index, order);
	}
	pieces_mark(pool, *found, count);
	run_put(pool, *found + count, end - *found - count);
	return true;
}

static bool run_take(struct page_pool *pool, size_t count, size_t *index)
{
	unsigned int order = order_within(count), found;

	if (count & (count - 1))
		order++;
	if (order < PAGES_ORDERS && block_take(pool, order, index, &found)) {
		pieces_mark(pool, *index, count);
		run_put(pool, *index + count, ((size_t)1 << found) - count);
		return true;
	}
	return (count & (count - 1)) && order_within(count) < PAGES_ORDERS &&
	       run_join(pool, count, index);
}

/* Fills the empty cache, so that pages come out in ascending order. */
static bool cache_fill(struct page_pool *pool)
{
	unsigned int order;
	size_t index, n, i;

	if (!block_take(pool, 0, &index, &order))
		return false;
	n = (size_t)1 << order;
	if (order > PAGES_REFILL_ORDER) {
		n = (size_t)1 << PAGES_REFILL_ORDER;
		run_put(pool, index + n, ((size_t)1 << order) - n);
	}
	for (i = 0; i < n; i++) {
		pool->state[index + i] = PAGE_CACHED;
		pool->cache[n - 1 - i] =
			(uintptr_t)page_address(pool, index + i);
	}
	pool->cached = n;
	return true;
}

void pages_init(struct page_pool *pool, void *base, size_t count,
		uint8_t *state)
{
	unsigned int order;

	pool->base = (uintptr_t)base;
	pool->count = count;
	pool->state = state;
	pool->total = 0;
	pool->avail = 0;
	pool->orders = 0;
	pool->cached = 0;
	for (order = 0; order < PAGES_ORDERS; order++)
		pool->blocks[order] = NULL;
}

void pages_add(struct page_pool *pool, void *pages, size_t count)
{
	size_t index;

	if (!count)
		return;
	index = page_index(pool, pages);
	port_assert(count <= pool->count - index);
	pool->total += count;
	pool->avail += count;
	run_put(pool, index, count);
}

static void *alloc_run(struct page_pool *pool, size_t count)
{
	size_t index;

	port_assert(count > 0);
	if (count > pool->avail)
		return NULL;
	if (!run_take(pool, count, &index)) {
		cache_drain(pool, 0);
		if (!run_take(pool, count, &index))
			return NULL;
	}
	pool->avail -= count;
	return page_address(pool, index);
}

void *pages_alloc(struct page_pool *pool, size_t count)
{
	uintptr_t page;

	if (count != 1)
		return alloc_run(pool, count);
	if (!pool->cached && !cache_fill(pool))
		return NULL;
	page = pool->cache[--pool->cached];
	pool->state[(page - pool->base) >> PAGE_SHIFT] = PAGE_USED;
	pool->avail--;
	return (void *)page;
}

static void free_run(struct page_pool *pool, size_t index, size_t count)
{
	unsigned int order;

	port_assert(count > 0 && count <= pool->count - index);
	pool->avail += count;
	while (count) {
		order = order_within(count);
		port_assert(pool->state[index] == PAGE_USED);
		block_put(pool, index, order);
		index += (size_t)1 << order;
		count -= (size_t)1 << order;
	}
}

void pages_free(struct page_pool *pool, void *pages, size_t count)
{
	size_t index = page_index(pool, pages);

	if (count != 1) {
		free_run(pool, index, count);
		return;
	}
	port_assert(pool->state[index] == PAGE_USED);
	if (pool->cached == PAGES_CACHE)
		cache_drain(pool, PAGES_CACHE / 2);
	pool->state[index] = PAGE_CACHED;
	pool->cache[pool->cached++] = (uintptr_t)pages;
	pool->avail++;
}

void pages_split(struct page_pool *pool, void *pages, size_t count)
{
	size_t index = page_index(pool, pages), i;

	for (i = 0; i < count; i++)
		pool->state[index + i] = PAGE_USED;
}
