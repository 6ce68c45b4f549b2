/* SPDX-License-Identifier: MIT */
/*
 * The walker, path_resolution(7): dots, slashes, symbolic links, limits, deep
 * trees; and the way back from a directory to its path.
 */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/port_unit.h"

#define DEPTH 100000

/* Directories /d/e, a file /d/f, and links of all sorts. */
static void make_some(void)
{
	CHECK_EQ(call_mkdir("/d", 0755), 0);
	CHECK_EQ(call_mkdir("/d/e", 0755), 0);
	CHECK_EQ(call_create("/d/f"), 0);
	CHECK_EQ(call_symlink("d", "/l"), 0);
	CHECK_EQ(call_symlink("/d/e", "/abs"), 0);
	CHECK_EQ(call_symlink("d/f", "/lf"), 0);
	CHECK_EQ(call_symlink("d/f/", "/lfs"), 0);
	CHECK_EQ(call_symlink("d/e//", "/les"), 0);
	CHECK_EQ(call_symlink("../..", "/d/e/up"), 0);
	CHECK_EQ(call_symlink("/", "/d/root"), 0);
	CHECK_EQ(call_symlink("no/where", "/dangling"), 0);
	CHECK_EQ(call_symlink("loop", "/loop"), 0);
}

/* Do the two paths name the same? */
static void check_same(const char *path, const char *other)
{
	CHECK_EQ(call_find(path), 0);
	CHECK_EQ(call_stat(path).ino, call_stat(other).ino);
}

TEST(dots_and_slashes_go_where_they_should)
{
	make_some();
	check_same("/d//e///", "/d/e");
	check_same("///d/./e/../e/.", "/d/e");
	check_same("/..", "/");
	check_same("/../../d", "/d");
	check_same("//", "/");
	check_same("/d/e/..", "/d");
	check_same("/d/e/../", "/d");
	check_same("d/e", "/d/e");
	check_same(".", "/");
	check_same("..", "/");
	CHECK_EQ(call_find(""), -ENOENT);
	CHECK_EQ(call_find("/d/no/.."), -ENOENT);
	CHECK_EQ(call_find("/..."), -ENOENT);
	CHECK_EQ(call_find("/.d"), -ENOENT);
	CHECK_EQ(call_find("/..d"), -ENOENT);
	CHECK_EQ(call_mkdir("/...", 0755), 0);
	CHECK_EQ(call_mkdir("/.d", 0755), 0);
	CHECK_EQ(call_mkdir("/..d", 0755), 0);
	check_same("/.../../.d/../..d/..", "/");
}

TEST(nothing_is_below_a_file)
{
	make_some();
	CHECK_EQ(call_find("/d/f/x"), -ENOTDIR);
	CHECK_EQ(call_find("/d/f/"), -ENOTDIR);
	CHECK_EQ(call_find("/d/f/."), -ENOTDIR);
	CHECK_EQ(call_find("/d/f/.."), -ENOTDIR);
	CHECK_EQ(call_find("/lf/"), -ENOTDIR);
	CHECK_EQ(call_find("/lf/x"), -ENOTDIR);
	CHECK_EQ(call_find("/lfs"), -ENOTDIR);
	CHECK_EQ(call_find("/no/x"), -ENOENT);
}

TEST(links_lead_on)
{
	make_some();
	check_same("/l/f", "/d/f");
	check_same("/l/", "/d");
	check_same("/l/.", "/d");
	check_same("/l/e/..", "/d");
	check_same("/abs/", "/d/e");
	check_same("/abs/..", "/d");
	check_same("/les/.", "/d/e");
	check_same("/les/up/d", "/d");
	check_same("/abs/up/l/e/up/abs/up/l/f", "/d/f");
	check_same("/l/root/l/root/d/f", "/d/f");
	check_same("/d/root/", "/");
	check_same("/d/root/..", "/");
	CHECK_EQ(call_find("/l"), 0);
	CHECK_EQ(call_find("/lf"), 0);
	CHECK(call_stat("/l").ino != call_stat("/d").ino);
	CHECK_EQ(call_find("/dangling"), -ENOENT);
	CHECK_EQ(call_find("/dangling/.."), -ENOENT);
	CHECK_EQ(call_find("/loop"), -ELOOP);
	CHECK_EQ(call_find("/loop/x"), -ELOOP);
	CHECK_EQ(call_find("/l/root/loop"), -ELOOP);
}

