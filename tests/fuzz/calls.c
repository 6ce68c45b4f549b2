/* SPDX-License-Identifier: MIT */
/*
 * Which calls are made, and how their arguments come out of bytes: few names
 * and few descriptors, so that calls meet; numbers around the boundaries of the
 * forms of contents and of the types; flags from lists. Buffers are blocks of
 * just the size the call is told, for the sanitizer to watch.
 *
 * A new call is a line at the end of the table (the committed corpus knows calls
 * by their place there).
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "syscalls/syscall.h"
#include "syscalls/trace.h"
#include "syscall_direct.h"
#include "tests/unit/port_unit.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#define FCHMODAT2 452

#define FILL	  0x5a
#define COUNT_MAX 70000
#define IOV_COUNT 5

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

/*
 * Kinds of arguments (those of tests/diff, where it has the same):
 *   f descriptor          d the same, or AT_FDCWD  g new descriptor
 *   p path                t target of a link       m mode
 *   n size of the buffer that follows or precedes  # number of a file
 *   < buffer to read      > buffer to fill
 *   W buffers to read     R buffers to fill        k how many
 *   @ offset              w whence                 o flags of open
 *   l AT_ flags           r flags of renameat2     u user or group
 *   a access              T two times or NULL      c command of fcntl
 *   x its argument        M mask of statx          q request of ioctl
 *   i 256 bytes           e flags of dup3          v small number
 *   0 NULL                L a limit or NULL        y resource
 *   F mode of fallocate   D type and mode          b device
 *   K operation of flock, that does not wait
 *   P what to poll, k     Q set of descriptors     h below which all are
 *   j operation of epoll  J its event              N how many fit in >
 *   z timeout in ms       Z timeout or NULL        8 size of a signal mask
 *   H flags of pipe2      B two descriptors        A flags of preadv2
 *   O offset or NULL      C bytes to be copied     G FICLONE
 *   E name of an xattr    X flags of setxattr      I 1000 ids
 *   V two struct timeval  ~ events of inotify      1 a number from 1 on
 *   Y flags of mmap      S F_SETPIPE_SZ           s FICLONERANGE
 *   % its range           5 command about a lock   6 the lock
 *   7 operation of flock  9 another command of fcntl
 */
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
_Thread_local unsigned call_thread;
static _Thread_local long last_fd;

unsigned input_byte(struct input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

/* One of an array's elements. */
#define CHOOSE(input, array) \
	((array)[input_byte(input) % (sizeof(array) / sizeof(*(array)))])

/*
 * Flags: mostly one of the first usual ones (0 among them), else several of
 * those that follow, or'ed: bits of two bytes say which.
 */
static long flags_of(struct input *input, size_t usual, const int *flags,
		     size_t len)
{
	unsigned byte = input_byte(input), bits;
	long value = 0;

	if (byte < 200)
		return flags[byte % usual];
	bits = input_byte(input) | input_byte(input) << 8;
	for (size_t i = usual; i < len && i < usual + 16; i++)
		value |= bits >> (i - usual) & 1 ? flags[i] : 0;
	return value;
}
#define FLAGS(input, usual, array) \
	flags_of(input, usual, array, sizeof(array) / sizeof(*(array)))

/* -- Blocks ---------------------------------------------------------------- */

/* size bytes until op_end; never NULL, for size 0 nothing may be touched. */
static void *block(struct op *op, size_t size)
{
	void *bytes = malloc(size);

	if (!bytes || op->blocks_len == OP_BLOCKS)
		abort();
	memset(bytes, FILL, size);
	op->sizes[op->blocks_len] = size;
	return op->blocks[op->blocks_len++] = bytes;
}

/* -- Numbers --------------------------------------------------------------- */

static long offset_make(struct input *input)
{
	static const int64_t boundaries[] = {
		0,	   24,	      32,
		2048,	   4096,      8192,
		16384,	   1LL << 16, 1LL << 21,
		1 << 30,   1LL << 31, 1LL << 32,
		1LL << 40, 1LL << 62, INT64_MAX,
		INT64_MIN, -1,	      INT64_MAX - 4096,
		12288,	   1LL << 39, 100,
		1000};
	unsigned byte = input_byte(input), which = byte % 32;

	if (which < sizeof(boundaries) / sizeof(*boundaries))
		return (long)((uint64_t)boundaries[which] + byte / 32 - 3);
	if (which == 31)
		return (long)(input_byte(input) | input_byte(input) << 8);
	return input_byte(input);
}

static size_t count_make(struct input *input)
{
	static const unsigned boundaries[] = {0,    24,	  42,	 64,   100,
					      255,  1024, 2048,	 4096, 4097,
					      8192, 9000, 16384, 65536};
	unsigned byte = input_byte(input), which = byte % 16;
	long count;

	if (which == 15)
		return input_byte(input);
	if (which == 14)
		return (input_byte(input) | input_byte(input) << 8);
	count = (long)boundaries[which] + byte / 16 - 7;
	return count < 0 ? 0 : (size_t)count;
}

/* In bytes to read there is a pattern that tells calls apart. */
static void *data_make(struct input *input, struct op *op, size_t count)
{
	uint8_t *bytes = block(op, count);
	uint8_t first = (uint8_t)input_byte(input);

	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)(first + i / 13);
	return bytes;
}

