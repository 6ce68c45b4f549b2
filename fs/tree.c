/* SPDX-License-Identifier: MIT */
/*
 * The page tree of a file, shaped like the CPU's page tables: pages under
 * tables of 512 slots, as many levels as the largest index needs; a missing
 * slot is a hole. Height 0 is a lone first page, and the one table of height 1
 * starts with four slots, so that small files stay small. The shape is
 * canonical: no table is empty, and the root is no higher than it must be.
 *
 * The slot of a page says more about it in the low bits that its address
 * leaves: enum slot_tag.
 */
#include "fs/content.h"

#define ROOT_SLOTS_MIN 4

enum slot_tag {
	SLOT_RESERVED = 1, /* by fallocate(2): for who reads, a hole */
	SLOT_NEW = 2,	   /* by the call that is under way; with or without
			    * a page */
	SLOT_SHARED = 4,   /* others may have the page, too: share.c */
	SLOT_TAGS = 7,
};

/* How many indexes one slot of a table at this level (1: of pages) covers. */
static uint64_t slot_span(unsigned level)
{
	return (uint64_t)1 << ((level - 1) * TABLE_SHIFT);
}

static size_t slot_of(uint64_t index, unsigned level)
{
	return (index >> ((level - 1) * TABLE_SHIFT)) & (TABLE_SLOTS - 1);
}

/* How many indexes a tree of this height can have. */
static uint64_t height_span(unsigned height)
{
	return (uint64_t)1 << (height * TABLE_SHIFT);
}

static void **table_create(struct fs *fs, size_t slots)
{
	void **table = mem_alloc(fs, slots * sizeof(*table));

	if (table)
		memset(table, 0, slots * sizeof(*table));
	return table;
}

static void table_destroy(struct fs *fs, void **table, size_t slots)
{
	mem_free(fs, table, slots * sizeof(*table));
}

/* Are the slots from first to before end all empty? */
static bool slots_empty(void *const *table, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		if (table[i])
			return false;
	}
	return true;
}

static uintptr_t slot_tags(const void *slot)
{
	return (uintptr_t)slot & SLOT_TAGS;
}

static uint8_t *slot_page(void *slot)
{
	return (void *)((uintptr_t)slot & ~(uintptr_t)SLOT_TAGS);
}

/* Is there a page that may be written to, just like that? */
static bool slot_plain(const void *slot)
{
	return slot && slot_tags(slot) == 0;
}

/* The slot for index, or NULL if there is no table with it. */
static inline void **tree_slot(struct fs_node *node, uint64_t index)
{
	unsigned level = node->tree.height;
	void **table = node->tree.root;

	if (level == 0)
		return index == 0 ? &node->tree.root : NULL;
	if (level == 1)
		return index < node->tree.root_slots ? &table[index] : NULL;
	if (index >= height_span(level))
		return NULL;
	for (; level > 1; level--) {
		table = table[slot_of(index, level)];
		if (!table)
			return NULL;
	}
	return &table[slot_of(index, 1)];
}

/* What that slot holds. */
static inline void *tree_entry(const struct fs_node *node, uint64_t index)
{
	void **slot = tree_slot((struct fs_node *)(uintptr_t)node, index);

	return slot ? *slot : NULL;
}

uint8_t *tree_page(const struct fs_node *node, uint64_t index)
{
	void *entry = tree_entry(node, index);

	if (UNLIKELY(slot_tags(entry) != 0))
		return slot_tags(entry) & SLOT_RESERVED ? NULL
							: slot_page(entry);
	return entry;
}

uint8_t *tree_page_own(const struct fs_node *node, uint64_t index)
{
	void *entry = tree_entry(node, index);

	return slot_plain(entry) ? entry : NULL;
}

/* Makes the table of a tree of height 1 larger: at least slots, at most a
 * page's worth. */
static int root_enlarge(struct fs *fs, struct fs_node *node, size_t slots)
{
	size_t old = node->tree.root_slots, new = old;
	void **table;

	while (new < slots)
		new *= 2;
	table = table_create(fs, new);
	if (!table)
		return -ENOMEM;
	memcpy(table, node->tree.root, old * sizeof(*table));
	table_destroy(fs, node->tree.root, old);
	node->tree.root = table;
	node->tree.root_slots = (uint32_t) new;
	return 0;
}

