/* SPDX-License-Identifier: MIT */
/*
 * What the conformance programs share. Each is a plain Linux program that makes
 * system calls and says on standard output what came of each: tests/conform.sh
 * runs it on Linux, hosted and in the guest and compares the three. So it says
 * nothing that may differ between two runs: no addresses, inode numbers or
 * absolute times, and a listing is sorted.
 */
#ifndef WHELK_TESTS_CONFORM_TRANSCRIPT_H
#define WHELK_TESTS_CONFORM_TRANSCRIPT_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "errors.h"

/* Goes to the fresh directory /tmp/conform, if argv[1] is given with that as the
 * root, so that paths are the same everywhere; leaves the descriptors 0, 1 and
 * 2 open, and sets the umask to 022. The second keeps the root, for its
 * devices, and goes to argv[1] or /tmp. */
void begin(int argc, char **argv);
void begin_outside(int argc, char **argv);

/* Says "EXPR = RESULT", or "= -1 ENAME". Evaluates to the result. */
#define CALL(expr) (errno = 0, call_said(#expr, (long)(expr)))
long call_said(const char *expr, long result);

/* Says something else, as printf, with a newline. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* The name of errno if result is -1, else "ok" (or the result, if not 0).
 * Static. */
const char *outcome(long result);

/* Makes a file with this text, or ends the program. */
void make(const char *path, const char *text);

/* Says what stat (lstat) shows, but for numbers and times; contents, escaped;
 * and the names in a directory, sorted. */
void show(const char *path);
void show_fd(const char *what, int fd);
void show_text(const char *path);
void show_list(const char *path);

/* Ends the program unless ok. */
void must(bool ok, const char *what);

/* Names and paths of a length at the limit, and one over. */
#define X10(s) s s s s s s s s s s
#define X255(s) \
	X10(X10(s)) X10(X10(s)) X10(s) X10(s) X10(s) X10(s) X10(s) s s s s s
#define NAME255	 X255("n")
#define NAME256	 NAME255 "n"
#define X2000	 X10(X10(X10("./")))
#define PATH4095 X2000 X2000 X10("././././") "./././././././f"
#define PATH4096 PATH4095 "f"

/*
 * The tree that calls with paths are tried upon, in the current directory:
 *   f, g and g2 (one file), d/ (empty), e/x, e/sub/, and links:
 *   l -> f, ld -> d, le -> e, lslash -> d/, lfile -> f/, chain -> l,
 *   up -> e/.., in -> e/x, dangling -> missing, loop -> loop
 * tree_paths are paths in, around and outside of it.
 */
extern const char *const tree_paths[];
extern const size_t tree_paths_len;
void tree_build(void);
void tree_clear(void);
/* All of the tree as a number, which changes when anything does but times. */
unsigned tree_hash(void);
/* A path as it is printed: long ones cut. Static. */
const char *path_label(const char *path);

/* A sequence of numbers, the same everywhere. */
uint32_t sequence(uint32_t *state, uint32_t limit);

#endif
