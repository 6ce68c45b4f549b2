/* SPDX-License-Identifier: MIT */
/*
 * Many files: a tree of 1,000 nested directories with 100,000 files, and then
 * one directory with 1,000,000. Each step touches every file, and what it finds
 * is counted and compared with what must be there.
 *
 *   many [DIRECTORY [FILES]]     works in a fresh directory in there (/tmp);
 *                                FILES instead of 1,000,000 in one directory
 *
 * The directories of the tree have numbers, and a number's digits are the path:
 * directory 345 is "tree/3/4/5", in 34, in 3, in 0, which is "tree" itself. So
 * a directory's number is greater than its parent's.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORIES = 1000, FILES_EACH = 100 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Ends the program unless a count is what it must be. */
static void expect(const char *what, long count, long expected)
{
	if (count == expected)
		return;
	fprintf(stderr, "many: %s: %ld, but it should be %ld\n", what, count,
		expected);
	exit(1);
}

/* A path, good until the next call: directory 345's, for example. */
static const char *directory_path(int directory)
{
	static char path[32];

	if (directory >= 100)
		snprintf(path, sizeof(path), "tree/%d/%d/%d", directory / 100,
			 directory / 10 % 10, directory % 10);
	else if (directory >= 10)
		snprintf(path, sizeof(path), "tree/%d/%d", directory / 10,
			 directory % 10);
	else if (directory > 0)
		snprintf(path, sizeof(path), "tree/%d", directory);
	else
		snprintf(path, sizeof(path), "tree");
	return path;
}

static const char *file_path(char *path, size_t size, int directory,
			     const char *kind, int file)
{
	snprintf(path, size, "%s/%s%02d", directory_path(directory), kind,
		 file);
	return path;
}

/* What belongs into a file: a line that is different for each. */
static int file_text(char *text, size_t size, int directory, int file)
{
	return snprintf(text, size, "file %d of directory %d\n", file,
			directory);
}

static void tree_create(void)
{
	char path[64], text[64];

	for (int d = 0; d < DIRECTORIES; d++) {
		if (mkdir(directory_path(d), 0755))
			fail(directory_path(d));
		for (int f = 0; f < FILES_EACH; f++) {
			int len = file_text(text, sizeof(text), d, f);
			int fd = open(file_path(path, sizeof(path), d, "file",
						f),
				      O_WRONLY | O_CREAT | O_EXCL, 0644);

			if (fd < 0 || write(fd, text, (size_t)len) != len ||
			    close(fd))
				fail(path);
		}
	}
	printf("tree: created %d files in %d directories\n",
	       DIRECTORIES * FILES_EACH, DIRECTORIES);
}

/* Lists every directory; all files' names must begin with kind. */
static void tree_list(const char *kind)
{
	long files = 0, directories = 1;

	for (int d = 0; d < DIRECTORIES; d++) {
		DIR *dir = opendir(directory_path(d));
		struct dirent *entry;

		if (!dir)
			fail(directory_path(d));
		while ((entry = readdir(dir))) {
			if (!strncmp(entry->d_name, kind, strlen(kind)))
				files++;
			else if (entry->d_name[0] != '.')
				directories++;
		}
		closedir(dir);
	}
	expect("files listed", files, DIRECTORIES * FILES_EACH);
	expect("directories listed", directories, DIRECTORIES);
	printf("tree: listed %ld files in %ld directories\n", files,
	       directories);
}

static void tree_stat(void)
{
	char path[64], text[64];
	long long bytes = 0;

	for (int d = 0; d < DIRECTORIES; d++)
		for (int f = 0; f < FILES_EACH; f++) {
			struct stat st;

			if (stat(file_path(path, sizeof(path), d, "file", f),
				 &st))
				fail(path);
			expect("a regular file", S_ISREG(st.st_mode) != 0, 1);
			expect("size", (long)st.st_size,
			       file_text(text, sizeof(text), d, f));
			bytes += st.st_size;
		}
	printf("tree: %lld bytes by stat\n", bytes);
}

