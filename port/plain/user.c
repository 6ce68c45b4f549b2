/* SPDX-License-Identifier: MIT */
/* user_copy and user_zero (port/user.h) as plain C. */
#include "port/user.h"

#include <string.h>

struct user_plain_bad user_plain_bad;

/* How many of n bytes from start on are bad, or come after one that is. */
static size_t bad_from(const void *start, size_t n)
{
	const char *first = start;

	if (n && (uintptr_t)first < 4096)
		return n;
	if (user_plain_bad.start == user_plain_bad.end ||
	    first >= user_plain_bad.end || first + n <= user_plain_bad.start)
		return 0;
	if (first >= user_plain_bad.start)
		return n;
	return (size_t)(first + n - user_plain_bad.start);
}

size_t user_copy(void *dst, const void *src, size_t n)
{
	size_t in_src = bad_from(src, n), in_dst = bad_from(dst, n);
	size_t left = in_src > in_dst ? in_src : in_dst;

	if (n > left)
		memcpy(dst, src, n - left);
	return left;
}

size_t user_zero(void *dst, size_t n)
{
	size_t left = bad_from(dst, n);

	if (n > left)
		memset(dst, 0, n - left);
	return left;
}
