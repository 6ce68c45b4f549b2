/* SPDX-License-Identifier: MIT */
/*
 * Directories as ordered hash tables. The entries stand in order of creation,
 * in chunks of 64 that never move, each with a sequence number that only grows:
 * it is the position for listings, found by binary search. An open-addressing
 * index, once there are more than a few entries, leads from the hash of a name
 * to its entry; removal leaves a gap among the entries but none in the index,
 * and when three quarters of the entries are gaps the rest are moved together.
 *
 * A slot of the index is a whole answer in eight bytes: the entry's address, in
 * its upper 16 bits the upper half of the hash, so other names are passed over
 * without touching their entries, and in its lowest 6 bits (free, since entries
 * are aligned to 64) the distance from where the hash would have it.
 */
#include "fs/internal.h"
#include "fs/lookup.h"

#define INDEX_FROM	  8  /* entries from which there is an index */
#define CHUNK_FIRST	  4  /* entries of the first chunk, at first */
#define CHUNKS_FIRST	  2  /* 1 << 2 chunks have a place at first */
#define SEQ_FIRST	  2  /* positions 0 and 1 are "." and ".." */
#define TAG_BITS	  16 /* the upper ones of 32 */
#define DISTANCE_MAX	  63 /* this far or farther: see the entry */
#define INDEX_LOAD(slots) ((slots) / 8 * 5)
#define COMPACT_MIN	  CHUNK_ENTRIES
#define CHUNKS_SPARE	  2 /* so many chunks unused: one is freed */
#define EMPTY_KEEPS	  8 /* entries that an empty directory may keep */

_Static_assert((offsetof(struct dirent, name) + LONG_NAME_OFFSET) % 8 == 0,
	       "the address of a long name is aligned");

uint32_t dir_hash(const struct fs *fs, const char *name, size_t len)
{
	return lookup_hash(fs, name, len);
}

const char *dirent_name(const struct dirent *entry)
{
	return entry_text(entry);
}

/* -- The index ------------------------------------------------------------ */

UNSANITIZED static size_t index_slots(const struct dir *dir)
{
	return (size_t)1 << dir->index_bits;
}

static size_t slot_low(size_t distance)
{
	return distance < DISTANCE_MAX ? distance : DISTANCE_MAX;
}

static size_t slot_make(const struct dirent *entry, size_t distance)
{
	return (uintptr_t)entry | (size_t)(entry->hash >> 16) << TAG_SHIFT |
	       slot_low(distance);
}

static size_t slot_distance(const struct dir *dir, size_t at)
{
	size_t mask = index_slots(dir) - 1, slot = dir->index[at];

	if (LIKELY((slot & DISTANCE_MASK) < DISTANCE_MAX))
		return slot & DISTANCE_MASK;
	return (at - slot_entry(slot)->hash) & mask;
}

static void index_insert(size_t *index, size_t mask, struct dirent *entry)
{
	size_t at = entry->hash & mask, distance = 0;

	while (index[at]) {
		at = (at + 1) & mask;
		distance++;
	}
	index[at] = slot_make(entry, distance);
}

/* Where in the index an entry that is there stands. */
static size_t index_position(const struct dir *dir, const struct dirent *entry)
{
	size_t mask = index_slots(dir) - 1, at = entry->hash & mask;

	while (slot_entry(dir->index[at]) != entry)
		at = (at + 1) & mask;
	return at;
}

/* Empties a slot, and moves those that follow it nearer to where they belong:
 * so no search ever has to pass over gaps. */
static void index_remove(struct dir *dir, size_t at)
{
	size_t mask = index_slots(dir) - 1, next = at;

	for (;;) {
		size_t distance, gap;

		next = (next + 1) & mask;
		if (!dir->index[next])
			break;
		distance = slot_distance(dir, next);
		gap = (next - at) & mask;
		if (distance < gap)
			continue;
		dir->index[at] =
			slot_make(slot_entry(dir->index[next]), distance - gap);
		at = next;
	}
	dir->index[at] = 0;
}

static struct dirent *entry_at(const struct dir *dir, size_t slot)
{
	return &dir->chunks[slot >> CHUNK_SHIFT][slot & (CHUNK_ENTRIES - 1)];
}