static long buffers_make(struct input *input, struct op *op, bool out)
{
	unsigned byte = input_byte(input);
	size_t len = byte % IOV_COUNT, large = byte / 32;
	struct iovec *iov = block(op, len * sizeof(*iov));

	for (size_t i = 0; i < len; i++) {
		iov[i].iov_len =
			large == i ? count_make(input) : input_byte(input) % 40;
		iov[i].iov_base = out ? block(op, iov[i].iov_len)
				      : data_make(input, op, iov[i].iov_len);
	}
	op->count = byte == 0xff ? (size_t)-1 : len;
	return (long)iov;
}

static long fd_make(struct input *input)
{
	static const int odd[] = {-1, 1023, 1024, 448, 447, 70000};
	unsigned byte = input_byte(input);

	if (byte < 160)
		return 3 + byte % 10;
	if (byte < 240)
		return byte < 180 ? byte % 3 : last_fd;
	return odd[byte % (sizeof(odd) / sizeof(*odd))];
}

static long dirfd_make(struct input *input)
{
	unsigned byte = input_byte(input);

	if (byte < 128 || byte == 255)
		return byte == 255 ? -1 : AT_FDCWD;
	return byte < 200 ? 3 + byte % 10 : last_fd;
}

/* -- Paths ----------------------------------------------------------------- */

static char long_name[258];

__attribute__((constructor)) static void long_name_make(void)
{
	memset(long_name, 'n', sizeof(long_name) - 2);
}

static const char *component(unsigned which)
{
	static const char *const names[] = {
		"a",
		"b",
		"a",
		"c",
		"a",
		"b",
		"d",
		"..",
		".",
		"e",
		"dev",
		"null",
		"tmp",
		"a",
		"b",
		"c",
		"d",
		"proc",
		"self",
		"fd",
		"3",
		"4",
		"full",
		"\xff\n\\",
		"a-name-of-forty-two-bytes-which-is-in-place",
		"a-name-of-forty-three-bytes-which-is-not-so"};

	if (which < sizeof(names) / sizeof(*names))
		return names[which];
	if (which % 4 < 2) /* the longest name, and a longer one */
		return long_name + 1 - which % 4;
	return names[which % 8];
}

/* A path of as many bytes as fit, or one more; all of its components are one. */
static long path_long(struct op *op, unsigned which)
{
	size_t len = which % 2 ? 4095 : 4096;
	char *path = block(op, len + 1);

	memset(path, which & 2 ? '/' : 'n', len);
	for (size_t i = 0; i < len; i += 2)
		path[i] = which & 4 ? '/' : '.';
	path[len] = '\0';
	return (long)path;
}

