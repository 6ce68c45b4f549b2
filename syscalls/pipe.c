/* SPDX-License-Identifier: MIT */
/*
 * Pipes and FIFOs (pipe(7), fifo(7)). What is in one stands in a ring of slots,
 * a page each: not as a ring of bytes, since how much fits after what has been
 * written and read can be seen from outside. A write that is no multiple of a
 * page begins in the room that the last slot has left, if all of the odd part
 * fits there; so one of up to PIPE_BUF bytes always goes in whole or waits.
 *
 * The node of a pipe leads to its struct pipe while it is open anywhere.
 */
#include "syscalls/internal.h"
#include "abi/ioctl.h"
#include "abi/poll.h"

#define SLOTS_DEFAULT 16U
#define SLOTS_MAX     (1U << 19) /* 2 GiB */
#define CAPACITY_USER (1U << 20) /* /proc/sys/fs/pipe-max-size */
#define SIGPIPE	      13
#define PIPE_MODE     (S_IFIFO | 0600)

/* May the next write add to it? Or is it one packet (pipe2(2), O_DIRECT)? */
enum slot_kind { SLOT_STREAM, SLOT_PACKET, SLOT_CLOSED };

struct slot {
	uint8_t *page;
	uint16_t offset, len; /* len is 1 to PAGE_SIZE */
	enum slot_kind kind;
};

struct pipe {
	struct waitq queue; /* of readers, writers and openers alike */
	uint32_t users;	    /* pipes_lock protects: who has it or opens it */
	bool anonymous;	    /* immutable after create: made by pipe(2) */

	struct lock lock;
	/* lock protects: */
	uint32_t readers, writers;	     /* open files */
	uint32_t readers_ever, writers_ever; /* only grow */
	uint32_t head, tail;		     /* slots ever filled, emptied */
	uint32_t slots_len;		     /* a power of two */
	struct slot *slots;
};

/* The link from nodes to pipes. */
static struct lock pipes_lock;

/* -- The ring ----------------------------------------------------------------- */

static struct slot *slot_at(const struct pipe *pipe, uint32_t number)
{
	return &pipe->slots[number & (pipe->slots_len - 1)];
}

static bool is_empty(const struct pipe *pipe)
{
	return pipe->head == pipe->tail;
}

static bool is_full(const struct pipe *pipe)
{
	return pipe->head - pipe->tail >= pipe->slots_len;
}

static void slot_drop(struct pipe *pipe) REQUIRES(pipe->lock)
{
	port_pages_free(slot_at(pipe, pipe->tail)->page, 1);
	pipe->tail++;
}

/* What is left of the caller's buffers. */
struct cursor {
	const struct iovec *iov;
	size_t at;   /* in the first of them */
	size_t left; /* in all */
	char *bad;   /* where they could not be accessed, if they could not */
};

/* Copies count bytes (no more than are left) from or to the buffers. -EFAULT:
 * then the cursor stays where it is. */
static int cursor_copy(struct cursor *cursor, uint8_t *bytes, size_t count,
		       bool out)
{
	struct cursor c = *cursor;

	c.left -= count;
	while (count) {
		size_t len = c.iov->iov_len - c.at, bad;
		char *at = (char *)c.iov->iov_base + c.at;

		if (len == 0) {
			c.iov++;
			c.at = 0;
			continue;
		}
		if (len > count)
			len = count;
		bad = out ? user_copy(at, bytes, len)
			  : user_copy(bytes, at, len);
		if (UNLIKELY(bad)) {
			cursor->bad = at + (len - bad);
			return -EFAULT;
		}
		c.at += len;
		bytes += len;
		count -= len;
	}
	*cursor = c;
	return 0;
}

/* Adds the odd part of a write to the last slot, if it fits there. */
static int merge(struct pipe *pipe, struct cursor *from) REQUIRES(pipe->lock)
{
	size_t odd = from->left & (PAGE_SIZE - 1);
	struct slot *slot;
	int err;

	if (odd == 0 || is_empty(pipe))
		return 0;
	slot = slot_at(pipe, pipe->head - 1);
	if (slot->kind != SLOT_STREAM ||
	    slot->offset + slot->len + odd > PAGE_SIZE)
		return 0;
	err = cursor_copy(from, slot->page + slot->offset + slot->len, odd,
			  false);
	if (!err)
		slot->len = (uint16_t)(slot->len + odd);
	return err;
}

