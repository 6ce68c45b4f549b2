/* SPDX-License-Identifier: MIT */
/*
 * entries COUNT: makes as many files in one directory, looks each up, and lists
 * them while others come and go: those that are there throughout are seen
 * exactly once. Then removes all, and says how long each part took.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#define ROOM	  100000 /* entries that come and go */
#define SWAP_EACH 100

static long count;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void must(long result, const char *what)
{
	if (result < 0)
		fail(what);
}

static void say(const char *what)
{
	static struct timespec last;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (last.tv_sec)
		printf("%s: %.2f s\n", what,
		       (double)(now.tv_sec - last.tv_sec) +
			       (double)(now.tv_nsec - last.tv_nsec) / 1e9);
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &last);
}

static void make(const char *prefix, long i)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "%s%ld", prefix, i);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	must(fd, name);
	must(close(fd), name);
}

static void drop(const char *prefix, long i)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%ld", prefix, i);
	must(unlink(name), name);
}

static void look(void)
{
	char name[32];
	struct stat st;

	for (long i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "f%ld", i);
		must(stat(name, &st), name);
	}
	if (stat("f", &st) == 0 || errno != ENOENT)
		fail("a name that is not there");
}

/* One that came goes, and another one comes. */
static void swap(long turn)
{
	static long made, dropped;

	if (turn % (SWAP_EACH * 2) == 0)
		make("x", made++);
	else if (turn % SWAP_EACH == 0 && dropped < ROOM)
		drop("o", dropped++);
}

static void list(void)
{
	unsigned char *seen = calloc((size_t)count, 1);
	DIR *dir = opendir(".");
	struct dirent *entry;
	long found = 0, turn = 0;

	if (!seen || !dir)
		fail("list");
	while ((entry = readdir(dir)) != NULL) {
		swap(turn++);
		if (entry->d_name[0] != 'f')
			continue;
		if (seen[atol(entry->d_name + 1)]++)
			fail("seen twice");
		found++;
	}
	if (found != count)
		fail("not all seen");
	closedir(dir);
	free(seen);
}

static void empty(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			must(unlink(entry->d_name), entry->d_name);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	struct statfs before, after;

	count = argc > 1 ? atol(argv[1]) : 1000;
	must(mkdir("/tmp/d", 0755), "mkdir");
	must(chdir("/tmp/d"), "chdir");
	must(statfs(".", &before), "statfs");
	say("");
	for (long i = 0; i < ROOM; i++)
		make("o", i);
	for (long i = 0; i < count; i++)
		make("f", i);
	say("made");
	look();
	say("looked up");
	list();
	say("listed");
	empty();
	say("removed");
	must(statfs(".", &after), "statfs");
	must(rmdir("/tmp/d"), "rmdir");
	if (before.f_ffree != after.f_ffree)
		fail("nodes left");
	return 0;
}
