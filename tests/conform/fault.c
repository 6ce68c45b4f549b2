/* SPDX-License-Identifier: MIT */
/*
 * Bad addresses: each call that takes one gets bad ones of every kind in its
 * place, one at a time, and what is left must be the same. Reads and writes go
 * as far as memory does. Made by number, since libc looks at some itself.
 */
#include "transcript.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <time.h>

#define PAGE 4096

/* Those that headers may not know yet. */
#define FACCESSAT2   439
#define EPOLL_PWAIT2 441
#define FCHMODAT2    452

#define CLONERANGE 0x4020940d /* FICLONERANGE of linux/fs.h */

/* Five pages of good memory between such as is no good for anything; a page that
 * can only be read; and where nothing is, far from what is. */
static char *good, *none, *readonly, *nothing;
static char *const beyond_canonical = (char *)0x8000000000000000;
static char *const kernel_half = (char *)0xffff800000000000;

static void memory_make(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	const size_t far = 64 << 20;

	nothing = mmap(NULL, far, PROT_NONE, flags, -1, 0);
	must(nothing != MAP_FAILED && munmap(nothing, far) == 0, "nothing");
	nothing += far / 2;
	good = mmap(NULL, 9 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	must(good != MAP_FAILED, "mmap");
	memset(good, 'm', 9 * PAGE);
	must(mprotect(good, PAGE, PROT_NONE) == 0, "PROT_NONE");
	good += PAGE;
	none = good + 5 * PAGE;
	must(mprotect(none, PAGE, PROT_NONE) == 0, "PROT_NONE");
	readonly = good + 6 * PAGE;
	must(mprotect(readonly, PAGE, PROT_READ) == 0, "PROT_READ");
}

/* -- Every pointer of every call ------------------------------------------------ */

enum kind {
	END,
	NUMBER,
	IN,   /* size bytes that are read; they are good with all bytes 0 */
	TIME, /* the same; NULL would be for ever */
	OUT,  /* size bytes that are written */
	TEXT, /* a path */
};

struct arg {
	enum kind kind;
	long value; /* of a number; or the size */
	const char *text;
};

#define ARG(kind, size, text)    \
	{                        \
		kind, size, text \
	}
#define N(n)  ARG(NUMBER, n, NULL)
#define I(n)  ARG(IN, n, NULL)
#define T(n)  ARG(TIME, n, NULL)
#define O(n)  ARG(OUT, n, NULL)
#define P(s)  ARG(TEXT, sizeof(s), s)
#define FD    N(3) /* f, open for reading and writing, at 100 */
#define DIR_  N(4)
#define EPOLL N(5) /* has EVENT, which is ready */
#define EVENT N(6)
#define PIPE_ N(7) /* has some bytes; 8 is its other end */
#define OTHER N(9) /* an empty file */

static const struct call {
	const char *name;
	long number;
	struct arg args[6];
} calls[] = {
	{"read", SYS_read, {FD, O(3000), N(3000)}},
	{"write", SYS_write, {FD, I(3000), N(3000)}},
	{"pread64", SYS_pread64, {FD, O(3000), N(3000), N(4000)}},
	{"pwrite64", SYS_pwrite64, {FD, I(3000), N(3000), N(4000)}},
	{"readv", SYS_readv, {FD, I(32), N(2)}},
	{"writev", SYS_writev, {FD, I(32), N(2)}},
	{"preadv", SYS_preadv, {FD, I(32), N(2), N(0)}},
	{"pwritev", SYS_pwritev, {FD, I(32), N(2), N(0)}},
	{"open", SYS_open, {P("f"), N(O_RDONLY)}},
	{"open", SYS_open, {P("new"), N(O_CREAT | O_WRONLY), N(0644)}},
	{"openat", SYS_openat, {DIR_, P("x"), N(O_RDONLY)}},
	{"creat", SYS_creat, {P("new"), N(0644)}},
	{"stat", SYS_stat, {P("f"), O(144)}},
	{"lstat", SYS_lstat, {P("l"), O(144)}},
	{"fstat", SYS_fstat, {FD, O(144)}},
	{"newfstatat", SYS_newfstatat, {DIR_, P("x"), O(144)}},
	{"newfstatat", SYS_newfstatat, {FD, P(""), O(144), N(AT_EMPTY_PATH)}},
	{"statx", SYS_statx, {DIR_, P("x"), N(0), N(0x7ff), O(256)}},
	{"statfs", SYS_statfs, {P("f"), O(120)}},
	{"fstatfs", SYS_fstatfs, {FD, O(120)}},
	{"access", SYS_access, {P("f"), N(R_OK)}},
	{"faccessat", SYS_faccessat, {DIR_, P("x"), N(R_OK)}},
	{"getdents64", SYS_getdents64, {DIR_, O(1000), N(1000)}},
	{"readlink", SYS_readlink, {P("l"), O(100), N(100)}},
	{"readlinkat", SYS_readlinkat, {N(AT_FDCWD), P("l"), O(100), N(2)}},
	{"mkdir", SYS_mkdir, {P("new"), N(0755)}},
	{"mkdirat", SYS_mkdirat, {DIR_, P("new"), N(0755)}},
	{"rmdir", SYS_rmdir, {P("d/e")}},
	{"link", SYS_link, {P("f"), P("new")}},
	{"linkat", SYS_linkat, {N(AT_FDCWD), P("f"), DIR_, P("new"), N(0)}},
	{"symlink", SYS_symlink, {P("target"), P("new")}},
	{"symlinkat", SYS_symlinkat, {P("target"), DIR_, P("new")}},
	{"unlink", SYS_unlink, {P("f")}},
	{"unlinkat", SYS_unlinkat, {DIR_, P("x"), N(0)}},
	{"rename", SYS_rename, {P("f"), P("new")}},
	{"renameat", SYS_renameat, {DIR_, P("x"), DIR_, P("new")}},
	{"renameat2", SYS_renameat2, {DIR_, P("x"), DIR_, P("e"), N(2)}},
	{"chmod", SYS_chmod, {P("f"), N(0600)}},
	{"fchmodat", SYS_fchmodat, {DIR_, P("x"), N(0600)}},
	{"chown", SYS_chown, {P("f"), N(1), N(1)}},
	{"lchown", SYS_lchown, {P("l"), N(1), N(1)}},
	{"fchownat", SYS_fchownat, {DIR_, P("x"), N(1), N(1), N(0)}},
	{"utimensat", SYS_utimensat, {DIR_, P("x"), I(32), N(0)}},
	{"truncate", SYS_truncate, {P("f"), N(10)}},
	{"chdir", SYS_chdir, {P("d")}},
	{"getcwd", SYS_getcwd, {O(13), N(100)}},
	{"ioctl FIONREAD", SYS_ioctl, {FD, N(FIONREAD), O(4)}},
	{"ioctl FIONBIO", SYS_ioctl, {FD, N(FIONBIO), I(4)}},
	{"uname", SYS_uname, {O(390)}},
	{"getrlimit", SYS_getrlimit, {N(RLIMIT_NOFILE), O(16)}},
	{"setrlimit", SYS_setrlimit, {N(RLIMIT_NOFILE), I(16)}},
	{"prlimit64", SYS_prlimit64, {N(0), N(RLIMIT_STACK), N(0), O(16)}},
	{"getresuid", SYS_getresuid, {O(4), O(4), O(4)}},
	{"getresgid", SYS_getresgid, {O(4), O(4), O(4)}},
	{"getrandom", SYS_getrandom, {O(100), N(100), N(0)}},
	{"clock_gettime", SYS_clock_gettime, {N(CLOCK_MONOTONIC), O(16)}},
	{"clock_getres", SYS_clock_getres, {N(CLOCK_MONOTONIC), O(16)}},
	{"nanosleep", SYS_nanosleep, {I(16), N(0)}},
	{"clock_nanosleep",
	 SYS_clock_nanosleep,
	 {N(CLOCK_MONOTONIC), N(0), I(16), N(0)}},
	{"gettimeofday", SYS_gettimeofday, {O(16), O(8)}},
	{"getrusage", SYS_getrusage, {N(RUSAGE_SELF), O(144)}},
	{"rt_sigaction", SYS_rt_sigaction, {N(SIGUSR1), I(32), O(32), N(8)}},
	{"rt_sigprocmask",
	 SYS_rt_sigprocmask,
	 {N(SIG_BLOCK), I(8), O(8), N(8)}},
	{"rt_sigpending", SYS_rt_sigpending, {O(8), N(8)}},
	{"sysinfo", SYS_sysinfo, {O(112)}},
	{"sched_getaffinity", SYS_sched_getaffinity, {N(0), N(8), O(8)}},
	{"arch_prctl", SYS_arch_prctl, {N(0x1003), O(8)}},
	{"pipe", SYS_pipe, {O(8)}},
	{"pipe2", SYS_pipe2, {O(8), N(O_CLOEXEC)}},
	{"poll", SYS_poll, {O(8), N(1), N(0)}},
	{"ppoll", SYS_ppoll, {O(8), N(1), T(16), I(8), N(8)}},
	{"select", SYS_select, {N(8), O(8), O(8), O(8), T(16)}},
	{"pselect6", SYS_pselect6, {N(8), O(8), O(8), O(8), T(16), I(16)}},
	{"epoll_wait", SYS_epoll_wait, {EPOLL, O(12), N(1), N(0)}},
	{"epoll_pwait",
	 SYS_epoll_pwait,
	 {EPOLL, O(12), N(1), N(0), I(8), N(8)}},
	{"epoll_ctl", SYS_epoll_ctl, {EPOLL, N(3), EVENT, I(12)}},
	{"write", SYS_write, {EVENT, I(8), N(8)}},
	{"read", SYS_read, {EVENT, O(8), N(8)}},
	{"fcntl F_GETLK", SYS_fcntl, {FD, N(F_GETLK), O(32)}},
	{"fcntl F_SETLK", SYS_fcntl, {FD, N(F_SETLK), I(32)}},
	{"fcntl F_OFD_GETLK", SYS_fcntl, {FD, N(F_OFD_GETLK), O(32)}},
	{"fcntl F_OFD_SETLK", SYS_fcntl, {FD, N(F_OFD_SETLK), I(32)}},
	{"fcntl F_SETLKW", SYS_fcntl, {FD, N(F_SETLKW), I(32)}},
	{"fcntl F_OFD_SETLKW", SYS_fcntl, {FD, N(F_OFD_SETLKW), I(32)}},
	{"preadv2", SYS_preadv2, {FD, I(32), N(2), N(0), N(0), N(0)}},
	{"pwritev2", SYS_pwritev2, {FD, I(32), N(2), N(0), N(0), N(0)}},
	{"sendfile", SYS_sendfile, {OTHER, FD, I(8), N(10)}},
	{"splice", SYS_splice, {FD, I(8), N(8), N(0), N(10), N(0)}},
	{"splice", SYS_splice, {PIPE_, N(0), OTHER, I(8), N(10), N(0)}},
	{"copy_file_range",
	 SYS_copy_file_range,
	 {FD, I(8), OTHER, I(8), N(10), N(0)}},
	{"ioctl FICLONERANGE", SYS_ioctl, {OTHER, N(CLONERANGE), I(32)}},
	{"setgroups", SYS_setgroups, {N(1), I(4)}},
	{"getgroups", SYS_getgroups, {N(1), O(4)}},
	{"mknod", SYS_mknod, {P("new"), N(S_IFREG | 0600), N(0)}},
	{"mknodat", SYS_mknodat, {DIR_, P("new"), N(S_IFREG | 0600), N(0)}},
	{"utime", SYS_utime, {P("f"), I(16)}},
	{"utimes", SYS_utimes, {P("f"), I(32)}},
	{"futimesat", SYS_futimesat, {DIR_, P("x"), I(32)}},
	{"faccessat2", FACCESSAT2, {DIR_, P("x"), N(R_OK), N(0)}},
	{"fchmodat2", FCHMODAT2, {DIR_, P("x"), N(0600), N(0)}},
	{"epoll_pwait2", EPOLL_PWAIT2, {EPOLL, O(12), N(1), T(16), I(8), N(8)}},
	{"inotify_add_watch",
	 SYS_inotify_add_watch,
	 {N(10), P("f"), N(IN_MODIFY)}},
	{"setxattr",
	 SYS_setxattr,
	 {P("f"), P("user.b"), I(5), N(5), N(XATTR_CREATE)}},
	{"lsetxattr",
	 SYS_lsetxattr,
	 {P("l"), P("trusted.b"), I(5), N(5), N(0)}},
	{"fsetxattr", SYS_fsetxattr, {FD, P("user.b"), I(5), N(5), N(0)}},
	{"getxattr", SYS_getxattr, {P("f"), P("user.a"), O(5), N(100)}},
	{"lgetxattr", SYS_lgetxattr, {P("f"), P("user.a"), O(5), N(5)}},
	{"fgetxattr", SYS_fgetxattr, {FD, P("user.a"), O(5), N(5)}},
	{"listxattr", SYS_listxattr, {P("f"), O(7), N(100)}},
	{"llistxattr", SYS_llistxattr, {P("f"), O(7), N(7)}},
	{"flistxattr", SYS_flistxattr, {FD, O(7), N(100)}},
	{"removexattr", SYS_removexattr, {P("f"), P("user.a")}},
	{"lremovexattr", SYS_lremovexattr, {P("l"), P("trusted.a")}},
	{"fremovexattr", SYS_fremovexattr, {FD, P("user.a")}},
};

#define CALLS (sizeof(calls) / sizeof(*calls))

/* Results that are times or sizes of Linux's own say no more than "done". */
static const char *outcome_of(long result)
{
	return result == -1 ? error_name(errno) : outcome(result > 0 ? 1 : 0);
}

/* Where the argument goes when it is not the bad one: each to its own page. */
static void *good_place(const struct arg *arg, int i)
{
	char *at = good + (i % 5) * PAGE;

	memset(at, 0, PAGE);
	if (arg->kind == TEXT)
		memcpy(at, arg->text, (size_t)arg->value);
	return at;
}

static const char *const bad_names[] = {
	"null",		"one",	     "unmapped",     "none",
	"read-only",	"last byte", "first byte",   "half",
	"noncanonical", "kernel",    "kernel's end", "page before",
};

#define BADS (sizeof(bad_names) / sizeof(*bad_names))

/* The bad place for an argument; NULL in *skip if there is none such. */
static char *bad_place(const struct arg *arg, size_t bad, bool *skip)
{
	size_t size = (size_t)arg->value;
	char *end = none;
	char *at;

	switch (bad) {
	case 0:
		*skip = arg->kind == TIME;
		return NULL;
	case 1:
		return (char *)1;
	case 2:
		return nothing;
	case 3:
		return none;
	case 4:
		*skip = arg->kind != OUT;
		return readonly;
	case 5:
		at = end - (size - 1);
		break;
	case 6:
		at = end - 1;
		break;
	case 7:
		at = end - size / 2;
		break;
	case 8:
		return beyond_canonical;
	case 9:
		return kernel_half;
	case 10:
		return (char *)-2L;
	default:
		return good - 1;
	}
	*skip = size < 2;
	memset(at, 0, (size_t)(end - at));
	if (arg->kind == TEXT)
		memcpy(at, arg->text, (size_t)(end - at));
	return at;
}

static void try(const struct call *call, int which, size_t bad)
{
	const struct arg *arg = &call->args[which];
	bool skip = false;
	long args[6] = {0}, result;

	for (int i = 0; i < 6 && call->args[i].kind != END; i++) {
		args[i] = call->args[i].value;
		if (call->args[i].kind != NUMBER)
			args[i] = (long)good_place(&call->args[i], i);
	}
	args[which] = (long)bad_place(arg, bad, &skip);
	if (skip)
		return;
	lseek(3, 100, SEEK_SET);
	lseek(4, 0, SEEK_SET);
	result = syscall(call->number, args[0], args[1], args[2], args[3],
			 args[4], args[5]);
	/* how many bytes are copied is the next test's */
	say("%s, argument %d %s: %s", call->name, which, bad_names[bad],
	    outcome_of(result));
	if (call->number == SYS_open || call->number == SYS_creat)
		close(result >= 0 ? (int)result : -1);
	if (lseek(3, 0, SEEK_CUR) != 100 || (result < 0 && lseek(4, 0, 1)))
		say("offset %ld", (long)lseek(3, 0, SEEK_CUR));
}

static void state_make(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	const gid_t group = 0;
	char text[5000];
	int fds[2];

	memset(text, 'f', sizeof(text));
	must(open("f", O_CREAT | O_RDWR | O_TRUNC, 0644) == 3, "f");
	must(write(3, text, sizeof(text)) == sizeof(text), "f");
	must(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0, "d");
	make("d/x", "x");
	must(symlink("d/x", "l") == 0, "l");
	must(open("d", O_RDONLY) == 4, "d");
	must(epoll_create1(0) == 5 && eventfd(1, EFD_NONBLOCK) == 6 &&
		     epoll_ctl(5, EPOLL_CTL_ADD, 6, &event) == 0,
	     "epoll");
	must(pipe2(fds, O_NONBLOCK) == 0 && fds[0] == 7 &&
		     write(8, text, 100) == 100,
	     "pipe");
	must(open("other", O_CREAT | O_RDWR, 0600) == 9, "other");
	must(inotify_init() == 10, "inotify");
	must(setxattr("f", "user.a", "value", 5, 0) == 0, "attribute");
	must(setgroups(1, &group) == 0, "group");
}

static void every_call(void)
{
	state_make();
	for (size_t i = 0; i < CALLS; i++) {
		for (int which = 0; which < 6; which++) {
			enum kind kind = calls[i].args[which].kind;

			if (kind == END || kind == NUMBER)
				continue;
			for (size_t bad = 0; bad < BADS; bad++)
				try(&calls[i], which, bad);
		}
		show_fd("f", 3);
		say("%08x", tree_hash());
	}
	for (int fd = 3; fd < 12; fd++)
		must(close(fd) == 0 || fd == 11, "descriptors");
}

/* -- How far reading and writing go ---------------------------------------------- */

static unsigned hash(const char *bytes, size_t len)
{
	unsigned sum = 5381;

	while (len--)
		sum = sum * 33 + (unsigned char)*bytes++;
	return sum;
}

/* What a file is now. */
static void show_contents(int fd)
{
	static char text[40000];
	struct stat st;
	ssize_t len = pread(fd, text, sizeof(text), 0);

	must(fstat(fd, &st) == 0, "fstat");
	say("  size %ld blocks %ld contents %08x, offset %ld", (long)st.st_size,
	    (long)st.st_blocks, hash(text, (size_t)(len < 0 ? 0 : len)),
	    (long)lseek(fd, 0, SEEK_CUR));
}

static const long sizes[] = {0, 10, 24, 25, 900, 2048, 4096, 4097, 9000};
#define SIZES (sizeof(sizes) / sizeof(*sizes))

static int sized(long size)
{
	char text[9000];
	int fd = open("g", O_CREAT | O_RDWR | O_TRUNC, 0644);

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	must(fd >= 0 && write(fd, text, (size_t)size) == size, "g");
	return fd;
}

/* So many of the bytes are good. */
static const size_t reach[] = {0,   1,	 2,   3,   4,	7,    8,    9,
			       15,  16,	 17,  31,  33,	63,   65,   100,
			       127, 129, 200, 767, 769, 4095, 4096, 4097};
#define REACHES (sizeof(reach) / sizeof(*reach))

static void reading(void)
{
	char *end = good + 5 * PAGE;

	for (size_t i = 0; i < SIZES; i++) {
		int fd = sized(sizes[i]);

		for (size_t j = 0; j < REACHES; j++) {
			char *at = end - reach[j];

			memset(at, 'm', reach[j]);
			lseek(fd, 1, SEEK_SET);
			say("read of %ld with %ld good: %s", sizes[i],
			    (long)reach[j], outcome(read(fd, at, 8000)));
			say("  %08x, at %ld", hash(at, reach[j]),
			    (long)lseek(fd, 0, SEEK_CUR));
		}
		/* exactly as long as what is good, which is all good */
		CALL(pread(fd, end - 700, 700, 0));
		CALL(pread(fd, end - 17, 18, 0));
		CALL(pread(fd, end - 100, 101, 0));
		CALL(pread(fd, end - 17, 17, 3));
		must(ftruncate(fd, 20000) == 0, "hole");
		for (size_t j = 0; j < REACHES; j++) {
			char *at = end - reach[j];

			memset(at, 'm', reach[j]);
			say("hole with %ld good: %s", (long)reach[j],
			    outcome(pread(fd, at, 6000, 8999)));
			say("  %08x", hash(at, reach[j]));
		}
		close(fd);
	}
}

/* Writes up to size bytes at offset, of which only the first len are good. It is
 * not said what becomes of the size and of blocks when the first bad byte would
 * begin a page or be beyond the end: that changed in Linux 6.15. */
static void write_reaching(int fd, off_t offset, size_t len, size_t size)
{
	char *at = good + 5 * PAGE - len;
	off_t end = lseek(fd, 0, SEEK_END);

	memset(at, 'w', len);
	lseek(fd, offset, SEEK_SET);
	say("write to %ld with %ld good at %ld: %s", (long)end, (long)len,
	    (long)offset, outcome(write(fd, at, size)));
	if ((offset + (off_t)len) % PAGE && (len || offset < end))
		show_contents(fd);
}

static void writing(void)
{
	static const off_t offsets[] = {0, 5, 1000, 4090, 9000, 12288};

	for (size_t i = 0; i < SIZES; i++) {
		for (size_t j = 0; j < REACHES; j++) {
			int fd = sized(sizes[i]);

			write_reaching(fd, offsets[(i + j) % 6], reach[j],
				       j & 1 ? 8000 : 5000);
			close(fd);
		}
	}
}

static void appending(void)
{
	char *end = good + 5 * PAGE;
	int fd = sized(100);

	must(fcntl(fd, F_SETFL, O_APPEND) == 0, "O_APPEND");
	lseek(fd, 7, SEEK_SET);
	CALL(write(fd, NULL, 10));
	show_contents(fd);
	CALL(write(fd, end - 3, 10));
	show_contents(fd);
	CALL(pwrite(fd, end - 3, 10, 0));
	CALL(pwrite(fd, end, 10, 0));
	show_contents(fd);
	close(fd);
}

/* The second of three buffers is bad, in every way. */
static void vectors(void)
{
	char *end = good + 5 * PAGE;
	char *const bads[] = {
		NULL,	     end,	  end - 5, none, beyond_canonical,
		kernel_half, (char *)-2L, readonly};

	for (size_t i = 0; i < 8; i++) {
		struct iovec iov[3] = {
			{good, 1000}, {bads[i], 3000}, {good + PAGE, 1000}};
		int fd = sized(9000);

		memset(good, 'v', 2 * PAGE);
		say("bad buffer %ld", (long)i);
		CALL(readv(fd, iov, 3));
		CALL(lseek(fd, 0, SEEK_CUR));
		CALL(writev(fd, iov, 3));
		show_contents(fd);
		CALL(preadv(fd, iov, 3, 5000));
		CALL(preadv(fd, iov, 3, 100000));
		CALL(pwritev(fd, iov + 1, 2, 5000));
		show_contents(fd);
		iov[1].iov_len = 0;
		CALL(readv(fd, iov, 3));
		CALL(writev(fd, iov, 3));
		iov[0].iov_len = (size_t)-1;
		CALL(readv(fd, iov, 3));
		iov[0].iov_len = 10;
		iov[2].iov_len = (size_t)-1;
		iov[1].iov_len = 10;
		CALL(writev(fd, iov, 3));
		show_contents(fd);
		close(fd);
	}
}

/* A pipe is filled and emptied by pages. */
static void pipes(void)
{
	char *end = good + 5 * PAGE;
	int fds[2];

	for (size_t j = 0; j < REACHES; j++) {
		char *at = end - reach[j];

		must(pipe2(fds, O_NONBLOCK) == 0, "pipe");
		memset(at, 'p', reach[j]);
		say("pipe with %ld good", (long)reach[j]);
		CALL(write(fds[1], at, 5000));
		CALL(write(fds[1], good, 100));
		CALL(write(fds[1], at, 50));
		CALL(write(fds[1], good, 5000));
		CALL(read(fds[0], at, 9000));
		say("  %08x", hash(at, reach[j]));
		CALL(read(fds[0], at, 20));
		CALL(read(fds[0], good, 20000));
		close(fds[0]);
		close(fds[1]);
	}
}

/* -- Devices, and what comes first ---------------------------------------------- */

static void devices(void)
{
	static const char *const names[] = {"/dev/null", "/dev/zero",
					    "/dev/full", "/dev/random",
					    "/dev/urandom"};
	char *end = good + 5 * PAGE;

	for (size_t i = 0; i < 5; i++) {
		int fd = open(names[i], O_RDWR);

		say("%s %d", names[i], fd >= 0);
		CALL(read(fd, NULL, 10));
		CALL(read(fd, end, 10));
		CALL(read(fd, end - 100, 200));
		CALL(read(fd, end - 5000, 6000));
		CALL(read(fd, readonly, 10));
		CALL(read(fd, kernel_half, 10));
		CALL(read(fd, kernel_half, 0));
		CALL(read(fd, NULL, 0));
		CALL(write(fd, NULL, 10));
		CALL(write(fd, end - 100, 200));
		CALL(write(fd, readonly, 10));
		CALL(write(fd, kernel_half, 10));
		CALL(write(fd, kernel_half, 0));
		CALL(pread(fd, NULL, 10, 0));
		CALL(pwrite(fd, NULL, 10, 0));
		close(fd);
	}
}

static void order_of_files(void)
{
	int fd = sized(100), dir = open("d", O_RDONLY);

	CALL(read(-1, NULL, 10));
	CALL(read(dir, NULL, 10));
	CALL(read(dir, kernel_half, 10));
	CALL(read(fd, NULL, 0));
	CALL(read(fd, kernel_half, 0));
	CALL(read(fd, good, (size_t)-1));
	CALL(pread(fd, NULL, 10, -1));
	CALL(pread(fd, NULL, 10, 1000));
	CALL(pread(fd, kernel_half, 10, 1000));
	CALL(pread(fd, NULL, 10, INT64_MAX));
	CALL(pread(fd, kernel_half, 10, INT64_MAX));
	CALL(write(dir, NULL, 10));
	CALL(write(fd, NULL, 0));
	CALL(write(fd, kernel_half, 0));
	CALL(write(fd, good, (size_t)-1));
	CALL(pwrite(fd, NULL, 10, INT64_MAX - 5));
	CALL(pwrite(fd, kernel_half, 10, INT64_MAX - 5));
	show_contents(fd);
	CALL(readv(-1, (struct iovec *)1, 1));
	CALL(readv(fd, (struct iovec *)1, -1));
	CALL(readv(fd, (struct iovec *)1, 1025));
	CALL(readv(fd, NULL, 0));
	CALL(readv(fd, (struct iovec *)kernel_half, 0));
	CALL(syscall(SYS_fstat, -1, NULL));
	CALL(syscall(SYS_getdents64, fd, NULL, 1000));
	CALL(syscall(SYS_getdents64, dir, NULL, 5));
	CALL(syscall(SYS_getdents64, dir, NULL, 0));
	CALL(syscall(SYS_ioctl, dir, FIONREAD, NULL));
	CALL(syscall(SYS_ioctl, -1, FIONBIO, NULL));
	CALL(syscall(SYS_fstatfs, -1, NULL));
	close(dir);
	close(fd);
}

static void order_of_paths(void)
{
	char *edge = good + 5 * PAGE - 4;

	memcpy(edge, "none", 4);
	CALL(syscall(SYS_stat, "missing", NULL));
	CALL(syscall(SYS_stat, edge, NULL));
	CALL(syscall(SYS_newfstatat, -1, edge, NULL, 0));
	CALL(syscall(SYS_newfstatat, -1, NULL, NULL, 0x100000));
	CALL(syscall(SYS_statx, -1, NULL, 0, 0x80000000, NULL));
	CALL(syscall(SYS_openat, -1, NULL, O_RDONLY));
	CALL(syscall(SYS_open, NULL, O_CREAT | O_DIRECTORY, 0));
	CALL(syscall(SYS_readlink, "missing", NULL, 10));
	CALL(syscall(SYS_readlink, "f", NULL, 10));
	CALL(syscall(SYS_readlink, NULL, NULL, 0));
	CALL(syscall(SYS_readlink, NULL, NULL, 10));
	CALL(syscall(SYS_rename, "missing", NULL));
	CALL(syscall(SYS_rename, "missing/x", NULL));
	CALL(syscall(SYS_rename, NULL, "missing/x"));
	CALL(syscall(SYS_renameat2, -1, NULL, -1, NULL, 99));
	CALL(syscall(SYS_link, "missing", NULL));
	CALL(syscall(SYS_link, "f", NULL));
	CALL(syscall(SYS_symlink, NULL, "f"));
	CALL(syscall(SYS_symlink, edge, "f"));
	CALL(syscall(SYS_symlink, "", NULL));
	CALL(syscall(SYS_truncate, NULL, -1L));
	CALL(syscall(SYS_truncate, NULL, 0L));
	CALL(syscall(SYS_access, NULL, 99));
	CALL(syscall(SYS_fchownat, -1, NULL, 0, 0, 99));
	CALL(syscall(SYS_unlinkat, -1, NULL, 99));
	CALL(syscall(SYS_utimensat, -1, NULL, NULL, 0));
	CALL(syscall(SYS_utimensat, -1, "f", 1L, 99));
	CALL(syscall(SYS_utimensat, AT_FDCWD, NULL, NULL, 0));
	CALL(syscall(SYS_statfs, "missing", NULL));
	CALL(syscall(SYS_getcwd, NULL, 0));
	CALL(syscall(SYS_getcwd, NULL, 5));
	CALL(syscall(SYS_getcwd, NULL, 100));
	/* The path is read to its end before anything is looked up. */
	memcpy(edge - 1, "f/xxx", 5);
	CALL(syscall(SYS_open, edge - 1, O_RDONLY));
	memcpy(edge - 1, "l/xxx", 5);
	CALL(syscall(SYS_open, edge - 1, O_RDONLY));
	memcpy(edge - 1, "m/xx/", 5);
	CALL(syscall(SYS_mkdir, edge - 1, 0755));
	memcpy(edge - 1, "d/e\0\0", 5);
	CALL(syscall(SYS_access, edge - 1, F_OK));
	memcpy(edge, "d/e", 4);
	CALL(syscall(SYS_access, edge, F_OK));
	/* Too long comes when as many bytes could be read. */
	memset(good, 'a', 5 * PAGE);
	CALL(syscall(SYS_open, good + PAGE, O_RDONLY));
	CALL(syscall(SYS_open, good + 4 * PAGE, O_RDONLY));
	CALL(syscall(SYS_open, good + 4 * PAGE + 1, O_RDONLY));
	memset(good, '/', 5 * PAGE);
	CALL(syscall(SYS_open, good + 4 * PAGE, O_RDONLY));
	CALL(syscall(SYS_open, good + 4 * PAGE + 1, O_RDONLY));
}

static void order_of_others(void)
{
	CALL(syscall(SYS_prlimit64, 0x7fffffff, 99, 1L, NULL));
	CALL(syscall(SYS_prlimit64, 0x7fffffff, 99, NULL, 1L));
	CALL(syscall(SYS_prlimit64, 0, 99, NULL, 1L));
	CALL(syscall(SYS_getrlimit, 99, NULL));
	CALL(syscall(SYS_setrlimit, 99, NULL));
	CALL(syscall(SYS_rt_sigaction, 99, 1L, NULL, 8));
	CALL(syscall(SYS_rt_sigaction, 99, NULL, 1L, 8));
	CALL(syscall(SYS_rt_sigaction, SIGKILL, 1L, NULL, 8));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, 1L, NULL, 4));
	CALL(syscall(SYS_rt_sigprocmask, 99, 1L, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, 99, NULL, 1L, 8));
	CALL(syscall(SYS_rt_sigprocmask, 99, 1L, NULL, 4));
	CALL(syscall(SYS_rt_sigpending, NULL, 0));
	CALL(syscall(SYS_rt_sigpending, NULL, 9));
	CALL(syscall(SYS_clock_gettime, 99, NULL));
	CALL(syscall(SYS_clock_getres, 99, NULL));
	CALL(syscall(SYS_clock_getres, CLOCK_REALTIME, NULL));
	CALL(syscall(SYS_clock_settime, CLOCK_MONOTONIC, NULL));
	CALL(syscall(SYS_clock_settime, CLOCK_REALTIME, NULL));
	CALL(syscall(SYS_clock_nanosleep, 99, 0, NULL, NULL));
	CALL(syscall(SYS_getrusage, 99, NULL));
	CALL(syscall(SYS_getgroups, -1, NULL));
	CALL(syscall(SYS_getgroups, 0, 1L));
	CALL(syscall(SYS_getrandom, NULL, 10, 99));
	CALL(syscall(SYS_getrandom, NULL, 0, 0));
	CALL(syscall(SYS_getrandom, kernel_half, 0, 0));
	CALL(syscall(SYS_getrandom, good + 5 * PAGE - 7, 100, 0));
	CALL(syscall(SYS_getrandom, good + 5 * PAGE - 3000, 9000, 0));
	CALL(syscall(SYS_sched_getaffinity, 0, 7, NULL));
	CALL(syscall(SYS_time, 1L));
	CALL(syscall(SYS_times, 1L));
	CALL(syscall(SYS_arch_prctl, 99, NULL));
}

