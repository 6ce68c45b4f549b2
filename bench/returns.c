/* SPDX-License-Identifier: MIT */
/*
 * File calls that return at once, having done nothing: what is left is PostMark
 * itself and its C library. Linked like bench/nullfs.c.
 */
#include "real.h"

#define FIRST_FD 64 /* lower descriptors are real ones */

/* -ENOENT: there is no .pmrc; files have whole paths. */
long __wrap_sys_open(const char *path)
{
	return *path == '/' ? FIRST_FD : -2;
}

long __wrap_sys_unlink(void)
{
	return 0;
}

long __wrap_sys_mkdir(void)
{
	return 0;
}

long __wrap_sys_rmdir(void)
{
	return 0;
}

long __wrap_sys_close(int fd)
{
	return fd < FIRST_FD ? __real_sys_close(fd) : 0;
}

long __wrap_sys_read(int fd, void *out, unsigned long count)
{
	return fd < FIRST_FD ? __real_sys_read(fd, out, count) : (long)count;
}

long __wrap_sys_write(int fd, const void *in, unsigned long count)
{
	return fd < FIRST_FD ? __real_sys_write(fd, in, count) : (long)count;
}

static long total(const struct iovec *iov, int count)
{
	long size = 0;

	for (int i = 0; i < count; i++)
		size += (long)iov[i].iov_len;
	return size;
}

long __wrap_sys_readv(int fd, const struct iovec *iov, int count)
{
	return fd < FIRST_FD ? __real_sys_readv(fd, iov, count)
			     : total(iov, count);
}

long __wrap_sys_writev(int fd, const struct iovec *iov, int count)
{
	return fd < FIRST_FD ? __real_sys_writev(fd, iov, count)
			     : total(iov, count);
}

long __wrap_sys_lseek(int fd, long offset, int whence)
{
	return fd < FIRST_FD ? __real_sys_lseek(fd, offset, whence) : 0;
}

long __wrap_sys_fcntl(int fd, int cmd, unsigned long arg)
{
	return fd < FIRST_FD ? __real_sys_fcntl(fd, cmd, arg) : 0;
}

/* -ENOTTY: no terminal. */
long __wrap_sys_ioctl(int fd, unsigned long request, void *arg)
{
	return fd < FIRST_FD ? __real_sys_ioctl(fd, request, arg) : -25;
}
