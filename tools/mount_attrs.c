/* SPDX-License-Identifier: MIT */
/*
 * Requests about attributes of a node, and about the whole file system.
 */
#include "mount.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "port/port.h"

#define TIMES_SET (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME)
#define IDS_SET	  (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)
#define SET_ID	  (S_ISUID | S_ISGID)
#define PERM_MASK 07777

static void reply_attr(fuse_req_t req, struct fs_node *node)
{
	struct stat st;

	mount_stat(node, &st);
	fuse_reply_attr(req, &st, mount_served.timeout);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	(void)fi;
	reply_attr(req, mount_node(ino));
}

static int times_apply(struct fs_node *node, const struct fs_cred *cred,
		       const struct stat *st, int set)
{
	const struct timespec *from[2] = {&st->st_atim, &st->st_mtim};
	static const int given[2] = {FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_MTIME};
	static const int now[2] = {FUSE_SET_ATTR_ATIME_NOW,
				   FUSE_SET_ATTR_MTIME_NOW};
	struct fs_time times[2];
	enum fs_utime how[2];

	for (int i = 0; i < 2; i++) {
		how[i] = FS_UTIME_OMIT;
		if (set & given[i])
			how[i] = set & now[i] ? FS_UTIME_NOW : FS_UTIME_SET;
		times[i].sec = from[i]->tv_sec;
		times[i].nsec = (uint32_t)from[i]->tv_nsec;
	}
	return fs_utimens(node, cred, times, how);
}

/* truncate(2), or with a descriptor ftruncate(2), which needs no permission
 * any more. */
static int size_apply(struct fs_node *node, const struct caller *caller,
		      off_t size, bool descriptor)
{
	int err = 0;

	if (!descriptor)
		err = fs_access(node, &caller->cred, W_OK);
	if (err)
		return err;
	fs_setid_drop(node, &caller->cred);
	return fs_truncate(mount_served.fs, node, (uint64_t)size);
}

/*
 * chmod(2), or what the kernel asks for itself before somebody else than the
 * owner writes: the same mode without set-id bits. Who may write could have
 * that anyway. (Without cache the kernel does not know the sticky bit.)
 */
static int mode_apply(struct fs_node *node, const struct caller *caller,
		      mode_t mode)
{
	int err = fs_chmod(node, &caller->cred, mode & PERM_MASK);
	mode_t old = fs_node_mode(node) & PERM_MASK;

	if (err == -EPERM && mount_served.no_cache && (old & SET_ID) &&
	    (mode & PERM_MASK & ~S_ISVTX) == (old & ~(SET_ID | S_ISVTX)) &&
	    fs_access(node, &caller->cred, W_OK) == 0) {
		fs_setid_drop(node, &caller->cred);
		err = 0;
	}
	return err;
}

/*
 * The kernel asks for what one system call does: of those below, several at
 * once only for a size with the time of it, which is kept anyway, and for a size
 * or ids with the mode that they leave, of which only a kernel that checks
 * permissions knows all bits.
 */
static int attrs_apply(struct fs_node *node, const struct caller *caller,
		       const struct stat *st, int set, bool descriptor)
{
	const struct fs_cred *cred = &caller->cred;
	int err = 0;

	if (set & FUSE_SET_ATTR_SIZE) {
		err = size_apply(node, caller, st->st_size, descriptor);
		if (set & FUSE_SET_ATTR_MTIME_NOW)
			set &= ~FUSE_SET_ATTR_MTIME;
	}
	if (!err && (set & IDS_SET))
		err = fs_chown(
			node, cred,
			set & FUSE_SET_ATTR_UID ? st->st_uid : UINT32_MAX,
			set & FUSE_SET_ATTR_GID ? st->st_gid : UINT32_MAX);
	if (mount_served.no_cache && (set & (FUSE_SET_ATTR_SIZE | IDS_SET)))
		set &= ~FUSE_SET_ATTR_MODE;
	if (!err && (set & FUSE_SET_ATTR_MODE))
		err = mode_apply(node, caller, st->st_mode);
	if (!err && (set & TIMES_SET))
		err = times_apply(node, cred, st, set);
	return err;
}

static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int set,
		       struct fuse_file_info *fi)
{
	struct fs_node *node = mount_node(ino);
	struct caller caller;
	int err;

	/* What the kernel has checked, or wants itself, is not checked again. */
	if (mount_served.no_cache)
		caller_init(&caller, req);
	else
		caller_init_root(&caller);
	err = attrs_apply(node, &caller, st, set, fi != NULL);
	caller_fini(&caller);
	if (err)
		fuse_reply_err(req, -err);
	else
		reply_attr(req, node);
}

/* Asked only without cache: otherwise the kernel decides. */
static void op_access(fuse_req_t req, fuse_ino_t ino, int want)
{
	struct caller caller;
	int err;

	caller_init(&caller, req);
	err = fs_access(mount_node(ino), &caller.cred, want);
	caller_fini(&caller);
	fuse_reply_err(req, -err);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	size_t len;

	fuse_reply_readlink(req, fs_link_target(mount_node(ino), &len));
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st = {
		.f_bsize = PAGE_SIZE, .f_frsize = PAGE_SIZE, .f_namemax = 255};
	struct fs_stat stat;

	(void)ino;
	fs_stat(mount_served.fs, &stat);
	st.f_blocks = stat.bytes_max >> PAGE_SHIFT;
	st.f_bfree = st.f_bavail = stat.bytes_free >> PAGE_SHIFT;
	st.f_files = stat.nodes_max;
	st.f_ffree = st.f_favail = stat.nodes_free;
	fuse_reply_statfs(req, &st);
}

void mount_attrs_ops(struct fuse_lowlevel_ops *ops)
{
	ops->getattr = op_getattr;
	ops->setattr = op_setattr;
	ops->access = op_access;
	ops->readlink = op_readlink;
	ops->statfs = op_statfs;
}
