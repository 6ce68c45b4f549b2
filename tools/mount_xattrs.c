/* SPDX-License-Identifier: MIT */
/*
 * Requests about extended attributes. What is root's alone among them the kernel
 * has checked, with or without cache; but it takes a capability off a file that
 * somebody writes to in his name. Only lists it does not look through.
 */
#include "mount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Who asks, for the time of one request. */
struct asker {
	struct fs_xattr_cred who;
	struct caller caller;
};

static void asker_init(struct asker *asker, fuse_req_t req)
{
	if (mount_served.no_cache)
		caller_init(&asker->caller, req);
	else
		caller_init_root(&asker->caller);
	asker->who.cred = &asker->caller.cred;
	asker->who.admin = true;
}

static struct fs_xattr_name xattr_name(const char *text)
{
	return (struct fs_xattr_name){.text = text, .len = strlen(text)};
}

static void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *text,
			const char *value, size_t size, int flags)
{
	struct fs_xattr_name name = xattr_name(text);
	struct asker asker;
	int err;

	asker_init(&asker, req);
	err = fs_xattr_set(mount_served.fs, mount_node(ino), &asker.who, &name,
			   value, size, (unsigned)flags);
	caller_fini(&asker.caller);
	fuse_reply_err(req, -err);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *text)
{
	struct fs_xattr_name name = xattr_name(text);
	struct asker asker;
	int err;

	asker_init(&asker, req);
	err = fs_xattr_remove(mount_served.fs, mount_node(ino), &asker.who,
			      &name);
	caller_fini(&asker.caller);
	fuse_reply_err(req, -err);
}

/* Where a reply of at most size bytes goes: *bufp is NULL if only the length is
 * asked for. */
static int buffer_make(size_t size, char **bufp)
{
	*bufp = size ? malloc(size) : NULL;
	return size && !*bufp ? -ENOMEM : 0;
}

/* result is a length, or an error; *takes* buf. */
static void reply(fuse_req_t req, ssize_t result, char *buf)
{
	if (result < 0)
		fuse_reply_err(req, (int)-result);
	else if (buf)
		fuse_reply_buf(req, buf, (size_t)result);
	else
		fuse_reply_xattr(req, (size_t)result);
	free(buf);
}

static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *text,
			size_t size)
{
	struct fs_xattr_name name = xattr_name(text);
	struct asker asker;
	char *buf;
	ssize_t result = buffer_make(size, &buf);

	asker_init(&asker, req);
	if (!result)
		result = fs_xattr_get(mount_served.fs, mount_node(ino),
				      &asker.who, &name, buf, size);
	caller_fini(&asker.caller);
	reply(req, result, buf);
}

/* Capabilities are not in the request: root is taken to have them. */
static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct asker asker;
	char *buf;
	ssize_t result = buffer_make(size, &buf);

	asker_init(&asker, req);
	asker.who.admin = fuse_req_ctx(req)->uid == 0;
	if (!result)
		result = fs_xattr_list(mount_served.fs, mount_node(ino),
				       &asker.who, buf, size);
	caller_fini(&asker.caller);
	reply(req, result, buf);
}

void mount_xattrs_ops(struct fuse_lowlevel_ops *ops)
{
	ops->setxattr = op_setxattr;
	ops->getxattr = op_getxattr;
	ops->listxattr = op_listxattr;
	ops->removexattr = op_removexattr;
}
