/* SPDX-License-Identifier: MIT */
/*
 * A list of areas of addresses that do not overlap: the guest kernel's mappings,
 * and what the hosted home has mapped of files. It knows nothing of either. The
 * caller locks.
 */
#ifndef WHELK_PORT_AREAS_H
#define WHELK_PORT_AREAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/map.h"

/* What some areas are mapped from; dropped with the last of them. */
struct area_file {
	const struct port_map_ops *ops;
	void *file;   /* holds a reference */
	size_t areas; /* that are mapped from it */
	bool dropped; /* there are none: it is in that list */
	struct area_file *next;
};

struct area {
	uintptr_t start, end;
	uint32_t prot;
	uint32_t flags;		/* the caller's */
	struct area_file *file; /* or NULL */
	uint64_t offset;	/* of start in the file */
};

struct areas {
	/* immutable: */
	uintptr_t low, high; /* areas_gap looks between */
	void *(*alloc)(size_t pages);
	void (*free)(void *pages, size_t count);

	/* the caller's lock protects: */
	struct area *list;
	size_t count;
	size_t before, after; /* room at the ends */
	void *memory;
	size_t pages;
	/* What the last search for a gap has learnt: above gap_below, no gap is
	 * as long as gap_len. */
	uintptr_t gap_below;
	size_t gap_len;
	struct area_file *dropped, *unused;
};

/* The first area that ends above addr, or NULL; borrowed until the next
 * change. The following ones stand behind it, up to areas_end. */
struct area *areas_find(const struct areas *areas, uintptr_t addr);

static inline struct area *areas_end(const struct areas *areas)
{
	return areas->list + areas->count;
}

/* The area that addr is in, or NULL. */
struct area *areas_at(const struct areas *areas, uintptr_t addr);

/* Is all of [start, end) in areas; is nothing of it? */
bool areas_cover(const struct areas *areas, uintptr_t start, uintptr_t end);
bool areas_free(const struct areas *areas, uintptr_t start, uintptr_t end);

/* Makes room for so many more areas. Returns 0 or -ENOMEM. */
int areas_reserve(struct areas *areas, size_t more);

/* Adds an area where nothing is; one more has been reserved. Neighbours that
 * are alike become one. */
void areas_add(struct areas *areas, const struct area *area);

/* Removes whatever is in [start, end); two more have been reserved. */
void areas_cut(struct areas *areas, uintptr_t start, uintptr_t end);

/* Changes the rights of [start, end); two more have been reserved. */
void areas_protect(struct areas *areas, uintptr_t start, uintptr_t end,
		   uint32_t prot);

/* The highest gap of len bytes with that alignment; 0 when there is none. */
uintptr_t areas_gap(struct areas *areas, size_t len, size_t align);

/* A file for areas to come, or NULL without memory. It takes the reference.
 * areas_file_free is for one that is dropped, or got none; the reference is the
 * caller's then. */
struct area_file *areas_file_alloc(struct areas *areas, void *file,
				   const struct port_map_ops *ops);
void areas_file_free(struct areas *areas, struct area_file *file);

/* Keeps a file from being dropped meanwhile, as one more area would. */
void areas_file_hold(struct area_file *file);
void areas_file_release(struct areas *areas, struct area_file *file);

/* One of those whose last area is gone, or NULL. */
struct area_file *areas_dropped(struct areas *areas);

/* The pages [first, first + count) of a file in one of its areas: stores the
 * addresses where they are. Returns false if none is. */
bool area_range(const struct area *area, uint64_t first, uint64_t count,
		uintptr_t *start, uintptr_t *end);

#endif
