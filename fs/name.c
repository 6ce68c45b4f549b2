/* SPDX-License-Identifier: MIT */
/*
 * Making and removing names: every call finds, checks and reserves under the
 * directory's lock, then commits in a step that cannot fail. The order of the
 * checks is that of Linux, since programs see which error comes first. Renaming
 * is in rename.c.
 */
#include "fs/content.h"

#define TARGET_MAX 4095 /* of a symlink: symlink(2), ENAMETOOLONG */

int name_too_long(const struct fs_node *dir)
{
	return dir->nlink == 0 ? -ENOENT : -ENAMETOOLONG;
}

static int too_long(struct fs_node *dir)
{
	int err;

	lock_read(&dir->lock);
	err = name_too_long(dir);
	unlock_read(&dir->lock);
	return err;
}

int name_lookup(struct fs *fs, struct fs_node *dir, const struct fs_name *name,
		struct fs_node **nodep)
{
	struct dirent *entry;

	if (UNLIKELY(name->len > NAME_MAX))
		return too_long(dir);
	lock_read(&dir->lock);
	entry = dir_find(dir->dir, name, dir_hash(fs, name->text, name->len));
	if (LIKELY(entry != NULL)) {
		node_ref(entry->node);
		*nodep = entry->node;
	}
	unlock_read(&dir->lock);
	if (LIKELY(entry != NULL))
		return 0;
	if (LIKELY(!is_special(dir)))
		return -ENOENT;
	return is_live(dir) ? fs->live->lookup(dir, name, nodep)
			    : foreign_lookup(dir, name, nodep);
}

int fs_lookup(struct fs *fs, struct fs_node *dir, const struct fs_name *name,
	      struct fs_node **nodep)
{
	return is_dir(dir) ? name_lookup(fs, dir, name, nodep) : -ENOTDIR;
}

struct fs_node *fs_parent(struct fs_node *dir)
{
	struct fs_node *parent;

	lock_read(&dir->lock);
	parent = dir->dir->parent;
	node_ref(parent);
	unlock_read(&dir->lock);
	return parent;
}

/* May something be made in dir? may_create() of Linux's fs/namei.c. */
static int make_check(struct fs_node *dir, const struct fs_cred *cred)
	REQUIRES(dir->lock)
{
	if (UNLIKELY(dir->nlink == 0))
		return -ENOENT;
	return perm_check_dir(dir, cred, W_OK | X_OK);
}

/* Only root makes devices; but anybody the one that is a whiteout: mknod(2). */
static bool is_privileged(uint32_t mode, uint64_t rdev,
			  const struct fs_cred *cred)
{
	return cred->uid != 0 &&
	       ((S_ISCHR(mode) && rdev != 0) || S_ISBLK(mode));
}

/* A node with the owner, group and mode of a new one. */
static inline int make_node(struct fs *fs, const struct fs_node *dir,
			    uint32_t mode, const struct fs_cred *cred,
			    struct fs_node **nodep)
{
	uint32_t gid = perm_inherit(dir, cred, &mode);

	return node_create(fs, mode, cred->uid, gid, nodep);
}

int name_make_node(struct fs *fs, const struct fs_node *dir, uint32_t mode,
		   const struct fs_cred *cred, struct fs_node **nodep)
{
	return make_node(fs, dir, mode, cred, nodep);
}

/* Commits the first name of a new node, and for a directory its parent: all of
 * that before a walker can come to it. */
static void make_commit(struct fs_node *dir, const struct fs_name *name,
			uint32_t hash, char *long_name, struct fs_node *node)
	REQUIRES(dir->lock)
{
	uint64_t seq;

	dir_change_begin(dir->dir);
	seq = dir_insert(dir->dir, name, hash, long_name, node);
	node->nlink = 1; /* the node's first reference now stands for it */
	if (is_dir(node)) {
		node->nlink = 2;
		node_ref(dir);
		node->dir->parent = dir;
		node->dir->seq = seq;
		dir->nlink++;
	}
	node_changed(dir, node->ctime);
	dir_change_end(dir->dir);
}

