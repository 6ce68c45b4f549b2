/* SPDX-License-Identifier: MIT */
/*
 * Attributes: modes, owners, times, and what those who are not root may do:
 * chmod(2), chown(2), utimensat(2), path_resolution(7), sticky(7), relatime.
 */
#include "tests/unit/calls.h"

#include <string.h>

#include "port/port.h"
#include "tests/unit/port_unit.h"

static const uint32_t groups[] = {300, 301};
static const struct fs_cred owner = {.uid = 100, .gid = 200};
static const struct fs_cred outside = {.uid = 100, .gid = 999};
static const struct fs_cred member = {
	.uid = 100, .gid = 200, .groups = groups, .groups_len = 2};
static const struct fs_cred stranger = {.uid = 101, .gid = 201};
static const struct fs_cred in_group = {.uid = 102, .gid = 200};

/* A file that belongs to owner. */
static void make_file(const char *path, uint32_t mode)
{
	CHECK_EQ(call_make(path, S_IFREG), 0);
	CHECK_EQ(call_chown(path, 100, 200), 0);
	CHECK_EQ(call_chmod(path, mode), 0);
}

static void make_dir(const char *path, uint32_t mode)
{
	CHECK_EQ(call_mkdir(path, 0755), 0);
	CHECK_EQ(call_chown(path, 100, 200), 0);
	CHECK_EQ(call_chmod(path, mode), 0);
}

static uint32_t mode_of(const char *path)
{
	return call_stat(path).mode & 07777;
}

TEST(a_new_node_has_the_attributes_it_was_made_with)
{
	struct fs_attr attr;

	CHECK_EQ(call_chmod("/", 0777), 0);
	call_cred = &owner;
	CHECK_EQ(call_make("/f", S_IFREG | 0640), 0);
	CHECK_EQ(call_make("/d", S_IFDIR | 01750), 0);
	CHECK_EQ(call_make("/p", S_IFIFO | 0600), 0);
	call_cred = &call_root;
	attr = call_stat("/f");
	CHECK_EQ(attr.mode, S_IFREG | 0640);
	CHECK_EQ(attr.uid, 100);
	CHECK_EQ(attr.gid, 200);
	CHECK_EQ(attr.nlink, 1);
	CHECK_EQ(attr.size, 0);
	CHECK_EQ(attr.blocks, 0);
	CHECK_EQ(call_stat("/d").mode, S_IFDIR | 01750);
	CHECK_EQ(call_stat("/p").mode, S_IFIFO | 0600);
}

TEST(a_device_keeps_its_number)
{
	struct fs_node *node;

	CHECK_EQ(fs_make(fs, fs_root(fs), NAME("null"), S_IFCHR | 0666, 259,
			 &call_root, NULL, &node),
		 0);
	CHECK_EQ(fs_node_rdev(node), 259);
	CHECK_EQ(call_attr(node).rdev, 259);
	CHECK_EQ(call_attr(node).size, 0);
	CHECK_EQ(call_attr(node).blocks, 0);
	CHECK_EQ(fs_node_mode(node), S_IFCHR | 0666);
	fs_node_unref(fs, node);
	CHECK_EQ(fs_node_rdev(fs_root(fs)), 0);
	CHECK_EQ(call_attr(fs_root(fs)).rdev, 0);
}

TEST(chmod_sets_the_twelve_bits_for_the_owner)
{
	make_file("/f", 0);
	for (uint32_t mode = 0; mode < 010000; mode += 0111) {
		call_cred = &owner;
		CHECK_EQ(call_chmod("/f", mode), 0);
		call_cred = &call_root;
		CHECK_EQ(call_stat("/f").mode, S_IFREG | mode);
	}
	call_tick();
	CHECK_EQ(call_chmod("/f", 0644), 0);
	CHECK_TEXT(call_times("/f"), "c");
	call_tick();
	call_cred = &stranger;
	CHECK_EQ(call_chmod("/f", 0666), -EPERM);
	call_cred = &in_group;
	CHECK_EQ(call_chmod("/f", 0666), -EPERM);
	call_cred = &call_root;
	CHECK_TEXT(call_times("/f"), "");
	CHECK_EQ(mode_of("/f"), 0644);
}

