/* SPDX-License-Identifier: MIT */
/*
 * Renaming: every rule of rename(2) and the flags of renameat2(2), with their
 * errors in Linux's order, link counts and times.
 */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/port_unit.h"

/* /d/e/g, /d/f and /full/x; directories empty and empty2; files file and
 * file2. */
static void make_some(void)
{
	CHECK_EQ(call_mkdir("/d", 0755), 0);
	CHECK_EQ(call_mkdir("/d/e", 0755), 0);
	CHECK_EQ(call_mkdir("/d/e/g", 0755), 0);
	CHECK_EQ(call_create("/d/f"), 0);
	CHECK_EQ(call_mkdir("/full", 0755), 0);
	CHECK_EQ(call_create("/full/x"), 0);
	CHECK_EQ(call_mkdir("/empty", 0755), 0);
	CHECK_EQ(call_mkdir("/empty2", 0755), 0);
	CHECK_EQ(call_create("/file"), 0);
	CHECK_EQ(call_create("/file2"), 0);
	CHECK_EQ(call_write("/file", 0, "1"), 1);
	CHECK_EQ(call_write("/file2", 0, "2"), 1);
}

static const char *const all = "d full empty empty2 file file2 ";

TEST(a_file_gets_another_name)
{
	uint64_t ino;

	make_some();
	ino = call_stat("/file").ino;
	CHECK_EQ(call_rename("/file", "/new", 0), 0);
	CHECK_EQ(call_find("/file"), -ENOENT);
	CHECK_EQ(call_stat("/new").ino, ino);
	CHECK_EQ(call_rename("/new", "/d/e/new", 0), 0);
	CHECK_EQ(call_find("/new"), -ENOENT);
	CHECK_EQ(call_stat("/d/e/new").ino, ino);
	CHECK_EQ(call_stat("/d/e/new").nlink, 1);
	CHECK_TEXT(call_read("/d/e/new"), "1");
	CHECK_TEXT(call_list("/d/e"), "g new ");
}

TEST(a_file_replaces_a_file)
{
	uint64_t ino;

	make_some();
	ino = call_stat("/file").ino;
	CHECK_EQ(call_rename("/file", "/file2", 0), 0);
	CHECK_EQ(call_stat("/file2").ino, ino);
	CHECK_TEXT(call_read("/file2"), "1");
	CHECK_EQ(call_rename("/file2", "/d/f", 0), 0);
	CHECK_EQ(call_stat("/d/f").ino, ino);
	CHECK_TEXT(call_list("/"), "d full empty empty2 ");
	CHECK_EQ(call_symlink("x", "/s"), 0);
	CHECK_EQ(call_rename("/s", "/d/f", 0), 0);
	CHECK_TEXT(call_target("/d/f"), "x");
}

TEST(a_directory_replaces_an_empty_one_only)
{
	make_some();
	CHECK_EQ(call_rename("/d", "/full", 0), -ENOTEMPTY);
	CHECK_EQ(call_rename("/d/e", "/full", 0), -ENOTEMPTY);
	CHECK_EQ(call_rename("/d", "/file", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/d/e", "/file", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/file", "/d", 0), -EISDIR);
	CHECK_EQ(call_rename("/file", "/empty", 0), -EISDIR);
	CHECK_EQ(call_rename("/d/f", "/empty", 0), -EISDIR);
	CHECK_TEXT(call_list("/"), all);
	CHECK_EQ(call_rename("/full", "/empty", 0), 0);
	CHECK_TEXT(call_list("/empty"), "x ");
	CHECK_EQ(call_rename("/d/e", "/empty2", 0), 0);
	CHECK_TEXT(call_list("/empty2"), "g ");
	CHECK_TEXT(call_list("/d"), "f ");
}

