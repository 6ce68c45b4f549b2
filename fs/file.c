/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing and resizing regular files: the public calls, which take the
 * node's lock, bound offsets and sizes, and keep the times, around the contents
 * that content.c stores. Each call is one step that others see whole.
 */
#include "fs/internal.h"

/* How much of count bytes at offset there is to read. */
static size_t clip(const struct fs_node *node, uint64_t offset, size_t count)
	REQUIRES_READ(node->lock)
{
	if (offset >= node->size)
		return 0;
	if (count > node->size - offset)
		return (size_t)(node->size - offset);
	return count;
}

ssize_t fs_read(struct fs_node *node, uint64_t offset, void *buf, size_t count,
		bool noatime)
{
	lock_read(&node->lock);
	count = clip(node, offset, count);
	content_read(node, offset, buf, count);
	node_read_end(node, noatime);
	return (ssize_t)count;
}

ssize_t fs_readv(struct fs_node *node, uint64_t offset, const struct iovec *iov,
		 int iovcnt, bool noatime)
{
	size_t done = 0;

	lock_read(&node->lock);
	for (int i = 0; i < iovcnt; i++) {
		size_t part = clip(node, offset + done, iov[i].iov_len);

		content_read(node, offset + done, iov[i].iov_base, part);
		done += part;
	}
	node_read_end(node, noatime);
	return (ssize_t)done;
}

static ssize_t write_locked(struct fs *fs, struct fs_node *node,
			    const struct iovec *iov, int iovcnt,
			    uint64_t *offset) REQUIRES(node->lock)
{
	uint64_t at = *offset;
	ssize_t done = 0;

	for (int i = 0; i < iovcnt; i++) {
		size_t count = iov[i].iov_len;
		ssize_t part;

		if (count == 0)
			continue;
		if (UNLIKELY(at >= SIZE_MAX_FILE))
			part = -EFBIG;
		else if (UNLIKELY(count > SIZE_MAX_FILE - at))
			part = content_write(fs, node, at, iov[i].iov_base,
					     SIZE_MAX_FILE - at);
		else
			part = content_write(fs, node, at, iov[i].iov_base,
					     count);
		if (UNLIKELY(part < 0)) {
			if (done == 0) {
				/* Linux sets times before it needs space. */
				if (part != -EFBIG)
					node_changed(node, node_now());
				return part;
			}
			break;
		}
		done += part;
		at += (uint64_t)part;
		if (UNLIKELY((size_t)part < count))
			break;
	}
	if (done > 0)
		node_changed(node, node_now());
	*offset = at;
	return done;
}

ssize_t fs_writev(struct fs *fs, struct fs_node *node, const struct iovec *iov,
		  int iovcnt, bool append, uint64_t *offset)
{
	ssize_t done;

	lock_write(&node->lock);
	if (append) {
		uint64_t end = node->size;

		done = write_locked(fs, node, iov, iovcnt, &end);
		if (done > 0)
			*offset = end;
	} else {
		done = write_locked(fs, node, iov, iovcnt, offset);
	}
	unlock_write(&node->lock);
	return done;
}

ssize_t fs_write(struct fs *fs, struct fs_node *node, const void *buf,
		 size_t count, bool append, uint64_t *offset)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)buf,
			    .iov_len = count};

	return fs_writev(fs, node, &iov, 1, append, offset);
}

int fs_truncate(struct fs *fs, struct fs_node *node, uint64_t size)
{
	if (size > SIZE_MAX_FILE)
		return -EFBIG;
	lock_write(&node->lock);
	/* commit: nothing below can fail */
	if (size <= node->size)
		content_shrink(fs, node, size);
	else
		content_grow(node, size);
	node_changed(node, node_now());
	unlock_write(&node->lock);
	return 0;
}

/* The next data or hole at or after offset, which is within the size: in bytes,
 * or UINT64_MAX. Contents that are not a tree are data as far as their page
 * reaches, as on tmpfs. */
static uint64_t seek_from(const struct fs_node *node, bool data,
			  uint64_t offset) REQUIRES_READ(node->lock)
{
	uint64_t index = offset >> PAGE_SHIFT, found;

	if (node->form == CONTENT_TREE) {
		found = tree_seek(node, index, data);
	} else {
		bool here = node->form != CONTENT_HOLE && index == 0;

		if (here == data)
			found = index;
		else
			found = data ? UINT64_MAX : index + 1;
	}
	if (found == UINT64_MAX)
		return UINT64_MAX;
	return found == index ? offset : found << PAGE_SHIFT;
}

int fs_seek(struct fs_node *node, bool data, uint64_t offset, uint64_t *result)
{
	uint64_t found;
	int err = -ENXIO;

	lock_read(&node->lock);
	if (offset >= node->size)
		goto unlock;
	found = seek_from(node, data, offset);
	if (found >= node->size) {
		if (data)
			goto unlock;
		found = node->size; /* the hole that follows every file */
	}
	*result = found;
	err = 0;
unlock:
	unlock_read(&node->lock);
	return err;
}
