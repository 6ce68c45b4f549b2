/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait for another thread or for a signal, on pipes, FIFOs, eventfds
 * and several of them at once, each until that has happened and no longer. "ok" at the end, on Linux as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BYTES	3000000
#define WRITERS 3
#define LINES	20000

#define CHECK(expr)                                                           \
	do {                                                                  \
		if (!(expr)) {                                                \
			printf("%d: %s, errno %d\n", __LINE__, #expr, errno); \
			fflush(stdout);                                       \
			_exit(1);                                             \
		}                                                             \
	} while (0)

static int in, out;
static volatile int handled;
static sigjmp_buf jump;

static void on_alarm(int sig)
{
	(void)sig;
	handled++;
}

static void on_alarm_jump(int sig)
{
	(void)sig;
	siglongjmp(jump, 1);
}

static void on_alarm_write(int sig)
{
	(void)sig;
	CHECK(write(out, "w", 1) == 1);
}

static void install(void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	CHECK(sigaction(SIGALRM, &action, NULL) == 0);
}

static void alarm_in(int ms)
{
	struct itimerval timer = {{0, 0}, {0, ms * 1000}};

	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static pthread_t start(void *(*work)(void *), void *arg)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, work, arg) == 0);
	return thread;
}

static void open_pipe(void)
{
	int fds[2];

	CHECK(pipe(fds) == 0);
	in = fds[0];
	out = fds[1];
}

static void close_pipe(void)
{
	CHECK(close(in) == 0 && close(out) == 0);
}

/* -- Data ------------------------------------------------------------------- */

static void *write_bytes(void *arg)
{
	static unsigned char bytes[100000];
	unsigned at = 0, seed = 1;

	(void)arg;
	while (at < BYTES) {
		unsigned len = (seed = seed * 1103515245 + 12345) >> 8;

		len = len % (seed & 64 ? 100000 : 50) + 1;
		if (len > BYTES - at)
			len = BYTES - at;
		for (unsigned i = 0; i < len; i++)
			bytes[i] = (unsigned char)((at + i) % 251);
		CHECK(write(out, bytes, len) == (ssize_t)len);
		at += len;
	}
	close(out);
	return NULL;
}

/* Whatever the sizes are, all comes through, then the end. */
static void stream(void)
{
	static unsigned char bytes[100000];
	unsigned at = 0, seed = 7;
	pthread_t thread;
	ssize_t n;

	open_pipe();
	thread = start(write_bytes, NULL);
	do {
		unsigned len = (seed = seed * 1103515245 + 12345) >> 8;

		n = read(in, bytes, len % (seed & 64 ? 100000 : 50) + 1);
		CHECK(n >= 0);
		for (ssize_t i = 0; i < n; i++, at++)
			CHECK(bytes[i] == at % 251);
	} while (n);
	CHECK(at == BYTES);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(close(in) == 0);
}

static void *write_lines(void *arg)
{
	char line[64];

	for (int i = 0; i < LINES; i++) {
		int len = (int)(intptr_t)arg * 7 + i % 40 + 1;

		memset(line, 'a' + (int)(intptr_t)arg, (size_t)len);
		line[len - 1] = '\n';
		CHECK(write(out, line, (size_t)len) == len);
	}
	return NULL;
}