/*
 * From 0xf8 on: the empty path, NULL, or long ones. Else the low two bits say
 * how many components follow, the others: absolute, more slashes between, and
 * rarely a slash at the end.
 */
static long path_make(struct input *input, struct op *op)
{
	static _Thread_local char text[4 * 260];
	unsigned byte = input_byte(input);
	size_t len = 0;
	char *path;

	if (byte >= 0xfa)
		return byte == 0xfa ? 0 : path_long(op, byte);
	if (byte >= 0xf8)
		return (long)strcpy(block(op, 1), "");
	if (call_thread && !(byte & 0x20))
		len = (size_t)sprintf(text, "/%u", call_thread);
	if (byte & 4 || len)
		text[len++] = '/';
	for (unsigned i = 0; i <= byte % 4 / (byte & 0x40 ? 1 : 2); i++) {
		if (i)
			len += (size_t)sprintf(text + len, "%s",
					       byte & 16 ? "//" : "/");
		len += (size_t)sprintf(text + len, "%s",
				       component(input_byte(input) % 32));
	}
	if (byte / 8 % 16 == 1)
		text[len++] = '/';
	text[len++] = '\0';
	path = block(op, len);
	return (long)memcpy(path, text, len);
}

/* Mostly paths; some as long as a link's target may be, and around the sizes
 * at which it is stored differently. */
static long target_make(struct input *input, struct op *op)
{
	static const unsigned short lens[] = {1,   23,	 24,   25,   127, 128,
					      255, 2047, 2048, 4095, 4096};
	size_t len;
	char *text;

	if (input_byte(input) < 200)
		return path_make(input, op);
	len = CHOOSE(input, lens);
	text = block(op, len + 1);
	memset(text, 't', len);
	text[len] = '\0';
	return (long)text;
}

/* -- Kinds ----------------------------------------------------------------- */

static long oflags_make(struct input *input)
{
	static const int flags[] = {
		O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_RDWR, O_RDONLY,
		O_RDONLY | O_DIRECTORY, O_RDONLY | O_DIRECTORY, O_PATH,
		O_PATH | O_NOFOLLOW, O_WRONLY | O_CREAT | O_EXCL,
		O_WRONLY | O_CREAT | O_APPEND, O_RDWR | O_CREAT | O_TRUNC,
		O_RDWR | O_TMPFILE,
		/* or any of: */
		O_CREAT, O_WRONLY, O_RDWR, O_EXCL, O_TRUNC, O_APPEND,
		O_DIRECTORY, O_NOFOLLOW, O_NOATIME, O_CLOEXEC, O_PATH,
		O_NONBLOCK, O_SYNC, O_DIRECT, O_TMPFILE, O_ASYNC | 1 << 30};

	return FLAGS(input, 12, flags);
}

static long mode_make(struct input *input)
{
	static const int modes[] = {0755, 0644, 0777,  0600,  0700,  0,
				    0444, 0111, 07777, 02755, 04711, 01777};

	return CHOOSE(input, modes);
}

static long command_make(struct input *input)
{
	static const int commands[] = {F_DUPFD, F_GETFD, F_SETFD,
				       F_GETFL, F_SETFL, F_DUPFD_CLOEXEC,
				       1033,	1034};

	return CHOOSE(input, commands);
}

static long request_make(struct input *input)
{
	static const unsigned long requests[] = {TCGETS,  TIOCGWINSZ, FIONREAD,
						 FIONBIO, FIONCLEX,   FIOCLEX,
						 FICLONE, 0x12345};

	return (long)CHOOSE(input, requests);
}

static long argument_make(struct input *input)
{
	static const long arguments[] = {0, 1, 3, 5, 500, 1023, 1024, -1};
	static const int flags[] = {O_APPEND,  O_NONBLOCK, O_APPEND, O_NONBLOCK,
				    O_NOATIME, O_DIRECT,   O_RDWR};
	unsigned byte = input_byte(input);

	return byte < 128 ? arguments[byte % 8] : FLAGS(input, 2, flags);
}

