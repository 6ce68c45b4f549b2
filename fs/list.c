/* SPDX-License-Identifier: MIT */
/*
 * Looking at directories: their entries in the order of creation, and the way
 * from a directory up to the root. A position in a listing is the sequence
 * number of the next entry, so nothing has to be remembered about listings.
 */
#include "fs/internal.h"

/* Shows "." or "..", which have the positions 0 and 1. */
static bool show_dots(struct fs_node *dir, fs_readdir_fill *fill, void *context,
		      uint64_t *pos) REQUIRES_READ(dir->lock)
{
	while (*pos < 2) {
		struct fs_node *node = *pos ? dir->dir->parent : dir;
		struct fs_dirent shown = {.ino = node->ino,
					  .next = *pos + 1,
					  .name = "..",
					  .name_len = *pos ? 2 : 1,
					  .type = S_IFDIR >> 12};

		if (!fill(context, &shown))
			return false;
		++*pos;
	}
	return true;
}

int fs_readdir(struct fs_node *dir, fs_readdir_fill *fill, void *context,
	       uint64_t *pos)
{
	struct dirent *entry;
	size_t slot;
	int err = 0;

	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	lock_read(&dir->lock);
	if (dir->nlink == 0)
		err = -ENOENT;
	if (err || !show_dots(dir, fill, context, pos))
		goto done;
	slot = dir_seek(dir->dir, *pos);
	while ((entry = dir_next(dir->dir, &slot)) != NULL) {
		struct fs_dirent shown = {.ino = entry->node->ino,
					  .next = entry->seq + 1,
					  .name = dirent_name(entry),
					  .name_len = entry->name_len,
					  .type = entry->type};

		if (!fill(context, &shown))
			break;
		*pos = shown.next;
		slot++;
	}
done:
	node_read_end(dir, err != 0);
	return err;
}

/* Writes the name of dir and a slash before it, right before *end, which it
 * moves there. */
static int path_prepend(const struct fs_node *parent, const struct fs_node *dir,
			char *buf, char **end) REQUIRES_READ(parent->lock)
{
	size_t slot = dir_seek(parent->dir, dir->dir->seq);
	const struct dirent *entry = dir_next(parent->dir, &slot);

	if (!entry || entry->node != dir)
		return -ENOENT; /* it has been removed */
	if ((size_t)(*end - buf) < entry->name_len + (size_t)1)
		return -ERANGE;
	*end -= entry->name_len;
	memcpy(*end, dirent_name(entry), entry->name_len);
	*--*end = '/';
	return 0;
}

ssize_t fs_path(struct fs *fs, struct fs_node *dir, char *buf, size_t size)
{
	char *end = buf + size;
	int err = 0;

	if (size < 2)
		return -ERANGE;
	*--end = '\0';
	/* The rename lock keeps every parent where it is; a removed directory
	 * keeps its parent too. */
	lock_read(&fs->rename_lock);
	if (dir == fs->root)
		*--end = '/';
	while (!err && dir != fs->root) {
		struct fs_node *parent = dir->dir->parent;

		lock_read(&parent->lock);
		err = path_prepend(parent, dir, buf, &end);
		unlock_read(&parent->lock);
		dir = parent;
	}
	unlock_read(&fs->rename_lock);
	if (err)
		return err;
	memmove(buf, end, (size_t)(buf + size - end));
	return buf + size - end;
}