/* Small writes of several threads do not mix. */
static void lines(void)
{
	pthread_t threads[WRITERS];
	int count = 0, c;
	FILE *file;

	open_pipe();
	for (int i = 0; i < WRITERS; i++)
		threads[i] = start(write_lines, (void *)(intptr_t)i);
	file = fdopen(in, "r");
	while (count < WRITERS * LINES) {
		int first = getc(file);

		for (c = first; c != '\n'; c = getc(file))
			CHECK(c == first);
		count++;
	}
	for (int i = 0; i < WRITERS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(fclose(file) == 0 && close(out) == 0);
}

/* -- Ends -------------------------------------------------------------------- */

static void *close_late(void *arg)
{
	usleep(30000);
	CHECK(close((int)(intptr_t)arg) == 0);
	return NULL;
}

static void ends(void)
{
	static char bytes[100000];
	pthread_t thread;

	signal(SIGPIPE, SIG_IGN);
	open_pipe();
	thread = start(close_late, (void *)(intptr_t)out);
	CHECK(read(in, bytes, 1) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(close(in) == 0);

	open_pipe();
	thread = start(close_late, (void *)(intptr_t)in);
	CHECK(write(out, bytes, 100000) == 65536);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(write(out, bytes, 1) < 0 && errno == EPIPE);
	CHECK(close(out) == 0);
}

static void *open_late(void *arg)
{
	int fd;

	usleep(30000);
	fd = open("fifo", (int)(intptr_t)arg);
	CHECK(fd >= 0);
	return (void *)(intptr_t)fd;
}

/* open(2) of a FIFO waits for the other end, even if that leaves at once. */
static void fifo(void)
{
	pthread_t thread;
	void *other;
	char c;
	int fd;

	CHECK(mkfifo("fifo", 0600) == 0);
	for (int i = 0; i < 20; i++) {
		int mode = i & 1 ? O_WRONLY : O_RDONLY;

		thread = start(open_late, (void *)(intptr_t)(O_WRONLY - mode));
		fd = open("fifo", mode);
		CHECK(fd >= 0);
		CHECK(pthread_join(thread, &other) == 0);
		if (mode == O_RDONLY) {
			CHECK(write((int)(intptr_t)other, "x", 1) == 1);
			CHECK(read(fd, &c, 1) == 1 && c == 'x');
		} else {
			CHECK(write(fd, "x", 1) == 1);
			CHECK(read((int)(intptr_t)other, &c, 1) == 1);
		}
		CHECK(close(fd) == 0 && close((int)(intptr_t)other) == 0);
	}
	/* What was in it is gone with the last end. */
	fd = open("fifo", O_RDWR | O_NONBLOCK);
	CHECK(fd >= 0);
	CHECK(read(fd, &c, 1) < 0 && errno == EAGAIN);
	CHECK(close(fd) == 0);
	install(on_alarm, 0);
	alarm_in(30);
	CHECK(open("fifo", O_RDONLY) < 0 && errno == EINTR);
	alarm_in(30);
	CHECK(open("fifo", O_WRONLY) < 0 && errno == EINTR);
	CHECK(open("fifo", O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO);
	CHECK(unlink("fifo") == 0);
}

/* -- Signals ------------------------------------------------------------------- */

static void *write_late(void *arg)
{
	usleep(60000);
	CHECK(write(out, arg, 1) == 1);
	return NULL;
}

static void interrupted(void)
{
	static char bytes[100000];
	pthread_t thread;
	char c;

	install(on_alarm, 0);
	handled = 0;
	open_pipe();
	alarm_in(30);
	CHECK(read(in, &c, 1) < 0 && errno == EINTR && handled == 1);
	/* A write that has begun is not lost. */
	alarm_in(30);
	CHECK(write(out, bytes, 100000) == 65536 && handled == 2);
	alarm_in(30);
	CHECK(write(out, bytes, 10) < 0 && errno == EINTR && handled == 3);
	close_pipe();

	install(on_alarm, SA_RESTART);
	open_pipe();
	thread = start(write_late, "r");
	alarm_in(30);
	CHECK(read(in, &c, 1) == 1 && c == 'r' && handled == 4);
	CHECK(pthread_join(thread, NULL) == 0);
	alarm_in(30);
	CHECK(write(out, bytes, 100000) == 65536 && handled == 5);
	close_pipe();

	/* The handler itself brings what is waited for. */
	install(on_alarm_write, SA_RESTART);
	open_pipe();
	alarm_in(30);
	CHECK(read(in, &c, 1) == 1 && c == 'w');
	close_pipe();
}

/* The old way to give up waiting. */
static void jumped(void)
{
	char c;

	install(on_alarm_jump, SA_NODEFER);
	open_pipe();
	for (int i = 0; i < 20; i++) {
		if (sigsetjmp(jump, 1) == 0) {
			alarm_in(5);
			CHECK(read(in, &c, 1) < -1);
		}
	}
	CHECK(write(out, "j", 1) == 1);
	CHECK(read(in, &c, 1) == 1 && c == 'j');
	close_pipe();
}

static void *read_forever(void *arg)
{
	char c;

	(void)arg;
	CHECK(read(in, &c, 1) == 1);
	return NULL;
}

static void canceled(void)
{
	pthread_t thread;
	void *result;

	open_pipe();
	for (int i = 0; i < 5; i++) {
		thread = start(read_forever, NULL);
		usleep(10000);
		CHECK(pthread_cancel(thread) == 0);
		CHECK(pthread_join(thread, &result) == 0);
		CHECK(result == PTHREAD_CANCELED);
	}
	close_pipe();
}

/* -- Several at once ------------------------------------------------------------ */

static void *count_late(void *arg)
{
	usleep(60000);
	CHECK(eventfd_write((int)(intptr_t)arg, 1) == 0);
	return NULL;
}

static void counter(void)
{
	int event = eventfd(0, 0);
	pthread_t thread = start(count_late, (void *)(intptr_t)event);
	eventfd_t value;

	CHECK(eventfd_read(event, &value) == 0 && value == 1);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(close(event) == 0);
}

/* Waits in each of the ways for the pipe, the eventfd, and standard input, which
 * never is ready; each of the first two must end it. */
static void several(void)
{
	int event = eventfd(0, 0), set = epoll_create1(0);
	struct epoll_event found, wanted = {EPOLLIN, {0}};
	struct pollfd fds[3];
	sigset_t none;
	eventfd_t value;
	pthread_t thread;
	char c;

	sigemptyset(&none);
	open_pipe();
	fds[0] = (struct pollfd){in, POLLIN, 0};
	fds[1] = (struct pollfd){event, POLLIN, 0};
	fds[2] = (struct pollfd){0, POLLIN, 0};
	CHECK(epoll_ctl(set, EPOLL_CTL_ADD, in, &wanted) == 0);
	CHECK(epoll_ctl(set, EPOLL_CTL_ADD, event, &wanted) == 0);
	for (int way = 0; way < 14; way++) {
		int pipe_first = way & 1, result = 0;
		fd_set ready;

		if (way == 10)
			CHECK(epoll_ctl(set, EPOLL_CTL_ADD, 0, &wanted) == 0);
		thread = pipe_first
				 ? start(write_late, "p")
				 : start(count_late, (void *)(intptr_t)event);
		switch (way / 2) {
		case 0:
			result = poll(fds, 2, -1);
			break;
		case 1:
			result = poll(fds, 3, 100000);
			break;
		case 2:
			result = ppoll(fds, 2, NULL, &none);
			break;
		case 3:
			FD_ZERO(&ready);
			FD_SET(in, &ready);
			FD_SET(event, &ready);
			FD_SET(0, &ready);
			result = select(event + 10, &ready, NULL, NULL, NULL);
			CHECK(FD_ISSET(pipe_first ? in : event, &ready));
			break;
		case 4:
		case 5:
			result = epoll_wait(set, &found, 1, -1);
			break;
		case 6:
			result = epoll_pwait(set, &found, 1, -1, &none);
			break;
		default:
			break;
		}
		CHECK(result == 1);
		CHECK(pthread_join(thread, NULL) == 0);
		if (pipe_first)
			CHECK(read(in, &c, 1) == 1);
		else
			CHECK(eventfd_read(event, &value) == 0);
	}
	CHECK(close(set) == 0 && close(event) == 0);
	close_pipe();
}

/* Such a wait ends with EINTR whatever the handler's flags, also if only its
 * own mask lets the signal in. */
static void several_interrupted(void)
{
	struct epoll_event found;
	struct pollfd pfd;
	sigset_t blocked, none;
	int set = epoll_create1(0);

	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	open_pipe();
	pfd = (struct pollfd){in, POLLIN, 0};
	install(on_alarm, SA_RESTART);
	handled = 0;
	alarm_in(30);
	CHECK(poll(&pfd, 1, -1) < 0 && errno == EINTR && handled == 1);
	alarm_in(30);
	CHECK(select(0, NULL, NULL, NULL, NULL) < 0 && errno == EINTR);
	alarm_in(30);
	CHECK(epoll_wait(set, &found, 1, 100000) < 0 && errno == EINTR);
	CHECK(handled == 3);
	for (int i = 0; i < 200; i++) {
		CHECK(sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
		alarm_in(1);
		if (i % 3 == 0)
			usleep(1500);
		CHECK(ppoll(&pfd, 1, NULL, &none) < 0 && errno == EINTR);
		CHECK(handled == 4 + i);
		CHECK(sigprocmask(SIG_UNBLOCK, &blocked, NULL) == 0);
	}
	install(on_alarm_jump, SA_NODEFER);
	for (int i = 0; i < 20; i++) {
		if (sigsetjmp(jump, 1) == 0) {
			alarm_in(5);
			CHECK(poll(&pfd, 1, -1) < -1);
		}
	}
	CHECK(write(out, "j", 1) == 1);
	CHECK(poll(&pfd, 1, -1) == 1);
	close_pipe();
	CHECK(close(set) == 0);
}

/* -- Many threads: every number comes through once ------------------------------- */

#define CONSUMERS 3
#define NUMBERS	  30000

static int edge_set;
static volatile long consumed_sum;
static volatile int consumed;

static void *consume(void *arg)
{
	struct epoll_event found;
	int number;

	(void)arg;
	while (__atomic_load_n(&consumed, __ATOMIC_RELAXED) < NUMBERS) {
		CHECK(epoll_wait(edge_set, &found, 1, 20) >= 0);
		while (read(in, &number, sizeof(number)) == sizeof(number)) {
			__atomic_fetch_add(&consumed_sum, number,
					   __ATOMIC_RELAXED);
			__atomic_fetch_add(&consumed, 1, __ATOMIC_RELAXED);
		}
		CHECK(errno == EAGAIN);
	}
	return NULL;
}

static void edges(void)
{
	struct epoll_event wanted = {EPOLLIN | EPOLLET, {0}};
	pthread_t threads[CONSUMERS];

	open_pipe();
	CHECK(fcntl(in, F_SETFL, O_NONBLOCK) == 0);
	edge_set = epoll_create1(0);
	CHECK(epoll_ctl(edge_set, EPOLL_CTL_ADD, in, &wanted) == 0);
	for (int i = 0; i < CONSUMERS; i++)
		threads[i] = start(consume, NULL);
	for (int i = 0; i < NUMBERS; i++)
		CHECK(write(out, &i, sizeof(i)) == sizeof(i));
	for (int i = 0; i < CONSUMERS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(consumed_sum == (long)NUMBERS * (NUMBERS - 1) / 2);
	close_pipe();
	CHECK(close(edge_set) == 0);
}

static void *poll_forever(void *arg)
{
	struct pollfd pfd = {in, POLLIN, 0};

	(void)arg;
	CHECK(poll(&pfd, 1, -1) == 1);
	return NULL;
}

static void several_canceled(void)
{
	pthread_t thread;
	void *result;

	open_pipe();
	for (int i = 0; i < 5; i++) {
		thread = start(poll_forever, NULL);
		usleep(10000);
		CHECK(pthread_cancel(thread) == 0);
		CHECK(pthread_join(thread, &result) == 0);
		CHECK(result == PTHREAD_CANCELED);
	}
	close_pipe();
}

int main(void)
{
	stream();
	lines();
	ends();
	fifo();
	interrupted();
	jumped();
	counter();
	several();
	several_interrupted();
	edges();
	canceled();
	several_canceled();
	puts("ok");
	return 0;
}
