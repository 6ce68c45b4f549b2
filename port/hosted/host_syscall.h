/* SPDX-License-Identifier: MIT */
/*
 * Real system calls of the Linux that the hosted home runs on. Only this
 * component makes any, and all by the one instruction in host_syscall.S (but
 * for clone.S, where there is no stack to return on).
 */
#ifndef WHELK_PORT_HOSTED_HOST_SYSCALL_H
#define WHELK_PORT_HOSTED_HOST_SYSCALL_H

/* Makes system call n. Returns its result, or a negative errno. */
long host_syscall(long n, long a, long b, long c, long d, long e, long f);

#define host_syscall0(n)		   host_syscall(n, 0, 0, 0, 0, 0, 0)
#define host_syscall1(n, a)		   host_syscall(n, a, 0, 0, 0, 0, 0)
#define host_syscall2(n, a, b)		   host_syscall(n, a, b, 0, 0, 0, 0)
#define host_syscall3(n, a, b, c)	   host_syscall(n, a, b, c, 0, 0, 0)
#define host_syscall4(n, a, b, c, d)	   host_syscall(n, a, b, c, d, 0, 0)
#define host_syscall5(n, a, b, c, d, e)	   host_syscall(n, a, b, c, d, e, 0)
#define host_syscall6(n, a, b, c, d, e, f) host_syscall(n, a, b, c, d, e, f)

/* Numbers of the calls made by hand (asm/unistd_64.h). */
enum {
	HOST_READ = 0,
	HOST_WRITE = 1,
	HOST_CLOSE = 3,
	HOST_POLL = 7,
	HOST_MMAP = 9,
	HOST_MPROTECT = 10,
	HOST_MUNMAP = 11,
	HOST_RT_SIGACTION = 13,
	HOST_RT_SIGPROCMASK = 14,
	HOST_IOCTL = 16,
	HOST_PREAD64 = 17,
	HOST_MREMAP = 25,
	HOST_MINCORE = 27,
	HOST_MADVISE = 28,
	HOST_GETPID = 39,
	HOST_EXIT = 60,
	HOST_FTRUNCATE = 77,
	HOST_SYSINFO = 99,
	HOST_GETTID = 186,
	HOST_FUTEX = 202,
	HOST_CLOCK_GETTIME = 228,
	HOST_EXIT_GROUP = 231,
	HOST_TGKILL = 234,
	HOST_OPENAT = 257,
	HOST_PPOLL = 271,
	HOST_EVENTFD2 = 290,
	HOST_RT_TGSIGQUEUEINFO = 297,
	HOST_GETRANDOM = 318,
	HOST_MEMFD_CREATE = 319,
};

#endif
