/* SPDX-License-Identifier: MIT */
/*
 * The walker: takes a path apart and finds what it names, path_resolution(7).
 * It works in place: a symbolic link met on the way is pushed on a stack with
 * what remains of the path around it, and its target is walked where it is
 * stored. It stops before the last component, since open, mkdir, unlink and
 * rename each mean something else by that.
 *
 * Only the outermost path may be exhausted while its links are walked, so the
 * end of one string says whether there is more: finished().
 */
#include "fs/internal.h"
#include "fs/lookup.h"

static inline void walk_begin(struct fs_walk *walk, struct fs *fs,
			      const char *path, const struct fs_cred *cred)
{
	walk->fs = fs;
	walk->cred = cred;
	walk->path = walk->rest = path;
	walk->slash = walk->name.slash = false;
	walk->links = walk->depth = 0;
	walk->walker = UNLIKELY(port_threaded) ? walker_enter(fs) : NULL;
}

void fs_walk_begin(struct fs_walk *walk, struct fs *fs, struct fs_node *start,
		   const char *path, const struct fs_cred *cred)
{
	walk_begin(walk, fs, path, cred);
	walk->dir = walk->held = start;
	walk->start = NULL; /* only looked at while there is a walker */
}

/* Has the walk hold a reference to its directory from now on, and lock each one
 * that it looks at. False if it may no longer have one. */
static bool walk_hold(struct fs_walk *walk)
{
	struct fs_node *held = walk->held;

	if (LIKELY(!walk->walker))
		return true;
	if (!node_try_ref(walk->dir))
		return false;
	walker_leave(walk->fs, walk->walker);
	walk->walker = NULL;
	if (held)
		node_unref(walk->fs, held);
	return true;
}

/* Begins once more, holding directories: no link was followed so far. The one at
 * *start has a reference, or is no longer there. */
static void walk_restart(struct fs_walk *walk)
{
	do
		walk->dir = walk->start ? __atomic_load_n(walk->start,
							  __ATOMIC_ACQUIRE)
					: walk->held;
	while (!walk_hold(walk));
	walk->rest = walk->path;
	walk->slash = walk->name.slash = false;
}

void fs_walk_begin_at(struct fs_walk *walk, struct fs *fs,
		      struct fs_node *const *start, const char *path,
		      const struct fs_cred *cred)
{
	walk_begin(walk, fs, path, cred);
	walk->held = NULL;
	walk->start = start ? start : &fs->root;
	walk->dir = __atomic_load_n(walk->start, __ATOMIC_ACQUIRE);
	if (!walk->walker) {
		node_ref(walk->dir);
	} else if (UNLIKELY(is_special(walk->dir))) {
		walk_restart(walk);
	}
}

/* All of that once more. */
static __attribute__((noinline)) int walk_again(struct fs_walk *walk)
{
	walk_restart(walk);
	return fs_walk_parent(walk);
}

struct fs_node *fs_walk_end_dir(struct fs_walk *walk)
{
	while (UNLIKELY(walk->depth > 0))
		node_unref(walk->fs, walk->stack[--walk->depth].node);
	return walk->dir;
}

void fs_walk_end(struct fs_walk *walk)
{
	struct fs_node *dir = fs_walk_end_dir(walk);

	if (UNLIKELY(walk->walker != NULL)) {
		walker_leave(walk->fs, walk->walker);
		dir = walk->held;
		if (!dir)
			return;
	}
	node_unref(walk->fs, dir);
}

/* Takes over a reference to the next directory, of a walk that holds one. */
static void walk_enter(struct fs_walk *walk, struct fs_node *dir)
{
	node_unref(walk->fs, walk->dir);
	walk->dir = dir;
}

const char *fs_link_target(struct fs_node *link, size_t *len)
{
	if (UNLIKELY(is_foreign(link)))
		return link->foreign.server->target(link, len);
	lock_read(&link->lock);
	node_read_end(link, false);
	/* What follows never changes. */
	*len = (size_t)link->size;
	switch ((enum content_form)link->form) {
	case CONTENT_SMALL:
		return (const char *)link->small.bytes;
	case CONTENT_TREE:
		return link->tree.root;
	case CONTENT_INLINE:
	case CONTENT_HOLE:
		break;
	}
	return (const char *)link->data;
}

/* path_check where more is to be seen, from p on. */
static int path_check_from(const struct fs_walk *walk, const char *p)
{
	char c;

	for (; p - walk->path < PATH_MAX; p++) {
		if (UNLIKELY(!user_byte(p, &c)))
			return -EFAULT;
		if (c == '\0')
			return 0;
	}
	return -ENAMETOOLONG;
}

