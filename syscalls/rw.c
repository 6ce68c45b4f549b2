/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing and positions: read(2), write(2), their p and v forms, and
 * lseek(2). Regular files go to fs/, others to their operations; a call that uses the
 * offset of the open file holds its lock, so threads that share it take turns.
 */
#include "syscalls/internal.h"
#include "syscalls/notify.h"

static bool noatime(const struct file *file)
{
	return file_flags(file) & O_NOATIME;
}

/* What comes before anything else but -EBADF: is the buffer no place for count
 * bytes (-EFAULT), do they end beyond every offset (-EINVAL)? vfs_read() and
 * rw_verify_area() of Linux. */
static int span_check(const void *buf, uint64_t offset, size_t count)
{
	if (UNLIKELY(user_range_bad(buf, count)))
		return -EFAULT;
	return UNLIKELY((int64_t)(offset + count) < 0) ? -EINVAL : 0;
}

static size_t clip(size_t count)
{
	return count < RW_MAX ? count : RW_MAX;
}

/* Can no position be given? Then -ESPIPE comes first. */
static bool positionless(const struct file *file)
{
	return file->ops && file->ops->position <= POSITION_UNUSED;
}

/* Reads or writes what is no file of fs/. */
RARE static ssize_t special_at(struct file *file, bool write, void *buf,
			       uint64_t offset, size_t count)
{
	const struct file_ops *ops = file->ops;
	int err = span_check(buf, offset, count);

	if (err)
		return err;
	count = clip(count);
	if (UNLIKELY(ops->readv != NULL)) {
		struct iovec one = {.iov_base = buf, .iov_len = count};

		return write ? ops->writev(file, &one, 1, count)
			     : ops->readv(file, &one, 1, count);
	}
	if (write)
		return ops->write ? ops->write(file, buf, count, offset)
				  : -EINVAL;
	return ops->read ? ops->read(file, buf, count, offset) : -EINVAL;
}

/* The same at the position that pread(2) or pwrite(2) is given. */
RARE static ssize_t special_positioned(struct file *file, bool write, void *buf,
				       uint64_t offset, size_t count)
{
	if (positionless(file))
		return -ESPIPE;
	if (write ? !file_writable(file) : !file_readable(file))
		return -EBADF;
	return special_at(file, write, buf, offset, count);
}

/* The same at the file's own position. */
RARE static ssize_t special_rw(struct file *file, bool write, void *buf,
			       size_t count)
{
	ssize_t result;

	if (file->ops->position != POSITION_KEPT)
		return special_at(file, write, buf, 0, count);
	lock_write(&file->lock);
	if (write && file->ops->end && (file_flags(file) & O_APPEND))
		file->offset = file->ops->end(file);
	result = special_at(file, write, buf, file->offset, count);
	if (result > 0)
		file->offset += (uint64_t)result;
	unlock_write(&file->lock);
	return result;
}

/* Reads from a file of fs/ that is open for reading, with all that comes before
 * that. */
static __attribute__((cold)) ssize_t
read_checked(const struct file *file, uint64_t offset, void *buf, size_t count)
{
	int err = span_check(buf, offset, count);

	if (err)
		return err;
	return fs_read(file->node, offset, buf, clip(count), noatime(file));
}

/* The same. If all is read that was asked for, the buffer is no bad place for
 * it, so that is not looked at before. */
static inline ssize_t read_at(const struct file *file, uint64_t offset,
			      void *buf, size_t count)
{
	ssize_t result;

	if (UNLIKELY(count - 1 >= RW_MAX || (int64_t)(offset + count) < 0))
		return read_checked(file, offset, buf, count);
	result = fs_read(file->node, offset, buf, count, noatime(file));
	if (UNLIKELY((size_t)result != count) && user_range_bad(buf, count))
		return -EFAULT;
	return result;
}

/* read(2). */
long sys_read(int fd, void *buf, size_t count)
{
	struct file *file = fd_get(fd);
	long result;

	if (UNLIKELY(!file))
		return -EBADF;
	if (UNLIKELY(!file_readable(file))) {
		result = -EBADF;
		goto put;
	}
	if (UNLIKELY(file->ops != NULL)) {
		result = special_rw(file, false, buf, count);
		goto put;
	}
	lock_write(&file->lock);
	result = read_at(file, file->offset, buf, count);
	if (LIKELY(result > 0))
		file->offset += (uint64_t)result;
	unlock_write(&file->lock);
put:
	notify_read(file, result);
	file_put(file);
	return result;
}

