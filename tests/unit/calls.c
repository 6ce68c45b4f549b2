/* SPDX-License-Identifier: MIT */
/* The calls of fs/ by path, and a dump of everything: see calls.h. */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/port.h"
#include "tests/unit/port_unit.h"

#define TEXT_MAX  4096
#define LIST_MAX  65536
#define READ_PART 65536

const struct fs_cred call_root;
const struct fs_cred *call_cred = &call_root;
struct fs_node *call_cwd;

static void begin(void)
{
	call_cred = &call_root;
	call_cwd = NULL;
}

__attribute__((constructor)) static void begin_set(void)
{
	check_on_begin = begin;
}

struct fs_name call_name(const char *text)
{
	size_t len = strcspn(text, "/");

	return (struct fs_name){
		.text = text, .len = (uint32_t)len, .slash = text[len] == '/'};
}

/* -- Walking -------------------------------------------------------------- */

static struct fs_node *start(const char *path)
{
	struct fs_node *node =
		call_cwd && *path != '/' ? call_cwd : fs_root(fs);

	fs_node_ref(node);
	return node;
}

static int node_at(const char *path, bool follow, struct fs_node **nodep)
{
	return fs_walk_node(fs, start(path), path, follow, call_cred, nodep);
}

struct fs_node *call_open(const char *path)
{
	struct fs_node *node = NULL;

	CHECK_EQ(node_at(path, true, &node), 0);
	return node;
}

struct fs_node *call_node(const char *path)
{
	struct fs_node *node = NULL;

	CHECK_EQ(node_at(path, false, &node), 0);
	fs_node_unref(fs, node);
	return node;
}

int call_find(const char *path)
{
	struct fs_node *node;
	int err = node_at(path, true, &node);

	if (!err)
		fs_node_unref(fs, node);
	return err;
}

struct fs_attr call_attr(struct fs_node *node)
{
	struct fs_attr attr;

	port_assert(!fs_getattr(node, &attr));
	return attr;
}

struct fs_attr call_stat(const char *path)
{
	return call_attr(call_node(path));
}

uint64_t call_nodes(void)
{
	struct fs_stat stat;

	fs_stat(fs, &stat);
	return stat.nodes_max - stat.nodes_free;
}

/* Walks to the directory of the last component, which must be a name: the
 * error that the calls below give otherwise is the system call layer's. */
static int walk_to(struct fs_walk *walk, const char *path)
{
	int err;

	fs_walk_begin(walk, fs, start(path), path, call_cred);
	err = fs_walk_parent(walk);
	if (!err)
		CHECK_EQ(walk->last, FS_LAST_NAME);
	return err;
}

/* -- Calls ---------------------------------------------------------------- */

int call_make(const char *path, uint32_t mode)
{
	struct fs_walk walk;
	int err = walk_to(&walk, path);

	if (!err)
		err = fs_make(fs, walk.dir, &walk.name, mode, 0, call_cred,
			      NULL, NULL);
	fs_walk_end(&walk);
	return err;
}

int call_mkdir(const char *path, uint32_t mode)
{
	return call_make(path, S_IFDIR | mode);
}

int call_create(const char *path)
{
	return call_make(path, S_IFREG | 0644);
}

int call_symlink(const char *target, const char *path)
{
	struct fs_walk walk;
	int err = walk_to(&walk, path);

	if (!err)
		err = fs_symlink(fs, walk.dir, &walk.name, target,
				 strlen(target), call_cred);
	fs_walk_end(&walk);
	return err;
}

int call_link(const char *path, const char *newpath)
{
	struct fs_node *node;
	struct fs_walk walk;
	int err = node_at(path, false, &node);

	if (err)
		return err;
	err = walk_to(&walk, newpath);
	if (!err)
		err = fs_link(fs, node, walk.dir, &walk.name, call_cred);
	fs_walk_end(&walk);
	fs_node_unref(fs, node);
	return err;
}

int call_unlink(const char *path)
{
	struct fs_walk walk;
	int err = walk_to(&walk, path);

	if (!err)
		err = fs_unlink(fs, walk.dir, &walk.name, call_cred);
	fs_walk_end(&walk);
	return err;
}

int call_rmdir(const char *path)
{
	struct fs_walk walk;
	int err = walk_to(&walk, path);

	if (!err)
		err = fs_rmdir(fs, walk.dir, &walk.name, call_cred);
	fs_walk_end(&walk);
	return err;
}

