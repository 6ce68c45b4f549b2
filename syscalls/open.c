/* SPDX-License-Identifier: MIT */
/*
 * Opening files: open(2) with its flags, in the order of checks that Linux has.
 * A file that is just made is open for its maker whatever its mode says; an
 * existing one is checked, and truncated if asked for.
 */
#include "syscalls/internal.h"
#include "syscalls/notify.h"

/* Flags that stay with the open file: what F_GETFL shows. */
#define FLAGS_KEPT                                                         \
	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | \
	 O_LARGEFILE | O_TMPFILE | O_NOFOLLOW | O_NOATIME | O_PATH)
#define FLAGS_PATH   (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define FLAG_TMPFILE (O_TMPFILE & ~O_DIRECTORY)

/* The node, and whether this call made it. */
struct opened {
	struct fs_node *node;
	struct file *file; /* what it is to be */
	bool made;
};

/* What access open(2) asks for. */
static int wanted_access(int flags)
{
	static const int of_mode[] = {R_OK, W_OK, R_OK | W_OK, R_OK | W_OK};
	int want = of_mode[flags & O_ACCMODE];

	return flags & O_TRUNC ? want | W_OK : want;
}

/* Finds or makes the node at the end of a walk; follows a link found there. */
static int open_create(struct fs_walk *walk, int flags, uint32_t mode,
		       struct opened *opened)
{
	for (;;) {
		bool existed = false;
		int err;

		if (walk->last != FS_LAST_NAME)
			return fs_walk_last(walk, true, &opened->node);
		if (walk->name.slash)
			return -EISDIR;
		err = fs_make(walk->fs, walk->dir, &walk->name, mode,
			      (unsigned)flags, walk->cred,
			      flags & O_EXCL ? NULL : &existed, &opened->node);
		if (err)
			return err;
		opened->made = !existed;
		if (!S_ISLNK(fs_node_mode(opened->node)) ||
		    (flags & O_NOFOLLOW))
			return 0;
		err = fs_walk_follow(walk, opened->node);
		node_put(opened->node);
		if (!err)
			err = fs_walk_parent(walk);
		if (err)
			return err;
	}
}

/* Makes a file without a name in the directory at the end of a walk. */
RARE static int open_tmpfile(struct fs_walk *walk, int flags, uint32_t mode,
			     struct opened *opened)
{
	struct fs_node *dir;
	int err = fs_walk_last(walk, !(flags & O_NOFOLLOW), &dir);

	if (err)
		return err;
	if (S_ISDIR(fs_node_mode(dir)))
		err = fs_make_anonymous(walk->fs, dir, mode, walk->cred,
					&opened->node);
	else
		err = -ENOTDIR;
	if (UNLIKELY(notify_wanted()) && !err)
		notify_tmpfile(opened->file, dir, opened->node);
	node_put(dir);
	if (err)
		return err;
	if (!(flags & O_EXCL))
		fs_node_mark(opened->node, FS_MARK_LINKABLE, 0);
	opened->made = true;
	return 0;
}

static int open_node(int dirfd, const char *path, int flags, mode_t mode,
		     struct opened *opened)
{
	struct fs_walk walk;
	bool told = UNLIKELY(notify_wanted());
	int err = path_walk(dirfd, path, told, &walk);

	if (UNLIKELY(err))
		return err;
	if (flags & O_CREAT)
		err = open_create(&walk, flags,
				  S_IFREG | umask_apply(mode & 07777), opened);
	else if (UNLIKELY(flags & FLAG_TMPFILE))
		err = open_tmpfile(&walk, flags,
				   S_IFREG | umask_apply(mode & 07777), opened);
	else
		err = fs_walk_last(&walk, !(flags & O_NOFOLLOW), &opened->node);
	if (UNLIKELY(told) && !err && !(flags & FLAG_TMPFILE))
		notify_opening(opened->file, &walk, opened->node, opened->made);
	fs_walk_end(&walk);
	return err;
}

bool open_flags_refused(const struct fs_node *node, const struct file_ops *ops,
			uint32_t flags)
{
	if (UNLIKELY(ops != NULL))
		return flags & ops->flags_refused;
	return (flags & O_DIRECT) && !S_ISREG(fs_node_mode(node));
}

/* Sets what is done with a file of node that is no file of fs/ alone. */
RARE static int open_special(struct file *file, struct fs_node *node,
			     uint32_t flags)
{
	uint32_t type = fs_node_mode(node) & S_IFMT;

	if (type == FS_IFTEXT)
		return proc_open(file, node);
	if (type == S_IFIFO)
		return fifo_open(file, node, flags);
	if (type == S_IFCHR)
		file->ops = dev_ops(fs_node_rdev(node));
	return file->ops ? 0 : -ENXIO;
}

RARE int noatime_check(struct fs_node *node)
{
	const struct fs_cred *cred = cred_now();
	struct fs_attr attr;
	int err;

	if (cred->uid == 0)
		return 0;
	err = fs_getattr(node, &attr);
	if (err < 0)
		return err;
	return attr.uid == cred->uid ? 0 : -EPERM;
}