/* pread(2). */
long sys_pread64(int fd, void *buf, size_t count, off_t offset)
{
	struct file *file;
	uint64_t at = (uint64_t)offset;
	long result;

	if (UNLIKELY(offset < 0))
		return -EINVAL;
	file = fd_get(fd);
	if (UNLIKELY(!file))
		return -EBADF;
	if (UNLIKELY(file->ops != NULL))
		result = special_positioned(file, false, buf, at, count);
	else if (UNLIKELY(!file_readable(file)))
		result = -EBADF;
	else
		result = read_at(file, at, buf, count);
	notify_read(file, result);
	file_put(file);
	return result;
}

static inline ssize_t write_at(const struct file *file, uint64_t *offset,
			       const void *buf, size_t count)
{
	int err = span_check(buf, *offset, count);

	if (UNLIKELY(err))
		return err;
	setid_drop(file->node, count > 0);
	return fs_write(process.fs, file->node, buf, clip(count),
			file_flags(file) & O_APPEND, offset);
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
	if (UNLIKELY(file->ops != NULL)) {
		result = special_rw(file, true, (void *)(uintptr_t)buf, count);
		goto put;
	}
	lock_write(&file->lock);
	result = write_at(file, &file->offset, buf, count);
	unlock_write(&file->lock);
put:
	notify_written(file, result);
	file_put(file);
	return UNLIKELY(result == -EFBIG) ? file_too_large() : result;
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
	if (UNLIKELY(file->ops != NULL))
		result = special_positioned(file, true, (void *)(uintptr_t)buf,
					    at, count);
	else if (UNLIKELY(!file_writable(file)))
		result = -EBADF;
	else
		result = write_at(file, &at, buf, count);
	notify_written(file, result);
	file_put(file);
	return UNLIKELY(result == -EFBIG) ? file_too_large() : result;
}

/* -- Several buffers ----------------------------------------------------------- */

/* The buffers of one call, as far as they are used. */
struct vector {
	const struct iovec *iov;
	int iovcnt;
	size_t sum;
	struct iovec cut; /* what iov is then */
	int flags;	  /* RWF_... */
};

/* Can the caller's array be read, and do its lengths, then its addresses, make
 * sense? -EFAULT, -EINVAL: import_iovec() of Linux. */
RARE static int vector_check(const struct iovec *iov, int iovcnt)
{
	size_t size = (size_t)iovcnt * sizeof(*iov);
	int err = 0;

	if (user_span(iov, size, false) < size)
		return -EFAULT;
	for (int i = 0; i < iovcnt; i++) {
		if ((ssize_t)iov[i].iov_len < 0)
			return -EINVAL;
		if (user_range_bad(iov[i].iov_base, iov[i].iov_len))
			err = -EFAULT;
	}
	return err;
}

/* Takes the caller's array: -EINVAL by readv(2). Of more than RW_MAX bytes it
 * is the buffers that fit whole that are used, or a part of the first. */
static int vector_take(struct vector *v, const struct iovec *iov, int iovcnt)
{
	bool full = false;
	int err;

	if (iovcnt < 0 || iovcnt > IOV_MAX)
		return -EINVAL;
	err = vector_check(iov, iovcnt);
	if (err)
		return err;
	v->iov = iov;
	v->iovcnt = 0;
	v->sum = 0;
	for (int i = 0; i < iovcnt; i++) {
		size_t len = iov[i].iov_len;

		full = full || len > RW_MAX - v->sum;
		if (full)
			continue;
		v->iovcnt = i + 1;
		v->sum += len;
	}
	if (UNLIKELY(full && v->sum == 0)) {
		v->cut.iov_base = iov[v->iovcnt].iov_base;
		v->cut.iov_len = v->sum = RW_MAX;
		v->iov = &v->cut;
		v->iovcnt = 1;
	}
	return 0;
}

/* What is no file of fs/ takes buffer after buffer, until one is not used up. */
RARE static ssize_t special_vector(struct file *file, const struct vector *v,
				   bool write, uint64_t offset)
{
	const struct file_ops *ops = file->ops;
	ssize_t done = 0;

	if (ops->readv)
		return write ? ops->writev(file, v->iov, v->iovcnt, v->sum)
			     : ops->readv(file, v->iov, v->iovcnt, v->sum);
	for (int i = 0; i < v->iovcnt; i++) {
		void *buf = v->iov[i].iov_base;
		size_t len = v->iov[i].iov_len;
		ssize_t part;

		if (len == 0)
			continue;
		part = special_at(file, write, buf, offset + (uint64_t)done,
				  len);
		if (part < 0)
			return done ? done : part;
		done += part;
		if ((size_t)part < len)
			break;
	}
	return done;
}

