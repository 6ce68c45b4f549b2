/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: a growing table from small numbers to open files, with a bitmap
 * that finds the lowest free number. Looking one up takes no lock: open files
 * and outgrown tables are never given back to the system, so a thread takes a
 * reference first and then sees whether the descriptor still means that file. A
 * program without threads does not need one: nobody could close the file during
 * the call.
 */
#include "syscalls/internal.h"
#include "syscalls/notify.h"

#include "abi/flock.h"

#define LIMIT_DEFAULT 1024 /* soft RLIMIT_NOFILE, as on Linux */
#define WORD_BITS     64U

/* A table of some size, in whole pages; the bitmaps follow the files. */
struct table {
	uint32_t capacity; /* a multiple of WORD_BITS */
	uint32_t pages;
	struct table *outgrown; /* the one before, or NULL */
	uint64_t *open;
	uint64_t *cloexec;
	struct file *files[];
};

static struct {
	struct table *table; /* atomic */
	/* Who looks a descriptor up does not share a line with who makes one. */
	_Alignas(64) struct lock lock;
	/* lock protects: */
	uint32_t lowest; /* no lower descriptor is free */
	uint32_t limit;
} fds = {.limit = LIMIT_DEFAULT};

#define FILES_BITS   4
#define FILES_SHARDS (1 << FILES_BITS)

/* Unused open files, of those threads that hash to it. */
static struct files {
	_Alignas(64) struct lock lock;
	/* lock protects: */
	struct file *unused;
} files[FILES_SHARDS];

/* -- Open files ------------------------------------------------------------ */

/* Cuts a page into unused files. */
static bool files_more(struct files *shard) REQUIRES(shard->lock)
{
	struct file *page = port_pages_alloc(1);

	if (!page)
		return false;
	for (size_t i = 0; i < PAGE_SIZE / sizeof(*page); i++) {
		page[i].refs = 0;
		page[i].epoll_items = NULL;
		page[i].next = shard->unused;
		shard->unused = &page[i];
	}
	return true;
}

static struct file *file_take(struct files *shard, bool grow)
{
	struct file *file = NULL;

	lock_write(&shard->lock);
	if (LIKELY(shard->unused != NULL) || (grow && files_more(shard))) {
		file = shard->unused;
		shard->unused = file->next;
	}
	unlock_write(&shard->lock);
	return file;
}

/* Without memory there may be one that another thread has closed. */
static __attribute__((noinline)) struct file *file_alloc_slow(void)
{
	unsigned mine = port_threaded ? thread_hash(FILES_BITS) : 0;
	struct file *file = file_take(&files[mine], true);

	for (unsigned i = 1; i < FILES_SHARDS && UNLIKELY(!file); i++)
		file = file_take(&files[(mine + i) % FILES_SHARDS], false);
	return file;
}

/* An unused file, or NULL. Here and below: no lock, since there is one thread. */
static inline struct file *file_alloc(void)
{
	struct file *file;

	if (UNLIKELY(port_threaded) || UNLIKELY(!files[0].unused))
		return file_alloc_slow();
	file = files[0].unused;
	files[0].unused = file->next;
	return file;
}

static void file_give(struct file *file, struct files *shard)
{
	lock_write(&shard->lock);
	file->next = shard->unused;
	shard->unused = file;
	unlock_write(&shard->lock);
}

static inline void file_free(struct file *file)
{
	if (UNLIKELY(port_threaded)) {
		file_give(file, &files[thread_hash(FILES_BITS)]);
		return;
	}
	file->next = files[0].unused;
	files[0].unused = file;
}

/* What is to be done beside closing a file of fs/ that nobody watches. */
static void special_release(struct file *file)
{
	if (notify_wanted())
		notify_close(file);
	if (file->epoll_items)
		epoll_forget(file);
	if (file->ops && file->ops->release)
		file->ops->release(file);
	if (lock_any())
		lock_release(file);
}