TEST(link_counts_of_parents_follow_a_directory)
{
	make_some();
	CHECK_EQ(call_stat("/").nlink, 2 + 4);
	CHECK_EQ(call_rename("/d/e", "/full/e", 0), 0);
	CHECK_EQ(call_stat("/d").nlink, 2);
	CHECK_EQ(call_stat("/full").nlink, 3);
	CHECK_EQ(call_rename("/full/e", "/empty", 0), 0);
	CHECK_EQ(call_stat("/full").nlink, 2);
	CHECK_EQ(call_stat("/").nlink, 2 + 4);
	CHECK_EQ(call_rename("/empty2", "/d2", 0), 0);
	CHECK_EQ(call_stat("/").nlink, 2 + 4);
	CHECK_EQ(call_rename("/d2", "/empty", 0), -ENOTEMPTY);
	CHECK_EQ(call_rename("/d2", "/empty/g", 0), 0);
	CHECK_EQ(call_stat("/").nlink, 2 + 3);
	CHECK_EQ(call_stat("/empty").nlink, 3);
	CHECK_EQ(call_rename("/file", "/empty/g/f", 0), 0);
	CHECK_EQ(call_stat("/empty/g").nlink, 2);
}

TEST(dot_dot_follows_a_directory)
{
	make_some();
	CHECK_EQ(call_rename("/d/e", "/full/e", 0), 0);
	CHECK_EQ(call_stat("/full/e/..").ino, call_stat("/full").ino);
	CHECK_EQ(call_rename("/full/e", "/d", RENAME_EXCHANGE), 0);
	CHECK_EQ(call_stat("/d/..").ino, call_stat("/").ino);
	CHECK_EQ(call_stat("/full/e/..").ino, call_stat("/full").ino);
	CHECK_TEXT(call_list("/full/e"), "f ");
	CHECK_TEXT(call_list("/d"), "g ");
}

TEST(a_directory_does_not_move_into_itself)
{
	make_some();
	CHECK_EQ(call_rename("/d", "/d/x", 0), -EINVAL);
	CHECK_EQ(call_rename("/d", "/d/f", 0), -EINVAL);
	CHECK_EQ(call_rename("/d", "/d/e/g/x", 0), -EINVAL);
	CHECK_EQ(call_rename("/d", "/d/e/g", 0), -EINVAL);
	CHECK_EQ(call_rename("/d", "/d/e/g", RENAME_EXCHANGE), -EINVAL);
	CHECK_EQ(call_rename("/d", "/d/e", RENAME_NOREPLACE), -EEXIST);
	CHECK_EQ(call_rename("/d", "/d", 0), 0);
	CHECK_EQ(call_rename("/d", "/d/", 0), 0);
}

TEST(a_directory_is_not_replaced_by_what_is_in_it)
{
	make_some();
	CHECK_EQ(call_rename("/d/e", "/d", 0), -ENOTEMPTY);
	CHECK_EQ(call_rename("/d/f", "/d", 0), -ENOTEMPTY);
	CHECK_EQ(call_rename("/d/e/g", "/d", 0), -ENOTEMPTY);
	CHECK_EQ(call_rename("/d/e/g", "/d", RENAME_EXCHANGE), -EINVAL);
	CHECK_EQ(call_rename("/d/f", "/d", RENAME_EXCHANGE), -EINVAL);
	CHECK_EQ(call_rename("/d/no", "/d", 0), -ENOENT);
}