/* Puts a new root over the tree: a level more. */
static int tree_raise(struct fs *fs, struct fs_node *node)
{
	size_t slots = node->tree.height ? TABLE_SLOTS : ROOT_SLOTS_MIN;
	void **table;

	if (node->tree.height == 1 && node->tree.root_slots < TABLE_SLOTS) {
		int err = root_enlarge(fs, node, TABLE_SLOTS);

		if (err)
			return err;
	}
	table = table_create(fs, slots);
	if (!table)
		return -ENOMEM;
	table[0] = node->tree.root;
	node->tree.root = table;
	node->tree.root_slots = (uint32_t)slots;
	node->tree.height++;
	return 0;
}

/* Gives an empty tree the height that index needs. */
static int tree_begin(struct fs *fs, struct fs_node *node, uint64_t index)
{
	unsigned height = 0;
	size_t slots;

	while (index >= height_span(height))
		height++;
	if (height == 0)
		return 0;
	slots = height > 1 ? TABLE_SLOTS : ROOT_SLOTS_MIN;
	node->tree.root = table_create(fs, slots);
	if (!node->tree.root)
		return -ENOMEM;
	node->tree.root_slots = (uint32_t)slots;
	node->tree.height = (uint8_t)height;
	return 0;
}

/* Makes the slot for index, with all tables above it. A failure leaves the
 * tree valid, but with tables to be removed by tree_tidy. */
static int slot_make(struct fs *fs, struct fs_node *node, uint64_t index,
		     void ***slotp)
{
	void **table;
	int err = node->tree.root ? 0 : tree_begin(fs, node, index);

	while (!err && index >= height_span(node->tree.height))
		err = tree_raise(fs, node);
	if (!err && node->tree.height == 1 && index >= node->tree.root_slots)
		err = root_enlarge(fs, node, (size_t)index + 1);
	if (err)
		return err;
	if (node->tree.height == 0) {
		*slotp = &node->tree.root;
		return 0;
	}
	table = node->tree.root;
	for (unsigned level = node->tree.height; level > 1; level--) {
		void **slot = &table[slot_of(index, level)];

		if (!*slot)
			*slot = table_create(fs, TABLE_SLOTS);
		if (!*slot)
			return -ENOMEM;
		table = *slot;
	}
	*slotp = &table[slot_of(index, 1)];
	return 0;
}

/* Takes levels off the root that hold nothing but their first slot. */
static void tree_lower(struct fs *fs, struct fs_node *node)
{
	while (node->tree.height > 0) {
		void **root = node->tree.root;
		size_t slots = node->tree.root_slots;

		if (!slots_empty(root, 1, slots))
			return;
		node->tree.root = root[0];
		node->tree.root_slots = TABLE_SLOTS;
		node->tree.height--;
		table_destroy(fs, root, slots);
		if (!node->tree.root)
			node->tree.height = 0;
	}
}

/* Removes empty tables on the way to index, and needless levels. */
static void tree_tidy(struct fs *fs, struct fs_node *node, uint64_t index)
{
	void **slots[HEIGHT_MAX];
	void **table = node->tree.root;
	unsigned level, depth = 0;

	if (index >= height_span(node->tree.height))
		table = NULL; /* the root was to be raised for it */
	for (level = node->tree.height; level > 1 && table; level--) {
		slots[depth] = &table[slot_of(index, level)];
		table = *slots[depth++];
	}
	while (depth-- > 0) {
		table = *slots[depth];
		if (!table)
			continue;
		if (!slots_empty(table, 0, TABLE_SLOTS))
			break;
		table_destroy(fs, table, TABLE_SLOTS);
		*slots[depth] = NULL;
	}
	tree_lower(fs, node);
}

/* Puts a new page into slot, which is empty, or NULL if it is still to be made
 * for index. The page's space has been taken. */
static inline int page_add(struct fs *fs, struct fs_node *node, uint64_t index,
			   void **slot, uintptr_t tags, uint8_t **pagep)
{
	uint8_t *page = port_pages_alloc(1);

	if (UNLIKELY(!page))
		return -ENOMEM;
	if (UNLIKELY(!slot)) {
		int err = slot_make(fs, node, index, &slot);

		if (err) {
			tree_tidy(fs, node, index);
			port_pages_free(page, 1);
			return err;
		}
	}
	/* commit: nothing below can fail */
	*slot = page + tags;
	node->tree.pages++;
	*pagep = page;
	return 0;
}

/* Gives back the page of a slot, if it has one that nobody else has. */
static void page_release(struct fs *fs, void *slot)
{
	uint8_t *page = slot_page(slot);

	if (UNLIKELY(slot_tags(slot) & SLOT_SHARED) && !share_drop(fs, page))
		return;
	if (LIKELY(page != NULL))
		port_pages_free(page, 1);
}

