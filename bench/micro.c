/* SPDX-License-Identifier: MIT */
/*
 * What single file operations cost, in ns per operation. Reads and writes of a
 * size go to the same place, to one after the other, or to random places of a
 * file of 64 MiB; those of read(2) to the same and to random places include an
 * lseek. bench/limits.c prints the same cases done by memcpy alone.
 *
 * Usage: micro DIRECTORY [quick]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>

#include "bench.h"

#define FILE_SIZE   (64 * MIB)
#define APPEND_SIZE (256 * MIB)
#define PAGE	    ((size_t)4096)
#define ENTRIES	    1000

/* The page more keeps it from being exactly 1 MiB from other buffers, which is
 * slow where the TLB is mapped directly, as emulators' are. */
static char buffer[MIB + PAGE];
/* Descriptors of "file", of one page; of "large"; and of a "target". */
static int file_fd, large_fd, target_fd;

/* -- Calls on names ------------------------------------------------------------ */

static void op_null(long n)
{
	while (n--)
		(void)getuid();
}

static void op_open_close(long n)
{
	while (n--) {
		int fd = open("file", O_RDONLY);

		MUST(fd);
		close(fd);
	}
}

static void op_open_close_deep(long n)
{
	while (n--) {
		int fd = open("a/b/c/d/e/f/g/file", O_RDONLY);

		MUST(fd);
		close(fd);
	}
}

static void op_open_missing(long n)
{
	while (n--) {
		if (open("missing", O_RDONLY) >= 0)
			bench_die("open missing");
	}
}

static void op_stat(long n)
{
	struct stat st;

	while (n--)
		MUST(stat("file", &st));
}

static void op_stat_missing(long n)
{
	struct stat st;

	while (n--) {
		if (stat("missing", &st) == 0)
			bench_die("stat missing");
	}
}

static void op_access(long n)
{
	while (n--)
		MUST(access("file", R_OK));
}

static void op_create_unlink(long n)
{
	while (n--) {
		int fd = open("new", O_RDWR | O_CREAT | O_EXCL, 0600);

		MUST(fd);
		MUST(close(fd));
		MUST(unlink("new"));
	}
}

/* With close and unlink, or names would run out. */
static void op_mkstemp(long n)
{
	while (n--) {
		char name[] = "temp-XXXXXX";
		int fd = mkstemp(name);

		MUST(fd);
		MUST(close(fd));
		MUST(unlink(name));
	}
}

static void op_mkdir_rmdir(long n)
{
	while (n--) {
		MUST(mkdir("newdir", 0700));
		MUST(rmdir("newdir"));
	}
}

/* There and back. */
static void op_rename(long n)
{
	static int there;

	for (; n; n--, there = !there)
		MUST(there ? rename("there", "here") : rename("here", "there"));
}

static void op_link_unlink(long n)
{
	while (n--) {
		MUST(link("file", "newlink"));
		MUST(unlink("newlink"));
	}
}

static void op_symlink_unlink(long n)
{
	while (n--) {
		MUST(symlink("file", "newlink"));
		MUST(unlink("newlink"));
	}
}

/* All of a directory, with opening and closing it. */
static void op_readdir(long n)
{
	while (n--)
		bench_list("entries", ENTRIES);
}

/* -- Calls on descriptors -------------------------------------------------------- */

static void op_fstat(long n)
{
	struct stat st;

	while (n--)
		MUST(fstat(file_fd, &st));
}

static void op_lseek(long n)
{
	while (n--)
		MUST(lseek(file_fd, 0, SEEK_SET));
}

static void op_dup_close(long n)
{
	while (n--)
		MUST(close(dup(file_fd)));
}

/* A file of one page is cut in the page and grown again, in turn. */
static void op_truncate(long n)
{
	for (; n; n--)
		MUST(ftruncate(file_fd, n & 1 ? (off_t)PAGE : 100));
}

