/* SPDX-License-Identifier: MIT */
/*
 * Mapped files, seen from below: a home that keeps every page it is handed, and
 * gives up those that are called back. At any time what it has must be what the
 * file has.
 */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/lock.h"
#include "port/port.h"
#include "tests/unit/port_unit.h"

#define PAGE   4096L
#define PAGES  40
#define SHARED PORT_MAP_SHARED
#define WRITE  (PORT_MAP_SHARED | PORT_MAP_WRITE)

/* The home: which pages of the file it has. */
static struct fs_node *node;
static uint8_t *have[PAGES];
static size_t revokes, copies_revoked;
static bool still_mapped;
static int install_result;

static int install(void *context, uint64_t first, void *const *pages,
		   size_t count)
{
	CHECK(context == have);
	CHECK(count >= 1 && count <= PORT_MAP_AROUND);
	if (install_result)
		return install_result;
	for (size_t i = 0; i < count; i++) {
		if (!pages[i])
			continue;
		CHECK(port_map_page_fits(pages[i]));
		if (first + i < PAGES) {
			CHECK(!have[first + i] || have[first + i] == pages[i]);
			have[first + i] = pages[i];
		}
	}
	return 0;
}

static bool on_revoke(const void *file, uint64_t first, uint64_t count,
		      bool copies)
{
	CHECK(file == node);
	revokes++;
	copies_revoked += copies;
	for (uint64_t i = first; i < PAGES && i - first < count; i++) {
		volatile uint8_t byte = 0;

		/* it is still there: the sanitizer would tell */
		if (have[i])
			byte = have[i][0];
		(void)byte;
		have[i] = NULL;
	}
	return still_mapped;
}

static void start(void)
{
	CHECK_EQ(call_create("/f"), 0);
	node = call_open("/f");
	memset(have, 0, sizeof(have));
	revokes = copies_revoked = 0;
	still_mapped = true;
	install_result = 0;
	port_unit_map.on_revoke = on_revoke;
}

static void end(void)
{
	port_unit_map.on_revoke = NULL;
	fs_node_unref(fs, node);
}

static int map(uint64_t index, int how)
{
	return fs_map_page(fs, node, index, how, install, have);
}

static void write_text(uint64_t offset, const char *text)
{
	uint64_t at = offset;

	CHECK_EQ(fs_write(fs, node, text, strlen(text), false, &at),
		 strlen(text));
}

/* All pages that are mapped are what the file has; none is past its end. */
static void coherent(void)
{
	static uint8_t buf[PAGE];
	uint64_t size = call_attr(node).size;

	for (uint64_t i = 0; i < PAGES; i++) {
		ssize_t n;

		if (!have[i])
			continue;
		CHECK(i * PAGE < size);
		n = fs_read(node, i * PAGE, buf, PAGE, true);
		CHECK(n > 0);
		CHECK(memcmp(buf, have[i], (size_t)n) == 0);
	}
}

TEST(a_mapped_page_is_the_files_own)
{
	static const long sizes[] = {1, 24, 25, 2048, 2049, 4096, 4097, 20000};
	char byte;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint64_t last = (uint64_t)(sizes[i] - 1) / PAGE;

		start();
		CHECK_EQ(call_truncate("/f", (uint64_t)sizes[i] - 1), 0);
		write_text((uint64_t)sizes[i] - 1, "e");
		CHECK_EQ(map(last, WRITE), 0);
		coherent();
		CHECK_EQ(have[last][(sizes[i] - 1) % PAGE], 'e');
		have[last][(sizes[i] - 1) % PAGE] = 'm';
		CHECK_EQ(fs_read(node, (uint64_t)sizes[i] - 1, &byte, 1, true),
			 1);
		CHECK_EQ(byte, 'm');
		write_text((uint64_t)sizes[i] - 1, "w");
		CHECK_EQ(have[last][(sizes[i] - 1) % PAGE], 'w');
		CHECK_EQ(map(last + 1, SHARED), -ENXIO);
		CHECK_EQ(revokes, 0);
		end();
		CHECK_EQ(call_unlink("/f"), 0);
	}
}

