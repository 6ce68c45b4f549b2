/* SPDX-License-Identifier: MIT */
/*
 * Memory of the caller (port/user.h) where it is the same program's: fs/ in an
 * ordinary process. Accesses are plain ones, for sanitizers to see. Only the
 * first page is bad, and what tests say.
 */
#ifndef WHELK_PORT_PLAIN_USER_ACCESS_H
#define WHELK_PORT_PLAIN_USER_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes at [start, end) are bad, if there are any. */
extern struct user_plain_bad {
	const char *start, *end;
} user_plain_bad;

static inline bool user_plain_is_bad(const char *at)
{
	return (uintptr_t)at < 4096 ||
	       (at >= user_plain_bad.start && at < user_plain_bad.end);
}

/* Loads a byte; false if it can not be read. */
static inline bool user_byte(const char *at, char *c)
{
	if (user_plain_is_bad(at))
		return false;
	*c = *at;
	return true;
}

/* Loads the 8 bytes of a text, but not what follows its end; false if they can
 * not be read. */
static inline bool user_word(const char *at, uint64_t *word)
{
	char c = 1;

	*word = 0;
	for (unsigned i = 0; i < 8 && c; i++) {
		if (!user_byte(at + i, &c))
			return false;
		*word |= (uint64_t)(uint8_t)c << (8 * i);
	}
	return true;
}

/* Can the byte be read by user_copy, under locks? */
static inline bool user_at_hand(const void *at)
{
	return !user_plain_is_bad(at);
}

/* Can the len bytes (1 to a page) at start be read? */
static inline bool user_readable(const void *start, size_t len)
{
	const char *first = start;

	return !user_plain_is_bad(first) && !user_plain_is_bad(first + len - 1);
}

/* Can the len bytes (1 to a page) at start be written? Their contents are
 * unspecified afterwards. */
static inline bool user_writable(void *start, size_t len)
{
	return user_readable(start, len);
}

/* Stores a word; false if it can not be written. */
static inline bool user_store(uint64_t *at, uint64_t value)
{
	if (!user_readable(at, sizeof(*at)))
		return false;
	*at = value;
	return true;
}

/* Can the byte be written? It stays what it is. */
static inline bool user_changeable(void *at)
{
	return user_readable(at, 1);
}

#endif