TEST(what_does_not_exist_cannot_be_renamed)
{
	make_some();
	CHECK_EQ(call_rename("/no", "/x", 0), -ENOENT);
	CHECK_EQ(call_rename("/no", "/file", RENAME_NOREPLACE), -ENOENT);
	CHECK_EQ(call_rename("/no", "/file", RENAME_EXCHANGE), -ENOENT);
	CHECK_EQ(call_rename("/file", "/no/x", 0), -ENOENT);
	CHECK_EQ(call_rename("/no/x", "/y", 0), -ENOENT);
	CHECK_EQ(call_rename("/file/x", "/y", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/file2", "/file/y", 0), -ENOTDIR);
}

TEST(slashes_stand_behind_names_of_directories_only)
{
	make_some();
	CHECK_EQ(call_symlink("file", "/tofile"), 0);
	CHECK_EQ(call_symlink("d", "/todir"), 0);
	CHECK_EQ(call_rename("/file/", "/x", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/file", "/x/", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/file", "/file2/", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/file", "/empty/", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/tofile/", "/x", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/todir/", "/x", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/empty", "/file/", 0), -ENOTDIR);
	CHECK_EQ(call_rename("/empty", "/file/", RENAME_EXCHANGE), -ENOTDIR);
	CHECK_EQ(call_rename("/file/", "/empty", RENAME_EXCHANGE), -ENOTDIR);
	CHECK_EQ(call_rename("/file", "/empty/", RENAME_EXCHANGE), 0);
	CHECK_EQ(call_rename("/empty", "/file", RENAME_EXCHANGE), 0);
	CHECK_EQ(call_rename("/empty/", "/x/", 0), 0);
	CHECK_EQ(call_rename("/x/", "/empty2/", 0), 0);
	CHECK_TEXT(call_list("/"), "d full empty2 file file2 tofile todir ");
}

TEST(two_names_of_one_file_are_left_alone)
{
	make_some();
	CHECK_EQ(call_link("/file", "/d/l"), 0);
	call_tick();
	CHECK_EQ(call_rename("/file", "/d/l", 0), 0);
	CHECK_EQ(call_rename("/d/l", "/file", 0), 0);
	CHECK_EQ(call_rename("/file", "/d/l", RENAME_EXCHANGE), 0);
	CHECK_EQ(call_rename("/file", "/d/l", RENAME_NOREPLACE), -EEXIST);
	CHECK_EQ(call_rename("/file", "/file", 0), 0);
	CHECK_EQ(call_rename("/file", "/file", RENAME_EXCHANGE), 0);
	CHECK_EQ(call_rename("/file", "/file", RENAME_NOREPLACE), -EEXIST);
	CHECK_EQ(call_stat("/file").nlink, 2);
	CHECK_EQ(call_stat("/d/l").nlink, 2);
	CHECK_TEXT(call_times("/file"), "");
	CHECK_TEXT(call_times("/d"), "");
}

TEST(noreplace_replaces_nothing)
{
	make_some();
	CHECK_EQ(call_rename("/file", "/file2", RENAME_NOREPLACE), -EEXIST);
	CHECK_EQ(call_rename("/file", "/d", RENAME_NOREPLACE), -EEXIST);
	CHECK_EQ(call_rename("/full", "/empty", RENAME_NOREPLACE), -EEXIST);
	CHECK_EQ(call_rename("/file", "/d/new", RENAME_NOREPLACE), 0);
	CHECK_TEXT(call_list("/d"), "e f new ");
}

TEST(exchange_makes_two_names_change_places)
{
	uint64_t file, dir;

	make_some();
	file = call_stat("/file").ino;
	dir = call_stat("/d/e").ino;
	CHECK_EQ(call_rename("/file", "/no", RENAME_EXCHANGE), -ENOENT);
	CHECK_EQ(call_rename("/file", "/d/e", RENAME_EXCHANGE), 0);
	CHECK_EQ(call_stat("/file").ino, dir);
	CHECK_EQ(call_stat("/d/e").ino, file);
	CHECK_EQ(call_stat("/d").nlink, 2);
	CHECK_EQ(call_stat("/").nlink, 2 + 5);
	CHECK_TEXT(call_list("/"), all);
	CHECK_EQ(call_rename("/d", "/full", RENAME_EXCHANGE), 0);
	CHECK_TEXT(call_list("/full"), "e f ");
	CHECK_TEXT(call_list("/d"), "x ");
	CHECK_EQ(call_rename("/file2", "/full/e", RENAME_EXCHANGE), 0);
	CHECK_TEXT(call_read("/file2"), "1");
	CHECK_TEXT(call_read("/full/e"), "2");
}

TEST(other_flags_are_refused)
{
	make_some();
	CHECK_EQ(call_rename("/file", "/x", RENAME_NOREPLACE | RENAME_EXCHANGE),
		 -EINVAL);
	CHECK_EQ(call_rename("/file", "/x", 8), -EINVAL);
	CHECK_EQ(call_rename("/file", "/x", 1U << 31), -EINVAL);
}

TEST(renaming_sets_times)
{
	make_some();
	CHECK_EQ(call_link("/file2", "/more"), 0);
	call_tick();
	CHECK_EQ(call_rename("/file", "/d/e/file", 0), 0);
	CHECK_TEXT(call_times("/"), "mc");
	CHECK_TEXT(call_times("/d"), "");
	CHECK_TEXT(call_times("/d/e"), "mc");
	CHECK_TEXT(call_times("/d/e/file"), "c");
	call_tick();
	CHECK_EQ(call_rename("/d/e", "/full/e", 0), 0);
	CHECK_TEXT(call_times("/d"), "mc");
	CHECK_TEXT(call_times("/full"), "mc");
	CHECK_TEXT(call_times("/full/e"), "c");
	call_tick();
	CHECK_EQ(call_rename("/full/x", "/file2", 0), 0);
	CHECK_TEXT(call_times("/"), "mc");
	CHECK_TEXT(call_times("/full"), "mc");
	CHECK_TEXT(call_times("/file2"), "c");
	CHECK_TEXT(call_times("/more"), "c");
	CHECK_EQ(call_stat("/more").nlink, 1);
	call_tick();
	CHECK_EQ(call_rename("/more", "/full/e", RENAME_EXCHANGE), 0);
	CHECK_TEXT(call_times("/"), "mc");
	CHECK_TEXT(call_times("/full"), "mc");
	CHECK_TEXT(call_times("/more"), "c");
	CHECK_TEXT(call_times("/full/e"), "c");
	call_tick();
	CHECK_EQ(call_rename("/full", "/more/g/x/y", 0), -ENOENT);
	CHECK_EQ(call_rename("/full", "/more", 0), -ENOTEMPTY);
	CHECK_TEXT(call_times("/"), "");
	CHECK_TEXT(call_times("/full"), "");
	CHECK_TEXT(call_times("/more"), "");
}

TEST(a_whiteout_takes_the_place_of_what_was_renamed)
{
	struct fs_attr attr;

	CHECK_EQ(call_create("/f"), 0);
	CHECK_EQ(call_mkdir("/d", 0755), 0);
	CHECK_EQ(call_mkdir("/e", 0755), 0);
	CHECK_EQ(call_rename("/f", "/g", RENAME_WHITEOUT), 0);
	attr = call_stat("/f");
	CHECK_EQ(attr.mode, S_IFCHR);
	CHECK_EQ(attr.rdev, 0);
	CHECK_EQ(attr.nlink, 1);
	CHECK_EQ(call_stat("/g").mode, S_IFREG | 0644);
	CHECK_EQ(call_rename("/g", "/f", RENAME_WHITEOUT), 0);
	CHECK_EQ(call_stat("/f").mode, S_IFREG | 0644);
	CHECK_EQ(call_stat("/g").mode, S_IFCHR);
	CHECK_EQ(call_rename("/d", "/e/d", RENAME_WHITEOUT), 0);
	CHECK_EQ(call_stat("/").nlink, 3);
	CHECK_EQ(call_stat("/e").nlink, 3);
	CHECK_EQ(call_rename("/g", "/g", RENAME_WHITEOUT), 0);
	CHECK_EQ(call_rename("/f", "/e/d", RENAME_WHITEOUT), -EISDIR);
	CHECK_EQ(call_rename("/f", "/g", RENAME_WHITEOUT | RENAME_EXCHANGE),
		 -EINVAL);
	CHECK_EQ(call_rename("/f", "/g", RENAME_WHITEOUT | RENAME_NOREPLACE),
		 -EEXIST);
	CHECK_TEXT(call_list("/"), "f d e g ");
}
