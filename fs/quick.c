/* SPDX-License-Identifier: MIT */
/*
 * The quick way along a path: no links, no "." and "..", nothing that is not
 * there but the last name, nobody who may not, and no other thread; so there is
 * neither a reference to be taken nor a lock, and nothing is changed. Whatever
 * else it meets it leaves to the walker (walk.c), which begins anew, and which
 * says what any error is.
 */
#include "fs/internal.h"
#include "fs/lookup.h"

static inline bool is_dots(const char *text, size_t len)
{
	return UNLIKELY(text[0] == '.') &&
	       (len == 1 || (len == 2 && text[1] == '.'));
}

/* Where a path has led. */
struct quick {
	struct fs_node *dir; /* borrowed; where the last component is to be */
	struct fs_name name; /* that component */
	const char *end;     /* of the path */
	const struct dirent *entry; /* of that name, or NULL, if looked for */
};

static inline __attribute__((always_inline)) bool
quick_walk(struct quick *quick, struct fs *fs, struct fs_node *start,
	   const char *path, const struct fs_cred *cred, bool look)
{
	struct fs_node *dir = start;
	const char *text = path;
	char end;

	if (UNLIKELY(cred->uid != 0) || UNLIKELY(!user_byte(path, &end)))
		return false;
	if (end == '/') {
		dir = fs->root;
		text++;
	}
	for (;;) {
		const struct dirent *entry = NULL;
		const char *next = text;
		size_t len;

		if (UNLIKELY(!skip_name(&next)))
			return false;
		end = *next;
		len = (size_t)(next - text);
		if (UNLIKELY(len - 1 >= NAME_MAX) || is_dots(text, len))
			return false;
		if (look || end != '\0')
			entry = lookup_entry(dir->dir, text, len,
					     lookup_hash(fs, text, len));
		if (end == '\0') {
			*quick = (struct quick){.dir = dir,
						.name = {.text = text,
							 .len = (uint32_t)len},
						.end = next,
						.entry = entry};
			return LIKELY(next - path < PATH_MAX);
		}
		if (UNLIKELY(!entry) || UNLIKELY(!dirent_is_dir(entry)))
			return false;
		dir = entry->node;
		text = next + 1;
	}
}

int fs_find_quick(struct fs *fs, struct fs_node *start, const char *path,
		  bool follow, const struct fs_cred *cred,
		  struct fs_node **nodep)
{
	struct quick quick;

	if (UNLIKELY(!quick_walk(&quick, fs, start, path, cred, true)))
		return 1;
	if (UNLIKELY(!quick.entry))
		return is_special(quick.dir) ? 1 : -ENOENT;
	if (follow && UNLIKELY(is_link(quick.entry->node)))
		return 1;
	*nodep = quick.entry->node;
	return 0;
}

bool fs_walk_quick(struct fs_walk *walk, struct fs *fs, struct fs_node *start,
		   const char *path, const struct fs_cred *cred)
{
	struct quick quick;

	if (UNLIKELY(!quick_walk(&quick, fs, start, path, cred, false)))
		return false;
	node_ref(quick.dir);
	walk->dir = quick.dir;
	walk->walker = NULL;
	walk->name = quick.name;
	walk->rest = quick.end;
	walk->fs = fs;
	walk->cred = cred;
	walk->path = path;
	walk->last = FS_LAST_NAME;
	walk->slash = false;
	walk->links = walk->depth = 0;
	return true;
}
