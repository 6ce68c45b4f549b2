/* SPDX-License-Identifier: MIT */
/*
 * Copies that share pages, against a model that has every byte: whatever is
 * done to one file, the others keep what they had. fs_check compares the counts
 * of owners with the slots that there are.
 */
#include "tests/unit/calls.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/port_unit.h"

#define PAGE	4096
#define FILES	4
#define PAGES	40
#define SIZE	((uint64_t)PAGES * PAGE)
#define ROUNDS	4000
#define SETTLED 20

static struct {
	struct fs_node *node;
	uint64_t size;
	uint8_t bytes[SIZE];
} files[FILES];

static void begin(void)
{
	for (size_t i = 0; i < FILES; i++) {
		char path[] = {'/', (char)('a' + i), '\0'};

		CHECK_EQ(call_create(path), 0);
		files[i].node = call_open(path);
		files[i].size = 0;
		memset(files[i].bytes, 0, SIZE);
	}
}

static void check_all(void)
{
	static uint8_t bytes[SIZE + 1];

	for (size_t i = 0; i < FILES; i++) {
		CHECK_EQ(call_attr(files[i].node).size, files[i].size);
		CHECK_EQ(fs_read(files[i].node, 0, bytes, SIZE + 1, true),
			 files[i].size);
		CHECK(memcmp(bytes, files[i].bytes, files[i].size) == 0);
	}
	fs_check(fs);
}

static void end(void)
{
	check_all();
	for (size_t i = 0; i < FILES; i++)
		fs_node_unref(fs, files[i].node);
}

/* Rather at the border of a page than anywhere. */
static uint64_t random_offset(uint64_t limit)
{
	uint64_t offset = check_random(limit);

	return check_random(3) ? offset / PAGE * PAGE : offset;
}

static void step_write(size_t i)
{
	static uint8_t buf[3 * PAGE];
	uint64_t offset = random_offset(SIZE), at = offset;
	size_t count = (size_t)random_offset(3 * PAGE) + 1;

	if (count > SIZE - offset)
		count = (size_t)(SIZE - offset);
	for (size_t k = 0; k < count; k++)
		buf[k] = (uint8_t)check_random(256);
	CHECK_EQ(fs_write(fs, files[i].node, buf, count, false, &at), count);
	memcpy(files[i].bytes + offset, buf, count);
	if (offset + count > files[i].size)
		files[i].size = offset + count;
}

static void step_truncate(size_t i)
{
	uint64_t size = random_offset(SIZE);

	CHECK_EQ(fs_truncate(fs, files[i].node, size), 0);
	if (size < files[i].size)
		memset(files[i].bytes + size, 0, files[i].size - size);
	files[i].size = size;
}

static void step_clear(size_t i)
{
	uint64_t offset = random_offset(SIZE), len = random_offset(8 * PAGE);

	len = len + 1 > SIZE - offset ? SIZE - offset : len + 1;
	if (check_random(2))
		CHECK_EQ(fs_punch(fs, files[i].node, offset, len), 0);
	else
		CHECK_EQ(fs_zero(fs, files[i].node, offset, len, true), 0);
	memset(files[i].bytes + offset, 0, len);
}

static void step_reserve(size_t i)
{
	uint64_t offset = random_offset(SIZE), len = random_offset(8 * PAGE);

	len = len + 1 > SIZE - offset ? SIZE - offset : len + 1;
	CHECK_EQ(fs_allocate(fs, files[i].node, offset, len, true), 0);
}

static bool overlap(size_t i, uint64_t from, size_t j, uint64_t to,
		    uint64_t count)
{
	return i == j && to + count > from && to < from + count;
}

static void model_copy(size_t i, uint64_t from, size_t j, uint64_t to,
		       uint64_t count)
{
	memcpy(files[j].bytes + to, files[i].bytes + from, count);
	if (count && to + count > files[j].size)
		files[j].size = to + count;
}

static void step_copy(size_t i, size_t j)
{
	uint64_t from = random_offset(SIZE), to = random_offset(SIZE);
	uint64_t count = random_offset(SIZE);

	if (check_random(4) == 0)
		to = to / PAGE * PAGE + from % PAGE;
	if (to > SIZE)
		to = from;
	if (count > SIZE - to)
		count = SIZE - to;
	if (from >= files[i].size)
		count = 0;
	else if (count > files[i].size - from)
		count = files[i].size - from;
	if (overlap(i, from, j, to, count)) {
		CHECK_EQ(fs_copy(fs, files[i].node, from, files[j].node, to,
				 count, true),
			 -EINVAL);
		return;
	}
	CHECK_EQ(fs_copy(fs, files[i].node, from, files[j].node, to, count,
			 true),
		 count);
	model_copy(i, from, j, to, count);
}

