/* SPDX-License-Identifier: MIT */
/*
 * Copying from descriptor to descriptor: copy_file_range(2), sendfile(2) and
 * splice(2), with their rules, and what becomes of both sides.
 */
#include "transcript.h"

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sendfile.h>

#define SIZE 50000

static char text[SIZE];

/* Size, blocks, position and a sum of the bytes. */
static void said(const char *what, int fd)
{
	static unsigned char bytes[4 * SIZE];
	uint32_t sum = 0;
	struct stat st;
	ssize_t len = pread(fd, bytes, sizeof(bytes), 0);

	must(fstat(fd, &st) == 0, "fstat");
	for (ssize_t i = 0; i < len; i++)
		sum = sum * 31 + bytes[i];
	say("%s: size %ld blocks %ld position %ld sum %08x", what,
	    (long)st.st_size, (long)st.st_blocks, (long)lseek(fd, 0, SEEK_CUR),
	    sum);
}

static int file_of(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	for (size_t i = 0; i < SIZE; i++)
		text[i] = (char)('a' + i % 23);
	must(fd >= 0 && pwrite(fd, text, size, 0) == (ssize_t)size, path);
	return fd;
}

static void ranges(void)
{
	static const off_t places[] = {0, 1, 4095, 4096, 5000, 8192, 40960};
	static const size_t counts[] = {1, 100, 4096, 8192, 20000, 100000};
	int in = file_of("in", SIZE);

	fallocate(in, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 12288, 8192);
	for (size_t i = 0; i < 7 * 7 * 6; i++) {
		off_t from = places[i % 7], to = places[i / 7 % 7];
		size_t count = counts[i / 49];
		int out = file_of("out", i % 3 * 10000);

		say("%ld to %ld, %zu: %ld", (long)from, (long)to, count,
		    (long)copy_file_range(in, &from, out, &to, count, 0));
		say("%ld %ld", (long)from, (long)to);
		said("out", out);
		must(pwrite(in, "x", 1, (off_t)i * 100) == 1, "pwrite");
		must(pwrite(out, "y", 1, (off_t)i * 90) == 1, "pwrite");
		said("in", in);
		said("out", out);
		close(out);
	}
	close(in);
}

static void positions(void)
{
	int in = file_of("in", 10000), out = file_of("out", 0);
	off_t at = 100;

	CALL(copy_file_range(in, NULL, out, NULL, 5000, 0));
	CALL(copy_file_range(in, NULL, out, &at, 1000, 0));
	said("in", in);
	said("out", out);
	CALL(copy_file_range(in, NULL, out, NULL, 50000, 0));
	CALL(copy_file_range(in, NULL, out, NULL, 50000, 0));
	said("in", in);
	said("out", out);
	/* the same file */
	at = 20000;
	CALL(lseek(in, 0, SEEK_SET));
	CALL(copy_file_range(in, NULL, in, &at, 10000, 0));
	said("in", in);
	at = 25000;
	CALL(lseek(in, 16384, SEEK_SET));
	CALL(copy_file_range(in, NULL, in, &at, 10000, 0));
	at = 16384;
	CALL(copy_file_range(in, NULL, in, &at, 8192, 0));
	CALL(copy_file_range(in, &at, in, &at, 8192, 0));
	CALL(copy_file_range(in, &at, in, NULL, 0, 0));
	said("in", in);
	close(in);
	close(out);
}

