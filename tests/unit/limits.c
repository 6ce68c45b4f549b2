/* SPDX-License-Identifier: MIT */
/*
 * Limits and accounts: no space and no nodes left, before the first change;
 * what is given back can be used at once, for ever.
 */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/port_unit.h"

#define PAGE   4096
#define ROUNDS 1000

static struct fs_stat stat_now(void)
{
	struct fs_stat stat;

	fs_stat(fs, &stat);
	return stat;
}

static struct fs_node *file_make(const char *path)
{
	CHECK_EQ(call_create(path), 0);
	return call_open(path);
}

static ssize_t write_at(struct fs_node *node, uint64_t offset, size_t count)
{
	char *buf = malloc(count + 1);
	uint64_t at = offset;
	ssize_t done;

	memset(buf, 'x', count + 1);
	done = fs_write(fs, node, buf, count, false, &at);
	CHECK_EQ(at, offset + (done > 0 ? (uint64_t)done : 0));
	free(buf);
	return done;
}

TEST(the_limits_are_shown)
{
	struct fs_stat stat;

	check_fs_limits(100 * PAGE, 50);
	stat = stat_now();
	CHECK_EQ(stat.bytes_max, 100 * PAGE);
	CHECK_EQ(stat.bytes_free, 100 * PAGE);
	CHECK_EQ(stat.nodes_max, 50);
	CHECK_EQ(stat.nodes_free, 49); /* the root is one */
	check_fs_renew();
	CHECK(stat_now().bytes_free <= (uint64_t)1 << 32); /* what there is */
}

TEST(bytes_and_nodes_are_given_back)
{
	struct fs_node *node;

	check_fs_limits(100 * PAGE, 50);
	node = file_make("/f");
	CHECK_EQ(stat_now().nodes_free, 48);
	CHECK_EQ(write_at(node, 0, 20 * PAGE), 20 * PAGE);
	CHECK_EQ(stat_now().bytes_free, 80 * PAGE);
	CHECK_EQ(fs_truncate(fs, node, 5 * PAGE + 1), 0);
	CHECK_EQ(stat_now().bytes_free, 94 * PAGE);
	CHECK_EQ(fs_truncate(fs, node, 50 * PAGE), 0);
	CHECK_EQ(stat_now().bytes_free, 94 * PAGE);
	CHECK_EQ(call_unlink("/f"), 0);
	CHECK_EQ(stat_now().bytes_free, 94 * PAGE); /* it is still held */
	CHECK_EQ(stat_now().nodes_free, 48);
	fs_node_unref(fs, node);
	CHECK_EQ(stat_now().bytes_free, 100 * PAGE);
	CHECK_EQ(stat_now().nodes_free, 49);
}

TEST(a_small_file_may_grow_to_a_page_when_just_that_is_left)
{
	struct fs_node *node;

	check_fs_limits(PAGE, 50);
	node = file_make("/f");
	CHECK_EQ(write_at(node, 0, 2048), 2048);
	CHECK_EQ(write_at(node, 2048, 2048), 2048);
	CHECK_EQ(stat_now().bytes_free, 0);
	fs_node_unref(fs, node);
}

TEST(a_failed_write_far_into_a_small_file_charges_nothing)
{
	struct fs_node *node;
	uint64_t free;

	check_fs_limits(PAGE + 100, 50);
	node = file_make("/f");
	CHECK_EQ(write_at(node, 0, 100), 100);
	free = stat_now().bytes_free;
	/* its first page would fit, but not the one written */
	CHECK_EQ(write_at(node, (uint64_t)1 << 40, 1), -ENOSPC);
	CHECK_EQ(stat_now().bytes_free, free);
	CHECK_EQ(call_attr(node).size, 100);
	CHECK_EQ(write_at(node, 100, 12), 12); /* the same buffer */
	CHECK_EQ(stat_now().bytes_free, free);
	fs_node_unref(fs, node);
}

TEST(small_files_are_charged_what_they_take)
{
	static const size_t counts[][2] = {{1, 0},	 {24, 0},
					   {25, 32},	 {100, 112},
					   {2048, 2048}, {2049, PAGE}};
	struct fs_node *node;

	check_fs_limits(PAGE, 50);
	node = file_make("/f");
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		CHECK_EQ(write_at(node, 0, counts[i][0]), counts[i][0]);
		CHECK_EQ(PAGE - stat_now().bytes_free, counts[i][1]);
		CHECK_EQ(fs_truncate(fs, node, 0), 0);
		CHECK_EQ(stat_now().bytes_free, PAGE);
	}
	fs_node_unref(fs, node);
}

