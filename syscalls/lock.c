/* SPDX-License-Identifier: MIT */
/*
 * Locks on files: flock(2), and the record locks of fcntl(2), of the process
 * (POSIX) and of open file descriptions (OFD). What is locked of a node is in a
 * side table that FS_MARK_LOCKED leads to: one list for flock, one for records,
 * the latter by owner and then by position, where locks of one owner never
 * overlap. Who must wait sleeps until some lock goes away and tries again.
 *
 * The locks of the process have one owner, as there is one process: between its
 * threads they never conflict. So EDEADLK does not arise; Linux looks for it
 * among processes only.
 *
 * DEVIATION: fcntl(2) has no leases, directory notification or signals for
 * input (F_SETLEASE, F_NOTIFY, F_SETOWN, F_SETSIG): -EINVAL.
 */
#include "syscalls/internal.h"

#include "abi/flock.h"

#define OFFSET_MAX INT64_MAX
#define BUCKETS	   64

enum owner_kind {
	OWNER_PROCESS, /* all that the process locks by F_SETLK */
	OWNER_FILE,    /* an open file description */
};

/* A lock on the bytes from start to end, both included; flock has one on all of
 * them. */
struct held {
	struct held *next;
	const struct file *owner; /* NULL: the process */
	int64_t start, end;
	bool exclusive;
};

/* What is locked of a node. */
struct node_locks {
	struct node_locks *next; /* of the bucket */
	struct fs_node *node;	 /* borrows: who holds a lock has it open */
	struct held *flocks, *records;
};

static struct {
	struct lock lock;
	/* lock protects: */
	struct node_locks *buckets[BUCKETS];

	struct waitq released;
} locks;

uint32_t locks_held;

/* -- The table ------------------------------------------------------------------ */

static struct node_locks **bucket_of(const struct fs_node *node)
	REQUIRES(locks.lock)
{
	return &locks.buckets[((uintptr_t)node >> 6) % BUCKETS];
}

static struct node_locks *locks_find(const struct fs_node *node)
	REQUIRES(locks.lock)
{
	struct node_locks *found = *bucket_of(node);

	while (found && found->node != node)
		found = found->next;
	return found;
}

/* The same, made if it is not there; NULL without memory. */
static struct node_locks *locks_make(struct fs_node *node) REQUIRES(locks.lock)
{
	struct node_locks *found = locks_find(node);
	struct node_locks **bucket = bucket_of(node);

	if (found)
		return found;
	found = pool_alloc(sizeof(*found));
	if (!found)
		return NULL;
	found->node = node;
	found->next = *bucket;
	*bucket = found;
	fs_node_mark(node, FS_MARK_LOCKED, 0);
	return found;
}

/* Forgets what is locked of a node if that is nothing. */
static void locks_tidy(struct node_locks *of) REQUIRES(locks.lock)
{
	struct node_locks **link = bucket_of(of->node);

	if (of->flocks || of->records)
		return;
	while (*link != of)
		link = &(*link)->next;
	*link = of->next;
	fs_node_mark(of->node, 0, FS_MARK_LOCKED);
	pool_free(of, sizeof(*of));
}

static struct held *held_create(void)
{
	struct held *held = pool_alloc(sizeof(*held));

	if (held)
		__atomic_fetch_add(&locks_held, 1, __ATOMIC_RELAXED);
	return held;
}

static void held_destroy(struct held *held)
{
	if (!held)
		return;
	__atomic_fetch_sub(&locks_held, 1, __ATOMIC_RELAXED);
	pool_free(held, sizeof(*held));
}

/* Takes the lock at *link out of its list. */
static void held_remove(struct held **link) REQUIRES(locks.lock)
{
	struct held *held = *link;

	*link = held->next;
	held_destroy(held);
}

/* Removes all locks of an owner from a list; returns whether there were any. */
static bool owner_remove(struct held **link, const struct file *owner)
	REQUIRES(locks.lock)
{
	bool any = false;

	while (*link) {
		if ((*link)->owner == owner) {
			held_remove(link);
			any = true;
		} else {
			link = &(*link)->next;
		}
	}
	return any;
}

/* -- Closing --------------------------------------------------------------------- */

