/* SPDX-License-Identifier: MIT */
/*
 * What the files of syscalls/ share: the process, open files and descriptors,
 * and how paths are looked up. The calls themselves are declared in sys.h.
 */
#ifndef WHELK_SYSCALLS_INTERNAL_H
#define WHELK_SYSCALLS_INTERNAL_H

#include "syscalls/syscall.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "fs/fs.h"
#include "port/lock.h"
#include "port/map.h"
#include "port/port.h"
#include "port/user.h"
#include "sys.h"

/* The C library's; as builtins: see fs/internal.h. */
#define memcpy(dst, src, n) __builtin_memcpy(dst, src, n)
#define memset(dst, c, n)   __builtin_memset(dst, c, n)
#define memcmp(a, b, n)	    __builtin_memcmp(a, b, n)
#define strlen(s)	    __builtin_strlen(s)

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Of functions among frequent ones: compiled to be small. */
#define RARE __attribute__((cold))

#define RW_MAX ((size_t)0x7ffff000) /* bytes in one call: read(2), NOTES */

#define UMASK_DEFAULT 022

/* A set of ids, which never changes: see cred.c. */
struct cred {
	struct fs_cred fs; /* those that files are used with, and the groups */
	uint32_t uid, euid, suid;
	uint32_t gid, egid, sgid;
	const struct cred *next;
	uint32_t own_groups[];
};

/* The one process: what belongs to all its threads. */
struct process {
	/* immutable after syscall_init: */
	struct fs *fs;

	struct lock lock;
	/* lock protects: */
	struct fs_node *cwd; /* holds a reference */

	/* atomic: */
	const struct cred *cred;
	uint32_t umask;
};

extern struct process process;

/* The first part of syscall_fini: closes all descriptors and drops what other
 * references to nodes there are, so that only names keep any. */
void process_release(void);

/* Who the process is for files; borrows for good. */
static inline const struct fs_cred *cred_now(void)
{
	return &__atomic_load_n(&process.cred, __ATOMIC_ACQUIRE)->fs;
}

struct file;
struct wait_entry;

/* What the position of an open file does. */
enum file_position {
	POSITION_NONE,	 /* there is none: -ESPIPE */
	POSITION_UNUSED, /* it stays 0, and nobody may give one: -ESPIPE */
	POSITION_FIXED,	 /* it stays 0, whichever is given */
	POSITION_KEPT,	 /* as that of a regular file */
};

/*
 * What is done with an open file that is no regular file or directory of fs/.
 * No lock is held, so operations may wait; they may be called from several
 * threads at once. Those that are NULL fail as Linux has it.
 */
struct file_ops {
	const char *name; /* of files that have none: /proc/self/fd */
	enum file_position position;
	uint32_t flags_refused; /* of open(2) and F_SETFL: -EINVAL */
	/* Of the flags of preadv2(2) it does not know RWF_NOWAIT, of those of
	 * pwritev2(2) none: -EOPNOTSUPP. */
	bool few_flags;

