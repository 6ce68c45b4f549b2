/* SPDX-License-Identifier: MIT */
/*
 * FICLONE and FICLONERANGE: their rules, and that what has been cloned is
 * another file. tmpfs does not have them, so Linux is asked on XFS; blocks, which
 * that counts otherwise, are not said.
 */
#include "transcript.h"

#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#define SIZE	     50000
#define FICLONE	     0x40049409UL
#define FICLONERANGE 0x4020940dUL

struct range {
	int64_t fd;
	uint64_t from, len, to;
};

static char text[SIZE];

static void said(const char *what, int fd)
{
	static unsigned char bytes[4 * SIZE];
	uint32_t sum = 0;
	struct stat st;
	ssize_t len = pread(fd, bytes, sizeof(bytes), 0);

	must(fstat(fd, &st) == 0, "fstat");
	for (ssize_t i = 0; i < len; i++)
		sum = sum * 31 + bytes[i];
	say("%s: size %ld sum %08x", what, (long)st.st_size, sum);
}

static int file_of(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	for (size_t i = 0; i < SIZE; i++)
		text[i] = (char)('a' + i % 23);
	must(fd >= 0 && pwrite(fd, text, size, 0) == (ssize_t)size, path);
	return fd;
}

static int clone_range(int out, int in, uint64_t from, uint64_t len,
		       uint64_t to)
{
	const struct range range = {in, from, len, to};

	return ioctl(out, FICLONERANGE, &range);
}

static void whole(void)
{
	static const size_t sizes[] = {0, 1, 24, 2000, 4096, 5000, 20480, SIZE};

	for (size_t i = 0; i < 64; i++) {
		int in = file_of("in", sizes[i % 8]);
		int out = file_of("out", sizes[i / 8] / 2);

		say("%zu onto %zu", sizes[i % 8], sizes[i / 8] / 2);
		CALL(ioctl(out, FICLONE, in));
		said("out", out);
		must(pwrite(in, "in", 2, 4095) == 2, "pwrite");
		must(pwrite(out, "out", 3, 4094) == 3, "pwrite");
		said("in", in);
		said("out", out);
		must(ftruncate(in, 4500) == 0 && ftruncate(in, 9000) == 0 &&
			     ftruncate(out, 30000) == 0,
		     "ftruncate");
		said("in", in);
		said("out", out);
		close(in);
		close(out);
	}
}

static void ranges(void)
{
	static const uint64_t places[] = {0, 4096, 8192, 20480, 49152, 53248};
	static const uint64_t lens[] = {0, 4096, 8192, 20480, 50000, 848, 100};

	for (size_t i = 0; i < 6 * 6 * 7; i++) {
		int in = file_of("in", SIZE), out = file_of("out", 30000);
		uint64_t from = places[i % 6], to = places[i / 6 % 6];

		must(fallocate(in, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       8192, 4096) == 0,
		     "fallocate");
		say("%lu to %lu, %lu", (unsigned long)from, (unsigned long)to,
		    (unsigned long)lens[i / 36]);
		CALL(clone_range(out, in, from, lens[i / 36], to));
		said("out", out);
		CALL(clone_range(in, in, from, lens[i / 36], to));
		said("in", in);
		said("out", out);
		close(in);
		close(out);
	}
}

static void refused(void)
{
	int in = file_of("in", 10000), out = file_of("out", 10);
	int dir = open(".", O_RDONLY), rdonly = open("out", O_RDONLY);
	int wronly = open("in", O_WRONLY), append, path = open("in", O_PATH);

	append = open("out", O_RDWR | O_APPEND);
	CALL(ioctl(out, FICLONE, 99));
	CALL(ioctl(99, FICLONE, in));
	CALL(ioctl(out, FICLONE, out));
	CALL(ioctl(out, FICLONE, dir));
	CALL(ioctl(dir, FICLONE, in));
	CALL(ioctl(out, FICLONE, wronly));
	CALL(ioctl(rdonly, FICLONE, in));
	CALL(ioctl(append, FICLONE, in));
	CALL(ioctl(out, FICLONE, path));
	CALL(ioctl(path, FICLONE, in));
	CALL(clone_range(out, in, 1, 0, 0));
	CALL(clone_range(out, in, 0, 0, 1));
	CALL(clone_range(out, in, 0, 1, 0));
	CALL(clone_range(out, in, 0, 4096, 0));
	CALL(clone_range(out, in, 0, 20000, 0));
	CALL(clone_range(out, in, 20000, 0, 0));
	CALL(clone_range(out, in, 10000, 0, 0));
	CALL(clone_range(out, in, 10001, 0, 0));
	CALL(clone_range(out, in, 12288, 4096, 0));
	CALL(clone_range(out, in, -4096, 4096, 0));
	CALL(clone_range(out, in, 0, -4096, 0));
	CALL(clone_range(out, in, 0, 4096, -4096));
	CALL(clone_range(out, in, 0, LONG_MAX, 4096));
	CALL(clone_range(out, in, 4096, 4096, LONG_MAX - 4095));
	said("out", out);
	close(in);
	close(out);
	close(dir);
	close(rdonly);
	close(wronly);
	close(append);
	close(path);
}

static void limited(void)
{
	const struct rlimit limit = {5000, RLIM_INFINITY};
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	int in = file_of("in", 10000), out = file_of("out", 0);

	must(signal(SIGXFSZ, SIG_IGN) != SIG_ERR, "signal");
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
	CALL(ioctl(out, FICLONE, in));
	CALL(clone_range(out, in, 0, 4096, 0));
	CALL(clone_range(out, in, 0, 4096, 4096));
	CALL(clone_range(out, in, 0, 4096, 8192));
	said("out", out);
	must(setrlimit(RLIMIT_FSIZE, &none) == 0, "setrlimit");
	close(in);
	close(out);
}

static void times(void)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};
	int in = file_of("in", 10000), out = file_of("out", 0);
	struct stat from, to;

	for (int i = 0; i < 3; i++) {
		must(futimens(in, old) == 0 && futimens(out, old) == 0,
		     "futimens");
		CALL(clone_range(out, in, i == 2 ? 10000 : 0, 0, i == 1));
		must(fstat(in, &from) == 0 && fstat(out, &to) == 0, "fstat");
		say("in: atime %d mtime %d; out: mtime %d",
		    from.st_atim.tv_sec != 1000, from.st_mtim.tv_sec != 1000,
		    to.st_mtim.tv_sec != 1000);
	}
	close(in);
	close(out);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	whole();
	ranges();
	refused();
	times();
	limited();
	return 0;
}
