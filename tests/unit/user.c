/* SPDX-License-Identifier: MIT */
/*
 * Memory of the caller that can not be accessed (port/user.h), in every form of
 * contents: what is done is what comes before it, and nothing is done where it
 * comes first. Where the home can bring it in without locks, all is done.
 */
#include "tests/unit/calls.h"

#include <string.h>

#include "port/port.h"
#include "tests/unit/port_unit.h"

#define TEXT_MAX 20000

static const size_t lengths[] = {0,    1,    23,   24,	 25,   100,  2047,
				 2048, 2049, 4095, 4096, 4097, 8192, 12000};
#define LENGTHS (sizeof(lengths) / sizeof(*lengths))

static uint8_t text[TEXT_MAX], found[TEXT_MAX], expected[TEXT_MAX];

/* A file that contains so many bytes. */
static struct fs_node *file_of(size_t len)
{
	struct fs_node *node;
	uint64_t at = 0;

	for (size_t i = 0; i < TEXT_MAX; i++)
		text[i] = (uint8_t)(i * 7 + i / 251);
	CHECK_EQ(call_create("/f"), 0);
	node = call_open("/f");
	CHECK_EQ(fs_write(fs, node, text, len, false, &at), (ssize_t)len);
	return node;
}

static void file_end(struct fs_node *node)
{
	fs_check(fs);
	fs_node_unref(fs, node);
	CHECK_EQ(call_unlink("/f"), 0);
}

/* Fails unless node contains len bytes of expected. */
static void check_contents(struct fs_node *node, size_t len)
{
	CHECK_EQ(fs_read(node, 0, found, TEXT_MAX, true), (ssize_t)len);
	CHECK(memcmp(found, expected, len) == 0);
}

static void read_up_to(struct fs_node *node, size_t len, size_t reach)
{
	const size_t all = len - 1;
	const struct iovec iov[2] = {{found, all / 2},
				     {found + all / 2, TEXT_MAX / 2}};
	ssize_t result = reach < all ? (ssize_t)reach : (ssize_t)all;

	if (reach == 0)
		result = -EFAULT;
	memset(found, 0xee, TEXT_MAX);
	port_unit_fault(found + reach, TEXT_MAX - reach);
	CHECK_EQ(fs_read(node, 1, found, TEXT_MAX, true), result);
	CHECK_EQ(fs_readv(node, 1, iov, 2, true), result);
	port_unit_fault(NULL, 0);
	if (result > 0)
		CHECK(memcmp(found, text + 1, (size_t)result) == 0);
	for (size_t i = reach; i < TEXT_MAX; i++)
		CHECK(found[i] == 0xee);
}

TEST(a_read_ends_where_memory_does)
{
	for (size_t i = 2; i < LENGTHS; i++) {
		struct fs_node *node = file_of(lengths[i]);

		for (size_t j = 0; j < LENGTHS; j++)
			read_up_to(node, lengths[i], lengths[j]);
		file_end(node);
	}
}

TEST(a_read_of_a_hole_ends_where_memory_does)
{
	struct fs_node *node = file_of(10);

	CHECK_EQ(fs_truncate(fs, node, TEXT_MAX), 0);
	for (size_t j = 1; j < LENGTHS; j++) {
		port_unit_fault(found + lengths[j], TEXT_MAX);
		CHECK_EQ(fs_read(node, 5, found, TEXT_MAX, true),
			 (ssize_t)lengths[j]);
	}
	port_unit_fault(found, 1);
	CHECK_EQ(fs_read(node, 5, found, TEXT_MAX, true), -EFAULT);
	CHECK_EQ(fs_read(node, TEXT_MAX, found, 1, true), 0);
	port_unit_fault(NULL, 0);
	file_end(node);
}

