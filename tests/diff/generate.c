/* SPDX-License-Identifier: MIT */
/*
 * Random operations: which calls there are, and how each kind of argument is
 * chosen. Few names and few descriptors, so that calls meet; numbers around the
 * boundaries of the file system's forms of contents and of the types.
 */
#include "diff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

/*
 * Kinds of arguments:
 *   f descriptor          d the same, or AT_FDCWD  g new descriptor
 *   p path                P the same, no device    t target of a link
 *   < buffer to read      > buffer to fill         n its size (N: any)
 *   W buffers to read     R buffers to fill        k how many
 *   @ offset              w whence                 m mode
 *   o flags of open       l AT_ flags              r flags of renameat2
 *   u user or group       a access                 T two times
 *   c command of fcntl    x its argument           M mask of statx
 *   q request of ioctl    i address of an int
 *   s struct stat         X struct statx           S struct statfs
 *   e flags of dup3       D mode of a directory    h p, often the first
 *   Q flags of splice, SPLICE_F_NONBLOCK among them
 *   z address of an @     C count for a copy       Y flags of one
 *   A @, or -1            V flags of preadv2       j of sync_file_range
 *   F mode of fallocate   L length of a range
 *   # number of a file    v advice                 0 NULL
 *   E name of an xattr    G > unless n is 0        Z flags of setxattr
 *   H two struct timeval  U struct utimbuf
 *   y type and mode       b device                 . ""
 *   K operation of flock  B command of fcntl about locks
 *   J events to watch     U number of a watch
 *
 * Not here: getdents64 (list makes it), sync (of the whole machine), owners,
 * limits and names of the process and system (not files), mmap (ENODEV hosted:
 * port/hosted/calls.c, DEVIATION).
 */
