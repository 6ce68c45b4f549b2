/* SPDX-License-Identifier: MIT */
/*
 * One input: two bytes that say how (limits, memory that fails), then calls.
 * What must hold, besides what the sanitizers watch:
 *
 *   - fs_check() at the end; and when everything is closed and removed, all
 *     bytes and nodes are free, and no memory is in use.
 *   - With FUZZ_SWEEP each call is tried without each of its allocations, that
 *     one alone and all from that one on, until it needs no more. A call that
 *     fails, for whatever reason, leaves everything as it was; but a write has
 *     changed times by then, as on Linux.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/port.h"
#include "tests/unit/port_unit.h"

#define OPS_MAX	    200
#define OPS_SWEPT   40
#define TRIES_MAX   100
#define FAIL_BEFORE 64

static char *last_shown;

static void differs(const struct op *op, const char *before, const char *after)
{
	size_t i = 0, line = 0;

	for (; before[i] && before[i] == after[i]; i++)
		line = before[i] == '\n' ? i + 1 : line;
	fprintf(stderr, "%s failed, but changed something:\n- %.*s\n+ %.*s\n",
		op_name(op), (int)strcspn(before + line, "\n"), before + line,
		(int)strcspn(after + line, "\n"), after + line);
	port_panic(__FILE__, __LINE__, "a call that fails changes nothing");
}

/* Is it the same but for times, which a write that fails may have changed? */
static bool is_same(const struct op *op, const char *before, const char *after)
{
	static const char times[] = " times ", digits[] = "0123456789.- ";
	bool is_write = strstr(op_name(op), "write") != NULL;

	while (*before && *before == *after) {
		if (is_write && !strncmp(before, times, strlen(times)) &&
		    !strncmp(after, times, strlen(times))) {
			before += strlen(times);
			after += strlen(times);
			before += strspn(before, digits);
			after += strspn(after, digits);
		} else {
			before++;
			after++;
		}
	}
	return *before == *after;
}

/* Tries op with the at-th allocation failing; returns whether that is not the
 * end of it: it failed for that and can be tried again. */
static bool try(const struct op *op, size_t at, bool on)
{
	char *after;
	long result;
	bool failed;

	port_unit_fail(at, on);
	result = op_make(op);
	failed = port_unit_allocs() >= at;
	port_unit_fail(0, false);
	if (result < 0 && !op_may_change(op)) {
		after = world_show();
		if (!is_same(op, last_shown, after))
			differs(op, last_shown, after);
		free(after);
	}
	world_check();
	return failed && result == -ENOMEM && !op_may_change(op);
}

static void sweep(const struct op *op)
{
	size_t at = 1;

	port_unit_clock_advance(1);
	free(world_show()); /* updates times of access */
	last_shown = world_show();
	while (at < TRIES_MAX && try(op, at, true) && try(op, at, false))
		at++;
	port_assert(at < TRIES_MAX);
	free(last_shown);
	last_shown = NULL;
}

static void run(struct input *input, unsigned how, unsigned fail)
{
	unsigned max = how & FUZZ_SWEEP ? OPS_SWEPT : OPS_MAX;
	struct op op;

	for (unsigned i = 0; i < max && op_decode(input, &op); i++) {
		if (how & FUZZ_FAIL && i == fail % FAIL_BEFORE)
			port_unit_fail(1 + fail / FAIL_BEFORE, true);
		if (how & FUZZ_SWEEP)
			sweep(&op);
		else
			op_make(&op);
		op_end(&op);
		if (how & FUZZ_FAIL && i == fail % FAIL_BEFORE)
			port_unit_fail(0, false);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t bytes[] = {0, 0, 4096 * 20, 4096 * 3};
	static const uint64_t nodes[] = {0, 0, 10, 400};
	struct input input = {data, data + size};
	unsigned how = input_byte(&input), fail = input_byte(&input);

	port_unit_reset(1);
	port_unit_exact = how & FUZZ_EXACT;
	port_threaded = how & FUZZ_LOCK;
	world_begin(bytes[how % 4], nodes[how / 4 % 4], fuzz_show);
	run(&input, how, fail);
	world_end();
	return 0;
}
