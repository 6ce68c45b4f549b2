/* SPDX-License-Identifier: MIT */
/*
 * The nodes that the kernel knows, with how often it was told of each: it
 * forgets by such counts, and not at all when it is unmounted. All of them
 * together hold one reference to the node. (The node's own count would not do:
 * it has 32 bits, and the kernel asks for a name it knows any number of times.)
 */
#include "mount.h"

#include <pthread.h>
#include <stdlib.h>

#include "port/port.h"

#define BUCKETS_MIN 1024
#define NODE_SHIFT  4 /* the low bits of addresses, which are 0 */

struct known {
	struct known *next;
	struct fs_node *node; /* holds a reference */
	uint64_t count;
};

/* mutex protects all of it */
static struct {
	pthread_mutex_t mutex;
	struct known **buckets;
	size_t size; /* a power of two */
	size_t used;
} table = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void mount_nodes_init(void)
{
	table.size = BUCKETS_MIN;
	table.buckets = calloc(table.size, sizeof(struct known *));
	if (!table.buckets)
		mount_fail(MOUNT_FAILED, "no memory");
}

void mount_nodes_fini(void)
{
	for (size_t i = 0; i < table.size; i++) {
		struct known *known = table.buckets[i], *next;

		for (; known; known = next) {
			next = known->next;
			fs_node_unref(mount_served.fs, known->node);
			free(known);
		}
	}
	free(table.buckets);
}

struct fs_node *mount_node(fuse_ino_t ino)
{
	if (ino == FUSE_ROOT_ID)
		return fs_root(mount_served.fs);
	return (struct fs_node *)ino;
}

struct known *mount_known_reserve(void)
{
	return malloc(sizeof(struct known));
}

void mount_known_cancel(struct known *known)
{
	free(known);
}

static struct known **bucket(const struct fs_node *node)
{
	size_t hash = (uintptr_t)node >> NODE_SHIFT;

	/* Fibonacci hashing: addresses are multiples of the nodes' size. */
	hash *= 0x9e3779b97f4a7c15;
	return &table.buckets[(hash >> 32) & (table.size - 1)];
}

/* Without memory for it chains get longer, and no more. */
static void grow(void)
{
	struct known **old = table.buckets, *known, *next;
	size_t old_size = table.size;
	struct known **new = calloc(2 * old_size, sizeof(*new));

	if (!new)
		return;
	table.buckets = new;
	table.size = 2 * old_size;
	for (size_t i = 0; i < old_size; i++) {
		for (known = old[i]; known; known = next) {
			struct known **to = bucket(known->node);

			next = known->next;
			known->next = *to;
			*to = known;
		}
	}
	free(old);
}

/* The link to what is known of node, or to NULL. */
static struct known **find(const struct fs_node *node)
{
	struct known **link = bucket(node);

	while (*link && (*link)->node != node)
		link = &(*link)->next;
	return link;
}

void mount_known_commit(struct known *known, struct fs_node *node)
{
	struct known **link;

	pthread_mutex_lock(&table.mutex);
	link = find(node);
	if (*link) {
		(*link)->count++;
	} else {
		*known = (struct known){.node = node, .count = 1};
		*link = known;
		known = NULL;
		if (++table.used > table.size)
			grow();
	}
	pthread_mutex_unlock(&table.mutex);
	if (known) {
		fs_node_unref(mount_served.fs, node);
		free(known);
	}
}

void mount_known_forget(fuse_ino_t ino, uint64_t count)
{
	struct known *gone = NULL, **link;

	if (ino == FUSE_ROOT_ID)
		return;
	pthread_mutex_lock(&table.mutex);
	link = find(mount_node(ino));
	port_assert(*link && (*link)->count >= count);
	(*link)->count -= count;
	if ((*link)->count == 0) {
		gone = *link;
		*link = gone->next;
		table.used--;
	}
	pthread_mutex_unlock(&table.mutex);
	if (gone) {
		fs_node_unref(mount_served.fs, gone->node);
		free(gone);
	}
}
