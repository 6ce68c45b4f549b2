/* SPDX-License-Identifier: MIT */
/*
 * What descriptors of every kind are ready for, as poll, select and epoll say,
 * by one thread; eventfd; timeouts.
 */
#include "transcript.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <time.h>

#define ALL                                                                  \
	(POLLIN | POLLOUT | POLLPRI | POLLRDNORM | POLLWRNORM | POLLRDBAND | \
	 POLLWRBAND)

static char data[100000];

/* What poll, select and epoll say of one descriptor. */
static void ready(const char *what, int fd)
{
	struct pollfd pfd = {fd, ALL, -1};
	struct epoll_event event = {ALL | EPOLLRDHUP, {0}};
	struct timeval none = {0, 0};
	fd_set sets[3];
	int set, result, bits = 0, epoll;

	result = poll(&pfd, 1, 0);
	say("%s: poll %d %x", what, result, pfd.revents);
	for (int i = 0; i < 3; i++) {
		FD_ZERO(&sets[i]);
		FD_SET(fd, &sets[i]);
	}
	set = select(fd + 1, &sets[0], &sets[1], &sets[2], &none);
	for (int i = 0; i < 3; i++)
		bits |= FD_ISSET(fd, &sets[i]) ? 1 << i : 0;
	say("  select %s %d", outcome(set), bits);
	epoll = epoll_create1(0);
	result = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	if (result < 0) {
		say("  epoll %s", outcome(result));
	} else {
		event.events = 0;
		result = epoll_wait(epoll, &event, 1, 0);
		say("  epoll %d %x", result, event.events);
	}
	close(epoll);
}

static void kinds(void)
{
	int fds[2], fd, event;

	must((fd = open("f", O_CREAT | O_RDWR, 0600)) >= 0, "open");
	ready("file", fd);
	close(fd);
	fd = open("f", O_RDONLY);
	ready("file to read", fd);
	close(fd);
	fd = open(".", O_RDONLY);
	ready("directory", fd);
	close(fd);
	fd = open("f", O_PATH);
	ready("path", fd);
	close(fd);
	must(pipe(fds) == 0, "pipe");
	ready("in, empty", fds[0]);
	ready("out, empty", fds[1]);
	must(write(fds[1], "a", 1) == 1, "write");
	ready("in, one byte", fds[0]);
	ready("out, one byte", fds[1]);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	must(write(fds[1], data, sizeof(data)) > 0, "write");
	ready("in, full", fds[0]);
	ready("out, full", fds[1]);
	must(read(fds[0], data, 4096) == 4096, "read");
	ready("out, a page free", fds[1]);
	close(fds[1]);
	ready("in, no writer", fds[0]);
	must(read(fds[0], data, sizeof(data)) > 0, "read");
	ready("in, empty, no writer", fds[0]);
	close(fds[0]);
	must(pipe(fds) == 0, "pipe");
	close(fds[0]);
	ready("out, no reader", fds[1]);
	close(fds[1]);
	must(mkfifo("fifo", 0600) == 0, "mkfifo");
	fds[0] = open("fifo", O_RDONLY | O_NONBLOCK);
	ready("fifo, no writer yet", fds[0]);
	fds[1] = open("fifo", O_WRONLY);
	ready("fifo, a writer", fds[0]);
	close(fds[1]);
	ready("fifo, no writer any more", fds[0]);
	close(fds[0]);
	fds[0] = open("fifo", O_RDWR);
	ready("fifo, both", fds[0]);
	close(fds[0]);
	event = eventfd(0, 0);
	ready("eventfd 0", event);
	eventfd_write(event, 1);
	ready("eventfd 1", event);
	eventfd_write(event, UINT64_MAX - 2);
	ready("eventfd full", event);
	close(event);
	fd = epoll_create1(0);
	ready("epoll", fd);
	close(fd);
}

