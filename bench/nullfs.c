/* SPDX-License-Identifier: MIT */
/*
 * A back end that is no file system: what PostMark would take if its files cost
 * no more than finding them by name and copying their bytes. It stands in for
 * the system calls of the hosted home (linked by -Wl,--wrap, see bench/run), so
 * that the program, its C library and its stdio are the same.
 *
 * One flat hash table of whole paths, a cache line each; contents are in up to
 * three pages, enough for PostMark's largest. No directories, modes, times,
 * locks or errors.
 */
#include "real.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FILES	  (1 << 18)
#define PAGE	  4096
#define PAGES	  3
#define NAME_SIZE 48
#define FDS	  16
#define FIRST_FD  64 /* lower descriptors are real ones */

struct file {
	char name[NAME_SIZE]; /* empty: none */
	uint32_t size;
	uint32_t pages[PAGES];
};

static struct file *files;
static char (*pages)[PAGE];
static uint32_t *free_pages, free_count, fresh;
static struct {
	struct file *file;
	uint32_t at;
	int append;
} fds[FDS];

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static void begin(void)
{
	files = reserve(FILES * sizeof(*files));
	pages = reserve((size_t)FILES * PAGES * PAGE);
	free_pages = reserve((size_t)FILES * PAGES * sizeof(*free_pages));
}

static uint32_t pages_of(uint64_t size)
{
	return (uint32_t)((size + PAGE - 1) / PAGE);
}

/* The page freed last is used first, so that caches are warm. */
static uint32_t take_page(void)
{
	return free_count ? free_pages[--free_count] : fresh++;
}

static void cut(struct file *file)
{
	for (uint32_t i = 0; i < pages_of(file->size); i++)
		free_pages[free_count++] = file->pages[i];
	file->size = 0;
}

static void grow(struct file *file, uint64_t size)
{
	if (size > PAGES * PAGE)
		abort();
	for (uint32_t i = pages_of(file->size); i < pages_of(size); i++)
		file->pages[i] = take_page();
	file->size = (uint32_t)size;
}

