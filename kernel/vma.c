/* SPDX-License-Identifier: MIT */
/*
 * The application's mappings: areas [start, end) with equal rights, sorted by
 * address, not overlapping, neighbours that are alike merged. They stand in one
 * array, found by binary search. Merging keeps it short: thousands of areas
 * need thousands of neighbours that differ. The array has room at both ends, so
 * that inserting moves the shorter side: new mappings mostly go below all
 * others.
 */
#include "kernel/internal.h"

enum { AREAS_MAX = 65530 }; /* as Linux's vm.max_map_count */

static struct {
	struct vma *areas;
	size_t count;
	size_t before, after; /* room at the ends */
	void *memory;
	size_t pages;
} map;

/* What the last search for a gap has learnt: above below, no gap is as long as
 * len. */
static struct {
	uintptr_t below;
	size_t len;
} known = {VM_END, 0};

/* The index of the first area that ends above addr; map.count if none. */
static size_t find(uintptr_t addr)
{
	size_t low = 0, high = map.count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (map.areas[middle].end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The first area that ends above addr, or NULL. It is borrowed until the next
 * change. */
struct vma *vma_find(uintptr_t addr)
{
	size_t i = find(addr);

	return i < map.count ? &map.areas[i] : NULL;
}

/* Is all of [start, end) mapped? */
bool vma_covered(uintptr_t start, uintptr_t end)
{
	size_t i;

	for (i = find(start); start < end; i++) {
		if (i == map.count || map.areas[i].start > start)
			return false;
		start = map.areas[i].end;
	}
	return true;
}

/* Is nothing of [start, end) mapped? */
bool vma_free(uintptr_t start, uintptr_t end)
{
	const struct vma *area = vma_find(start);

	return !area || area->start >= end;
}

/* Makes room for so many more areas. Returns 0 or -ENOMEM. */
int vma_reserve(size_t more)
{
	size_t pages = map.pages ? map.pages : 1, capacity;
	struct vma *areas;

	if (map.count + more > AREAS_MAX)
		return -ENOMEM;
	if (map.before >= more && map.after >= more)
		return 0;
	/* a quarter of it at each end */
	while (pages * PAGE_SIZE / sizeof(*areas) < 2 * (map.count + 2 * more))
		pages *= 2;
	areas = kernel_pages_alloc(pages);
	if (!areas)
		return -ENOMEM;
	capacity = pages * PAGE_SIZE / sizeof(*areas);
	map.before = (capacity - map.count) / 2;
	map.after = capacity - map.count - map.before;
	if (map.pages) {
		memcpy(areas + map.before, map.areas,
		       map.count * sizeof(*areas));
		kernel_pages_free(map.memory, map.pages);
	}
	map.memory = areas;
	map.pages = pages;
	map.areas = areas + map.before;
	return 0;
}

static void insert(size_t i, struct vma area)
{
	kernel_assert(map.before && map.after);
	if (i < map.count / 2) {
		map.areas--;
		map.before--;
		memmove(&map.areas[0], &map.areas[1], i * sizeof(area));
	} else {
		memmove(&map.areas[i + 1], &map.areas[i],
			(map.count - i) * sizeof(area));
		map.after--;
	}
	map.areas[i] = area;
	map.count++;
}

static void areas_delete(size_t i, size_t n)
{
	if (i < map.count / 2) {
		memmove(&map.areas[n], &map.areas[0], i * sizeof(*map.areas));
		map.areas += n;
		map.before += n;
	} else {
		memmove(&map.areas[i], &map.areas[i + n],
			(map.count - i - n) * sizeof(*map.areas));
		map.after += n;
	}
	map.count -= n;
}

/* Merges area i with the one before, if they are alike and touch. */
static bool merge(size_t i)
{
	struct vma *a, *b;

	if (i == 0 || i >= map.count)
		return false;
	a = &map.areas[i - 1];
	b = &map.areas[i];
	if (a->end != b->start || a->prot != b->prot || a->flags != b->flags)
		return false;
	a->end = b->end;
	areas_delete(i, 1);
	return true;
}

/* Adds an area where nothing is; one more has been reserved. */
void vma_add(uintptr_t start, uintptr_t end, uint32_t prot, uint32_t flags)
{
	size_t i = find(start);

	insert(i, (struct vma){start, end, prot, flags});
	merge(i + 1);
	merge(i);
}

/* Makes addr the edge of an area; one more has been reserved. */
static void split(uintptr_t addr)
{
	size_t i = find(addr);
	struct vma right;

	if (i == map.count || map.areas[i].start >= addr)
		return;
	right = map.areas[i];
	right.start = addr;
	map.areas[i].end = addr;
	insert(i + 1, right);
}

/* Removes whatever is in [start, end); one more has been reserved. */
void vma_cut(uintptr_t start, uintptr_t end)
{
	size_t i, n = 0;

	split(start);
	split(end);
	i = find(start);
	while (i + n < map.count && map.areas[i + n].start < end)
		n++;
	areas_delete(i, n);
	end = i < map.count ? map.areas[i].start : VM_END;
	if (known.below < end)
		known.below = end;
}

/* Changes the rights of [start, end); two more have been reserved. */
void vma_protect(uintptr_t start, uintptr_t end, uint32_t prot)
{
	size_t i, first;

	split(start);
	split(end);
	first = find(start);
	for (i = first; i < map.count && map.areas[i].start < end; i++)
		map.areas[i].prot = prot;
	/* downwards: a merge moves only what is above */
	for (;; i--) {
		merge(i);
		if (i == first)
			break;
	}
}

/* The highest gap of len bytes with that alignment; 0 when there is none. */
uintptr_t vma_gap(size_t len, size_t align)
{
	uintptr_t top = len < known.len ? VM_END : known.below, bottom, start;
	size_t i;

	for (i = find(top - 1);; i--) {
		if (i < map.count && map.areas[i].start < top)
			top = map.areas[i].start;
		bottom = i ? map.areas[i - 1].end : VM_START;
		if (top >= bottom && top - bottom >= len) {
			start = (top - len) & ~(align - 1);
			if (start >= bottom)
				break;
		}
		if (!i)
			return 0;
		top = map.areas[i - 1].start;
	}
	if (align == PAGE_SIZE) {
		known.below = top;
		known.len = len;
	}
	return start;
}
