/* SPDX-License-Identifier: MIT */
/*
 * The system calls that each home serves in its own way ("home" in
 * syscalls.tbl), as far as they are not simply Linux's (gen/forward.c). That of
 * signals is in signal.c.
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "sys.h"

#define MAP_ANONYMOUS 0x20

/* Memory is Linux's; files are not, so their pages cannot be mapped. */
long sys_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (!(flags & MAP_ANONYMOUS))
		return -ENODEV;
	return host_syscall6(HOST_MMAP, (long)addr, (long)len, prot, flags, fd,
			     offset);
}

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
