/* SPDX-License-Identifier: MIT */
/*
 * inotify(7): instances, their watches and queues. Watches are found by node,
 * and only looked for at nodes that have FS_MARK_WATCHED. They hold no
 * reference: when a node that is watched comes to its end, fs/ says so, which is
 * also the event IN_DELETE_SELF. What happens, notify.c says.
 *
 * DEVIATION: there are no limits on inotify's instances and watches but memory.
 */
#include "syscalls/notify.h"

#include "abi/ioctl.h"
#include "abi/poll.h"

#define EVENTS_MAX  16384 /* /proc/sys/fs/inotify/max_queued_events */
#define BUCKETS_MIN 64U
#define NAME_STEP   sizeof(struct inotify_event) /* names are padded to it */
#define ADD_FLAGS                                                        \
	(IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED |       \
	 IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | \
	 IN_MASK_ADD | IN_ISDIR | IN_ONESHOT)
#define KEPT_FLAGS (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT)

/* An event in a queue. */
struct event {
	struct event *next;
	int wd;
	uint32_t mask, cookie;
	uint32_t name_len;
	char name[];
};

/* An instance: what inotify_init(2) opens. */
struct notify {
	struct waitq queue;
	/* notify_lock protects: */
	struct event *first, *last;
	uint32_t len;
	size_t bytes; /* as they are read */
	bool overflowed;
	int last_wd;
	struct watch *watches;
};

struct watch {
	/* immutable after create: */
	struct notify *notify;
	struct fs_node *node; /* no reference */
	int wd;
	/* notify_lock protects: */
	uint32_t mask;
	struct watch *next, *prev; /* of the instance */
	struct watch *by_node;	   /* in the bucket */
};

struct lock notify_lock;

/* The table of all watches, by node; notify_lock protects it. */
static struct {
	struct watch **buckets;
	uint32_t buckets_len;
	uint32_t watches;
} table;

/* -- Queues ------------------------------------------------------------------------- */

static size_t name_size(size_t len)
{
	return len ? (len + NAME_STEP) / NAME_STEP * NAME_STEP : 0;
}

static size_t read_size(const struct event *event)
{
	return sizeof(struct inotify_event) + name_size(event->name_len);
}

static void queue_append(struct notify *notify, struct event *event)
	REQUIRES(notify_lock)
{
	if (notify->last)
		notify->last->next = event;
	else
		notify->first = event;
	notify->last = event;
	notify->len++;
	notify->bytes += read_size(event);
	waitq_wake(&notify->queue, POLLIN | POLLRDNORM);
}

static struct event *event_create(int wd, uint32_t mask, uint32_t cookie,
				  const char *name, uint32_t name_len)
{
	struct event *event = pool_alloc(sizeof(*event) + name_len);

	if (!event)
		return NULL;
	event->wd = wd;
	event->mask = mask;
	event->cookie = cookie;
	event->name_len = name_len;
	memcpy(event->name, name, name_len);
	return event;
}

static void event_destroy(struct event *event)
{
	pool_free(event, sizeof(*event) + event->name_len);
}

static void queue_overflow(struct notify *notify) REQUIRES(notify_lock)
{
	struct event *event;

	if (notify->overflowed)
		return;
	event = event_create(-1, IN_Q_OVERFLOW, 0, "", 0);
	if (!event)
		return;
	notify->overflowed = true;
	queue_append(notify, event);
}

/* Is it the same as the one before? Then once is enough. */
static bool is_repeated(const struct event *last, int wd, uint32_t mask,
			const char *name, uint32_t name_len)
{
	return last && last->wd == wd && last->mask == mask &&
	       !(mask & IN_IGNORED) && last->name_len == name_len &&
	       memcmp(last->name, name, name_len) == 0;
}

static void queue_add(struct notify *notify, int wd, uint32_t mask,
		      uint32_t cookie, const char *name, uint32_t name_len)
	REQUIRES(notify_lock)
{
	struct event *event;

	if (notify->len >= EVENTS_MAX) {
		queue_overflow(notify);
		return;
	}
	if (is_repeated(notify->last, wd, mask, name, name_len))
		return;
	event = event_create(wd, mask, cookie, name, name_len);
	if (event)
		queue_append(notify, event);
	else
		queue_overflow(notify);
}

