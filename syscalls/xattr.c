/* SPDX-License-Identifier: MIT */
/*
 * The calls about extended attributes, each by path, by path without following
 * the last link, and by descriptor: setxattr(2), getxattr(2), listxattr(2),
 * removexattr(2). Arguments are looked at before the path, as on Linux.
 */
#include "syscalls/internal.h"
#include "syscalls/notify.h"
#include "abi/xattr.h"

/* Which file a call is about: of a path, or if that is not by_path, of fd. */
struct target {
	bool by_path;
	const char *path;
	int flags; /* AT_SYMLINK_NOFOLLOW */
	int fd;
	bool or_cwd; /* it may be AT_FDCWD, as on Linux since 6.13 */
};

#define BY_PATH(p)                           \
	(struct target)                      \
	{                                    \
		.by_path = true, .path = (p) \
	}
#define BY_LINK(p)                                                         \
	(struct target)                                                    \
	{                                                                  \
		.by_path = true, .path = (p), .flags = AT_SYMLINK_NOFOLLOW \
	}
#define BY_FD(n)          \
	(struct target)   \
	{                 \
		.fd = (n) \
	}

#define BY_FD_OR_CWD(n)                   \
	(struct target)                   \
	{                                 \
		.fd = (n), .or_cwd = true \
	}

static int target_find(struct target target, struct fs_node **nodep)
{
	struct file *file;

	if (target.by_path)
		return path_node(AT_FDCWD, target.path, target.flags, nodep);
	if (target.fd == AT_FDCWD && target.or_cwd)
		return path_node(AT_FDCWD, "", AT_EMPTY_PATH, nodep);
	file = fd_get(target.fd);
	if (!file)
		return -EBADF;
	*nodep = file->node;
	fs_node_ref(*nodep);
	file_put(file);
	return 0;
}

/* Tells who watches, if err says that something changed. */
static void target_changed(struct target target, int err)
{
	struct file *file;

	if (target.by_path) {
		notify_path(AT_FDCWD, target.path, target.flags, IN_ATTRIB,
			    err);
		return;
	}
	if (target.fd == AT_FDCWD && target.or_cwd)
		notify_path(AT_FDCWD, "", AT_EMPTY_PATH, IN_ATTRIB, err);
	file = UNLIKELY(notify_wanted()) ? fd_get(target.fd) : NULL;
	if (file) {
		notify_file(file, IN_ATTRIB, err);
		file_put(file);
	}
}

static struct fs_xattr_cred who_now(void)
{
	return (struct fs_xattr_cred){.cred = cred_now(),
				      .admin = cred_capable()};
}

/* A name as the call gives it, copied. */
struct name {
	struct fs_xattr_name x;
	char text[XATTR_NAME_MAX + 1];
};

/* -EFAULT, or -ERANGE if it is empty or too long. */
static int name_take(const char *text, struct name *name)
{
	ssize_t len = user_strlen(text, sizeof(name->text));

	if (len < 0)
		return (int)len;
	if (len == 0 || len == sizeof(name->text))
		return -ERANGE;
	if (user_copy(name->text, text, (size_t)len))
		return -EFAULT;
	name->x.text = name->text;
	name->x.len = (size_t)len;
	return 0;
}

static size_t pages_of(size_t size)
{
	return (size + PAGE_SIZE - 1) / PAGE_SIZE;
}

/* Memory for what is copied from the caller, or to him, while no lock is held:
 * NULL for nothing. -ENOMEM. */
static int buffer_make(size_t size, void **buffer)
{
	*buffer = NULL;
	if (size == 0)
		return 0;
	*buffer = port_pages_alloc(pages_of(size));
	return *buffer ? 0 : -ENOMEM;
}

static void buffer_free(void *buffer, size_t size)
{
	if (buffer)
		port_pages_free(buffer, pages_of(size));
}

static bool is_capability(const struct fs_xattr_name *name)
{
	static const char capability[] = "security.capability";

	return name->len == sizeof(capability) - 1 &&
	       memcmp(name->text, capability, name->len) == 0;
}

/* File capabilities have a form: capabilities(7), versions 2 and 3. */
static int capability_check(const struct fs_xattr_name *name, const void *value,
			    size_t size)
{
	uint32_t version;

	if (size == 0 || !is_capability(name))
		return 0;
	if (size != 20 && size != 24)
		return -EINVAL;
	memcpy(&version, value, sizeof(version));
	version &= ~1U; /* the effective flag */
	return version == (size == 20 ? 0x02000000 : 0x03000000) ? 0 : -EINVAL;
}

