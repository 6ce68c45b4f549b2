/* SPDX-License-Identifier: MIT */
/*
 * How calls tell of what they did to those who watch, inotify(7). While nobody
 * does, each of these is one test.
 */
#ifndef WHELK_SYSCALLS_NOTIFY_H
#define WHELK_SYSCALLS_NOTIFY_H

#include "syscalls/internal.h"

#include "abi/inotify.h"

/* How many watches there are, and open files whose names are kept for them.
 * Atomic, relaxed: a call that is under way when the first is made may miss it. */
extern uint32_t notify_on;

static inline uint32_t notify_wanted(void)
{
	return __atomic_load_n(&notify_on, __ATOMIC_RELAXED);
}

/* Has path events that IN_EXCL_UNLINK is about: open, close, read, write. */
#define NOTIFY_BY_FILE 0x80000000U

/* The same without the test. mask: events, and NOTIFY_BY_FILE. */
void notify_file_slow(struct file *file, uint32_t mask);
void notify_path_slow(int dirfd, const char *path, int flags, uint32_t mask);
void notify_made_slow(const struct place *place, uint32_t mask);

/* Something happened to an open file, if result says that it did. */
static inline void notify_file(struct file *file, uint32_t mask, long result)
{
	if (UNLIKELY(notify_wanted()) && result >= 0)
		notify_file_slow(file, mask);
}

static inline void notify_read(struct file *file, long result)
{
	if (UNLIKELY(notify_wanted()) && result > 0)
		notify_file_slow(file, IN_ACCESS | NOTIFY_BY_FILE);
}

static inline void notify_written(struct file *file, long result)
{
	if (UNLIKELY(notify_wanted()) && result > 0)
		notify_file_slow(file, IN_MODIFY | NOTIFY_BY_FILE);
}

/* The same of what a path names; flags as path_node has them. */
static inline void notify_path(int dirfd, const char *path, int flags,
			       uint32_t mask, long result)
{
	if (UNLIKELY(notify_wanted()) && result >= 0)
		notify_path_slow(dirfd, path, flags, mask);
}

/* A name was made; mask may be IN_ISDIR. */
static inline void notify_made(const struct place *place, uint32_t mask,
			       long result)
{
	if (UNLIKELY(notify_wanted()) && result >= 0)
		notify_made_slow(place, mask);
}

/* Opening: the walk that found node, which is what file is to be open on; made
 * if that made it. Then, before it can be used: it was opened (and truncated). */
void notify_opening(struct file *file, struct fs_walk *walk,
		    struct fs_node *node, bool made);
void notify_tmpfile(struct file *file, struct fs_node *dir,
		    struct fs_node *node);
void notify_opened(struct file *file, struct fs_node *node, bool truncated);

/* It was refused after all by its own operations, which to Linux is a close. */
void notify_refused(struct file *file, struct fs_node *node, int flags);

/* The last reference to an open file is gone; or it was not opened after all. */
void notify_close(struct file *file);
void notify_unopened(struct file *file);

/* The node that place names, before it is unlinked or renamed, or NULL: to be
 * given to one of those below (takes the reference), after the call that did
 * it has returned err. */
struct fs_node *notify_hold(const struct place *place);
void notify_linked(const struct place *place, struct fs_node *node);
void notify_unlinked(const struct place *place, struct fs_node *node, int err);
void notify_renamed(const struct place *from, const struct place *to,
		    struct fs_node *source, struct fs_node *target, int flags,
		    int err);

/* -- Between inotify.c and notify.c ------------------------------------------- */

/* Protects watches and their queues, and what files remember for them. */
extern struct lock notify_lock;

/* Changes notify_on. */
void notify_count(int change);

/* Tells who watches node: mask with IN_ISDIR if name, or else node, is a
 * directory. unlinked: IN_EXCL_UNLINK does not want it. */
void notify_send(const struct fs_node *node, uint32_t mask, uint32_t cookie,
		 const char *name, uint32_t name_len, bool unlinked)
	REQUIRES(notify_lock);

/* The end of a node: IN_DELETE_SELF, and of all its watches. */
void notify_forget(struct fs_node *node);

/* Gives the files that are open in dir their origins, as far as they have
 * none. What cannot be found out for want of memory is not told of. */
void notify_find(struct fs_node *dir);

#endif
