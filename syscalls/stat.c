/* SPDX-License-Identifier: MIT */
/*
 * Looking at files: stat(2) and its kin, statx(2), statfs(2), access(2), and
 * the listing of directories.
 */
#include "syscalls/internal.h"
#include "syscalls/notify.h"

#define STAT_FLAGS	(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)
#define MOUNT_ID	1
#define MOUNT_ID_UNIQUE (((uint64_t)1 << 31) + MOUNT_ID)
/* Of which it is known that a node has them, or has them not: of all nodes, and
 * as on tmpfs. */
#define ATTRIBUTES_ALL \
	(STATX_ATTR_AUTOMOUNT | STATX_ATTR_MOUNT_ROOT | STATX_ATTR_DAX)
#define ATTRIBUTES                                                      \
	(STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_NODUMP | \
	 ATTRIBUTES_ALL)
#define DIRENT_HEAD offsetof(struct linux_dirent64, d_name)

static struct timespec time_out(const struct fs_time *time)
{
	return (struct timespec){.tv_sec = time->sec, .tv_nsec = time->nsec};
}

/* Field by field: a compound literal would clear it all first. Stored first are
 * the ends. */
static int stat_copy(struct fs_node *node, struct stat *st)
{
	struct fs_attr attr;
	int foreign = fs_getattr(node, &attr);
	unsigned minor = FS_DEV_MINOR;

	if (UNLIKELY(foreign)) {
		if (foreign < 0)
			return foreign;
		minor++;
	}
	if (UNLIKELY(!user_store(&st->st_dev, DEV(0, minor)) ||
		     !user_store(&st->unused[2], 0)))
		return -EFAULT;
	st->st_ino = attr.ino;
	st->st_nlink = attr.nlink;
	st->st_mode = attr.mode;
	st->st_uid = attr.uid;
	st->st_gid = attr.gid;
	st->pad0 = 0;
	st->st_rdev = attr.rdev;
	st->st_size = (int64_t)attr.size;
	st->st_blksize = PAGE_SIZE;
	st->st_blocks = (int64_t)attr.blocks;
	st->st_atim = time_out(&attr.atime);
	st->st_mtim = time_out(&attr.mtime);
	st->st_ctim = time_out(&attr.ctime);
	st->unused[0] = 0;
	st->unused[1] = 0;
	return 0;
}

static inline int stat_fill(struct fs_node *node, struct stat *st)
{
	int err = fs_stat_quick(node, DEV(0, FS_DEV_MINOR), st);

	return LIKELY(err <= 0) ? err : stat_copy(node, st);
}

static __attribute__((noinline)) long stat_path(int dirfd, const char *path,
						int flags, struct stat *st)
{
	struct fs_node *node;
	int err = path_node(dirfd, path, flags, &node);

	if (UNLIKELY(err))
		return err;
	err = stat_fill(node, st);
	node_put(node);
	return err;
}

/* With AT_EMPTY_PATH there need not be a path at all, in the calls that only
 * look: statx(2). */
static const char *path_or_empty(const char *path, int flags)
{
	return !path && (flags & AT_EMPTY_PATH) ? "" : path;
}

/* stat(2), lstat(2), fstat(2), newfstatat(2). */
long sys_stat(const char *path, struct stat *st)
{
	struct fs_node *node;
	int err = path_quick(AT_FDCWD, path, true, &node);

	if (LIKELY(!err))
		return stat_fill(node, st);
	return err < 0 ? err : stat_path(AT_FDCWD, path, 0, st);
}

long sys_lstat(const char *path, struct stat *st)
{
	return stat_path(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, st);
}