static long times_make(struct input *input, struct op *op)
{
	static const struct timespec choices[] = {
		{1, 1},		{0, UTIME_NOW},	 {0, UTIME_OMIT},
		{0, 999999999}, {0, 1000000000}, {-1, 5},
		{LONG_MAX, 0},	{1000000000, 0}};
	struct timespec *times;
	unsigned byte = input_byte(input);

	if (byte >= 200)
		return 0;
	times = block(op, 2 * sizeof(*times));
	times[0] = choices[byte % 8];
	times[1] = choices[byte / 8 % 8];
	return (long)times;
}

static long limit_make(struct input *input, struct op *op)
{
	static const rlim_t choices[] = {
		0, 3, 8, 12, 100, 1024, 1 << 17, 1 << 20, RLIM_INFINITY};
	struct rlimit *limit;
	unsigned byte = input_byte(input);

	if (byte >= 200)
		return 0;
	limit = block(op, sizeof(*limit));
	limit->rlim_cur = choices[byte % 9];
	limit->rlim_max = choices[byte / 9 % 9];
	return (long)limit;
}

static long timeout_make(struct input *input, struct op *op)
{
	struct timespec *timeout;
	unsigned byte = input_byte(input);

	if (byte >= 200)
		return 0;
	timeout = block(op, sizeof(*timeout));
	timeout->tv_sec = byte == 199 ? -1 : 0;
	timeout->tv_nsec = byte % 3;
	return (long)timeout;
}

static long polled_make(struct input *input, struct op *op)
{
	struct pollfd *polled;

	op->count = input_byte(input) % 6;
	polled = block(op, op->count * sizeof(*polled));
	for (size_t i = 0; i < op->count; i++) {
		polled[i].fd = (int)fd_make(input);
		polled[i].events = (short)input_byte(input);
	}
	return (long)polled;
}

static long set_make(struct input *input, struct op *op)
{
	uint8_t *set;
	unsigned byte = input_byte(input);

	if (byte >= 200)
		return 0;
	set = block(op, 1024 / 8);
	memset(set, 0, 1024 / 8);
	set[byte % 2] = (uint8_t)input_byte(input);
	set[byte / 2] |= byte == 199;
	return (long)set;
}

static long place_make(struct input *input, struct op *op)
{
	long *place;

	if (input_byte(input) < 100)
		return 0;
	place = block(op, sizeof(*place));
	*place = offset_make(input);
	return (long)place;
}

static long event_make(struct input *input, struct op *op)
{
	struct epoll_event *event = block(op, sizeof(*event));

	event->events = input_byte(input) | input_byte(input) << 26;
	event->data.u64 = 1;
	return (long)event;
}

static long range_make(struct input *input, struct op *op)
{
	struct file_clone_range *range = block(op, sizeof(*range));

	range->src_fd = fd_make(input);
	range->src_offset = (uint64_t)offset_make(input);
	range->src_length = (uint64_t)offset_make(input);
	range->dest_offset = (uint64_t)offset_make(input);
	return (long)range;
}

static long lock_make(struct input *input, struct op *op)
{
	struct flock *lock = block(op, sizeof(*lock));

	*lock = (struct flock){.l_type = (short)(input_byte(input) % 4),
			       .l_whence = (short)(input_byte(input) % 4)};
	lock->l_start = offset_make(input);
	lock->l_len = offset_make(input);
	return (long)lock;
}