/* May these flags be given? kiocb_set_rw_flags() of Linux. */
RARE static int flags_check(const struct file *file, bool write, int flags)
{
	bool knows = file->ops ? !(write && file->ops->few_flags)
			       : S_ISREG(fs_node_mode(file->node));
	const int known = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT |
			  RWF_APPEND | RWF_NOAPPEND | RWF_NOSIGNAL;

	if (flags & (knows ? ~known : ~RWF_HIPRI))
		return -EOPNOTSUPP;
	if ((flags & RWF_APPEND) && (flags & RWF_NOAPPEND))
		return -EINVAL;
	/* On files tmpfs does not know it, and what might wait cannot be told
	 * not to; devices never do, nor does what is O_NONBLOCK. */
	if ((flags & RWF_NOWAIT) && (!file->ops || file->ops->few_flags ||
				     (file->flags & FILE_SPLICED) ||
				     (file->ops->position == POSITION_NONE &&
				      !(file->flags & O_NONBLOCK))))
		return -EOPNOTSUPP;
	return 0;
}

static bool appends(const struct file *file, int flags)
{
	return ((file_flags(file) & O_APPEND) && !(flags & RWF_NOAPPEND)) ||
	       (flags & RWF_APPEND);
}

/* At *offset, which is the open file's own or the caller's. */
static ssize_t vector_at(struct file *file, const struct vector *v, bool write,
			 uint64_t *offset)
{
	ssize_t result;

	if ((int64_t)(*offset + v->sum) < 0)
		return -EINVAL;
	if (v->flags) {
		int err = flags_check(file, write, v->flags);

		if (err)
			return err;
	}
	if (write && file->ops && file->ops->end && appends(file, v->flags))
		*offset = file->ops->end(file);
	if (!file->ops && write) {
		setid_drop(file->node, true);
		return fs_writev(process.fs, file->node, v->iov, v->iovcnt,
				 appends(file, v->flags), offset);
	}
	if (file->ops)
		result = special_vector(file, v, write, *offset);
	else
		result = fs_readv(file->node, *offset, v->iov, v->iovcnt,
				  noatime(file));
	if (result > 0)
		*offset += (uint64_t)result;
	return result;
}

static long vector(int fd, const struct iovec *iov, int iovcnt, bool write,
		   const off_t *position, int flags)
{
	struct file *file;
	struct vector v;
	uint64_t at;
	long result = -EBADF;

	v.flags = flags;
	if (position && *position < 0)
		return -EINVAL;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	if (position && positionless(file))
		result = -ESPIPE;
	else if (write ? file_writable(file) : file_readable(file))
		result = vector_take(&v, iov, iovcnt);
	if (result || v.sum == 0)
		goto put;
	if (position || (file->ops && file->ops->position != POSITION_KEPT)) {
		/* There is no offset to lock, and perhaps cause to wait. */
		at = position ? (uint64_t)*position : 0;
		result = vector_at(file, &v, write, &at);
	} else {
		lock_write(&file->lock);
		result = vector_at(file, &v, write, &file->offset);
		unlock_write(&file->lock);
	}
put:
	if (write)
		notify_written(file, result);
	else
		notify_file(file, IN_ACCESS | NOTIFY_BY_FILE, result);
	file_put(file);
	return result == -EFBIG ? file_too_large() : result;
}

/* readv(2), writev(2), preadv(2), pwritev(2). */
long sys_readv(int fd, const struct iovec *iov, int iovcnt)
{
	return vector(fd, iov, iovcnt, false, NULL, 0);
}

long sys_writev(int fd, const struct iovec *iov, int iovcnt)
{
	return vector(fd, iov, iovcnt, true, NULL, 0);
}

long sys_preadv(int fd, const struct iovec *iov, int iovcnt, off_t offset)
{
	return vector(fd, iov, iovcnt, false, &offset, 0);
}

long sys_pwritev(int fd, const struct iovec *iov, int iovcnt, off_t offset)
{
	return vector(fd, iov, iovcnt, true, &offset, 0);
}

