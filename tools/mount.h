/* SPDX-License-Identifier: MIT */
/*
 * The parts of `whelk mount`, which serves fs/ as a Linux file system in user
 * space, by libfuse3's low-level interface: that has the shape of fs/fs.h, so
 * a request is one call. The kernel knows a node by its address; how often it
 * was told is counted beside the node (mount_nodes.c). Open files have no state
 * here. There is one file system in one process, hence one `mount`.
 */
#ifndef WHELK_TOOLS_MOUNT_H
#define WHELK_TOOLS_MOUNT_H

#define FUSE_USE_VERSION 35

#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/fs.h"

/* What `whelk mount` ends with, besides 0. */
enum mount_status {
	MOUNT_FAILED = 1, /* it cannot be mounted, or served */
	MOUNT_USAGE = 2,  /* the command line is wrong */
};

/* mount_options.c */

struct mount_options {
	struct fs_limits limits;
	bool foreground;
	bool no_cache;
	const char *mountpoint;
};

/* Understands the command line; argv[0] is skipped. --help exits. */
void mount_options_parse(struct mount_options *options, char **argv);

/* mount.c */

/*
 * The file system that is served. Without cache the kernel keeps neither names
 * nor attributes and checks no permissions: whatever happens is asked of fs/,
 * with the credentials of who does it.
 */
struct mount {
	/* immutable while it is served: */
	struct fs *fs;
	bool no_cache;
	double timeout; /* seconds that the kernel may keep what it learns */
};

extern struct mount mount_served;

/* Prints "whelk mount: ", the message and a newline on standard error, and
 * exits with status. */
_Noreturn void mount_fail(enum mount_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* mount_port.c */

/* Reserves addresses for so many bytes; returns false without them. */
bool mount_port_init(uint64_t bytes);

/* How many bytes are allocated. */
size_t mount_port_live(void);

/* mount_nodes.c: which nodes the kernel knows */

void mount_nodes_init(void);

/* Forgets all that is left: the kernel is gone. */
void mount_nodes_fini(void);

/* The node that the kernel calls ino; borrows for the request, for which the
 * kernel keeps it. */
struct fs_node *mount_node(fuse_ino_t ino);

/* A place to note a node in, got before what cannot be undone. */
struct known;
struct known *mount_known_reserve(void);
void mount_known_cancel(struct known *known);

/* Notes that the kernel is told of node once more. *Takes* the reserved place
 * and a reference to node. */
void mount_known_commit(struct known *known, struct fs_node *node);

/* The kernel forgets count of the times it was told of ino. */
void mount_known_forget(fuse_ino_t ino, uint64_t count);

/* mount_caller.c: who asks */

#define CALLER_GROUPS 32

/* Credentials of who made a request. */
struct caller {
	struct fs_cred cred;
	gid_t groups[CALLER_GROUPS];
	gid_t *more; /* groups that do not fit */
};

void caller_init(struct caller *caller, fuse_req_t req);
void caller_init_root(struct caller *caller);
void caller_fini(struct caller *caller);

/* A component of a path, as fs/ takes it; borrows text. */
struct fs_name mount_name(const char *text);

/* stat(2)'s form of a node's attributes. */
void mount_stat(struct fs_node *node, struct stat *st);

/* The operations, by the file that defines them. */

void mount_names_ops(struct fuse_lowlevel_ops *ops);  /* mount_names.c */
void mount_attrs_ops(struct fuse_lowlevel_ops *ops);  /* mount_attrs.c */
void mount_files_ops(struct fuse_lowlevel_ops *ops);  /* mount_files.c */
void mount_dirs_ops(struct fuse_lowlevel_ops *ops);   /* mount_dirs.c */
void mount_xattrs_ops(struct fuse_lowlevel_ops *ops); /* mount_xattrs.c */

/* Fills in what the kernel is told of node. */
void mount_entry(struct fs_node *node, struct fuse_entry_param *entry);

#endif
