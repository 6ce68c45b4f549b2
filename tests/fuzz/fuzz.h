/* SPDX-License-Identifier: MIT */
/*
 * Sequences of system calls decoded from bytes, made on syscalls/ and fs/ in
 * the unit home (tests/unit/port_unit.h). What makes the bytes is libFuzzer
 * (make fuzz), a file of the corpus, or a seed (replay.c).
 *
 * calls.c says which calls there are, arguments.c how their arguments come out of
 * bytes; world.c begins and ends a process, and shows all that calls can see of
 * it; sweep.c has memory run out in one call; fuzz.c says what must hold.
 */
#ifndef WHELK_TESTS_FUZZ_H
#define WHELK_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* -- fuzz.c ---------------------------------------------------------------- */

/* What the first byte of an input asks for, besides the limits. */
enum {
	FUZZ_SWEEP = 0x10, /* each call also without each of its allocations */
	FUZZ_EXACT = 0x20, /* each small object is an allocation of its own */
	FUZZ_FAIL = 0x40,  /* one allocation fails, once: see fuzz.c */
	FUZZ_LOCK = 0x80,  /* as a process with threads */
};

/* Makes the calls that data holds in a process of their own; panics when
 * something does not hold. libFuzzer's name, and it wants 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Print each call? */
extern bool fuzz_show;

/* May buffers be bad addresses? Not with several threads: there is one range. */
extern bool fuzz_bad;

/* -- arguments.c ----------------------------------------------------------- */

/* The bytes that are left. */
struct input {
	const uint8_t *at, *end;
};

/* The next byte; 0 after the last one. */
unsigned input_byte(struct input *input);

#define OP_BLOCKS 24

/* A call with its arguments, which point into blocks. */
struct op {
	const struct call *call;
	long args[6];
	void *blocks[OP_BLOCKS];
	size_t sizes[OP_BLOCKS];
	size_t blocks_len;
	size_t count; /* bytes of the last buffer, or number of buffers */
};

/*
 * The next argument, of some kind (those of tests/diff, where it has the same):
 *   f descriptor          d the same, or AT_FDCWD  g new descriptor
 *   p path                t target of a link       m mode
 *   n size of the buffer that follows or precedes  # number of a file
 *   < buffer to read      > buffer to fill
 *   W buffers to read     R buffers to fill        k how many
 *   @ offset              w whence                 o flags of open
 *   l AT_ flags           r flags of renameat2     u user or group
 *   a access              T two times or NULL      c command of fcntl
 *   x its argument        M mask of statx          q request of ioctl
 *   i 256 bytes           e flags of dup3          v small number
 *   0 NULL                L a limit or NULL        y resource
 *   F mode of fallocate   D type and mode          b device
 *   K operation of flock, that does not wait
 *   P what to poll, k     Q set of descriptors     h below which all are
 *   j operation of epoll  J its event              N how many fit in >
 *   z timeout in ms       Z timeout or NULL        8 size of a signal mask
 *   H flags of pipe2      B two descriptors        A flags of preadv2
 *   O offset or NULL      C bytes to be copied     G FICLONE
 *   E name of an xattr    X flags of setxattr      I 1000 ids
 *   V two struct timeval  ~ events of inotify      1 a number from 1 on
 *   Y flags of mmap       S F_SETPIPE_SZ           s FICLONERANGE
 *   % its range           5 command about a lock   6 the lock
 *   7 operation of flock  9 another command of fcntl
 */
long op_argument(struct input *input, struct op *op, char kind);

/* The last descriptor that a call made, which is likely to be an argument. */
extern _Thread_local long op_last_fd;

/* Unless 0, most paths begin in a directory of that name: for threads. */
extern _Thread_local unsigned call_thread;

/* -- calls.c --------------------------------------------------------------- */

/* Decodes the next call; false if there is none. */
bool op_decode(struct input *input, struct op *op);
/* Makes it, and returns what it does. */
long op_make(const struct op *op);
void op_end(struct op *op);
const char *op_name(const struct op *op);

/* How many there are: the first byte of each is below that. */
extern const unsigned calls_count;

/* May the call have done something although it failed? */
bool op_may_change(const struct op *op);

/* The name of the first call of syscalls.tbl that syscalls/ serves and is not
 * among these, or NULL. */
const char *calls_missing(void);

/* -- world.c --------------------------------------------------------------- */

/* Begins a process whose file system has these limits (0: large ones). */
void world_begin(uint64_t bytes_max, uint64_t nodes_max, bool trace);
/* Closes and removes everything; panics if anything is lost or not given back. */
void world_end(void);

void world_check(void);
void world_mkdir(const char *path);

/* All names, attributes and contents, descriptors and limits, as one text: the
 * caller frees it. Reading changes no times after the first one of a second. */
char *world_show(void);

/* -- sweep.c --------------------------------------------------------------- */

struct swept {
	const char *name;
	long (*call)(const void *context);
	const void *context;
};

/*
 * Makes a call again and again, while the first of its allocations fails and all
 * that follow, the first one alone, the second one and all that follow, and so
 * on until it no longer fails for that, or after the hundredth. Panics if a call
 * that fails, for whatever reason, changed anything. Returns the last result, and
 * stores how many allocations the call could not do without.
 */
long sweep(const struct swept *swept, size_t *allocs);

#endif