/* preadv2(2), pwritev2(2): at the file's own position if offset is -1. */
long sys_preadv2(int fd, const struct iovec *iov, int iovcnt, off_t offset,
		 unsigned long offset_high, int flags)
{
	(void)offset_high; /* for machines with half the bits */
	return vector(fd, iov, iovcnt, false, offset == -1 ? NULL : &offset,
		      flags);
}

long sys_pwritev2(int fd, const struct iovec *iov, int iovcnt, off_t offset,
		  unsigned long offset_high, int flags)
{
	(void)offset_high;
	return vector(fd, iov, iovcnt, true, offset == -1 ? NULL : &offset,
		      flags);
}

/* -- Positions ------------------------------------------------------------------- */

/* Does it have a size that positions can be counted from? */
static bool positioned_by_size(const struct file *file)
{
	return (!file->ops || file->ops->sized) &&
	       !S_ISDIR(fs_node_mode(file->node));
}

/* That of SEEK_END. */
static __attribute__((noinline)) long seek_from_end(const struct file *file,
						    off_t offset)
{
	struct fs_attr attr;
	int err = fs_getattr(file->node, &attr);

	if (err < 0)
		return err;
	if (__builtin_add_overflow(offset, (off_t)attr.size, &offset))
		return -EINVAL;
	return offset < 0 ? -EINVAL : offset;
}

/* Where lseek(2) leads to, if that is a position at all. */
static long seek_target(const struct file *file, off_t offset, int whence)
{
	uint64_t found;
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
		if (!positioned_by_size(file))
			return -EINVAL;
		return seek_from_end(file, offset);
	case SEEK_DATA:
	case SEEK_HOLE:
		if (!positioned_by_size(file))
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
	if (UNLIKELY(file->ops && file->ops->position != POSITION_KEPT)) {
		result = file->ops->position == POSITION_NONE ? -ESPIPE : 0;
		if (whence < SEEK_SET || whence > SEEK_HOLE)
			result = -EINVAL;
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

/* posix_fadvise(2): advice about what is in memory anyway needs nothing done.
 * -EBADF, -ESPIPE, -EINVAL (no such advice, len below 0). */
RARE long sys_fadvise64(int fd, off_t offset, off_t len, int advice)
{
	const int advice_max = 5; /* POSIX_FADV_NOREUSE */
	struct file *file = fd_get(fd);
	long result = 0;

	(void)offset;
	if (!file)
		return -EBADF;
	if (S_ISFIFO(fs_node_mode(file->node)))
		result = -ESPIPE;
	else if (len < 0 || advice < 0 || advice > advice_max)
		result = -EINVAL;
	file_put(file);
	return result;
}

/* readahead(2): of a regular file, for which it has nothing to do. */
RARE long sys_readahead(int fd, off_t offset, size_t count)
{
	struct file *file = fd_get(fd);
	long result = 0;

	(void)offset;
	if (!file)
		return -EBADF;
	if (!file_readable(file))
		result = -EBADF;
	else if (!S_ISREG(fs_node_mode(file->node)) || (ssize_t)count < 0)
		result = -EINVAL;
	file_put(file);
	return result;
}

/* -- Durability ------------------------------------------------------------------- */

/* Of fs/, memory is as stable as this storage gets. */
RARE static long file_sync(int fd, bool data)
{
	struct file *file = fd_get(fd);
	long result = 0;

	if (!file)
		return -EBADF;
	if (file->ops)
		result =
			file->ops->sync ? file->ops->sync(file, data) : -EINVAL;
	file_put(file);
	return result;
}

/* fsync(2). */
long sys_fsync(int fd)
{
	return file_sync(fd, false);
}

long sys_fdatasync(int fd)
{
	return file_sync(fd, true);
}

long sys_sync(void)
{
	return 0;
}

/* syncfs(2): any descriptor does. */
long sys_syncfs(int fd)
{
	struct file *file = fd_get(fd);

	if (!file)
		return -EBADF;
	file_put(file);
	return 0;
}

/* sync_file_range(2). */
RARE long sys_sync_file_range(int fd, off_t offset, off_t len,
			      unsigned int flags)
{
	const unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE |
			     SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
	struct file *file = fd_get(fd);
	uint32_t mode;
	long result = 0;

	if (!file)
		return -EBADF;
	mode = fs_node_mode(file->node);
	if ((flags & ~all) || offset < 0 || len < 0 || offset > INT64_MAX - len)
		result = -EINVAL;
	else if (!S_ISREG(mode) && !S_ISDIR(mode) && !S_ISBLK(mode))
		result = -ESPIPE;
	file_put(file);
	return result;
}