static void counters(void)
{
	static const int flags[] = {0, EFD_NONBLOCK, EFD_CLOEXEC, EFD_SEMAPHORE,
				    EFD_NONBLOCK | EFD_SEMAPHORE};
	uint64_t value = 0;
	struct stat st;
	int fd;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		CALL(fd = eventfd(3, flags[i]));
		CALL(fcntl(fd, F_GETFL));
		CALL(fcntl(fd, F_GETFD));
		CALL(read(fd, &value, 8));
		say("%d", (int)value);
		CALL(close(fd));
	}
	CALL(eventfd(0, 2));
	CALL(eventfd(0, O_APPEND));
	CALL(fd = eventfd(0, EFD_NONBLOCK));
	must(fstat(fd, &st) == 0, "fstat");
	say("%o %d %d", st.st_mode, (int)st.st_nlink, (int)st.st_size);
	CALL(read(fd, &value, 8));
	CALL(read(fd, &value, 7));
	CALL(read(fd, data, 100));
	value = 0;
	CALL(write(fd, &value, 8));
	CALL(read(fd, &value, 8));
	value = UINT64_MAX;
	CALL(write(fd, &value, 8));
	CALL(write(fd, &value, 7));
	value--;
	CALL(write(fd, &value, 8));
	value = 1;
	CALL(write(fd, &value, 8));
	CALL(read(fd, data, 100));
	CALL(write(fd, &value, 8));
	CALL(write(fd, &value, 8));
	CALL(read(fd, &value, 8));
	say("%d", (int)value);
	CALL(write(fd, data, 9));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(ftruncate(fd, 0));
	CALL(fsync(fd));
	CALL(fcntl(fd, F_SETFL, O_DIRECT));
	CALL(ioctl(fd, FIONREAD, data));
	CALL(syscall(SYS_getdents64, fd, data, 1000));
	CALL(fchdir(fd));
	CALL(close(fd));
}

static int64_t ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - from->tv_sec) * 1000 +
	       (now.tv_nsec - from->tv_nsec) / 1000000;
}

/* Says whether a call took about as long as it was to. */
static void took(const struct timespec *from, int64_t ms)
{
	int64_t passed = ms_since(from);

	say("  %s", passed < ms		? "too short"
		    : passed > ms + 800 ? "too long"
					: "as long as asked");
}

static void timeouts(void)
{
	struct pollfd pfd = {-1, POLLIN, 0};
	struct timespec from, ts = {0, 30000000};
	struct timeval tv = {0, 30000};
	struct epoll_event event;
	sigset_t mask;
	int fds[2], epoll = epoll_create1(0);
	void *const nothing = NULL;
	fd_set set;

	sigemptyset(&mask);
	must(pipe(fds) == 0, "pipe");
	pfd.fd = fds[0];
#define TIMED(expr)                                    \
	do {                                           \
		clock_gettime(CLOCK_MONOTONIC, &from); \
		CALL(expr);                            \
		took(&from, 30);                       \
	} while (0)
	TIMED(poll(&pfd, 1, 30));
	TIMED(poll(nothing, 0, 30));
	TIMED(ppoll(&pfd, 1, &ts, nothing));
	TIMED(ppoll(&pfd, 1, &ts, &mask));
	say("%d %d", (int)ts.tv_sec, (int)ts.tv_nsec);
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	TIMED(select(fds[0] + 1, &set, nothing, nothing, &tv));
	say("%d", FD_ISSET(fds[0], &set) != 0);
	TIMED(pselect(0, nothing, nothing, nothing, &ts, &mask));
	TIMED(epoll_wait(epoll, &event, 1, 30));
	TIMED(epoll_pwait(epoll, &event, 1, 30, &mask));
	event.events = EPOLLIN;
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event));
	TIMED(epoll_wait(epoll, &event, 1, 30));
	/* What is there ends no wait that has not begun. */
	must(write(fds[1], "a", 1) == 1, "write");
	CALL(poll(&pfd, 1, -1));
	CALL(epoll_wait(epoll, &event, 1, -1));
	CALL(poll(&pfd, 1, 1000000));
	FD_SET(fds[0], &set);
	CALL(select(fds[0] + 1, &set, NULL, NULL, NULL));
	close(fds[0]);
	close(fds[1]);
	close(epoll);
	ts.tv_sec = 10;
	ts.tv_nsec = 5;
	CALL(syscall(SYS_ppoll, NULL, 0, &(struct timespec){0, 5}, NULL, 8));
	ts.tv_nsec = 1000000000;
	CALL(ppoll(NULL, 0, &ts, NULL));
	ts.tv_nsec = -1;
	CALL(ppoll(NULL, 0, &ts, NULL));
	ts = (struct timespec){-1, 0};
	CALL(ppoll(NULL, 0, &ts, NULL));
	CALL(pselect(0, NULL, NULL, NULL, &ts, NULL));
	CALL(syscall(SYS_select, 0, NULL, NULL, NULL,
		     &(struct timeval){-1, 0}));
	CALL(syscall(SYS_ppoll, NULL, 0, NULL, &mask, 7));
}

