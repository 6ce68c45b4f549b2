/* SPDX-License-Identifier: MIT */
/*
 * mmap(2): what it says about files. Where mappings are, and what else is done
 * with them, is the home's (port/map.h); here it gets a file's pages. A mapping
 * refers to the file's node, so it outlives descriptor and name.
 */
#include "syscalls/internal.h"
#include "abi/mman.h"

static int mapped_page(void *file, uint64_t index, int how,
		       port_map_install *install, void *context)
{
	return fs_map_page(process.fs, file, index, how, install, context);
}

static int mapped_remove(void *file, uint64_t offset, uint64_t len)
{
	return fs_punch(process.fs, file, offset, len);
}

static void mapped_unref(void *file)
{
	node_put(file);
}

static const struct port_map_ops mapped_ops = {
	.page = mapped_page, .remove = mapped_remove, .unref = mapped_unref};

/* The errors that come before the file is looked at. */
static int span_check(const void *addr, size_t len, int flags, uint64_t offset)
{
	const uint64_t offset_max = INT64_MAX;
	uint64_t end;

	if ((flags & MAP_HUGETLB) || len == 0)
		return -EINVAL;
	if (len > SIZE_MAX - (PAGE_SIZE - 1))
		return -ENOMEM;
	if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) &&
	    ((uintptr_t)addr & (PAGE_SIZE - 1)))
		return -EINVAL;
	if ((intptr_t)len < 0 || len >> 47)
		return -ENOMEM; /* more than there are addresses */
	len = (len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	if (__builtin_add_overflow(offset, len, &end) || end > offset_max)
		return -EOVERFLOW;
	return 0;
}

/* Those that depend on how the file was opened, and on what it is. */
static int access_check(const struct file *file, int prot, int flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (flags & ~MAP_LEGACY)
			return -EOPNOTSUPP;
		__attribute__((fallthrough));
	case MAP_SHARED:
		if ((prot & PROT_WRITE) && !file_writable(file))
			return -EACCES;
		__attribute__((fallthrough));
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}
	if (!file_readable(file))
		return -EACCES;
	if (file->ops ? !file->ops->mmap && !file->ops->map
		      : !S_ISREG(fs_node_mode(file->node)))
		return -ENODEV;
	return 0;
}

static long map_file(struct file *file, void *addr, size_t len, int prot,
		     int flags, uint64_t offset)
{
	struct port_map_source source = {
		.ops = &mapped_ops,
		.file = file->node,
		.offset = offset,
		.may_write = file_writable(file),
	};
	long result;

	if (file->ops && file->ops->map)
		return file->ops->map(file, addr, len, prot, flags, offset);
	if (file->ops) {
		if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE)
			flags = (flags & ~MAP_TYPE) | MAP_SHARED;
		return file->ops->mmap(addr, len, prot, flags | MAP_ANONYMOUS);
	}
	fs_node_ref(file->node);
	result = port_map_file(addr, len, prot & PROT_ALL, flags, &source);
	if (result < 0)
		node_put(file->node);
	else if (!(file_flags(file) & O_NOATIME))
		fs_accessed(file->node);
	return result;
}

/* mmap(2). */
long sys_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	struct file *file;
	long result;

	if ((uint64_t)offset & (PAGE_SIZE - 1))
		return -EINVAL;
	if (flags & MAP_ANONYMOUS)
		return port_map_anonymous(addr, len, prot, flags);
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	result = span_check(addr, len, flags, (uint64_t)offset);
	if (!result)
		result = access_check(file, prot, flags);
	if (!result)
		result = map_file(file, addr, len, prot, flags,
				  (uint64_t)offset);
	file_put(file);
	return result;
}
