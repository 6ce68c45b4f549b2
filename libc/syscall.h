/* SPDX-License-Identifier: MIT */
/*
 * Stands before musl's src/internal/syscall.h and includes it. musl sends its
 * cancellation points (read, write, open, ...) through __syscall_cp, which
 * looks for a pending cancellation and then goes by number. Calls on files
 * seldom wait, so here they are direct calls of sys_NAME until the first
 * pthread_cancel of the process (SYSCALL_DETOUR_CANCEL). If that comes while
 * one waits, it ends with EINTR, and the cancellation is looked for then. The
 * other calls keep going through __syscall_cp.
 */
#include_next "syscall.h"

#ifndef WHELK_LIBC_SYSCALL_H
#define WHELK_LIBC_SYSCALL_H

/* Of the calls on files, those that may wait. */
#define SYSCALL_MAY_WAIT(n)                                           \
	((n) == SYS_read || (n) == SYS_write || (n) == SYS_readv ||   \
	 (n) == SYS_writev || (n) == SYS_open || (n) == SYS_openat || \
	 (n) == SYS_poll || (n) == SYS_ppoll || (n) == SYS_select ||  \
	 (n) == SYS_pselect6 || (n) == SYS_epoll_pwait)

SYSCALL_INLINE syscall_cp_file(long n, long a, long b, long c, long d, long e,
			       long f)
{
	long result;

	if (!syscall_is_file(n) || !SYSCALL_IS_DIRECT(n))
		return (__syscall_cp)(n, a, b, c, d, e, f);
	result = syscall_direct(n, a, b, c, d, e, f);
	/* musl looks for a cancellation in whatever call it makes: in this one
	 * to no other effect. */
	if (SYSCALL_MAY_WAIT(n) && result == -EINTR && syscall_detour &&
	    (__syscall_cp)(SYS_getpid, 0, 0, 0, 0, 0, 0) == -ECANCELED)
		result = -ECANCELED;
	return result;
}

#undef __syscall_cp0
#undef __syscall_cp1
#undef __syscall_cp2
#undef __syscall_cp3
#undef __syscall_cp4
#undef __syscall_cp5
#undef __syscall_cp6
#define __syscall_cp0(n)    syscall_cp_file(n, 0, 0, 0, 0, 0, 0)
#define __syscall_cp1(n, a) syscall_cp_file(n, __scc(a), 0, 0, 0, 0, 0)
#define __syscall_cp2(n, a, b) \
	syscall_cp_file(n, __scc(a), __scc(b), 0, 0, 0, 0)
#define __syscall_cp3(n, a, b, c) \
	syscall_cp_file(n, __scc(a), __scc(b), __scc(c), 0, 0, 0)
#define __syscall_cp4(n, a, b, c, d) \
	syscall_cp_file(n, __scc(a), __scc(b), __scc(c), __scc(d), 0, 0)
#define __syscall_cp5(n, a, b, c, d, e) \
	syscall_cp_file(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e), 0)
#define __syscall_cp6(n, a, b, c, d, e, f)                                   \
	syscall_cp_file(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e), \
			__scc(f))

#endif