/* Is the path given by the caller longer than allowed, or can it not be read to
 * its end? What lies before p in it, and *p, has been seen already. */
static inline int path_check(const struct fs_walk *walk)
{
	const char *p = walk->depth ? walk->stack[0].rest : walk->rest;

	if (LIKELY(*p == '\0' && p - walk->path < PATH_MAX))
		return 0;
	return path_check_from(walk, p);
}

/* Is nothing left to walk, once the string that ends at end is walked? */
static bool finished(const struct fs_walk *walk, const char *end)
{
	return *end == '\0' &&
	       (walk->depth == 0 || *walk->stack[walk->depth - 1].rest == '\0');
}

/* Goes on at the node that a live link leads to. It may be no directory only if
 * the walk ends there. */
static int walk_jump(struct fs_walk *walk, struct fs_node *link)
{
	struct fs_node *node;
	int err = walk->fs->live->follow(link, &node);

	if (err)
		return err;
	if (!is_dir(node) && (!finished(walk, walk->rest) || walk->slash)) {
		node_unref(walk->fs, node);
		return -ENOTDIR;
	}
	walk_enter(walk, node);
	return 0;
}

int fs_walk_follow(struct fs_walk *walk, struct fs_node *link)
{
	const char *target;
	size_t len;

	if (UNLIKELY(!walk_hold(walk))) {
		walk_restart(walk);
		return 0;
	}
	if (walk->links == FS_LINKS_MAX)
		return -ELOOP;
	if (walk->links == 0) { /* before the link's atime changes */
		int err = path_check(walk);

		if (UNLIKELY(err))
			return err;
	}
	walk->links++;
	if (UNLIKELY(is_live(link)))
		return walk_jump(walk, link);
	node_ref(link);
	if (*walk->rest == '\0' && walk->depth > 0) {
		/* Nothing remains of the link we are in: this one replaces it. */
		node_unref(walk->fs, walk->stack[walk->depth - 1].node);
	} else {
		walk->stack[walk->depth++].rest = walk->rest;
	}
	walk->stack[walk->depth - 1].node = link;
	target = fs_link_target(link, &len);
	walk->rest = target;
	if (*target == '/') {
		node_ref(walk->fs->root);
		walk_enter(walk, walk->fs->root);
	}
	return 0;
}

/* Goes from dir to the directory called name in it, or into the target of the
 * link of that name. */
static int walk_step_held(struct fs_walk *walk, const struct fs_name *name)
{
	struct fs_node *node;
	int err;

	if (!walk_hold(walk))
		return -EAGAIN;
	err = name_lookup(walk->fs, walk->dir, name, &node);
	if (UNLIKELY(err))
		return err;
	if (LIKELY(is_dir(node))) {
		walk_enter(walk, node);
		return 0;
	}
	err = is_link(node) ? fs_walk_follow(walk, node) : -ENOTDIR;
	node_unref(walk->fs, node);
	return err;
}

/* How often to look at a directory whose names are just being changed. */
#define PEEKS 8

/* The same without a lock or a reference, as long as there are but directories
 * on the way. */
static inline int walk_step(struct fs_walk *walk, const struct fs_name *name)
{
	struct fs_node *dir = walk->dir;
	enum peek peek = PEEK_ASK;
	uint32_t hash;

	if (LIKELY(!walk->walker) || UNLIKELY(name->len > NAME_MAX))
		return walk_step_held(walk, name);
	hash = dir_hash(walk->fs, name->text, name->len);
	for (int i = 0; peek == PEEK_ASK && i < PEEKS; i++)
		peek = dir_peek(dir->dir, dir_changes(dir->dir), name, hash,
				&walk->dir);
	if (LIKELY(peek == PEEK_DIR))
		return 0;
	if (peek == PEEK_NONE && LIKELY(!is_special(dir)))
		return -ENOENT;
	return walk_step_held(walk, name);
}

static enum fs_last kind_of(const char *text, uint32_t len)
{
	if (LIKELY(text[0] != '.') || len > 2)
		return FS_LAST_NAME;
	if (len == 1)
		return FS_LAST_DOT;
	return text[1] == '.' ? FS_LAST_DOTDOT : FS_LAST_NAME;
}

/* As skip_name. */
static inline bool skip_slashes(const char **path)
{
	char c;

	while (LIKELY(user_byte(*path, &c))) {
		if (c != '/')
			return true;
		++*path;
	}
	return false;
}

static int walk_up(struct fs_walk *walk)
{
	if (!walk_hold(walk))
		return -EAGAIN;
	walk_enter(walk, fs_parent(walk->dir));
	return 0;
}

