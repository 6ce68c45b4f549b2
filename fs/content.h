/* SPDX-License-Identifier: MIT */
/*
 * What the files of fs/ share that is about contents: the forms that they take,
 * the tree of pages, pages with several owners, and mapped files. The rest is in
 * internal.h.
 */
#ifndef WHELK_FS_CONTENT_H
#define WHELK_FS_CONTENT_H

#include "fs/internal.h"

/* -- content.c, copy.c, tree.c: what files contain -------------------------------- */

/* Charges bytes of contents to the limit, or -ENOSPC; and gives them back. */
FS_CHECKED static inline int space_take(struct fs *fs, uint64_t bytes)
{
	if (LIKELY(count_add(&fs->bytes, bytes) <= fs->limits.bytes_max))
		return 0;
	count_sub(&fs->bytes, bytes);
	return -ENOSPC;
}

void space_give(struct fs *fs, uint64_t bytes);

/* Both copy from or to memory of the caller. The first returns how many bytes
 * are left when that could not be accessed (port/user.h), the second -EFAULT if
 * none was written. */
FS_CHECKED size_t content_read(const struct fs_node *node, uint64_t offset,
			       void *buf, size_t count)
	REQUIRES_READ(node->lock);
FS_CHECKED ssize_t content_write(struct fs *fs, struct fs_node *node,
				 uint64_t offset, const void *buf, size_t count)
	REQUIRES(node->lock);
/* Drops everything stored from size on, and makes size the size. */
void content_shrink(struct fs *fs, struct fs_node *node, uint64_t size)
	REQUIRES(node->lock);
/* Makes the bytes between the old size and size zeros, and it the size. */
void content_grow(struct fs_node *node, uint64_t size) REQUIRES(node->lock);
void content_destroy(struct fs *fs, struct fs_node *node);
/* Makes the contents a tree, and reserves pages for all of the range, none of
 * them shared if own. Size and bytes stay. */
FS_CHECKED int content_reserve(struct fs *fs, struct fs_node *node,
			       uint64_t offset, uint64_t end, bool own)
	REQUIRES(node->lock);
/* Makes a page that goes on before and behind offset the file's own. -ENOMEM */
FS_CHECKED int content_own(struct fs *fs, struct fs_node *node, uint64_t offset)
	REQUIRES(node->lock);
/* Makes the range zeros, and gives back the pages that are in it whole; those
 * at its ends are the file's own. */
void content_punch(struct fs *fs, struct fs_node *node, uint64_t offset,
		   uint64_t end) REQUIRES(node->lock);
/* Makes the range, which content_reserve has just been given, zeros. */
void content_clear(struct fs_node *node, uint64_t offset, uint64_t end)
	REQUIRES(node->lock);
/* copy_file_range(2) and FICLONERANGE, within sizes and limits; the nodes may be
 * the same, the ranges do not overlap. A copy may be short; a clone, whose ends
 * are those of pages or where src ends, is all or nothing. */
FS_CHECKED ssize_t content_copy(struct fs *fs, struct fs_node *src,
				uint64_t from, struct fs_node *dst, uint64_t to,
				size_t count) REQUIRES(src->lock, dst->lock);
FS_CHECKED int content_clone(struct fs *fs, struct fs_node *src, uint64_t from,
			     struct fs_node *dst, uint64_t to, uint64_t count)
	REQUIRES(src->lock, dst->lock);
/* Makes the contents a tree, and has page (taken, unless that fails) at index:
 * with what is there, or all zeros for a hole. */
FS_CHECKED int content_page_put(struct fs *fs, struct fs_node *node,
				uint64_t index, uint8_t *page)
	REQUIRES(node->lock);
/* Gives a new symlink its target, text with its NUL. */
FS_CHECKED int content_link(struct fs *fs, struct fs_node *node,
			    const struct iovec *text);
/* Turns contents of any other form, which *old gets, into a tree with the same
 * bytes; it may have no page yet. What the old ones were charged now stands for
 * a part of the page. Then one of the two: what old has is to be freed, or to
 * be the contents again. */
FS_CHECKED int content_tree_begin(struct fs *fs, struct fs_node *node,
				  struct fs_node *old) REQUIRES(node->lock);
void content_tree_end(struct fs *fs, struct fs_node *old);
void content_tree_undo(struct fs *fs, struct fs_node *node,
		       const struct fs_node *old) REQUIRES(node->lock);