TEST(what_stands_behind_a_link_in_a_link_is_walked_after_it)
{
	make_some();
	CHECK_EQ(call_symlink("l/e", "/two"), 0);
	CHECK_EQ(call_symlink("two/up/l/f", "/three"), 0);
	CHECK_EQ(call_symlink("/three", "/four"), 0);
	CHECK_EQ(call_symlink("two/../../two", "/five"), 0);
	check_same("/two/", "/d/e");
	check_same("/two/.", "/d/e");
	check_same("/five/..", "/d");
	CHECK_EQ(call_find("/three"), 0);
	CHECK_EQ(call_find("/four"), 0);
	CHECK_EQ(call_find("/four/"), -ENOTDIR);
	CHECK_EQ(call_unlink("/d/f"), 0);
	CHECK_EQ(call_find("/four"), -ENOENT);
}

/* c1 leads to c0, c2 to c1 and so on, by target, a format. */
static void make_chain(const char *target)
{
	CHECK_EQ(call_mkdir("/c0", 0755), 0);
	CHECK_EQ(call_create("/c0/f"), 0);
	for (int i = 1; i <= 41; i++) {
		char from[20], to[20];

		snprintf(from, sizeof(from), "/c%d", i);
		snprintf(to, sizeof(to), target, i - 1);
		CHECK_EQ(call_symlink(to, from), 0);
	}
}

TEST(forty_links_in_a_chain_are_followed_but_not_41)
{
	make_chain("c%d");
	CHECK_EQ(call_find("/c40"), 0);
	CHECK_EQ(call_find("/c40/"), 0);
	CHECK_EQ(call_find("/c40/f"), 0);
	CHECK_EQ(call_find("/c41"), -ELOOP);
	CHECK_EQ(call_find("/c41/f"), -ELOOP);
}

TEST(forty_links_with_something_behind_each_are_followed)
{
	make_chain("/./c%d/.");
	CHECK_EQ(call_find("/c40"), 0);
	CHECK_EQ(call_find("/c40/f"), 0);
	CHECK_EQ(call_find("/c40/../c0/f"), 0);
	CHECK_EQ(call_find("/c41"), -ELOOP);
	CHECK_EQ(call_find("/c20/../c20"), 0);
	CHECK_EQ(call_find("/c20/../c21"), -ELOOP);
	CHECK_EQ(call_find("/c20/../c20/no"), -ENOENT);
}

TEST(forty_links_in_a_row_are_followed_but_not_41)
{
	char path[300] = "";

	CHECK_EQ(call_symlink(".", "/s"), 0);
	CHECK_EQ(call_create("/f"), 0);
	for (int i = 0; i < 40; i++)
		strcat(path, "/s");
	CHECK_EQ(call_find(path), 0);
	strcat(path, "/f");
	CHECK_EQ(call_find(path), 0);
	memmove(path + 2, path, strlen(path) + 1);
	CHECK_EQ(call_find(path), -ELOOP);
}

TEST(slashes_behind_a_link_follow_it)
{
	make_some();
	check_same("/l/", "/d");
	CHECK_EQ(call_stat("/l/").mode & S_IFMT, S_IFDIR);
	CHECK_EQ(call_stat("/l").mode & S_IFMT, S_IFLNK);
	CHECK_EQ(call_stat("/lfs").mode & S_IFMT, S_IFLNK);
	CHECK_EQ(call_mkdir("/l/new/", 0755), 0);
	CHECK_TEXT(call_list("/d"), "e f root new ");
}

/* A path of len bytes that names the root, ending with a component. */
static void check_path_len(size_t len, int expected)
{
	char *path = malloc(len + 1);

	memset(path, '/', len);
	memcpy(path + len - 2, "/d", 3);
	CHECK_EQ(call_find(path), expected);
	memcpy(path, "/no/", 4);
	CHECK_EQ(call_find(path), len > 4095 ? expected : -ENOENT);
	for (size_t i = 0; i < len; i++)
		path[i] = i % 2 ? '.' : '/';
	CHECK_EQ(call_find(path), expected);
	free(path);
}

TEST(paths_have_at_most_4095_bytes)
{
	char *target = malloc(4096);

	CHECK_EQ(call_mkdir("/d", 0755), 0);
	check_path_len(4094, 0);
	check_path_len(4095, 0);
	check_path_len(4096, -ENAMETOOLONG);
	check_path_len(4097, -ENAMETOOLONG);
	check_path_len(10000, -ENAMETOOLONG);
	/* A target counts on its own. */
	memset(target, '/', 4095);
	memcpy(target + 4093, "/d", 3);
	target[4095] = '\0';
	CHECK_EQ(call_symlink(target, "/d/l"), 0);
	memset(target, '/', 4095);
	memcpy(target, "/d/l", 4);
	memcpy(target + 4093, "/l", 3);
	check_same(target, "/d/l");
	free(target);
}

