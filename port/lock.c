/* SPDX-License-Identifier: MIT */
/*
 * The slow halves of the reader-writer lock. The word is WRITER, or the number
 * of readers; WAITERS is added when somebody sleeps, and then newcomers queue
 * too, so a stream of readers does not starve a writer. Who leaves the lock
 * free with WAITERS set clears it and wakes all: they compete anew.
 */
#include "port/lock.h"

#include <limits.h>

#define WRITER	(1u << 30)
#define WAITERS (1u << 31)
#define SPINS	14

/* Spins a little, then sleeps until word changes from seen. */
static void lock_pause(struct lock *lock, uint32_t seen, int *spins)
{
	if (*spins < SPINS) {
		/* Longer each time: to look takes the line from who has it. */
		for (int i = 0; i <= *spins; i++)
			__builtin_ia32_pause();
		++*spins;
		return;
	}
	if (!(seen & WAITERS)) {
		uint32_t marked = seen | WAITERS;

		if (!__atomic_compare_exchange_n(&lock->word, &seen, marked,
						 false, __ATOMIC_RELAXED,
						 __ATOMIC_RELAXED))
			return;
		seen = marked;
	}
	port_futex_wait(&lock->word, seen);
}

void port_lock_read_wait(struct lock *lock)
{
	int spins = 0;

	port_signals_hold();
	for (;;) {
		uint32_t seen = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

		if (seen >= WRITER)
			lock_pause(lock, seen, &spins);
		else if (__atomic_compare_exchange_n(
				 &lock->word, &seen, seen + 1, true,
				 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return; /* pairs with the release of a writer */
	}
}

void port_lock_write_wait(struct lock *lock)
{
	int spins = 0;

	port_signals_hold();
	for (;;) {
		uint32_t seen = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

		if (seen != 0)
			lock_pause(lock, seen, &spins);
		else if (__atomic_compare_exchange_n(&lock->word, &seen, WRITER,
						     true, __ATOMIC_ACQUIRE,
						     __ATOMIC_RELAXED))
			return; /* pairs with the release of all others */
	}
}

void port_lock_read_leave(struct lock *lock)
{
	uint32_t left = __atomic_sub_fetch(&lock->word, 1, __ATOMIC_RELEASE);

	if (left == WAITERS &&
	    __atomic_compare_exchange_n(&lock->word, &left, 0, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		port_futex_wake(&lock->word, INT_MAX);
	port_signals_release();
}

void port_lock_write_leave(struct lock *lock)
{
	if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) & WAITERS)
		port_futex_wake(&lock->word, INT_MAX);
	port_signals_release();
}
