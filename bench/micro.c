/* SPDX-License-Identifier: MIT */
/*
 * What single file operations cost. The same source runs on Linux (real system
 * calls) and linked with Whelk; it prints "name,median,minimum" in ns per
 * operation, of several repetitions of a batch. bench/run compares the two.
 *
 * Usage: micro DIRECTORY FILES
 * DIRECTORY is made, with those above it; FILES is the size of the large
 * directory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REPETITIONS 15
#define BATCH	    4000
#define BLOCK	    4096

static char block[BLOCK], other_block[BLOCK];
static int warm_fd;
static long files;

#define MUST(call)                  \
	do {                        \
		if ((call) < 0)     \
			die(#call); \
	} while (0)

static void die(const char *what)
{
	fprintf(stderr, "micro: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* -- The operations: each does it n times ----------------------------------- */

static int nothing(int n)
{
	return n;
}

static int (*volatile call_nothing)(int) = nothing;
static void *(*volatile call_memcpy)(void *, const void *, size_t) = memcpy;

static void op_call(int n)
{
	while (n--)
		call_nothing(n);
}

static void op_memcpy(int n)
{
	while (n--)
		call_memcpy(other_block, block, BLOCK);
}

static void op_null(int n)
{
	while (n--)
		(void)getuid();
}

static void op_open(int n)
{
	while (n--) {
		int fd = open("file", O_RDONLY);

		MUST(fd);
		close(fd);
	}
}

static void op_open_deep(int n)
{
	while (n--) {
		int fd = open("a/b/c/d/e/f/g/file", O_RDONLY);

		MUST(fd);
		close(fd);
	}
}

static void op_open_missing(int n)
{
	while (n--) {
		if (open("missing", O_RDONLY) >= 0)
			die("open missing");
	}
}

static void op_stat(int n)
{
	struct stat st;

	while (n--)
		MUST(stat("file", &st));
}

static void op_stat_missing(int n)
{
	struct stat st;

	while (n--) {
		if (stat("missing", &st) == 0)
			die("stat missing");
	}
}

static void op_access(int n)
{
	while (n--)
		MUST(access("file", R_OK));
}

static void op_fstat(int n)
{
	struct stat st;

	while (n--)
		MUST(fstat(warm_fd, &st));
}

static void op_lseek(int n)
{
	while (n--)
		MUST(lseek(warm_fd, 0, SEEK_SET));
}

static void op_dup(int n)
{
	while (n--)
		MUST(close(dup(warm_fd)));
}

static void op_create(int n)
{
	while (n--) {
		int fd = open("new", O_RDWR | O_CREAT | O_EXCL, 0600);

		MUST(fd);
		MUST(close(fd));
		MUST(unlink("new"));
	}
}

static void op_mkdir(int n)
{
	while (n--) {
		MUST(mkdir("newdir", 0700));
		MUST(rmdir("newdir"));
	}
}

static void op_rename(int n)
{
	for (; n > 0; n -= 2) {
		MUST(rename("file", "elif"));
		MUST(rename("elif", "file"));
	}
}

static void op_symlink(int n)
{
	while (n--) {
		MUST(symlink("file", "newlink"));
		MUST(unlink("newlink"));
	}
}

static void op_link(int n)
{
	while (n--) {
		MUST(link("file", "newlink"));
		MUST(unlink("newlink"));
	}
}

static void op_pread_1(int n)
{
	while (n--)
		MUST(pread(warm_fd, block, 1, 0));
}

static void op_pread(int n)
{
	while (n--)
		MUST(pread(warm_fd, block, BLOCK, 0));
}

static void op_pwrite(int n)
{
	while (n--)
		MUST(pwrite(warm_fd, block, BLOCK, 0));
}

/* Random names among those of the large directory; the generator is Marsaglia's
 * xorshift64. */
static void op_lookup(int n)
{
	static uint64_t x = 88172645463325252ULL;
	char name[32];
	struct stat st;

	while (n--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		snprintf(name, sizeof(name), "big/f%ld",
			 (long)(x % (uint64_t)files));
		MUST(stat(name, &st));
	}
}

