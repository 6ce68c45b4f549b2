/* SPDX-License-Identifier: MIT */
/*
 * Runs inputs of the fuzzer without it:
 *
 *   replay [-t] [-s] FILE...        inputs; -t prints their calls, -s sweeps
 *                                   memory failures whatever the input says
 *   replay [-s] -r SEED COUNT       random ones
 *   replay -l                       fails if the table lacks a call
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/port.h"
#include "tests/unit/port_unit.h"

#define SIZE_MAX_INPUT 4096

static const char *running = "";
static unsigned long running_seed;
static bool sweep_all;

static void say_where(void)
{
	fprintf(stderr, "in %s %lu\n", running, running_seed);
}

static void run(uint8_t *data, size_t size)
{
	if (sweep_all && size > 0)
		data[0] |= FUZZ_SWEEP;
	LLVMFuzzerTestOneInput(data, size);
}

static void run_file(const char *path)
{
	static uint8_t data[SIZE_MAX_INPUT];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		exit(1);
	}
	running = path;
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	run(data, size);
}

/* The generator splitmix64. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void run_random(unsigned long seed)
{
	uint8_t data[1000];
	uint64_t state = seed;
	size_t size = next(&state) % sizeof(data);

	running = "random input";
	running_seed = seed;
	for (size_t i = 0; i < size; i++) {
		uint64_t z = next(&state);

		/* bytes that name calls, or choose what is likely */
		data[i] = (uint8_t)(z & 0x100 ? z % calls_count : z);
	}
	run(data, size);
}

int main(int argc, char **argv)
{
	unsigned long seed = 0, count = 0;
	int option;

	port_unit_on_panic = say_where;
	while ((option = getopt(argc, argv, "tsrl")) != -1) {
		if (option == 't')
			fuzz_show = true;
		else if (option == 's')
			sweep_all = true;
		else if (option == 'l' && calls_missing())
			return fprintf(stderr,
				       "not in tests/fuzz/calls.c: %s\n",
				       calls_missing()) > 0;
		else if (option == 'l')
			return 0;
		else if (option == 'r')
			count = 1;
		else
			return 2;
	}
	if (count) {
		if (argc - optind != 2)
			return 2;
		seed = strtoul(argv[optind], NULL, 0);
		count = strtoul(argv[optind + 1], NULL, 0);
		for (; count > 0; seed++, count--)
			run_random(seed);
		return 0;
	}
	for (int i = optind; i < argc; i++)
		run_file(argv[i]);
	printf("%d inputs\n", argc - optind);
	return 0;
}
