/* SPDX-License-Identifier: MIT */
/*
 * Nodes: how they come and go, and their attributes. A node lives while it has
 * references; all its links together count as one of them, so an unlinked file
 * lives on while it is open. A directory holds a reference to its parent, which
 * therefore outlives it.
 */
#include "fs/content.h"

#define DAY_SECONDS  86400
#define DIRENT_BYTES 20	 /* what tmpfs counts as size for each entry */
#define LINK_SHORT   127 /* longer targets take a page on tmpfs */

struct node_time node_now(void)
{
	struct node_time now;
	int64_t sec;

	port_clock_coarse(&sec, &now.nsec);
	now.sec_low = (uint32_t)sec;
	now.sec_high = (int32_t)(sec >> 32);
	return now;
}

static int64_t time_sec(const struct node_time *time)
{
	return (int64_t)(((uint64_t)(uint32_t)time->sec_high << 32) |
			 time->sec_low);
}

static struct fs_time time_out(const struct node_time *time)
{
	return (struct fs_time){.sec = time_sec(time), .nsec = time->nsec};
}

struct node_time time_in(const struct fs_time *time)
{
	return (struct node_time){.sec_low = (uint32_t)time->sec,
				  .sec_high = (int32_t)(time->sec >> 32),
				  .nsec = time->nsec};
}

static bool time_after(const struct node_time *a, const struct node_time *b)
{
	if (a->sec_high != b->sec_high)
		return a->sec_high > b->sec_high;
	if (a->sec_low != b->sec_low)
		return a->sec_low > b->sec_low;
	return a->nsec > b->nsec;
}

/* -- Counting ------------------------------------------------------------- */

/*
 * Threads take nodes and inode numbers from the file system by the batch, into
 * their shard, so that they do not all write to the same words. The limit stays
 * exact: before a node is refused the shards give back what they have.
 */
#define NODES_BATCH 16
#define INOS_SHIFT  6 /* of the number, in struct shard; below: how many */
#define INOS_BATCH  ((uint64_t)1 << INOS_SHIFT)

static struct shard *shard_of(struct fs *fs)
{
	return &fs->shards[thread_hash(SHARD_BITS)];
}

/* Adds n unless that is more than max. Never too much even for a moment, for
 * which another thread might be refused. */
