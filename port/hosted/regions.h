/* SPDX-License-Identifier: MIT */
/*
 * The mappings of files in the hosted home: what map.c knows of them, for the
 * calls that change them (remap.c).
 */
#ifndef WHELK_PORT_HOSTED_REGIONS_H
#define WHELK_PORT_HOSTED_REGIONS_H

#include "port/areas.h"
#include "port/lock.h"
#include "port/port.h"

enum region_flags {
	REGION_SHARED = 1,
	REGION_MAY_WRITE = 2, /* shared: the file was opened for writing */
	REGION_COPIES = 4,    /* private, and was writable at some time */
};

extern struct lock regions_lock;

/* regions_lock protects it; its count is read without, for the many programs
 * that map no file. */
extern struct areas regions;

static inline bool regions_none(void)
{
	return __atomic_load_n(&regions.count, __ATOMIC_RELAXED) == 0;
}

static inline bool region_round_up(size_t len, size_t *rounded)
{
	if (__builtin_add_overflow(len, PAGE_SIZE - 1, rounded))
		return false;
	*rounded &= ~(PAGE_SIZE - 1);
	return true;
}

/* Drops the lock, then the files that are not mapped any more. */
void regions_leave(void) RELEASES(regions_lock);

/* Takes all pages back that are no copies. */
void regions_forget(void) REQUIRES(regions_lock);

/* Maps the empty file in [start, end) of the area: at the same offset as the
 * program has it, so that neighbours are one area of Linux's. */
long region_reserve(const struct area *area, uintptr_t start, uintptr_t end);

/* Maps the area, without pages, where addr and flags ask for it. An address or
 * a negative errno. */
long region_add(void *addr, size_t len, int flags, struct area *area)
	REQUIRES(regions_lock);

/* Brings the page of a mapped file at addr, for a fault there or in advance.
 * Returns 0, -EFAULT if there is no such mapping with that right, or why there is
 * no page. */
int region_bring(uintptr_t addr, bool write, bool fault);

#endif