/* The same without the lookup, to be taken off. */
static void op_names(int n)
{
	static uint64_t x = 88172645463325252ULL;
	char name[32];

	while (n--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		snprintf(name, sizeof(name), "big/f%ld",
			 (long)(x % (uint64_t)files));
	}
}

/* -- Measuring ------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*run)(int n);
} ops[] = {
	{"call", op_call},
	{"memcpy 4 KiB", op_memcpy},
	{"null call", op_null},
	{"open+close", op_open},
	{"open+close at depth 8", op_open_deep},
	{"open missing", op_open_missing},
	{"stat", op_stat},
	{"stat missing", op_stat_missing},
	{"access", op_access},
	{"fstat", op_fstat},
	{"lseek", op_lseek},
	{"dup+close", op_dup},
	{"create+close+unlink", op_create},
	{"mkdir+rmdir", op_mkdir},
	{"rename", op_rename},
	{"symlink+unlink", op_symlink},
	{"link+unlink", op_link},
	{"pread 1 B", op_pread_1},
	{"pread 4 KiB", op_pread},
	{"pwrite 4 KiB", op_pwrite},
	{"random name", op_names},
	{"stat of a random name", op_lookup},
};

#define OPS (sizeof(ops) / sizeof(*ops))

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(void)
{
	static double ns[OPS][REPETITIONS];

	for (int rep = 0; rep < REPETITIONS; rep++) {
		for (size_t i = 0; i < OPS; i++) {
			double start = now_ns();

			ops[i].run(BATCH);
			ns[i][rep] = (now_ns() - start) / BATCH;
		}
	}
	for (size_t i = 0; i < OPS; i++) {
		qsort(ns[i], REPETITIONS, sizeof(ns[i][0]), compare);
		printf("%s,%.1f,%.1f\n", ops[i].name, ns[i][REPETITIONS / 2],
		       ns[i][0]);
	}
}

/* Once each, since they change the directory: per file. */
static void big_create(void)
{
	double start = now_ns(), ns;
	char name[32];

	MUST(mkdir("big", 0700));
	for (long i = 0; i < files; i++) {
		int fd;

		snprintf(name, sizeof(name), "big/f%ld", i);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		MUST(fd);
		close(fd);
	}
	ns = (now_ns() - start) / (double)files;
	printf("create in large,%.1f,%.1f\n", ns, ns);
}

static void big_list(void)
{
	double start = now_ns(), ns;
	DIR *dir = opendir("big");
	long found = 0;

	if (!dir)
		die("opendir");
	while (readdir(dir))
		found++;
	closedir(dir);
	if (found != files + 2)
		die("readdir");
	ns = (now_ns() - start) / (double)found;
	printf("readdir in large,%.1f,%.1f\n", ns, ns);
}

static void big_remove(void)
{
	double start = now_ns(), ns;
	char name[32];

	for (long i = 0; i < files; i++) {
		snprintf(name, sizeof(name), "big/f%ld", i);
		MUST(unlink(name));
	}
	ns = (now_ns() - start) / (double)files;
	printf("unlink in large,%.1f,%.1f\n", ns, ns);
	MUST(rmdir("big"));
}

static void make_directories(char *path)
{
	for (char *p = path + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			die(path);
		*p = c;
		if (!c)
			return;
	}
}

static void make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	MUST(fd);
	MUST(write(fd, block, BLOCK));
	MUST(close(fd));
}

int main(int argc, char *argv[])
{
	char deep[] = "a/b/c/d/e/f/g";

	if (argc != 3 || (files = atol(argv[2])) <= 0) {
		fprintf(stderr, "usage: micro DIRECTORY FILES\n");
		return 2;
	}
	make_directories(argv[1]);
	MUST(chdir(argv[1]));
	memset(block, 'x', BLOCK);
	make_directories(deep);
	make_file("file");
	make_file("a/b/c/d/e/f/g/file");
	MUST(warm_fd = open("file", O_RDWR));
	big_create();
	measure();
	big_list();
	big_remove();
	return 0;
}
