/* SPDX-License-Identifier: MIT */
/*
 * Changing what files are: chmod(2), chown(2), utimensat(2), truncate(2), each
 * by path and by descriptor, and fallocate(2).
 */
#include "syscalls/internal.h"
#include "syscalls/notify.h"

#define NSEC_MAX 999999999
#define USEC_MAX 999999

/* chmod(2), fchmodat(2), fchmod(2). */
long sys_fchmodat2(int dirfd, const char *path, mode_t mode, int flags)
{
	struct fs_node *node;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = path_node(dirfd, path, flags, &node);
	if (err)
		return err;
	err = fs_chmod(node, cred_now(), mode);
	notify_path(dirfd, path, flags, IN_ATTRIB, err);
	node_put(node);
	return err;
}

long sys_fchmodat(int dirfd, const char *path, mode_t mode)
{
	return sys_fchmodat2(dirfd, path, mode, 0);
}

long sys_chmod(const char *path, mode_t mode)
{
	return sys_fchmodat(AT_FDCWD, path, mode);
}

long sys_fchmod(int fd, mode_t mode)
{
	struct file *file = fd_get(fd);
	int err;

	if (!file)
		return -EBADF;
	err = fs_chmod(file->node, cred_now(), mode);
	notify_file(file, IN_ATTRIB, err);
	file_put(file);
	return err;
}

/* Does inotify(7) hear of it? Not if only the time of the change is new. */
static bool chown_changes(const struct fs_node *node, uint32_t mode, uid_t uid,
			  gid_t gid)
{
	return (uid & gid) != UINT32_MAX || fs_node_mode(node) != mode;
}

/* chown(2), lchown(2), fchownat(2), fchown(2). */
long sys_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	struct fs_node *node;
	uint32_t mode;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = path_node(dirfd, path, flags, &node);
	if (err)
		return err;
	mode = fs_node_mode(node);
	err = fs_chown(node, cred_now(), uid, gid);
	if (chown_changes(node, mode, uid, gid))
		notify_path(dirfd, path, flags, IN_ATTRIB, err);
	node_put(node);
	return err;
}

