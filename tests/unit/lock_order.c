/* SPDX-License-Identifier: MIT */
/*
 * The order of locks, checked (docs/LOCKING.md). In the unit home the linker's
 * --wrap leads the slow halves of port/lock.h here, and those that are below
 * them are port/lock.c's. Each thread keeps a list of the locks it has; taking
 * one against the order panics, before there is anything to wait for. Locks are
 * only seen while port_threaded is set.
 *
 * What kind of lock one is shows its address: all memory of the size of a node
 * is noted by port_unit.c, file systems by the wraps below, static variables are
 * where the linker has put them, objects of syscalls/ (pipes, queues) are noted
 * by wraps of pool_alloc, so a lock's place in one of some size is a kind, and
 * what else there is belongs to open files. The order within fs/ is known here;
 * that of all others is learnt: once one kind was taken below another, neither
 * directly nor by others between may it come the other way round.
 */
#include "tests/unit/lock_order.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "fs/internal.h"
#include "port/lock.h"
#include "tests/unit/port_unit.h"

#define HELD_MAX   16
#define FS_MAX	   8
#define LEAF_SHIFT 24 /* of addresses that share a leaf of the bitmap */
#define UNIT_SHIFT 4
#define UNIT	   ((size_t)1 << UNIT_SHIFT)
#define OBJECT_MAX ((size_t)1 << 16)
#define LEAF_WORDS ((size_t)1 << (LEAF_SHIFT - UNIT_SHIFT - 6))
#define ROOT_LEN   ((size_t)1 << (47 - LEAF_SHIFT))

#define KINDS_MAX 64

enum rank {
	RANK_RENAME, /* fs.rename_lock */
	RANK_DIR,
	RANK_NODE,  /* of what is no directory */
	RANK_TABLE, /* fs.shares.lock, fs.xattrs.lock */
	RANK_CACHE,
	RANK_FILE,  /* of an open file */
	RANK_OTHER, /* the first of the kinds that are learnt */
};

static _Thread_local struct {
	const struct lock *lock;
	int rank; /* enum rank, or that and more */
} held[HELD_MAX];
static _Thread_local int held_len;

/* What a kind that is learnt is: one static lock, or the size of an object and a
 * place in it. */
static struct {
	const struct lock *lock;
	size_t size, place;
} kinds[KINDS_MAX];
/* atomic: bits of the kinds taken below each; what is in open files comes before
 * all of fs/. */
static uint64_t below[KINDS_MAX] = {
	[RANK_FILE] = 1 << RANK_RENAME | 1 << RANK_DIR | 1 << RANK_NODE |
		      1 << RANK_TABLE | 1 << RANK_CACHE};
static atomic_flag learning = ATOMIC_FLAG_INIT;
static atomic_size_t waits;
static _Atomic(struct fs *) systems[FS_MAX];
static _Atomic(_Atomic uint64_t *) bitmap[ROOT_LEN];
static _Atomic(_Atomic uint32_t *) notes[ROOT_LEN]; /* of objects' units */

extern char edata[], end[], __data_start[]; /* the linker's */

void __real_port_lock_read_wait(struct lock *lock);
void __real_port_lock_write_wait(struct lock *lock);
void __real_port_lock_read_leave(struct lock *lock);
void __real_port_lock_write_leave(struct lock *lock);
int __real_fs_create(const struct fs_limits *limits, struct fs **fsp);
void __real_fs_destroy(struct fs *fs);
void __wrap_port_lock_read_wait(struct lock *lock);
void __wrap_port_lock_write_wait(struct lock *lock);
void __wrap_port_lock_read_leave(struct lock *lock);
void __wrap_port_lock_write_leave(struct lock *lock);
int __wrap_fs_create(const struct fs_limits *limits, struct fs **fsp);
void __wrap_fs_destroy(struct fs *fs);
void *__real_pool_alloc(size_t size);
void __real_pool_free(void *object, size_t size);
void *__wrap_pool_alloc(size_t size);
void __wrap_pool_free(void *object, size_t size);

/* -- What is a node -------------------------------------------------------- */

static _Atomic uint64_t *leaf_of(uintptr_t address)
{
	_Atomic(_Atomic uint64_t *) *slot = &bitmap[address >> LEAF_SHIFT];
	_Atomic uint64_t *leaf = atomic_load(slot), *fresh;

	if (leaf)
		return leaf;
	fresh = calloc(LEAF_WORDS, sizeof(*fresh));
	port_assert(fresh != NULL);
	if (atomic_compare_exchange_strong(slot, &leaf, fresh))
		return fresh;
	free(fresh);
	return leaf;
}

static size_t bit_of(uintptr_t address)
{
	return address % ((uintptr_t)1 << LEAF_SHIFT) >> UNIT_SHIFT;
}

static bool is_node_size(size_t size)
{
	return size == sizeof(struct fs_node) ||
	       size == sizeof(struct dir_node);
}

void lock_order_alloc(const void *memory, size_t size)
{
	uintptr_t address = (uintptr_t)memory;
	size_t bit = bit_of(address);

	if (is_node_size(size))
		atomic_fetch_or(leaf_of(address) + bit / 64,
				UINT64_C(1) << bit % 64);
}

