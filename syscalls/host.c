/* SPDX-License-Identifier: MIT */
/*
 * /host: the directory of the host that is shared with the guest. Names and
 * attributes there are fs/'s affair, which asks share/; here are its open files.
 *
 * DEVIATION: mmap(2) of files below /host copies what they contain then, for
 * MAP_PRIVATE, and has zeros behind their end; MAP_SHARED is ENODEV.
 */
#include "syscalls/internal.h"

#include "abi/mman.h"
#include "share/share.h"

#define HOST_MAGIC 0x01021997 /* V9FS_MAGIC, by which programs know it */

static ssize_t host_read(struct file *file, void *buf, size_t count,
			 uint64_t offset)
{
	if (S_ISDIR(fs_node_mode(file->node)))
		return -EISDIR;
	return share_read(file->object, offset, buf, count);
}

static ssize_t host_write(struct file *file, const void *buf, size_t count,
			  uint64_t offset)
{
	setid_drop(file->node, count > 0);
	if (file_flags(file) & O_APPEND) /* also pwrite(2): BUGS */
		offset = share_size(file->object);
	return share_write(file->object, offset, buf, count);
}

static uint64_t host_end(struct file *file)
{
	return share_size(file->object);
}

static int host_list(struct file *file, fs_readdir_fill *fill, void *context,
		     uint64_t *pos, size_t room)
{
	return share_list(file->object, fill, context, pos, room);
}

static int host_append(struct file *file, bool on)
{
	uint32_t flags = file_flags(file) & ~(uint32_t)O_APPEND;

	return share_reopen(file->object, on ? flags | O_APPEND : flags);
}

static int host_sync(struct file *file, bool data)
{
	return share_sync(file->object, data);
}

/* Reads into memory that is to be a mapping, as far as the file goes. */
static int map_fill(struct file *file, char *to, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t got = share_read(file->object, offset, to, len);

		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

static long host_map(struct file *file, void *addr, size_t len, int prot,
		     int flags, uint64_t offset)
{
	long start;
	int err;

	if (S_ISDIR(fs_node_mode(file->node)) ||
	    (flags & MAP_TYPE) != MAP_PRIVATE)
		return -ENODEV;
	start = port_map_anonymous(addr, len, PROT_READ | PROT_WRITE,
				   flags | MAP_ANONYMOUS);
	if (start < 0)
		return start;
	err = map_fill(file, (char *)start, len, offset);
	if (!err && (prot & PROT_ALL) != (PROT_READ | PROT_WRITE))
		err = (int)sys_mprotect((void *)start, len, prot & PROT_ALL);
	if (err) {
		sys_munmap((void *)start, len);
		return err;
	}
	return start;
}

static void host_release(struct file *file)
{
	share_close(file->object);
}

static const struct file_ops host_ops = {.position = POSITION_KEPT,
					 .few_flags = true,
					 .sized = true,
					 .read = host_read,
					 .write = host_write,
					 .end = host_end,
					 .list = host_list,
					 .append = host_append,
					 .sync = host_sync,
					 .map = host_map,
					 .release = host_release};

int host_open(struct file *file, struct fs_node *node, uint32_t flags)
{
	uint32_t type = fs_node_mode(node) & S_IFMT;
	struct share_file *open;
	int err;

	/* A path is only its node; devices and FIFOs are the guest's own. */
	if ((flags & O_PATH) || (type != S_IFREG && type != S_IFDIR))
		return 0;
	err = share_open(node, flags, &open);
	if (err)
		return err;
	file->object = open;
	file->ops = &host_ops;
	return 0;
}

int host_statfs(struct fs_node *node, struct statfs *buf)
{
	struct share_stat stat;
	int err = share_statfs(node, &stat);

	if (err)
		return err;
	*buf = (struct statfs){.f_type = HOST_MAGIC,
			       .f_bsize = stat.block_size,
			       .f_blocks = stat.blocks,
			       .f_bfree = stat.blocks_free,
			       .f_bavail = stat.blocks_avail,
			       .f_files = stat.nodes,
			       .f_ffree = stat.nodes_free,
			       .f_namelen = stat.name_max,
			       .f_frsize = stat.block_size};
	memcpy(&buf->f_fsid, &stat.id, sizeof(stat.id));
	return 0;
}

int host_init(void)
{
	const struct fs_name name = {.text = "host", .len = 4};
	struct fs_node *dir;
	int err = fs_make(process.fs, fs_root(process.fs), &name,
			  S_IFDIR | 0755, 0, cred_now(), NULL, &dir);

	if (err)
		return err;
	err = share_mount(process.fs, dir);
	node_put(dir);
	return err;
}