TEST(only_group_members_set_the_group_id_bit)
{
	make_file("/f", 0644);
	make_dir("/d", 0755);
	call_cred = &outside;
	CHECK_EQ(call_chmod("/f", 06755), 0);
	CHECK_EQ(call_chmod("/d", 02755), 0);
	call_cred = &call_root;
	CHECK_EQ(mode_of("/f"), 04755);
	CHECK_EQ(mode_of("/d"), 0755);
	CHECK_EQ(call_chown("/f", -1U, 301), 0);
	call_cred = &member;
	CHECK_EQ(call_chmod("/f", 06755), 0);
	CHECK_EQ(call_chmod("/d", 02755), 0);
	call_cred = &call_root;
	CHECK_EQ(mode_of("/f"), 06755);
	CHECK_EQ(mode_of("/d"), 02755);
}

TEST(chown_lets_owners_choose_among_their_groups)
{
	make_file("/f", 0644);
	call_tick();
	call_cred = &owner;
	CHECK_EQ(call_chown("/f", 101, -1U), -EPERM);
	CHECK_EQ(call_chown("/f", -1U, 300), -EPERM);
	CHECK_EQ(call_chown("/f", 101, 200), -EPERM);
	call_cred = &stranger;
	CHECK_EQ(call_chown("/f", 100, -1U), -EPERM);
	CHECK_EQ(call_chown("/f", -1U, 200), -EPERM);
	CHECK_EQ(call_chown("/f", 101, 201), -EPERM);
	call_cred = &call_root;
	CHECK_TEXT(call_times("/f"), "");
	call_cred = &owner;
	CHECK_EQ(call_chown("/f", 100, 200), 0);
	CHECK_EQ(call_chown("/f", -1U, -1U), 0);
	call_cred = &member;
	CHECK_EQ(call_chown("/f", -1U, 302), -EPERM);
	CHECK_EQ(call_chown("/f", -1U, 301), 0);
	call_cred = &call_root;
	CHECK_TEXT(call_times("/f"), "c");
	CHECK_EQ(call_stat("/f").gid, 301);
	CHECK_EQ(call_chown("/f", 7, 8), 0);
	CHECK_EQ(call_stat("/f").uid, 7);
	CHECK_EQ(call_stat("/f").gid, 8);
}

TEST(chown_takes_the_set_id_bits_away)
{
	make_file("/f", 06755);
	make_dir("/d", 06777);
	CHECK_EQ(call_chown("/d", 1, 2), 0);
	CHECK_EQ(mode_of("/d"), 06777);
	CHECK_EQ(call_chown("/f", -1U, -1U), 0);
	CHECK_EQ(mode_of("/f"), 0755);
	CHECK_EQ(call_chmod("/f", 06745), 0);
	CHECK_EQ(call_chown("/f", -1U, -1U), 0);
	CHECK_EQ(mode_of("/f"), 02745); /* mandatory locking */
	call_cred = &owner;
	CHECK_EQ(call_chown("/f", -1U, -1U), 0);
	CHECK_EQ(mode_of("/f"), 02745);
	call_cred = &outside;
	CHECK_EQ(call_chown("/f", -1U, -1U), 0);
	CHECK_EQ(mode_of("/f"), 0745);
}

TEST(a_stranger_cannot_take_set_id_bits_away)
{
	make_file("/f", 06755);
	make_file("/g", 0755);
	call_tick();
	call_cred = &stranger;
	CHECK_EQ(call_chown("/f", -1U, -1U), -EPERM);
	CHECK_EQ(call_chown("/g", -1U, -1U), 0);
	CHECK_EQ(mode_of("/f"), 06755);
	CHECK_TEXT(call_times("/f"), "");
	CHECK_TEXT(call_times("/g"), "c");
}

TEST(a_set_group_id_directory_passes_its_group_on)
{
	make_dir("/d", 0777);
	CHECK_EQ(call_chown("/d", -1U, 300), 0);
	CHECK_EQ(call_chmod("/d", 02777), 0);
	call_cred = &owner;
	CHECK_EQ(call_mkdir("/d/d", 0755), 0);
	CHECK_EQ(call_make("/d/f", S_IFREG | 02755), 0);
	CHECK_EQ(call_make("/d/g", S_IFREG | 02745), 0);
	CHECK_EQ(call_make("/d/p", S_IFIFO | 02755), 0);
	CHECK_EQ(call_symlink("x", "/d/l"), 0);
	call_cred = &member;
	CHECK_EQ(call_make("/d/m", S_IFREG | 02755), 0);
	call_cred = &call_root;
	CHECK_EQ(call_make("/d/r", S_IFREG | 02755), 0);
	CHECK_EQ(mode_of("/d/d"), 02755);
	CHECK_EQ(call_stat("/d/d").gid, 300);
	CHECK_EQ(mode_of("/d/f"), 0755); /* not a member */
	CHECK_EQ(call_stat("/d/f").gid, 300);
	CHECK_EQ(mode_of("/d/g"), 02745);
	CHECK_EQ(mode_of("/d/p"), 0755);
	CHECK_EQ(mode_of("/d/m"), 02755);
	CHECK_EQ(mode_of("/d/r"), 02755);
	CHECK_EQ(call_stat("/d/r").gid, 300);
	CHECK_EQ(call_stat("/d/l").gid, 300);
	CHECK_EQ(mode_of("/d/l"), 0777);
}