static void step_clone(size_t i, size_t j)
{
	uint64_t from = check_random(PAGES) * PAGE;
	uint64_t to = check_random(PAGES) * PAGE;
	uint64_t count = check_random(PAGES) * PAGE, whole;
	int expected = 0;

	if (check_random(3) == 0)
		from = to = count = 0;
	if (count == 0 && from <= files[i].size)
		count = files[i].size - from;
	whole = (count + PAGE - 1) / PAGE * PAGE;
	if (to + whole > SIZE)
		return;
	if (from > files[i].size)
		expected = -EINVAL;
	else if (count == 0)
		expected = 0;
	else if (from + count > files[i].size ||
		 (count % PAGE && to + count < files[j].size) ||
		 overlap(i, from, j, to, whole))
		expected = -EINVAL;
	CHECK_EQ(fs_clone(fs, files[i].node, from, files[j].node, to,
			  check_random(2) || from + count != files[i].size
				  ? count
				  : 0),
		 expected);
	if (!expected)
		model_copy(i, from, j, to, count);
}

static void step(void)
{
	size_t i = (size_t)check_random(FILES), j = (size_t)check_random(FILES);

	switch (check_random(8)) {
	case 0:
	case 1:
		step_write(i);
		break;
	case 2:
		step_truncate(i);
		break;
	case 3:
		step_clear(i);
		break;
	case 4:
		step_reserve(i);
		break;
	case 5:
		step_copy(i, j);
		break;
	default:
		step_clone(i, j);
		break;
	}
}

TEST(copies_are_as_if_they_shared_nothing)
{
	begin();
	for (int round = 0; round < ROUNDS; round++) {
		step();
		if (round % SETTLED == 0)
			check_all();
	}
	end();
}

/* What has lent a page is mapped: it may not share any. */
static int install(void *context, uint64_t first, void *const *pages,
		   size_t count)
{
	(void)context, (void)first, (void)pages, (void)count;
	return 0;
}

static bool stays_mapped(const void *file, uint64_t first, uint64_t count,
			 bool copies)
{
	(void)file, (void)first, (void)count, (void)copies;
	return true;
}

static void step_map(size_t i)
{
	int err = fs_map_page(fs, files[i].node, check_random(3),
			      PORT_MAP_SHARED, install, NULL);

	CHECK(err == 0 || err == -ENXIO);
}

TEST(copies_are_as_if_they_shared_nothing_when_they_may_not)
{
	port_unit_map.on_revoke = stays_mapped;
	begin();
	for (int round = 0; round < ROUNDS / 4; round++) {
		step_map(check_random(FILES));
		step();
		if (round % SETTLED == 0)
			check_all();
		fs_node_mark(files[check_random(FILES)].node, 0,
			     FS_MARK_MAPPED);
	}
	end();
	port_unit_map.on_revoke = NULL;
}

/* A file of 16 pages and some bytes, with a hole of two. */
static void source_make(void)
{
	static uint8_t buf[16 * PAGE + 100];
	uint64_t offset = 0;

	memset(buf, 's', sizeof(buf));
	CHECK_EQ(fs_write(fs, files[0].node, buf, sizeof(buf), false, &offset),
		 sizeof(buf));
	CHECK_EQ(fs_punch(fs, files[0].node, 4 * PAGE, 2 * PAGE), 0);
}