/* The common part of fs_make and fs_symlink. content, if any, is what a
 * symlink contains. */
static int make_locked(struct fs *fs, struct fs_node *dir,
		       const struct fs_name *name, uint32_t hash, uint32_t mode,
		       const struct fs_cred *cred, const struct iovec *content,
		       struct fs_node **nodep) REQUIRES(dir->lock)
{
	struct fs_node *node;
	char *long_name;
	int err = make_check(dir, cred);

	if (err)
		return err;
	err = make_node(fs, dir, mode, cred, &node);
	if (err)
		return err;
	if (content) {
		err = content_link(fs, node, content);
		if (err)
			goto drop_node;
	}
	err = dir_reserve(fs, dir->dir, name->len, &long_name);
	if (err)
		goto drop_node;
	/* commit: nothing below can fail */
	make_commit(dir, name, hash, long_name, node);
	*nodep = node;
	return 0;

drop_node:
	node_unref(fs, node);
	return err;
}

/* Why: what stands in the way of others comes first. */
static int privileged_refused(struct fs_node *dir, const struct fs_cred *cred)
	REQUIRES(dir->lock)
{
	int err = make_check(dir, cred);

	return err ? err : -EPERM;
}

/* fs_make in a live directory, where all there ever is exists already. */
RARE static int make_live(struct fs *fs, struct fs_node *dir,
			  const struct fs_name *name, bool *existed,
			  struct fs_node **nodep)
{
	struct fs_node *node;
	int err = name_lookup(fs, dir, name, &node);

	if (err)
		return err;
	if (existed && nodep) {
		*existed = true;
		*nodep = node;
		return 0;
	}
	node_unref(fs, node);
	return existed ? 0 : -EEXIST;
}

/* fs_make where nothing is made as elsewhere. */
static __attribute__((noinline)) int
make_special(struct fs *fs, struct fs_node *dir, const struct fs_making *making,
	     const struct fs_cred *cred, bool *existed, struct fs_node **nodep)
{
	if (is_live(dir))
		return make_live(fs, dir, making->name, existed, nodep);
	return foreign_make(fs, dir, making, cred, existed, nodep);
}

int fs_make(struct fs *fs, struct fs_node *dir, const struct fs_name *name,
	    uint32_t mode, uint64_t rdev, const struct fs_cred *cred,
	    bool *existed, struct fs_node **nodep)
{
	struct dirent *entry;
	struct fs_node *node;
	uint32_t hash;
	int err = 0;

	if (UNLIKELY(name->len > NAME_MAX))
		return too_long(dir);
	if (UNLIKELY(is_special(dir))) {
		const struct fs_making making = {
			.name = name, .mode = mode, .number = rdev};

		return make_special(fs, dir, &making, cred, existed, nodep);
	}
	hash = dir_hash(fs, name->text, name->len);
	lock_write(&dir->lock);
	entry = dir_find(dir->dir, name, hash);
	if (entry)
		node = entry->node;
	if (entry && !existed)
		err = -EEXIST;
	else if (!entry && name->slash && !S_ISDIR(mode))
		err = -ENOENT;
	else if (!entry && UNLIKELY(is_privileged(mode, rdev, cred)))
		err = privileged_refused(dir, cred);
	else if (!entry)
		err = make_locked(fs, dir, name, hash, mode, cred, NULL, &node);
	if (!err) {
		if (!entry && !S_ISREG(mode) && rdev && is_numbered(node))
			node->rdev = rdev;
		if (existed)
			*existed = entry != NULL;
		if (nodep) {
			node_ref(node);
			*nodep = node;
		}
	}
	unlock_write(&dir->lock);
	return err;
}

