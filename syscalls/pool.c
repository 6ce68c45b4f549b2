/* SPDX-License-Identifier: MIT */
/*
 * Memory for what syscalls/ keeps beside the file system: pipes, watches,
 * waits. Objects of a few sizes are cut from pages, which go back when they
 * are empty; a page is found from an object by masking its address. Larger ones
 * are pages.
 */
#include "syscalls/internal.h"

struct pool_page {
	struct pool_page *next, *prev; /* among those with room */
	void *unused;		       /* objects: each leads to the next */
	uint32_t live;
	uint32_t class;
};

#define ROOM (PAGE_SIZE - sizeof(struct pool_page))

static const uint16_t sizes[] = {32, 64, 128, 256, 512, 1008, ROOM / 2};

#define CLASSES	      (sizeof(sizes) / sizeof(*sizes))
#define SIZE_MAX_POOL sizes[CLASSES - 1]

static struct {
	struct lock lock;
	/* lock protects: */
	struct pool_page *partial[CLASSES];
} pool;

static uint32_t class_of(size_t size)
{
	uint32_t class = 0;

	while (sizes[class] < size)
		class ++;
	return class;
}

static size_t pages_of(size_t size)
{
	return (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static void partial_add(struct pool_page *page) REQUIRES(pool.lock)
{
	struct pool_page **head = &pool.partial[page->class];

	page->prev = NULL;
	page->next = *head;
	if (*head)
		(*head)->prev = page;
	*head = page;
}

static void partial_remove(struct pool_page *page) REQUIRES(pool.lock)
{
	if (page->prev)
		page->prev->next = page->next;
	else
		pool.partial[page->class] = page->next;
	if (page->next)
		page->next->prev = page->prev;
}

/* A new page of objects, or NULL. */
static struct pool_page *page_create(uint32_t class) REQUIRES(pool.lock)
{
	struct pool_page *page = port_pages_alloc(1);
	uint8_t *first;

	if (!page)
		return NULL;
	*page = (struct pool_page){.class = class};
	first = (uint8_t *)(page + 1);
	for (size_t i = ROOM / sizes[class]; i-- > 0;) {
		void **object = (void **)(void *)(first + i * sizes[class]);

		*object = page->unused;
		page->unused = object;
	}
	partial_add(page);
	return page;
}

void *pool_alloc(size_t size)
{
	struct pool_page *page;
	void **object = NULL;
	uint32_t class;

	if (size > SIZE_MAX_POOL) {
		object = port_pages_alloc(pages_of(size));
		return object ? memset(object, 0, size) : NULL;
	}
	class = class_of(size);
	lock_write(&pool.lock);
	page = pool.partial[class];
	if (!page)
		page = page_create(class);
	if (page) {
		object = page->unused;
		page->unused = *object;
		page->live++;
		if (!page->unused)
			partial_remove(page);
	}
	unlock_write(&pool.lock);
	return object ? memset(object, 0, size) : NULL;
}

void pool_free(void *object, size_t size)
{
	struct pool_page *page;
	void **link = object;

	if (!object)
		return;
	if (size > SIZE_MAX_POOL) {
		port_pages_free(object, pages_of(size));
		return;
	}
	page = (struct pool_page *)((uintptr_t)object & ~(PAGE_SIZE - 1));
	lock_write(&pool.lock);
	if (!page->unused)
		partial_add(page);
	*link = page->unused;
	page->unused = object;
	page->live--;
	if (page->live == 0)
		partial_remove(page);
	else
		page = NULL;
	unlock_write(&pool.lock);
	if (page)
		port_pages_free(page, 1);
}
