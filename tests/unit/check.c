/* SPDX-License-Identifier: MIT */
/*
 * The framework of the unit tests: see check.h. Whatever ends the program
 * before its time (a failed check, a panic of fs/, the alarm that stands for a
 * deadlock) names the running test, its mode, and the seed that replays it.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/check.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/port.h"
#include "tests/unit/port_unit.h"

#define SEED_DEFAULT 20261123
#define SECONDS_MAX  100 /* for one test */

struct fs *fs;
void (*check_on_begin)(void);

static struct check_test *tests, **tests_end = &tests;
static const struct check_test *running;
static uint64_t seed = SEED_DEFAULT, random_state;

void check_add(struct check_test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

static void say_where(void)
{
	fprintf(stderr, "in %s (%s), seed %llu\n",
		running ? running->name : "no test",
		port_unit_exact ? "exact objects" : "slabs",
		(unsigned long long)seed);
}

_Noreturn void check_fail(const char *file, int line, const char *expr)
{
	fprintf(stderr, "%s:%d: false: %s\n", file, line, expr);
	say_where();
	abort();
}

void check_equal(const char *file, int line, const char *expr, int64_t actual,
		 int64_t expected)
{
	if (actual == expected)
		return;
	fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, expr,
		(long long)actual, (long long)expected);
	say_where();
	abort();
}

void check_text(const char *file, int line, const char *expr,
		const char *actual, const char *expected)
{
	if (strcmp(actual, expected) == 0)
		return;
	fprintf(stderr, "%s:%d: %s is\n%s\nand not\n%s\n", file, line, expr,
		actual, expected);
	say_where();
	abort();
}

/* The generator xorshift64*. */
uint64_t check_random_from(uint64_t *state, uint64_t limit)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (*state * 0x2545f4914f6cdd1d >> 16) % limit;
}

uint64_t check_random(uint64_t limit)
{
	return check_random_from(&random_state, limit);
}

uint64_t check_seed(void)
{
	return seed;
}

static void fs_end(void)
{
	port_unit_fail(0, false);
	fs_check(fs);
	fs_destroy(fs);
	CHECK_EQ(port_unit_live(), 0);
}

void check_fs_limits(uint64_t bytes_max, uint64_t nodes_max)
{
	struct fs_limits limits = {bytes_max, nodes_max};

	fs_end();
	CHECK_EQ(fs_create(&limits, &fs), 0);
}

void check_fs_renew(void)
{
	check_fs_limits(UINT64_MAX, UINT64_MAX);
}

static void test_run(const struct check_test *test, bool exact)
{
	struct fs_limits limits = {UINT64_MAX, UINT64_MAX};

	running = test;
	random_state = seed * 2 + 1; /* not 0 */
	port_unit_exact = exact;
	port_unit_reset(seed);
	port_threaded = exact; /* then locks are taken, and seen */
	alarm(SECONDS_MAX);
	CHECK_EQ(fs_create(&limits, &fs), 0);
	if (check_on_begin)
		check_on_begin();
	test->run();
	fs_end();
	running = NULL;
}

static void on_alarm(int signal)
{
	(void)signal;
	fprintf(stderr, "no end after %d s\n", SECONDS_MAX);
	say_where();
	_exit(1);
}

int main(int argc, char **argv)
{
	const char *word = "";
	int count = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-s") == 0 && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else
			word = argv[i];
	}
	port_unit_on_panic = say_where;
	signal(SIGALRM, on_alarm);
	for (const struct check_test *test = tests; test; test = test->next) {
		if (!strstr(test->name, word))
			continue;
		test_run(test, true);
		test_run(test, false);
		printf("ok %s\n", test->name);
		fflush(stdout);
		count++;
	}
	if (count == 0)
		fprintf(stderr, "no test is called %s\n", word);
	return count == 0;
}