/* May an existing node be opened so? do_open() and may_open() of Linux. */
static int open_check(struct fs_node *node, int flags)
{
	uint32_t mode = fs_node_mode(node);

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if ((flags & O_CREAT) && S_ISDIR(mode))
		return -EISDIR;
	if ((flags & O_DIRECTORY) && !S_ISDIR(mode))
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if (S_ISLNK(mode))
		return -ELOOP;
	if (S_ISDIR(mode) && (wanted_access(flags) & W_OK))
		return -EISDIR;
	return fs_access(node, cred_now(), wanted_access(flags));
}

/* Opens an existing node for what is to become file. */
static int open_existing(struct file *file, struct fs_node *node, int flags)
{
	uint32_t type = fs_node_mode(node) & S_IFMT;
	int err = open_check(node, flags);

	if (UNLIKELY(err) || UNLIKELY(flags & O_PATH))
		return err;
	if (UNLIKELY(flags & O_NOATIME))
		err = noatime_check(node);
	if (UNLIKELY(!err && type != S_IFREG && type != S_IFDIR))
		err = open_special(file, node, (uint32_t)flags);
	if (!err && open_flags_refused(node, file->ops, (uint32_t)flags)) {
		if (UNLIKELY(notify_wanted()))
			notify_refused(file, node, flags);
		err = -EINVAL;
	}
	if (!err && (flags & O_TRUNC) && type == S_IFREG && !host_has(node)) {
		err = fs_truncate(process.fs, node, 0);
		setid_drop(node, !err);
	}
	return err;
}

/* Sets of flags that open(2) refuses before it looks at the path. */
static bool flags_wrong(int flags)
{
	if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return true;
	return (flags & FLAG_TMPFILE) &&
	       (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY);
}

/* Flags that matter to nobody but who reads and writes, if it is a regular file
 * that is there. */
#define FLAGS_QUICK                                                        \
	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_NOCTTY | O_DSYNC | O_SYNC | \
	 O_LARGEFILE | O_NOFOLLOW | O_CLOEXEC)

/* Finds such a file, if its path is quick as well: root may open it. As
 * path_quick. */
static inline int open_quick(int dirfd, const char *path, int flags,
			     struct fs_node **nodep)
{
	int err;

	if (UNLIKELY(flags & ~FLAGS_QUICK) || UNLIKELY(notify_wanted()))
		return 1;
	err = path_quick(dirfd, path, true, nodep);
	return LIKELY(err) || LIKELY(S_ISREG(fs_node_mode(*nodep))) ? err : 1;
}

/* open(2), openat(2). */
long sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	struct opened opened;
	int fd, err;

	if (UNLIKELY(flags & O_PATH))
		flags &= FLAGS_PATH;
	else
		flags |= O_LARGEFILE; /* as on every 64-bit Linux */
	if (UNLIKELY(flags & (O_SYNC & ~O_DSYNC)))
		flags |= O_DSYNC; /* the one bit stands for both */
	if (UNLIKELY(flags & O_TMPFILE) && flags_wrong(flags))
		return -EINVAL;
	fd = fd_reserve(flags & O_CLOEXEC, &opened.file);
	if (UNLIKELY(fd < 0))
		return path_text_error(path, fd);
	err = open_quick(dirfd, path, flags, &opened.node);
	if (LIKELY(!err)) {
		fs_node_ref(opened.node);
		goto commit;
	}
	if (err < 0)
		goto cancel;
	opened.made = false;
	err = open_node(dirfd, path, flags, mode, &opened);
	if (UNLIKELY(err))
		goto cancel;
	if (!opened.made)
		err = open_existing(opened.file, opened.node, flags);
	if (UNLIKELY(!err && host_has(opened.node)))
		err = host_open(opened.file, opened.node, (uint32_t)flags);
	if (UNLIKELY(err)) {
		node_put(opened.node);
		goto cancel;
	}
	if (UNLIKELY(notify_wanted()) && !(flags & O_PATH))
		notify_opened(opened.file, opened.node,
			      (flags & O_TRUNC) && !opened.made);
commit:
	fd_commit(fd, opened.file, opened.node, (uint32_t)flags & FLAGS_KEPT);
	return fd;

cancel:
	fd_cancel(fd, opened.file);
	return err;
}

long sys_open(const char *path, int flags, mode_t mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

long sys_creat(const char *path, mode_t mode)
{
	return sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

RARE int open_object(const struct file_ops *ops, void *object, uint32_t flags)
{
	struct fs_node *node;
	struct file *file;
	int fd = fd_reserve(flags & O_CLOEXEC, &file), err;

	if (fd < 0)
		return fd;
	/* As Linux's anonymous inodes, it has no type. */
	err = fs_make_anonymous(process.fs, NULL, 0600, cred_now(), &node);
	if (err) {
		fd_cancel(fd, file);
		return err == -ENOSPC ? -ENFILE : err;
	}
	file->ops = ops;
	file->object = object;
	fd_commit(fd, file, node, flags & ~(uint32_t)O_CLOEXEC);
	return fd;
}
