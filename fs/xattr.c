/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: xattr(7). Few nodes have any, so they are beside the
 * nodes: a hash table leads from a node to its set, and a mark of the node tells
 * that there is one (FS_MARK_XATTRS). A set is a list, the last in the order of
 * names first, as tmpfs lists them; it is never empty. What attributes take is
 * charged to the limit of bytes.
 *
 * DEVIATION: setxattr(2): security.capability stays with a file when that is
 * written to or changes its owner; Linux takes it away. Nothing is executed here
 * that it could concern.
 */
#include "fs/content.h"

#define BUCKETS_MIN ((size_t)16) /* a power of two */

/* Name and value follow one another, without a NUL. */
struct xattr {
	struct xattr *next;
	uint32_t value_len;
	uint8_t name_len;
	char bytes[];
};

struct xattr_set {
	struct xattr_set *next; /* in the bucket; table's lock protects */
	struct fs_node *node;
	struct xattr *first; /* node's lock protects */
};

/* What may be done with names that begin so: xattr(7), namespaces. */
enum space { SPACE_USER, SPACE_TRUSTED, SPACE_SECURITY, SPACE_ACL, SPACE_NONE };

static const struct {
	const char *prefix;
	size_t len;
	enum space space;
} spaces[] = {
	{"user.", 5, SPACE_USER},
	{"trusted.", 8, SPACE_TRUSTED},
	{"security.", 9, SPACE_SECURITY},
	{"system.", 7, SPACE_ACL},
};

/* The namespace of a name, and how long its prefix is. */
static enum space space_of(const struct fs_xattr_name *name, size_t *prefix_len)
{
	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
		*prefix_len = spaces[i].len;
		if (name->len >= spaces[i].len &&
		    memcmp(name->text, spaces[i].prefix, spaces[i].len) == 0)
			return spaces[i].space;
	}
	return SPACE_NONE;
}

/* -- Who may do what --------------------------------------------------------- */

/* User attributes are of files that people keep data in, and in a sticky
 * directory the owner's. */
static int user_check(struct fs_node *node, const struct fs_cred *cred,
		      int want)
{
	bool write = want & W_OK;

	if (!is_reg(node) && !is_dir(node))
		return write ? -EPERM : -ENODATA;
	if (write && is_dir(node) && (node_perm(node) & S_ISVTX) &&
	    cred->uid != 0 && cred->uid != node_uid(node))
		return -EPERM;
	return perm_check(node, cred, want);
}

/* May cred do it at all, and is there such a namespace? The order is that of
 * xattr_permission() and xattr_resolve_name() of Linux's fs/xattr.c. */
static int access_check(struct fs_node *node, const struct fs_xattr_cred *who,
			const struct fs_xattr_name *name, int want)
{
	bool write = want & W_OK;
	size_t prefix_len;
	int err = 0;

	switch (space_of(name, &prefix_len)) {
	case SPACE_USER:
		err = user_check(node, who->cred, want);
		break;
	case SPACE_TRUSTED:
		if (!who->admin)
			err = write ? -EPERM : -ENODATA;
		break;
	case SPACE_SECURITY:
		if (!who->admin && write)
			err = -EPERM;
		break;
	case SPACE_ACL:
		return -EOPNOTSUPP;
	case SPACE_NONE:
		err = perm_check(node, who->cred, want);
		return err ? err : -EOPNOTSUPP;
	}
	if (err)
		return err;
	if (fs_node_marks(node) & FS_MARK_OUTSIDE)
		return -EOPNOTSUPP;
	return name->len > prefix_len ? 0 : -EINVAL;
}

/* -- The table ------------------------------------------------------------------ */

static struct xattr_set **bucket_of(const struct xattr_table *table,
				    const struct fs_node *node)
{
	uint64_t hash = (uint64_t)(uintptr_t)node * 0x9e3779b97f4a7c15U;

	return &table->buckets[(hash >> 32) & (table->buckets_len - 1)];
}

/* The set of a node that has one. */
static struct xattr_set *set_find(struct fs *fs, const struct fs_node *node)
{
	struct xattr_set *set = NULL;

