/* SPDX-License-Identifier: MIT */
/*
 * The files that --file puts into the guest: one cpio archive in the "newc"
 * format (cpio(5)), which boots with the guest as its first module. It lives
 * in a memfd, so nothing is left behind however the runner ends.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_LEN_MAX 255
#define PATH_LEN_MAX 4095

static void archive_write(struct run_archive *archive, const void *data,
			  size_t len)
{
	int error = run_write_all(archive->fd, data, len);

	if (error)
		run_fail(RUN_FAILED, "cannot keep the files for the guest: %s",
			 strerror(-error));
	archive->size += len;
}

static void archive_pad(struct run_archive *archive)
{
	archive_write(archive, "\0\0\0", -archive->size & 3);
}

/* One entry's header and name; its contents follow. */
static void archive_header(struct run_archive *archive, const char *name,
			   mode_t mode, time_t mtime, off_t size)
{
	char header[111];
	size_t name_size = strlen(name) + 1;

	snprintf(header, sizeof(header),
		 "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 0u, (unsigned)mode, 0u, 0u, 1u, (unsigned)mtime,
		 (unsigned)size, 0u, 0u, 0u, 0u, (unsigned)name_size, 0u);
	archive_write(archive, header, sizeof(header) - 1);
	archive_write(archive, name, name_size);
	archive_pad(archive);
}

/* Where spec ("HOSTPATH[:/GUESTPATH]") says that its file belongs in the
 * guest, without the first slash; cuts spec down to HOSTPATH. */
static char *guest_path(char *spec)
{
	char *colon = NULL, *base, *path;

	for (char *c = spec; (c = strstr(c, ":/")); c++)
		colon = c;
	if (colon)
		*colon = '\0';
	base = strrchr(spec, '/');
	base = base ? base + 1 : spec;
	path = run_alloc((colon ? strlen(colon + 1) : 0) + strlen(base) + 2);
	strcpy(path, colon ? colon + 2 : base);
	if (colon && (!*path || path[strlen(path) - 1] == '/'))
		strcat(path, base);
	return path;
}

/* Each part of a guest path must be a name. */
static void guest_path_check(const char *path)
{
	if (strlen(path) >= PATH_LEN_MAX)
		run_fail(RUN_USAGE, "--file: a path in the guest is too long");
	for (const char *part = path, *end;; part = end + 1) {
		size_t len = strcspn(part, "/");

		end = part + len;
		if (!len || len > NAME_LEN_MAX || (len == 1 && *part == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			run_fail(RUN_USAGE,
				 "--file: /%s is not a plain absolute path",
				 path);
		if (!*end)
			return;
	}
}

/* Is name among the first names of the list? */
static bool name_known(const struct run_strings *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], name))
			return true;
	return false;
}

/* Adds the directories that path lies in, those that are not there yet. */
static void parents_add(struct run_archive *archive, struct run_strings *dirs,
			const struct run_strings *files, char *path)
{
	for (char *c = path; (c = strchr(c, '/')); c++) {
		*c = '\0';
		if (name_known(files, path))
			run_fail(RUN_USAGE,
				 "--file: /%s is a file and a "
				 "directory",
				 path);
		if (!name_known(dirs, path)) {
			run_strings_add(dirs, "%s", path);
			archive_header(archive, path, S_IFDIR | 0755, 0, 0);
		}
		*c = '/';
	}
}

/* Adds the file at host as path. */
static void file_add(struct run_archive *archive, const char *host,
		     const char *path)
{
	static char buf[1 << 16];
	struct stat st;
	off_t left;
	int fd = open(host, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st))
		run_fail(RUN_FAILED, "--file %s: %s", host, strerror(errno));
	if (!S_ISREG(st.st_mode))
		run_fail(RUN_FAILED, "--file %s: not a regular file", host);
	if (st.st_size > UINT32_MAX)
		run_fail(RUN_FAILED, "--file %s: larger than 4 GiB", host);
	archive_header(archive, path, S_IFREG | (st.st_mode & 0777),
		       st.st_mtime, st.st_size);
	for (left = st.st_size; left;) {
		size_t want =
			left < (off_t)sizeof(buf) ? (size_t)left : sizeof(buf);
		ssize_t n = read(fd, buf, want);

		if (n <= 0)
			run_fail(RUN_FAILED, "--file %s: %s", host,
				 n ? strerror(errno) : "became shorter");
		archive_write(archive, buf, (size_t)n);
		left -= n;
	}
	archive_pad(archive);
	close(fd);
}

void run_archive_build(struct run_archive *archive,
		       const struct run_strings *files)
{
	struct run_strings dirs = {0}, names = {0};

	*archive = (struct run_archive){.fd = -1};
	if (!files->count)
		return;
	archive->fd = memfd_create("whelk-files", 0);
	if (archive->fd < 0)
		run_fail(RUN_FAILED, "memfd_create: %s", strerror(errno));
	for (size_t i = 0; i < files->count; i++) {
		char *host = files->items[i];
		char *path = guest_path(host);

		guest_path_check(path);
		if (name_known(&names, path) || name_known(&dirs, path))
			run_fail(RUN_USAGE, "--file: /%s is there twice", path);
		parents_add(archive, &dirs, &names, path);
		run_strings_add(&names, "%s", path);
		file_add(archive, host, path);
		free(path);
	}
	archive_header(archive, "TRAILER!!!", 0, 0, 0);
}