/* A file is mapped, each of its pages touched, and unmapped. */
static void touch(int prot)
{
	char *p = mmap(NULL, FILE_SIZE, prot, MAP_SHARED, large_fd, 0);

	if (p == MAP_FAILED)
		bench_die("mmap");
	for (size_t i = 0; i < FILE_SIZE; i += PAGE) {
		if (prot & PROT_WRITE)
			*(volatile char *)(p + i) = 'x';
		else
			(void)*(volatile char *)(p + i);
	}
	MUST(munmap(p, FILE_SIZE));
}

static void op_mmap_read(long n)
{
	while (n--)
		touch(PROT_READ);
}

static void op_mmap_write(long n)
{
	while (n--)
		touch(PROT_READ | PROT_WRITE);
}

static const struct {
	const char *name;
	void (*run)(long n);
	long each; /* how many operations that n times is */
} ops[] = {
	{"null", op_null, 1},
	{"open_close", op_open_close, 1},
	{"open_close_depth8", op_open_close_deep, 1},
	{"open_missing", op_open_missing, 1},
	{"stat", op_stat, 1},
	{"stat_missing", op_stat_missing, 1},
	{"access", op_access, 1},
	{"fstat", op_fstat, 1},
	{"lseek", op_lseek, 1},
	{"dup_close", op_dup_close, 1},
	{"create_unlink", op_create_unlink, 1},
	{"mkstemp_unlink", op_mkstemp, 1},
	{"mkdir_rmdir", op_mkdir_rmdir, 1},
	{"rename", op_rename, 1},
	{"link_unlink", op_link_unlink, 1},
	{"symlink_unlink", op_symlink_unlink, 1},
	{"readdir", op_readdir, ENTRIES + 2},
	{"truncate", op_truncate, 1},
	{"mmap_read", op_mmap_read, FILE_SIZE / PAGE},
	{"mmap_write", op_mmap_write, FILE_SIZE / PAGE},
};

/* -- Reads and writes ------------------------------------------------------------ */

enum call { CALL_READ, CALL_PREAD, CALL_PWRITE, CALL_COPY, CALLS };
enum place { PLACE_SAME, PLACE_SEQ, PLACE_RAND, PLACES };

static const char *const call_names[] = {"read", "pread", "pwrite",
					 "copy_file_range"};
static const char *const place_names[] = {"same", "seq", "rand"};
static const struct {
	size_t size;
	const char *name;
} sizes[] = {{1, "1"}, {4 * KIB, "4k"}, {64 * KIB, "64k"}, {MIB, "1m"}};

#define SIZES (sizeof(sizes) / sizeof(*sizes))

/* What data_op does. */
static enum call data_call;
static enum place data_place;
static size_t data_size;

static off_t next_offset(off_t last)
{
	uint64_t blocks = FILE_SIZE / data_size;

	if (data_place == PLACE_SAME)
		return 0;
	if (data_place == PLACE_RAND)
		return (off_t)(bench_random(blocks) * data_size);
	last += (off_t)data_size;
	return last < (off_t)FILE_SIZE ? last : 0;
}

static ssize_t data_once(off_t offset)
{
	off_t to = offset;

	switch (data_call) {
	case CALL_READ:
		if ((data_place != PLACE_SEQ || offset == 0) &&
		    lseek(large_fd, offset, SEEK_SET) < 0)
			return -1;
		return read(large_fd, buffer, data_size);
	case CALL_PREAD:
		return pread(large_fd, buffer, data_size, offset);
	case CALL_PWRITE:
		return pwrite(large_fd, buffer, data_size, offset);
	default:
		return copy_file_range(large_fd, &offset, target_fd, &to,
				       data_size, 0);
	}
}

static void data_op(long n)
{
	static off_t offset;

	if (data_call == CALL_READ && data_place == PLACE_SEQ)
		offset = lseek(large_fd, 0, SEEK_CUR) - (off_t)data_size;
	while (n--) {
		offset = next_offset(offset);
		if (data_once(offset) != (ssize_t)data_size)
			bench_die(call_names[data_call]);
	}
}