TEST(a_hole_that_is_touched_gets_a_page)
{
	start();
	CHECK_EQ(map(0, SHARED), -ENXIO);
	CHECK_EQ(call_truncate("/f", 20 * PAGE), 0);
	CHECK_EQ(call_attr(node).blocks, 0);
	CHECK_EQ(map(3, SHARED), 0);
	CHECK_EQ(call_attr(node).blocks, 8);
	for (int i = 0; i < PAGE; i++)
		CHECK_EQ(have[3][i], 0);
	CHECK_EQ(map(19, PORT_MAP_WRITE), 0);
	CHECK_EQ(call_attr(node).blocks, 16);
	CHECK_EQ(map(20, WRITE), -ENXIO);
	CHECK_EQ(call_attr(node).blocks, 16);
	/* one that is only reserved too, and it is zeros */
	write_text(5 * PAGE, "stale");
	CHECK_EQ(fs_zero(fs, node, 5 * PAGE, PAGE, false), 0);
	CHECK_EQ(map(5, SHARED), 0);
	CHECK_EQ(have[5][0], 0);
	CHECK_EQ(call_attr(node).blocks, 24);
	end();
}

TEST(reading_maps_what_is_there_around_it)
{
	start();
	CHECK_EQ(call_truncate("/f", 37 * PAGE), 0);
	for (uint64_t i = 0; i < 37; i += 2)
		write_text(i * PAGE, "x");
	CHECK_EQ(map(20, SHARED), 0);
	for (uint64_t i = 0; i < PAGES; i++)
		CHECK_EQ(have[i] != NULL, i >= 16 && i < 32 && i % 2 == 0);
	CHECK_EQ(map(0, WRITE), 0);
	CHECK(have[0] && !have[2]);
	CHECK_EQ(map(36, SHARED), 0);
	CHECK(have[32] && have[36] && !have[33]);
	coherent();
	end();
}

TEST(pages_are_called_back_before_they_go)
{
	start();
	CHECK_EQ(call_truncate("/f", 10 * PAGE), 0);
	for (uint64_t i = 0; i < 10; i++)
		CHECK_EQ(map(i, WRITE), 0);
	CHECK_EQ(call_truncate("/f", 7 * PAGE + 1), 0);
	CHECK(have[7] && !have[8] && !have[9]);
	CHECK_EQ(copies_revoked, 1);
	CHECK_EQ(fs_punch(fs, node, PAGE / 2, 3 * PAGE), 0);
	CHECK(have[0] && !have[1] && !have[2] && have[3]);
	CHECK_EQ(fs_zero(fs, node, 4 * PAGE, PAGE, true), 0);
	CHECK(!have[4] && have[5]);
	CHECK_EQ(copies_revoked, 1);
	CHECK_EQ(revokes, 3);
	coherent();
	CHECK_EQ(call_truncate("/f", 0), 0);
	for (uint64_t i = 0; i < PAGES; i++)
		CHECK(!have[i]);
	end();
}

TEST(a_file_that_is_mapped_no_more_calls_nothing_back)
{
	start();
	CHECK_EQ(call_truncate("/f", 10 * PAGE), 0);
	CHECK_EQ(call_truncate("/f", 9 * PAGE), 0);
	CHECK_EQ(revokes, 0);
	CHECK_EQ(map(8, WRITE), 0);
	still_mapped = false;
	CHECK_EQ(call_truncate("/f", 8 * PAGE), 0);
	CHECK_EQ(call_truncate("/f", 7 * PAGE), 0);
	CHECK_EQ(revokes, 1);
	CHECK_EQ(map(6, WRITE), 0);
	CHECK_EQ(call_truncate("/f", 0), 0);
	CHECK_EQ(revokes, 2);
	end();
}

