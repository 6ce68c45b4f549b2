/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing: read(2), write(2), their p and v forms, appending, holes,
 * ends, offsets, and their errors; and a long random sequence of them.
 */
#include "transcript.h"

#include <limits.h>

#define BIG ((off_t)1 << 40)

static char page[3 * 4096];

static void plain(void)
{
	char buf[20] = "";
	int fd;

	CALL(fd = open("f", O_RDWR | O_CREAT, 0644));
	CALL(write(fd, "hello", 5));
	CALL(read(fd, buf, 10));
	CALL(lseek(fd, 1, SEEK_SET));
	CALL(read(fd, buf, 3));
	say("%.3s", buf);
	CALL(read(fd, buf, 10));
	CALL(read(fd, buf, 10));
	CALL(read(fd, buf, 0));
	CALL(write(fd, buf, 0));
	CALL(pread(fd, buf, 20, 2));
	CALL(pread(fd, buf, 20, 5));
	CALL(pread(fd, buf, 20, 1000));
	CALL(pread(fd, buf, 20, -1));
	CALL(pread(fd, buf, 0, -1));
	CALL(pwrite(fd, "HE", 2, 0));
	CALL(pwrite(fd, "x", 1, -1));
	CALL(pwrite(fd, "", 0, 100));
	show_fd("f", fd);
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(pwrite(fd, "far", 3, 10));
	show_text("f");
	CALL(pread(-1, buf, 1, -1));
	CALL(pread(99, buf, 1, 0));
	CALL(pwrite(99, buf, 1, -1));
	CALL(read(99, buf, 1));
	CALL(write(-1, buf, 1));
	CALL(close(fd));
	unlink("f");
}

static void append(void)
{
	char buf[20] = "";
	int fd, other;

	make("f", "start ");
	CALL(fd = open("f", O_RDWR | O_APPEND));
	CALL(other = open("f", O_WRONLY));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(write(fd, "one ", 4));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(lseek(fd, 2, SEEK_SET));
	CALL(read(fd, buf, 2));
	CALL(write(fd, "two ", 4));
	CALL(lseek(fd, 0, SEEK_CUR));
	/* pwrite(2), BUGS: appends */
	CALL(pwrite(fd, "three ", 6, 0));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(pwrite(other, "S", 1, 0));
	CALL(lseek(other, 0, SEEK_END));
	CALL(write(other, "other ", 6));
	CALL(write(fd, "four", 4));
	CALL(ftruncate(fd, 8));
	CALL(write(fd, "five", 4));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(write(fd, "", 0));
	CALL(lseek(fd, 3, SEEK_SET));
	CALL(write(fd, "", 0));
	CALL(lseek(fd, 0, SEEK_CUR));
	show_text("f");
	CALL(close(fd));
	CALL(close(other));
	unlink("f");
}

