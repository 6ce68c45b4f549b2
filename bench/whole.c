/* SPDX-License-Identifier: MIT */
/*
 * Linked with a program, this prints how long all of it took, as the last line
 * of its output. For guests, where nobody outside sees just the program.
 */
#include <stdio.h>
#include <time.h>

static struct timespec start;

__attribute__((constructor)) static void whole_begin(void)
{
	clock_gettime(CLOCK_MONOTONIC, &start);
}

__attribute__((destructor)) static void whole_end(void)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("\npostmark,whole,ns,%.0f\n",
	       (double)(end.tv_sec - start.tv_sec) * 1e9 +
		       (double)(end.tv_nsec - start.tv_nsec));
}
