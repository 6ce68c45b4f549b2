/* SPDX-License-Identifier: MIT */
/*
 * The smallest use of files: create one, write a text, read it back into a
 * buffer, and remove it. Plain POSIX: the same source runs on Linux and, with
 * `whelk cc`, boots as a virtual machine of its own.
 *
 *   simple [DIRECTORY]      works in a fresh directory in there (/tmp)
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char text[] = "A file, kept by the program's own machine.\n";

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

int main(int argc, char **argv)
{
	char directory[] = "simple-XXXXXX";
	char buffer[100];
	ssize_t count;
	int fd;

	if (chdir(argc > 1 ? argv[1] : "/tmp") || !mkdtemp(directory) ||
	    chdir(directory))
		fail("a fresh directory");

	fd = open("hello.txt", O_RDWR | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		fail("open");

	count = write(fd, text, strlen(text));
	if (count != (ssize_t)strlen(text))
		fail("write");
	printf("wrote %zd bytes\n", count);

	/* The file's position is behind what was written: back to the start. */
	if (lseek(fd, 0, SEEK_SET) != 0)
		fail("lseek");

	count = read(fd, buffer, sizeof(buffer));
	if (count < 0)
		fail("read");
	printf("read %zd bytes: %.*s", count, (int)count, buffer);

	if (count != (ssize_t)strlen(text) || memcmp(buffer, text, count)) {
		fprintf(stderr, "simple: that is not what was written\n");
		return 1;
	}

	if (close(fd))
		fail("close");
	if (unlink("hello.txt") || chdir("..") || rmdir(directory))
		fail("cleaning up");
	return 0;
}
