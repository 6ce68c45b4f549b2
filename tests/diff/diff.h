/* SPDX-License-Identifier: MIT */
/*
 * The two halves of a program that makes random system calls about files and
 * says what came of each: generate.c chooses a call and its arguments,
 * observe.c makes it and observes the outcome. Built for Linux and for Whelk it
 * must observe the same; drive.c compares. An operation is a function of the
 * seed and its number alone, so a sequence without some of its operations has
 * the others unchanged: that is how a failing one is made short.
 */
#ifndef WHELK_TESTS_DIFF_H
#define WHELK_TESTS_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/uio.h>

#include "../conform/errors.h"

#define OPS 2000 /* operations of one seed; then everything is removed */

/* Descriptors: 0 to 2 are the program's own, calls get those up to FD_LIMIT,
 * and those from FD_KEPT on watch files. */
#define FD_FIRST 3
#define FD_LIMIT 16
#define FD_KEPT	 100
#define FD_END	 120

/* Bytes that files may hold when limits are tried (run). */
#define FULL_SIZE (1 << 20)

#define BUFFER_SIZE ((2 << 20) + 65536)
#define PATH_SIZE   4200
#define IOV_LEN	    6
#define NAMES	    400

/*
 * A kind of call. Each letter of args is one argument (generate.c, "kinds");
 * number is for syscall(2), or run does it instead. often is its share of all.
 */
struct call {
	const char *name;
	long number;
	const char *args;
	unsigned often;
	long (*run)(const long *args);
};

extern const struct call calls[];
extern const size_t calls_len;

/* One operation. Arguments that are addresses lead to static buffers that the
 * next operation has anew. */
struct op {
	const struct call *call;
	long args[6];
	bool watch; /* the times of files: see observe.c */
};

/* Is the file system so small that it is often full? Then sizes and positions
 * are whole pages, for which tmpfs and Whelk charge the same, and how much is
 * free is observed as well. */
extern bool limits_tried;

/* What calls read from and write to. */
extern unsigned char in_buffer[BUFFER_SIZE], out_buffer[BUFFER_SIZE];

/* -- generate.c -- */

/* Operation number n of the sequence of seed. */
void op_make(struct op *op, uint64_t seed, unsigned n);

/* The name with that number, below NAMES, of less than 64 bytes. */
void name_number(char *name, unsigned number);

/* -- show.c -- */

/* Writes op as it would stand in a C program. */
void op_show(const struct op *op, FILE *file);

struct flag {
	const char *name;
	long value;
	unsigned often; /* set once in that many times */
};

/* Sets of flags end with a name of NULL. */
const struct flag *flags_of(char kind);

/* -- observe.c -- */

/* Holes are not looked for in larger files: see is_excluded. */
#define SIZE_SEEK_MAX (INT64_MAX - 4096)

/* Adds to what is observed of the operation that is being run. */
void observe(const char *what, int64_t value);

/* Makes the call and observes. */
void op_run(const struct op *op);

/* What has been observed since the last call, as one number. */
uint64_t observed(void);

/* Says what is observed to file as well. */
void observe_to(FILE *file);

uint64_t hash_add(uint64_t hash, const void *data, size_t len);

struct stat;
void observe_stat(const struct stat *st);

/* How many inode numbers were seen first before this one, of this seed. */
int64_t ino_label(uint64_t ino, bool add);
void ino_forget(void);

/* pipe(flags): one that never waits. */
long pipe_run(const long *args);

/* The same of a name. */
void observe_text(const char *text);

/* -- events.c -- */

/* Begins to watch, or not, by the seed; and observes what has come. */
void events_begin(uint64_t seed);
void events_observe(void);
/* Would it tell of a directory that only is the current one, or remove names in
 * the order of a listing? That matters to when a file ends. */
bool events_excluded(const struct op *op);
/* Does not: what is done in the order of a listing is told in that order. */
void events_forget(void);

/* notify(path, mask) watches something more, unnotify(wd) no longer. */
long notify_run(const long *args);
long unnotify_run(const long *args);

/* -- tree.c -- */

/* list(fd, size): the directory's entries, read size bytes at a time. */
long list_run(const long *args);

/* drain(fd, size): the same, removing each entry as it is seen. */
long drain_run(const long *args);

/* fill(dirfd, first, last) makes files, thin(dirfd, first, step) removes some. */
long fill_run(const long *args);
long thin_run(const long *args);

/* lock(fd, command, type, whence, start, len): fcntl with a struct flock. */
long lock_run(const long *args);

/* tree(): everything there is. */
long tree_run(const long *args);

/* Ends a sequence: observes what is left, and removes all of it. */
void tree_end(void);

/* Begins one: the current directory is empty, and not the root. */
void tree_begin(void);

struct statfs;
void observe_statfs(const struct statfs *fs);

/* Lets descriptors up to this be used. */
void fd_limit(unsigned limit);

/* Ends the program unless ok. */
void must(bool ok, const char *what);

#endif
