/* SPDX-License-Identifier: MIT */
/*
 * The contents of files, in the smallest of three forms that holds them: a few
 * bytes in the node, one buffer of an exact size class, or a tree of pages. All
 * share two rules: whatever is not stored reads as zeros, and stored bytes past
 * the size are unspecified in the last page and zeros after it, so growing
 * clears the rest of that page and shrinking clears nothing. The space that
 * contents take is charged to the file system's limit before it is used.
 */
#include "fs/content.h"

/* The index of the first page that begins at or after offset. */
static uint64_t page_after(uint64_t offset)
{
	return (offset + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

void space_give(struct fs *fs, uint64_t bytes)
{
	count_sub(&fs->bytes, bytes);
}

uint8_t *content_flat(const struct fs_node *node, size_t *capacity)
{
	switch ((enum content_form)node->form) {
	case CONTENT_INLINE:
		*capacity = DATA_INLINE;
		return (uint8_t *)(uintptr_t)node->data;
	case CONTENT_SMALL:
		*capacity = node->small.capacity;
		return node->small.bytes;
	case CONTENT_HOLE:
	case CONTENT_TREE:
		break;
	}
	*capacity = 0;
	return NULL;
}

static size_t flat_read(const struct fs_node *node, uint64_t offset, void *buf,
			size_t count)
{
	size_t capacity, stored = 0, left;
	const uint8_t *bytes = content_flat(node, &capacity);

	if (LIKELY(offset < capacity && count <= capacity - offset))
		return user_copy(buf, bytes + offset, count);
	if (count == 0)
		return 0; /* then there may be no buf */
	if (offset < capacity) {
		stored = (size_t)(capacity - offset);
		left = user_copy(buf, bytes + offset, stored);
		if (UNLIKELY(left))
			return count - stored + left;
	}
	return user_zero((char *)buf + stored, count - stored);
}

/* Reads within one page. */
static inline size_t page_read(const struct fs_node *node, uint64_t at,
			       void *buf, size_t count)
{
	const uint8_t *page = tree_page(node, at >> PAGE_SHIFT);

	if (UNLIKELY(!page))
		return user_zero(buf, count);
	return user_copy(buf, page + (at & (PAGE_SIZE - 1)), count);
}

static size_t pages_read(const struct fs_node *node, uint64_t offset, void *buf,
			 size_t count)
{
	for (size_t done = 0; done < count;) {
		uint64_t at = offset + done;
		size_t in_page = at & (PAGE_SIZE - 1);
		size_t part = min_u64(count - done, PAGE_SIZE - in_page);
		size_t left = page_read(node, at, (char *)buf + done, part);

		done += part;
		if (UNLIKELY(left))
			return count - done + left;
	}
	return 0;
}

size_t content_read(const struct fs_node *node, uint64_t offset, void *buf,
		    size_t count)
{
	if (node->form != CONTENT_TREE)
		return flat_read(node, offset, buf, count);
	if (LIKELY(count <= PAGE_SIZE - (offset & (PAGE_SIZE - 1))))
		return page_read(node, offset, buf, count);
	return pages_read(node, offset, buf, count);
}

void content_grow(struct fs_node *node, uint64_t size)
{
	uint8_t *bytes;
	size_t capacity, from = node->size & (PAGE_SIZE - 1);

	if (size <= node->size)
		return;
	if (node->form == CONTENT_TREE) {
		if (is_mapped(node))
			from = 0; /* the page is in order: map.c */
		bytes = from ? tree_page(node, node->size >> PAGE_SHIFT) : NULL;
		capacity = PAGE_SIZE;
	} else {
		bytes = content_flat(node, &capacity);
		if (node->size >= capacity)
			bytes = NULL;
	}
	if (bytes)
		memset(bytes + from, 0,
		       min_u64(capacity - from, size - node->size));
	node->size = size;
}

/* Frees the small form's buffer, but not what it is charged. */
static void small_free(struct fs *fs, const struct fs_node *node)
{
	if (node->form == CONTENT_SMALL)
		mem_free(fs, node->small.bytes, node->small.capacity);
}

/* Gives the node another buffer of at least capacity bytes (24 to SMALL_MAX),
 * with the same contents. */
static int small_make(struct fs *fs, struct fs_node *node, size_t capacity)
{
	size_t old_capacity;
	const uint8_t *old = content_flat(node, &old_capacity);
	bool was_small = node->form == CONTENT_SMALL;
	size_t stored = (size_t)min_u64(node->size, old_capacity);
	uint8_t *bytes;
	int err;

	capacity = mem_size(capacity);
	err = space_take(fs, capacity - (was_small ? old_capacity : 0));
	if (err)
		return err;
	bytes = mem_alloc(fs, capacity);
	if (!bytes) {
		space_give(fs, capacity - (was_small ? old_capacity : 0));
		return -ENOMEM;
	}
	/* commit: nothing below can fail */
	if (stored)
		memcpy(bytes, old, stored);
	if (node->size > stored)
		memset(bytes + stored, 0,
		       min_u64(capacity, node->size) - stored);
	small_free(fs, node);
	node->form = CONTENT_SMALL;
	node->small.bytes = bytes;
	node->small.capacity = (uint32_t)capacity;
	return 0;
}

/* Has to contain what from does; of a node nothing else is copied, since other
 * threads may be waiting for its lock. */
static void content_move(struct fs_node *to, const struct fs_node *from)
{
	to->form = from->form;
	to->size = from->size;
	memcpy(to->data, from->data, DATA_INLINE);
}

int content_tree_begin(struct fs *fs, struct fs_node *node, struct fs_node *old)
{
	size_t capacity, stored;
	const uint8_t *bytes;
	uint8_t *page = NULL;

	content_move(old, node);
	if (node->form != CONTENT_HOLE) {
		uint64_t more = PAGE_SIZE - content_bytes(node);
		int err = space_take(fs, more);

		if (err)
			return err;
		page = port_pages_alloc(1);
		if (!page) {
			space_give(fs, more);
			return -ENOMEM;
		}
		bytes = content_flat(old, &capacity);
		stored = (size_t)min_u64(node->size, capacity);
		memcpy(page, bytes, stored);
		memset(page + stored, 0, PAGE_SIZE - stored);
	}
	tree_init(node, page);
	return 0;
}

void content_tree_end(struct fs *fs, struct fs_node *old)
{
	small_free(fs, old);
}

void content_tree_undo(struct fs *fs, struct fs_node *node,
		       const struct fs_node *old)
{
	count_add(&fs->bytes, content_bytes(old));
	content_destroy(fs, node);
	content_move(node, old);
}

RARE int content_page_put(struct fs *fs, struct fs_node *node, uint64_t index,
			  uint8_t *page)
{
	struct fs_node old;
	const uint8_t *now;
	int err;

	if (node->form != CONTENT_TREE) {
		err = content_tree_begin(fs, node, &old);
		if (err)
			return err;
	} else {
		old.form = CONTENT_TREE;
	}
	now = tree_page(node, index);
	if (now)
		memcpy(page, now, PAGE_SIZE);
	else
		memset(page, 0, PAGE_SIZE);
	err = tree_page_put(fs, node, index, page);
	if (err && old.form != CONTENT_TREE)
		content_tree_undo(fs, node, &old);
	else if (!err)
		content_tree_end(fs, &old);
	return err;
}

/* Makes the form a flat one that can hold bytes up to end, if that is one. */
static int flat_prepare(struct fs *fs, struct fs_node *node, uint64_t end)
{
	size_t capacity;

	(void)content_flat(node, &capacity);
	if (end <= capacity || end > SMALL_MAX)
		return 0;
	if (node->form != CONTENT_HOLE || end > DATA_INLINE)
		return small_make(fs, node, (size_t)end);
	memset(node->data, 0, DATA_INLINE);
	node->form = CONTENT_INLINE;
	return 0;
}

/* Writes into one page of the tree. Returns how many bytes; none only if that
 * failed. A page is only made when there is a byte to write.
 * DEVIATION: a write(2) that fails with EFAULT changes neither size nor blocks,
 * as on Linux before 6.15. Since then a file of tmpfs grows to the offset of the
 * byte that could not be read, and has a page there. */
static ssize_t page_write(struct fs *fs, struct fs_node *node, uint64_t at,
			  const void *buf, size_t count)
{
	size_t in_page = at & (PAGE_SIZE - 1), left;
	uint8_t *page;
	bool fresh;
	int err;

	if (UNLIKELY(!user_at_hand(buf)))
		return -EFAULT;
	err = tree_page_make(fs, node, at >> PAGE_SHIFT, &page, &fresh);
	if (UNLIKELY(err))
		return err;
	if (fresh && count < PAGE_SIZE) {
		memset(page, 0, in_page);
		/* What is behind the size is cleared when that grows. */
		if (at + count < node->size || UNLIKELY(is_mapped(node)))
			memset(page + in_page + count, 0,
			       PAGE_SIZE - in_page - count);
	}
	left = user_copy(page + in_page, buf, count);
	if (LIKELY(!left))
		return (ssize_t)count;
	if (fresh)
		memset(page + in_page + count - left, 0, left);
	return left < count ? (ssize_t)(count - left) : -EFAULT;
}

static ssize_t tree_write(struct fs *fs, struct fs_node *node, uint64_t offset,
			  const void *buf, size_t count) REQUIRES(node->lock)
{
	size_t done = 0;

	content_grow(node, offset);
	while (done < count) {
		size_t in_page = (offset + done) & (PAGE_SIZE - 1);
		size_t part = min_u64(count - done, PAGE_SIZE - in_page);
		ssize_t wrote = page_write(fs, node, offset + done,
					   (const char *)buf + done, part);

		if (UNLIKELY(wrote < 0)) {
			if (done == 0)
				return wrote;
			break;
		}
		done += (size_t)wrote;
		if (UNLIKELY((size_t)wrote < part))
			break;
	}
	return (ssize_t)done;
}

/* A write for which the contents become a tree; if it fails, they are what they
 * were. */
static ssize_t convert_write(struct fs *fs, struct fs_node *node,
			     uint64_t offset, const void *buf, size_t count)
	REQUIRES(node->lock)
{
	struct fs_node old;
	ssize_t done = content_tree_begin(fs, node, &old);

	if (done < 0)
		return done;
	done = tree_write(fs, node, offset, buf, count);
	if (done < 0)
		content_tree_undo(fs, node, &old);
	else
		content_tree_end(fs, &old);
	return done;
}

static ssize_t flat_write(struct fs *fs, struct fs_node *node, uint64_t offset,
			  const void *buf, size_t count) REQUIRES(node->lock)
{
	size_t capacity, left;
	uint8_t *bytes;
	int err;

	if (UNLIKELY(!user_at_hand(buf)))
		return -EFAULT;
	err = flat_prepare(fs, node, offset + count);
	if (UNLIKELY(err))
		return err;
	bytes = content_flat(node, &capacity);
	if (offset + count > capacity)
		return convert_write(fs, node, offset, buf, count);
	content_grow(node, offset);
	left = user_copy(bytes + offset, buf, count);
	return LIKELY(left < count) ? (ssize_t)(count - left) : -EFAULT;
}

ssize_t content_write(struct fs *fs, struct fs_node *node, uint64_t offset,
		      const void *buf, size_t count)
{
	uint64_t size = node->size;
	ssize_t done;

	if (node->form == CONTENT_TREE)
		done = tree_write(fs, node, offset, buf, count);
	else
		done = flat_write(fs, node, offset, buf, count);
	if (UNLIKELY(done < 0))
		node->size = size;
	else if (offset + (size_t)done > node->size)
		node->size = offset + (size_t)done;
	return done;
}

void content_destroy(struct fs *fs, struct fs_node *node)
{
	if (node->form == CONTENT_SMALL) {
		space_give(fs, node->small.capacity);
		small_free(fs, node);
	} else if (node->form == CONTENT_TREE) {
		tree_remove(fs, node, 0, INDEX_END);
	}
	node->form = CONTENT_HOLE;
}

int content_link(struct fs *fs, struct fs_node *node, const struct iovec *text)
{
	ssize_t done;

	lock_write(&node->lock);
	done = content_write(fs, node, 0, text->iov_base, text->iov_len);
	if (done > 0)
		node->size = text->iov_len - 1; /* the NUL is not counted */
	unlock_write(&node->lock);
	if (done < 0)
		return (int)done;
	return (size_t)done < text->iov_len ? -EFAULT : 0;
}

void content_shrink(struct fs *fs, struct fs_node *node, uint64_t size)
{
	if (is_mapped(node))
		map_shrink(node, size);
	if (size == 0) {
		content_destroy(fs, node);
	} else if (node->form == CONTENT_TREE) {
		tree_remove(fs, node, page_after(size), INDEX_END);
		if (node->tree.pages == 0)
			node->form = CONTENT_HOLE;
	}
	node->size = size;
}

RARE int content_own(struct fs *fs, struct fs_node *node, uint64_t offset)
{
	if (node->form != CONTENT_TREE || !(offset & (PAGE_SIZE - 1)))
		return 0;
	return tree_own(fs, node, offset >> PAGE_SHIFT);
}

RARE int content_reserve(struct fs *fs, struct fs_node *node, uint64_t offset,
			 uint64_t end, bool own)
{
	uint64_t first = offset >> PAGE_SHIFT, after = page_after(end);
	struct fs_node old;
	int err;

	if (node->form == CONTENT_TREE)
		return tree_reserve(fs, node, first, after, own);
	err = content_tree_begin(fs, node, &old);
	if (err)
		return err;
	err = tree_reserve(fs, node, first, after, own);
	if (err)
		content_tree_undo(fs, node, &old);
	else
		content_tree_end(fs, &old);
	return err;
}

/* Makes zeros of what is stored of count bytes within a page. */
static void page_clear(const struct fs_node *node, uint64_t at, uint64_t count)
{
	uint8_t *page = tree_page(node, at >> PAGE_SHIFT);

	if (page)
		memset(page + (at & (PAGE_SIZE - 1)), 0, count);
}

/* The same of a tree's pages at the ends of the range that are in it in part;
 * and stores which ones are in it whole. */
static void tree_ends_clear(const struct fs_node *node, uint64_t offset,
			    uint64_t end, uint64_t *first, uint64_t *after)
{
	*first = page_after(offset);
	*after = end >> PAGE_SHIFT;
	if (*first > *after) {
		page_clear(node, offset, end - offset);
		*after = *first;
		return;
	}
	page_clear(node, offset, (*first << PAGE_SHIFT) - offset);
	page_clear(node, *after << PAGE_SHIFT, end & (PAGE_SIZE - 1));
}

RARE void content_punch(struct fs *fs, struct fs_node *node, uint64_t offset,
			uint64_t end)
{
	uint64_t first, after;
	size_t capacity;
	uint8_t *bytes;

	if (node->form == CONTENT_TREE) {
		tree_ends_clear(node, offset, end, &first, &after);
		if (is_mapped(node))
			map_revoke(node, first, after - first, false);
		tree_remove(fs, node, first, after);
		if (node->tree.pages == 0)
			node->form = CONTENT_HOLE;
		return;
	}
	bytes = content_flat(node, &capacity);
	if (offset == 0 && end >= PAGE_SIZE)
		content_destroy(fs, node);
	else if (offset < capacity)
		memset(bytes + offset, 0, min_u64(end, capacity) - offset);
}

RARE void content_clear(struct fs_node *node, uint64_t offset, uint64_t end)
{
	uint64_t first, after;

	tree_ends_clear(node, offset, end, &first, &after);
	if (is_mapped(node))
		map_revoke(node, first, after - first, false);
	tree_clear(node, first, after);
}

uint64_t content_bytes(const struct fs_node *node)
{
	if (node->form == CONTENT_TREE)
		return node->tree.pages << PAGE_SHIFT;
	return node->form == CONTENT_SMALL ? node->small.capacity : 0;
}

void content_check(const struct fs_node *node)
{
	switch ((enum content_form)node->form) {
	case CONTENT_HOLE:
	case CONTENT_INLINE:
		break;
	case CONTENT_SMALL:
		port_assert(node->small.capacity <= SMALL_MAX);
		port_assert(mem_size(node->small.capacity) ==
			    node->small.capacity);
		break;
	case CONTENT_TREE:
		port_assert(node->tree.pages > 0);
		port_assert(tree_count(node, 0, INDEX_END) == node->tree.pages);
		break;
	}
}