const struct call calls[] = {
	{"read", SYS_read, "f>n", 20, NULL},
	{"pread64", SYS_pread64, "f>n@", 12, NULL},
	{"readv", SYS_readv, "fRk", 6, NULL},
	{"preadv", SYS_preadv, "fRk@", 6, NULL},
	{"write", SYS_write, "f<n", 20, NULL},
	{"pwrite64", SYS_pwrite64, "f<n@", 16, NULL},
	{"writev", SYS_writev, "fWk", 6, NULL},
	{"pwritev", SYS_pwritev, "fWk@", 6, NULL},
	{"preadv2", SYS_preadv2, "fRkA0V", 4, NULL},
	{"pwritev2", SYS_pwritev2, "fWkA0V", 5, NULL},
	{"lseek", SYS_lseek, "f@w", 20, NULL},
	{"truncate", SYS_truncate, "p@", 6, NULL},
	{"ftruncate", SYS_ftruncate, "f@", 12, NULL},
	{"fallocate", SYS_fallocate, "fF@L", 12, NULL},
	{"copy_file_range", SYS_copy_file_range, "fzfzCY", 10, NULL},
	{"sendfile", SYS_sendfile, "ffzC", 4, NULL},
	{"splice", SYS_splice, "fzfzCQ", 2, NULL},
	{"open", SYS_open, "pom", 30, NULL},
	{"openat", SYS_openat, "dpom", 40, NULL},
	{"creat", SYS_creat, "pm", 8, NULL},
	{"close", SYS_close, "f", 26, NULL},
	{"dup", SYS_dup, "f", 4, NULL},
	{"dup2", SYS_dup2, "fg", 4, NULL},
	{"dup3", SYS_dup3, "fge", 3, NULL},
	{"fcntl", SYS_fcntl, "fcx", 10, NULL},
	{"flock", SYS_flock, "fK", 5, NULL},
	{"lock", 0, "fBvw@L", 10, lock_run},
	{"ioctl", SYS_ioctl, "fqi", 3, NULL},
	{"fadvise64", SYS_fadvise64, "f@@v", 2, NULL},
	{"fsync", SYS_fsync, "f", 1, NULL},
	{"fdatasync", SYS_fdatasync, "f", 1, NULL},
	{"syncfs", SYS_syncfs, "f", 1, NULL},
	{"sync_file_range", SYS_sync_file_range, "f@@j", 1, NULL},
	{"readahead", SYS_readahead, "f@@", 1, NULL},
	{"mkdir", SYS_mkdir, "pD", 16, NULL},
	{"mkdirat", SYS_mkdirat, "dpD", 12, NULL},
	{"rmdir", SYS_rmdir, "P", 4, NULL},
	{"unlink", SYS_unlink, "P", 6, NULL},
	{"unlinkat", SYS_unlinkat, "dPl", 6, NULL},
	{"rename", SYS_rename, "PP", 12, NULL},
	{"renameat", SYS_renameat, "dPdP", 6, NULL},
	{"renameat2", SYS_renameat2, "dPdPr", 10, NULL},
	{"link", SYS_link, "pp", 8, NULL},
	{"linkat", SYS_linkat, "dpdpl", 8, NULL},
	{"mknod", SYS_mknod, "pyb", 3, NULL},
	{"mknodat", SYS_mknodat, "dpyb", 3, NULL},
	{"symlink", SYS_symlink, "tp", 6, NULL},
	{"symlinkat", SYS_symlinkat, "tdp", 4, NULL},
	{"readlink", SYS_readlink, "p>N", 4, NULL},
	{"readlinkat", SYS_readlinkat, "dp>N", 4, NULL},
	{"chdir", SYS_chdir, "h", 8, NULL},
	{"fchdir", SYS_fchdir, "f", 3, NULL},
	{"getcwd", SYS_getcwd, ">N", 4, NULL},
	{"chmod", SYS_chmod, "pD", 4, NULL},
	{"fchmod", SYS_fchmod, "fD", 4, NULL},
	{"fchmodat", SYS_fchmodat, "dpD", 4, NULL},
	{"chown", SYS_chown, "puu", 3, NULL},
	{"lchown", SYS_lchown, "puu", 3, NULL},
	{"fchown", SYS_fchown, "fuu", 3, NULL},
	{"fchownat", SYS_fchownat, "dpuul", 4, NULL},
	{"utimensat", SYS_utimensat, "dpTl", 8, NULL},
	{"fchmodat2", 452, "dpDl", 3, NULL},
	{"utimes", SYS_utimes, "pH", 2, NULL},
	{"futimesat", SYS_futimesat, "dpH", 2, NULL},
	{"utime", SYS_utime, "pU", 2, NULL},
	{"umask", SYS_umask, "m", 1, NULL},
	{"stat", SYS_stat, "ps", 8, NULL},
	{"lstat", SYS_lstat, "ps", 8, NULL},
	{"fstat", SYS_fstat, "fs", 10, NULL},
	{"newfstatat", SYS_newfstatat, "dpsl", 10, NULL},
	{"statx", SYS_statx, "dplMX", 8, NULL},
	{"statfs", SYS_statfs, "pS", 4, NULL},
	{"fstatfs", SYS_fstatfs, "fS", 3, NULL},
	{"access", SYS_access, "pa", 3, NULL},
	{"faccessat", SYS_faccessat, "dpa", 3, NULL},
	{"faccessat2", SYS_faccessat2, "dpal", 4, NULL},
	{"utimensat", SYS_utimensat, "f0Tl", 3, NULL},
	{"pipe", 0, "e", 3, pipe_run},
	{"list", 0, "fn", 10, list_run},
	{"drain", 0, "fn", 1, drain_run},
	{"fill", 0, "d##", 2, fill_run},
	{"thin", 0, "d##", 2, thin_run},
	{"name", SYS_linkat, "f.dpl", 3, NULL},
	{"setxattr", SYS_setxattr, "pE<nZ", 4, NULL},
	{"lsetxattr", SYS_lsetxattr, "pE<nZ", 2, NULL},
	{"fsetxattr", SYS_fsetxattr, "fE<nZ", 3, NULL},
	{"getxattr", SYS_getxattr, "pEGN", 3, NULL},
	{"lgetxattr", SYS_lgetxattr, "pEGN", 2, NULL},
	{"fgetxattr", SYS_fgetxattr, "fEGN", 3, NULL},
	{"listxattr", SYS_listxattr, "pGN", 2, NULL},
	{"llistxattr", SYS_llistxattr, "pGN", 1, NULL},
	{"flistxattr", SYS_flistxattr, "fGN", 2, NULL},
	{"removexattr", SYS_removexattr, "pE", 2, NULL},
	{"lremovexattr", SYS_lremovexattr, "pE", 1, NULL},
	{"fremovexattr", SYS_fremovexattr, "fE", 2, NULL},
	{"tree", 0, "", 1, tree_run},
	{"notify", 0, "hJ", 6, notify_run},
	{"unnotify", 0, "U", 1, unnotify_run},
};
const size_t calls_len = sizeof(calls) / sizeof(*calls);

