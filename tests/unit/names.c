/* SPDX-License-Identifier: MIT */
/*
 * Making and removing names: mkdir, mknod, link, symlink, unlink, rmdir, with
 * their errors in Linux's order, times and link counts.
 */
#include "fs/internal.h" /* for a number of links that no test can make */
#include "tests/unit/calls.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/port_unit.h"

#define LONG_TARGET 4095

/* A directory d with a file f and a directory e; a file; links. */
static void make_some(void)
{
	CHECK_EQ(call_mkdir("/d", 0755), 0);
	CHECK_EQ(call_mkdir("/d/e", 0755), 0);
	CHECK_EQ(call_create("/d/f"), 0);
	CHECK_EQ(call_create("/file"), 0);
	CHECK_EQ(call_symlink("file", "/tofile"), 0);
	CHECK_EQ(call_symlink("d", "/todir"), 0);
	CHECK_EQ(call_symlink("nowhere", "/dangling"), 0);
}

TEST(a_name_that_exists_cannot_be_made)
{
	make_some();
	CHECK_EQ(call_mkdir("/d", 0755), -EEXIST);
	CHECK_EQ(call_mkdir("/d/", 0755), -EEXIST);
	CHECK_EQ(call_mkdir("/file", 0755), -EEXIST);
	CHECK_EQ(call_mkdir("/file/", 0755), -EEXIST);
	CHECK_EQ(call_mkdir("/dangling", 0755), -EEXIST);
	CHECK_EQ(call_mkdir("/dangling/", 0755), -EEXIST);
	CHECK_EQ(call_create("/d"), -EEXIST);
	CHECK_EQ(call_create("/file/"), -EEXIST);
	CHECK_EQ(call_create("/dangling"), -EEXIST);
	CHECK_EQ(call_symlink("a", "/file"), -EEXIST);
	CHECK_EQ(call_symlink("a", "/d/"), -EEXIST);
	CHECK_EQ(call_link("/file", "/d"), -EEXIST);
	CHECK_EQ(call_link("/file", "/file"), -EEXIST);
	CHECK_EQ(call_link("/d", "/file"), -EEXIST);
	CHECK_TEXT(call_list("/"), "d file tofile todir dangling ");
}

TEST(only_a_directory_is_made_with_a_slash_behind_its_name)
{
	make_some();
	CHECK_EQ(call_create("/x/"), -ENOENT);
	CHECK_EQ(call_symlink("a", "/x/"), -ENOENT);
	CHECK_EQ(call_link("/file", "/x/"), -ENOENT);
	CHECK_EQ(call_link("/d", "/x/"), -ENOENT);
	CHECK_EQ(call_mkdir("/x///", 0755), 0);
	CHECK_TEXT(call_list("/x"), "");
}

TEST(nothing_is_made_where_there_is_no_directory)
{
	make_some();
	CHECK_EQ(call_mkdir("/no/x", 0755), -ENOENT);
	CHECK_EQ(call_create("/file/x"), -ENOTDIR);
	CHECK_EQ(call_create("/dangling/x"), -ENOENT);
	CHECK_EQ(call_link("/file", "/tofile/x"), -ENOTDIR);
	CHECK_EQ(call_link("/no", "/x"), -ENOENT);
	CHECK_EQ(call_create("/todir/x"), 0);
	CHECK_TEXT(call_list("/d"), "e f x ");
}

TEST(unlink_removes_all_but_directories)
{
	make_some();
	CHECK_EQ(call_unlink("/d"), -EISDIR);
	CHECK_EQ(call_unlink("/d/"), -EISDIR);
	CHECK_EQ(call_unlink("/file/"), -ENOTDIR);
	CHECK_EQ(call_unlink("/tofile/"), -ENOTDIR);
	CHECK_EQ(call_unlink("/todir/"), -ENOTDIR);
	CHECK_EQ(call_unlink("/dangling/"), -ENOTDIR);
	CHECK_EQ(call_unlink("/no"), -ENOENT);
	CHECK_EQ(call_unlink("/no/"), -ENOENT);
	CHECK_EQ(call_unlink("/no/x"), -ENOENT);
	CHECK_EQ(call_unlink("/todir"), 0);
	CHECK_EQ(call_unlink("/dangling"), 0);
	CHECK_EQ(call_unlink("/file"), 0);
	CHECK_EQ(call_unlink("/file"), -ENOENT);
	CHECK_TEXT(call_list("/"), "d tofile ");
}

