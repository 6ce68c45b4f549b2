/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several descriptors: poll(2), select(2) and their kin. Whether a
 * file is ready is what its operation `poll` says, and only that; the queue
 * which that operation enters a waiter in is woken by whoever may have changed
 * the answer, and says no more than that it is time to ask again. So a waiter
 * enters all queues first, asks, and sleeps until one was woken; epoll(7) keeps
 * its entries in the queues between calls and asks only those that were woken.
 * The console has no queue: its streams are named to the port.
 */
#include "syscalls/internal.h"
#include "abi/poll.h"
#include "abi/time.h"

#define NSEC_PER_SEC  1000000000
#define NSEC_PER_MSEC 1000000
#define NSEC_PER_USEC 1000

/* What is always reported, and what a file without `poll` is ready for. */
#define POLL_ALWAYS  (POLLERR | POLLHUP | POLLNVAL)
#define POLL_DEFAULT (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

/* One file of a set, and how its queue knows who waits. */
struct slot {
	struct wait_entry entry;
	struct poll_set *set;
	struct file *file; /* holds a reference; NULL: not waited for */
	uint32_t wanted, found;
};

/* What one call waits for: not on the stack, so that a handler of a signal that
 * leaves the call by siglongjmp leaves queues intact. */
struct poll_set {
	struct port_waker waker;
	unsigned streams; /* of the console */
	size_t len;
	struct slot slots[];
};

uint32_t file_poll(struct file *file, struct wait_entry *entry)
{
	if (!file->ops || !file->ops->poll)
		return POLL_DEFAULT;
	return file->ops->poll(file, entry);
}

/* -- Sets -------------------------------------------------------------------------- */

static size_t set_size(size_t len)
{
	return sizeof(struct poll_set) + len * sizeof(struct slot);
}

static struct poll_set *set_create(size_t len)
{
	struct poll_set *set = pool_alloc(set_size(len));

	if (set)
		set->len = len;
	return set;
}

static void set_destroy(struct poll_set *set)
{
	for (size_t i = 0; i < set->len; i++) {
		if (set->slots[i].file)
			file_put(set->slots[i].file);
	}
	pool_free(set, set_size(set->len));
}

static void slot_woken(struct wait_entry *entry, uint32_t events)
{
	struct slot *slot = (struct slot *)entry;

	if (events & slot->wanted)
		port_waker_wake(&slot->set->waker);
}

/* Enters file (takes the reference; NULL: POLLNVAL) as number i. */
static void set_enter(struct poll_set *set, size_t i, struct file *file,
		      uint32_t events)
{
	struct slot *slot = &set->slots[i];

	slot->entry.woken = slot_woken;
	slot->set = set;
	slot->file = file;
	slot->wanted = events | POLL_ALWAYS;
	slot->found = file ? 0 : POLLNVAL;
	if (file && file->ops && file->ops->streams)
		set->streams |= file->ops->streams(file);
}

/* Asks all files, and enters their queues if wait is set. Returns how many have
 * something to tell. */
static int set_ask(struct poll_set *set, bool wait)
{
	int count = 0;

	for (size_t i = 0; i < set->len; i++) {
		struct slot *slot = &set->slots[i];

		if (slot->file)
			slot->found = file_poll(slot->file,
						wait ? &slot->entry : NULL) &
				      slot->wanted;
		count += slot->found != 0;
	}
	return count;
}

/* Sleeps, in all queues, until something is ready: returns how many are; 0 at
 * the deadline, or -EINTR. */
static int set_sleep(struct poll_set *set, uint64_t deadline,
		     const uint64_t *mask)
{
	int err = port_waker_begin(&set->waker, set->streams || mask), count;

	if (err)
		return err;
	count = set_ask(set, true);
	while (!count && !err) {
		err = port_waker_wait(&set->waker, set->streams, mask,
				      deadline);
		count = set_ask(set, false);
	}
	for (size_t i = 0; i < set->len; i++)
		waitq_remove(&set->slots[i].entry);
	port_waker_end(&set->waker);
	return count ? count : err == -ETIMEDOUT ? 0 : err;
}

/* Waits until something is ready. A deadline of 0 is past; then what signals
 * are waiting still counts, if there is a mask. */
static int set_wait(struct poll_set *set, uint64_t deadline,
		    const uint64_t *mask)
{
	int count = set_ask(set, false);

	if (count || (deadline == 0 && !mask))
		return count;
	return set_sleep(set, deadline, mask);
}

int file_wait(struct file *file, uint32_t events, uint64_t deadline,
	      const uint64_t *mask)
{
	struct poll_set *set = set_create(1);
	int result;

	if (!set)
		return -ENOMEM;
	set_enter(set, 0, file, events);
	result = set_wait(set, deadline, mask);
	set->slots[0].file = NULL;
	set_destroy(set);
	return result;
}

