/* SPDX-License-Identifier: MIT */
/*
 * The port on glibc (port/port.h) for `whelk mount`, as far as fs/ uses it.
 * Memory is addresses reserved at the start, of which Linux makes memory at the
 * first touch; it is not given back before the end.
 */
#include "mount.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "port/map.h"
#include "port/pages.h"
#include "port/port.h"

bool port_threaded = true; /* libfuse's */

static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct page_pool pool; /* pool_mutex protects it */

static void *reserve(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

bool mount_port_init(uint64_t bytes)
{
	size_t size = bytes & ~(PAGE_SIZE - 1), align = PAGE_SIZE;
	uint8_t *base, *state;

	/* Blocks are aligned from base on, whatever their size. */
	while (align < size)
		align <<= 1;
	base = reserve(size + align);
	state = reserve(size >> PAGE_SHIFT);
	if (!base || !state)
		return false;
	base += -(uintptr_t)base & (align - 1);
	pages_init(&pool, base, size >> PAGE_SHIFT, state);
	pages_add(&pool, base, size >> PAGE_SHIFT);
	return true;
}

size_t mount_port_live(void)
{
	return (pool.total - pool.avail) << PAGE_SHIFT;
}

void *port_pages_alloc(size_t count)
{
	void *pages;

	pthread_mutex_lock(&pool_mutex);
	pages = pages_alloc(&pool, count);
	pthread_mutex_unlock(&pool_mutex);
	return pages;
}

void port_pages_free(void *pages, size_t count)
{
	pthread_mutex_lock(&pool_mutex);
	pages_free(&pool, pages, count);
	pthread_mutex_unlock(&pool_mutex);
}

void port_pages_count(size_t *total, size_t *avail)
{
	pthread_mutex_lock(&pool_mutex);
	*total = pool.total;
	*avail = pool.avail;
	pthread_mutex_unlock(&pool_mutex);
}

/* What is mapped are Linux's copies of pages. */
bool port_map_page_fits(const void *page)
{
	(void)page;
	return true;
}

void *port_map_page_alloc(const void *wanted, uint64_t index)
{
	(void)wanted, (void)index;
	return port_pages_alloc(1);
}

bool port_map_revoke(const void *file, uint64_t first, uint64_t count,
		     bool copies)
{
	(void)file, (void)first, (void)count, (void)copies;
	return false;
}

void port_clock_coarse(int64_t *sec, uint32_t *nsec)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	*sec = now.tv_sec;
	*nsec = (uint32_t)now.tv_nsec;
}

void port_random(void *buf, size_t len)
{
	port_assert(getrandom(buf, len, 0) == (ssize_t)len);
}

/* Buffers are libfuse's, and good. */
bool port_user_fault_in(const void *start, size_t len, bool write)
{
	(void)start, (void)len, (void)write;
	return false;
}

/* No handler of a signal here uses files. */
void port_signals_hold(void)
{
}

void port_signals_release(void)
{
}

void port_futex_wait(const uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL);
}

void port_futex_wake(const uint32_t *word, int count)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count);
}

_Noreturn void port_panic(const char *file, int line, const char *expr)
{
	fprintf(stderr, "whelk mount: %s:%d: does not hold: %s\n", file, line,
		expr);
	abort();
}