/* Gives a slot that shares its page one of its own, with the same bytes. */
static int page_unshare(struct fs *fs, void **slot)
{
	uint8_t *page = slot_page(*slot), *own = page;

	if (!share_alone(fs, page)) {
		own = port_pages_alloc(1);
		if (!own)
			return -ENOMEM;
		memcpy(own, page, PAGE_SIZE);
		page_release(fs, *slot);
	}
	*slot = own;
	return 0;
}

RARE int tree_own(struct fs *fs, struct fs_node *node, uint64_t index)
{
	void **slot = tree_slot(node, index);

	if (!slot || !(slot_tags(*slot) & SLOT_SHARED))
		return 0;
	return page_unshare(fs, slot);
}

/* tree_page_make for a page that is shared or reserved. */
static __attribute__((cold, noinline)) int
page_claim(struct fs *fs, void **slot, uint8_t **pagep, bool *fresh)
{
	*fresh = slot_tags(*slot) & SLOT_RESERVED;
	if (!*fresh) {
		int err = page_unshare(fs, slot);

		if (err)
			return err;
	}
	*slot = *pagep = slot_page(*slot);
	return 0;
}

/* A page for a hole for which there is no table yet. */
static __attribute__((noinline)) int page_new_table(struct fs *fs,
						    struct fs_node *node,
						    uint64_t index,
						    uint8_t **pagep)
{
	int err = space_take(fs, PAGE_SIZE);

	if (err)
		return err;
	err = page_add(fs, node, index, NULL, 0, pagep);
	if (err)
		space_give(fs, PAGE_SIZE);
	return err;
}

/* A page for a hole that has a slot. */
static __attribute__((noinline)) int
page_new(struct fs *fs, struct fs_node *node, void **slot, uint8_t **pagep)
{
	int err = space_take(fs, PAGE_SIZE);
	uint8_t *page;

	if (UNLIKELY(err))
		return err;
	page = port_pages_alloc(1);
	if (UNLIKELY(!page)) {
		space_give(fs, PAGE_SIZE);
		return -ENOMEM;
	}
	/* commit: nothing below can fail */
	*slot = *pagep = page;
	node->tree.pages++;
	return 0;
}

int tree_page_put(struct fs *fs, struct fs_node *node, uint64_t index,
		  uint8_t *page)
{
	void **slot = tree_slot(node, index);
	int err;

	if (slot && *slot) {
		page_release(fs, *slot);
		*slot = page;
		return 0;
	}
	err = space_take(fs, PAGE_SIZE);
	if (err)
		return err;
	err = slot ? 0 : slot_make(fs, node, index, &slot);
	if (err) {
		tree_tidy(fs, node, index);
		space_give(fs, PAGE_SIZE);
		return err;
	}
	/* commit: nothing below can fail */
	*slot = page;
	node->tree.pages++;
	return 0;
}

int tree_page_make(struct fs *fs, struct fs_node *node, uint64_t index,
		   uint8_t **pagep, bool *fresh)
{
	void **slot = tree_slot(node, index);

	if (LIKELY(slot && slot_plain(*slot))) {
		*fresh = false;
		*pagep = *slot;
		return 0;
	}
	if (UNLIKELY(slot && *slot))
		return page_claim(fs, slot, pagep, fresh);
	*fresh = true;
	return LIKELY(slot != NULL) ? page_new(fs, node, slot, pagep)
				    : page_new_table(fs, node, index, pagep);
}

void tree_init(struct fs_node *node, uint8_t *page)
{
	node->form = CONTENT_TREE;
	node->tree.root = page;
	node->tree.pages = page ? 1 : 0;
	node->tree.root_slots = TABLE_SLOTS;
	node->tree.height = 0;
}

/* Frees the pages in these slots, those of a table or part of it. */
static void pages_remove(struct fs *fs, struct fs_node *node, void **slots,
			 size_t count)
{
	size_t freed = 0;

	for (size_t i = 0; i < count; i++) {
		if (!slots[i])
			continue;
		page_release(fs, slots[i]);
		slots[i] = NULL;
		freed++;
	}
	space_give(fs, freed << PAGE_SHIFT);
	node->tree.pages -= freed;
}

/*
 * Frees the pages under table from index first to before end (counted within
 * it), and the tables that became empty. Returns whether table did. The
 * recursion is as deep as the tree: HEIGHT_MAX.
 */
