/* SPDX-License-Identifier: MIT */
/*
 * Copying from descriptor to descriptor: copy_file_range(2), sendfile(2),
 * splice(2), and FICLONE and FICLONERANGE of ioctl(2). Between files of fs/ pages
 * are shared where that is possible; other files are read and written through a
 * buffer, and pipes page by page.
 */
#include "syscalls/internal.h"
#include "syscalls/notify.h"

/* Is it no file with contents, whatever its type? A text of /proc is none. */
static bool ops_alien(const struct file *file)
{
	return file->ops && !file->ops->sized;
}

/* generic_file_rw_checks() of Linux: both are regular files, open for it. */
static int files_check(const struct file *in, const struct file *out)
{
	uint32_t from = fs_node_mode(in->node), to = fs_node_mode(out->node);

	if (S_ISDIR(from) || S_ISDIR(to))
		return -EISDIR;
	if (!S_ISREG(from) || !S_ISREG(to) || ops_alien(in) || ops_alien(out))
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

static ssize_t copy_foreign(struct file *in, uint64_t from, struct file *out,
			    uint64_t to, size_t count);

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
	if (UNLIKELY(in->ops || out->ops))
		done = copy_foreign(in, from, out, to, count);
	else
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
	if (!result && (in->ops || out->ops))
		result = in->ops && out->ops ? -EOPNOTSUPP : -EXDEV;
	if (!result) {
		result = fs_clone(process.fs, in->node, from, out->node, to,
				  count);
		setid_drop(out->node, !result);
	}
	notify_file(in, IN_ACCESS | NOTIFY_BY_FILE, result);
	notify_file(out, IN_MODIFY | NOTIFY_BY_FILE, result);
	file_put(in);
	return result;
}

/* -- sendfile(2) and splice(2) ------------------------------------------------ */

#define BUFFER_PAGES 16 /* as what Linux copies at once */

/* What is read from or written to, and where. */
struct end {
	struct file *file;
	uint64_t at;
};

/* Do count bytes at offset end beyond every offset? rw_verify_area(). */
static bool span_bad(uint64_t offset, size_t count)
{
	return (int64_t)(offset | count) < 0 || (int64_t)(offset + count) < 0;
}

static size_t clip(size_t count)
{
	return count < RW_MAX ? count : RW_MAX;
}

/* Can it be read without being a pipe? */
static bool end_is_source(const struct file *file)
{
	uint32_t mode = fs_node_mode(file->node);

	if (!file->ops)
		return S_ISREG(mode);
	return file->ops->read && file->ops->position != POSITION_NONE &&
	       (S_ISREG(mode) || S_ISCHR(mode));
}

static bool end_is_sink(const struct file *file)
{
	uint32_t mode = fs_node_mode(file->node);

	if (!file->ops)
		return S_ISREG(mode);
	return file->ops->write && (S_ISCHR(mode) || file->ops->sized);
}

static ssize_t end_read(void *context, uint8_t *bytes, size_t count)
{
	struct end *end = context;
	struct file *file = end->file;
	ssize_t done;

	if (file->ops)
		done = file->ops->read(file, bytes, count, end->at);
	else
		done = fs_read(file->node, end->at, bytes, count,
			       file->flags & O_NOATIME);
	if (done > 0)
		end->at += (uint64_t)done;
	return done;
}

/* The same for a slot of a pipe: pages of the file are not mixed. */
static ssize_t end_read_page(void *context, uint8_t *bytes, size_t count)
{
	const struct end *end = context;
	size_t page_left = PAGE_SIZE - (end->at & (PAGE_SIZE - 1));

	return end_read(context, bytes, count < page_left ? count : page_left);
}

/* What a pipe is given by a file that cannot be copied from: Linux finds that
 * out when the pipe has room. */
static ssize_t end_refuse(void *context, uint8_t *bytes, size_t count)
{
	(void)context, (void)bytes, (void)count;
	return -EINVAL;
}

/* Fills a pipe from a file. */
static ssize_t end_feed(struct end *in, struct file *pipe, size_t count,
			bool nonblocking)
{
	return pipe_feed(pipe, count, nonblocking,
			 end_is_source(in->file) ? end_read_page : end_refuse,
			 in);
}

static ssize_t end_write(void *context, uint8_t *bytes, size_t count)
{
	struct end *end = context;
	struct file *file = end->file;
	ssize_t done;

	if (!file->ops) {
		setid_drop(file->node, count > 0);
		return fs_write(process.fs, file->node, bytes, count, false,
				&end->at);
	}
	done = file->ops->write(file, bytes, count, end->at);
	if (done > 0)
		end->at += (uint64_t)done;
	return done;
}

