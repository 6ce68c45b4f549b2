/* SPDX-License-Identifier: MIT */
/*
 * The system calls that each home serves in its own way ("home" in
 * syscalls.tbl), as far as they are not simply Linux's (gen/forward.c). That of
 * signals is in signal.c, that of mappings in map.c.
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "sys.h"

long sys_exit(int status)
{
	return host_syscall1(HOST_EXIT, status);
}

long sys_exit_group(int status)
{
	return host_syscall1(HOST_EXIT_GROUP, status);
}

/* DEVIATION: sysinfo(2) tells of the machine's memory, not of what WHELK_MEM
 * leaves. */
long sys_sysinfo(struct sysinfo *info)
{
	return host_syscall1(HOST_SYSINFO, (long)info);
}