/* Removes the locks of an owner on a node: records, and flocks too if all. */
static void locks_drop(struct fs_node *node, const struct file *owner, bool all)
{
	struct node_locks *of;
	bool any = false;

	if (!(fs_node_marks(node) & FS_MARK_LOCKED))
		return;
	lock_write(&locks.lock);
	of = locks_find(node);
	if (of) {
		any = owner_remove(&of->records, owner);
		if (all)
			any |= owner_remove(&of->flocks, owner);
		locks_tidy(of);
	}
	unlock_write(&locks.lock);
	if (any)
		waitq_wake(&locks.released, 0);
}

void lock_close(struct file *file)
{
	if (!(file_flags(file) & O_PATH))
		locks_drop(file->node, NULL, false);
}

void lock_release(struct file *file)
{
	locks_drop(file->node, file, true);
}

/* -- flock ------------------------------------------------------------------------ */

/* The owner's lock in a list, or where it ends. */
static struct held **flock_of(struct held **link, const struct file *owner)
	REQUIRES(locks.lock)
{
	while (*link && (*link)->owner != owner)
		link = &(*link)->next;
	return link;
}

/* Takes new (becomes NULL) for file; -EAGAIN if another stands in its way. A
 * lock of the other kind that file has goes away first: flock(2). */
static int flock_try(struct file *file, struct held **new, bool *dropped)
	REQUIRES(locks.lock)
{
	struct node_locks *of = locks_make(file->node);
	struct held **own;
	int err = 0;

	if (!of)
		return -ENOLCK;
	own = flock_of(&of->flocks, file);
	if (*own && (*own)->exclusive == (*new)->exclusive)
		return 0;
	if (*own) {
		held_remove(own);
		*dropped = true;
	}
	for (struct held *other = of->flocks; other; other = other->next) {
		if (other->exclusive || (*new)->exclusive)
			err = -EAGAIN;
	}
	if (!err) {
		(*new)->next = of->flocks;
		of->flocks = *new;
		*new = NULL;
	}
	locks_tidy(of);
	return err;
}

static int flock_set(struct file *file, bool exclusive, bool wait)
{
	struct held *new = held_create();
	int err;

	if (!new)
		return -ENOLCK;
	new->owner = file;
	new->exclusive = exclusive;
	for (;;) {
		uint32_t seen = waitq_seen(&locks.released);
		bool dropped = false;

		lock_write(&locks.lock);
		err = flock_try(file, &new, &dropped);
		unlock_write(&locks.lock);
		if (dropped)
			waitq_wake(&locks.released, 0);
		if (err != -EAGAIN || !wait)
			break;
		err = waitq_sleep(&locks.released, seen, true);
		if (err)
			break;
	}
	held_destroy(new);
	return err;
}

static void flock_drop(struct file *file)
{
	struct node_locks *of;
	bool any = false;

	lock_write(&locks.lock);
	of = locks_find(file->node);
	if (of) {
		any = owner_remove(&of->flocks, file);
		locks_tidy(of);
	}
	unlock_write(&locks.lock);
	if (any)
		waitq_wake(&locks.released, 0);
}

/* flock(2). */
long sys_flock(int fd, int op)
{
	int kind = op & ~LOCK_NB;
	struct file *file;
	long result = 0;

	if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
		return -EINVAL;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	if (kind == LOCK_UN)
		flock_drop(file);
	else if (!file_readable(file) && !file_writable(file))
		result = -EBADF;
	else
		result = flock_set(file, kind == LOCK_EX, !(op & LOCK_NB));
	file_put(file);
	return result;
}

/* -- Records ------------------------------------------------------------------------ */

/* What a struct flock says: F_UNLCK is type, else held has it all. */
struct request {
	short type;
	struct held range;
};

/* Where positions of a struct flock are counted from. */
static int origin_get(struct file *file, short whence, int64_t *origin)
{
	struct fs_attr attr;
	int err;

	switch (whence) {
	case SEEK_SET:
		*origin = 0;
		return 0;
	case SEEK_CUR:
		lock_read(&file->lock);
		*origin = (int64_t)file->offset;
		unlock_read(&file->lock);
		return 0;
	case SEEK_END:
		err = fs_getattr(file->node, &attr);
		if (err < 0)
			return err;
		*origin = (int64_t)attr.size;
		return 0;
	default:
		return -EINVAL;
	}
}

/* The bytes that a struct flock means: fcntl(2), Advisory record locking. */
static int range_get(struct file *file, const struct flock *flock,
		     struct held *range)
{
	int64_t start, len = flock->l_len;
	int err = origin_get(file, flock->l_whence, &start);

