/* SPDX-License-Identifier: MIT */
/*
 * Takes the place of musl's arch/x86_64/syscall_arch.h: where that executes
 * the instruction `syscall`, this calls. A number that is constant, as nearly
 * all are, becomes a call of sys_NAME in the compiler; the dispatcher serves
 * the rest, and everything while a detour is wanted (tracing, cancellation).
 * musl finds this first by -I and is otherwise as it was.
 */
#ifndef WHELK_LIBC_SYSCALL_ARCH_H
#define WHELK_LIBC_SYSCALL_ARCH_H

#include "syscall_direct.h"

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

/* syscalls/syscall.h */
extern int syscall_detour;
long syscall_dispatch(long n, long a, long b, long c, long d, long e, long f);

#define SYSCALL_IS_DIRECT(n) \
	(__builtin_constant_p(n) && __builtin_expect(!syscall_detour, 1))

#define SYSCALL_INLINE static __inline __attribute__((__always_inline__)) long

SYSCALL_INLINE __syscall6(long n, long a, long b, long c, long d, long e,
			  long f)
{
	if (SYSCALL_IS_DIRECT(n))
		return syscall_direct(n, a, b, c, d, e, f);
	return syscall_dispatch(n, a, b, c, d, e, f);
}

SYSCALL_INLINE __syscall5(long n, long a, long b, long c, long d, long e)
{
	return __syscall6(n, a, b, c, d, e, 0);
}

SYSCALL_INLINE __syscall4(long n, long a, long b, long c, long d)
{
	return __syscall6(n, a, b, c, d, 0, 0);
}

SYSCALL_INLINE __syscall3(long n, long a, long b, long c)
{
	return __syscall6(n, a, b, c, 0, 0, 0);
}

SYSCALL_INLINE __syscall2(long n, long a, long b)
{
	return __syscall6(n, a, b, 0, 0, 0, 0);
}

SYSCALL_INLINE __syscall1(long n, long a)
{
	return __syscall6(n, a, 0, 0, 0, 0, 0);
}

SYSCALL_INLINE __syscall0(long n)
{
	return __syscall6(n, 0, 0, 0, 0, 0, 0);
}

/* A home that has no vDSO passes no AT_SYSINFO_EHDR, and musl calls. */
#define VDSO_USEFUL
#define VDSO_CGT_SYM	"__vdso_clock_gettime"
#define VDSO_CGT_VER	"LINUX_2.6"
#define VDSO_GETCPU_SYM "__vdso_getcpu"
#define VDSO_GETCPU_VER "LINUX_2.6"

#define IPC_64 0

#endif