static bool table_remove(struct fs *fs, struct fs_node *node, void **table,
			 size_t slots, unsigned level, uint64_t first,
			 uint64_t end)
{
	uint64_t span = slot_span(level);
	size_t i = (size_t)(first / span);

	if (level == 1) {
		if (i < min_u64(slots, end))
			pages_remove(fs, node, table + i,
				     (size_t)min_u64(slots, end) - i);
		return slots_empty(table, 0, slots);
	}
	for (; i < slots && i * span < end; i++) {
		uint64_t base = i * span;

		if (!table[i] ||
		    !table_remove(fs, node, table[i], TABLE_SLOTS, level - 1,
				  first > base ? first - base : 0, end - base))
			continue;
		table_destroy(fs, table[i], TABLE_SLOTS);
		table[i] = NULL;
	}
	return slots_empty(table, 0, slots);
}

void tree_remove(struct fs *fs, struct fs_node *node, uint64_t first,
		 uint64_t end)
{
	unsigned height = node->tree.height;

	if (height == 0) {
		if (first == 0 && end > 0)
			pages_remove(fs, node, &node->tree.root, 1);
		return;
	}
	if (first >= height_span(height))
		return;
	table_remove(fs, node, node->tree.root, node->tree.root_slots, height,
		     first, end);
	tree_lower(fs, node);
}

/* As tree_entry; also stores how many indexes, from index rounded down to a
 * multiple of that number, are the same hole. */
static void *tree_probe(const struct fs_node *node, uint64_t index,
			uint64_t *span)
{
	unsigned level = node->tree.height;
	void **table = node->tree.root;

	for (; level > 1; level--) {
		table = table[slot_of(index, level)];
		if (!table) {
			*span = slot_span(level);
			return NULL;
		}
	}
	*span = 1;
	return tree_entry(node, index);
}

RARE uint64_t tree_seek(const struct fs_node *node, uint64_t from, bool data)
{
	uint64_t end = height_span(node->tree.height), span;

	while (from < end) {
		void *entry = tree_probe(node, from, &span);
		bool here = entry && !(slot_tags(entry) & SLOT_RESERVED);

		if (here == data)
			return from;
		from = (from | (span - 1)) + 1;
	}
	return data ? UINT64_MAX : from;
}

RARE uint64_t tree_count(const struct fs_node *node, uint64_t first,
			 uint64_t end)
{
	uint64_t count = 0, span;

	if (end > height_span(node->tree.height))
		end = height_span(node->tree.height);
	for (uint64_t i = first; i < end; i = (i | (span - 1)) + 1) {
		void *entry = tree_probe(node, i, &span);

		port_assert(!(slot_tags(entry) & SLOT_NEW));
		if (entry)
			count++;
	}
	return count;
}

/* -- Reserving: fallocate(2) ---------------------------------------------- */

/* Settles the pages from first to before end: new ones stay or are given back;
 * if they stay, what was reserved before becomes a page of zeros, as on tmpfs.
 * DEVIATION: a fallocate(2) that finds no space leaves what had been reserved in
 * its range before; Linux gives that back, too, where nothing was written. */
static void reserve_end(struct fs *fs, struct fs_node *node, uint64_t first,
			uint64_t end, bool stay)
{
	for (uint64_t i = first; i < end; i++) {
		void **slot = tree_slot(node, i);
		bool is_new = slot && (slot_tags(*slot) & SLOT_NEW);

		if (is_new && !stay) {
			tree_remove(fs, node, i, i + 1);
		} else if (is_new) {
			*slot = slot_page(*slot) + SLOT_RESERVED;
		} else if (stay && (slot_tags(*slot) & SLOT_RESERVED)) {
			*slot = slot_page(*slot);
			memset(*slot, 0, PAGE_SIZE);
		}
	}
}

RARE int tree_reserve(struct fs *fs, struct fs_node *node, uint64_t first,
		      uint64_t end, bool own)
{
	uint64_t missing, index, made = 0;
	uint8_t *page;
	int err;

	if (end - first > fs->limits.bytes_max >> PAGE_SHIFT)
		return -ENOSPC;
	missing = end - first - tree_count(node, first, end);
	err = space_take(fs, missing << PAGE_SHIFT);
	if (err)
		return err;
	for (index = first; !err && index < end; index++) {
		void **slot = tree_slot(node, index);

		if (slot && *slot) {
			if (own && (slot_tags(*slot) & SLOT_SHARED))
				err = page_unshare(fs, slot);
			continue;
		}
		err = page_add(fs, node, index, slot, SLOT_RESERVED | SLOT_NEW,
			       &page);
		if (!err)
			made++;
	}
	if (err)
		space_give(fs, (missing - made) << PAGE_SHIFT);
	reserve_end(fs, node, first, index, !err);
	return err;
}

RARE void tree_clear(struct fs_node *node, uint64_t first, uint64_t end)
{
	for (uint64_t i = first; i < end; i++) {
		void **slot = tree_slot(node, i);

		*slot = slot_page(*slot) + SLOT_RESERVED;
	}
}

