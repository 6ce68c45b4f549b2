/* SPDX-License-Identifier: MIT */
/*
 * Requests about names: finding, making, removing, renaming. The kernel holds
 * its own locks of the directories meanwhile, so a name that is just made is
 * still there when it is looked up.
 */
#include "mount.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERM_MASK 07777

/* Tells the kernel of a node that is in hand: *takes* both. */
static void reply_node(fuse_req_t req, struct known *known,
		       struct fs_node *node)
{
	struct fuse_entry_param entry;

	mount_entry(node, &entry);
	mount_known_commit(known, node);
	if (fuse_reply_entry(req, &entry) != 0)
		mount_known_forget(entry.ino, 1);
}

/* The same, or err. */
static void reply_made(fuse_req_t req, int err, struct known *known,
		       struct fs_node *node)
{
	if (!err) {
		reply_node(req, known, node);
		return;
	}
	mount_known_cancel(known);
	fuse_reply_err(req, -err);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *text)
{
	struct known *known = mount_known_reserve();
	struct fs_node *dir = mount_node(parent), *node = NULL;
	struct fs_name name = mount_name(text);
	struct caller caller;
	int err = known ? 0 : -ENOMEM;

	if (!err && mount_served.no_cache) {
		caller_init(&caller, req);
		err = fs_access(dir, &caller.cred, X_OK);
		caller_fini(&caller);
	}
	if (!err)
		err = fs_lookup(mount_served.fs, dir, &name, &node);
	reply_made(req, err, known, node);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
	mount_known_forget(ino, count);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count,
			    struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		mount_known_forget(forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

/* Makes a node that is no symlink. */
static void make(fuse_req_t req, fuse_ino_t parent, const char *text,
		 mode_t mode, dev_t rdev)
{
	struct known *known = mount_known_reserve();
	struct fs_name name = mount_name(text);
	struct fs_node *node = NULL;
	struct caller caller;
	int err = -ENOMEM;

	caller_init(&caller, req);
	if (known)
		err = fs_make(mount_served.fs, mount_node(parent), &name, mode,
			      rdev, &caller.cred, NULL, &node);
	caller_fini(&caller);
	reply_made(req, err, known, node);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *text,
		     mode_t mode, dev_t rdev)
{
	make(req, parent, text, mode & (S_IFMT | PERM_MASK), rdev);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *text,
		     mode_t mode)
{
	make(req, parent, text, S_IFDIR | (mode & PERM_MASK), 0);
}

/* open(2) of a name that the kernel has found to be missing. */
static void op_create(fuse_req_t req, fuse_ino_t parent, const char *text,
		      mode_t mode, struct fuse_file_info *fi)
{
	struct known *known = mount_known_reserve();
	struct fs_name name = mount_name(text);
	struct fuse_entry_param entry;
	struct caller caller;
	struct fs_node *node;
	int err = -ENOMEM;

	caller_init(&caller, req);
	if (known)
		err = fs_make(mount_served.fs, mount_node(parent), &name,
			      S_IFREG | (mode & PERM_MASK), 0, &caller.cred,
			      NULL, &node);
	caller_fini(&caller);
	if (err) {
		mount_known_cancel(known);
		fuse_reply_err(req, -err);
		return;
	}
	mount_entry(node, &entry);
	mount_known_commit(known, node);
	fi->keep_cache = !mount_served.no_cache;
	if (fuse_reply_create(req, &entry, fi) != 0)
		mount_known_forget(entry.ino, 1);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		       const char *text)
{
	struct known *known = mount_known_reserve();
	struct fs_name name = mount_name(text), to = mount_name(target);
	struct fs_node *dir = mount_node(parent), *node = NULL;
	struct caller caller;
	int err = -ENOMEM;

	caller_init(&caller, req);
	if (known)
		err = fs_symlink(mount_served.fs, dir, &name, target, to.len,
				 &caller.cred);
	if (!err)
		err = fs_lookup(mount_served.fs, dir, &name, &node);
	caller_fini(&caller);
	reply_made(req, err, known, node);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent,
		    const char *text)
{
	struct known *known = mount_known_reserve();
	struct fs_node *node = mount_node(ino);
	struct fs_name name = mount_name(text);
	struct caller caller;
	int err = -ENOMEM;

	caller_init(&caller, req);
	if (known)
		err = fs_link(mount_served.fs, node, mount_node(parent), &name,
			      &caller.cred);
	caller_fini(&caller);
	if (!err)
		fs_node_ref(node);
	reply_made(req, err, known, node);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *text)
{
	struct fs_name name = mount_name(text);
	struct caller caller;
	int err;

	caller_init(&caller, req);
	err = fs_unlink(mount_served.fs, mount_node(parent), &name,
			&caller.cred);
	caller_fini(&caller);
	fuse_reply_err(req, -err);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *text)
{
	struct fs_name name = mount_name(text);
	struct caller caller;
	int err;

	caller_init(&caller, req);
	err = fs_rmdir(mount_served.fs, mount_node(parent), &name,
		       &caller.cred);
	caller_fini(&caller);
	fuse_reply_err(req, -err);
}

static void op_rename(fuse_req_t req, fuse_ino_t oldparent, const char *oldtext,
		      fuse_ino_t newparent, const char *newtext, unsigned flags)
{
	struct fs_name oldname = mount_name(oldtext);
	struct fs_name newname = mount_name(newtext);
	struct caller caller;
	int err;

	caller_init(&caller, req);
	err = fs_rename(mount_served.fs, mount_node(oldparent), &oldname,
			mount_node(newparent), &newname, flags, &caller.cred);
	caller_fini(&caller);
	fuse_reply_err(req, -err);
}

void mount_names_ops(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = op_lookup;
	ops->forget = op_forget;
	ops->forget_multi = op_forget_multi;
	ops->mknod = op_mknod;
	ops->mkdir = op_mkdir;
	ops->create = op_create;
	ops->symlink = op_symlink;
	ops->link = op_link;
	ops->unlink = op_unlink;
	ops->rmdir = op_rmdir;
	ops->rename = op_rename;
}