static long flags_make(struct input *input, char kind)
{
	static const int rw[] = {0, 0, 16, 8, 1, 2, 4, 8, 16, 32, 64};
	static const int events[] = {
		IN_ALL_EVENTS,	IN_ALL_EVENTS,	 IN_ALL_EVENTS | IN_ONESHOT,
		IN_ACCESS,	IN_MODIFY,	 IN_ATTRIB | IN_OPEN,
		IN_CLOSE,	IN_MOVE,	 IN_CREATE | IN_DELETE,
		IN_DELETE_SELF, IN_MOVE_SELF,	 IN_ONLYDIR,
		IN_DONT_FOLLOW, IN_EXCL_UNLINK,	 IN_MASK_CREATE,
		IN_MASK_ADD,	(int)IN_ONESHOT, 1 << 20};
	static const int mapping[] = {1, 2, 3, 0x22, 0x10, 0x21, 0, 0x100000};
	static const int piped[] = {
		0, O_NONBLOCK, O_CLOEXEC, O_NONBLOCK, O_CLOEXEC, O_DIRECT, 1};
	static const int at[] = {0, 0, AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR,
				 AT_SYMLINK_FOLLOW, AT_EMPTY_PATH,
				 /* or any of: */
				 AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR,
				 AT_SYMLINK_FOLLOW, AT_EMPTY_PATH, 0x800,
				 0x2000, 0x4000, 0x10000};
	static const int renaming[] = {0, 0, 1, 2, 1, 2, 4, 8};
	static const int dup[] = {0, O_CLOEXEC, O_APPEND};
	static const int access[] = {F_OK, R_OK, W_OK, X_OK,
				     R_OK, W_OK, X_OK, 8};
	static const int mask[] = {0x7ff, 0xfff, 0x800, (int)0x80000000u,
				   0x1000};

	static const int space[] = {0, 1, 3, 2, 16, 17, 8, 32, 64, 2};

	switch (kind) {
	case 'F':
		return FLAGS(input, 8, space);
	case 'H':
		return FLAGS(input, 3, piped);
	case 'A':
		return FLAGS(input, 4, rw);
	case '~':
		return (long)(unsigned)FLAGS(input, 3, events);
	case 'Y':
		return FLAGS(input, 4, mapping);
	case 'l':
		return FLAGS(input, 6, at);
	case 'r':
		return FLAGS(input, 4, renaming);
	case 'e':
		return FLAGS(input, 2, dup);
	case 'a':
		return FLAGS(input, 4, access);
	default:
		return (long)(unsigned)FLAGS(input, 2, mask);
	}
}

static long number_make(struct input *input, char kind)
{
	static const int owners[] = {0, 1, 1000, -1};
	static const int resources[] = {7, 7, 7, 1, 3, 4, 0, 16, -1};

	static const int types[] = {S_IFREG | 0644,  S_IFIFO | 0666,
				    S_IFSOCK | 0600, S_IFCHR | 0666,
				    S_IFBLK | 0660,  S_IFDIR | 0755,
				    S_IFLNK | 0777,  0644,
				    S_IFMT};
	static const int devices[] = {0x103, 0x105,  0x107, 0x108,
				      0x500, 0xf001, 0,	    0x123fff45};

	static const int operations[] = {1, 1, 3, 2, 0};
	static const int timeouts[] = {0, 0, 1, -1};
	static const int below[] = {8, 10, 64, 1024, 0, -1};
	static const int locking[] = {F_GETLK,	   F_SETLK,	F_SETLKW,
				      F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW};
	static const int others[] = {F_SETLEASE, F_GETLEASE, F_NOTIFY,
				     F_SETOWN,	 F_GETOWN,   F_SETSIG,
				     F_GETSIG,	 1029,	     F_GETPIPE_SZ,
				     1035,	 1036,	     -1};

	switch (kind) {
	case '5':
		return CHOOSE(input, locking);
	case '7':
		return input_byte(input) % 9;
	case '9':
		return CHOOSE(input, others);
	case 'h':
		return CHOOSE(input, below);
	case 'j':
		return CHOOSE(input, operations);
	case 'z':
		return CHOOSE(input, timeouts);
	case 'D':
		return CHOOSE(input, types);
	case 'b':
		return CHOOSE(input, devices);
	case 'w':
		return input_byte(input) % 6;
	case 'u':
		return CHOOSE(input, owners);
	case 'y':
		return CHOOSE(input, resources);
	case 'X':
		return input_byte(input) % 5;
	case 'K':
		return LOCK_NB | (input_byte(input) % 17);
	case '#':
		return input_byte(input) * 4;
	default:
		return (signed char)input_byte(input);
	}
}

