/* SPDX-License-Identifier: MIT */
/*
 * Directories: finding, order, positions of listings that go on while entries
 * come and go, many entries, long names, colliding hashes, memory.
 */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/port_unit.h"

#define MANY	  200000
#define COLLIDERS 300
#define NAME_SIZE 16
/* What remains when all is removed: a slab of each of a dozen sizes. */
#define SPARES (port_unit_exact ? 0 : (size_t)12 * 16384)

static struct fs_node *dir;

/* A directory for the test, freed by it at its end. */
static void dir_make(void)
{
	CHECK_EQ(call_mkdir("/d", 0755), 0);
	dir = call_node("/d");
}

static int add(const char *name)
{
	return fs_make(fs, dir, NAME(name), S_IFREG, 0, &call_root, NULL, NULL);
}

static int drop(const char *name)
{
	return fs_unlink(fs, dir, NAME(name), &call_root);
}

static int find(const char *name)
{
	struct fs_node *node;
	int err = fs_lookup(fs, dir, NAME(name), &node);

	if (!err)
		fs_node_unref(fs, node);
	return err;
}

static const char *number(size_t i)
{
	static char name[NAME_SIZE];

	snprintf(name, sizeof(name), "n%zu", i);
	return name;
}

TEST(an_empty_directory_shows_two_dots)
{
	dir_make();
	CHECK_TEXT(call_list("/d"), "");
	CHECK_EQ(find("x"), -ENOENT);
	CHECK_EQ(drop("x"), -ENOENT);
	CHECK_EQ(call_attr(dir).size, 40);
}

TEST(entries_are_shown_in_the_order_they_were_made_in)
{
	dir_make();
	CHECK_EQ(add("b"), 0);
	CHECK_EQ(add("a"), 0);
	CHECK_EQ(add("c"), 0);
	CHECK_EQ(drop("a"), 0);
	CHECK_EQ(add("a"), 0);
	CHECK_TEXT(call_list("/d"), "b c a ");
	CHECK_EQ(call_rename("/d/b", "/d/z", 0), 0);
	CHECK_TEXT(call_list("/d"), "c a z ");
	CHECK_EQ(call_rename("/d/z", "/d/c", 0), 0);
	CHECK_TEXT(call_list("/d"), "c a ");
}

TEST(a_directory_takes_200000_entries)
{
	size_t empty;

	dir_make();
	CHECK_EQ(call_rmdir("/d"), 0);
	empty = port_unit_live();
	dir_make();
	for (size_t i = 0; i < MANY; i++)
		CHECK_EQ(add(number(i)), 0);
	CHECK_EQ(call_attr(dir).size, 20 * (MANY + 2));
	for (size_t i = 0; i < MANY; i += 7) {
		CHECK_EQ(find(number(i)), 0);
		CHECK_EQ(add(number(i)), -EEXIST);
		CHECK_EQ(find(number(i + MANY)), -ENOENT);
	}
	fs_check(fs);
	for (size_t i = 0; i < MANY; i += 2)
		CHECK_EQ(drop(number(i)), 0);
	for (size_t i = 0; i < MANY; i++)
		CHECK_EQ(find(number(i)), i % 2 ? 0 : -ENOENT);
	fs_check(fs);
	for (size_t i = MANY - 1; i < MANY; i -= 2) {
		CHECK_EQ(drop(number(i)), 0);
		if (i == MANY / 1001 * 2 + 1)
			fs_check(fs);
	}
	CHECK_EQ(call_rmdir("/d"), 0);
	CHECK(port_unit_live() <= empty + SPARES);
}

TEST(names_of_all_lengths_are_found)
{
	char name[256];

	dir_make();
	for (size_t round = 0; round < 2; round++) {
		for (size_t len = 1; len < sizeof(name); len++) {
			memset(name, 'n', len);
			name[len] = '\0';
			CHECK_EQ(find(name), -ENOENT);
			CHECK_EQ(add(name), 0);
		}
		fs_check(fs);
		for (size_t len = sizeof(name) - 1; len > 0; len--) {
			memset(name, 'n', len);
			name[len] = '\0';
			CHECK_EQ(find(name), 0);
			name[len / 2] = 'm';
			CHECK_EQ(find(name), -ENOENT);
			name[len / 2] = 'n';
			CHECK_EQ(drop(name), 0);
		}
	}
}

TEST(names_may_have_every_byte_but_slash_and_nul)
{
	char name[64];

	dir_make();
	for (size_t len = 1; len <= 45; len += 11) {
		for (int byte = 1; byte < 256; byte++) {
			if (byte == '/' || (len == 1 && byte == '.'))
				continue;
			memset(name, byte, len);
			name[len] = '\0';
			if (strcmp(name, "..") != 0)
				CHECK_EQ(add(name), 0);
		}
	}
	fs_check(fs);
	for (int byte = 1; byte < 256; byte++) {
		name[0] = (char)byte;
		name[1] = '\0';
		if (byte != '/' && byte != '.')
			CHECK_EQ(find(name), 0);
	}
}

/* With the seeds 1 and 0, the hash is all words of four bytes xored, so names
 * whose halves differ by the same all collide. */
