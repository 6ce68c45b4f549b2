/* SPDX-License-Identifier: MIT */
/*
 * Areas [start, end) with equal rights, sorted by address, not overlapping,
 * neighbours that are alike merged. They stand in one array, found by binary
 * search. Merging keeps it short: thousands of areas need thousands of
 * neighbours that differ. The array has room at both ends, so that inserting
 * moves the shorter side: new mappings mostly go below all others.
 */
#include "port/areas.h"

#include "abi/errno.h"
#include "port/port.h"

#define memcpy(dst, src, n)  __builtin_memcpy(dst, src, n)
#define memmove(dst, src, n) __builtin_memmove(dst, src, n)

enum { AREAS_MAX = 65530 }; /* as Linux's vm.max_map_count */

/* The index of the first area that ends above addr; count if none. */
static size_t find(const struct areas *areas, uintptr_t addr)
{
	size_t low = 0, high = areas->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (areas->list[middle].end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct area *areas_find(const struct areas *areas, uintptr_t addr)
{
	size_t i = find(areas, addr);

	return i < areas->count ? &areas->list[i] : NULL;
}

struct area *areas_at(const struct areas *areas, uintptr_t addr)
{
	struct area *area = areas_find(areas, addr);

	return area && area->start <= addr ? area : NULL;
}

bool areas_cover(const struct areas *areas, uintptr_t start, uintptr_t end)
{
	for (size_t i = find(areas, start); start < end; i++) {
		if (i == areas->count || areas->list[i].start > start)
			return false;
		start = areas->list[i].end;
	}
	return true;
}

bool areas_free(const struct areas *areas, uintptr_t start, uintptr_t end)
{
	const struct area *area = areas_find(areas, start);

	return !area || area->start >= end;
}

int areas_reserve(struct areas *areas, size_t more)
{
	size_t pages = areas->pages ? areas->pages : 1, capacity;
	struct area *list;

	if (areas->count + more > AREAS_MAX)
		return -ENOMEM;
	if (areas->before >= more && areas->after >= more)
		return 0;
	/* a quarter of it at each end */
	while (pages * PAGE_SIZE / sizeof(*list) <
	       2 * (areas->count + 2 * more))
		pages *= 2;
	list = areas->alloc(pages);
	if (!list)
		return -ENOMEM;
	capacity = pages * PAGE_SIZE / sizeof(*list);
	areas->before = (capacity - areas->count) / 2;
	areas->after = capacity - areas->count - areas->before;
	if (areas->pages) {
		memcpy(list + areas->before, areas->list,
		       areas->count * sizeof(*list));
		areas->free(areas->memory, areas->pages);
	}
	areas->memory = list;
	areas->pages = pages;
	areas->list = list + areas->before;
	return 0;
}

static void insert(struct areas *areas, size_t i, struct area area)
{
	port_assert(areas->before && areas->after);
	if (i < areas->count / 2) {
		areas->list--;
		areas->before--;
		memmove(&areas->list[0], &areas->list[1], i * sizeof(area));
	} else {
		memmove(&areas->list[i + 1], &areas->list[i],
			(areas->count - i) * sizeof(area));
		areas->after--;
	}
	areas->list[i] = area;
	areas->count++;
	if (area.file)
		area.file->areas++;
}

static void file_leave(struct areas *areas, struct area_file *file)
{
	if (--file->areas || file->dropped)
		return;
	file->dropped = true;
	file->next = areas->dropped;
	areas->dropped = file;
}

static void delete (struct areas *areas, size_t i, size_t n)
{
	for (size_t k = i; k < i + n; k++) {
		if (areas->list[k].file)
			file_leave(areas, areas->list[k].file);
	}
	if (i < areas->count / 2) {
		memmove(&areas->list[n], &areas->list[0],
			i * sizeof(*areas->list));
		areas->list += n;
		areas->before += n;
	} else {
		memmove(&areas->list[i], &areas->list[i + n],
			(areas->count - i - n) * sizeof(*areas->list));
		areas->after += n;
	}
	areas->count -= n;
}

/* Do they continue one another, if they touch? */
static bool is_same_file(const struct area *a, const struct area *b)
{
	if (!a->file || !b->file)
		return a->file == b->file;
	return a->file->file == b->file->file &&
	       a->offset + (a->end - a->start) == b->offset;
}

/* Merges area i with the one before, if they are alike and touch. */
static bool merge(struct areas *areas, size_t i)
{
	struct area *a, *b;

	if (i == 0 || i >= areas->count)
		return false;
	a = &areas->list[i - 1];
	b = &areas->list[i];
	if (a->end != b->start || a->prot != b->prot || a->flags != b->flags ||
	    !is_same_file(a, b))
		return false;
	a->end = b->end;
	delete (areas, i, 1);
	return true;
}

void areas_add(struct areas *areas, const struct area *area)
{
	size_t i = find(areas, area->start);

	insert(areas, i, *area);
	merge(areas, i + 1);
	merge(areas, i);
}

/* Makes addr the edge of an area; one more has been reserved. */
static void split(struct areas *areas, uintptr_t addr)
{
	size_t i = find(areas, addr);
	struct area right;

	if (i == areas->count || areas->list[i].start >= addr)
		return;
	right = areas->list[i];
	right.offset += addr - right.start;
	right.start = addr;
	areas->list[i].end = addr;
	insert(areas, i + 1, right);
}

void areas_cut(struct areas *areas, uintptr_t start, uintptr_t end)
{
	size_t i, n = 0;

	split(areas, start);
	split(areas, end);
	i = find(areas, start);
	while (i + n < areas->count && areas->list[i + n].start < end)
		n++;
	delete (areas, i, n);
	end = i < areas->count ? areas->list[i].start : areas->high;
	if (areas->gap_below < end)
		areas->gap_below = end;
}

void areas_protect(struct areas *areas, uintptr_t start, uintptr_t end,
		   uint32_t prot)
{
	size_t i, first;

	split(areas, start);
	split(areas, end);
	first = find(areas, start);
	for (i = first; i < areas->count && areas->list[i].start < end; i++)
		areas->list[i].prot = prot;
	/* downwards: a merge moves only what is above */
	for (;; i--) {
		merge(areas, i);
		if (i == first)
			break;
	}
}

uintptr_t areas_gap(struct areas *areas, size_t len, size_t align)
{
	uintptr_t top, bottom, start;
	size_t i;

	top = len < areas->gap_len ? areas->high : areas->gap_below;
	for (i = find(areas, top - 1);; i--) {
		if (i < areas->count && areas->list[i].start < top)
			top = areas->list[i].start;
		bottom = i ? areas->list[i - 1].end : areas->low;
		if (top >= bottom && top - bottom >= len) {
			start = (top - len) & ~(align - 1);
			if (start >= bottom)
				break;
		}
		if (!i)
			return 0;
		top = areas->list[i - 1].start;
	}
	if (align == PAGE_SIZE) {
		areas->gap_below = top;
		areas->gap_len = len;
	}
	return start;
}

struct area_file *areas_file_alloc(struct areas *areas, void *file,
				   const struct port_map_ops *ops)
{
	struct area_file *found = areas->unused;

	if (!found) {
		found = areas->alloc(1);
		if (!found)
			return NULL;
		for (size_t i = 0; i < PAGE_SIZE / sizeof(*found); i++) {
			found[i].next = areas->unused;
			areas->unused = &found[i];
		}
		found = areas->unused;
	}
	areas->unused = found->next;
	found->ops = ops;
	found->file = file;
	found->areas = 0;
	found->dropped = false;
	return found;
}

void areas_file_free(struct areas *areas, struct area_file *file)
{
	file->next = areas->unused;
	areas->unused = file;
}

void areas_file_hold(struct area_file *file)
{
	file->areas++;
}

void areas_file_release(struct areas *areas, struct area_file *file)
{
	file_leave(areas, file);
}

struct area_file *areas_dropped(struct areas *areas)
{
	struct area_file *file;

	while ((file = areas->dropped) != NULL) {
		areas->dropped = file->next;
		file->dropped = false;
		if (!file->areas)
			return file;
	}
	return NULL;
}

bool area_range(const struct area *area, uint64_t first, uint64_t count,
		uintptr_t *start, uintptr_t *end)
{
	uint64_t begin = area->offset >> PAGE_SHIFT;
	uint64_t pages = (area->end - area->start) >> PAGE_SHIFT;
	uint64_t last = count > UINT64_MAX - first ? UINT64_MAX : first + count;

	if (first >= begin + pages || last <= begin)
		return false;
	*start = area->start;
	if (first > begin)
		*start += (first - begin) << PAGE_SHIFT;
	*end = area->end;
	if (last < begin + pages)
		*end = area->start + ((last - begin) << PAGE_SHIFT);
	return true;
}
