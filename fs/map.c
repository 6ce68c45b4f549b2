/* SPDX-License-Identifier: MIT */
/*
 * Mapped files: their own pages, lent out under the lock and called back before
 * they are freed or replaced (port/map.h). A file that has lent any is marked;
 * while it is, bytes past the size in its last page are zeros, or what the
 * program has written there, since it can see them. As on tmpfs a hole that is
 * touched gets a page, even if it is only read.
 */
#include "fs/content.h"

void map_revoke(struct fs_node *node, uint64_t first, uint64_t count,
		bool copies)
{
	if (!port_map_revoke(node, first, count, copies))
		fs_node_mark(node, 0, FS_MARK_MAPPED);
}

/* Clears what is stored behind the size in its page. */
static void tail_clear(const struct fs_node *node) REQUIRES(node->lock)
{
	size_t from = node->size & (PAGE_SIZE - 1);
	uint8_t *page = NULL;

	if (from && node->form == CONTENT_TREE)
		page = tree_page(node, node->size >> PAGE_SHIFT);
	if (page)
		memset(page + from, 0, PAGE_SIZE - from);
}

void map_shrink(struct fs_node *node, uint64_t size)
{
	uint64_t first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	map_revoke(node, first, UINT64_MAX - first, true);
	node->size = size;
	tail_clear(node);
}

/* The page at index, if there is one that can be mapped: it must be the file's
 * own, which writing does not exchange. */
static uint8_t *page_ready(const struct fs_node *node, uint64_t index)
{
	uint8_t *page = NULL;

	if (node->form == CONTENT_TREE)
		page = tree_page_own(node, index);
	return page && port_map_page_fits(page) ? page : NULL;
}

/* Where the page at index would stand best: as far from another one of its group
 * as it is in the file, or behind the group before. NULL if there is neither. */
static const uint8_t *place_wanted(const struct fs_node *node, uint64_t index)
{
	uint64_t first = index & ~(uint64_t)(PORT_MAP_AROUND - 1);
	const uint8_t *page;

	for (uint64_t i = first; i < first + PORT_MAP_AROUND; i++) {
		page = page_ready(node, i);
		if (page)
			return page + (int64_t)(index - i) * (int64_t)PAGE_SIZE;
	}
	page = first ? page_ready(node, first - 1) : NULL;
	return page ? page + (index - first + 1) * PAGE_SIZE : NULL;
}

/* Makes sure that there is a page at index, and that it can be mapped. */
static int page_provide(struct fs *fs, struct fs_node *node, uint64_t index)
	REQUIRES(node->lock)
{
	uint8_t *page;
	int err;

	if (page_ready(node, index))
		return 0;
	page = port_map_page_alloc(place_wanted(node, index), index);
	if (!page)
		return -ENOMEM;
	err = content_page_put(fs, node, index, page);
	if (err)
		port_pages_free(page, 1);
	return err;
}

/* The page at index, and for reading all that are there in the aligned group
 * around it. */
static int lend(struct fs *fs, struct fs_node *node, uint64_t index, int how,
		port_map_install *install, void *context) REQUIRES(node->lock)
{
	void *pages[PORT_MAP_AROUND];
	uint64_t first = index & ~(uint64_t)(PORT_MAP_AROUND - 1);
	uint64_t end = ((node->size - 1) >> PAGE_SHIFT) + 1;
	size_t count = 0;

	if (how & PORT_MAP_WRITE) {
		pages[0] = tree_page(node, index);
		return install(context, index, pages, 1);
	}
	for (uint64_t i = first; i < end && count < PORT_MAP_AROUND; i++) {
		if (tree_page(node, i))
			(void)!page_provide(fs, node, i);
		pages[count++] = page_ready(node, i);
	}
	return install(context, first, pages, count);
}

int fs_map_page(struct fs *fs, struct fs_node *node, uint64_t index, int how,
		port_map_install *install, void *context)
{
	const int write_shared = PORT_MAP_WRITE | PORT_MAP_SHARED;
	int err = -ENXIO;

	lock_write(&node->lock);
	if (node->size == 0 || index > (node->size - 1) >> PAGE_SHIFT)
		goto unlock;
	err = page_provide(fs, node, index);
	if (err)
		goto unlock;
	if (!is_mapped(node)) {
		fs_node_mark(node, FS_MARK_MAPPED, 0);
		tail_clear(node);
	}
	err = lend(fs, node, index, how, install, context);
	if (!err && (how & write_shared) == write_shared)
		node_changed(node, node_now());
unlock:
	unlock_write(&node->lock);
	return err;
}

void fs_accessed(struct fs_node *node)
{
	lock_read(&node->lock);
	node_read_end(node, false);
}
