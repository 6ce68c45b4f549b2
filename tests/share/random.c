/* SPDX-License-Identifier: MIT */
/*
 * random DIR SEED COUNT: makes COUNT random calls about files in DIR, chosen by
 * SEED, and says what came of each, then what is there. tests/share.sh runs it
 * on a directory of Linux and, in the guest, on one that is shared, and compares
 * what they say, and both directories.
 *
 * Not here, since 9P2000.L or QEMU's server have no way for it: O_PATH of what is
 * removed, flags of
 * renameat2, O_TMPFILE, fallocate, holes, MAP_SHARED, attributes without a value,
 * trusted attributes, and changing by descriptor what has lost the name it was opened by (QEMU does
 * that by name). Times are said where they were set.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../conform/errors.h"

#define FDS	    8
#define BUFFER_SIZE 300000

static uint64_t state;
static char buffer[BUFFER_SIZE];
static struct {
	int fd; /* 0: none */
	char path[64];
} files[FDS];

static uint32_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static unsigned pick(unsigned limit)
{
	return (unsigned)(((uint64_t)next() * limit) >> 32);
}

/* A path of one to three components, in one of two buffers. */
static const char *path(int slot)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
	static char paths[2][64];
	char *to = paths[slot];
	unsigned parts = 1 + pick(10) / 5 + pick(10) / 8;

	*to = '\0';
	for (unsigned i = 0; i < parts; i++) {
		strcat(to, i ? "/" : "");
		strcat(to, pick(40) ? names[pick(6)] : pick(2) ? ".." : ".");
	}
	if (pick(25) == 0)
		strcat(to, "/");
	/* Not above the directory, which is not the same on both sides. */
	return !strncmp(to, "..", 2) || strstr(to, "..") ? "a/b" : to;
}

static uint32_t hash(const char *bytes, size_t len)
{
	uint32_t h = 2166136261;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)bytes[i]) * 16777619;
	return h;
}

static void result(const char *call, const char *first, const char *second,
		   long value)
{
	printf("%s(%s%s%s) = %s\n", call, first ? first : "",
	       second ? ", " : "", second ? second : "",
	       value < 0 ? error_name(errno) : "");
	if (value > 0)
		printf("  %ld\n", value);
}

