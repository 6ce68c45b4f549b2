/* SPDX-License-Identifier: MIT */
/* Texts of unknown length, made piece by piece: the contents of /proc. */
#ifndef WHELK_SYSCALLS_TEXT_H
#define WHELK_SYSCALLS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whole pages, this at their start. */
struct text {
	size_t len, pages;
	bool cut; /* there was no memory for all of it */
	char bytes[];
};

/* An empty text, or NULL. */
struct text *text_create(void);
void text_destroy(struct text *text);

/* Appends; the text may move. */
void text_add(struct text **text, const char *bytes, size_t len);
void text_string(struct text **text, const char *string);
/* In base 10 or 16 with at least width digits, filled up with fill. */
void text_number(struct text **text, uint64_t value, unsigned base,
		 size_t width, char fill);
void text_decimal(struct text **text, uint64_t value);

#endif
