/* SPDX-License-Identifier: MIT */
/*
 * The files that the runner brings along: a cpio archive in the "newc" form
 * (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). Regular
 * files are taken; directories come into being on the way to them.
 */
#include "port/guest/internal.h"
#include "syscalls/syscall.h"

#define S_IFMT	0170000U
#define S_IFREG 0100000U

enum { CANNOT_START = 126 }; /* POSIX, Shell Command Language 2.8.2 */

/* All fields are 8 hexadecimal digits. */
struct cpio_header {
	char magic[6];
	char ino[8], mode[8], uid[8], gid[8], nlink[8], mtime[8], filesize[8];
	char devmajor[8], devminor[8], rdevmajor[8], rdevminor[8];
	char namesize[8], check[8];
};

static uint32_t field(const char digits[8])
{
	uint32_t value = 0;
	int i;

	for (i = 0; i < 8; i++) {
		char c = digits[i];

		value = value << 4 |
			(uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

static size_t align4(size_t offset)
{
	return (offset + 3) & ~(size_t)3;
}

static void say(const char *text)
{
	kernel_console_write(2, text, strlen(text));
}

/* Ends the guest as a shell does when a program cannot be started. */
static _Noreturn void refuse(const char *path, int error)
{
	say("whelk: /");
	say(path);
	if (error == -ENOSPC || error == -ENOMEM)
		say(" does not fit into the guest: it needs more memory\n");
	else if (error == -ENAMETOOLONG)
		say(" cannot be put into the guest: the name is too long\n");
	else
		say(" cannot be put into the guest: not a path for a file\n");
	kernel_exit(CANNOT_START);
}

/* Installs the entry at *offset and moves on. Returns false at the end; panics
 * when the archive makes no sense, and ends if its files do not fit. */
static bool entry_unpack(const char *archive, size_t size, size_t *offset)
{
	const struct cpio_header *header = (const void *)(archive + *offset);
	size_t name_at = *offset + sizeof(*header), data_at, next;
	uint32_t mode, len, name_size;
	int error;

	port_assert(size - *offset >= sizeof(*header));
	port_assert(memcmp(header->magic, "070701", 6) == 0);
	mode = field(header->mode);
	len = field(header->filesize);
	name_size = field(header->namesize);
	data_at = align4(name_at + name_size);
	next = align4(data_at + len);
	port_assert(name_size > 0 && data_at + len <= size);
	port_assert(archive[name_at + name_size - 1] == '\0');
	if (strlen(archive + name_at) == 10 &&
	    memcmp(archive + name_at, "TRAILER!!!", 10) == 0)
		return false;
	if ((mode & S_IFMT) == S_IFREG) {
		error = syscall_install(archive + name_at, mode & 07777,
					field(header->mtime), archive + data_at,
					len);
		if (error)
			refuse(archive + name_at, error);
	}
	*offset = next;
	return true;
}

void archive_unpack(const void *archive, size_t size)
{
	size_t offset = 0;

	while (offset < size && entry_unpack(archive, size, &offset))
		;
}
