/* SPDX-License-Identifier: MIT */
/*
 * What calls tell of files to who watches them (inotify.c): to watches of the
 * file itself, and to those of the directory that it was found in, with its
 * name there. So while there are watches, open files remember both (struct
 * origin), and renames keep that right; files that have been open before are
 * looked for in a directory when it is watched. Calls by path find out in a
 * second walk what they were about.
 *
 * DEVIATION: of a directory that has been removed, and is nothing but the
 * current one, inotify(7) tells only who watched it itself.
 */
#include "syscalls/notify.h"

/* Where an open file was opened: protected by notify_lock. */
struct origin {
	struct origin *next, *prev;
	struct file *file;
	struct fs_node *node;
	struct fs_node *dir; /* holds a reference */
	uint32_t unlinked;   /* 0: not; else the number of when it was */
	uint32_t name_len;
	char name[NAME_MAX];
};

uint32_t notify_on;

/* notify_lock protects: */
static struct {
	uint32_t cookie;
	uint32_t unlinked; /* how often names of open files went */
	struct origin *origins;
} state;

void notify_count(int change)
{
	__atomic_fetch_add(&notify_on, (uint32_t)change, __ATOMIC_RELAXED);
}

static uint32_t isdir(const struct fs_node *node)
{
	return S_ISDIR(fs_node_mode(node)) ? IN_ISDIR : 0;
}

/* What happens to node itself, and only that. */
static void send_self(const struct fs_node *node, uint32_t mask)
	REQUIRES(notify_lock)
{
	notify_send(node, mask | isdir(node), 0, "", 0, false);
}

static bool is_special(const struct fs_node *node)
{
	switch (fs_node_mode(node) & S_IFMT) {
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	default:
		return false;
	}
}

/* To who watches the directory that origin says (if any), then the node. */
static void send_child(const struct origin *origin, const struct fs_node *node,
		       uint32_t mask) REQUIRES(notify_lock)
{
	uint32_t events = (mask & ~NOTIFY_BY_FILE) | isdir(node);
	bool unlinked = origin && origin->unlinked && (mask & NOTIFY_BY_FILE);
	bool passed =
		(mask & NOTIFY_BY_FILE) && (mask & (IN_ACCESS | IN_MODIFY));

	/* What passes through a device or a FIFO is not the directory's. */
	if (origin && !(passed && is_special(node)))
		notify_send(origin->dir, events, 0, origin->name,
			    origin->name_len, unlinked);
	notify_send(node, events, 0, "", 0, unlinked);
}

/* -- Where files were opened ------------------------------------------------------------ */

static void origin_name(struct origin *origin, struct fs_node *dir,
			const char *name, uint32_t len)
{
	fs_node_ref(dir);
	origin->dir = dir;
	origin->name_len = len;
	memcpy(origin->name, name, len);
}

/* A directory that has been removed is told of as it was called, if it is open
 * anywhere. */
static bool origin_copy(struct origin *origin, const struct fs_node *node)
{
	const struct origin *o;

	lock_write(&notify_lock);
	for (o = state.origins; o && o->node != node;)
		o = o->next;
	if (o) {
		origin_name(origin, o->dir, o->name, o->name_len);
		origin->unlinked = o->unlinked;
	}
	unlock_write(&notify_lock);
	return o;
}

/* What a walk found, or, if it did not end with a name, what node is called;
 * false if it is the root, or gone. */
static bool origin_of_walk(struct origin *origin, const struct fs_walk *walk,
			   struct fs_node *node)
{
	struct fs_name name;

	if (walk && walk->last == FS_LAST_NAME) {
		if (walk->name.len > NAME_MAX)
			return false;
		origin_name(origin, walk->dir, walk->name.text, walk->name.len);
		return true;
	}
	if (!S_ISDIR(fs_node_mode(node)))
		return false;
	if (fs_dir_name(process.fs, node, origin->name, &name, &origin->dir))
		return origin_copy(origin, node);
	origin->name_len = name.len;
	return true;
}

static void origin_attach(struct origin *origin, struct file *file,
			  struct fs_node *node) REQUIRES(notify_lock)
{
	origin->file = file;
	origin->node = node;
	origin->next = state.origins;
	if (state.origins)
		state.origins->prev = origin;
	state.origins = origin;
	__atomic_store_n(&file->origin, origin, __ATOMIC_RELAXED);
	notify_count(1);
}

