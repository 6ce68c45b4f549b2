/* SPDX-License-Identifier: MIT */
/*
 * The hosted home's memory. Addresses for all of it are reserved at the start;
 * memory follows in large steps and is never given back, so that pages freed
 * and allocated again cost Linux nothing. In a virtual machine the first touch
 * of a 4 KiB page costs a microsecond or more, hence huge pages.
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "port/lock.h"
#include "port/pages.h"

#define PROT_NONE      0
#define PROT_READ      1
#define PROT_WRITE     2
#define MAP_PRIVATE    0x02
#define MAP_ANONYMOUS  0x20
#define MAP_NORESERVE  0x4000
#define MADV_HUGEPAGE  14
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

void *port_pages_alloc(size_t count)
{
	void *pages = NULL;

	lock_write(&arena_lock);
	if (count <= arena.size >> PAGE_SHIFT) {
		do
			pages = pages_alloc(&arena.pool, count);
		while (!pages && grow(count << PAGE_SHIFT));
	}
	unlock_write(&arena_lock);
	return pages;
}

void port_pages_free(void *pages, size_t count)
{
	lock_write(&arena_lock);
	pages_free(&arena.pool, pages, count);
	unlock_write(&arena_lock);
}

void port_pages_count(size_t *total, size_t *avail)
{
	lock_write(&arena_lock);
	*total = arena.size >> PAGE_SHIFT;
	*avail = arena.pool.avail + ((arena.size - arena.grown) >> PAGE_SHIFT);
	unlock_write(&arena_lock);
}