/* Fills slots as far as there are any. */
static int fill(struct pipe *pipe, struct cursor *from, enum slot_kind kind)
	REQUIRES(pipe->lock)
{
	while (from->left && !is_full(pipe)) {
		size_t len = from->left < PAGE_SIZE ? from->left : PAGE_SIZE;
		uint8_t *page = port_pages_alloc(1);
		int err;

		if (!page)
			return -ENOMEM;
		err = cursor_copy(from, page, len, false);
		if (err) {
			port_pages_free(page, 1);
			return err;
		}
		*slot_at(pipe, pipe->head++) = (struct slot){
			.page = page, .len = (uint16_t)len, .kind = kind};
	}
	return 0;
}

/* Empties slots as far as there is room, or one packet. *was_full: a writer may
 * have waited for that. */
static int empty(struct pipe *pipe, struct cursor *to, bool *was_full)
	REQUIRES(pipe->lock)
{
	while (to->left && !is_empty(pipe)) {
		struct slot *slot = slot_at(pipe, pipe->tail);
		size_t len = slot->len < to->left ? slot->len : to->left;
		bool packet = slot->kind == SLOT_PACKET;
		int err = cursor_copy(to, slot->page + slot->offset, len, true);

		if (err)
			return err;
		slot->offset = (uint16_t)(slot->offset + len);
		slot->len = (uint16_t)(slot->len - len);
		if (packet || slot->len == 0) {
			*was_full = *was_full || is_full(pipe);
			slot_drop(pipe);
		}
		if (packet)
			break;
	}
	return 0;
}

/* -- Reading and writing -------------------------------------------------------- */

/* Waits for a change, with the lock released meanwhile. */
static int pipe_wait(struct pipe *pipe, bool restart) REQUIRES(pipe->lock)
{
	uint32_t seen = waitq_seen(&pipe->queue);
	int err;

	unlock_write(&pipe->lock);
	err = waitq_sleep(&pipe->queue, seen, restart);
	lock_write(&pipe->lock);
	return err;
}

static ssize_t pipe_readv(struct file *file, const struct iovec *iov,
			  int iovcnt, size_t sum)
{
	struct pipe *pipe = file->object;
	struct cursor to = {.iov = iov, .left = sum};
	bool was_full = false;
	ssize_t err;

	(void)iovcnt;
	if (sum == 0)
		return 0;
	do {
		lock_write(&pipe->lock);
		err = 0;
		while (!err && is_empty(pipe) && pipe->writers &&
		       to.left == sum) {
			if (file_nonblocking(file))
				err = -EAGAIN;
			else
				err = pipe_wait(pipe, true);
		}
		if (!err)
			err = empty(pipe, &to, &was_full);
		unlock_write(&pipe->lock);
	} while (err == -EFAULT && port_user_fault_in(to.bad, 1, true));
	if (was_full)
		waitq_wake(&pipe->queue, POLLOUT | POLLWRNORM);
	if (to.left == sum)
		return err;
	if (!pipe->anonymous) /* as newer versions of Linux have it */
		fs_node_was_read(file->node, file_flags(file) & O_NOATIME);
	return (ssize_t)(sum - to.left);
}

/* Puts all that comes from the buffers into the pipe, waiting for room. */
static int write_all(struct file *file, struct pipe *pipe, struct cursor *from,
		     size_t sum) REQUIRES(pipe->lock)
{
	enum slot_kind kind =
		file_flags(file) & O_DIRECT ? SLOT_PACKET : SLOT_STREAM;
	size_t told = from->left;
	int err = pipe->readers ? merge(pipe, from) : 0;

	while (!err && from->left) {
		if (!pipe->readers)
			return -EPIPE;
		err = fill(pipe, from, kind);
		if (err || !from->left)
			break;
		if (file_nonblocking(file))
			return -EAGAIN;
		if (from->left < told) {
			told = from->left;
			waitq_wake(&pipe->queue, POLLIN | POLLRDNORM);
		}
		err = pipe_wait(pipe, from->left == sum);
	}
	return err;
}

