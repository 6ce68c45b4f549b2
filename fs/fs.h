/* SPDX-License-Identifier: MIT */
/*
 * The file system: an in-memory tree of nodes with POSIX semantics, as an
 * object without hidden globals. Its interface has the shape of the FUSE
 * low-level one, (directory node, name), and one walker turns paths into that.
 * What it stands on is port/port.h; who stands on it is syscalls/ and the
 * tests.
 *
 * Fallible functions return 0 or a count, or a negative Linux errno; results
 * leave through the last parameter, which a failure does not touch. A failed
 * call has changed nothing. Every call may be made from any thread.
 *
 * ENOMEM (no memory) and ENOSPC (over a limit of struct fs_limits) can come
 * from every call that makes something; they are not repeated below.
 *
 * Contents are read and written from and to memory of the caller, which may be
 * bad (port/user.h): fs_read and fs_write and their kin then do as much as can
 * be done, or are -EFAULT. Paths may be bad, too, and the buffer of fs_path;
 * everything else is taken for good.
 */
#ifndef WHELK_FS_H
#define WHELK_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/types.h"
#include "port/map.h"

#define FS_CHECKED __attribute__((warn_unused_result))

struct fs;
struct fs_node;

struct fs_time {
	int64_t sec; /* since the Epoch */
	uint32_t nsec;
};

/* Limits of one file system: bytes of contents, and number of nodes. */
struct fs_limits {
	uint64_t bytes_max;
	uint64_t nodes_max;
};

/* Who asks: permission checks apply when uid is not 0. */
struct fs_cred {
	uint32_t uid, gid;
	const uint32_t *groups; /* supplementary groups */
	size_t groups_len;
};

/* One component of a path, borrowed from it: 1 to 255 bytes, no '/', neither
 * "." nor "..". */
struct fs_name {
	const char *text;
	uint32_t len;
	bool slash; /* followed by slashes: it must name a directory */
};

/* stat(2): attributes of a node. blocks counts 512 bytes each. */
struct fs_attr {
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;
	uint64_t rdev;
	uint32_t mode, nlink, uid, gid;
	struct fs_time atime, mtime, ctime, btime;
};

/* statfs(2), in bytes and nodes. */
struct fs_stat {
	uint64_t bytes_max, bytes_used, bytes_free;
	uint64_t nodes_max, nodes_free;
};

/* -- The object ---------------------------------------------------------- */

/* Makes an empty file system: a root directory, mode 0755, owner 0. */
FS_CHECKED int fs_create(const struct fs_limits *limits, struct fs **fsp);

/* Frees the file system and all it holds. Nothing may refer to it any more
 * (references to nodes included). Panics if anything it allocated was lost. */
void fs_destroy(struct fs *fs);

/* The root directory; borrows until fs_destroy. */
struct fs_node *fs_root(const struct fs *fs);

void fs_stat(struct fs *fs, struct fs_stat *stat);

/*
 * Verifies every invariant of every node, O(everything), for tests: panics at
 * the first that does not hold. No other thread may be inside.
 */
void fs_check(struct fs *fs);

/* No file is made larger than this many bytes, and -EFBIG is for what reaches
 * beyond; what is larger stays. For RLIMIT_FSIZE: setrlimit(2). */
void fs_limit_size(struct fs *fs, uint64_t size_max);

/* -- Nodes --------------------------------------------------------------- */

void fs_node_ref(struct fs_node *node);

/* Drops a reference; the last one of a node without links frees it. */
void fs_node_unref(struct fs *fs, struct fs_node *node);

/* File type and permission bits, as st_mode. The type never changes. */
uint32_t fs_node_mode(const struct fs_node *node);

/* The number given to fs_make, of devices and live nodes; else 0. */
uint64_t fs_node_rdev(const struct fs_node *node);

/* Notes about a node, so that what is kept about few nodes is looked for at no
 * others. Those above fs/ are its user's, which keeps what they tell of. */