#define PAGE	   4096
#define PAGES_FULL (FULL_SIZE / PAGE)
#define TARGET_MAX 23 /* of links that are charged nothing on both sides */

bool limits_tried;

#define CHOOSE(array) array[pick(sizeof(array) / sizeof(*(array)))]

/* -- Numbers ------------------------------------------------------------------- */

static uint64_t state;
static unsigned names_used; /* of one seed */

/* splitmix64, whose states may be anything. */
static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static unsigned pick(size_t limit)
{
	return (unsigned)(((next() >> 32) * limit) >> 32);
}

/* True once in that many times. */
static bool once_in(unsigned often)
{
	return pick(often) == 0;
}

static long near(int64_t number)
{
	return (long)((uint64_t)number + pick(5) - 2);
}

static long pages_make(void)
{
	static const unsigned most[] = {2, 3, 10, 10, 60, 2 * PAGES_FULL};

	return (long)pick(CHOOSE(most)) * PAGE;
}

static long offset_make(void)
{
	static const int64_t boundaries[] = {
		0,	     24,	2048,	   4096,      8192,
		1LL << 16,   2LL << 20, 1LL << 30, 1LL << 31, 1LL << 32,
		1LL << 40,   1LL << 62, INT64_MAX, INT64_MAX, INT64_MAX - 4095,
		-(1LL << 32)};

	if (limits_tried)
		return pages_make();
	switch (pick(8)) {
	case 0:
	case 1:
		return pick(64);
	case 2:
	case 3:
		return pick(6000);
	case 4:
		return pick(70000);
	case 5:
		return near(boundaries[1 + pick(4)]);
	default:
		return near(CHOOSE(boundaries));
	}
}

/* Not above the buffer's size, which Linux might notice: syscall.h, DEVIATION. */
static long size_make(void)
{
	static const int64_t boundaries[] = {24, 2048, 4096, 8192, 65536};

	if (limits_tried)
		return pages_make();
	switch (pick(8)) {
	case 0:
	case 1:
	case 2:
		return pick(64);
	case 3:
	case 4:
		return pick(6000);
	case 5:
		return once_in(4) ? pick(70000) : pick(300);
	case 6:
		return near(CHOOSE(boundaries));
	default:
		return once_in(60) ? near(2 << 20) : pick(40);
	}
}

static long mode_make(void)
{
	static const unsigned short modes[] = {0,     0600,  0644,  0666,
					       0755,  0777,  0777,  01777,
					       02755, 04755, 06777, 07777};

	return once_in(20) ? (long)(next() >> 32) : CHOOSE(modes);
}

static long flags_make(char kind)
{
	static const int modes[] = {O_RDWR,   O_RDWR,	O_RDWR,	  O_RDWR,
				    O_RDONLY, O_RDONLY, O_WRONLY, 3};
	long value = kind == 'o' ? CHOOSE(modes) : 0;

	if (kind == 'o' && once_in(6))
		return O_RDONLY | O_DIRECTORY;

	for (const struct flag *flag = flags_of(kind); flag->name; flag++) {
		if (once_in(flag->often))
			value |= flag->value;
	}
	return value;
}

/* -- Descriptors ------------------------------------------------------------------ */

/* Rather a low one, which is open more often. */
static long fd_make(void)
{
	static const int none[] = {-1, AT_FDCWD, FD_LIMIT, 1000, 1 << 30};
	unsigned one = pick(FD_LIMIT - FD_FIRST);
	unsigned other = pick(FD_LIMIT - FD_FIRST);

	if (once_in(40))
		return CHOOSE(none);
	return FD_FIRST + (int)(one < other ? one : other);
}

static long fcntl_make(void)
{
	static const int commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,
				       F_SETFD, F_GETFL,	 F_GETFL,
				       F_SETFL, F_SETFL};

	return CHOOSE(commands);
}

