/* SPDX-License-Identifier: MIT */
/*
 * Which calls are made: the table of them, with the kinds of their arguments
 * (arguments.c), how each is made, and what stands for many calls.
 *
 * A new call is a line at the end of the table (the committed corpus knows calls
 * by their place there).
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "syscalls/syscall.h"
#include "syscalls/trace.h"
#include "syscall_direct.h"
#include "tests/unit/port_unit.h"

#define FCHMODAT2 452

struct call {
	const char *name;
	long number;
	const char *kinds;
	long (*run)(const long *args); /* instead of a call of that number */
};

static long tick_run(const long *args);
static long fill_run(const long *args);
static long thin_run(const long *args);
static long list_run(const long *args);
static long bad_run(const long *args);
static long lock_run(const long *args);

/* The kinds of arguments are those of arguments.c. */
static const struct call calls[] = {
	{"read", SYS_read, "f>n", NULL},
	{"write", SYS_write, "f<n", NULL},
	{"open", SYS_open, "pom", NULL},
	{"close", SYS_close, "f", NULL},
	{"stat", SYS_stat, "pi", NULL},
	{"fstat", SYS_fstat, "fi", NULL},
	{"lstat", SYS_lstat, "pi", NULL},
	{"lseek", SYS_lseek, "f@w", NULL},
	{"ioctl", SYS_ioctl, "fqi", NULL},
	{"pread64", SYS_pread64, "f>n@", NULL},
	{"pwrite64", SYS_pwrite64, "f<n@", NULL},
	{"readv", SYS_readv, "fRk", NULL},
	{"writev", SYS_writev, "fWk", NULL},
	{"access", SYS_access, "pa", NULL},
	{"dup", SYS_dup, "f", NULL},
	{"dup2", SYS_dup2, "fg", NULL},
	{"uname", SYS_uname, "U", NULL},
	{"fcntl", SYS_fcntl, "fcx", NULL},
	{"fsync", SYS_fsync, "f", NULL},
	{"fdatasync", SYS_fdatasync, "f", NULL},
	{"truncate", SYS_truncate, "p@", NULL},
	{"ftruncate", SYS_ftruncate, "f@", NULL},
	{"getcwd", SYS_getcwd, ">n", NULL},
	{"chdir", SYS_chdir, "p", NULL},
	{"fchdir", SYS_fchdir, "f", NULL},
	{"rename", SYS_rename, "pp", NULL},
	{"mkdir", SYS_mkdir, "pm", NULL},
	{"rmdir", SYS_rmdir, "p", NULL},
	{"creat", SYS_creat, "pm", NULL},
	{"link", SYS_link, "pp", NULL},
	{"unlink", SYS_unlink, "p", NULL},
	{"symlink", SYS_symlink, "tp", NULL},
	{"readlink", SYS_readlink, "p>n", NULL},
	{"chmod", SYS_chmod, "pm", NULL},
	{"fchmod", SYS_fchmod, "fm", NULL},
	{"chown", SYS_chown, "puu", NULL},
	{"fchown", SYS_fchown, "fuu", NULL},
	{"lchown", SYS_lchown, "puu", NULL},
	{"umask", SYS_umask, "m", NULL},
	{"getrlimit", SYS_getrlimit, "yi", NULL},
	{"getuid", SYS_getuid, "", NULL},
	{"getgid", SYS_getgid, "", NULL},
	{"geteuid", SYS_geteuid, "", NULL},
	{"getegid", SYS_getegid, "", NULL},
	{"getgroups", SYS_getgroups, "0i", NULL},
	{"getresuid", SYS_getresuid, "iii", NULL},
	{"getresgid", SYS_getresgid, "iii", NULL},
	{"statfs", SYS_statfs, "pi", NULL},
	{"fstatfs", SYS_fstatfs, "fi", NULL},
	{"setrlimit", SYS_setrlimit, "yL", NULL},
	{"sync", SYS_sync, "", NULL},
	{"getdents64", SYS_getdents64, "f>n", NULL},
	{"fadvise64", SYS_fadvise64, "f@@v", NULL},
	{"openat", SYS_openat, "dpom", NULL},
	{"mkdirat", SYS_mkdirat, "dpm", NULL},
	{"fchownat", SYS_fchownat, "dpuul", NULL},
	{"newfstatat", SYS_newfstatat, "dpil", NULL},
	{"unlinkat", SYS_unlinkat, "dpl", NULL},
	{"renameat", SYS_renameat, "dpdp", NULL},
	{"linkat", SYS_linkat, "dpdpl", NULL},
	{"symlinkat", SYS_symlinkat, "tdp", NULL},
	{"readlinkat", SYS_readlinkat, "dp>n", NULL},
	{"fchmodat", SYS_fchmodat, "dpm", NULL},
	{"faccessat", SYS_faccessat, "dpa", NULL},
	{"utimensat", SYS_utimensat, "dpTl", NULL},
	{"utimensat", SYS_utimensat, "f0Tl", NULL},
	{"dup3", SYS_dup3, "fge", NULL},
	{"preadv", SYS_preadv, "fRk@", NULL},
	{"pwritev", SYS_pwritev, "fWk@", NULL},
	{"prlimit64", SYS_prlimit64, "0yLi", NULL},
	{"renameat2", SYS_renameat2, "dpdpr", NULL},
	{"statx", SYS_statx, "dplMi", NULL},
	{"faccessat2", SYS_faccessat2, "dpal", NULL},
	{"tick", 0, "v", tick_run},
	{"fill", 0, "d##", fill_run},
	{"thin", 0, "d##", thin_run},
	{"flock", SYS_flock, "fK", NULL},
	{"lock", 0, "fvvw@@", lock_run},
	{"list", 0, "fn", list_run},
	{"fallocate", SYS_fallocate, "fF@@", NULL},
	{"mknod", SYS_mknod, "pDb", NULL},
	{"mknodat", SYS_mknodat, "dpDb", NULL},
	{"poll", SYS_poll, "Pkz", NULL},
	{"ppoll", SYS_ppoll, "PkZ08", NULL},
	{"select", SYS_select, "hQQQZ", NULL},
	{"pselect6", SYS_pselect6, "hQQQZ0", NULL},
	{"pipe", SYS_pipe, "B", NULL},
	{"pipe2", SYS_pipe2, "BH", NULL},
	{"eventfd", SYS_eventfd, "v", NULL},
	{"eventfd2", SYS_eventfd2, "vH", NULL},
	{"epoll_create", SYS_epoll_create, "v", NULL},
	{"epoll_create1", SYS_epoll_create1, "e", NULL},
	{"epoll_ctl", SYS_epoll_ctl, "fjfJ", NULL},
	{"epoll_wait", SYS_epoll_wait, "f>Nz", NULL},
	{"epoll_pwait", SYS_epoll_pwait, "f>Nz08", NULL},
	{"epoll_pwait2", SYS_epoll_pwait2, "f>NZ08", NULL},
	{"readahead", SYS_readahead, "f@#", NULL},
	{"sync_file_range", SYS_sync_file_range, "f@@v", NULL},
	{"syncfs", SYS_syncfs, "f", NULL},
	{"sendfile", SYS_sendfile, "ffOC", NULL},
	{"splice", SYS_splice, "fOfOCv", NULL},
	{"copy_file_range", SYS_copy_file_range, "fOfOC0", NULL},
	{"preadv2", SYS_preadv2, "fRk@0A", NULL},
	{"pwritev2", SYS_pwritev2, "fWk@0A", NULL},
	{"ficlone", SYS_ioctl, "fGf", NULL},
	{"setuid", SYS_setuid, "u", NULL},
	{"setgid", SYS_setgid, "u", NULL},
	{"setreuid", SYS_setreuid, "uu", NULL},
	{"setregid", SYS_setregid, "uu", NULL},
	{"setgroups", SYS_setgroups, "vI", NULL},
	{"setgroups", SYS_setgroups, "uI", NULL},
	{"setresuid", SYS_setresuid, "uuu", NULL},
	{"setresgid", SYS_setresgid, "uuu", NULL},
	{"setfsuid", SYS_setfsuid, "u", NULL},
	{"setfsgid", SYS_setfsgid, "u", NULL},
	{"utime", SYS_utime, "pi", NULL},
	{"utimes", SYS_utimes, "pV", NULL},
	{"futimesat", SYS_futimesat, "dpV", NULL},
	{"fchmodat2", FCHMODAT2, "dpml", NULL},
	{"setxattr", SYS_setxattr, "pE<nX", NULL},
	{"lsetxattr", SYS_lsetxattr, "pE<nX", NULL},
	{"fsetxattr", SYS_fsetxattr, "fE<nX", NULL},
	{"getxattr", SYS_getxattr, "pE>n", NULL},
	{"lgetxattr", SYS_lgetxattr, "pE>n", NULL},
	{"fgetxattr", SYS_fgetxattr, "fE>n", NULL},
	{"listxattr", SYS_listxattr, "p>n", NULL},
	{"llistxattr", SYS_llistxattr, "p>n", NULL},
	{"flistxattr", SYS_flistxattr, "f>n", NULL},
	{"removexattr", SYS_removexattr, "pE", NULL},
	{"lremovexattr", SYS_lremovexattr, "pE", NULL},
	{"fremovexattr", SYS_fremovexattr, "fE", NULL},
	{"bad", 0, "##", bad_run},
	{"inotify_init", SYS_inotify_init, "", NULL},
	{"inotify_init1", SYS_inotify_init1, "H", NULL},
	{"inotify_add_watch", SYS_inotify_add_watch, "fp~", NULL},
	{"inotify_rm_watch", SYS_inotify_rm_watch, "f1", NULL},
	{"mmap", SYS_mmap, "0CaYf@", NULL},
	{"pipe_size", SYS_fcntl, "fSC", NULL},
	{"ficlonerange", SYS_ioctl, "fs%", NULL},
	{"lock", SYS_fcntl, "f56", NULL},
	{"flock", SYS_flock, "f7", NULL},
	{"fcntl", SYS_fcntl, "f9i", NULL},
	{"copy_file_range", SYS_copy_file_range, "fOfOCv", NULL},
};
#define CALLS (sizeof(calls) / sizeof(*calls))
const unsigned calls_count = CALLS;

