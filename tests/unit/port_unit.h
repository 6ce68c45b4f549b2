/* SPDX-License-Identifier: MIT */
/*
 * The port on glibc, for the unit tests of fs/, and of syscalls/ on top of it
 * (build/unit/syscalls.a), with what tests want to reach:
 * faults, the clock, randomness, and accounts of memory.
 *
 * Pages come one allocation at a time from malloc, so the address sanitizer
 * sees what goes beyond them. The same is done with the small objects of
 * fs/slab.c and syscalls/pool.c if port_unit_exact is set: the linker's --wrap
 * leads mem_alloc and pool_alloc here (Makefile). Then every object can fail, and none has a neighbour. By the same
 * means locks are checked to be taken in their order (lock_order.h), and who
 * takes one for writing now and then gives way with it in hand.
 */
#ifndef WHELK_TESTS_UNIT_PORT_UNIT_H
#define WHELK_TESTS_UNIT_PORT_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Not to be changed while there is a file system. */
extern bool port_unit_exact;

/* Do waits end with a signal, or the deadline, if they last? */
extern bool port_unit_impatient;

/* Are system calls traced? Then what is written to the console's second stream
 * is shown. */
extern bool port_unit_traced;

/* One thread, no faults, the clock at a fixed time, randomness from seed. */
void port_unit_reset(uint64_t seed);

/* What port_clock_coarse stores; it stands still unless it is moved. */
void port_unit_clock_set(int64_t sec, uint32_t nsec);
void port_unit_clock_advance(int64_t sec);

/* The next len bytes that port_random stores (borrowed until then). */
void port_unit_random_fix(const void *bytes, size_t len);

/* Makes the at-th allocation from now on fail (1 is the next, 0 none), and if
 * on is set all that follow it. Begins to count. */
void port_unit_fail(size_t at, bool on);

/* The len bytes at start (borrowed) are memory of the caller that can not be
 * accessed (port/user.h), until port_user_fault_in is called if port_unit_fault_in
 * is set, else until the next call of this. */
void port_unit_fault(const void *start, size_t len);
extern bool port_unit_fault_in;

/* How many allocations were tried since port_unit_fail. */
size_t port_unit_allocs(void);

/* How many bytes are allocated now: whole pages, and exact objects. */
size_t port_unit_live(void);

/* An allocation like these of just that size; for who wraps an allocator. */
void *port_unit_alloc(size_t size);
void port_unit_free(void *object, size_t size);

/* Runs body(0) to body(count - 1), at most 16, at the same time, and from then
 * on with port_threaded set; returns when all have. */
void port_unit_threads(int count, void (*body)(int index));

/* Called by port_map_revoke, if set, to say what that is to return. Of pages,
 * those with an even number can be mapped. */
struct port_unit_map {
	bool (*on_revoke)(const void *file, uint64_t first, uint64_t count,
			  bool copies);
};
extern struct port_unit_map port_unit_map;

/* The host's server of files, if there is one: port_share_call. */
extern ssize_t (*port_unit_share)(const void *request, size_t len, void *reply,
				  size_t size);

/* Called by port_panic before it ends the program: says which test it was. */
extern void (*port_unit_on_panic)(void);

#endif