/* Nothing that waits. */
static long lock_command_make(void)
{
	static const int commands[] = {F_GETLK, F_SETLK, F_OFD_GETLK,
				       F_OFD_SETLK};

	return CHOOSE(commands);
}

static long flock_make(void)
{
	static const int operations[] = {1, 1, 2, 2, 8, 8, 0, 3, 16};

	return 4 | CHOOSE(operations); /* LOCK_NB */
}

static long ioctl_make(void)
{
	/* FIONREAD FIONBIO FIONCLEX FIOCLEX TCGETS; others go to drivers */
	static const int requests[] = {0x541b, 0x5421, 0x5450, 0x5451, 0x5401};

	return CHOOSE(requests);
}

/* -- Paths --------------------------------------------------------------------------- */

static char path_buffers[2][PATH_SIZE];

#define X8(s)	s s s s s s s s
#define NAME248 X8(X8("n") X8("n") X8("n") "nnnnnnn")

/* Few that are short; or many, some around the length that is stored otherwise
 * (fs/dir.c). */
void name_number(char *name, unsigned number)
{
	size_t len = 40 + number % 6;

	sprintf(name, number < 8 ? "%c" : "%u",
		number < 8 ? 'a' + number : number);
	if (number % 5 == 4 && number > 8) {
		memset(name + strlen(name), '_', len);
		name[len] = '\0';
	}
}

static const char *name_make(void)
{
	static char name[64];
	static const char *const rare[] = {
		"missing",	   "...", ".a", "\377\n ", NAME248 "nnnnnnn",
		NAME248 "nnnnnnnn"};

	if (once_in(40))
		return CHOOSE(rare);
	if (once_in(7))
		return once_in(2) ? "." : "..";
	name_number(name, pick(names_used));
	return name;
}

static void path_random(char *path)
{
	unsigned count = 1 + (once_in(4) ? 1 + pick(3) : 0);

	if (once_in(12))
		path = stpcpy(path, once_in(10) ? "//" : "/");
	for (unsigned i = 0; i < count; i++) {
		path = stpcpy(path, name_make());
		if (i + 1 < count || once_in(16))
			path = stpcpy(path, once_in(12) ? "//" : "/");
	}
	*path = '\0';
}

/* Makes the path as long as is allowed, and a little more or less, without
 * changing what it leads to. */
static void path_lengthen(char *path)
{
	static char tail[1400];
	size_t len = strlen(path), want = 4094 + pick(4);

	if (*path == '/')
		return;
	memcpy(tail, path, len + 1);
	while (len + 2 <= want) {
		path = stpcpy(path, "./");
		len += 2;
	}
	if (len < want)
		path = stpcpy(path - 1, "//");
	memcpy(path, tail, strlen(tail) + 1);
}

static bool by_fd; /* the path is relative to a descriptor */

static long path_make(char kind, unsigned slot)
{
	static const char *const devices[] = {"/dev/null", "/dev/zero",
					      "/dev/full", "/dev/null/",
					      "/dev/null/x"};
	static const char *const ends[] = {"", "", "", "/", ".", "..", "/.."};
	char *path = path_buffers[slot];

	if (once_in(300))
		return 0;
	if (by_fd && once_in(4))
		*path = '\0';
	else if (once_in(20))
		strcpy(path, CHOOSE(ends));
	else if (kind != 'P' && once_in(40))
		strcpy(path, CHOOSE(devices));
	else
		path_random(path);
	if (once_in(150))
		path_lengthen(path);
	return (long)path;
}

/* Links of a length around what is stored otherwise, too. */
static long target_make(unsigned slot)
{
	static const unsigned lengths[] = {23,	24,   25,   126,  127,	128,
					   255, 2047, 2048, 4094, 4095, 4096};
	size_t len;

	if (limits_tried) {
		path_make('p', slot);
		path_buffers[slot][TARGET_MAX] = '\0';
		return (long)path_buffers[slot];
	}
	if (!once_in(10))
		return path_make('p', slot);
	len = CHOOSE(lengths);
	memset(path_buffers[slot], 't', len);
	path_buffers[slot][len] = '\0';
	return (long)path_buffers[slot];
}

/* -- Structures ------------------------------------------------------------------------- */

static struct iovec iov[IOV_LEN];