/* Puts another index in the place of the one that there may be: a change, or
 * within one. */
static void index_set(struct fs *fs, struct dir *dir, size_t *index,
		      unsigned bits)
{
	size_t *old = dir->index, bytes = index_slots(dir) * sizeof(*old);
	bool inside = dir->changes % 2;

	if (!inside)
		dir_change_begin(dir);
	dir->index = index;
	dir->index_bits = (uint8_t)bits;
	if (!inside)
		dir_change_end(dir);
	if (old)
		mem_retire(fs, old, bytes);
}

/* Enters all entries in use. */
static void index_fill(const struct dir *dir, size_t *index, size_t mask)
{
	for (size_t i = 0; i < dir->used; i++) {
		struct dirent *entry = entry_at(dir, i);

		if (entry->node)
			index_insert(index, mask, entry);
	}
}

/*
 * Enters what stands in the index of dir, without looking at entries. The place
 * and the distance of a slot tell the lower bits of its hash, and the slot itself
 * the upper ones, which has to be all that there are. Both indexes are gone
 * through from one end to the other, so little is waited for.
 */
static void index_copy(const struct dir *dir, size_t *index, size_t mask)
{
	size_t old_mask = index_slots(dir) - 1;

	for (size_t from = 0; from <= old_mask; from++) {
		size_t slot = dir->index[from], at, distance = 0;

		if (!slot)
			continue;
		at = ((slot >> TAG_SHIFT << 16) |
		      ((from - slot_distance(dir, from)) & old_mask)) &
		     mask;
		while (index[at]) {
			at = (at + 1) & mask;
			distance++;
		}
		index[at] = (slot & ~DISTANCE_MASK) | slot_low(distance);
	}
}

/* Replaces the index by one of 1 << bits slots with all entries in use. */
static int index_rebuild(struct fs *fs, struct dir *dir, unsigned bits)
{
	size_t slots = (size_t)1 << bits;
	size_t *index = mem_alloc(fs, slots * sizeof(*index));

	if (!index)
		return -ENOMEM;
	memset(index, 0, slots * sizeof(*index));
	if (dir->index_bits >= TAG_BITS)
		index_copy(dir, index, slots - 1);
	else
		index_fill(dir, index, slots - 1);
	index_set(fs, dir, index, bits);
	return 0;
}

/* -- The entries ---------------------------------------------------------- */

struct dirent *dir_find(const struct dir *dir, const struct fs_name *name,
			uint32_t hash)
{
	return lookup_entry(dir, name->text, name->len, hash);
}

/* -- Without the lock ----------------------------------------------------- */

/* Has a name changed since seen was read? What was read before this is read
 * before it: x86 keeps loads in order, and the compiler must. */
UNSANITIZED static inline bool has_changed(const struct dir *dir, uint32_t seen)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&dir->changes, __ATOMIC_RELAXED) != seen;
}

/* What an entry says that is called name, if nothing has changed. */
UNSANITIZED static enum peek peek_entry(const struct dir *dir, uint32_t seen,
					const struct dirent *entry,
					struct fs_node **nodep)
{
	struct fs_node *node = __atomic_load_n(&entry->node, __ATOMIC_RELAXED);
	bool is = entry->type == S_IFDIR >> 12;

	if (has_changed(dir, seen) || !is)
		return PEEK_ASK;
	*nodep = node;
	return PEEK_DIR;
}

/* entry_matches, for names in place. The entry may be changing. */
UNSANITIZED static bool peek_matches(const struct dirent *entry,
				     const struct fs_name *name, uint32_t hash)
{
	return entry->hash == hash && entry->name_len == name->len &&
	       same_text(entry->name, name->text, name->len);
}

/* In a directory without an index: its entries are all in one chunk. */
UNSANITIZED static enum peek peek_few(const struct dir *dir, uint32_t seen,
				      const struct fs_name *name, uint32_t hash,
				      struct fs_node **nodep)
{
	struct dirent **chunks =
		__atomic_load_n(&dir->chunks, __ATOMIC_RELAXED);
	size_t used = __atomic_load_n(&dir->used, __ATOMIC_RELAXED);
	struct dirent *entry;