/* Copies through a buffer; the source moves on by what was written. */
static ssize_t ends_copy(struct end *in, struct end *out, size_t count)
{
	uint8_t *buffer = port_pages_alloc(BUFFER_PAGES);
	size_t done = 0;
	ssize_t part = 0;

	if (!buffer)
		return -ENOMEM;
	while (done < count) {
		size_t len = BUFFER_PAGES * PAGE_SIZE;
		uint64_t at = in->at;
		ssize_t got;

		got = part = end_read(in, buffer,
				      len < count - done ? len : count - done);
		if (got > 0)
			part = end_write(out, buffer, (size_t)got);
		if (part <= 0)
			break;
		done += (size_t)part;
		in->at = at + (uint64_t)part;
		if (part < got)
			break;
	}
	port_pages_free(buffer, BUFFER_PAGES);
	return done ? (ssize_t)done : part;
}

/* copy_file_range(2) among the host's files. */
static ssize_t copy_foreign(struct file *in, uint64_t from, struct file *out,
			    uint64_t to, size_t count)
{
	struct end source = {.file = in, .at = from};
	struct end sink = {.file = out, .at = to};

	if (!in->ops || !out->ops)
		return -EXDEV;
	if (in->node == out->node && from < to + count && to < from + count)
		return -EINVAL;
	return count ? ends_copy(&source, &sink, clip(count)) : 0;
}

/* Both are files of fs/, and not the same. */
static ssize_t files_copy(struct end *in, struct end *out, size_t count)
{
	struct fs_attr attr;
	ssize_t done;

	if (fs_getattr(in->file->node, &attr) < 0)
		return -EIO;
	if (in->at >= attr.size) /* whatever the limits are */
		return end_read(in, NULL, 0);
	setid_drop(out->file->node, true);
	done = fs_copy(process.fs, in->file->node, in->at, out->file->node,
		       out->at, count, in->file->flags & O_NOATIME);
	if (done > 0) {
		in->at += (uint64_t)done;
		out->at += (uint64_t)done;
	}
	return done;
}

static bool listing_refuse(void *context, const struct fs_dirent *entry)
{
	(void)context, (void)entry;
	return false;
}

/* Sending no bytes of a file, or of a directory, is an access to it. */
static ssize_t nothing_read(struct file *file)
{
	bool noatime = file->flags & O_NOATIME;
	uint64_t pos = 0;

	if (!S_ISDIR(fs_node_mode(file->node)))
		return fs_read(file->node, 0, NULL, 0, noatime);
	/* A removed directory has no listing, but nobody sees its times. */
	(void)!fs_readdir(file->node, listing_refuse, NULL, &pos, noatime);
	return 0;
}

/* do_splice_direct() of Linux. */
static ssize_t send_to_file(struct end *in, struct end *out, size_t count)
{
	if (span_bad(out->at, count) || (out->file->flags & O_APPEND))
		return -EINVAL;
	if (count == 0 && !in->file->ops)
		return nothing_read(in->file);
	if (!end_is_source(in->file) || !end_is_sink(out->file))
		return -EINVAL;
	if (count == 0)
		return 0;
	if (!in->file->ops && !out->file->ops &&
	    in->file->node != out->file->node)
		return files_copy(in, out, count);
	return ends_copy(in, out, count);
}

static bool positionless(const struct file *file)
{
	return file->ops && file->ops->position <= POSITION_UNUSED;
}

/* Where sendfile(2) reads from: what it says before it looks at the other. */
static int source_begin(struct end *from, const off_t *offset, size_t count)
{
	int err;

	if (!file_readable(from->file))
		return -EBADF;
	if (offset && positionless(from->file))
		return -ESPIPE;
	err = position_get(from->file, offset, &from->at);
	if (!err && span_bad(from->at, count))
		err = -EINVAL;
	return err;
}

static ssize_t send_to(struct end *from, struct file *out, size_t count)
{
	struct end to = {.file = out};
	ssize_t done;
	int err = position_get(out, NULL, &to.at);

	if (err)
		return err;
	if (!file_writable(out))
		return -EBADF;
	if (pipe_is(out))
		return end_feed(from, out, count, out->flags & O_NONBLOCK);
	done = send_to_file(from, &to, count);
	if (done > 0)
		(void)position_set(out, NULL, to.at);
	return done;
}

