/* SPDX-License-Identifier: MIT */
/*
 * Walks through directories that others change at the same time: what is there
 * throughout is always found, and what is gone stays in memory for whom it may
 * matter, and no longer. The sanitizers see what is looked at too late.
 */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/port_unit.h"

#define ROUNDS	  4000
#define MANY	  150
#define DIR_BYTES 192 /* at least, of a directory */

static uint32_t changers; /* atomic: that are not done yet */

static bool changing(void)
{
	return __atomic_load_n(&changers, __ATOMIC_RELAXED) != 0;
}

static void changed(void)
{
	__atomic_sub_fetch(&changers, 1, __ATOMIC_RELAXED);
}

static int walk_begin_to(struct fs_walk *walk, const char *path)
{
	fs_walk_begin_at(walk, fs, NULL, path, &call_root);
	return fs_walk_parent(walk);
}

static int find(const char *path)
{
	struct fs_walk walk;
	struct fs_node *node;
	int err;

	fs_walk_begin_at(&walk, fs, NULL, path, &call_root);
	err = fs_walk_to(&walk, true, &node);
	if (!err)
		fs_node_unref(fs, node);
	return err;
}

/* -- Directories that grow and shrink -------------------------------------- */

static void grow_body(int index)
{
	char path[80], moved[80];

	for (int round = 0; round < 6 && index == 0; round++) {
		for (int i = 0; i < MANY; i++) {
			snprintf(path, sizeof(path), "/a/%s%d",
				 i % 7 ? "n"
				       : "a_name_that_is_too_long_to_be_in"
					 "_an_entry_itself_",
				 i);
			CHECK_EQ(call_mkdir(path, 0755), 0);
		}
		for (int i = 0; i < MANY; i++) {
			snprintf(path, sizeof(path), "/a/%s%d",
				 i % 7 ? "n"
				       : "a_name_that_is_too_long_to_be_in"
					 "_an_entry_itself_",
				 i);
			snprintf(moved, sizeof(moved), "/a/m%d", i);
			CHECK_EQ(call_rename(path, moved, 0), 0);
			CHECK_EQ(call_rmdir(moved), 0);
		}
	}
	if (index == 0)
		changed();
	while (index && changing()) {
		CHECK_EQ(find("/a/keep/f"), 0);
		CHECK_EQ(find("/a/keep/g"), -ENOENT);
		CHECK_EQ(find("/a/keeq/f"), -ENOENT);
		CHECK_EQ(find("/a/f/f"), -ENOTDIR);
		CHECK_EQ(find("/a/n1/f"), -ENOENT);
		CHECK_EQ(find("/a/link/f"), 0);
	}
}

TEST(what_stays_is_found_while_its_directory_grows_and_shrinks)
{
	CHECK_EQ(call_mkdir("/a", 0755), 0);
	CHECK_EQ(call_mkdir("/a/keep", 0755), 0);
	CHECK_EQ(call_create("/a/keep/f"), 0);
	CHECK_EQ(call_create("/a/f"), 0);
	CHECK_EQ(call_symlink("keep", "/a/link"), 0);
	changers = 1;
	port_unit_threads(3, grow_body);
}

/* -- Directories that come and go ------------------------------------------- */

static void replace_body(int index)
{
	static const char *const always[] = {"/s/.", "/s/..", "/s", "/s/"};

	for (int i = 0; i < ROUNDS && index == 0; i++) {
		CHECK_EQ(call_mkdir("/n", 0755), 0);
		CHECK_EQ(call_rename("/n", "/s", 0), 0);
	}
	if (index == 0)
		changed();
	while (index && changing()) {
		for (size_t i = 0; i < 4; i++)
			CHECK_EQ(find(always[i]), 0);
		CHECK_EQ(find("/s/f"), -ENOENT);
		CHECK_EQ(find("/s/d/f"), -ENOENT);
	}
}

TEST(a_directory_that_is_replaced_is_there_at_all_times)
{
	CHECK_EQ(call_mkdir("/s", 0755), 0);
	changers = 1;
	port_unit_threads(3, replace_body);
	CHECK_EQ(call_stat("/").nlink, 3);
}

static void exchange_body(int index)
{
	for (int i = 0; i < ROUNDS && index == 0; i++)
		CHECK_EQ(call_rename("/p/d", "/q/d", RENAME_EXCHANGE), 0);
	if (index == 0)
		changed();
	while (index && changing()) {
		CHECK_EQ(find("/p/d/f"), 0);
		CHECK_EQ(find("/q/d/f"), 0);
		CHECK_EQ(find("/q/d/g/f"), -ENOENT);
	}
}

TEST(directories_that_trade_places_are_in_both)
{
	CHECK_EQ(call_mkdir("/p", 0755), 0);
	CHECK_EQ(call_mkdir("/q", 0755), 0);
	CHECK_EQ(call_mkdir("/p/d", 0755), 0);
	CHECK_EQ(call_mkdir("/q/d", 0755), 0);
	CHECK_EQ(call_create("/p/d/f"), 0);
	CHECK_EQ(call_create("/q/d/f"), 0);
	changers = 1;
	port_unit_threads(3, exchange_body);
}