static ssize_t pipe_writev(struct file *file, const struct iovec *iov,
			   int iovcnt, size_t sum)
{
	struct pipe *pipe = file->object;
	struct cursor from = {.iov = iov, .left = sum};
	int err;

	(void)iovcnt;
	if (sum == 0)
		return 0;
	do {
		lock_write(&pipe->lock);
		err = write_all(file, pipe, &from, sum);
		unlock_write(&pipe->lock);
	} while (err == -EFAULT && port_user_fault_in(from.bad, 1, false));
	if (err == -EPIPE)
		(void)sys_tkill((pid_t)sys_gettid(), SIGPIPE);
	if (from.left == sum)
		return err;
	waitq_wake(&pipe->queue, POLLIN | POLLRDNORM);
	if (!pipe->anonymous)
		fs_node_was_written(file->node);
	return (ssize_t)(sum - from.left);
}

/* FIONREAD. */
static long pipe_ioctl(struct file *file, uint32_t request, void *arg)
{
	struct pipe *pipe = file->object;
	int count = 0;

	if (request != FIONREAD)
		return -ENOTTY;
	lock_read(&pipe->lock);
	for (uint32_t i = pipe->tail; i != pipe->head; i++)
		count += slot_at(pipe, i)->len;
	unlock_read(&pipe->lock);
	return user_copy(arg, &count, sizeof(count)) ? -EFAULT : 0;
}

/* file->offset is how many writers there had ever been when a FIFO was opened
 * that had none: their leaving is no news. */
static uint32_t pipe_poll(struct file *file, struct wait_entry *entry)
{
	struct pipe *pipe = file->object;
	uint32_t events = 0;

	if (entry)
		waitq_add(&pipe->queue, entry);
	lock_read(&pipe->lock);
	if (file_readable(file) && !is_empty(pipe))
		events |= POLLIN | POLLRDNORM;
	if (file_readable(file) && !pipe->writers &&
	    file->offset != pipe->writers_ever)
		events |= POLLHUP;
	if (file_writable(file) && !is_full(pipe))
		events |= POLLOUT | POLLWRNORM;
	if (file_writable(file) && !pipe->readers)
		events |= POLLERR;
	unlock_read(&pipe->lock);
	return events;
}

/* -- Coming and going -------------------------------------------------------------- */

static size_t slots_size(uint32_t slots_len)
{
	return slots_len * sizeof(struct slot);
}

static struct pipe *pipe_create(void)
{
	struct pipe *pipe = pool_alloc(sizeof(*pipe));

	if (!pipe)
		return NULL;
	pipe->slots = pool_alloc(slots_size(SLOTS_DEFAULT));
	if (!pipe->slots) {
		pool_free(pipe, sizeof(*pipe));
		return NULL;
	}
	pipe->slots_len = SLOTS_DEFAULT;
	return pipe;
}

/* Nobody has it any more. */
static void pipe_destroy(struct pipe *pipe) LOCKS_UNCHECKED
{
	while (!is_empty(pipe))
		slot_drop(pipe);
	pool_free(pipe->slots, slots_size(pipe->slots_len));
	pool_free(pipe, sizeof(*pipe));
}

/* The pipe of a node, for one user more; or NULL without memory. */
static struct pipe *pipe_get(struct fs_node *node)
{
	struct pipe *pipe;

	lock_write(&pipes_lock);
	pipe = fs_node_object(node);
	if (!pipe) {
		pipe = pipe_create();
		if (pipe)
			fs_node_object_set(node, pipe);
	}
	if (pipe)
		pipe->users++;
	unlock_write(&pipes_lock);
	return pipe;
}

static void pipe_put(struct fs_node *node, struct pipe *pipe)
{
	bool last;

	lock_write(&pipes_lock);
	last = --pipe->users == 0;
	if (last)
		fs_node_object_set(node, NULL);
	unlock_write(&pipes_lock);
	if (last)
		pipe_destroy(pipe);
}

/* One end less; who waits at the other hears of it. */
static void pipe_leave(struct pipe *pipe, bool reader, bool writer)
{
	lock_write(&pipe->lock);
	pipe->readers -= reader;
	pipe->writers -= writer;
	unlock_write(&pipe->lock);
	waitq_wake(&pipe->queue, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM |
					 POLLERR | POLLHUP);
}

static void pipe_release(struct file *file)
{
	pipe_leave(file->object, file_readable(file), file_writable(file));
	pipe_put(file->node, file->object);
}

