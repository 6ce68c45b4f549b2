/* SPDX-License-Identifier: MIT */
/* Texts of unknown length: pages that are exchanged for twice as many. */
#include "syscalls/text.h"

#include "syscalls/internal.h"

struct text *text_create(void)
{
	struct text *text = port_pages_alloc(1);

	if (text)
		*text = (struct text){.pages = 1};
	return text;
}

void text_destroy(struct text *text)
{
	port_pages_free(text, text->pages);
}

/* How many bytes there is room for. */
static size_t text_room(const struct text *text)
{
	return text->pages * PAGE_SIZE - sizeof(*text) - text->len;
}

static void text_grow(struct text **text, size_t len)
{
	struct text *old = *text, *new;
	size_t pages = old->pages;

	while (pages * PAGE_SIZE - sizeof(*old) - old->len < len)
		pages *= 2;
	new = port_pages_alloc(pages);
	if (!new) {
		old->cut = true;
		return;
	}
	memcpy(new, old, sizeof(*old) + old->len);
	new->pages = pages;
	text_destroy(old);
	*text = new;
}

void text_add(struct text **text, const char *bytes, size_t len)
{
	if (text_room(*text) < len)
		text_grow(text, len);
	if ((*text)->cut)
		return;
	memcpy((*text)->bytes + (*text)->len, bytes, len);
	(*text)->len += len;
}

void text_string(struct text **text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_number(struct text **text, uint64_t value, unsigned base,
		 size_t width, char fill)
{
	char digits[32];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (at > 0 && sizeof(digits) - at < width)
		digits[--at] = fill;
	text_add(text, digits + at, sizeof(digits) - at);
}

void text_decimal(struct text **text, uint64_t value)
{
	text_number(text, value, 10, 0, ' ');
}
