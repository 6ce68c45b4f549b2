/* SPDX-License-Identifier: MIT */
/*
 * How each argument of a call comes out of bytes: few names and few descriptors,
 * so that calls meet; numbers around the boundaries of the forms of contents and
 * of the types; flags from lists. Buffers are blocks of just the size the call is
 * told, for the sanitizer to watch.
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

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#define FILL	  0x5a
#define IOV_COUNT 5

_Thread_local unsigned call_thread;
_Thread_local long op_last_fd;

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
		return byte < 180 ? byte % 3 : op_last_fd;
	return odd[byte % (sizeof(odd) / sizeof(*odd))];
}

static long dirfd_make(struct input *input)
{
	unsigned byte = input_byte(input);

	if (byte < 128 || byte == 255)
		return byte == 255 ? -1 : AT_FDCWD;
	return byte < 200 ? 3 + byte % 10 : op_last_fd;
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

long op_argument(struct input *input, struct op *op, char kind)
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
