/* SPDX-License-Identifier: MIT */
/* Formatted output of the kernel itself, which is all about its end. */
#include <stdarg.h>

#include "abi/guest.h"
#include "kernel/internal.h"

/* Text is gathered here, so that it leaves in few pieces. */
struct line {
	char text[120];
	size_t len;
};

static void put(struct line *line, char c)
{
	if (line->len == sizeof(line->text)) {
		channel_write(GUEST_FRAME_PANIC, line->text, line->len);
		line->len = 0;
	}
	line->text[line->len++] = c;
}

static void put_string(struct line *line, const char *s)
{
	for (; *s; s++)
		put(line, *s);
}

static void put_decimal(struct line *line, int value)
{
	unsigned int rest = (unsigned int)value;
	char digits[12];
	int n = 0;

	if (value < 0) {
		put(line, '-');
		rest = -rest;
	}
	do {
		digits[n++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	while (n)
		put(line, digits[--n]);
}

static void put_hex(struct line *line, uint64_t value)
{
	int shift;

	put_string(line, "0x");
	for (shift = 60; shift >= 0; shift -= 4)
		put(line, "0123456789abcdef"[value >> shift & 15]);
}

/*
 * Prints to standard error, as a panic's report: %s a string, %d an int, %x a
 * 64-bit number as 16 hexadecimal digits, %a the same as the address of code,
 * which the runner gives a name.
 */
void print(const char *format, ...)
{
	struct line line = {.len = 0};
	va_list args;

	va_start(args, format);
	for (; *format; format++) {
		if (*format != '%') {
			put(&line, *format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_string(&line, va_arg(args, const char *));
			break;
		case 'd':
			put_decimal(&line, va_arg(args, int));
			break;
		case 'x':
			put_hex(&line, va_arg(args, uint64_t));
			break;
		case 'a':
			put(&line, '<');
			put_hex(&line, va_arg(args, uint64_t));
			put(&line, '>');
			break;
		default:
			put(&line, *format);
		}
	}
	va_end(args);
	channel_write(GUEST_FRAME_PANIC, line.text, line.len);
}
