/* SPDX-License-Identifier: MIT */
/*
 * Requests about the contents of regular files. An open file is its node: the
 * kernel keeps offsets, and says the flags of open(2) with each request. There
 * is nothing to do at a flush, a release or an fsync; libfuse says so where
 * there is no operation.
 */
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A flag of the kernel's: opened by execve(2), which may not be able to read. */
#define OPEN_EXEC 0x20

/* A length that the reply can tell of, and a multiple of the size of pages. */
#define COPY_MAX 0x40000000

/* Before node is written to: who is not root leaves no set-id bits. */
static void setid_drop(fuse_req_t req, struct fs_node *node)
{
	struct caller caller;

	if (!(fs_node_mode(node) & (S_ISUID | S_ISGID)))
		return;
	caller_init(&caller, req);
	fs_setid_drop(node, &caller.cred);
	caller_fini(&caller);
}

static int wanted_access(int flags)
{
	static const int of_mode[] = {R_OK, W_OK, R_OK | W_OK, R_OK | W_OK};
	int want = of_mode[flags & O_ACCMODE];

	if (flags & OPEN_EXEC)
		want = X_OK;
	return flags & O_TRUNC ? want | W_OK : want;
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs_node *node = mount_node(ino);
	struct caller caller;
	int err;

	caller_init(&caller, req);
	err = fs_access(node, &caller.cred, wanted_access(fi->flags));
	if (!err && (fi->flags & O_TRUNC)) {
		fs_setid_drop(node, &caller.cred);
		err = fs_truncate(mount_served.fs, node, 0);
	}
	caller_fini(&caller);
	fi->keep_cache = !mount_served.no_cache;
	if (err)
		fuse_reply_err(req, -err);
	else
		fuse_reply_open(req, fi);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	char *buf = malloc(size);
	ssize_t count = -ENOMEM;

	if (buf)
		count = fs_read(mount_node(ino), (uint64_t)offset, buf, size,
				fi->flags & O_NOATIME);
	if (count < 0)
		fuse_reply_err(req, (int)-count);
	else
		fuse_reply_buf(req, buf, (size_t)count);
	free(buf);
}

/* The kernel turns O_APPEND into an offset, under its own lock. */
static void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf,
		     size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct fs_node *node = mount_node(ino);
	uint64_t at = (uint64_t)offset;
	ssize_t count;

	/* What was written to mapped pages, the kernel writes as nobody. */
	if (!fi->writepage)
		setid_drop(req, node);
	count = fs_write(mount_served.fs, node, buf, size, false, &at);
	if (count < 0)
		fuse_reply_err(req, (int)-count);
	else
		fuse_reply_write(req, (size_t)count);
}

/* fallocate(2) of a file open for writing. */
static void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset,
			 off_t len, struct fuse_file_info *fi)
{
	struct fs_node *node = mount_node(ino);
	bool keep_size = mode & FALLOC_FL_KEEP_SIZE;
	uint64_t at = (uint64_t)offset, count = (uint64_t)len;
	int err;

	(void)fi;
	setid_drop(req, node);
	mode &= ~FALLOC_FL_KEEP_SIZE;
	if (mode == 0)
		err = fs_allocate(mount_served.fs, node, at, count, keep_size);
	else if (mode == FALLOC_FL_PUNCH_HOLE && keep_size)
		err = fs_punch(mount_served.fs, node, at, count);
	else if (mode == FALLOC_FL_ZERO_RANGE)
		err = fs_zero(mount_served.fs, node, at, count, keep_size);
	else
		err = -EOPNOTSUPP;
	fuse_reply_err(req, -err);
}

/* copy_file_range(2). The flags of the open files are not in the request. */
static void op_copy_file_range(fuse_req_t req, fuse_ino_t ino_in, off_t from,
			       struct fuse_file_info *fi_in, fuse_ino_t ino_out,
			       off_t to, struct fuse_file_info *fi_out,
			       size_t len, int flags)
{
	struct fs_node *dst = mount_node(ino_out);
	size_t most = len < COPY_MAX ? len : COPY_MAX;
	ssize_t count = -EINVAL;

	(void)fi_in, (void)fi_out;
	if (flags == 0) {
		setid_drop(req, dst);
		count = fs_copy(mount_served.fs, mount_node(ino_in),
				(uint64_t)from, dst, (uint64_t)to, most, false);
	}
	if (count < 0)
		fuse_reply_err(req, (int)-count);
	else
		fuse_reply_write(req, (size_t)count);
}

/* Asked for SEEK_DATA and SEEK_HOLE only. */
static void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
		     struct fuse_file_info *fi)
{
	uint64_t found;
	int err = -EINVAL;

	(void)fi;
	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		err = fs_seek(mount_node(ino), whence == SEEK_DATA,
			      (uint64_t)offset, &found);
	if (err)
		fuse_reply_err(req, -err);
	else
		fuse_reply_lseek(req, (off_t)found);
}

void mount_files_ops(struct fuse_lowlevel_ops *ops)
{
	ops->open = op_open;
	ops->read = op_read;
	ops->write = op_write;
	ops->fallocate = op_fallocate;
	ops->copy_file_range = op_copy_file_range;
	ops->lseek = op_lseek;
}
