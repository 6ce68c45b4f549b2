/* SPDX-License-Identifier: MIT */
/*
 * A small framework for tests. A test is a sentence that must hold:
 *
 *	TEST(a_new_directory_is_empty)
 *	{
 *		CHECK_EQ(call_mkdir("/d", 0755), 0);
 *		CHECK(...);
 *	}
 *
 * Each runs with an empty file system, twice: with small objects each on their
 * own, as if there were threads, and in slabs (port_unit.h). At its end the file system must pass
 * fs_check, and its destruction leave no memory. A check that fails ends the
 * program. PROGRAM [-s SEED] [WORD]: runs the tests whose names contain WORD.
 */
#ifndef WHELK_TESTS_UNIT_CHECK_H
#define WHELK_TESTS_UNIT_CHECK_H

#include <stdint.h>

#include "fs/fs.h"

/* The file system of the running test. */
extern struct fs *fs;

struct check_test {
	const char *name;
	void (*run)(void);
	struct check_test *next;
};

void check_add(struct check_test *test);

/* Called before each test, if set. */
extern void (*check_on_begin)(void);

#define TEST(sentence)                                                       \
	static void sentence(void);                                          \
	__attribute__((constructor)) static void add_##sentence(void)        \
	{                                                                    \
		static struct check_test test = {#sentence, sentence, NULL}; \
                                                                             \
		check_add(&test);                                            \
	}                                                                    \
	static void sentence(void)

_Noreturn void check_fail(const char *file, int line, const char *expr);

#define CHECK(expr) ((expr) ? (void)0 : check_fail(__FILE__, __LINE__, #expr))

/* Fails unless the two numbers are equal; prints both. */
#define CHECK_EQ(actual, expected)                                  \
	check_equal(__FILE__, __LINE__, #actual, (int64_t)(actual), \
		    (int64_t)(expected))
void check_equal(const char *file, int line, const char *expr, int64_t actual,
		 int64_t expected);

/* Fails unless the two strings are equal; prints them. */
#define CHECK_TEXT(actual, expected) \
	check_text(__FILE__, __LINE__, #actual, actual, expected)
void check_text(const char *file, int line, const char *expr,
		const char *actual, const char *expected);

/* A random number below limit (>= 1), of the running test's seed. Threads use
 * the second, each with a state of its own. */
uint64_t check_random(uint64_t limit);
uint64_t check_random_from(uint64_t *state, uint64_t limit);

/* The seed of the run: the same unless -s says otherwise. */
uint64_t check_seed(void);

/* Makes the test's file system anew, with these limits: the old one is checked
 * and destroyed as at the end of a test. */
void check_fs_limits(uint64_t bytes_max, uint64_t nodes_max);
void check_fs_renew(void);

#endif