enum fs_mark {
	FS_MARK_LINKABLE = 1,  /* without links, but may get one */
	FS_MARK_LOCKED = 2,    /* flock(2), fcntl(2) */
	FS_MARK_WATCHED = 4,   /* inotify(7) */
	FS_MARK_MAPPED = 8,    /* mmap(2) */
	FS_MARK_XATTRS = 16,   /* has extended attributes */
	FS_MARK_LIVE = 32,     /* what it means is asked for: struct fs_live */
	FS_MARK_OUTSIDE = 64,  /* in no directory, and never will be: -EXDEV */
	FS_MARK_FOREIGN = 128, /* somebody else's: struct fs_foreign */
};

/* The marks of a node, and changing them: first clear, then set. */
uint32_t fs_node_marks(const struct fs_node *node);
void fs_node_mark(struct fs_node *node, uint32_t set, uint32_t clear);

/* What the user of fs/ keeps with a FIFO: NULL at first; whoever changes it has
 * a lock of his own, and takes it off before the last reference is dropped. */
void *fs_node_object(const struct fs_node *node);
void fs_node_object_set(struct fs_node *node, void *object);

/* stat(2). Fails only of a foreign node, for which it returns 1 otherwise. */
FS_CHECKED int fs_getattr(struct fs_node *node, struct fs_attr *attr);

/* The same right into the caller's structure, st_dev being dev, of a regular file
 * that is not foreign, while there is one thread: 0 or -EFAULT. 1 otherwise. */
struct stat;
FS_CHECKED int fs_stat_quick(const struct fs_node *node, uint64_t dev,
			     struct stat *st);

/* What passes through a FIFO is its user's affair, but leaves times: atime by
 * relatime unless noatime, or mtime and ctime. */
void fs_node_was_read(struct fs_node *node, bool noatime);
void fs_node_was_written(struct fs_node *node);

/* access(2): may cred do all of want (R_OK | W_OK | X_OK)? 0 or -EACCES. */
FS_CHECKED int fs_access(struct fs_node *node, const struct fs_cred *cred,
			 int want);

/* chmod(2): sets the 12 permission bits. -EPERM unless owner or root,
 * -EOPNOTSUPP of a symlink. */
FS_CHECKED int fs_chmod(struct fs_node *node, const struct fs_cred *cred,
			uint32_t mode);

/* chown(2): an id of (uint32_t)-1 is left as it is. -EPERM. */
FS_CHECKED int fs_chown(struct fs_node *node, const struct fs_cred *cred,
			uint32_t uid, uint32_t gid);

/* What writing to a regular file or changing its size does for who is not root:
 * takes away the set-id bits (inode(7)), but for one of the group without
 * permission to execute, if cred is in that. */
void fs_setid_drop(struct fs_node *node, const struct fs_cred *cred);

/* What fs_utimens does with each of the two times. */
enum fs_utime { FS_UTIME_SET, FS_UTIME_NOW, FS_UTIME_OMIT };

/* utimensat(2): times[0] is atime, times[1] mtime. -EPERM, -EACCES. */
FS_CHECKED int fs_utimens(struct fs_node *node, const struct fs_cred *cred,
			  const struct fs_time times[2],
			  const enum fs_utime how[2]);

/* -- Live nodes ---------------------------------------------------------- */

/*
 * The type of a file whose text is made up when it is opened; it is shown as a
 * regular one, but what regular files can do it cannot. Not one of Linux's.
 */
#define FS_IFTEXT 0030000

/*
 * What the user of fs/ answers about nodes with FS_MARK_LIVE: directories in
 * which nothing can be made or removed, and links that lead to a node, not a
 * path. No lock is held. Which node it is, its number says (fs_node_rdev).
 */
struct fs_live {
	/* A name that dir does not contain: stores a reference or -ENOENT. */
	int (*lookup)(struct fs_node *dir, const struct fs_name *name,
		      struct fs_node **nodep);
	/* Stores a reference to where link leads, or an error. */
	int (*follow)(struct fs_node *link, struct fs_node **nodep);
};

/* Says who answers; to be called once, before any node is made live. */
void fs_live_set(struct fs *fs, const struct fs_live *live);

/* Makes a live link without a name, for lookup to return: its inode number is
 * ino, which no other node may have. It takes no node from the limit. */
FS_CHECKED int fs_make_live(struct fs *fs, uint32_t mode, uint64_t number,
			    uint64_t ino, const struct fs_cred *cred,
			    struct fs_node **nodep);

