/* SPDX-License-Identifier: MIT */
/*
 * What files contain, against a model: a list of pages, as tmpfs has them.
 * Offsets come from the boundaries of every form that contents can have. The
 * model holds on Linux too, but in the last page before 2^63, where its
 * SEEK_DATA and SEEK_HOLE overflow (6.18).
 */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/port.h"
#include "tests/unit/port_unit.h"

#define FILES	  3
#define PAGES_MAX 1024
#define PART_MAX  20000
#define FILE_MAX  ((uint64_t)INT64_MAX)
#define MIB	  ((uint64_t)1 << 20)
#define GIB	  ((uint64_t)1 << 30)

/* -- The model ------------------------------------------------------------ */

struct model_page {
	uint64_t index;
	bool reserved; /* by fallocate(2): a hole */
	uint8_t bytes[4096];
};

struct model {
	uint64_t size;
	size_t count;
	struct model_page *pages[PAGES_MAX]; /* in any order */
};

static struct model_page *model_find(const struct model *model, uint64_t index)
{
	for (size_t i = 0; i < model->count; i++) {
		if (model->pages[i]->index == index)
			return model->pages[i];
	}
	return NULL;
}

static struct model_page *model_make(struct model *model, uint64_t index)
{
	struct model_page *page = model_find(model, index);

	if (page)
		return page;
	page = calloc(1, sizeof(*page));
	page->index = index;
	CHECK(model->count < PAGES_MAX);
	model->pages[model->count++] = page;
	return page;
}

static void model_write_byte(struct model *model, uint64_t at, uint8_t byte)
{
	struct model_page *page = model_make(model, at / 4096);

	page->reserved = false;
	page->bytes[at % 4096] = byte;
}

static void model_write(struct model *model, uint64_t offset,
			const uint8_t *buf, size_t count)
{
	for (size_t i = 0; i < count; i++)
		model_write_byte(model, offset + i, buf[i]);
	if (offset + count > model->size)
		model->size = offset + count;
}

static void model_read(const struct model *model, uint64_t offset, uint8_t *buf,
		       size_t count)
{
	const struct model_page *page = NULL;

	for (size_t i = 0; i < count; i++) {
		uint64_t at = offset + i;

		if (i == 0 || at % 4096 == 0)
			page = model_find(model, at / 4096);
		buf[i] = page ? page->bytes[at % 4096] : 0;
	}
}

static void model_drop(struct model *model, size_t i)
{
	free(model->pages[i]);
	model->pages[i] = model->pages[--model->count];
}

static void model_truncate(struct model *model, uint64_t size)
{
	for (size_t i = 0; i < model->count && size <= model->size; i++) {
		struct model_page *page = model->pages[i];

		if (page->index * 4096 >= size) {
			model_drop(model, i--);
		} else if (size / 4096 == page->index) {
			memset(page->bytes + size % 4096, 0,
			       4096 - size % 4096);
		}
	}
	model->size = size;
}

/* fallocate(2); what was reserved before becomes a page, as on tmpfs. */
static void model_allocate(struct model *model, uint64_t offset, uint64_t end)
{
	for (uint64_t i = offset / 4096; i * 4096 < end; i++) {
		bool is_new = !model_find(model, i);

		model_make(model, i)->reserved = is_new;
	}
}

/* Zeros; pages that are in the range whole go away, or become reserved. */
static void model_clear(struct model *model, uint64_t offset, uint64_t end,
			bool punch)
{
	for (size_t i = 0; i < model->count; i++) {
		struct model_page *page = model->pages[i];
		uint64_t base = page->index * 4096;

		for (uint64_t at = base; at < base + 4096; at++) {
			if (at >= offset && at < end)
				page->bytes[at - base] = 0;
		}
		if (base < offset || base + 4096 > end)
			continue;
		page->reserved = true;
		if (punch)
			model_drop(model, i--);
	}
}

static bool model_data(const struct model *model, uint64_t index)
{
	const struct model_page *page = model_find(model, index);

	return page && !page->reserved;
}

/* SEEK_DATA and SEEK_HOLE: UINT64_MAX for ENXIO. */
static uint64_t model_seek(const struct model *model, bool data,
			   uint64_t offset)
{
	uint64_t best = UINT64_MAX, index = offset / 4096;

	if (offset >= model->size)
		return UINT64_MAX;
	if (model_data(model, index) == data)
		return offset;
	if (!data) {
		while (model_data(model, index))
			index++;
		return index * 4096 < model->size ? index * 4096 : model->size;
	}
	for (size_t i = 0; i < model->count; i++) {
		uint64_t at = model->pages[i]->index * 4096;

		if (at > offset && at < best && !model->pages[i]->reserved)
			best = at;
	}
	return best;
}

