/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing and positions: read(2), write(2), their p and v forms, and
 * lseek(2). Regular files go to fs/, devices to dev.c; a call that uses the
 * offset of the open file holds its lock, so threads that share it take turns.
 */
#include "syscalls/internal.h"

static bool noatime(const struct file *file)
{
	return file->flags & O_NOATIME;
}

/* Why a file can't be read, as read(2) has it: 0 for one that can. */
static int read_check(const struct file *file)
{
	if (UNLIKELY(!file_readable(file)))
		return -EBADF;
	if (UNLIKELY(S_ISDIR(fs_node_mode(file->node))))
		return -EISDIR;
	return 0;
}

static size_t clip(size_t count)
{
	return count < RW_MAX ? count : RW_MAX;
}

/* read(2). */
long sys_read(int fd, void *buf, size_t count)
{
	struct file *file = fd_get(fd);
	long result;

	if (UNLIKELY(!file))
		return -EBADF;
	result = read_check(file);
	if (UNLIKELY(result))
		goto put;
	if (UNLIKELY(file->is_device)) {
		result = dev_read(fs_node_rdev(file->node), buf, clip(count));
		goto put;
	}
	lock_write(&file->lock);
	result = fs_read(file->node, file->offset, buf, clip(count),
			 noatime(file));
	file->offset += (uint64_t)result;
	unlock_write(&file->lock);
put:
	file_put(file);
	return result;
}

/* pread(2). */
long sys_pread64(int fd, void *buf, size_t count, off_t offset)
{
	struct file *file;
	long result;

	if (UNLIKELY(offset < 0))
		return -EINVAL;
	file = fd_get(fd);
	if (UNLIKELY(!file))
		return -EBADF;
	result = read_check(file);
	if (UNLIKELY(result))
		;
	else if (LIKELY(!file->is_device))
		result = fs_read(file->node, (uint64_t)offset, buf, clip(count),
				 noatime(file));
	else if (dev_seekable(fs_node_rdev(file->node)))
		result = dev_read(fs_node_rdev(file->node), buf, clip(count));
	else
		result = -ESPIPE;
	file_put(file);
	return result;
}

/* write(2). */
long sys_write(int fd, const void *buf, size_t count)
{
	struct file *file = fd_get(fd);
	long result;

	if (UNLIKELY(!file))
		return -EBADF;
	if (UNLIKELY(!file_writable(file))) {
		result = -EBADF;
		goto put;
	}
	if (UNLIKELY(file->is_device)) {
		result = dev_write(fs_node_rdev(file->node), buf, clip(count));
		goto put;
	}
	lock_write(&file->lock);
	result = fs_write(process.fs, file->node, buf, clip(count),
			  file->flags & O_APPEND, &file->offset);
	unlock_write(&file->lock);
put:
	file_put(file);
	return result;
}

/* pwrite(2); like Linux's, it appends to a file opened with O_APPEND (BUGS). */
long sys_pwrite64(int fd, const void *buf, size_t count, off_t offset)
{
	struct file *file;
	uint64_t at = (uint64_t)offset;
	long result;

	if (UNLIKELY(offset < 0))
		return -EINVAL;
	file = fd_get(fd);
	if (UNLIKELY(!file))
		return -EBADF;
	if (UNLIKELY(!file_writable(file)))
		result = -EBADF;
	else if (LIKELY(!file->is_device))
		result = fs_write(process.fs, file->node, buf, clip(count),
				  file->flags & O_APPEND, &at);
	else if (dev_seekable(fs_node_rdev(file->node)))
		result = dev_write(fs_node_rdev(file->node), buf, clip(count));
	else
		result = -ESPIPE;
	file_put(file);
	return result;
}

/* -- Several buffers ----------------------------------------------------------- */

/* Are the buffers acceptable? readv(2): -EINVAL. More than RW_MAX bytes in all
 * are refused rather than cut, since the array is the caller's. */
static int iov_check(const struct iovec *iov, int iovcnt)
{
	size_t sum = 0;

	if (iovcnt < 0 || iovcnt > IOV_MAX)
		return -EINVAL;
	for (int i = 0; i < iovcnt; i++) {
		if (__builtin_add_overflow(sum, iov[i].iov_len, &sum) ||
		    sum > RW_MAX)
			return -EINVAL;
	}
	return 0;
}

/* A device is written buffer by buffer, until one is not taken whole. */
static ssize_t dev_vector(uint64_t rdev, const struct iovec *iov, int iovcnt,
			  bool write)
{
	ssize_t done = 0;

	for (int i = 0; i < iovcnt; i++) {
		void *buf = iov[i].iov_base;
		size_t len = iov[i].iov_len;
		ssize_t part;

		if (len == 0)
			continue;
		part = write ? dev_write(rdev, buf, len)
			     : dev_read(rdev, buf, len);
		if (part < 0)
			return done ? done : part;
		done += part;
		if ((size_t)part < len)
			break;
	}
	return done;
}