static const struct file_ops pipe_ops = {.position = POSITION_NONE,
					 .readv = pipe_readv,
					 .writev = pipe_writev,
					 .ioctl = pipe_ioctl,
					 .poll = pipe_poll,
					 .release = pipe_release};

/* A file that is open for one thing only cannot do the other. */
static void file_set(struct file *file, struct pipe *pipe)
{
	file->ops = &pipe_ops;
	file->object = pipe;
}

/* Waits until somebody opens the other end, be it that he has left since. */
static int partner_wait(struct pipe *pipe, const uint32_t *ever)
	REQUIRES(pipe->lock)
{
	uint32_t before = *ever;
	int err = 0;

	while (!err && *ever == before)
		err = pipe_wait(pipe, true);
	return err;
}

/* Enters an end of the pipe, as fifo(7) says. */
static int fifo_enter(struct pipe *pipe, struct file *file, bool reader,
		      bool writer, bool nonblocking) REQUIRES(pipe->lock)
{
	bool alone = !pipe->anonymous && !(reader && writer);

	if (alone && writer && nonblocking && !pipe->readers)
		return -ENXIO;
	pipe->readers += reader;
	pipe->writers += writer;
	pipe->readers_ever += reader;
	pipe->writers_ever += writer;
	waitq_wake(&pipe->queue, 0);
	if (alone && reader && !pipe->writers) {
		if (!nonblocking)
			return partner_wait(pipe, &pipe->writers_ever);
		file->offset = pipe->writers_ever;
	}
	if (alone && writer && !pipe->readers)
		return partner_wait(pipe, &pipe->readers_ever);
	return 0;
}

int fifo_open(struct file *file, struct fs_node *node, uint32_t flags)
{
	uint32_t mode = flags & O_ACCMODE;
	bool reader = mode == O_RDONLY || mode == O_RDWR;
	bool writer = mode == O_WRONLY || mode == O_RDWR;
	struct pipe *pipe;
	int err;

	if (!reader && !writer)
		return -EINVAL;
	pipe = pipe_get(node);
	if (!pipe)
		return -ENOMEM;
	lock_write(&pipe->lock);
	err = fifo_enter(pipe, file, reader, writer, flags & O_NONBLOCK);
	unlock_write(&pipe->lock);
	if (!err && (flags & O_DIRECT))
		err = -EINVAL; /* only pipe2(2) and fcntl(2) have packets */
	if (err && err != -ENXIO)
		pipe_leave(pipe, reader, writer);
	if (err)
		pipe_put(node, pipe);
	else
		file_set(file, pipe);
	return err;
}

/* -- The calls ------------------------------------------------------------------------ */

/* A node that is a pipe open at both ends, with a reference for each. */
static int pipe_make(struct fs_node **nodep)
{
	struct pipe *pipe;
	int err = fs_make_anonymous(process.fs, NULL, PIPE_MODE, cred_now(),
				    nodep);

	if (err)
		return err == -ENOSPC ? -ENFILE : err;
	pipe = pipe_get(*nodep);
	if (!pipe) {
		node_put(*nodep);
		return -ENOMEM;
	}
	pipe->anonymous = true;
	pipe->users = 2;
	pipe->readers = pipe->writers = 1;
	pipe->readers_ever = pipe->writers_ever = 1;
	fs_node_ref(*nodep);
	return 0;
}

/* pipe2(2). */
long sys_pipe2(int *fds, int flags)
{
	uint32_t kept = (uint32_t)flags & (O_NONBLOCK | O_DIRECT);
	bool cloexec = flags & O_CLOEXEC;
	struct file *in, *out;
	struct fs_node *node;
	int fd_in, fd_out, ends[2], err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	fd_in = fd_reserve(cloexec, &in);
	if (fd_in < 0)
		return fd_in;
	fd_out = fd_reserve(cloexec, &out);
	if (fd_out < 0) {
		err = fd_out;
		goto cancel_in;
	}
	ends[0] = fd_in;
	ends[1] = fd_out;
	err = user_copy(fds, ends, sizeof(ends)) ? -EFAULT : pipe_make(&node);
	if (err)
		goto cancel_out;
	/* commit: nothing below can fail */
	file_set(in, fs_node_object(node));
	file_set(out, fs_node_object(node));
	fd_commit(fd_in, in, node, O_RDONLY | (kept & O_NONBLOCK));
	fd_commit(fd_out, out, node, O_WRONLY | kept);
	return 0;

cancel_out:
	fd_cancel(fd_out, out);
cancel_in:
	fd_cancel(fd_in, in);
	return err;
}

