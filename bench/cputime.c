/* SPDX-License-Identifier: MIT */
/*
 * Runs a command with its output discarded and prints the seconds it took: in
 * its own code, in the kernel (getrusage(2)), and on the wall clock.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char *argv[])
{
	double start = now();
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: cputime COMMAND [ARGUMENT]...\n");
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		execv(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0 ||
	    getrusage(RUSAGE_CHILDREN, &usage) < 0) {
		fprintf(stderr, "cputime: %s failed\n", argv[1]);
		return 1;
	}
	printf("%.4f %.4f %.4f\n", seconds(&usage.ru_utime),
	       seconds(&usage.ru_stime), now() - start);
	return 0;
}
