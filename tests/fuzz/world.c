/* SPDX-License-Identifier: MIT */
/*
 * The process that calls are made in: its beginning, its end, and a text of all
 * that calls can see of it. Looks inside by fs/ alone and by the structures of
 * syscalls/, so that looking needs no descriptor and changes nothing.
 */
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "abi/ioctl.h"
#include "syscalls/internal.h"
#include "tests/unit/port_unit.h"

#define FDS_SHOWN  1100
#define PART	   16384
#define NODES_ROOM 64 /* for /dev and the like, above the limit asked for */

static const struct fs_cred root_cred;

static void must(long result)
{
	port_assert(result == 0);
}

void world_begin(uint64_t bytes_max, uint64_t nodes_max, bool trace)
{
	const struct syscall_config config = {
		bytes_max ? bytes_max : (uint64_t)1 << 30,
		nodes_max ? nodes_max + NODES_ROOM : 1 << 20, trace, false};

	port_unit_traced = trace;
	port_unit_impatient = true;
	syscall_init(&config);
}

void world_mkdir(const char *path)
{
	must(sys_mkdir(path, 0777));
}

void world_check(void)
{
	fs_check(process.fs);
}

/* -- The end --------------------------------------------------------------- */

struct first {
	struct fs_name name;
	char text[NAME_MAX + 1];
	bool is_dir;
};

/* Takes the first entry that is not a dot. */
static bool first_fill(void *context, const struct fs_dirent *entry)
{
	struct first *first = context;

	if (first->name.text)
		return false;
	if (entry->name_len <= 2 && entry->name[0] == '.' &&
	    entry->name[entry->name_len - 1] == '.')
		return true;
	memcpy(first->text, entry->name, entry->name_len);
	first->name =
		(struct fs_name){.text = first->text, .len = entry->name_len};
	first->is_dir = entry->type == S_IFDIR >> 12;
	return true;
}

/* Empties dir of what is no directory; returns a reference to the first one
 * that is, or NULL. */
static struct fs_node *empty(struct fs_node *dir, struct first *first)
{
	struct fs_node *child;

	fs_node_mark(dir, 0, FS_MARK_LIVE); /* else nothing can be removed */
	for (;;) {
		uint64_t pos = 0;

		first->name.text = NULL;
		must(fs_readdir(dir, first_fill, first, &pos, true));
		if (!first->name.text)
			return NULL;
		if (first->is_dir) {
			must(fs_lookup(process.fs, dir, &first->name, &child));
			return child;
		}
		must(fs_unlink(process.fs, dir, &first->name, &root_cred));
	}
}

/* Removes everything below the root; down and up again without recursion. */
static void remove_all(void)
{
	struct fs_node *dir = fs_root(process.fs), *next;
	struct first first;

	fs_node_ref(dir);
	for (;;) {
		next = empty(dir, &first);
		if (!next && dir == fs_root(process.fs))
			break;
		if (!next) {
			next = fs_parent(dir);
			node_put(dir);
			dir = next;
			/* it is the first directory of its parent */
			next = empty(dir, &first);
			node_put(next);
			must(fs_rmdir(process.fs, dir, &first.name,
				      &root_cred));
		} else {
			node_put(dir);
			dir = next;
		}
	}
	node_put(dir);
}

/* The root stays; its extended attributes would be charged to the end. */
static void root_clear(void)
{
	static const struct fs_xattr_cred who = {.cred = &root_cred,
						 .admin = true};
	static char names[PART];
	struct fs_node *root = fs_root(process.fs);
	ssize_t len =
		fs_xattr_list(process.fs, root, &who, names, sizeof(names));

	for (const char *name = names; len > 0 && name < names + len;
	     name += strlen(name) + 1) {
		const struct fs_xattr_name x = {name, strlen(name)};

		must(fs_xattr_remove(process.fs, root, &who, &x));
	}
}

