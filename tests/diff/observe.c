/* SPDX-License-Identifier: MIT */
/*
 * Making a call, and observing all that came of it that must be the same on
 * Linux and Whelk: the result, the data, attributes, and for some calls which
 * times of the files concerned it changed. Inode numbers count by the order in
 * which they were seen first, and a time that is about now is just that.
 */
#include "diff.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifndef SEEK_DATA
#define SEEK_DATA 3
#endif

#define STAT_FLAGS \
	(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | 0x6000)

#define INODES	      1024 /* labels; a power of two */
#define WATCHED	      6
#define PIPE_READ_MAX 65536

unsigned char in_buffer[BUFFER_SIZE];
_Alignas(64) unsigned char out_buffer[BUFFER_SIZE];

static uint64_t hash;
static FILE *shown;

/* statx(2), which not every C library has. */
struct statx_out {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct {
		int64_t sec;
		uint32_t nsec;
		int32_t pad;
	} atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t rest[14];
};
#ifndef STATX_MTIME
#define STATX_MTIME 0x40
#define STATX_CTIME 0x80
#define STATX_BTIME 0x800
#endif

/* -- What was observed --------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
	a = (a ^ b) * 0x9e3779b97f4a7c15;
	return a ^ (a >> 29);
}

uint64_t hash_add(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t word;

	for (; len >= 8; len -= 8, bytes += 8) {
		memcpy(&word, bytes, 8);
		sum = mix(sum, word);
	}
	word = len;
	while (len)
		word = word << 8 | bytes[--len];
	return mix(sum, word);
}

void observe(const char *what, int64_t value)
{
	hash = mix(hash, (uint64_t)value);
	if (shown)
		fprintf(shown, " %s %ld", what, (long)value);
}

uint64_t observed(void)
{
	uint64_t all = hash;

	hash = 0;
	return all;
}

void observe_to(FILE *file)
{
	shown = file;
}

void observe_text(const char *text)
{
	hash = hash_add(hash, text, strlen(text));
	if (shown)
		fprintf(shown, " \"%s\"", text);
}

static void observe_data(const void *data, size_t len)
{
	observe("data", (int64_t)hash_add(0, data, len));
}

/* -- Attributes -------------------------------------------------------------------- */

/* A hash table of the numbers seen; the label is the order. */
static struct {
	uint64_t ino;
	int64_t label;
} inodes[INODES];
static int64_t inodes_len;

void ino_forget(void)
{
	memset(inodes, 0, sizeof(inodes));
	inodes_len = 0;
}

int64_t ino_label(uint64_t ino, bool add)
{
	size_t slot = mix(0, ino) & (INODES - 1);

	while (inodes[slot].label && inodes[slot].ino != ino)
		slot = (slot + 1) & (INODES - 1);
	if (!inodes[slot].label && add && inodes_len < INODES / 2) {
		inodes[slot].ino = ino;
		inodes[slot].label = ++inodes_len;
	}
	return inodes[slot].label;
}

static void observe_time(const char *what, int64_t sec, int64_t nsec)
{
	static const int64_t year = 366 * 86400;
	static int64_t now;

	if (!now)
		now = time(NULL);
	observe(what, sec > now - year && sec < now + year
			      ? -1
			      : (int64_t)((uint64_t)sec * 1000000000 +
					  (uint64_t)nsec));
}

