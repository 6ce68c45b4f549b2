/* SPDX-License-Identifier: MIT */
/*
 * Directories: make one, put files into it, list them, rename some, look at
 * what is there now, and remove everything. Listings are sorted, because the
 * order in which readdir returns names is up to the file system.
 *
 *   directories [DIRECTORY]      works in a fresh directory in there (/tmp)
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const planets[] = {"mercury", "venus", "earth", "mars"};
#define PLANETS (sizeof(planets) / sizeof(*planets))

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Creates a file that contains its own path and a newline. */
static void create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	ssize_t len = (ssize_t)strlen(path);

	if (fd < 0 || write(fd, path, (size_t)len) != len ||
	    write(fd, "\n", 1) != 1 || close(fd))
		fail(path);
}

/* scandir calls this for each entry: all but "." and "..". */
static int is_visible(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

/* Prints what is in a directory: its entries, sorted, with kind and size. */
static void list(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_visible, alphasort);

	if (count < 0)
		fail(path);
	printf("%s has %d entries\n", path, count);
	for (int i = 0; i < count; i++) {
		char name[512];
		struct stat st;

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (lstat(name, &st))
			fail(name);
		if (S_ISDIR(st.st_mode))
			printf("  %s, a directory\n", entries[i]->d_name);
		else
			printf("  %s, %lld bytes\n", entries[i]->d_name,
			       (long long)st.st_size);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	char directory[] = "directories-XXXXXX";
	char path[100];

	if (chdir(argc > 1 ? argv[1] : "/tmp") || !mkdtemp(directory) ||
	    chdir(directory))
		fail("a fresh directory");

	if (mkdir("sky", 0755) || mkdir("sky/moons", 0755))
		fail("mkdir");
	for (size_t i = 0; i < PLANETS; i++) {
		snprintf(path, sizeof(path), "sky/%s", planets[i]);
		create(path);
	}
	list("sky");

	/* A rename within the directory, one into another, and one that
	 * replaces a file that is there. */
	if (rename("sky/earth", "sky/blue planet") ||
	    rename("sky/mercury", "sky/moons/mercury") ||
	    rename("sky/mars", "sky/venus"))
		fail("rename");
	list("sky");
	list("sky/moons");

	/* A directory can be removed only when it is empty. */
	if (!rmdir("sky") || (errno != ENOTEMPTY && errno != EEXIST))
		fail("rmdir of a directory with entries");
	printf("sky is not empty\n");

	if (unlink("sky/blue planet") || unlink("sky/venus") ||
	    unlink("sky/moons/mercury"))
		fail("unlink");
	list("sky");
	if (rmdir("sky/moons") || rmdir("sky"))
		fail("rmdir");
	list(".");

	if (chdir("..") || rmdir(directory))
		fail("cleaning up");
	return 0;
}
