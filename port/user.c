/* SPDX-License-Identifier: MIT */
/* What the homes have in common of port/user.h. */
#include "port/user.h"

#include "abi/errno.h"
#include "port/port.h"

size_t user_span(const void *start, size_t len, bool write)
{
	uintptr_t at = (uintptr_t)start, end;

	if (__builtin_add_overflow(at, len, &end))
		end = UINTPTR_MAX;
	while (at < end && (write ? user_changeable((void *)at)
				  : user_readable((const void *)at, 1)))
		at = (at | (PAGE_SIZE - 1)) + 1;
	if (at < (uintptr_t)start || at > end)
		at = end;
	return at - (uintptr_t)start;
}

ssize_t user_strlen(const char *text, size_t max)
{
	size_t len;
	char c;

	for (len = 0; len < max; len++) {
		if (!user_byte(text + len, &c))
			return -EFAULT;
		if (c == '\0')
			break;
	}
	return (ssize_t)len;
}