static void refused(void)
{
	int in = file_of("in", 10000), out = file_of("out", 10);
	int dir = open(".", O_RDONLY), rdonly = open("out", O_RDONLY);
	int wronly = open("in", O_WRONLY), append, path = open("in", O_PATH);
	off_t low = -1, high = LONG_MAX, zero = 0, near = LONG_MAX - 3;

	append = open("out", O_RDWR | O_APPEND);
	CALL(copy_file_range(in, NULL, out, NULL, 10, 1));
	CALL(copy_file_range(99, NULL, out, NULL, 10, 1));
	CALL(copy_file_range(in, NULL, 99, NULL, 10, 1));
	CALL(copy_file_range(path, NULL, out, NULL, 10, 0));
	CALL(copy_file_range(dir, NULL, out, NULL, 10, 0));
	CALL(copy_file_range(in, NULL, dir, NULL, 10, 0));
	CALL(copy_file_range(wronly, NULL, out, NULL, 10, 0));
	CALL(copy_file_range(in, NULL, rdonly, NULL, 10, 0));
	CALL(copy_file_range(in, NULL, append, NULL, 10, 0));
	CALL(copy_file_range(in, &low, out, NULL, 10, 0));
	CALL(copy_file_range(in, &low, out, NULL, 0, 0));
	CALL(copy_file_range(in, NULL, out, &low, 10, 0));
	CALL(copy_file_range(in, NULL, out, &low, 0, 0));
	CALL(copy_file_range(in, &high, out, NULL, 10, 0));
	CALL(copy_file_range(in, NULL, out, &high, 10, 0));
	CALL(copy_file_range(in, NULL, out, &high, 0, 0));
	CALL(copy_file_range(in, &zero, out, NULL, SIZE_MAX, 0));
	CALL(copy_file_range(in, NULL, out, &zero, SIZE_MAX - 20, 0));
	CALL(copy_file_range(in, NULL, out, &near, 10, 0));
	said("in", in);
	CALL(ftruncate(out, 0));
	zero = 0;
	CALL(sendfile(out, in, NULL, 0));
	CALL(sendfile(out, 99, NULL, 0));
	CALL(sendfile(99, in, NULL, 0));
	CALL(sendfile(out, path, NULL, 0));
	CALL(sendfile(out, dir, NULL, 10));
	CALL(sendfile(dir, in, NULL, 10));
	CALL(sendfile(out, wronly, NULL, 10));
	CALL(sendfile(rdonly, in, NULL, 10));
	CALL(sendfile(append, in, NULL, 10));
	CALL(sendfile(out, in, &low, 10));
	CALL(sendfile(out, in, &high, 10));
	CALL(sendfile(out, in, &high, 0));
	CALL(sendfile(out, in, NULL, SIZE_MAX));
	CALL(syscall(SYS_splice, in, NULL, out, NULL, 10L, 0));
	CALL(syscall(SYS_splice, in, NULL, out, NULL, 0L, 0));
	CALL(syscall(SYS_splice, in, NULL, out, NULL, 10L, 16));
	CALL(syscall(SYS_splice, 99, NULL, out, NULL, 10L, 0));
	CALL(syscall(SYS_splice, in, NULL, 99, NULL, 10L, 0));
	CALL(syscall(SYS_splice, wronly, NULL, out, NULL, 10L, 0));
	CALL(close(in));
	CALL(close(out));
	close(dir);
	close(rdonly);
	close(wronly);
	close(append);
	close(path);
}

static void sent(void)
{
	int in = file_of("in", 10000), out = file_of("out", 0);
	off_t at = 5000;

	CALL(sendfile(out, in, NULL, 6000));
	CALL(sendfile(out, in, &at, 100));
	say("%ld", (long)at);
	CALL(sendfile(out, in, NULL, 6000));
	CALL(sendfile(out, in, NULL, 6000));
	said("in", in);
	said("out", out);
	at = 20000;
	CALL(sendfile(out, in, &at, 10));
	say("%ld", (long)at);
	CALL(close(in));
	CALL(close(out));
}