TEST(access_goes_by_the_class_that_fits_best)
{
	make_file("/f", 0077);
	call_cred = &owner;
	CHECK_EQ(call_access("/f", R_OK), -EACCES);
	CHECK_EQ(call_access("/f", F_OK), 0);
	call_cred = &in_group;
	CHECK_EQ(call_access("/f", R_OK | W_OK | X_OK), 0);
	call_cred = &call_root;
	CHECK_EQ(call_chmod("/f", 0705), 0);
	call_cred = &in_group;
	CHECK_EQ(call_access("/f", R_OK), -EACCES);
	call_cred = &stranger;
	CHECK_EQ(call_access("/f", R_OK | X_OK), 0);
	CHECK_EQ(call_access("/f", R_OK | W_OK), -EACCES);
	call_cred = &owner;
	CHECK_EQ(call_access("/f", R_OK | W_OK | X_OK), 0);
	call_cred = &call_root;
	CHECK_EQ(call_chown("/f", 5, 301), 0);
	CHECK_EQ(call_chmod("/f", 0040), 0);
	call_cred = &member;
	CHECK_EQ(call_access("/f", R_OK), 0);
	call_cred = &owner;
	CHECK_EQ(call_access("/f", R_OK), -EACCES);
}

TEST(root_may_all_but_execute_what_nobody_may)
{
	make_file("/f", 0);
	make_dir("/d", 0);
	CHECK_EQ(call_access("/f", R_OK | W_OK), 0);
	CHECK_EQ(call_access("/f", X_OK), -EACCES);
	CHECK_EQ(call_access("/d", R_OK | W_OK | X_OK), 0);
	CHECK_EQ(call_create("/d/x"), 0);
	CHECK_EQ(call_chmod("/f", 0001), 0);
	CHECK_EQ(call_access("/f", X_OK), 0);
}

TEST(times_are_set_by_owners_and_touched_by_writers)
{
	struct fs_attr attr;

	make_file("/f", 0644);
	call_tick();
	call_cred = &stranger;
	CHECK_EQ(call_utimens("/f", FS_UTIME_NOW, FS_UTIME_NOW), -EACCES);
	CHECK_EQ(call_utimens("/f", FS_UTIME_NOW, FS_UTIME_OMIT), -EPERM);
	CHECK_EQ(call_utimens("/f", FS_UTIME_SET, FS_UTIME_SET), -EPERM);
	CHECK_EQ(call_utimens("/f", FS_UTIME_OMIT, FS_UTIME_OMIT), 0);
	CHECK_TEXT(call_times("/f"), "");
	call_cred = &call_root;
	CHECK_EQ(call_chmod("/f", 0646), 0);
	call_tick();
	call_cred = &stranger;
	CHECK_EQ(call_utimens("/f", FS_UTIME_NOW, FS_UTIME_OMIT), -EPERM);
	CHECK_EQ(call_utimens("/f", FS_UTIME_NOW, FS_UTIME_NOW), 0);
	CHECK_TEXT(call_times("/f"), "amc");
	call_tick();
	call_cred = &owner;
	CHECK_EQ(call_utimens("/f", FS_UTIME_SET, FS_UTIME_SET), 0);
	CHECK_TEXT(call_times("/f"), "c");
	attr = call_stat("/f");
	CHECK_EQ(attr.atime.sec, 5);
	CHECK_EQ(attr.atime.nsec, 50);
	CHECK_EQ(attr.mtime.sec, -6);
	CHECK_EQ(attr.mtime.nsec, 60);
	call_tick();
	CHECK_EQ(call_utimens("/f", FS_UTIME_NOW, FS_UTIME_OMIT), 0);
	CHECK_TEXT(call_times("/f"), "ac");
	call_tick();
	CHECK_EQ(call_utimens("/f", FS_UTIME_OMIT, FS_UTIME_NOW), 0);
	CHECK_TEXT(call_times("/f"), "mc");
}