	/* read(2) and write(2): up to count (at most RW_MAX) bytes. */
	ssize_t (*read)(struct file *file, void *buf, size_t count,
			uint64_t offset);
	ssize_t (*write)(struct file *file, const void *buf, size_t count,
			 uint64_t offset);
	/* readv(2) and writev(2) as one step, sum bytes in all; where there are
	 * these, they serve read(2) and write(2) too. */
	ssize_t (*readv)(struct file *file, const struct iovec *iov, int iovcnt,
			 size_t sum);
	ssize_t (*writev)(struct file *file, const struct iovec *iov,
			  int iovcnt, size_t sum);
	/* mmap(2) of a device without pages of its own. */
	long (*mmap)(void *addr, size_t len, int prot, int flags);
	/* mmap(2) of a file that has contents. */
	long (*map)(struct file *file, void *addr, size_t len, int prot,
		    int flags, uint64_t offset);
	/* It has a size, from which positions can be counted: fs_getattr. */
	bool sized;
	/* Where writing to it begins, with O_APPEND; NULL: wherever it is. */
	uint64_t (*end)(struct file *file);
	/* Of a directory: as fs_readdir, for about room bytes. */
	int (*list)(struct file *file, fs_readdir_fill *fill, void *context,
		    uint64_t *pos, size_t room);
	/* F_SETFL is about to turn O_APPEND on or off. NULL: that is all. */
	int (*append)(struct file *file, bool on);
	/* fsync(2), or fdatasync(2) if data. NULL: -EINVAL. */
	int (*sync)(struct file *file, bool data);
	/* ioctl(2), but for what all files have. */
	long (*ioctl)(struct file *file, uint32_t request, void *arg);
	/* poll(2): what of POLLIN, POLLOUT, ... holds now, whatever was asked
	 * for; and enters entry, if there is one, in the queue that is woken
	 * when that changes. NULL: always ready. */
	uint32_t (*poll)(struct file *file, struct wait_entry *entry);
	/* Which of the console's streams wake who waits, as they wake no queue:
	 * see port_waker_wait. NULL: none. */
	unsigned (*streams)(const struct file *file);
	/* The last reference is gone; file->node is still there. */
	void (*release)(struct file *file);
};

/*
 * An open file description (open(2)), shared by descriptors that are copies of
 * one another. The memory is never used for anything else, so a thread may try
 * to take a reference to one that another thread is just closing.
 */
struct file {
	/* Threads that use different files have no cache line in common. */
	_Alignas(64) uint32_t refs; /* atomic; 0: unused */
	uint32_t flags;	      /* atomic: O_ACCMODE, O_APPEND, O_PATH, ... */
	struct fs_node *node; /* holds a reference; immutable while open */
	const struct file_ops
		*ops; /* NULL: it is of fs/; immutable while open */
	void *object; /* of ops: immutable while open */
	struct lock lock;
	uint64_t offset; /* lock protects; of ops if POSITION_NONE */
	union {
		struct file *next;     /* among unused ones */
		struct origin *origin; /* of notify.c, which has a lock */
	};
	struct epoll_item
		*epoll_items;	    /* of epoll.c, which has a lock for it */
	const struct fs_cred *cred; /* who opened it; immutable while open */
};

/* -- fd.c: descriptors and open files ------------------------------------- */

/* The open file of fd, for the time of a call, until file_put; NULL if there is
 * none (-EBADF). fd_get does not give out those opened with O_PATH. */
struct file *fd_get(int fd);
struct file *fd_get_path(int fd);

/* Drops a reference, the last of which closes the file. */
void file_unref(struct file *file);

/* No call without threads begins or ends with them. */
static inline void file_put(struct file *file)
{
	if (UNLIKELY(port_threaded))
		file_unref(file);
}

/*
 * Opening in two steps, so that nothing fails once a file has been made:
 * reserves the lowest free descriptor and an open file for it (returns the
 * former, or -EMFILE, -ENOMEM); then either commits it, open on node (takes the
 * reference), or cancels it.
 */
int fd_reserve(bool cloexec, struct file **filep);
void fd_commit(int fd, struct file *file, struct fs_node *node, uint32_t flags);
void fd_cancel(int fd, struct file *file);

/* Among the flags of an open file, but none of open(2)'s: splice(2) has used it,
 * a pipe, which does not take RWF_NOWAIT from then on. */
#define FILE_SPLICED (1U << 31)

#define FD_LIMIT_MAX (1U << 20) /* as on Linux: fs.nr_open */

/* The limit on descriptors (RLIMIT_NOFILE), and changing it. */
uint64_t fd_limit(void);
void fd_limit_set(uint64_t limit);

/* Closes all descriptors and gives back what they took; panics if a reference
 * to an open file was lost. */
void fd_fini(void);

static inline uint32_t file_flags(const struct file *file)
{
	return __atomic_load_n(&file->flags, __ATOMIC_RELAXED);
}

