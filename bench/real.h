/* SPDX-License-Identifier: MIT */
/* The hosted home's system calls, for back ends that stand in for some of them
 * (linked by -Wl,--wrap): what they do with files that are not theirs. */
#ifndef WHELK_BENCH_REAL_H
#define WHELK_BENCH_REAL_H

#include <sys/uio.h>

long __real_sys_open(const char *path, int flags, unsigned mode);
long __real_sys_close(int fd);
long __real_sys_read(int fd, void *out, unsigned long count);
long __real_sys_write(int fd, const void *in, unsigned long count);
long __real_sys_readv(int fd, const struct iovec *iov, int count);
long __real_sys_writev(int fd, const struct iovec *iov, int count);
long __real_sys_lseek(int fd, long offset, int whence);
long __real_sys_fcntl(int fd, int cmd, unsigned long arg);
long __real_sys_ioctl(int fd, unsigned long request, void *arg);

#endif
