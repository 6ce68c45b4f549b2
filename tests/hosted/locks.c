/* SPDX-License-Identifier: MIT */
/*
 * Locks on files between threads: who waits gets the lock when it is free, or
 * EINTR; and what is done under one is never done by two. "ok" at the end, on
 * Linux as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/time.h>
#include <unistd.h>

#define THREADS 4
#define TURNS	2000
#define NAME	"whelk-locks"

#define CHECK(expr)                                                           \
	do {                                                                  \
		if (!(expr)) {                                                \
			printf("%d: %s, errno %d\n", __LINE__, #expr, errno); \
			fflush(stdout);                                       \
			_exit(1);                                             \
		}                                                             \
	} while (0)

static volatile long inside, turns;
static volatile int released;

static int file_open(void)
{
	int fd = open(NAME, O_RDWR | O_CREAT, 0600);

	CHECK(fd >= 0);
	return fd;
}

static int record(int fd, int cmd, int type, long start, long len)
{
	struct flock lock = {
		.l_type = (short)type, .l_start = start, .l_len = len};

	return fcntl(fd, cmd, &lock);
}

static void turn(void)
{
	CHECK(inside++ == 0);
	turns++;
	CHECK(--inside == 0);
}

static void *by_flock(void *unused)
{
	int fd = file_open();

	for (int i = 0; i < TURNS; i++) {
		CHECK(flock(fd, LOCK_EX) == 0);
		turn();
		CHECK(flock(fd, LOCK_UN) == 0);
	}
	close(fd);
	return unused;
}

static void *by_record(void *unused)
{
	int fd = file_open();

	for (int i = 0; i < TURNS; i++) {
		CHECK(record(fd, F_OFD_SETLKW, F_WRLCK, 10 + i % 7, 20) == 0);
		turn();
		CHECK(record(fd, F_OFD_SETLK, F_UNLCK, 0, 0) == 0);
	}
	close(fd);
	return unused;
}

static void exclusion(void *(*run)(void *))
{
	pthread_t threads[THREADS];

	turns = 0;
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, run, NULL));
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(turns == THREADS * TURNS);
}

static void *release_by_close(void *fd)
{
	usleep(50000);
	released = 1;
	CHECK(close(*(int *)fd) == 0);
	return NULL;
}

/* A lock that goes away with its open file wakes who waits. */
static void close_wakes(void)
{
	int a = file_open(), b = file_open();
	pthread_t thread;

	CHECK(flock(a, LOCK_SH) == 0);
	CHECK(record(a, F_OFD_SETLK, F_RDLCK, 0, 0) == 0);
	released = 0;
	CHECK(!pthread_create(&thread, NULL, release_by_close, &a));
	CHECK(flock(b, LOCK_EX) == 0);
	CHECK(released);
	CHECK(record(b, F_SETLKW, F_WRLCK, 5, 1) == 0);
	CHECK(!pthread_join(thread, NULL));
	CHECK(close(b) == 0);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void signal_interrupts(void)
{
	const struct itimerval soon = {.it_value = {0, 50000}};
	struct sigaction action = {.sa_handler = on_alarm};
	int a = file_open(), b = file_open();

	CHECK(sigaction(SIGALRM, &action, NULL) == 0);
	CHECK(flock(a, LOCK_EX) == 0);
	CHECK(record(a, F_OFD_SETLK, F_WRLCK, 0, 0) == 0);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	CHECK(flock(b, LOCK_SH) == -1 && errno == EINTR);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	CHECK(record(b, F_OFD_SETLKW, F_RDLCK, 7, 1) == -1 && errno == EINTR);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	CHECK(record(b, F_SETLKW, F_RDLCK, 7, 1) == -1 && errno == EINTR);
	CHECK(close(a) == 0 && close(b) == 0);
}

int main(void)
{
	exclusion(by_flock);
	exclusion(by_record);
	close_wakes();
	signal_interrupts();
	unlink(NAME);
	puts("ok");
	return 0;
}
