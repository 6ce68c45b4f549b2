/* SPDX-License-Identifier: MIT */
/* The ways in which a guest ends, as the runner is told (abi/guest.h). */
#include "kernel/internal.h"

/* Builds "word N\n". */
static _Noreturn void end_with(const char *word, unsigned int number)
{
	char text[32], digits[4];
	size_t len = strlen(word), n = 0;

	memcpy(text, word, len);
	text[len++] = ' ';
	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number && n < sizeof(digits));
	while (n)
		text[len++] = digits[--n];
	text[len++] = '\n';
	text[len] = '\0';
	machine_end(text);
}

_Noreturn void kernel_exit(int status)
{
	end_with("exit", (unsigned int)status & 0xff);
}

_Noreturn void kernel_end_signal(int sig)
{
	end_with("signal", (unsigned int)sig);
}

_Noreturn void kernel_end_panic(void)
{
	machine_end("panic\n");
}