static long iov_make(bool fill)
{
	unsigned char *base = fill ? out_buffer : in_buffer + pick(4096);
	size_t left = BUFFER_SIZE - 4096;

	for (unsigned i = 0; i < IOV_LEN; i++) {
		size_t len = (size_t)size_make();

		if (len > left || (len > 100000 && !once_in(10)))
			len = 0;
		iov[i].iov_base = base;
		iov[i].iov_len = once_in(300) ? SIZE_MAX : len;
		base += len;
		left -= len;
	}
	return (long)iov;
}

static long iov_count_make(void)
{
	static const int wrong[] = {-1, 1025, 1 << 30};

	return once_in(40) ? CHOOSE(wrong) : (int)pick(IOV_LEN + 1);
}

/* Times far from now: observe.c tells them from the time of the call. */
static long times_make(void)
{
	static struct timespec times[2];
	static const int64_t secs[] = {0,
				       1,
				       -1,
				       1000000000,
				       1 << 30,
				       1LL << 33,
				       -(1LL << 31) - 1,
				       1LL << 62};
	static const long nsecs[] = {0,		 1,	    999999999,
				     UTIME_NOW,	 UTIME_NOW, UTIME_OMIT,
				     UTIME_OMIT, 5000,	    1000000000,
				     -1};

	if (once_in(6))
		return 0;
	for (int i = 0; i < 2; i++) {
		times[i].tv_sec = CHOOSE(secs);
		times[i].tv_nsec = nsecs[pick(once_in(8) ? 10 : 8)];
	}
	return (long)times;
}

/* Not what is more than a little and less than what there is at all. */
static long length_make(void)
{
	static const int64_t extremes[] = {0, -1, 1LL << 41, 1LL << 62,
					   INT64_MAX};

	return once_in(10) ? CHOOSE(extremes) : size_make();
}

/* Not FALLOC_FL_ZERO_RANGE, 16: attr.c, DEVIATION. */
static long allocate_mode_make(void)
{
	static const int modes[] = {0, 0, 1, 1, 3, 3, 3, 2, 4, 8, 32, 64, -1};

	return modes[pick(once_in(10) ? 13 : 7)];
}

/* FIFOs, which a call would wait at, cannot be opened by it. */
static long type_make(void)
{
	static const unsigned types[] = {0,	   S_IFREG, S_IFCHR, S_IFBLK,
					 S_IFSOCK, S_IFDIR, S_IFLNK, 0170000};

	return CHOOSE(types) | (mode_make() & 07777 & ~S_ISVTX);
}

/* Numbers that no driver has, but for that of /dev/null. */
static long device_make(void)
{
	static const unsigned devices[] = {0, 0x103, 0xfff00, 0x123fff45};

	return CHOOSE(devices);
}

/* The same in microseconds, or in seconds. */
static long old_times_make(bool seconds)
{
	static long times[4];
	static const long usecs[] = {0, 1, 999999, 5, 5, 5, 1000000, -1};
	const struct timespec *from = (const struct timespec *)times_make();

	if (!from)
		return 0;
	times[0] = from[0].tv_sec;
	times[1] = seconds ? from[1].tv_sec : CHOOSE(usecs);
	times[2] = from[1].tv_sec;
	times[3] = CHOOSE(usecs);
	return (long)times;
}

/* Not ACLs, which Whelk does not have; nor security.capability, which Linux
 * takes without a value and then cannot read. */
static long xattr_name_make(void)
{
	static const char *const names[] = {
		"user.a", "user.a",    "user.a",    "user.b",	 "user.ab",
		"user.c", "trusted.a", "trusted.b", "security.a"};
	static const char *const rare[] = {"user.",
					   "user",
					   "",
					   "foo.a",
					   "system.x",
					   "trusted.",
					   "security.",
					   "user." NAME248 "nn",
					   "user." NAME248 "nnn"};

	return (long)(once_in(8) ? CHOOSE(rare) : CHOOSE(names));
}