RARE int fs_make_anonymous(struct fs *fs, struct fs_node *dir, uint32_t mode,
			   const struct fs_cred *cred, struct fs_node **nodep)
{
	int err;

	if (!dir) {
		err = node_create(fs, mode, cred->uid, cred->gid, nodep);
		if (!err) {
			(*nodep)->nlink = 1;
			(*nodep)->marks = FS_MARK_OUTSIDE;
		}
		return err;
	}
	if (UNLIKELY(is_foreign(dir)))
		return -EOPNOTSUPP;
	lock_read(&dir->lock);
	err = perm_change(dir, cred);
	if (!err)
		err = make_node(fs, dir, mode, cred, nodep);
	unlock_read(&dir->lock);
	return err;
}

int fs_symlink(struct fs *fs, struct fs_node *dir, const struct fs_name *name,
	       const char *target, size_t target_len,
	       const struct fs_cred *cred)
{
	struct iovec content = {.iov_base = (void *)(uintptr_t)target,
				.iov_len = target_len + 1};
	struct fs_node *node;
	uint32_t hash;
	int err;

	if (target_len == 0)
		return -ENOENT;
	if (target_len > TARGET_MAX)
		return -ENAMETOOLONG;
	if (name->len > NAME_MAX)
		return too_long(dir);
	if (is_live(dir))
		return -ENOENT;
	if (is_foreign(dir))
		return foreign_symlink(fs, dir, name, target, target_len, cred);
	hash = dir_hash(fs, name->text, name->len);
	lock_write(&dir->lock);
	if (dir_find(dir->dir, name, hash))
		err = -EEXIST;
	else if (name->slash)
		err = -ENOENT;
	else
		err = make_locked(fs, dir, name, hash, S_IFLNK | 0777, cred,
				  &content, &node);
	unlock_write(&dir->lock);
	return err;
}

/* Reserves another name in dir for node; see nodes_take. */
static int link_reserve(struct fs *fs, struct fs_node *node,
			struct fs_node *dir, const struct fs_name *name,
			char **long_name) REQUIRES(node->lock, dir->lock)
{
	int err;

	if (node->nlink == 0 && !(fs_node_marks(node) & FS_MARK_LINKABLE))
		return -ENOENT;
	if (node->nlink == LINK_MAX_NODE)
		return -EMLINK;
	err = node->nlink ? nodes_take(fs) : 0;
	if (err)
		return err;
	err = dir_reserve(fs, dir->dir, name->len, long_name);
	if (err && node->nlink)
		nodes_give(fs);
	return err;
}

int fs_link(struct fs *fs, struct fs_node *node, struct fs_node *dir,
	    const struct fs_name *name, const struct fs_cred *cred)
{
	struct node_time now = node_now();
	uint32_t hash;
	char *long_name;
	int err;

	if (name->len > NAME_MAX)
		return too_long(dir);
	if (is_live(dir))
		return -ENOENT;
	if (is_foreign(dir))
		return foreign_link(fs, node, dir, name, cred);
	hash = dir_hash(fs, name->text, name->len);
	lock_write(&dir->lock);
	err = dir_find(dir->dir, name, hash) ? -EEXIST : 0;
	if (!err && name->slash)
		err = -ENOENT;
	if (!err && (fs_node_marks(node) &
		     (FS_MARK_OUTSIDE | FS_MARK_LIVE | FS_MARK_FOREIGN)))
		err = dir->nlink ? -EXDEV : -ENOENT;
	if (!err)
		err = make_check(dir, cred);
	if (!err && is_dir(node))
		err = -EPERM;
	if (err)
		goto unlock;
	lock_write(&node->lock);
	err = link_reserve(fs, node, dir, name, &long_name);
	if (!err) {
		/* commit: nothing below can fail */
		dir_change_begin(dir->dir);
		dir_insert(dir->dir, name, hash, long_name, node);
		dir_change_end(dir->dir);
		if (node->nlink == 0) {
			node_ref(node); /* which all its links stand for */
			fs_node_mark(node, 0, FS_MARK_LINKABLE);
		}
		node->nlink++;
		node->ctime = now;
		node_changed(dir, now);
	}
	unlock_write(&node->lock);
unlock:
	unlock_write(&dir->lock);
	return err;
}

