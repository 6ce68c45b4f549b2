/* SPDX-License-Identifier: MIT */
/* What the files of share/ share with one another: messages, the session, and
 * the nodes of files that are known. */
#ifndef WHELK_SHARE_INTERNAL_H
#define WHELK_SHARE_INTERNAL_H

#include "share/share.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "abi/xattr.h"
#include "port/lock.h"
#include "port/port.h"
#include "port/share.h"
#include "port/user.h"

/* The C library's; as builtins: see fs/internal.h. */
#define memcpy(dst, src, n) __builtin_memcpy(dst, src, n)
#define memset(dst, c, n)   __builtin_memset(dst, c, n)
#define memcmp(a, b, n)	    __builtin_memcmp(a, b, n)
#define strlen(s)	    __builtin_strlen(s)

#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Requests; the reply has the next number, or is R_ERROR. */
enum message_type {
	R_ERROR = 7,
	T_STATFS = 8,
	T_LOPEN = 12,
	T_LCREATE = 14,
	T_SYMLINK = 16,
	T_MKNOD = 18,
	T_READLINK = 22,
	T_GETATTR = 24,
	T_SETATTR = 26,
	T_XATTRWALK = 30,
	T_XATTRCREATE = 32,
	T_READDIR = 40,
	T_FSYNC = 50,
	T_LINK = 70,
	T_MKDIR = 72,
	T_RENAMEAT = 74,
	T_UNLINKAT = 76,
	T_VERSION = 100,
	T_ATTACH = 104,
	T_WALK = 110,
	T_READ = 116,
	T_WRITE = 118,
	T_CLUNK = 120,
};

#define FID_NONE UINT32_MAX
#define IO_HEAD	 24 /* before the bytes of a read or write, at the most */

/* What a file is, by the server: the same path is the same file. */
struct qid {
	uint8_t type;
	uint64_t path;
};

enum { QID_DIR = 0x80, QID_LINK = 0x02 };

/* The one session there is. */
struct session {
	struct lock lock;
	/* lock protects: */
	struct fs *fs; /* immutable after share_mount */
	bool lost;
	uint8_t *small, *large;
	uint32_t large_size; /* the largest message */
	size_t large_pages;
	uint64_t *fids; /* bits: which are in use */
	size_t fids_pages;
	uint32_t fids_lowest; /* no lower one is free */
	uint64_t calls;	      /* requests so far */
};

extern struct session session;

/* -- message.c: one request and its reply ---------------------------------- */

struct message {
	uint8_t type;
	uint8_t *start, *at; /* of the request: what follows is free */
	const uint8_t *limit;
	const uint8_t *next, *end; /* of the reply: what is still to be read */
	bool bad;		   /* the reply ended too early */
};

/*
 * Begins a request; large: one with contents, then the reply has none. What is
 * put must fit, which the caller knows by the lengths. message_call sends it and
 * gets the reply: 0, or the error that it is, -EIO. Then it is read, in the order
 * of the protocol, and message_end says whether that made sense: 0 or -EIO.
 */
void message_begin(struct message *m, enum message_type type, bool large)
	REQUIRES(session.lock);
FS_CHECKED int message_call(struct message *m) REQUIRES(session.lock);
FS_CHECKED int message_end(struct message *m) REQUIRES(session.lock);

void put8(struct message *m, uint8_t value);
void put16(struct message *m, uint16_t value);
void put32(struct message *m, uint32_t value);
void put64(struct message *m, uint64_t value);
void put_text(struct message *m, const char *text, size_t len);
void put_name(struct message *m, const struct fs_name *name);

uint8_t get8(struct message *m);
uint16_t get16(struct message *m);
uint32_t get32(struct message *m);
uint64_t get64(struct message *m);
/* The next len bytes; NULL if there are not as many. */
const void *get_bytes(struct message *m, size_t len);
struct qid get_qid(struct message *m);

/* A request that has no more than these, and a reply without contents. */
FS_CHECKED int call_end(struct message *m) REQUIRES(session.lock);

/* -- session.c: the server --------------------------------------------------- */

#define SMALL_PAGES ((size_t)2) /* the longest: a symlink's name and target */

/* Says why, once, and that all is -EIO now. Returns that. */
int session_lost(const char *why) REQUIRES(session.lock);

/* Begins a session whose top directory is *fid. */
FS_CHECKED int session_begin(uint32_t *fid, struct qid *qid)
	REQUIRES(session.lock);
void session_end(void) REQUIRES(session.lock);