long sys_pipe(int *fds)
{
	return sys_pipe2(fds, 0);
}

static struct pipe *pipe_of(const struct file *file)
{
	return file->ops == &pipe_ops ? file->object : NULL;
}

long pipe_capacity(struct file *file)
{
	struct pipe *pipe = pipe_of(file);
	long capacity;

	if (!pipe)
		return -EBADF;
	lock_read(&pipe->lock);
	capacity = (long)(pipe->slots_len * PAGE_SIZE);
	unlock_read(&pipe->lock);
	return capacity;
}

/* Moves what is in the pipe to a ring of that many slots. -EBUSY. */
static int slots_exchange(struct pipe *pipe, uint32_t slots_len,
			  struct slot **slots) REQUIRES(pipe->lock)
{
	uint32_t len = pipe->head - pipe->tail, old_len = pipe->slots_len;
	struct slot *old = pipe->slots;

	if (len > slots_len)
		return -EBUSY;
	for (uint32_t i = 0; i < len; i++)
		(*slots)[i] = *slot_at(pipe, pipe->tail + i);
	pipe->slots = *slots;
	pipe->slots_len = slots_len;
	pipe->tail = 0;
	pipe->head = len;
	*slots = old;
	return (int)old_len;
}

long pipe_capacity_set(struct file *file, unsigned capacity)
{
	struct pipe *pipe = pipe_of(file);
	uint32_t slots_len = 1;
	struct slot *slots;
	int old_len;

	if (!pipe)
		return -EBADF;
	if (capacity > SLOTS_MAX * PAGE_SIZE)
		return -EINVAL;
	while (slots_len * PAGE_SIZE < capacity)
		slots_len *= 2;
	if (slots_len * PAGE_SIZE > CAPACITY_USER && cred_now()->uid != 0 &&
	    slots_len * PAGE_SIZE > (size_t)pipe_capacity(file))
		return -EPERM;
	slots = pool_alloc(slots_size(slots_len));
	if (!slots)
		return -ENOMEM;
	lock_write(&pipe->lock);
	old_len = slots_exchange(pipe, slots_len, &slots);
	unlock_write(&pipe->lock);
	pool_free(slots,
		  slots_size(old_len < 0 ? slots_len : (uint32_t)old_len));
	if (old_len < 0)
		return old_len;
	/* There may be more room now. */
	waitq_wake(&pipe->queue, POLLOUT | POLLWRNORM);
	return (long)(slots_len * PAGE_SIZE);
}

/* -- Splicing ------------------------------------------------------------------------- */

bool pipe_is(const struct file *file)
{
	return pipe_of(file) != NULL;
}

ssize_t pipe_drain(struct file *file, size_t count, bool nonblocking,
		   pipe_io *take, void *context)
{
	struct pipe *pipe = file->object;
	bool was_full = false;
	size_t done = 0;
	ssize_t part = 0;

	lock_write(&pipe->lock);
	while (!part && is_empty(pipe) && pipe->writers)
		part = nonblocking ? -EAGAIN : pipe_wait(pipe, true);
	while (part >= 0 && done < count && !is_empty(pipe)) {
		struct slot *slot = slot_at(pipe, pipe->tail);
		size_t len =
			slot->len < count - done ? slot->len : count - done;

		part = take(context, slot->page + slot->offset, len);
		if (part <= 0)
			break;
		done += (size_t)part;
		slot->offset = (uint16_t)(slot->offset + part);
		slot->len = (uint16_t)(slot->len - part);
		if (slot->len)
			break; /* not all was taken */
		was_full = was_full || is_full(pipe);
		slot_drop(pipe);
	}
	unlock_write(&pipe->lock);
	if (was_full)
		waitq_wake(&pipe->queue, POLLOUT | POLLWRNORM);
	return done ? (ssize_t)done : part;
}