static void measure_data(enum call call, enum place place, size_t i)
{
	char name[50];

	data_call = call;
	data_place = place;
	data_size = sizes[i].size;
	snprintf(name, sizeof(name), "%s_%s_%s", call_names[call],
		 sizes[i].name, place_names[place]);
	MUST(lseek(large_fd, 0, SEEK_SET));
	bench_batches("micro", name, data_op, 1);
}

/* -- Files that grow and shrink: timed in pieces --------------------------------- */

static int new_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);

	MUST(fd);
	return fd;
}

static double append(int fd, size_t size, long n)
{
	double start = bench_now_ns();

	for (long i = 0; i < n; i++) {
		if (write(fd, buffer, size) != (ssize_t)size)
			bench_die("append");
	}
	return bench_now_ns() - start;
}

static void measure_append(void)
{
	const long count = APPEND_SIZE / PAGE;
	int fd = new_file("growing");

	bench_report("micro", "append_4k", "ns",
		     append(fd, PAGE, count) / (double)count);
	MUST(close(fd));
	MUST(unlink("growing"));
}

/* Every byte by a call of its own would take minutes: 16 stretches are, of 64
 * KiB, or as much as 20 ms allow; between them the file grows in large blocks. */
static void measure_append_bytes(void)
{
	const long stretches = 16, piece = (long)KIB;
	const size_t rest = APPEND_SIZE / 16 - 64 * KIB;
	int fd = new_file("growing");
	double ns = 0;
	long bytes = 0;

	for (long i = 0; i < stretches; i++) {
		double end = ns + 20e6;

		for (long done = 0; done < 64 && ns < end; done++) {
			ns += append(fd, 1, piece);
			bytes += piece;
		}
		append(fd, 64 * KIB, (long)(rest / (64 * KIB)));
	}
	bench_report("micro", "append_1", "ns", ns / (double)bytes);
	MUST(close(fd));
	MUST(unlink("growing"));
}

static void measure_truncate(void)
{
	int fd = new_file("shrinking");
	double ns = 0, start;
	const int count = 16;

	for (int i = 0; i < count; i++) {
		append(fd, MIB, 1);
		start = bench_now_ns();
		MUST(ftruncate(fd, 0));
		ns += bench_now_ns() - start;
	}
	bench_report("micro", "truncate_1m_to_0", "ns", ns / count);
	MUST(close(fd));
	MUST(unlink("shrinking"));
}

/* -- All of it ------------------------------------------------------------------- */

static int make_file(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	MUST(fd);
	for (size_t done = 0; done < size; done += PAGE)
		MUST(write(fd, buffer, PAGE));
	return fd;
}

static void make_files(void)
{
	char name[32];

	memset(buffer, 'x', sizeof(buffer));
	bench_make_directories("a/b/c/d/e/f/g");
	bench_make_directories("entries");
	file_fd = make_file("file", PAGE);
	large_fd = make_file("large", FILE_SIZE);
	target_fd = make_file("target", FILE_SIZE);
	MUST(close(make_file("here", 0)));
	MUST(close(make_file("a/b/c/d/e/f/g/file", 0)));
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "entries/f%d", i);
		MUST(close(make_file(name, 0)));
	}
}

int main(int argc, char *argv[])
{
	bench_start(argc, argv);
	make_files();
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		bench_batches("micro", ops[i].name, ops[i].run, ops[i].each);
	for (enum call call = CALL_READ; call <= CALL_PWRITE; call++) {
		for (size_t i = 0; i < SIZES; i++) {
			for (enum place place = 0; place < PLACES; place++)
				measure_data(call, place, i);
		}
	}
	for (size_t i = 1; i < SIZES; i++)
		measure_data(CALL_COPY, PLACE_SAME, i);
	for (int i = 0; i < (bench_quick ? 1 : 3); i++) {
		measure_append();
		measure_append_bytes();
		measure_truncate();
	}
	return 0;
}