	if (err)
		return err;
	if (flock->l_start > OFFSET_MAX - start)
		return -EOVERFLOW;
	start += flock->l_start;
	if (start < 0)
		return -EINVAL;
	if (len > 0 && len - 1 > OFFSET_MAX - start)
		return -EOVERFLOW;
	if (len < 0 && start + len < 0)
		return -EINVAL;
	range->start = len < 0 ? start + len : start;
	range->end = len < 0 ? start - 1 : len ? start + (len - 1) : OFFSET_MAX;
	return 0;
}

static int request_get(struct file *file, const struct flock *flock,
		       enum owner_kind kind, struct request *request)
{
	int err = range_get(file, flock, &request->range);

	if (err)
		return err;
	if (flock->l_type != F_RDLCK && flock->l_type != F_WRLCK &&
	    flock->l_type != F_UNLCK)
		return -EINVAL;
	if (kind == OWNER_FILE && flock->l_pid != 0)
		return -EINVAL;
	request->type = flock->l_type;
	request->range.exclusive = flock->l_type == F_WRLCK;
	request->range.owner = kind == OWNER_FILE ? file : NULL;
	return 0;
}

static bool overlap(const struct held *a, const struct held *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* The first lock of another owner that stands in the way of range, or NULL. */
static struct held *record_conflict(struct node_locks *of,
				    const struct held *range)
	REQUIRES(locks.lock)
{
	for (struct held *held = of ? of->records : NULL; held;
	     held = held->next) {
		if (held->owner != range->owner && overlap(held, range) &&
		    (held->exclusive || range->exclusive))
			return held;
	}
	return NULL;
}

/* Where the locks of range's owner begin that touch it or come after it. Locks
 * of one kind touch if they are neighbours. */
static struct held **record_find(struct held **link, const struct held *range)
	REQUIRES(locks.lock)
{
	while (*link && (*link)->owner != range->owner)
		link = &(*link)->next;
	while (*link && (*link)->owner == range->owner &&
	       (*link)->end < range->start - 1)
		link = &(*link)->next;
	return link;
}

/*
 * Commits: range's owner has no lock any more within it. What is left of a lock
 * that reaches over both ends needs one lock more: *spare, which becomes NULL.
 * Returns where a lock of range belongs.
 */
static struct held **record_clear(struct held **link, const struct held *range,
				  struct held **spare) REQUIRES(locks.lock)
{
	struct held **place;

	link = record_find(link, range);
	if (*link && (*link)->owner == range->owner &&
	    (*link)->end < range->start)
		link = &(*link)->next;
	place = link;
	while (*link && (*link)->owner == range->owner &&
	       (*link)->start <= range->end) {
		struct held *held = *link, *rest = *spare;

		if (held->start < range->start && held->end > range->end) {
			struct held *next = held->next;

			*rest = *held;
			rest->next = next;
			rest->start = range->end + 1;
			held->next = rest;
			held->end = range->start - 1;
			*spare = NULL;
			return &held->next;
		}
		if (held->start < range->start) {
			held->end = range->start - 1;
			link = place = &held->next;
		} else if (held->end > range->end) {
			held->start = range->end + 1;
			break;
		} else {
			held_remove(link);
		}
	}
	return place;
}

/* Makes one lock of two neighbours of the same owner and kind. */
static void record_merge(struct held *held) REQUIRES(locks.lock)
{
	struct held *next = held->next;

	if (!next || next->owner != held->owner ||
	    next->exclusive != held->exclusive || held->end == OFFSET_MAX ||
	    next->start != held->end + 1)
		return;
	held->end = next->end;
	held_remove(&held->next);
}

/* Commits: locks range, for which *new is used (becomes NULL). */
static void record_set(struct node_locks *of, const struct held *range,
		       struct held **new, struct held **spare)
	REQUIRES(locks.lock)
{
	struct held **place = record_clear(&of->records, range, spare);
	struct held *held = *new, *previous = NULL;

	*held = *range;
	held->next = *place;
	*place = held;
	*new = NULL;
	record_merge(held);
	for (struct held *other = of->records; other != held;
	     other = other->next)
		previous = other;
	if (previous)
		record_merge(previous);
}

/* One try: -EAGAIN if there is a conflict. */
static int record_try(struct fs_node *node, const struct request *request,
		      struct held **new, struct held **spare)
	REQUIRES(locks.lock)
{
	struct node_locks *of;

	if (request->type == F_UNLCK) {
		of = locks_find(node);
		if (!of)
			return 0;
		record_clear(&of->records, &request->range, spare);
		locks_tidy(of);
		return 0;
	}
	of = locks_find(node);
	if (record_conflict(of, &request->range))
		return -EAGAIN;
	of = locks_make(node);
	if (!of)
		return -ENOLCK;
	record_set(of, &request->range, new, spare);
	return 0;
}

static int record_apply(struct file *file, const struct request *request,
			bool wait)
{
	struct held *new = held_create(), *spare = held_create();
	int err = new &&spare ? 0 : -ENOLCK;

	while (!err) {
		uint32_t seen = waitq_seen(&locks.released);

		lock_write(&locks.lock);
		err = record_try(file->node, request, &new, &spare);
		unlock_write(&locks.lock);
		if (err != -EAGAIN || !wait)
			break;
		err = waitq_sleep(&locks.released, seen, true);
	}
	held_destroy(new);
	held_destroy(spare);
	if (!err)
		waitq_wake(&locks.released, 0); /* it may be less than before */
	return err;
}

/* Does fd still mean file? If not, what it locked meanwhile for the process
 * nobody would unlock. */
static void closed_check(int fd, struct file *file)
{
	struct file *now = fd_get_path(fd);

	if (now != file)
		lock_close(file);
	if (now)
		file_put(now);
}

static long record_lock(int fd, struct file *file, const struct flock *flock,
			enum owner_kind kind, bool wait)
{
	struct request request;
	int err = request_get(file, flock, kind, &request);

	if (err)
		return err;
	if ((request.type == F_RDLCK && !file_readable(file)) ||
	    (request.type == F_WRLCK && !file_writable(file)))
		return -EBADF;
	err = record_apply(file, &request, wait);
	if (!err && kind == OWNER_PROCESS && request.type != F_UNLCK)
		closed_check(fd, file);
	return err;
}

/* The first lock of range's own owner in it, or NULL. */
static struct held *record_own(struct node_locks *of, const struct held *range)
	REQUIRES(locks.lock)
{
	for (struct held *held = of ? of->records : NULL; held;
	     held = held->next) {
		if (held->owner == range->owner && overlap(held, range))
			return held;
	}
	return NULL;
}

/* F_GETLK: stores the first lock in the way, or that there is none; of F_UNLCK,
 * which only F_OFD_GETLK has, the first lock of its own. */
static long record_query(struct file *file, struct flock *flock,
			 enum owner_kind kind)
{
	struct node_locks *of;
	struct request request;
	struct held *held;
	int err;

	if (kind == OWNER_PROCESS && flock->l_type != F_RDLCK &&
	    flock->l_type != F_WRLCK)
		return -EINVAL;
	err = request_get(file, flock, kind, &request);
	if (err)
		return err;
	if (!user_writable(flock, sizeof(*flock)))
		return -EFAULT;
	lock_write(&locks.lock);
	of = locks_find(file->node);
	held = request.type == F_UNLCK ? record_own(of, &request.range)
				       : record_conflict(of, &request.range);
	flock->l_type = F_UNLCK;
	if (held) {
		flock->l_type = held->exclusive ? F_WRLCK : F_RDLCK;
		flock->l_whence = SEEK_SET;
		flock->l_start = held->start;
		flock->l_len = held->end == OFFSET_MAX
				       ? 0
				       : held->end - held->start + 1;
		flock->l_pid = held->owner ? -1 : (pid_t)sys_getpid();
	}
	unlock_write(&locks.lock);
	return 0;
}

long lock_fcntl(int fd, struct file *file, int cmd, struct flock *flock)
{
	if (!user_readable(flock, sizeof(*flock)))
		return -EFAULT;
	switch (cmd) {
	case F_GETLK:
	case F_OFD_GETLK:
		return record_query(file, flock,
				    cmd == F_GETLK ? OWNER_PROCESS
						   : OWNER_FILE);
	case F_SETLK:
	case F_SETLKW:
		return record_lock(fd, file, flock, OWNER_PROCESS,
				   cmd == F_SETLKW);
	default:
		return record_lock(fd, file, flock, OWNER_FILE,
				   cmd == F_OFD_SETLKW);
	}
}
