/* SPDX-License-Identifier: MIT */
/*
 * How much memory a file takes: makes many of a size in one directory and sees
 * by how much the system's free memory went down (sysinfo(2)). Exact in a
 * guest; on Linux other processes blur it. Prints bytes per file.
 *
 * Usage: memory DIRECTORY FILES BYTES
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static double free_bytes(void)
{
	struct sysinfo info;

	if (sysinfo(&info) < 0) {
		perror("sysinfo");
		exit(1);
	}
	return (double)info.freeram * info.mem_unit;
}

static void make(long number, const char *data, size_t size)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "f%ld", number);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
		perror(name);
		exit(1);
	}
	close(fd);
}

int main(int argc, char *argv[])
{
	long files = argc == 4 ? atol(argv[2]) : 0;
	size_t size = argc == 4 ? (size_t)atol(argv[3]) : 0;
	double before;
	char *data;

	if (files <= 0) {
		fprintf(stderr, "usage: memory DIRECTORY FILES BYTES\n");
		return 2;
	}
	data = malloc(size + 1);
	if (!data || mkdir(argv[1], 0700) < 0 || chdir(argv[1]) < 0) {
		perror(argv[1]);
		return 1;
	}
	memset(data, 'x', size);
	before = free_bytes();
	for (long i = 0; i < files; i++)
		make(i, data, size);
	printf("%.1f\n", (before - free_bytes()) / (double)files);
	return 0;
}
