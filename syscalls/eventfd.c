/* SPDX-License-Identifier: MIT */
/* eventfd(2): a counter that is a file. */
#include "syscalls/internal.h"
#include "abi/poll.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	struct waitq queue;
	bool semaphore; /* immutable after create */

	struct lock lock;
	/* lock protects: */
	uint64_t count;
};

/* Waits for a change, with the lock released meanwhile. */
static int eventfd_wait(struct eventfd *event, const struct file *file)
	REQUIRES(event->lock)
{
	uint32_t seen = waitq_seen(&event->queue);
	int err;

	if (file_nonblocking(file))
		return -EAGAIN;
	unlock_write(&event->lock);
	err = waitq_sleep(&event->queue, seen, true);
	lock_write(&event->lock);
	return err;
}

static ssize_t eventfd_read(struct file *file, void *buf, size_t count,
			    uint64_t offset)
{
	struct eventfd *event = file->object;
	uint64_t value = 0;
	int err = 0;

	(void)offset;
	if (count < sizeof(value))
		return -EINVAL;
	lock_write(&event->lock);
	while (!err && event->count == 0)
		err = eventfd_wait(event, file);
	if (!err) {
		value = event->semaphore ? 1 : event->count;
		event->count -= value;
	}
	unlock_write(&event->lock);
	if (err)
		return err;
	waitq_wake(&event->queue, POLLOUT);
	/* As on Linux, what cannot be stored is lost. */
	return user_copy(buf, &value, sizeof(value)) ? -EFAULT
						     : (ssize_t)sizeof(value);
}

static ssize_t eventfd_write(struct file *file, const void *buf, size_t count,
			     uint64_t offset)
{
	struct eventfd *event = file->object;
	uint64_t value;
	int err = 0;

	(void)offset;
	if (count != sizeof(value))
		return -EINVAL;
	if (user_copy(&value, buf, sizeof(value)))
		return -EFAULT;
	if (value > COUNT_MAX)
		return -EINVAL;
	lock_write(&event->lock);
	while (!err && COUNT_MAX - event->count < value)
		err = eventfd_wait(event, file);
	if (!err)
		event->count += value;
	unlock_write(&event->lock);
	if (err)
		return err;
	waitq_wake(&event->queue, POLLIN);
	return sizeof(value);
}

static uint32_t eventfd_poll(struct file *file, struct wait_entry *entry)
{
	struct eventfd *event = file->object;
	uint32_t events = 0;

	if (entry)
		waitq_add(&event->queue, entry);
	lock_read(&event->lock);
	if (event->count > 0)
		events |= POLLIN;
	if (event->count < COUNT_MAX)
		events |= POLLOUT;
	unlock_read(&event->lock);
	return events;
}

static void eventfd_release(struct file *file)
{
	pool_free(file->object, sizeof(struct eventfd));
}

static const struct file_ops eventfd_ops = {.name = "[eventfd]",
					    .position = POSITION_UNUSED,
					    .flags_refused = O_DIRECT,
					    .read = eventfd_read,
					    .write = eventfd_write,
					    .poll = eventfd_poll,
					    .release = eventfd_release};

/* eventfd2(2). */
long sys_eventfd2(unsigned int count, int flags)
{
	struct eventfd *event;
	int fd;

	if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	event = pool_alloc(sizeof(*event));
	if (!event)
		return -ENOMEM;
	event->count = count;
	event->semaphore = flags & EFD_SEMAPHORE;
	fd = open_object(&eventfd_ops, event,
			 O_RDWR | (uint32_t)(flags & ~EFD_SEMAPHORE));
	if (fd < 0)
		pool_free(event, sizeof(*event));
	return fd;
}

long sys_eventfd(unsigned int count)
{
	return sys_eventfd2(count, 0);
}