static void vectors(void)
{
	static char a[5], b[300], c[4096];
	struct iovec in[4] = {{a, 5}, {b, 0}, {b, 300}, {c, 4096}};
	struct iovec out[3] = {{(char *)"one", 3}, {NULL, 0}, {page, 5000}};
	static struct iovec huge[IOV_MAX + 1];
	int fd, i;

	for (i = 0; i < (int)sizeof(page); i++)
		page[i] = (char)('a' + i % 26);
	CALL(fd = open("f", O_RDWR | O_CREAT, 0644));
	CALL(writev(fd, out, 3));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(readv(fd, in, 4));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(readv(fd, in, 4));
	say("%.5s %.3s %.3s", a, b, c + 4090);
	CALL(readv(fd, in, 4));
	CALL(readv(fd, in, 0));
	CALL(readv(fd, NULL, 0));
	CALL(writev(fd, out, 0));
	CALL(preadv(fd, in, 3, 5000));
	CALL(preadv(fd, in, 3, -1));
	CALL(pwritev(fd, out, 2, 7000));
	CALL(pwritev(fd, out, 2, -1));
	show_fd("f", fd);
	CALL(syscall(SYS_readv, fd, in, -1));
	CALL(syscall(SYS_writev, fd, out, -1));
	CALL(readv(99, in, -1));
	CALL(lseek(fd, 0, SEEK_SET));
	for (i = 0; i <= IOV_MAX; i++)
		huge[i] = (struct iovec){page + i, 2};
	CALL(syscall(SYS_writev, fd, huge, IOV_MAX + 1));
	CALL(writev(fd, huge, IOV_MAX));
	CALL(lseek(fd, 0, SEEK_CUR));
	/* A length that is negative, and a sum that is too large. */
	in[1].iov_len = (size_t)-1;
	CALL(readv(fd, in, 4));
	CALL(writev(fd, in, 2));
	/* Very long, but nothing is there to be read. */
	in[1].iov_len = (size_t)1 << 45;
	in[2].iov_len = (size_t)1 << 45;
	CALL(lseek(fd, 0, SEEK_END));
	CALL(readv(fd, in, 4));
	in[0].iov_len = (size_t)1 << 45;
	CALL(readv(fd, in, 4));
	CALL(preadv(fd, in, 4, LONG_MAX - 0x7fffefff));
	CALL(preadv(fd, in, 4, LONG_MAX - 0x7ffff000));
	CALL(preadv(fd, in, 4, LONG_MAX));
	CALL(pread(fd, a, (size_t)1 << 45, 1 << 20));
	CALL(pread(fd, a, (size_t)1 << 45, LONG_MAX - 0x7ffff000));
	CALL(pread(fd, a, (size_t)1 << 45, LONG_MAX - ((off_t)1 << 45)));
	CALL(read(fd, a, (size_t)1 << 45));
	in[0].iov_len = 5;
	CALL(close(fd));
	CALL(fd = open("f", O_WRONLY | O_APPEND));
	CALL(writev(fd, out, 2));
	CALL(pwritev(fd, out, 2, 0));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(readv(fd, in, 1));
	CALL(readv(fd, in, -1));
	show_fd("f", fd);
	CALL(close(fd));
	CALL(fd = open("f", O_RDONLY));
	CALL(writev(fd, out, 1));
	CALL(pwritev(fd, out, 1, -1));
	CALL(close(fd));
	CALL(fd = open(".", O_RDONLY));
	CALL(readv(fd, in, 1));
	CALL(readv(fd, in, 0));
	CALL(readv(fd, in, -1));
	CALL(preadv(fd, in, 1, 0));
	CALL(writev(fd, out, 1));
	CALL(close(fd));
	unlink("f");
}

static void directories(void)
{
	char buf[20];
	int fd;

	CALL(fd = open(".", O_RDONLY));
	CALL(read(fd, buf, 10));
	CALL(read(fd, buf, 0));
	CALL(pread(fd, buf, 10, 0));
	CALL(pread(fd, buf, 10, -1));
	CALL(pread(fd, buf, 10, 0x7fffffffffffffff));
	CALL(write(fd, buf, 1));
	CALL(pwrite(fd, buf, 1, 0));
	CALL(ftruncate(fd, 0));
	CALL(fcntl(fd, F_SETFL, O_DIRECT));
	CALL(fsync(fd));
	CALL(close(fd));
	CALL(open(".", O_RDONLY | O_DIRECT));
	CALL(truncate(".", 0));
}

static void holes(void)
{
	struct stat st;
	int fd, i, sum = 0;

	CALL(fd = open("h", O_RDWR | O_CREAT, 0644));
	CALL(pwrite(fd, "end", 3, BIG));
	show_fd("h", fd);
	CALL(pread(fd, page, sizeof(page), BIG - 4096));
	for (i = 0; i < 4096; i++)
		sum += page[i] != 0;
	say("%d not zero, %.3s", sum, page + 4096);
	CALL(pread(fd, page, 10, 12345));
	CALL(pwrite(fd, "x", 1, 5000));
	show_fd("h", fd);
	/* What is cut off is zero when it comes back. */
	CALL(pwrite(fd, "0123456789", 10, 0));
	CALL(ftruncate(fd, 4));
	show_fd("h", fd);
	CALL(ftruncate(fd, 12));
	show_text("h");
	CALL(ftruncate(fd, 0));
	show_fd("h", fd);
	memset(page, 'p', sizeof(page));
	CALL(pwrite(fd, page, sizeof(page), 0));
	CALL(ftruncate(fd, 5000));
	show_fd("h", fd);
	CALL(ftruncate(fd, 3 * 4096));
	show_fd("h", fd);
	CALL(pread(fd, page, sizeof(page), 0));
	say("%d %d %d", page[4999], page[5000], page[8192]);
	must(fstat(fd, &st) == 0, "fstat");
	CALL(close(fd));
	unlink("h");
}

