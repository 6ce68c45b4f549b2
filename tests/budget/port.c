/* SPDX-License-Identifier: MIT */
/*
 * The port on glibc (port/port.h) for tests/budget: all that could differ from
 * run to run is fixed, addresses of pages too. What it does is not counted.
 * Functions of the port that no measured operation calls are not here: the
 * linker leaves them unresolved (tests/budget.sh).
 */
#include "port/port.h"
#include "sys.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/budget/port.h"

#define PAGES ((size_t)8192)

bool port_threaded;

/* Not aligned further: valgrind reads no such program's debugging information. */
static _Alignas(PAGE_SIZE) unsigned char memory[PAGES * PAGE_SIZE];
static size_t used;

/* Single pages that were given back, each with the next one's address. */
static void *unused;

void *port_pages_alloc(size_t count)
{
	size_t first = (uintptr_t)memory / PAGE_SIZE;
	size_t align = count & -count;
	void *pages = unused;

	if (count == 1 && pages) {
		unused = *(void **)pages;
		return pages;
	}
	used = (first + used + align - 1) / align * align - first;
	if (PAGES - used < count)
		return NULL;
	pages = memory + used * PAGE_SIZE;
	used += count;
	return pages;
}

void port_pages_free(void *pages, size_t count)
{
	unsigned char *page = pages;

	for (; count; count--, page += PAGE_SIZE) {
		*(void **)(void *)page = unused;
		unused = page;
	}
}

void port_pages_count(size_t *total, size_t *avail)
{
	*total = *avail = PAGES;
}

void port_clock_coarse(int64_t *sec, uint32_t *nsec)
{
	static int64_t now = 1000000000;

	*sec = now++;
	*nsec = 0;
}

void port_random(void *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((unsigned char *)buf)[i] = (unsigned char)(i * 151 + 7);
}

long sys_getpid(void)
{
	return 1;
}

_Noreturn void port_panic(const char *file, int line, const char *expr)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, expr);
	abort();
}

void budget_desc(char *desc, size_t size, const char *name, unsigned n)
{
	snprintf(desc, size, "%s: %u", name, n);
}
