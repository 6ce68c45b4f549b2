/* SPDX-License-Identifier: MIT */
/*
 * Space that is taken before it is written to, and given back from within a
 * file: the public calls of fallocate(2). A page that is only reserved is a
 * hole for all who read, as on tmpfs, but counts among the file's.
 */
#include "fs/content.h"

/* -EFBIG for what goes beyond the largest offset. */
static int range_end(uint64_t offset, uint64_t len, uint64_t *end)
{
	if (__builtin_add_overflow(offset, len, end) || *end > SIZE_MAX_FILE)
		return -EFBIG;
	return 0;
}

int fs_allocate(struct fs *fs, struct fs_node *node, uint64_t offset,
		uint64_t len, bool keep_size)
{
	uint64_t end;
	int err = range_end(offset, len, &end);

	if (err)
		return err;
	lock_write(&node->lock);
	err = -EFBIG; /* also if the size is to be kept: inode_newsize_ok() */
	if (end > node->size && end > size_max_now(fs))
		goto unlock;
	err = content_reserve(fs, node, offset, end, false);
	if (err)
		goto unlock;
	/* commit: nothing below can fail */
	if (!keep_size)
		content_grow(node, end);
	node_changed(node, node_now());
unlock:
	unlock_write(&node->lock);
	return err;
}

int fs_punch(struct fs *fs, struct fs_node *node, uint64_t offset, uint64_t len)
{
	uint64_t end;
	int err = range_end(offset, len, &end);

	if (err)
		return err;
	lock_write(&node->lock);
	err = content_own(fs, node, offset);
	if (!err)
		err = content_own(fs, node, end);
	if (err)
		goto unlock;
	/* commit: nothing below can fail */
	content_punch(fs, node, offset, end);
	node_changed(node, node_now());
unlock:
	unlock_write(&node->lock);
	return err;
}

int fs_zero(struct fs *fs, struct fs_node *node, uint64_t offset, uint64_t len,
	    bool keep_size)
{
	uint64_t end;
	int err = range_end(offset, len, &end);

	if (err)
		return err;
	lock_write(&node->lock);
	err = -EFBIG;
	if (!keep_size && end > node->size && end > size_max_now(fs))
		goto unlock;
	err = content_reserve(fs, node, offset, end, true);
	if (err)
		goto unlock;
	/* commit: nothing below can fail */
	content_clear(node, offset, end);
	if (!keep_size)
		content_grow(node, end);
	node_changed(node, node_now());
unlock:
	unlock_write(&node->lock);
	return err;
}
