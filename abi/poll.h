/* SPDX-License-Identifier: MIT */
/*
 * Waiting for descriptors as system calls carry it: poll(2), select(2),
 * epoll(7), eventfd(2), of x86-64.
 */
#ifndef WHELK_ABI_POLL_H
#define WHELK_ABI_POLL_H

#include "abi/types.h"

#define POLLIN	   0x001U
#define POLLPRI	   0x002U
#define POLLOUT	   0x004U
#define POLLERR	   0x008U
#define POLLHUP	   0x010U
#define POLLNVAL   0x020U
#define POLLRDNORM 0x040U
#define POLLRDBAND 0x080U
#define POLLWRNORM 0x100U
#define POLLWRBAND 0x200U

struct pollfd {
	int fd;
	uint16_t events, revents;
};

#define EPOLL_CLOEXEC 02000000

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#define EPOLLEXCLUSIVE (1U << 28)
#define EPOLLWAKEUP    (1U << 29)
#define EPOLLONESHOT   (1U << 30)
#define EPOLLET	       (1U << 31)

struct epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC   02000000
#define EFD_NONBLOCK  04000

#endif
