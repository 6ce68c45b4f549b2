/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing and resizing regular files: the public calls, which take the
 * node's lock, bound offsets and sizes, and keep the times, around the contents
 * that content.c stores. Each call is one step that others see whole.
 */
#include "fs/content.h"

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

/* -- Reading --------------------------------------------------------------- */

/* Reads what comes after the first *done bytes of the buffers, and adds to
 * them. Returns false if the buffers could not be accessed at *bad. */
static bool readv_from(struct fs_node *node, uint64_t offset,
		       const struct iovec *iov, int iovcnt, size_t *done,
		       const char **bad) REQUIRES_READ(node->lock)
{
	size_t skip = *done, part, left;

	for (int i = 0; i < iovcnt; i++) {
		char *base = iov[i].iov_base;

		if (iov[i].iov_len <= skip) {
			skip -= iov[i].iov_len;
			continue;
		}
		part = clip(node, offset + *done, iov[i].iov_len - skip);
		left = content_read(node, offset + *done, base + skip, part);
		*done += part - left;
		if (UNLIKELY(left)) {
			*bad = base + skip + part - left;
			return false;
		}
		skip = 0;
	}
	return true;
}

/*
 * Where memory of the caller can not be accessed, reading and writing end, with
 * what has been done or -EFAULT. But not all memory of the caller may be at hand
 * under a lock: so it is left, the home is asked for what is at bad, after done
 * bytes, and they go on.
 */
static __attribute__((cold)) ssize_t
readv_go_on(struct fs_node *node, uint64_t offset, const struct iovec *iov,
	    int iovcnt, bool noatime, size_t done, const char *bad)
	RELEASES_READ(node->lock)
{
	bool ended = false;

	node_read_end(node, noatime);
	while (!ended && port_user_fault_in(bad, 1, true)) {
		lock_read(&node->lock);
		ended = readv_from(node, offset, iov, iovcnt, &done, &bad);
		node_read_end(node, noatime);
	}
	return done || ended ? (ssize_t)done : -EFAULT;
}

/* Why what is no regular file cannot be read: read(2). */
static ssize_t read_refused(const struct fs_node *node)
{
	return is_dir(node) ? -EISDIR : -EINVAL;
}

ssize_t fs_read(struct fs_node *node, uint64_t offset, void *buf, size_t count,
		bool noatime)
{
	size_t left;

	if (UNLIKELY(!is_reg(node)))
		return read_refused(node);
	lock_read(&node->lock);
	count = clip(node, offset, count);
	left = content_read(node, offset, buf, count);
	if (UNLIKELY(left)) {
		const struct iovec iov = {.iov_base = buf, .iov_len = count};

		return readv_go_on(node, offset, &iov, 1, noatime, count - left,
				   (char *)buf + count - left);
	}
	node_read_end(node, noatime);
	return (ssize_t)count;
}

ssize_t fs_readv(struct fs_node *node, uint64_t offset, const struct iovec *iov,
		 int iovcnt, bool noatime)
{
	size_t done = 0;
	const char *bad;

	if (UNLIKELY(!is_reg(node)))
		return read_refused(node);
	lock_read(&node->lock);
	if (UNLIKELY(!readv_from(node, offset, iov, iovcnt, &done, &bad)))
		return readv_go_on(node, offset, iov, iovcnt, noatime, done,
				   bad);
	node_read_end(node, noatime);
	return (ssize_t)done;
}

/* -- Writing --------------------------------------------------------------- */

/* Writes one buffer, as far as the largest size. */
static ssize_t write_part(struct fs *fs, struct fs_node *node, uint64_t at,
			  const char *buf, size_t count) REQUIRES(node->lock)
{
	uint64_t size_max = size_max_now(fs), end;

	if (UNLIKELY(__builtin_add_overflow(at, count, &end) ||
		     end > size_max)) {
		if (at >= size_max)
			return -EFBIG;
		count = size_max - at;
	}
	return content_write(fs, node, at, buf, count);
}

/* Why writing stopped at bad, where part is what the last part came to. */
static int write_stopped(ssize_t part, const char *bad)
{
	if (part < 0)
		return (int)part;
	return user_at_hand(bad) ? -ENOSPC : -EFAULT;
}

/* Writes what comes after the first skip bytes of the buffers at *offset, which
 * moves on. Returns 0, or why it ended, though some bytes may have been written:
 * then *bad is the first that was not. */
static inline int writev_from(struct fs *fs, struct fs_node *node,
			      const struct iovec *iov, int iovcnt, size_t skip,
			      uint64_t *offset, const char **bad)
	REQUIRES(node->lock)
{
	for (int i = 0; i < iovcnt; i++) {
		const char *from = iov[i].iov_base;
		size_t count = iov[i].iov_len;
		ssize_t part;

		if (count <= skip) {
			skip -= count;
			continue;
		}
		from += skip;
		count -= skip;
		skip = 0;
		part = write_part(fs, node, *offset, from, count);
		if (LIKELY(part > 0)) {
			*offset += (uint64_t)part;
			from += part;
		}
		if (UNLIKELY((size_t)part != count)) {
			*bad = from;
			return write_stopped(part, from);
		}
	}
	return 0;
}