TEST(rmdir_removes_empty_directories_only)
{
	make_some();
	CHECK_EQ(call_rmdir("/file"), -ENOTDIR);
	CHECK_EQ(call_rmdir("/file/"), -ENOTDIR);
	CHECK_EQ(call_rmdir("/todir"), -ENOTDIR);
	CHECK_EQ(call_rmdir("/todir/"), -ENOTDIR);
	CHECK_EQ(call_rmdir("/d"), -ENOTEMPTY);
	CHECK_EQ(call_rmdir("/d/"), -ENOTEMPTY);
	CHECK_EQ(call_rmdir("/no"), -ENOENT);
	CHECK_EQ(call_rmdir("/d/e/"), 0);
	CHECK_EQ(call_rmdir("/d/e"), -ENOENT);
	CHECK_EQ(call_unlink("/d/f"), 0);
	CHECK_EQ(call_rmdir("/d"), 0);
	CHECK_TEXT(call_list("/"), "file tofile todir dangling ");
}

TEST(a_hard_link_is_the_same_file)
{
	make_some();
	CHECK_EQ(call_link("/d", "/x"), -EPERM);
	CHECK_EQ(call_write("/file", 0, "text"), 4);
	CHECK_EQ(call_link("/file", "/d/two"), 0);
	CHECK_EQ(call_link("/tofile", "/d/link"), 0); /* the link itself */
	CHECK_EQ(call_stat("/d/two").ino, call_stat("/file").ino);
	CHECK_EQ(call_stat("/file").nlink, 2);
	CHECK_EQ(call_stat("/tofile").nlink, 2);
	CHECK_EQ(call_unlink("/file"), 0);
	CHECK_EQ(call_stat("/d/two").nlink, 1);
	CHECK_TEXT(call_read("/d/two"), "text");
}

TEST(directories_count_links_of_their_subdirectories)
{
	make_some();
	CHECK_EQ(call_stat("/d").nlink, 3);
	CHECK_EQ(call_mkdir("/d/g", 0755), 0);
	CHECK_EQ(call_stat("/d").nlink, 4);
	CHECK_EQ(call_stat("/d/g").nlink, 2);
	CHECK_EQ(call_rmdir("/d/e"), 0);
	CHECK_EQ(call_stat("/d").nlink, 3);
	CHECK_EQ(call_stat("/d").size, 4 * 20);
	CHECK_EQ(call_stat("/d").blocks, 0);
}

TEST(making_and_removing_names_sets_the_times_of_the_directory)
{
	make_some();
	call_tick();
	CHECK_EQ(call_mkdir("/d/n", 0755), 0);
	CHECK_TEXT(call_times("/d"), "mc");
	CHECK_TEXT(call_times("/d/n"), "amc");
	call_tick();
	CHECK_EQ(call_create("/d/c"), 0);
	CHECK_TEXT(call_times("/d"), "mc");
	CHECK_TEXT(call_times("/d/c"), "amc");
	call_tick();
	CHECK_EQ(call_symlink("x", "/d/s"), 0);
	CHECK_TEXT(call_times("/d"), "mc");
	CHECK_TEXT(call_times("/d/s"), "amc");
	call_tick();
	CHECK_EQ(call_link("/file", "/d/l"), 0);
	CHECK_TEXT(call_times("/d"), "mc");
	CHECK_TEXT(call_times("/"), "");
	CHECK_TEXT(call_times("/file"), "c");
	call_tick();
	CHECK_EQ(call_unlink("/d/l"), 0);
	CHECK_TEXT(call_times("/d"), "mc");
	CHECK_TEXT(call_times("/file"), "c");
	call_tick();
	CHECK_EQ(call_rmdir("/d/n"), 0);
	CHECK_TEXT(call_times("/d"), "mc");
	call_tick();
	CHECK_EQ(call_rmdir("/d"), -ENOTEMPTY);
	CHECK_EQ(call_unlink("/d/no"), -ENOENT);
	CHECK_EQ(call_create("/d/c"), -EEXIST);
	CHECK_TEXT(call_times("/d"), "");
	CHECK_TEXT(call_times("/d/c"), "");
}

