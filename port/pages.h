/* SPDX-License-Identifier: MIT */
/*
 * A page allocator over one range of addresses: the guest's RAM, the hosted
 * home's arena. It knows nothing of either. The caller locks.
 */
#ifndef WHELK_PORT_PAGES_H
#define WHELK_PORT_PAGES_H

#include <stddef.h>
#include <stdint.h>

enum {
	PAGES_ORDERS = 36, /* the largest block: 2^35 pages, 128 TiB */
	PAGES_CACHE = 64,  /* single pages kept ready */
};

/* Stands at the beginning of each free block. */
struct page_block {
	struct page_block *next;
	struct page_block **link; /* what points here */
};

struct page_pool {
	/* immutable after pages_init: */
	uintptr_t base;
	size_t count;	/* pages that state has a byte for */
	uint8_t *state; /* enum page_state | order */

	/* the caller's lock protects: */
	size_t total;	 /* pages ever added */
	size_t avail;	 /* pages free now */
	uint64_t orders; /* bit k: blocks[k] is not empty */
	struct page_block *blocks[PAGES_ORDERS];
	size_t cached;
	uintptr_t cache[PAGES_CACHE];
};

/*
 * Begins an empty pool for the count pages from base. *borrows state until
 * the pool is forgotten*: count bytes, all zero; they are touched only where
 * memory is added. Alignment (see pages_alloc) counts from base.
 */
void pages_init(struct page_pool *pool, void *base, size_t count,
		uint8_t *state);

/* Adds count pages of the pool's range as free. Their first bytes are
 * written (in a few of them: one a block). Steps may be of any size. */
void pages_add(struct page_pool *pool, void *pages, size_t count);

/*
 * Allocates count (>= 1) contiguous pages, contents unspecified, aligned to
 * the largest power of two pages that is not more than count. Returns NULL
 * when there are none.
 */
void *pages_alloc(struct page_pool *pool, size_t count);

/* Frees what pages_alloc(count) returned, or a piece made by pages_split. */
void pages_free(struct page_pool *pool, void *pages, size_t count);

/* Makes the count pages of one allocation count allocations of one page. */
void pages_split(struct page_pool *pool, void *pages, size_t count);

#endif