/* -- Comparing ------------------------------------------------------------ */

static void check_part(struct fs_node *node, const struct model *model,
		       uint64_t offset, size_t count)
{
	static uint8_t actual[PART_MAX], expected[PART_MAX];
	size_t there = 0;

	if (offset < model->size)
		there = model->size - offset < count
				? (size_t)(model->size - offset)
				: count;
	memset(actual, 0x77, count);
	CHECK_EQ(fs_read(node, offset, actual, count, true), there);
	model_read(model, offset, expected, there);
	memset(expected + there, 0x77, count - there);
	CHECK(memcmp(actual, expected, count) == 0);
}

static void check_seek(struct fs_node *node, const struct model *model,
		       bool data, uint64_t offset)
{
	uint64_t expected = model_seek(model, data, offset), result = 12345;
	int err = fs_seek(node, data, offset, &result);

	CHECK_EQ(err, expected == UINT64_MAX ? -ENXIO : 0);
	CHECK_EQ(result, err ? 12345 : expected);
}

static void check_same(struct fs_node *node, const struct model *model)
{
	struct fs_attr attr = call_attr(node);

	CHECK_EQ(attr.size, model->size);
	CHECK_EQ(attr.blocks, model->count * 8);
	for (size_t i = 0; i < model->count; i++)
		check_part(node, model, model->pages[i]->index * 4096, 4096);
}

/* -- Random operations ---------------------------------------------------- */

static uint64_t random_offset(const struct model *model)
{
	static const uint64_t bases[] = {0,	     0,		 24,
					 2048,	     4096,	 8192,
					 16384,	     2 * MIB,	 4 * MIB,
					 GIB,	     1ULL << 40, 1ULL << 48,
					 1ULL << 57, 1ULL << 62, FILE_MAX};
	uint64_t base = bases[check_random(sizeof(bases) / sizeof(*bases))];
	uint64_t offset;

	if (check_random(4) == 0)
		base = model->size;
	offset = base + check_random(4);
	if (check_random(2))
		offset = base - check_random(4);
	if (check_random(4) == 0)
		offset = base + check_random(3 * 4096);
	if (base == 0 && offset > MIB)
		return 0;
	return offset > FILE_MAX ? FILE_MAX : offset;
}

static size_t random_count(void)
{
	static const size_t counts[] = {0,    1,    2,	  3,	23,   24,
					25,   40,   64,	  2047, 2048, 2049,
					4095, 4096, 4097, 8192};

	if (check_random(4) == 0)
		return (size_t)check_random(PART_MAX);
	return counts[check_random(sizeof(counts) / sizeof(*counts))];
}

static void step_write(struct fs_node *node, struct model *model)
{
	static uint8_t buf[PART_MAX];
	bool append = check_random(4) == 0;
	uint64_t offset = random_offset(model);
	uint64_t at = append ? model->size : offset;
	size_t count = random_count(), fits = count;

	if (count > FILE_MAX - at)
		fits = (size_t)(FILE_MAX - at);
	for (size_t i = 0; i < count; i++)
		buf[i] = (uint8_t)(check_random(255) + 1);
	if (count && !fits) {
		CHECK_EQ(fs_write(fs, node, buf, count, append, &offset),
			 -EFBIG);
		return;
	}
	if (check_random(2)) {
		size_t part = (size_t)check_random(count + 1);
		const struct iovec iov[] = {
			{buf, part}, {NULL, 0}, {buf + part, count - part}};

		CHECK_EQ(fs_writev(fs, node, iov, 3, append, &offset), fits);
	} else {
		CHECK_EQ(fs_write(fs, node, buf, count, append, &offset), fits);
	}
	if (!append || count)
		CHECK_EQ(offset, at + fits);
	if (count)
		model_write(model, at, buf, fits);
}

static void step_allocate(struct fs_node *node, struct model *model)
{
	uint64_t offset = random_offset(model), end;
	uint64_t len = random_count() + 1;
	bool keep_size = check_random(2);

	if (check_random(3) == 0)
		offset = offset / 4096 * 4096;
	if (check_random(3) == 0)
		len = (1 + check_random(5)) * 4096;
	end = offset + len;
	switch (check_random(3)) {
	case 0:
		CHECK_EQ(fs_punch(fs, node, offset, len),
			 end > FILE_MAX ? -EFBIG : 0);
		if (end <= FILE_MAX)
			model_clear(model, offset, end, true);
		return;
	case 1:
		CHECK_EQ(fs_allocate(fs, node, offset, len, keep_size),
			 end > FILE_MAX ? -EFBIG : 0);
		if (end <= FILE_MAX)
			model_allocate(model, offset, end);
		break;
	default:
		CHECK_EQ(fs_zero(fs, node, offset, len, keep_size),
			 end > FILE_MAX ? -EFBIG : 0);
		if (end > FILE_MAX)
			break;
		model_allocate(model, offset, end);
		model_clear(model, offset, end, false);
		break;
	}
	if (!keep_size && end <= FILE_MAX && end > model->size)
		model->size = end;
}

