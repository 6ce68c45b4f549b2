/* SPDX-License-Identifier: MIT */
/*
 * Who asks, and in which terms: the credentials of a request, names, and
 * attributes, from libfuse's form to that of fs/ and back.
 */
#include "mount.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define GENERATION 1

/* Supplementary groups are not in the request: libfuse reads them in /proc. Who
 * cannot be found there (in another namespace) has none. */
static void groups_init(struct caller *caller, fuse_req_t req)
{
	gid_t *groups = caller->groups;
	int len = fuse_req_getgroups(req, CALLER_GROUPS, groups);

	if (len > CALLER_GROUPS) {
		int size = len;

		caller->more = calloc((size_t)size, sizeof(*groups));
		if (caller->more) {
			groups = caller->more;
			len = fuse_req_getgroups(req, size, groups);
		}
		if (len > size || groups == caller->groups)
			len = CALLER_GROUPS;
	}
	caller->cred.groups = groups;
	caller->cred.groups_len = len > 0 ? (size_t)len : 0;
}

void caller_init(struct caller *caller, fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);

	caller->cred = (struct fs_cred){.uid = ctx->uid, .gid = ctx->gid};
	caller->more = NULL;
	if (ctx->uid != 0)
		groups_init(caller, req);
}

void caller_init_root(struct caller *caller)
{
	caller->cred = (struct fs_cred){.uid = 0};
	caller->more = NULL;
}

void caller_fini(struct caller *caller)
{
	free(caller->more);
}

struct fs_name mount_name(const char *text)
{
	return (struct fs_name){.text = text, .len = (uint32_t)strlen(text)};
}

static struct timespec time_out(struct fs_time time)
{
	return (struct timespec){.tv_sec = time.sec, .tv_nsec = time.nsec};
}

void mount_stat(struct fs_node *node, struct stat *st)
{
	struct fs_attr attr;

	(void)!fs_getattr(node, &attr); /* none is foreign */
	*st = (struct stat){
		.st_ino = attr.ino,
		.st_mode = attr.mode,
		.st_nlink = attr.nlink,
		.st_uid = attr.uid,
		.st_gid = attr.gid,
		.st_rdev = attr.rdev,
		.st_size = (off_t)attr.size,
		.st_blocks = (blkcnt_t)attr.blocks,
		.st_blksize = 4096,
		.st_atim = time_out(attr.atime),
		.st_mtim = time_out(attr.mtime),
		.st_ctim = time_out(attr.ctime),
	};
}

void mount_entry(struct fs_node *node, struct fuse_entry_param *entry)
{
	*entry = (struct fuse_entry_param){
		.ino = node == fs_root(mount_served.fs) ? FUSE_ROOT_ID
							: (fuse_ino_t)node,
		.generation = GENERATION,
		.attr_timeout = mount_served.timeout,
		.entry_timeout = mount_served.timeout,
	};
	mount_stat(node, &entry->attr);
}
