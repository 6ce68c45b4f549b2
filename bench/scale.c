/* SPDX-License-Identifier: MIT */
/*
 * What operations cost as things grow, in ns: creating, finding, listing and
 * removing entries of one directory; directories in a tree of three levels;
 * pages of a sparse file. What should stay flat is printed for each size, as
 * "create_1000". Names are looked up in random order.
 *
 * Usage: scale DIRECTORY [quick | ENTRIES], the most there are: 10,000,000
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "bench.h"

#define PAGE ((size_t)4096)

/* What it takes to read the clock, taken off each interval. */
static double clock_ns;

static double since(double start)
{
	return bench_now_ns() - start - clock_ns;
}

static void measure_clock(void)
{
	double start = bench_now_ns();

	for (int i = 0; i < 1000; i++)
		bench_now_ns();
	clock_ns = (bench_now_ns() - start) / 1000;
}

static void report(const char *what, long size, double ns, long count)
{
	char name[50];

	snprintf(name, sizeof(name), "%s_%ld", what, size);
	bench_report("scale", name, "ns", ns / (double)count);
}

/* -- One directory ---------------------------------------------------------------- */

#define NAME_SIZE 10

/* A name in hexadecimal: printf would take longer than what is measured. */
static void name_entry(char name[static NAME_SIZE], char first, long number)
{
	name[0] = first;
	for (int i = NAME_SIZE - 2; i > 0; i--, number >>= 4)
		name[i] = "0123456789abcdef"[number & 15];
	name[NAME_SIZE - 1] = '\0';
}

static void create(long count)
{
	char name[NAME_SIZE];

	for (long i = 0; i < count; i++) {
		int fd;

		name_entry(name, 'f', i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		MUST(fd);
		close(fd);
	}
}

static void look_up(long count, long times)
{
	char name[NAME_SIZE];
	struct stat st;

	while (times--) {
		name_entry(name, 'f', (long)bench_random((uint64_t)count));
		MUST(stat(name, &st));
	}
}

static void miss(long count, long times)
{
	char name[NAME_SIZE];
	struct stat st;

	while (times--) {
		name_entry(name, 'm', (long)bench_random((uint64_t)count));
		if (stat(name, &st) == 0)
			bench_die("stat of a missing name");
	}
}

static void remove_all(long count)
{
	char name[NAME_SIZE];

	for (long i = 0; i < count; i++) {
		name_entry(name, 'f', i);
		MUST(unlink(name));
	}
}

/* Small directories are made and removed many times. */
static void measure_directory(long count)
{
	const long times = count < 10000 ? 30000 / count : 1;
	const long tries = count < 1000	     ? 1000
			   : count < 1000000 ? count
					     : 1000000;
	double created = 0, found = 0, missed = 0, listed = 0, removed = 0;
	double start;

	for (long i = 0; i < times; i++) {
		MUST(mkdir("directory", 0700));
		MUST(chdir("directory"));
		start = bench_now_ns();
		create(count);
		created += since(start);
		start = bench_now_ns();
		look_up(count, tries);
		found += since(start);
		start = bench_now_ns();
		miss(count, tries);
		missed += since(start);
		start = bench_now_ns();
		bench_list(".", count);
		listed += since(start);
		start = bench_now_ns();
		remove_all(count);
		removed += since(start);
		MUST(chdir(".."));
		MUST(rmdir("directory"));
	}
	report("create", count, created, times * count);
	report("lookup", count, found, times * tries);
	report("missing", count, missed, times * tries);
	report("readdir", count, listed, times * (count + 2));
	report("unlink", count, removed, times * count);
}

/* -- A tree ----------------------------------------------------------------------- */

#define LEVELS 3

/* Paths are "12/34/56". */
static void name_directory(char path[static 3 * LEVELS], long number, int level,
			   int fanout)
{
	for (int i = level - 1; i >= 0; i--, number /= fanout) {
		path[3 * i] = (char)('0' + number % fanout / 10);
		path[3 * i + 1] = (char)('0' + number % fanout % 10);
		path[3 * i + 2] = i == level - 1 ? '\0' : '/';
	}
}

static long level_count(int level, int fanout)
{
	return level ? fanout * level_count(level - 1, fanout) : 1;
}

static void measure_tree(int fanout)
{
	const long count = level_count(LEVELS, fanout);
	const long all = count + level_count(2, fanout) + fanout;
	char path[3 * LEVELS];
	struct stat st;
	double start;

	start = bench_now_ns();
	for (int level = 1; level <= LEVELS; level++) {
		for (long i = 0; i < level_count(level, fanout); i++) {
			name_directory(path, i, level, fanout);
			MUST(mkdir(path, 0700));
		}
	}
	report("tree_mkdir", count, since(start), all);
	start = bench_now_ns();
	for (long i = 0; i < count; i++) {
		name_directory(path, (long)bench_random((uint64_t)count),
			       LEVELS, fanout);
		MUST(stat(path, &st));
	}
	report("tree_lookup", count, since(start), count);
	start = bench_now_ns();
	for (int level = LEVELS; level > 0; level--) {
		for (long i = 0; i < level_count(level, fanout); i++) {
			name_directory(path, i, level, fanout);
			MUST(rmdir(path));
		}
	}
	report("tree_rmdir", count, since(start), all);
}

/* -- A sparse file ---------------------------------------------------------------- */

/* Where the pages are that are written: all over the file, each once. */
static off_t page_offset(long i, long pages)
{
	return (off_t)((uint64_t)i * 7368787 % (uint64_t)pages * PAGE);
}

static void measure_sparse(size_t size)
{
	static char page[PAGE];
	const long pages = (long)(size / PAGE);
	const long count = pages < 16384 ? pages : 16384;
	const long size_mib = (long)(size / MIB);
	int fd = open("sparse", O_RDWR | O_CREAT | O_EXCL, 0600);
	double start;

	MUST(fd);
	MUST(ftruncate(fd, (off_t)size));
	start = bench_now_ns();
	for (long i = 0; i < count; i++)
		MUST(pread(fd, page, PAGE, page_offset(i, pages)));
	report("sparse_hole", size_mib, since(start), count);
	start = bench_now_ns();
	for (long i = 0; i < count; i++)
		MUST(pwrite(fd, page, PAGE, page_offset(i, pages)));
	report("sparse_write", size_mib, since(start), count);
	start = bench_now_ns();
	for (long i = 0; i < count; i++)
		MUST(pread(fd, page, PAGE, page_offset(i, pages)));
	report("sparse_read", size_mib, since(start), count);
	MUST(close(fd));
	MUST(unlink("sparse"));
}

int main(int argc, char *argv[])
{
	long most = bench_start(argc, argv);

	if (!most)
		most = bench_quick ? 100000 : 10000000;
	measure_clock();
	for (long count = 10; count <= most; count *= 10)
		measure_directory(count);
	measure_tree(10);
	measure_tree(30);
	if (!bench_quick)
		measure_tree(100);
	for (size_t size = MIB; size <= 16 * GIB; size *= 4)
		measure_sparse(size);
	return 0;
}