static void errors(void)
{
	struct pollfd pfds[3] = {{-1, POLLIN, 7}, {99, POLLIN, 7}, {1, 0, 7}};
	struct rlimit limit;
	fd_set set;

	CALL(poll(pfds, 3, 0));
	say("%x %x %x", pfds[0].revents, pfds[1].revents, pfds[2].revents);
	CALL(poll(pfds, 1, 0));
	must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
	limit.rlim_cur = 10;
	must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
	CALL(poll(pfds, 11, 0));
	limit.rlim_cur = 1024;
	must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
	CALL(select(-1, NULL, NULL, NULL, NULL));
	FD_ZERO(&set);
	FD_SET(30, &set);
	CALL(select(31, &set, NULL, NULL, NULL));
	CALL(select(31, NULL, &set, NULL, NULL));
	CALL(select(30, &set, NULL, NULL, &(struct timeval){0, 0}));
	say("%d", FD_ISSET(30, &set) != 0);
}

/* -- epoll ------------------------------------------------------------------ */

static struct epoll_event found[10];

static void show_events(int epoll, int max)
{
	int n = epoll_wait(epoll, found, max, 0);

	say("epoll_wait: %s", outcome(n));
	for (int i = 0; i < n; i++)
		say("  %x %d", found[i].events, (int)found[i].data.u64);
}

static int control(int epoll, int op, int fd, uint32_t events, int label)
{
	struct epoll_event event = {events, {0}};

	event.data.u64 = (uint64_t)label;
	return epoll_ctl(epoll, op, fd, &event);
}

#define ADD EPOLL_CTL_ADD
#define MOD EPOLL_CTL_MOD
#define DEL EPOLL_CTL_DEL

static void epoll_errors(void)
{
	struct epoll_event event = {EPOLLIN, {0}};
	int epoll, fd, fds[2];

	CALL(syscall(SYS_epoll_create, 0));
	CALL(syscall(SYS_epoll_create, -1));
	CALL(epoll_create1(1));
	CALL(epoll = epoll_create1(EPOLL_CLOEXEC));
	CALL(fcntl(epoll, F_GETFD));
	CALL(fcntl(epoll, F_GETFL));
	must(pipe(fds) == 0, "pipe");
	must((fd = open("f", O_RDWR)) >= 0, "open");
	CALL(epoll_ctl(99, ADD, fds[0], &event));
	CALL(epoll_ctl(epoll, ADD, 99, &event));
	CALL(epoll_ctl(epoll, ADD, fd, &event));
	CALL(epoll_ctl(epoll, DEL, fd, NULL));
	CALL(epoll_ctl(fd, ADD, fds[0], &event));
	CALL(epoll_ctl(fd, ADD, fd, &event));
	CALL(epoll_ctl(epoll, ADD, epoll, &event));
	CALL(epoll_ctl(epoll, MOD, fds[0], &event));
	CALL(epoll_ctl(epoll, DEL, fds[0], NULL));
	CALL(epoll_ctl(epoll, 4, fds[0], &event));
	CALL(epoll_ctl(epoll, 0, fds[0], &event));
	CALL(epoll_ctl(epoll, ADD, fds[0], &event));
	CALL(epoll_ctl(epoll, ADD, fds[0], &event));
	CALL(epoll_ctl(epoll, DEL, fds[0], NULL));
	CALL(epoll_ctl(epoll, DEL, fds[0], NULL));
	CALL(epoll_wait(epoll, found, 0, 0));
	CALL(epoll_wait(epoll, found, -1, 0));
	CALL(epoll_wait(99, found, 1, 0));
	CALL(epoll_wait(fds[0], found, 1, 0));
	CALL(control(epoll, ADD, fds[0], EPOLLIN | EPOLLEXCLUSIVE, 1));
	CALL(control(epoll, MOD, fds[0], EPOLLIN, 1));
	CALL(control(epoll, ADD, fds[1], EPOLLPRI | EPOLLEXCLUSIVE, 1));
	CALL(control(epoll, ADD, fds[1], EPOLLOUT, 1));
	CALL(control(epoll, MOD, fds[1], EPOLLOUT | EPOLLEXCLUSIVE, 1));
	CALL(read(epoll, data, 10));
	CALL(write(epoll, data, 10));
	CALL(lseek(epoll, 0, SEEK_SET));
	close(fd);
	close(fds[0]);
	close(fds[1]);
	close(epoll);
}