void lock_order_free(const void *memory, size_t size)
{
	uintptr_t address = (uintptr_t)memory;
	size_t bit = bit_of(address);

	if (is_node_size(size))
		atomic_fetch_and(leaf_of(address) + bit / 64,
				 ~(UINT64_C(1) << bit % 64));
}

static const struct fs_node *node_of(const struct lock *lock)
{
	uintptr_t address = (uintptr_t)lock - offsetof(struct fs_node, lock);
	size_t bit = bit_of(address);

	if (address % ((uintptr_t)1 << UNIT_SHIFT) ||
	    !(atomic_load(leaf_of(address) + bit / 64) >> bit % 64 & 1))
		return NULL;
	return (const struct fs_node *)address;
}

int __wrap_fs_create(const struct fs_limits *limits, struct fs **fsp)
{
	int err = __real_fs_create(limits, fsp);

	for (int i = 0; !err && i < FS_MAX; i++) {
		struct fs *none = NULL;

		if (atomic_compare_exchange_strong(&systems[i], &none, *fsp))
			break;
	}
	return err;
}

void __wrap_fs_destroy(struct fs *fs)
{
	for (int i = 0; i < FS_MAX; i++) {
		struct fs *it = fs;

		atomic_compare_exchange_strong(&systems[i], &it, NULL);
	}
	__real_fs_destroy(fs);
}

/* -- What is an object of syscalls/ ---------------------------------------- */

static _Atomic uint32_t *note_of(uintptr_t address)
{
	_Atomic(_Atomic uint32_t *) *slot = &notes[address >> LEAF_SHIFT];
	_Atomic uint32_t *leaf = atomic_load(slot), *fresh;

	if (!leaf) {
		fresh = calloc(LEAF_WORDS * 64, sizeof(*fresh));
		port_assert(fresh != NULL);
		if (atomic_compare_exchange_strong(slot, &leaf, fresh))
			leaf = fresh;
		else
			free(fresh);
	}
	return leaf + bit_of(address);
}

/* Notes at each unit of an object its size and the number of the unit. */
static void object_note(const void *object, size_t size, bool there)
{
	uintptr_t address = (uintptr_t)object;
	size_t units = (size + UNIT - 1) / UNIT;

	port_assert(address % UNIT == 0);
	for (size_t i = 0; i < units && size < OBJECT_MAX; i++)
		atomic_store(note_of(address + i * UNIT),
			     there ? (uint32_t)(size << 16 | i) : 0);
}

void *__wrap_pool_alloc(size_t size)
{
	void *object = port_unit_exact ? port_unit_alloc(size)
				       : __real_pool_alloc(size);

	if (!object)
		return NULL;
	if (port_unit_exact)
		memset(object, 0, size);
	object_note(object, size, true);
	return object;
}

void __wrap_pool_free(void *object, size_t size)
{
	if (!object)
		return;
	object_note(object, size, false);
	if (port_unit_exact)
		port_unit_free(object, size);
	else
		__real_pool_free(object, size);
}

static int kind_rank(const struct lock *lock, size_t size, size_t place)
{
	int i = 0;

	while (atomic_flag_test_and_set(&learning))
		;
	while ((kinds[i].lock || kinds[i].size) &&
	       (kinds[i].lock != lock || kinds[i].size != size ||
		kinds[i].place != place))
		i++;
	port_assert(RANK_OTHER + i < KINDS_MAX);
	kinds[i].lock = lock;
	kinds[i].size = size;
	kinds[i].place = place;
	atomic_flag_clear(&learning);
	return RANK_OTHER + i;
}

/* -- What a lock is of ----------------------------------------------------- */

static int rank_of(const struct lock *lock)
{
	const struct fs_node *node = node_of(lock);
	uintptr_t address = (uintptr_t)lock;
	uint32_t note = atomic_load(note_of(address));

	if ((const char *)lock >= __data_start && (const char *)lock < end)
		return kind_rank(lock, 0, 0);
	if (note)
		return kind_rank(NULL, note >> 16,
				 (note & 0xffff) * UNIT + address % UNIT);
	if (node)
		return is_dir(node) ? RANK_DIR : RANK_NODE;
	for (int i = 0; i < FS_MAX; i++) {
		const struct fs *fs = atomic_load(&systems[i]);

		if (!fs || lock < (const struct lock *)fs ||
		    lock >= (const struct lock *)(fs + 1))
			continue;
		if (lock == &fs->shares.lock || lock == &fs->xattrs.lock)
			return RANK_TABLE;
		return lock == &fs->rename_lock ? RANK_RENAME : RANK_CACHE;
	}
	return RANK_FILE;
}

/* -- Directories ----------------------------------------------------------- */

static bool rank_held(int rank)
{
	for (int i = 0; i < held_len; i++) {
		if (held[i].rank == rank)
			return true;
	}
	return false;
}

static bool node_held(const struct fs_node *node)
{
	for (int i = 0; i < held_len; i++) {
		if (held[i].lock == &node->lock)
			return true;
	}
	return false;
}