/* At the largest offset. */
static void limits(void)
{
	char buf[10];
	int fd;

	CALL(fd = open("big", O_RDWR | O_CREAT, 0644));
	CALL(ftruncate(fd, LONG_MAX));
	show_fd("big", fd);
	CALL(lseek(fd, 0, SEEK_END) == LONG_MAX);
	CALL(read(fd, buf, 1));
	CALL(write(fd, "x", 1));
	CALL(write(fd, "x", 0));
	CALL(pread(fd, buf, 10, LONG_MAX));
	CALL(pwrite(fd, "xy", 2, LONG_MAX));
	CALL(pwrite(fd, "xy", 2, LONG_MAX - 1));
	CALL(pwrite(fd, "xy", 1, LONG_MAX - 1));
	CALL(fcntl(fd, F_SETFL, O_APPEND));
	CALL(pwrite(fd, "xy", 2, 0));
	CALL(pwrite(fd, "", 0, 0));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(write(fd, "xy", 2));
	CALL(lseek(fd, 0, SEEK_END) == LONG_MAX);
	CALL(fcntl(fd, F_SETFL, 0));
	CALL(pread(fd, buf, 10, LONG_MAX - 1));
	CALL(pread(fd, buf, 10, LONG_MAX - 10));
	CALL(lseek(fd, 1, SEEK_CUR));
	CALL(lseek(fd, 1, SEEK_END));
	CALL(lseek(fd, 0, SEEK_CUR) == LONG_MAX);
	CALL(ftruncate(fd, 0));
	CALL(lseek(fd, 0, SEEK_CUR) == LONG_MAX);
	CALL(lseek(fd, 1, SEEK_CUR));
	CALL(truncate("big", LONG_MAX));
	CALL(truncate("big", LONG_MIN));
	/* More than one call can do. */
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(read(fd, NULL, 0));
	CALL(close(fd));
	unlink("big");
}

/* Random writes, reads, truncations and seeks on one file: each result, and at
 * times a sum over all bytes. */
static void random_sequence(uint32_t state)
{
	static char buf[20000];
	uint32_t sum;
	int fd, i;

	CALL(fd = open("r", O_RDWR | O_CREAT | O_TRUNC, 0644));
	for (i = 0; i < 2000; i++) {
		uint32_t what = sequence(&state, 16);
		uint32_t spread = sequence(&state, 4);
		off_t at = sequence(&state, spread == 0	  ? 30
					    : spread == 1 ? 3000
					    : spread == 2 ? 30000
							  : 3000000);
		size_t count =
			sequence(&state, sequence(&state, 2) ? 60 : 15000);
		long result;
		struct stat st;

		memset(buf, (int)(i & 0xff), count);
		if (what < 5) {
			result = pwrite(fd, buf, count, at);
		} else if (what < 9) {
			memset(buf, 0, sizeof(buf));
			result = pread(fd, buf, count, at);
		} else if (what < 10) {
			result = ftruncate(fd, at);
		} else if (what < 12) {
			result = lseek(fd, at, (int)sequence(&state, 5));
		} else if (what < 14) {
			result = write(fd, buf, count);
		} else {
			result = read(fd, buf, count);
		}
		sum = 0;
		for (size_t j = 0; j < count; j++)
			sum = sum * 31 + (unsigned char)buf[j];
		must(fstat(fd, &st) == 0, "fstat");
		say("%u %ld %zu: %s %08x %ld %ld", what, (long)at, count,
		    result < 0 ? error_name(errno) : "", sum, (long)st.st_size,
		    (long)st.st_blocks);
		say("%ld", result);
	}
	CALL(close(fd));
	unlink("r");
}

static void advice(void)
{
	int fd;

	make("advised", "text");
	CALL(fd = open("advised", O_RDONLY));
	for (int i = -1; i < 8; i++)
		say("advice %d: %d %d", i, posix_fadvise(fd, 0, 0, i),
		    posix_fadvise(fd, -1, 3, i));
	say("%d", posix_fadvise(fd, 0, -1, POSIX_FADV_NORMAL));
	say("%d", posix_fadvise(99, 0, 0, POSIX_FADV_NORMAL));
	CALL(close(fd));
	CALL(unlink("advised"));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	plain();
	append();
	vectors();
	directories();
	holes();
	limits();
	advice();
	random_sequence(1);
	random_sequence(2);
	return 0;
}