static inline bool file_readable(const struct file *file)
{
	uint32_t mode = file_flags(file) & O_ACCMODE;

	return mode == O_RDONLY || mode == O_RDWR;
}

static inline bool file_writable(const struct file *file)
{
	uint32_t mode = file_flags(file) & O_ACCMODE;

	return mode == O_WRONLY || mode == O_RDWR;
}

static inline bool file_nonblocking(const struct file *file)
{
	return __atomic_load_n(&file->flags, __ATOMIC_RELAXED) & O_NONBLOCK;
}

/* Lowest open descriptor from fd on, or -1. */
int fd_next(int fd);

/* -- proc.c, proc_text.c: /proc -------------------------------------------- */

/* Makes the nodes of /proc. */
FS_CHECKED int proc_init(void);
void proc_fini(void);

/* Opens a text (FS_IFTEXT). */
FS_CHECKED int proc_open(struct file *file, const struct fs_node *node);

/* readlink(2) of a live link. */
FS_CHECKED ssize_t proc_readlink(struct fs_node *link, char *buf, size_t size);

/* Goes on listing a live directory behind its entries, as fs_readdir. */
void proc_list(const struct fs_node *dir, fs_readdir_fill *fill, void *context,
	       uint64_t *pos);

/* -- open.c ---------------------------------------------------------------- */

/* Would these flags ask for what an open file of node with these operations
 * cannot do? -EINVAL: open(2), fcntl(2). */
bool open_flags_refused(const struct fs_node *node, const struct file_ops *ops,
			uint32_t flags);

/* -- pool.c: memory for objects ---------------------------------------------- */

/* size bytes of zeros, or NULL. */
void *pool_alloc(size_t size);
void pool_free(void *object, size_t size);

/* -- wait.c: wait queues ------------------------------------------------------ */

struct waitq {
	uint32_t word; /* atomic */
	struct lock lock;
	/* lock protects: */
	struct wait_entry *first; /* atomic, tested without the lock */
};

/* Who is to be told when a queue is woken. */
struct wait_entry {
	struct waitq *queue; /* NULL: it is in none */
	struct wait_entry *next, *prev;
	/* Called with the queue's lock held, by who wakes; may come for less
	 * than is waited for. */
	void (*woken)(struct wait_entry *entry, uint32_t events);
};

/* To be asked before the state that is waited for is looked at. */
uint32_t waitq_seen(const struct waitq *queue);

/* Sleeps until the queue is woken, unless it has been since seen; or returns
 * -EINTR, with restart by the rule of SA_RESTART. May return early. */
FS_CHECKED int waitq_sleep(struct waitq *queue, uint32_t seen, bool restart);

/* Wakes all who wait, after the state has changed to what events say. */
void waitq_wake(struct waitq *queue, uint32_t events);

void waitq_add(struct waitq *queue, struct wait_entry *entry);
/* Does nothing if it is in no queue. */
void waitq_remove(struct wait_entry *entry);

/* -- poll.c: waiting for files ------------------------------------------------- */

struct timespec;

/* What file is ready for, as its operation poll says. */
uint32_t file_poll(struct file *file, struct wait_entry *entry);

/* Waits until one of events (or an error) holds of file: 1. 0 at the deadline,
 * -EINTR, -ENOMEM. With mask, that is the set of blocked signals meanwhile. */
int file_wait(struct file *file, uint32_t events, uint64_t deadline,
	      const uint64_t *mask);

/* Deadlines of port_wait: 0 for no time at all, PORT_NEVER for a negative
 * number or NULL. -EINVAL for what is no time. */
uint64_t deadline_after(uint64_t ns);
uint64_t deadline_after_ms(int ms);
FS_CHECKED int deadline_at(const struct timespec *timeout, uint64_t *deadline);

/* Copies the set of signals that a call is given, if it is. -EINVAL, -EFAULT. */
FS_CHECKED int mask_copy(const void *mask, size_t setsize, uint64_t *signals);

/* -- epoll.c -------------------------------------------------------------------- */

