/* SPDX-License-Identifier: MIT */
/*
 * Names and attributes: what fs/ passes on is one request each, whose errors are
 * Linux's. Who makes a file owns it; a server that may not give files away, as
 * one that is not root, leaves them its own.
 */
#include "share/internal.h"

#define UNLINK_DIRECTORY 0x200 /* AT_REMOVEDIR */
#define MAKE_FLAGS	 0300  /* O_CREAT | O_EXCL */

/* What Tsetattr changes: P9_ATTR_* of Linux. */
enum {
	SET_MODE = 1,
	SET_UID = 2,
	SET_GID = 4,
	SET_SIZE = 8,
	SET_ATIME = 0x10,
	SET_MTIME = 0x20,
	SET_ATIME_GIVEN = 0x80,
	SET_MTIME_GIVEN = 0x100,
};

static uint32_t dir_fid(const struct fs_node *dir)
{
	return proxy_of(dir)->fid;
}

/* -- Attributes ----------------------------------------------------------------- */

static uint32_t change_bits(uint32_t what)
{
	static const struct {
		uint32_t what, bit;
	} bits[] = {
		{FS_CHANGE_MODE, SET_MODE},
		{FS_CHANGE_UID, SET_UID},
		{FS_CHANGE_GID, SET_GID},
		{FS_CHANGE_SIZE, SET_SIZE},
		{FS_CHANGE_ATIME, SET_ATIME},
		{FS_CHANGE_MTIME, SET_MTIME},
		{FS_CHANGE_ATIME_SET, SET_ATIME_GIVEN},
		{FS_CHANGE_MTIME_SET, SET_MTIME_GIVEN},
	};
	uint32_t result = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
		if (what & bits[i].what)
			result |= bits[i].bit;
	}
	return result;
}

static int fid_change(uint32_t fid, const struct fs_change *change)
	REQUIRES(session.lock)
{
	struct message m;

	message_begin(&m, T_SETATTR, false);
	put32(&m, fid);
	put32(&m, change_bits(change->what));
	put32(&m, change->mode);
	put32(&m, change->uid);
	put32(&m, change->gid);
	put64(&m, change->size);
	for (int i = 0; i < 2; i++) {
		put64(&m, (uint64_t)change->times[i].sec);
		put64(&m, change->times[i].nsec);
	}
	return call_end(&m);
}

int node_change(struct fs_node *node, const struct fs_change *change)
{
	uint32_t fid;
	int err;

	lock_write(&session.lock);
	err = node_fid(node, &fid);
	if (!err)
		err = fid_change(fid, change);
	if (!err && (change->what & FS_CHANGE_SIZE))
		proxy_of(node)->size = change->size;
	unlock_write(&session.lock);
	return err;
}

/* Gives what was made to its maker, if that is not root, whom the server takes
 * all for. It need not be possible. */
static void owner_set(uint32_t fid, const struct fs_making *making)
	REQUIRES(session.lock)
{
	const struct fs_change change = {.what = FS_CHANGE_UID,
					 .uid = making->uid};

	if (making->uid != 0)
		(void)!fid_change(fid, &change);
}

/* -- Making ------------------------------------------------------------------------ */

/* Makes a regular file and opens it: what has dir as fid is then the file. */
static int file_create(uint32_t fid, const struct fs_making *making,
		       struct qid *qid) REQUIRES(session.lock)
{
	struct message m;
	int err;

	message_begin(&m, T_LCREATE, false);
	put32(&m, fid);
	put_name(&m, making->name);
	put32(&m, open_flags((uint32_t)making->number) | MAKE_FLAGS);
	put32(&m, making->mode & 07777);
	put32(&m, making->gid);
	err = message_call(&m);
	if (err)
		return err;
	*qid = get_qid(&m);
	(void)get32(&m); /* the best size of writes */
	return message_end(&m);
}

static int file_make(struct fs_node *dir, const struct fs_making *making,
		     struct fs_node **nodep)
{
	struct fs_attr attr = {.mode = making->mode,
			       .uid = making->uid,
			       .gid = making->gid,
			       .nlink = 1};
	struct qid qid = {0};
	uint32_t fid;
	int err;

	lock_write(&session.lock);
	err = fid_walk(dir_fid(dir), NULL, &fid, &qid);
	if (err)
		goto unlock;
	err = file_create(fid, making, &qid);
	if (!err)
		owner_set(fid, making);
	if (!err && nodep) {
		attr.ino = qid.path;
		err = node_make(dir, making->name, FID_NONE, &attr, nodep);
	}
	if (!err && nodep)
		proxy_of(*nodep)->made = fid;
	else
		fid_clunk(fid);
unlock:
	unlock_write(&session.lock);
	return err;
}