static bool count_within(uint64_t *counter, uint64_t n, uint64_t max)
{
	uint64_t now = __atomic_load_n(counter, __ATOMIC_RELAXED);

	while (now <= max && n <= max - now) {
		if (__atomic_compare_exchange_n(counter, &now, now + n, true,
						__ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* Takes away one if there is one. */
static bool count_take(uint64_t *counter)
{
	uint64_t now = __atomic_load_n(counter, __ATOMIC_RELAXED);

	while (now) {
		if (__atomic_compare_exchange_n(counter, &now, now - 1, true,
						__ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

int nodes_take_threaded(struct fs *fs)
{
	struct shard *shard = shard_of(fs);

	if (LIKELY(count_take(&shard->nodes)))
		return 0;
	if (count_within(&fs->nodes, NODES_BATCH, fs->limits.nodes_max)) {
		count_add(&shard->nodes, NODES_BATCH - 1);
		return 0;
	}
	for (unsigned i = 0; i < SHARDS; i++)
		count_sub(&fs->nodes, __atomic_exchange_n(&fs->shards[i].nodes,
							  0, __ATOMIC_RELAXED));
	return count_within(&fs->nodes, 1, fs->limits.nodes_max) ? 0 : -ENOSPC;
}

void nodes_give_threaded(struct fs *fs)
{
	struct shard *shard = shard_of(fs);
	uint64_t now = count_add(&shard->nodes, 1);

	if (LIKELY(now < (uint64_t)2 * NODES_BATCH))
		return;
	if (__atomic_compare_exchange_n(&shard->nodes, &now, NODES_BATCH, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		count_sub(&fs->nodes, now - NODES_BATCH);
}

uint64_t nodes_used(const struct fs *fs)
{
	uint64_t shards = 0, all;

	for (unsigned i = 0; i < SHARDS; i++)
		shards +=
			__atomic_load_n(&fs->shards[i].nodes, __ATOMIC_RELAXED);
	all = __atomic_load_n(&fs->nodes, __ATOMIC_RELAXED);
	return all > shards ? all - shards : 0;
}

/* Numbers of a batch may be lost to another thread of the shard. */
static uint64_t ino_take_threaded(struct fs *fs)
{
	uint64_t *inos = &shard_of(fs)->inos;
	uint64_t now = __atomic_load_n(inos, __ATOMIC_RELAXED), first;

	while (now % INOS_BATCH) {
		if (__atomic_compare_exchange_n(
			    inos, &now, now + INOS_BATCH - 1, true,
			    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return now >> INOS_SHIFT;
	}
	first = __atomic_fetch_add(&fs->next_ino, INOS_BATCH, __ATOMIC_RELAXED);
	__atomic_store_n(inos, (first + 1) << INOS_SHIFT | (INOS_BATCH - 1),
			 __ATOMIC_RELAXED);
	return first;
}

static inline uint64_t ino_take(struct fs *fs)
{
	return UNLIKELY(port_threaded) ? ino_take_threaded(fs) : fs->next_ino++;
}

/* Field by field: to clear it all first takes 8 ns. */
static inline void node_init(struct fs_node *node, uint32_t mode, uint32_t uid,
			     uint32_t gid, struct dir *dir)
{
	node->size = 0;
	memset(node->data, 0, DATA_INLINE);
	node->dir = dir;
	node->mode = (uint16_t)mode;
	node->form = CONTENT_HOLE;
	node->marks = 0;
	node->nlink = 0;
	node->refs = 1;
	node->lock = (struct lock){0};
	node->uid = uid;
	node->gid = gid;
	node->atime = node->mtime = node->ctime = node->btime = node_now();
	node->ino = 0;
}

static struct dir_node *dir_new(struct fs *fs)
{
	struct dir_node *dir = mem_alloc(fs, sizeof(*dir));

	if (dir)
		dir_init(&dir->dir);
	return dir;
}

/* NULL if there is no memory. */
static inline struct fs_node *node_new(struct fs *fs, uint32_t mode,
				       uint32_t uid, uint32_t gid)
{
	struct dir_node *dir = NULL;
	struct fs_node *node;

	if (UNLIKELY(S_ISDIR(mode))) {
		dir = dir_new(fs);
		node = dir ? &dir->node : NULL;
	} else {
		node = mem_alloc(fs, sizeof(*node));
	}
	if (UNLIKELY(!node))
		return NULL;
	node_init(node, mode, uid, gid, dir ? &dir->dir : NULL);
	return node;
}

int node_create(struct fs *fs, uint32_t mode, uint32_t uid, uint32_t gid,
		struct fs_node **nodep)
{
	struct fs_node *node;
	int err = nodes_take(fs);

	if (err)
		return err;
	node = node_new(fs, mode, uid, gid);
	if (!node) {
		nodes_give(fs);
		return -ENOMEM;
	}
	node->ino = ino_take(fs);
	*nodep = node;
	return 0;
}

void fs_forget_set(struct fs *fs, void (*forget)(struct fs_node *node))
{
	__atomic_store_n(&fs->forget, forget, __ATOMIC_RELAXED);
}

void fs_live_set(struct fs *fs, const struct fs_live *live)
{
	fs->live = live;
}

int node_alloc(struct fs *fs, uint32_t mode, uint32_t uid, uint32_t gid,
	       struct fs_node **nodep)
{
	struct fs_node *node = node_new(fs, mode, uid, gid);

	if (!node)
		return -ENOMEM;
	count_add(&fs->nodes, 1);
	*nodep = node;
	return 0;
}

RARE int fs_make_live(struct fs *fs, uint32_t mode, uint64_t number,
		      uint64_t ino, const struct fs_cred *cred,
		      struct fs_node **nodep)
{
	const uint64_t size = 64; /* as Linux says of such links */
	struct fs_node *node;
	int err = node_alloc(fs, mode, cred->uid, cred->gid, &node);

	if (err)
		return err;
	node->ino = ino;
	node->marks = FS_MARK_LIVE;
	node->nlink = 1;
	node->size = size;
	node->rdev = number;
	*nodep = node;
	return 0;
}

/* Tells who has to know of a node that is being freed. */
static __attribute__((noinline)) void node_free_tell(struct fs *fs,
						     struct fs_node *node)
{
	uint32_t marks = fs_node_marks(node);

	if (marks & FS_MARK_WATCHED)
		__atomic_load_n(&fs->forget, __ATOMIC_RELAXED)(node);
	if (marks & FS_MARK_FOREIGN)
		node->foreign.server->release(node, node->foreign.object);
}

/* A directory's parent may die with it, and so on: a loop, since trees can be
 * deep. */
void node_free(struct fs *fs, struct fs_node *node)
{
	for (;;) {
		struct fs_node *parent = NULL;

		if (UNLIKELY(fs_node_marks(node) &
			     (FS_MARK_WATCHED | FS_MARK_FOREIGN)))
			node_free_tell(fs, node);
		if (UNLIKELY(node->marks & FS_MARK_XATTRS))
			xattr_destroy(fs, node);
		if (is_dir(node)) {
			parent = node->dir->parent;
			dir_fini(fs, node->dir);
			dir_retire(fs, node);
		} else {
			content_destroy(fs, node);
			mem_free(fs, node, sizeof(*node));
		}
		nodes_give(fs);
		if (!parent || parent == node)
			return;
		if (!ref_drop(&parent->refs))
			return;
		node = parent;
	}
}

/* Is atime older than mtime or ctime, or a day old? mount(8), relatime. */
static inline bool atime_is_stale(const struct fs_node *node,
				  struct node_time now)
{
	return !time_after(&node->atime, &node->mtime) ||
	       !time_after(&node->atime, &node->ctime) ||
	       time_sec(&now) - time_sec(&node->atime) >= DAY_SECONDS;
}

/* The lock is held shared here, and taken anew for writing in the rare case
 * that the time has to change. */
void node_accessed(struct fs_node *node, bool noatime)
{
	struct node_time now;

	if (noatime)
		return;
	now = node_now();
	if (atime_is_stale(node, now))
		node->atime = now;
}

void node_read_end(struct fs_node *node, bool noatime)
{
	struct node_time now;
	bool stale = false;

	if (!noatime) {
		now = node_now();
		stale = atime_is_stale(node, now);
	}
	unlock_read(&node->lock);
	if (LIKELY(!stale))
		return;
	lock_write(&node->lock);
	node->atime = now;
	unlock_write(&node->lock);
}

void fs_node_ref(struct fs_node *node)
{
	node_ref(node);
}

void fs_node_unref(struct fs *fs, struct fs_node *node)
{
	node_unref(fs, node);
}

uint32_t fs_node_mode(const struct fs_node *node)
{
	return node_mode(node);
}

uint64_t fs_node_rdev(const struct fs_node *node)
{
	if (is_device(node) || is_text(node))
		return node->rdev;
	return is_live(node) && is_link(node) ? node->rdev : 0;
}

uint32_t fs_node_marks(const struct fs_node *node)
{
	return __atomic_load_n(&node->marks, __ATOMIC_RELAXED);
}

void fs_node_mark(struct fs_node *node, uint32_t set, uint32_t clear)
{
	__atomic_fetch_and(&node->marks, (uint8_t)~clear, __ATOMIC_RELAXED);
	__atomic_fetch_or(&node->marks, (uint8_t)set, __ATOMIC_RELAXED);
}

void *fs_node_object(const struct fs_node *node)
{
	return node->object;
}

void fs_node_object_set(struct fs_node *node, void *object)
{
	port_assert(S_ISFIFO(node_mode(node)));
	node->object = object;
}

void fs_node_was_read(struct fs_node *node, bool noatime)
{
	lock_read(&node->lock);
	node_read_end(node, noatime);
}

void fs_node_was_written(struct fs_node *node)
{
	lock_write(&node->lock);
	node_changed(node, node_now());
	unlock_write(&node->lock);
}

/* What differs where it is no regular file. */
static void getattr_other(const struct fs_node *node, struct fs_attr *attr)
	REQUIRES_READ(node->lock)
{
	attr->blocks = 0;
	if (is_dir(node))
		attr->size = DIRENT_BYTES * (node->dir->live + 2);
	else if (is_link(node) && node->size > LINK_SHORT)
		attr->blocks = PAGE_SIZE >> 9;
	else if (is_device(node))
		attr->rdev = node->rdev;
	else if (is_text(node))
		attr->mode = S_IFREG | node_perm(node);
}

int fs_getattr(struct fs_node *node, struct fs_attr *attr)
{
	if (UNLIKELY(is_foreign(node)))
		return foreign_getattr(node, attr);
	lock_read(&node->lock);
	attr->ino = node->ino;
	attr->mode = node_mode(node);
	attr->nlink = node->nlink;
	attr->uid = node->uid;
	attr->gid = node->gid;
	attr->rdev = 0;
	attr->size = node->size;
	if (LIKELY(S_ISREG(attr->mode)))
		attr->blocks = content_pages(node) << (PAGE_SHIFT - 9);
	else
		getattr_other(node, attr);
	attr->atime = time_out(&node->atime);
	attr->mtime = time_out(&node->mtime);
	attr->ctime = time_out(&node->ctime);
	attr->btime = time_out(&node->btime);
	unlock_read(&node->lock);
	return 0;
}

static struct timespec time_show(const struct node_time *time)
{
	return (struct timespec){.tv_sec = time_sec(time),
				 .tv_nsec = time->nsec};
}

int fs_stat_quick(const struct fs_node *node, uint64_t dev, struct stat *st)
{
	if (UNLIKELY(port_threaded) || UNLIKELY(!is_reg(node)) ||
	    UNLIKELY(is_foreign(node)))
		return 1;
	/* The ends: then all of it can be stored. */
	if (UNLIKELY(!user_store(&st->st_dev, dev) ||
		     !user_store(&st->unused[2], 0)))
		return -EFAULT;
	st->st_ino = node->ino;
	st->st_nlink = node->nlink;
	st->st_mode = node->mode;
	st->st_uid = node->uid;
	st->st_gid = node->gid;
	st->pad0 = 0;
	st->st_rdev = 0;
	st->st_size = (int64_t)node->size;
	st->st_blksize = PAGE_SIZE;
	st->st_blocks = (int64_t)(content_pages(node) << (PAGE_SHIFT - 9));
	st->st_atim = time_show(&node->atime);
	st->st_mtim = time_show(&node->mtime);
	st->st_ctim = time_show(&node->ctime);
	st->unused[0] = 0;
	st->unused[1] = 0;
	return 0;
}

static bool owns(const struct fs_node *node, const struct fs_cred *cred)
{
	return cred->uid == 0 || cred->uid == node->uid;
}

RARE int fs_chmod(struct fs_node *node, const struct fs_cred *cred,
		  uint32_t mode)
{
	int err = 0;

	if (UNLIKELY(is_link(node)))
		return -EOPNOTSUPP;
	lock_write(&node->lock);
	if (!owns(node, cred)) {
		err = -EPERM;
		goto unlock;
	}
	/* A stranger to the group must not set its id: chmod(2). */
	if (cred->uid != 0 && !perm_in_group(cred, node->gid))
		mode &= ~(uint32_t)S_ISGID;
	err = foreign_change(node,
			     &(struct fs_change){.what = FS_CHANGE_MODE,
						 .mode = mode & PERM_MASK});
	if (UNLIKELY(err))
		goto unlock;
	/* commit: nothing below can fail */
	node_perm_set(node, mode & PERM_MASK);
	node->ctime = node_now();
unlock:
	unlock_write(&node->lock);
	return err;
}

/* The permissions that chown leaves, by chown(2): no set-id bits, but for
 * mandatory locking if cred is in the group. */
RARE static uint32_t chown_perm(const struct fs_node *node,
				const struct fs_cred *cred)
{
	uint32_t perm = node_perm(node);

	if (is_dir(node))
		return perm;
	perm &= ~(uint32_t)S_ISUID;
	if ((perm & S_IXGRP) ||
	    (cred->uid != 0 && !perm_in_group(cred, node->gid)))
		perm &= ~(uint32_t)S_ISGID;
	return perm;
}

RARE void fs_setid_drop(struct fs_node *node, const struct fs_cred *cred)
{
	uint32_t perm;

	if (cred->uid == 0 || !is_reg(node) ||
	    !(node_perm(node) & (S_ISUID | S_ISGID)))
		return;
	lock_write(&node->lock);
	perm = chown_perm(node, cred);
	if (perm != node_perm(node) &&
	    !foreign_change(node, &(struct fs_change){.what = FS_CHANGE_MODE,
						      .mode = perm})) {
		node_perm_set(node, perm);
		node->ctime = node_now();
	}
	unlock_write(&node->lock);
}

/* Who may change owner and group: chown(2). The mode is the owner's too. */
RARE static int chown_check(const struct fs_node *node,
			    const struct fs_cred *cred, uint32_t uid,
			    uint32_t gid)
{
	bool new_uid = uid != UINT32_MAX, new_gid = gid != UINT32_MAX;

	if (cred->uid == 0)
		return 0;
	if (cred->uid != node->uid &&
	    (new_uid || new_gid || chown_perm(node, cred) != node_perm(node)))
		return -EPERM;
	if (new_uid && uid != node->uid)
		return -EPERM;
	if (new_gid && gid != node->gid && !perm_in_group(cred, gid))
		return -EPERM;
	return 0;
}

RARE int fs_chown(struct fs_node *node, const struct fs_cred *cred,
		  uint32_t uid, uint32_t gid)
{
	const struct fs_change change = {
		.what = (uid != UINT32_MAX ? FS_CHANGE_UID : 0) |
			(gid != UINT32_MAX ? FS_CHANGE_GID : 0),
		.uid = uid,
		.gid = gid};
	int err;

	lock_write(&node->lock);
	err = chown_check(node, cred, uid, gid);
	if (!err)
		err = foreign_change(node, &change);
	if (err)
		goto unlock;
	/* commit: nothing below can fail */
	node_perm_set(node, chown_perm(node, cred));
	if (uid != UINT32_MAX)
		__atomic_store_n(&node->uid, uid, __ATOMIC_RELAXED);
	if (gid != UINT32_MAX)
		__atomic_store_n(&node->gid, gid, __ATOMIC_RELAXED);
	node->ctime = node_now();
unlock:
	unlock_write(&node->lock);
	return err;
}

/* Who may set which times: utimensat(2), Permissions requirements. */
RARE static int utimens_check(struct fs_node *node, const struct fs_cred *cred,
			      const enum fs_utime how[2])
{
	if (owns(node, cred))
		return 0;
	if (how[0] == FS_UTIME_NOW && how[1] == FS_UTIME_NOW)
		return perm_check(node, cred, W_OK);
	return -EPERM;
}

static void utime_apply(struct node_time *to, const struct fs_time *time,
			enum fs_utime how, struct node_time now)
{
	if (how == FS_UTIME_NOW)
		*to = now;
	else if (how == FS_UTIME_SET)
		*to = time_in(time);
}

RARE static struct fs_change utimens_change(const struct fs_time times[2],
					    const enum fs_utime how[2])
{
	static const uint32_t what[2] = {FS_CHANGE_ATIME, FS_CHANGE_MTIME};
	static const uint32_t set[2] = {FS_CHANGE_ATIME_SET,
					FS_CHANGE_MTIME_SET};
	struct fs_change change = {.times = {times[0], times[1]}};

	for (int i = 0; i < 2; i++) {
		if (how[i] != FS_UTIME_OMIT)
			change.what |= what[i];
		if (how[i] == FS_UTIME_SET)
			change.what |= set[i];
	}
	return change;
}

RARE int fs_utimens(struct fs_node *node, const struct fs_cred *cred,
		    const struct fs_time times[2], const enum fs_utime how[2])
{
	struct node_time now = node_now();
	int err;

	if (how[0] == FS_UTIME_OMIT && how[1] == FS_UTIME_OMIT)
		return 0;
	lock_write(&node->lock);
	err = utimens_check(node, cred, how);
	if (!err && UNLIKELY(is_foreign(node))) {
		struct fs_change change = utimens_change(times, how);

		err = foreign_change(node, &change);
	}
	if (err)
		goto unlock;
	/* commit: nothing below can fail */
	utime_apply(&node->atime, &times[0], how[0], now);
	utime_apply(&node->mtime, &times[1], how[1], now);
	node->ctime = now;
unlock:
	unlock_write(&node->lock);
	return err;
}
