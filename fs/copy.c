/* SPDX-License-Identifier: MIT */
/*
 * Copying from file to file without going through the caller's memory:
 * copy_file_range(2), and FICLONERANGE of ioctl_ficlonerange(2). Whole pages
 * that lie the same way in both files are shared, and copied when one of the
 * two is written to; the rest is copied at once. Who has a shared page is
 * charged for it in full, so writing to it never runs out of space.
 *
 * The page in which a file ends is never shared but where it ends with it: so
 * growing, which clears what is behind the end, needs no memory.
 */
#include "fs/content.h"

#define BOUNCE_SIZE 512
#define COPY_MAX    0x7ffff000 /* bytes in one call: read(2), NOTES */

static bool page_aligned(uint64_t offset)
{
	return (offset & (PAGE_SIZE - 1)) == 0;
}

/* Pages of a file that is mapped are written to behind the back of fs/. */
static bool may_share(const struct fs_node *src, const struct fs_node *dst)
{
	return src->form == CONTENT_TREE &&
	       !((fs_node_marks(src) | fs_node_marks(dst)) & FS_MARK_MAPPED);
}

static const uint8_t zeros[PAGE_SIZE];

/* Writes what src has at from, up to count bytes, within a page: holes as well,
 * as on tmpfs. */
static ssize_t bytes_copy(struct fs *fs, struct fs_node *src, uint64_t from,
			  struct fs_node *dst, uint64_t to, uint64_t count)
	REQUIRES(src->lock, dst->lock)
{
	size_t in_page = from & (PAGE_SIZE - 1);
	uint8_t bounce[BOUNCE_SIZE];
	const uint8_t *page = NULL;

	count = min_u64(count, PAGE_SIZE - in_page);
	if (src->form == CONTENT_TREE)
		page = tree_page(src, from >> PAGE_SHIFT);
	if (!page && (src->form == CONTENT_TREE || src->form == CONTENT_HOLE))
		return content_write(fs, dst, to, zeros + in_page, count);
	/* in the same file writing may move what is read */
	if (page && src != dst)
		return content_write(fs, dst, to, page + in_page, count);
	count = min_u64(count, sizeof(bounce));
	if (content_read(src, from, bounce, count))
		return -EFAULT; /* never: it is no caller's */
	return content_write(fs, dst, to, bounce, count);
}

/* Shares a page that src has; there is room for it (share_reserve). */
static ssize_t page_copy(struct fs *fs, struct fs_node *src, uint64_t from,
			 struct fs_node *dst, uint64_t to)
	REQUIRES(src->lock, dst->lock)
{
	bool flat = dst->form != CONTENT_TREE;
	struct fs_node old;
	int err = flat ? content_tree_begin(fs, dst, &old) : 0;

	if (err)
		return err;
	err = tree_page_share(fs, src, from >> PAGE_SHIFT, dst,
			      to >> PAGE_SHIFT);
	if (flat && err)
		content_tree_undo(fs, dst, &old);
	else if (flat)
		content_tree_end(fs, &old);
	if (err)
		return err;
	content_grow(dst, to);
	if (dst->size < to + PAGE_SIZE)
		dst->size = to + PAGE_SIZE;
	return (ssize_t)PAGE_SIZE;
}

/* How many pages of the range can be shared: as many as there is room for now.
 * Without memory for that, they are copied. */
static uint64_t share_prepare(struct fs *fs, const struct fs_node *src,
			      uint64_t from, const struct fs_node *dst,
			      uint64_t to, size_t count)
{
	uint64_t pages;

	if (!may_share(src, dst) || !page_aligned(from - to))
		return 0;
	pages = tree_count(src, from >> PAGE_SHIFT,
			   (from + count) >> PAGE_SHIFT);
	if (pages && share_reserve(fs, pages))
		pages = 0;
	return pages;
}

ssize_t content_copy(struct fs *fs, struct fs_node *src, uint64_t from,
		     struct fs_node *dst, uint64_t to, size_t count)
{
	uint64_t pages = share_prepare(fs, src, from, dst, to, count);
	size_t done = 0;
	ssize_t part = 0;

