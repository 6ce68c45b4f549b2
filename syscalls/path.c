/* SPDX-License-Identifier: MIT */
/*
 * Paths of system calls: where a walk begins (openat(2), "Rationale for openat
 * and other directory file descriptor APIs"), the current directory, and the
 * calls that look at or change names.
 */
#include "syscalls/internal.h"
#include "syscalls/notify.h"

struct process process = {.umask = UMASK_DEFAULT};

struct fs_node *cwd_get(void)
{
	struct fs_node *cwd;

	lock_read(&process.lock);
	cwd = process.cwd;
	fs_node_ref(cwd);
	unlock_read(&process.lock);
	return cwd;
}

uint32_t umask_apply(uint32_t mode)
{
	return mode & ~__atomic_load_n(&process.umask, __ATOMIC_RELAXED);
}

/* A reference to the node of dirfd, which may be AT_FDCWD. */
static int dirfd_node(int dirfd, struct fs_node **nodep)
{
	struct file *file;

	if (dirfd == AT_FDCWD) {
		*nodep = cwd_get();
		return 0;
	}
	file = fd_get_path(dirfd);
	if (!file)
		return -EBADF;
	*nodep = file->node;
	fs_node_ref(*nodep);
	file_put(file);
	return 0;
}

RARE int path_text_error(const char *path, int err)
{
	ssize_t len = user_strlen(path, PATH_MAX);

	if (len < 0)
		return (int)len;
	if (len == 0)
		return -ENOENT;
	return len < PATH_MAX ? err : -ENAMETOOLONG;
}

int path_empty(const char *path)
{
	char first;

	if (!user_byte(path, &first))
		return -EFAULT;
	return first == '\0';
}

int path_begin(struct fs_walk *walk, int dirfd, const char *path,
	       const struct fs_cred *cred)
{
	struct fs_node *start;
	char first;
	int err;

	if (UNLIKELY(!user_byte(path, &first)))
		return -EFAULT;
	if (LIKELY(first == '/')) {
		fs_walk_begin_at(walk, process.fs, NULL, path, cred);
		return 0;
	}
	if (UNLIKELY(first == '\0'))
		return -ENOENT;
	if (LIKELY(dirfd == AT_FDCWD)) {
		fs_walk_begin_at(walk, process.fs, &process.cwd, path, cred);
		return 0;
	}
	err = dirfd_node(dirfd, &start);
	if (UNLIKELY(err))
		return path_text_error(path, err);
	fs_walk_begin(walk, process.fs, start, path, cred);
	return 0;
}

int path_walk_slow(int dirfd, const char *path, bool keep, struct fs_walk *walk)
{
	int err = path_begin(walk, dirfd, path, cred_now());

	if (UNLIKELY(err))
		return err;
	err = fs_walk_parent(walk);
	if (LIKELY(!err) && keep)
		err = fs_walk_keep(walk);
	if (UNLIKELY(err))
		fs_walk_end(walk);
	return err;
}

int place_find(int dirfd, const char *path, struct place *place)
{
	struct fs_walk walk;
	int err = path_walk(dirfd, path, true, &walk);

	if (UNLIKELY(err))
		return err;
	place->name.text = walk.name.text; /* by fields: see walk_names() */
	place->name.len = walk.name.len;
	place->name.slash = walk.name.slash;
	place->last = walk.last;
	place->dir = fs_walk_end_dir(&walk);
	return 0;
}

void place_end(struct place *place)
{
	node_put(place->dir);
}

/* In both functions below: they are called often. */
static inline int node_find(int dirfd, const char *path, int flags,
			    const struct fs_cred *cred, struct fs_node **nodep)
{
	struct fs_walk walk;
	int err;

	if (UNLIKELY((flags & AT_EMPTY_PATH) && path_empty(path) == 1))
		return dirfd_node(dirfd, nodep);
	if (path_may_be_quick(dirfd)) {
		err = fs_find_quick(process.fs, process.cwd, path,
				    !(flags & AT_SYMLINK_NOFOLLOW), cred,
				    nodep);
		if (LIKELY(!err))
			fs_node_ref(*nodep);
		if (LIKELY(err <= 0))
			return err;
	}
	err = path_begin(&walk, dirfd, path, cred);
	if (UNLIKELY(err))
		return err;
	return fs_walk_to(&walk, !(flags & AT_SYMLINK_NOFOLLOW), nodep);
}

int path_node(int dirfd, const char *path, int flags, struct fs_node **nodep)
{
	return node_find(dirfd, path, flags, cred_now(), nodep);
}

int path_node_as(int dirfd, const char *path, int flags,
		 const struct fs_cred *cred, struct fs_node **nodep)
{
	return node_find(dirfd, path, flags, cred, nodep);
}

/* As place_find, for a name that is to be made: other ends exist already. */
static int place_find_new(int dirfd, const char *path, struct place *place)
{
	int err = place_find(dirfd, path, place);

	if (!err && place->last != FS_LAST_NAME) {
		place_end(place);
		err = -EEXIST;
	}
	return err;
}