/* Walks until name is the last component, or nothing is left. */
static inline int walk_names(struct fs_walk *walk)
{
	for (;;) {
		const char *end = walk->rest;
		struct fs_name name;
		int err = 0;

		if (*end == '/' && UNLIKELY(!skip_slashes(&end)))
			return -EFAULT;
		name.text = end;
		if (*end == '\0') {
			walk->last = FS_LAST_ROOT;
			walk->rest = end;
			if (finished(walk, end))
				return 0;
			node_unref(walk->fs, walk->stack[--walk->depth].node);
			walk->rest = walk->stack[walk->depth].rest;
			continue;
		}
		err = perm_check_dir(walk->dir, walk->cred, X_OK);
		if (UNLIKELY(err))
			return err;
		if (UNLIKELY(!skip_name(&end)))
			return -EFAULT;
		name.len = (uint32_t)(end - name.text);
		name.slash = *end == '/';
		if (name.slash && UNLIKELY(!skip_slashes(&end)))
			return -EFAULT;
		walk->rest = end;
		walk->last = kind_of(name.text, name.len);
		if (finished(walk, walk->rest)) {
			/* by fields: what was stored in pieces is not fit to
			 * be loaded as one at once */
			walk->name.text = name.text;
			walk->name.len = name.len;
			walk->name.slash = walk->slash |= name.slash;
			return 0;
		}
		if (LIKELY(walk->last == FS_LAST_NAME))
			err = walk_step(walk, &name);
		else if (walk->last == FS_LAST_DOTDOT)
			err = walk_up(walk);
		if (UNLIKELY(err))
			return err;
	}
}

static inline int walk_parent(struct fs_walk *walk)
{
	int err = 0, path_err;

	if (UNLIKELY(*walk->path == '\0'))
		return -ENOENT;
	/* All that the walk enters are directories, but where it begins, and
	 * where a live link at its end has led to. */
	if (LIKELY(is_dir(walk->dir)))
		err = walk_names(walk);
	else if (*walk->rest)
		err = -ENOTDIR;
	else
		walk->last = FS_LAST_ROOT;
	path_err = path_check(walk);
	return UNLIKELY(path_err) ? path_err : err;
}

int fs_walk_parent(struct fs_walk *walk)
{
	int err = walk_parent(walk);

	/* A directory has lost its last reference, or a page of the path is to
	 * be brought, which can't be done for a walker. */
	if (UNLIKELY(walk->walker != NULL) &&
	    UNLIKELY(err == -EAGAIN || err == -EFAULT))
		return walk_again(walk);
	return err;
}

int fs_walk_keep(struct fs_walk *walk)
{
	return LIKELY(walk_hold(walk)) ? 0 : walk_again(walk);
}

int fs_walk_last(struct fs_walk *walk, bool follow, struct fs_node **nodep)
{
	for (;;) {
		struct fs_node *node;
		int err;

		if (UNLIKELY(walk->last != FS_LAST_NAME)) {
			err = fs_walk_keep(walk);
			if (err)
				return err;
			if (walk->last == FS_LAST_NAME)
				continue;
			if (walk->last == FS_LAST_DOTDOT) {
				*nodep = fs_parent(walk->dir);
			} else {
				node_ref(walk->dir);
				*nodep = walk->dir;
			}
			return 0;
		}
		err = name_lookup(walk->fs, walk->dir, &walk->name, &node);
		if (UNLIKELY(err))
			return err;
		if (LIKELY(!is_link(node) || !(follow || walk->name.slash))) {
			if (UNLIKELY(walk->name.slash && !is_dir(node))) {
				node_unref(walk->fs, node);
				return -ENOTDIR;
			}
			*nodep = node;
			return 0;
		}
		err = fs_walk_follow(walk, node);
		node_unref(walk->fs, node);
		if (!err)
			err = fs_walk_parent(walk);
		if (err)
			return err;
	}
}

int fs_walk_to(struct fs_walk *walk, bool follow, struct fs_node **nodep)
{
	int err = fs_walk_parent(walk);

	if (LIKELY(!err))
		err = fs_walk_last(walk, follow, nodep);
	fs_walk_end(walk);
	return err;
}

int fs_walk_node(struct fs *fs, struct fs_node *start, const char *path,
		 bool follow, const struct fs_cred *cred,
		 struct fs_node **nodep)
{
	struct fs_walk walk;

	fs_walk_begin(&walk, fs, start, path, cred);
	return fs_walk_to(&walk, follow, nodep);
}