/* Commits the removal of a name. Returns whether the node lost its last link:
 * then the caller drops the reference that being linked was. */
static inline bool unlink_commit(struct fs *fs, struct fs_node *dir,
				 struct dirent *entry, struct fs_node *node)
	REQUIRES(dir->lock, node->lock)
{
	struct node_time now = node_now();

	dir_change_begin(dir->dir);
	dir_remove(fs, dir->dir, entry);
	dir_change_end(dir->dir);
	node_changed(dir, now);
	node->ctime = now;
	node->nlink--;
	if (is_dir(node)) {
		node->nlink--;
		dir->nlink--;
	} else if (UNLIKELY(node->nlink > 0)) {
		nodes_give(fs);
	}
	return node->nlink == 0;
}

/* Why entry cannot be unlinked: may_delete() and do_unlinkat() of Linux. */
static int unlink_check(struct fs_node *dir, const struct fs_name *name,
			const struct dirent *entry, const struct fs_cred *cred)
	REQUIRES(dir->lock)
{
	int err;

	if (!entry)
		return -ENOENT;
	if (name->slash)
		return dirent_is_dir(entry) ? -EISDIR : -ENOTDIR;
	err = perm_remove(dir, entry->node, cred);
	if (err)
		return err;
	return dirent_is_dir(entry) ? -EISDIR : 0;
}

/* Checks without the emptiness, which needs the victim's lock. */
static int rmdir_check(struct fs_node *dir, const struct dirent *entry,
		       const struct fs_cred *cred) REQUIRES(dir->lock)
{
	int err;

	if (!entry)
		return -ENOENT;
	err = perm_remove(dir, entry->node, cred);
	if (err)
		return err;
	return dirent_is_dir(entry) ? 0 : -ENOTDIR;
}

/* Unlinks or, if directory, removes a directory. */
static int name_remove(struct fs *fs, struct fs_node *dir,
		       const struct fs_name *name, bool directory,
		       const struct fs_cred *cred)
{
	struct fs_node *node = NULL;
	struct dirent *entry;
	bool last = false;
	int err;

	if (UNLIKELY(name->len > NAME_MAX))
		return too_long(dir);
	if (UNLIKELY(is_foreign(dir)))
		return foreign_remove(fs, dir, name, directory, cred);
	lock_write(&dir->lock);
	entry = dir_find(dir->dir, name, dir_hash(fs, name->text, name->len));
	err = directory ? rmdir_check(dir, entry, cred)
			: unlink_check(dir, name, entry, cred);
	if (err)
		goto unlock;
	node = entry->node;
	lock_write(&node->lock);
	if (directory && UNLIKELY(is_foreign(node)))
		err = -EBUSY;
	else if (directory && node->dir->live)
		err = -ENOTEMPTY;
	else
		last = unlink_commit(fs, dir, entry, node);
	unlock_write(&node->lock);
unlock:
	unlock_write(&dir->lock);
	if (last)
		node_unref(fs, node);
	return err;
}

int fs_unlink(struct fs *fs, struct fs_node *dir, const struct fs_name *name,
	      const struct fs_cred *cred)
{
	return name_remove(fs, dir, name, false, cred);
}

int fs_rmdir(struct fs *fs, struct fs_node *dir, const struct fs_name *name,
	     const struct fs_cred *cred)
{
	return name_remove(fs, dir, name, true, cred);
}

/* Unchecked: there is nobody to lock out. */
void name_drop(struct fs *fs, struct fs_node *dir,
	       struct dirent *entry) LOCKS_UNCHECKED
{
	struct fs_node *node = entry->node;

	if (is_foreign(node))
		node->nlink = 2; /* whatever it is elsewhere */
	if (unlink_commit(fs, dir, entry, node))
		node_unref(fs, node);
}
