/* SPDX-License-Identifier: MIT */
/*
 * What a program with bad intentions, or none, might do: names chosen so that
 * their hashes collide, directories 100,000 deep by system calls; and that who
 * is elsewhere does not notice. Other limits are tested where they belong
 * (names.c, paths.c, limits.c); ten million entries are in tests/sizes.sh.
 */
#include "syscalls/internal.h"
#include "fs/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/calls.h"
#include "tests/unit/lock_order.h"
#include "tests/unit/port_unit.h"

/* -- Hashes ---------------------------------------------------------------- */

#define NAMES	 2048
#define BUCKETS	 2048
#define SEEDS	 30
#define LOAD_MAX 13 /* above once in 10^7 times, if hashes were random */

static char names[NAMES][NAME_MAX + 1];

/* How many of the names have the same place in an index of that many. */
static unsigned load(const struct fs *system)
{
	static unsigned buckets[BUCKETS];
	unsigned most = 0;

	memset(buckets, 0, sizeof(buckets));
	for (size_t i = 0; i < NAMES; i++) {
		uint32_t hash =
			dir_hash(system, names[i], __builtin_strlen(names[i]));
		unsigned *bucket = &buckets[hash % BUCKETS];

		if (++*bucket > most)
			most = *bucket;
	}
	return most;
}

/* With any seed the names are spread as random ones would be. */
static void check_spread(void)
{
	for (int i = 0; i < SEEDS; i++) {
		CHECK(load(fs) <= LOAD_MAX);
		check_fs_renew();
	}
}

TEST(names_that_collide_for_one_seed_do_not_for_others)
{
	size_t found = 0;

	for (unsigned i = 0; found < NAMES; i++) {
		snprintf(names[found], sizeof(names[found]), "name%u", i);
		if (dir_hash(fs, names[found], __builtin_strlen(names[found])) %
			    BUCKETS ==
		    0)
			found++;
	}
	CHECK_EQ(load(fs), NAMES);
	check_fs_renew();
	check_spread();
}

TEST(names_that_differ_in_few_bits_do_not_collide)
{
	static const size_t lens[] = {8, 9, 15, 16, 17, 24, 32, 64, 255};

	for (size_t k = 0; k < sizeof(lens) / sizeof(*lens); k++) {
		size_t len = lens[k];

		/* 11 bits, of the first bytes or of the last ones */
		for (size_t i = 0; i < 2 * NAMES; i++) {
			char *name = names[i % NAMES];
			size_t at = i < NAMES ? 0 : len - 2;

			memset(name, 'n', len);
			name[len] = '\0';
			name[at] = (char)(0x80 | (i & 0x3f));
			name[at + 1] = (char)(0x80 | (i >> 6 & 0x1f));
			if (i % NAMES == NAMES - 1)
				check_spread();
		}
	}
}

TEST(names_of_repeated_words_do_not_collide)
{
	for (size_t i = 0; i < NAMES; i++) {
		/* which of two words stand where, in names of 88 bytes */
		for (size_t word = 0; word < 11; word++)
			memcpy(names[i] + word * 8,
			       i >> word & 1
				       ? "\xff\xff\xff\xff\xff\xff\xff\xff"
				       : "\1\0011111\1\1",
			       8);
		names[i][88] = '\0';
	}
	check_spread();
	for (size_t i = 0; i < NAMES; i++) {
		size_t len = 1 + i % 200;

		memset(names[i], 'a' + (int)(i / 200), len);
		names[i][len] = '\0';
	}
	check_spread();
}

/* -- Depth ----------------------------------------------------------------- */

#define LEVELS 100000

static void begin(void)
{
	const struct syscall_config config = {.fs_bytes_max = UINT64_MAX / 2,
					      .fs_nodes_max = 1 << 20};

	syscall_init(&config);
}

/* Goes to name in the directory that is open as *fd. */
static void step(int *fd, const char *name)
{
	int next = (int)sys_openat(*fd, name, O_RDONLY | O_DIRECTORY, 0);

	CHECK(next >= 0);
	CHECK_EQ(sys_close(*fd), 0);
	*fd = next;
}

static int descend(void)
{
	int fd = (int)sys_open("/", O_RDONLY | O_DIRECTORY, 0);

	for (int i = 0; i < LEVELS; i++) {
		CHECK_EQ(sys_mkdirat(fd, "d", 0755), 0);
		step(&fd, "d");
	}
	return fd;
}

TEST(directories_100000_deep_can_be_used_and_removed)
{
	char path[PATH_MAX];
	int fd;

	begin();
	fd = descend();
	CHECK_EQ(sys_fchdir(fd), 0);
	CHECK_EQ(sys_getcwd(path, sizeof(path)), -ENAMETOOLONG);
	CHECK_EQ(sys_creat("file", 0644), 4);
	CHECK_EQ(sys_close(4), 0);
	CHECK_EQ(sys_rename("file", "/file"), 0);
	CHECK_EQ(sys_rename("/d", "d"), -EINVAL);
	CHECK_EQ(sys_renameat2(fd, "..", AT_FDCWD, "/x", 0), -EBUSY);
	for (int i = 0; i < LEVELS; i++) {
		step(&fd, "..");
		CHECK_EQ(sys_unlinkat(fd, "d", AT_REMOVEDIR), 0);
	}
	CHECK_EQ(sys_unlinkat(fd, "d", AT_REMOVEDIR), -ENOENT);
	CHECK_EQ(sys_getcwd(path, sizeof(path)), -ENOENT);
	syscall_fini();
}

TEST(directories_100000_deep_go_with_the_file_system)
{
	begin();
	CHECK_EQ(sys_fchdir(descend()), 0);
	syscall_fini();
}

/* -- Others ---------------------------------------------------------------- */

#define THREADS 2

static void own_body(int index)
{
	char path[32], moved[32];

	for (int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "/own%d/%d", index, i % 100);
		snprintf(moved, sizeof(moved), "/own%d/m%d", index, i % 70);
		(void)!call_create(path);
		(void)!call_chmod(path, 0600);
		(void)!call_rename(path, moved, 0);
		(void)!call_unlink(moved);
	}
}

static void same_body(int index)
{
	(void)index;
	own_body(0);
}

TEST(threads_in_different_directories_do_not_wait_for_each_other)
{
	CHECK_EQ(call_mkdir("/own0", 0755), 0);
	CHECK_EQ(call_mkdir("/own1", 0755), 0);
	lock_order_waits(); /* begins to count */
	port_unit_threads(THREADS, own_body);
	CHECK_EQ(lock_order_waits(), 0);
	/* they would be seen */
	port_unit_threads(THREADS, same_body);
	CHECK(lock_order_waits() > 0);
}
