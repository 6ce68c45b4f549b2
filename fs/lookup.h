/* SPDX-License-Identifier: MIT */
/*
 * Names in paths, and their entries in directories: inline, for dir.c and both
 * ways along a path (walk.c, quick.c), where this is most of what is done.
 */
#ifndef WHELK_FS_LOOKUP_H
#define WHELK_FS_LOOKUP_H

#include "fs/internal.h"

#define TAG_SHIFT	 48
#define DISTANCE_MASK	 ((size_t)63)
#define LONG_NAME_OFFSET 2 /* within name: aligned to 8 in the entry */

/* The bytes of a word that end a component: the lowest bit set of the result is
 * the highest of the first such byte. */
static inline uint64_t ends_in(uint64_t word)
{
	const uint64_t ones = ~(uint64_t)0 / 0xff, slashes = word ^ ones * '/';

	return (((word - ones) & ~word) | ((slashes - ones) & ~slashes)) &
	       ones * 0x80;
}

/* To the end of the component, in words as long as they are in one page. The path
 * is the caller's: what this has come past can be read; false if a byte can not. */
static inline bool skip_name(const char **path)
{
	uint64_t word;
	char c;

	while (LIKELY((uintptr_t)*path % PAGE_SIZE <= PAGE_SIZE - 8)) {
		uint64_t ends;

		if (UNLIKELY(!user_word(*path, &word)))
			return false;
		ends = ends_in(word);
		if (LIKELY(ends)) {
			*path += (unsigned)__builtin_ctzll(ends) / 8;
			return true;
		}
		*path += 8;
	}
	while (LIKELY(user_byte(*path, &c))) {
		if (c == '/' || c == '\0')
			return true;
		++*path;
	}
	return false;
}

UNSANITIZED static inline uint64_t load_u64(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

UNSANITIZED static inline uint32_t load_u32(const char *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

__extension__ typedef unsigned __int128 u128;

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	u128 product = (u128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/*
 * A keyed hash by folded 64x64-bit multiplication, eight bytes a step. Without
 * the seeds, which differ in each file system, colliding names can't be chosen.
 */
static inline uint32_t lookup_hash(const struct fs *fs, const char *name,
				   size_t len)
{
	uint64_t hash = fs->seed[1] ^ len, last;

	for (; len > 8; len -= 8, name += 8)
		hash = fold(hash ^ load_u64(name), fs->seed[0]);
	if (len == 8)
		last = load_u64(name);
	else if (len >= 4)
		last = load_u32(name) | (uint64_t)load_u32(name + len - 4)
						<< 32;
	else
		last = (uint8_t)name[0] |
		       (uint64_t)(uint8_t)name[len / 2] << 8 |
		       (uint64_t)(uint8_t)name[len - 1] << 16;
	hash = fold(hash ^ last, fs->seed[0]);
	return (uint32_t)(hash ^ (hash >> 32));
}

UNSANITIZED static inline struct dirent *slot_entry(size_t slot)
{
	return (struct dirent *)(slot & (((size_t)1 << TAG_SHIFT) - 1) &
				 ~DISTANCE_MASK);
}

static inline const char *entry_text(const struct dirent *entry)
{
	const char *text;

	if (LIKELY(entry->name_len <= NAME_INLINE))
		return entry->name;
	memcpy(&text, entry->name + LONG_NAME_OFFSET, sizeof(text));
	return text;
}

/* memcmp() == 0, for names: most are short, and a call costs more than they
 * do. The last step of each length overlaps the one before. */
UNSANITIZED static inline bool same_text(const char *a, const char *b,
					 size_t len)
{
	if (len < 4) {
		return a[0] == b[0] && a[len / 2] == b[len / 2] &&
		       a[len - 1] == b[len - 1];
	}
	if (len < 8) {
		return load_u32(a) == load_u32(b) &&
		       load_u32(a + len - 4) == load_u32(b + len - 4);
	}
	for (size_t i = 0; i + 8 < len; i += 8) {
		if (load_u64(a + i) != load_u64(b + i))
			return false;
	}
	return load_u64(a + len - 8) == load_u64(b + len - 8);
}

static inline bool entry_matches(const struct dirent *entry, const char *text,
				 size_t len, uint32_t hash)
{
	return entry->hash == hash && entry->name_len == len &&
	       same_text(entry_text(entry), text, len);
}

/* The entry with that name, of that hash; or NULL. */
static inline __attribute__((always_inline)) struct dirent *
lookup_entry(const struct dir *dir, const char *text, size_t len, uint32_t hash)
{
	if (dir->index) {
		size_t mask = ((size_t)1 << dir->index_bits) - 1;
		size_t at = hash & mask, slot;

		for (; (slot = dir->index[at]) != 0; at = (at + 1) & mask) {
			struct dirent *entry = slot_entry(slot);

			if (slot >> TAG_SHIFT == hash >> 16 &&
			    entry_matches(entry, text, len, hash))
				return entry;
		}
		return NULL;
	}
	for (size_t i = 0; i < dir->used; i++) {
		struct dirent *entry = &dir->chunks[0][i];

		if (entry_matches(entry, text, len, hash) && entry->node)
			return entry;
	}
	return NULL;
}

#endif
