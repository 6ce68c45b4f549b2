/* SPDX-License-Identifier: MIT */
/*
 * For tests/kernel.sh: what the clocks say, as named.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000LL

static int failures;

#define CHECK(expr) ((expr) ? (void)0 : fail(__LINE__, #expr))

static void fail(int line, const char *expr)
{
	printf("line %d: false: %s\n", line, expr);
	failures++;
}

static long long now(clockid_t clock)
{
	struct timespec ts = {-1, -1};

	CHECK(clock_gettime(clock, &ts) == 0);
	CHECK(ts.tv_nsec >= 0 && ts.tv_nsec < SECOND);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static struct timespec timespec_of(long long ns)
{
	return (struct timespec){ns / SECOND, ns % SECOND};
}

/* Never back, whatever is done to measure the CPU's speed in between. */
static void forward(void)
{
	static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
	struct timespec pause = {0, 1000000};
	long long last[2] = {0}, first = now(CLOCK_MONOTONIC), read;

	for (int i = 0; i < 1000000; i++) {
		read = now(clocks[i & 1]);
		if (read < last[i & 1]) {
			printf("read %d: %lld ns back\n", i,
			       last[i & 1] - read);
			failures++;
		}
		last[i & 1] = read;
		if (i % 100000 == 0)
			nanosleep(&pause, NULL);
	}
	CHECK(last[0] > first);
}

/* No shorter than asked for, and not much longer. */
static void sleeps(long long allowed)
{
	static const long long lengths[] = {
		0, 1, 1000, 1000000, 20000000, 150000000, 300000000};
	static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};

	for (size_t i = 0; i < 2 * sizeof(lengths) / sizeof(*lengths); i++) {
		clockid_t clock = clocks[i & 1];
		long long ns = lengths[i / 2], start = now(clock), slept;
		struct timespec until = timespec_of(start + ns);
		struct timespec length = timespec_of(ns);

		CHECK(clock_nanosleep(clock, TIMER_ABSTIME, &until, NULL) == 0);
		slept = now(clock) - start;
		CHECK(slept >= ns);
		if (slept > ns + allowed)
			printf("until %lld: %lld\n", ns, slept), failures++;
		start = now(CLOCK_MONOTONIC);
		CHECK(clock_nanosleep(clock, 0, &length, NULL) == 0);
		slept = now(CLOCK_MONOTONIC) - start;
		CHECK(slept >= ns);
		if (slept > ns + allowed)
			printf("for %lld: %lld\n", ns, slept), failures++;
	}
}

static void rules(void)
{
	struct timespec past = {1, 0}, wrong = {0, SECOND}, ts;
	struct timespec negative = {-1, 0};

	CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &past, NULL) == 0);
	CHECK(clock_nanosleep(CLOCK_REALTIME, 0, &wrong, NULL) == EINVAL);
	CHECK(clock_nanosleep(CLOCK_REALTIME, 0, &negative, NULL) == EINVAL);
	CHECK(clock_nanosleep(99, 0, &past, NULL) == EINVAL);
	errno = 0;
	CHECK(nanosleep(&wrong, NULL) == -1 && errno == EINVAL);
	CHECK(clock_gettime(99, &ts) == -1 && errno == EINVAL);
	CHECK(clock_getres(CLOCK_MONOTONIC, &ts) == 0 && ts.tv_sec == 0);
	CHECK(llabs((long long)time(NULL) - now(CLOCK_REALTIME) / SECOND) <= 1);
	CHECK(now(CLOCK_PROCESS_CPUTIME_ID) >= 0);
	CHECK(clock() != (clock_t)-1);
}

/* Only for a machine of one's own. */
static void set(void)
{
	struct timespec then = {1000000000, 5};
	long long before = now(CLOCK_MONOTONIC);

	CHECK(clock_settime(CLOCK_REALTIME, &then) == 0);
	CHECK(time(NULL) - then.tv_sec < 2);
	CHECK(now(CLOCK_MONOTONIC) - before < 2 * SECOND);
	CHECK(clock_settime(CLOCK_MONOTONIC, &then) == -1 && errno == EINVAL);
}

/* Says when it begins and ends to be awake for so many milliseconds. */
static void awake(long ms)
{
	long long start = now(CLOCK_MONOTONIC);

	puts("begin");
	fflush(stdout);
	while (now(CLOCK_MONOTONIC) - start < ms * 1000000)
		;
	puts("end");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long number = argc > 2 ? atol(argv[2]) : 0;
	struct timespec length = timespec_of(number * 1000000LL);

	if (!strcmp(what, "forward"))
		forward();
	if (!strcmp(what, "sleeps"))
		sleeps(number * 1000000LL);
	if (!strcmp(what, "rules"))
		rules();
	if (!strcmp(what, "set"))
		set();
	if (!strcmp(what, "wall"))
		printf("%lld\n", (long long)time(NULL));
	if (!strcmp(what, "awake"))
		awake(number);
	if (!strcmp(what, "sleep"))
		nanosleep(&length, NULL);
	return failures != 0;
}