/* Takes the first event off. */
static struct event *queue_take(struct notify *notify) REQUIRES(notify_lock)
{
	struct event *event = notify->first;

	notify->first = event->next;
	if (!event->next)
		notify->last = NULL;
	notify->len--;
	notify->bytes -= read_size(event);
	if (event->mask & IN_Q_OVERFLOW)
		notify->overflowed = false;
	return event;
}

/* -- Watches ------------------------------------------------------------------------- */

static struct watch **bucket(const struct fs_node *node) REQUIRES(notify_lock)
{
	uintptr_t hash = (uintptr_t)node / 16 * 0x9e3779b97f4a7c15U >> 32;

	return &table.buckets[hash & (table.buckets_len - 1)];
}

static struct watch *watch_first(const struct fs_node *node)
	REQUIRES(notify_lock)
{
	struct watch *watch;

	if (!(fs_node_marks(node) & FS_MARK_WATCHED) || !table.buckets)
		return NULL;
	watch = *bucket(node);
	while (watch && watch->node != node)
		watch = watch->by_node;
	return watch;
}

/* The next one of the same node. */
static struct watch *watch_next(const struct watch *watch)
{
	struct watch *next = watch->by_node;

	while (next && next->node != watch->node)
		next = next->by_node;
	return next;
}

static size_t buckets_size(uint32_t len)
{
	return len * sizeof(struct watch *);
}

/* Makes the table larger if it is full: without memory, it gets slower. -ENOMEM
 * if there is none yet. */
static int buckets_grow(void) REQUIRES(notify_lock)
{
	uint32_t old_len = table.buckets_len;
	uint32_t len = old_len ? 2 * old_len : BUCKETS_MIN;
	struct watch **old = table.buckets, *watch, *next;

	if (table.watches < old_len)
		return 0;
	table.buckets = pool_alloc(buckets_size(len));
	if (!table.buckets) {
		table.buckets = old;
		return old ? 0 : -ENOMEM;
	}
	table.buckets_len = len;
	for (uint32_t i = 0; i < old_len; i++) {
		for (watch = old[i]; watch; watch = next) {
			struct watch **to = bucket(watch->node);

			next = watch->by_node;
			watch->by_node = *to;
			*to = watch;
		}
	}
	pool_free(old, buckets_size(old_len));
	return 0;
}

static void watch_destroy(struct watch *watch) REQUIRES(notify_lock)
{
	struct watch **link = bucket(watch->node);

	while (*link != watch)
		link = &(*link)->by_node;
	*link = watch->by_node;
	if (watch->prev)
		watch->prev->next = watch->next;
	else
		watch->notify->watches = watch->next;
	if (watch->next)
		watch->next->prev = watch->prev;
	if (!watch_first(watch->node))
		fs_node_mark(watch->node, 0, FS_MARK_WATCHED);
	pool_free(watch, sizeof(*watch));
	notify_count(-1);
	if (--table.watches == 0) {
		pool_free(table.buckets, buckets_size(table.buckets_len));
		table.buckets = NULL;
		table.buckets_len = 0;
	}
}

/* Removes a watch that its owner did not close: he hears of it. */
static void watch_end(struct watch *watch) REQUIRES(notify_lock)
{
	queue_add(watch->notify, watch->wd, IN_IGNORED, 0, "", 0);
	watch_destroy(watch);
}

/* What happens to a node: mask (with IN_ISDIR if name, or else it, is a
 * directory). unlinked: IN_EXCL_UNLINK does not want it. */
void notify_send(const struct fs_node *node, uint32_t mask, uint32_t cookie,
		 const char *name, uint32_t name_len, bool unlinked)
	REQUIRES(notify_lock)
{
	struct watch *watch = watch_first(node), *next;

	if (mask & (IN_MOVE_SELF | IN_DELETE_SELF))
		mask &= ~IN_ISDIR;
	for (; watch; watch = next) {
		next = watch_next(watch);
		if (!(watch->mask & mask & IN_ALL_EVENTS) ||
		    (unlinked && (watch->mask & IN_EXCL_UNLINK)))
			continue;
		queue_add(watch->notify, watch->wd, mask, cookie, name,
			  name_len);
		if (watch->mask & IN_ONESHOT)
			watch_end(watch);
	}
}