static const char *collider(uint32_t i)
{
	static char name[9];

	for (size_t k = 0; k < 4; k++) {
		name[k] = (char)(0x40 + ((i >> (4 * k)) & 15));
		name[k + 4] = (char)(name[k] ^ 0x20);
	}
	return name;
}

static void collide(void)
{
	static const uint64_t seeds[2] = {1, 0};

	port_unit_random_fix(seeds, sizeof(seeds));
	check_fs_renew();
	dir_make();
}

TEST(names_whose_hashes_collide_are_told_apart)
{
	collide();
	for (uint32_t i = 0; i < COLLIDERS; i++) {
		CHECK_EQ(find(collider(i)), -ENOENT);
		CHECK_EQ(add(collider(i)), 0);
	}
	fs_check(fs);
	for (uint32_t i = 0; i < COLLIDERS; i += 3)
		CHECK_EQ(drop(collider(i)), 0);
	fs_check(fs);
	for (uint32_t i = 0; i < COLLIDERS; i++)
		CHECK_EQ(find(collider(i)), i % 3 ? 0 : -ENOENT);
	for (uint32_t i = 1; i < COLLIDERS; i += 3)
		CHECK_EQ(drop(collider(i)), 0);
	fs_check(fs);
	for (uint32_t i = 2; i < COLLIDERS; i += 3) {
		CHECK_EQ(find(collider(i)), 0);
		CHECK_EQ(drop(collider(i)), 0);
	}
}

/* The name of len bytes with a bit changed at both places. */
static const char *twin(size_t len, size_t i, size_t k)
{
	static char name[64];

	memset(name, 'n', len);
	name[len] = '\0';
	name[i] ^= 1;
	name[k] ^= 1;
	return name;
}

TEST(colliding_names_that_differ_anywhere_are_told_apart)
{
	collide();
	for (size_t len = 5; len < 50; len++) {
		for (size_t i = 0; i < len; i++) {
			for (size_t k = i + 4; k < len; k += 4) {
				CHECK_EQ(find(twin(len, i, k)), -ENOENT);
				CHECK_EQ(add(twin(len, i, k)), 0);
			}
		}
		fs_check(fs);
		for (size_t i = 0; i < len; i++) {
			for (size_t k = i + 4; k < len; k += 4)
				CHECK_EQ(drop(twin(len, i, k)), 0);
		}
	}
}

/* Few hash values, and those near the end of the index. */
static const char *crowder(uint32_t i)
{
	static char name[9];

	for (size_t k = 0; k < 4; k++) {
		name[k] = (char)(0x40 + ((i >> (2 * k)) & 3) + 4);
		name[k + 4] = name[k];
	}
	name[4] = (char)(name[0] ^ 0x1f ^ (int)(i & 7));
	return name;
}

TEST(crowded_hashes_survive_random_removals)
{
	bool there[256] = {false};

	collide();
	for (int round = 0; round < 20000; round++) {
		uint32_t i = (uint32_t)check_random(256);

		CHECK_EQ(find(crowder(i)), there[i] ? 0 : -ENOENT);
		CHECK_EQ(there[i] ? drop(crowder(i)) : add(crowder(i)), 0);
		there[i] = !there[i];
		if (round % 100 == 0)
			fs_check(fs);
	}
}

/* -- Listings ------------------------------------------------------------- */

/* A listing that takes a few entries at a time, of names that are numbers. */
struct listing {
	size_t left;
	uint64_t pos;
	uint8_t *seen;
	size_t seen_count;
};

static bool listing_fill(void *context, const struct fs_dirent *entry)
{
	struct listing *list = context;
	char name[NAME_SIZE] = "";

	if (list->left == 0)
		return false;
	CHECK(entry->name_len < sizeof(name));
	memcpy(name, entry->name, entry->name_len);
	list->left--;
	list->seen_count++;
	if (name[0] != '.')
		list->seen[strtoul(name + 1, NULL, 10)]++;
	return true;
}

/* Goes on by at most count entries; returns whether the end was reached. */
static bool listing_step(struct listing *list, size_t count)
{
	list->left = count;
	CHECK_EQ(fs_readdir(dir, listing_fill, list, &list->pos, false), 0);
	return list->left > 0;
}

TEST(a_listing_goes_on_where_it_was)
{
	for (size_t step = 1; step < 10; step++) {
		uint8_t seen[100] = {0};
		struct listing list = {.seen = seen};

		check_fs_renew();
		dir_make();
		for (size_t i = 0; i < 100; i++)
			CHECK_EQ(add(number(i)), 0);
		while (!listing_step(&list, step))
			;
		CHECK_EQ(list.seen_count, 102);
		for (size_t i = 0; i < 100; i++)
			CHECK_EQ(seen[i], 1);
		CHECK(listing_step(&list, 1));
		CHECK_EQ(list.seen_count, 102);
		CHECK_EQ(add(number(7 + 100)), 0); /* is shown too */
		CHECK_EQ(drop(number(7 + 100)), 0);
		CHECK(listing_step(&list, 1));
	}
}

enum { HERE = 1, ALWAYS = 2 };