bool fuzz_show;
bool fuzz_bad;

/* -- Calls ----------------------------------------------------------------- */

bool op_decode(struct input *input, struct op *op)
{
	unsigned which = 0;

	do {
		if (input->at == input->end)
			return false;
		which = input_byte(input);
	} while (which >= CALLS);
	memset(op, 0, sizeof(*op));
	op->call = &calls[which];
	for (int i = 0; op->call->kinds[i]; i++)
		op->args[i] = op_argument(input, op, op->call->kinds[i]);
	return true;
}

/* Which block of the next call cannot be accessed, and from which byte on; the
 * first one counts from 1. */
static _Thread_local size_t bad_block, bad_from;

static void bad_begin(const struct op *op)
{
	size_t i = bad_block % OP_BLOCKS, from;

	if (!fuzz_bad || !i || i > op->blocks_len || !op->sizes[i - 1])
		return;
	from = bad_from % op->sizes[i - 1];
	port_unit_fault((char *)op->blocks[i - 1] + from,
			op->sizes[i - 1] - from);
}

static void bad_end(void)
{
	if (fuzz_bad)
		port_unit_fault(NULL, 0);
}

static bool makes_fd(long number)
{
	return number == SYS_open || number == SYS_openat ||
	       number == SYS_creat || number == SYS_dup ||
	       number == SYS_eventfd || number == SYS_eventfd2 ||
	       number == SYS_epoll_create || number == SYS_epoll_create1 ||
	       number == SYS_inotify_init || number == SYS_inotify_init1;
}