/* Without a lock: it means something only where the parent cannot change. */
__attribute__((no_sanitize("thread"))) static const struct fs_node *
parent_of(const struct fs_node *dir)
{
	return __atomic_load_n(&dir->dir->parent, __ATOMIC_RELAXED);
}

/* Is dir below above? With the rename lock, which keeps the tree as it is. */
static bool is_below(const struct fs_node *dir, const struct fs_node *above)
{
	while (dir && dir != above && parent_of(dir) != dir)
		dir = parent_of(dir);
	return dir == above;
}

/* How many directories this thread has among the first count of its locks. */
static int dirs_held(int count)
{
	int dirs = 0;

	for (int i = 0; i < count; i++)
		dirs += held[i].rank == RANK_DIR;
	return dirs;
}

/*
 * May the directory wanted be locked while that of the i-th lock is? The first
 * one (with the rename lock: two) is where names are changed; two of these are
 * taken an ancestor before its descendant, unrelated ones by address. What
 * follows are entries of these: one, or two by address.
 */
static bool dir_may_follow(const struct fs_node *wanted, int i)
{
	const struct fs_node *other = node_of(held[i].lock);
	bool renaming = rank_held(RANK_RENAME);
	int first = renaming ? 2 : 1;

	if (renaming && is_below(other, wanted))
		return false;
	if (dirs_held(held_len) < first)
		return is_below(wanted, other) || other < wanted;
	return parent_of(wanted) && node_held(parent_of(wanted)) &&
	       (dirs_held(i) < first || other < wanted);
}

/* -- Locks ----------------------------------------------------------------- */

/* Is there a way from one kind down to another? */
static bool leads(int from, int to)
{
	uint64_t reached = UINT64_C(1) << from, seen = 0;

	while (reached & ~seen) {
		int kind = __builtin_ctzll(reached & ~seen);

		seen |= UINT64_C(1) << kind;
		reached |= __atomic_load_n(&below[kind], __ATOMIC_RELAXED);
	}
	return reached >> to & 1;
}

/* Learns that kind rank is taken below kind other; false if it must not be. */
static bool learn(int rank, int other)
{
	uint64_t bit = UINT64_C(1) << rank;
	bool fits = true;

	if (__atomic_load_n(&below[other], __ATOMIC_RELAXED) & bit)
		return true;
	while (atomic_flag_test_and_set(&learning))
		;
	if (leads(rank, other))
		fits = false;
	else
		__atomic_fetch_or(&below[other], bit, __ATOMIC_RELAXED);
	atomic_flag_clear(&learning);
	return fits;
}

/* May the lock wanted be taken while the i-th one is held? */
static bool may_follow(const struct lock *wanted, int rank, int i)
{
	const struct lock *other = held[i].lock;
	int other_rank = held[i].rank;

	if (wanted == other)
		return false;
	if (rank == RANK_FILE && other_rank == RANK_FILE)
		return other < wanted;
	if (rank == other_rank && rank >= RANK_OTHER)
		return true; /* which one comes first cannot be known */
	if (rank >= RANK_FILE || other_rank >= RANK_FILE)
		return learn(rank, other_rank);
	if (rank != other_rank)
		return rank > other_rank;
	switch (rank) {
	case RANK_NODE:
		return other < wanted;
	case RANK_DIR:
		return dir_may_follow(node_of(wanted), i);
	default:
		return false;
	}
}

/* Called before a lock is taken that must wait while its word is that or more. */
static void wanted(const struct lock *lock, uint32_t taken)
{
	int rank = rank_of(lock);

	if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) >= taken &&
	    (rank == RANK_DIR || rank == RANK_NODE))
		atomic_fetch_add(&waits, 1);

	for (int i = 0; i < held_len; i++) {
		if (!may_follow(lock, rank, i))
			port_panic(__FILE__, __LINE__,
				   "locks are taken in their order");
	}
	port_assert(held_len < HELD_MAX);
	held[held_len].lock = lock;
	held[held_len++].rank = rank;
}

static void left(const struct lock *lock)
{
	int i = held_len - 1;

	while (i >= 0 && held[i].lock != lock)
		i--;
	port_assert(i >= 0); /* it was held */
	for (held_len--; i < held_len; i++)
		held[i] = held[i + 1];
}

size_t lock_order_waits(void)
{
	return atomic_exchange(&waits, 0);
}

int lock_order_held(void)
{
	return held_len;
}

void __wrap_port_lock_read_wait(struct lock *lock)
{
	wanted(lock, 1u << 30); /* a writer's; and who waits: port/lock.c */
	__real_port_lock_read_wait(lock);
}

void __wrap_port_lock_write_wait(struct lock *lock)
{
	wanted(lock, 1);
	__real_port_lock_write_wait(lock);
	lock_order_taken();
}

void __wrap_port_lock_read_leave(struct lock *lock)
{
	left(lock);
	__real_port_lock_read_leave(lock);
}

void __wrap_port_lock_write_leave(struct lock *lock)
{
	left(lock);
	__real_port_lock_write_leave(lock);
}