void world_end(void)
{
	struct fs_stat stat;

	fs_check(process.fs);
	process_release();
	remove_all();
	root_clear();
	fs_check(process.fs);
	fs_stat(process.fs, &stat);
	port_assert(stat.bytes_free == stat.bytes_max);
	port_assert(stat.nodes_free == stat.nodes_max - 1); /* the root */
	syscall_fini();
	port_assert(port_unit_live() == 0);
}

/* -- What is there --------------------------------------------------------- */

struct text {
	char *bytes;
	size_t len, capacity;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text,
						      const char *format, ...)
{
	va_list args;
	size_t room;
	int len;

	if (text->capacity - text->len < 1024) {
		text->capacity = text->capacity * 2 + 8192;
		text->bytes = realloc(text->bytes, text->capacity);
		port_assert(text->bytes != NULL);
	}
	room = text->capacity - text->len;
	va_start(args, format);
	len = vsnprintf(text->bytes + text->len, room, format, args);
	va_end(args);
	port_assert(len >= 0 && (size_t)len < room);
	text->len += (size_t)len;
}

static void put_time(struct text *text, const struct fs_time *time)
{
	put(text, " %lld.%u", (long long)time->sec, time->nsec);
}

/* A sum over where data is, and what; not of holes, which may be long. */
static uint64_t data_sum(struct fs_node *node)
{
	static uint8_t buf[PART];
	uint64_t sum = 0xcbf29ce484222325, at = 0, end;

	while (fs_seek(node, true, at, &at) == 0) {
		must(fs_seek(node, false, at, &end));
		for (ssize_t n; at < end; at += (uint64_t)n) {
			n = fs_read(node, at, buf, sizeof(buf), true);
			port_assert(n > 0);
			if ((uint64_t)n > end - at)
				n = (ssize_t)(end - at);
			sum = (sum ^ at) * 0x100000001b3;
			for (ssize_t i = 0; i < n; i++)
				sum = (sum ^ buf[i]) * 0x100000001b3;
		}
	}
	return sum;
}

static void put_xattrs(struct text *text, struct fs_node *node)
{
	static const struct fs_xattr_cred who = {.cred = &root_cred,
						 .admin = true};
	static char names[PART], value[PART];
	ssize_t len =
		fs_xattr_list(process.fs, node, &who, names, sizeof(names));

	for (const char *name = names; len > 0 && name < names + len;
	     name += strlen(name) + 1) {
		const struct fs_xattr_name x = {name, strlen(name)};
		ssize_t size = fs_xattr_get(process.fs, node, &who, &x, value,
					    sizeof(value));
		uint64_t sum = 0;

		for (ssize_t i = 0; i < size; i++)
			sum = sum * 31 + (uint8_t)value[i];
		put(text, " %s %zd %llx", name, size, (unsigned long long)sum);
	}
}

static void put_node(struct text *text, struct fs_node *node)
{
	struct fs_attr attr;
	size_t len;

	port_assert(!fs_getattr(node, &attr));
	put(text,
	    " ino %llu mode %o nlink %u owner %u %u rdev %llx size %llu "
	    "blocks %llu times",
	    (unsigned long long)attr.ino, attr.mode, attr.nlink, attr.uid,
	    attr.gid, (unsigned long long)attr.rdev,
	    (unsigned long long)attr.size, (unsigned long long)attr.blocks);
	put_time(text, &attr.atime);
	put_time(text, &attr.mtime);
	put_time(text, &attr.ctime);
	put_time(text, &attr.btime);
	put_xattrs(text, node);
	if (S_ISREG(attr.mode))
		put(text, " data %llx", (unsigned long long)data_sum(node));
	if (S_ISLNK(attr.mode)) {
		const char *target = fs_link_target(node, &len);

		put(text, " to %zu %.900s", len, target);
	}
	put(text, "\n");
}

/* Directories that are still to be shown. */
struct queue {
	struct fs_node **nodes;
	size_t len, capacity;
};

