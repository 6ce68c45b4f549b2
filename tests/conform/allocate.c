/* SPDX-License-Identifier: MIT */
/*
 * Space that is reserved and given back: fallocate(2) with all its modes but
 * FALLOC_FL_ZERO_RANGE (attr.c, DEVIATION), around the boundaries of pages, and
 * what sizes, blocks, holes and times are then.
 */
#include "transcript.h"

#include <limits.h>

#define KEEP  FALLOC_FL_KEEP_SIZE
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static const off_t edges[] = {0,    1,	  23,	25,   2047, 2048,  2049,
			      4095, 4096, 4097, 8191, 8192, 12288, 20000};
#define EDGES (sizeof(edges) / sizeof(*edges))

/* Where data and holes are, the size and the blocks, and a sum of the bytes. */
static void layout(int fd)
{
	static unsigned char bytes[1 << 16];
	struct stat st;
	off_t at = 0;
	uint32_t sum = 0;
	ssize_t len;

	must(fstat(fd, &st) == 0, "fstat");
	printf("size %ld blocks %ld:", (long)st.st_size, (long)st.st_blocks);
	while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
		printf(" %ld-", (long)at);
		at = lseek(fd, at, SEEK_HOLE);
		printf("%ld", (long)at);
	}
	len = pread(fd, bytes, sizeof(bytes), 0);
	for (ssize_t i = 0; i < len; i++)
		sum = sum * 31 + bytes[i];
	say(" sum %08x", sum);
}

static int file_of(size_t size)
{
	static char text[30000];
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	must(fd >= 0 && pwrite(fd, text, size, 0) == (ssize_t)size, "f");
	return fd;
}

/* Each mode with each range, on files of several sizes. */
static void ranges(int mode, size_t size)
{
	for (size_t i = 0; i < EDGES; i++) {
		for (size_t j = i + 1; j < EDGES; j++) {
			int fd = file_of(size);

			printf("%d %zu %ld-%ld: ", mode, size, (long)edges[i],
			       (long)edges[j]);
			must(fallocate(fd, mode, edges[i],
				       edges[j] - edges[i]) == 0,
			     "fallocate");
			layout(fd);
			must(ftruncate(fd, 30000) == 0, "ftruncate");
			layout(fd);
			close(fd);
		}
	}
}

/* What becomes of pages that are only reserved. */
static void reserved(void)
{
	int fd = file_of(0);

	CALL(fallocate(fd, 0, 0, 5 * 4096));
	layout(fd);
	CALL(pwrite(fd, "x", 1, 5000));
	layout(fd);
	CALL(fallocate(fd, 0, 0, 5 * 4096));
	CALL(fallocate(fd, PUNCH, 5000, 1));
	layout(fd);
	CALL(fallocate(fd, PUNCH, 4096, 4096));
	layout(fd);
	CALL(fallocate(fd, PUNCH, 8192, 4096));
	layout(fd);
	CALL(ftruncate(fd, 13000));
	layout(fd);
	CALL(ftruncate(fd, 5 * 4096));
	layout(fd);
	CALL(fallocate(fd, KEEP, 0, 9 * 4096));
	layout(fd);
	CALL(pwrite(fd, "y", 1, 6 * 4096 + 1));
	layout(fd);
	CALL(ftruncate(fd, 6 * 4096 + 2));
	layout(fd);
	CALL(fallocate(fd, KEEP, 0, 9 * 4096));
	layout(fd);
	CALL(ftruncate(fd, 7 * 4096));
	layout(fd);
	CALL(truncate("f", 7 * 4096));
	layout(fd);
	CALL(ftruncate(fd, 0));
	layout(fd);
	CALL(fallocate(fd, KEEP, 1 << 20, 4096));
	CALL(fallocate(fd, KEEP, LONG_MAX - 4096, 4096));
	layout(fd);
	CALL(fallocate(fd, PUNCH, 0, LONG_MAX));
	layout(fd);
	CALL(posix_fallocate(fd, 10, 10));
	layout(fd);
	CALL(close(fd));
}

static void refused(void)
{
	static const int modes[] = {2,	  4,	8,    9,     0x20, 0x21, 0x40,
				    0x41, 0x80, 0x81, 0x100, -1,   7,	 0x0a};
	int fd = file_of(10), other;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		say("mode %x: %s", (unsigned)modes[i],
		    outcome(fallocate(fd, modes[i], 0, 4096)));
	CALL(fallocate(fd, 0, 0, 0));
	CALL(fallocate(fd, 0, -1, 1));
	CALL(fallocate(fd, 0, 1, -1));
	CALL(fallocate(fd, 0, 1, LONG_MAX));
	CALL(fallocate(fd, PUNCH, 1, LONG_MAX));
	CALL(fallocate(fd, 4, 1, LONG_MAX));
	CALL(fallocate(fd, 4, 1, 0));
	CALL(fallocate(-1, 4, 0, 0));
	CALL(fallocate(99, 0, 0, 1));
	layout(fd);
	CALL(other = open("f", O_RDONLY));
	CALL(fallocate(other, 0, 0, 1));
	CALL(fallocate(other, 4, 0, 1));
	CALL(fallocate(other, 0, 1, LONG_MAX));
	CALL(close(other));
	CALL(other = open("f", O_PATH));
	CALL(fallocate(other, 0, 0, 1));
	CALL(close(other));
	CALL(other = open(".", O_RDONLY));
	CALL(fallocate(other, 0, 0, 1));
	CALL(fallocate(other, 0, -1, 1));
	CALL(close(other));
	CALL(close(fd));
}

static void times_said(const char *what, int fd)
{
	struct stat st;
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};

	must(fstat(fd, &st) == 0, "fstat");
	say("%s: mtime %s, ctime %s", what,
	    st.st_mtim.tv_sec == 1000 ? "kept" : "new",
	    st.st_mtim.tv_sec == st.st_ctim.tv_sec ? "the same" : "another");
	must(futimens(fd, old) == 0, "futimens");
}

static void times(void)
{
	int fd = file_of(10);

	times_said("at first", fd);
	CALL(fallocate(fd, KEEP, 0, 10));
	times_said("nothing new reserved", fd);
	CALL(fallocate(fd, 0, 0, 10));
	times_said("the same", fd);
	CALL(fallocate(fd, PUNCH, 1 << 20, 10));
	times_said("a hole in a hole", fd);
	CALL(fallocate(fd, 4, 0, 10));
	times_said("refused", fd);
	CALL(fallocate(fd, 0, LONG_MAX, 10));
	times_said("too far", fd);
	CALL(close(fd));
	CALL(unlink("f"));
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = {0, 10, 24, 1000, 4096, 13000, 30000};

	begin(argc, argv);
	refused();
	reserved();
	times();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		ranges(0, sizes[i]);
		ranges(KEEP, sizes[i]);
		ranges(PUNCH, sizes[i]);
	}
	return 0;
}
