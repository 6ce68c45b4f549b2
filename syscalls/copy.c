/* SPDX-License-Identifier: MIT */
/*
 * Copying from descriptor to descriptor: copy_file_range(2), sendfile(2), and
 * FICLONE and FICLONERANGE of ioctl(2).
 */
#include "syscalls/internal.h"
#include "syscalls/notify.h"

/* generic_file_rw_checks() of Linux: both are regular files, open for it. */
static int files_check(const struct file *in, const struct file *out)
{
	uint32_t from = fs_node_mode(in->node), to = fs_node_mode(out->node);

	if (S_ISDIR(from) || S_ISDIR(to))
		return -EISDIR;
	if (!S_ISREG(from) || !S_ISREG(to) || in->ops || out->ops)
		return -EINVAL;
	if (!file_readable(in) || !file_writable(out) ||
	    (out->flags & O_APPEND))
		return -EBADF;
	return 0;
}

/* The position that a call begins at: the caller's, or the file's own. */
static int position_get(struct file *file, const off_t *given,
			uint64_t *position)
{
	if (given) {
		if (!user_readable(given, sizeof(*given)))
			return -EFAULT;
		*position = (uint64_t)*given;
		return 0;
	}
	lock_read(&file->lock);
	*position = file->offset;
	unlock_read(&file->lock);
	return 0;
}

static int position_set(struct file *file, off_t *given, uint64_t position)
{
	if (given) {
		if (!user_writable(given, sizeof(*given)))
			return -EFAULT;
		*given = (off_t)position;
		return 0;
	}
	lock_write(&file->lock);
	file->offset = position;
	unlock_write(&file->lock);
	return 0;
}

static ssize_t copy(struct file *in, off_t *off_in, struct file *out,
		    off_t *off_out, size_t count, unsigned flags)
{
	uint64_t from, to, end;
	ssize_t done;
	int err = position_get(in, off_in, &from);

	if (!err)
		err = position_get(out, off_out, &to);
	if (!err)
		err = flags ? -EINVAL : files_check(in, out);
	if (err)
		return err;
	if (__builtin_add_overflow(from, count, &end) ||
	    __builtin_add_overflow(to, count, &end))
		return -EOVERFLOW;
	setid_drop(out->node, count > 0);
	done = fs_copy(process.fs, in->node, from, out->node, to, count,
		       in->flags & O_NOATIME);
	if (done <= 0)
		return done;
	err = position_set(in, off_in, from + (uint64_t)done);
	if (!err)
		err = position_set(out, off_out, to + (uint64_t)done);
	return err ? err : done;
}

/* copy_file_range(2). */
long sys_copy_file_range(int fd_in, off_t *off_in, int fd_out, off_t *off_out,
			 size_t count, unsigned int flags)
{
	struct file *in, *out;
	long result = -EBADF;

	in = fd_get(fd_in);
	if (!in)
		return -EBADF;
	out = fd_get(fd_out);
	if (out) {
		result = copy(in, off_in, out, off_out, count, flags);
		notify_read(in, result);
		notify_written(out, result);
		file_put(out);
	}
	file_put(in);
	return result == -EFBIG ? file_too_large() : result;
}

/* FICLONERANGE, and FICLONE: all of the file.
 * DEVIATION: ioctl(2) has FICLONE and FICLONERANGE, which tmpfs refuses
 * (EOPNOTSUPP); they do what they do on XFS. */
long file_clone(struct file *out, int fd_in, uint64_t from, uint64_t to,
		uint64_t count)
{
	struct file *in = fd_get(fd_in);
	long result;

	if (!in)
		return -EBADF;
	result = files_check(in, out);
	if (!result) {
		setid_drop(out->node, true);
		result = fs_clone(process.fs, in->node, from, out->node, to,
				  count);
	}
	notify_file(in, IN_ACCESS | NOTIFY_BY_FILE, result);
	notify_file(out, IN_MODIFY | NOTIFY_BY_FILE, result);
	file_put(in);
	return result;
}
