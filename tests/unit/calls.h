/* SPDX-License-Identifier: MIT */
/*
 * The calls of fs/ by path, as a program would make them, so that tests say
 * what they mean. Each walks its paths with call_cred, from call_cwd (the root
 * if NULL), and returns what the call returns. This is not the system call
 * layer: only what tests of fs/ need.
 */
#ifndef WHELK_TESTS_UNIT_CALLS_H
#define WHELK_TESTS_UNIT_CALLS_H

#include <stdint.h>

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "fs/fs.h"
#include "tests/unit/check.h"

extern const struct fs_cred call_root;
extern const struct fs_cred *call_cred;
extern struct fs_node *call_cwd;

/* One component, and the slashes after it. */
struct fs_name call_name(const char *text);
#define NAME(text) ((struct fs_name[]){call_name(text)})

/* A reference to what path names; the test fails if it names nothing. */
struct fs_node *call_open(const char *path);
/* The same without following the last link, and without a reference. */
struct fs_node *call_node(const char *path);

int call_find(const char *path); /* stat(2): 0 or the error */
struct fs_attr call_stat(const char *path);
struct fs_attr call_attr(struct fs_node *node);

uint64_t call_nodes(void); /* that are in use, by fs_stat */

int call_make(const char *path, uint32_t mode);
int call_mkdir(const char *path, uint32_t mode);
int call_create(const char *path); /* a regular file, 0644, O_EXCL */
int call_symlink(const char *target, const char *path);
int call_link(const char *path, const char *newpath);
int call_unlink(const char *path);
int call_rmdir(const char *path);
int call_rename(const char *path, const char *newpath, unsigned flags);
int call_truncate(const char *path, uint64_t size);
int call_chmod(const char *path, uint32_t mode);
int call_chown(const char *path, uint32_t uid, uint32_t gid); /* lchown */
int call_access(const char *path, int want);
int call_utimens(const char *path, enum fs_utime atime, enum fs_utime mtime);

/* Lets time pass; and which times of a node have been set since: some of the
 * letters a, m and c. */
void call_tick(void);
const char *call_times(const char *path);

/* Writes text (without NUL) at offset; reads the file as a string, up to 4095
 * bytes, valid until the next such call. */
ssize_t call_write(const char *path, uint64_t offset, const char *text);
const char *call_read(const char *path);

/* The target of a symlink, valid until that is gone. */
const char *call_target(const char *path);

/* The names in a directory, in order, each followed by a space, without the
 * dots; valid until the next such call. */
const char *call_list(const char *path);

/* All names, attributes and contents below the root as one text; the caller
 * frees it. Changes nothing once call_settle has run: that reads everything a
 * second later, so that no time of access is to be updated. */
char *call_dump(void);
void call_settle(void);

#endif
