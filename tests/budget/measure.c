/* SPDX-License-Identifier: MIT */
/*
 * Single system calls, many times each, for tests/budget.sh to count their
 * instructions under callgrind. Each is done so many times, then more often:
 * what only happens once drops out of the difference. Callgrind's counts are
 * written out after each, under the name of the operation and how many times it
 * was done.
 */
#include "sys.h"

#include <valgrind/callgrind.h>

#include "abi/fcntl.h"
#include "abi/stat.h"
#include "port/port.h"
#include "syscalls/syscall.h"
#include "tests/budget/port.h"

#define BLOCK	  4096
#define ENTRY	  32   /* bytes of a listing for each of "file000" and so on */
#define NAMES	  1000 /* in the large directory */
#define FEW	  100
#define MANY	  900
#define DESC_SIZE 64

static char block[BLOCK], listing[NAMES * ENTRY];
static struct stat st;
static int file_fd, grow_fd, list_fd;

/* What an operation must do: n is its result. */
#define MUST(n, expected) port_assert((n) == (expected))

static void op_open(const char *path)
{
	long fd = sys_open(path, O_RDONLY, 0);

	port_assert(fd >= 0);
	MUST(sys_close((int)fd), 0);
}

static void op_open_1(unsigned n)
{
	while (n--)
		op_open("file");
}

static void op_open_8(unsigned n)
{
	while (n--)
		op_open("a/b/c/d/e/f/g/file");
}

static void op_stat(unsigned n)
{
	while (n--)
		MUST(sys_stat("file", &st), 0);
}

static void op_stat_missing(unsigned n)
{
	while (n--)
		MUST(sys_stat("missing", &st), -2); /* ENOENT */
}

static void op_fstat(unsigned n)
{
	while (n--)
		MUST(sys_fstat(file_fd, &st), 0);
}

static void op_lseek(unsigned n)
{
	while (n--)
		MUST(sys_lseek(file_fd, 0, 0), 0);
}

static void op_create(unsigned n)
{
	while (n--) {
		long fd = sys_open("new", O_RDWR | O_CREAT | O_EXCL, 0600);

		port_assert(fd >= 0);
		MUST(sys_close((int)fd), 0);
		MUST(sys_unlink("new"), 0);
	}
}

static void op_mkdir(unsigned n)
{
	while (n--) {
		MUST(sys_mkdir("new", 0700), 0);
		MUST(sys_rmdir("new"), 0);
	}
}

static void op_rename(unsigned n)
{
	for (; n; n -= 2) {
		MUST(sys_rename("file", "elif"), 0);
		MUST(sys_rename("elif", "file"), 0);
	}
}

static void op_pread(unsigned n)
{
	while (n--)
		MUST(sys_pread64(file_fd, block, BLOCK, BLOCK), BLOCK);
}

static void op_pwrite(unsigned n)
{
	while (n--)
		MUST(sys_pwrite64(file_fd, block, BLOCK, BLOCK), BLOCK);
}

static void op_read_byte(unsigned n)
{
	MUST(sys_lseek(file_fd, 0, 0), 0);
	while (n--)
		MUST(sys_read(file_fd, block, 1), 1);
}

static void op_write_byte(unsigned n)
{
	MUST(sys_lseek(file_fd, 0, 0), 0);
	while (n--)
		MUST(sys_write(file_fd, block, 1), 1);
}

static void op_append(unsigned n)
{
	MUST(sys_ftruncate(grow_fd, 0), 0);
	MUST(sys_lseek(grow_fd, 0, 0), 0);
	while (n--)
		MUST(sys_write(grow_fd, block, BLOCK), BLOCK);
}

static void op_getdents(unsigned n)
{
	MUST(sys_lseek(list_fd, 0, 0), 0);
	/* two of them are "." and "..", which take 8 bytes less */
	MUST(sys_getdents64(list_fd, listing, n * ENTRY), n * ENTRY - 16);
}

static const struct {
	const char *name;
	void (*run)(unsigned n);
} ops[] = {
	{"open+close", op_open_1},
	{"open+close, 8 levels down", op_open_8},
	{"stat", op_stat},
	{"stat of a missing file", op_stat_missing},
	{"fstat", op_fstat},
	{"lseek", op_lseek},
	{"create+close+unlink", op_create},
	{"mkdir+rmdir", op_mkdir},
	{"rename", op_rename},
	{"pread of 4 KiB", op_pread},
	{"pwrite of 4 KiB", op_pwrite},
	{"read of 1 byte", op_read_byte},
	{"write of 1 byte", op_write_byte},
	{"write of 4 KiB, appending", op_append},
	{"getdents64, per entry", op_getdents},
};

static int open_new(const char *path)
{
	long fd = sys_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	port_assert(fd >= 0);
	return (int)fd;
}

/* A directory with a hundred files is the current one, with "file" of some
 * blocks among them; below it eight levels, and a large directory. */
static void prepare(void)
{
	char name[] = "file000";
	char deep[] = "a/b/c/d/e/f/g/file";

	MUST(sys_mkdir("/here", 0755), 0);
	MUST(sys_mkdir("/here/large", 0755), 0);
	for (unsigned i = 0; i < NAMES; i++) {
		name[4] = (char)('0' + i / 100);
		name[5] = (char)('0' + i / 10 % 10);
		name[6] = (char)('0' + i % 10);
		if (i % FEW == 0)
			MUST(sys_chdir(i ? "/here/large" : "/here"), 0);
		MUST(sys_close(open_new(name)), 0);
	}
	MUST(sys_chdir("/here"), 0);
	for (size_t i = 1; deep[i] == '/'; i += 2) {
		deep[i] = '\0';
		MUST(sys_mkdir(deep, 0755), 0);
		deep[i] = '/';
	}
	MUST(sys_close(open_new(deep)), 0);
	file_fd = open_new("file");
	for (unsigned i = 0; i < 4; i++)
		MUST(sys_write(file_fd, block, BLOCK), BLOCK);
	grow_fd = open_new("grow");
	list_fd = (int)sys_open("large", O_RDONLY | O_DIRECTORY, 0);
	port_assert(list_fd >= 0);
}

static void measure(size_t op, unsigned n)
{
	char desc[DESC_SIZE];

	budget_desc(desc, sizeof(desc), ops[op].name, n);
	CALLGRIND_ZERO_STATS;
	ops[op].run(n);
	CALLGRIND_DUMP_STATS_AT(desc);
}

int main(void)
{
	const struct syscall_config config = {.trace = false};

	syscall_init(&config);
	prepare();
	for (size_t op = 0; op < sizeof(ops) / sizeof(*ops); op++) {
		ops[op].run(FEW);
		measure(op, FEW);
		measure(op, MANY);
	}
	return 0;
}
