/* SPDX-License-Identifier: MIT */
/*
 * What no file system can be faster than: a call of a function that is not
 * inlined; memcpy of the same bytes from or to the same places, printed as the
 * cases of bench/micro.c; and loads that depend on one another, over more and
 * more memory, which is what a lookup at random costs at least.
 *
 * Usage: limits DIRECTORY [quick]
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "bench.h"

#define FILE_SIZE   (64 * MIB)
#define APPEND_SIZE (256 * MIB)
#define PAGE	    (4 * KIB)
#define LINE	    64

static int nothing(int n)
{
	return n;
}

static int (*volatile call_nothing)(int) = nothing;
static void *(*volatile call_memcpy)(void *, const void *, size_t) = memcpy;

static void op_call(long n)
{
	while (n--)
		call_nothing(0);
}

/* -- memcpy -------------------------------------------------------------------- */

/* The buffer is an odd number of pages from being whole MiB from the "file",
 * as in bench/micro.c. */
static char *file, *buffer;

static size_t copy_size;
static enum { PLACE_SAME, PLACE_SEQ, PLACE_RAND, PLACES } copy_place;
static int copy_to_file;

static void op_copy(long n)
{
	static size_t at;

	while (n--) {
		char *p;

		if (copy_place == PLACE_RAND)
			at = bench_random(FILE_SIZE / copy_size) * copy_size;
		else if (copy_place == PLACE_SEQ && at + copy_size < FILE_SIZE)
			at += copy_size;
		else
			at = 0;
		p = file + at;
		call_memcpy(copy_to_file ? p : buffer,
			    copy_to_file ? buffer : p, copy_size);
	}
}

static void measure_copies(const char *call, int to_file)
{
	static const char *const place_names[] = {"same", "seq", "rand"};
	static const struct {
		size_t size;
		const char *name;
	} sizes[] = {{1, "1"}, {4 * KIB, "4k"}, {64 * KIB, "64k"}, {MIB, "1m"}};
	char name[50];

	copy_to_file = to_file;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (int place = 0; place < PLACES; place++) {
			copy_size = sizes[i].size;
			copy_place = place;
			snprintf(name, sizeof(name), "%s_%s_%s", call,
				 sizes[i].name, place_names[place]);
			bench_batches("micro", name, op_copy, 1);
		}
	}
}

static void measure_appends(void)
{
	char *target = bench_buffer(APPEND_SIZE);

	for (int i = 0; i < 5; i++) {
		double start = bench_now_ns();

		for (size_t at = 0; at < APPEND_SIZE; at += PAGE)
			call_memcpy(target + at, buffer, PAGE);
		bench_report("micro", "append_4k", "ns",
			     (bench_now_ns() - start) /
				     (double)(APPEND_SIZE / PAGE));
	}
	free(target);
}

/* -- Loads that depend on one another --------------------------------------------- */

static void **chase_at;

static void op_chase(long n)
{
	void **p = chase_at;

	while (n--)
		p = *p;
	chase_at = p;
}

/* Makes one cycle through all lines, in random order (Sattolo's algorithm). */
static void make_cycle(char *memory, size_t lines)
{
	uint32_t *order = malloc(lines * sizeof(*order));

	if (!order)
		bench_die("malloc");
	for (size_t i = 0; i < lines; i++)
		order[i] = (uint32_t)i;
	for (size_t i = lines - 1; i > 0; i--) {
		size_t j = bench_random(i);
		uint32_t swapped = order[i];

		order[i] = order[j];
		order[j] = swapped;
	}
	for (size_t i = 0; i < lines; i++)
		*(void **)(memory + order[i] * (size_t)LINE) =
			memory + order[(i + 1) % lines] * (size_t)LINE;
	free(order);
	chase_at = (void **)memory;
}

static void measure_chase(const char *pages, int advice, size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[50];

	if (memory == MAP_FAILED)
		bench_die("mmap");
	(void)madvise(memory, size, advice);
	make_cycle(memory, size / LINE);
	snprintf(name, sizeof(name), "chase_%s_%zu", pages, size / KIB);
	bench_batches("limits", name, op_chase, 1);
	MUST(munmap(memory, size));
}

int main(int argc, char *argv[])
{
	size_t largest = GIB;

	bench_start(argc, argv);
	if (bench_quick)
		largest = 64 * MIB;
	bench_batches("micro", "null", op_call, 1);
	file = bench_buffer(FILE_SIZE);
	buffer = bench_buffer(MIB + 7 * PAGE) + 7 * PAGE;
	measure_copies("read", 0);
	measure_copies("pread", 0);
	measure_copies("pwrite", 1);
	measure_appends();
	for (size_t size = 16 * KIB; size <= largest; size *= 4) {
		measure_chase("huge", MADV_HUGEPAGE, size);
		measure_chase("small", MADV_NOHUGEPAGE, size);
	}
	return 0;
}
