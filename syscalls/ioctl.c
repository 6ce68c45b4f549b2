/* SPDX-License-Identifier: MIT */
/*
 * ioctl(2): what every open file has, and what regular files have. All else is
 * for the operations of files that are none of fs/.
 */
#include "syscalls/internal.h"
#include "abi/ioctl.h"

/* FIONREAD of a regular file: how many bytes there are from its position on;
 * less than none past the end. */
static long fionread(struct file *file, int *count)
{
	struct fs_attr attr;
	int pending, err;

	if (!S_ISREG(fs_node_mode(file->node)))
		return -ENOTTY;
	err = fs_getattr(file->node, &attr);
	if (err < 0)
		return err;
	lock_read(&file->lock);
	pending = (int)(attr.size - file->offset);
	unlock_read(&file->lock);
	return user_copy(count, &pending, sizeof(pending)) ? -EFAULT : 0;
}

/* FIONBIO: O_NONBLOCK as *arg says. */
static long fionbio(int fd, const int *arg)
{
	long flags = sys_fcntl(fd, F_GETFL, 0);
	int on;

	if (user_copy(&on, arg, sizeof(on)))
		return -EFAULT;
	if (flags < 0)
		return flags;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return sys_fcntl(fd, F_SETFL, (unsigned long)flags);
}

static long file_ioctl(struct file *file, uint32_t request, void *arg)
{
	if (file->ops && !file->ops->sized)
		return file->ops->ioctl ? file->ops->ioctl(file, request, arg)
					: -ENOTTY;
	return request == FIONREAD ? fionread(file, arg) : -ENOTTY;
}

static long clone_range(struct file *file, const struct file_clone_range *range)
{
	if (!user_readable(range, sizeof(*range)))
		return -EFAULT;
	return file_clone(file, (int)range->src_fd, range->src_offset,
			  range->dest_offset, range->src_length);
}

/* ioctl(2). */
long sys_ioctl(int fd, unsigned long request, void *arg)
{
	struct file *file = fd_get(fd);
	long result;

	if (!file)
		return -EBADF;
	switch ((uint32_t)request) {
	case FIOCLEX:
		result = sys_fcntl(fd, F_SETFD, FD_CLOEXEC);
		break;
	case FIONCLEX:
		result = sys_fcntl(fd, F_SETFD, 0);
		break;
	case FIONBIO:
		result = fionbio(fd, arg);
		break;
	case FICLONE:
		result = file_clone(file, (int)(long)arg, 0, 0, 0);
		break;
	case FICLONERANGE:
		result = clone_range(file, arg);
		break;
	default:
		result = file_ioctl(file, (uint32_t)request, arg);
		break;
	}
	file_put(file);
	return result == -EFBIG ? file_too_large() : result;
}
