/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out: each call that allocates is made once for each of its
 * allocations with that one failing, and once with all from that one on. Then
 * the whole file system must look as before (or, where a call can do without
 * the memory, as after it), and the call must succeed when memory is back.
 */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/port_unit.h"

#define NAME_50	 "a-name-that-does-not-fit-into-an-entry-of-42-bytes"
#define ATTEMPTS 40

struct call {
	void (*prepare)(void);
	ssize_t (*make)(void);
	bool short_ok; /* a write may be short; it changes times of /f, /g */
	bool optional; /* it may succeed without the memory */
};

static void check_unchanged(const char *before)
{
	char *after = call_dump();

	CHECK_TEXT(after, before);
	free(after);
}

static void begin(const struct call *call)
{
	check_fs_renew();
	call->prepare();
	call_settle();
}

/* Makes the call with a failure; returns whether there was one. */
static bool attempt(const struct call *call, size_t at, bool on,
		    ssize_t expected)
{
	char *before;
	ssize_t result;
	bool failed;

	begin(call);
	if (call->short_ok) {
		CHECK_EQ(call_utimens("/f", FS_UTIME_OMIT, FS_UTIME_NOW), 0);
		(void)!call_utimens("/g", FS_UTIME_OMIT, FS_UTIME_NOW);
		free(call_dump()); /* changes atime */
		before = call_dump();
	} else {
		before = call_dump();
		port_unit_clock_advance(1);
	}
	port_unit_fail(at, on);
	result = call->make();
	failed = port_unit_allocs() >= at;
	port_unit_fail(0, false);
	if (!failed || call->optional) {
		CHECK_EQ(result, expected);
	} else if (result != -ENOMEM) {
		CHECK(call->short_ok && result > 0 && result < expected);
	} else {
		check_unchanged(before);
		fs_check(fs);
		CHECK_EQ(call->make(), expected);
	}
	fs_check(fs);
	free(before);
	return failed;
}

static void sweep(const struct call *call)
{
	ssize_t expected;
	size_t allocs;

	begin(call);
	port_unit_fail(0, false);
	expected = call->make();
	allocs = port_unit_allocs();
	CHECK(expected >= 0);
	CHECK(allocs > 0 || !port_unit_exact);
	for (int on = 0; on < 2; on++) {
		size_t at = 1;

		while (attempt(call, at, on, expected)) {
			at++;
			CHECK(at <= allocs + ATTEMPTS);
		}
		CHECK(at > allocs);
	}
}

/* -- Names ---------------------------------------------------------------- */

static size_t files; /* in /d */

static void prepare_files(void)
{
	char path[32];

	CHECK_EQ(call_mkdir("/d", 0755), 0);
	CHECK_EQ(call_mkdir("/e", 0755), 0);
	CHECK_EQ(call_create("/e/f"), 0);
	CHECK_EQ(call_mkdir("/e/g", 0755), 0);
	CHECK_EQ(call_mkdir("/e/g/h", 0755), 0);
	for (size_t i = 0; i < files; i++) {
		snprintf(path, sizeof(path), "/d/%zu", i);
		CHECK_EQ(call_create(path), 0);
	}
}

static ssize_t make_file(void)
{
	return call_create("/d/new");
}

static ssize_t make_file_long(void)
{
	return call_create("/d/" NAME_50);
}

static ssize_t make_dir(void)
{
	return call_mkdir("/d/new", 0755);
}

static ssize_t make_link(void)
{
	return call_link("/e/f", "/d/" NAME_50);
}

static ssize_t make_symlink(void)
{
	return call_symlink("short", "/d/" NAME_50);
}

static ssize_t make_symlink_long(void)
{
	return call_symlink(NAME_50 NAME_50, "/d/new");
}

static ssize_t make_symlink_page(void)
{
	static char target[3001];

	memset(target, 't', sizeof(target) - 1);
	return call_symlink(target, "/d/new");
}

static ssize_t make_rename(void)
{
	return call_rename("/e/f", "/d/" NAME_50, 0);
}

static ssize_t make_rename_dir(void)
{
	return call_rename("/e/g", "/d/g", 0);
}

static ssize_t make_rename_within(void)
{
	return call_rename("/d/0", "/d/" NAME_50, 0);
}

static ssize_t make_rename_whiteout(void)
{
	return call_rename("/e/f", "/d/" NAME_50, RENAME_WHITEOUT);
}

static ssize_t make_anonymous(void)
{
	struct fs_node *node;
	int err = fs_make_anonymous(fs, call_node("/d"), S_IFREG | 0600,
				    call_cred, &node);

	if (err)
		return err;
	fs_node_mark(node, FS_MARK_LINKABLE, 0);
	err = fs_link(fs, node, call_node("/d"), NAME(NAME_50), call_cred);
	fs_node_unref(fs, node);
	return err;
}

