/* SPDX-License-Identifier: MIT */
/*
 * A host share: a directory of the host appears as a directory of fs/, through
 * 9P2000.L (the protocol of QEMU's -fsdev; diod's protocol.md describes it).
 * Names and attributes are served to fs/ by the hooks of struct fs_foreign; open
 * files are read and written by the functions below. What it stands on is
 * port/share.h; who stands on it is syscalls/.
 *
 * Nothing is kept of what files contain, and of names and attributes nothing
 * that is not asked for again: what the host changes is seen at once. Errors are
 * those of the server. If it says what makes no sense, or nothing, that is said
 * once on standard error, and from then on all is -EIO.
 *
 * There is one share. Everything may be called from any thread; one request is
 * under way at a time.
 */
#ifndef WHELK_SHARE_H
#define WHELK_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/types.h"
#include "fs/fs.h"

struct share_file;

/* Makes dir, an empty directory of fs, the top of the host's files. If there is
 * no server, or it refuses, that is said, and all below dir is -EIO. -ENOMEM. */
FS_CHECKED int share_mount(struct fs *fs, struct fs_node *dir);

/* For the end: the first drops what is kept, when no file is open any more, the
 * second all else, when fs is no more. They do nothing if nothing was mounted. */
void share_release(void);
void share_fini(void);

/* Opens a regular file or a directory, with flags of open(2). fs_make may just
 * have made it with the same ones. */
FS_CHECKED int share_open(struct fs_node *node, uint32_t flags,
			  struct share_file **filep);
void share_close(struct share_file *file);

/* Opens it anew, with other flags, in place of what it was. */
FS_CHECKED int share_reopen(struct share_file *file, uint32_t flags);

/* read(2), write(2) at offset, from or to memory of the caller: up to count
 * bytes. Appending goes to where the file ends, whatever the offset. */
FS_CHECKED ssize_t share_read(struct share_file *file, uint64_t offset,
			      void *buf, size_t count);
FS_CHECKED ssize_t share_write(struct share_file *file, uint64_t offset,
			       const void *buf, size_t count);

/* The size, as far as it is known from opening and writing. */
uint64_t share_size(struct share_file *file);

/* Shows entries of a directory from position *pos on, as fs_readdir does: about
 * as many as room bytes of names and numbers hold. */
FS_CHECKED int share_list(struct share_file *file, fs_readdir_fill *fill,
			  void *context, uint64_t *pos, size_t room);

/* fsync(2), fdatasync(2) (data). */
FS_CHECKED int share_sync(struct share_file *file, bool data);

/* statfs(2), in blocks of block_size. */
struct share_stat {
	uint32_t block_size, name_max;
	uint64_t blocks, blocks_free, blocks_avail;
	uint64_t nodes, nodes_free;
	uint64_t id;
};

FS_CHECKED int share_statfs(struct fs_node *node, struct share_stat *stat);

#endif