static void step_readv(struct fs_node *node, struct model *model)
{
	static uint8_t buf[PART_MAX], expected[PART_MAX];
	uint64_t offset = random_offset(model);
	size_t count = random_count(), part = (size_t)check_random(count + 1);
	const struct iovec iov[] = {
		{buf, part}, {NULL, 0}, {buf + part, count - part}};
	size_t there = 0;

	if (offset < model->size)
		there = model->size - offset < count
				? (size_t)(model->size - offset)
				: count;
	CHECK_EQ(fs_readv(node, offset, iov, 3, true), there);
	model_read(model, offset, expected, there);
	CHECK(memcmp(buf, expected, there) == 0);
}

static void step(struct fs_node *node, struct model *model)
{
	uint64_t offset = random_offset(model);

	switch (check_random(model->count > PAGES_MAX / 2 ? 2 : 10)) {
	case 0:
		CHECK_EQ(fs_truncate(fs, node, offset), 0);
		model_truncate(model, offset);
		break;
	case 1:
		offset = check_random(2) ? 0 : model->size / 2;
		CHECK_EQ(fs_truncate(fs, node, offset), 0);
		model_truncate(model, offset);
		break;
	case 2:
	case 3:
	case 4:
		step_write(node, model);
		break;
	case 5:
		step_readv(node, model);
		break;
	case 6:
		check_part(node, model, offset, random_count());
		break;
	case 7:
	case 8:
		step_allocate(node, model);
		break;
	default:
		check_seek(node, model, check_random(2), offset);
		break;
	}
}

TEST(files_hold_what_was_written_to_them)
{
	static struct model models[FILES];
	struct fs_node *nodes[FILES];

	for (size_t i = 0; i < FILES; i++) {
		char path[] = {'/', (char)('a' + i), '\0'};

		CHECK_EQ(call_create(path), 0);
		nodes[i] = call_open(path);
	}
	for (int round = 0; round < 12000; round++) {
		size_t i = (size_t)check_random(FILES);

		step(nodes[i], &models[i]);
		if (round % 50 == 0) {
			check_same(nodes[i], &models[i]);
			fs_check(fs);
		}
	}
	for (size_t i = 0; i < FILES; i++) {
		check_same(nodes[i], &models[i]);
		model_truncate(&models[i], 0);
		fs_node_unref(fs, nodes[i]);
	}
}

/* -- Single cases --------------------------------------------------------- */

static const uint64_t boundaries[] = {
	0,	    1,		23,	     24,	  25,
	2047,	    2048,	2049,	     4095,	  4096,
	4097,	    16384,	2 * MIB - 1, 2 * MIB,	  2 * MIB + 1,
	GIB - 1,    GIB,	GIB + 1,     1ULL << 39,  1ULL << 40,
	1ULL << 48, 1ULL << 57, 1ULL << 62,  FILE_MAX - 1};
#define BOUNDARIES (sizeof(boundaries) / sizeof(*boundaries))

TEST(any_two_bytes_can_be_all_there_is)
{
	struct fs_node *node;

	CHECK_EQ(call_create("/f"), 0);
	node = call_open("/f");
	for (size_t i = 0; i < BOUNDARIES * BOUNDARIES; i++) {
		uint64_t a = boundaries[i / BOUNDARIES];
		uint64_t b = boundaries[i % BOUNDARIES], at = a;
		struct model model = {0};

		CHECK_EQ(fs_write(fs, node, "a", 1, false, &at), 1);
		model_write(&model, a, (const uint8_t *)"a", 1);
		at = b;
		CHECK_EQ(fs_write(fs, node, "b", 1, false, &at), 1);
		model_write(&model, b, (const uint8_t *)"b", 1);
		check_same(node, &model);
		for (size_t k = 0; k < BOUNDARIES; k++) {
			check_part(node, &model, boundaries[k], 3);
			check_seek(node, &model, true, boundaries[k]);
			check_seek(node, &model, false, boundaries[k]);
		}
		CHECK_EQ(fs_truncate(fs, node, a), 0);
		model_truncate(&model, a);
		check_same(node, &model);
		CHECK_EQ(fs_truncate(fs, node, b + 1), 0);
		model_truncate(&model, b + 1);
		check_same(node, &model);
		CHECK_EQ(fs_truncate(fs, node, 0), 0);
		model_truncate(&model, 0);
		CHECK_EQ(call_attr(node).blocks, 0);
		fs_check(fs);
	}
	fs_node_unref(fs, node);
}

