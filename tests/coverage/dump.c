/* SPDX-License-Identifier: MIT */
/*
 * Linked to programs of the hosted home for tools/coverage: when one ends, what
 * gcc counted goes to files of Linux, in a new directory COVERAGE_DIR/PID, and
 * each is called what its .gcda file would be, with "#" for "/". Program and C
 * library see only Whelk's files, so Linux is called by the instruction.
 */
#include <fcntl.h>
#include <gcov.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define PATH_SIZE 1000

extern const struct gcov_info *const __start_gcov_info[];
extern const struct gcov_info *const __stop_gcov_info[];

void __gcov_merge_add(int64_t *counters, unsigned n);

static char directory[PATH_SIZE / 2];
static long out = -1;

static long linux_call(long number, long a1, long a2, long a3)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a1), "S"(a2), "d"(a3)
			 : "rcx", "r11", "memory");
	return result;
}

/* Referred to by the counters; only for merging with a file. */
void __gcov_merge_add(int64_t *counters, unsigned n)
{
	(void)counters;
	(void)n;
	abort();
}

static void dump(const void *data, unsigned len, void *arg)
{
	(void)arg;
	if (linux_call(SYS_write, out, (long)data, len) != len)
		abort();
}

static void begin(const char *name, void *arg)
{
	char path[PATH_SIZE];
	int len = snprintf(path, sizeof(path), "%s/", directory);

	(void)arg;
	if (out >= 0)
		linux_call(SYS_close, out, 0, 0);
	snprintf(path + len, sizeof(path) - (size_t)len, "%s", name);
	for (char *p = path + len; *p; p++) {
		if (*p == '/')
			*p = '#';
	}
	out = linux_call(SYS_open, (long)path, O_WRONLY | O_CREAT, 0666);
	if (out < 0)
		abort();
}

static void *allocate(unsigned len, void *arg)
{
	(void)arg;
	return malloc(len);
}

__attribute__((destructor)) static void counters_write(void)
{
	const char *parent = getenv("COVERAGE_DIR");

	if (!parent)
		return;
	snprintf(directory, sizeof(directory), "%s/%ld", parent,
		 linux_call(SYS_getpid, 0, 0, 0));
	linux_call(SYS_mkdir, (long)directory, 0777, 0);
	for (const struct gcov_info *const *info = __start_gcov_info;
	     info != __stop_gcov_info; info++)
		__gcov_info_to_gcda(*info, begin, dump, allocate, NULL);
}
