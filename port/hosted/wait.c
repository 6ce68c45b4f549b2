/* SPDX-License-Identifier: MIT */
/*
 * Waiting that handlers of signals interrupt. It is Linux's futex; but when the
 * console is waited for as well, or a mask of signals is to change in the same
 * step as the wait begins, it is Linux's poll, and then an eventfd of Linux is
 * what wakes it.
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "abi/poll.h"
#include "abi/time.h"

#define FUTEX_WAIT_BITSET_PRIVATE 137
#define FUTEX_BITSET_ANY	  0xffffffffL
#define NSEC_PER_SEC		  1000000000U
#define STREAMS			  3
#define NO_EVENT		  (-1)

static struct timespec time_of(uint64_t ns)
{
	return (struct timespec){.tv_sec = (int64_t)(ns / NSEC_PER_SEC),
				 .tv_nsec = (int64_t)(ns % NSEC_PER_SEC)};
}

/* Linux restarts, by SA_RESTART, the waits that have no timeout. */
int port_wait(const uint32_t *word, uint32_t value, uint64_t deadline,
	      bool restart)
{
	struct timespec until = time_of(deadline);
	bool forever = restart && deadline == PORT_NEVER;
	long result;

	result = host_syscall6(HOST_FUTEX, (long)word,
			       FUTEX_WAIT_BITSET_PRIVATE, (long)value,
			       forever ? 0 : (long)&until, 0, FUTEX_BITSET_ANY);
	return result == -EINTR || result == -ETIMEDOUT ? (int)result : 0;
}

int port_waker_begin(struct port_waker *waker, bool outside)
{
	waker->woken = 0;
	waker->event = NO_EVENT;
	if (outside)
		waker->event = (int)host_syscall2(HOST_EVENTFD2, 0,
						  EFD_CLOEXEC | EFD_NONBLOCK);
	return outside && waker->event < 0 ? -ENOMEM : 0;
}

void port_waker_end(struct port_waker *waker)
{
	if (waker->event != NO_EVENT)
		host_syscall1(HOST_CLOSE, waker->event);
}

/* Only the first of those who wake it need tell. */
void port_waker_wake(struct port_waker *waker)
{
	uint64_t one = 1;

	if (__atomic_exchange_n(&waker->woken, 1, __ATOMIC_RELEASE))
		return;
	if (waker->event == NO_EVENT)
		port_futex_wake(&waker->woken, 1);
	else
		host_syscall3(HOST_WRITE, waker->event, (long)&one,
			      sizeof(one));
}

/* How long it is until the deadline; nothing if that is past. */
static struct timespec time_left(uint64_t deadline)
{
	struct timespec now = {0, 0};
	uint64_t ns;

	host_syscall2(HOST_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&now);
	ns = (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
	return time_of(deadline > ns ? deadline - ns : 0);
}

static int wait_outside(struct port_waker *waker, unsigned streams,
			const uint64_t *mask, uint64_t deadline)
{
	struct pollfd fds[STREAMS + 1] = {
		{.fd = waker->event, .events = POLLIN}};
	struct timespec left = time_left(deadline);
	long result, count = 1;
	uint64_t value;

	for (int i = 0; i < STREAMS; i++) {
		if (streams & (1U << i))
			fds[count++] = (struct pollfd){
				.fd = i, .events = i ? POLLOUT : POLLIN};
	}
	result = host_syscall5(HOST_PPOLL, (long)fds, count,
			       deadline == PORT_NEVER ? 0 : (long)&left,
			       (long)mask, sizeof(*mask));
	if (result > 0 && fds[0].revents)
		host_syscall3(HOST_READ, waker->event, (long)&value,
			      sizeof(value));
	if (result == -EINTR)
		return -EINTR;
	return result == 0 ? -ETIMEDOUT : 0;
}

int port_waker_wait(struct port_waker *waker, unsigned streams,
		    const uint64_t *mask, uint64_t deadline)
{
	int err = 0;

	if (waker->event != NO_EVENT)
		err = wait_outside(waker, streams, mask, deadline);
	else if (!__atomic_load_n(&waker->woken, __ATOMIC_RELAXED))
		err = port_wait(&waker->woken, 0, deadline, false);
	/* Pairs with the release of who wakes. */
	if (__atomic_exchange_n(&waker->woken, 0, __ATOMIC_ACQUIRE))
		err = 0;
	return err;
}