TEST(names_in_the_middle_have_at_most_255_bytes)
{
	char path[400];

	memset(path, 'n', sizeof(path));
	path[0] = '/';
	path[256] = '\0';
	CHECK_EQ(call_mkdir(path, 0755), 0);
	strcpy(path + 256, "/x");
	CHECK_EQ(call_find(path), -ENOENT);
	CHECK_EQ(call_mkdir(path, 0755), 0);
	CHECK_EQ(call_find(path), 0);
	strcpy(path + 256, "n/x");
	CHECK_EQ(call_find(path), -ENAMETOOLONG);
}

TEST(a_walk_from_a_file_ends_there)
{
	struct fs_node *node;

	make_some();
	call_cwd = call_node("/d/f");
	CHECK_EQ(call_find("x"), -ENOTDIR);
	CHECK_EQ(call_find("."), -ENOTDIR);
	CHECK_EQ(call_find("/d"), 0);
	CHECK_EQ(fs_lookup(fs, call_cwd, NAME("x"), &node), -ENOTDIR);
	call_cwd = NULL;
}

TEST(a_removed_directory_is_empty_and_stays_so)
{
	struct fs_node *dir;

	make_some();
	dir = call_open("/d/e");
	CHECK_EQ(call_unlink("/d/e/up"), 0);
	CHECK_EQ(call_rmdir("/d/e"), 0);
	call_cwd = dir;
	CHECK_EQ(call_attr(dir).nlink, 0);
	CHECK_EQ(call_mkdir("x", 0755), -ENOENT);
	CHECK_EQ(call_create("x"), -ENOENT);
	CHECK_EQ(call_create("x/"), -ENOENT);
	CHECK_EQ(call_symlink("a", "x"), -ENOENT);
	CHECK_EQ(call_link("/d/f", "x"), -ENOENT);
	CHECK_EQ(call_rename("/d/f", "x", 0), -ENOENT);
	CHECK_EQ(call_rename("x", "/y", 0), -ENOENT);
	CHECK_EQ(call_unlink("x"), -ENOENT);
	CHECK_EQ(call_rmdir("x"), -ENOENT);
	CHECK_EQ(call_find("x"), -ENOENT);
	CHECK_EQ(call_find("."), 0);
	check_same("..", "/d");
	CHECK_EQ(call_rename("/d", "/moved", 0), 0);
	check_same("..", "/moved");
	call_cwd = NULL;
	fs_node_unref(fs, dir);
}

TEST(removed_parents_live_while_what_was_below_them_is_held)
{
	struct fs_node *dir;

	CHECK_EQ(call_mkdir("/a", 0755), 0);
	CHECK_EQ(call_mkdir("/a/b", 0755), 0);
	CHECK_EQ(call_mkdir("/a/b/c", 0755), 0);
	dir = call_open("/a/b/c");
	CHECK_EQ(call_rmdir("/a/b/c"), 0);
	CHECK_EQ(call_rmdir("/a/b"), 0);
	CHECK_EQ(call_rmdir("/a"), 0);
	call_cwd = dir;
	check_same("../../..", "/");
	CHECK_EQ(call_stat("../..").nlink, 0);
	call_cwd = NULL;
	fs_node_unref(fs, dir); /* and with it all three go */
}

static void check_cwd(struct fs_node *dir, const char *expected)
{
	size_t len = strlen(expected);
	char buf[600];

	memset(buf, '#', sizeof(buf));
	CHECK_EQ(fs_path(fs, dir, buf, sizeof(buf)), len + 1);
	CHECK_TEXT(buf, expected);
	memset(buf, '#', sizeof(buf));
	CHECK_EQ(fs_path(fs, dir, buf, len + 1), len + 1);
	CHECK_TEXT(buf, expected);
	CHECK_EQ(buf[len + 1], '#');
	CHECK_EQ(fs_path(fs, dir, buf, len), -ERANGE);
	CHECK_EQ(fs_path(fs, dir, buf, 0), -ERANGE);
}

TEST(the_path_of_a_directory_follows_its_renames)
{
	struct fs_node *dir;
	char path[300], buf[20];

	check_cwd(fs_root(fs), "/");
	make_some();
	dir = call_open("/d/e");
	check_cwd(dir, "/d/e");
	CHECK_EQ(call_rename("/d", "/longer", 0), 0);
	check_cwd(dir, "/longer/e");
	memset(path, 'n', sizeof(path));
	path[0] = '/';
	path[256] = '\0';
	CHECK_EQ(call_rename("/longer/e", path, 0), 0);
	check_cwd(dir, path);
	CHECK_EQ(call_unlink("/abs"), 0);
	CHECK_EQ(call_mkdir("/other", 0755), 0);
	CHECK_EQ(call_rename(path, "/other", RENAME_EXCHANGE), 0);
	check_cwd(dir, "/other");
	CHECK_EQ(call_unlink("/other/up"), 0);
	CHECK_EQ(call_rmdir("/other"), 0);
	CHECK_EQ(fs_path(fs, dir, buf, sizeof(buf)), -ENOENT);
	CHECK_EQ(call_mkdir("/other", 0755), 0);
	CHECK_EQ(fs_path(fs, dir, buf, sizeof(buf)), -ENOENT);
	fs_node_unref(fs, dir);
}

