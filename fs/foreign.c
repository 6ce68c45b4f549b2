/* SPDX-License-Identifier: MIT */
/*
 * Foreign nodes: files that somebody else has, a host. What is done with their
 * names and attributes comes here from where it is done for other nodes, is
 * checked as there against the attributes that are known, and is passed on. A
 * foreign directory has the same table of entries as others, but it is always
 * empty; so it has a parent, and looking a name up comes here when it is not
 * found.
 */
#include "fs/internal.h"

static const struct fs_foreign *server_of(const struct fs_node *node)
{
	return node->foreign.server;
}

void *fs_foreign_object(const struct fs_node *node)
{
	return node->foreign.object;
}

void fs_foreign_mount(struct fs_node *dir, const struct fs_foreign *foreign,
		      void *object)
{
	port_assert(is_dir(dir) && !dir->dir->live);
	dir->foreign.object = object;
	dir->foreign.server = foreign;
	fs_node_mark(dir, FS_MARK_FOREIGN, 0);
}

int fs_foreign_make(struct fs *fs, struct fs_node *dir,
		    const struct fs_foreign *foreign, void *object,
		    const struct fs_attr *attr, struct fs_node **nodep)
{
	struct fs_node *node;
	int err = node_alloc(fs, attr->mode, attr->uid, attr->gid, &node);

	if (err)
		return err;
	if (is_dir(node)) {
		node_ref(dir);
		node->dir->parent = dir;
	} else if (is_device(node)) {
		node->rdev = attr->rdev;
	}
	node->foreign.object = object;
	node->foreign.server = foreign;
	node->ino = attr->ino;
	node->nlink = attr->nlink;
	node->size = attr->size;
	node->marks = FS_MARK_FOREIGN;
	*nodep = node;
	return 0;
}

void fs_foreign_update(struct fs_node *node, const struct fs_attr *attr)
{
	lock_write(&node->lock);
	node_perm_set(node, attr->mode & PERM_MASK);
	__atomic_store_n(&node->uid, attr->uid, __ATOMIC_RELAXED);
	__atomic_store_n(&node->gid, attr->gid, __ATOMIC_RELAXED);
	node->nlink = attr->nlink;
	unlock_write(&node->lock);
}

bool fs_node_try_ref(struct fs_node *node)
{
	return node_try_ref(node);
}

void *fs_memory_alloc(struct fs *fs, size_t size)
{
	return mem_alloc(fs, size);
}

void fs_memory_free(struct fs *fs, void *memory, size_t size)
{
	mem_free(fs, memory, size);
}

int foreign_getattr(struct fs_node *node, struct fs_attr *attr)
{
	int err = server_of(node)->getattr(node, attr);

	if (err)
		return err;
	fs_foreign_update(node, attr);
	return 1;
}

int foreign_change_slow(struct fs_node *node, const struct fs_change *change)
{
	return server_of(node)->change(node, change);
}

int foreign_lookup(struct fs_node *dir, const struct fs_name *name,
		   struct fs_node **nodep)
{
	return server_of(dir)->lookup(dir, name, nodep);
}

/* What is to be made in dir by cred; -EACCES, -EPERM. */
static int making_check(const struct fs_node *dir, struct fs_making *making,
			const struct fs_cred *cred)
{
	int err = perm_check_dir((struct fs_node *)(uintptr_t)dir, cred,
				 W_OK | X_OK);

	if (err)
		return err;
	making->uid = cred->uid;
	making->gid = perm_inherit(dir, cred, &making->mode);
	return 0;
}

/* Only root makes devices, but for a whiteout: mknod(2). */
static bool is_privileged(const struct fs_making *making,
			  const struct fs_cred *cred)
{
	return cred->uid != 0 &&
	       ((S_ISCHR(making->mode) && making->number != 0) ||
		S_ISBLK(making->mode));
}

/* Makes what is not there yet. */
static int make_new(struct fs_node *dir, const struct fs_making *making,
		    const struct fs_cred *cred, struct fs_node **nodep)
{
	struct fs_making own = *making;
	int err;

	if (making->name->slash && !S_ISDIR(making->mode))
		return -ENOENT;
	err = making_check(dir, &own, cred);
	if (!err && is_privileged(making, cred))
		err = -EPERM;
	return err ? err : server_of(dir)->make(dir, &own, nodep);
}

int foreign_make(struct fs *fs, struct fs_node *dir,
		 const struct fs_making *making, const struct fs_cred *cred,
		 bool *existed, struct fs_node **nodep)
{
	struct fs_node *node;
	int err;

	for (;;) {
		err = foreign_lookup(dir, making->name, &node);
		if (!err && existed && nodep) {
			*existed = true;
			*nodep = node;
			return 0;
		}
		if (!err)
			node_unref(fs, node);
		if (err != -ENOENT)
			return err ? err : -EEXIST;
		if (existed)
			*existed = false;
		err = make_new(dir, making, cred, nodep);
		if (err != -EEXIST || !existed)
			return err;
		/* Somebody made it in between: look again. */
	}
}