/* Says who is told, without being able to use it any more, of a node with
 * FS_MARK_WATCHED that is about to be freed. Any lock of fs/ may be held then. */
void fs_forget_set(struct fs *fs, void (*forget)(struct fs_node *node));

/* -- Foreign nodes -------------------------------------------------------- */

/*
 * Nodes with FS_MARK_FOREIGN stand for files that are elsewhere: a host's. They
 * are below one directory, from which and to which nothing can be linked or
 * renamed (-EXDEV). Who serves them makes nodes for what is looked up; what is
 * done with names and attributes is passed on to him, after the permissions have
 * been checked by what is known of the attributes: their contents are no affair
 * of fs/, and the functions for that are not to be called.
 */

/* What a call changes of a file: chmod(2), chown(2), truncate(2), utimensat(2).
 * A time that is not set is the present one. */
enum fs_change_what {
	FS_CHANGE_MODE = 1,
	FS_CHANGE_UID = 2,
	FS_CHANGE_GID = 4,
	FS_CHANGE_SIZE = 8,
	FS_CHANGE_ATIME = 16,
	FS_CHANGE_MTIME = 32,
	FS_CHANGE_ATIME_SET = 64,
	FS_CHANGE_MTIME_SET = 128,
};

struct fs_change {
	uint32_t what;
	uint32_t mode, uid, gid; /* mode: the 12 bits */
	uint64_t size;
	struct fs_time times[2]; /* atime, mtime */
};

/* A file that is to be made. */
struct fs_making {
	const struct fs_name *name;
	uint32_t mode, uid, gid;
	uint64_t number; /* of a device; of a regular file: flags of open(2) */
};

struct fs_xattr_name;

/* Locks of nodes, and of renames, may be held; no call comes back to fs/ but to
 * the functions below. Names are not longer than NAME_MAX. */
struct fs_foreign {
	int (*lookup)(struct fs_node *dir, const struct fs_name *name,
		      struct fs_node **nodep);
	/* -EEXIST. Stores a reference unless nodep is NULL. */
	int (*make)(struct fs_node *dir, const struct fs_making *making,
		    struct fs_node **nodep);
	int (*symlink)(struct fs_node *dir, const struct fs_making *making,
		       const char *target, size_t target_len);
	int (*link)(struct fs_node *node, struct fs_node *dir,
		    const struct fs_name *name);
	int (*remove)(struct fs_node *dir, const struct fs_name *name,
		      bool directory);
	/* Stores a reference to the node that has a new name, or NULL if there is
	 * none for it. */
	int (*rename)(struct fs_node *olddir, const struct fs_name *oldname,
		      struct fs_node *newdir, const struct fs_name *newname,
		      struct fs_node **movedp);
	int (*getattr)(struct fs_node *node, struct fs_attr *attr);
	int (*change)(struct fs_node *node, const struct fs_change *change);
	/* readlink(2): borrowed with the reference to link, behind it a NUL. */
	const char *(*target)(struct fs_node *link, size_t *len);
	/* Copies what node was called when it was found last, and returns its
	 * length; and where that was: a reference, unless dirp is NULL. */
	size_t (*name)(struct fs_node *node, char text[static 255],
		       struct fs_node **dirp);
	ssize_t (*xattr_get)(struct fs_node *node,
			     const struct fs_xattr_name *name, void *buf,
			     size_t size);
	/* No value: removes it. */
	int (*xattr_set)(struct fs_node *node, const struct fs_xattr_name *name,
			 const void *value, size_t size, unsigned flags);
	ssize_t (*xattr_list)(struct fs_node *node, char *buf, size_t size);
	/* The last reference is gone: object has to go, too. */
	void (*release)(struct fs_node *node, void *object);
};

/* Makes dir, which is empty, the uppermost foreign directory. It cannot be
 * removed or renamed: -EBUSY. */
void fs_foreign_mount(struct fs_node *dir, const struct fs_foreign *foreign,
		      void *object);

/* Makes a node of the type in attr, found in dir (borrowed), and stores a
 * reference. It takes no node from the limit. */
