/* SPDX-License-Identifier: MIT */
/* Positions: lseek(2) of files and directories, SEEK_DATA and SEEK_HOLE. */
#include "transcript.h"

#include <limits.h>

static void plain(void)
{
	int fd;

	make("f", "0123456789");
	CALL(fd = open("f", O_RDONLY));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(lseek(fd, 5, SEEK_SET));
	CALL(lseek(fd, 5, SEEK_CUR));
	CALL(lseek(fd, -3, SEEK_CUR));
	CALL(lseek(fd, -8, SEEK_CUR));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(lseek(fd, -1, SEEK_SET));
	CALL(lseek(fd, -10, SEEK_END));
	CALL(lseek(fd, -11, SEEK_END));
	CALL(lseek(fd, 100, SEEK_END));
	CALL(lseek(fd, 0, 5));
	CALL(lseek(fd, 0, -1));
	CALL(lseek(fd, LONG_MAX, SEEK_SET) == LONG_MAX);
	CALL(lseek(fd, 1, SEEK_CUR));
	CALL(lseek(fd, LONG_MIN, SEEK_CUR));
	CALL(lseek(fd, LONG_MIN, SEEK_SET));
	CALL(lseek(fd, LONG_MAX, SEEK_END));
	CALL(lseek(99, 0, SEEK_SET));
	CALL(lseek(99, 0, 99));
	CALL(close(fd));
	CALL(fd = open("f", O_PATH));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(close(fd));
	unlink("f");
}

/* Where data and holes begin, from all sides of every boundary. */
static void map(int fd, off_t end)
{
	static const int around[] = {-1, 0, 1, 100, 2048};
	off_t before, at, found;

	lseek(fd, 3, SEEK_SET);
	for (off_t base = 0; base <= end; base += 4096) {
		for (size_t i = 0; i < sizeof(around) / sizeof(*around); i++) {
			at = base + around[i];
			printf("from %ld:", (long)at);
			for (int whence = SEEK_DATA; whence <= SEEK_HOLE;
			     whence++) {
				before = lseek(fd, 0, SEEK_CUR);
				found = lseek(fd, at, whence);
				if (found >= 0)
					printf(" %ld", (long)found);
				else
					printf(" %s", error_name(errno));
				/* a failure moves nothing */
				if (found < 0)
					found = before;
				must(lseek(fd, 0, SEEK_CUR) == found, "moved");
			}
			putchar('\n');
		}
	}
}

static void data_and_holes(void)
{
	static char page[8192];
	int fd;

	memset(page, 1, sizeof(page));
	CALL(fd = open("s", O_RDWR | O_CREAT, 0644));
	say("empty");
	map(fd, 0);
	CALL(pwrite(fd, "small", 5, 0));
	say("small");
	map(fd, 4096);
	CALL(ftruncate(fd, 0));
	CALL(pwrite(fd, "small", 5, 100));
	map(fd, 4096);
	CALL(pwrite(fd, "small", 5, 1900));
	map(fd, 4096);
	CALL(ftruncate(fd, 0));
	CALL(ftruncate(fd, 10000));
	say("a hole");
	map(fd, 12288);
	CALL(pwrite(fd, "x", 1, 5000));
	say("hole, page, hole");
	map(fd, 12288);
	CALL(pwrite(fd, page, 8192, 20480));
	say("and two pages");
	map(fd, 32768);
	CALL(ftruncate(fd, 21000));
	map(fd, 24576);
	CALL(ftruncate(fd, 30000));
	map(fd, 32768);
	CALL(ftruncate(fd, 4096));
	say("only a hole is left");
	map(fd, 8192);
	CALL(ftruncate(fd, 0));
	say("small, then grown by truncation");
	CALL(pwrite(fd, "small", 5, 0));
	CALL(ftruncate(fd, 9000));
	map(fd, 12288);
	CALL(ftruncate(fd, 0));
	say("far apart");
	CALL(pwrite(fd, "x", 1, (off_t)1 << 33));
	CALL(pwrite(fd, "x", 1, (off_t)1 << 45));
	CALL(lseek(fd, 0, SEEK_DATA));
	CALL(lseek(fd, 0, SEEK_HOLE));
	CALL(lseek(fd, ((off_t)1 << 33) + 1, SEEK_DATA));
	CALL(lseek(fd, ((off_t)1 << 33) + 1, SEEK_HOLE));
	CALL(lseek(fd, ((off_t)1 << 33) + 5000, SEEK_DATA));
	CALL(lseek(fd, ((off_t)1 << 45) + 1, SEEK_DATA));
	CALL(lseek(fd, (off_t)1 << 45, SEEK_DATA));
	CALL(lseek(fd, (off_t)1 << 45, SEEK_HOLE));
	CALL(close(fd));
	unlink("s");
}

static void directories(void)
{
	int fd;

	CALL(fd = open(".", O_RDONLY));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(lseek(fd, -1, SEEK_SET));
	CALL(lseek(fd, -1, SEEK_CUR));
	CALL(lseek(fd, 0, 5));
	CALL(lseek(fd, 0, SEEK_DATA));
	CALL(lseek(fd, 0, SEEK_HOLE));
	CALL(lseek(fd, 1, SEEK_SET));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(close(fd));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	plain();
	data_and_holes();
	directories();
	return 0;
}