TEST(a_write_is_short_when_space_runs_out_and_then_fails)
{
	struct fs_node *node;

	check_fs_limits(3 * PAGE, 50);
	node = file_make("/f");
	CHECK_EQ(write_at(node, 100, 5 * PAGE), 3 * PAGE - 100);
	CHECK_EQ(call_attr(node).size, 3 * PAGE);
	CHECK_EQ(call_attr(node).blocks, 3 * 8);
	call_tick();
	CHECK_EQ(write_at(node, 3 * PAGE, 1), -ENOSPC);
	CHECK_EQ(write_at(node, 100 * PAGE, PAGE), -ENOSPC);
	CHECK_EQ(write_at(node, 1ULL << 50, PAGE), -ENOSPC);
	CHECK_EQ(call_attr(node).size, 3 * PAGE);
	CHECK_TEXT(call_times("/f"), "mc"); /* as on Linux */
	CHECK_EQ(write_at(node, 3 * PAGE - 5, 10), 5);
	CHECK_EQ(write_at(node, 0, 3 * PAGE), 3 * PAGE); /* in place */
	CHECK_EQ(fs_truncate(fs, node, 2 * PAGE), 0);
	CHECK_EQ(write_at(node, 1ULL << 50, 2 * PAGE), PAGE);
	fs_node_unref(fs, node);
}

TEST(a_write_of_several_buffers_is_short_too)
{
	static char buf[PAGE];
	const struct iovec iov[] = {{buf, PAGE}, {buf, PAGE}, {buf, PAGE}};
	struct fs_node *node;
	uint64_t offset = 0;

	check_fs_limits(2 * PAGE, 50);
	node = file_make("/f");
	CHECK_EQ(fs_writev(fs, node, iov, 3, false, &offset), 2 * PAGE);
	CHECK_EQ(offset, 2 * PAGE);
	CHECK_EQ(fs_writev(fs, node, iov, 3, true, &offset), -ENOSPC);
	CHECK_EQ(offset, 2 * PAGE);
	fs_node_unref(fs, node);
}

TEST(small_writes_fail_whole_when_there_is_no_space)
{
	struct fs_node *node, *other;

	check_fs_limits(100, 50);
	node = file_make("/f");
	other = file_make("/g");
	CHECK_EQ(write_at(node, 0, 64), 64);
	call_tick();
	CHECK_EQ(write_at(other, 0, 25), 25);
	CHECK_EQ(stat_now().bytes_free, 4);
	CHECK_EQ(write_at(node, 64, 20), -ENOSPC);
	CHECK_EQ(write_at(node, 3000, 1), -ENOSPC);
	CHECK_EQ(call_attr(node).size, 64);
	CHECK_TEXT(call_times("/f"), "mc");
	CHECK_EQ(stat_now().bytes_free, 4);
	CHECK_EQ(call_symlink("a target of more than 24 bytes", "/l"), -ENOSPC);
	CHECK_EQ(call_find("/l"), -ENOENT);
	CHECK_EQ(call_symlink("short", "/l"), 0);
	fs_node_unref(fs, node);
	fs_node_unref(fs, other);
}