static long set(struct target target, const char *text, const void *value,
		size_t size, int flags)
{
	const struct fs_xattr_cred who = who_now();
	struct fs_node *node;
	struct name name;
	void *copy;
	int err;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	err = name_take(text, &name);
	if (!err && size > XATTR_SIZE_MAX)
		err = -E2BIG;
	if (!err)
		err = buffer_make(size, &copy);
	if (err)
		return err;
	if (size && user_copy(copy, value, size))
		err = -EFAULT;
	if (!err)
		err = target_find(target, &node);
	if (err)
		goto free;
	err = capability_check(&name.x, copy, size);
	if (!err)
		err = fs_xattr_set(process.fs, node, &who, &name.x, copy, size,
				   (unsigned)flags);
	target_changed(target, err);
	node_put(node);
free:
	buffer_free(copy, size);
	return err;
}

/* Hands result bytes of the buffer out, and frees it. */
static long buffer_give(long result, void *to, void *buffer, size_t size)
{
	if (size && result > 0 && user_copy(to, buffer, (size_t)result))
		result = -EFAULT;
	buffer_free(buffer, size);
	return result;
}

static long get(struct target target, const char *text, void *value,
		size_t size)
{
	const struct fs_xattr_cred who = who_now();
	struct fs_node *node;
	struct name name;
	void *buffer;
	long result = name_take(text, &name);

	if (!result)
		result = target_find(target, &node);
	if (result)
		return result;
	if (size > XATTR_SIZE_MAX)
		size = XATTR_SIZE_MAX;
	result = buffer_make(size, &buffer);
	if (!result)
		result = fs_xattr_get(process.fs, node, &who, &name.x, buffer,
				      size);
	if (result == 0 && is_capability(&name.x))
		result = -EINVAL; /* it may be set to nothing, but not read */
	node_put(node);
	return buffer_give(result, value, buffer, size);
}

static long list(struct target target, char *names, size_t size)
{
	const struct fs_xattr_cred who = who_now();
	struct fs_node *node;
	void *buffer;
	long result = target_find(target, &node);

	if (result)
		return result;
	if (size > XATTR_LIST_MAX)
		size = XATTR_LIST_MAX;
	result = buffer_make(size, &buffer);
	if (!result)
		result = fs_xattr_list(process.fs, node, &who, buffer, size);
	if (result == -ERANGE && size == XATTR_LIST_MAX)
		result = -E2BIG;
	node_put(node);
	return buffer_give(result, names, buffer, size);
}

static long remove(struct target target, const char *text)
{
	const struct fs_xattr_cred who = who_now();
	struct fs_node *node;
	struct name name;
	int err = name_take(text, &name);

	if (!err)
		err = target_find(target, &node);
	if (err)
		return err;
	err = fs_xattr_remove(process.fs, node, &who, &name.x);
	target_changed(target, err);
	node_put(node);
	return err;
}

long sys_setxattr(const char *path, const char *name, const void *value,
		  size_t size, int flags)
{
	return set(BY_PATH(path), name, value, size, flags);
}

long sys_lsetxattr(const char *path, const char *name, const void *value,
		   size_t size, int flags)
{
	return set(BY_LINK(path), name, value, size, flags);
}

long sys_fsetxattr(int fd, const char *name, const void *value, size_t size,
		   int flags)
{
	return set(BY_FD_OR_CWD(fd), name, value, size, flags);
}

long sys_getxattr(const char *path, const char *name, void *value, size_t size)
{
	return get(BY_PATH(path), name, value, size);
}

long sys_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
	return get(BY_LINK(path), name, value, size);
}

long sys_fgetxattr(int fd, const char *name, void *value, size_t size)
{
	return get(BY_FD_OR_CWD(fd), name, value, size);
}

long sys_listxattr(const char *path, char *names, size_t size)
{
	return list(BY_PATH(path), names, size);
}

long sys_llistxattr(const char *path, char *names, size_t size)
{
	return list(BY_LINK(path), names, size);
}

long sys_flistxattr(int fd, char *names, size_t size)
{
	return list(BY_FD(fd), names, size);
}

long sys_removexattr(const char *path, const char *name)
{
	return remove(BY_PATH(path), name);
}

long sys_lremovexattr(const char *path, const char *name)
{
	return remove(BY_LINK(path), name);
}

long sys_fremovexattr(int fd, const char *name)
{
	return remove(BY_FD(fd), name);
}
