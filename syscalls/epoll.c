/* SPDX-License-Identifier: MIT */
/*
 * epoll(7): a set of files that stay entered in their queues between calls.
 * Being woken puts an item on the list of those that may be ready, and only
 * those are asked; one that is still ready goes back to the end of the list,
 * unless it is edge-triggered or asked for once.
 *
 * One lock serves all sets, so that a file which is closed can leave the sets
 * it is in, and sets may contain sets. Who wakes takes only the locks of
 * queues and of lists, in the order in which sets contain one another; that
 * there is no circle is seen to when an item is added.
 */
#include "syscalls/internal.h"
#include "abi/poll.h"
#include "abi/time.h"

#define NESTING_MAX 4 /* as Linux: sets above the innermost */
#define BUCKETS_MIN 16U
#define EVENTS_MAX  (INT32_MAX / (int)sizeof(struct epoll_event))
/* Bits that are no events, and those that may come with EPOLLEXCLUSIVE. */
#define FLAGS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EXCLUSIVE_OK                                                    \
	(POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | \
	 EPOLLEXCLUSIVE)

struct epoll_item {
	struct wait_entry entry; /* in the queue of file */
	struct epoll *epoll;
	/* immutable after create: */
	struct file *file; /* no reference: closing it takes the item away */
	int fd;
	/* epolls_lock protects: */
	struct epoll_item *next;      /* in the bucket */
	struct epoll_item *file_next; /* of the same file */
	uint32_t events;	      /* atomic: read by who wakes */
	uint64_t data;
	/* the set's ready_lock protects: */
	struct epoll_item *ready_next;
	bool is_ready;
};

struct epoll {
	struct waitq queue;
	/* epolls_lock protects: */
	struct file *file; /* which it is, once something was added */
	struct epoll_item **buckets;
	uint32_t buckets_len; /* a power of two */
	uint32_t items;
	unsigned streams; /* atomic: of the console, among the files */

	struct lock ready_lock;
	/* ready_lock protects: */
	struct epoll_item *ready_first, *ready_last;
	uint32_t ready;
};

static struct lock epolls_lock;

/* -- The list of what may be ready --------------------------------------------------- */

/* Puts the item at the end of the list, if it is not there. */
static void ready_add(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;

	lock_write(&epoll->ready_lock);
	if (!item->is_ready) {
		item->is_ready = true;
		item->ready_next = NULL;
		if (epoll->ready_last)
			epoll->ready_last->ready_next = item;
		else
			epoll->ready_first = item;
		epoll->ready_last = item;
		epoll->ready++;
	}
	unlock_write(&epoll->ready_lock);
}

/* How many there are. Who wakes adds under the lock before he looks for those
 * who wait; so who waits either sees his item or is seen. */
static uint32_t ready_count(struct epoll *epoll)
{
	uint32_t count;

	lock_read(&epoll->ready_lock);
	count = epoll->ready;
	unlock_read(&epoll->ready_lock);
	return count;
}

/* Takes the first one off the list; NULL if it is empty. */
static struct epoll_item *ready_take(struct epoll *epoll)
{
	struct epoll_item *item;

	lock_write(&epoll->ready_lock);
	item = epoll->ready_first;
	if (item) {
		item->is_ready = false;
		epoll->ready_first = item->ready_next;
		if (!item->ready_next)
			epoll->ready_last = NULL;
		epoll->ready--;
	}
	unlock_write(&epoll->ready_lock);
	return item;
}

/* Takes the item off the list, if it is there. */
static void ready_remove(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	struct epoll_item *previous = NULL;

	lock_write(&epoll->ready_lock);
	if (!item->is_ready)
		goto unlock;
	for (struct epoll_item *i = epoll->ready_first; i != item;
	     i = i->ready_next)
		previous = i;
	if (previous)
		previous->ready_next = item->ready_next;
	else
		epoll->ready_first = item->ready_next;
	if (epoll->ready_last == item)
		epoll->ready_last = previous;
	item->is_ready = false;
	epoll->ready--;
unlock:
	unlock_write(&epoll->ready_lock);
}

static void item_woken(struct wait_entry *entry, uint32_t events)
{
	struct epoll_item *item = (struct epoll_item *)entry;
	uint32_t wanted = __atomic_load_n(&item->events, __ATOMIC_RELAXED);

	if (!(events & wanted & ~FLAGS))
		return;
	ready_add(item);
	waitq_wake(&item->epoll->queue, POLLIN | POLLRDNORM);
}

/* -- What is ready -------------------------------------------------------------------- */

static uint32_t epoll_poll_locked(struct epoll *epoll) REQUIRES(epolls_lock);
static const struct file_ops epoll_ops;

static struct epoll *epoll_of(const struct file *file)
{
	return file->ops == &epoll_ops ? file->object : NULL;
}