/* Takes a file that is being closed out of all sets. */
void epoll_forget(struct file *file);

/* -- lock.c: locks on files ------------------------------------------------------ */

struct flock;

extern uint32_t locks_held; /* atomic: how many there are */

/* Is anything locked at all? Closing asks. */
static inline bool lock_any(void)
{
	return __atomic_load_n(&locks_held, __ATOMIC_RELAXED);
}

/* A descriptor of file is closed; the open file itself is. */
void lock_close(struct file *file);
void lock_release(struct file *file);

/* fcntl(2): F_GETLK and its kin, of file, which fd was found to mean. */
FS_CHECKED long lock_fcntl(int fd, struct file *file, int cmd,
			   struct flock *flock);

/* -- pipe.c: pipes and FIFOs --------------------------------------------------- */

/* Opens a FIFO for what is to become file: fifo(7). -EINTR, -ENXIO, -ENOMEM. */
FS_CHECKED int fifo_open(struct file *file, struct fs_node *node,
			 uint32_t flags);

/* F_GETPIPE_SZ, F_SETPIPE_SZ. -EBADF if it is no pipe. */
long pipe_capacity(struct file *file);
long pipe_capacity_set(struct file *file, unsigned capacity);

/* Is it a pipe? Then the following may be done with it, for splice(2). */
bool pipe_is(const struct file *file);

/* Takes or gives up to count bytes (at most a page) and returns how many, 0 at
 * the end, or an error. Must not wait for a pipe. */
typedef ssize_t pipe_io(void *context, uint8_t *bytes, size_t count);

/* Lets take have what is in the pipe, up to count bytes, waiting only for the
 * first; or fills slots with what give has, as far as there are any. Return how
 * many bytes, 0 at the end, -EAGAIN, -EINTR, -EPIPE (with its signal). */
FS_CHECKED ssize_t pipe_drain(struct file *file, size_t count, bool nonblocking,
			      pipe_io *take, void *context);
FS_CHECKED ssize_t pipe_feed(struct file *file, size_t count, bool nonblocking,
			     pipe_io *give, void *context);
/* The same from one pipe to another one. -EINVAL if it is the same. */
FS_CHECKED ssize_t pipe_pass(struct file *in, struct file *out, size_t count,
			     bool nonblocking);

/* Opens a file that is nothing but object with these operations; flags may have
 * O_CLOEXEC. Returns its descriptor, or -EMFILE, -ENFILE, -ENOMEM. */
int open_object(const struct file_ops *ops, void *object, uint32_t flags);

/* -- copy.c --------------------------------------------------------------- */

/* FICLONERANGE into an open file. */
long file_clone(struct file *out, int fd_in, uint64_t from, uint64_t to,
		uint64_t count);

/* -- process.c ------------------------------------------------------------ */

/* What a call does whose result is -EFBIG, which it returns: if that is because
 * of RLIMIT_FSIZE, the thread gets SIGXFSZ. No lock is held. */
long file_too_large(void);

/* O_NOATIME is for the owner of node: -EPERM. */
FS_CHECKED int noatime_check(struct fs_node *node);

/* -- cred.c: who the process is ------------------------------------------- */

void cred_init(void);
void cred_fini(void);

/* May the process do what is not about files and root's alone? */
bool cred_capable(void);

/* The real ids in place of those that files are used with: access(2). */
void cred_real(struct fs_cred *real);

/* -- path.c: paths of system calls ---------------------------------------- */

/* The last component of a path and the directory it is in (a reference, for
 * place_end). The name is part of the path. */
struct place {
	struct fs_node *dir;
	struct fs_name name;
	enum fs_last last;
};

/* Begins a walk of path from dirfd; if it fails there is none to be ended.
 * -EFAULT, -ENOENT for "", -EBADF. */
FS_CHECKED int path_begin(struct fs_walk *walk, int dirfd, const char *path,
			  const struct fs_cred *cred);