TEST(space_is_reserved_whole_or_not_at_all)
{
	struct fs_node *node;

	check_fs_limits(10 * PAGE, 50);
	node = file_make("/f");
	CHECK_EQ(write_at(node, 0, 100), 100);
	CHECK_EQ(fs_allocate(fs, node, 0, 10 * PAGE + 1, false), -ENOSPC);
	CHECK_EQ(fs_zero(fs, node, PAGE, 10 * PAGE, false), -ENOSPC);
	CHECK_EQ(fs_allocate(fs, node, 1ULL << 40, 1ULL << 62, false), -ENOSPC);
	CHECK_EQ(stat_now().bytes_free, 10 * PAGE - 112);
	CHECK_EQ(call_attr(node).size, 100);
	CHECK_EQ(fs_allocate(fs, node, PAGE, 3 * PAGE, true), 0);
	CHECK_EQ(stat_now().bytes_free, 6 * PAGE);
	CHECK_EQ(call_attr(node).blocks, 4 * 8);
	CHECK_EQ(fs_allocate(fs, node, 2 * PAGE, 9 * PAGE, false), -ENOSPC);
	CHECK_EQ(fs_allocate(fs, node, 1ULL << 50, 7 * PAGE, true), -ENOSPC);
	CHECK_EQ(stat_now().bytes_free, 6 * PAGE);
	CHECK_EQ(call_attr(node).blocks, 4 * 8);
	CHECK_EQ(fs_allocate(fs, node, 1ULL << 50, 6 * PAGE, true), 0);
	CHECK_EQ(stat_now().bytes_free, 0);
	/* what is reserved can be written to */
	CHECK_EQ(write_at(node, PAGE, 4 * PAGE), 3 * PAGE);
	CHECK_EQ(write_at(node, 1ULL << 50, PAGE), PAGE);
	CHECK_EQ(fs_punch(fs, node, 0, 1ULL << 62), 0);
	CHECK_EQ(stat_now().bytes_free, 10 * PAGE);
	CHECK_EQ(call_attr(node).blocks, 0);
	fs_node_unref(fs, node);
}

TEST(no_file_grows_beyond_the_limit_of_its_size)
{
	struct fs_node *node = file_make("/f");

	CHECK_EQ(write_at(node, 0, 2 * PAGE), 2 * PAGE);
	fs_limit_size(fs, PAGE + 10);
	CHECK_EQ(write_at(node, 0, PAGE), PAGE);
	CHECK_EQ(write_at(node, PAGE, 20), 10);
	call_tick();
	CHECK_EQ(write_at(node, PAGE + 10, 1), -EFBIG);
	CHECK_EQ(write_at(node, PAGE + 10, 0), 0);
	CHECK_EQ(fs_truncate(fs, node, 2 * PAGE + 1), -EFBIG);
	CHECK_EQ(fs_allocate(fs, node, 0, 2 * PAGE + 1, true), -EFBIG);
	CHECK_EQ(fs_zero(fs, node, 0, 2 * PAGE + 1, false), -EFBIG);
	CHECK_TEXT(call_times("/f"), "");
	CHECK_EQ(fs_zero(fs, node, 0, 2 * PAGE + 1, true), 0);
	CHECK_EQ(fs_allocate(fs, node, 0, 2 * PAGE, true), 0);
	CHECK_EQ(fs_punch(fs, node, PAGE, 9 * PAGE), 0);
	CHECK_EQ(fs_truncate(fs, node, 2 * PAGE), 0);
	CHECK_EQ(fs_truncate(fs, node, PAGE), 0);
	CHECK_EQ(fs_truncate(fs, node, PAGE + 11), -EFBIG);
	CHECK_EQ(fs_truncate(fs, node, PAGE + 10), 0);
	fs_limit_size(fs, UINT64_MAX);
	CHECK_EQ(fs_truncate(fs, node, INT64_MAX), 0);
	CHECK_EQ(fs_truncate(fs, node, UINT64_MAX), -EFBIG);
	fs_node_unref(fs, node);
}

TEST(no_node_is_made_beyond_the_limit)
{
	check_fs_limits(PAGE, 3);
	CHECK_EQ(call_create("/a"), 0);
	CHECK_EQ(call_mkdir("/b", 0755), 0);
	call_tick();
	CHECK_EQ(call_create("/c"), -ENOSPC);
	CHECK_EQ(call_mkdir("/c", 0755), -ENOSPC);
	CHECK_EQ(call_symlink("a", "/c"), -ENOSPC);
	CHECK_EQ(call_create("/a"), -EEXIST);
	CHECK_TEXT(call_times("/"), "");
	CHECK_TEXT(call_list("/"), "a b ");
	CHECK_EQ(call_link("/a", "/c"), -ENOSPC);
	CHECK_EQ(call_rename("/a", "/b/x", 0), 0);
	CHECK_EQ(call_mkdir("/d", 0755), -ENOSPC);
	CHECK_EQ(call_unlink("/b/x"), 0);
	CHECK_EQ(call_mkdir("/d", 0755), 0);
	CHECK_EQ(stat_now().nodes_free, 0);
}