/* One listing while entries come and go at random: those that are there from
 * its beginning to its end are shown once, no other more often. */
static void churn_listed(size_t names, size_t churn, size_t grow)
{
	uint8_t *state = calloc(names, 1), *seen = calloc(names, 1);
	struct listing list = {.seen = seen};

	for (size_t i = 0; i < names; i++) {
		if (check_random(2) == 0) {
			CHECK_EQ(add(number(i)), 0);
			state[i] = HERE | ALWAYS;
		}
	}
	while (!listing_step(&list, 1 + (size_t)check_random(20))) {
		for (size_t k = 0; k < churn; k++) {
			size_t i = (size_t)check_random(names);

			if (state[i] & HERE && check_random(10) >= grow) {
				CHECK_EQ(drop(number(i)), 0);
				state[i] = 0;
			} else if (!(state[i] & HERE) &&
				   check_random(10) < grow) {
				CHECK_EQ(add(number(i)), 0);
				state[i] = HERE;
				seen[i] = 0;
			}
		}
		if (list.seen_count > 10 * names)
			break; /* made faster than listed */
	}
	for (size_t i = 0; i < names; i++) {
		CHECK(seen[i] <= 1);
		if (state[i] & ALWAYS)
			CHECK_EQ(seen[i], 1);
		if (state[i] & HERE)
			CHECK_EQ(drop(number(i)), 0);
	}
	fs_check(fs);
	free(state);
	free(seen);
}

TEST(a_listing_shows_once_what_is_there_throughout)
{
	dir_make();
	for (size_t round = 0; round < 30; round++) {
		churn_listed(10, 1, 5);
		churn_listed(500, 30, 0);
		churn_listed(500, 30, 2);
		churn_listed(500, 30, 5);
		churn_listed(2000, 40, 7);
	}
}

TEST(a_listing_goes_on_after_everything_was_removed)
{
	uint8_t seen[1000] = {0};
	struct listing list = {.seen = seen};

	dir_make();
	for (size_t i = 0; i < 500; i++)
		CHECK_EQ(add(number(i)), 0);
	CHECK(!listing_step(&list, 102));
	for (size_t i = 0; i < 500; i++)
		CHECK_EQ(drop(number(i)), 0);
	for (size_t i = 500; i < 1000; i++)
		CHECK_EQ(add(number(i)), 0);
	CHECK(listing_step(&list, 1000));
	for (size_t i = 0; i < 1000; i++)
		CHECK_EQ(seen[i], i < 100 || i >= 500);
}

TEST(positions_behind_the_end_show_nothing)
{
	uint8_t seen[1] = {0};
	struct listing list = {.seen = seen, .pos = UINT64_MAX};

	dir_make();
	CHECK_EQ(add(number(0)), 0);
	CHECK(listing_step(&list, 10));
	CHECK_EQ(list.seen_count, 0);
	CHECK_EQ(fs_readdir(call_node("/d/n0"), listing_fill, &list, &list.pos,
			    false),
		 -ENOTDIR);
}

TEST(a_removed_directory_cannot_be_listed)
{
	struct listing list = {0};

	dir_make();
	fs_node_ref(dir);
	CHECK_EQ(call_rmdir("/d"), 0);
	list.left = 10;
	CHECK_EQ(fs_readdir(dir, listing_fill, &list, &list.pos, false),
		 -ENOENT);
	CHECK_EQ(list.left, 10);
	fs_node_unref(fs, dir);
}

/* -- Memory --------------------------------------------------------------- */

TEST(making_and_removing_in_turn_takes_no_memory)
{
	dir_make();
	for (size_t count = 0; count < 300; count += 37) {
		size_t live = 0;

		for (size_t i = 0; i < count; i++)
			CHECK_EQ(add(number(i)), 0);
		for (size_t i = 0; i < 2000; i++) {
			CHECK_EQ(add(number(1000 + i)), 0);
			CHECK_EQ(drop(number(1000 + i)), 0);
			if (i == 1)
				live = port_unit_live();
		}
		CHECK_EQ(port_unit_live(), live);
		/* Those that stay are made anew, too, in turn. */
		for (size_t i = 0; i < 2000 && count; i++) {
			CHECK_EQ(drop(number(i % count)), 0);
			CHECK_EQ(add(number(i % count)), 0);
		}
		CHECK(port_unit_live() <= live + 4096 * (4 + count / 10));
		fs_check(fs);
		for (size_t i = 0; i < count; i++)
			CHECK_EQ(drop(number(i)), 0);
	}
}

TEST(a_directory_that_was_large_gives_its_memory_back)
{
	size_t small;

	dir_make();
	for (size_t i = 0; i < 10; i++)
		CHECK_EQ(add(number(i)), 0);
	small = port_unit_live();
	for (size_t i = 10; i < 20000; i++)
		CHECK_EQ(add(number(i)), 0);
	for (size_t i = 10; i < 20000; i++)
		CHECK_EQ(drop(number(i)), 0);
	CHECK(port_unit_live() <= small + 10 * 4096 + SPARES);
	for (size_t i = 0; i < 10; i++)
		CHECK_EQ(find(number(i)), 0);
}