TEST(a_sparse_file_has_tables_only_above_its_pages)
{
	uint64_t offset = 1ULL << 62;
	struct fs_node *node;
	size_t before;

	CHECK_EQ(call_create("/f"), 0);
	node = call_open("/f");
	before = port_unit_live();
	CHECK_EQ(fs_write(fs, node, "x", 1, false, &offset), 1);
	CHECK_EQ(port_unit_live() - before, (1 + 6) * PAGE_SIZE);
	offset = 0;
	CHECK_EQ(fs_write(fs, node, "x", 1, false, &offset), 1);
	CHECK_EQ(port_unit_live() - before, (2 + 11) * PAGE_SIZE);
	CHECK_EQ(fs_truncate(fs, node, 1), 0);
	CHECK_EQ(port_unit_live() - before, PAGE_SIZE);
	CHECK_EQ(fs_truncate(fs, node, 0), 0);
	CHECK_EQ(port_unit_live(), before);
	fs_node_unref(fs, node);
}

TEST(what_grows_again_is_zero)
{
	static const size_t sizes[] = {10, 24, 100, 2048, 3000, 4096, 9000};
	static char buf[9000], zeros[9000];

	CHECK_EQ(call_create("/f"), 0);
	memset(buf, 'x', sizeof(buf));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct fs_node *node = call_open("/f");
		size_t half = sizes[i] / 2;
		uint64_t offset = 0;

		CHECK_EQ(fs_write(fs, node, buf, sizes[i], false, &offset),
			 sizes[i]);
		CHECK_EQ(fs_truncate(fs, node, half), 0);
		CHECK_EQ(fs_truncate(fs, node, sizes[i]), 0);
		CHECK_EQ(fs_read(node, half, buf, sizeof(buf), true),
			 sizes[i] - half);
		CHECK(memcmp(buf, zeros, sizes[i] - half) == 0);
		memset(buf, 'x', sizeof(buf));
		CHECK_EQ(fs_truncate(fs, node, half), 0);
		offset = sizes[i];
		CHECK_EQ(fs_write(fs, node, "y", 1, false, &offset), 1);
		CHECK_EQ(fs_read(node, half, buf, sizes[i] - half, true),
			 sizes[i] - half);
		CHECK(memcmp(buf, zeros, sizes[i] - half) == 0);
		memset(buf, 'x', sizeof(buf));
		CHECK_EQ(fs_truncate(fs, node, 0), 0);
		fs_node_unref(fs, node);
	}
}

TEST(no_file_is_larger_than_the_largest_offset)
{
	uint64_t offset = FILE_MAX - 4;
	struct fs_node *node;
	char buf[10];

	CHECK_EQ(call_create("/f"), 0);
	node = call_open("/f");
	CHECK_EQ(fs_write(fs, node, "0123456789", 10, false, &offset), 4);
	CHECK_EQ(offset, FILE_MAX);
	CHECK_EQ(fs_write(fs, node, "0", 1, false, &offset), -EFBIG);
	CHECK_EQ(fs_write(fs, node, "0", 1, true, &offset), -EFBIG);
	CHECK_EQ(fs_write(fs, node, "", 0, false, &offset), 0);
	CHECK_EQ(offset, FILE_MAX);
	offset = UINT64_MAX;
	CHECK_EQ(fs_write(fs, node, "0", 1, false, &offset), -EFBIG);
	CHECK_EQ(fs_read(node, FILE_MAX - 4, buf, 10, true), 4);
	CHECK_EQ(fs_read(node, FILE_MAX, buf, 10, true), 0);
	CHECK_EQ(fs_read(node, UINT64_MAX, buf, 10, true), 0);
	CHECK_EQ(fs_truncate(fs, node, FILE_MAX), 0);
	CHECK_EQ(fs_truncate(fs, node, FILE_MAX + 1), -EFBIG);
	CHECK_EQ(call_attr(node).size, FILE_MAX);
	fs_node_unref(fs, node);
}

