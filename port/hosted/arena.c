/* SPDX-License-Identifier: MIT */
/*
 * The hosted home's memory. Addresses for all of it are reserved at the start;
 * memory follows in large steps and is never given back, so that pages freed
 * and allocated again cost Linux nothing. In a virtual machine the first touch
 * of a 4 KiB page costs a microsecond or more, hence huge pages. Pages of files
 * that are mapped are another sort, since they must be at two addresses.
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "port/lock.h"
#include "port/map.h"
#include "port/pages.h"

#define HUGE_PAGE      ((size_t)2 << 20)
#define ARENA_STEP     ((size_t)64 << 20)
#define ARENA_SIZE_MAX ((size_t)16 << 40)

/* arena_lock protects all of it, after arena_init */
static struct {
	struct page_pool pool;
	uintptr_t base;
	size_t size;  /* bytes reserved */
	size_t grown; /* of them, how many are memory */
} arena;

static struct lock arena_lock;

#define GROUP_PAGES PORT_MAP_AROUND
#define GROUP_FREE  0xffff
#define GROUP_BYTES (GROUP_PAGES * PAGE_SIZE)
#define BLOCK_PAGES 512 /* what the pages that can be mapped grow by */

/* Pages that stand side by side. */
struct group {
	struct group *next, **link; /* among those that have free pages */
	uint16_t free;		    /* bit i: page i is free */
	bool mappable;		    /* atomic; never false again */
};

/*
 * Pages that can be mapped a second time, where the program wants them: blocks
 * of the arena whose memory has been exchanged in place for the same part of a
 * file of Linux's without a name (memfd_create(2)). arena_lock protects it.
 */
static struct {
	int fd;
	struct group *groups; /* of the whole arena, once there is fd; atomic */
	struct group *whole, *partial;
	size_t free, total; /* pages */
} mappable;

/* Returns reserved addresses, or NULL. */
static void *reserve(size_t size)
{
	long result = host_syscall6(HOST_MMAP, 0, (long)size, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				    -1, 0);

	return result < 0 ? NULL : (void *)result;
}

/* struct sysinfo of sysinfo(2). */
struct host_sysinfo {
	long uptime;
	unsigned long loads[3];
	unsigned long totalram, freeram, sharedram, bufferram;
	unsigned long totalswap, freeswap;
	uint16_t procs, pad;
	unsigned long totalhigh, freehigh;
	uint32_t mem_unit;
};
_Static_assert(sizeof(struct host_sysinfo) == 112, "as in Linux");

static size_t memory_of_machine(void)
{
	struct host_sysinfo info = {0};

	if (host_syscall1(HOST_SYSINFO, (long)&info) < 0)
		return (size_t)1 << 30;
	return info.totalram * info.mem_unit;
}

int arena_init(size_t size)
{
	size_t align = HUGE_PAGE;
	uint8_t *state;
	char *base;

	if (size == 0)
		size = memory_of_machine();
	if (size > ARENA_SIZE_MAX)
		size = ARENA_SIZE_MAX;
	size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	/* Blocks are aligned from base on, whatever their size. */
	while (align < size)
		align <<= 1;
	base = reserve(size + align);
	state = reserve(size >> PAGE_SHIFT);
	if (!base || !state ||
	    host_syscall3(HOST_MPROTECT, (long)state,
			  (long)(size >> PAGE_SHIFT),
			  PROT_READ | PROT_WRITE) < 0)
		return -ENOMEM;
	arena.base = ((uintptr_t)base + align - 1) & ~(align - 1);
	arena.size = size;
	pages_init(&arena.pool, (void *)arena.base, size >> PAGE_SHIFT, state);
	return 0;
}

/* Adds memory for an allocation of size bytes that did not fit. A block of it
 * may have to begin at a multiple of its size, hence twice as much. */
static bool grow(size_t size) REQUIRES(arena_lock)
{
	size_t left = arena.size - arena.grown;
	size_t step = size > ARENA_STEP / 2 ? 2 * size : ARENA_STEP;
	uintptr_t at = arena.base + arena.grown;

	step = (step + ARENA_STEP - 1) & ~(ARENA_STEP - 1);
	if (step > left)
		step = left;
	if (step == 0)
		return false;
	if (host_syscall3(HOST_MPROTECT, (long)at, (long)step,
			  PROT_READ | PROT_WRITE) < 0)
		return false;
	/* A kernel without huge pages is slower, not wrong. */
	(void)host_syscall3(HOST_MADVISE, (long)at, (long)step, MADV_HUGEPAGE);
	arena.grown += step;
	pages_add(&arena.pool, (void *)at, step >> PAGE_SHIFT);
	return true;
}

/* -- Pages that can be mapped elsewhere -------------------------------------- */

static struct group *group_of(const void *page)
{
	return &mappable.groups[((uintptr_t)page - arena.base) / GROUP_BYTES];
}

static unsigned place_in_group(const void *page)
{
	return ((uintptr_t)page >> PAGE_SHIFT) % GROUP_PAGES;
}

static void group_link(struct group *group)
{
	struct group **head =
		group->free == GROUP_FREE ? &mappable.whole : &mappable.partial;

	group->next = *head;
	group->link = head;
	if (*head)
		(*head)->link = &group->next;
	*head = group;
}

static void group_unlink(struct group *group)
{
	*group->link = group->next;
	if (group->next)
		group->next->link = group->link;
}

/* Changes which pages are free. */
static void group_set(struct group *group, uint16_t free)
{
	if (group->free)
		group_unlink(group);
	group->free = free;
	if (free)
		group_link(group);
}

