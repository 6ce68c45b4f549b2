/* SPDX-License-Identifier: MIT */
/*
 * Threads that do everything at once: in directories of their own and in shared
 * ones, with renames between all of them. Nothing is expected of the results
 * but that they are possible; that all is well is said by fs_check at the end,
 * the sanitizers, and by coming to an end at all.
 */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/lock.h"
#include "tests/unit/port_unit.h"

#define THREADS 4
#define DIRS	6
#define NAMES	8
#define ROUNDS	15000

/* -- The lock ------------------------------------------------------------- */

static struct lock lock;
static uint64_t guarded, also_guarded;

/* Unchecked: clang's analysis is for fs/. */
static LOCKS_UNCHECKED void lock_body(int index)
{
	uint64_t state = check_seed() + (uint64_t)index * 2 + 1;

	for (int i = 0; i < 50000; i++) {
		if (check_random_from(&state, 3) == 0) {
			lock_write(&lock);
			guarded++;
			also_guarded++;
			unlock_write(&lock);
		} else {
			lock_read(&lock);
			CHECK_EQ(guarded, also_guarded);
			unlock_read(&lock);
		}
	}
}

TEST(a_writer_is_alone_under_the_lock)
{
	guarded = also_guarded = 0;
	port_unit_threads(THREADS, lock_body);
	CHECK_EQ(guarded, also_guarded);
	CHECK_EQ(lock.word, 0);
}

static uint32_t refs;
static uint32_t lasts;

static void refs_body(int index)
{
	(void)index;
	for (int i = 0; i < 20000; i++) {
		ref_take(&refs);
		if (ref_drop(&refs))
			__atomic_add_fetch(&lasts, 1, __ATOMIC_RELAXED);
	}
	if (ref_drop(&refs))
		__atomic_add_fetch(&lasts, 1, __ATOMIC_RELAXED);
}

TEST(references_are_counted_by_all_threads)
{
	refs = THREADS;
	lasts = 0;
	port_unit_threads(THREADS, refs_body);
	CHECK_EQ(refs, 0);
	CHECK_EQ(lasts, 1);
}

/* -- The file system ------------------------------------------------------ */

/* What a thread works with. */
struct worker {
	uint64_t random;
	char path[64], other[64];
};

static uint64_t pick(struct worker *worker, uint64_t limit)
{
	return check_random_from(&worker->random, limit);
}

/* A path of one to four components, or of links to such. */
static void path_make(struct worker *worker, char path[64])
{
	size_t len = 0, depth = 1 + (size_t)pick(worker, 4);

	for (size_t i = 0; i < depth; i++) {
		bool last = i + 1 == depth;

		len += (size_t)snprintf(path + len, 64 - len, "/%c%d",
					last ? 'n' : 'd',
					(int)pick(worker, last ? NAMES : DIRS));
	}
	if (pick(worker, 3) == 0)
		path[len - 2] = 'd';
}

static void check_result(int result)
{
	static const int possible[] = {0,	 -ENOENT, -EEXIST,
				       -ENOTDIR, -EISDIR, -ENOTEMPTY,
				       -EINVAL,	 -ELOOP,  -EPERM};

	for (size_t i = 0; i < sizeof(possible) / sizeof(*possible); i++) {
		if (result == possible[i])
			return;
	}
	CHECK_EQ(result, 0);
}

static bool count_fill(void *context, const struct fs_dirent *entry)
{
	size_t *count = context;

	CHECK(entry->name_len > 0);
	++*count;
	return true;
}