/* What of the wanted events holds, entering entry in the file's queue. */
static uint32_t item_ask(struct epoll_item *item, struct wait_entry *entry)
	REQUIRES(epolls_lock)
{
	struct epoll *inner = epoll_of(item->file);
	uint32_t events;

	if (inner && entry)
		waitq_add(&inner->queue, entry);
	events = inner ? epoll_poll_locked(inner)
		       : item->file->ops->poll(item->file, entry);
	return events & item->events & ~FLAGS;
}

/* Nothing wakes the set for streams of the console: they are always asked. */
static bool is_stream(const struct epoll_item *item)
{
	const struct file_ops *ops = item->file->ops;

	return ops->streams && ops->streams(item->file);
}

/* Is anything really ready? What is not leaves the list. It calls itself for
 * sets in sets, NESTING_MAX deep. */
static uint32_t epoll_poll_locked(struct epoll *epoll)
{
	for (uint32_t n = ready_count(epoll); n > 0; n--) {
		struct epoll_item *item = ready_take(epoll);
		bool ready;

		if (!item)
			break;
		ready = item_ask(item, NULL) != 0;
		if (ready || is_stream(item))
			ready_add(item);
		if (ready)
			return POLLIN | POLLRDNORM;
	}
	return 0;
}

static uint32_t epoll_poll(struct file *file, struct wait_entry *entry)
{
	struct epoll *epoll = file->object;
	uint32_t events;

	if (entry)
		waitq_add(&epoll->queue, entry);
	lock_write(&epolls_lock);
	events = epoll_poll_locked(epoll);
	unlock_write(&epolls_lock);
	return events;
}

static unsigned epoll_streams(const struct file *file)
{
	const struct epoll *epoll = file->object;

	return __atomic_load_n(&epoll->streams, __ATOMIC_RELAXED);
}

/* Stores what is ready, up to max events; returns how many, or -EFAULT. */
static int epoll_collect(struct epoll *epoll, struct epoll_event *events,
			 int max) REQUIRES(epolls_lock)
{
	struct epoll_event event;
	int count = 0;

	for (uint32_t n = ready_count(epoll); n > 0 && count < max; n--) {
		struct epoll_item *item = ready_take(epoll);
		uint32_t found;

		if (!item)
			break;
		found = item_ask(item, NULL);
		event.events = found;
		event.data = item->data;
		if (found && user_copy(&events[count], &event, sizeof(event))) {
			ready_add(item);
			return count ? count : -EFAULT;
		}
		if (found) {
			count++;
			if (item->events & EPOLLONESHOT)
				__atomic_store_n(&item->events,
						 item->events & FLAGS,
						 __ATOMIC_RELAXED);
		}
		if (is_stream(item) || (found && !(item->events & EPOLLET)))
			ready_add(item);
	}
	return count;
}

/* -- Items ------------------------------------------------------------------------------ */

static size_t buckets_size(uint32_t len)
{
	return len * sizeof(struct epoll_item *);
}

static struct epoll_item **bucket(const struct epoll *epoll,
				  const struct file *file, int fd)
{
	uintptr_t hash = (uintptr_t)file / sizeof(*file) + (unsigned)fd;

	return &epoll->buckets[hash & (epoll->buckets_len - 1)];
}

static struct epoll_item *item_find(const struct epoll *epoll,
				    const struct file *file, int fd)
	REQUIRES(epolls_lock)
{
	struct epoll_item *item = *bucket(epoll, file, fd);

	while (item && (item->file != file || item->fd != fd))
		item = item->next;
	return item;
}

/* Twice as many buckets, if there is memory for them. */
static void buckets_grow(struct epoll *epoll) REQUIRES(epolls_lock)
{
	struct epoll_item **old = epoll->buckets, *item, *next;
	uint32_t old_len = epoll->buckets_len;
	struct epoll_item **new = pool_alloc(buckets_size(2 * old_len));

	if (!new)
		return;
	epoll->buckets = new;
	epoll->buckets_len = 2 * old_len;
	for (uint32_t i = 0; i < old_len; i++) {
		for (item = old[i]; item; item = next) {
			struct epoll_item **to =
				bucket(epoll, item->file, item->fd);

			next = item->next;
			item->next = *to;
			*to = item;
		}
	}
	pool_free(old, buckets_size(old_len));
}

static void item_destroy(struct epoll_item *item) REQUIRES(epolls_lock)
{
	struct epoll *epoll = item->epoll;
	struct epoll_item **link = bucket(epoll, item->file, item->fd);

	waitq_remove(&item->entry);
	ready_remove(item);
	while (*link != item)
		link = &(*link)->next;
	*link = item->next;
	link = &item->file->epoll_items;
	while (*link != item)
		link = &(*link)->file_next;
	*link = item->file_next;
	epoll->items--;
	pool_free(item, sizeof(*item));
}