/* Writes 12,000 bytes at offset, of which reach are good. */
static void write_up_to(size_t len, size_t offset, size_t reach)
{
	struct fs_node *node = file_of(len);
	struct fs_attr before = call_attr(node), after;
	const struct iovec iov[2] = {{found, 6000}, {found + 6000, 6000}};
	size_t live = port_unit_live(), size = len;
	uint64_t at = offset;
	ssize_t result =
		reach ? (ssize_t)(reach < 12000 ? reach : 12000) : -EFAULT;

	memset(found, 0x5a, 12000);
	port_unit_fault(found + reach, TEXT_MAX - reach);
	if (offset % 2)
		CHECK_EQ(fs_write(fs, node, found, 12000, false, &at), result);
	else
		CHECK_EQ(fs_writev(fs, node, iov, 2, false, &at), result);
	port_unit_fault(NULL, 0);
	CHECK_EQ(at, offset + (result > 0 ? (size_t)result : 0));
	after = call_attr(node);
	memset(expected, 0, TEXT_MAX);
	memcpy(expected, text, len);
	if (result > 0) {
		memset(expected + offset, 0x5a, (size_t)result);
		size = at > len ? at : len;
	} else {
		CHECK_EQ(port_unit_live(), live);
		CHECK_EQ(after.blocks, before.blocks);
	}
	CHECK_EQ(after.size, size);
	check_contents(node, size);
	/* Nothing of what was not written shows when the file grows. */
	CHECK_EQ(fs_truncate(fs, node, TEXT_MAX), 0);
	check_contents(node, TEXT_MAX);
	file_end(node);
}

TEST(a_write_ends_where_memory_does)
{
	static const size_t offsets[] = {0, 5, 30, 2040, 4090, 4096, 7000};

	for (size_t i = 0; i < LENGTHS; i++) {
		for (size_t j = 0; j < LENGTHS; j++) {
			for (size_t k = 0; k < 7; k++)
				write_up_to(lengths[i], offsets[k], lengths[j]);
		}
	}
}

TEST(what_the_home_can_bring_in_is_read_and_written)
{
	for (size_t i = 2; i < LENGTHS; i++) {
		struct fs_node *node = file_of(lengths[i]);
		const struct iovec iov[3] = {
			{found, 0}, {found, 20}, {found + 20, 19000}};
		uint64_t at = 3;

		port_unit_fault_in = true;
		port_unit_fault(found + lengths[i] / 2, TEXT_MAX);
		CHECK_EQ(fs_read(node, 0, found, TEXT_MAX, true),
			 (ssize_t)lengths[i]);
		CHECK(memcmp(found, text, lengths[i]) == 0);
		memset(found, 0, TEXT_MAX);
		port_unit_fault(found + lengths[i] / 2, TEXT_MAX);
		CHECK_EQ(fs_readv(node, 0, iov, 3, true), (ssize_t)lengths[i]);
		CHECK(memcmp(found, text, lengths[i]) == 0);
		memset(found, 0x5a, TEXT_MAX);
		port_unit_fault(found + lengths[i], TEXT_MAX);
		CHECK_EQ(fs_writev(fs, node, iov, 3, false, &at), 19020);
		CHECK_EQ(at, 19023);
		port_unit_fault(found, 1);
		CHECK_EQ(fs_write(fs, node, found, 500, true, &at), 500);
		CHECK_EQ(at, 19523);
		memcpy(expected, text, 3);
		memset(expected + 3, 0x5a, 19520);
		check_contents(node, 19523);
		port_unit_fault_in = false;
		file_end(node);
	}
}

static int walk(const char *path)
{
	struct fs_node *node = fs_root(fs);
	int err;

	fs_node_ref(node);
	err = fs_walk_node(fs, node, path, true, &call_root, &node);

	if (!err)
		fs_node_unref(fs, node);
	return err;
}

TEST(a_path_is_read_to_its_end_before_anything_else)
{
	static char path[5000];

	CHECK_EQ(call_create("/f"), 0);
	CHECK_EQ(call_symlink("f", "/l"), 0);
	strcpy(path, "/missing//x/../yz");
	for (size_t i = 1; i <= strlen(path); i++) {
		port_unit_fault(path + i, 1);
		CHECK_EQ(walk(path), -EFAULT);
	}
	port_unit_fault(path + strlen(path) + 1, 1);
	CHECK_EQ(walk(path), -ENOENT);
	strcpy(path, "/l/x");
	port_unit_fault(path + 4, 1);
	CHECK_EQ(walk(path), -EFAULT);
	memset(path, 'a', sizeof(path));
	port_unit_fault(path + 4096, 1);
	CHECK_EQ(walk(path), -ENAMETOOLONG);
	port_unit_fault(path + 4095, 1);
	CHECK_EQ(walk(path), -EFAULT);
	memset(path, '/', sizeof(path));
	CHECK_EQ(walk(path), -EFAULT);
	port_unit_fault(NULL, 0);
}
