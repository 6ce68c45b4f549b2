/* SPDX-License-Identifier: MIT */
/*
 * Random system calls from 2 to 8 threads at once: in shared directories, with
 * shared descriptors, and in directories of their own. What they return is not
 * looked at; the thread sanitizer, the check of the order of locks and, at
 * barriers, fs_check() say whether all is well.
 *
 *   threads SEED [SECONDS]: as many rounds as fit (1 second)
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "port/port.h"
#include "tests/unit/port_unit.h"

#define THREADS_MIN 2
#define THREADS_MAX 8
#define PHASES	    4
#define BYTES	    3000 /* of input, for each phase */
#define ALARM	    240	 /* seconds for what must be a deadlock */

static unsigned long seed;
static pthread_barrier_t barrier;

/* The generator splitmix64. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void phase(uint64_t *state)
{
	uint8_t data[BYTES];
	struct input input = {data, data + sizeof(data)};
	struct op op;

	for (size_t i = 0; i < sizeof(data); i++) {
		uint64_t z = next(state);

		data[i] = (uint8_t)(z & 0x100 ? z % calls_count : z);
	}
	while (op_decode(&input, &op)) {
		op_make(&op);
		op_end(&op);
	}
}

static void body(int index)
{
	uint64_t state = seed * THREADS_MAX + (uint64_t)index;

	call_thread = (unsigned)index % 2 * (unsigned)index;
	for (int i = 0; i < PHASES; i++) {
		phase(&state);
		if (pthread_barrier_wait(&barrier) ==
		    PTHREAD_BARRIER_SERIAL_THREAD)
			world_check();
		pthread_barrier_wait(&barrier);
	}
}

static void run(void)
{
	uint64_t state = seed;
	int count = THREADS_MIN +
		    (int)(next(&state) % (THREADS_MAX - THREADS_MIN + 1));

	port_unit_reset(seed);
	port_unit_exact = next(&state) % 2;
	port_threaded = true;
	pthread_barrier_init(&barrier, NULL, (unsigned)count);
	world_begin(next(&state) % 2 ? 0 : 100000, next(&state) % 2 ? 0 : 100,
		    false);
	for (int i = 1; i < count; i += 2) {
		char path[8];

		snprintf(path, sizeof(path), "/%d", i);
		world_mkdir(path);
	}
	port_unit_threads(count, body);
	world_end();
	pthread_barrier_destroy(&barrier);
}

static void say_where(void)
{
	fprintf(stderr, "in the round of seed %lu\n", seed);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL);
	unsigned long rounds = 0;

	if (argc < 2)
		return 2;
	seed = strtoul(argv[1], NULL, 0);
	end += argc > 2 ? atoi(argv[2]) : 1;
	port_unit_on_panic = say_where;
	do {
		alarm(ALARM);
		run();
		seed++;
		rounds++;
	} while (time(NULL) < end);
	printf("%lu rounds\n", rounds);
	return 0;
}