/* As readv_go_on; err is why it ended. */
static __attribute__((cold)) ssize_t
writev_go_on(struct fs *fs, struct fs_node *node, const struct iovec *iov,
	     int iovcnt, bool append, uint64_t *offset, size_t done, int err,
	     const char *bad)
{
	while (err == -EFAULT && port_user_fault_in(bad, 1, false)) {
		uint64_t from, at;

		lock_write(&node->lock);
		from = at = append ? node->size : *offset;
		err = writev_from(fs, node, iov, iovcnt, done, &at, &bad);
		if (at != from) {
			node_changed(node, node_now());
			*offset = at;
			done += at - from;
		}
		unlock_write(&node->lock);
	}
	return done || !err ? (ssize_t)done : err;
}

/* Ends writing, which was to go from one offset to another when err ended it. */
static ssize_t writev_end(struct fs *fs, struct fs_node *node,
			  const struct iovec *iov, int iovcnt, bool append,
			  uint64_t *offset, uint64_t from, uint64_t to, int err,
			  const char *bad) RELEASES(node->lock)
{
	if (LIKELY(to != from))
		*offset = to;
	/* Linux sets times before it needs space. */
	if (LIKELY(to != from) || (err && err != -EFBIG))
		node_changed(node, node_now());
	unlock_write(&node->lock);
	if (UNLIKELY(err))
		return writev_go_on(fs, node, iov, iovcnt, append, offset,
				    to - from, err, bad);
	return (ssize_t)(to - from);
}

ssize_t fs_writev(struct fs *fs, struct fs_node *node, const struct iovec *iov,
		  int iovcnt, bool append, uint64_t *offset)
{
	const char *bad = NULL;
	uint64_t from, to;
	int err;

	lock_write(&node->lock);
	from = to = append ? node->size : *offset;
	err = writev_from(fs, node, iov, iovcnt, 0, &to, &bad);
	return writev_end(fs, node, iov, iovcnt, append, offset, from, to, err,
			  bad);
}

/* The rest of fs_write, when part is what came of it. */
static __attribute__((cold)) ssize_t
write_short(struct fs *fs, struct fs_node *node, const char *buf, size_t count,
	    bool append, uint64_t *offset, uint64_t from, ssize_t part)
	RELEASES(node->lock)
{
	const struct iovec iov = {.iov_base = (void *)(uintptr_t)buf,
				  .iov_len = count};
	uint64_t done = part < 0 ? 0 : (uint64_t)part;

	return writev_end(fs, node, &iov, 1, append, offset, from, from + done,
			  write_stopped(part, buf + done), buf + done);
}

ssize_t fs_write(struct fs *fs, struct fs_node *node, const void *buf,
		 size_t count, bool append, uint64_t *offset)
{
	uint64_t from;
	ssize_t part;

	if (UNLIKELY(count == 0))
		return 0;
	lock_write(&node->lock);
	from = append ? node->size : *offset;
	part = write_part(fs, node, from, buf, count);
	if (UNLIKELY((size_t)part != count))
		return write_short(fs, node, buf, count, append, offset, from,
				   part);
	*offset = from + count;
	node_changed(node, node_now());
	unlock_write(&node->lock);
	return part;
}

/* -- Sizes and holes -------------------------------------------------------- */

static int resize(struct fs *fs, struct fs_node *node, uint64_t size,
		  bool always)
{
	bool changes = always;

	int err = -EFBIG;

	if (UNLIKELY(is_foreign(node)))
		return foreign_change(
			node, &(struct fs_change){.what = FS_CHANGE_SIZE,
						  .size = size});
	lock_write(&node->lock);
	if (size > node->size && size > size_max_now(fs))
		goto unlock;
	err = 0;
	if (size < node->size)
		err = content_own(fs, node, size);
	if (err)
		goto unlock;
	changes = changes || size != node->size || content_pages(node) > 0;
	/* commit: nothing below can fail */
	if (size <= node->size)
		content_shrink(fs, node, size);
	else
		content_grow(node, size);
	if (changes)
		node_changed(node, node_now());
unlock:
	unlock_write(&node->lock);
	return err;
}

int fs_truncate(struct fs *fs, struct fs_node *node, uint64_t size)
{
	return resize(fs, node, size, true);
}

int fs_resize(struct fs *fs, struct fs_node *node, uint64_t size)
{
	return resize(fs, node, size, false);
}

/* All of a foreign file is data, for all that is known. */
RARE static int foreign_seek(struct fs_node *node, bool data, uint64_t offset,
			     uint64_t *result)
{
	struct fs_attr attr;
	int err = foreign_getattr(node, &attr);

	if (err < 0)
		return err;
	if (offset >= attr.size)
		return -ENXIO;
	*result = data ? offset : attr.size;
	return 0;
}

/* The next data or hole at or after offset, which is within the size: in bytes,
 * or UINT64_MAX. Contents that are not a tree are data as far as their page
 * reaches, as on tmpfs. */
RARE static uint64_t seek_from(const struct fs_node *node, bool data,
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

RARE int fs_seek(struct fs_node *node, bool data, uint64_t offset,
		 uint64_t *result)
{
	uint64_t found;
	int err = -ENXIO;

	if (UNLIKELY(is_foreign(node)))
		return foreign_seek(node, data, offset, result);
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