TEST(symlink_targets_have_1_to_4095_bytes)
{
	static const size_t lens[] = {1,   22,	 23,   24,   25,   126,	 127,
				      128, 2046, 2047, 2048, 2049, 4094, 4095};
	char *target = calloc(LONG_TARGET + 2, 1);

	CHECK_EQ(call_symlink("", "/empty"), -ENOENT);
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		struct fs_attr attr;

		memset(target, 'a' + (int)i, lens[i]);
		CHECK_EQ(call_symlink(target, "/link"), 0);
		attr = call_stat("/link");
		CHECK_EQ(attr.size, lens[i]);
		CHECK_EQ(attr.mode, S_IFLNK | 0777);
		CHECK_EQ(attr.blocks, lens[i] <= 127 ? 0 : 8);
		CHECK_TEXT(call_target("/link"), target);
		CHECK_EQ(call_unlink("/link"), 0);
	}
	memset(target, 'a', LONG_TARGET + 1);
	CHECK_EQ(call_symlink(target, "/link"), -ENAMETOOLONG);
	free(target);
}

TEST(names_have_at_most_255_bytes)
{
	char name[300], other[300];

	memset(name, 'n', sizeof(name));
	memcpy(name, "/", 1);
	name[256] = '\0';
	strcpy(other, "/file");
	CHECK_EQ(call_mkdir(name, 0755), 0);
	CHECK_EQ(call_create(other), 0);
	name[256] = 'n';
	name[257] = '\0';
	CHECK_EQ(call_mkdir(name, 0755), -ENAMETOOLONG);
	CHECK_EQ(call_symlink("a", name), -ENAMETOOLONG);
	CHECK_EQ(call_link(other, name), -ENAMETOOLONG);
	CHECK_EQ(call_unlink(name), -ENAMETOOLONG);
	CHECK_EQ(call_rmdir(name), -ENAMETOOLONG);
	CHECK_EQ(call_rename(other, name, 0), -ENAMETOOLONG);
	CHECK_EQ(call_rename(name, other, 0), -ENAMETOOLONG);
	CHECK_EQ(call_find(name), -ENAMETOOLONG);
}

TEST(a_file_has_no_more_links_than_can_be_counted)
{
	make_some();
	call_node("/file")->nlink = LINK_MAX_NODE;
	CHECK_EQ(call_link("/file", "/d/x"), -EMLINK);
	CHECK_EQ(call_find("/d/x"), -ENOENT);
	call_node("/file")->nlink = 1;
}

static struct fs_node *make_nameless(const char *dir, uint32_t mode)
{
	struct fs_node *node;

	CHECK_EQ(fs_make_anonymous(fs, call_node(dir), mode, call_cred, &node),
		 0);
	return node;
}

TEST(a_file_without_a_name_may_get_one_once)
{
	struct fs_node *node, *root = fs_root(fs);
	uint64_t nodes = call_nodes();

	call_tick();
	node = make_nameless("/", S_IFREG | 0640);
	CHECK_TEXT(call_times("/"), "");
	CHECK_EQ(call_attr(node).nlink, 0);
	CHECK_EQ(call_attr(node).mode, S_IFREG | 0640);
	CHECK_EQ(call_nodes(), nodes + 1);
	CHECK_EQ(fs_link(fs, node, root, NAME("f"), call_cred), -ENOENT);
	fs_node_mark(node, FS_MARK_LINKABLE, 0);
	CHECK_EQ(fs_link(fs, node, root, NAME("f"), call_cred), 0);
	CHECK_EQ(fs_node_marks(node), 0);
	CHECK_EQ(call_nodes(), nodes + 1);
	CHECK_EQ(fs_link(fs, node, root, NAME("g"), call_cred), 0);
	CHECK_EQ(call_nodes(), nodes + 2);
	CHECK_EQ(call_stat("/f").nlink, 2);
	fs_node_unref(fs, node);
	CHECK_EQ(call_write("/g", 0, "text"), 4);
	node = call_open("/f");
	CHECK_EQ(call_unlink("/f"), 0);
	CHECK_EQ(call_unlink("/g"), 0);
	CHECK_EQ(fs_link(fs, node, root, NAME("f"), call_cred), -ENOENT);
	fs_node_unref(fs, node);
	CHECK_EQ(call_nodes(), nodes);
}

