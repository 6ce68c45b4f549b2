/* SPDX-License-Identifier: MIT */
/*
 * The page allocator of the homes (port/pages.h), against a model that knows
 * of each page who has it. The pool has holes, and ranges that come in steps.
 */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "port/pages.h"
#include "port/port.h"
#include "tests/unit/port_unit.h"

#define COUNT	    4096 /* pages of the pool */
#define PIECES	    600
#define ROUNDS	    30000
#define BLOCK_PAGES 512

enum { ABSENT = 0, FREE = 1, TAKEN = 2 };

struct piece {
	uint8_t *pages;
	size_t count;
	uint64_t tag;
};

static struct page_pool pool;
static uint8_t *base, *states;
static uint8_t model[COUNT];
static size_t model_total, model_free;
static struct piece pieces[PIECES];
static uint64_t next_tag;

static void begin(void)
{
	memset(model, ABSENT, sizeof(model));
	memset(pieces, 0, sizeof(pieces));
	model_total = model_free = 0;
	base = aligned_alloc(PAGE_SIZE, COUNT * PAGE_SIZE);
	states = calloc(COUNT, 1);
	pages_init(&pool, base, COUNT, states);
}

static void end(void)
{
	free(base);
	free(states);
}

static void add(size_t first, size_t count)
{
	pages_add(&pool, base + first * PAGE_SIZE, count);
	memset(model + first, FREE, count);
	model_total += count;
	model_free += count;
}

static void check_counts(void)
{
	CHECK_EQ(pool.total, model_total);
	CHECK_EQ(pool.avail, model_free);
}

/* Are there count free pages at a multiple of count? */
static bool model_has_block(size_t count)
{
	for (size_t i = 0; i + count <= COUNT; i += count) {
		size_t k = 0;

		while (k < count && model[i + k] == FREE)
			k++;
		if (k == count)
			return true;
	}
	return false;
}

static size_t power_above(size_t count)
{
	size_t power = 1;

	while (power < count)
		power *= 2;
	return power;
}

/* The tag stands at both ends of each page, so a page that two have shows. */
static void tag_write(const struct piece *piece)
{
	for (size_t i = 0; i < piece->count; i++) {
		uint8_t *page = piece->pages + i * PAGE_SIZE;

		memcpy(page, &piece->tag, 8);
		memcpy(page + PAGE_SIZE - 8, &piece->tag, 8);
	}
}

static void tag_check(const struct piece *piece)
{
	for (size_t i = 0; i < piece->count; i++) {
		const uint8_t *page = piece->pages + i * PAGE_SIZE;

		CHECK(memcmp(page, &piece->tag, 8) == 0);
		CHECK(memcmp(page + PAGE_SIZE - 8, &piece->tag, 8) == 0);
	}
}

static bool piece_alloc(struct piece *piece, size_t count)
{
	uint8_t *pages = pages_alloc(&pool, count);
	size_t first, power = power_above(count);

	if (!pages) {
		CHECK(!model_has_block(power));
		return false;
	}
	first = (size_t)(pages - base) / PAGE_SIZE;
	CHECK_EQ((pages - base) % (ssize_t)PAGE_SIZE, 0);
	CHECK_EQ(first % (power > count ? power / 2 : power), 0);
	CHECK(first + count <= COUNT);
	for (size_t i = first; i < first + count; i++) {
		CHECK_EQ(model[i], FREE);
		model[i] = TAKEN;
	}
	model_free -= count;
	*piece = (struct piece){pages, count, ++next_tag};
	tag_write(piece);
	return true;
}

static void piece_free(struct piece *piece)
{
	tag_check(piece);
	memset(model + (size_t)(piece->pages - base) / PAGE_SIZE, FREE,
	       piece->count);
	model_free += piece->count;
	pages_free(&pool, piece->pages, piece->count);
	piece->pages = NULL;
}

/* Frees in single pages what was allocated at once. */
static void piece_free_split(struct piece *piece)
{
	tag_check(piece);
	pages_split(&pool, piece->pages, piece->count);
	for (size_t i = piece->count; i-- > 0;)
		pages_free(&pool, piece->pages + i * PAGE_SIZE, 1);
	memset(model + (size_t)(piece->pages - base) / PAGE_SIZE, FREE,
	       piece->count);
	model_free += piece->count;
	piece->pages = NULL;
}