static void node_use(struct worker *worker, struct fs_node *node)
{
	char buf[5000], cwd[256];
	uint64_t offset = pick(worker, 20000), pos = 0;
	size_t count = 0;
	ssize_t done;

	memset(buf, 'x', sizeof(buf));
	(void)call_attr(node);
	if (S_ISDIR(fs_node_mode(node))) {
		int err = fs_readdir(node, count_fill, &count, &pos, false);

		CHECK(err == -ENOENT || (err == 0 && count >= 2));
		done = fs_path(fs, node, cwd, sizeof(cwd));
		CHECK(done > 0 || done == -ENOENT);
	} else if (S_ISREG(fs_node_mode(node))) {
		size_t part = (size_t)pick(worker, sizeof(buf));

		if (pick(worker, 4) == 0)
			CHECK_EQ(fs_truncate(fs, node, offset), 0);
		CHECK_EQ(fs_write(fs, node, buf, part, pick(worker, 2) == 0,
				  &offset),
			 part);
		done = fs_read(node, offset, buf, part, false);
		CHECK(done >= 0 && (size_t)done <= part);
	}
	check_result(fs_chmod(node, &call_root, 0755));
}

static void step(struct worker *worker)
{
	struct fs_node *node;
	unsigned flags = pick(worker, 4) ? 0 : RENAME_EXCHANGE;

	path_make(worker, worker->path);
	path_make(worker, worker->other);
	switch (pick(worker, 9)) {
	case 0:
		check_result(call_create(worker->path));
		break;
	case 1:
		check_result(call_mkdir(worker->path, 0755));
		break;
	case 2:
		check_result(call_unlink(worker->path));
		break;
	case 3:
		check_result(call_rmdir(worker->path));
		break;
	case 4:
		check_result(call_link(worker->path, worker->other));
		break;
	case 5:
		check_result(call_symlink(worker->other, worker->path));
		break;
	case 6:
	case 7:
		check_result(call_rename(worker->path, worker->other, flags));
		break;
	default:
		fs_node_ref(fs_root(fs));
		if (fs_walk_node(fs, fs_root(fs), worker->path, true,
				 &call_root, &node) == 0) {
			node_use(worker, node);
			fs_node_unref(fs, node);
		}
		break;
	}
}

static void shared_body(int index)
{
	struct worker worker = {.random =
					check_seed() * 8 + (uint64_t)index + 1};

	for (int i = 0; i < ROUNDS; i++)
		step(&worker);
}

TEST(threads_share_directories)
{
	for (int i = 0; i < DIRS; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/d%d", i);
		CHECK_EQ(call_mkdir(path, 0755), 0);
	}
	port_unit_threads(THREADS, shared_body);
}

static void private_body(int index)
{
	char dir[16], path[32], moved[32];

	snprintf(dir, sizeof(dir), "/own%d", index);
	CHECK_EQ(call_mkdir(dir, 0755), 0);
	for (int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		snprintf(moved, sizeof(moved), "/shared/%d.%d", index, i);
		CHECK_EQ(call_create(path), 0);
		CHECK_EQ(call_write(path, 0, "0123456789012345678901234567"),
			 28);
		CHECK_EQ(call_rename(path, moved, 0), 0);
		CHECK_EQ(call_find(path), -ENOENT);
		CHECK_EQ(call_find(moved), 0);
		if (i % 2)
			CHECK_EQ(call_unlink(moved), 0);
	}
	CHECK_EQ(call_rmdir(dir), 0);
}

TEST(what_one_thread_does_in_its_directory_is_exact)
{
	CHECK_EQ(call_mkdir("/shared", 0755), 0);
	port_unit_threads(THREADS, private_body);
	CHECK_EQ(call_stat("/shared").size, 20 * (THREADS * 1500 + 2));
	CHECK_EQ(call_stat("/").nlink, 3);
}

static struct fs_node *log_node;

static void append_body(int index)
{
	char line[100];
	uint64_t offset = 0;

	memset(line, 'a' + index, sizeof(line));
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(fs_write(fs, log_node, line, sizeof(line), true,
				  &offset),
			 sizeof(line));
}