/* -- Time ---------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

uint64_t deadline_after(uint64_t ns)
{
	uint64_t deadline;

	if (ns == 0)
		return 0;
	if (__builtin_add_overflow(now_ns(), ns, &deadline))
		return PORT_NEVER;
	return deadline;
}

uint64_t deadline_after_ms(int ms)
{
	return ms < 0 ? PORT_NEVER
		      : deadline_after((uint64_t)ms * NSEC_PER_MSEC);
}

int deadline_at(const struct timespec *timeout, uint64_t *deadline)
{
	struct timespec time;
	uint64_t ns;

	if (!timeout) {
		*deadline = PORT_NEVER;
		return 0;
	}
	if (user_copy(&time, timeout, sizeof(time)))
		return -EFAULT;
	if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if (__builtin_mul_overflow((uint64_t)time.tv_sec, NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, (uint64_t)time.tv_nsec, &ns))
		*deadline = PORT_NEVER;
	else
		*deadline = deadline_after(ns);
	return 0;
}

/* What is left until the deadline, in ns, as the caller is to be told. */
static uint64_t left_until(uint64_t deadline)
{
	uint64_t now;

	if (deadline == 0)
		return 0;
	now = now_ns();
	return deadline > now ? deadline - now : 0;
}

/* Linux's calls tell what is left, but for a time that was never to end. */
static void timeout_left(struct timespec *timeout, uint64_t deadline)
{
	struct timespec time;
	uint64_t left;

	if (!timeout || deadline == PORT_NEVER)
		return;
	left = left_until(deadline);
	time.tv_sec = (int64_t)(left / NSEC_PER_SEC);
	time.tv_nsec = (int64_t)(left % NSEC_PER_SEC);
	/* That the time cannot be changed is no error. */
	(void)user_copy(timeout, &time, sizeof(time));
}

int mask_copy(const void *mask, size_t setsize, uint64_t *signals)
{
	if (!mask)
		return 0;
	if (setsize != sizeof(*signals))
		return -EINVAL;
	return user_copy(signals, mask, sizeof(*signals)) ? -EFAULT : 0;
}

/* -- poll(2) --------------------------------------------------------------------------- */

static long poll_until(struct pollfd *fds, unsigned long nfds,
		       uint64_t deadline, const uint64_t *mask)
{
	size_t size = nfds * sizeof(*fds);
	struct poll_set *set;
	int result;

	if (nfds > fd_limit())
		return -EINVAL;
	if (user_span(fds, size, false) < size)
		return -EFAULT;
	set = set_create(nfds);
	if (!set)
		return -ENOMEM;
	for (size_t i = 0; i < nfds; i++) {
		set_enter(set, i, fds[i].fd < 0 ? NULL : fd_get(fds[i].fd),
			  fds[i].events);
		if (fds[i].fd < 0)
			set->slots[i].found = 0;
	}
	result = set_wait(set, deadline, mask);
	if (result >= 0 && user_span(fds, size, true) < size)
		result = -EFAULT;
	for (size_t i = 0; result >= 0 && i < nfds; i++)
		fds[i].revents = (uint16_t)set->slots[i].found;
	set_destroy(set);
	return result;
}

/* poll(2). */
long sys_poll(void *fds, unsigned long nfds, int timeout)
{
	return poll_until(fds, nfds, deadline_after_ms(timeout), NULL);
}

/* ppoll(2). */
long sys_ppoll(void *fds, unsigned long nfds, struct timespec *timeout,
	       const void *mask, size_t setsize)
{
	uint64_t deadline, signals = 0;
	long result = deadline_at(timeout, &deadline);

	if (!result)
		result = mask_copy(mask, setsize, &signals);
	if (result)
		return result;
	result = poll_until(fds, nfds, deadline, mask ? &signals : NULL);
	timeout_left(timeout, deadline);
	return result;
}

/* -- select(2) -------------------------------------------------------------------------- */

#define WORD_BITS 64

/* The three sets, and what each means. */
struct select_kind {
	uint32_t wanted, shown;
};
static const struct select_kind kinds[3] = {
	{POLLIN | POLLRDNORM | POLLRDBAND,
	 POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR | POLLNVAL},
	{POLLOUT | POLLWRNORM | POLLWRBAND,
	 POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR | POLLNVAL},
	{POLLPRI, POLLPRI | POLLNVAL},
};

/* What is wanted of fd: 0 if it is in none of the sets. */
static uint32_t select_wanted(uint64_t *const sets[3], int fd)
{
	uint32_t wanted = 0;

	for (int k = 0; k < 3; k++) {
		if (sets[k] &&
		    (sets[k][fd / WORD_BITS] >> (fd % WORD_BITS) & 1))
			wanted |= kinds[k].wanted;
	}
	return wanted;
}

