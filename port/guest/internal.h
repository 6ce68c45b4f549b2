/* SPDX-License-Identifier: MIT */
/* What the files of port/guest share. */
#ifndef WHELK_PORT_GUEST_INTERNAL_H
#define WHELK_PORT_GUEST_INTERNAL_H

#include "abi/errno.h"
#include "kernel/kernel.h"
#include "port/port.h"
#include "port/user.h"

/* libc's, at link time. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *s, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* cmdline.c: the kernel command line of abi/guest.h */
struct cmdline_options {
	bool stdin_request, trace, share;
	bool terminal[3]; /* which descriptors are terminals */
	struct port_winsize winsize;
	uint64_t fs_size, fs_inodes; /* 0: not said */
	size_t env_count, arg_count;
	size_t text_size; /* of all decoded strings, with their zeros */
};
void cmdline_parse(const char *line, struct cmdline_options *options);
char *cmdline_decode(const char *line, char *text, char **args, char **env);

/* stack.c */
void *stack_build(const char *line, const struct cmdline_options *options,
		  void *top);

/* archive.c */
void archive_unpack(const void *archive, size_t size);

/* port.c */
void port_guest_terminals_set(const bool terminal[3],
			      const struct port_winsize *size);

#endif
