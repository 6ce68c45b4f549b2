/* SPDX-License-Identifier: MIT */
/*
 * The page tree of a file, shaped like the CPU's page tables: pages under
 * tables of 512 slots, as many levels as the largest index needs; a missing
 * slot is a hole. Height 0 is a lone first page, and the one table of height 1
 * starts with four slots, so that small files stay small. The shape is
 * canonical: no table is empty, and the root is no higher than it must be.
 */
#include "fs/internal.h"

#define ROOT_SLOTS_MIN 4

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

uint8_t *tree_page(const struct fs_node *node, uint64_t index)
{
	unsigned level = node->tree.height;
	void **table = node->tree.root;

	if (level == 0)
		return index == 0 ? node->tree.root : NULL;
	if (level == 1)
		return index < node->tree.root_slots ? table[index] : NULL;
	if (index >= height_span(level))
		return NULL;
	for (; level > 1; level--) {
		table = table[slot_of(index, level)];
		if (!table)
			return NULL;
	}
	return table[slot_of(index, 1)];
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

int tree_page_make(struct fs *fs, struct fs_node *node, uint64_t index,
		   uint8_t **pagep, bool *fresh)
{
	uint8_t *page = tree_page(node, index);
	void **slot;
	int err;

	*fresh = !page;
	if (LIKELY(page != NULL)) {
		*pagep = page;
		return 0;
	}
	err = space_take(fs, PAGE_SIZE);
	if (err)
		return err;
	page = port_pages_alloc(1);
	if (!page) {
		err = -ENOMEM;
		goto give_back;
	}
	err = slot_make(fs, node, index, &slot);
	if (err)
		goto free_page;
	/* commit: nothing below can fail */
	*slot = page;
	node->tree.pages++;
	*pagep = page;
	return 0;

free_page:
	tree_tidy(fs, node, index);
	port_pages_free(page, 1);
give_back:
	space_give(fs, PAGE_SIZE);
	return err;
}

void tree_init(struct fs_node *node, uint8_t *page)
{
	node->form = CONTENT_TREE;
	node->tree.root = page;
	node->tree.pages = page ? 1 : 0;
	node->tree.root_slots = TABLE_SLOTS;
	node->tree.height = 0;
}

static void tree_page_free(struct fs *fs, struct fs_node *node, void *page)
{
	port_pages_free(page, 1);
	space_give(fs, PAGE_SIZE);
	node->tree.pages--;
}

/*
 * Frees the pages under table from index first (counted within it) on, and the
 * tables that became empty. Returns whether table did. The recursion is as deep
 * as the tree: HEIGHT_MAX.
 */
static bool table_truncate(struct fs *fs, struct fs_node *node, void **table,
			   size_t slots, unsigned level, uint64_t first)
{
	size_t start = (size_t)(first / slot_span(level));
	uint64_t within = first % slot_span(level);

	for (size_t i = start; i < slots; i++) {
		if (!table[i])
			continue;
		if (level == 1) {
			tree_page_free(fs, node, table[i]);
			table[i] = NULL;
		} else if (table_truncate(fs, node, table[i], TABLE_SLOTS,
					  level - 1, i == start ? within : 0)) {
			table_destroy(fs, table[i], TABLE_SLOTS);
			table[i] = NULL;
		}
	}
	return slots_empty(table, 0, start < slots ? start + 1 : slots);
}

void tree_truncate(struct fs *fs, struct fs_node *node, uint64_t first)
{
	unsigned height = node->tree.height;

	if (height == 0) {
		if (first == 0 && node->tree.root) {
			tree_page_free(fs, node, node->tree.root);
			node->tree.root = NULL;
		}
		return;
	}
	if (first >= height_span(height))
		return;
	table_truncate(fs, node, node->tree.root, node->tree.root_slots, height,
		       first);
	tree_lower(fs, node);
}

/* As tree_page; also stores how many indexes, from index rounded down to a
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
	return tree_page(node, index);
}

uint64_t tree_seek(const struct fs_node *node, uint64_t from, bool data)
{
	uint64_t end = height_span(node->tree.height), span;

	while (from < end) {
		void *page = tree_probe(node, from, &span);

		if (!!page == data)
			return from;
		from = (from | (span - 1)) + 1;
	}
	return data ? UINT64_MAX : from;
}

uint64_t tree_count(const struct fs_node *node)
{
	uint64_t count = 0;

	for (uint64_t i = tree_seek(node, 0, true); i != UINT64_MAX;
	     i = tree_seek(node, i + 1, true))
		count++;
	return count;
}
