/* SPDX-License-Identifier: MIT */
/*
 * The contract that fs/ and syscalls/ stand on: memory, time, waiting,
 * randomness, the console, and the end. port/guest binds it to kernel/,
 * port/hosted to Linux, tests/ to glibc; code above does not know which.
 */
#ifndef WHELK_PORT_H
#define WHELK_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  ((size_t)1 << PAGE_SHIFT)

/*
 * Allocates count (>= 1) contiguous pages, their contents unspecified. The
 * address is a multiple of PAGE_SIZE times the largest power of two that
 * divides count. Returns NULL when there is no such memory.
 */
void *port_pages_alloc(size_t count);

/* Frees the count pages that port_pages_alloc(count) returned. */
void port_pages_free(void *pages, size_t count);

/* Stores how many pages there are for all users of memory, and how many of
 * them are free now. */
void port_pages_count(size_t *total, size_t *avail);

/*
 * Stores the wall-clock time, at least as precise as Linux's
 * CLOCK_REALTIME_COARSE (one tick); never costs more than a few ns.
 */
void port_clock_coarse(int64_t *sec, uint32_t *nsec);

/* False until the process gets its second thread, or handles a signal that may
 * come at any time; then true for ever. Locks and reference counts need no
 * atomic operation while it is false. */
extern bool port_threaded;

/* Between the two no handler of a signal runs in this thread, but of a fault:
 * it might wait for a lock that the thread holds. They nest. For port/lock.c. */
void port_signals_hold(void);
void port_signals_release(void);

/*
 * Memory of the caller (port/user.h) at start could not be accessed while locks
 * were held. Tries to have at least its first byte be there; no lock is held, or
 * only ones above fs/'s. Returns whether it is worth to try again.
 */
bool port_user_fault_in(const void *start, size_t len, bool write);

/* Sleeps while *word == value, until port_futex_wake; may return early. */
void port_futex_wait(const uint32_t *word, uint32_t value);

#define PORT_NEVER UINT64_MAX /* a deadline that does not come */

/*
 * Sleeps while *word == value, until port_futex_wake, or until the deadline, in
 * ns of CLOCK_MONOTONIC: -ETIMEDOUT. -EINTR after a handler of a signal has
 * run; but if restart is set (and there is no deadline), not after one that was
 * installed with SA_RESTART. No lock may be held. May return 0 early.
 */
int port_wait(const uint32_t *word, uint32_t value, uint64_t deadline,
	      bool restart);

/* Wakes up to count threads that sleep on word. */
void port_futex_wake(const uint32_t *word, int count);

/*
 * A thread that waits for several things at once. Between begin and end any
 * thread may wake it, as often as it likes; outside says that it will wait for
 * streams of the console too, or with a mask. begin: -ENOMEM.
 */
struct port_waker {
	uint32_t woken; /* atomic */
	int event;	/* of the home */
};
__attribute__((warn_unused_result)) int
port_waker_begin(struct port_waker *waker, bool outside);
void port_waker_end(struct port_waker *waker);
void port_waker_wake(struct port_waker *waker);

/*
 * Sleeps until it was woken since the last time, or a stream of those in
 * streams (1 << 0: input, 1 << 1, 1 << 2: output) is ready: 0. Else as port_wait
 * without restart. mask: the signals that are blocked meanwhile, or NULL.
 */
int port_waker_wait(struct port_waker *waker, unsigned streams,
		    const uint64_t *mask, uint64_t deadline);

/* What of poll(2)'s POLLIN, POLLOUT, POLLERR, POLLHUP holds of stream 0, 1, 2. */
uint32_t port_console_poll(int stream);

/* Fills buf with random bytes, as unpredictable as the machine allows. */
void port_random(void *buf, size_t len);

/*
 * Reads from standard input: waits for at least one byte. Returns how many
 * bytes were stored, 0 at end of file, -EINTR, -EIO, or -EFAULT: buf is memory of
 * the caller.
 */
ssize_t port_console_read(void *buf, size_t count);

/* Writes to descriptor stream (1 or 2) of the outside. Returns how many bytes
 * were taken (all, but for an error), or -EPIPE, -EINTR, -EIO, -ENOSPC, -EFAULT:
 * buf is memory of the caller. */
ssize_t port_console_write(int stream, const void *buf, size_t count);

/* How many bytes port_console_read would return at once, without waiting. */
size_t port_console_pending(void);

struct port_winsize {
	uint16_t rows, cols;
};

/* Is stream (0, 1 or 2) a terminal? Then stores its size, if size is given. */
bool port_console_is_tty(int stream, struct port_winsize *size);

/* Prints file, line and expr as a broken invariant and ends the program (in
 * the guest with registers and a backtrace). */
_Noreturn void port_panic(const char *file, int line, const char *expr);

/* An assert that is always on: for invariants, never for operating errors. */
#define port_assert(expr) \
	((expr) ? (void)0 : port_panic(__FILE__, __LINE__, #expr))

#endif