int call_rename(const char *path, const char *newpath, unsigned flags)
{
	struct fs_walk from, to;
	int err = walk_to(&from, path);

	if (!err) {
		err = walk_to(&to, newpath);
		if (!err)
			err = fs_rename(fs, from.dir, &from.name, to.dir,
					&to.name, flags, call_cred);
		fs_walk_end(&to);
	}
	fs_walk_end(&from);
	return err;
}

int call_truncate(const char *path, uint64_t size)
{
	struct fs_node *node;
	int err = node_at(path, true, &node);

	if (err)
		return err;
	err = fs_truncate(fs, node, size);
	fs_node_unref(fs, node);
	return err;
}

int call_chmod(const char *path, uint32_t mode)
{
	struct fs_node *node;
	int err = node_at(path, true, &node);

	if (err)
		return err;
	err = fs_chmod(node, call_cred, mode);
	fs_node_unref(fs, node);
	return err;
}

int call_chown(const char *path, uint32_t uid, uint32_t gid)
{
	struct fs_node *node;
	int err = node_at(path, false, &node);

	if (err)
		return err;
	err = fs_chown(node, call_cred, uid, gid);
	fs_node_unref(fs, node);
	return err;
}

int call_access(const char *path, int want)
{
	struct fs_node *node;
	int err = node_at(path, true, &node);

	if (err)
		return err;
	err = fs_access(node, call_cred, want);
	fs_node_unref(fs, node);
	return err;
}

int call_utimens(const char *path, enum fs_utime atime, enum fs_utime mtime)
{
	const struct fs_time times[2] = {{5, 50}, {-6, 60}};
	const enum fs_utime how[2] = {atime, mtime};
	struct fs_node *node;
	int err = node_at(path, false, &node);

	if (err)
		return err;
	err = fs_utimens(node, call_cred, times, how);
	fs_node_unref(fs, node);
	return err;
}

void call_tick(void)
{
	port_unit_clock_advance(1);
}

const char *call_times(const char *path)
{
	static char letters[4];
	struct fs_attr attr = call_stat(path);
	const struct fs_time *times[3] = {&attr.atime, &attr.mtime,
					  &attr.ctime};
	struct fs_time now;
	size_t len = 0;

	port_clock_coarse(&now.sec, &now.nsec);
	for (size_t i = 0; i < 3; i++) {
		if (times[i]->sec == now.sec && times[i]->nsec == now.nsec)
			letters[len++] = "amc"[i];
	}
	letters[len] = '\0';
	return letters;
}

ssize_t call_write(const char *path, uint64_t offset, const char *text)
{
	struct fs_node *node = call_open(path);
	ssize_t done = fs_write(fs, node, text, strlen(text), false, &offset);

	fs_node_unref(fs, node);
	return done;
}

const char *call_read(const char *path)
{
	static char text[TEXT_MAX];
	struct fs_node *node = call_open(path);
	ssize_t done = fs_read(node, 0, text, TEXT_MAX - 1, true);

	CHECK(done >= 0);
	text[done] = '\0';
	fs_node_unref(fs, node);
	return text;
}

const char *call_target(const char *path)
{
	size_t len;
	const char *target = fs_link_target(call_node(path), &len);

	CHECK_EQ(target[len], '\0');
	CHECK_EQ(strlen(target), len);
	return target;
}

struct listing {
	char text[LIST_MAX];
	size_t len;
};

static bool list_fill(void *context, const struct fs_dirent *entry)
{
	struct listing *list = context;

	if (entry->next <= 2)
		return true;
	CHECK(list->len + entry->name_len + 2 < LIST_MAX);
	memcpy(list->text + list->len, entry->name, entry->name_len);
	list->len += entry->name_len;
	list->text[list->len++] = ' ';
	list->text[list->len] = '\0';
	return true;
}

const char *call_list(const char *path)
{
	static struct listing list;
	struct fs_node *dir = call_open(path);
	uint64_t pos = 0;

	list.len = 0;
	list.text[0] = '\0';
	CHECK_EQ(fs_readdir(dir, list_fill, &list, &pos, false), 0);
	fs_node_unref(fs, dir);
	return list.text;
}

/* -- The dump ------------------------------------------------------------- */

/* Directories that are still to be dumped: a list, instead of recursion. */
struct todo {
	struct todo *next;
	struct fs_node *dir; /* holds a reference */
	char path[];
};

struct dump {
	FILE *out;
	struct todo *todo;
	struct fs_node *dir;
	const char *path;
};

