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

#include "port/port.h"
#include "tests/unit/port_unit.h"

#define OPS_MAX	    200
#define OPS_SWEPT   40
#define FAIL_BEFORE 64

static long make(const void *op)
{
	return op_make(op);
}

static void op_sweep(const struct op *op)
{
	const struct swept swept = {op_name(op), make, op};
	size_t allocs;

	if (op_may_change(op))
		op_make(op);
	else
		sweep(&swept, &allocs);
}

static void run(struct input *input, unsigned how, unsigned fail)
{
	unsigned max = how & FUZZ_SWEEP ? OPS_SWEPT : OPS_MAX;
	struct op op;

	for (unsigned i = 0; i < max && op_decode(input, &op); i++) {
		if (how & FUZZ_FAIL && i == fail % FAIL_BEFORE)
			port_unit_fail(1 + fail / FAIL_BEFORE, true);
		if (how & FUZZ_SWEEP)
			op_sweep(&op);
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
	fuzz_bad = true;
	port_unit_exact = how & FUZZ_EXACT;
	port_threaded = how & FUZZ_LOCK;
	world_begin(bytes[how % 4], nodes[how / 4 % 4], fuzz_show);
	run(&input, how, fail);
	world_end();
	return 0;
}