TEST(in_a_sticky_directory_owners_remove_names)
{
	make_dir("/t", 01777);
	call_cred = &stranger;
	CHECK_EQ(call_create("/t/a"), 0);
	CHECK_EQ(call_mkdir("/t/d", 0777), 0);
	call_cred = &in_group;
	CHECK_EQ(call_create("/t/b"), 0);
	CHECK_EQ(call_mkdir("/t/e", 0777), 0);
	CHECK_EQ(call_unlink("/t/a"), -EPERM);
	CHECK_EQ(call_rmdir("/t/d"), -EPERM);
	CHECK_EQ(call_rename("/t/a", "/t/c", 0), -EPERM);
	CHECK_EQ(call_rename("/t/b", "/t/a", 0), -EPERM);
	CHECK_EQ(call_rename("/t/e", "/t/d", 0), -EPERM);
	CHECK_EQ(call_rename("/t/e", "/t/d", RENAME_EXCHANGE), -EPERM);
	CHECK_EQ(call_rename("/t/b", "/t/c", 0), 0);
	CHECK_EQ(call_unlink("/t/c"), 0);
	call_cred = &owner; /* of the directory */
	CHECK_EQ(call_unlink("/t/a"), 0);
	CHECK_EQ(call_rmdir("/t/d"), 0);
	CHECK_EQ(call_rename("/t/e", "/t/f", 0), 0);
}

TEST(names_change_in_writable_directories_only)
{
	CHECK_EQ(call_mkdir("/ro", 0755), 0);
	CHECK_EQ(call_create("/ro/f"), 0);
	CHECK_EQ(call_mkdir("/ro/d", 0777), 0);
	make_dir("/w", 0755);
	make_file("/w/mine", 0644);
	call_cred = &owner;
	CHECK_EQ(call_mkdir("/ro/x", 0777), -EACCES);
	CHECK_EQ(call_mkdir("/ro/f", 0777), -EEXIST);
	CHECK_EQ(call_create("/ro/x/"), -ENOENT);
	CHECK_EQ(call_symlink("a", "/ro/x"), -EACCES);
	CHECK_EQ(call_symlink("a", "/ro/f"), -EEXIST);
	CHECK_EQ(call_symlink("a", "/ro/x/"), -ENOENT);
	CHECK_EQ(call_link("/w/mine", "/ro/l"), -EACCES);
	CHECK_EQ(call_link("/w/mine", "/ro/f"), -EEXIST);
	CHECK_EQ(call_unlink("/ro/f"), -EACCES);
	CHECK_EQ(call_unlink("/ro/d"), -EACCES);
	CHECK_EQ(call_unlink("/ro/no"), -ENOENT);
	CHECK_EQ(call_unlink("/ro/f/"), -ENOTDIR);
	CHECK_EQ(call_unlink("/ro/d/"), -EISDIR);
	CHECK_EQ(call_rmdir("/ro/d"), -EACCES);
	CHECK_EQ(call_rmdir("/ro/f"), -EACCES);
	CHECK_EQ(call_rename("/w/mine", "/ro/x", 0), -EACCES);
	CHECK_EQ(call_rename("/w/mine", "/ro/f", 0), -EACCES);
	CHECK_EQ(call_rename("/w/mine", "/ro/d", 0), -EACCES);
	CHECK_EQ(call_rename("/ro/f", "/w/x", 0), -EACCES);
	CHECK_EQ(call_rename("/ro/d", "/ro/f", 0), -EACCES);
	CHECK_EQ(call_rename("/ro/f", "/ro/f", 0), 0);
	CHECK_EQ(call_rename("/w/mine", "/w/x", 0), 0);
}

TEST(a_directory_that_changes_its_parent_must_be_writable)
{
	make_dir("/w", 0755);
	make_dir("/w/a", 0755);
	make_dir("/w/a/fixed", 0555);
	make_dir("/w/fixed", 0555);
	make_dir("/w/b", 0755);
	call_cred = &owner;
	CHECK_EQ(call_rename("/w/fixed", "/w/fix", 0), 0);
	CHECK_EQ(call_rename("/w/fix", "/w/a/x", 0), -EACCES);
	CHECK_EQ(call_rename("/w/b", "/w/a/fixed", RENAME_EXCHANGE), -EACCES);
	CHECK_EQ(call_rename("/w/a/fixed", "/w/b", RENAME_EXCHANGE), -EACCES);
	CHECK_EQ(call_rename("/w/b", "/w/a/fixed", 0), 0);
}