/* In directories of these sizes the next entry needs a chunk, an index, a
 * larger one of either, or neither. */
static const size_t sizes[] = {0,  1,	3,   4,	  7,   8,   15, 16,
			       19, 20,	31,  32,  40,  63,  64, 79,
			       80, 127, 128, 160, 255, 256, 320};
#define SIZES (sizeof(sizes) / sizeof(*sizes))

static void sweep_sizes(ssize_t (*make)(void), size_t least)
{
	const struct call call = {.prepare = prepare_files, .make = make};

	for (size_t i = 0; i < SIZES; i++) {
		files = sizes[i];
		if (files < least)
			continue;
		if (files == 0 || make != make_rename_dir)
			sweep(&call);
	}
}

TEST(making_a_file_without_memory_changes_nothing)
{
	sweep_sizes(make_file, 0);
	sweep_sizes(make_file_long, 0);
}

TEST(making_a_directory_without_memory_changes_nothing)
{
	sweep_sizes(make_dir, 0);
}

TEST(linking_without_memory_changes_nothing)
{
	sweep_sizes(make_link, 0);
}

TEST(making_a_symlink_without_memory_changes_nothing)
{
	sweep_sizes(make_symlink, 0);
	sweep_sizes(make_symlink_long, 0);
	sweep_sizes(make_symlink_page, 0);
}

TEST(renaming_without_memory_changes_nothing)
{
	sweep_sizes(make_rename, 0);
	sweep_sizes(make_rename_dir, 0);
	sweep_sizes(make_rename_within, 1);
	sweep_sizes(make_rename_whiteout, 0);
}

TEST(making_a_file_without_a_name_without_memory_changes_nothing)
{
	sweep_sizes(make_anonymous, 0);
}

/* -- Removing: succeeds without memory ------------------------------------ */

static ssize_t remove_many(void)
{
	char path[32];

	for (size_t i = 0; i < files; i++) {
		snprintf(path, sizeof(path), "/d/%zu", i);
		CHECK_EQ(call_unlink(path), 0);
	}
	return call_rmdir("/d");
}

TEST(removing_needs_no_memory)
{
	const struct call call = {.prepare = prepare_files,
				  .make = remove_many,
				  .optional = true};

	files = 300;
	sweep(&call);
}

/* -- Contents ------------------------------------------------------------- */

static uint64_t first_at, second_at; /* offsets of two writes */
static size_t first_count, second_count;

static ssize_t write_at(uint64_t offset, size_t count)
{
	static char buf[40000];
	struct fs_node *node = call_open("/f");
	ssize_t done;

	memset(buf, 'w', sizeof(buf));
	done = fs_write(fs, node, buf, count, false, &offset);
	fs_node_unref(fs, node);
	return done;
}

static void prepare_content(void)
{
	CHECK_EQ(call_create("/f"), 0);
	if (first_count)
		CHECK_EQ(write_at(first_at, first_count), first_count);
	CHECK_EQ(call_truncate("/f", 20000), 0);
	CHECK_EQ(call_truncate("/f", first_at + first_count / 2), 0);
}

static ssize_t make_write(void)
{
	return write_at(second_at, second_count);
}

TEST(writing_without_memory_changes_nothing_or_is_short)
{
	static const struct {
		uint64_t offset;
		size_t count;
	} writes[] = {{0, 0},
		      {0, 1},
		      {0, 24},
		      {0, 25},
		      {0, 2048},
		      {0, 2049},
		      {30, 100},
		      {3000, 1},
		      {4000, 200},
		      {20000, 9000},
		      {0, 40000},
		      {1 << 21, 10},
		      {1 << 30, 5000},
		      {1LL << 40, 2},
		      {(1LL << 40) + (1 << 22), 2},
		      {(1LL << 40) + (1LL << 31), 1},
		      {1LL << 62, 8192}};
	const struct call call = {.prepare = prepare_content,
				  .make = make_write,
				  .short_ok = true};
	size_t count = sizeof(writes) / sizeof(*writes);

	for (size_t i = 0; i < count * count; i++) {
		first_at = writes[i / count].offset;
		first_count = writes[i / count].count;
		second_at = writes[i % count].offset;
		second_count = writes[i % count].count;
		begin(&call);
		port_unit_fail(0, false);
		CHECK_EQ(make_write(), second_count);
		if (port_unit_allocs() > 0)
			sweep(&call);
	}
}