/* mkdirat(2). */
long sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	struct place place;
	int err = place_find_new(dirfd, path, &place);

	if (err)
		return err;
	mode = S_IFDIR | umask_apply(mode & (0777 | S_ISVTX));
	err = fs_make(process.fs, place.dir, &place.name, mode, 0, cred_now(),
		      NULL, NULL);
	notify_made(&place, IN_ISDIR, err);
	place_end(&place);
	return err;
}

long sys_mkdir(const char *path, mode_t mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

/* Types that mknod(2) makes; of other files but directories it has not heard. */
RARE static int mknod_check(uint32_t type)
{
	switch (type) {
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

/* mknodat(2). */
RARE long sys_mknodat(int dirfd, const char *path, mode_t mode,
		      unsigned int dev)
{
	uint32_t type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
	uint64_t rdev = S_ISCHR(type) || S_ISBLK(type) ? dev : 0;
	struct place place;
	int err = mknod_check(type);

	if (!err)
		err = place_find_new(dirfd, path, &place);
	if (err)
		return err;
	err = fs_make(process.fs, place.dir, &place.name,
		      type | umask_apply(mode & 07777), rdev, cred_now(), NULL,
		      NULL);
	notify_made(&place, 0, err);
	place_end(&place);
	return err;
}

long sys_mknod(const char *path, mode_t mode, unsigned int dev)
{
	return sys_mknodat(AT_FDCWD, path, mode, dev);
}

/* symlinkat(2). */
long sys_symlinkat(const char *target, int dirfd, const char *path)
{
	ssize_t len = user_strlen(target, PATH_MAX);
	struct place place;
	int err;

	if (len < 0)
		return len;
	if (len == PATH_MAX)
		return -ENAMETOOLONG;
	if (len == 0)
		return -ENOENT;
	err = place_find_new(dirfd, path, &place);
	if (err)
		return err;
	err = fs_symlink(process.fs, place.dir, &place.name, target,
			 (size_t)len, cred_now());
	notify_made(&place, 0, err);
	place_end(&place);
	return err;
}

long sys_symlink(const char *target, const char *path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

/* With AT_EMPTY_PATH only who has opened a descriptor may link through it, or
 * root: linkat(2). */
RARE static int link_check(int dirfd, const char *path, int flags)
{
	const struct fs_cred *cred = cred_now();
	struct file *file;
	bool same;

	if (LIKELY(!(flags & AT_EMPTY_PATH)) || cred->uid == 0 || !path ||
	    *path == '/' || dirfd == AT_FDCWD)
		return 0;
	file = fd_get_path(dirfd);
	if (!file)
		return -EBADF;
	same = file->cred == cred;
	file_put(file);
	return same ? 0 : -ENOENT;
}

/* linkat(2). */
long sys_linkat(int dirfd, const char *oldpath, int newdirfd,
		const char *newpath, int flags)
{
	struct fs_node *node;
	struct place place;
	int err, how = flags & AT_EMPTY_PATH;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!(flags & AT_SYMLINK_FOLLOW))
		how |= AT_SYMLINK_NOFOLLOW;
	err = link_check(dirfd, oldpath, flags);
	if (!err)
		err = path_node(dirfd, oldpath, how, &node);
	if (err)
		return err;
	err = place_find_new(newdirfd, newpath, &place);
	if (!err) {
		err = fs_link(process.fs, node, place.dir, &place.name,
			      cred_now());
		if (UNLIKELY(notify_wanted()) && !err)
			notify_linked(&place, node);
		place_end(&place);
	}
	node_put(node);
	return err;
}

long sys_link(const char *oldpath, const char *newpath)
{
	return sys_linkat(AT_FDCWD, oldpath, AT_FDCWD, newpath, 0);
}

/* rmdir(2): of the ends that are not names. */
static int rmdir_last(enum fs_last last)
{
	switch (last) {
	case FS_LAST_DOT:
		return -EINVAL;
	case FS_LAST_DOTDOT:
		return -ENOTEMPTY;
	case FS_LAST_ROOT:
		return -EBUSY;
	case FS_LAST_NAME:
		break;
	}
	return 0;
}

/* Removes what place names, and says so. */
static __attribute__((noinline)) int unlink_told(const struct place *place,
						 bool directory)
{
	struct fs_node *victim = notify_hold(place);
	int err;

	if (directory)
		err = fs_rmdir(process.fs, place->dir, &place->name,
			       cred_now());
	else
		err = fs_unlink(process.fs, place->dir, &place->name,
				cred_now());
	if (victim)
		notify_unlinked(place, victim, err);
	return err;
}

/* unlinkat(2). */
long sys_unlinkat(int dirfd, const char *path, int flags)
{
	bool directory = flags & AT_REMOVEDIR;
	struct place place;
	int err;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	err = place_find(dirfd, path, &place);
	if (err)
		return err;
	if (directory)
		err = rmdir_last(place.last);
	else if (place.last != FS_LAST_NAME)
		err = -EISDIR;
	if (UNLIKELY(notify_wanted()) && !err)
		err = unlink_told(&place, directory);
	else if (!err && directory)
		err = fs_rmdir(process.fs, place.dir, &place.name, cred_now());
	else if (!err)
		err = fs_unlink(process.fs, place.dir, &place.name, cred_now());
	place_end(&place);
	return err;
}

long sys_unlink(const char *path)
{
	return sys_unlinkat(AT_FDCWD, path, 0);
}

long sys_rmdir(const char *path)
{
	return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* Renames what both places name, and says so. */
static __attribute__((noinline)) int
rename_told(const struct place *old, const struct place *new, int flags)
{
	struct fs_node *source = notify_hold(old), *target = notify_hold(new);
	int err = fs_rename(process.fs, old->dir, &old->name, new->dir,
			    &new->name, (unsigned)flags, cred_now());

	notify_renamed(old, new, source, target, flags, err);
	return err;
}

/* renameat2(2). */
long sys_renameat2(int dirfd, const char *oldpath, int newdirfd,
		   const char *newpath, int flags)
{
	const int exclude = RENAME_NOREPLACE | RENAME_WHITEOUT;
	struct place old, new;
	int err;

	if ((flags & ~(exclude | RENAME_EXCHANGE)) ||
	    ((flags & RENAME_EXCHANGE) && (flags & exclude)))
		return -EINVAL;
	err = place_find(dirfd, oldpath, &old);
	if (err)
		return err;
	err = place_find(newdirfd, newpath, &new);
	if (err)
		goto end_old;
	if (old.last != FS_LAST_NAME)
		err = -EBUSY;
	else if (new.last != FS_LAST_NAME)
		err = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	else if (UNLIKELY(notify_wanted()))
		err = rename_told(&old, &new, flags);
	else
		err = fs_rename(process.fs, old.dir, &old.name, new.dir,
				&new.name, (unsigned)flags, cred_now());
	place_end(&new);
end_old:
	place_end(&old);
	return err;
}

long sys_renameat(int dirfd, const char *oldpath, int newdirfd,
		  const char *newpath)
{
	return sys_renameat2(dirfd, oldpath, newdirfd, newpath, 0);
}

long sys_rename(const char *oldpath, const char *newpath)
{
	return sys_renameat2(AT_FDCWD, oldpath, AT_FDCWD, newpath, 0);
}

/* readlinkat(2): also of an O_PATH descriptor of a link, with path "". */
RARE long sys_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	struct fs_node *node;
	const char *target;
	size_t len;
	int err;

	if ((int)size <= 0)
		return -EINVAL;
	err = path_node(dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH,
			&node);
	if (err)
		return err;
	if (!S_ISLNK(fs_node_mode(node))) {
		node_put(node);
		return *path ? -EINVAL : -ENOENT;
	}
	if (fs_node_marks(node) & FS_MARK_LIVE) {
		long result = proc_readlink(node, buf, size);

		node_put(node);
		return result;
	}
	target = fs_link_target(node, &len);
	if (len > size)
		len = size;
	err = user_copy(buf, target, len) ? -EFAULT : 0;
	node_put(node);
	return err ? err : (long)len;
}

long sys_readlink(const char *path, char *buf, size_t size)
{
	if ((int)size > 0 && path_empty(path) == 1)
		return -ENOENT;
	return sys_readlinkat(AT_FDCWD, path, buf, size);
}

/* Makes node (takes the reference, also on failure) the current directory. */
static long cwd_set(struct fs_node *node)
{
	int err = 0;

	if (!S_ISDIR(fs_node_mode(node)))
		err = -ENOTDIR;
	else
		err = fs_access(node, cred_now(), X_OK);
	if (!err) {
		struct fs_node *old;

		lock_write(&process.lock);
		old = process.cwd;
		__atomic_store_n(&process.cwd, node, __ATOMIC_RELEASE);
		unlock_write(&process.lock);
		node = old;
	}
	node_put(node);
	return err;
}

/* chdir(2). */
long sys_chdir(const char *path)
{
	struct fs_node *node;
	int err = path_node(AT_FDCWD, path, 0, &node);

	return err ? err : cwd_set(node);
}

/* fchdir(2). */
long sys_fchdir(int fd)
{
	struct fs_node *node;

	if (fd == AT_FDCWD || dirfd_node(fd, &node))
		return -EBADF;
	return cwd_set(node);
}

/* getcwd(2): returns the length with the NUL, as Linux's call does. */
long sys_getcwd(char *buf, size_t size)
{
	struct fs_node *cwd = cwd_get();
	long len = fs_path(process.fs, cwd, buf, size);

	node_put(cwd);
	return len;
}

/* umask(2). */
long sys_umask(mode_t mask)
{
	return __atomic_exchange_n(&process.umask, mask & 0777,
				   __ATOMIC_RELAXED);
}
