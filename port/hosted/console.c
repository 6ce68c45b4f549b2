/* SPDX-License-Identifier: MIT */
/*
 * The console: descriptors 0, 1 and 2 of the Linux process. They are all of
 * Linux's descriptors that a hosted program can reach.
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "abi/poll.h"

#define TCGETS	   0x5401
#define TIOCGWINSZ 0x5413
#define FIONREAD   0x541b
/* Waits until fd is ready; whoever gave us a descriptor that does not wait
 * (O_NONBLOCK) must not make the program see EAGAIN from its console. Returns
 * 0 or -EINTR. */
static int wait_ready(int fd, uint16_t events)
{
	struct pollfd poll = {fd, events, 0};
	long result = host_syscall3(HOST_POLL, (long)&poll, 1, -1);

	return result == -EINTR ? -EINTR : 0;
}

/* Leaves of Linux's errors those that the port's contract has. */
static ssize_t errno_of(long result)
{
	switch (result) {
	case -EPIPE:
	case -EINTR:
	case -ENOSPC:
	case -EFAULT:
		return result;
	default:
		return -EIO;
	}
}

ssize_t port_console_read(void *buf, size_t count)
{
	for (;;) {
		long result =
			host_syscall3(HOST_READ, 0, (long)buf, (long)count);

		if (result >= 0)
			return result;
		if (result != -EAGAIN)
			return errno_of(result);
		if (wait_ready(0, POLLIN) < 0)
			return -EINTR;
	}
}

ssize_t port_console_write(int stream, const void *buf, size_t count)
{
	const char *bytes = buf;
	size_t done = 0;
	long result = 0;

	while (done < count) {
		result = host_syscall3(HOST_WRITE, stream, (long)(bytes + done),
				       (long)(count - done));
		if (result >= 0) {
			done += (size_t)result;
			continue;
		}
		if (result != -EAGAIN)
			break;
		result = wait_ready(stream, POLLOUT);
		if (result < 0)
			break;
	}
	if (done == 0 && result < 0)
		return errno_of(result);
	return (ssize_t)done;
}

size_t port_console_pending(void)
{
	int pending = 0;

	if (host_syscall3(HOST_IOCTL, 0, FIONREAD, (long)&pending) < 0)
		return 0;
	return pending > 0 ? (size_t)pending : 0;
}

/* A descriptor that the process was not given reads and writes with errors, at
 * once. */
uint32_t port_console_poll(int stream)
{
	struct pollfd poll = {stream, stream ? POLLOUT : POLLIN, 0};

	host_syscall3(HOST_POLL, (long)&poll, 1, 0);
	if (poll.revents & POLLNVAL)
		return poll.events | POLLERR;
	return poll.revents;
}

bool port_console_is_tty(int stream, struct port_winsize *size)
{
	uint32_t termios[16]; /* struct termios of Linux: 36 bytes */
	uint16_t winsize[4] = {0, 0, 0, 0};

	if (host_syscall3(HOST_IOCTL, stream, TCGETS, (long)termios) < 0)
		return false;
	if (size) {
		host_syscall3(HOST_IOCTL, stream, TIOCGWINSZ, (long)winsize);
		size->rows = winsize[0];
		size->cols = winsize[1];
	}
	return true;
}

void console_fail(const char *text, int status)
{
	size_t len = 0;

	while (text[len])
		len++;
	(void)port_console_write(2, text, len);
	for (;;)
		host_syscall1(HOST_EXIT_GROUP, status);
}