static void origin_detach(struct origin *origin) REQUIRES(notify_lock)
{
	if (origin->prev)
		origin->prev->next = origin->next;
	else
		state.origins = origin->next;
	if (origin->next)
		origin->next->prev = origin->prev;
	__atomic_store_n(&origin->file->origin, NULL, __ATOMIC_RELAXED);
	notify_count(-1);
}

static void origin_destroy(struct origin *origin)
{
	if (!origin)
		return;
	node_put(origin->dir);
	pool_free(origin, sizeof(*origin));
}

static bool origin_is(const struct origin *origin, const struct place *place,
		      const struct fs_node *node)
{
	return origin->node == node && origin->dir == place->dir &&
	       !origin->unlinked && origin->name_len == place->name.len &&
	       memcmp(origin->name, place->name.text, place->name.len) == 0;
}

/* A name of node is gone, or, if to is given, is another one now. The places'
 * own references keep the directories here alive. Returns whether node is open
 * by that name. */
static bool origins_move(const struct place *from, const struct fs_node *node,
			 const struct place *to) REQUIRES(notify_lock)
{
	uint32_t number = to ? 0 : ++state.unlinked;
	bool any = false;

	for (struct origin *o = state.origins; o; o = o->next) {
		if (!origin_is(o, from, node))
			continue;
		if (to) {
			node_put(o->dir);
			origin_name(o, to->dir, to->name.text, to->name.len);
		} else {
			o->unlinked = number;
		}
		any = true;
	}
	return any;
}

/* Another open file that was opened by the same name, and lost it with this. */
static const struct origin *origin_find(const struct origin *origin)
	REQUIRES(notify_lock)
{
	const struct origin *o = state.origins;

	while (o && o->unlinked != origin->unlinked)
		o = o->next;
	return o;
}

/* A file that lost its last name ends, as watches see it, when it is open by
 * that name nowhere: on Linux it is names that files are open by, and the end of
 * such a one is looked at, though others may still be in use. */
static void end_by_name(struct fs_node *node, bool open)
{
	struct fs_attr attr;

	if (open || !(fs_node_marks(node) & FS_MARK_WATCHED) || isdir(node))
		return;
	if (fs_getattr(node, &attr) == 0 && attr.nlink == 0)
		notify_forget(node);
}

/* Files without an origin, and the inode numbers by which they are found. */
struct lost {
	struct file *file; /* holds a reference */
	uint64_t ino;
};

struct lost_list {
	struct fs_node *dir;
	size_t len;
	struct lost files[];
};

/* Is it one whose name might be missed? Not that of a device. Sure
 * only with notify_lock. */
static bool is_lost(const struct file *file)
{
	return !file->ops && !__atomic_load_n(&file->origin, __ATOMIC_RELAXED);
}

/* Called for each entry: gives it to the files that it may be of. */
static bool lost_found(void *context, const struct fs_dirent *entry)
{
	struct lost_list *list = context;

	if (entry->next <= 2)
		return true; /* "." and ".." */
	for (size_t i = 0; i < list->len; i++) {
		struct file *file = list->files[i].file;
		struct origin *origin;

		if (list->files[i].ino != entry->ino || !is_lost(file))
			continue;
		origin = pool_alloc(sizeof(*origin));
		if (!origin)
			continue;
		origin_name(origin, list->dir, entry->name, entry->name_len);
		lock_write(&notify_lock);
		if (!file->origin) {
			origin_attach(origin, file, file->node);
			origin = NULL;
		}
		unlock_write(&notify_lock);
		origin_destroy(origin); /* another thread was first */
	}
	return true;
}

/* Enters up to max lost files in list, if there is one; returns how many there
 * are. */
static size_t lost_collect(struct lost_list *list, size_t max)
{
	size_t count = 0;

	for (int fd = fd_next(0); fd >= 0; fd = fd_next(fd + 1)) {
		struct file *file = fd_get(fd);
		struct fs_attr attr;

		if (!file)
			continue;
		if (!is_lost(file) || count >= max) {
			file_put(file);
			continue;
		}
		count++;
		if (list) {
			(void)!fs_getattr(file->node, &attr); /* of fs/ */
			list->files[list->len++] =
				(struct lost){file, attr.ino};
		} else {
			file_put(file);
		}
	}
	return count;
}