static void stat_say(const struct stat *st, bool times)
{
	printf("  mode %o owner %u %u links %u rdev %llx", st->st_mode,
	       st->st_uid, st->st_gid, (unsigned)st->st_nlink,
	       (unsigned long long)st->st_rdev);
	if (!S_ISDIR(st->st_mode))
		printf(" size %lld", (long long)st->st_size);
	if (times)
		printf(" times %lld.%09ld %lld.%09ld",
		       (long long)st->st_atim.tv_sec, st->st_atim.tv_nsec,
		       (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	printf("\n");
}

/* -- Calls by descriptor ------------------------------------------------------- */

/* An open file; false if that one is not. */
static bool file_pick(unsigned *at)
{
	*at = pick(FDS);
	return files[*at].fd > 0;
}

/* Has it still the name it was opened by? */
static bool file_named(unsigned at)
{
	struct stat by_fd, by_path;

	return fstat(files[at].fd, &by_fd) == 0 &&
	       lstat(files[at].path, &by_path) == 0 &&
	       by_fd.st_ino == by_path.st_ino;
}

static void do_open(void)
{
	static const int flags[] = {O_RDONLY,
				    O_RDWR,
				    O_RDWR | O_CREAT,
				    O_RDWR | O_CREAT,
				    O_RDWR | O_CREAT | O_EXCL,
				    O_RDWR | O_CREAT | O_TRUNC,
				    O_WRONLY | O_CREAT | O_APPEND,
				    O_RDWR | O_APPEND,
				    O_WRONLY | O_TRUNC,
				    O_RDONLY | O_DIRECTORY,
				    O_RDONLY | O_NOFOLLOW,
				    O_RDWR | O_CREAT | O_SYNC};
	unsigned at = pick(FDS);
	const char *name = path(0);
	int fd, flag = flags[pick(sizeof(flags) / sizeof(*flags))];

	if (files[at].fd > 0)
		close(files[at].fd);
	fd = open(name, flag, 0600 + 011 * (int)pick(8));
	snprintf(files[at].path, sizeof(files[at].path), "%s", name);
	files[at].fd = fd < 0 ? 0 : fd;
	result("open", name, NULL, fd < 0 ? -1 : 0);
	printf("  flags %o\n", flag);
}

static void do_close(void)
{
	unsigned at;

	if (!file_pick(&at))
		return;
	result("close", NULL, NULL, close(files[at].fd));
	files[at].fd = 0;
}

static size_t size(void)
{
	return pick(20) ? pick(9000) : pick(200000);
}

static void fill(size_t len)
{
	for (size_t i = 0; i < len; i += 61)
		buffer[i] = (char)next();
}

static void do_write(void)
{
	size_t len = size();
	unsigned at;

	if (!file_pick(&at))
		return;
	fill(len);
	if (pick(3))
		result("write", NULL, NULL, write(files[at].fd, buffer, len));
	else
		result("pwrite", NULL, NULL,
		       pwrite(files[at].fd, buffer, len, pick(100000)));
}

static void do_read(void)
{
	size_t len = size();
	unsigned at;
	long got;

	if (!file_pick(&at))
		return;
	memset(buffer, 1, len);
	got = pick(3) ? read(files[at].fd, buffer, len)
		      : pread(files[at].fd, buffer, len, pick(100000));
	result("read", NULL, NULL, got);
	printf("  %08x\n", hash(buffer, len));
}

static void do_vector(void)
{
	struct iovec iov[3] = {{buffer, pick(5000)},
			       {buffer + 100000, pick(500)},
			       {buffer + 200000, pick(50000)}};
	unsigned at;

	if (!file_pick(&at))
		return;
	if (pick(2)) {
		result("writev", NULL, NULL, writev(files[at].fd, iov, 3));
	} else {
		result("readv", NULL, NULL, readv(files[at].fd, iov, 3));
		printf("  %08x\n", hash(buffer, sizeof(buffer)));
	}
}

static void do_seek(void)
{
	long offset = (long)pick(50000) - 1000;
	unsigned at;
	struct stat st;

	if (!file_pick(&at) || fstat(files[at].fd, &st) || S_ISDIR(st.st_mode))
		return;
	result("lseek", NULL, NULL, lseek(files[at].fd, offset, (int)pick(3)));
}

static void do_fstat(void)
{
	struct stat st;
	unsigned at;
	int err;

	if (!file_pick(&at))
		return;
	err = fstat(files[at].fd, &st);
	result("fstat", NULL, NULL, err);
	if (!err)
		stat_say(&st, false);
}

static void do_change_fd(void)
{
	unsigned at;
	int fd;

	if (!file_pick(&at) || !file_named(at))
		return;
	fd = files[at].fd;
	switch (pick(5)) {
	case 4:
		result("fcntl", NULL, NULL,
		       fcntl(fd, F_SETFL, pick(2) ? O_APPEND : 0));
		break;
	case 0:
		result("ftruncate", NULL, NULL, ftruncate(fd, pick(60000)));
		break;
	case 1:
		result("fchmod", NULL, NULL,
		       syscall(SYS_fchmod, fd, pick(010000)));
		break;
	case 2:
		result("fchown", NULL, NULL,
		       syscall(SYS_fchown, fd, pick(3), pick(3)));
		break;
	default:
		result("fsync", NULL, NULL,
		       pick(2) ? fsync(fd) : fdatasync(fd));
	}
}

static void do_map(void)
{
	unsigned at;
	struct stat st;
	char *map;

	if (!file_pick(&at) || fstat(files[at].fd, &st) ||
	    !S_ISREG(st.st_mode) || st.st_size == 0)
		return;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
		   files[at].fd, 0);
	result("mmap", NULL, NULL, map == MAP_FAILED ? -1 : 0);
	if (map == MAP_FAILED)
		return;
	printf("  %08x\n", hash(map, (size_t)st.st_size));
	munmap(map, (size_t)st.st_size);
}

/* -- Calls by path ---------------------------------------------------------------- */

static void do_stat(void)
{
	const char *name = path(0);
	struct stat st;
	bool follow = pick(2);
	int err = follow ? stat(name, &st) : lstat(name, &st);

	result(follow ? "stat" : "lstat", name, NULL, err);
	if (!err)
		stat_say(&st, false);
}

static void do_names(void)
{
	const char *one = path(0), *two = path(1);

	switch (pick(10)) {
	case 0:
	case 1:
		result("mkdir", one, NULL, mkdir(one, 0700 + 011 * pick(8)));
		break;
	case 2:
		result("rmdir", one, NULL, rmdir(one));
		break;
	case 3:
	case 4:
		result("unlink", one, NULL, unlink(one));
		break;
	case 5:
	case 6:
		result("rename", one, two, rename(one, two));
		break;
	case 7:
		result("link", one, two, link(one, two));
		break;
	case 8:
		result("symlink", one, two, symlink(one, two));
		break;
	default:
		result("mknod", one, NULL, mknod(one, S_IFREG | 0644, 0));
	}
}

static void do_attributes(void)
{
	const char *name = path(0);
	struct timespec times[2] = {{pick(1000000), pick(1000000000)},
				    {pick(1000000), pick(1000000000)}};
	struct stat st;

	switch (pick(5)) {
	case 0:
		result("chmod", name, NULL, chmod(name, pick(010000)));
		break;
	case 1:
		result("lchown", name, NULL, lchown(name, pick(3), pick(3)));
		break;
	case 2:
		result("truncate", name, NULL, truncate(name, pick(60000)));
		break;
	case 3:
		result("access", name, NULL, access(name, (int)pick(8)));
		break;
	default:
		if (pick(3) == 0)
			times[pick(2)].tv_nsec = UTIME_OMIT;
		result("utimensat", name, NULL,
		       utimensat(AT_FDCWD, name, times, 0));
		if (times[0].tv_nsec != UTIME_OMIT &&
		    times[1].tv_nsec != UTIME_OMIT && stat(name, &st) == 0)
			stat_say(&st, true);
	}
}

static void do_xattr(void)
{
	static const char *const names[] = {"user.a", "user.b", "user.c",
					    "user.d"};
	const char *name = path(0), *key = names[pick(4)];
	size_t len = 1 + pick(300);
	ssize_t got;

	switch (pick(4)) {
	case 0:
	case 1:
		fill(len);
		result("setxattr", name, key,
		       setxattr(name, key, buffer, len, (int)pick(3)));
		break;
	case 2:
		result("removexattr", name, key, removexattr(name, key));
		break;
	default:
		memset(buffer, 1, 400);
		got = getxattr(name, key, buffer, pick(3) * 150);
		result("getxattr", name, key, got);
		printf("  %08x\n", hash(buffer, 400));
	}
}

static void do_readlink(void)
{
	const char *name = path(0);
	ssize_t len = readlink(name, buffer, 100);

	result("readlink", name, NULL, len);
	if (len > 0)
		printf("  %.*s\n", (int)len, buffer);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void do_list(void)
{
	const char *name = path(0);
	struct dirent **entries;
	int count = scandir(name, &entries, NULL, by_name);

	result("scandir", name, NULL, count);
	for (int i = 0; i < count; i++) {
		printf("  %s %d\n", entries[i]->d_name, entries[i]->d_type);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void do_chdir(const char *top)
{
	const char *name = path(0);
	char cwd[4096];

	if (chdir(name)) {
		result("chdir", name, NULL, -1);
		return;
	}
	result("chdir", name, NULL, 0);
	if (getcwd(cwd, sizeof(cwd)))
		printf("  %s\n", cwd + strlen(top));
	if (chdir(top))
		exit(1);
}

static void one(const char *top)
{
	switch (pick(20)) {
	case 0:
	case 1:
	case 2:
		do_open();
		break;
	case 3:
		do_close();
		break;
	case 4:
	case 5:
		do_write();
		break;
	case 6:
		do_read();
		break;
	case 7:
		do_vector();
		break;
	case 8:
		do_seek();
		break;
	case 9:
		do_fstat();
		break;
	case 10:
		do_change_fd();
		break;
	case 11:
		do_stat();
		break;
	case 12:
	case 13:
	case 14:
		do_names();
		break;
	case 15:
		do_attributes();
		break;
	case 16:
		do_xattr();
		break;
	case 17:
		do_readlink();
		break;
	case 18:
		do_list();
		break;
	default:
		if (pick(2))
			do_chdir(top);
		else
			do_map();
	}
}

int main(int argc, char **argv)
{
	unsigned count;

	if (argc < 4 || chdir(argv[1]))
		return 2;
	umask(022);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	state = strtoull(argv[2], NULL, 10) << 20;
	count = (unsigned)strtoul(argv[3], NULL, 10);
	for (unsigned i = 0; i < count; i++) {
		printf("%u ", i);
		one(argv[1]);
	}
	printf("end\n");
	return 0;
}
