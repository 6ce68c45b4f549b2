/* SPDX-License-Identifier: MIT */
/*
 * Single accesses to memory of the caller (port/user.h), by instructions that
 * may fault. The section user_faults has for each the address of the
 * instruction, and where to go on, both relative to their place in the table, and
 * whether a file may be locked (fault.h).
 * The homes' handlers of faults look there (fault.h).
 */
#ifndef WHELK_PORT_X86_64_USER_ACCESS_H
#define WHELK_PORT_X86_64_USER_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An instruction that goes to the label fault if it faults; the page of a mapped
 * file is brought first, or not (locked). */
#define USER_ACCESS(instruction)	USER_ACCESS_TO(instruction, "0")
#define USER_ACCESS_LOCKED(instruction) USER_ACCESS_TO(instruction, "1")
#define USER_ACCESS_TO(instruction, locked)              \
	"771: " instruction "\n\t"                       \
	".pushsection user_faults, \"a\", @progbits\n\t" \
	".balign 4\n\t"                                  \
	".long 771b - ., %l[fault] - ., " locked "\n\t"  \
	".popsection"

/* Loads a byte; false if it can not be read. */
static inline bool user_byte(const char *at, char *c)
{
	unsigned value;

	__asm__ goto(USER_ACCESS("movzbl %1, %0")
		     : "=r"(value)
		     : "m"(*at)
		     :
		     : fault);
	*c = (char)value;
	return true;
fault:
	return false;
}

/* Loads 8 bytes, all in one page, of which the first is of a text; false if they
 * can not be read. */
static inline bool user_word(const char *at, uint64_t *word)
{
	const struct {
		char bytes[8];
	} *all = (const void *)at;

	__asm__ goto(USER_ACCESS("movq %1, %0")
		     : "=r"(*word)
		     : "m"(*all)
		     :
		     : fault);
	return true;
fault:
	return false;
}

/* Can the len bytes (1 to a page) at start be read? */
static inline bool user_readable(const void *start, size_t len)
{
	const char *first = start;

	__asm__ goto(USER_ACCESS("testb $0, %0")
		     :
		     : "m"(*first)
		     : "cc"
		     : fault);
	if (__builtin_constant_p(len) && len == 1)
		return true;
	__asm__ goto(USER_ACCESS("testb $0, %0")
		     :
		     : "m"(first[len - 1])
		     : "cc"
		     : fault);
	return true;
fault:
	return false;
}

/* Can the byte be read by user_copy, under locks? */
static inline bool user_at_hand(const void *at)
{
	__asm__ goto(USER_ACCESS_LOCKED("testb $0, %0")
		     :
		     : "m"(*(const char *)at)
		     : "cc"
		     : fault);
	return true;
fault:
	return false;
}

/* Can the len bytes (1 to a page) at start be written? Their contents are
 * unspecified afterwards. */
static inline bool user_writable(void *start, size_t len)
{
	char *first = start;

	__asm__ goto(USER_ACCESS("movb $0, %0")
		     :
		     : "m"(*first)
		     : "memory"
		     : fault);
	__asm__ goto(USER_ACCESS("movb $0, %0")
		     :
		     : "m"(first[len - 1])
		     : "memory"
		     : fault);
	return true;
fault:
	return false;
}

/* Stores a word; false if it can not be written. */
static inline bool user_store(uint64_t *at, uint64_t value)
{
	__asm__ goto(USER_ACCESS("movq %1, %0")
		     :
		     : "m"(*at), "er"(value)
		     : "memory"
		     : fault);
	return true;
fault:
	return false;
}

/* Can the byte be written? It stays what it is. */
static inline bool user_changeable(void *at)
{
	__asm__ goto(USER_ACCESS("lock orb $0, %0")
		     :
		     : "m"(*(char *)at)
		     : "cc", "memory"
		     : fault);
	return true;
fault:
	return false;
}

#endif