	if (has_changed(dir, seen))
		return PEEK_ASK;
	if (!used)
		return PEEK_NONE;
	entry = __atomic_load_n(&chunks[0], __ATOMIC_RELAXED);
	if (has_changed(dir, seen))
		return PEEK_ASK;
	for (; used; used--, entry++) {
		if (__atomic_load_n(&entry->node, __ATOMIC_RELAXED) &&
		    peek_matches(entry, name, hash))
			return peek_entry(dir, seen, entry, nodep);
	}
	return has_changed(dir, seen) ? PEEK_ASK : PEEK_NONE;
}

/*
 * Nothing that was read is used as an address, or taken for true, before it is
 * known that nothing has changed; what was true then stays in memory as long as
 * the section lasts. The thread sanitizer is not shown this, since it knows
 * nothing of reads whose results are thrown away.
 */
UNSANITIZED enum peek dir_peek(const struct dir *dir, uint32_t seen,
			       const struct fs_name *name, uint32_t hash,
			       struct fs_node **nodep)
{
	size_t *index = __atomic_load_n(&dir->index, __ATOMIC_RELAXED);
	size_t mask = index_slots(dir) - 1, at = hash & mask, slot;

	if (UNLIKELY(seen % 2) || UNLIKELY(name->len > NAME_INLINE))
		return PEEK_ASK;
	if (!index)
		return peek_few(dir, seen, name, hash, nodep);
	if (has_changed(dir, seen))
		return PEEK_ASK;
	for (;; at = (at + 1) & mask) {
		slot = __atomic_load_n(&index[at], __ATOMIC_RELAXED);
		if (has_changed(dir, seen))
			return PEEK_ASK;
		if (!slot)
			return PEEK_NONE;
		if (slot >> TAG_SHIFT == hash >> 16 &&
		    peek_matches(slot_entry(slot), name, hash))
			return peek_entry(dir, seen, slot_entry(slot), nodep);
	}
}

static size_t chunk_bytes(size_t entries)
{
	return entries * sizeof(struct dirent);
}

/* The first chunk grows by doubling; its entries move, so the index is made
 * anew. */
static int chunk_first_grow(struct fs *fs, struct dir *dir)
{
	size_t capacity = dir->capacity ? dir->capacity * 2 : CHUNK_FIRST;
	struct dirent *chunk = mem_alloc(fs, chunk_bytes(capacity));
	struct dirent *old = dir->capacity ? dir->chunks[0] : NULL;

	if (!chunk)
		return -ENOMEM;
	if (old)
		memcpy(chunk, old, chunk_bytes(dir->used));
	dir_change_begin(dir);
	dir->chunks[0] = chunk;
	if (dir->index) {
		size_t mask = index_slots(dir) - 1;

		memset(dir->index, 0, (mask + 1) * sizeof(*dir->index));
		index_fill(dir, dir->index, mask);
	}
	dir_change_end(dir);
	if (old)
		mem_retire(fs, old, chunk_bytes(dir->capacity));
	dir->capacity = capacity;
	return 0;
}

/* How many chunks there is a place for. */
static size_t chunks_cap(const struct dir *dir)
{
	return dir->chunks ? (size_t)1 << dir->chunks_bits : 0;
}

static int chunks_grow(struct fs *fs, struct dir *dir)
{
	size_t bytes = chunks_cap(dir) * sizeof(struct dirent *);
	unsigned bits = bytes ? dir->chunks_bits + 1U : CHUNKS_FIRST;
	struct dirent **old = dir->chunks, **chunks;

	chunks = mem_alloc(fs, sizeof(struct dirent *) << bits);
	if (!chunks)
		return -ENOMEM;
	if (old)
		memcpy(chunks, old, bytes);
	dir_change_begin(dir);
	dir->chunks = chunks;
	dir->chunks_bits = (uint8_t)bits;
	dir_change_end(dir);
	if (old)
		mem_retire(fs, old, bytes);
	return 0;
}