FS_CHECKED int fs_foreign_make(struct fs *fs, struct fs_node *dir,
			       const struct fs_foreign *foreign, void *object,
			       const struct fs_attr *attr,
			       struct fs_node **nodep);

/* What attributes are checked against, from now on. */
void fs_foreign_update(struct fs_node *node, const struct fs_attr *attr);

void *fs_foreign_object(const struct fs_node *node);

/* Takes a reference unless the last one is gone already. */
bool fs_node_try_ref(struct fs_node *node);

/* Memory as nodes have it, for what is kept about them; or NULL. */
void *fs_memory_alloc(struct fs *fs, size_t size);
void fs_memory_free(struct fs *fs, void *memory, size_t size);

/* -- Extended attributes: xattr(7) ---------------------------------------- */

/* A name with its namespace, of at most XATTR_NAME_MAX bytes. */
struct fs_xattr_name {
	const char *text;
	size_t len;
};

/* Who asks; admin may use what is root's alone: trusted attributes, and setting
 * those of security. */
struct fs_xattr_cred {
	const struct fs_cred *cred;
	bool admin;
};

/*
 * setxattr(2): gives node an attribute or changes its value; the size is at most
 * XATTR_SIZE_MAX. flags: XATTR_CREATE (then -EEXIST), XATTR_REPLACE (then
 * -ENODATA). All of these functions: -EOPNOTSUPP for a namespace that there is
 * not, -EINVAL for a name that is only its prefix, -EACCES, -EPERM.
 */
FS_CHECKED int fs_xattr_set(struct fs *fs, struct fs_node *node,
			    const struct fs_xattr_cred *who,
			    const struct fs_xattr_name *name, const void *value,
			    size_t size, unsigned flags);

/* removexattr(2): -ENODATA if there is none. */
FS_CHECKED int fs_xattr_remove(struct fs *fs, struct fs_node *node,
			       const struct fs_xattr_cred *who,
			       const struct fs_xattr_name *name);

/* getxattr(2): returns the length of the value, which is stored unless size is
 * 0. -ENODATA, -ERANGE. */
FS_CHECKED ssize_t fs_xattr_get(struct fs *fs, struct fs_node *node,
				const struct fs_xattr_cred *who,
				const struct fs_xattr_name *name, void *buf,
				size_t size);

/* listxattr(2): returns the length of the names, each with a NUL, that are
 * stored unless size is 0. -ERANGE. */
FS_CHECKED ssize_t fs_xattr_list(struct fs *fs, struct fs_node *node,
				 const struct fs_xattr_cred *who, char *buf,
				 size_t size);

/* -- Contents of regular files ------------------------------------------- */

/*
 * pread(2), preadv(2): reads from offset into the iovcnt buffers, as one
 * step. Returns the number of bytes, short at the end of file. Updates atime
 * by relatime (mount(8)) unless noatime.
 */
FS_CHECKED ssize_t fs_read(struct fs_node *node, uint64_t offset, void *buf,
			   size_t count, bool noatime);

/*
 * pwrite(2): writes count bytes at *offset, or at the end of file if append,
 * as one step, and adds the number of bytes written to *offset (in append
 * mode: sets it to the new end). Returns that number: less than count only
 * when space ran out (then the next call fails), or at the largest offset.
 * -EFBIG beyond 2^63-1 or the limit.
 */
FS_CHECKED ssize_t fs_write(struct fs *fs, struct fs_node *node,
			    const void *buf, size_t count, bool append,
			    uint64_t *offset);

struct iovec;

/* The same with several buffers, as one step: readv(2), writev(2). The sum of
 * the lengths must fit a ssize_t. */
FS_CHECKED ssize_t fs_readv(struct fs_node *node, uint64_t offset,
			    const struct iovec *iov, int iovcnt, bool noatime);
FS_CHECKED ssize_t fs_writev(struct fs *fs, struct fs_node *node,
			     const struct iovec *iov, int iovcnt, bool append,
			     uint64_t *offset);

/* ftruncate(2): sets the size; new bytes read as zeros. -EFBIG. */
FS_CHECKED int fs_truncate(struct fs *fs, struct fs_node *node, uint64_t size);

/* truncate(2): the same, but leaves the times of a file that has that size
 * already and no pages, as tmpfs does. */
