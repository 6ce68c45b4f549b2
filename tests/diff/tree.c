/* SPDX-License-Identifier: MIT */
/*
 * Observing whole directories and the whole tree, in whatever order they list
 * their entries, and beginning and ending a sequence.
 */
#include "diff.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LISTED	   512	     /* entries whose positions are tried */
#define QUEUE_SIZE (8 << 20) /* paths of directories still to be seen */
#define PATH_SEEN  1000	     /* deeper ones are left out */

struct entry {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	uint8_t d_type;
	char d_name[];
};

static struct statfs free_first;
_Alignas(64) static char entries[65536];

void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("the test itself failed: %s: %s\n", what, error_name(errno));
	fflush(stdout);
	exit(99);
}

void fd_limit(unsigned limit)
{
	const struct rlimit rlimit = {limit, FD_END};

	must(setrlimit(RLIMIT_NOFILE, &rlimit) == 0, "setrlimit");
}

/* Not the space, if not of whole pages alone: Whelk charges less for small files (docs/DESIGN.md, "Space");
 * nor the nodes: see nodes_observe. */
void observe_statfs(const struct statfs *fs)
{
	observe("type", (int64_t)fs->f_type);
	observe("bsize", (int64_t)fs->f_bsize);
	observe("frsize", (int64_t)fs->f_frsize);
	observe("namelen", (int64_t)fs->f_namelen);
	if (limits_tried) {
		observe("blocks", (int64_t)fs->f_blocks);
		observe("bfree", (int64_t)fs->f_bfree);
		observe("bavail", (int64_t)fs->f_bavail);
	}
}

/* -- Listing ---------------------------------------------------------------------- */

static struct {
	int64_t position; /* of what follows */
	uint64_t name;	  /* hash */
} listed[LISTED];

static long dents(int fd, size_t size)
{
	return syscall(SYS_getdents64, fd, entries, size);
}

static const struct entry *entry_at(long at)
{
	return (const struct entry *)(const void *)(entries + at);
}

/* One entry, by what does not depend on the order. */
static uint64_t entry_hash(const struct entry *entry)
{
	return hash_add(entry->d_type, entry->d_name, strlen(entry->d_name)) +
	       (uint64_t)ino_label(entry->d_ino, false);
}

/* Does the position after an entry lead to the next one? */
static void position_try(int fd, unsigned count, unsigned from)
{
	long len, ok;

	if (!count)
		return;
	from %= count;
	ok = lseek(fd, listed[from].position, SEEK_SET) ==
	     listed[from].position;
	len = dents(fd, sizeof(entries));
	if (from + 1 < count)
		ok = ok && len > 0 &&
		     entry_hash(entry_at(0)) == listed[from + 1].name;
	observe("position", ok);
}

long list_run(const long *args)
{
	int fd = (int)args[0];
	unsigned long size = (unsigned long)args[1];
	unsigned count = 0;
	uint64_t sum = 0;
	long len;

	if (size > sizeof(entries))
		size = sizeof(entries);
	lseek(fd, 0, SEEK_SET);
	while ((len = dents(fd, size)) > 0) {
		for (long at = 0; at < len; at += entry_at(at)->d_reclen) {
			uint64_t name = entry_hash(entry_at(at));

			sum += name * 3;
			if (count < LISTED) {
				listed[count].position = entry_at(at)->d_off;
				listed[count].name = name;
			}
			count++;
		}
	}
	if (len == 0) {
		observe("entries", count);
		observe("names", (int64_t)sum);
		if (count <= LISTED)
			position_try(fd, count, (unsigned)args[1]);
	}
	if (len == 0 || errno == EINVAL)
		lseek(fd, 0, SEEK_SET);
	return len;
}

long drain_run(const long *args)
{
	int fd = (int)args[0];
	unsigned removed = 0, left = 0;
	size_t size = (size_t)args[1] < 300 ? 300 : (size_t)args[1];
	long len;

	if (size > sizeof(entries))
		size = sizeof(entries);
	lseek(fd, 0, SEEK_SET);
	while ((len = dents(fd, size)) > 0) {
		for (long at = 0; at < len; at += entry_at(at)->d_reclen) {
			const char *name = entry_at(at)->d_name;

			/* Nothing but files of the sequence: not /dev. */
			if (!unlinkat(fd, name, 0))
				removed++;
			else
				left++;
		}
	}
	if (len == 0) {
		observe("removed", removed);
		observe("left", left);
		lseek(fd, 0, SEEK_SET);
	}
	return len;
}

