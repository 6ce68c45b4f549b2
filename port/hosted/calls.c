/* SPDX-License-Identifier: MIT */
/*
 * The system calls that each home serves in its own way ("home" in
 * syscalls.tbl), as far as they are not simply Linux's (gen/forward.c).
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "syscalls/syscall.h"
#include "sys.h"

#define MAP_ANONYMOUS 0x20
#define SA_RESTART    0x10000000UL
/* The signal by which musl's pthread_cancel reaches a thread. */
#define SIGCANCEL 33

/* struct sigaction as Linux has it on x86-64 (rt_sigaction(2)). */
struct host_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* Memory is Linux's; files are not, so their pages cannot be mapped.
 * DEVIATION: mapping a file fails with ENODEV. */
long sys_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (!(flags & MAP_ANONYMOUS))
		return -ENODEV;
	return host_syscall6(HOST_MMAP, (long)addr, (long)len, prot, flags, fd,
			     offset);
}

/*
 * Linux's, but that the first pthread_cancel of the process, which installs a
 * handler for SIGCANCEL, makes libc's cancellation points look for it from
 * then on, and lets it end a call that waits.
 */
long sys_rt_sigaction(int sig, const void *act, void *old, size_t setsize)
{
	struct host_sigaction cancel;

	if (sig == SIGCANCEL && act) {
		cancel = *(const struct host_sigaction *)act;
		cancel.flags &= ~SA_RESTART;
		act = &cancel;
		/* relaxed: pthread_cancel's signal comes after, and orders */
		__atomic_fetch_or(&syscall_detour, SYSCALL_DETOUR_CANCEL,
				  __ATOMIC_RELAXED);
	}
	return host_syscall4(HOST_RT_SIGACTION, sig, (long)act, (long)old,
			     (long)setsize);
}

long sys_exit(int status)
{
	return host_syscall1(HOST_EXIT, status);
}

long sys_exit_group(int status)
{
	return host_syscall1(HOST_EXIT_GROUP, status);
}

/* DEVIATION: tells of the machine's memory, not of what WHELK_MEM leaves. */
long sys_sysinfo(struct sysinfo *info)
{
	return host_syscall1(HOST_SYSINFO, (long)info);
}