static void todo_add(struct dump *dump, struct fs_node *dir, const char *path,
		     const struct fs_dirent *entry)
{
	size_t len = strlen(path);
	struct todo *todo = malloc(sizeof(*todo) + len + entry->name_len + 2);

	fs_node_ref(dir);
	todo->next = dump->todo;
	todo->dir = dir;
	sprintf(todo->path, "%s/%.*s", path, (int)entry->name_len, entry->name);
	dump->todo = todo;
}

static void dump_time(struct dump *dump, const struct fs_time *time)
{
	fprintf(dump->out, " %lld.%u", (long long)time->sec, time->nsec);
}

static void dump_content(struct dump *dump, struct fs_node *node)
{
	static char part[READ_PART];
	uint64_t sum = 0, offset = 0, data;
	ssize_t done;

	while (fs_seek(node, true, offset, &data) == 0) {
		fprintf(dump->out, " data %llu", (unsigned long long)data);
		CHECK_EQ(fs_seek(node, false, data, &offset), 0);
		for (; data < offset; data += (uint64_t)done) {
			size_t count = offset - data < READ_PART
					       ? (size_t)(offset - data)
					       : READ_PART;

			done = fs_read(node, data, part, count, true);
			CHECK_EQ(done, count);
			for (size_t i = 0; i < count; i++)
				sum = sum * 31 + (uint8_t)part[i];
		}
	}
	fprintf(dump->out, " sum %llx", (unsigned long long)sum);
}

static bool dump_entry(void *context, const struct fs_dirent *entry)
{
	struct dump *dump = context;
	struct fs_name name = {.text = entry->name, .len = entry->name_len};
	struct fs_node *node;
	struct fs_attr attr;
	size_t len;

	fprintf(dump->out, "%s/%.*s @%llu", dump->path, (int)entry->name_len,
		entry->name, (unsigned long long)entry->next);
	if (entry->next == 1)
		fs_node_ref(node = dump->dir);
	else if (entry->next == 2)
		node = fs_parent(dump->dir);
	else
		CHECK_EQ(fs_lookup(fs, dump->dir, &name, &node), 0);
	attr = call_attr(node);
	CHECK_EQ(entry->ino, attr.ino);
	CHECK_EQ(entry->type, attr.mode >> 12);
	fprintf(dump->out,
		" ino %llu mode %o nlink %u own %u:%u size %llu/%llu",
		(unsigned long long)attr.ino, attr.mode, attr.nlink, attr.uid,
		attr.gid, (unsigned long long)attr.size,
		(unsigned long long)attr.blocks);
	dump_time(dump, &attr.atime);
	dump_time(dump, &attr.mtime);
	dump_time(dump, &attr.ctime);
	dump_time(dump, &attr.btime);
	if (S_ISREG(attr.mode))
		dump_content(dump, node);
	else if (S_ISLNK(attr.mode))
		fprintf(dump->out, " -> %s", fs_link_target(node, &len));
	else if (S_ISDIR(attr.mode) && entry->next > 2)
		todo_add(dump, node, dump->path, entry);
	fputc('\n', dump->out);
	fs_node_unref(fs, node);
	return true;
}

char *call_dump(void)
{
	struct fs_stat stat;
	char *text = NULL;
	size_t len;
	struct dump dump = {.out = open_memstream(&text, &len),
			    .dir = fs_root(fs),
			    .path = ""};
	bool threaded = port_threaded;
	uint64_t pos = 0;

	port_threaded = false; /* entries are looked at with the list locked */
	fs_stat(fs, &stat);
	fprintf(dump.out, "%llu nodes, %llu bytes\n",
		(unsigned long long)(stat.nodes_max - stat.nodes_free),
		(unsigned long long)stat.bytes_max);
	CHECK_EQ(fs_readdir(dump.dir, dump_entry, &dump, &pos, false), 0);
	while (dump.todo) {
		struct todo *todo = dump.todo;

		dump.todo = todo->next;
		dump.dir = todo->dir;
		dump.path = todo->path;
		pos = 0;
		CHECK_EQ(fs_readdir(dump.dir, dump_entry, &dump, &pos, false),
			 0);
		fs_node_unref(fs, todo->dir);
		free(todo);
	}
	fclose(dump.out);
	port_threaded = threaded;
	return text;
}

void call_settle(void)
{
	port_unit_clock_advance(1);
	free(call_dump());
	port_unit_clock_advance(1);
}
