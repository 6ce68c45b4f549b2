/* SPDX-License-Identifier: MIT */
/*
 * The system call layer as the homes see it: how it is started, and the one
 * entry for calls by number. libc calls the sys_* functions (sys.h, generated)
 * directly as long as syscall_detour is 0.
 */
#ifndef WHELK_SYSCALLS_SYSCALL_H
#define WHELK_SYSCALLS_SYSCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero means: as the memory of the machine suggests. fs_nodes_max is at least
 * GUEST_FS_INODES_MIN. */
struct syscall_config {
	uint64_t fs_bytes_max;
	uint64_t fs_nodes_max;
	bool trace;
	bool share; /* there are files of the host: /host */
};

/* Why system calls must not go the direct way: bits of syscall_detour. */
enum {
	SYSCALL_DETOUR_TRACE = 1,  /* they are printed */
	SYSCALL_DETOUR_CANCEL = 2, /* threads may be cancelled at them */
};
extern int syscall_detour;

/*
 * Makes the file system with /dev and /tmp, and the descriptors 0, 1 and 2.
 * To be called once, before any system call. Panics if memory does not suffice
 * for that.
 */
void syscall_init(const struct syscall_config *config);

/* Undoes syscall_init: closes what is open and gives all memory back, or panics
 * if something was lost. For tests; the homes just end. No other thread may be
 * inside. */
void syscall_fini(void);

/* Says what the program begins with: its stack as execve(2) leaves it (argc,
 * argv and envp, the strings of each one after the other), borrowed for good.
 * For /proc. */
void syscall_stack_set(const uintptr_t *stack);

/* Copies a regular file into the file system, with the directories on the way
 * to it: what a home brings along for the application. mtime is in seconds.
 * Returns 0 or a negative errno. */
int syscall_install(const char *path, unsigned mode, int64_t mtime,
		    const void *data, size_t len);

/* Linux's system call n (syscall(2)); numbers not in syscalls.tbl: -ENOSYS. */
long syscall_dispatch(long n, long a1, long a2, long a3, long a4, long a5,
		      long a6);

#endif