	if (!(fs_node_marks(node) & FS_MARK_XATTRS))
		return NULL;
	lock_read(&fs->xattrs.lock);
	for (set = *bucket_of(&fs->xattrs, node); set->node != node;)
		set = set->next;
	unlock_read(&fs->xattrs.lock);
	return set;
}

/* Makes the table larger, if there is memory; the first time there must be. */
static int table_grow(struct fs *fs) REQUIRES(fs->xattrs.lock)
{
	struct xattr_table *table = &fs->xattrs;
	struct xattr_table old = *table;
	size_t len = old.buckets_len ? old.buckets_len * 2 : BUCKETS_MIN;
	struct xattr_set **buckets =
		mem_alloc(fs, len * sizeof(struct xattr_set *));

	if (!buckets)
		return old.buckets ? 0 : -ENOMEM;
	memset(buckets, 0, len * sizeof(struct xattr_set *));
	table->buckets = buckets;
	table->buckets_len = len;
	for (size_t i = 0; i < old.buckets_len; i++) {
		while (old.buckets[i]) {
			struct xattr_set *set = old.buckets[i];
			struct xattr_set **bucket = bucket_of(table, set->node);

			old.buckets[i] = set->next;
			set->next = *bucket;
			*bucket = set;
		}
	}
	if (old.buckets)
		mem_free(fs, old.buckets,
			 old.buckets_len * sizeof(struct xattr_set *));
	return 0;
}

static void table_free(struct fs *fs) REQUIRES(fs->xattrs.lock)
{
	struct xattr_table *table = &fs->xattrs;

	mem_free(fs, table->buckets,
		 table->buckets_len * sizeof(struct xattr_set *));
	table->buckets = NULL;
	table->buckets_len = 0;
}

/* Gives the node a set, which is empty still. */
static int set_create(struct fs *fs, struct fs_node *node,
		      struct xattr_set **setp) REQUIRES(node->lock)
{
	struct xattr_table *table = &fs->xattrs;
	struct xattr_set *set = mem_alloc(fs, sizeof(*set)), **bucket;
	int err = 0;

	if (!set)
		return -ENOMEM;
	lock_write(&fs->xattrs.lock);
	if (table->sets >= table->buckets_len)
		err = table_grow(fs);
	if (!err) {
		bucket = bucket_of(table, node);
		*set = (struct xattr_set){.next = *bucket, .node = node};
		*bucket = set;
		table->sets++;
		fs_node_mark(node, FS_MARK_XATTRS, 0);
		*setp = set;
	}
	unlock_write(&fs->xattrs.lock);
	if (err)
		mem_free(fs, set, sizeof(*set));
	return err;
}

static void set_destroy(struct fs *fs, struct xattr_set *set)
{
	struct xattr_table *table = &fs->xattrs;
	struct xattr_set **link;

	lock_write(&fs->xattrs.lock);
	for (link = bucket_of(table, set->node); *link != set;)
		link = &(*link)->next;
	*link = set->next;
	table->sets--;
	if (table->sets == 0)
		table_free(fs);
	fs_node_mark(set->node, 0, FS_MARK_XATTRS);
	unlock_write(&fs->xattrs.lock);
	mem_free(fs, set, sizeof(*set));
}

/* -- Attributes ------------------------------------------------------------------- */

static size_t xattr_size(size_t name_len, size_t value_len)
{
	return sizeof(struct xattr) + name_len + value_len;
}

/* What an attribute is charged. */
static uint64_t xattr_charge(const struct xattr *xattr)
{
	return mem_size(xattr_size(xattr->name_len, xattr->value_len));
}

static struct xattr *xattr_create(struct fs *fs,
				  const struct fs_xattr_name *name,
				  const void *value, size_t value_len)
{
	struct xattr *xattr = mem_alloc(fs, xattr_size(name->len, value_len));

	if (!xattr)
		return NULL;
	xattr->next = NULL;
	xattr->name_len = (uint8_t)name->len;
	xattr->value_len = (uint32_t)value_len;
	memcpy(xattr->bytes, name->text, name->len);
	if (value_len)
		memcpy(xattr->bytes + name->len, value, value_len);
	return xattr;
}

