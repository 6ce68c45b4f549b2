/* SPDX-License-Identifier: MIT */
/*
 * How much memory a file takes: makes many of a size in one directory and sees
 * how much more memory is used then. Exact in a guest, where the files are all
 * there is; on Linux other processes blur it. Prints bytes per file.
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

/* What /proc/meminfo says of name, in bytes; 0 if there is none. */
static double meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[100];
	double found = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, strlen(name)) == 0)
			found = atof(line + strlen(name)) * 1024;
	}
	if (f)
		fclose(f);
	return found;
}

/* On Linux, what tmpfs uses: its pages, and the kernel's objects; elsewhere all
 * that is not free. */
static double used_bytes(void)
{
	double tmpfs = meminfo("Shmem:") + meminfo("Slab:");
	struct sysinfo info;

	if (tmpfs > 0)
		return tmpfs;
	if (sysinfo(&info) < 0) {
		perror("sysinfo");
		exit(1);
	}
	return -(double)info.freeram * info.mem_unit;
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
	before = used_bytes();
	for (long i = 0; i < files; i++)
		make(i, data, size);
	printf("%.1f\n", (used_bytes() - before) / (double)files);
	return 0;
}
