/* SPDX-License-Identifier: MIT */
/*
 * The system calls that each home serves in its own way: mmap, which may be
 * about files some day; rt_sigaction, which must notice when cancellation
 * begins; the end; and sysinfo.
 */
#include "port/guest/internal.h"
#include "syscalls/syscall.h"
#include "sys.h"

enum { SIGCANCEL = 33 }; /* musl's, for pthread_cancel */

struct sysinfo {
	int64_t uptime;
	uint64_t loads[3];
	uint64_t totalram, freeram, sharedram, bufferram;
	uint64_t totalswap, freeswap;
	uint16_t procs, pad;
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit;
};

/* rt_sigaction(2). */
long sys_rt_sigaction(int sig, const void *act, void *old, size_t setsize)
{
	long result = kernel_signal_action(sig, act, old, setsize);

	if (result == 0 && act && sig == SIGCANCEL)
		syscall_detour |= SYSCALL_DETOUR_CANCEL;
	return result;
}

/* exit(2), of the only thread. */
_Noreturn long sys_exit(int status)
{
	kernel_exit(status);
}

/* exit_group(2). */
_Noreturn long sys_exit_group(int status)
{
	kernel_exit(status);
}

/* sysinfo(2). */
long sys_sysinfo(struct sysinfo *info)
{
	size_t total, avail;

	if (!user_writable(info, sizeof(*info)))
		return -EFAULT;
	kernel_pages_count(&total, &avail);
	memset(info, 0, sizeof(*info));
	info->uptime = (int64_t)(kernel_clock_monotonic() / 1000000000);
	info->totalram = total * PAGE_SIZE;
	info->freeram = avail * PAGE_SIZE;
	info->procs = 1;
	info->mem_unit = 1;
	return 0;
}
