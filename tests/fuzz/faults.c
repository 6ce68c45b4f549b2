/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out in each system call that takes some, in surroundings in
 * which it takes as much as it may: directories whose next entry needs a chunk
 * or an index, and more open files than fit into a page. A new call is a SWEEP
 * below; it must take memory somewhere, and succeed when there is enough.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#include "syscalls/internal.h"
#include "tests/unit/port_unit.h"

#define NAME_50 "a-name-that-does-not-fit-into-an-entry-of-42-bytes"
#define NAME_99 NAME_50 "-and-more-than-that-which-makes-a-link-a-small-buffer"

/* How many files there are in /d, and how many are open, when a call is made. */
static const struct {
	int entries, opened;
} levels[] = {{0, 0},
	      {1, 0},
	      {7, 0},
	      {8, 0},
	      {16, 0},
	      {20, 0},
	      {40, 0},
	      {64, 0},
	      {80, 0},
	      {128, 0},
	      /* the next one needs a page, as 0, 1 and 2 are open too */
	      {0, PAGE_SIZE / sizeof(struct file) - 3 - 1}};
#define LEVELS (sizeof(levels) / sizeof(*levels))

struct scenario {
	struct swept swept;
	bool took;
	struct scenario *next;
};

static struct scenario *scenarios, **scenarios_end = &scenarios;

#define SWEEP(what, ...)                                          \
	static long what##_call(const void *context)              \
	{                                                         \
		(void)context;                                    \
		return __VA_ARGS__;                               \
	}                                                         \
	__attribute__((constructor)) static void what##_add(void) \
	{                                                         \
		static struct scenario it = {                     \
			{#what, what##_call, NULL}, false, NULL}; \
                                                                  \
		*scenarios_end = &it;                             \
		scenarios_end = &it.next;                         \
	}

/* What prepare() leaves open: a file of 30 bytes, and one of three pages. */
static int small, large;
static int ends[2];
static char data[20000];
static gid_t ids[2000];
static const struct iovec two[] = {{data, 3000}, {data, 9000}};

SWEEP(open_new, sys_open("/d/new", O_RDWR | O_CREAT, 0644))
SWEEP(open_new_long, sys_open("/d/" NAME_50, O_RDWR | O_CREAT, 0644))
SWEEP(openat_new, sys_openat(AT_FDCWD, "d/new", O_RDWR | O_CREAT, 0644))
SWEEP(openat_old, sys_openat(AT_FDCWD, "large", O_RDWR, 0))
SWEEP(open_truncate, sys_open("/large", O_RDWR | O_TRUNC, 0))
SWEEP(creat_new, sys_creat("/d/new", 0644))
SWEEP(creat_old, sys_creat("/large", 0644))
SWEEP(pipe, sys_pipe(ends))
SWEEP(pipe2, sys_pipe2(ends, O_CLOEXEC))
SWEEP(eventfd, sys_eventfd(3))
SWEEP(eventfd2, sys_eventfd2(3, 0))
SWEEP(epoll_create, sys_epoll_create(1))
SWEEP(epoll_create1, sys_epoll_create1(0))
SWEEP(inotify_init, sys_inotify_init())
SWEEP(inotify_init1, sys_inotify_init1(0))
SWEEP(dup_far, sys_fcntl(small, F_DUPFD, 1000))
SWEEP(dup2_far, sys_dup2(small, 1023))
SWEEP(dup3_far, sys_dup3(small, 1023, O_CLOEXEC))
SWEEP(mknod, sys_mknod("/d/new", S_IFIFO | 0644, 0))
SWEEP(tmpfile, sys_open("/d", O_RDWR | O_TMPFILE, 0644))
SWEEP(mkdir, sys_mkdir("/d/new", 0755))
SWEEP(mkdirat, sys_mkdirat(AT_FDCWD, "d/" NAME_50, 0755))
SWEEP(link, sys_link("/small", "/d/" NAME_50))
SWEEP(linkat, sys_linkat(AT_FDCWD, "small", AT_FDCWD, "d/" NAME_50, 0))
SWEEP(symlink, sys_symlink(NAME_99, "/d/new"))
SWEEP(symlinkat, sys_symlinkat(NAME_99, AT_FDCWD, "d/" NAME_50))
SWEEP(rename, sys_rename("/small", "/d/" NAME_50))
SWEEP(renameat, sys_renameat(AT_FDCWD, "e", AT_FDCWD, "/d/" NAME_50))
SWEEP(renameat2,
      sys_renameat2(AT_FDCWD, "e", AT_FDCWD, "/d/" NAME_50, RENAME_NOREPLACE))
SWEEP(rename_whiteout,
      sys_renameat2(AT_FDCWD, "e", AT_FDCWD, "/d/" NAME_50, RENAME_WHITEOUT))
SWEEP(setxattr, sys_setxattr("/small", "user.a", data, 3000, 0))
SWEEP(setxattr_one_more, sys_setxattr("/d", "user.a", data, 3, 0))
SWEEP(setgroups, sys_setgroups(2000, ids))
SWEEP(setresuid, sys_setresuid(0, 5, 0))
SWEEP(write_small, sys_write(small, data, 40))
SWEEP(write_page, sys_write(small, data, 4096))
SWEEP(write_far, sys_pwrite64(small, data, 1, 1L << 40))
SWEEP(write_hole, sys_pwrite64(large, data, 1, 1L << 30))
SWEEP(writev, sys_writev(small, two, 2))
SWEEP(pwritev, sys_pwritev(large, two, 2, 30000))
SWEEP(fallocate, sys_fallocate(small, 0, 3000, 9000))

static int watcher;
SWEEP(inotify_add_watch, sys_inotify_add_watch(watcher, "/d", 0xfff))

static void must(long result)
{
	port_assert(result >= 0);
}

static void prepare(size_t level)
{
	char path[32];

	world_begin(0, 0, false);
	must(sys_mkdir("/d", 0755));
	must(sys_mkdir("/e", 0755));
	for (int i = 0; i < levels[level].entries; i++) {
		snprintf(path, sizeof(path), "/d/%d", i);
		must(sys_symlink("x", path));
	}
	small = (int)sys_open("/small", O_RDWR | O_CREAT, 0644);
	large = (int)sys_open("/large", O_RDWR | O_CREAT, 0644);
	must(sys_write(small, data, 30));
	must(sys_write(large, data, 3 * PAGE_SIZE));
	watcher = (int)sys_inotify_init1(0);
	must(watcher);
	must(sys_lseek(small, 0, SEEK_END));
	for (int i = 3; i <= levels[level].opened; i++)
		must(sys_open("/dev/null", O_RDONLY, 0));
}

static const struct swept *running;

static void say_where(void)
{
	fprintf(stderr, "in %s\n", running ? running->name : "no call");
}

static void scenario_run(struct scenario *scenario, size_t level, bool exact)
{
	size_t allocs;
	long result;

	port_unit_reset(1);
	port_unit_exact = exact;
	prepare(level);
	running = &scenario->swept;
	result = sweep(running, &allocs);
	if (result < 0)
		fprintf(stderr, "result: %ld\n", result);
	must(result);
	scenario->took |= allocs > 0;
	world_end();
}

int main(void)
{
	port_unit_on_panic = say_where;
	for (struct scenario *it = scenarios; it; it = it->next) {
		for (size_t level = 0; level < LEVELS; level++) {
			scenario_run(it, level, true);
			scenario_run(it, level, false);
		}
		port_assert(it->took);
		printf("ok %s\n", it->swept.name);
	}
	return 0;
}
