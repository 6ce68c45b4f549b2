/* SPDX-License-Identifier: MIT */
/*
 * How much memory a file takes, in bytes: makes many of a size, or directories,
 * in one directory, and sees how much less is free then. Exact with Whelk,
 * whose files are all there is; on Linux it is what files and the kernel's
 * objects take, and other processes blur it.
 *
 * Usage: memory DIRECTORY [quick]
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "bench.h"

static char data[4096];

/* What /proc/meminfo says of name, in bytes; -1 if it has no such line. */
static double meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[100];
	double found = -1;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, strlen(name)) == 0)
			found = atof(line + strlen(name)) * 1024;
	}
	if (f)
		fclose(f);
	return found;
}

static double used_bytes(void)
{
	double slab = meminfo("Slab:");

	return slab < 0 ? -meminfo("MemFree:") : meminfo("Shmem:") + slab;
}

/* A directory if size is -1. */
static void make(long number, ssize_t size)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "f%ld", number);
	if (size < 0) {
		MUST(mkdir(name, 0700));
		return;
	}
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	MUST(fd);
	if (size && write(fd, data, (size_t)size) != size)
		bench_die("write");
	MUST(close(fd));
}

/* The files stay: Linux would count what it keeps of removed ones. */
static void measure(const char *what, ssize_t size, long count)
{
	double before;

	MUST(mkdir(what, 0700));
	MUST(chdir(what));
	before = used_bytes();
	for (long i = 0; i < count; i++)
		make(i, size);
	bench_report("memory", what, "B",
		     (used_bytes() - before) / (double)count);
	MUST(chdir(".."));
}

int main(int argc, char *argv[])
{
	long many;

	bench_start(argc, argv);
	many = bench_quick ? 100000 : 1000000;
	measure("file_empty", 0, many);
	measure("file_100", 100, many / 4);
	measure("file_4k", sizeof(data), many / 10);
	measure("directory", -1, many / 4);
	return 0;
}