/* Makes room for one more entry in the chunks. */
static int entry_reserve(struct fs *fs, struct dir *dir)
{
	size_t chunks = dir->capacity >> CHUNK_SHIFT;
	struct dirent *chunk;

	if (LIKELY(dir->used < dir->capacity))
		return 0;
	if (chunks == chunks_cap(dir)) {
		int err = chunks_grow(fs, dir);

		if (err)
			return err;
	}
	if (dir->capacity < CHUNK_ENTRIES)
		return chunk_first_grow(fs, dir);
	chunk = mem_alloc(fs, chunk_bytes(CHUNK_ENTRIES));
	if (!chunk)
		return -ENOMEM;
	dir->chunks[chunks] = chunk;
	dir->capacity += CHUNK_ENTRIES;
	return 0;
}

/* Makes room for one more entry in the index. */
static int index_reserve(struct fs *fs, struct dir *dir)
{
	if (!dir->index) {
		if (dir->used < INDEX_FROM)
			return 0;
		return index_rebuild(fs, dir, 5);
	}
	if (LIKELY(dir->live < INDEX_LOAD(index_slots(dir))))
		return 0;
	return index_rebuild(fs, dir, dir->index_bits + 1U);
}

int dir_reserve(struct fs *fs, struct dir *dir, size_t name_len,
		char **long_name)
{
	int err = entry_reserve(fs, dir);

	if (!err)
		err = index_reserve(fs, dir);
	*long_name = NULL;
	if (!err && name_len > NAME_INLINE) {
		*long_name = mem_alloc(fs, name_len);
		if (!*long_name)
			err = -ENOMEM;
	}
	return err;
}

void dirent_set_node(struct dirent *entry, struct fs_node *node)
{
	entry->node = node;
	entry->type = node_dtype(node);
}

uint64_t dir_insert(struct dir *dir, const struct fs_name *name, uint32_t hash,
		    char *long_name, struct fs_node *node)
{
	struct dirent *entry = entry_at(dir, dir->used++);

	entry->seq = dir->next_seq++;
	entry->hash = hash;
	entry->name_len = (uint8_t)name->len;
	if (LIKELY(name->len <= NAME_INLINE)) {
		memcpy(entry->name, name->text, name->len);
	} else {
		memcpy(long_name, name->text, name->len);
		memcpy(entry->name + LONG_NAME_OFFSET, &long_name,
		       sizeof(long_name));
	}
	dirent_set_node(entry, node);
	if (dir->index)
		index_insert(dir->index, index_slots(dir) - 1, entry);
	dir->live++;
	return entry->seq;
}

/* -- Giving memory back --------------------------------------------------- */

/* Frees the chunks past those that used needs, but for a spare one, so that
 * making and removing a file in turn costs no page. */
static void chunks_trim(struct fs *fs, struct dir *dir)
{
	while (dir->capacity > CHUNK_ENTRIES &&
	       dir->used + CHUNKS_SPARE * CHUNK_ENTRIES <= dir->capacity) {
		dir->capacity -= CHUNK_ENTRIES;
		mem_retire(fs, dir->chunks[dir->capacity >> CHUNK_SHIFT],
			   chunk_bytes(CHUNK_ENTRIES));
	}
}

/* Moves the entries in use together, in their order. There are many, so there
 * is an index. */
static void entries_compact(struct dir *dir)
{
	size_t to = 0;

	for (size_t from = 0; from < dir->used; from++) {
		struct dirent *source = entry_at(dir, from), *target;
		size_t at, distance;

		if (!source->node)
			continue;
		target = entry_at(dir, to++);
		if (target == source)
			continue;
		at = index_position(dir, source);
		distance = dir->index[at] & DISTANCE_MASK;
		*target = *source;
		dir->index[at] = slot_make(target, distance);
		source->node = NULL;
	}
	dir->first = 0;
	dir->used = to;
}

/* Frees everything an empty directory does not need. */
static void entries_free(struct fs *fs, struct dir *dir)
{
	size_t capacity = dir->capacity, bytes = chunks_cap(dir);
	struct dirent **chunks = dir->chunks;

	if (dir->index)
		index_set(fs, dir, NULL, 0);
	dir->chunks = NULL;
	dir->capacity = 0;
	for (size_t i = CHUNK_ENTRIES; i < capacity; i += CHUNK_ENTRIES)
		mem_retire(fs, chunks[i >> CHUNK_SHIFT],
			   chunk_bytes(CHUNK_ENTRIES));
	if (capacity)
		mem_retire(fs, chunks[0],
			   chunk_bytes(capacity < CHUNK_ENTRIES
					       ? capacity
					       : CHUNK_ENTRIES));
	if (chunks)
		mem_retire(fs, chunks, bytes * sizeof(struct dirent *));
}