static void spliced(void)
{
	int in = file_of("in", SIZE), out = file_of("out", 0);
	int append = open("out", O_WRONLY | O_APPEND);
	int one[2], two[2], fd;
	char buf[100];
	off_t at = 100, low = -1;

	must(pipe(one) == 0 && pipe(two) == 0, "pipe");
	CALL(splice(in, NULL, one[1], NULL, 10, 0));
	CALL(splice(in, &at, one[1], NULL, 5000, 0));
	say("%ld", (long)at);
	CALL(write(one[1], "written", 7));
	CALL(splice(in, &at, one[1], &at, 10, 0));
	CALL(splice(one[0], &at, out, NULL, 10, 0));
	CALL(splice(one[0], NULL, append, NULL, 10, 0));
	CALL(splice(one[0], NULL, in, &low, 10, 0));
	CALL(splice(in, &low, one[1], NULL, 10, 0));
	CALL(splice(in, NULL, one[0], NULL, 10, 0));
	CALL(splice(one[1], NULL, out, NULL, 10, 0));
	CALL(splice(one[0], NULL, one[1], NULL, 10, 0));
	CALL(splice(one[0], NULL, two[1], NULL, 3000, 0));
	CALL(read(two[0], buf, 20));
	say("%.20s", buf);
	CALL(splice(one[0], NULL, out, NULL, 100, 0));
	at = 200;
	CALL(splice(one[0], NULL, out, &at, 100000, 0));
	say("%ld", (long)at);
	CALL(splice(one[0], NULL, out, NULL, 1, SPLICE_F_NONBLOCK));
	CALL(splice(two[0], NULL, out, NULL, 100000, 0));
	said("in", in);
	said("out", out);
	/* as much as fits */
	CALL(lseek(in, 1, SEEK_SET));
	for (int i = 0; i < 3; i++)
		CALL(splice(in, NULL, one[1], NULL, 10 * SIZE,
			    SPLICE_F_NONBLOCK));
	CALL(splice(one[0], NULL, two[1], NULL, 10 * SIZE, 0));
	CALL(splice(two[0], NULL, out, NULL, 10 * SIZE, 0));
	CALL(lseek(in, SIZE, SEEK_SET));
	CALL(splice(in, NULL, one[1], NULL, 10, 0));
	said("out", out);
	CALL(sendfile(one[1], in, NULL, 10));
	CALL(lseek(in, 0, SEEK_SET));
	CALL(sendfile(one[1], in, NULL, 10));
	CALL(sendfile(out, one[0], NULL, 10));
	CALL(read(one[0], buf, 20));
	CALL(copy_file_range(one[0], NULL, out, NULL, 10, 0));
	CALL(close(one[1]));
	CALL(splice(one[0], NULL, out, NULL, 10, 0));
	CALL(splice(one[0], NULL, two[1], NULL, 10, 0));
	CALL(close(two[0]));
	must(signal(SIGPIPE, SIG_IGN) != SIG_ERR, "signal");
	CALL(splice(in, NULL, two[1], NULL, 10, 0));
	CALL(splice(in, NULL, two[1], NULL, 0, 0));
	must((fd = open(".", O_RDONLY)) >= 0, ".");
	CALL(splice(fd, NULL, two[1], NULL, 10, 0));
	CALL(sendfile(two[1], fd, NULL, 10));
	CALL(close(fd));
	CALL(sendfile(two[1], in, NULL, 10));
	close(one[0]);
	close(two[1]);
	close(in);
	close(out);
	close(append);
}

static void limited(void)
{
	int in = file_of("in", 10000), out = file_of("out", 0);
	const struct rlimit limit = {5000, RLIM_INFINITY};
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	off_t at = 10000;
	int one[2];

	must(signal(SIGXFSZ, SIG_IGN) != SIG_ERR, "signal");
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
	CALL(copy_file_range(in, NULL, out, NULL, 10000, 0));
	CALL(copy_file_range(in, NULL, out, NULL, 10000, 0));
	CALL(copy_file_range(in, &at, out, NULL, 10, 0));
	CALL(copy_file_range(in, &at, out, NULL, 0, 0));
	CALL(sendfile(out, in, NULL, 10));
	CALL(sendfile(out, in, &at, 10));
	CALL(lseek(out, 4990, SEEK_SET));
	CALL(sendfile(out, in, NULL, 100));
	must(pipe(one) == 0, "pipe");
	CALL(write(one[1], text, 100));
	CALL(splice(one[0], NULL, out, NULL, 100, 0));
	CALL(lseek(out, 4990, SEEK_SET));
	CALL(splice(one[0], NULL, out, NULL, 100, 0));
	must(setrlimit(RLIMIT_FSIZE, &none) == 0, "setrlimit");
	CALL(splice(one[0], NULL, out, NULL, 100, 0));
	said("in", in);
	said("out", out);
}

static void times(void)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};
	int in = file_of("in", 10000), out = file_of("out", 0);
	struct stat from, to;

	for (int i = 0; i < 6; i++) {
		must(futimens(in, old) == 0 && futimens(out, old) == 0,
		     "futimens");
		lseek(in, i % 2 ? 10000 : 0, SEEK_SET);
		say("%ld",
		    i < 2   ? (long)copy_file_range(in, NULL, out, NULL, 10, 0)
		    : i < 4 ? (long)sendfile(out, in, NULL, 10)
			    : (long)copy_file_range(in, NULL, out, NULL, 0, 0));
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
	ranges();
	positions();
	refused();
	sent();
	spliced();
	limited();
	times();
	return 0;
}