	while (done < count) {
		if (pages && page_aligned(from + done) &&
		    count - done >= PAGE_SIZE &&
		    tree_page(src, (from + done) >> PAGE_SHIFT))
			part = page_copy(fs, src, from + done, dst, to + done);
		else
			part = bytes_copy(fs, src, from + done, dst, to + done,
					  count - done);
		if (part < 0)
			break;
		done += (size_t)part;
	}
	if (pages)
		share_unreserve(fs, pages);
	return done ? (ssize_t)done : part;
}

/* content_clone where pages cannot be shared: into pages that are reserved for
 * it, so that nothing fails halfway. */
static int clone_copied(struct fs *fs, struct fs_node *src, uint64_t from,
			struct fs_node *dst, uint64_t to, uint64_t count)
	REQUIRES(src->lock, dst->lock)
{
	/* what is no tree has at most its first page */
	bool flat = src->form != CONTENT_TREE;
	uint64_t stored = flat ? min_u64(count, PAGE_SIZE) : count, done = 0;
	int err;

	if (flat && (src->form == CONTENT_HOLE || from > 0))
		stored = 0;
	err = stored ? content_reserve(fs, dst, to, to + stored, true) : 0;
	if (err)
		return err;
	/* commit: nothing below can fail */
	content_grow(dst, to + count);
	while (done < stored) {
		ssize_t part = (ssize_t)min_u64(count - done, PAGE_SIZE);

		if (flat || tree_page(src, (from + done) >> PAGE_SHIFT))
			part = bytes_copy(fs, src, from + done, dst, to + done,
					  count - done);
		else
			content_punch(fs, dst, to + done,
				      to + done + PAGE_SIZE);
		port_assert(part > 0);
		done += (uint64_t)part;
	}
	if (stored < count)
		content_punch(fs, dst, to + stored,
			      (to + count + PAGE_SIZE - 1) & -PAGE_SIZE);
	return 0;
}

/* A page with the last bytes of src, the first of which is at from, and zeros
 * behind them; NULL for a hole. */
static int tail_make(const struct fs_node *src, uint64_t from, size_t count,
		     uint8_t **pagep)
{
	const uint8_t *page = tree_page(src, from >> PAGE_SHIFT);

	*pagep = NULL;
	if (!page)
		return 0;
	*pagep = port_pages_alloc(1);
	if (!*pagep)
		return -ENOMEM;
	memcpy(*pagep, page, count);
	memset(*pagep + count, 0, PAGE_SIZE - count);
	return 0;
}

static int clone_shared(struct fs *fs, struct fs_node *src, uint64_t from,
			struct fs_node *dst, uint64_t to, uint64_t count)
	REQUIRES(src->lock, dst->lock)
{
	size_t tail = count & (PAGE_SIZE - 1);
	bool flat = dst->form != CONTENT_TREE;
	struct tree_clone clone = {.src = src,
				   .dst = dst,
				   .from = from >> PAGE_SHIFT,
				   .to = to >> PAGE_SHIFT,
				   .count = count >> PAGE_SHIFT};
	struct fs_node old;
	int err = tail ? tail_make(src, from + count - tail, tail, &clone.last)
		       : 0;

	if (err)
		return err;
	if (tail && !clone.last)
		clone.count++; /* a hole as all others */
	err = flat ? content_tree_begin(fs, dst, &old) : 0;
	if (err)
		goto free_tail;
	err = tree_clone(fs, &clone);
	if (err)
		goto undo;
	/* commit: nothing below can fail */
	if (flat)
		content_tree_end(fs, &old);
	if (dst->tree.pages == 0)
		dst->form = CONTENT_HOLE;
	content_grow(dst, to);
	if (dst->size < to + count)
		dst->size = to + count;
	return 0;

undo:
	if (flat)
		content_tree_undo(fs, dst, &old);
free_tail:
	if (clone.last)
		port_pages_free(clone.last, 1);
	return err;
}

