/* SPDX-License-Identifier: MIT */
/*
 * What the files of fs/ share: the structures, and prototypes grouped by the
 * file that defines them. Locks and their order: docs/LOCKING.md.
 */
#ifndef WHELK_FS_INTERNAL_H
#define WHELK_FS_INTERNAL_H

#include "fs/fs.h"
#include "port/lock.h"
#include "port/map.h"
#include "port/port.h"
#include "port/user.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "abi/xattr.h"

/* The C library's, which every home has (fs/imports.txt); as builtins, since
 * a freestanding compiler would call them even for a few bytes. */
#define memcpy(dst, src, n)  __builtin_memcpy(dst, src, n)
#define memmove(dst, src, n) __builtin_memmove(dst, src, n)
#define memset(dst, c, n)    __builtin_memset(dst, c, n)
#define memcmp(a, b, n)	     __builtin_memcmp(a, b, n)

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Of functions among frequent ones: compiled to be small. */
#define RARE __attribute__((cold))

/* What dir_peek uses is kept from the thread sanitizer, see there. */
#define UNSANITIZED __attribute__((no_sanitize("thread")))

#define PERM_MASK     07777u
#define SIZE_MAX_FILE ((uint64_t)INT64_MAX) /* as tmpfs: MAX_LFS_FILESIZE */
#define LINK_MAX_NODE UINT32_MAX
#define NAME_INLINE   42
#define CHUNK_SHIFT   6
#define CHUNK_ENTRIES ((size_t)1 << CHUNK_SHIFT) /* a page of dirents */
#define TABLE_SHIFT   9
#define TABLE_SLOTS   ((size_t)1 << TABLE_SHIFT) /* a page of slots */
#define HEIGHT_MAX    6 /* 6 * TABLE_SHIFT + PAGE_SHIFT >= 63 */
#define INDEX_END     ((uint64_t)1 << (63 - PAGE_SHIFT)) /* of all pages */
#define DATA_INLINE   24
#define SMALL_MAX     2048 /* larger contents have pages */

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where the contents of a file or the target of a symlink are. Whatever is not
 * stored, up to the size, is a hole. */
enum content_form {
	CONTENT_HOLE,	/* nothing is stored */
	CONTENT_INLINE, /* bytes in the node: data */
	CONTENT_SMALL,	/* one buffer of a size class: small */
	CONTENT_TREE,	/* pages under tables: tree */
};

/* A time as nodes store it: struct fs_time without padding. */
struct node_time {
	uint32_t sec_low;
	int32_t sec_high;
	uint32_t nsec;
};

/*
 * A file of any type. Its contents are in the union: by form for regular files
 * and symlinks, dir for directories, rdev for devices. It is freed when refs
 * is 0; being linked counts as one reference.
 */
struct fs_node {
	/* lock protects: */
	uint64_t size;
	union {
		uint8_t data[DATA_INLINE];
		struct {
			uint8_t *bytes;
			uint32_t capacity;
		} small;
		struct {
			void *root; /* the page if height is 0, or a table */
			uint64_t pages;
			uint32_t
				root_slots; /* less than a page's if height 1 */
			uint8_t height;
		} tree;
		struct dir *dir;
		uint64_t rdev;	     /* or a live node's number; immutable */
		void *object;	     /* of a FIFO: see fs_node_object */
		struct {	     /* immutable */
			void *first; /* one of the three above */
			void *object;
			const struct fs_foreign *server;
		} foreign;
	};
	uint16_t
		mode; /* atomic, read without the lock; its type is immutable */
	uint8_t form; /* enum content_form */
	uint8_t marks; /* atomic: enum fs_mark */
	uint32_t nlink;

	uint32_t refs; /* atomic */
	struct lock lock;

	/* lock protects: */
	uint32_t uid, gid; /* atomic, read without the lock */
	struct node_time atime, mtime, ctime;

	/* immutable after create: */
	struct node_time btime;
	uint64_t ino;
};

_Static_assert(sizeof(struct fs_node) == 112, "a node is 112 bytes");

/* Checks read these without the lock: relaxed, each for itself. */

static inline uint32_t node_mode(const struct fs_node *node)
{
	return __atomic_load_n(&node->mode, __ATOMIC_RELAXED);
}

static inline uint32_t node_perm(const struct fs_node *node)
{
	return node_mode(node) & PERM_MASK;
}

static inline void node_perm_set(struct fs_node *node, uint32_t perm)
	REQUIRES(node->lock)
{
	uint32_t mode = (node_mode(node) & S_IFMT) | perm;

	__atomic_store_n(&node->mode, (uint16_t)mode, __ATOMIC_RELAXED);
}

