/* SPDX-License-Identifier: MIT */
/*
 * The nodes that stand for the host's files. One file is one node as long as
 * that is referred to: a table leads from the server's number (qid) to it. A
 * node found lately is kept with its fid, and is looked up again by asking for
 * the attributes of that, which is one request instead of three; the server
 * finds files by their names, so the answer is what the name means now.
 *
 * Symbolic links are not in the table: a new one may have an old one's number.
 */
#include "share/internal.h"

#define BUCKETS	     256
#define RECENT	     32
#define ATTR_BASIC   0x7ffULL /* mode to blocks: P9_GETATTR_BASIC */
#define ATTR_BTIME   0x800ULL
#define FRESH_NS     1000000 /* what was said so lately need not be asked */
#define NSEC_PER_SEC 1000000000

static struct {
	struct proxy *buckets[BUCKETS];
	struct fs_node *recent[RECENT]; /* references; NULL: none */
	unsigned next;			/* to be replaced */
	/* What lookup has just been told, for stat(2). */
	struct fs_node *known;
	struct fs_attr known_attr;
	uint64_t known_calls;
	int64_t known_sec;
	uint32_t known_nsec;
} nodes;

void drops_add(struct drops *drops, struct fs_node *node)
{
	if (!node)
		return;
	port_assert(drops->count < DROPS);
	drops->nodes[drops->count++] = node;
}

void drops_end(struct drops *drops)
{
	while (drops->count)
		fs_node_unref(session.fs, drops->nodes[--drops->count]);
}

struct proxy *proxy_of(const struct fs_node *node)
{
	return fs_foreign_object(node);
}

/* -- Attributes ------------------------------------------------------------- */

static struct fs_time get_time(struct message *m)
{
	struct fs_time time = {.sec = (int64_t)get64(m)};
	uint64_t nsec = get64(m);

	time.nsec = nsec < NSEC_PER_SEC ? (uint32_t)nsec : 0;
	return time;
}

static bool type_known(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	default:
		return false;
	}
}

int fid_getattr(uint32_t fid, struct fs_attr *attr)
{
	struct message m;
	struct qid qid;
	uint64_t valid;
	int err;

	message_begin(&m, T_GETATTR, false);
	put32(&m, fid);
	put64(&m, ATTR_BASIC | ATTR_BTIME);
	err = message_call(&m);
	if (err)
		return err;
	valid = get64(&m);
	qid = get_qid(&m);
	attr->ino = qid.path;
	attr->mode = get32(&m);
	attr->uid = get32(&m);
	attr->gid = get32(&m);
	attr->nlink = (uint32_t)get64(&m);
	attr->rdev = get64(&m);
	attr->size = get64(&m);
	(void)get64(&m); /* size of blocks */
	attr->blocks = get64(&m);
	attr->atime = get_time(&m);
	attr->mtime = get_time(&m);
	attr->ctime = get_time(&m);
	attr->btime = get_time(&m);
	(void)get64(&m); /* generation */
	(void)get64(&m); /* version of the contents */
	if (!(valid & ATTR_BTIME))
		attr->btime = (struct fs_time){0};
	if (!m.bad && (!type_known(attr->mode) || (int64_t)attr->size < 0 ||
		       S_ISDIR(attr->mode) != !!(qid.type & QID_DIR)))
		return session_lost("attributes make no sense");
	return message_end(&m);
}

/* -- The table ----------------------------------------------------------------- */

static struct proxy **bucket_of(uint64_t path)
{
	return &nodes.buckets[(path * 0x9e3779b97f4a7c15U) >> 56];
}

static void table_add(struct proxy *p) REQUIRES(session.lock)
{
	struct proxy **bucket = bucket_of(p->path);

	p->next = *bucket;
	*bucket = p;
}

/* Some are in no bucket. */
static void table_remove(struct proxy *p) REQUIRES(session.lock)
{
	struct proxy **at = bucket_of(p->path);

	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
}

/* A reference to the node of the file that has these attributes and was found in
 * dir, if there is one. A directory that has moved since is another one. */
