/* SPDX-License-Identifier: MIT */
/*
 * Renaming: rename(2) with all its rules, as one step. A rename between two
 * directories holds the rename lock, so the shape of the tree stands still
 * while it looks at ancestors; both directories are locked, then both nodes,
 * in the order of docs/LOCKING.md. All is checked and reserved before the
 * first change, so a rename that fails has lost nothing.
 */
#include "fs/internal.h"

/* Those that RENAME_EXCHANGE cannot stand beside. */
#define FLAGS_EXCLUDE ((unsigned)(RENAME_NOREPLACE | RENAME_WHITEOUT))

/* What one rename works on. source and target are valid until something is
 * inserted or reserved; target may be NULL. */
struct renaming {
	struct fs *fs;
	struct fs_node *olddir, *newdir;
	const struct fs_name *oldname, *newname;
	const struct fs_cred *cred;
	unsigned flags;
	uint32_t oldhash, newhash;
	struct dirent *source, *target;
	struct fs_node *node;	  /* that source names */
	struct fs_node *victim;	  /* that target names, or NULL */
	struct fs_node *whiteout; /* to be left under the old name, or NULL */
};

/* Is ancestor dir itself or above it? The rename lock keeps the answer true. */
static bool is_ancestor(const struct fs_node *ancestor,
			const struct fs_node *dir)
{
	while (dir != ancestor) {
		if (dir->dir->parent == dir)
			return false;
		dir = dir->dir->parent;
	}
	return true;
}

/* Unchecked: two locks in an order that depends on the tree. */
static void dirs_lock(struct renaming *r)
	ACQUIRES(r->olddir->lock, r->newdir->lock) LOCKS_UNCHECKED
{
	struct fs_node *first = r->olddir, *second = r->newdir;

	if (first == second) {
		lock_write(&first->lock);
		return;
	}
	lock_write(&r->fs->rename_lock);
	if (is_ancestor(second, first) ||
	    (!is_ancestor(first, second) && second < first)) {
		first = r->newdir;
		second = r->olddir;
	}
	lock_write(&first->lock);
	lock_write(&second->lock);
}

/* Unchecked: undoes dirs_lock. */
static void dirs_unlock(struct renaming *r)
	RELEASES(r->olddir->lock, r->newdir->lock) LOCKS_UNCHECKED
{
	unlock_write(&r->olddir->lock);
	if (r->olddir == r->newdir)
		return;
	unlock_write(&r->newdir->lock);
	unlock_write(&r->fs->rename_lock);
}

/* Directories before other files, and those by address. Unchecked: there may
 * be one or two. */
static void nodes_lock(struct renaming *r)
	ACQUIRES(r->node->lock, r->victim->lock) LOCKS_UNCHECKED
{
	struct fs_node *first = r->node, *second = r->victim;

	if (second) {
		bool dir1 = is_dir(first), dir2 = is_dir(second);

		if (dir1 != dir2 ? dir2 : second < first) {
			first = r->victim;
			second = r->node;
		}
	}
	lock_write(&first->lock);
	if (second)
		lock_write(&second->lock);
}

/* Unchecked: undoes nodes_lock. */
static void nodes_unlock(struct renaming *r)
	RELEASES(r->node->lock, r->victim->lock) LOCKS_UNCHECKED
{
	unlock_write(&r->node->lock);
	if (r->victim)
		unlock_write(&r->victim->lock);
}

static void entries_find(struct renaming *r)
{
	r->source = dir_find(r->olddir->dir, r->oldname, r->oldhash);
	r->target = dir_find(r->newdir->dir, r->newname, r->newhash);
	r->node = r->source ? r->source->node : NULL;
	r->victim = r->target ? r->target->node : NULL;
}

