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

/* Copies what a foreign directory is called in another one, behind a slash,
 * right before end if there is room from buf on. Returns how much that takes. */
RARE static size_t foreign_part(struct fs_node *dir, const char *buf, char *end)
{
	char text[NAME_MAX];
	size_t len = dir->foreign.server->name(dir, text, NULL);

	if (end && len + 1 <= (size_t)(end - buf)) {
		memcpy(end - len, text, len);
		*(end - len - 1) = '/';
	}
	return len + 1;
}

/*
 * Goes up from dir to the root and adds up the length of the path in *len. If
 * end is given, also writes the names, each behind a slash, right before it, as
 * far as buf: then *len may come to more than there was room for. -ENOENT if
 * dir or a directory above it has been removed.
 */
RARE static int path_climb(struct fs *fs, struct fs_node *dir, char *buf,
			   char *end, size_t *len)
	REQUIRES_READ(fs->rename_lock)
{
	*len = 0;
	while (dir != fs->root) {
		struct fs_node *parent = dir->dir->parent;
		const struct dirent *entry;
		size_t part = 0;

		if (UNLIKELY(is_foreign(parent))) {
			part = foreign_part(dir, buf, end);
			if (end && part <= (size_t)(end - buf))
				end -= part;
			*len += part;
			dir = parent;
			continue;
		}
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
RARE ssize_t fs_path(struct fs *fs, struct fs_node *dir, char *buf, size_t size)
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
		else if (!err && !user_writable(buf, (len ? len : 1) + 1))
			err = -EFAULT;
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

RARE int fs_dir_name(struct fs *fs, struct fs_node *dir, char text[static 255],
		     struct fs_name *name, struct fs_node **parentp)
{
	const struct dirent *entry;
	struct fs_node *parent;

	if (dir == fs->root)
		return -ENOENT;
	parent = fs_parent(dir);
	if (is_foreign(parent)) {
		size_t len = dir->foreign.server->name(dir, text, NULL);

		*name = (struct fs_name){.text = text, .len = (uint32_t)len};
		*parentp = parent;
		return 0;
	}
	lock_read(&parent->lock);
	entry = own_entry(parent, dir);
	if (entry) {
		memcpy(text, dirent_name(entry), entry->name_len);
		*name = (struct fs_name){.text = text, .len = entry->name_len};
	}
	unlock_read(&parent->lock);
	if (!entry) {
		node_unref(fs, parent);
		return -ENOENT;
	}
	*parentp = parent;
	return 0;
}

/* A search for a name of node: where it is, and what it found. */
struct search {
	const struct fs_node *node;
	struct fs_node *dir; /* holds a reference */
	size_t slot;	     /* of the next entry of dir */
	size_t name_len;
	char name[NAME_MAX];
};

/* Looks at the entries of dir from slot on. Returns whether one names node;
 * else there may be a subdirectory to look at next (a reference). */
RARE static bool search_dir(struct search *search, struct fs_node **subdir)
{
	struct fs_node *dir = search->dir;
	struct dirent *entry;
	bool found = false;

	*subdir = NULL;
	lock_read(&dir->lock);
	while ((entry = dir_next(dir->dir, &search->slot)) != NULL) {
		search->slot++;
		found = entry->node == search->node;
		if (found || is_dir(entry->node))
			break;
	}
	if (found) {
		search->name_len = entry->name_len;
		memcpy(search->name, dirent_name(entry), entry->name_len);
	} else if (entry) {
		node_ref(entry->node);
		*subdir = entry->node;
	}
	unlock_read(&dir->lock);
	return found;
}

/* Searches the whole tree, depth first, without recursion: the way up goes on
 * behind the position of the directory's own entry. */
RARE static int search_tree(struct fs *fs, struct search *search)
	REQUIRES_READ(fs->rename_lock)
{
	struct fs_node *next;

	search->dir = fs->root;
	search->slot = 0;
	node_ref(fs->root);
	while (!search_dir(search, &next)) {
		struct fs_node *dir = search->dir;

		if (!next && dir == fs->root) {
			node_unref(fs, dir);
			return -ENOENT;
		}
		search->slot = 0;
		if (!next) {
			next = dir->dir->parent;
			node_ref(next);
			lock_read(&next->lock);
			search->slot = dir_seek(next->dir, dir->dir->seq + 1);
			unlock_read(&next->lock);
		}
		search->dir = next;
		node_unref(fs, dir);
	}
	return 0;
}

RARE __attribute__((cold)) ssize_t
fs_node_path(struct fs *fs, struct fs_node *node, char *buf, size_t size)
{
	struct search search = {.node = node};
	ssize_t len;
	int err;

	if (is_dir(node))
		return fs_path(fs, node, buf, size);
	if (is_foreign(node)) {
		search.name_len = node->foreign.server->name(node, search.name,
							     &search.dir);
	} else {
		lock_read(&fs->rename_lock);
		err = search_tree(fs, &search);
		unlock_read(&fs->rename_lock);
		if (err)
			return err;
	}
	len = fs_path(fs, search.dir, buf, size);
	node_unref(fs, search.dir);
	if (len < 0)
		return len;
	len -= len == 2 ? 2 : 1; /* "/" but for the NUL, or the NUL alone */
	if (search.name_len + 2 > size - (size_t)len)
		return -ERANGE;
	buf[len++] = '/';
	memcpy(buf + len, search.name, search.name_len);
	len += (ssize_t)search.name_len;
	buf[len++] = '\0';
	return len;
}