TEST(a_file_without_a_name_goes_with_its_last_reference)
{
	uint64_t nodes = call_nodes();
	struct fs_node *node = make_nameless("/", S_IFREG | 0600);
	uint64_t at = 0;

	CHECK_EQ(fs_write(fs, node, "text", 4, false, &at), 4);
	fs_node_unref(fs, node);
	CHECK_EQ(call_nodes(), nodes);
	CHECK_EQ(fs_make_anonymous(fs, NULL, S_IFIFO | 0600, call_cred, &node),
		 0);
	CHECK(fs_node_object(node) == NULL);
	fs_node_unref(fs, node);
}

TEST(a_file_without_a_name_belongs_as_if_made_in_the_directory)
{
	static const struct fs_cred other = {.uid = 5, .gid = 6};
	struct fs_node *node;

	make_some();
	CHECK_EQ(call_chown("/d", 7, 8), 0);
	CHECK_EQ(call_chmod("/d", 02777), 0);
	call_cred = &other;
	node = make_nameless("/d", S_IFREG | 02775);
	CHECK_EQ(call_attr(node).uid, 5);
	CHECK_EQ(call_attr(node).gid, 8);
	CHECK_EQ(call_attr(node).mode, S_IFREG | 0775);
	fs_node_unref(fs, node);
	CHECK_EQ(fs_make_anonymous(fs, fs_root(fs), S_IFREG, &other, &node),
		 -EACCES);
}

TEST(only_root_makes_devices_but_anybody_whiteouts)
{
	static const struct fs_cred other = {.uid = 5, .gid = 6};
	struct fs_node *root = fs_root(fs);

	call_cred = &other;
	CHECK_EQ(call_make("/b", S_IFBLK | 0600), -EACCES);
	CHECK_EQ(fs_chmod(root, &call_root, 0777), 0);
	CHECK_EQ(call_make("/b", S_IFBLK | 0600), -EPERM);
	CHECK_EQ(fs_make(fs, root, NAME("c"), S_IFCHR | 0600, 1, &other, NULL,
			 NULL),
		 -EPERM);
	CHECK_EQ(call_make("/c", S_IFCHR | 0600), 0);
	CHECK_EQ(call_make("/c", S_IFBLK | 0600), -EEXIST);
	CHECK_EQ(call_make("/p", S_IFIFO | 0600), 0);
	CHECK_EQ(call_make("/s", S_IFSOCK | 0600), 0);
}

/* Makes a file, or finds what has the name; returns its inode number. */
static uint64_t make_or_find(const char *name, bool expected)
{
	struct fs_node *node;
	bool existed = !expected;
	uint64_t ino;

	CHECK_EQ(fs_make(fs, fs_root(fs), NAME(name), S_IFREG | 0644, 0,
			 &call_root, &existed, &node),
		 0);
	CHECK_EQ(existed, expected);
	ino = call_attr(node).ino;
	fs_node_unref(fs, node);
	return ino;
}

TEST(a_number_given_for_what_is_no_device_is_ignored)
{
	static const uint32_t types[] = {S_IFREG, S_IFIFO, S_IFSOCK};
	struct fs_node *node;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		CHECK_EQ(fs_make(fs, fs_root(fs), NAME("x"), types[i] | 0600,
				 0x123456, &call_root, NULL, &node),
			 0);
		CHECK_EQ(fs_node_rdev(node), 0);
		CHECK_EQ(call_attr(node).rdev, 0);
		if (types[i] == S_IFIFO)
			CHECK(fs_node_object(node) == NULL);
		if (types[i] == S_IFREG) {
			CHECK_EQ(call_truncate("/x", 8), 0);
			CHECK_EQ(call_read("/x")[0], 0);
		}
		fs_node_unref(fs, node);
		CHECK_EQ(call_unlink("/x"), 0);
	}
}

TEST(what_is_there_is_found_instead_of_made_if_asked_for)
{
	uint64_t made;
	bool existed;

	make_some();
	CHECK_EQ(make_or_find("file", true), call_stat("/file").ino);
	CHECK_EQ(make_or_find("d", true), call_stat("/d").ino);
	CHECK_EQ(make_or_find("tofile", true), call_stat("/tofile").ino);
	made = make_or_find("new", false);
	CHECK_EQ(call_stat("/new").ino, made);
	CHECK_EQ(make_or_find("new", true), made);
	CHECK_EQ(fs_make(fs, fs_root(fs), NAME("other/"), S_IFREG, 0,
			 &call_root, &existed, NULL),
		 -ENOENT);
}