/* A listing that ends at bad memory goes on behind its last whole entry. */
static void listing(void)
{
	char *end = good + 5 * PAGE;
	long total = 0, calls_made = 0, len;
	int fd;

	must(mkdir("many", 0755) == 0, "many");
	for (int i = 0; i < 40; i++) {
		char name[40];

		snprintf(name, sizeof(name), "many/n%0*d", 1 + i % 20, i);
		make(name, "");
	}
	fd = open("many", O_RDONLY);
	for (; calls_made < 100; calls_made++) {
		len = syscall(SYS_getdents64, fd, end - 64, 1000);
		if (len <= 0)
			break;
		for (long at = 0; at < len;) {
			unsigned short reclen;

			memcpy(&reclen, end - 64 + at + 16, sizeof(reclen));
			at += reclen;
			total++;
		}
	}
	say("%ld entries, then %ld", total, len);
	close(fd);
}

int main(int argc, char **argv)
{
	/* of the root, before that changes */
	begin_outside(argc, argv);
	memory_make();
	devices();
	if (argc > 1)
		must(chroot(".") == 0, "chroot");
	must((mkdir("/tmp", 0777) == 0 || errno == EEXIST) &&
		     mkdir("/tmp/conform", 0755) == 0 &&
		     chdir("/tmp/conform") == 0,
	     "/tmp/conform");
	every_call();
	reading();
	writing();
	appending();
	vectors();
	pipes();
	order_of_files();
	order_of_paths();
	order_of_others();
	listing();
	return 0;
}