static void tree_read(void)
{
	char path[64], text[64], found[64];
	long long bytes = 0;

	for (int d = 0; d < DIRECTORIES; d++)
		for (int f = 0; f < FILES_EACH; f++) {
			int fd = open(file_path(path, sizeof(path), d, "file",
						f),
				      O_RDONLY);
			ssize_t len = read(fd, found, sizeof(found));

			if (fd < 0 || len < 0 || close(fd))
				fail(path);
			expect("bytes read", (long)len,
			       file_text(text, sizeof(text), d, f));
			expect("contents differ",
			       memcmp(found, text, (size_t)len), 0);
			bytes += len;
		}
	printf("tree: %lld bytes by read\n", bytes);
}

/* Moves each file to a new name in the next directory. */
static void tree_rename(void)
{
	char from[64], to[64];

	for (int d = 0; d < DIRECTORIES; d++)
		for (int f = 0; f < FILES_EACH; f++) {
			file_path(from, sizeof(from), d, "file", f);
			file_path(to, sizeof(to), (d + 1) % DIRECTORIES,
				  "moved", f);
			if (rename(from, to))
				fail(from);
		}
	printf("tree: renamed %d files\n", DIRECTORIES * FILES_EACH);
}

/* The greatest number first, so that every directory is empty by its turn. */
static void tree_remove(void)
{
	char path[64];

	for (int d = DIRECTORIES - 1; d >= 0; d--) {
		for (int f = 0; f < FILES_EACH; f++)
			if (unlink(file_path(path, sizeof(path), d, "moved",
					     f)))
				fail(path);
		if (rmdir(directory_path(d)))
			fail(directory_path(d));
	}
	printf("tree: removed %d files and %d directories\n",
	       DIRECTORIES * FILES_EACH, DIRECTORIES);
}

static const char *big_path(char *path, size_t size, long file)
{
	snprintf(path, size, "big/%ld", file);
	return path;
}

static void big_create(long files)
{
	char path[32];

	if (mkdir("big", 0755))
		fail("big");
	for (long f = 0; f < files; f++) {
		int fd = open(big_path(path, sizeof(path), f),
			      O_WRONLY | O_CREAT | O_EXCL, 0644);

		if (fd < 0 || close(fd))
			fail(path);
	}
	printf("big: created %ld files\n", files);
}

/* Lists the directory; each name must come once. */
static void big_list(long files)
{
	char *seen = calloc((size_t)files + 1, 1);
	DIR *dir = opendir("big");
	struct dirent *entry;
	long count = 0;

	if (!seen || !dir)
		fail("listing");
	while ((entry = readdir(dir))) {
		long f;

		if (entry->d_name[0] == '.')
			continue;
		f = atol(entry->d_name);
		expect("a known name", f >= 0 && f < files, 1);
		expect("times that a name was listed", ++seen[f], 1);
		count++;
	}
	closedir(dir);
	free(seen);
	expect("files listed", count, files);
	printf("big: listed %ld files\n", count);
}

static void big_stat(long files)
{
	char path[32];
	struct stat st;

	for (long f = 0; f < files; f++)
		if (stat(big_path(path, sizeof(path), f), &st))
			fail(path);
	expect("a name that is not there",
	       stat(big_path(path, sizeof(path), files), &st), -1);
	printf("big: found %ld files\n", files);
}

static void big_remove(long files)
{
	char path[32];

	for (long f = 0; f < files; f++)
		if (unlink(big_path(path, sizeof(path), f)))
			fail(path);
	if (rmdir("big"))
		fail("big");
	printf("big: removed %ld files\n", files);
}

int main(int argc, char **argv)
{
	char directory[] = "many-XXXXXX";
	long files = argc > 2 ? atol(argv[2]) : 1000000;

	if (chdir(argc > 1 ? argv[1] : "/tmp") || !mkdtemp(directory) ||
	    chdir(directory))
		fail("a fresh directory");

	tree_create();
	tree_list("file");
	tree_stat();
	tree_read();
	tree_rename();
	tree_list("moved");
	tree_remove();

	big_create(files);
	big_list(files);
	big_stat(files);
	big_remove(files);

	if (chdir("..") || rmdir(directory))
		fail("cleaning up");
	return 0;
}
