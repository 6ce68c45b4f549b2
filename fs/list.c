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
	       uint64_t *pos, bool noatime)
{
	struct dirent *entry;
	size_t slot;
	int err = 0;

	if (!is_dir(dir))
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
	node_read_end(dir, err || noatime);
	return err;
}

/* The entry of dir in parent, or NULL if it has been removed. */
static const struct dirent *own_entry(const struct fs_node *parent,
				      const struct fs_node *dir)
	REQUIRES_READ(parent->lock)
{
	size_t slot = dir_seek(parent->dir, dir->dir->seq);
	const struct dirent *entry = dir_next(parent->dir, &slot);

	return entry && entry->node == dir ? entry : NULL;
}

/*
 * Goes up from dir to the root and adds up the length of the path in *len. If
 * end is given, also writes the names, each behind a slash, right before it, as
 * far as buf: then *len may come to more than there was room for. -ENOENT if
 * dir or a directory above it has been removed.
 */
static int path_climb(struct fs *fs, struct fs_node *dir, char *buf, char *end,
		      size_t *len) REQUIRES_READ(fs->rename_lock)
{
	*len = 0;
	while (dir != fs->root) {
		struct fs_node *parent = dir->dir->parent;
		const struct dirent *entry;
		size_t part = 0;

		lock_read(&parent->lock);
		entry = own_entry(parent, dir);
		if (entry)
			part = entry->name_len + (size_t)1;
		if (entry && end && part <= (size_t)(end - buf)) {
			end -= part;
			*end = '/';
			memcpy(end + 1, dirent_name(entry), entry->name_len);
		}
		unlock_read(&parent->lock);
		if (!entry)
			return -ENOENT;
		*len += part;
		dir = parent;
	}
	return 0;
}

/* The buffer is touched only where the path goes: callers claim more room than
 * they have (getwd(3) does). So the length is found out first; should a name
 * change meanwhile, by a rename that keeps the parent, all is done again. */
ssize_t fs_path(struct fs *fs, struct fs_node *dir, char *buf, size_t size)
{
	size_t len, written;
	int err;

	lock_read(&fs->rename_lock);
	do {
		err = path_climb(fs, dir, NULL, NULL, &len);
		if (!err && len >= PATH_MAX)
			err = -ENAMETOOLONG;
		else if (!err && (len ? len : 1) + 1 > size)
			err = -ERANGE;
		if (!err)
			err = path_climb(fs, dir, buf, buf + len, &written);
	} while (!err && written != len);
	unlock_read(&fs->rename_lock);
	if (err)
		return err;
	if (len == 0)
		buf[len++] = '/';
	buf[len] = '\0';
	return (ssize_t)len + 1;
}