long fill_run(const long *args)
{
	char name[64];
	long made = 0;

	for (unsigned i = (unsigned)args[1]; i < args[2]; i++) {
		name_number(name, i);
		if (!symlinkat("f", (int)args[0], name))
			made++;
	}
	return made;
}

long thin_run(const long *args)
{
	long removed = 0;
	char name[64];

	for (unsigned i = (unsigned)args[1]; i < NAMES;
	     i += 1 + (unsigned)args[2] % 8) {
		name_number(name, i);
		if (!unlinkat((int)args[0], name, 0))
			removed++;
	}
	return removed;
}

long lock_run(const long *args)
{
	struct flock lock = {.l_type = (short)args[2],
			     .l_whence = (short)args[3],
			     .l_start = args[4],
			     .l_len = args[5]};
	long result = fcntl((int)args[0], (int)args[1], &lock);

	if (!result) {
		observe("type", lock.l_type);
		observe("start", lock.l_start);
		observe("len", lock.l_len);
		observe("ours", lock.l_pid == getpid());
	}
	return result;
}

/* -- The tree --------------------------------------------------------------------- */

static char *queue;
static size_t queue_head, queue_tail;

static void queue_add(const char *path)
{
	size_t len = strlen(path) + 1;

	must(queue_tail + len <= QUEUE_SIZE, "the queue is too small");
	memcpy(queue + queue_tail, path, len);
	queue_tail += len;
}

/* Contents, as far as there is data; size and holes are among the rest. */
static uint64_t file_hash(const char *path, int64_t size)
{
	static unsigned char buffer[65536];
	uint64_t sum = 0;
	off_t at = 0;
	int fd = open(path, O_RDONLY | O_NOATIME);

	must(fd >= 0, path);
	while (at < size && size <= SIZE_SEEK_MAX) {
		size_t left;
		ssize_t len;

		at = lseek(fd, at, SEEK_DATA);
		if (at < 0)
			break;
		sum = hash_add(sum, &at, sizeof(at));
		left = (size_t)(size - at);
		len = pread(fd, buffer,
			    left < sizeof(buffer) ? left : sizeof(buffer), at);
		must(len > 0, path);
		sum = hash_add(sum, buffer, (size_t)len);
		at += len;
	}
	close(fd);
	return sum;
}

/* Extended attributes, which are removed if clear: on tmpfs they count as
 * nodes. */
static uint64_t xattrs_hash(const char *path, bool clear)
{
	static char names[65536], value[65536];
	ssize_t names_len = llistxattr(path, names, sizeof(names));
	uint64_t sum = 0;

	must(names_len >= 0, path);
	for (const char *name = names; name < names + names_len;
	     name += strlen(name) + 1) {
		ssize_t len = lgetxattr(path, name, value, sizeof(value));

		sum = hash_add(sum, name, strlen(name));
		sum = hash_add(sum, &len, sizeof(len));
		/* capabilities that are nothing cannot be read */
		if (len > 0)
			sum = hash_add(sum, value, (size_t)len);
		if (clear)
			must(lremovexattr(path, name) == 0, name);
	}
	return clear ? 0 : sum; /* other names of the file are still to come */
}

static bool clearing; /* of extended attributes, which have been seen */

static uint64_t node_hash(const char *path, const struct stat *st)
{
	uint64_t values[] = {st->st_mode,
			     st->st_nlink,
			     st->st_uid,
			     st->st_gid,
			     (uint64_t)st->st_size,
			     (uint64_t)st->st_blocks,
			     (uint64_t)ino_label(st->st_ino, false)};
	uint64_t sum = hash_add(0, values, sizeof(values));
	static char target[4096];
	ssize_t len;

	if (S_ISREG(st->st_mode)) {
		sum += file_hash(path, st->st_size);
	} else if (S_ISLNK(st->st_mode)) {
		len = readlink(path, target, sizeof(target));
		must(len == st->st_size, path);
		sum = hash_add(sum, target, (size_t)len);
	}
	sum += xattrs_hash(path, clearing);
	return hash_add(sum, path, strlen(path));
}

static unsigned files; /* that were seen */