TEST(writing_nothing_changes_nothing)
{
	const struct iovec none[2] = {{NULL, 0}, {NULL, 0}};
	struct fs_node *node;
	uint64_t offset = 100;

	CHECK_EQ(call_create("/f"), 0);
	CHECK_EQ(call_write("/f", 0, "text"), 4);
	node = call_open("/f");
	call_tick();
	CHECK_EQ(fs_write(fs, node, NULL, 0, false, &offset), 0);
	CHECK_EQ(offset, 100);
	CHECK_EQ(fs_writev(fs, node, none, 2, false, &offset), 0);
	CHECK_EQ(fs_writev(fs, node, none, 0, false, &offset), 0);
	CHECK_EQ(offset, 100);
	CHECK_EQ(fs_write(fs, node, NULL, 0, true, &offset), 0);
	CHECK_EQ(offset, 100);
	CHECK_EQ(call_attr(node).size, 4);
	CHECK_TEXT(call_times("/f"), "");
	fs_node_unref(fs, node);
}

TEST(writing_and_truncating_set_the_times_of_change)
{
	CHECK_EQ(call_create("/f"), 0);
	call_tick();
	CHECK_EQ(call_write("/f", 0, "text"), 4);
	CHECK_TEXT(call_times("/f"), "mc");
	CHECK_TEXT(call_times("/"), "");
	call_tick();
	CHECK_EQ(call_truncate("/f", 4), 0);
	CHECK_TEXT(call_times("/f"), "mc");
	call_tick();
	CHECK_EQ(call_truncate("/f", 2), 0);
	CHECK_TEXT(call_times("/f"), "mc");
	CHECK_TEXT(call_read("/f"), "te");
}

TEST(truncate_of_a_path_leaves_the_times_of_what_stays)
{
	struct fs_node *node;

	CHECK_EQ(call_create("/f"), 0);
	node = call_open("/f");
	call_tick();
	CHECK_EQ(fs_resize(fs, node, 0), 0);
	CHECK_TEXT(call_times("/f"), "");
	CHECK_EQ(fs_truncate(fs, node, 0), 0);
	CHECK_TEXT(call_times("/f"), "mc");
	call_tick();
	CHECK_EQ(fs_resize(fs, node, 100), 0);
	CHECK_TEXT(call_times("/f"), "mc");
	call_tick();
	CHECK_EQ(fs_resize(fs, node, 100), 0);
	CHECK_TEXT(call_times("/f"), "");
	CHECK_EQ(fs_allocate(fs, node, MIB, 1, true), 0);
	call_tick();
	CHECK_EQ(fs_resize(fs, node, 100), 0); /* gives that back */
	CHECK_TEXT(call_times("/f"), "mc");
	CHECK_EQ(call_attr(node).blocks, 0);
	fs_node_unref(fs, node);
}

TEST(reserving_and_punching_set_the_times_of_change)
{
	struct fs_node *node;

	CHECK_EQ(call_create("/f"), 0);
	node = call_open("/f");
	call_tick();
	CHECK_EQ(fs_allocate(fs, node, 0, 1, true), 0);
	CHECK_TEXT(call_times("/f"), "mc");
	call_tick();
	CHECK_EQ(fs_zero(fs, node, 0, 1, true), 0);
	CHECK_TEXT(call_times("/f"), "mc");
	call_tick();
	CHECK_EQ(fs_punch(fs, node, MIB, 1), 0);
	CHECK_TEXT(call_times("/f"), "mc");
	call_tick();
	CHECK_EQ(fs_allocate(fs, node, FILE_MAX, 1, true), -EFBIG);
	CHECK_EQ(fs_punch(fs, node, UINT64_MAX, 1), -EFBIG);
	CHECK_EQ(fs_zero(fs, node, FILE_MAX, 1, true), -EFBIG);
	CHECK_TEXT(call_times("/f"), "");
	fs_node_unref(fs, node);
}

TEST(an_unlinked_file_lives_while_it_is_held)
{
	struct fs_node *node;
	uint64_t offset = 4;
	char buf[8];

	CHECK_EQ(call_create("/f"), 0);
	CHECK_EQ(call_write("/f", 0, "text"), 4);
	node = call_open("/f");
	CHECK_EQ(call_unlink("/f"), 0);
	CHECK_EQ(call_attr(node).nlink, 0);
	CHECK_EQ(fs_write(fs, node, "more", 4, false, &offset), 4);
	CHECK_EQ(fs_read(node, 0, buf, 8, true), 8);
	CHECK(memcmp(buf, "textmore", 8) == 0);
	CHECK_EQ(fs_link(fs, node, fs_root(fs), NAME("g"), &call_root),
		 -ENOENT);
	fs_node_unref(fs, node);
}