static inline bool is_dir(const struct fs_node *node)
{
	return S_ISDIR(node_mode(node));
}

static inline bool is_reg(const struct fs_node *node)
{
	return S_ISREG(node_mode(node));
}

static inline bool is_link(const struct fs_node *node)
{
	return S_ISLNK(node_mode(node));
}

static inline bool is_live(const struct fs_node *node)
{
	return __atomic_load_n(&node->marks, __ATOMIC_RELAXED) & FS_MARK_LIVE;
}

static inline bool is_foreign(const struct fs_node *node)
{
	return __atomic_load_n(&node->marks, __ATOMIC_RELAXED) &
	       FS_MARK_FOREIGN;
}

/* Either of these two. */
static inline bool is_special(const struct fs_node *node)
{
	return __atomic_load_n(&node->marks, __ATOMIC_RELAXED) &
	       (FS_MARK_LIVE | FS_MARK_FOREIGN);
}

static inline bool is_device(const struct fs_node *node)
{
	return S_ISCHR(node_mode(node)) || S_ISBLK(node_mode(node));
}

static inline bool is_text(const struct fs_node *node)
{
	return (node_mode(node) & S_IFMT) == FS_IFTEXT;
}

/* Has it a number (fs_node_rdev), or may it become a live link, which has? */
static inline bool is_numbered(const struct fs_node *node)
{
	return is_device(node) || is_text(node) || is_link(node);
}

/* The type as directories show it: d_type of readdir(3). */
static inline uint8_t node_dtype(const struct fs_node *node)
{
	return is_text(node) ? S_IFREG >> 12 : (uint8_t)(node_mode(node) >> 12);
}

static inline uint32_t node_uid(const struct fs_node *node)
{
	return __atomic_load_n(&node->uid, __ATOMIC_RELAXED);
}

static inline uint32_t node_gid(const struct fs_node *node)
{
	return __atomic_load_n(&node->gid, __ATOMIC_RELAXED);
}

/* An entry of a directory, a cache line; free (removed) if node is NULL. Long
 * names are outside: then their address is in the last 40 bytes. */
struct dirent {
	struct fs_node *node;
	uint64_t seq; /* the position for fs_readdir; kept when removed */
	uint32_t hash;
	uint8_t name_len;
	uint8_t type; /* node_dtype */
	char name[NAME_INLINE];
};

static inline bool dirent_is_dir(const struct dirent *entry)
{
	return entry->type == S_IFDIR >> 12;
}

_Static_assert(sizeof(struct dirent) == 64, "a dirent is a cache line");

/* A directory's entries: see dir.c. Protected by its node's lock, but looked at
 * without it too: dir_peek. */
struct dir {
	/* Changes under the rename lock too, so either lock suffices to read:
	 * the parent (holds a reference; the root's is itself, without). */
	struct fs_node *parent;
	uint64_t seq; /* of this directory's entry in the parent */
	struct dirent **chunks;
	size_t *index;
	size_t live;	     /* entries in use */
	size_t first;	     /* the first of them */
	size_t used;	     /* after the last of them */
	size_t capacity;     /* entries that the chunks can hold */
	uint64_t next_seq;   /* of the next entry */
	uint32_t changes;    /* atomic: odd while names change */
	uint8_t chunks_bits; /* size of the array chunks: 1 << chunks_bits */
	uint8_t index_bits;  /* the index has 1 << index_bits slots, or none */
};

/* A directory in one piece, of whole cache lines, so that none has lines in
 * common with another that other threads use. */
struct dir_node {
	struct fs_node node;
	struct dir dir;
};

_Static_assert(sizeof(struct dir_node) % 64 == 0, "a directory is whole lines");

struct slab;

/* The objects of one size: see slab.c. */
struct slab_cache {
	struct lock lock;
	/* lock protects: */
	uint32_t slabs;	      /* with room or full */
	struct slab *partial; /* slabs with room */
};

#define SLAB_CLASSES 24
#define SHARD_BITS   4
#define SHARDS	     (1 << SHARD_BITS)

#define LINE 64 /* bytes of a cache line */

/* What threads that hash to it have for themselves. */
struct shard {
	_Alignas(LINE) struct slab_cache caches[SLAB_CLASSES];
	_Alignas(LINE) uint64_t nodes; /* atomic: taken, but not in use */
	uint64_t inos; /* atomic: the next number, and how many there are */
};