TEST(shared_pages_take_no_memory_but_are_charged)
{
	struct fs_stat before, after;
	size_t live;

	check_fs_limits(100 * PAGE, 50);
	begin();
	source_make();
	live = port_unit_live();
	fs_stat(fs, &before);
	CHECK_EQ(fs_clone(fs, files[0].node, 0, files[1].node, 0, 0), 0);
	fs_stat(fs, &after);
	CHECK_EQ(call_attr(files[1].node).blocks, 15 * 8);
	CHECK_EQ(before.bytes_free - after.bytes_free, 15 * PAGE);
	/* the table, the tree's table, and the last page */
	CHECK(port_unit_live() - live < 4 * PAGE);
	/* a copy has no holes */
	CHECK_EQ(fs_copy(fs, files[0].node, 0, files[2].node, 0, SIZE, true),
		 16 * PAGE + 100);
	CHECK_EQ(call_attr(files[2].node).blocks, 17 * 8);
	fs_check(fs);
	CHECK_EQ(fs_truncate(fs, files[0].node, 0), 0);
	CHECK_EQ(fs_truncate(fs, files[2].node, 0), 0);
	fs_stat(fs, &after);
	CHECK_EQ(before.bytes_free, after.bytes_free);
	CHECK_EQ(fs_truncate(fs, files[1].node, 0), 0);
	end();
}

TEST(a_copy_is_short_when_space_runs_out_and_then_fails)
{
	uint64_t offset = 0;

	check_fs_limits(10 * PAGE, 50);
	begin();
	CHECK_EQ(fs_write(fs, files[0].node, files[1].bytes, 6 * PAGE, false,
			  &offset),
		 6 * PAGE);
	call_tick();
	CHECK_EQ(fs_clone(fs, files[0].node, 0, files[1].node, 0, 0), -ENOSPC);
	CHECK_EQ(call_attr(files[1].node).blocks, 0);
	CHECK_EQ(call_attr(files[1].node).size, 0);
	CHECK_TEXT(call_times("/b"), "");
	CHECK_EQ(fs_copy(fs, files[0].node, 0, files[1].node, 0, 6 * PAGE,
			 true),
		 4 * PAGE);
	CHECK_EQ(fs_copy(fs, files[0].node, 0, files[2].node, 0, PAGE, true),
		 -ENOSPC);
	CHECK_EQ(call_attr(files[2].node).size, 0);
	/* what is shared can be written to */
	offset = 0;
	CHECK_EQ(fs_write(fs, files[0].node, files[3].bytes, 6 * PAGE, false,
			  &offset),
		 6 * PAGE);
	files[0].size = 6 * PAGE;
	files[1].size = 4 * PAGE;
	end();
}

TEST(a_very_large_hole_is_cloned_at_once)
{
	uint64_t offset = 1ULL << 60;

	begin();
	CHECK_EQ(fs_write(fs, files[0].node, "x", 1, false, &offset), 1);
	CHECK_EQ(fs_truncate(fs, files[0].node, INT64_MAX), 0);
	CHECK_EQ(fs_clone(fs, files[0].node, 0, files[1].node, 0, 0), 0);
	CHECK_EQ(call_attr(files[1].node).size, INT64_MAX);
	CHECK_EQ(call_attr(files[1].node).blocks, 8);
	CHECK_EQ(fs_clone(fs, files[0].node, 1ULL << 61, files[1].node,
			  1ULL << 60, 1ULL << 61),
		 0);
	CHECK_EQ(call_attr(files[1].node).blocks, 0);
	CHECK_EQ(fs_truncate(fs, files[0].node, 0), 0);
	CHECK_EQ(fs_truncate(fs, files[1].node, 0), 0);
	end();
}

TEST(copying_sets_the_times_of_both)
{
	begin();
	CHECK_EQ(call_write("/a", 0, "text"), 4);
	call_tick();
	CHECK_EQ(fs_copy(fs, files[0].node, 0, files[1].node, 0, 4, false), 4);
	CHECK_TEXT(call_times("/a"), "a");
	CHECK_TEXT(call_times("/b"), "mc");
	call_tick();
	CHECK_EQ(fs_copy(fs, files[0].node, 4, files[1].node, 0, 4, false), 0);
	CHECK_EQ(fs_clone(fs, files[0].node, 5, files[1].node, 0, 0), -EINVAL);
	CHECK_EQ(fs_clone(fs, files[2].node, 0, files[1].node, 0, 0), 0);
	CHECK_TEXT(call_times("/a"), "");
	CHECK_TEXT(call_times("/b"), "");
	CHECK_EQ(fs_clone(fs, files[0].node, 0, files[1].node, 0, 0), 0);
	CHECK_TEXT(call_times("/a"), "");
	CHECK_TEXT(call_times("/b"), "mc");
	files[0].size = files[1].size = 4;
	memcpy(files[0].bytes, "text", 4);
	memcpy(files[1].bytes, "text", 4);
	end();
}