/* Gives the files that are open in dir their origins, as far as they have
 * none. What cannot be found out for want of memory is not told of. */
void notify_find(struct fs_node *dir)
{
	size_t max = lost_collect(NULL, SIZE_MAX);
	size_t size = sizeof(struct lost_list) + max * sizeof(struct lost);
	struct lost_list *list = max ? pool_alloc(size) : NULL;
	uint64_t pos = 0;

	if (!list)
		return;
	list->dir = dir;
	lost_collect(list, max);
	if (fs_readdir(dir, lost_found, list, &pos, true) < 0)
		pos = 0; /* a removed directory has no entries */
	for (size_t i = 0; i < list->len; i++)
		file_put(list->files[i].file);
	pool_free(list, size);
}

/* -- What calls tell ---------------------------------------------------------------------- */

void notify_file_slow(struct file *file, uint32_t mask)
{
	lock_write(&notify_lock);
	send_child(file->origin, file->node, mask);
	unlock_write(&notify_lock);
}

/* What a path leads to. */
static void notify_walk(struct fs_walk *walk, int flags, uint32_t mask)
{
	struct origin *origin = pool_alloc(sizeof(*origin));
	struct fs_node *node;
	int err = fs_walk_parent(walk);

	if (!err)
		err = fs_walk_keep(walk);
	if (!err && origin)
		err = fs_walk_last(walk, !(flags & AT_SYMLINK_NOFOLLOW), &node);
	if (!err && origin) {
		bool found = origin_of_walk(origin, walk, node);

		lock_write(&notify_lock);
		send_child(found ? origin : NULL, node, mask);
		unlock_write(&notify_lock);
		if (found)
			node_put(origin->dir);
		node_put(node);
	}
	pool_free(origin, sizeof(*origin));
}

void notify_path_slow(int dirfd, const char *path, int flags, uint32_t mask)
{
	struct fs_walk walk;
	struct file *file;

	if (*path == '\0') {
		file = fd_get_path(dirfd);
		if (file) {
			notify_file_slow(file, mask);
			file_put(file);
			return;
		}
		path = "."; /* AT_FDCWD */
	}
	if (path_begin(&walk, dirfd, path, cred_now()))
		return;
	notify_walk(&walk, flags, mask);
	fs_walk_end(&walk);
}

static void send_name(const struct place *place, uint32_t mask, uint32_t cookie)
	REQUIRES(notify_lock)
{
	notify_send(place->dir, mask, cookie, place->name.text, place->name.len,
		    false);
}

void notify_made_slow(const struct place *place, uint32_t mask)
{
	lock_write(&notify_lock);
	send_name(place, IN_CREATE | mask, 0);
	unlock_write(&notify_lock);
}

void notify_opening(struct file *file, struct fs_walk *walk,
		    struct fs_node *node, bool made)
{
	struct place place = {.dir = walk->dir, .name = walk->name};
	struct origin *origin;

	if (made)
		notify_made_slow(&place, 0);
	origin = pool_alloc(sizeof(*origin));
	if (!origin)
		return;
	if (!origin_of_walk(origin, walk, node)) {
		pool_free(origin, sizeof(*origin));
		return;
	}
	lock_write(&notify_lock);
	origin_attach(origin, file, node);
	unlock_write(&notify_lock);
}

/* A file without a name is called "#" and its inode number, as on Linux. */
void notify_tmpfile(struct file *file, struct fs_node *dir,
		    struct fs_node *node)
{
	struct origin *origin = pool_alloc(sizeof(*origin));
	char digits[24];
	size_t at = sizeof(digits);
	struct fs_attr attr;

	if (!origin)
		return;
	if (fs_getattr(node, &attr) < 0)
		attr.ino = 0;
	for (; attr.ino; attr.ino /= 10)
		digits[--at] = (char)('0' + attr.ino % 10);
	digits[--at] = '#';
	origin_name(origin, dir, digits + at, (uint32_t)(sizeof(digits) - at));
	lock_write(&notify_lock);
	origin->unlinked = ++state.unlinked;
	origin_attach(origin, file, node);
	unlock_write(&notify_lock);
}

