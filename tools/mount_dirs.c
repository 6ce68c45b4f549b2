/* SPDX-License-Identifier: MIT */
/*
 * Listing directories. The positions of fs/ are the kernel's offsets, so an
 * open directory has no state either. Entries are collected first, and then
 * told with their attributes, if the kernel wants these (readdirplus): while
 * fs_readdir lasts, no name can be looked up.
 */
#include "mount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One entry that was shown; the next is behind its name. */
struct shown {
	struct fs_node *node; /* told to the kernel, or NULL */
	uint64_t ino, next;
	uint32_t type;
	uint32_t name_len;
	char name[];
};

/* What is collected, for an answer of size bytes. */
struct listing {
	fuse_req_t req;
	bool plus;
	size_t size;  /* of the answer */
	size_t taken; /* of it, so far */
	char *entries;
	size_t used, room; /* bytes of entries */
};

/* The size of an entry, its name and a NUL, rounded up. */
static size_t shown_size(uint32_t name_len)
{
	return (sizeof(struct shown) + name_len + 8) & ~(size_t)7;
}

static size_t answer_add(const struct listing *list, char *to, size_t room,
			 const char *name, const struct stat *st, off_t next,
			 struct fuse_entry_param *entry)
{
	if (!list->plus)
		return fuse_add_direntry(list->req, to, room, name, st, next);
	entry->attr = *st;
	return fuse_add_direntry_plus(list->req, to, room, name, entry, next);
}

/* Makes room for size more bytes. */
static bool reserve(struct listing *list, size_t size)
{
	size_t room = 2 * list->room + size;
	char *entries;

	if (size <= list->room - list->used)
		return true;
	entries = realloc(list->entries, room);
	if (!entries)
		return false;
	list->entries = entries;
	list->room = room;
	return true;
}

static bool collect(void *context, const struct fs_dirent *entry)
{
	struct fuse_entry_param none = {.ino = 0};
	struct listing *list = context;
	struct stat st = {.st_ino = entry->ino};
	struct shown *shown;
	size_t size;

	if (!reserve(list, shown_size(entry->name_len)))
		return false;
	shown = (struct shown *)(void *)(list->entries + list->used);
	*shown = (struct shown){.ino = entry->ino,
				.next = entry->next,
				.type = entry->type,
				.name_len = entry->name_len};
	memcpy(shown->name, entry->name, entry->name_len);
	shown->name[entry->name_len] = '\0';
	size = answer_add(list, NULL, 0, shown->name, &st, 0, &none);
	if (size > list->size - list->taken)
		return false;
	list->taken += size;
	list->used += shown_size(entry->name_len);
	return true;
}

/* Looks an entry up for the kernel, unless it is "." or "..", or is gone, or is
 * something else by now: then it is only a name. */
static void entry_tell(struct fs_node *dir, struct shown *shown,
		       struct fuse_entry_param *entry)
{
	struct fs_name name = {.text = shown->name, .len = shown->name_len};
	struct known *known;
	struct fs_node *node;

	if (!strcmp(shown->name, ".") || !strcmp(shown->name, ".."))
		return;
	known = mount_known_reserve();
	if (!known || fs_lookup(mount_served.fs, dir, &name, &node) != 0) {
		mount_known_cancel(known);
		return;
	}
	mount_entry(node, entry);
	shown->node = node;
	mount_known_commit(known, node);
}

/* The answer, of list->taken bytes. */
static void answer_fill(const struct listing *list, struct fs_node *dir,
			char *to)
{
	size_t at = 0, filled = 0;

	while (at < list->used) {
		struct shown *shown =
			(struct shown *)(void *)(list->entries + at);
		struct fuse_entry_param entry = {.ino = 0};

		entry.attr.st_ino = shown->ino;
		entry.attr.st_mode = shown->type << 12;
		if (list->plus)
			entry_tell(dir, shown, &entry);
		filled += answer_add(list, to + filled, list->taken - filled,
				     shown->name, &entry.attr,
				     (off_t)shown->next, &entry);
		at += shown_size(shown->name_len);
	}
}

/* The kernel did not hear of any of it. */
static void entries_forget(const struct listing *list)
{
	size_t at = 0;

	while (at < list->used) {
		const struct shown *shown = (const void *)(list->entries + at);

		if (shown->node)
			mount_known_forget((fuse_ino_t)shown->node, 1);
		at += shown_size(shown->name_len);
	}
}

static void list_dir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		     bool plus)
{
	struct listing list = {.req = req, .plus = plus, .size = size};
	struct fs_node *dir = mount_node(ino);
	uint64_t pos = (uint64_t)offset;
	char *answer = malloc(size);
	int err = -ENOMEM;

	if (answer)
		err = fs_readdir(dir, collect, &list, &pos, false);
	if (!err && !list.used && pos == 0)
		err = -ENOMEM;
	if (err) {
		fuse_reply_err(req, -err);
	} else {
		answer_fill(&list, dir, answer);
		if (fuse_reply_buf(req, answer, list.taken) != 0)
			entries_forget(&list);
	}
	free(list.entries);
	free(answer);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	struct caller caller;
	int err;

	caller_init(&caller, req);
	err = fs_access(mount_node(ino), &caller.cred, R_OK);
	caller_fini(&caller);
	if (err)
		fuse_reply_err(req, -err);
	else
		fuse_reply_open(req, fi);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size,
		       off_t offset, struct fuse_file_info *fi)
{
	(void)fi;
	list_dir(req, ino, size, offset, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size,
			   off_t offset, struct fuse_file_info *fi)
{
	(void)fi;
	list_dir(req, ino, size, offset, true);
}

void mount_dirs_ops(struct fuse_lowlevel_ops *ops)
{
	ops->opendir = op_opendir;
	ops->readdir = op_readdir;
	ops->readdirplus = op_readdirplus;
}