/* -- Sharing: copy_file_range(2), FICLONE ------------------------------------ */

uint64_t tree_shared(const struct fs *fs, const struct fs_node *node)
{
	uint64_t count = 0, i = 0;

	while ((i = tree_seek(node, i, true)) != UINT64_MAX) {
		void *entry = tree_entry(node, i++);

		if (!(slot_tags(entry) & SLOT_SHARED))
			continue;
		port_assert(share_owners(fs, slot_page(entry)) > 0);
		count++;
	}
	return count;
}

/* Makes sure of the slot for index: that it is there, and with space taken. */
static int slot_hold(struct fs *fs, struct fs_node *node, uint64_t index)
{
	void **slot;
	int err = slot_make(fs, node, index, &slot);

	if (!err && !*slot) {
		err = space_take(fs, PAGE_SIZE);
		if (!err) {
			*slot = (void *)(uintptr_t)SLOT_NEW;
			node->tree.pages++;
		}
	}
	if (err)
		tree_tidy(fs, node, index);
	return err;
}

/* Undoes it, if the slot was empty. */
static void slot_let_go(struct fs *fs, struct fs_node *node, uint64_t index)
{
	void **slot = tree_slot(node, index);

	if (slot && (slot_tags(*slot) & SLOT_NEW))
		tree_remove(fs, node, index, index + 1);
}

/* Puts page there instead; the slot is held. */
static void slot_replace(struct fs *fs, struct fs_node *node, uint64_t index,
			 void *page, uintptr_t tags)
{
	void **slot = tree_slot(node, index);

	page_release(fs, *slot);
	*slot = (uint8_t *)page + tags;
}

/* The same with the page that src has at from, which is there, as one that is
 * shared; there is room for it (share_reserve). */
static void slot_share(struct fs *fs, struct fs_node *src, uint64_t from,
		       struct fs_node *dst, uint64_t to)
{
	void **slot = tree_slot(src, from);
	uint8_t *page = slot_page(*slot);

	share_add(fs, page);
	*slot = page + SLOT_SHARED;
	slot_replace(fs, dst, to, page, SLOT_SHARED);
}

int tree_page_share(struct fs *fs, struct fs_node *src, uint64_t from,
		    struct fs_node *dst, uint64_t to)
{
	int err = slot_hold(fs, dst, to);

	if (!err)
		slot_share(fs, src, from, dst, to);
	return err;
}

/* Holds slots for a clone: one for each page that there is, and the last. */
static int clone_hold(struct fs *fs, const struct tree_clone *clone,
		      uint64_t *pages, uint64_t *held_to)
{
	uint64_t i = clone->from - 1, end = clone->from + clone->count;
	int err = 0;

	*pages = 0;
	while (!err && (i = tree_seek(clone->src, i + 1, true)) < end) {
		err = slot_hold(fs, clone->dst, clone->to + (i - clone->from));
		*held_to = i + 1;
		++*pages;
	}
	if (!err && clone->last)
		err = slot_hold(fs, clone->dst, clone->to + clone->count);
	return err;
}

static void clone_let_go(struct fs *fs, const struct tree_clone *clone,
			 uint64_t held_to)
{
	uint64_t i = clone->from - 1;

	while ((i = tree_seek(clone->src, i + 1, true)) < held_to)
		slot_let_go(fs, clone->dst, clone->to + (i - clone->from));
	slot_let_go(fs, clone->dst, clone->to + clone->count);
}

RARE int tree_clone(struct fs *fs, const struct tree_clone *clone)
{
	uint64_t pages, held_to = clone->from, gap = clone->from;
	uint64_t i = clone->from - 1, end = clone->from + clone->count;
	uint64_t shift = clone->to - clone->from;
	int err = clone_hold(fs, clone, &pages, &held_to);

	if (!err)
		err = share_reserve(fs, pages);
	if (err) {
		clone_let_go(fs, clone, held_to);
		return err;
	}
	/* commit: nothing below can fail */
	while ((i = tree_seek(clone->src, i + 1, true)) < end)
		slot_share(fs, clone->src, i, clone->dst, i + shift);
	if (clone->last)
		slot_replace(fs, clone->dst, end + shift, clone->last, 0);
	/* only now, for it removes tables that are empty */
	i = clone->from - 1;
	while ((i = tree_seek(clone->src, i + 1, true)) < end) {
		if (gap < i)
			tree_remove(fs, clone->dst, gap + shift, i + shift);
		gap = i + 1;
	}
	if (gap < end)
		tree_remove(fs, clone->dst, gap + shift, end + shift);
	share_unreserve(fs, pages);
	return 0;
}
