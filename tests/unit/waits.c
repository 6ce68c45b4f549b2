/* SPDX-License-Identifier: MIT */
/*
 * Threads that wait for each other in system calls, and that share what these
 * keep beside files: pipes, FIFOs, sets of epoll, watches, locks, pages of
 * several files. What comes through is exact; the thread sanitizer, the order of
 * locks and the end (nothing lost, no memory left) say the rest.
 */
#include "syscalls/internal.h"
#include "fs/internal.h"

#include <stdio.h>

#include "abi/flock.h"
#include "abi/inotify.h"
#include "abi/ioctl.h"
#include "abi/poll.h"
#include "tests/unit/check.h"
#include "tests/unit/port_unit.h"

#define NUMBERS 4000 /* from each thread */
#define MAKERS	3    /* threads 0 to 2 make something, the others take it */
#define TAKERS	3

static int in, out, set, stop; /* descriptors */
static uint64_t sum;	       /* atomic: of the numbers that came through */
static uint32_t taken, running, met; /* atomic */

static void begin(void)
{
	const struct syscall_config config = {.fs_bytes_max = 1 << 26,
					      .fs_nodes_max = 1 << 12};

	syscall_init(&config);
	sum = taken = met = 0;
	running = MAKERS;
	set = (int)sys_epoll_create1(0);
	stop = (int)sys_eventfd2(0, O_NONBLOCK);
}

static void pipe_make(int flags)
{
	int ends[2];

	CHECK_EQ(sys_pipe2(ends, flags), 0);
	in = ends[0];
	out = ends[1];
}

static int file_make(const char *path)
{
	int fd = (int)sys_open(path, O_RDWR | O_CREAT, 0644);

	CHECK(fd >= 0);
	return fd;
}

static void take(uint32_t number)
{
	__atomic_fetch_add(&sum, number, __ATOMIC_RELAXED);
	__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
}

static bool is_last(void)
{
	return __atomic_sub_fetch(&running, 1, __ATOMIC_ACQ_REL) == 0;
}

/* All that the makers made came through, once. */
static void check_taken(void)
{
	uint64_t count = (uint64_t)MAKERS * NUMBERS;

	CHECK_EQ(taken, count);
	CHECK_EQ(sum, count * (count - 1) / 2);
}

static uint32_t number_of(int maker, uint32_t i)
{
	return (uint32_t)maker * NUMBERS + i;
}

static void stop_all(void)
{
	CHECK_EQ(sys_write(stop, (uint64_t[]){1}, 8), 8);
}

/* -- Pipes ------------------------------------------------------------------- */

/* What can be done to a pipe while others use it. */
static void disturb(int fd, uint32_t turn)
{
	struct pollfd polled = {fd, POLLIN | POLLOUT, 0};
	int pending, size = turn & 64 ? 65536 : 1 << 20;
	struct stat st;

	CHECK_EQ(sys_ioctl(fd, FIONREAD, &pending), 0);
	(void)!sys_fcntl(fd, F_SETPIPE_SZ, size);
	CHECK(sys_fcntl(fd, F_GETPIPE_SZ, 0) > 0);
	CHECK(sys_poll(&polled, 1, 0) >= 0);
	CHECK_EQ(sys_fstat(fd, &st), 0);
	CHECK_EQ(sys_fcntl(fd, F_SETFL, 0), 0);
}

static void numbers_write(int index, int fd)
{
	bool is_pipe = sys_lseek(fd, 0, SEEK_CUR) < 0;

	for (uint32_t i = 0; i < NUMBERS; i++) {
		uint32_t number = number_of(index, i);

		CHECK_EQ(sys_write(fd, &number, 4), 4);
		if (is_pipe && i % 64 == 0)
			disturb(fd, i);
	}
}

static void numbers_read(int fd)
{
	uint32_t numbers[50];
	long n;

	while ((n = sys_read(fd, numbers, sizeof(numbers))) > 0) {
		CHECK_EQ(n % 4, 0);
		for (long i = 0; i < n / 4; i++)
			take(numbers[i]);
	}
	CHECK_EQ(n, 0);
}