static void epoll_modes(void)
{
	int epoll = epoll_create1(0), fds[2];

	must(pipe2(fds, O_NONBLOCK) == 0, "pipe");
	say("level");
	CALL(control(epoll, ADD, fds[0], EPOLLIN, 1));
	CALL(control(epoll, ADD, fds[1], EPOLLOUT, 2));
	show_events(epoll, 10);
	must(write(fds[1], "a", 1) == 1, "write");
	show_events(epoll, 10);
	show_events(epoll, 1);
	show_events(epoll, 1);
	show_events(epoll, 1);
	CALL(read(fds[0], data, 10));
	show_events(epoll, 10);
	CALL(control(epoll, DEL, fds[1], 0, 0));
	show_events(epoll, 10);
	say("edge");
	CALL(control(epoll, MOD, fds[0], EPOLLIN | EPOLLET, 3));
	CALL(control(epoll, ADD, fds[1], EPOLLOUT | EPOLLET, 4));
	show_events(epoll, 10);
	show_events(epoll, 10);
	must(write(fds[1], "ab", 2) == 2, "write");
	show_events(epoll, 10);
	show_events(epoll, 10);
	must(write(fds[1], "c", 1) == 1, "write");
	show_events(epoll, 10);
	CALL(read(fds[0], data, 1));
	show_events(epoll, 10);
	CALL(control(epoll, MOD, fds[0], EPOLLIN | EPOLLET, 3));
	show_events(epoll, 10);
	must(write(fds[1], data, sizeof(data)) > 0, "write");
	show_events(epoll, 10);
	CALL(read(fds[0], data, 5000));
	show_events(epoll, 10);
	CALL(read(fds[0], data, sizeof(data)));
	show_events(epoll, 10);
	say("once");
	CALL(control(epoll, MOD, fds[0], EPOLLIN | EPOLLONESHOT, 5));
	CALL(control(epoll, DEL, fds[1], 0, 0));
	must(write(fds[1], "d", 1) == 1, "write");
	show_events(epoll, 10);
	show_events(epoll, 10);
	must(write(fds[1], "d", 1) == 1, "write");
	show_events(epoll, 10);
	CALL(control(epoll, MOD, fds[0], EPOLLIN | EPOLLONESHOT, 6));
	show_events(epoll, 10);
	CALL(close(fds[1]));
	show_events(epoll, 10);
	CALL(control(epoll, MOD, fds[0], 0, 7));
	show_events(epoll, 10);
	/* A copy keeps the file in the set, by its old number. */
	CALL(dup2(fds[0], 50));
	CALL(close(fds[0]));
	show_events(epoll, 10);
	CALL(control(epoll, DEL, fds[0], 0, 0));
	CALL(control(epoll, ADD, 50, EPOLLIN, 8));
	show_events(epoll, 10);
	CALL(close(50));
	show_events(epoll, 10);
	close(epoll);
}