void observe_stat(const struct stat *st)
{
	if (shown)
		fprintf(shown, " mode %#o", (unsigned)st->st_mode);
	hash = mix(hash, st->st_mode);
	observe("nlink", (int64_t)st->st_nlink);
	observe("uid", st->st_uid);
	observe("gid", st->st_gid);
	observe("size", st->st_size);
	observe("blocks", st->st_blocks);
	observe("blksize", st->st_blksize);
	observe("rdev", (int64_t)st->st_rdev);
	observe("ino", ino_label(st->st_ino, true));
	observe_time("atime", st->st_atim.tv_sec, st->st_atim.tv_nsec);
	observe_time("mtime", st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	observe_time("ctime", st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

/* Of the mask only what was wanted: some versions of Linux give more of it than
 * others. */
static void observe_statx(const struct statx_out *stx, unsigned mask)
{
	mask &= stx->mask;
	observe("mask", mask);
	observe("mode", stx->mode);
	observe("nlink", stx->nlink);
	observe("uid", stx->uid);
	observe("gid", stx->gid);
	observe("size", (int64_t)stx->size);
	observe("blocks", (int64_t)stx->blocks);
	observe("blksize", stx->blksize);
	observe("attributes", (int64_t)stx->attributes);
	observe("known", (int64_t)stx->attributes_mask);
	observe("rdev", (int64_t)stx->rdev_major << 32 | stx->rdev_minor);
	observe("ino", ino_label(stx->ino, true));
	observe_time("atime", stx->atime.sec, stx->atime.nsec);
	if (mask & STATX_MTIME)
		observe_time("mtime", stx->mtime.sec, stx->mtime.nsec);
	if (mask & STATX_CTIME)
		observe_time("ctime", stx->ctime.sec, stx->ctime.nsec);
	if (mask & STATX_BTIME)
		observe_time("btime", stx->btime.sec, stx->btime.nsec);
}

/* -- Watched files ----------------------------------------------------------------- */

static struct {
	int fd;
	struct stat before;
} watched[WATCHED];
static unsigned watched_len;

/* Holds fd, a descriptor or none, which is closed if it is not a call's own;
 * gives it times that any change shows. */
static void watch_fd(int fd, bool own)
{
	static const struct timespec past[2] = {{500000000, 0}, {500000000, 0}};
	struct stat *st = &watched[watched_len].before;
	int copy;

	if (fd < 0 || watched_len == WATCHED)
		return;
	copy = fcntl(fd, F_DUPFD, FD_KEPT);
	if (own)
		close(fd);
	if (copy < 0 || fstat(copy, st))
		return;
	/* Those of pipes change with the clock's ticks only. */
	if (S_ISFIFO(st->st_mode)) {
		close(copy);
		return;
	}
	must(syscall(SYS_utimensat, copy, "", past, AT_EMPTY_PATH) == 0,
	     "utimensat");
	must(fstat(copy, st) == 0, "fstat");
	watched[watched_len++].fd = copy;
}

/* What path names now, and the directory it is in. */
static void watch_path(int dirfd, const char *path)
{
	static char parent[PATH_SIZE];
	size_t len;

	if (!path)
		return;
	watch_fd(openat(dirfd, path, O_PATH | O_NOFOLLOW), true);
	len = strlen(path);
	memcpy(parent, path, len + 1);
	while (len && parent[len - 1] == '/')
		len--;
	while (len && parent[len - 1] != '/')
		len--;
	strcpy(parent + len, ".");
	watch_fd(openat(dirfd, parent, O_PATH), true);
}

static void watch_begin(const struct op *op)
{
	const char *kinds = op->call->args;

	fd_limit(FD_END);
	for (unsigned i = 0; kinds[i]; i++) {
		int fd = (int)op->args[i];

		if (kinds[i] == 'f' || kinds[i] == 'd')
			watch_fd(fd, false);
		if (kinds[i] == 'p' || kinds[i] == 'P')
			watch_path(i && kinds[i - 1] == 'd'
					   ? (int)op->args[i - 1]
					   : AT_FDCWD,
				   (const char *)op->args[i]);
	}
	fd_limit(FD_LIMIT);
}

static bool is_same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static void watch_end(void)
{
	for (unsigned i = 0; i < watched_len; i++) {
		const struct stat *before = &watched[i].before;
		struct stat st;

		must(fstat(watched[i].fd, &st) == 0, "fstat");
		observe("| nlink", (int64_t)st.st_nlink);
		observe("size", st.st_size);
		if (!is_same(&before->st_atim, &st.st_atim))
			observe("atime", 1);
		/* Of a directory both change, but on Linux ctime may have been
		 * that already: unlink gives it the removed file's. */
		if (!is_same(&before->st_mtim, &st.st_mtim))
			observe("mtime", 1);
		else if (!is_same(&before->st_ctim, &st.st_ctim))
			observe("ctime", 1);
		close(watched[i].fd);
	}
	watched_len = 0;
}

/* -- Pipes ----------------------------------------------------------------------- */

long pipe_run(const long *args)
{
	int fds[2];
	long result = syscall(SYS_pipe2, fds,
			      (args[0] & (O_CLOEXEC | O_TRUNC)) | O_NONBLOCK);

	if (result == 0) {
		observe("from", fds[0]);
		observe("to", fds[1]);
	}
	return result;
}

static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Can what is written to the pipe out be read from in, without waiting? */
static bool is_other_end(int in, int out)
{
	int flags = fcntl(in, F_GETFL);
	struct stat a, b;

	return flags >= 0 && (flags & O_ACCMODE) == O_RDONLY &&
	       (flags & O_NONBLOCK) && !(flags & O_PATH) &&
	       fstat(in, &a) == 0 && fstat(out, &b) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* Would a call on fd wait for something that never comes? */
static bool may_wait(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !(flags & (O_NONBLOCK | O_PATH)) && is_pipe(fd);
}

/* -- Calls ------------------------------------------------------------------------- */

/* What readv and preadv gave. */
static void observe_iov(const struct iovec *iov, size_t len)
{
	for (; len; iov++) {
		size_t part = iov->iov_len < len ? iov->iov_len : len;

		observe_data(iov->iov_base, part);
		len -= part;
	}
}

/* What a call that succeeded has stored. */
static void observe_arg(const struct op *op, unsigned i, long result)
{
	const long *args = op->args;

	switch (op->call->args[i]) {
	case '>':
		observe_data(out_buffer, (size_t)result);
		break;
	case 'G':
		if (args[i + 1])
			observe_data(out_buffer, (size_t)result);
		break;
	case 'R':
		observe_iov((const struct iovec *)args[i], (size_t)result);
		break;
	case 's':
		observe_stat((const struct stat *)args[i]);
		break;
	case 'X':
		observe_statx((const struct statx_out *)args[i],
			      (unsigned)args[i - 1]);
		break;
	case 'S':
		observe_statfs((const struct statfs *)args[i]);
		break;
	case 'z':
		if (args[i])
			observe("offset", *(const long *)args[i]);
		break;
	case 'i':
		if (args[i - 1] == FIONREAD)
			observe("value", *(const int *)args[i]);
		break;
	default:
		break;
	}
}

static bool is_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode);
}

static bool sendfile_excluded(int out, int in)
{
	struct stat to, from;

	return fstat(out, &to) == 0 && fstat(in, &from) == 0 &&
	       (from.st_ino == to.st_ino || !S_ISREG(to.st_mode) ||
		!S_ISREG(from.st_mode));
}

/*
 * What is not done, since it would differ without Whelk being wrong.
 * - SEEK_DATA and SEEK_HOLE if the size is in the last page before 2^63: Linux
 *   finds no data in such a file at all, an overflow.
 * - What fallocate drops when there is no space: see op_run.
 * - Extended attributes if limits are tried: tmpfs counts them as nodes.
 * - Of a pipe: fstatfs, since Linux has it on a file system of its own; and
 *   O_ASYNC.
 * - Most things in a directory that was removed, while events are watched:
 *   notify.c, DEVIATION.
 * - Splicing to a pipe, unless the descriptor before is its other end, where it
 *   is read at once: on Linux it may be the file's own page, which changes with
 *   the file.
 * - What would wait at a pipe, and sendfile to a file itself, or a pipe, which
 *   may be full.
 * - What newer versions (from 6.11 on) allow with AT_EMPTY_PATH: any flags for
 *   newfstatat and statx.
 */
static bool is_excluded(const struct op *op)
{
	const char *letter = strchr(op->call->args, 'l');
	const char *path = (const char *)op->args[1];
	long number = op->call->number;
	long flags = letter ? op->args[letter - op->call->args] : 0;
	struct stat st;

	if (events_excluded(op))
		return true;
	if (limits_tried && strstr(op->call->name, "xattr"))
		return true;
	if ((number == SYS_fstatfs ||
	     (number == SYS_fcntl && op->args[1] == F_SETFL &&
	      (op->args[2] & O_ASYNC))) &&
	    fstat((int)op->args[0], &st) == 0 && S_ISFIFO(st.st_mode))
		return true;
	if (flags & AT_EMPTY_PATH)
		return (!path || !*path) && (flags & ~STAT_FLAGS) &&
		       (number == SYS_newfstatat || number == SYS_statx);
	/* Each device has its own idea of flags, and of splicing. */
	if ((number == SYS_preadv2 || number == SYS_pwritev2) &&
	    is_device((int)op->args[0]))
		return true;
	if (op->call->args[0] == 'f' && strchr("<>RW", op->call->args[1]))
		return may_wait((int)op->args[0]);
	if (number == SYS_splice)
		return is_device((int)op->args[0]) ||
		       is_device((int)op->args[2]) ||
		       may_wait((int)op->args[0]) ||
		       may_wait((int)op->args[2]) ||
		       (is_pipe((int)op->args[2]) &&
			!is_other_end((int)op->args[2] - 1, (int)op->args[2]));
	if (number == SYS_sendfile)
		return may_wait((int)op->args[0]) ||
		       sendfile_excluded((int)op->args[0], (int)op->args[1]);
	if (number == SYS_lseek && op->args[2] >= SEEK_DATA)
		return fstat((int)op->args[0], &st) == 0 &&
		       st.st_size > SIZE_SEEK_MAX;
	return false;
}

/*
 * When fallocate finds no space, Linux gives back what it reserved, and with it
 * what had been reserved in that range before: tree.c, DEVIATION. So the range is
 * made a hole, on both sides.
 */
static void after_fallocate(const long *args, long result)
{
	if (result < 0 && errno == ENOSPC &&
	    !(args[1] & ~FALLOC_FL_KEEP_SIZE)) {
		fallocate((int)args[0],
			  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, args[2],
			  args[3]);
		errno = ENOSPC;
	}
}

/* Reads all that splice has put into a pipe: see is_excluded. */
static void after_splice(int in)
{
	char *bytes = malloc(PIPE_READ_MAX);
	ssize_t n;

	must(bytes != NULL, "malloc");
	while ((n = read(in, bytes, PIPE_READ_MAX)) > 0)
		observe_data(bytes, (size_t)n);
	free(bytes);
}

void op_run(const struct op *op)
{
	const long *a = op->args;
	long result;

	if (is_excluded(op)) {
		if (shown)
			fputs(" is left out", shown);
		return;
	}
	if (op->watch)
		watch_begin(op);
	errno = 0;
	if (op->call->run)
		result = op->call->run(a);
	else
		result = syscall(op->call->number, a[0], a[1], a[2], a[3], a[4],
				 a[5]);
	if (op->call->number == SYS_fallocate)
		after_fallocate(a, result);
	if (result < 0) {
		hash = mix(hash, (uint64_t)errno);
		if (shown)
			fprintf(shown, " = %ld %s", result, error_name(errno));
	} else {
		observe("=", result);
		for (unsigned i = 0; op->call->args[i]; i++)
			observe_arg(op, i, result);
		if (op->call->number == SYS_splice && is_pipe((int)a[2]))
			after_splice((int)a[2] - 1);
	}
	watch_end();
	if (op->call->run == tree_run || op->call->run == list_run)
		events_forget();
	events_observe();
}
