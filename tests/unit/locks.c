/* SPDX-License-Identifier: MIT */
/*
 * The check of the order of locks (lock_order.c) itself: what goes against the
 * order of docs/LOCKING.md panics, in a process of its own, and what does not
 * passes. That fs/ keeps to the order is shown by all the other tests.
 */
#include "fs/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/calls.h"
#include "tests/unit/lock_order.h"
#include "tests/unit/port_unit.h"

#define STATUS_PANIC 42
#define TAKEN_MAX    6

static struct lock lock1, lock2, lock3;

static int last; /* the index of the lock that is to panic */

static void panicked(void)
{
	_exit(lock_order_held() == last ? STATUS_PANIC : 1);
}

/* Takes the locks in this order in a child; does it panic at the last one?
 * Unchecked: clang's analysis is for fs/. */
static LOCKS_UNCHECKED bool panics(struct lock *const *locks)
{
	int status;
	pid_t child;

	fflush(stderr);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		port_threaded = true;
		port_unit_on_panic = panicked;
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		for (last = 0; locks[last + 1]; last++)
			;
		for (int i = 0; i <= last; i++)
			lock_write(locks[i]);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == STATUS_PANIC);
	return WEXITSTATUS(status) == STATUS_PANIC;
}

#define LOCKS(...) ((struct lock *const[]){__VA_ARGS__, NULL})
/* In this order all is well, in the other one it panics. */
#define CHECK_ORDER(...)                \
	check_order(LOCKS(__VA_ARGS__), \
		    sizeof(LOCKS(__VA_ARGS__)) / sizeof(void *) - 1)

static void check_order(struct lock *const *locks, size_t len)
{
	struct lock *swapped[TAKEN_MAX] = {NULL};

	for (size_t i = 0; i < len; i++)
		swapped[i] = locks[i];
	swapped[len - 1] = locks[len - 2];
	swapped[len - 2] = locks[len - 1];
	CHECK(!panics(locks));
	CHECK(panics(swapped));
}

/* Two nodes by address. */
static void sort(struct fs_node **low, struct fs_node **high)
{
	struct fs_node *node = *low;

	if (*low > *high) {
		*low = *high;
		*high = node;
	}
}

TEST(files_are_locked_by_address)
{
	struct fs_node *low, *high;

	CHECK_EQ(call_create("/a"), 0);
	CHECK_EQ(call_create("/b"), 0);
	low = call_node("/a");
	high = call_node("/b");
	sort(&low, &high);
	CHECK_ORDER(&low->lock, &high->lock);
	CHECK(panics(LOCKS(&low->lock, &low->lock)));
}

TEST(directories_are_locked_before_what_is_in_them)
{
	struct fs_node *root = fs_root(fs), *dir;

	CHECK_EQ(call_mkdir("/d", 0755), 0);
	CHECK_EQ(call_mkdir("/d/e", 0755), 0);
	CHECK_EQ(call_create("/f"), 0);
	dir = call_node("/d");
	CHECK(!panics(LOCKS(&root->lock, &dir->lock)));
	CHECK(!panics(LOCKS(&root->lock, &call_node("/f")->lock)));
	CHECK(panics(LOCKS(&call_node("/f")->lock, &root->lock)));
	/* what is not in it, or not directly */
	CHECK(panics(LOCKS(&root->lock, &call_node("/d/e")->lock)));
	CHECK(panics(LOCKS(&call_node("/d/e")->lock, &dir->lock)));
	CHECK_EQ(call_mkdir("/other", 0755), 0);
	CHECK(panics(LOCKS(&dir->lock, &call_node("/other")->lock)));
}

TEST(two_entries_of_a_directory_are_locked_by_address)
{
	struct fs_node *root = fs_root(fs), *low, *high;

	CHECK_EQ(call_mkdir("/a", 0755), 0);
	CHECK_EQ(call_mkdir("/b", 0755), 0);
	low = call_node("/a");
	high = call_node("/b");
	sort(&low, &high);
	CHECK_ORDER(&root->lock, &low->lock, &high->lock);
}

TEST(two_directories_are_locked_by_who_has_the_rename_lock)
{
	struct fs_node *root = fs_root(fs), *low, *high, *inner;
	struct lock *rename = &fs->rename_lock;

	CHECK_EQ(call_mkdir("/a", 0755), 0);
	CHECK_EQ(call_mkdir("/b", 0755), 0);
	CHECK_EQ(call_mkdir("/a/x", 0755), 0);
	CHECK_EQ(call_mkdir("/b/y", 0755), 0);
	inner = call_node("/a/x");
	low = call_node("/a");
	high = call_node("/b");
	sort(&low, &high);
	CHECK_ORDER(rename, &root->lock, &low->lock);
	CHECK_ORDER(rename, &low->lock, &high->lock);
	CHECK_ORDER(rename, &root->lock, &inner->lock);
	CHECK_ORDER(rename, &root->lock);
	CHECK(!panics(LOCKS(rename, &low->lock, &high->lock, &inner->lock)));
	CHECK(panics(LOCKS(rename, &low->lock, &high->lock, &root->lock)));
	CHECK(panics(LOCKS(&root->lock, &inner->lock)));
}

TEST(memory_is_locked_last)
{
	CHECK_ORDER(&fs_root(fs)->lock, &fs->shards[0].caches[0].lock);
	CHECK(panics(LOCKS(&fs->shards[0].caches[0].lock,
			   &fs->shards[0].caches[1].lock)));
}

/* Takes one below the other. Unchecked: clang's analysis is for fs/. */
static LOCKS_UNCHECKED void both(struct lock *first, struct lock *second)
{
	bool threaded = port_threaded;

	port_threaded = true;
	lock_write(first);
	lock_write(second);
	unlock_write(second);
	unlock_write(first);
	port_threaded = threaded;
}

TEST(other_locks_are_taken_as_they_were_first)
{
	struct lock object = {0};

	CHECK(panics(LOCKS(&fs_root(fs)->lock, &object)));
	both(&lock1, &lock2);
	both(&lock2, &lock3);
	CHECK(!panics(LOCKS(&lock1, &lock3)));
	CHECK(panics(LOCKS(&lock2, &lock1)));
	CHECK(panics(LOCKS(&lock3, &lock1)));
	CHECK(panics(LOCKS(&lock1, &lock1)));
}