/* Is there such a name? Then -EEXIST. */
static int absent_check(struct fs *fs, struct fs_node *dir,
			const struct fs_name *name)
{
	struct fs_node *node;
	int err = foreign_lookup(dir, name, &node);

	if (!err)
		node_unref(fs, node);
	if (err)
		return err == -ENOENT ? 0 : err;
	return -EEXIST;
}

int foreign_symlink(struct fs *fs, struct fs_node *dir,
		    const struct fs_name *name, const char *target,
		    size_t target_len, const struct fs_cred *cred)
{
	struct fs_making making = {.name = name, .mode = S_IFLNK | 0777};
	int err = absent_check(fs, dir, name);

	if (!err && name->slash)
		err = -ENOENT;
	if (!err)
		err = making_check(dir, &making, cred);
	return err ? err
		   : server_of(dir)->symlink(dir, &making, target, target_len);
}

int foreign_link(struct fs *fs, struct fs_node *node, struct fs_node *dir,
		 const struct fs_name *name, const struct fs_cred *cred)
{
	struct fs_making making = {.name = name};
	int err = absent_check(fs, dir, name);

	if (!err && name->slash)
		err = -ENOENT;
	if (!err && !is_foreign(node))
		err = -EXDEV;
	if (!err)
		err = making_check(dir, &making, cred);
	if (!err && is_dir(node))
		err = -EPERM;
	return err ? err : server_of(dir)->link(node, dir, name);
}

/* May cred remove or replace name in dir, as perm_remove? Only a sticky
 * directory makes it depend on what has that name. */
static int remove_check(struct fs *fs, struct fs_node *dir,
			const struct fs_name *name, const struct fs_cred *cred)
{
	struct fs_node *victim;
	int err = perm_check_dir(dir, cred, W_OK | X_OK);

	if (err || cred->uid == 0 || !(node_perm(dir) & S_ISVTX))
		return err;
	err = foreign_lookup(dir, name, &victim);
	if (err)
		return err == -ENOENT ? 0 : err;
	err = perm_remove(dir, victim, cred);
	node_unref(fs, victim);
	return err;
}

/* What a name with a slash behind it names must be a directory; then 0. */
static int slash_check(struct fs *fs, struct fs_node *dir,
		       const struct fs_name *name)
{
	struct fs_node *node;
	int err;

	if (!name->slash)
		return 0;
	err = foreign_lookup(dir, name, &node);
	if (err)
		return err;
	err = is_dir(node) ? 0 : -ENOTDIR;
	node_unref(fs, node);
	return err;
}

int foreign_remove(struct fs *fs, struct fs_node *dir,
		   const struct fs_name *name, bool directory,
		   const struct fs_cred *cred)
{
	int err = directory ? 0 : slash_check(fs, dir, name);

	if (!err && name->slash && !directory)
		err = -EISDIR;
	if (!err)
		err = remove_check(fs, dir, name, cred);
	return err ? err : server_of(dir)->remove(dir, name, directory);
}

/* Enters a directory that has moved under another parent. */
static void moved_commit(struct fs *fs, struct fs_node *node,
			 struct fs_node *newdir) REQUIRES(fs->rename_lock)
{
	struct fs_node *old;

	if (!is_dir(node))
		return;
	node_ref(newdir);
	lock_write(&node->lock);
	old = node->dir->parent;
	node->dir->parent = newdir;
	unlock_write(&node->lock);
	node_unref(fs, old);
}

/* What stands in the way, but for what the server finds. A new name may have a
 * slash only if a directory gets it. */
static int rename_check(struct fs *fs, struct fs_node *olddir,
			const struct fs_name *oldname, struct fs_node *newdir,
			const struct fs_name *newname,
			const struct fs_cred *cred)
{
	struct fs_name as_dir = *oldname;
	int err;

	as_dir.slash = oldname->slash || newname->slash;
	err = slash_check(fs, olddir, &as_dir);
	if (!err)
		err = remove_check(fs, olddir, oldname, cred);
	return err ? err : remove_check(fs, newdir, newname, cred);
}

/* DEVIATION: renameat2(2): below /host the flags RENAME_NOREPLACE,
 * RENAME_EXCHANGE and RENAME_WHITEOUT are EINVAL, as with Linux's own client:
 * the protocol has no words for them. */
int foreign_rename(struct fs *fs, struct fs_node *olddir,
		   const struct fs_name *oldname, struct fs_node *newdir,
		   const struct fs_name *newname, unsigned flags,
		   const struct fs_cred *cred)
{
	struct fs_node *moved = NULL;
	int err;

	if (is_foreign(olddir) != is_foreign(newdir))
		return -EXDEV;
	if (flags)
		return -EINVAL;
	if (oldname->len > NAME_MAX || newname->len > NAME_MAX)
		return -ENAMETOOLONG;
	err = rename_check(fs, olddir, oldname, newdir, newname, cred);
	if (err)
		return err;
	lock_write(&fs->rename_lock);
	err = server_of(olddir)->rename(olddir, oldname, newdir, newname,
					&moved);
	if (!err && moved)
		moved_commit(fs, moved, newdir);
	unlock_write(&fs->rename_lock);
	if (moved)
		node_unref(fs, moved);
	return err;
}