void epoll_forget(struct file *file)
{
	lock_write(&epolls_lock);
	while (file->epoll_items)
		item_destroy(file->epoll_items);
	unlock_write(&epolls_lock);
}

static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->object;

	lock_write(&epolls_lock);
	for (uint32_t i = 0; i < epoll->buckets_len; i++) {
		while (epoll->buckets[i])
			item_destroy(epoll->buckets[i]);
	}
	unlock_write(&epolls_lock);
	pool_free(epoll->buckets, buckets_size(epoll->buckets_len));
	pool_free(epoll, sizeof(*epoll));
}

static const struct file_ops epoll_ops = {.name = "[eventpoll]",
					  .position = POSITION_UNUSED,
					  .flags_refused = O_DIRECT,
					  .poll = epoll_poll,
					  .streams = epoll_streams,
					  .release = epoll_release};

/* Asks once more, after the item is new or changed. */
static void item_check(struct epoll_item *item, struct wait_entry *entry)
	REQUIRES(epolls_lock)
{
	bool stream = is_stream(item);

	if (stream)
		__atomic_or_fetch(&item->epoll->streams,
				  item->file->ops->streams(item->file),
				  __ATOMIC_RELAXED);
	if (!item_ask(item, entry) && !stream)
		return;
	ready_add(item);
	waitq_wake(&item->epoll->queue, POLLIN | POLLRDNORM);
}

static int item_add(struct epoll *epoll, struct file *file, int fd,
		    const struct epoll_event *event) REQUIRES(epolls_lock)
{
	struct epoll_item *item = pool_alloc(sizeof(*item)), **link;

	if (!item)
		return -ENOMEM;
	if (epoll->items >= epoll->buckets_len)
		buckets_grow(epoll);
	link = bucket(epoll, file, fd);
	*item = (struct epoll_item){.entry = {.woken = item_woken},
				    .epoll = epoll,
				    .file = file,
				    .fd = fd,
				    .next = *link,
				    .file_next = file->epoll_items,
				    .events = event->events | POLLERR | POLLHUP,
				    .data = event->data};
	*link = item;
	file->epoll_items = item;
	epoll->items++;
	item_check(item, &item->entry);
	return 0;
}

