/* SPDX-License-Identifier: MIT */
/*
 * Memory of the caller of a system call. Its addresses may be bad, which Linux
 * answers with EFAULT, so nothing but this touches it before it is known to be
 * good. Nothing is looked up beforehand: an access that faults goes on at
 * another place, which a table names (user_access.h), so good addresses cost
 * nothing. A bad one is one at which an access of the program's own would be an
 * exception.
 *
 * How a call treats what it is given:
 * - Bytes of any number (contents, names of attributes): user_copy and
 *   user_zero, in either direction, which say how many bytes are left. If some
 *   were copied and read(2) and its kin would return a short count, so does the
 *   call; else -EFAULT.
 * - A structure, or an array of at most a page: user_readable right before it is
 *   read, user_writable right before it is filled; then it is accessed in place.
 *   Where that is frequent, user_store fills the first and the last word, which
 *   proves as much. What is used twice should be copied: another thread may
 *   change it in between.
 * - More than a page that something else accesses: user_span.
 * - A path: fs/walk.c reads it so; syscalls/path.c has path_start, path_byte.
 * - The order of errors is Linux's: mostly structures that are read come before
 *   anything is looked up, results are written when all else has succeeded.
 *
 * The faults under a lock are caught like others, so the call ends there as it
 * does for any other error: it unlocks, and has changed nothing, or has done
 * its work in part where Linux would have. Memory that the home could provide
 * only without locks is asked for by port_user_fault_in, when none is held, and
 * then the call goes on.
 *
 * DEVIATION: what was good when it was looked at must stay so until the call
 * ends: that another thread unmaps a path or a structure in the meantime is an
 * exception, where Linux says EFAULT. In the guest everything that is mapped
 * can be accessed, the kernel's own memory as well, so its addresses are good.
 */
#ifndef WHELK_PORT_USER_H
#define WHELK_PORT_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/types.h"

/* user_byte, user_word, user_store, user_readable, user_writable: the variant of the home, by the
 * include path (Makefile). */
#include "user_access.h"

/* Copies n bytes, upwards; they do not overlap. Returns how many could not be
 * copied, because the one after those that were can not be accessed. */
size_t user_copy(void *dst, const void *src, size_t n);

/* The same with zeros. */
size_t user_zero(void *dst, size_t n);

/* How many of the len bytes from start on can be read, or written: it looks at
 * one of each page, and changes none. */
size_t user_span(const void *start, size_t len, bool write);

/* The length of text without its NUL; max if there is none in the first max
 * bytes; -EFAULT if it can not be read as far as that. */
ssize_t user_strlen(const char *text, size_t max);

/* Is it no place for len bytes of a program, whatever is mapped? Linux looks at
 * that first (access_ok), also if then nothing is to be copied. */
static inline bool user_range_bad(const void *start, size_t len)
{
	const int address_bits = 47;
	uintptr_t at = (uintptr_t)start;

	return (at | len | (at + len)) >> address_bits;
}

#endif
