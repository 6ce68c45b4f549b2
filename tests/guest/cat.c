/* SPDX-License-Identifier: MIT */
/*
 * For tests/runner.sh: copies standard input, or the files named, to standard
 * output. With no file and a number, only the first so many bytes of the input.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int copy(int from, long limit)
{
	static char buf[1 << 16];
	ssize_t n = 0;

	while (limit > 0) {
		size_t want =
			limit < (long)sizeof(buf) ? (size_t)limit : sizeof(buf);

		n = read(from, buf, want);
		if (n <= 0 || write(STDOUT_FILENO, buf, (size_t)n) != n)
			break;
		limit -= n;
	}
	return n < 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc == 1)
		return copy(STDIN_FILENO, 1L << 40);
	if (argv[1][0] != '/')
		return copy(STDIN_FILENO, atol(argv[1]));
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY);

		if (fd < 0)
			perror(argv[i]);
		failed |= fd < 0 || copy(fd, 1L << 40);
		close(fd);
	}
	return failed;
}