long sys_newfstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	if (flags & ~(STAT_FLAGS | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	return stat_path(dirfd, path_or_empty(path, flags), flags, st);
}

long sys_fstat(int fd, struct stat *st)
{
	struct file *file = fd_get_path(fd);
	int err;

	if (UNLIKELY(!file))
		return -EBADF;
	err = stat_fill(file->node, st);
	file_put(file);
	return err;
}

static struct statx_timestamp statx_time(const struct fs_time *time)
{
	return (struct statx_timestamp){.tv_sec = time->sec,
					.tv_nsec = time->nsec};
}

RARE static int statx_fill(struct fs_node *node, unsigned mask,
			   struct statx *stx)
{
	bool top = node == fs_root(process.fs);
	bool outside = fs_node_marks(node) & FS_MARK_OUTSIDE;
	struct fs_attr attr;
	int foreign = fs_getattr(node, &attr);
	unsigned mount;

	if (foreign < 0)
		return foreign;
	if (foreign && attr.btime.sec == 0)
		mask &= ~STATX_BTIME;
	if (outside) /* on Linux's file system of pipes */
		mask &= ~STATX_BTIME;
	if (!(mask & STATX_BTIME))
		attr.btime = (struct fs_time){0};
	mount = mask & STATX_MNT_ID_UNIQUE ? STATX_MNT_ID_UNIQUE : STATX_MNT_ID;
	mask = STATX_BASIC_STATS | (mask & STATX_BTIME) | mount;
	*stx = (struct statx){
		.stx_mask = mask,
		.stx_blksize = PAGE_SIZE,
		.stx_nlink = attr.nlink,
		.stx_uid = attr.uid,
		.stx_gid = attr.gid,
		.stx_mode = (uint16_t)attr.mode,
		.stx_ino = attr.ino,
		.stx_size = attr.size,
		.stx_blocks = attr.blocks,
		.stx_atime = statx_time(&attr.atime),
		.stx_btime = statx_time(&attr.btime),
		.stx_ctime = statx_time(&attr.ctime),
		.stx_mtime = statx_time(&attr.mtime),
		.stx_rdev_major = DEV_MAJOR(attr.rdev),
		.stx_rdev_minor = DEV_MINOR(attr.rdev),
		.stx_dev_minor = FS_DEV_MINOR + (unsigned)foreign,
		.stx_mnt_id =
			(mount == STATX_MNT_ID ? MOUNT_ID : MOUNT_ID_UNIQUE) +
			(unsigned)foreign,
		.stx_attributes = top ? STATX_ATTR_MOUNT_ROOT : 0,
		.stx_attributes_mask =
			outside || foreign ? ATTRIBUTES_ALL : ATTRIBUTES};
	return 0;
}

/* statx(2): gives the basic attributes whatever the mask asks for. */
RARE long sys_statx(int dirfd, const char *path, int flags, unsigned int mask,
		    struct statx *stx)
{
	struct fs_node *node;
	int err;

	if ((mask & STATX__RESERVED) ||
	    (flags & ~(STAT_FLAGS | AT_STATX_SYNC_TYPE)) ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	err = path_node(dirfd, path_or_empty(path, flags), flags, &node);
	if (err)
		return err;
	if (user_writable(stx, sizeof(*stx)))
		err = statx_fill(node, mask, stx);
	else
		err = -EFAULT;
	node_put(node);
	return err;
}

RARE static int statfs_fill(struct fs_node *node, struct statfs *buf)
{
	struct fs_stat stat;

	if (!user_writable(buf, sizeof(*buf)))
		return -EFAULT;
	if (host_has(node))
		return host_statfs(node, buf);
	fs_stat(process.fs, &stat);
	/* What it calls itself is what programs know how to treat. */
	*buf = (struct statfs){.f_type = TMPFS_MAGIC,
			       .f_bsize = PAGE_SIZE,
			       .f_blocks = stat.bytes_max / PAGE_SIZE,
			       .f_bfree = stat.bytes_free / PAGE_SIZE,
			       .f_bavail = stat.bytes_free / PAGE_SIZE,
			       .f_files = stat.nodes_max,
			       .f_ffree = stat.nodes_free,
			       .f_namelen = NAME_MAX,
			       .f_frsize = PAGE_SIZE};
	return 0;
}

/* statfs(2), fstatfs(2). */
RARE long sys_statfs(const char *path, struct statfs *buf)
{
	struct fs_node *node;
	int err = path_node(AT_FDCWD, path, 0, &node);

	if (err)
		return err;
	err = statfs_fill(node, buf);
	node_put(node);
	return err;
}

RARE long sys_fstatfs(int fd, struct statfs *buf)
{
	struct file *file = fd_get_path(fd);
	int err;

	if (!file)
		return -EBADF;
	err = statfs_fill(file->node, buf);
	file_put(file);
	return err;
}

/* access(2), faccessat(2), faccessat2(2): the path is walked, too, with the real
 * ids, unless AT_EACCESS. */
long sys_faccessat2(int dirfd, const char *path, int amode, int flags)
{
	const struct fs_cred *cred = cred_now();
	struct fs_cred real;
	struct fs_node *node;
	int err;

	if ((amode & ~(R_OK | W_OK | X_OK)) ||
	    (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	if (!(flags & AT_EACCESS)) {
		cred_real(&real);
		cred = &real;
	}
	err = path_node_as(dirfd, path, flags & ~AT_EACCESS, cred, &node);
	if (err)
		return err;
	err = fs_access(node, cred, amode);
	node_put(node);
	return err;
}

long sys_faccessat(int dirfd, const char *path, int amode)
{
	return sys_faccessat2(dirfd, path, amode, 0);
}

long sys_access(const char *path, int amode)
{
	return sys_faccessat2(AT_FDCWD, path, amode, 0);
}

/* The caller's buffer while getdents64 fills it. */
struct listing {
	char *buf;
	size_t size, used;
	int err; /* why an entry was not taken */
};

/* fs_readdir_fill: appends one struct linux_dirent64, if it fits. */
static bool listing_add(void *context, const struct fs_dirent *entry)
{
	struct listing *listing = context;
	size_t len = DIRENT_HEAD + entry->name_len + 1;
	size_t reclen = (len + 7) & ~(size_t)7;
	struct linux_dirent64 *dirent;

	if (reclen > listing->size - listing->used) {
		listing->err = -EINVAL;
		return false;
	}
	dirent = (struct linux_dirent64 *)(listing->buf + listing->used);
	/* The last word has the NUL, and all that fills up. */
	if (UNLIKELY(!user_store(&dirent->d_ino, entry->ino) ||
		     !user_store((uint64_t *)(void *)((char *)dirent + reclen) -
					 1,
				 0))) {
		listing->err = -EFAULT;
		return false;
	}
	dirent->d_off = (int64_t)entry->next;
	dirent->d_reclen = (uint16_t)reclen;
	dirent->d_type = (uint8_t)entry->type;
	memcpy(dirent->d_name, entry->name, entry->name_len);
	listing->used += reclen;
	return true;
}

static bool is_live(const struct fs_node *node)
{
	return fs_node_marks(node) & FS_MARK_LIVE;
}

/* Shows what follows the file's position. */
static int listing_fill(struct file *file, struct listing *listing)
{
	if (UNLIKELY(file->ops && file->ops->list))
		return file->ops->list(file, listing_add, listing,
				       &file->offset,
				       listing->size - listing->used);
	return fs_readdir(file->node, listing_add, listing, &file->offset,
			  file_flags(file) & O_NOATIME);
}

/* getdents64(2): -EINVAL if not even one entry fits. */
long sys_getdents64(int fd, void *dirents, size_t size)
{
	struct listing listing = {.buf = dirents, .size = size};
	struct file *file = fd_get(fd);
	long result, err;

	if (!file)
		return -EBADF;
	lock_write(&file->lock);
	do {
		listing.err = 0;
		result = listing_fill(file, &listing);
		if (!result && !listing.err && is_live(file->node))
			proc_list(file->node, listing_add, &listing,
				  &file->offset);
	} while (UNLIKELY(listing.err == -EFAULT) &&
		 port_user_fault_in(listing.buf + listing.used, 1, true));
	err = result;
	if (!result)
		result = listing.used ? (long)listing.used : listing.err;
	unlock_write(&file->lock);
	/* Looking at the directory is told of, though nothing was stored. */
	notify_file(file, IN_ACCESS | NOTIFY_BY_FILE, err);
	file_put(file);
	return result;
}