/* All entries of a directory; directories among them are for later. */
static uint64_t directory_hash(const char *path)
{
	static char below[PATH_SEEN + 300];
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOATIME);
	uint64_t sum = 0;
	struct stat st;
	long len;

	must(fd >= 0, path);
	while ((len = dents(fd, sizeof(entries))) > 0) {
		for (long at = 0; at < len; at += entry_at(at)->d_reclen) {
			const char *name = entry_at(at)->d_name;

			if (!strcmp(name, ".") || !strcmp(name, ".."))
				continue;
			snprintf(below, sizeof(below), "%s/%s", path, name);
			if (!strcmp(below, "//dev") ||
			    !strcmp(below, "//proc") ||
			    strlen(below) > PATH_SEEN)
				continue;
			must(lstat(below, &st) == 0, below);
			sum += node_hash(below, &st);
			files++;
			if (S_ISDIR(st.st_mode))
				queue_add(below);
		}
	}
	must(len == 0, path);
	close(fd);
	return sum;
}

long tree_run(const long *args)
{
	uint64_t sum = 0;

	(void)args;
	files = 0;
	if (!queue) {
		queue = malloc(QUEUE_SIZE);
		must(queue != NULL, "malloc");
	}
	fd_limit(FD_END);
	queue_head = queue_tail = 0;
	queue_add("/");
	while (queue_head < queue_tail) {
		const char *path = queue + queue_head;

		queue_head += strlen(path) + 1;
		sum += directory_hash(path);
	}
	fd_limit(FD_LIMIT);
	observe("files", files);
	observe("sum", (int64_t)sum);
	return 0;
}

/* -- Sequences -------------------------------------------------------------------- */

/* Removes what it can from the current directory; true if a directory remains
 * that is not empty, whose name it stores. */
static bool directory_clear(bool root, char *remains)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY);
	bool any = false;
	long len;

	must(fd >= 0, "open");
	while ((len = dents(fd, sizeof(entries))) > 0) {
		for (long at = 0; at < len; at += entry_at(at)->d_reclen) {
			const char *name = entry_at(at)->d_name;

			if (!strcmp(name, ".") || !strcmp(name, "..") ||
			    (root &&
			     (!strcmp(name, "dev") || !strcmp(name, "proc") ||
			      !strcmp(name, "tmp"))))
				continue;
			if (unlink(name) == 0 || rmdir(name) == 0)
				continue;
			must(errno == ENOTEMPTY, name);
			any = true;
			strcpy(remains, name);
		}
	}
	must(len == 0, "getdents64");
	close(fd);
	return any;
}

/* On Linux a file that is open although it was removed may hold directories that
 * were removed, too: so this is looked at when nothing is open. */
static void nodes_observe(void)
{
	struct statfs now;

	must(statfs("/", &now) == 0, "statfs");
	observe("nodes", (int64_t)(now.f_ffree - free_first.f_ffree));
}

static void everything_remove(void)
{
	char name[256];
	unsigned depth = 0;

	for (;;) {
		if (directory_clear(depth == 0, name)) {
			must(chdir(name) == 0, name);
			depth++;
		} else if (depth--) {
			must(chdir("..") == 0, "..");
		} else {
			break;
		}
	}
}

static void attributes_reset(void)
{
	static const char *const paths[] = {"/dev/null", "/dev/zero",
					    "/dev/full", "/"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		mode_t mode =
			i + 1 < sizeof(paths) / sizeof(*paths) ? 0666 : 0755;

		must(chown(paths[i], 0, 0) == 0 && chmod(paths[i], mode) == 0,
		     paths[i]);
		xattrs_hash(paths[i], true);
	}
}

void tree_end(void)
{
	struct statfs now;

	for (int fd = FD_FIRST; fd < FD_END; fd++)
		close(fd);
	must(chdir("/") == 0, "/");
	tree_run(NULL);
	clearing = true;
	tree_run(NULL);
	clearing = false;
	attributes_reset();
	if (free_first.f_type)
		nodes_observe();
	everything_remove();
	must(statfs("/", &now) == 0, "statfs");
	if (free_first.f_type) {
		observe("nodes lost",
			(int64_t)(free_first.f_ffree - now.f_ffree));
		observe("blocks lost",
			(int64_t)(free_first.f_bfree - now.f_bfree));
	}
	free_first = now;
}

void tree_begin(void)
{
	ino_forget();
	fd_limit(FD_LIMIT);
	umask(022);
	must(mkdir("/w", 0755) == 0 && mkdir("/w/w", 0755) == 0 &&
		     chdir("/w/w") == 0,
	     "/w/w");
}
