/* SPDX-License-Identifier: MIT */
/*
 * For tests/runner.sh: ends in the way that is named.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Never inlined, so that the report of a panic can be asked for the name. */
__attribute__((noinline)) static int follow(volatile int *pointer)
{
	return *pointer;
}

__attribute__((noinline)) static int stack_fill(int depth)
{
	volatile char frame[4096];

	frame[0] = (char)depth;
	if (depth < 0)
		return 0;
	return stack_fill(depth + 1) + frame[0];
}

static void output_order(void)
{
	for (int i = 0; i < 100; i++) {
		dprintf(STDOUT_FILENO, "out %d\n", i);
		dprintf(STDERR_FILENO, "err %d\n", i);
	}
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(way, "return"))
		return number;
	if (!strcmp(way, "_exit"))
		_exit(number);
	if (!strcmp(way, "abort"))
		abort();
	if (!strcmp(way, "raise"))
		raise(number);
	if (!strcmp(way, "null"))
		return follow(NULL);
	if (!strcmp(way, "stack"))
		return stack_fill(0);
	if (!strcmp(way, "text"))
		*(volatile char *)(size_t)&main = 0;
	if (!strcmp(way, "data")) {
		static unsigned char code[] = {0xc3};
		void (*call)(void);
		void *address = code;

		memcpy(&call, &address, sizeof(call));
		call();
	}
	if (!strcmp(way, "divide"))
		return 100 / *(volatile int *)&number;
	if (!strcmp(way, "order"))
		output_order();
	if (!strcmp(way, "yes"))
		while (puts("y") >= 0)
			;
	if (!strcmp(way, "hang"))
		for (;;)
			pause();
	if (!strcmp(way, "ttys"))
		printf("%d%d%d\n", isatty(0), isatty(1), isatty(2));
	return 0;
}