/* Arguments that are numbers. */
static long number_make(char kind)
{
	static const unsigned owners[] = {0, 0, 1000, 65534, 77, UINT32_MAX};

	switch (kind) {
	case 'n':
		return size_make();
	case 'N':
		return once_in(8) ? (once_in(2) ? -1 : INT64_MIN) : size_make();
	case 'k':
		return iov_count_make();
	case '#':
		return pick(names_used);
	case '@':
		return offset_make();
	case 'C':
		/* of a file with large holes it would be as much */
		return size_make() * 2;
	case 'Y':
		return once_in(60);
	case 'G':
		return once_in(30) ? 16 : 2;
	case 'A':
		return once_in(4) ? -1 : offset_make();
	case 'V':
		return once_in(30) ? 1 << pick(8) : flags_make('V');
	case 'j':
		return once_in(10) ? 8 : pick(8);
	case 'F':
		return allocate_mode_make();
	case 'L':
		return length_make();
	case 'm':
		return mode_make();
	case 'D':
		/* Not sticky: then Linux refuses some opens, or does not,
		 * according to /proc/sys/fs/protected_regular. */
		return mode_make() & ~S_ISVTX;
	case 'y':
		return type_make();
	case 'b':
		return device_make();
	case 'u':
		return CHOOSE(owners);
	case 'w':
		return once_in(30) ? (int)pick(8) - 1 : (int)pick(5);
	case 'a':
		return once_in(20) ? 8 : pick(8);
	case 'v':
		return (int)pick(8) - 1;
	case 'c':
		return fcntl_make();
	case 'J':
		return once_in(3) ? 0xfff : flags_make('J');
	case 'U':
		return pick(30);
	case 'B':
		return lock_command_make();
	case 'K':
		return flock_make();
	case 'q':
		return ioctl_make();
	case 'x':
		return once_in(2) ? (long)pick(FD_LIMIT + 2) : flags_make('o');
	case 'e':
		return once_in(4) ? flags_make('o') : O_CLOEXEC * pick(2);
	case 'o':
	case 'l':
	case 'r':
	case 'M':
		return flags_make(kind);
	default: /* 0 */
		return 0;
	}
}

static long arg_make(char kind, unsigned slot)
{
	static int word;
	static long offsets[2];
	long arg;

	switch (kind) {
	case 'f':
		return fd_make();
	case 'd':
		by_fd = once_in(4);
		return by_fd ? fd_make() : AT_FDCWD;
	case 'g':
		return once_in(20) ? -1 : FD_FIRST + (int)pick(FD_LIMIT);
	case 'p':
	case 'P':
		arg = path_make(kind, slot);
		by_fd = false;
		return arg;
	case 'h':
		return once_in(2) ? (long)"/w/w" : path_make('p', slot);
	case 't':
		return target_make(slot);
	case 'R':
	case 'W':
		return iov_make(kind == 'R');
	case '<':
		return (long)(in_buffer + pick(4096));
	case 'E':
		return xattr_name_make();
	case 'Z':
		return once_in(20) ? 4 : once_in(3) ? (int)pick(4) : 0;
	case '>':
	case 'G':
	case 's':
	case 'S':
	case 'X':
		return (long)out_buffer;
	case '.':
		return (long)"";
	case 'i':
		word = (int)pick(2);
		return (long)&word;
	case 'T':
		return times_make();
	case 'z':
		offsets[slot] = once_in(3) ? offset_make() : pick(10) * 4096L;
		if (once_in(30))
			offsets[slot] = -1;
		return once_in(3) ? 0 : (long)&offsets[slot];
	case 'H':
	case 'U':
		return old_times_make(kind == 'U');
	default:
		return number_make(kind);
	}
}

void op_make(struct op *op, uint64_t seed, unsigned n)
{
	static unsigned total;
	unsigned chosen;
	size_t i = 0;

	if (total == 0) {
		for (; i < calls_len; i++)
			total += calls[i].often;
	}
	state = seed << 20;
	names_used = once_in(3) ? 8 + pick(NAMES - 8) : 2 + pick(7);
	state = next() + n;
	state = next();
	chosen = pick(total);
	for (i = 0; chosen >= calls[i].often; i++)
		chosen -= calls[i].often;
	op->call = &calls[i];
	op->watch = once_in(6);
	by_fd = false;
	for (unsigned slot = 0, arg = 0; calls[i].args[arg]; arg++) {
		char kind = calls[i].args[arg];

		op->args[arg] = arg_make(kind, slot);
		if (kind == 'p' || kind == 'P' || kind == 't' || kind == 'z')
			slot = 1;
	}
}