FS_CHECKED int fs_resize(struct fs *fs, struct fs_node *node, uint64_t size);

/*
 * fallocate(2), of at least one byte; all or nothing. All but fs_punch make the
 * file as large as the range reaches unless keep_size. What is reserved reads
 * as zeros, and fs_seek takes it for a hole. -EFBIG beyond 2^63-1.
 */

/* Reserves space for all of the range: writing to it takes no more. */
FS_CHECKED int fs_allocate(struct fs *fs, struct fs_node *node, uint64_t offset,
			   uint64_t len, bool keep_size);

/* FALLOC_FL_PUNCH_HOLE: makes the range a hole. */
FS_CHECKED int fs_punch(struct fs *fs, struct fs_node *node, uint64_t offset,
			uint64_t len);

/* FALLOC_FL_ZERO_RANGE: makes the range zeros, and reserves space for it. */
FS_CHECKED int fs_zero(struct fs *fs, struct fs_node *node, uint64_t offset,
		       uint64_t len, bool keep_size);

/*
 * copy_file_range(2) and sendfile(2): copies count bytes, or as many as there
 * are, as one step. Whole pages are shared if they lie the same way in both,
 * until they are written to. Returns how many, short as fs_write is. -EINVAL
 * for ranges of one file that overlap, or an offset beyond 2^63-1; -EFBIG.
 */
FS_CHECKED ssize_t fs_copy(struct fs *fs, struct fs_node *src, uint64_t from,
			   struct fs_node *dst, uint64_t to, size_t count,
			   bool noatime);

/* FICLONERANGE: the same of all or nothing, to the end of src if count is 0;
 * holes become holes. -EINVAL as ioctl_ficlonerange(2) has it, -EFBIG. */
FS_CHECKED int fs_clone(struct fs *fs, struct fs_node *src, uint64_t from,
			struct fs_node *dst, uint64_t to, uint64_t count);

/* lseek(2) SEEK_DATA (data) or SEEK_HOLE (!data): stores the next such offset
 * at or after offset. -ENXIO past the end, or no data follows. */
FS_CHECKED int fs_seek(struct fs_node *node, bool data, uint64_t offset,
		       uint64_t *result);

/*
 * Has install map the page at index of a regular file, which is made if it is
 * a hole, and of others around it those that are there, if it is to be read.
 * how is of enum port_map_how. Returns what install does, or -ENXIO past the end
 * of the file. Whenever pages are to go, port_map_revoke is called for node.
 */
FS_CHECKED int fs_map_page(struct fs *fs, struct fs_node *node, uint64_t index,
			   int how, port_map_install *install, void *context);

/* Updates atime as fs_read does: what mmap(2) does to it. */
void fs_accessed(struct fs_node *node);

/* -- Names --------------------------------------------------------------- */

/*
 * The directory may be one that has been removed: then it is empty, and
 * making anything in it is -ENOENT. All need search permission (-EACCES).
 */

/* Stores a reference to the node that name names. -ENOENT, -ENOTDIR (dir is
 * none). Search permission is the caller's business here. */
FS_CHECKED int fs_lookup(struct fs *fs, struct fs_node *dir,
			 const struct fs_name *name, struct fs_node **nodep);

/* A reference to the parent of dir (of the root: itself). */
struct fs_node *fs_parent(struct fs_node *dir);

/*
 * mknod(2), mkdir(2), open(2) with O_CREAT: makes a node of the type and
 * permissions in mode, named name in dir, and stores a reference to it if
 * nodep is not NULL. rdev is for devices, and what is to be live; and for a
 * regular file the flags it will be opened with, if dir is foreign. If there is such a name,
 * the result is -EEXIST; but if existed is given, the node it names (of
 * whatever type), and *existed says which it was.
 */
FS_CHECKED int fs_make(struct fs *fs, struct fs_node *dir,
		       const struct fs_name *name, uint32_t mode, uint64_t rdev,
		       const struct fs_cred *cred, bool *existed,
		       struct fs_node **nodep);

