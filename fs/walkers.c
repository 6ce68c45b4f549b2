/* SPDX-License-Identifier: MIT */
/*
 * Threads that walk through directories write to nothing that others use: they
 * neither lock the directories on the way nor take references to them. Instead a
 * walker is counted, in one of some slots that hashing the address of its stack
 * gives it nearly for itself; and what it might be looking at is not freed but
 * retired: it is in a list, with the set of slots that had walkers then, until
 * each of these has been seen without one. The last one who leaves looks.
 *
 * Nobody waits for a walker. Why it is right is in docs/LOCKING.md. Without
 * threads there are no walkers, and what is retired is freed.
 */
#include "fs/internal.h"

#define RETIRED_SIZE 32

/* In what is retired, where it does not matter any more. */
struct retired {
	struct retired *next;
	uint64_t pending; /* slots to be seen without a walker */
	void *object;
	size_t size;
};

_Static_assert(sizeof(struct retired) == RETIRED_SIZE, "it fits anywhere");
/* Of directories it takes the place of the times: nobody who has no reference
 * looks at these. */
_Static_assert(offsetof(struct fs_node, atime) % 8 == 0 &&
		       offsetof(struct fs_node, ino) >=
			       offsetof(struct fs_node, atime) + RETIRED_SIZE,
	       "it fits into a node");

struct walker *walker_enter(struct fs *fs)
{
	unsigned slot = thread_hash(WALKER_BITS);
	struct walker *walker = &fs->walkers.slots[slot];
	uint64_t bit = UINT64_C(1) << slot;

	port_signals_hold(); /* a handler might leave by siglongjmp */
	if (UNLIKELY(!(__atomic_load_n(&fs->walkers.used, __ATOMIC_ACQUIRE) &
		       bit)))
		__atomic_fetch_or(&fs->walkers.used, bit, __ATOMIC_ACQ_REL);
	/* Pairs with walkers_absent: what was made unreachable before that saw
	 * no walker is not found from here on. */
	__atomic_fetch_add(&walker->inside, 1, __ATOMIC_SEQ_CST);
	return walker;
}

/* Those of slots that have no walker now. */
static uint64_t walkers_absent(struct fs *fs, uint64_t slots)
{
	uint64_t absent = 0;

	for (; slots; slots &= slots - 1) {
		unsigned slot = (unsigned)__builtin_ctzll(slots);

		/* A store, as it were, so that it has its place among those of
		 * the walkers. */
		if (!__atomic_fetch_add(&fs->walkers.slots[slot].inside, 0,
					__ATOMIC_SEQ_CST))
			absent |= UINT64_C(1) << slot;
	}
	return absent;
}

static void object_free(struct fs *fs, struct retired *retired)
{
	mem_free(fs, retired->object, retired->size);
}

/* Frees what nobody can be looking at any more. */
static void walkers_look(struct fs *fs)
{
	struct walkers *walkers = &fs->walkers;
	struct retired *retired, **link = &walkers->retired, *done = NULL;
	uint64_t used, absent;

	lock_write(&walkers->lock);
	used = __atomic_fetch_or(&walkers->used, 0, __ATOMIC_SEQ_CST);
	absent = ~used | walkers_absent(fs, used);
	while ((retired = *link) != NULL) {
		retired->pending &= ~absent;
		if (retired->pending) {
			link = &retired->next;
			continue;
		}
		__atomic_store_n(link, retired->next, __ATOMIC_RELAXED);
		retired->next = done;
		done = retired;
	}
	unlock_write(&walkers->lock);
	while ((retired = done) != NULL) {
		done = retired->next;
		object_free(fs, retired);
	}
}

void walker_leave(struct fs *fs, struct walker *walker)
{
	/* In one order with what retire does: one of the two sees the other. */
	__atomic_fetch_sub(&walker->inside, 1, __ATOMIC_SEQ_CST);
	if (UNLIKELY(__atomic_load_n(&fs->walkers.retired, __ATOMIC_SEQ_CST) !=
		     NULL))
		walkers_look(fs);
	port_signals_release();
}

/* Frees object, or puts it into the list; at is in it. */
static void retire(struct fs *fs, struct retired *at, void *object, size_t size)
{
	struct walkers *walkers = &fs->walkers;

	if (LIKELY(!port_threaded)) {
		mem_free(fs, object, size);
		return;
	}
	at->object = object;
	at->size = size;
	lock_write(&walkers->lock);
	at->pending = ~UINT64_C(0);
	at->next = walkers->retired;
	__atomic_store_n(&walkers->retired, at, __ATOMIC_SEQ_CST);
	unlock_write(&walkers->lock);
	walkers_look(fs);
}

void mem_retire(struct fs *fs, void *object, size_t size)
{
	retire(fs, object, object, size);
}

void dir_retire(struct fs *fs, struct fs_node *node)
{
	retire(fs, (struct retired *)&node->atime, node,
	       sizeof(struct dir_node));
}

void walkers_fini(struct fs *fs)
{
	walkers_look(fs);
	port_assert(fs->walkers.retired == NULL);
}