static ssize_t make_allocate(void)
{
	struct fs_node *node = call_open("/f");
	int err = fs_allocate(fs, node, second_at, second_count, true);

	if (!err)
		err = fs_zero(fs, node, second_at, second_count, false);
	fs_node_unref(fs, node);
	return err;
}

TEST(reserving_without_memory_changes_nothing)
{
	static const uint64_t offsets[] = {0,	      4000,	     20000,
					   1 << 21,   (1 << 21) - 3, 1 << 30,
					   1LL << 40, 1LL << 62};
	static const size_t counts[] = {1, 200, 5000, 50000};
	const struct call call = {.prepare = prepare_content,
				  .make = make_allocate};

	for (size_t i = 0; i < 8 * 8 * 4; i++) {
		first_at = offsets[i / 4 % 8];
		first_count = i % 3 * 3000;
		second_at = offsets[i / 32];
		second_count = counts[i % 4];
		begin(&call);
		port_unit_fail(0, false);
		CHECK_EQ(make_allocate(), 0);
		if (port_unit_allocs() > 0)
			sweep(&call);
	}
}

/* /g is a copy of what /f has, which shares its pages; and /h another file. */
static void prepare_copies(void)
{
	struct fs_node *node, *copy;

	prepare_content();
	CHECK_EQ(call_create("/g"), 0);
	CHECK_EQ(call_create("/h"), 0);
	CHECK_EQ(call_write("/h", 0, "text"), 4);
	node = call_open("/f");
	copy = call_open("/g");
	CHECK_EQ(fs_clone(fs, node, 0, copy, 0, 0), 0);
	fs_node_unref(fs, node);
	fs_node_unref(fs, copy);
}

static ssize_t make_clone(void)
{
	struct fs_node *node = call_open("/f"), *copy = call_open("/h");
	int err = fs_clone(fs, node, 0, copy, second_at, 0);

	fs_node_unref(fs, node);
	fs_node_unref(fs, copy);
	return err;
}

static ssize_t make_copy(void)
{
	struct fs_node *node = call_open("/f"), *copy = call_open("/h");
	ssize_t done = fs_copy(fs, node, 0, copy, second_at, 100000, true);

	fs_node_unref(fs, node);
	fs_node_unref(fs, copy);
	return done;
}

static ssize_t make_own_truncate(void)
{
	return call_truncate("/g", second_at);
}

static ssize_t make_own_punch(void)
{
	struct fs_node *node = call_open("/g");
	int err = fs_punch(fs, node, second_at, 5000);

	fs_node_unref(fs, node);
	return err;
}

static ssize_t make_own_zero(void)
{
	struct fs_node *node = call_open("/g");
	int err = fs_zero(fs, node, second_at, 5000, true);

	fs_node_unref(fs, node);
	return err;
}

static ssize_t make_own_write(void)
{
	uint64_t offset = second_at;
	struct fs_node *node = call_open("/g");
	ssize_t done = fs_write(fs, node, "0123456789", 10, false, &offset);

	fs_node_unref(fs, node);
	return done;
}

TEST(copying_without_memory_changes_nothing_or_is_short)
{
	static ssize_t (*const makes[])(
		void) = {make_clone,	 make_copy,	make_own_truncate,
			 make_own_punch, make_own_zero, make_own_write};
	static const uint64_t offsets[] = {0, 4096, 8192, 8200, 1 << 21};
	static const size_t counts[] = {100, 20000, 40000};

	for (size_t i = 0; i < 6 * 5 * 3; i++) {
		struct call call = {.prepare = prepare_copies,
				    .make = makes[i % 6],
				    .short_ok = true};

		/* without room for shared pages they are copied */
		call.optional = call.make == make_copy;
		first_at = 0;
		first_count = counts[i / 30];
		second_at = offsets[i / 6 % 5];
		if (call.make == make_clone)
			second_at = second_at / 4096 * 4096;
		begin(&call);
		port_unit_fail(0, false);
		CHECK(call.make() >= 0);
		if (port_unit_allocs() > 0 && call.make != make_copy)
			sweep(&call);
	}
}

/* -- The object ----------------------------------------------------------- */

TEST(a_file_system_is_made_whole_or_not_at_all)
{
	struct fs_limits limits = {1000, 1000};
	size_t live = port_unit_live();

	for (size_t at = 1;; at++) {
		struct fs *other = NULL;
		int err;

		port_unit_fail(at, false);
		err = fs_create(&limits, &other);
		port_unit_fail(0, false);
		if (!err) {
			CHECK_EQ(at, 3); /* itself, its root */
			fs_destroy(other);
			break;
		}
		CHECK_EQ(err, -ENOMEM);
		CHECK(other == NULL);
		CHECK_EQ(port_unit_live(), live);
	}
	CHECK_EQ(port_unit_live(), live);
}