/*
 * open(2) with O_TMPFILE, pipe(2): makes a node as fs_make does, but without a
 * name, and stores a reference to it. Owner and permissions are as if it was
 * made in dir, which may be NULL for one that no directory has to do with; then
 * it counts as linked once.
 * FS_MARK_LINKABLE has fs_link give it a name later.
 */
FS_CHECKED int fs_make_anonymous(struct fs *fs, struct fs_node *dir,
				 uint32_t mode, const struct fs_cred *cred,
				 struct fs_node **nodep);

/* symlink(2): target of 1 to 4095 bytes and a NUL, copied. -EEXIST. */
FS_CHECKED int fs_symlink(struct fs *fs, struct fs_node *dir,
			  const struct fs_name *name, const char *target,
			  size_t target_len, const struct fs_cred *cred);

/* readlink(2): the target and its length, not terminated by NUL in the count
 * but followed by one; borrows until the reference to link is dropped. Updates
 * atime as fs_read does. */
const char *fs_link_target(struct fs_node *link, size_t *len);

/* link(2): -EEXIST, -EPERM for a directory, -ENOENT for a node without links,
 * -EMLINK. */
FS_CHECKED int fs_link(struct fs *fs, struct fs_node *node, struct fs_node *dir,
		       const struct fs_name *name, const struct fs_cred *cred);

/* unlink(2): -ENOENT, -EISDIR, -ENOTDIR (name has a slash). */
FS_CHECKED int fs_unlink(struct fs *fs, struct fs_node *dir,
			 const struct fs_name *name,
			 const struct fs_cred *cred);

/* rmdir(2): -ENOENT, -ENOTDIR, -ENOTEMPTY. */
FS_CHECKED int fs_rmdir(struct fs *fs, struct fs_node *dir,
			const struct fs_name *name, const struct fs_cred *cred);

/* renameat2(2) with all its flags, others are -EINVAL; a whiteout is a character
 * device with the number 0. All its errors but those about mounts. */
FS_CHECKED int fs_rename(struct fs *fs, struct fs_node *olddir,
			 const struct fs_name *oldname, struct fs_node *newdir,
			 const struct fs_name *newname, unsigned flags,
			 const struct fs_cred *cred);

/* One entry that fs_readdir shows; name is borrowed for the call. */
struct fs_dirent {
	uint64_t ino;
	uint64_t next; /* the position after it */
	const char *name;
	uint32_t name_len;
	uint32_t type; /* st_mode >> 12, as d_type of readdir(3) */
};

/* Takes one entry; returns false if there is no room for it. */
typedef bool fs_readdir_fill(void *context, const struct fs_dirent *entry);

/*
 * Shows the entries of dir from position *pos on ("." and ".." first, then in
 * order of creation), until fill refuses one, and moves *pos behind the last
 * one taken. 0 is the first position; any other must come from here. Entries
 * that are there throughout are shown exactly once, whatever happens to
 * others. Updates atime as fs_read does. -ENOENT for a removed directory.
 */
FS_CHECKED int fs_readdir(struct fs_node *dir, fs_readdir_fill *fill,
			  void *context, uint64_t *pos, bool noatime);

/* getcwd(2): writes the absolute path of dir and a NUL to buf. Returns the
 * length with the NUL; -ERANGE if it does not fit, -ENAMETOOLONG if it is longer
 * than PATH_MAX, -ENOENT if dir has been removed. */
FS_CHECKED ssize_t fs_path(struct fs *fs, struct fs_node *dir, char *buf,
			   size_t size);

/* The same for a node of any type: one of its names, for which all directories
 * are searched. */
FS_CHECKED ssize_t fs_node_path(struct fs *fs, struct fs_node *node, char *buf,
				size_t size);

/* What dir is called, in text, and a reference to its parent. -ENOENT of the
 * root or a directory that has been removed. */
FS_CHECKED int fs_dir_name(struct fs *fs, struct fs_node *dir,
			   char text[static 255], struct fs_name *name,
			   struct fs_node **parentp);

/* -- Paths --------------------------------------------------------------- */

#define FS_LINKS_MAX 40 /* symbolic links in one walk: path_resolution(7) */