static void xattr_free(struct fs *fs, struct xattr *xattr)
{
	mem_free(fs, xattr, xattr_size(xattr->name_len, xattr->value_len));
}

static int name_order(const struct xattr *xattr,
		      const struct fs_xattr_name *name)
{
	size_t len = xattr->name_len < name->len ? xattr->name_len : name->len;
	int order = memcmp(xattr->bytes, name->text, len);

	return order ? order : (int)xattr->name_len - (int)name->len;
}

/* Where in the list the attribute is; or where it would be, and then NULL in
 * *found. set may be NULL. */
static struct xattr **xattr_seek(struct xattr_set *set,
				 const struct fs_xattr_name *name,
				 struct xattr **found)
{
	struct xattr **link = set ? &set->first : NULL;
	int order = 1;

	*found = NULL;
	for (; link && *link; link = &(*link)->next) {
		order = name_order(*link, name);
		if (order <= 0)
			break;
	}
	if (link && *link && order == 0)
		*found = *link;
	return link;
}

/* Reserves, then puts xattr into the place of the old one, if there is one,
 * which is stored for the caller to free. */
static int xattr_put(struct fs *fs, struct fs_node *node, struct xattr *xattr,
		     const struct fs_xattr_name *name, unsigned flags,
		     struct xattr **old) REQUIRES(node->lock)
{
	struct xattr_set *set = set_find(fs, node);
	struct xattr **link = xattr_seek(set, name, old);
	int err;

	if (*old && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!*old && (flags & XATTR_REPLACE))
		return -ENODATA;
	err = space_take(fs, xattr_charge(xattr));
	if (err)
		return err;
	if (!set) {
		err = set_create(fs, node, &set);
		if (err) {
			space_give(fs, xattr_charge(xattr));
			return err;
		}
		link = &set->first;
	}
	/* commit: nothing below can fail */
	xattr->next = *old ? (*old)->next : *link;
	*link = xattr;
	if (*old)
		space_give(fs, xattr_charge(*old));
	node->ctime = node_now();
	return 0;
}

/* Gives a foreign node an attribute, or takes it away if there is no value. */
static int foreign_set(struct fs_node *node, const struct fs_xattr_cred *who,
		       const struct fs_xattr_name *name, const void *value,
		       size_t size, unsigned flags)
{
	int err;

	lock_write(&node->lock);
	err = access_check(node, who, name, W_OK);
	if (!err)
		err = node->foreign.server->xattr_set(node, name, value, size,
						      flags);
	unlock_write(&node->lock);
	return err;
}

int fs_xattr_set(struct fs *fs, struct fs_node *node,
		 const struct fs_xattr_cred *who,
		 const struct fs_xattr_name *name, const void *value,
		 size_t size, unsigned flags)
{
	struct xattr *xattr, *old = NULL;
	int err;

	if (UNLIKELY(is_foreign(node)))
		return foreign_set(node, who, name, value ? value : "", size,
				   flags);
	xattr = xattr_create(fs, name, value, size);
	if (!xattr)
		return -ENOMEM;
	lock_write(&node->lock);
	err = access_check(node, who, name, W_OK);
	if (!err)
		err = xattr_put(fs, node, xattr, name, flags, &old);
	unlock_write(&node->lock);
	if (err)
		xattr_free(fs, xattr);
	else if (old)
		xattr_free(fs, old);
	return err;
}

int fs_xattr_remove(struct fs *fs, struct fs_node *node,
		    const struct fs_xattr_cred *who,
		    const struct fs_xattr_name *name)
{
	struct xattr_set *set;
	struct xattr *xattr = NULL, **link;
	int err;

	if (UNLIKELY(is_foreign(node)))
		return foreign_set(node, who, name, NULL, 0, XATTR_REPLACE);
	lock_write(&node->lock);
	err = access_check(node, who, name, W_OK);
	if (err)
		goto unlock;
	set = set_find(fs, node);
	link = xattr_seek(set, name, &xattr);
	if (!xattr) {
		err = -ENODATA;
		goto unlock;
	}
	/* commit: nothing below can fail */
	*link = xattr->next;
	if (!set->first)
		set_destroy(fs, set);
	space_give(fs, xattr_charge(xattr));
	node->ctime = node_now();
unlock:
	unlock_write(&node->lock);
	if (xattr)
		xattr_free(fs, xattr);
	return err;
}