/* A number for a file that is about to be found. -ENFILE. */
FS_CHECKED int fid_take(uint32_t *fid) REQUIRES(session.lock);
/* One that the server does not know; or else it is told. */
void fid_give(uint32_t fid) REQUIRES(session.lock);
void fid_clunk(uint32_t fid) REQUIRES(session.lock);

/* A new fid for what name means in dir, or for the same file if it is NULL. */
FS_CHECKED int fid_walk(uint32_t from, const struct fs_name *name,
			uint32_t *fid, struct qid *qid) REQUIRES(session.lock);

/* -- nodes.c: files that are known -------------------------------------------- */

struct share_file {
	struct share_file *next; /* open on the same node */
	struct fs_node *node;	 /* not a reference */
	uint32_t fid;
	uint32_t io_max;
};

/* What is kept for a node. A name is where it was found last. */
struct proxy {
	struct fs_node *node;
	struct proxy *next;	/* in the bucket */
	struct fs_node *parent; /* a reference; NULL: the top */
	char *name;
	size_t name_len;
	char *target; /* of a link, with a NUL; or NULL */
	size_t target_len;
	uint64_t path; /* qid */
	uint64_t size; /* see share_size */
	uint32_t fid;  /* not open; or FID_NONE */
	uint32_t made; /* open since the file was made; or FID_NONE */
	struct share_file *files;
};

/* References to be dropped without the lock. */
#define DROPS 4
struct drops {
	struct fs_node *nodes[DROPS];
	size_t count;
};

void drops_add(struct drops *drops, struct fs_node *node);
void drops_end(struct drops *drops);

/* A node for what has just been found or made under name in dir; takes fid. The
 * second stands for the file that open_fid has open since it was made. */
FS_CHECKED int node_make(struct fs_node *dir, const struct fs_name *name,
			 uint32_t fid, const struct fs_attr *attr,
			 struct fs_node **nodep) REQUIRES(session.lock);

/* The top directory. */
FS_CHECKED int node_make_top(struct fs_node *dir, uint32_t fid,
			     const struct qid *qid) REQUIRES(session.lock);
void nodes_end(void);

/* A fid of the file that is not open, or if there is none that is. */
FS_CHECKED int node_fid(struct fs_node *node, uint32_t *fid)
	REQUIRES(session.lock);
struct proxy *proxy_of(const struct fs_node *node);

/* name in dir means something else now. */
void recent_forget(const struct fs_node *dir, const struct fs_name *name,
		   struct drops *drops) REQUIRES(session.lock);

/* It means what oldname in olddir did: returns a reference to the node, if there
 * is one. -ENOMEM leaves its old name. */
struct fs_node *proxy_rename(struct fs_node *olddir,
			     const struct fs_name *oldname,
			     struct fs_node *newdir,
			     const struct fs_name *newname, struct drops *drops)
	REQUIRES(session.lock);

FS_CHECKED int fid_getattr(uint32_t fid, struct fs_attr *attr)
	REQUIRES(session.lock);

int node_lookup(struct fs_node *dir, const struct fs_name *name,
		struct fs_node **nodep);
int node_getattr(struct fs_node *node, struct fs_attr *attr);
const char *node_target(struct fs_node *link, size_t *len);
size_t node_name(struct fs_node *node, char text[static 255],
		 struct fs_node **dirp);
void node_release(struct fs_node *node, void *object);

/* -- names.c: making, removing, changing --------------------------------------- */

int name_make(struct fs_node *dir, const struct fs_making *making,
	      struct fs_node **nodep);
int name_symlink(struct fs_node *dir, const struct fs_making *making,
		 const char *target, size_t target_len);
int name_link(struct fs_node *node, struct fs_node *dir,
	      const struct fs_name *name);
int name_remove(struct fs_node *dir, const struct fs_name *name,
		bool directory);
int name_rename(struct fs_node *olddir, const struct fs_name *oldname,
		struct fs_node *newdir, const struct fs_name *newname,
		struct fs_node **movedp);
int node_change(struct fs_node *node, const struct fs_change *change);

extern const struct fs_foreign share_hooks;

/* -- files.c: open files -------------------------------------------------------- */

/* The flags of open(2) that the server is given. */
uint32_t open_flags(uint32_t flags);

/* -- xattr.c ---------------------------------------------------------------------- */

ssize_t xattr_get(struct fs_node *node, const struct fs_xattr_name *name,
		  void *buf, size_t size);
int xattr_set(struct fs_node *node, const struct fs_xattr_name *name,
	      const void *value, size_t size, unsigned flags);
ssize_t xattr_list(struct fs_node *node, char *buf, size_t size);

#endif
