/* SPDX-License-Identifier: MIT */
/*
 * Runs a command with its output discarded and prints the processor time it
 * took, user and system, in seconds: getrusage(2).
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

int main(int argc, char *argv[])
{
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
	printf("%.3f\n", seconds(&usage.ru_utime) + seconds(&usage.ru_stime));
	return 0;
}