/* fs/ is about to free a node that is watched. */
void notify_forget(struct fs_node *node)
{
	struct watch *watch;

	lock_write(&notify_lock);
	notify_send(node, IN_DELETE_SELF, 0, "", 0, false);
	while ((watch = watch_first(node)))
		watch_end(watch);
	unlock_write(&notify_lock);
}

/* -- Instances ----------------------------------------------------------------------------------- */

/* Copies one event as inotify(7) shows it. */
static int event_show(const struct event *event, char *to)
{
	size_t size = name_size(event->name_len);
	struct inotify_event shown = {.wd = event->wd,
				      .mask = event->mask,
				      .cookie = event->cookie,
				      .len = (uint32_t)size};

	if (user_copy(to, &shown, sizeof(shown)))
		return -EFAULT;
	to += sizeof(shown);
	if (user_copy(to, event->name, event->name_len))
		return -EFAULT;
	to += event->name_len;
	return user_zero(to, size - event->name_len) ? -EFAULT : 0;
}

/* Waits for an event, with the lock released meanwhile. */
static int notify_wait(struct notify *notify, const struct file *file)
	REQUIRES(notify_lock)
{
	uint32_t seen = waitq_seen(&notify->queue);
	int err;

	if (file_nonblocking(file))
		return -EAGAIN;
	unlock_write(&notify_lock);
	err = waitq_sleep(&notify->queue, seen, true);
	lock_write(&notify_lock);
	return err;
}

/* Takes the next event, if it fits: -EINVAL. Waits for it if there is none, or
 * if some have been read already stores NULL. */
static int event_next(struct notify *notify, const struct file *file,
		      size_t room, bool wait, struct event **eventp)
{
	int err = 0;

	*eventp = NULL;
	lock_write(&notify_lock);
	while (!err && wait && !notify->first)
		err = notify_wait(notify, file);
	if (!err && notify->first) {
		if (read_size(notify->first) > room)
			err = -EINVAL;
		else
			*eventp = queue_take(notify);
	}
	unlock_write(&notify_lock);
	return err;
}

/* As many events as fit whole. As on Linux, one that cannot be stored is lost,
 * and then those before it count for nothing. */
static ssize_t notify_fd_read(struct file *file, void *buf, size_t count,
			      uint64_t offset)
{
	struct notify *notify = file->object;
	struct event *event;
	size_t done = 0;
	int err;

	(void)offset;
	for (;;) {
		err = event_next(notify, file, count - done, done == 0, &event);
		if (err || !event)
			return done ? (ssize_t)done : err;
		err = event_show(event, (char *)buf + done);
		done += read_size(event);
		event_destroy(event);
		if (err)
			return err;
	}
}

static long notify_fd_ioctl(struct file *file, uint32_t request, void *arg)
{
	struct notify *notify = file->object;

	int bytes;

	if (request != FIONREAD)
		return -ENOTTY;
	lock_read(&notify_lock);
	bytes = (int)notify->bytes;
	unlock_read(&notify_lock);
	return user_copy(arg, &bytes, sizeof(bytes)) ? -EFAULT : 0;
}

static uint32_t notify_fd_poll(struct file *file, struct wait_entry *entry)
{
	struct notify *notify = file->object;
	uint32_t events;

	if (entry)
		waitq_add(&notify->queue, entry);
	lock_read(&notify_lock);
	events = notify->first ? POLLIN | POLLRDNORM : 0;
	unlock_read(&notify_lock);
	return events;
}

static void notify_fd_release(struct file *file)
{
	struct notify *notify = file->object;

	lock_write(&notify_lock);
	while (notify->watches)
		watch_destroy(notify->watches);
	while (notify->first)
		event_destroy(queue_take(notify));
	unlock_write(&notify_lock);
	pool_free(notify, sizeof(*notify));
}

static const struct file_ops notify_ops = {.name = "inotify",
					   .position = POSITION_UNUSED,
					   .flags_refused = O_DIRECT,
					   .read = notify_fd_read,
					   .ioctl = notify_fd_ioctl,
					   .poll = notify_fd_poll,
					   .release = notify_fd_release};

