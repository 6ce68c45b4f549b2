/* SPDX-License-Identifier: MIT */
/* The process, which is number 1, and its threads: one so far. */
#include "kernel/internal.h"
#include "sys.h"

enum {
	ARCH_SET_FS = 0x1002,
	ARCH_GET_FS = 0x1003,
};

static struct thread thread_main = {.tid = 1};

struct thread *thread_current(void)
{
	return &thread_main;
}

/* getpid(2). */
long sys_getpid(void)
{
	return 1;
}

/* getppid(2): 0, a parent outside. */
long sys_getppid(void)
{
	return 0;
}

/* getpgrp(2), getpgid(2), getsid(2): the one process leads them all. */
long sys_getpgrp(void)
{
	return 1;
}

long sys_getpgid(pid_t pid)
{
	return pid == 0 || pid == 1 ? 1 : -ESRCH;
}

long sys_getsid(pid_t pid)
{
	return sys_getpgid(pid);
}

/* gettid(2). */
long sys_gettid(void)
{
	return thread_current()->tid;
}

/* set_tid_address(2). */
long sys_set_tid_address(int *tidptr)
{
	struct thread *thread = thread_current();

	thread->clear_child_tid = tidptr;
	return thread->tid;
}

/* sched_yield(2). */
long sys_sched_yield(void)
{
	return 0;
}

/* sched_getaffinity(2): one CPU; the result is the size of Linux's own mask. */
long sys_sched_getaffinity(pid_t pid, size_t size, void *mask)
{
	uint64_t cpus = 1;

	if (size < sizeof(cpus) || size % sizeof(cpus))
		return -EINVAL;
	if (pid != 0 && pid != 1)
		return -ESRCH;
	return user_copy(mask, &cpus, sizeof(cpus)) ? -EFAULT
						    : (long)sizeof(cpus);
}

/* arch_prctl(2): FS, where thread-local storage is. */
long sys_arch_prctl(int code, unsigned long addr)
{
	uintptr_t base;

	switch (code) {
	case ARCH_SET_FS:
		if (addr >> 47)
			return -EPERM;
		cpu_fs_base_set(addr);
		return 0;
	case ARCH_GET_FS:
		base = cpu_fs_base();
		return user_copy((void *)addr, &base, sizeof(base)) ? -EFAULT
								    : 0;
	default:
		return -EINVAL;
	}
}