TEST(a_page_that_files_share_is_copied_before_it_is_mapped)
{
	struct fs_node *other;

	for (int mapped = 0; mapped < 2; mapped++) {
		start();
		CHECK_EQ(call_create("/other"), 0);
		other = call_open("/other");
		write_text(0, "first");
		write_text(2 * PAGE, "third");
		CHECK_EQ(call_truncate("/f", 3 * PAGE), 0);
		if (mapped)
			CHECK_EQ(map(2, WRITE), 0);
		CHECK_EQ(fs_clone(fs, node, 0, other, 0, 3 * PAGE), 0);
		CHECK_EQ(map(2, SHARED), 0);
		coherent();
		CHECK_TEXT(call_read("/other"), "first");
		have[2][0] = 'T';
		have[0][0] = 'F';
		CHECK_TEXT(call_read("/other"), "first");
		CHECK_TEXT(call_read("/f"), "First");
		write_text(2 * PAGE, "written");
		coherent();
		fs_check(fs);
		fs_node_unref(fs, other);
		end();
		CHECK_EQ(call_unlink("/other"), 0);
		CHECK_EQ(call_unlink("/f"), 0);
	}
}

TEST(the_end_of_the_last_page_is_zeros)
{
	start();
	write_text(0, "0123456789");
	write_text(PAGE, "0123456789");
	CHECK_EQ(call_truncate("/f", PAGE + 4), 0); /* leaves what follows */
	CHECK_EQ(map(1, SHARED), 0);
	CHECK_TEXT((char *)have[1], "0123");
	CHECK_EQ(call_truncate("/f", PAGE + 2), 0);
	CHECK_TEXT((char *)have[1], "01");
	/* what the program writes there stays, as on tmpfs */
	have[1][3] = 'x';
	CHECK_EQ(call_truncate("/f", PAGE + 5), 0);
	CHECK_EQ(have[1][3], 'x');
	CHECK_EQ(call_truncate("/f", 0), 0);
	CHECK_EQ(call_truncate("/f", 2 * PAGE), 0);
	CHECK_EQ(map(1, SHARED), 0);
	CHECK_EQ(have[1][3], 0);
	end();
}

TEST(writing_a_shared_page_changes_times_when_it_is_mapped)
{
	start();
	CHECK_EQ(call_truncate("/f", 10 * PAGE), 0);
	call_tick();
	CHECK_EQ(map(0, SHARED), 0);
	CHECK_EQ(map(1, PORT_MAP_WRITE), 0);
	CHECK_EQ(map(99, WRITE), -ENXIO);
	CHECK_TEXT(call_times("/f"), "");
	install_result = -ENOMEM;
	CHECK_EQ(map(2, WRITE), -ENOMEM);
	CHECK_TEXT(call_times("/f"), "");
	install_result = 0;
	CHECK_EQ(map(2, WRITE), 0);
	CHECK_TEXT(call_times("/f"), "mc");
	end();
}

TEST(a_page_needs_space)
{
	struct fs_stat stat;

	check_fs_limits(2 * PAGE, 10);
	start();
	CHECK_EQ(call_truncate("/f", 10 * PAGE), 0);
	CHECK_EQ(map(0, WRITE), 0);
	CHECK_EQ(map(5, SHARED), 0);
	CHECK_EQ(map(6, SHARED), -ENOSPC);
	CHECK_EQ(map(7, WRITE), -ENOSPC);
	CHECK_EQ(map(5, WRITE), 0);
	fs_stat(fs, &stat);
	CHECK_EQ(stat.bytes_free, 0);
	CHECK_EQ(fs_punch(fs, node, 0, PAGE), 0);
	CHECK_EQ(map(7, WRITE), 0);
	coherent();
	end();
}

/* One random step. */
static void step(void)
{
	static char data[3 * PAGE];
	uint64_t at = check_random(PAGES * PAGE), page = at / PAGE;
	uint64_t len = 1 + check_random(check_random(2) ? 3 * PAGE : 300);

	switch (check_random(9)) {
	case 0:
	case 1:
		memset(data, (int)('a' + check_random(26)), (size_t)len);
		CHECK_EQ(fs_write(fs, node, data, (size_t)len, false, &at),
			 len);
		break;
	case 2:
		CHECK_EQ(call_truncate("/f", check_random(3) ? at : at % 3000),
			 0);
		break;
	case 3:
		CHECK_EQ(fs_punch(fs, node, at, len), 0);
		break;
	case 4:
		CHECK_EQ(fs_zero(fs, node, at, len, check_random(2)), 0);
		break;
	case 5:
		CHECK_EQ(fs_allocate(fs, node, at, len, check_random(2)), 0);
		break;
	default:
		if (map(page, check_random(2) ? WRITE : SHARED) == 0) {
			CHECK(have[page]);
			have[page][at % PAGE] ^= 0x55;
		} else {
			CHECK(at / PAGE * PAGE >= call_attr(node).size);
		}
		break;
	}
}