/* inotify_init1(2). */
long sys_inotify_init1(int flags)
{
	struct notify *notify;
	int fd;

	if (flags & ~(int)(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	notify = pool_alloc(sizeof(*notify));
	if (!notify)
		return -ENOMEM;
	fs_forget_set(process.fs, notify_forget);
	fd = open_object(&notify_ops, notify, O_RDONLY | (uint32_t)flags);
	if (fd < 0)
		pool_free(notify, sizeof(*notify));
	return fd;
}

long sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

/* A new watch, with the next number. */
static int watch_add(struct notify *notify, struct fs_node *node, uint32_t mask)
	REQUIRES(notify_lock)
{
	struct watch *watch, **link;

	if (notify->last_wd == INT32_MAX)
		return -ENOSPC;
	watch = pool_alloc(sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	if (buckets_grow()) {
		pool_free(watch, sizeof(*watch));
		return -ENOMEM;
	}
	link = bucket(node);
	*watch = (struct watch){.notify = notify,
				.node = node,
				.wd = ++notify->last_wd,
				.mask = mask & KEPT_FLAGS,
				.next = notify->watches,
				.by_node = *link};
	*link = watch;
	if (watch->next)
		watch->next->prev = watch;
	notify->watches = watch;
	table.watches++;
	fs_node_mark(node, FS_MARK_WATCHED, 0);
	notify_count(1);
	return watch->wd;
}

/* Changes the watch of node, or makes one. Returns its number; -EEXIST. */
static int watch_set(struct notify *notify, struct fs_node *node, uint32_t mask)
{
	struct watch *watch;
	int wd;

	lock_write(&notify_lock);
	watch = watch_first(node);
	while (watch && watch->notify != notify)
		watch = watch_next(watch);
	if (!watch) {
		wd = watch_add(notify, node, mask);
	} else if (mask & IN_MASK_CREATE) {
		wd = -EEXIST;
	} else {
		wd = watch->wd;
		watch->mask = (mask & IN_MASK_ADD ? watch->mask : 0) |
			      (mask & KEPT_FLAGS);
	}
	unlock_write(&notify_lock);
	return wd;
}

/* DEVIATION: inotify_add_watch(2) refuses (EOPNOTSUPP) what is below /host: what
 * the host does there is not told to the guest. */
static long watch_path(struct notify *notify, const char *path, uint32_t mask)
{
	struct fs_node *node;
	int err = path_node(AT_FDCWD, path,
			    mask & IN_DONT_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0,
			    &node);

	if (err)
		return err;
	if ((mask & IN_ONLYDIR) && !S_ISDIR(fs_node_mode(node)))
		err = -ENOTDIR;
	else if (fs_node_marks(node) & FS_MARK_FOREIGN)
		err = -EOPNOTSUPP;
	if (!err)
		err = fs_access(node, cred_now(), R_OK);
	if (!err)
		err = watch_set(notify, node, mask);
	if (err > 0 && S_ISDIR(fs_node_mode(node)))
		notify_find(node);
	node_put(node);
	return err;
}

/* The instance that file is, or NULL. */
static struct notify *notify_of(const struct file *file)
{
	return file->ops == &notify_ops ? file->object : NULL;
}

/* inotify_add_watch(2). */
long sys_inotify_add_watch(int fd, const char *path, unsigned int mask)
{
	struct file *file;
	long result = -EINVAL;

	if ((mask & ~ADD_FLAGS) || !(mask & ADD_FLAGS))
		return -EINVAL;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	if (notify_of(file) && (mask & (IN_MASK_ADD | IN_MASK_CREATE)) !=
				       (IN_MASK_ADD | IN_MASK_CREATE))
		result = watch_path(notify_of(file), path, mask);
	file_put(file);
	return result;
}

/* inotify_rm_watch(2). */
long sys_inotify_rm_watch(int fd, int wd)
{
	struct file *file = fd_get(fd);
	struct watch *watch = NULL;

	if (!file)
		return -EBADF;
	if (notify_of(file)) {
		lock_write(&notify_lock);
		watch = notify_of(file)->watches;
		while (watch && watch->wd != wd)
			watch = watch->next;
		if (watch)
			watch_end(watch);
		unlock_write(&notify_lock);
	}
	file_put(file);
	return watch ? 0 : -EINVAL;
}
