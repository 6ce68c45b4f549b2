/* SPDX-License-Identifier: MIT */
/*
 * What the programs that measure have in common: `PROGRAM DIRECTORY [quick]`
 * makes the directory, works in it, and prints a line "group,case,unit,value"
 * for each repetition of each case. The programs are plain POSIX: the same
 * source runs on Linux and linked with Whelk.
 */
#ifndef WHELK_BENCH_H
#define WHELK_BENCH_H

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BENCH_UNUSED __attribute__((unused))
#define KIB	     ((size_t)1 << 10)
#define MIB	     ((size_t)1 << 20)
#define GIB	     ((size_t)1 << 30)

/* Whether there is little time: fewer and smaller cases. */
static int bench_quick BENCH_UNUSED;

#define MUST(call)                        \
	do {                              \
		if ((call) < 0)           \
			bench_die(#call); \
	} while (0)

/* Where a case begins that may be left out, because what it does is not there:
 * files of a host cannot be mapped, say. */
static jmp_buf bench_case;
static int bench_in_case;

static void bench_die(const char *what)
{
	if (bench_in_case && (errno == ENODEV || errno == ENOSYS ||
			      errno == EOPNOTSUPP || errno == EXDEV))
		longjmp(bench_case, 1);
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double bench_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

BENCH_UNUSED static void bench_report(const char *group, const char *name,
				      const char *unit, double value)
{
	printf("%s,%s,%s,%.6g\n", group, name, unit, value);
	fflush(stdout);
}

/* A number below limit; the generator is Marsaglia's xorshift64. */
BENCH_UNUSED static uint64_t bench_random(uint64_t limit)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % limit;
}

BENCH_UNUSED static void bench_run_batches(const char *group, const char *name,
					   void (*run)(long n), long each)
{
	double goal = bench_quick ? 3e5 : 1e6, start, ns;
	long n = 1;

	for (;; n *= 2) {
		start = bench_now_ns();
		run(n);
		ns = bench_now_ns() - start;
		if (ns >= goal)
			break;
	}
	for (int i = 0; i < 5; i++) {
		start = bench_now_ns();
		run(n);
		ns = bench_now_ns() - start;
		bench_report(group, name, "ns", ns / (double)(n * each));
	}
}

/* Runs a batch that grows until it takes a millisecond or so, then reports the
 * nanoseconds of each of several such batches, per operation; run(n) does n
 * times `each` of them. */
BENCH_UNUSED static void bench_batches(const char *group, const char *name,
				       void (*run)(long n), long each)
{
	if (setjmp(bench_case)) {
		fprintf(stderr, "bench: without %s,%s: %s\n", group, name,
			strerror(errno));
	} else {
		bench_in_case = 1;
		bench_run_batches(group, name, run, each);
	}
	bench_in_case = 0;
}

/* An array of data, as good as memory gets: touched, and in huge pages where
 * the system has them. */
BENCH_UNUSED static char *bench_buffer(size_t size)
{
	char *p = aligned_alloc(2 * MIB, (size + 2 * MIB) & ~(2 * MIB - 1));

	if (!p)
		bench_die("aligned_alloc");
	memset(p, 'x', size);
	return p;
}

/* Reads all of a directory with so many entries, with opening and closing it. */
__attribute__((unused)) static void bench_list(const char *path, long entries)
{
	DIR *dir = opendir(path);
	long found = 0;

	if (!dir)
		bench_die("opendir");
	while (readdir(dir))
		found++;
	closedir(dir);
	if (found != entries + 2)
		bench_die("readdir");
}

/* mkdir -p */
static void bench_make_directories(const char *path)
{
	char copy[1000];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *p = copy + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			bench_die(copy);
		*p = c;
		if (!c)
			return;
	}
}

/* Takes the arguments of a program, and goes to the directory. What follows
 * the directory, "quick" apart, is a number: returned, else 0. */
static long bench_start(int argc, char *argv[])
{
	long number = 0;

	if (argc == 3 && strcmp(argv[2], "quick") == 0)
		bench_quick = 1;
	else if (argc == 3)
		number = atol(argv[2]);
	if (argc < 2 || argc > 3 ||
	    (argc == 3 && !bench_quick && number <= 0)) {
		fprintf(stderr, "usage: %s DIRECTORY [quick | NUMBER]\n",
			argv[0]);
		exit(2);
	}
	bench_make_directories(argv[1]);
	MUST(chdir(argv[1]));
	return number;
}

#endif
