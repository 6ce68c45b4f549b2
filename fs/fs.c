/* SPDX-License-Identifier: MIT */
/*
 * The file system as an object: how it comes, goes, reports its space, and
 * proves that all its invariants hold.
 */
#include "fs/content.h"

#define INO_ROOT 1
#define SEED_ODD 1 /* an even multiplier would lose bits of the hash */

static size_t fs_pages(void)
{
	return (sizeof(struct fs) + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

int fs_create(const struct fs_limits *limits, struct fs **fsp)
{
	struct fs *fs = port_pages_alloc(fs_pages());
	int err;

	if (!fs)
		return -ENOMEM;
	memset(fs, 0, sizeof(*fs));
	fs->limits = *limits;
	fs->next_ino = INO_ROOT;
	fs->size_max = SIZE_MAX_FILE;
	port_random(fs->seed, sizeof(fs->seed));
	fs->seed[0] |= SEED_ODD;
	err = node_create(fs, S_IFDIR | 0755, 0, 0, &fs->root);
	if (err) {
		slab_fini(fs);
		port_pages_free(fs, fs_pages());
		return err;
	}
	fs->root->nlink = 2;
	fs->root->dir->parent = fs->root;
	*fsp = fs;
	return 0;
}

struct fs_node *fs_root(const struct fs *fs)
{
	return fs->root;
}

/* Removes the whole tree: always goes down to a leaf and takes it away, so the
 * depth of the tree does not matter. */
void fs_destroy(struct fs *fs)
{
	struct fs_node *dir = fs->root;

	for (;;) {
		struct dirent *entry = dir_last(dir->dir);

		if (!entry && dir == fs->root)
			break;
		if (!entry)
			dir = dir->dir->parent;
		else if (is_dir(entry->node) && dir_last(entry->node->dir))
			dir = entry->node;
		else
			name_drop(fs, dir, entry);
	}
	node_unref(fs, fs->root);
	port_assert(nodes_used(fs) == 0 && fs->bytes == 0);
	port_assert(share_total(fs) == 0);
	walkers_fini(fs);
	slab_fini(fs);
	port_pages_free(fs, fs_pages());
}

void fs_limit_size(struct fs *fs, uint64_t size_max)
{
	__atomic_store_n(&fs->size_max, min_u64(size_max, SIZE_MAX_FILE),
			 __ATOMIC_RELAXED);
}

/* What a limit leaves; a thread that is just being refused counts for a moment
 * as one more. */
static uint64_t left_of(uint64_t max, uint64_t used)
{
	return used < max ? max - used : 0;
}

void fs_stat(struct fs *fs, struct fs_stat *stat)
{
	size_t total, avail;

	port_pages_count(&total, &avail);
	stat->bytes_max = fs->limits.bytes_max;
	stat->bytes_used = __atomic_load_n(&fs->bytes, __ATOMIC_RELAXED);
	stat->bytes_free = left_of(stat->bytes_max, stat->bytes_used);
	if (stat->bytes_free > (uint64_t)avail << PAGE_SHIFT)
		stat->bytes_free = (uint64_t)avail << PAGE_SHIFT;
	stat->nodes_max = fs->limits.nodes_max;
	stat->nodes_free = left_of(stat->nodes_max, nodes_used(fs));
}

/* What all nodes together take. A file with several names is met as often, so
 * each time a part is added. */
struct taken {
	uint64_t bytes, shared, nodes;
	bool exact; /* no file has several names */
};

static void node_check(const struct fs *fs, struct fs_node *node,
		       struct taken *taken)
{
	port_assert(node->lock.word == 0);
	port_assert(node->refs > 0);
	taken->nodes++;
	if (is_reg(node) || is_link(node)) {
		content_check(node);
		taken->bytes += content_bytes(node) / node->nlink;
		taken->exact = taken->exact && node->nlink == 1;
		if (node->form == CONTENT_TREE)
			taken->shared += tree_shared(fs, node) / node->nlink;
	}
}

/* Checks the entries of one directory, and what they name. */
static void dir_entries_check(struct fs *fs, struct fs_node *dir,
			      struct taken *taken)
{
	struct dirent *entry;
	uint32_t subdirs = 0;

	dir_check(fs, dir->dir);
	for (size_t slot = 0; (entry = dir_next(dir->dir, &slot)); slot++) {
		struct fs_node *node = entry->node;

		node_check(fs, node, taken);
		if (!is_dir(node))
			continue;
		subdirs++;
		port_assert(node->dir->parent == dir);
		port_assert(node->dir->seq == entry->seq);
		port_assert(node->nlink >= 2 || is_foreign(node));
	}
	port_assert(dir->nlink == 2 + subdirs || is_foreign(dir));
}

/* The subdirectory of dir that follows slot *slot, or NULL. */
static struct fs_node *next_subdir(const struct fs_node *dir, size_t *slot)
{
	struct dirent *entry;

	while ((entry = dir_next(dir->dir, slot)) != NULL) {
		++*slot;
		if (is_dir(entry->node))
			return entry->node;
	}
	return NULL;
}

void fs_check(struct fs *fs)
{
	struct fs_node *dir = fs->root;
	struct taken taken = {.exact = true, .bytes = xattr_check(fs)};
	size_t slot = 0;

	port_assert(fs->rename_lock.word == 0);
	node_check(fs, dir, &taken);
	dir_entries_check(fs, dir, &taken);
	/* Depth first, without recursion: on the way up, the place to go on is
	 * found from the position of the directory's own entry. */
	for (;;) {
		struct fs_node *subdir = next_subdir(dir, &slot);

		if (subdir) {
			dir = subdir;
			slot = 0;
			dir_entries_check(fs, dir, &taken);
			continue;
		}
		if (dir == fs->root)
			break;
		slot = dir_seek(dir->dir->parent->dir, dir->dir->seq) + 1;
		dir = dir->dir->parent;
	}
	port_assert(fs->bytes >= taken.bytes);
	/* the rest is of files that are open and have no name */
	port_assert(share_total(fs) >= taken.shared);
	if (taken.exact && taken.nodes == nodes_used(fs)) {
		port_assert(share_total(fs) == taken.shared);
		port_assert(fs->bytes == taken.bytes);
	}
	port_assert(fs->bytes <= fs->limits.bytes_max);
	port_assert(nodes_used(fs) <= fs->limits.nodes_max);
}