/* Eight bytes at a time. */
static uint32_t hash(const char *name, size_t len)
{
	uint64_t h = 0xcbf29ce484222325, word;

	for (; len >= 8; len -= 8, name += 8) {
		memcpy(&word, name, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15;
		h ^= h >> 32;
	}
	word = 0;
	memcpy(&word, name, len);
	h = (h ^ word) * 0x9e3779b97f4a7c15;
	return (uint32_t)(h >> 40) % FILES;
}

/* The file of that name, or the empty slot where it would be. */
static struct file *find(const char *name, size_t len)
{
	uint32_t i = hash(name, len);

	while (files[i].name[0] && memcmp(files[i].name, name, len + 1) != 0)
		i = (i + 1) % FILES;
	return &files[i];
}

/* Closes the gap: what follows moves up unless that is before its home. No file
 * is open then. */
static void forget(struct file *file)
{
	uint32_t gap = (uint32_t)(file - files), i = gap;

	cut(file);
	for (;;) {
		uint32_t home;

		i = (i + 1) % FILES;
		if (!files[i].name[0])
			break;
		home = hash(files[i].name, strlen(files[i].name));
		if ((i - home) % FILES < (i - gap) % FILES)
			continue;
		files[gap] = files[i];
		gap = i;
	}
	files[gap].name[0] = '\0';
}

long __wrap_sys_open(const char *path, int flags, unsigned mode)
{
	size_t len = strlen(path);
	struct file *file;
	int fd = 0;

	(void)mode;
	if (!files)
		begin();
	if (len >= NAME_SIZE)
		abort();
	file = find(path, len);
	if (!file->name[0]) {
		if (!(flags & O_CREAT))
			return -2;
		memcpy(file->name, path, len + 1);
		file->size = 0;
	} else if (flags & O_TRUNC) {
		cut(file);
	}
	while (fds[fd].file)
		fd++;
	fds[fd].file = file;
	fds[fd].at = 0;
	fds[fd].append = flags & O_APPEND;
	return fd + FIRST_FD;
}

long __wrap_sys_close(int fd)
{
	if (fd < FIRST_FD)
		return __real_sys_close(fd);
	fds[fd - FIRST_FD].file = NULL;
	return 0;
}

long __wrap_sys_read(int fd, void *out, unsigned long count)
{
	struct file *file;
	uint32_t at;

	if (fd < FIRST_FD)
		return __real_sys_read(fd, out, count);
	file = fds[fd - FIRST_FD].file;
	at = fds[fd - FIRST_FD].at;
	if (count > file->size - at)
		count = file->size - at;
	for (size_t done = 0, part; done < count; done += part, at += part) {
		part = PAGE - at % PAGE;
		if (part > count - done)
			part = count - done;
		memcpy((char *)out + done,
		       pages[file->pages[at / PAGE]] + at % PAGE, part);
	}
	fds[fd - FIRST_FD].at = at;
	return (long)count;
}

long __wrap_sys_write(int fd, const void *in, unsigned long count)
{
	struct file *file;
	uint32_t at;

	if (fd < FIRST_FD)
		return __real_sys_write(fd, in, count);
	file = fds[fd - FIRST_FD].file;
	at = fds[fd - FIRST_FD].append ? file->size : fds[fd - FIRST_FD].at;
	if (at + count > file->size)
		grow(file, at + count);
	for (size_t done = 0, part; done < count; done += part, at += part) {
		part = PAGE - at % PAGE;
		if (part > count - done)
			part = count - done;
		memcpy(pages[file->pages[at / PAGE]] + at % PAGE,
		       (const char *)in + done, part);
	}
	fds[fd - FIRST_FD].at = at;
	return (long)count;
}

static long each(int fd, const struct iovec *iov, int count,
		 long (*one)(int fd, void *data, unsigned long size))
{
	long done = 0;

	for (int i = 0; i < count; i++)
		done += one(fd, iov[i].iov_base, iov[i].iov_len);
	return done;
}

static long write_one(int fd, void *data, unsigned long size)
{
	return __wrap_sys_write(fd, data, size);
}

long __wrap_sys_readv(int fd, const struct iovec *iov, int count)
{
	return fd < FIRST_FD ? __real_sys_readv(fd, iov, count)
			     : each(fd, iov, count, __wrap_sys_read);
}

long __wrap_sys_writev(int fd, const struct iovec *iov, int count)
{
	return fd < FIRST_FD ? __real_sys_writev(fd, iov, count)
			     : each(fd, iov, count, write_one);
}

/* stdio's, to the end for "a". */
long __wrap_sys_lseek(int fd, long offset, int whence)
{
	if (fd < FIRST_FD)
		return __real_sys_lseek(fd, offset, whence);
	fds[fd - FIRST_FD].at = (uint32_t)offset;
	if (whence == 2)
		fds[fd - FIRST_FD].at += fds[fd - FIRST_FD].file->size;
	return fds[fd - FIRST_FD].at;
}

long __wrap_sys_fcntl(int fd, int cmd, unsigned long arg)
{
	return fd < FIRST_FD ? __real_sys_fcntl(fd, cmd, arg) : O_APPEND;
}

/* -ENOTTY: no terminal. */
long __wrap_sys_ioctl(int fd, unsigned long request, void *arg)
{
	return fd < FIRST_FD ? __real_sys_ioctl(fd, request, arg) : -25;
}

long __wrap_sys_unlink(const char *path)
{
	struct file *file = find(path, strlen(path));

	if (!file->name[0])
		return -2;
	forget(file);
	return 0;
}

long __wrap_sys_mkdir(const char *path, unsigned mode)
{
	(void)path;
	(void)mode;
	return 0;
}

long __wrap_sys_rmdir(const char *path)
{
	(void)path;
	return 0;
}
