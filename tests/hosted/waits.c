/* SPDX-License-Identifier: MIT */
/*
 * Calls on pipes and FIFOs that wait for another thread or for a signal, each
 * until that has happened and no longer. "ok" at the end, on Linux as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int main(void)
{
	stream();
	lines();
	ends();
	fifo();
	interrupted();
	jumped();
	canceled();
	puts("ok");
	return 0;
}
