/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out in each system call that takes some, in surroundings in
 * which it takes as much as it may: directories whose next entry needs a chunk
 * or an index, and more open files than fit into a page. A new call is a SWEEP
 * below; it must take memory somewhere, and succeed when there is enough.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#include "abi/flock.h"
#include "abi/inotify.h"
#include "abi/ioctl.h"
#include "abi/poll.h"
#include "syscalls/internal.h"
#include "tests/unit/port_unit.h"

#define NAME_50 "a-name-that-does-not-fit-into-an-entry-of-42-bytes"
#define NAME_99 NAME_50 "-and-more-than-that-which-makes-a-link-a-small-buffer"

/* How many files there are in /d, and whether the next one to be opened needs a
 * page, when a call is made. */
static const struct {
	int entries;
	bool full;
} levels[] = {{0, false},  {1, false},	 {7, false},  {8, false},
	      {16, false}, {20, false},	 {40, false}, {64, false},
	      {80, false}, {128, false}, {0, true}};
#define LEVELS (sizeof(levels) / sizeof(*levels))

struct scenario {
	struct swept swept;
	bool took;
	struct scenario *next;
};

static struct scenario *scenarios, **scenarios_end = &scenarios;

/* From at on len bytes. */
#define LOCK(type, at, len)      \
	((long)(struct flock[]){ \
		{.l_type = (type), .l_start = (at), .l_len = (len)}})

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

/* What prepare() leaves open: a file of 30 bytes, one of three pages, one that
 * shares them, one that is watched, two pipes, sets of epoll. */
static int small, large, copy, seen;
static int ends[2], idle[2], sets[2];
static off_t start, far;
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

SWEEP(fallocate_zero, sys_fallocate(large, FALLOC_FL_ZERO_RANGE, 0, 30000))
SWEEP(copy_file_range, sys_copy_file_range(large, &start, small, NULL, 9000, 0))
SWEEP(copy_far, sys_copy_file_range(large, &start, copy, &far, 9000, 0))
SWEEP(clone, sys_ioctl(small, FICLONE, (void *)(intptr_t)large))
SWEEP(write_shared, sys_pwrite64(copy, data, 1, 5000))
SWEEP(truncate_shared, sys_ftruncate(copy, 5000))
SWEEP(punch_shared, sys_fallocate(copy, 3, 100, 5000))
SWEEP(sendfile, sys_sendfile(small, large, &start, 9000))
SWEEP(getxattr, sys_getxattr("/large", "user.b", data, sizeof(data)))
SWEEP(listxattr, sys_listxattr("/large", data, sizeof(data)))

/* Empty pipes, one in which there is a byte, and a FIFO. */
SWEEP(pipe_write, sys_write(idle[1], data, 9000))
SWEEP(pipe_writev, sys_writev(idle[1], two, 2))
SWEEP(pipe_size, sys_fcntl(ends[1], F_SETPIPE_SZ, 1 << 20))
SWEEP(pipe_splice_in, sys_splice(large, &start, idle[1], NULL, 9000, 0))
SWEEP(pipe_splice_out, sys_splice(ends[0], NULL, large, &far, 9, 0))
SWEEP(pipe_sendfile, sys_sendfile(idle[1], large, &start, 9000))
SWEEP(fifo_open, sys_open("/fifo", O_RDWR, 0))
SWEEP(fifo_open_nonblock, sys_open("/fifo", O_RDONLY | O_NONBLOCK, 0))

/* A set in which there are as many files as it has buckets. */
static struct epoll_event event = {.events = POLLIN};
static struct pollfd polled[200];
static uint64_t set[1024 / 64];
SWEEP(epoll_add, sys_epoll_ctl(sets[0], EPOLL_CTL_ADD, ends[0], &event))
SWEEP(epoll_nest, sys_epoll_ctl(sets[0], EPOLL_CTL_ADD, sets[1], &event))
SWEEP(poll, sys_poll(polled, 200, 0))
SWEEP(select, sys_select(1024, set, NULL, NULL, (struct timeval[]){{0, 0}}))

SWEEP(flock, sys_flock(small, LOCK_EX | LOCK_NB))
SWEEP(lock, sys_fcntl(small, F_SETLK, LOCK(F_WRLCK, 10, 20)))
SWEEP(lock_other, sys_fcntl(large, F_SETLK, LOCK(F_RDLCK, 10, 20)))
SWEEP(lock_of_file, sys_fcntl(small, F_OFD_SETLK, LOCK(F_WRLCK, 500, 20)))
SWEEP(unlock_within, sys_fcntl(large, F_SETLK, LOCK(F_UNLCK, 110, 20)))

static int watcher;
SWEEP(inotify_add_watch, sys_inotify_add_watch(watcher, "/d", 0xfff))
SWEEP(watched_open, sys_open("/e/watched", O_RDONLY, 0))
SWEEP(watched_make, sys_mkdir("/e/new", 0755))
SWEEP(watched_rename, sys_rename("/e/watched", "/e/" NAME_50))
SWEEP(watched_write, sys_write(seen, data, 3000))

SWEEP(proc_open, sys_open("/proc/self/maps", O_RDONLY, 0))
SWEEP(proc_link, sys_readlink("/proc/self/fd/3", data, sizeof(data)))

static void must(long result)
{
	port_assert(result >= 0);
}

static void prepare_ready(void)
{
	must(sys_pipe2(ends, O_NONBLOCK));
	must(sys_write(ends[1], data, 1));
	must(sys_pipe2(idle, O_NONBLOCK));
	sets[0] = (int)sys_epoll_create1(0);
	sets[1] = (int)sys_epoll_create1(0);
	for (int i = 0; i < 16; i++)
		must(sys_epoll_ctl(sets[0], EPOLL_CTL_ADD, (int)sys_eventfd(0),
				   &event));
	for (size_t i = 0; i < 200; i++)
		polled[i] = (struct pollfd){ends[0], POLLIN, 0};
	set[0] = 1 << ends[0];
}

static void prepare_watched(void)
{
	watcher = (int)sys_inotify_init1(0);
	must(watcher);
	seen = (int)sys_open("/e/watched", O_RDWR | O_CREAT, 0644);
	must(seen);
	must(sys_inotify_add_watch(watcher, "/e", IN_ALL_EVENTS));
	start = 0;
	far = 1L << 40;
}

/* Opens files until those of a page are all in use. */
static void fill_page(void)
{
	size_t live = port_unit_live();

	while (port_unit_live() < live + PAGE_SIZE)
		must(sys_open("/dev/null", O_RDONLY, 0));
	for (size_t i = 1; i < PAGE_SIZE / sizeof(struct file); i++)
		must(sys_open("/dev/null", O_RDONLY, 0));
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
	must(sys_lseek(small, 0, SEEK_END));
	must(sys_setxattr("/large", "user.b", data, 3000, 0));
	copy = (int)sys_open("/copy", O_RDWR | O_CREAT, 0644);
	must(sys_ioctl(copy, FICLONE, (void *)(intptr_t)large));
	must(sys_mknod("/fifo", S_IFIFO | 0644, 0));
	must(sys_fcntl(large, F_SETLK, LOCK(F_WRLCK, 100, 100)));
	prepare_ready();
	prepare_watched();
	if (levels[level].full)
		fill_page();
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