/* What fs_xattr_get does when that is allowed. */
static ssize_t value_out(struct fs *fs, const struct fs_node *node,
			 const struct fs_xattr_name *name, void *buf,
			 size_t size) REQUIRES_READ(node->lock)
{
	struct xattr *xattr;

	(void)xattr_seek(set_find(fs, node), name, &xattr);
	if (!xattr)
		return -ENODATA;
	if (size && size < xattr->value_len)
		return -ERANGE;
	if (size && xattr->value_len)
		memcpy(buf, xattr->bytes + xattr->name_len, xattr->value_len);
	return xattr->value_len;
}

ssize_t fs_xattr_get(struct fs *fs, struct fs_node *node,
		     const struct fs_xattr_cred *who,
		     const struct fs_xattr_name *name, void *buf, size_t size)
{
	ssize_t result;

	lock_read(&node->lock);
	result = access_check(node, who, name, R_OK);
	if (!result && UNLIKELY(is_foreign(node)))
		result = node->foreign.server->xattr_get(node, name, buf, size);
	else if (!result)
		result = value_out(fs, node, name, buf, size);
	unlock_read(&node->lock);
	return result;
}

ssize_t fs_xattr_list(struct fs *fs, struct fs_node *node,
		      const struct fs_xattr_cred *who, char *buf, size_t size)
{
	struct xattr_set *set;
	size_t len = 0;

	if (UNLIKELY(is_foreign(node)))
		return node->foreign.server->xattr_list(node, buf, size);
	lock_read(&node->lock);
	set = set_find(fs, node);
	for (const struct xattr *x = set ? set->first : NULL; x; x = x->next) {
		struct fs_xattr_name name = {.text = x->bytes,
					     .len = x->name_len};
		size_t prefix_len;

		if (!who->admin &&
		    space_of(&name, &prefix_len) == SPACE_TRUSTED)
			continue;
		if (len + name.len < size) {
			memcpy(buf + len, name.text, name.len);
			buf[len + name.len] = '\0';
		}
		len += name.len + 1;
	}
	unlock_read(&node->lock);
	return size && len > size ? -ERANGE : (ssize_t)len;
}

/* Nobody else has the node any more. */
void xattr_destroy(struct fs *fs, struct fs_node *node)
{
	struct xattr_set *set = set_find(fs, node);

	while (set->first) {
		struct xattr *xattr = set->first;

		set->first = xattr->next;
		space_give(fs, xattr_charge(xattr));
		xattr_free(fs, xattr);
	}
	set_destroy(fs, set);
}

/* Unchecked: no other thread is inside. */
uint64_t xattr_check(struct fs *fs) LOCKS_UNCHECKED
{
	const struct xattr_table *table = &fs->xattrs;
	uint64_t bytes = 0;
	size_t sets = 0;

	port_assert(table->lock.word == 0);
	for (size_t i = 0; i < table->buckets_len; i++) {
		const struct xattr_set *set = table->buckets[i];

		for (; set; set = set->next) {
			const struct xattr *x = set->first;

			port_assert(bucket_of(table, set->node) ==
				    &table->buckets[i]);
			port_assert(fs_node_marks(set->node) & FS_MARK_XATTRS);
			port_assert(x != NULL);
			bytes += xattr_charge(x);
			for (; x->next; x = x->next) {
				struct fs_xattr_name next = {
					.text = x->next->bytes,
					.len = x->next->name_len};

				port_assert(name_order(x, &next) > 0);
				bytes += xattr_charge(x->next);
			}
			sets++;
		}
	}
	port_assert(sets == table->sets);
	port_assert((sets == 0) == (table->buckets == NULL));
	return bytes;
}
