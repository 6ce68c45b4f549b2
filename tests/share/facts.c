/* SPDX-License-Identifier: MIT */
/*
 * facts WHAT: what must hold of /host in a guest, beside what tests/share.sh
 * compares with Linux. Ends the program at the first that does not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOLDS(expr)	   ((expr) ? (void)0 : fail(__LINE__, #expr))
#define FAILS(expr, error) HOLDS((expr) == -1 && errno == (error))

static _Noreturn void fail(int line, const char *expr)
{
	printf("line %d does not hold: %s (%s)\n", line, expr, strerror(errno));
	exit(1);
}

static void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	HOLDS(fd >= 0 &&
	      write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	HOLDS(close(fd) == 0);
}

static bool file_is(const char *path, const char *text)
{
	char buffer[100];
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, buffer, sizeof(buffer));

	close(fd);
	return len == (ssize_t)strlen(text) &&
	       !memcmp(buffer, text, (size_t)len);
}

/* Nothing goes from one file system to the other but by copying. */
static void between(void)
{
	struct stat here, there;
	int from, to;

	file_write("/tmp/here", "from here");
	file_write("/host/there", "from there");
	FAILS(rename("/tmp/here", "/host/here"), EXDEV);
	FAILS(rename("/host/there", "/tmp/there"), EXDEV);
	FAILS(link("/tmp/here", "/host/here"), EXDEV);
	FAILS(link("/host/there", "/tmp/there"), EXDEV);
	FAILS(rename("/host", "/elsewhere"), EBUSY);
	FAILS(rename("/tmp", "/host"), EBUSY);
	FAILS(rmdir("/host"), EBUSY);
	HOLDS(stat("/tmp/here", &here) == 0 && stat("/host", &there) == 0);
	HOLDS(here.st_dev != there.st_dev);
	from = open("/tmp/here", O_RDONLY);
	to = open("/host/copy", O_RDWR | O_CREAT, 0600);
	FAILS(copy_file_range(from, NULL, to, NULL, 9, 0), EXDEV);
	HOLDS(sendfile(to, from, NULL, 9) == 9);
	close(from);
	from = open("/host/there", O_RDONLY);
	HOLDS(copy_file_range(from, NULL, to, NULL, 10, 0) == 10);
	close(from);
	close(to);
	HOLDS(file_is("/host/copy", "from herefrom there"));
	HOLDS(unlink("/host/copy") == 0 && unlink("/host/there") == 0);
}

/* Links are walked in the guest: they lead to its own files. */
static void links(void)
{
	char text[100];

	HOLDS(mkdir("/tmp/outside", 0755) == 0);
	file_write("/tmp/outside/secret", "the guest's");
	HOLDS(file_is("/host/absolute", "the guest's"));
	HOLDS(readlink("/host/absolute", text, 100) == 19);
	HOLDS(file_is("/host/relative", "the guest's"));
	HOLDS(file_is("/host/dir/up", "inside"));
	FAILS(open("/host/etc/passwd", O_RDONLY), ENOENT);
	FAILS(open("/host/../secret", O_RDONLY), ENOENT);
	FAILS(open("/host/dir/../../secret", O_RDONLY), ENOENT);
	FAILS(open("/host/loop", O_RDONLY), ELOOP);
	FAILS(open("/host/absolute", O_RDONLY | O_NOFOLLOW), ELOOP);
	HOLDS(symlink("/host/file", "/tmp/in") == 0);
	HOLDS(file_is("/tmp/in", "inside"));
	HOLDS(chdir("/host/dir") == 0 && chdir("..") == 0);
	HOLDS(getcwd(text, 100) && !strcmp(text, "/host"));
	HOLDS(chdir("..") == 0 && getcwd(text, 100) && !strcmp(text, "/"));
}

/* What is open lives on; a directory that moves takes the current one along. */
static void names(void)
{
	char text[100];
	struct stat st;
	int fd;

	file_write("/host/f", "before");
	fd = open("/host/f", O_RDWR);
	HOLDS(unlink("/host/f") == 0);
	HOLDS(pwrite(fd, "B", 1, 0) == 1 && pread(fd, text, 9, 0) == 6);
	HOLDS(!memcmp(text, "Before", 6));
	HOLDS(lseek(fd, 0, SEEK_END) == 6);
	HOLDS(fstat(fd, &st) == 0 && st.st_size == 6);
	file_write("/host/f", "another");
	HOLDS(pread(fd, text, 9, 0) == 6);
	close(fd);
	HOLDS(mkdir("/host/d", 0755) == 0 && mkdir("/host/d/e", 0755) == 0);
	HOLDS(mkdir("/host/other", 0755) == 0 && chdir("/host/d/e") == 0);
	HOLDS(rename("/host/d", "/host/other/d2") == 0);
	HOLDS(getcwd(text, 100) && !strcmp(text, "/host/other/d2/e"));
	file_write("made", "in it");
	HOLDS(file_is("/host/other/d2/e/made", "in it"));
	HOLDS(chdir("../..") == 0 && getcwd(text, 100));
	HOLDS(!strcmp(text, "/host/other"));
	fd = open("/host/f", O_RDWR | O_APPEND);
	HOLDS(pwrite(fd, "!", 1, 0) == 1 && file_is("/host/f", "another!"));
	HOLDS(fcntl(fd, F_SETFL, 0) == 0 && pwrite(fd, "A", 1, 0) == 1);
	HOLDS(file_is("/host/f", "Another!"));
	HOLDS(fcntl(fd, F_SETFL, O_APPEND) == 0 && write(fd, "?", 1) == 1);
	HOLDS(lseek(fd, 0, SEEK_CUR) == 9 && file_is("/host/f", "Another!?"));
	close(fd);
	fd = open("/host/f", O_RDONLY);
	HOLDS(readlink("/proc/self/fd/3", text, 100) == 7);
	HOLDS(!memcmp(text, "/host/f", 7));
	close(fd);
	HOLDS(chdir("/") == 0);
}