/* At *offset, which is the open file's own or (positioned) the caller's. */
static ssize_t vector_at(struct file *file, const struct iovec *iov, int iovcnt,
			 bool write, bool positioned, uint64_t *offset)
{
	ssize_t result;

	if (file->is_device) {
		uint64_t rdev = fs_node_rdev(file->node);

		if (positioned && !dev_seekable(rdev))
			return -ESPIPE;
		return dev_vector(rdev, iov, iovcnt, write);
	}
	if (write)
		return fs_writev(process.fs, file->node, iov, iovcnt,
				 file->flags & O_APPEND, offset);
	result = fs_readv(file->node, *offset, iov, iovcnt, noatime(file));
	if (result > 0)
		*offset += (uint64_t)result;
	return result;
}

static long vector(int fd, const struct iovec *iov, int iovcnt, bool write,
		   const off_t *position)
{
	struct file *file;
	uint64_t at;
	long result;

	if (position && *position < 0)
		return -EINVAL;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	if (write)
		result = file_writable(file) ? 0 : -EBADF;
	else
		result = read_check(file);
	if (!result)
		result = iov_check(iov, iovcnt);
	if (result)
		goto put;
	if (position) {
		at = (uint64_t)*position;
		result = vector_at(file, iov, iovcnt, write, true, &at);
	} else {
		lock_write(&file->lock);
		result = vector_at(file, iov, iovcnt, write, false,
				   &file->offset);
		unlock_write(&file->lock);
	}
put:
	file_put(file);
	return result;
}

/* readv(2), writev(2), preadv(2), pwritev(2). */
long sys_readv(int fd, const struct iovec *iov, int iovcnt)
{
	return vector(fd, iov, iovcnt, false, NULL);
}

long sys_writev(int fd, const struct iovec *iov, int iovcnt)
{
	return vector(fd, iov, iovcnt, true, NULL);
}

long sys_preadv(int fd, const struct iovec *iov, int iovcnt, off_t offset)
{
	return vector(fd, iov, iovcnt, false, &offset);
}

long sys_pwritev(int fd, const struct iovec *iov, int iovcnt, off_t offset)
{
	return vector(fd, iov, iovcnt, true, &offset);
}

/* -- Positions ------------------------------------------------------------------- */

/* Where lseek(2) leads to, if that is a position at all. */
static long seek_target(const struct file *file, off_t offset, int whence)
{
	uint64_t found;
	struct fs_attr attr;
	int err;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow(offset, (off_t)file->offset,
					   &offset))
			return -EINVAL;
		break;
	case SEEK_END:
		if (S_ISDIR(fs_node_mode(file->node)))
			return -EINVAL;
		fs_getattr(file->node, &attr);
		if (__builtin_add_overflow(offset, (off_t)attr.size, &offset))
			return -EINVAL;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (S_ISDIR(fs_node_mode(file->node)))
			return -EINVAL;
		if (offset < 0)
			return -ENXIO;
		err = fs_seek(file->node, whence == SEEK_DATA, (uint64_t)offset,
			      &found);
		if (err)
			return err;
		offset = (off_t)found;
		break;
	default:
		return -EINVAL;
	}
	return offset < 0 ? -EINVAL : offset;
}

/* lseek(2). A directory's offsets are those that getdents64 gave out. */
long sys_lseek(int fd, off_t offset, int whence)
{
	struct file *file = fd_get(fd);
	long result;

	if (UNLIKELY(!file))
		return -EBADF;
	if (UNLIKELY(file->is_device)) {
		result = dev_seekable(fs_node_rdev(file->node)) ? 0 : -ESPIPE;
		goto put;
	}
	lock_write(&file->lock);
	result = seek_target(file, offset, whence);
	if (LIKELY(result >= 0))
		file->offset = (uint64_t)result;
	unlock_write(&file->lock);
put:
	file_put(file);
	return result;
}

/* -- Durability ------------------------------------------------------------------- */

/* fsync(2): memory is as stable as this storage gets. */
long sys_fsync(int fd)
{
	struct file *file = fd_get(fd);
	long result;

	if (!file)
		return -EBADF;
	result = file->is_device ? -EINVAL : 0;
	file_put(file);
	return result;
}

long sys_fdatasync(int fd)
{
	return sys_fsync(fd);
}

long sys_sync(void)
{
	return 0;
}