/* Which pages have how many owners: see share.c. */
struct shares {
	struct lock lock;
	/* lock protects: */
	struct share *table;
	size_t capacity;   /* of the table; a power of two */
	size_t used;	   /* entries */
	uint64_t reserved; /* for which there is room besides */
};

#define WALKER_BITS   6
#define WALKERS_SLOTS (1 << WALKER_BITS)

/* How many walkers are inside, of those threads that hash to this slot. */
struct walker {
	_Alignas(LINE) uint32_t inside; /* atomic */
};

/* Who looks at directories without their locks, and the memory that is kept
 * for their sake: see walkers.c. */
struct walkers {
	_Alignas(LINE) uint64_t used; /* atomic: slots that ever were */
	struct retired *retired;      /* atomic, tested without the lock */
	struct lock lock;	      /* protects: retired, and what is there */
	struct walker slots[WALKERS_SLOTS];
};

struct xattr_set;

/* Leads from nodes to their extended attributes: see xattr.c. */
struct xattr_table {
	struct lock lock;
	/* lock protects: */
	struct xattr_set **buckets; /* NULL if there are no sets */
	size_t buckets_len;
	size_t sets;
};

struct fs {
	/* immutable after create: */
	struct fs_node *root;
	uint64_t seed[2];
	struct fs_limits limits;
	const struct fs_live *live;
	void (*forget)(struct fs_node *node); /* atomic: fs_forget_set */

	/* atomic: */
	_Alignas(LINE) uint64_t bytes; /* of contents */
	uint64_t nodes;		       /* with those that shards have */
	uint64_t next_ino;	       /* of those that shards do not have */
	uint64_t size_max;	       /* of files: at most SIZE_MAX_FILE */

	struct lock rename_lock; /* renames between directories */
	struct shares shares;
	struct xattr_table xattrs;
	struct shard shards[SHARDS];
	struct walkers walkers;
};

static inline uint64_t size_max_now(const struct fs *fs)
{
	return __atomic_load_n(&fs->size_max, __ATOMIC_RELAXED);
}

/* -- slab.c: memory by size ---------------------------------------------- */

void slab_fini(struct fs *fs);

/* size bytes, contents unspecified, aligned to 16 (to 64 if size is a multiple
 * of it, to a page if it is a multiple of that), or NULL. */
void *mem_alloc(struct fs *fs, size_t size);
void mem_free(struct fs *fs, void *object, size_t size);

/* How many bytes mem_alloc(size) really takes: the size of its class. */
size_t mem_size(size_t size);

/* -- walkers.c: looking at directories without locks ------------------------ */

/* Until walker_leave no directory's memory goes, nor that of its entries, which
 * the caller finds by pointers that it reads from now on. Such sections nest. */
struct walker *walker_enter(struct fs *fs);
void walker_leave(struct fs *fs, struct walker *walker);

/* mem_free, once nobody is inside who may have found the object. It can't be
 * found any more; its contents are lost at once. */
void mem_retire(struct fs *fs, void *object, size_t size);
/* The same for a directory's node, which is still looked at. */
void dir_retire(struct fs *fs, struct fs_node *node);

/* When nobody is inside: all is freed. */
void walkers_fini(struct fs *fs);

/* -- node.c: nodes and attributes ---------------------------------------- */

struct node_time node_now(void);

/* Takes one of the nodes that the limit allows, or -ENOSPC; and gives it back.
 * Each name of a file but the first counts as one, as on tmpfs. */
FS_CHECKED int nodes_take_threaded(struct fs *fs);
void nodes_give_threaded(struct fs *fs);

static inline void nodes_give(struct fs *fs)
{
	if (UNLIKELY(port_threaded))
		nodes_give_threaded(fs);
	else
		fs->nodes--;
}

FS_CHECKED static inline int nodes_take(struct fs *fs)
{
	if (UNLIKELY(port_threaded))
		return nodes_take_threaded(fs);
	if (UNLIKELY(fs->nodes >= fs->limits.nodes_max))
		return -ENOSPC;
	fs->nodes++;
	return 0;
}

/* How many are in use. */
uint64_t nodes_used(const struct fs *fs);

/* A node with one reference, no links, charged to the limit; or -ENOSPC,
 * -ENOMEM. For directories the struct dir is made too, without parent. */
FS_CHECKED int node_create(struct fs *fs, uint32_t mode, uint32_t uid,
			   uint32_t gid, struct fs_node **nodep);

static inline void node_ref(struct fs_node *node)
{
	ref_take(&node->refs);
}

/* A node with one reference, counted, but not against the limit, and without a
 * number; of a directory, with no names. -ENOMEM */