/* The buffer of contents that are no tree, and its size; NULL and 0. */
uint8_t *content_flat(const struct fs_node *node, size_t *capacity);
/* Pages of contents, as st_blocks counts them: a small file is one. */
static inline uint64_t content_pages(const struct fs_node *node)
{
	if (node->form == CONTENT_TREE)
		return node->tree.pages;
	return node->form == CONTENT_HOLE ? 0 : 1;
}
/* Bytes of contents, as the limit counts them. */
uint64_t content_bytes(const struct fs_node *node);
void content_check(const struct fs_node *node);

/* The page at index, to be read; NULL for a hole. */
uint8_t *tree_page(const struct fs_node *node, uint64_t index);
/* The same if nobody else has it. */
uint8_t *tree_page_own(const struct fs_node *node, uint64_t index);
/* The page at index, to be written to; a new one (contents unspecified, *fresh
 * set) if it was a hole. -ENOMEM, -ENOSPC. */
FS_CHECKED int tree_page_make(struct fs *fs, struct fs_node *node,
			      uint64_t index, uint8_t **pagep, bool *fresh);
/* Puts page (taken, unless that fails) where a hole is, or in place of the page
 * that is there. -ENOMEM, -ENOSPC. */
FS_CHECKED int tree_page_put(struct fs *fs, struct fs_node *node,
			     uint64_t index, uint8_t *page);
/* Makes the contents a tree with page (taken) as its first page. */
void tree_init(struct fs_node *node, uint8_t *page);
/* Frees the pages from index first to before end, and tables that became
 * empty. */
void tree_remove(struct fs *fs, struct fs_node *node, uint64_t first,
		 uint64_t end);
/* The first index >= from where there is a page (or none, if !data);
 * UINT64_MAX if there is none to the end of all trees. */
uint64_t tree_seek(const struct fs_node *node, uint64_t from, bool data);
/* How many pages there are from index first to before end, reserved ones
 * included. */
uint64_t tree_count(const struct fs_node *node, uint64_t first, uint64_t end);
/* Reserves a page for every hole from index first to before end: all or none;
 * shared ones too if own. -ENOSPC, -ENOMEM. */
FS_CHECKED int tree_reserve(struct fs *fs, struct fs_node *node, uint64_t first,
			    uint64_t end, bool own);
/* Makes holes of the pages from index first to before end, which are all there
 * and stay reserved. */
void tree_clear(struct fs_node *node, uint64_t first, uint64_t end);

/* Makes the page at index, if there is one, the file's own. -ENOMEM. */
FS_CHECKED int tree_own(struct fs *fs, struct fs_node *node, uint64_t index);
/* How many pages are marked as shared; each must have its entry. */
uint64_t tree_shared(const struct fs *fs, const struct fs_node *node);
/* Shares the page that src has at from, which is there, with dst, in place of
 * what that has at to. There must be room: share_reserve. -ENOSPC, -ENOMEM. */
FS_CHECKED int tree_page_share(struct fs *fs, struct fs_node *src,
			       uint64_t from, struct fs_node *dst, uint64_t to);

/* Makes count pages of dst from index to on those of src from index from on,
 * shared, and holes where that has holes; and puts last (taken) behind them,
 * if it is not NULL. */
struct tree_clone {
	struct fs_node *src, *dst;
	uint64_t from, to, count;
	uint8_t *last;
};

/* All or nothing. -ENOSPC, -ENOMEM. */
FS_CHECKED int tree_clone(struct fs *fs, const struct tree_clone *clone);

/* -- share.c: pages with several owners ----------------------------------- */

/* Makes room for count pages more that will be shared; and gives back what is
 * not needed any more of it. -ENOMEM. */
FS_CHECKED int share_reserve(struct fs *fs, uint64_t count);
void share_unreserve(struct fs *fs, uint64_t count);

/* One owner more, or less: then returns whether it was the last. */
void share_add(struct fs *fs, void *page);
bool share_drop(struct fs *fs, void *page);

/* Is there only one owner? Then the page is no longer in the table. */
bool share_alone(struct fs *fs, void *page);

/* For fs_check: of one page, and of all, when nobody else is inside. */
uint64_t share_owners(const struct fs *fs, const void *page);
uint64_t share_total(const struct fs *fs);

/* -- map.c: mapped files --------------------------------------------------- */

/* Of a node with FS_MARK_MAPPED: before pages are freed or replaced. copies: see
 * port_map_revoke. */
void map_revoke(struct fs_node *node, uint64_t first, uint64_t count,
		bool copies) REQUIRES(node->lock);
/* The same before contents shrink; sets the size. */
void map_shrink(struct fs_node *node, uint64_t size) REQUIRES(node->lock);

static inline bool is_mapped(const struct fs_node *node)
{
	return UNLIKELY(fs_node_marks(node) & FS_MARK_MAPPED);
}

#endif