static void there_body(int index)
{
	if (index < 2) {
		for (int i = 0; i < ROUNDS; i++) {
			(void)call_mkdir("/x/y", 0755);
			(void)call_mkdir("/x/y/z", 0755);
			(void)call_create("/x/y/z/f");
			(void)call_unlink("/x/y/z/f");
			(void)call_rename("/x/y/z", "/x/z", 0);
			(void)call_rmdir("/x/z");
			(void)call_rmdir("/x/y/z");
			(void)call_rmdir("/x/y");
		}
		changed();
	}
	while (index >= 2 && changing()) {
		int err = find("/x/y/z/f");

		CHECK(err == 0 || err == -ENOENT);
		err = find("/x/y/z/../..");
		CHECK(err == 0 || err == -ENOENT);
		err = call_create("/x/y/z/f");
		CHECK(err == 0 || err == -ENOENT || err == -EEXIST);
		err = call_rename("/x/y/z/f", "/x/y/f", 0);
		CHECK(err == 0 || err == -ENOENT);
		err = call_unlink("/x/y/f");
		CHECK(err == 0 || err == -ENOENT);
	}
}

TEST(paths_lead_through_directories_that_come_and_go)
{
	CHECK_EQ(call_mkdir("/x", 0755), 0);
	changers = 2;
	port_unit_threads(4, there_body);
}

/* -- Where a walk begins ------------------------------------------------------ */

static struct fs_node *here;

static void here_body(int index)
{
	struct fs_walk walk;
	struct fs_node *node;

	for (int i = 0; i < ROUNDS && index == 0; i++) {
		struct fs_node *old = here, *new;

		CHECK_EQ(call_mkdir("/here", 0755), 0);
		new = call_open("/here");
		CHECK_EQ(call_rmdir("/here"), 0);
		__atomic_store_n(&here, new, __ATOMIC_RELEASE);
		fs_node_unref(fs, old);
	}
	if (index == 0)
		changed();
	while (index && changing()) {
		fs_walk_begin_at(&walk, fs, &here, ".", &call_root);
		CHECK_EQ(fs_walk_to(&walk, true, &node), 0);
		CHECK_EQ(call_attr(node).nlink, 0);
		fs_node_unref(fs, node);
		fs_walk_begin_at(&walk, fs, &here, "..", &call_root);
		CHECK_EQ(fs_walk_to(&walk, true, &node), 0);
		CHECK(node == fs_root(fs));
		fs_node_unref(fs, node);
		fs_walk_begin_at(&walk, fs, &here, "f", &call_root);
		CHECK_EQ(fs_walk_to(&walk, true, &node), -ENOENT);
	}
}

TEST(a_walk_begins_at_one_of_the_directories_that_were_current)
{
	CHECK_EQ(call_mkdir("/here", 0755), 0);
	here = call_open("/here");
	CHECK_EQ(call_rmdir("/here"), 0);
	changers = 1;
	port_unit_threads(3, here_body);
	fs_node_unref(fs, here);
}

/* -- What is retired ----------------------------------------------------------- */

static void retire_body(int index)
{
	const struct fs_name name = {.text = "f", .len = 1};
	struct fs_walk one, two;
	size_t live;

	(void)index;
	CHECK_EQ(walk_begin_to(&one, "/d/e/f"), 0);
	CHECK_EQ(walk_begin_to(&two, "/d/e/f"), 0);
	live = port_unit_live();
	CHECK_EQ(call_rmdir("/d/e"), 0);
	CHECK_EQ(call_rmdir("/d"), 0);
	CHECK_EQ(port_unit_live(), live);
	CHECK_EQ(fs_make(fs, one.dir, &name, S_IFREG | 0644, 0, &call_root,
			 NULL, NULL),
		 -ENOENT);
	CHECK_EQ(fs_unlink(fs, one.dir, &name, &call_root), -ENOENT);
	CHECK_EQ(fs_rename(fs, one.dir, &name, two.dir, &name, 0, &call_root),
		 -ENOENT);
	CHECK_EQ(fs_rename(fs, one.dir, &name, fs_root(fs), &name, 0,
			   &call_root),
		 -ENOENT);
	fs_walk_end(&one);
	CHECK_EQ(port_unit_live(), live);
	CHECK_EQ(fs_walk_keep(&two), -ENOENT);
	fs_walk_end(&two);
	if (port_unit_exact)
		CHECK(port_unit_live() <= live - 2 * DIR_BYTES);
}

TEST(what_a_walker_may_see_is_freed_when_it_has_left)
{
	CHECK_EQ(call_mkdir("/d", 0755), 0);
	CHECK_EQ(call_mkdir("/d/e", 0755), 0);
	port_unit_threads(1, retire_body);
}