static void epoll_many(void)
{
	int epoll = epoll_create1(0), fds[200];
	uint64_t sum = 0;
	int n, count = 0;

	for (int i = 0; i < 200; i++) {
		fds[i] = eventfd(0, 0);
		must(control(epoll, ADD, fds[i], EPOLLIN, i) == 0, "add");
	}
	for (int i = 0; i < 200; i += 3)
		eventfd_write(fds[i], 1);
	for (int i = 0; i < 200; i += 2)
		close(fds[i]);
	for (int i = 0; i < 30; i++) {
		n = epoll_wait(epoll, found, 10, 0);
		count += n;
		for (int j = 0; j < n; j++)
			sum = sum * 31 + found[j].data.u64;
	}
	say("%d %llu", count, (unsigned long long)sum);
	for (int i = 1; i < 200; i += 2)
		close(fds[i]);
	show_events(epoll, 10);
	close(epoll);
}

static void epoll_nested(void)
{
	int event = eventfd(0, 0), sets[8];

	for (int i = 0; i < 8; i++)
		sets[i] = epoll_create1(0);
	CALL(control(sets[0], ADD, event, EPOLLIN, 1));
	CALL(control(sets[1], ADD, sets[0], EPOLLIN, 2));
	show_events(sets[1], 10);
	eventfd_write(event, 1);
	show_events(sets[1], 10);
	show_events(sets[0], 10);
	ready("outer", sets[1]);
	eventfd_read(event, (eventfd_t[]){0});
	show_events(sets[1], 10);
	CALL(control(sets[0], ADD, sets[1], EPOLLIN, 3));
	CALL(control(sets[0], ADD, sets[0], EPOLLIN, 3));
	for (int i = 2; i < 8; i++)
		CALL(control(sets[i], ADD, sets[i - 1], EPOLLIN, i));
	eventfd_write(event, 1);
	for (int i = 0; i < 8; i++)
		show_events(sets[i], 10);
	CALL(close(sets[1]));
	for (int i = 0; i < 8; i++) {
		if (i != 1)
			show_events(sets[i], 10);
	}
	CALL(close(event));
	show_events(sets[0], 10);
	for (int i = 0; i < 8; i++)
		close(sets[i]);
}

static volatile int handled;

static void on_signal(int sig)
{
	handled += sig == SIGUSR1;
}

/* A signal that waits is let through by the mask, and ends the wait, unless
 * something is ready. */
static void signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct epoll_event event;
	struct pollfd pfd;
	sigset_t blocked, none;
	int fds[2], epoll = epoll_create1(0);

	must(pipe(fds) == 0, "pipe");
	pfd = (struct pollfd){fds[0], POLLIN, 0};
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	raise(SIGUSR1);
	CALL(ppoll(&pfd, 1, NULL, &none));
	say("%d", handled);
	raise(SIGUSR1);
	CALL(ppoll(&pfd, 1, &(struct timespec){0, 0}, &none));
	say("%d", handled);
	raise(SIGUSR1);
	CALL(pselect(0, NULL, NULL, NULL, NULL, &none));
	say("%d", handled);
	raise(SIGUSR1);
	CALL(epoll_pwait(epoll, &event, 1, -1, &none));
	say("%d", handled);
	raise(SIGUSR1);
	CALL(ppoll(&pfd, 1, &(struct timespec){0, 1000}, &blocked));
	say("%d", handled);
	must(write(fds[1], "a", 1) == 1, "write");
	CALL(ppoll(&pfd, 1, NULL, &none));
	say("%d", handled);
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	say("%d", handled);
	close(fds[0]);
	close(fds[1]);
	close(epoll);
}

/* How /proc calls what has no name. */
static void names(void)
{
	int fds[4];
	char path[64], text[64];
	struct stat st;

	must(pipe(fds) == 0, "pipe");
	fds[2] = eventfd(0, 0);
	fds[3] = epoll_create1(0);
	for (int i = 0; i < 4; i++) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		len = readlink(path, text, sizeof(text));
		say("%.*s", (int)(i < 2 && len > 6 ? 6 : len), text);
		must(fstat(fds[i], &st) == 0, "fstat");
		must(len > 0, "readlink");
		close(fds[i]);
	}
}