/* What Linux says of path as a text, before it looks at anything else: -EFAULT,
 * -ENOENT for "", -ENAMETOOLONG; or err. */
FS_CHECKED int path_text_error(const char *path, int err);

/* Is path ""? -EFAULT if it can not be read. */
FS_CHECKED int path_empty(const char *path);

/* Finds the place that path names, which need not be there. */
FS_CHECKED int place_find(int dirfd, const char *path, struct place *place);
void place_end(struct place *place);

/* Finds the node that path names and stores a reference to it. flags:
 * AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. The second walks as cred. */
FS_CHECKED int path_node(int dirfd, const char *path, int flags,
			 struct fs_node **nodep);
FS_CHECKED int path_node_as(int dirfd, const char *path, int flags,
			    const struct fs_cred *cred, struct fs_node **nodep);

/* Is there one thread, and does the path begin where there needs no reference? */
static inline bool path_may_be_quick(int dirfd)
{
	return LIKELY(!port_threaded) && LIKELY(dirfd == AT_FDCWD);
}

/* path_node where that is quick, to be tried first: fs_find_quick, which borrows
 * the node until names change, or returns 1. */
static inline int path_quick(int dirfd, const char *path, bool follow,
			     struct fs_node **nodep)
{
	if (!path_may_be_quick(dirfd))
		return 1;
	return fs_find_quick(process.fs, process.cwd, path, follow, cred_now(),
			     nodep);
}

/* Begins to walk a path, up to its last component; keep: and fs_walk_keep. */
FS_CHECKED int path_walk_slow(int dirfd, const char *path, bool keep,
			      struct fs_walk *walk);

static inline int path_walk(int dirfd, const char *path, bool keep,
			    struct fs_walk *walk)
{
	if (path_may_be_quick(dirfd) &&
	    LIKELY(fs_walk_quick(walk, process.fs, process.cwd, path,
				 cred_now())))
		return 0;
	return path_walk_slow(dirfd, path, keep, walk);
}

static inline void node_put(struct fs_node *node)
{
	fs_node_unref(process.fs, node);
}

/* To be called before a regular file is written to, if that is for some bytes,
 * even if it fails then; but only after it was truncated, or space in it was
 * reserved: so it is on Linux. */
static inline void setid_drop(struct fs_node *node, bool some)
{
	const struct fs_cred *cred = cred_now();

	if (UNLIKELY(cred->uid != 0) && some)
		fs_setid_drop(node, cred);
}

/* A reference to the current directory. */
struct fs_node *cwd_get(void);

/* mode without the bits of the umask. */
uint32_t umask_apply(uint32_t mode);

#define FS_DEV_MINOR \
	26 /* of the file system: st_dev is 0:26; then the host's */

/* -- host.c: files of the host --------------------------------------------- */

/* Makes /host, where the host's files are. */
FS_CHECKED int host_init(void);

static inline bool host_has(const struct fs_node *node)
{
	return UNLIKELY(fs_node_marks(node) & FS_MARK_FOREIGN);
}

/* Opens a foreign file or directory. */
FS_CHECKED int host_open(struct file *file, struct fs_node *node,
			 uint32_t flags);

struct statfs;

/* statfs(2) of a foreign node: *buf can be written to. */
FS_CHECKED int host_statfs(struct fs_node *node, struct statfs *buf);

/* -- dev.c: character devices --------------------------------------------- */

/* Numbers as mknod(2) and stat(2) carry them; DEV is for those below 256. */
#define DEV(major, minor) ((uint64_t)(major) << 8 | (minor))
#define DEV_MAJOR(rdev)	  ((uint32_t)((rdev) >> 8) & 0xfff)
#define DEV_MINOR(rdev) \
	((uint32_t)((rdev)&0xff) | ((uint32_t)((rdev) >> 12) & 0xfff00))

/* Makes the nodes of /dev. */
FS_CHECKED int dev_init(void);

/* What is done with the device of that number; NULL if there is none. */
const struct file_ops *dev_ops(uint64_t rdev);

#endif