/* sendfile(2). */
long sys_sendfile(int fd_out, int fd_in, off_t *offset, size_t count)
{
	struct end from = {.file = NULL};
	struct file *out;
	long result;
	int err;

	if (offset && !user_readable(offset, sizeof(*offset)))
		return -EFAULT;
	from.file = fd_get(fd_in);
	if (!from.file)
		return -EBADF;
	result = source_begin(&from, offset, count);
	if (result)
		goto put;
	result = -EBADF;
	out = fd_get(fd_out);
	if (out) {
		result = send_to(&from, out, clip(count));
		notify_read(from.file, result);
		notify_written(out, result);
		file_put(out);
	}
	if (result > 0) {
		err = position_set(from.file, offset, from.at);
		if (err)
			result = err;
	}
put:
	file_put(from.file);
	return result == -EFBIG ? file_too_large() : result;
}

static ssize_t splice_to_file(struct file *in, struct end *out, size_t count,
			      bool nonblocking)
{
	if ((out->file->flags & O_APPEND) || span_bad(out->at, count) ||
	    !end_is_sink(out->file))
		return -EINVAL;
	return pipe_drain(in, clip(count), nonblocking, end_write, out);
}

static ssize_t splice_to_pipe(struct end *in, struct file *out, size_t count,
			      bool nonblocking)
{
	if (span_bad(in->at, count))
		return -EINVAL;
	return end_feed(in, out, clip(count), nonblocking);
}

/* One of the two is a pipe, the other is at *offset, or its own position. */
static ssize_t splice_with_pipe(struct file *in, struct file *out,
				off_t *offset, size_t count, bool nonblocking)
{
	bool to_file = pipe_is(in);
	struct end end = {.file = to_file ? out : in};
	ssize_t done;
	int err;

	if (offset && positionless(end.file))
		return -EINVAL;
	err = position_get(end.file, offset, &end.at);
	if (err)
		return err;
	done = to_file ? splice_to_file(in, &end, count, nonblocking)
		       : splice_to_pipe(&end, out, count, nonblocking);
	if (done <= 0)
		return done;
	err = position_set(end.file, offset, end.at);
	return err ? err : done;
}

static void mark_spliced(struct file *pipe)
{
	__atomic_fetch_or(&pipe->flags, FILE_SPLICED, __ATOMIC_RELAXED);
}

static ssize_t splice_between(struct file *in, off_t *off_in, struct file *out,
			      off_t *off_out, size_t count, bool nonblocking)
{
	bool from_pipe = pipe_is(in), to_pipe = pipe_is(out);

	if (from_pipe && off_in)
		return -ESPIPE;
	if (from_pipe)
		mark_spliced(in);
	if (to_pipe && off_out)
		return -ESPIPE;
	if (to_pipe)
		mark_spliced(out);
	if ((off_in && !user_readable(off_in, sizeof(*off_in))) ||
	    (off_out && !user_readable(off_out, sizeof(*off_out))))
		return -EFAULT;
	if (!file_readable(in) || !file_writable(out))
		return -EBADF;
	if (from_pipe && (in->flags & O_NONBLOCK))
		nonblocking = true;
	if (to_pipe && (out->flags & O_NONBLOCK))
		nonblocking = true;
	if (from_pipe && to_pipe)
		return pipe_pass(in, out, clip(count), nonblocking);
	if (!from_pipe && !to_pipe)
		return -EINVAL;
	return splice_with_pipe(in, out, from_pipe ? off_out : off_in, count,
				nonblocking);
}

/* splice(2). Nothing is ever moved without being copied between a file and a
 * pipe, which SPLICE_F_MOVE leaves open. */
long sys_splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out,
		size_t count, unsigned int flags)
{
	const unsigned known = SPLICE_F_MOVE | SPLICE_F_NONBLOCK |
			       SPLICE_F_MORE | SPLICE_F_GIFT;
	struct file *in, *out;
	long result = -EBADF;

	if (count == 0)
		return 0;
	if (flags & ~known)
		return -EINVAL;
	in = fd_get(fd_in);
	if (!in)
		return -EBADF;
	out = fd_get(fd_out);
	if (out) {
		result = splice_between(in, off_in, out, off_out, count,
					flags & SPLICE_F_NONBLOCK);
		notify_read(in, result);
		notify_written(out, result);
		file_put(out);
	}
	file_put(in);
	return result == -EFBIG ? file_too_large() : result;
}