static struct fs_node *table_find(const struct fs_attr *attr,
				  const struct fs_node *dir)
	REQUIRES(session.lock)
{
	struct proxy *p = *bucket_of(attr->ino);

	for (; p; p = p->next) {
		if (p->path != attr->ino ||
		    ((fs_node_mode(p->node) ^ attr->mode) & S_IFMT) ||
		    (S_ISDIR(attr->mode) && p->parent != dir))
			continue;
		if (fs_node_try_ref(p->node))
			return p->node;
	}
	return NULL;
}

/* -- Names ------------------------------------------------------------------------ */

static bool proxy_is_called(const struct proxy *p, const struct fs_node *dir,
			    const struct fs_name *name)
{
	return p->parent == dir && p->name_len == name->len &&
	       memcmp(p->name, name->text, name->len) == 0;
}

/* Has p be called so in dir. The old parent's reference is to be dropped. */
static int proxy_call(struct proxy *p, struct fs_node *dir,
		      const struct fs_name *name, struct drops *drops)
	REQUIRES(session.lock)
{
	char *text;

	if (proxy_is_called(p, dir, name))
		return 0;
	text = fs_memory_alloc(session.fs, name->len);
	if (!text)
		return -ENOMEM;
	memcpy(text, name->text, name->len);
	if (p->name)
		fs_memory_free(session.fs, p->name, p->name_len);
	p->name = text;
	p->name_len = name->len;
	drops_add(drops, p->parent);
	fs_node_ref(dir);
	p->parent = dir;
	return 0;
}

static struct fs_node **recent_find(const struct fs_node *dir,
				    const struct fs_name *name)
	REQUIRES(session.lock)
{
	for (unsigned i = 0; i < RECENT; i++) {
		if (nodes.recent[i] &&
		    proxy_is_called(proxy_of(nodes.recent[i]), dir, name))
			return &nodes.recent[i];
	}
	return NULL;
}

static void recent_drop(struct fs_node **at, struct drops *drops)
	REQUIRES(session.lock)
{
	drops_add(drops, *at);
	*at = NULL;
}

static void recent_add(struct fs_node *node, struct drops *drops)
	REQUIRES(session.lock)
{
	for (unsigned i = 0; i < RECENT; i++) {
		if (nodes.recent[i] == node)
			return;
	}
	recent_drop(&nodes.recent[nodes.next], drops);
	fs_node_ref(node);
	nodes.recent[nodes.next] = node;
	nodes.next = (nodes.next + 1) % RECENT;
}

void recent_forget(const struct fs_node *dir, const struct fs_name *name,
		   struct drops *drops)
{
	struct fs_node **at = recent_find(dir, name);

	if (at)
		recent_drop(at, drops);
}

/* A reference to a node that was called so last, or NULL. One found lately is
 * not among those any more: the server now knows its fid by another name. */
static struct fs_node *called_find(const struct fs_node *dir,
				   const struct fs_name *name)
	REQUIRES(session.lock)
{
	struct fs_node **at = recent_find(dir, name), *node;

	if (at) {
		node = *at;
		*at = NULL;
		return node;
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		for (struct proxy *p = nodes.buckets[i]; p; p = p->next) {
			if (proxy_is_called(p, dir, name) &&
			    fs_node_try_ref(p->node))
				return p->node;
		}
	}
	return NULL;
}

struct fs_node *proxy_rename(struct fs_node *olddir,
			     const struct fs_name *oldname,
			     struct fs_node *newdir,
			     const struct fs_name *newname, struct drops *drops)
{
	struct fs_node *node = called_find(olddir, oldname);

	if (node && proxy_call(proxy_of(node), newdir, newname, drops)) {
		drops_add(drops, node);
		return NULL;
	}
	return node;
}

/* -- Making nodes ---------------------------------------------------------------- */

static void proxy_free(struct proxy *p)
{
	if (p->name)
		fs_memory_free(session.fs, p->name, p->name_len);
	if (p->target)
		fs_memory_free(session.fs, p->target, p->target_len + 1);
	fs_memory_free(session.fs, p, sizeof(*p));
}

static int target_get(struct proxy *p) REQUIRES(session.lock)
{
	struct message m;
	const void *text;
	size_t len;
	int err;

	message_begin(&m, T_READLINK, false);
	put32(&m, p->fid);
	err = message_call(&m);
	if (err)
		return err;
	len = get16(&m);
	text = get_bytes(&m, len);
	err = message_end(&m);
	if (err)
		return err;
	if (len == 0 || len >= PATH_MAX)
		return -EIO;
	p->target = fs_memory_alloc(session.fs, len + 1);
	if (!p->target)
		return -ENOMEM;
	memcpy(p->target, text, len);
	p->target[len] = '\0';
	p->target_len = len;
	return 0;
}