/* A name that was another file's before, which is still open, and is renamed. */
static void renamed(void)
{
	char path[32];
	struct stat st;

	for (int i = 0; i < 16; i++) {
		int fd;

		snprintf(path, sizeof(path), "/host/name%d", i);
		file_write(path, "old");
		fd = open(path, O_RDONLY);
		HOLDS(unlink(path) == 0);
		file_write(path, "new");
		HOLDS(stat(path, &st) == 0);
		HOLDS(rename(path, "/host/moved") == 0);
		FAILS(access(path, F_OK), ENOENT);
		HOLDS(file_is("/host/moved", "new"));
		close(fd);
	}
}

/* Many entries, more than one message takes. */
static void many(void)
{
	char path[64];
	unsigned count = 0;
	DIR *dir;

	HOLDS(mkdir("/host/many", 0755) == 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/host/many/file-%d", i);
		close(open(path, O_CREAT | O_WRONLY, 0644));
	}
	dir = opendir("/host/many");
	while (readdir(dir))
		count++;
	HOLDS(count == 1002);
	rewinddir(dir);
	HOLDS(readdir(dir) != NULL);
	closedir(dir);
}

/* Large pieces, and memory that cannot be had, or only by a fault. */
static void contents(void)
{
	const size_t size = 3 << 20;
	char *bytes = malloc(size), *back = calloc(1, size), *map, *shared;
	int fd = open("/host/large", O_RDWR | O_CREAT, 0600), file;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 7 + i / 4096);
	HOLDS(write(fd, bytes, size) == (ssize_t)size);
	HOLDS(pread(fd, back, size, 0) == (ssize_t)size);
	HOLDS(!memcmp(bytes, back, size));
	FAILS(write(fd, (void *)8, 100), EFAULT);
	FAILS(pread(fd, (void *)8, 100, 0), EFAULT);
	HOLDS(pread(fd, back, size, (off_t)size - 5) == 5);
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	HOLDS(map != MAP_FAILED && !memcmp(map, bytes, size));
	HOLDS(mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED &&
	      errno == ENODEV);
	file = open("/tmp/mapped", O_RDWR | O_CREAT, 0600);
	HOLDS(ftruncate(file, (off_t)size) == 0);
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	HOLDS(shared != MAP_FAILED);
	HOLDS(pread(fd, shared, size, 0) == (ssize_t)size);
	HOLDS(!memcmp(shared, bytes, size));
	HOLDS(pwrite(fd, shared + 4096, 8192, 0) == 8192);
	HOLDS(pread(fd, back, 8192, 0) == 8192);
	HOLDS(!memcmp(back, bytes + 4096, 8192));
	close(file);
	close(fd);
	HOLDS(unlink("/host/large") == 0);
}

/* What cannot be done is refused by its name. */
static void refused(void)
{
	struct statfs fs;
	int fd = open("/host/file", O_RDWR);

	HOLDS(statfs("/host", &fs) == 0 && fs.f_type == 0x01021997);
	FAILS(open("/host", O_TMPFILE | O_RDWR, 0600), EOPNOTSUPP);
	FAILS(syscall(SYS_renameat2, AT_FDCWD, "/host/file", AT_FDCWD,
		      "/host/x", 1),
	      EINVAL);
	FAILS(fallocate(fd, 0, 0, 100), EOPNOTSUPP);
	FAILS(inotify_add_watch(inotify_init(), "/host", IN_ALL_EVENTS),
	      EOPNOTSUPP);
	FAILS(lseek(fd, 100, SEEK_DATA), ENXIO);
	HOLDS(lseek(fd, 2, SEEK_HOLE) == 6);
	close(fd);
}

static void readonly(void)
{
	int fd = open("/host/file", O_RDONLY);

	HOLDS(file_is("/host/file", "inside"));
	FAILS(open("/host/file", O_WRONLY), EROFS);
	FAILS(open("/host/new", O_WRONLY | O_CREAT, 0644), EROFS);
	FAILS(unlink("/host/file"), EROFS);
	FAILS(mkdir("/host/new", 0755), EROFS);
	FAILS(rename("/host/file", "/host/new"), EROFS);
	FAILS(truncate("/host/file", 0), EROFS);
	FAILS(chmod("/host/file", 0600), EROFS);
	FAILS(symlink("x", "/host/new"), EROFS);
	close(fd);
}

/* The server is not there. */
static void lost(void)
{
	FAILS(open("/host/file", O_RDONLY), EIO);
	FAILS(mkdir("/host/new", 0755), EIO);
	FAILS(access("/host/file", R_OK), EIO);
	HOLDS(access("/tmp", R_OK) == 0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {{"between", between}, {"links", links},
		     {"names", names},	   {"renamed", renamed},
		     {"many", many},	   {"contents", contents},
		     {"refused", refused}, {"readonly", readonly},
		     {"lost", lost}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (argc > 1 && !strcmp(argv[1], parts[i].name)) {
			parts[i].run();
			printf("%s holds\n", argv[1]);
			return 0;
		}
	}
	return 2;
}