/* Addresses that are bad. */
static void bad_addresses(void)
{
	void *bad = (void *)0x500000000000;
	struct epoll_event event = {EPOLLIN, {0}};
	struct pollfd pfd;
	uint64_t value = 1;
	int fd = eventfd(5, EFD_NONBLOCK), epoll = epoll_create1(0);
	struct {
		void *mask;
		size_t size;
	} arg = {bad, 8};
	fd_set set;

	pfd = (struct pollfd){fd, POLLIN, 0};
	CALL(read(fd, bad, 8));
	CALL(read(fd, &value, 8));
	CALL(write(fd, bad, 8));
	CALL(write(fd, &value, 8));
	CALL(syscall(SYS_poll, bad, 1, 0));
	CALL(syscall(SYS_poll, bad, 0, 0));
	CALL(syscall(SYS_poll, bad, 1 << 30, 0));
	CALL(syscall(SYS_ppoll, &pfd, 1, bad, NULL, 8));
	CALL(syscall(SYS_ppoll, &pfd, 1, NULL, bad, 8));
	CALL(syscall(SYS_ppoll, &pfd, 1, NULL, bad, 7));
	FD_ZERO(&set);
	CALL(syscall(SYS_select, 1, bad, NULL, NULL, NULL));
	CALL(syscall(SYS_select, 1, &set, bad, NULL, NULL));
	CALL(syscall(SYS_select, 1, &set, NULL, NULL, bad));
	CALL(syscall(SYS_select, 0, bad, NULL, NULL, &(struct timeval){0, 0}));
	CALL(syscall(SYS_pselect6, 1, &set, NULL, NULL, NULL, bad));
	CALL(syscall(SYS_pselect6, 1, &set, NULL, NULL, NULL, &arg));
	CALL(syscall(SYS_epoll_ctl, epoll, ADD, fd, bad));
	CALL(syscall(SYS_epoll_ctl, epoll, DEL, fd, bad));
	CALL(syscall(SYS_epoll_ctl, epoll, ADD, fd, &event));
	CALL(syscall(SYS_epoll_wait, epoll, bad, 1, 0));
	CALL(syscall(SYS_epoll_wait, epoll, bad, 0, 0));
	CALL(syscall(SYS_epoll_wait, 99, bad, 1, 0));
	CALL(syscall(SYS_epoll_wait, epoll, &event, 1, 0));
	CALL(syscall(SYS_epoll_pwait, epoll, &event, 1, 0, bad, 8));
	close(fd);
	close(epoll);
}

/* What is no file has a position for lseek(2) alone. */
static void positions(void)
{
	const int fds[] = {eventfd(1, EFD_NONBLOCK), epoll_create1(0),
			   inotify_init1(IN_NONBLOCK)};
	char text[8] = "";
	struct iovec iov = {text, sizeof(text)};
	off_t at = 0;
	int pipes[2], file = open("positions", O_CREAT | O_RDWR, 0600);

	must(pipe(pipes) == 0 && file >= 0 && write(pipes[1], "x", 1) == 1,
	     "pipe");
	for (int i = 0; i < 3; i++) {
		say("positions of %d", i);
		CALL(lseek(fds[i], 5, SEEK_SET));
		CALL(pread(fds[i], text, 8, 0));
		CALL(pwrite(fds[i], text, 8, 0));
		CALL(preadv(fds[i], &iov, 1, 0));
		CALL(pwritev(fds[i], &iov, 1, 0));
		CALL(sendfile(file, fds[i], &at, 8));
		CALL(sendfile(file, fds[i], NULL, 8));
		CALL(splice(fds[i], &at, pipes[1], NULL, 8, 0));
		CALL(splice(pipes[0], NULL, fds[i], &at, 8, 0));
		CALL(copy_file_range(fds[i], NULL, file, NULL, 8, 0));
		close(fds[i]);
	}
	close(pipes[0]);
	close(pipes[1]);
	close(file);
}

int main(int argc, char **argv)
{
	names();
	begin(argc, argv);
	positions();
	kinds();
	counters();
	timeouts();
	errors();
	signals();
	epoll_errors();
	epoll_modes();
	epoll_many();
	epoll_nested();
	bad_addresses();
	return 0;
}