int node_make(struct fs_node *dir, const struct fs_name *name, uint32_t fid,
	      const struct fs_attr *attr, struct fs_node **nodep)
{
	struct proxy *p = fs_memory_alloc(session.fs, sizeof(*p));
	struct drops none = {.count = 0};
	int err;

	if (!p)
		return -ENOMEM;
	*p = (struct proxy){.path = attr->ino,
			    .size = attr->size,
			    .fid = fid,
			    .made = FID_NONE};
	err = proxy_call(p, dir, name, &none);
	if (!err && S_ISLNK(attr->mode))
		err = target_get(p);
	if (!err)
		err = fs_foreign_make(session.fs, dir, &share_hooks, p, attr,
				      &p->node);
	if (err) {
		/* It is referred to by the caller as well. */
		if (p->parent)
			fs_node_unref(session.fs, p->parent);
		proxy_free(p);
		return err;
	}
	if (!S_ISLNK(attr->mode))
		table_add(p);
	*nodep = p->node;
	return 0;
}

int node_make_top(struct fs_node *dir, uint32_t fid, const struct qid *qid)
{
	struct proxy *p = fs_memory_alloc(session.fs, sizeof(*p));

	if (!p)
		return -ENOMEM;
	*p = (struct proxy){
		.node = dir, .path = qid->path, .fid = fid, .made = FID_NONE};
	fs_foreign_mount(dir, &share_hooks, p);
	return 0;
}

void nodes_end(void)
{
	struct drops drops;

	for (unsigned i = 0; i < RECENT; i++) {
		drops.count = 0;
		lock_write(&session.lock);
		recent_drop(&nodes.recent[i], &drops);
		unlock_write(&session.lock);
		drops_end(&drops);
	}
	nodes.known = NULL;
}

/* -- Fids -------------------------------------------------------------------------- */

int node_fid(struct fs_node *node, uint32_t *fid)
{
	struct proxy *p = proxy_of(node);
	const struct fs_name name = {.text = p->name,
				     .len = (uint32_t)p->name_len};
	struct qid qid = {0};
	uint32_t found;
	int err;

	if (session.lost)
		return -EIO;
	*fid = p->fid;
	if (*fid == FID_NONE && p->files)
		*fid = p->files->fid;
	if (*fid == FID_NONE)
		*fid = p->made;
	if (*fid != FID_NONE)
		return 0;
	/* It was opened and closed: look where it was. Directories always have
	 * one. */
	err = fid_walk(proxy_of(p->parent)->fid, &name, &found, &qid);
	if (err)
		return err;
	if (qid.path != p->path) {
		fid_clunk(found);
		return -ENOENT;
	}
	*fid = p->fid = found;
	return 0;
}

/* -- What fs/ asks for ---------------------------------------------------------------- */

/* Remembers what has just been said about a node, for who asks next. */
static void known_set(struct fs_node *node, const struct fs_attr *attr)
	REQUIRES(session.lock)
{
	nodes.known = node;
	nodes.known_attr = *attr;
	nodes.known_calls = session.calls;
	port_clock_coarse(&nodes.known_sec, &nodes.known_nsec);
}

/* Once, and if nothing has been asked for since, and hardly any time passed. */
static bool known_get(const struct fs_node *node, struct fs_attr *attr)
	REQUIRES(session.lock)
{
	bool fresh = node == nodes.known && nodes.known_calls == session.calls;
	uint32_t nsec;
	int64_t sec;

	nodes.known = NULL;
	if (!fresh)
		return false;
	port_clock_coarse(&sec, &nsec);
	*attr = nodes.known_attr;
	return sec == nodes.known_sec && nsec - nodes.known_nsec < FRESH_NS;
}

/* Has node be found by fid and name, from now on. */
static int node_refind(struct fs_node *dir, const struct fs_name *name,
		       uint32_t fid, const struct fs_attr *attr,
		       struct fs_node *node, struct drops *drops)
	REQUIRES(session.lock)
{
	struct proxy *p = proxy_of(node);
	int err = proxy_call(p, dir, name, drops);

	if (err) {
		drops_add(drops, node);
		return err;
	}
	if (p->fid != FID_NONE)
		fid_clunk(p->fid);
	p->fid = fid;
	p->size = attr->size;
	return 0;
}