bool port_map_page_fits(const void *page)
{
	/* pairs with the releases in mappable_init and mappable_grow */
	return __atomic_load_n(&mappable.groups, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&group_of(page)->mappable, __ATOMIC_ACQUIRE);
}

uint64_t arena_offset(const void *page)
{
	return (uintptr_t)page - arena.base;
}

int arena_fd(void)
{
	return mappable.fd;
}

/* Linux's files are not of this program: their numbers are out of its reach. */
static bool mappable_init(void) REQUIRES(arena_lock)
{
	size_t size = arena.size / GROUP_BYTES + 1;
	long fd = host_syscall2(HOST_MEMFD_CREATE, (long)"whelk", MFD_CLOEXEC);
	struct group *groups;

	if (fd < 0)
		return false;
	groups = reserve(size * sizeof(*groups));
	if (!groups ||
	    host_syscall3(HOST_MPROTECT, (long)groups,
			  (long)(size * sizeof(*groups)),
			  PROT_READ | PROT_WRITE) < 0 ||
	    host_syscall2(HOST_FTRUNCATE, fd, (long)arena.size) < 0) {
		host_syscall1(HOST_CLOSE, fd);
		return false;
	}
	mappable.fd = (int)fd;
	__atomic_store_n(&mappable.groups, groups, __ATOMIC_RELEASE);
	return true;
}

/* Exchanges the memory of count pages, whole groups, for that of the file. */
static bool exchange(void *pages, size_t count) REQUIRES(arena_lock)
{
	char *at = pages;

	if (host_syscall6(HOST_MMAP, (long)at, (long)(count << PAGE_SHIFT),
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			  mappable.fd, (long)arena_offset(at)) < 0)
		return false;
	for (size_t i = 0; i < count; i += GROUP_PAGES) {
		struct group *group = group_of(at + (i << PAGE_SHIFT));

		group->free = GROUP_FREE;
		group_link(group);
		__atomic_store_n(&group->mappable, true, __ATOMIC_RELEASE);
	}
	mappable.free += count;
	mappable.total += count;
	return true;
}

static bool mappable_grow(void) REQUIRES(arena_lock)
{
	size_t count = BLOCK_PAGES;
	void *pages;

	if (!mappable.groups && !mappable_init())
		return false;
	do
		pages = pages_alloc(&arena.pool, count);
	while (!pages && grow(count << PAGE_SHIFT));
	if (!pages) {
		count = GROUP_PAGES;
		pages = pages_alloc(&arena.pool, count);
	}
	if (pages && exchange(pages, count))
		return true;
	if (pages)
		pages_free(&arena.pool, pages, count);
	return false;
}

static void *take(struct group *group, unsigned place) REQUIRES(arena_lock)
{
	size_t index = (size_t)(group - mappable.groups) * GROUP_PAGES + place;

	group_set(group, group->free & (uint16_t) ~(1u << place));
	mappable.free--;
	return (void *)(arena.base + (index << PAGE_SHIFT));
}

/* Any free page, if there is one: best at this place in a group that is free as
 * a whole, since its neighbours may be wanted next. */
static void *mappable_take(unsigned place) REQUIRES(arena_lock)
{
	if (mappable.whole)
		return take(mappable.whole, place);
	if (mappable.partial)
		return take(mappable.partial,
			    (unsigned)__builtin_ctz(mappable.partial->free));
	return NULL;
}

/* Takes just this page, if it is free. */
static bool mappable_take_at(const void *page) REQUIRES(arena_lock)
{
	unsigned place = place_in_group(page);
	struct group *group = group_of(page);

	if (arena_offset(page) >= arena.size || !(group->free >> place & 1))
		return false;
	take(group, place);
	return true;
}

static void mappable_free(const void *page) REQUIRES(arena_lock)
{
	uint16_t bit = (uint16_t)(1u << place_in_group(page));
	struct group *group = group_of(page);

	port_assert(!(group->free & bit));
	group_set(group, group->free | bit);
	mappable.free++;
}

/* Rather than to have more pages free than in use, use those of groups that are
 * in use in part. */
static bool is_sparse(void) REQUIRES(arena_lock)
{
	return mappable.free > mappable.total / 2;
}

void *port_map_page_alloc(const void *wanted, uint64_t index)
{
	void *page;

	lock_write(&arena_lock);
	if (wanted && mappable.groups && mappable_take_at(wanted)) {
		page = (void *)(uintptr_t)wanted;
	} else {
		if (!mappable.whole && !is_sparse())
			(void)mappable_grow();
		page = mappable_take(index % GROUP_PAGES);
	}
	unlock_write(&arena_lock);
	return page;
}

/* -- The port's ------------------------------------------------------------------ */

void *port_pages_alloc(size_t count)
{
	void *pages = NULL;

	lock_write(&arena_lock);
	if (count <= arena.size >> PAGE_SHIFT) {
		do
			pages = pages_alloc(&arena.pool, count);
		while (!pages && grow(count << PAGE_SHIFT));
	}
	if (__builtin_expect(!pages && count == 1, 0))
		pages = mappable_take(0);
	unlock_write(&arena_lock);
	return pages;
}

void port_pages_free(void *pages, size_t count)
{
	lock_write(&arena_lock);
	if (__builtin_expect(mappable.groups && group_of(pages)->mappable, 0))
		mappable_free(pages);
	else
		pages_free(&arena.pool, pages, count);
	unlock_write(&arena_lock);
}

void port_pages_count(size_t *total, size_t *avail)
{
	lock_write(&arena_lock);
	*total = arena.size >> PAGE_SHIFT;
	*avail = arena.pool.avail + mappable.free +
		 ((arena.size - arena.grown) >> PAGE_SHIFT);
	unlock_write(&arena_lock);
}