long op_make(const struct op *op)
{
	const long *a = op->args;
	long number = op->call->number, result;

	if (op->call->run) {
		result = op->call->run(a);
		if (fuzz_show)
			fprintf(stderr, "%s(%#lx, %ld, %ld) = %ld\n",
				op->call->name, a[0], a[1], a[2], result);
		return result;
	}
	bad_begin(op);
	result = syscall_dispatch(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	bad_end();
	if (result >= 0 && makes_fd(number))
		op_last_fd = result;
	if (result == 0 && (number == SYS_pipe || number == SYS_pipe2))
		op_last_fd = *(const int *)a[0];
	return result;
}

void op_end(struct op *op)
{
	if (op->call->run != bad_run)
		bad_block = 0;
	while (op->blocks_len > 0)
		free(op->blocks[--op->blocks_len]);
}

const char *op_name(const struct op *op)
{
	return op->call->name;
}

/* Those that stand for many calls. */
bool op_may_change(const struct op *op)
{
	return op->call->run != NULL;
}

/* -- What is no call ------------------------------------------------------- */

/* Lets up to four months pass; or takes a few seconds back. */
static long tick_run(const long *args)
{
	port_unit_clock_advance(args[0] < 0 ? args[0] / 16 : args[0] * 86400);
	return 0;
}

static long each(const long *args, bool make)
{
	long dir = syscall_dispatch(SYS_openat, args[0], (long)".",
				    O_RDONLY | O_DIRECTORY, 0, 0, 0);
	long result = dir;
	char name[80];

	for (long i = 0; dir >= 0 && i < args[2] % 400; i++) {
		snprintf(name, sizeof(name), i % 5 ? "%ld" : "%060ld",
			 args[1] + i);
		result = make ? syscall_dispatch(SYS_symlinkat, (long)"a", dir,
						 (long)name, 0, 0, 0)
			      : syscall_dispatch(SYS_unlinkat, dir, (long)name,
						 0, 0, 0, 0);
	}
	if (dir >= 0)
		syscall_dispatch(SYS_close, dir, 0, 0, 0, 0, 0);
	return result;
}

/* Makes many names in a directory. */
static long fill_run(const long *args)
{
	return each(args, true);
}

static long thin_run(const long *args)
{
	return each(args, false);
}

/* Has a buffer of the next call be one that cannot be accessed. */
static long bad_run(const long *args)
{
	bad_block = (size_t)args[0] / 4;
	bad_from = (size_t)args[1] / 4 % 16 ? (size_t)args[1] * 4 : 0;
	return 0;
}

/* Lists a directory to its end, with a buffer of some size. */
static long list_run(const long *args)
{
	static _Thread_local char buf[1024];
	long n, total = 0;

	do {
		n = syscall_dispatch(SYS_getdents64, args[0], (long)buf,
				     sizeof(buf), 0, 0, 0);
		total += n > 0 ? n : 0;
	} while (n > 0 && total < 1 << 20);
	return n < 0 ? n : total;
}

/* fcntl with a struct flock, nothing that waits. */
static long lock_run(const long *args)
{
	static const int commands[] = {F_GETLK, F_SETLK, F_OFD_GETLK,
				       F_OFD_SETLK};
	struct flock lock = {.l_type = (short)(args[2] & 3),
			     .l_whence = (short)args[3],
			     .l_start = args[4],
			     .l_len = args[5]};

	return syscall_dispatch(SYS_fcntl, args[0], commands[args[1] & 3],
				(long)&lock, 0, 0, 0);
}

const char *calls_missing(void)
{
	for (int i = 0; i < trace_calls_count; i++) {
		size_t k = 0;

		while (k < CALLS && calls[k].number != trace_calls[i].number)
			k++;
		if (k == CALLS && syscall_is_file(trace_calls[i].number))
			return trace_calls[i].name;
	}
	return NULL;
}