static int lookup_walk(struct fs_node *dir, const struct fs_name *name,
		       struct fs_attr *attr, struct fs_node **nodep,
		       struct drops *drops) REQUIRES(session.lock)
{
	struct fs_node *node;
	struct qid qid = {0};
	uint32_t fid;
	int err = fid_walk(proxy_of(dir)->fid, name, &fid, &qid);

	if (err)
		return err;
	err = fid_getattr(fid, attr);
	if (err)
		goto clunk;
	node = S_ISLNK(attr->mode) ? NULL : table_find(attr, dir);
	if (node)
		err = node_refind(dir, name, fid, attr, node, drops);
	else
		err = node_make(dir, name, fid, attr, &node);
	if (err)
		goto clunk;
	if (!S_ISLNK(attr->mode))
		recent_add(node, drops);
	known_set(node, attr);
	*nodep = node;
	return 0;

clunk:
	fid_clunk(fid);
	return err;
}

/* If name meant a node lately, and still does. */
static bool lookup_recent(struct fs_node *dir, const struct fs_name *name,
			  struct fs_attr *attr, struct fs_node **nodep,
			  struct drops *drops) REQUIRES(session.lock)
{
	struct fs_node **at = recent_find(dir, name);
	struct proxy *p;

	if (!at)
		return false;
	p = proxy_of(*at);
	if (p->fid != FID_NONE && !fid_getattr(p->fid, attr) &&
	    attr->ino == p->path &&
	    !((fs_node_mode(*at) ^ attr->mode) & S_IFMT)) {
		p->size = attr->size;
		fs_node_ref(*at);
		*nodep = *at;
		known_set(*at, attr);
		return true;
	}
	recent_drop(at, drops);
	return false;
}

int node_lookup(struct fs_node *dir, const struct fs_name *name,
		struct fs_node **nodep)
{
	struct drops drops = {.count = 0};
	struct fs_node *node = NULL;
	struct fs_attr attr;
	int err = 0;

	lock_write(&session.lock);
	if (!lookup_recent(dir, name, &attr, &node, &drops))
		err = lookup_walk(dir, name, &attr, &node, &drops);
	unlock_write(&session.lock);
	drops_end(&drops);
	if (err)
		return err;
	fs_foreign_update(node, &attr);
	*nodep = node;
	return 0;
}

/* An open file says what it is even if it has no name any more. */
int node_getattr(struct fs_node *node, struct fs_attr *attr)
{
	struct proxy *p = proxy_of(node);
	uint32_t fid;
	int err = 0;

	lock_write(&session.lock);
	if (!known_get(node, attr)) {
		if (p->files)
			fid = p->files->fid;
		else
			err = node_fid(node, &fid);
		if (!err)
			err = fid_getattr(fid, attr);
		if (!err && attr->ino != p->path)
			err = -ENOENT; /* its name is another file's now */
		if (!err)
			p->size = attr->size;
	}
	unlock_write(&session.lock);
	return err;
}

const char *node_target(struct fs_node *link, size_t *len)
{
	const struct proxy *p = proxy_of(link);

	*len = p->target_len;
	return p->target;
}

size_t node_name(struct fs_node *node, char text[static 255],
		 struct fs_node **dirp)
{
	const struct proxy *p = proxy_of(node);
	size_t len;

	lock_read(&session.lock);
	len = p->name_len;
	memcpy(text, p->name, len);
	if (dirp) {
		fs_node_ref(p->parent);
		*dirp = p->parent;
	}
	unlock_read(&session.lock);
	return len;
}

void node_release(struct fs_node *node, void *object)
{
	struct proxy *p = object;
	struct fs_node *parent = p->parent;

	lock_write(&session.lock);
	port_assert(!p->files);
	table_remove(p);
	if (p->fid != FID_NONE)
		fid_clunk(p->fid);
	if (p->made != FID_NONE)
		fid_clunk(p->made);
	if (nodes.known == node)
		nodes.known = NULL;
	unlock_write(&session.lock);
	proxy_free(p);
	if (parent)
		fs_node_unref(session.fs, parent);
}