/* The reply to what makes anything else. */
static int made_end(struct message *m) REQUIRES(session.lock)
{
	int err = message_call(m);

	if (err)
		return err;
	(void)get_qid(m);
	return message_end(m);
}

/* Finds what was made, if somebody wants it, or it has to be given away. */
static int made_find(struct fs_node *dir, const struct fs_making *making,
		     struct fs_node **nodep)
{
	struct fs_node *node;
	uint32_t fid;
	int err;

	if (!nodep && making->uid == 0)
		return 0;
	err = node_lookup(dir, making->name, &node);
	if (err)
		return err;
	lock_write(&session.lock);
	err = node_fid(node, &fid);
	if (!err)
		owner_set(fid, making);
	unlock_write(&session.lock);
	if (nodep)
		*nodep = node;
	else
		fs_node_unref(session.fs, node);
	return 0;
}

int name_make(struct fs_node *dir, const struct fs_making *making,
	      struct fs_node **nodep)
{
	bool is_dir = S_ISDIR(making->mode);
	struct message m;
	int err;

	if (S_ISREG(making->mode))
		return file_make(dir, making, nodep);
	lock_write(&session.lock);
	message_begin(&m, is_dir ? T_MKDIR : T_MKNOD, false);
	put32(&m, dir_fid(dir));
	put_name(&m, making->name);
	put32(&m, making->mode);
	if (!is_dir) {
		put32(&m, (uint32_t)(making->number >> 8) & 0xfff);
		put32(&m, (uint32_t)((making->number & 0xff) |
				     (making->number >> 12 & 0xfff00)));
	}
	put32(&m, making->gid);
	err = made_end(&m);
	unlock_write(&session.lock);
	return err ? err : made_find(dir, making, nodep);
}

int name_symlink(struct fs_node *dir, const struct fs_making *making,
		 const char *target, size_t target_len)
{
	struct message m;
	int err;

	lock_write(&session.lock);
	message_begin(&m, T_SYMLINK, false);
	put32(&m, dir_fid(dir));
	put_name(&m, making->name);
	put_text(&m, target, target_len);
	put32(&m, making->gid);
	err = made_end(&m);
	unlock_write(&session.lock);
	return err ? err : made_find(dir, making, NULL);
}

int name_link(struct fs_node *node, struct fs_node *dir,
	      const struct fs_name *name)
{
	struct message m;
	uint32_t fid;
	int err;

	lock_write(&session.lock);
	err = node_fid(node, &fid);
	if (!err) {
		message_begin(&m, T_LINK, false);
		put32(&m, dir_fid(dir));
		put32(&m, fid);
		put_name(&m, name);
		err = call_end(&m);
	}
	unlock_write(&session.lock);
	return err;
}

/* -- Removing and renaming ------------------------------------------------------------ */

int name_remove(struct fs_node *dir, const struct fs_name *name, bool directory)
{
	struct drops drops = {.count = 0};
	struct message m;
	int err;

	lock_write(&session.lock);
	message_begin(&m, T_UNLINKAT, false);
	put32(&m, dir_fid(dir));
	put_name(&m, name);
	put32(&m, directory ? UNLINK_DIRECTORY : 0);
	err = call_end(&m);
	if (!err)
		recent_forget(dir, name, &drops);
	unlock_write(&session.lock);
	drops_end(&drops);
	return err;
}

int name_rename(struct fs_node *olddir, const struct fs_name *oldname,
		struct fs_node *newdir, const struct fs_name *newname,
		struct fs_node **movedp)
{
	struct drops drops = {.count = 0};
	struct message m;
	int err;

	lock_write(&session.lock);
	message_begin(&m, T_RENAMEAT, false);
	put32(&m, dir_fid(olddir));
	put_name(&m, oldname);
	put32(&m, dir_fid(newdir));
	put_name(&m, newname);
	err = call_end(&m);
	if (!err) {
		recent_forget(newdir, newname, &drops);
		*movedp =
			proxy_rename(olddir, oldname, newdir, newname, &drops);
	}
	unlock_write(&session.lock);
	drops_end(&drops);
	return err;
}

const struct fs_foreign share_hooks = {
	.lookup = node_lookup,
	.make = name_make,
	.symlink = name_symlink,
	.link = name_link,
	.remove = name_remove,
	.rename = name_rename,
	.getattr = node_getattr,
	.change = node_change,
	.target = node_target,
	.name = node_name,
	.xattr_get = xattr_get,
	.xattr_set = xattr_set,
	.xattr_list = xattr_list,
	.release = node_release,
};