static void pipe_body(int index)
{
	if (index >= MAKERS) {
		numbers_read(in);
		return;
	}
	numbers_write(index, out);
	if (is_last())
		CHECK_EQ(sys_close(out), 0);
}

TEST(what_is_written_to_a_pipe_is_read_once)
{
	begin();
	pipe_make(0);
	port_unit_threads(MAKERS + TAKERS, pipe_body);
	check_taken();
	syscall_fini();
}

/* Nobody goes on before all are here. */
static void meet(void)
{
	struct pollfd polled = {stop, POLLIN, 0};

	if (__atomic_add_fetch(&met, 1, __ATOMIC_RELAXED) == MAKERS + TAKERS)
		stop_all();
	CHECK_EQ(sys_poll(&polled, 1, -1), 1);
}

static void fifo_body(int index)
{
	bool writes = index < MAKERS;
	int fd = (int)sys_open("/fifo", writes ? O_WRONLY : O_RDONLY, 0);

	CHECK(fd >= 0);
	meet();
	if (writes)
		numbers_write(index, fd);
	else
		numbers_read(fd);
	CHECK_EQ(sys_close(fd), 0);
}

TEST(opening_a_fifo_waits_for_the_other_end)
{
	begin();
	CHECK_EQ(sys_mknod("/fifo", S_IFIFO | 0600, 0), 0);
	port_unit_threads(MAKERS + TAKERS, fifo_body);
	check_taken();
	syscall_fini();
}

/* A file of numbers goes through a pipe into another one, and pages with it. */
static void splice_body(int index)
{
	int file = file_make(index ? "/to" : "/from");
	long n;

	do {
		if (index)
			n = sys_splice(in, NULL, file, NULL, 10000, 0);
		else
			n = sys_splice(file, NULL, out, NULL, 70000, 0);
		CHECK(n >= 0);
	} while (n > 0);
	if (!index)
		CHECK_EQ(sys_close(out), 0);
	CHECK_EQ(sys_close(file), 0);
}

TEST(what_is_spliced_through_a_pipe_is_the_same)
{
	int from, to;

	begin();
	from = file_make("/from");
	for (int i = 0; i < 50; i++)
		numbers_write(i % MAKERS, from);
	pipe_make(0);
	port_unit_threads(2, splice_body);
	to = file_make("/to");
	for (uint32_t i = 0; i < 50 * NUMBERS; i++) {
		uint32_t number;

		CHECK_EQ(sys_read(to, &number, 4), 4);
		CHECK_EQ(number,
			 number_of((int)(i / NUMBERS) % MAKERS, i % NUMBERS));
	}
	CHECK_EQ(sys_lseek(from, 0, SEEK_END), sys_lseek(to, 0, SEEK_END));
	syscall_fini();
}

/* -- epoll and eventfd -------------------------------------------------------- */