void notify_opened(struct file *file, struct fs_node *node, bool truncated)
{
	lock_write(&notify_lock);
	send_child(file->origin, node, IN_OPEN | NOTIFY_BY_FILE);
	if (truncated && S_ISREG(fs_node_mode(node)))
		send_child(file->origin, node, IN_MODIFY);
	unlock_write(&notify_lock);
}

void notify_unopened(struct file *file)
{
	struct origin *origin;
	bool last;

	lock_write(&notify_lock);
	origin = file->origin;
	if (origin)
		origin_detach(origin);
	last = origin && origin->unlinked && !origin_find(origin);
	unlock_write(&notify_lock);
	if (last)
		end_by_name(origin->node, false);
	origin_destroy(origin);
}

void notify_refused(struct file *file, struct fs_node *node, int flags)
{
	uint32_t mode = (uint32_t)flags & O_ACCMODE;
	uint32_t mask = mode == O_WRONLY || mode == O_RDWR ? IN_CLOSE_WRITE
							   : IN_CLOSE_NOWRITE;

	lock_write(&notify_lock);
	send_child(file->origin, node, mask | NOTIFY_BY_FILE);
	unlock_write(&notify_lock);
}

void notify_close(struct file *file)
{
	uint32_t mask = file_writable(file) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE;

	if (!(file_flags(file) & O_PATH))
		notify_file_slow(file, mask | NOTIFY_BY_FILE);
	notify_unopened(file);
}

/* -- Names that change ----------------------------------------------------------------------- */

struct fs_node *notify_hold(const struct place *place)
{
	struct fs_node *node;

	if (place->last != FS_LAST_NAME ||
	    fs_lookup(process.fs, place->dir, &place->name, &node))
		return NULL;
	return node;
}

void notify_linked(const struct place *place, struct fs_node *node)
{
	lock_write(&notify_lock);
	send_self(node, IN_ATTRIB);
	send_name(place, IN_CREATE, 0);
	unlock_write(&notify_lock);
}

/* Dropping the reference may bring IN_DELETE_SELF, which comes first. */
void notify_unlinked(const struct place *place, struct fs_node *node, int err)
{
	uint32_t dir = isdir(node);
	bool open;

	if (err) {
		node_put(node);
		return;
	}
	lock_write(&notify_lock);
	if (!dir)
		send_self(node, IN_ATTRIB);
	open = origins_move(place, node, NULL);
	unlock_write(&notify_lock);
	end_by_name(node, open);
	node_put(node);
	lock_write(&notify_lock);
	send_name(place, IN_DELETE | dir, 0);
	unlock_write(&notify_lock);
}

/* One of the moves of a rename; target is what it replaces, if it does. */
static void send_move(const struct place *from, const struct place *to,
		      const struct fs_node *source,
		      const struct fs_node *target) REQUIRES(notify_lock)
{
	uint32_t cookie = ++state.cookie;

	send_name(from, IN_MOVED_FROM | isdir(source), cookie);
	send_name(to, IN_MOVED_TO | isdir(source), cookie);
	if (target)
		send_self(target, IN_ATTRIB);
	send_self(source, IN_MOVE_SELF);
}

/* While two names are exchanged, one of them is neither. */
static void origins_exchange(const struct place *from, const struct place *to,
			     const struct fs_node *source,
			     const struct fs_node *target) REQUIRES(notify_lock)
{
	origins_move(from, source, to);
	origins_move(to, target, from);
}

void notify_renamed(const struct place *from, const struct place *to,
		    struct fs_node *source, struct fs_node *target, int flags,
		    int err)
{
	bool exchange = flags & RENAME_EXCHANGE, open = true;

	if (err || !source || source == target)
		goto put;
	lock_write(&notify_lock);
	if (exchange && target) {
		origins_exchange(from, to, source, target);
	} else {
		if (target)
			open = origins_move(to, target, NULL);
		origins_move(from, source, to);
	}
	send_move(from, to, source, exchange ? NULL : target);
	if (exchange && target)
		send_move(to, from, target, NULL);
	unlock_write(&notify_lock);
	if (target)
		end_by_name(target, open);
put:
	if (source)
		node_put(source);
	if (target)
		node_put(target);
}