/* After a removal: gives back memory when much is unused. An index that can't
 * be replaced by a smaller one for lack of memory stays. */
static void dir_shrink(struct fs *fs, struct dir *dir)
{
	while (dir->used > dir->first && !entry_at(dir, dir->used - 1)->node)
		dir->used--;
	while (dir->first < dir->used && !entry_at(dir, dir->first)->node)
		dir->first++;
	if (dir->live == 0)
		dir->first = dir->used = 0;
	if (dir->live == 0 && dir->capacity > EMPTY_KEEPS) {
		entries_free(fs, dir);
		return;
	}
	if (dir->live < dir->used / 4 && dir->used > COMPACT_MIN)
		entries_compact(dir);
	chunks_trim(fs, dir);
	if (dir->index_bits > 6 &&
	    dir->live < INDEX_LOAD(index_slots(dir)) / 8) {
		int err = index_rebuild(fs, dir, dir->index_bits - 2U);

		(void)err;
	}
}

void dir_remove(struct fs *fs, struct dir *dir, struct dirent *entry)
{
	if (dir->index)
		index_remove(dir, index_position(dir, entry));
	if (entry->name_len > NAME_INLINE)
		mem_free(fs, (char *)(uintptr_t)dirent_name(entry),
			 entry->name_len);
	entry->node = NULL;
	entry->name_len = 0;
	dir->live--;
	dir_shrink(fs, dir);
}

/* -- Listing -------------------------------------------------------------- */

struct dirent *dir_next(const struct dir *dir, size_t *slot)
{
	size_t from = *slot > dir->first ? *slot : dir->first;

	for (size_t i = from; i < dir->used; i++) {
		struct dirent *entry = entry_at(dir, i);

		if (entry->node) {
			*slot = i;
			return entry;
		}
	}
	return NULL;
}

struct dirent *dir_last(const struct dir *dir)
{
	return dir->live ? entry_at(dir, dir->used - 1) : NULL;
}

size_t dir_seek(const struct dir *dir, uint64_t from)
{
	size_t low = dir->first, high = dir->used;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (entry_at(dir, middle)->seq < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* -- Coming, going, checking ---------------------------------------------- */

void dir_init(struct dir *dir)
{
	*dir = (struct dir){.next_seq = SEQ_FIRST};
}

void dir_fini(struct fs *fs, struct dir *dir)
{
	port_assert(dir->live == 0);
	entries_free(fs, dir);
}

static void entry_check(struct fs *fs, const struct dir *dir,
			const struct dirent *entry)
{
	struct fs_name name = {.text = dirent_name(entry),
			       .len = entry->name_len};

	port_assert(entry->name_len > 0);
	port_assert(entry->type == node_dtype(entry->node));
	port_assert(entry->node->nlink > 0);
	port_assert(dir_hash(fs, name.text, name.len) == entry->hash);
	port_assert(dir_find(dir, &name, entry->hash) == entry);
}

void dir_check(struct fs *fs, const struct dir *dir)
{
	size_t live = 0, indexed = 0;
	uint64_t seq = SEQ_FIRST;

	port_assert(dir->used <= dir->capacity);
	for (size_t i = 0; i < dir->used; i++) {
		const struct dirent *entry = entry_at(dir, i);

		port_assert(entry->seq >= seq);
		seq = entry->seq + 1;
		if (entry->node) {
			live++;
			entry_check(fs, dir, entry);
		}
	}
	port_assert(seq <= dir->next_seq);
	port_assert(live == dir->live);
	port_assert(dir->live ? entry_at(dir, dir->first)->node &&
					entry_at(dir, dir->used - 1)->node
			      : !dir->used);
	for (size_t i = 0; dir->index && i < index_slots(dir); i++)
		indexed += dir->index[i] != 0;
	port_assert(!dir->index || indexed == live);
}