/* Enters all that are in the sets. -EBADF. */
static int select_enter(struct poll_set *set, uint64_t *const sets[3], int nfds)
{
	for (int fd = 0; fd < nfds; fd++) {
		uint32_t wanted = select_wanted(sets, fd);
		struct file *file;

		if (!wanted)
			continue;
		file = fd_get_path(fd);
		if (!file)
			return -EBADF;
		if (file_flags(file) & O_PATH) {
			file_put(file);
			file = NULL;
		}
		set_enter(set, (size_t)fd, file, wanted);
	}
	return 0;
}

/* Shows in the sets what was found, and nothing past nfds in the last word;
 * returns how many bits that is. */
static int select_show(const struct poll_set *set, uint64_t *const sets[3],
		       int nfds)
{
	int count = 0;

	for (int k = 0; k < 3; k++) {
		if (sets[k] && nfds % WORD_BITS)
			sets[k][nfds / WORD_BITS] &=
				((uint64_t)1 << (nfds % WORD_BITS)) - 1;
	}
	for (int fd = 0; fd < nfds; fd++) {
		uint64_t bit = (uint64_t)1 << (fd % WORD_BITS);
		const struct slot *slot = &set->slots[fd];

		for (int k = 0; k < 3; k++) {
			uint64_t *word =
				sets[k] ? &sets[k][fd / WORD_BITS] : NULL;

			if (!word || !(*word & bit))
				continue;
			if (slot->found & kinds[k].shown)
				count++;
			else
				*word &= ~bit;
		}
	}
	return count;
}

/* Can one of the sets not be read, or written? */
static bool sets_bad(uint64_t *const sets[3], int nfds, bool write)
{
	size_t size =
		((size_t)nfds + WORD_BITS - 1) / WORD_BITS * sizeof(uint64_t);

	for (int k = 0; k < 3; k++) {
		if (sets[k] && user_span(sets[k], size, write) < size)
			return true;
	}
	return false;
}

static long select_until(int nfds, uint64_t *const sets[3], uint64_t deadline,
			 const uint64_t *mask)
{
	struct poll_set *set;
	int result;

	if (nfds < 0)
		return -EINVAL;
	if ((unsigned)nfds > FD_LIMIT_MAX)
		nfds = FD_LIMIT_MAX;
	if (sets_bad(sets, nfds, false))
		return -EFAULT;
	set = set_create((size_t)nfds);
	if (!set)
		return -ENOMEM;
	result = select_enter(set, sets, nfds);
	if (!result)
		result = set_wait(set, deadline, mask);
	if (result >= 0 && sets_bad(sets, nfds, true))
		result = -EFAULT;
	if (result >= 0)
		result = select_show(set, sets, nfds);
	set_destroy(set);
	return result;
}

/* The time in the form that ppoll(2) has. -EINVAL, -EFAULT. */
static int timeval_read(const struct timeval *timeout, struct timespec *time)
{
	const int64_t usec_per_sec = NSEC_PER_SEC / NSEC_PER_USEC;
	struct timeval tv;

	if (user_copy(&tv, timeout, sizeof(tv)))
		return -EFAULT;
	if (tv.tv_sec < 0 || tv.tv_usec < 0)
		return -EINVAL;
	time->tv_sec = tv.tv_sec + tv.tv_usec / usec_per_sec;
	time->tv_nsec = tv.tv_usec % usec_per_sec * NSEC_PER_USEC;
	return 0;
}

/* select(2). */
long sys_select(int nfds, void *in, void *out, void *except,
		struct timeval *timeout)
{
	uint64_t *const sets[3] = {in, out, except};
	uint64_t deadline, left;
	struct timespec time;
	struct timeval tv;
	long result = 0;

	if (timeout)
		result = timeval_read(timeout, &time);
	if (!result)
		result = deadline_at(timeout ? &time : NULL, &deadline);
	if (result)
		return result;
	result = select_until(nfds, sets, deadline, NULL);
	if (timeout && deadline != PORT_NEVER) {
		left = left_until(deadline);
		tv.tv_sec = (int64_t)(left / NSEC_PER_SEC);
		tv.tv_usec = (int64_t)(left % NSEC_PER_SEC / NSEC_PER_USEC);
		(void)user_copy(timeout, &tv, sizeof(tv));
	}
	return result;
}

/* pselect6(2): the sixth argument of Linux's call. */
struct select_mask {
	const void *mask;
	size_t setsize;
};

long sys_pselect6(int nfds, void *in, void *out, void *except,
		  struct timespec *timeout, const void *mask_arg)
{
	uint64_t *const sets[3] = {in, out, except};
	struct select_mask arg = {NULL, 0};
	uint64_t deadline, signals = 0;
	long result;

	if (mask_arg && user_copy(&arg, mask_arg, sizeof(arg)))
		return -EFAULT;
	result = deadline_at(timeout, &deadline);
	if (!result)
		result = mask_copy(arg.mask, arg.setsize, &signals);
	if (result)
		return result;
	result = select_until(nfds, sets, deadline, arg.mask ? &signals : NULL);
	timeout_left(timeout, deadline);
	return result;
}