/* Makes a directory called name in dir, whose reference is given up for one to
 * the new directory. */
static struct fs_node *descend(struct fs_node *dir, const char *name)
{
	struct fs_node *next = NULL;

	CHECK_EQ(fs_make(fs, dir, NAME(name), S_IFDIR | 0755, 0, &call_root,
			 NULL, &next),
		 0);
	fs_node_unref(fs, dir);
	return next;
}

TEST(a_directory_has_a_path_of_at_most_4095_bytes)
{
	struct fs_node *dir = call_open("/");
	char name[256], buf[4200];

	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	for (int i = 0; i < 15; i++)
		dir = descend(dir, name);
	name[254] = '\0';
	dir = descend(dir, name);
	CHECK_EQ(fs_path(fs, dir, buf, sizeof(buf)), 4096);
	CHECK_EQ(strlen(buf), 4095);
	CHECK_EQ(fs_path(fs, dir, buf, 4095), -ERANGE);
	dir = descend(dir, "d");
	CHECK_EQ(fs_path(fs, dir, buf, sizeof(buf)), -ENAMETOOLONG);
	CHECK_EQ(fs_path(fs, dir, buf, 10), -ENAMETOOLONG);
	fs_node_unref(fs, dir);
}

TEST(a_tree_may_be_100000_levels_deep)
{
	struct fs_node *dir = call_open("/");
	char buf[20];

	for (int i = 0; i < DEPTH; i++)
		dir = descend(dir, "d");
	CHECK_EQ(fs_path(fs, dir, buf, sizeof(buf)), -ENAMETOOLONG);
	CHECK_EQ(call_rename("/d/d", "/e", 0), 0);
	CHECK_EQ(call_rename("/d", "/e/d/d/d/x", 0), 0);
	CHECK_EQ(call_rename("/e", "/e/d/d/d/d/d/y", 0), -EINVAL);
	fs_node_unref(fs, dir);
}

TEST(a_chain_of_100000_removed_directories_goes_at_once)
{
	struct fs_node *dir = call_open("/"), *next, *parent;
	int depth = 0;

	for (; depth < DEPTH; depth++)
		dir = descend(dir, "d");
	fs_node_ref(dir);
	for (next = dir; depth > 0; depth--) {
		parent = fs_parent(next);
		CHECK_EQ(fs_rmdir(fs, parent, NAME("d"), &call_root), 0);
		fs_node_unref(fs, next);
		next = parent;
	}
	fs_node_unref(fs, next);
	CHECK_EQ(call_attr(fs_root(fs)).nlink, 2);
	fs_node_unref(fs, dir); /* held all of them */
}

/* A name of node as a path, or the error as a number. */
static const char *path_of(struct fs_node *node, size_t size)
{
	static char buf[PATH_MAX + 1];
	ssize_t len;

	CHECK(size <= sizeof(buf));
	memset(buf, '#', sizeof(buf));
	len = fs_node_path(fs, node, buf, size);
	if (len < 0)
		snprintf(buf, sizeof(buf), "%zd", len);
	else
		CHECK_EQ(strlen(buf) + 1, len);
	return buf;
}

TEST(a_file_is_found_by_all_directories)
{
	struct fs_node *file;

	make_some();
	CHECK_TEXT(path_of(call_node("/"), 2), "/");
	CHECK_TEXT(path_of(call_node("/d/e"), 5), "/d/e");
	CHECK_TEXT(path_of(call_node("/d/f"), 5), "/d/f");
	CHECK_TEXT(path_of(call_node("/d/f"), 4), "-34"); /* -ERANGE */
	CHECK_TEXT(path_of(call_node("/loop"), 6), "/loop");
	CHECK_TEXT(path_of(call_node("/loop"), 5), "-34");
	file = call_open("/d/f");
	for (int i = 0; i < 200; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/d/e/%d", i);
		CHECK_EQ(call_mkdir(path, 0755), 0);
	}
	CHECK_EQ(call_rename("/d/f", "/d/e/77/moved", 0), 0);
	CHECK_TEXT(path_of(file, 100), "/d/e/77/moved");
	CHECK_EQ(call_link("/d/e/77/moved", "/name"), 0);
	CHECK_EQ(call_unlink("/d/e/77/moved"), 0);
	CHECK_TEXT(path_of(file, 100), "/name");
	CHECK_EQ(call_unlink("/name"), 0);
	CHECK_TEXT(path_of(file, 100), "-2"); /* -ENOENT */
	fs_node_unref(fs, file);
}
