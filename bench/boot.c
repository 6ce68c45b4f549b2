/* SPDX-License-Identifier: MIT */
/*
 * When main is reached: prints the time from the kernel's entry to here, by the
 * time stamp counter. The clock of the guest cannot tell, since it starts later;
 * how long a tick of the counter is it can, and that is all that is printed
 * without an argument, in ticks per ms.
 *
 * Usage: boot [TICKS], the counter at the entry (bench/empty.S), in hexadecimal
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <x86intrin.h>

#define LONG_ENOUGH_NS 20000000

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int main(int argc, char *argv[])
{
	uint64_t reached = __rdtsc(), start, ticks;
	int64_t start_ns, ns;

	if (argc > 2) {
		fprintf(stderr, "usage: boot [TICKS]\n");
		return 2;
	}
	(void)now_ns();
	start_ns = now_ns();
	start = __rdtsc();
	do
		ns = now_ns() - start_ns;
	while (ns < LONG_ENOUGH_NS);
	ticks = __rdtsc() - start;
	if (argc == 1)
		printf("%.0f\n", (double)ticks * 1e6 / (double)ns);
	else
		printf("boot,entry_to_main,ns,%.0f\n",
		       (double)(reached - strtoull(argv[1], NULL, 16)) *
			       (double)ns / (double)ticks);
	return 0;
}