FS_CHECKED int node_alloc(struct fs *fs, uint32_t mode, uint32_t uid,
			  uint32_t gid, struct fs_node **nodep);

struct node_time time_in(const struct fs_time *time);
/* Takes a reference to a node that may have none any more: then false. */
static inline bool node_try_ref(struct fs_node *node)
{
	uint32_t refs = __atomic_load_n(&node->refs, __ATOMIC_RELAXED);

	while (refs) {
		if (__atomic_compare_exchange_n(&node->refs, &refs, refs + 1,
						true, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* Frees a node whose references are gone. */
void node_free(struct fs *fs, struct fs_node *node);

static inline void node_unref(struct fs *fs, struct fs_node *node)
{
	if (UNLIKELY(ref_drop(&node->refs)))
		node_free(fs, node);
}

/* mtime and ctime of a node whose contents changed. */
static inline void node_changed(struct fs_node *node, struct node_time now)
	REQUIRES(node->lock)
{
	node->mtime = node->ctime = now;
}

/* Updates atime as after reading, unless noatime. */
void node_accessed(struct fs_node *node, bool noatime) REQUIRES(node->lock);

/* Ends reading the node: unlocks it and updates atime by relatime (mount(8)),
 * unless noatime. */
void node_read_end(struct fs_node *node, bool noatime)
	RELEASES_READ(node->lock);

/* -- name.c: names in directories ---------------------------------------- */

/* fs_lookup in what is known to be a directory. */
FS_CHECKED int name_lookup(struct fs *fs, struct fs_node *dir,
			   const struct fs_name *name, struct fs_node **nodep);

/* -- perm.c: who may do what --------------------------------------------- */

FS_CHECKED int perm_check_slow(struct fs_node *node, const struct fs_cred *cred,
			       int want);

/* As fs_access; root may do all but execute what nobody may. */
static inline int perm_check(struct fs_node *node, const struct fs_cred *cred,
			     int want)
{
	if (LIKELY(cred->uid == 0 && !(want & X_OK)))
		return 0;
	if (LIKELY(cred->uid == 0 && is_dir(node)))
		return 0;
	return perm_check_slow(node, cred, want);
}

/* The same of what is known to be a directory. */
static inline int perm_check_dir(struct fs_node *dir,
				 const struct fs_cred *cred, int want)
{
	return LIKELY(cred->uid == 0) ? 0 : perm_check_slow(dir, cred, want);
}

/* May cred make and remove entries of dir? In a live one nobody may. */
static inline int perm_change(struct fs_node *dir, const struct fs_cred *cred)
{
	if (UNLIKELY(is_live(dir)))
		return -EPERM;
	return perm_check_dir(dir, cred, W_OK | X_OK);
}

/* May cred remove or replace victim in dir (sticky(7))? -EACCES, -EPERM. */
FS_CHECKED int perm_remove(struct fs_node *dir, struct fs_node *victim,
			   const struct fs_cred *cred);

bool perm_in_group(const struct fs_cred *cred, uint32_t gid);

/* The group of what cred makes in dir, and the mode: inode(7), set-group-ID. */
static inline uint32_t perm_inherit(const struct fs_node *dir,
				    const struct fs_cred *cred, uint32_t *mode)
{
	uint32_t gid = cred->gid;

	if (UNLIKELY(node_perm(dir) & S_ISGID)) {
		gid = node_gid(dir);
		if (S_ISDIR(*mode))
			*mode |= S_ISGID;
	}
	if ((*mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    !S_ISDIR(*mode) && cred->uid != 0 && !perm_in_group(cred, gid))
		*mode &= ~(uint32_t)S_ISGID;
	return gid;
}

/* -- foreign.c: what is passed on ----------------------------------------- */

/* As the functions of name.c, rename.c and list.c, where a directory is foreign,
 * no lock held. */
FS_CHECKED int foreign_lookup(struct fs_node *dir, const struct fs_name *name,
			      struct fs_node **nodep);
FS_CHECKED int foreign_make(struct fs *fs, struct fs_node *dir,
			    const struct fs_making *making,
			    const struct fs_cred *cred, bool *existed,
			    struct fs_node **nodep);
FS_CHECKED int foreign_symlink(struct fs *fs, struct fs_node *dir,
			       const struct fs_name *name, const char *target,
			       size_t target_len, const struct fs_cred *cred);
FS_CHECKED int foreign_link(struct fs *fs, struct fs_node *node,
			    struct fs_node *dir, const struct fs_name *name,
			    const struct fs_cred *cred);
FS_CHECKED int foreign_remove(struct fs *fs, struct fs_node *dir,
			      const struct fs_name *name, bool directory,
			      const struct fs_cred *cred);

FS_CHECKED int foreign_rename(struct fs *fs, struct fs_node *olddir,
			      const struct fs_name *oldname,
			      struct fs_node *newdir,
			      const struct fs_name *newname, unsigned flags,
			      const struct fs_cred *cred);
FS_CHECKED int foreign_getattr(struct fs_node *node, struct fs_attr *attr);
/* Does nothing to a node that is not foreign. */
FS_CHECKED int foreign_change_slow(struct fs_node *node,
				   const struct fs_change *change);

static inline int foreign_change(struct fs_node *node,
				 const struct fs_change *change)
{
	return UNLIKELY(is_foreign(node)) ? foreign_change_slow(node, change)
					  : 0;
}

/* -- dir.c: the ordered hash table of a directory ------------------------- */

uint32_t dir_hash(const struct fs *fs, const char *name, size_t len);

/* The entry called name, or NULL. */
struct dirent *dir_find(const struct dir *dir, const struct fs_name *name,
			uint32_t hash);

/* What is called name, found without the lock, within a section of walkers.c. */
enum peek {
	PEEK_DIR,  /* a directory */
	PEEK_NONE, /* nothing */
	PEEK_ASK,  /* anything, to be asked for under the lock */
};
enum peek dir_peek(const struct dir *dir, uint32_t seen,
		   const struct fs_name *name, uint32_t hash,
		   struct fs_node **nodep);

/* What is to be seen by dir_peek: pairs with the end of a change. */
static inline uint32_t dir_changes(const struct dir *dir)
{
	return __atomic_load_n(&dir->changes, __ATOMIC_ACQUIRE);
}

/* What changes names is put between these two: all of it is seen, or nothing.
 * They nest only with other directories' ones. */
static inline void dir_change_begin(struct dir *dir)
{
	if (UNLIKELY(port_threaded)) {
		__atomic_store_n(&dir->changes, dir->changes + 1,
				 __ATOMIC_RELAXED);
		/* stores stay in order: x86 */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	}
}

static inline void dir_change_end(struct dir *dir)
{
	if (UNLIKELY(port_threaded))
		__atomic_store_n(&dir->changes, dir->changes + 1,
				 __ATOMIC_RELEASE);
}

const char *dirent_name(const struct dirent *entry);

/* Makes room for one more entry, which may move entries, and in *long_name for
 * its name if that is long: to be committed then. */
FS_CHECKED int dir_reserve(struct fs *fs, struct dir *dir, size_t name_len,
			   char **long_name);

/* Commits: after dir_reserve these cannot fail, within a change. Both may move
 * entries. The first returns the seq of the new one. */
uint64_t dir_insert(struct dir *dir, const struct fs_name *name, uint32_t hash,
		    char *long_name, struct fs_node *node);
void dir_remove(struct fs *fs, struct dir *dir, struct dirent *entry);

/* Points an entry at another node. */
void dirent_set_node(struct dirent *entry, struct fs_node *node);

/* The first slot (of an entry in use or removed) with seq >= from. */
size_t dir_seek(const struct dir *dir, uint64_t from);
/* The first entry in use from slot *slot on, and stores its slot; NULL if there
 * is none. */
struct dirent *dir_next(const struct dir *dir, size_t *slot);

/* The entry in use that was made last, or NULL. */
struct dirent *dir_last(const struct dir *dir);

void dir_init(struct dir *dir);
void dir_fini(struct fs *fs, struct dir *dir);
__attribute__((cold)) void dir_check(struct fs *fs, const struct dir *dir);

/* -- name.c: making and removing names ------------------------------------ */

/* Why a name longer than NAME_MAX is not in dir: in a removed one is none. */
FS_CHECKED int name_too_long(const struct fs_node *dir)
	REQUIRES_READ(dir->lock);

/* A node with owner, group and mode as one made in dir: inode(7),
 * set-group-ID. */
FS_CHECKED int name_make_node(struct fs *fs, const struct fs_node *dir,
			      uint32_t mode, const struct fs_cred *cred,
			      struct fs_node **nodep);

/* Removes an entry, whatever it names; nobody else may be inside. */
void name_drop(struct fs *fs, struct fs_node *dir, struct dirent *entry);

/* -- xattr.c: extended attributes ------------------------------------------ */

/* Frees those of a node that has some and is being freed itself. */
void xattr_destroy(struct fs *fs, struct fs_node *node);
/* Returns how many bytes all take, as the limit counts them. */
uint64_t xattr_check(struct fs *fs);

#endif
