/* SPDX-License-Identifier: MIT */
/*
 * stat(3) and its kin, in place of musl's: that converts from the kernel's
 * structure to its own, for old kernels and other processors, and on x86-64
 * the two are the same. It was a seventh of what a stat costs.
 */
#include "libc/syscall_arch.h"

#include "abi/errno.h"
#include "abi/stat.h"

/* Numbers of syscalls/syscalls.tbl: the calls are resolved by them. */
enum { SYS_stat = 4, SYS_fstat = 5, SYS_lstat = 6, SYS_newfstatat = 262 };

/* musl's: sets errno from a negative result and returns -1. */
__attribute__((visibility("hidden"))) long __syscall_ret(unsigned long result);

int stat(const char *restrict path, struct stat *restrict st);
int lstat(const char *restrict path, struct stat *restrict st);
int fstat(int fd, struct stat *st);
int fstatat(int dirfd, const char *restrict path, struct stat *restrict st,
	    int flags);

static inline int returned(long result)
{
	if (__builtin_expect(result == 0, 1))
		return 0;
	return (int)__syscall_ret((unsigned long)result);
}

/* POSIX.1-2017, fstatat(). */
int stat(const char *restrict path, struct stat *restrict st)
{
	return returned(__syscall2(SYS_stat, (long)path, (long)st));
}

int lstat(const char *restrict path, struct stat *restrict st)
{
	return returned(__syscall2(SYS_lstat, (long)path, (long)st));
}

int fstat(int fd, struct stat *st)
{
	return returned(__syscall2(SYS_fstat, fd, (long)st));
}

int fstatat(int dirfd, const char *restrict path, struct stat *restrict st,
	    int flags)
{
	return returned(
		__syscall4(SYS_newfstatat, dirfd, (long)path, (long)st, flags));
}

/* The names of the transitional large file interface. */
__typeof__(stat) stat64 __attribute__((weak, alias("stat")));
__typeof__(lstat) lstat64 __attribute__((weak, alias("lstat")));
__typeof__(fstat) fstat64 __attribute__((weak, alias("fstat")));
__typeof__(fstatat) fstatat64 __attribute__((weak, alias("fstatat")));