/* What kind of component a path ends with. */
enum fs_last {
	FS_LAST_NAME,	/* an ordinary name */
	FS_LAST_DOT,	/* "." */
	FS_LAST_DOTDOT, /* ".." */
	FS_LAST_ROOT,	/* none at all: dir is meant, as by "/" */
};

struct walker;

/*
 * The state of one walk, made by fs_walk_begin and ended by fs_walk_end. After
 * fs_walk_parent, dir is the directory that holds the last component. It stays
 * in memory until fs_walk_end, but only fs_walk_keep makes sure that it has not
 * been removed, with all references gone.
 */
struct fs_walk {
	struct fs *fs;
	const struct fs_cred *cred;
	struct fs_node *dir;   /* holds a reference unless there is a walker */
	struct walker *walker; /* or NULL; with it: */
	struct fs_node *held;  /* where it began, or NULL: holds a reference */
	struct fs_node *const *start; /* where it began, or NULL: held */
	const char *rest;	      /* what is still to be walked */
	const char *path;
	struct fs_name name;
	enum fs_last last;
	bool slash;	/* a slash behind a link, met before its target */
	unsigned links; /* links followed so far */
	unsigned depth; /* links being walked now */
	struct {
		const char *rest;     /* of the path around the link */
		struct fs_node *node; /* the link; holds a reference */
	} stack[FS_LINKS_MAX];
};

/* Begins to walk path at start, the root if path begins with a slash, whose
 * reference it takes over. cred and path are borrowed until fs_walk_end. The
 * first byte of path is not bad. */
void fs_walk_begin(struct fs_walk *walk, struct fs *fs, struct fs_node *start,
		   const char *path, const struct fs_cred *cred);

void fs_walk_end(struct fs_walk *walk);

/* The same at *start (atomic), or the root if that is NULL: whatever is there has
 * a reference that it keeps as long as it is there. */
void fs_walk_begin_at(struct fs_walk *walk, struct fs *fs,
		      struct fs_node *const *start, const char *path,
		      const struct fs_cred *cred);

/* After fs_walk_parent: has dir hold a reference. May walk once more, and so
 * give an error of fs_walk_parent. */
FS_CHECKED int fs_walk_keep(struct fs_walk *walk);

/* After fs_walk_keep: ends the walk, but returns the reference to its
 * directory. */
struct fs_node *fs_walk_end_dir(struct fs_walk *walk);

/* Walks up to the last component, which is not looked at: it ends up in last
 * and name. -ENOENT (also for ""), -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG, -EFAULT. */
FS_CHECKED int fs_walk_parent(struct fs_walk *walk);

/* Both of these, and fs_walk_keep, for such paths as fs_find_quick is for; false
 * for others. */
FS_CHECKED bool fs_walk_quick(struct fs_walk *walk, struct fs *fs,
			      struct fs_node *start, const char *path,
			      const struct fs_cred *cred);

/* Goes on at the target of a link that the last component turned out to be
 * (reference borrowed): then fs_walk_parent again. -ELOOP, -ENOENT. */
FS_CHECKED int fs_walk_follow(struct fs_walk *walk, struct fs_node *link);

/* After fs_walk_parent: stores a reference to the node the last component
 * names. Follows links if follow is set or slashes come after it, then dir
 * and name are those of the last link's target. */
FS_CHECKED int fs_walk_last(struct fs_walk *walk, bool follow,
			    struct fs_node **nodep);

/* All that follows fs_walk_begin: stores a reference to the node that the path
 * names. */
FS_CHECKED int fs_walk_to(struct fs_walk *walk, bool follow,
			  struct fs_node **nodep);

/*
 * The same for what most paths of root are: names of directories that are there,
 * and a last name of anything. Only while there is one thread (!port_threaded).
 * Stores the node, borrowed until names change; or returns -ENOENT. Returns 1
 * for any other path, which is then to be walked.
 */
FS_CHECKED int fs_find_quick(struct fs *fs, struct fs_node *start,
			     const char *path, bool follow,
			     const struct fs_cred *cred,
			     struct fs_node **nodep);

/* All of it (and so takes over the reference to start). */
FS_CHECKED int fs_walk_node(struct fs *fs, struct fs_node *start,
			    const char *path, bool follow,
			    const struct fs_cred *cred, struct fs_node **nodep);

#endif