/* Errors of names, in the order of Linux's do_renameat2(). */
static int names_check(const struct renaming *r)
	REQUIRES(r->olddir->lock, r->newdir->lock)
{
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (!r->source && r->oldname->len > NAME_MAX)
		return name_too_long(r->olddir);
	if (!r->source || r->newdir->nlink == 0)
		return -ENOENT;
	if (r->newname->len > NAME_MAX)
		return name_too_long(r->newdir);
	if ((r->flags & RENAME_NOREPLACE) && r->target)
		return -EEXIST;
	if (exchange && !r->target)
		return -ENOENT;
	if (exchange && !is_dir(r->victim) && r->newname->slash)
		return -ENOTDIR;
	if (!is_dir(r->node) &&
	    (r->oldname->slash || (!exchange && r->newname->slash)))
		return -ENOTDIR;
	if (r->olddir == r->newdir)
		return 0;
	if (is_dir(r->node) && is_ancestor(r->node, r->newdir))
		return -EINVAL;
	if (r->target && is_dir(r->victim) && is_ancestor(r->victim, r->olddir))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* A directory that changes its parent is written to (".."). */
static int move_check(const struct renaming *r, struct fs_node *node)
{
	if (r->olddir == r->newdir || !is_dir(node))
		return 0;
	return perm_check(node, r->cred, W_OK);
}

/* Permissions and types, in the order of Linux's vfs_rename(). */
static int nodes_check(const struct renaming *r)
{
	bool exchange = r->flags & RENAME_EXCHANGE;
	int err = perm_remove(r->olddir, r->node, r->cred);

	if (!err && UNLIKELY(is_foreign(r->node) ||
			     (r->target && is_foreign(r->victim))))
		err = -EBUSY;
	if (err)
		return err;
	if (!r->target) {
		err = perm_change(r->newdir, r->cred);
	} else {
		err = perm_remove(r->newdir, r->victim, r->cred);
		if (!err && !exchange && is_dir(r->node) != is_dir(r->victim))
			err = is_dir(r->node) ? -ENOTDIR : -EISDIR;
	}
	if (!err)
		err = move_check(r, r->node);
	if (!err && exchange)
		err = move_check(r, r->victim);
	return err;
}

/* Enters node, a directory, under another parent. The reference to the old one
 * is handed to the caller. */
static void parent_set(struct fs_node *node, struct fs_node *from,
		       struct fs_node *to, uint64_t seq)
{
	if (!is_dir(node))
		return;
	node->dir->seq = seq;
	if (from == to)
		return; /* others may look at the parent: no rename lock */
	node->dir->parent = to;
	node_ref(to);
	from->nlink--;
	to->nlink++;
}

/* Commits: both names keep their entries, which trade nodes. */
RARE static void exchange_commit(struct renaming *r, struct node_time now)
{
	dirent_set_node(r->source, r->victim);
	dirent_set_node(r->target, r->node);
	parent_set(r->node, r->olddir, r->newdir, r->target->seq);
	parent_set(r->victim, r->newdir, r->olddir, r->source->seq);
	r->victim->ctime = now;
}

/* Commits: the victim loses the name that the target's entry had. */
static void victim_commit(struct renaming *r, struct node_time now)
{
	r->victim->ctime = now;
	r->victim->nlink--;
	if (is_dir(r->victim)) {
		r->victim->nlink--;
		r->newdir->nlink--;
	} else if (UNLIKELY(r->victim->nlink > 0)) {
		nodes_give(r->fs);
	}
}

/* Commits: the node gets the new name, in the target's entry if there is one,
 * and loses the old. */
static void replace_commit(struct renaming *r, char *long_name,
			   struct node_time now)
{
	uint64_t seq;

	if (r->target) {
		dirent_set_node(r->target, r->node);
		seq = r->target->seq;
		victim_commit(r, now);
	} else {
		seq = dir_insert(r->newdir->dir, r->newname, r->newhash,
				 long_name, r->node);
	}
	parent_set(r->node, r->olddir, r->newdir, seq);
	if (UNLIKELY(r->whiteout != NULL)) {
		r->whiteout->nlink = 1;
		dirent_set_node(r->source, r->whiteout);
	} else {
		dir_remove(r->fs, r->olddir->dir, r->source);
	}
}

/* Reserves what the new names take. */
RARE static int rename_reserve(struct renaming *r, char **long_name)
	REQUIRES(r->olddir->lock, r->newdir->lock)
{
	int err = 0;

	if (UNLIKELY(r->flags & RENAME_WHITEOUT)) {
		err = name_make_node(r->fs, r->olddir, S_IFCHR, r->cred,
				     &r->whiteout);
		if (err)
			return err;
		r->whiteout->rdev = 0;
	}
	if (!r->target) {
		err = dir_reserve(r->fs, r->newdir->dir, r->newname->len,
				  long_name);
		if (err && r->whiteout)
			node_unref(r->fs, r->whiteout);
		entries_find(r); /* they may have moved */
	}
	return err;
}

/* For walkers, all that is changed between these two is one change. */
static __attribute__((noinline)) void changes_begin(const struct renaming *r)
{
	dir_change_begin(r->olddir->dir);
	if (r->newdir != r->olddir)
		dir_change_begin(r->newdir->dir);
}

static __attribute__((noinline)) void changes_end(const struct renaming *r)
{
	dir_change_end(r->olddir->dir);
	if (r->newdir != r->olddir)
		dir_change_end(r->newdir->dir);
}

/* Reserves and commits, all locks held. Stores what references the caller is
 * to drop: to the victim if that was its last link, and to old parents. */
static int rename_locked(struct renaming *r, struct fs_node *drop[3])
	REQUIRES(r->olddir->lock, r->newdir->lock, r->node->lock,
		 r->victim->lock)
{
	bool exchange = r->flags & RENAME_EXCHANGE, moves;
	struct node_time now = node_now();
	char *long_name = NULL;
	int err;

	if (r->victim && !exchange && is_dir(r->victim) && r->victim->dir->live)
		return -ENOTEMPTY;
	err = rename_reserve(r, &long_name);
	if (err)
		return err;
	/* commit: nothing below can fail */
	moves = r->olddir != r->newdir;
	if (moves && is_dir(r->node))
		drop[0] = r->olddir;
	if (moves && exchange && is_dir(r->victim))
		drop[1] = r->newdir;
	if (UNLIKELY(port_threaded))
		changes_begin(r);
	if (exchange)
		exchange_commit(r, now);
	else
		replace_commit(r, long_name, now);
	if (UNLIKELY(port_threaded))
		changes_end(r);
	if (r->victim && r->victim->nlink == 0)
		drop[2] = r->victim;
	r->node->ctime = now;
	node_changed(r->olddir, now);
	node_changed(r->newdir, now);
	return 0;
}

int fs_rename(struct fs *fs, struct fs_node *olddir,
	      const struct fs_name *oldname, struct fs_node *newdir,
	      const struct fs_name *newname, unsigned flags,
	      const struct fs_cred *cred)
{
	struct renaming r = {.fs = fs,
			     .olddir = olddir,
			     .newdir = newdir,
			     .oldname = oldname,
			     .newname = newname,
			     .cred = cred,
			     .flags = flags};
	struct fs_node *drop[3] = {NULL, NULL, NULL};
	int err;

	if ((flags & ~(FLAGS_EXCLUDE | RENAME_EXCHANGE)) ||
	    ((flags & RENAME_EXCHANGE) && (flags & FLAGS_EXCLUDE)))
		return -EINVAL;
	if (UNLIKELY(is_foreign(olddir) || is_foreign(newdir)))
		return foreign_rename(fs, olddir, oldname, newdir, newname,
				      flags, cred);
	r.oldhash = dir_hash(fs, oldname->text, oldname->len);
	r.newhash = dir_hash(fs, newname->text, newname->len);
	dirs_lock(&r);
	entries_find(&r);
	err = names_check(&r);
	if (err || r.node == r.victim)
		goto unlock; /* two names of one file: nothing is done */
	err = nodes_check(&r);
	if (err)
		goto unlock;
	nodes_lock(&r);
	err = rename_locked(&r, drop);
	nodes_unlock(&r);
unlock:
	dirs_unlock(&r);
	for (size_t i = 0; i < 3; i++) {
		if (drop[i])
			node_unref(fs, drop[i]);
	}
	return err;
}
