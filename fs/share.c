/* SPDX-License-Identifier: MIT */
/*
 * Pages that several places in files share until one of them is written to:
 * how many do stands in one hash table of the file system, by the page's
 * address; a page with one owner has no entry, and costs nothing. An entry may
 * also remain with one owner, whose slot still says "shared".
 *
 * The table is open addressing with linear probing, at most half full.
 */
#include "fs/content.h"

#define CAPACITY_MIN 256 /* a page */

struct share {
	void *page; /* NULL: empty */
	uint64_t owners;
};

/* Where the search for page begins. */
static size_t share_home(const struct shares *shares, const void *page)
{
	uint64_t hash = (uint64_t)(uintptr_t)page * 0x9e3779b97f4a7c15;

	return (size_t)(hash >> 32) & (shares->capacity - 1);
}

/* Where page is, or the empty place where it would be. */
static struct share *share_find(const struct shares *shares, const void *page)
{
	size_t i = share_home(shares, page);

	while (shares->table[i].page && shares->table[i].page != page)
		i = (i + 1) & (shares->capacity - 1);
	return &shares->table[i];
}

static int table_resize(struct fs *fs, size_t capacity)
	REQUIRES(fs->shares.lock)
{
	struct shares *shares = &fs->shares;
	struct share *old = shares->table;
	size_t old_capacity = shares->capacity;
	struct share *table = mem_alloc(fs, capacity * sizeof(*table));

	if (!table)
		return -ENOMEM;
	memset(table, 0, capacity * sizeof(*table));
	shares->table = table;
	shares->capacity = capacity;
	for (size_t i = 0; i < old_capacity; i++) {
		if (old[i].page)
			*share_find(shares, old[i].page) = old[i];
	}
	if (old)
		mem_free(fs, old, old_capacity * sizeof(*old));
	return 0;
}

int share_reserve(struct fs *fs, uint64_t count)
{
	struct shares *shares = &fs->shares;
	uint64_t needed;
	size_t capacity;
	int err = 0;

	lock_write(&fs->shares.lock);
	needed = 2 * (shares->used + shares->reserved + count);
	capacity = shares->capacity ? shares->capacity : CAPACITY_MIN;
	while (capacity < needed)
		capacity *= 2;
	if (capacity > shares->capacity)
		err = table_resize(fs, capacity);
	if (!err)
		shares->reserved += count;
	unlock_write(&fs->shares.lock);
	return err;
}

/* Gives the table back if nothing is in it. */
static void table_release(struct fs *fs) REQUIRES(fs->shares.lock)
{
	struct shares *shares = &fs->shares;

	if (shares->used || shares->reserved || !shares->table)
		return;
	mem_free(fs, shares->table, shares->capacity * sizeof(struct share));
	shares->table = NULL;
	shares->capacity = 0;
}

void share_unreserve(struct fs *fs, uint64_t count)
{
	lock_write(&fs->shares.lock);
	fs->shares.reserved -= count;
	table_release(fs);
	unlock_write(&fs->shares.lock);
}

void share_add(struct fs *fs, void *page)
{
	struct share *share;

	lock_write(&fs->shares.lock);
	share = share_find(&fs->shares, page);
	if (!share->page) {
		share->page = page;
		share->owners = 1;
		fs->shares.used++;
	}
	share->owners++;
	unlock_write(&fs->shares.lock);
}

/* Takes an entry out, and closes the gap in the runs that go on behind it. */
static void share_remove(struct fs *fs, struct share *share)
	REQUIRES(fs->shares.lock)
{
	struct shares *shares = &fs->shares;
	size_t mask = shares->capacity - 1;
	size_t gap = (size_t)(share - shares->table);

	for (size_t i = (gap + 1) & mask; shares->table[i].page;
	     i = (i + 1) & mask) {
		size_t home = share_home(shares, shares->table[i].page);

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		shares->table[gap] = shares->table[i];
		gap = i;
	}
	shares->table[gap] = (struct share){NULL, 0};
	shares->used--;
	table_release(fs);
}

bool share_drop(struct fs *fs, void *page)
{
	struct share *share;
	bool last;

	lock_write(&fs->shares.lock);
	share = share_find(&fs->shares, page);
	last = --share->owners == 0;
	if (last)
		share_remove(fs, share);
	unlock_write(&fs->shares.lock);
	return last;
}

bool share_alone(struct fs *fs, void *page)
{
	struct share *share;
	bool alone;

	lock_write(&fs->shares.lock);
	share = share_find(&fs->shares, page);
	alone = share->owners == 1;
	if (alone)
		share_remove(fs, share);
	unlock_write(&fs->shares.lock);
	return alone;
}

uint64_t share_owners(const struct fs *fs, const void *page)
{
	return fs->shares.table ? share_find(&fs->shares, page)->owners : 0;
}

uint64_t share_total(const struct fs *fs)
{
	uint64_t total = 0;
	size_t used = 0;

	for (size_t i = 0; i < fs->shares.capacity; i++) {
		const struct share *share = &fs->shares.table[i];

		if (!share->page)
			continue;
		port_assert(share->owners > 0);
		port_assert(share_find(&fs->shares, share->page) == share);
		total += share->owners;
		used++;
	}
	port_assert(used == fs->shares.used);
	port_assert(fs->shares.reserved == 0);
	port_assert(!fs->shares.table == (used == 0));
	return total;
}
