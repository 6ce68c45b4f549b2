/* SPDX-License-Identifier: MIT */
/*
 * For fs/ and syscalls/: a reader-writer lock in one 32-bit word, which sleeps
 * through the port's futex, and the annotations by which clang checks that locks
 * are held. While the process has only ever had one thread, taking one is a
 * predictable branch. The order in which they are taken is in docs/LOCKING.md.
 */
#ifndef WHELK_PORT_LOCK_H
#define WHELK_PORT_LOCK_H

#include "port/port.h"

#ifdef __clang__
#define LOCK_ATTRIBUTE(x) __attribute__((x))
#else
#define LOCK_ATTRIBUTE(x)
#endif
#define LOCKABLE      LOCK_ATTRIBUTE(capability("mutex"))
#define ACQUIRES(...) LOCK_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define ACQUIRES_READ(...) \
	LOCK_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define RELEASES(...) LOCK_ATTRIBUTE(release_capability(__VA_ARGS__))
#define RELEASES_READ(...) \
	LOCK_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define REQUIRES(...) LOCK_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define REQUIRES_READ(...) \
	LOCK_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
/* For functions that the analysis cannot follow; each says why. */
#define LOCKS_UNCHECKED LOCK_ATTRIBUTE(no_thread_safety_analysis)

struct LOCKABLE lock {
	uint32_t word; /* atomic: 0, or flags and the number of readers */
};

/* The slow halves: only called once there are threads. */
void port_lock_read_wait(struct lock *lock);
void port_lock_write_wait(struct lock *lock);
void port_lock_read_leave(struct lock *lock);
void port_lock_write_leave(struct lock *lock);

/* The bodies are unchecked because they take locks only if there are threads. */

static inline void lock_read(struct lock *lock)
	ACQUIRES_READ(*lock) LOCKS_UNCHECKED
{
	if (__builtin_expect(port_threaded, 0))
		port_lock_read_wait(lock);
}

static inline void unlock_read(struct lock *lock)
	RELEASES_READ(*lock) LOCKS_UNCHECKED
{
	if (__builtin_expect(port_threaded, 0))
		port_lock_read_leave(lock);
}

static inline void lock_write(struct lock *lock) ACQUIRES(*lock) LOCKS_UNCHECKED
{
	if (__builtin_expect(port_threaded, 0))
		port_lock_write_wait(lock);
}

static inline void unlock_write(struct lock *lock)
	RELEASES(*lock) LOCKS_UNCHECKED
{
	if (__builtin_expect(port_threaded, 0))
		port_lock_write_leave(lock);
}

/* Counters shared by threads: relaxed, since they order nothing. */

/* Returns the new value. */
static inline uint64_t count_add(uint64_t *counter, uint64_t n)
{
	if (__builtin_expect(port_threaded, 0))
		return __atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
	return *counter += n;
}

static inline void count_sub(uint64_t *counter, uint64_t n)
{
	if (__builtin_expect(port_threaded, 0))
		__atomic_fetch_sub(counter, n, __ATOMIC_RELAXED);
	else
		*counter -= n;
}

/* For what threads have apart from one another. */

#define STACK_SHIFT 16 /* stacks are farther apart */

/* A number below 1 << bits that few other threads have. A thread may have
 * several, and none means anything. */
static inline unsigned thread_hash(unsigned bits)
{
	uint64_t stack = (uintptr_t)__builtin_frame_address(0) >> STACK_SHIFT;

	/* 2^64 divided by the golden ratio */
	return (unsigned)(stack * 0x9e3779b97f4a7c15U >> (64 - bits));
}

/* Reference counts. A new reference comes from one that is held, so it orders
 * nothing; dropping one is acquire-release, so that who drops the last sees all
 * that the others did. */

static inline void ref_take(uint32_t *refs)
{
	if (__builtin_expect(port_threaded, 0))
		__atomic_fetch_add(refs, 1, __ATOMIC_RELAXED);
	else
		++*refs;
}

/* Returns whether it was the last one. */
static inline bool ref_drop(uint32_t *refs)
{
	if (__builtin_expect(port_threaded, 0))
		return __atomic_sub_fetch(refs, 1, __ATOMIC_ACQ_REL) == 0;
	return --*refs == 0;
}

#endif