static long xattr_name_make(struct input *input)
{
	static const char *const names[] = {
		"user.a",    "user.b",	"user.long-name-of-an-attribute",
		"trusted.a", "user.",	"security.a",
		"",	     "foo.bar", "security.capability",
		long_name};

	return (long)CHOOSE(input, names);
}

static long ids_make(struct input *input, struct op *op)
{
	uint32_t *ids = block(op, 1000 * sizeof(*ids));

	ids[0] = input_byte(input);
	for (int i = 1; i < 1000; i++)
		ids[i] = (ids[i - 1] * 7919 + 13) % 2003;
	return (long)ids;
}

static long timevals_make(struct input *input, struct op *op)
{
	static const int usecs[] = {0, 1, 999999, 1000000, -1};
	long *times = block(op, 4 * sizeof(*times));

	for (int i = 0; i < 4; i += 2) {
		times[i] = input_byte(input);
		times[i + 1] = CHOOSE(input, usecs);
	}
	return (long)times;
}

static long buffer_make(struct input *input, struct op *op, char kind)
{
	switch (kind) {
	case '<':
		op->count = count_make(input);
		return (long)data_make(input, op, op->count);
	case '>':
		op->count = count_make(input);
		return (long)block(op, op->count);
	case 'i':
		return (long)block(op, 256);
	case 'B':
		return (long)block(op, 2 * sizeof(int));
	case 'U':
		return (long)block(op, 6 * 65);
	case 'P':
		return polled_make(input, op);
	case 'Q':
		return set_make(input, op);
	case 'J':
		return event_make(input, op);
	case '%':
		return range_make(input, op);
	case '6':
		return lock_make(input, op);
	case 'O':
		return place_make(input, op);
	case 'I':
		return ids_make(input, op);
	case 'V':
		return timevals_make(input, op);
	case 'E':
		return xattr_name_make(input);
	case 'Z':
		return timeout_make(input, op);
	default:
		return buffers_make(input, op, kind == 'R');
	}
}

static long argument(struct input *input, struct op *op, char kind)
{
	switch (kind) {
	case 'f':
		return fd_make(input);
	case 'g':
		return fd_make(input);
	case 'd':
		return dirfd_make(input);
	case 'p':
		return path_make(input, op);
	case 't':
		return target_make(input, op);
	case 'm':
		return mode_make(input);
	case 'o':
		return oflags_make(input);
	case '@':
		return offset_make(input);
	case 'c':
		return command_make(input);
	case 'x':
		return argument_make(input);
	case 'q':
		return request_make(input);
	case 'T':
		return times_make(input, op);
	case 'L':
		return limit_make(input, op);
	case '0':
		return 0;
	case '1':
		return 1 + input_byte(input) % 4;
	case '8':
		return 8;
	case 'C':
		return (long)count_make(input);
	case 'G':
		return FICLONE;
	case 's':
		return FICLONERANGE;
	case 'S':
		return F_SETPIPE_SZ;
	case 'N':
		return (long)(op->count / sizeof(struct epoll_event));
	case 'n':
	case 'k':
		return (long)op->count;
	default:
		break;
	}
	if (strchr("lreaMFHA~Y", kind))
		return flags_make(input, kind);
	if (strchr("<>iBUWRPQJZOIVE%6", kind))
		return buffer_make(input, op, kind);
	return number_make(input, kind);
}

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
		op->args[i] = argument(input, op, op->call->kinds[i]);
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
		last_fd = result;
	if (result == 0 && (number == SYS_pipe || number == SYS_pipe2))
		last_fd = *(const int *)a[0];
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