static void set_add(int fd, uint32_t events)
{
	struct epoll_event event = {.events = events};

	event.data = (uint64_t)fd;
	CHECK_EQ(sys_epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
}

/* What others make come and go meanwhile. */
static void set_disturb(void)
{
	struct epoll_event event = {.events = POLLIN};
	int fd = (int)sys_eventfd2(1, O_NONBLOCK), other = (int)sys_dup(fd);

	CHECK_EQ(sys_epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
	event.events = POLLOUT | EPOLLONESHOT;
	CHECK_EQ(sys_epoll_ctl(set, EPOLL_CTL_MOD, fd, &event), 0);
	CHECK_EQ(sys_close(other), 0);
	CHECK_EQ(sys_close(fd), 0); /* which takes it out */
}

static void edge_make(int index)
{
	for (uint32_t i = 0; i < NUMBERS; i++) {
		uint32_t number = number_of(index, i);

		CHECK_EQ(sys_write(out, &number, 4), 4);
		if (i % 64 == 0)
			set_disturb();
	}
	if (is_last())
		CHECK_EQ(sys_close(out), 0);
}

static void edge_take(void)
{
	struct epoll_event event;
	uint32_t numbers[20];
	long n;

	for (;;) {
		CHECK_EQ(sys_epoll_wait(set, &event, 1, -1), 1);
		if (event.data == (uint64_t)stop)
			return;
		while ((n = sys_read(in, numbers, sizeof(numbers))) > 0) {
			for (long i = 0; i < n / 4; i++)
				take(numbers[i]);
		}
		if (n == 0)
			stop_all();
	}
}

static void edge_body(int index)
{
	if (index < MAKERS)
		edge_make(index);
	else
		edge_take();
}

TEST(nothing_is_missed_that_epoll_tells_once)
{
	begin();
	pipe_make(0);
	CHECK_EQ(sys_fcntl(in, F_SETFL, O_NONBLOCK), 0);
	set_add(stop, POLLIN);
	set_add(in, POLLIN | EPOLLET);
	port_unit_threads(MAKERS + TAKERS, edge_body);
	check_taken();
	syscall_fini();
}

static void count_body(int index)
{
	struct pollfd polled[2] = {{in, POLLIN, 0}, {stop, POLLIN, 0}};
	uint64_t value;

	for (uint32_t i = 0; index < MAKERS && i < NUMBERS; i++) {
		value = number_of(index, i) + 1;
		CHECK_EQ(sys_write(in, &value, 8), 8);
	}
	if (index < MAKERS) {
		if (is_last())
			stop_all();
		return;
	}
	do {
		CHECK(sys_poll(polled, 2, -1) > 0);
		if (sys_read(in, &value, 8) == 8)
			__atomic_fetch_add(&sum, value, __ATOMIC_RELAXED);
	} while (!(polled[1].revents & POLLIN) || polled[0].revents & POLLIN);
}

TEST(an_eventfd_adds_up_what_threads_write)
{
	uint64_t count = (uint64_t)MAKERS * NUMBERS;

	begin();
	in = (int)sys_eventfd2(0, O_NONBLOCK);
	port_unit_threads(MAKERS + TAKERS, count_body);
	CHECK_EQ(sum, count * (count + 1) / 2);
	syscall_fini();
}

/* -- inotify ------------------------------------------------------------------- */

#define NAMES 1500 /* of each maker: all events fit in a queue */

static void watched_make(int index)
{
	char path[32], moved[32];

	for (int i = 0; i < NAMES; i++) {
		snprintf(path, sizeof(path), "/w/%d", number_of(index, 0) + i);
		snprintf(moved, sizeof(moved), "/v/%d", i % 7);
		CHECK_EQ(sys_mkdir(path, 0755), 0);
		if (i % 3 == 0)
			(void)!sys_rename(path, moved);
		else
			CHECK_EQ(sys_rmdir(path), 0);
		if (i % 50 == 0)
			CHECK(sys_inotify_add_watch(set, "/v", IN_ALL_EVENTS) >
			      0);
		if (i % 50 == 25)
			(void)!sys_inotify_rm_watch(set, 1);
	}
	if (is_last())
		CHECK_EQ(sys_mkdir("/w/stop", 0755), 0);
}

/* Reads what was created, until that is "stop". */
static void watched_read(void)
{
	char buf[1024] __attribute__((aligned(8)));
	int pending;
	long n;

	for (;;) {
		CHECK_EQ(sys_ioctl(in, FIONREAD, &pending), 0);
		n = sys_read(in, buf, sizeof(buf));
		CHECK(n > 0);
		for (long at = 0; at < n;) {
			const struct inotify_event *event =
				(const void *)(buf + at);

			CHECK_EQ(event->mask & ~IN_ISDIR, IN_CREATE);
			if (event->name[0] == 's')
				return;
			take(1);
			at += (long)(sizeof(*event) + event->len);
		}
	}
}

static void watched_body(int index)
{
	if (index < MAKERS)
		watched_make(index);
	else
		watched_read();
}

TEST(each_creation_in_a_watched_directory_is_told_once)
{
	begin();
	CHECK_EQ(sys_mkdir("/w", 0755), 0);
	CHECK_EQ(sys_mkdir("/v", 0755), 0);
	in = (int)sys_inotify_init1(0);
	set = (int)sys_inotify_init1(0); /* that nobody reads */
	CHECK_EQ(sys_inotify_add_watch(in, "/w", IN_CREATE), 1);
	port_unit_threads(MAKERS + 1, watched_body);
	CHECK_EQ(taken, MAKERS * NAMES);
	syscall_fini();
}

/* -- Locks of files -------------------------------------------------------------- */

static uint64_t guarded[2]; /* by locks of files: the sanitizer says if not */

static void guarded_add(int fd, int which, bool record)
{
	struct flock lock = {.l_type = F_WRLCK, .l_start = which, .l_len = 1};

	if (record)
		CHECK_EQ(sys_fcntl(fd, F_OFD_SETLKW, (long)&lock), 0);
	else
		CHECK_EQ(sys_flock(fd, LOCK_EX), 0);
	guarded[which]++;
	lock.l_type = F_UNLCK;
	if (record)
		CHECK_EQ(sys_fcntl(fd, F_OFD_SETLKW, (long)&lock), 0);
	else
		CHECK_EQ(sys_flock(fd, LOCK_UN), 0);
}

static void guard_body(int index)
{
	for (int i = 0; i < 200; i++) {
		int records = file_make("/f"), flocks = file_make("/g");

		guarded_add(records, 0, true);
		guarded_add(flocks, 1, false);
		/* the last lock goes with the file */
		if (index % 2)
			CHECK_EQ(sys_flock(flocks, LOCK_SH), 0);
		CHECK_EQ(sys_close(records), 0);
		CHECK_EQ(sys_close(flocks), 0);
	}
}

TEST(who_has_a_lock_on_a_file_is_alone)
{
	begin();
	guarded[0] = guarded[1] = 0;
	port_unit_threads(6, guard_body);
	CHECK_EQ(guarded[0], 6 * 200);
	CHECK_EQ(guarded[1], 6 * 200);
	syscall_fini();
}

/* -- Pages of several files ------------------------------------------------------- */

#define FILES 3
#define PAGES 5

/* Each page has one byte throughout; whatever is copied, no page is a mixture. */
static void page_check(int fd, long index)
{
	static _Thread_local uint8_t page[PAGE_SIZE];
	long n = sys_pread64(fd, page, PAGE_SIZE, index * PAGE_SIZE);

	CHECK(n == 0 || n == PAGE_SIZE);
	for (long i = 1; i < n; i++)
		CHECK_EQ(page[i], page[0]);
}

static void page_write(int fd, long index, uint8_t byte)
{
	static _Thread_local uint8_t page[PAGE_SIZE];

	memset(page, byte, PAGE_SIZE);
	CHECK_EQ(sys_pwrite64(fd, page, PAGE_SIZE, index * PAGE_SIZE),
		 PAGE_SIZE);
}

static void copy_step(const int *fds, uint64_t *state)
{
	int from = fds[check_random_from(state, FILES)];
	int to = fds[check_random_from(state, FILES)];
	long index = (long)check_random_from(state, PAGES);
	off_t in_at = index * PAGE_SIZE;
	off_t out_at = (off_t)check_random_from(state, PAGES) * PAGE_SIZE;

	switch (check_random_from(state, 6)) {
	case 0:
		page_write(to, index, (uint8_t)check_random_from(state, 256));
		break;
	case 1:
		(void)!sys_copy_file_range(from, &in_at, to, &out_at,
					   2 * PAGE_SIZE, 0);
		break;
	case 2:
		(void)!sys_ioctl(to, FICLONE, (void *)(intptr_t)from);
		break;
	case 3:
		CHECK_EQ(sys_ftruncate(to, in_at), 0);
		break;
	case 4:
		CHECK_EQ(sys_fallocate(to, 3, in_at, PAGE_SIZE), 0);
		break;
	default:
		page_check(from, index);
		break;
	}
}

static void copy_body(int index)
{
	uint64_t state = check_seed() * 8 + (uint64_t)index;
	int fds[FILES];

	for (int i = 0; i < FILES; i++)
		fds[i] = file_make((char[]){'/', (char)('a' + i), '\0'});
	for (int i = 0; i < 4000; i++)
		copy_step(fds, &state);
	for (int i = 0; i < FILES; i++)
		CHECK_EQ(sys_close(fds[i]), 0);
}

TEST(pages_of_several_files_are_each_written_alone)
{
	begin();
	port_unit_threads(4, copy_body);
	fs_check(process.fs);
	syscall_fini();
}