int content_clone(struct fs *fs, struct fs_node *src, uint64_t from,
		  struct fs_node *dst, uint64_t to, uint64_t count)
{
	if (may_share(src, dst))
		return clone_shared(fs, src, from, dst, to, count);
	return clone_copied(fs, src, from, dst, to, count);
}

/* -- The public calls ------------------------------------------------------- */

/* Unchecked: two locks, which may be one, by address. */
static void pair_lock(struct fs_node *src, struct fs_node *dst)
	ACQUIRES(src->lock, dst->lock) LOCKS_UNCHECKED
{
	struct fs_node *first = src < dst ? src : dst;

	lock_write(&first->lock);
	if (src != dst)
		lock_write(first == src ? &dst->lock : &src->lock);
}

/* Unchecked: undoes pair_lock. */
static void pair_unlock(struct fs_node *src, struct fs_node *dst)
	RELEASES(src->lock, dst->lock) LOCKS_UNCHECKED
{
	unlock_write(&src->lock);
	if (src != dst)
		unlock_write(&dst->lock);
}

static bool overlaps(const struct fs_node *src, uint64_t from,
		     const struct fs_node *dst, uint64_t to, uint64_t count)
{
	return src == dst && to + count > from && to < from + count;
}

ssize_t fs_copy(struct fs *fs, struct fs_node *src, uint64_t from,
		struct fs_node *dst, uint64_t to, size_t count, bool noatime)
{
	uint64_t size_max = size_max_now(fs);
	ssize_t result;

	pair_lock(src, dst);
	if (from <= SIZE_MAX_FILE)
		count = min_u64(count, from < src->size ? src->size - from : 0);
	result = -EFBIG;
	if (to <= SIZE_MAX_FILE && to >= size_max)
		goto unlock;
	result = -EINVAL;
	if (from > SIZE_MAX_FILE || to > SIZE_MAX_FILE)
		goto unlock;
	count = min_u64(count, size_max - to);
	if (overlaps(src, from, dst, to, count))
		goto unlock;
	result = 0;
	if (count == 0)
		goto unlock;
	/* Also if it fails: Linux sets times before it needs space. */
	result = content_copy(fs, src, from, dst, to, min_u64(count, COPY_MAX));
	node_accessed(src, noatime);
	node_changed(dst, node_now());
unlock:
	pair_unlock(src, dst);
	return result;
}

/* The rules of generic_remap_file_range_prep() of Linux for a range that is not
 * empty. */
static int clone_check(const struct fs *fs, const struct fs_node *src,
		       uint64_t from, const struct fs_node *dst, uint64_t to,
		       uint64_t count) REQUIRES(src->lock, dst->lock)
{
	uint64_t whole = count;

	if (!page_aligned(from) || !page_aligned(to))
		return -EINVAL;
	if (from >= src->size)
		return -EINVAL;
	if (to >= size_max_now(fs))
		return -EFBIG;
	if (count > src->size - from || count > size_max_now(fs) - to)
		return -EINVAL;
	if (!page_aligned(count)) {
		/* only at the end of both files */
		if (from + count < src->size || to + count < dst->size)
			return -EINVAL;
		whole = (count + PAGE_SIZE - 1) & -PAGE_SIZE;
	}
	return overlaps(src, from, dst, to, whole) ? -EINVAL : 0;
}

int fs_clone(struct fs *fs, struct fs_node *src, uint64_t from,
	     struct fs_node *dst, uint64_t to, uint64_t count)
{
	uint64_t end;
	int err = -EINVAL;

	if (__builtin_add_overflow(from, count, &end) || end > SIZE_MAX_FILE ||
	    __builtin_add_overflow(to, count, &end) || end > SIZE_MAX_FILE)
		return -EINVAL;
	pair_lock(src, dst);
	if (count == 0) {
		if (from > src->size)
			goto unlock;
		count = src->size - from;
		err = 0;
		if (count == 0)
			goto unlock;
	}
	err = clone_check(fs, src, from, dst, to, count);
	if (!err)
		err = content_clone(fs, src, from, dst, to, count);
	if (!err)
		node_changed(dst, node_now());
unlock:
	pair_unlock(src, dst);
	return err;
}