TEST(each_name_of_a_file_counts_as_a_node)
{
	check_fs_limits(100 * PAGE, 6);
	CHECK_EQ(call_create("/f"), 0);
	CHECK_EQ(call_create("/g"), 0);
	CHECK_EQ(call_link("/f", "/h"), 0);
	CHECK_EQ(stat_now().nodes_free, 2);
	CHECK_EQ(call_unlink("/f"), 0);
	CHECK_EQ(stat_now().nodes_free, 3);
	CHECK_EQ(call_link("/h", "/f"), 0);
	CHECK_EQ(call_link("/h", "/i"), 0);
	CHECK_EQ(call_link("/h", "/j"), 0);
	CHECK_EQ(stat_now().nodes_free, 0);
	CHECK_EQ(call_link("/h", "/k"), -ENOSPC);
	CHECK_EQ(call_stat("/h").nlink, 4);
	/* A rename takes none, and replaces names of any kind. */
	CHECK_EQ(call_rename("/h", "/k", 0), 0);
	CHECK_EQ(call_rename("/f", "/k", 0), 0); /* the same file */
	CHECK_EQ(stat_now().nodes_free, 0);
	CHECK_EQ(call_rename("/g", "/f", 0), 0);
	CHECK_EQ(stat_now().nodes_free, 1);
	CHECK_EQ(call_rename("/i", "/f", 0), 0);
	CHECK_EQ(stat_now().nodes_free, 2);
	CHECK_EQ(call_unlink("/f"), 0);
	CHECK_EQ(call_unlink("/j"), 0);
	CHECK_EQ(stat_now().nodes_free, 4);
	CHECK_EQ(call_unlink("/k"), 0);
	CHECK_EQ(stat_now().nodes_free, 5);
}

TEST(a_whiteout_takes_a_node)
{
	check_fs_limits(100 * PAGE, 3);
	CHECK_EQ(call_create("/f"), 0);
	CHECK_EQ(call_rename("/f", "/g", RENAME_WHITEOUT), 0);
	CHECK_EQ(stat_now().nodes_free, 0);
	CHECK_EQ(call_rename("/g", "/h", RENAME_WHITEOUT), -ENOSPC);
	CHECK_EQ(call_find("/h"), -ENOENT);
	CHECK_EQ(call_rename("/g", "/f", RENAME_WHITEOUT), -ENOSPC);
	CHECK_EQ(call_rename("/g", "/f", 0), 0);
	CHECK_EQ(stat_now().nodes_free, 1);
}

TEST(a_file_system_needs_a_node_for_its_root)
{
	struct fs_limits limits = {PAGE, 0};
	struct fs *other = NULL;

	CHECK_EQ(fs_create(&limits, &other), -ENOSPC);
	CHECK(other == NULL);
}

/* Fills the file system until nothing more fits. */
static void fill(void)
{
	char path[32];
	struct fs_node *node;

	for (int i = 0;; i++) {
		snprintf(path, sizeof(path), "/file%d", i);
		if (call_create(path) == -ENOSPC)
			return;
		node = call_open(path);
		(void)!write_at(node, i % 2 ? 0 : (uint64_t)i * 100000,
				(size_t)i * 500);
		fs_node_unref(fs, node);
	}
}

static void empty(void)
{
	char path[32];

	for (int i = 0;; i++) {
		snprintf(path, sizeof(path), "/file%d", i);
		if (call_unlink(path) == -ENOENT)
			return;
	}
}

TEST(filling_and_emptying_again_and_again_takes_no_memory)
{
	size_t live = 0;

	check_fs_limits(50 * PAGE, 30);
	for (int round = 0; round < ROUNDS; round++) {
		fill();
		CHECK_EQ(stat_now().nodes_free, 0);
		CHECK(stat_now().bytes_free < PAGE);
		empty();
		CHECK_EQ(stat_now().nodes_free, 29);
		CHECK_EQ(stat_now().bytes_free, 50 * PAGE);
		if (round == 0)
			live = port_unit_live();
		CHECK_EQ(port_unit_live(), live);
	}
}

TEST(a_file_that_comes_and_goes_allocates_no_pages)
{
	char text[201] = "";

	memset(text, 't', 200);
	for (int round = 0; round < 100; round++) {
		port_unit_fail(0, false);
		CHECK_EQ(call_create("/f"), 0);
		CHECK_EQ(call_write("/f", 0, text), 200);
		CHECK_EQ(call_unlink("/f"), 0);
		if (round > 0) /* exact: a node and a buffer */
			CHECK_EQ(port_unit_allocs(), port_unit_exact ? 2 : 0);
	}
}