TEST(a_path_goes_through_searchable_directories_only)
{
	CHECK_EQ(call_mkdir("/nx", 0666), 0);
	CHECK_EQ(call_chmod("/nx", 0666), 0);
	CHECK_EQ(call_mkdir("/nx/d", 0777), 0);
	call_cred = &owner;
	CHECK_EQ(call_find("/nx/d"), -EACCES);
	CHECK_EQ(call_find("/nx/no"), -EACCES);
	CHECK_EQ(call_find("/nx/."), -EACCES);
	CHECK_EQ(call_find("/nx/.."), -EACCES);
	CHECK_EQ(call_find("/nx/d/.."), -EACCES);
	CHECK_EQ(call_find("/nx"), 0);
	CHECK_EQ(call_find("/nx/"), 0);
	CHECK_EQ(call_mkdir("/nx/x", 0777), -EACCES);
	CHECK_EQ(call_unlink("/nx/d"), -EACCES);
}

/* Reads a byte; returns which times that set. */
static const char *read_times(struct fs_node *node, bool noatime)
{
	char byte;

	CHECK_EQ(fs_read(node, 0, &byte, 1, noatime), 1);
	return call_times("/f");
}

TEST(reading_sets_the_time_of_access_if_it_is_old)
{
	struct fs_node *node;

	CHECK_EQ(call_create("/f"), 0);
	CHECK_EQ(call_write("/f", 0, "text"), 4);
	node = call_open("/f");
	call_tick();
	CHECK_TEXT(read_times(node, true), "");
	CHECK_TEXT(read_times(node, false), "a"); /* not after mtime */
	call_tick();
	CHECK_TEXT(read_times(node, false), "");
	CHECK_EQ(call_chmod("/f", 0600), 0);
	call_tick();
	CHECK_TEXT(read_times(node, false), "a"); /* not after ctime */
	port_unit_clock_advance(86399);
	CHECK_TEXT(read_times(node, false), "");
	port_unit_clock_advance(1);
	CHECK_TEXT(read_times(node, true), "");
	CHECK_TEXT(read_times(node, false), "a"); /* a day old */
	fs_node_unref(fs, node);
	call_tick();
	CHECK_TEXT(call_list("/"), "f ");
	CHECK_TEXT(call_times("/"), "a");
}

TEST(reading_a_link_sets_its_time_of_access)
{
	CHECK_EQ(call_symlink("target", "/l"), 0);
	call_tick();
	CHECK_TEXT(call_times("/l"), "");
	CHECK_TEXT(call_target("/l"), "target");
	CHECK_TEXT(call_times("/l"), "a");
}

TEST(times_reach_from_far_past_to_far_future)
{
	const enum fs_utime how[2] = {FS_UTIME_SET, FS_UTIME_SET};
	const struct fs_time times[2] = {{INT64_MIN, 0},
					 {INT64_MAX, 999999999}};
	struct fs_attr attr;
	struct fs_time now;

	port_clock_coarse(&now.sec, &now.nsec);
	CHECK_EQ(fs_utimens(fs_root(fs), &call_root, times, how), 0);
	attr = call_stat("/");
	CHECK_EQ(attr.atime.sec, INT64_MIN);
	CHECK_EQ(attr.mtime.sec, INT64_MAX);
	CHECK_EQ(attr.mtime.nsec, 999999999);
	CHECK_TEXT(call_list("/"), "");
	CHECK_EQ(call_stat("/").atime.sec, now.sec); /* was before mtime */
	port_unit_clock_set(-1, 7);
	CHECK_EQ(call_chmod("/", 0755), 0);
	CHECK_EQ(call_stat("/").ctime.sec, -1);
	CHECK_EQ(call_stat("/").ctime.nsec, 7);
}

TEST(writing_takes_set_id_bits_away_unless_root_writes)
{
	static const struct {
		uint32_t mode, left, left_to_member;
	} bits[] = {{06777, 0777, 0777},
		    {06666, 0666, 02666},
		    {04644, 0644, 0644},
		    {0644, 0644, 0644}};

	make_dir("/d", 06777);
	fs_setid_drop(call_node("/d"), &stranger);
	CHECK_EQ(mode_of("/d"), 06777);
	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
		make_file("/f", bits[i].mode);
		fs_setid_drop(call_node("/f"), &call_root);
		CHECK_EQ(mode_of("/f"), bits[i].mode);
		call_tick();
		fs_setid_drop(call_node("/f"), &in_group);
		CHECK_EQ(mode_of("/f"), bits[i].left_to_member);
		CHECK_TEXT(call_times("/f"),
			   bits[i].mode == bits[i].left_to_member ? "" : "c");
		fs_setid_drop(call_node("/f"), &stranger);
		CHECK_EQ(mode_of("/f"), bits[i].left);
		CHECK_EQ(call_unlink("/f"), 0);
	}
}