struct listing {
	struct text *text;
	char name[NAME_MAX + 1];
	uint32_t name_len;
};

static bool listing_fill(void *context, const struct fs_dirent *entry)
{
	struct listing *listing = context;

	if (listing->name_len)
		return false;
	memcpy(listing->name, entry->name, entry->name_len);
	listing->name_len = entry->name_len;
	listing->name[entry->name_len] = '\0';
	put(listing->text, " %llu-%u", (unsigned long long)entry->ino,
	    entry->type);
	return true;
}

static void queue_add(struct queue *queue, struct fs_node *node)
{
	if (queue->len == queue->capacity) {
		queue->capacity = queue->capacity * 2 + 64;
		queue->nodes =
			realloc(queue->nodes, queue->capacity * sizeof(node));
		port_assert(queue->nodes != NULL);
	}
	queue->nodes[queue->len++] = node;
}

static void put_dir(struct text *text, struct fs_node *dir, struct queue *queue)
{
	struct listing listing = {.text = text};
	struct fs_name name;
	struct fs_node *node;
	uint64_t pos = 0;

	for (;;) {
		listing.name_len = 0;
		if (fs_readdir(dir, listing_fill, &listing, &pos, false) != 0 ||
		    !listing.name_len)
			break;
		name = (struct fs_name){.text = listing.name,
					.len = listing.name_len};
		put(text, " %s", listing.name);
		if (name.len <= 2 && listing.name[0] == '.' &&
		    listing.name[name.len - 1] == '.') {
			put(text, "\n");
			continue;
		}
		must(fs_lookup(process.fs, dir, &name, &node));
		put_node(text, node);
		if (S_ISDIR(fs_node_mode(node)))
			queue_add(queue, node);
		else
			node_put(node);
	}
}

static void put_tree(struct text *text)
{
	struct queue queue = {0};
	struct fs_node *root = fs_root(process.fs);

	fs_node_ref(root);
	queue_add(&queue, root);
	put_node(text, root);
	for (size_t i = 0; i < queue.len; i++) {
		struct fs_attr attr;

		port_assert(!fs_getattr(queue.nodes[i], &attr));
		put(text, "directory %llu:\n", (unsigned long long)attr.ino);
		put_dir(text, queue.nodes[i], &queue);
	}
	for (size_t i = 0; i < queue.len; i++)
		node_put(queue.nodes[i]);
	free(queue.nodes);
}

/* What there is to be read, and what could be done without waiting. */
static void put_ready(struct text *text, int fd, struct file *file)
{
	int pending = 0;

	(void)sys_ioctl(fd, FIONREAD, &pending);
	put(text, " pending %d ready %x", pending, file_poll(file, NULL));
}

static void put_fds(struct text *text)
{
	for (int fd = 0; fd < FDS_SHOWN; fd++) {
		struct file *file = fd_get_path(fd);

		if (!file)
			continue;
		put(text, "fd %d file %p flags %o cloexec %ld at %llu refs %u",
		    fd, (void *)file, file->flags & ~FILE_SPLICED,
		    sys_fcntl(fd, F_GETFD, 0), (unsigned long long)file->offset,
		    file->refs);
		if (file->ops)
			put_ready(text, fd, file);
		put_node(text, file->node);
		file_put(file);
	}
}

char *world_show(void)
{
	struct text text = {0};
	struct fs_stat stat;

	put_tree(&text);
	put_fds(&text);
	fs_stat(process.fs, &stat);
	put(&text, "free %llu %llu\ncwd", (unsigned long long)stat.bytes_free,
	    (unsigned long long)stat.nodes_free);
	put_node(&text, process.cwd);
	put(&text, "umask %o limit %llu ids %p locks %u\n", process.umask,
	    (unsigned long long)fd_limit(), (const void *)process.cred,
	    locks_held);
	return text.bytes;
}