TEST(appended_pieces_are_whole)
{
	char line[100];

	CHECK_EQ(call_create("/log"), 0);
	log_node = call_open("/log");
	port_unit_threads(THREADS, append_body);
	CHECK_EQ(call_attr(log_node).size, THREADS * 1000 * sizeof(line));
	for (uint64_t i = 0; i < THREADS * 1000; i++) {
		CHECK_EQ(fs_read(log_node, i * sizeof(line), line, sizeof(line),
				 true),
			 sizeof(line));
		for (size_t k = 1; k < sizeof(line); k++)
			CHECK_EQ(line[k], line[0]);
	}
	fs_node_unref(fs, log_node);
}

static void last_space_body(int index)
{
	char path[16];

	snprintf(path, sizeof(path), "/n%d", index);
	for (int i = 0; i < 20000; i++) {
		CHECK_EQ(call_create(path), 0);
		CHECK_EQ(call_unlink(path), 0);
	}
}

TEST(threads_within_the_limit_never_see_it)
{
	check_fs_limits(4096, 1 + THREADS);
	port_unit_threads(THREADS, last_space_body);
}

static void cross_body(int index)
{
	const char *own = index % 2 ? "/x/a" : "/y/b";
	const char *there = index % 2 ? "/y/b/a" : "/x/a/b";

	for (int i = 0; i < 30000; i++) {
		int err = call_rename(own, there, 0);

		/* EINVAL: the other one was moved after the walk to it. */
		CHECK(err == 0 || err == -ENOENT || err == -EINVAL);
		if (!err)
			CHECK_EQ(call_rename(there, own, 0), 0);
	}
}

TEST(two_directories_never_come_into_each_other)
{
	CHECK_EQ(call_mkdir("/x", 0755), 0);
	CHECK_EQ(call_mkdir("/y", 0755), 0);
	CHECK_EQ(call_mkdir("/x/a", 0755), 0);
	CHECK_EQ(call_mkdir("/y/b", 0755), 0);
	port_unit_threads(2, cross_body);
	CHECK_TEXT(call_list("/x"), "a ");
	CHECK_TEXT(call_list("/y"), "b ");
}

static void up_and_down_body(int index)
{
	for (int i = 0; i < 30000; i++) {
		if (index == 0) {
			CHECK_EQ(call_rename("/p/c/x", "/p/x", 0), 0);
			CHECK_EQ(call_rename("/p/x", "/p/c/x", 0), 0);
		} else {
			CHECK_EQ(call_rmdir("/p/c"), -ENOTEMPTY);
		}
	}
}

TEST(parents_are_locked_before_their_children)
{
	for (int first = 0; first < 2; first++) {
		check_fs_renew();
		/* Which of the two has the lower address? */
		CHECK_EQ(call_mkdir(first ? "/p" : "/c", 0755), 0);
		CHECK_EQ(call_mkdir(first ? "/c" : "/p", 0755), 0);
		CHECK_EQ(call_rename("/c", "/p/c", 0), 0);
		CHECK_EQ(call_create("/p/c/x"), 0);
		CHECK_EQ(call_create("/p/c/keep"), 0);
		port_unit_threads(2, up_and_down_body);
	}
}

static void links_body(int index)
{
	char dir[24], link[32], file[32];

	snprintf(dir, sizeof(dir), "/d%d", index);
	snprintf(link, sizeof(link), "%s/l", dir);
	snprintf(file, sizeof(file), "%s/f", dir);
	CHECK_EQ(call_mkdir(dir, 0755), 0);
	for (int i = 0; i < 10000; i++) {
		CHECK_EQ(call_link("/f", link), 0);
		if (i % 2) {
			CHECK_EQ(call_create(file), 0);
			CHECK_EQ(call_rename(file, link, 0), 0);
		}
		CHECK_EQ(call_unlink(link), 0);
	}
}

TEST(links_of_one_file_are_counted_by_all_threads)
{
	CHECK_EQ(call_create("/f"), 0);
	port_unit_threads(THREADS, links_body);
	CHECK_EQ(call_stat("/f").nlink, 1);
}