long sys_chown(const char *path, uid_t uid, gid_t gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long sys_lchown(const char *path, uid_t uid, gid_t gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, uid_t uid, gid_t gid)
{
	struct file *file = fd_get(fd);
	uint32_t mode;
	int err;

	if (!file)
		return -EBADF;
	mode = fs_node_mode(file->node);
	err = fs_chown(file->node, cred_now(), uid, gid);
	if (chown_changes(file->node, mode, uid, gid))
		notify_file(file, IN_ATTRIB, err);
	file_put(file);
	return err;
}

/* One time of utimensat(2), with its special values. */
static int time_in(const struct timespec *from, struct fs_time *time,
		   enum fs_utime *how)
{
	*how = FS_UTIME_SET;
	if (from->tv_nsec == UTIME_NOW)
		*how = FS_UTIME_NOW;
	else if (from->tv_nsec == UTIME_OMIT)
		*how = FS_UTIME_OMIT;
	else if (from->tv_nsec < 0 || from->tv_nsec > NSEC_MAX)
		return -EINVAL;
	time->sec = from->tv_sec;
	time->nsec = (uint32_t)from->tv_nsec;
	return 0;
}

/* The node of utimensat(2): without a path, the descriptor's own. */
static int utimens_node(int dirfd, const char *path, int flags,
			struct fs_node **nodep)
{
	struct file *file;

	if (path || dirfd == AT_FDCWD)
		return path_node(dirfd, path, flags, nodep);
	if (flags)
		return -EINVAL;
	file = fd_get(dirfd);
	if (!file)
		return -EBADF;
	*nodep = file->node;
	fs_node_ref(*nodep);
	file_put(file);
	return 0;
}

/* What inotify(7) calls it: both times are a change of attributes. */
static uint32_t utimens_event(const enum fs_utime how[2])
{
	if (how[0] == FS_UTIME_OMIT)
		return IN_MODIFY;
	return how[1] == FS_UTIME_OMIT ? IN_ACCESS : IN_ATTRIB;
}

/* utimensat(2); with a NULL path also futimens(3). */
long sys_utimensat(int dirfd, const char *path, const struct timespec *times,
		   int flags)
{
	struct fs_time set[2] = {{0, 0}, {0, 0}};
	enum fs_utime how[2] = {FS_UTIME_NOW, FS_UTIME_NOW};
	struct timespec given[2];
	struct fs_node *node;
	int err;

	if (times && user_copy(given, times, sizeof(given)))
		return -EFAULT;
	if (times && given[0].tv_nsec == UTIME_OMIT &&
	    given[1].tv_nsec == UTIME_OMIT)
		return 0; /* whatever the path: utimensat(2) */
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = utimens_node(dirfd, path, flags, &node);
	if (err)
		return err;
	for (int i = 0; !err && times && i < 2; i++)
		err = time_in(&given[i], &set[i], &how[i]);
	if (!err)
		err = fs_utimens(node, cred_now(), set, how);
	notify_path(dirfd, path ? path : "", flags, utimens_event(how), err);
	node_put(node);
	return err;
}

/* futimesat(2), utimes(2): microseconds. */
long sys_futimesat(int dirfd, const char *path, const struct timeval *times)
{
	struct timeval given[2];
	struct timespec ts[2];

	if (times && user_copy(given, times, sizeof(given)))
		return -EFAULT;
	for (int i = 0; times && i < 2; i++) {
		if (given[i].tv_usec < 0 || given[i].tv_usec > USEC_MAX)
			return -EINVAL;
		ts[i].tv_sec = given[i].tv_sec;
		ts[i].tv_nsec = given[i].tv_usec * 1000;
	}
	return sys_utimensat(dirfd, path, times ? ts : NULL, 0);
}

long sys_utimes(const char *path, const struct timeval *times)
{
	return sys_futimesat(AT_FDCWD, path, times);
}

/* utime(2): seconds. */
long sys_utime(const char *path, const struct utimbuf *times)
{
	struct timespec ts[2] = {{0, 0}, {0, 0}};
	struct utimbuf given;

	if (times) {
		if (user_copy(&given, times, sizeof(given)))
			return -EFAULT;
		ts[0].tv_sec = given.actime;
		ts[1].tv_sec = given.modtime;
	}
	return sys_utimensat(AT_FDCWD, path, times ? ts : NULL, 0);
}

/* truncate(2): of a path, which must name a regular file. */
long sys_truncate(const char *path, off_t length)
{
	struct fs_node *node;
	int err;

	if (length < 0)
		return -EINVAL;
	err = path_node(AT_FDCWD, path, 0, &node);
	if (err)
		return err;
	if (S_ISDIR(fs_node_mode(node)))
		err = -EISDIR;
	else if (!S_ISREG(fs_node_mode(node)))
		err = -EINVAL;
	else
		err = fs_access(node, cred_now(), W_OK);
	if (!err) {
		err = fs_resize(process.fs, node, (uint64_t)length);
		setid_drop(node, !err);
	}
	notify_path(AT_FDCWD, path, 0, IN_MODIFY, err);
	node_put(node);
	return err == -EFBIG ? file_too_large() : err;
}

/* ftruncate(2): of a descriptor open for writing. */
long sys_ftruncate(int fd, off_t length)
{
	struct file *file;
	int err = -EINVAL;

	if (length < 0)
		return -EINVAL;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	if (S_ISREG(fs_node_mode(file->node)) && file_writable(file)) {
		err = fs_truncate(process.fs, file->node, (uint64_t)length);
		setid_drop(file->node, !err);
	}
	notify_file(file, IN_MODIFY, err);
	file_put(file);
	return err == -EFBIG ? file_too_large() : err;
}

/* Is mode one of those that Linux knows? tmpfs has few of them, but that comes
 * after all other errors. */
static bool allocate_known(int mode)
{
	switch (mode & ~FALLOC_FL_KEEP_SIZE) {
	case 0:
	case FALLOC_FL_ZERO_RANGE:
	case FALLOC_FL_UNSHARE_RANGE:
		return true;
	case FALLOC_FL_PUNCH_HOLE:
		return mode & FALLOC_FL_KEEP_SIZE;
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE:
	case FALLOC_FL_WRITE_ZEROES:
		return !(mode & FALLOC_FL_KEEP_SIZE);
	default:
		return false;
	}
}

/* What fallocate(2) says of a file before it is asked. */
static int allocate_check(const struct file *file, uint64_t offset,
			  uint64_t len)
{
	uint32_t mode = fs_node_mode(file->node);

	if (!file_writable(file))
		return -EBADF;
	if (S_ISFIFO(mode))
		return -ESPIPE;
	if (S_ISDIR(mode))
		return -EISDIR;
	if (!S_ISREG(mode))
		return -ENODEV;
	if (host_has(file->node))
		return -EOPNOTSUPP; /* the protocol has no word for it */
	return offset + len > INT64_MAX ? -EFBIG : 0;
}

/* fallocate(2).
 * DEVIATION: fallocate(2) has FALLOC_FL_ZERO_RANGE, which tmpfs refuses
 * (EOPNOTSUPP) as it does all others but PUNCH_HOLE; it does what ext4 does. */
long sys_fallocate(int fd, int mode, off_t offset, off_t len)
{
	bool keep_size = mode & FALLOC_FL_KEEP_SIZE;
	uint64_t at = (uint64_t)offset, count = (uint64_t)len;
	struct file *file = fd_get(fd);
	bool too_large = false; /* for the limit */
	int err;

	if (!file)
		return -EBADF;
	if (offset < 0 || len <= 0)
		err = -EINVAL;
	else if (!allocate_known(mode))
		err = -EOPNOTSUPP;
	else
		err = allocate_check(file, at, count);
	if (err)
		goto put;
	switch (mode & ~FALLOC_FL_KEEP_SIZE) {
	case 0:
		err = fs_allocate(process.fs, file->node, at, count, keep_size);
		break;
	case FALLOC_FL_PUNCH_HOLE:
		err = fs_punch(process.fs, file->node, at, count);
		break;
	case FALLOC_FL_ZERO_RANGE:
		err = fs_zero(process.fs, file->node, at, count, keep_size);
		break;
	default:
		err = -EOPNOTSUPP;
		break;
	}
	setid_drop(file->node, !err);
	too_large = err == -EFBIG;
	notify_file(file, IN_MODIFY | NOTIFY_BY_FILE, err);
put:
	file_put(file);
	return too_large ? file_too_large() : err;
}
