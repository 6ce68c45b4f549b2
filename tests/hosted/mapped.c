/* SPDX-License-Identifier: MIT */
/*
 * Mapped files in a process with threads and signals. Each way ends with "ok" on
 * Linux as well.
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
#include <sys/mman.h>
#include <unistd.h>

#define PAGE  4096L
#define PAGES 64L
#define RW    (PROT_READ | PROT_WRITE)

#define CHECK(expr)                                                           \
	do {                                                                  \
		if (!(expr)) {                                                \
			printf("%d: %s, errno %d\n", __LINE__, #expr, errno); \
			fflush(stdout);                                       \
			_exit(1);                                             \
		}                                                             \
	} while (0)

static int file;
static volatile char *shared;
static _Thread_local sigjmp_buf back;
static volatile sig_atomic_t wrong, caught;

static volatile char *map(long pages, int flags)
{
	char *p = mmap(NULL, (size_t)(pages * PAGE), RW, flags, file, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static uint32_t next(uint32_t *state, uint32_t limit)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 8) % limit;
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
	if (sig != SIGBUS || info->si_code != BUS_ADRERR || !context)
		wrong++;
	caught++;
	siglongjmp(back, 1);
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *),
		   int flags)
{
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO | flags};

	sigfillset(&action.sa_mask);
	CHECK(sigaction(sig, &action, NULL) == 0);
}

/* -- Everything at once ---------------------------------------------------- */

static void *touch(void *seed)
{
	volatile uint32_t state = (uint32_t)(uintptr_t)seed;

	for (volatile int i = 0; i < 40000; i++) {
		uint32_t random = state;
		long page = next(&random, PAGES);

		state = random;
		if (!sigsetjmp(back, 1))
			shared[page * PAGE + random % PAGE]++;
	}
	return NULL;
}

static void *resize(void *seed)
{
	uint32_t state = (uint32_t)(uintptr_t)seed;

	for (int i = 0; i < 6000; i++) {
		long size = next(&state, PAGES * PAGE);

		CHECK(ftruncate(file, i % 5 ? size : PAGES * PAGE) == 0);
	}
	return NULL;
}

/* Reads and writes the file from and to its own mapping. */
static void *copy(void *seed)
{
	uint32_t state = (uint32_t)(uintptr_t)seed;

	for (int i = 0; i < 10000; i++) {
		char *at = (char *)shared + next(&state, PAGES - 2) * PAGE;
		long offset = next(&state, PAGES * PAGE);
		ssize_t n = i % 2 ? pread(file, at, 2 * PAGE, offset)
				  : pwrite(file, at, PAGE, offset);

		CHECK(n >= 0 || errno == EFAULT);
	}
	return NULL;
}

static void *remap(void *seed)
{
	volatile uint32_t page = (uint32_t)(uintptr_t)seed;

	for (volatile int i = 0; i < 6000; i++) {
		volatile char *volatile p =
			map(PAGES, i % 2 ? MAP_SHARED : MAP_PRIVATE);

		page = (page * 7 + 3) % PAGES;
		if (!sigsetjmp(back, 1))
			p[page * PAGE] = 1;
		CHECK(mprotect((char *)p + 3 * PAGE, PAGE, PROT_READ) == 0);
		CHECK(munmap((char *)p, PAGES * PAGE) == 0);
	}
	return NULL;
}

static void threads(void)
{
	void *(*const bodies[])(void *) = {touch, touch, resize, copy, remap};
	pthread_t ids[5];

	handle(SIGBUS, on_bus, 0);
	CHECK(ftruncate(file, PAGES * PAGE) == 0);
	shared = map(PAGES, MAP_SHARED);
	for (uintptr_t i = 0; i < 5; i++)
		CHECK(!pthread_create(&ids[i], NULL, bodies[i],
				      (void *)(i + 1)));
	for (int i = 0; i < 5; i++)
		CHECK(!pthread_join(ids[i], NULL));
	CHECK(!wrong);
}

/* -- Signals ---------------------------------------------------------------- */

static void on_alarm(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info, (void)context;
	for (long i = 0; i < PAGES; i++)
		shared[i * PAGE]++;
	caught++;
}

/* Pages come whatever signals are blocked, by the thread or by a handler. */
static void blocked(void)
{
	sigset_t all, now;

	CHECK(ftruncate(file, PAGES * PAGE) == 0);
	shared = map(PAGES, MAP_SHARED);
	sigfillset(&all);
	CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	shared[0] = 1;
	CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
	CHECK(sigismember(&now, SIGBUS) && sigismember(&now, SIGSEGV));
	sigemptyset(&all);
	CHECK(sigprocmask(SIG_SETMASK, &all, &now) == 0);
	CHECK(sigismember(&now, SIGBUS) && sigismember(&now, SIGTERM));
	CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
	CHECK(!sigismember(&now, SIGBUS));
	handle(SIGALRM, on_alarm, 0);
	CHECK(raise(SIGALRM) == 0);
	CHECK(caught == 1 && shared[0] == 2 && shared[PAGE] == 1);
}

static void on_bus_touch(int sig, siginfo_t *info, void *context)
{
	for (long i = 0; i < PAGES; i++)
		shared[i * PAGE] = 1;
	on_bus(sig, info, context);
}

/* The program's own handler sees what is past the end, and may use files. */
static void past_end(void)
{
	volatile char *p;

	CHECK(ftruncate(file, PAGES * PAGE) == 0);
	shared = map(PAGES, MAP_SHARED);
	p = map(PAGES + 1, MAP_SHARED);
	handle(SIGBUS, on_bus_touch, 0);
	for (volatile int i = 0; i < 3; i++) {
		if (!sigsetjmp(back, 1)) {
			p[PAGES * PAGE] = 1;
			CHECK(!"past the end");
		}
		CHECK(madvise((char *)shared, PAGES * PAGE, MADV_DONTNEED) ==
		      0);
	}
	CHECK(caught == 3 && !wrong && p[5 * PAGE] == 1);
}

/* -- More mappings than Linux has areas ------------------------------------- */

#define MANY 70000L

static void many(void)
{
	volatile char *p, *q;

	CHECK(ftruncate(file, MANY * PAGE) == 0);
	p = map(MANY, MAP_SHARED);
	q = map(MANY, MAP_PRIVATE);
	q[PAGE] = 'q';
	for (long i = MANY - 1; i >= 0; i--)
		p[i * PAGE] = (char)(i % 100);
	for (long i = 0; i < MANY; i++) {
		char c;

		CHECK(p[i * PAGE] == (char)(i % 100));
		CHECK(pread(file, &c, 1, i * PAGE) == 1 && c == i % 100);
	}
	CHECK(q[PAGE] == 'q' && q[2 * PAGE] == 2);
	CHECK(munmap((char *)p, MANY * PAGE) == 0);
	CHECK(q[3 * PAGE] == 3);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} ways[] = {{"threads", threads},
		    {"blocked", blocked},
		    {"past_end", past_end},
		    {"many", many}};

	file = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(file >= 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (argc > 1 && strcmp(argv[1], ways[i].name) == 0) {
			ways[i].run();
			puts("ok");
			return 0;
		}
	}
	return 2;
}