void file_unref(struct file *file)
{
	if (LIKELY(!ref_drop(&file->refs)))
		return;
	/* One test for all three, since none is common. */
	if (UNLIKELY((uintptr_t)file->ops | notify_wanted() |
		     __atomic_load_n(&locks_held, __ATOMIC_RELAXED)))
		special_release(file);
	node_put(file->node);
	file_free(file);
}

/* Takes a reference unless the file is unused by now. */
static bool file_try_ref(struct file *file)
{
	uint32_t refs = __atomic_load_n(&file->refs, __ATOMIC_RELAXED);

	while (refs) {
		if (__atomic_compare_exchange_n(&file->refs, &refs, refs + 1,
						true, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* -- Looking up ------------------------------------------------------------- */

/* Pairs with the release in table_grow. */
static struct table *table_now(void)
{
	return __atomic_load_n(&fds.table, __ATOMIC_ACQUIRE);
}

/* Pairs with the releases of those who enter files. */
static struct file *table_file(const struct table *table, unsigned fd)
{
	return __atomic_load_n(&table->files[fd], __ATOMIC_ACQUIRE);
}

static struct file *fd_get_threaded(unsigned fd)
{
	for (;;) {
		const struct table *table = table_now();
		struct file *file;

		file = fd < table->capacity ? table_file(table, fd) : NULL;
		if (!file)
			return NULL;
		if (!file_try_ref(file))
			continue; /* just closed: look again */
		table = table_now();
		if (table_file(table, fd) == file)
			return file;
		file_put(file);
	}
}

/* What both ways to look a descriptor up share. */
static inline struct file *fd_find(int fd)
{
	if (UNLIKELY(port_threaded))
		return fd_get_threaded((unsigned)fd);
	if (UNLIKELY((unsigned)fd >= fds.table->capacity))
		return NULL;
	return fds.table->files[fd];
}

/* What fd_get gave is to be kept beyond the call. */
static void file_keep(struct file *file)
{
	if (!port_threaded)
		file->refs++;
}

struct file *fd_get_path(int fd)
{
	return fd_find(fd);
}

struct file *fd_get(int fd)
{
	struct file *file = fd_find(fd);

	if (UNLIKELY(file && (file_flags(file) & O_PATH))) {
		file_put(file);
		return NULL;
	}
	return file;
}

/* -- Entering and removing --------------------------------------------------- */

static uint32_t table_capacity(uint32_t pages)
{
	size_t bytes = pages * PAGE_SIZE - sizeof(struct table);

	/* Per word of the bitmaps: itself twice, and WORD_BITS pointers. */
	return (uint32_t)(bytes / (2 * 8 + WORD_BITS * 8) * WORD_BITS);
}

/* Replaces the table by a larger one. The old one stays for those who still
 * look at it: all together are smaller than the largest. */
RARE static int table_grow(uint32_t min) REQUIRES(fds.lock)
{
	struct table *old = fds.table, *table;
	uint32_t pages = old ? old->pages : 1;
	size_t bits;

	while (table_capacity(pages) < min)
		pages *= 2;
	table = port_pages_alloc(pages);
	if (!table)
		return -ENOMEM;
	memset(table, 0, pages * PAGE_SIZE);
	table->pages = pages;
	table->outgrown = old;
	table->capacity = table_capacity(pages);
	table->open = (uint64_t *)&table->files[table->capacity];
	table->cloexec = table->open + table->capacity / WORD_BITS;
	if (old) {
		bits = old->capacity / WORD_BITS * sizeof(*old->open);
		memcpy(table->files, old->files,
		       old->capacity * sizeof(struct file *));
		memcpy(table->open, old->open, bits);
		memcpy(table->cloexec, old->cloexec, bits);
	}
	__atomic_store_n(&fds.table, table, __ATOMIC_RELEASE);
	return 0;
}

static void bit_set(uint64_t *words, unsigned bit, bool value)
{
	uint64_t mask = (uint64_t)1 << (bit % WORD_BITS);

	if (value)
		words[bit / WORD_BITS] |= mask;
	else
		words[bit / WORD_BITS] &= ~mask;
}

static bool bit_get(const uint64_t *words, unsigned bit)
{
	return words[bit / WORD_BITS] >> (bit % WORD_BITS) & 1;
}

/* The lowest free descriptor from from on; perhaps past the table. */
static __attribute__((noinline)) unsigned lowest_free_slow(unsigned from)
	REQUIRES(fds.lock)
{
	const struct table *table = fds.table;
	unsigned words = table ? table->capacity / WORD_BITS : 0;
	uint64_t below = ((uint64_t)1 << (from % WORD_BITS)) - 1;

	for (unsigned i = from / WORD_BITS; i < words; i++) {
		uint64_t taken = table->open[i] | below;

		if (~taken)
			return i * WORD_BITS +
			       (unsigned)__builtin_ctzll(~taken);
		below = 0;
	}
	return from > words * WORD_BITS ? from : words * WORD_BITS;
}

/* Mostly it is the first one. */
static inline unsigned lowest_free(unsigned min) REQUIRES(fds.lock)
{
	unsigned from = min > fds.lowest ? min : fds.lowest;

	if (LIKELY(fds.table && from < fds.table->capacity) &&
	    LIKELY(!bit_get(fds.table->open, from)))
		return from;
	return lowest_free_slow(from);
}

/* Takes the lowest free descriptor from min on, and has it mean file: nothing
 * yet if that is NULL. Returns it, or -EMFILE, -ENOMEM. */
static inline int fd_take(struct file *file, unsigned min, bool cloexec)
{
	unsigned fd;
	int err = 0;

	lock_write(&fds.lock);
	fd = lowest_free(min);
	if (fd >= fd_limit())
		err = -EMFILE;
	else if (UNLIKELY(!fds.table || fd >= fds.table->capacity))
		err = table_grow(fd + 1);
	if (!err) {
		bit_set(fds.table->open, fd, true);
		if (cloexec)
			bit_set(fds.table->cloexec, fd, true);
		__atomic_store_n(&fds.table->files[fd], file, __ATOMIC_RELEASE);
		if (min <= fds.lowest)
			fds.lowest = fd + 1;
	}
	unlock_write(&fds.lock);
	return err ? err : (int)fd;
}

int fd_next(int fd)
{
	const struct table *table = table_now();

	for (; (unsigned)fd < table->capacity; fd++) {
		if (table_file(table, (unsigned)fd))
			return fd;
	}
	return -1;
}

int fd_reserve(bool cloexec, struct file **filep)
{
	struct file *file = file_alloc();
	int fd;

	if (!file)
		return -ENOMEM;
	fd = fd_take(NULL, 0, cloexec);
	if (fd < 0) {
		file_free(file);
		return fd;
	}
	file->ops = NULL;
	file->origin = NULL;
	file->offset = 0;
	*filep = file;
	return fd;
}

void fd_commit(int fd, struct file *file, struct fs_node *node, uint32_t flags)
{
	file->node = node;
	file->flags = flags;
	file->lock = (struct lock){0};
	file->cred = cred_now();
	/* Pairs with the acquire in file_try_ref. */
	__atomic_store_n(&file->refs, 1, __ATOMIC_RELEASE);
	lock_write(&fds.lock);
	__atomic_store_n(&fds.table->files[fd], file, __ATOMIC_RELEASE);
	unlock_write(&fds.lock);
}

/* Commit: the descriptor is free again. */
static void fd_clear(unsigned fd) REQUIRES(fds.lock)
{
	bit_set(fds.table->open, fd, false);
	bit_set(fds.table->cloexec, fd, false);
	__atomic_store_n(&fds.table->files[fd], NULL, __ATOMIC_RELEASE);
	if (fd < fds.lowest)
		fds.lowest = fd;
}

void fd_cancel(int fd, struct file *file)
{
	lock_write(&fds.lock);
	fd_clear((unsigned)fd);
	unlock_write(&fds.lock);
	if (UNLIKELY(notify_wanted()))
		notify_unopened(file);
	file_free(file);
}

uint64_t fd_limit(void)
{
	return __atomic_load_n(&fds.limit, __ATOMIC_RELAXED);
}

void fd_limit_set(uint64_t limit)
{
	__atomic_store_n(&fds.limit, (uint32_t)limit, __ATOMIC_RELAXED);
}

/* -- The end -------------------------------------------------------------------- */

/* Frees the open files, of which none may be in use. A page of them is known by
 * the first one in it. */
static void files_fini(void)
{
	struct file *next, *pages = NULL;
	size_t unused = 0, total = 0;

	for (unsigned i = 0; i < FILES_SHARDS; i++) {
		for (struct file *file = files[i].unused; file; file = next) {
			next = file->next;
			unused++;
			if ((uintptr_t)file % PAGE_SIZE == 0) {
				file->next = pages;
				pages = file;
			}
		}
		files[i].unused = NULL;
	}
	for (; pages; pages = next, total += PAGE_SIZE / sizeof(*pages)) {
		next = pages->next;
		port_pages_free(pages, 1);
	}
	port_assert(unused == total);
}

void fd_fini(void)
{
	struct table *table = fds.table, *outgrown;

	for (uint32_t fd = 0; table && fd < table->capacity; fd++) {
		if (table->files[fd])
			sys_close((int)fd);
	}
	for (; table; table = outgrown) {
		outgrown = table->outgrown;
		port_pages_free(table, table->pages);
	}
	fds.table = NULL;
	fds.lowest = 0;
	fds.limit = LIMIT_DEFAULT;
	files_fini();
}

/* -- The calls ----------------------------------------------------------------- */

/* close(2). */
long sys_close(int fd)
{
	struct file *file = NULL;

	lock_write(&fds.lock);
	if (LIKELY((unsigned)fd < fds.table->capacity))
		file = fds.table->files[fd];
	if (LIKELY(file != NULL))
		fd_clear((unsigned)fd);
	unlock_write(&fds.lock);
	if (UNLIKELY(!file))
		return -EBADF;
	if (UNLIKELY(lock_any()))
		lock_close(file);
	file_unref(file);
	return 0;
}

/* Enters a copy of fd under the lowest free number from min on. */
static long dup_from(int fd, int min, bool cloexec)
{
	struct file *file = fd_get_path(fd);
	int result;

	if (!file)
		return -EBADF;
	result = fd_take(file, (unsigned)min, cloexec);
	if (result < 0)
		file_put(file);
	else
		file_keep(file);
	return result;
}

long sys_dup(int fd)
{
	return dup_from(fd, 0, false);
}

/* Has newfd mean file; what it meant before goes to *old. -EBUSY if another
 * thread is just opening something under that number: dup(2). */
RARE static int fd_replace(unsigned newfd, struct file *file, bool cloexec,
			   struct file **old) REQUIRES(fds.lock)
{
	uint64_t bit = (uint64_t)1 << (newfd % WORD_BITS);

	if (newfd >= fds.table->capacity) {
		int err = table_grow(newfd + 1);

		if (err)
			return err;
	}
	*old = fds.table->files[newfd];
	if (!*old && (fds.table->open[newfd / WORD_BITS] & bit))
		return -EBUSY;
	/* commit: nothing below can fail */
	bit_set(fds.table->open, newfd, true);
	bit_set(fds.table->cloexec, newfd, cloexec);
	__atomic_store_n(&fds.table->files[newfd], file, __ATOMIC_RELEASE);
	return 0;
}

/* Makes newfd a copy of fd, closing what it was: one step. */
RARE static long dup_to(int fd, int newfd, bool cloexec)
{
	struct file *file, *old = NULL;
	int err;

	if ((unsigned)newfd >= fd_limit())
		return -EBADF;
	file = fd_get_path(fd);
	if (!file)
		return -EBADF;
	lock_write(&fds.lock);
	err = fd_replace((unsigned)newfd, file, cloexec, &old);
	unlock_write(&fds.lock);
	if (!err && old && lock_any())
		lock_close(old);
	if (err) {
		file_put(file);
		return err;
	}
	file_keep(file);
	if (old)
		file_unref(old);
	return newfd;
}

/* dup2(2). */
long sys_dup2(int fd, int newfd)
{
	struct file *file;

	if (fd != newfd)
		return dup_to(fd, newfd, false);
	file = fd_get_path(fd);
	if (!file)
		return -EBADF;
	file_put(file);
	return newfd;
}

/* dup3(2). */
long sys_dup3(int fd, int newfd, int flags)
{
	if ((flags & ~O_CLOEXEC) || fd == newfd)
		return -EINVAL;
	return dup_to(fd, newfd, flags & O_CLOEXEC);
}

RARE static long cloexec_get(int fd)
{
	long result = -EBADF;

	lock_read(&fds.lock);
	if ((unsigned)fd < fds.table->capacity && fds.table->files[fd])
		result = fds.table->cloexec[(unsigned)fd / WORD_BITS] >>
				 ((unsigned)fd % WORD_BITS) &
			 1;
	unlock_read(&fds.lock);
	return result;
}

RARE static long cloexec_set(int fd, bool value)
{
	long result = -EBADF;

	lock_write(&fds.lock);
	if ((unsigned)fd < fds.table->capacity && fds.table->files[fd]) {
		bit_set(fds.table->cloexec, (unsigned)fd, value);
		result = 0;
	}
	unlock_write(&fds.lock);
	return result;
}

/* F_SETFL: only these flags change, the rest is ignored. */
RARE static int flags_set(struct file *file, uint32_t flags)
{
	const uint32_t settable = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;
	uint32_t old = __atomic_load_n(&file->flags, __ATOMIC_RELAXED);

	if ((flags & ~old & O_NOATIME) && noatime_check(file->node))
		return -EPERM;
	if (open_flags_refused(file->node, file->ops, flags))
		return -EINVAL;
	if (file->ops && file->ops->append && ((old ^ flags) & O_APPEND)) {
		int err = file->ops->append(file, flags & O_APPEND);

		if (err)
			return err;
	}
	while (!__atomic_compare_exchange_n(
		&file->flags, &old, (old & ~settable) | (flags & settable),
		true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return 0;
}

/* What fcntl(2) does with an open file. */
RARE static long file_fcntl(int fd, struct file *file, int cmd,
			    unsigned long arg)
{
	switch (cmd) {
	case F_SETFL:
		return flags_set(file, (uint32_t)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock_fcntl(fd, file, cmd, (struct flock *)arg);
	case F_GETPIPE_SZ:
		return pipe_capacity(file);
	case F_SETPIPE_SZ:
		return pipe_capacity_set(file, (unsigned)arg);
	default:
		return -EINVAL;
	}
}

/* fcntl(2). */
RARE long sys_fcntl(int fd, int cmd, unsigned long arg)
{
	struct file *file;
	long result = 0;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (cloexec_get(fd) < 0)
			return -EBADF;
		if (arg >= fd_limit())
			return -EINVAL;
		return dup_from(fd, (int)arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return cloexec_get(fd);
	case F_SETFD:
		return cloexec_set(fd, arg & FD_CLOEXEC);
	default:
		break;
	}
	file = fd_get_path(fd);
	if (!file)
		return -EBADF;
	if (cmd == F_GETFL)
		result = file_flags(file) & ~FILE_SPLICED;
	else if (file_flags(file) & O_PATH)
		result = -EBADF;
	else
		result = file_fcntl(fd, file, cmd, arg);
	file_put(file);
	return result;
}
