/* SPDX-License-Identifier: MIT */
/*
 * O_NONBLOCK on standard input, by whatever way it is asked for: what is there
 * is read, and what is not is not waited for. "silent": there is nothing, and a
 * writer; else all of it is counted, and said.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: errno %d\n", what, errno);
	exit(1);
}

static void waits_not(int fd, const char *what)
{
	char byte;

	must(fcntl(fd, F_GETFL) & O_NONBLOCK, what);
	must(read(fd, &byte, 1) == -1 && errno == EAGAIN, what);
}

static void silent(void)
{
	int on = 1, off = 0, fd;

	must(fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK) == 0, "F_SETFL");
	waits_not(0, "F_SETFL");
	must(ioctl(0, FIONBIO, &off) == 0, "FIONBIO off");
	must(!(fcntl(0, F_GETFL) & O_NONBLOCK), "FIONBIO off");
	must(ioctl(0, FIONBIO, &on) == 0, "FIONBIO");
	waits_not(0, "FIONBIO");
	must(fcntl(0, F_SETFL, 0) == 0, "F_SETFL 0");
	must(!(fcntl(0, F_GETFL) & O_NONBLOCK), "F_SETFL 0");
	fd = open("/dev/stdin", O_RDONLY | O_NONBLOCK);
	must(fd >= 0, "open");
	waits_not(fd, "open");
}

static void count_all(void)
{
	struct pollfd poll_in = {0, POLLIN, 0};
	long total = 0;
	char text[1000];
	ssize_t len = -1;

	must(fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK) == 0, "F_SETFL");
	while (len) {
		must(poll(&poll_in, 1, -1) == 1, "poll");
		len = read(0, text, sizeof(text));
		must(len >= 0 || errno == EAGAIN, "read");
		total += len < 0 ? 0 : len;
	}
	printf("%ld\n", total);
	must(fflush(stdout) == 0, "stdout");
	must(fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK) == 0, "output");
	must(write(1, "end\n", 4) == 4, "write");
}

int main(int argc, char **argv)
{
	alarm(20);
	if (argc > 1 && !strcmp(argv[1], "silent"))
		silent();
	else
		count_all();
	return 0;
}