static int item_change(struct epoll_item *item, const struct epoll_event *event)
	REQUIRES(epolls_lock)
{
	if (item->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->data = event->data;
	__atomic_store_n(&item->events, event->events | POLLERR | POLLHUP,
			 __ATOMIC_RELAXED);
	item_check(item, NULL);
	return 0;
}

/* -- Sets in sets ---------------------------------------------------------------------- */

/* The longest chain of sets within epoll, or more than NESTING_MAX if outer is
 * one of them. Calls itself no deeper than that. */
static int depth_below(const struct epoll *epoll, const struct epoll *outer,
		       int limit) REQUIRES(epolls_lock)
{
	int deepest = 0;

	if (epoll == outer || limit < 0)
		return NESTING_MAX + 1;
	for (uint32_t i = 0; i < epoll->buckets_len; i++) {
		for (const struct epoll_item *item = epoll->buckets[i]; item;
		     item = item->next) {
			const struct epoll *inner = epoll_of(item->file);
			int depth =
				inner ? 1 + depth_below(inner, outer, limit - 1)
				      : 0;

			if (depth > deepest)
				deepest = depth;
		}
	}
	return deepest;
}

/* The longest chain of sets that contain the one which file is. */
static int depth_above(const struct file *file, int limit) REQUIRES(epolls_lock)
{
	int deepest = 0;

	if (limit < 0)
		return NESTING_MAX + 1;
	for (const struct epoll_item *item = file->epoll_items; item;
	     item = item->file_next) {
		int depth = 1 + depth_above(item->epoll->file, limit - 1);

		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

/* May file, if it is a set, become a part of the set outer is? -ELOOP. */
static int nesting_check(const struct file *outer, const struct file *file)
	REQUIRES(epolls_lock)
{
	const struct epoll *inner = epoll_of(file);

	if (!inner)
		return 0;
	if (depth_below(inner, outer->object, NESTING_MAX) +
		    depth_above(outer, NESTING_MAX) >=
	    NESTING_MAX)
		return -ELOOP;
	return 0;
}

/* -- The calls ---------------------------------------------------------------------------- */

/* epoll_create1(2). */
long sys_epoll_create1(int flags)
{
	struct epoll *epoll;
	int fd;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	epoll = pool_alloc(sizeof(*epoll));
	if (!epoll)
		return -ENOMEM;
	epoll->buckets_len = BUCKETS_MIN;
	epoll->buckets = pool_alloc(buckets_size(BUCKETS_MIN));
	if (!epoll->buckets) {
		fd = -ENOMEM;
		goto free_epoll;
	}
	fd = open_object(&epoll_ops, epoll, O_RDWR | (uint32_t)flags);
	if (fd >= 0)
		return fd;
	pool_free(epoll->buckets, buckets_size(BUCKETS_MIN));
free_epoll:
	pool_free(epoll, sizeof(*epoll));
	return fd;
}

long sys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

/* What an item may be: epoll_ctl(2), ERRORS. */
static int ctl_check(const struct file *set, int op, const struct file *file,
		     const struct epoll_event *event)
{
	if (!file->ops || !file->ops->poll)
		return -EPERM;
	if (file == set || !epoll_of(set))
		return -EINVAL;
	if (op == EPOLL_CTL_DEL || !(event->events & EPOLLEXCLUSIVE))
		return 0;
	if (op == EPOLL_CTL_MOD || epoll_of(file) ||
	    (event->events & ~EXCLUSIVE_OK))
		return -EINVAL;
	return 0;
}

static int ctl_locked(struct file *set, int op, struct file *file, int fd,
		      const struct epoll_event *event) REQUIRES(epolls_lock)
{
	struct epoll *epoll = set->object;
	struct epoll_item *item = item_find(epoll, file, fd);
	int err;

	epoll->file = set;
	switch (op) {
	case EPOLL_CTL_ADD:
		err = nesting_check(set, file);
		if (!err && item)
			err = -EEXIST;
		return err ? err : item_add(epoll, file, fd, event);
	case EPOLL_CTL_DEL:
		if (item)
			item_destroy(item);
		return item ? 0 : -ENOENT;
	case EPOLL_CTL_MOD:
		return item ? item_change(item, event) : -ENOENT;
	default:
		return -EINVAL;
	}
}

/* epoll_ctl(2). */
long sys_epoll_ctl(int epfd, int op, int fd, void *event)
{
	struct epoll_event copy = {0, 0};
	struct file *set, *file;
	int err = -EBADF;

	if (op != EPOLL_CTL_DEL && user_copy(&copy, event, sizeof(copy)))
		return -EFAULT;
	set = fd_get(epfd);
	if (!set)
		return -EBADF;
	file = fd_get(fd);
	if (!file)
		goto put_set;
	err = ctl_check(set, op, file, &copy);
	if (!err) {
		lock_write(&epolls_lock);
		err = ctl_locked(set, op, file, fd, &copy);
		unlock_write(&epolls_lock);
	}
	file_put(file);
put_set:
	file_put(set);
	return err;
}

static long epoll_wait_until(struct file *set, struct epoll_event *events,
			     int max, uint64_t deadline, const uint64_t *mask)
{
	int count, ready;

	for (;;) {
		lock_write(&epolls_lock);
		count = epoll_collect(set->object, events, max);
		unlock_write(&epolls_lock);
		if (count == -EFAULT && port_user_fault_in(events, 1, true))
			continue;
		if (count || (deadline == 0 && !mask))
			return count;
		ready = file_wait(set, POLLIN, deadline, mask);
		if (ready <= 0)
			return ready;
	}
}

static long epoll_wait_fd(int epfd, void *events, int max, uint64_t deadline,
			  const void *mask, size_t setsize)
{
	uint64_t signals = 0;
	struct file *set;
	long result;

	result = mask_copy(mask, setsize, &signals);
	if (result)
		return result;
	result = -EINVAL;
	if (max <= 0 || max > EVENTS_MAX)
		return -EINVAL;
	if (user_range_bad(events, (size_t)max * sizeof(struct epoll_event)))
		return -EFAULT;
	set = fd_get(epfd);
	if (!set)
		return -EBADF;
	if (epoll_of(set))
		result = epoll_wait_until(set, events, max, deadline,
					  mask ? &signals : NULL);
	file_put(set);
	return result;
}

/* epoll_wait(2), epoll_pwait(2), epoll_pwait2(2). */
long sys_epoll_wait(int epfd, void *events, int max, int timeout)
{
	return epoll_wait_fd(epfd, events, max, deadline_after_ms(timeout),
			     NULL, 0);
}

long sys_epoll_pwait(int epfd, void *events, int max, int timeout,
		     const void *mask, size_t setsize)
{
	return epoll_wait_fd(epfd, events, max, deadline_after_ms(timeout),
			     mask, setsize);
}

long sys_epoll_pwait2(int epfd, void *events, int max,
		      const struct timespec *timeout, const void *mask,
		      size_t setsize)
{
	uint64_t deadline;
	int err = deadline_at(timeout, &deadline);

	return err ? err
		   : epoll_wait_fd(epfd, events, max, deadline, mask, setsize);
}
