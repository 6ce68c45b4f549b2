/* SPDX-License-Identifier: MIT */
/*
 * Tracing of system calls: what the generated dispatcher (dispatch.c) tells
 * trace.c, and the table of calls that is generated for it (trace_table.c).
 */
#ifndef WHELK_SYSCALLS_TRACE_H
#define WHELK_SYSCALLS_TRACE_H

#include <stdint.h>

/* How an argument is printed. */
enum trace_kind {
	TRACE_INT,    /* 32 bits, signed decimal */
	TRACE_UINT,   /* 32 bits, unsigned decimal */
	TRACE_LONG,   /* 64 bits, signed decimal */
	TRACE_ULONG,  /* 64 bits, unsigned decimal */
	TRACE_OCTAL,  /* a mode */
	TRACE_DIRFD,  /* a descriptor or AT_FDCWD */
	TRACE_OFLAGS, /* open flags, by name */
	TRACE_STRING,
	TRACE_ADDRESS,
	TRACE_IN,  /* bytes; the next argument says how many */
	TRACE_OUT, /* bytes; the result says how many */
};

enum trace_result {
	TRACE_RETURNS_NUMBER,
	TRACE_RETURNS_ADDRESS,
	TRACE_MAY_NOT_RETURN, /* printed up to the result beforehand */
	TRACE_NO_RETURN,      /* printed beforehand */
};

struct trace_call {
	const char *name;
	uint16_t number;
	uint8_t result; /* enum trace_result */
	uint8_t nargs;
	uint8_t kinds[6]; /* enum trace_kind */
};

/* All calls, by ascending number. */
extern const struct trace_call trace_calls[];
extern const int trace_calls_count;

/* Before call n: prints it if it may not return. */
void trace_call_begin(long n, const long args[6]);

/* After call n: prints it, or the rest, on standard error. */
void trace_call_end(long n, const long args[6], long result);

#endif