/* Waits for an empty slot. -EPIPE if nobody reads, -EAGAIN, -EINTR. */
static int room_wait(struct pipe *pipe, bool nonblocking) REQUIRES(pipe->lock)
{
	int err = 0;

	while (!err && pipe->readers && is_full(pipe))
		err = nonblocking ? -EAGAIN : pipe_wait(pipe, true);
	return pipe->readers ? err : -EPIPE;
}

ssize_t pipe_feed(struct file *file, size_t count, bool nonblocking,
		  pipe_io *give, void *context)
{
	struct pipe *pipe = file->object;
	size_t done = 0;
	ssize_t part;

	lock_write(&pipe->lock);
	part = room_wait(pipe, nonblocking);
	while (part >= 0 && done < count && !is_full(pipe)) {
		size_t left = count - done;
		uint8_t *page = port_pages_alloc(1);

		part = -ENOMEM;
		if (page)
			part = give(context, page,
				    left < PAGE_SIZE ? left : PAGE_SIZE);
		if (part <= 0) {
			if (page)
				port_pages_free(page, 1);
			break;
		}
		done += (size_t)part;
		*slot_at(pipe, pipe->head++) =
			(struct slot){.page = page,
				      .len = (uint16_t)part,
				      .kind = SLOT_CLOSED};
	}
	unlock_write(&pipe->lock);
	if (part == -EPIPE)
		(void)sys_tkill((pid_t)sys_gettid(), SIGPIPE);
	if (!done)
		return part;
	waitq_wake(&pipe->queue, POLLIN | POLLRDNORM);
	return (ssize_t)done;
}

/* Moves slots, the last perhaps in part: then its bytes are copied. */
static ssize_t slots_move(struct pipe *in, struct pipe *out, size_t count)
	REQUIRES(in->lock, out->lock)
{
	size_t done = 0;

	while (done < count && !is_empty(in) && !is_full(out)) {
		struct slot *slot = slot_at(in, in->tail);
		struct slot moved = *slot;

		if (moved.len <= count - done) {
			in->tail++;
		} else {
			moved.len = (uint16_t)(count - done);
			moved.page = port_pages_alloc(1);
			if (!moved.page)
				return done ? (ssize_t)done : -ENOMEM;
			memcpy(moved.page + moved.offset,
			       slot->page + slot->offset, moved.len);
			slot->offset = (uint16_t)(slot->offset + moved.len);
			slot->len = (uint16_t)(slot->len - moved.len);
		}
		if (moved.kind == SLOT_STREAM)
			moved.kind = SLOT_CLOSED;
		*slot_at(out, out->head++) = moved;
		done += moved.len;
	}
	return (ssize_t)done;
}

/* Waits at one of the pipes until there is something to move and room for it,
 * or nothing to come. */
static int both_wait(struct pipe *in, struct pipe *out, bool nonblocking)
{
	int err = 0;

	lock_write(&in->lock);
	while (!err && is_empty(in) && in->writers)
		err = nonblocking ? -EAGAIN : pipe_wait(in, true);
	unlock_write(&in->lock);
	if (err)
		return err;
	lock_write(&out->lock);
	err = room_wait(out, nonblocking);
	unlock_write(&out->lock);
	return err;
}

/* Unchecked: two locks, by address. */
static ssize_t pipes_move(struct pipe *in, struct pipe *out, size_t count,
			  bool *ended) LOCKS_UNCHECKED
{
	struct pipe *first = in < out ? in : out;
	ssize_t done;

	lock_write(&first->lock);
	lock_write(first == in ? &out->lock : &in->lock);
	done = slots_move(in, out, count);
	*ended = is_empty(in) && !in->writers;
	unlock_write(&in->lock);
	unlock_write(&out->lock);
	return done;
}

ssize_t pipe_pass(struct file *in, struct file *out, size_t count,
		  bool nonblocking)
{
	struct pipe *from = in->object, *to = out->object;
	bool ended = false;
	ssize_t done = 0;

	if (from == to)
		return -EINVAL;
	while (done == 0 && !ended) {
		int err = both_wait(from, to, nonblocking);

		if (err == -EPIPE)
			(void)sys_tkill((pid_t)sys_gettid(), SIGPIPE);
		if (err)
			return err;
		done = pipes_move(from, to, count, &ended);
	}
	if (done > 0) {
		waitq_wake(&from->queue, POLLOUT | POLLWRNORM);
		waitq_wake(&to->queue, POLLIN | POLLRDNORM);
	}
	return done;
}