TEST(what_is_mapped_is_always_what_the_file_has)
{
	start();
	for (int i = 0; i < 5000; i++) {
		step();
		coherent();
		if (i % 100 == 0)
			fs_check(fs);
	}
	end();
}

/* -- Memory that runs out ----------------------------------------------------- */

static uint64_t size_before, index_mapped;

static void prepare(void)
{
	check_fs_limits((uint64_t)1 << 30, 10);
	start();
	if (size_before) {
		CHECK_EQ(call_truncate("/f", size_before - 1), 0);
		write_text(size_before - 1, "e");
	}
	CHECK_EQ(call_truncate("/f", 1ULL << 40), 0);
}

static void attempt(size_t at, bool on, bool *failed)
{
	struct fs_attr before, after;
	struct fs_stat space_before, space_after;
	int err;

	prepare();
	before = call_attr(node);
	fs_stat(fs, &space_before);
	port_unit_fail(at, on);
	err = map(index_mapped, WRITE);
	*failed = port_unit_allocs() >= at;
	port_unit_fail(0, false);
	if (*failed) {
		CHECK_EQ(err, -ENOMEM);
		after = call_attr(node);
		fs_stat(fs, &space_after);
		CHECK_EQ(after.blocks, before.blocks);
		CHECK_EQ(space_after.bytes_free, space_before.bytes_free);
		fs_check(fs);
		err = map(index_mapped, WRITE);
	}
	CHECK_EQ(err, 0);
	coherent();
	fs_check(fs);
	end();
}

TEST(mapping_without_memory_changes_nothing)
{
	static const uint64_t sizes[] = {0, 1, 30, 2048, 5000, 9 * PAGE};
	static const uint64_t indexes[] = {0, 1, 5, 600, 1 << 20};

	for (size_t i = 0; i < 6 * 5; i++) {
		size_before = sizes[i / 5];
		index_mapped = indexes[i % 5];
		for (int on = 0; on < 2; on++) {
			bool failed = true;

			for (size_t at = 1; failed; at++)
				attempt(at, on, &failed);
		}
	}
}

/* -- Threads ----------------------------------------------------------------- */

#define THREADS 3

static struct lock home_lock;

static int install_locked(void *context, uint64_t first, void *const *pages,
			  size_t count)
{
	int err;

	port_lock_write_wait(&home_lock);
	err = install(context, first, pages, count);
	port_lock_write_leave(&home_lock);
	return err;
}

static bool revoke_locked(const void *file, uint64_t first, uint64_t count,
			  bool copies)
{
	bool result;

	port_lock_write_wait(&home_lock);
	result = on_revoke(file, first, count, copies);
	port_lock_write_leave(&home_lock);
	return result;
}

/* What is mapped is there as long as it is mapped: it is written under the
 * home's lock, and the sanitizer watches. */
static void body(int index)
{
	uint64_t state = check_seed() + (uint64_t)index;
	char data[100];

	memset(data, 'a' + index, sizeof(data));
	for (int i = 0; i < 4000; i++) {
		uint64_t at = check_random_from(&state, PAGES * PAGE);
		uint64_t page = at / PAGE;

		switch (check_random_from(&state, 5)) {
		case 0:
			CHECK(fs_write(fs, node, data, 100, false, &at) == 100);
			break;
		case 1:
			CHECK_EQ(fs_truncate(fs, node, at), 0);
			break;
		case 2:
			CHECK_EQ(fs_punch(fs, node, at, 2 * PAGE), 0);
			break;
		default:
			(void)!fs_map_page(fs, node, page, WRITE,
					   install_locked, have);
			port_lock_write_wait(&home_lock);
			if (have[page])
				have[page][at % PAGE]++;
			port_lock_write_leave(&home_lock);
			break;
		}
	}
}

TEST(threads_map_and_call_back)
{
	start();
	port_unit_map.on_revoke = revoke_locked;
	port_unit_threads(THREADS, body);
	port_unit_map.on_revoke = on_revoke;
	coherent();
	end();
}