static void all_free(void)
{
	for (size_t i = 0; i < PIECES; i++) {
		if (pieces[i].pages)
			piece_free(&pieces[i]);
	}
	CHECK_EQ(model_free, model_total);
	check_counts();
}

static size_t random_size(void)
{
	switch (check_random(4)) {
	case 0:
		return 1;
	case 1:
		return (size_t)1 << check_random(8);
	case 2:
		return 1 + (size_t)check_random(20);
	default:
		return 1 + (size_t)check_random(200);
	}
}

static void churn(void)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		struct piece *piece = &pieces[check_random(PIECES)];

		if (!piece->pages)
			(void)piece_alloc(piece, random_size());
		else if (check_random(8) == 0)
			piece_free_split(piece);
		else
			piece_free(piece);
		check_counts();
	}
}

TEST(no_page_has_two_owners_and_all_come_together_again)
{
	struct piece whole;

	begin();
	add(0, COUNT);
	churn();
	all_free();
	CHECK(piece_alloc(&whole, COUNT));
	CHECK(!piece_alloc(&pieces[0], 1));
	piece_free(&whole);
	end();
}

TEST(ranges_with_holes_between_them_are_not_mixed)
{
	begin();
	add(1, 6);
	add(9, 503);
	add(700, 1);
	add(1001, 999);
	add(2048, 2048);
	churn();
	all_free();
	CHECK(piece_alloc(&pieces[0], 2048));
	CHECK(piece_alloc(&pieces[1], 256)); /* 256 to 511 */
	CHECK(piece_alloc(&pieces[2], 512)); /* 1024 to 1535 */
	all_free();
	end();
}

TEST(memory_may_be_added_in_steps_of_any_size)
{
	struct piece whole;
	size_t at = 0;

	begin();
	while (at < COUNT) {
		size_t count = 1 + (size_t)check_random(100);

		if (count > COUNT - at)
			count = COUNT - at;
		add(at, count);
		at += count;
		for (int i = 0; i < 20; i++) {
			struct piece *piece = &pieces[check_random(PIECES)];

			if (piece->pages)
				piece_free(piece);
			else
				(void)piece_alloc(piece, random_size());
		}
	}
	pages_add(&pool, base, 0);
	all_free();
	CHECK(piece_alloc(&whole, COUNT));
	piece_free(&whole);
	end();
}

TEST(every_page_can_be_had_and_given_back_singly)
{
	static struct piece singles[COUNT];
	struct piece whole;

	begin();
	add(0, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		CHECK(piece_alloc(&singles[i], 1));
	CHECK(pages_alloc(&pool, 1) == NULL);
	CHECK(pages_alloc(&pool, 2) == NULL);
	CHECK_EQ(pool.avail, 0);
	for (size_t i = 0; i < COUNT; i += 2)
		piece_free(&singles[i]);
	CHECK(pages_alloc(&pool, 2) == NULL);
	for (size_t i = 1; i < COUNT; i += 2)
		piece_free(&singles[i]);
	CHECK(piece_alloc(&whole, COUNT));
	piece_free(&whole);
	end();
}

TEST(an_odd_size_takes_no_more_than_its_pages)
{
	begin();
	add(0, BLOCK_PAGES);
	for (size_t count = 1; count <= BLOCK_PAGES; count++) {
		CHECK(piece_alloc(&pieces[0], count));
		CHECK_EQ(pool.avail, BLOCK_PAGES - count);
		for (size_t left = BLOCK_PAGES - count, i = 1; left; i++) {
			size_t part = power_above(left + 1) / 2;

			CHECK(piece_alloc(&pieces[i], part));
			left -= part;
		}
		CHECK_EQ(pool.avail, 0);
		all_free();
	}
	CHECK(pages_alloc(&pool, BLOCK_PAGES + 1) == NULL);
	CHECK(pages_alloc(&pool, SIZE_MAX) == NULL);
	end();
}

TEST(neighbours_are_joined_where_no_block_is_large_enough)
{
	begin();
	add(0, 768); /* blocks of 512 and 256 */
	CHECK(piece_alloc(&pieces[0], 768));
	CHECK_EQ(pool.avail, 0);
	all_free();
	CHECK(piece_alloc(&pieces[0], 700));
	CHECK(piece_alloc(&pieces[1], 64));
	CHECK(piece_alloc(&pieces[2], 4));
	CHECK_EQ(pool.avail, 0);
	all_free();
	CHECK(pages_alloc(&pool, 769) == NULL);
	end();
}
