/* SPDX-License-Identifier: MIT */
/*
 * Time stamps: which call changes atime (a), mtime (m) and ctime (c) of which
 * file. Before each call the clock goes on by more than a tick.
 */
#include "transcript.h"

#include <time.h>

#define WATCHED 4

/* Names of what a call may touch: a missing one is not said. */
static const char *watched[WATCHED];
static struct stat before[WATCHED];
static bool there[WATCHED];

static void tick(void)
{
	static const struct timespec pause = {0, 12000000};

	nanosleep(&pause, NULL);
}

static bool same(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void watch(void)
{
	for (int i = 0; i < WATCHED; i++)
		there[i] = watched[i] && lstat(watched[i], &before[i]) == 0;
	tick();
}

static void changed(const char *what, long result)
{
	struct stat st;

	printf("%s: %s", what, outcome(result));
	for (int i = 0; i < WATCHED; i++) {
		if (!watched[i] || lstat(watched[i], &st))
			continue;
		printf(" %s:", watched[i]);
		if (!there[i]) {
			printf("new%s%s",
			       same(st.st_atim, st.st_mtim) ? "=" : "!",
			       same(st.st_ctim, st.st_mtim) ? "=" : "!");
			continue;
		}
		printf("%s%s%s", same(st.st_atim, before[i].st_atim) ? "" : "a",
		       same(st.st_mtim, before[i].st_mtim) ? "" : "m",
		       same(st.st_ctim, before[i].st_ctim) ? "" : "c");
	}
	putchar('\n');
}

#define TRY(expr) (watch(), errno = 0, changed(#expr, (long)(expr)))

/* Sets atime back, so that reading changes it (mount(8), relatime). */
static void age(const char *path)
{
	static const struct timespec times[2] = {{1000, 0}, {2000, 0}};

	must(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0, path);
}

static void contents(void)
{
	char buf[10] = "";
	struct iovec iov = {buf, 2};
	struct stat st;
	int fd;

	watched[0] = "f";
	watched[1] = ".";
	TRY(fd = open("f", O_RDWR | O_CREAT, 0644));
	TRY(close(open("f", O_RDONLY)));
	TRY(close(open("f", O_RDWR | O_CREAT, 0644)));
	TRY(close(open("f", O_WRONLY | O_TRUNC)));
	TRY(write(fd, "hello", 5));
	TRY(write(fd, "", 0));
	TRY(pwrite(fd, "h", 1, 0));
	TRY(writev(fd, &iov, 1));
	TRY(writev(fd, &iov, 0));
	TRY(close(open("f", O_WRONLY | O_TRUNC)));
	TRY(close(open("f", O_WRONLY | O_CREAT | O_TRUNC, 0644)));
	TRY(write(fd, "hello", 5));
	age("f");
	TRY(pread(fd, buf, 1, 0));
	TRY(pread(fd, buf, 1, 0));
	TRY(write(fd, "x", 1));
	TRY(pread(fd, buf, 1, 0));
	TRY(pread(fd, buf, 1, 0));
	TRY(chmod("f", 0600));
	TRY(pread(fd, buf, 1, 0));
	TRY(pread(fd, buf, 1, 0));
	age("f");
	TRY(pread(fd, buf, 0, 0));
	age("f");
	TRY(pread(fd, buf, 1, 1000));
	age("f");
	TRY(readv(fd, &iov, 0));
	age("f");
	TRY(preadv(fd, &iov, 1, 0));
	age("f");
	TRY(lseek(fd, 0, SEEK_END));
	TRY(lseek(fd, 0, SEEK_DATA));
	TRY(fcntl(fd, F_SETFL, O_NOATIME));
	TRY(read(fd, buf, 1));
	TRY(fcntl(fd, F_SETFL, 0));
	TRY(read(fd, buf, 1));
	TRY(ftruncate(fd, 100));
	TRY(ftruncate(fd, 100));
	TRY(ftruncate(fd, 10));
	TRY(truncate("f", 10));
	TRY(truncate("f", 0));
	/* of the same size once more: attr.c, DEVIATION */
	TRY(fstat(fd, &st));
	TRY(fsync(fd));
	TRY(fdatasync(fd));
	TRY(close(fd));
	TRY(access("f", R_OK));
	TRY(open("f", O_CREAT | O_EXCL, 0600));
	TRY(unlink("f"));
}

static void attributes(void)
{
	static const struct timespec set[2] = {{1, 0}, {2, 0}};
	static const struct timespec omit[2] = {{1, UTIME_OMIT},
						{2, UTIME_OMIT}};
	static const struct timespec now[2] = {{1, UTIME_NOW}, {2, UTIME_NOW}};
	static const struct timespec half[2] = {{1, UTIME_NOW},
						{2, UTIME_OMIT}};
	struct stat st;

	make("f", "x");
	symlink("f", "l");
	mkdir("d", 0755);
	watched[0] = "f";
	watched[1] = "l";
	watched[2] = "d";
	watched[3] = ".";
	TRY(chmod("f", 0644));
	TRY(chmod("f", 0600));
	TRY(chmod("l", 0600));
	TRY(chmod("d", 0700));
	TRY(chown("f", 0, 0));
	TRY(chown("f", (uid_t)-1, (gid_t)-1));
	TRY(lchown("l", 1, 1));
	TRY(chown("d", (uid_t)-1, (gid_t)-1));
	TRY(utimensat(AT_FDCWD, "f", set, 0));
	TRY(utimensat(AT_FDCWD, "f", set, 0));
	TRY(utimensat(AT_FDCWD, "f", omit, 0));
	TRY(utimensat(AT_FDCWD, "f", now, 0));
	TRY(utimensat(AT_FDCWD, "f", half, 0));
	TRY(utimensat(AT_FDCWD, "f", NULL, 0));
	must(stat("f", &st) == 0, "f");
	say("both at once: %d",
	    same(st.st_atim, st.st_mtim) && same(st.st_mtim, st.st_ctim));
	TRY(utimensat(AT_FDCWD, "l", set, AT_SYMLINK_NOFOLLOW));
	unlink("f");
	unlink("l");
	rmdir("d");
	watched[2] = watched[3] = NULL;
}

static void names(void)
{
	char buf[200];
	struct stat st;
	int fd;

	mkdir("d", 0755);
	mkdir("e", 0755);
	watched[0] = "d";
	watched[1] = "d/x";
	watched[2] = "e";
	watched[3] = "e/y";
	TRY(mkdir("d/x", 0755));
	TRY(rmdir("d/x"));
	TRY(symlink("target", "d/x"));
	TRY(readlink("d/x", buf, sizeof(buf)));
	TRY(readlink("d/x", buf, sizeof(buf)));
	age("d/x");
	TRY(readlink("d/x", buf, sizeof(buf)));
	age("d/x");
	TRY(lstat("d/x", &st));
	TRY(unlink("d/x"));
	TRY(close(open("d/x", O_RDWR | O_CREAT, 0600)));
	TRY(link("d/x", "e/y"));
	TRY(unlink("e/y"));
	TRY(unlink("e/y"));
	TRY(rename("d/x", "e/y"));
	TRY(rename("e/y", "e/y"));
	TRY(link("e/y", "d/x"));
	TRY(rename("d/x", "e/y"));
	TRY(unlink("d/x"));
	TRY(close(open("d/x", O_RDWR | O_CREAT, 0600)));
	TRY(rename("d/x", "e/y"));
	TRY(mkdir("d/x", 0755));
	TRY(rename("d/x", "e/y"));
	TRY(unlink("e/y"));
	TRY(mkdir("d/x", 0755));
	TRY(syscall(SYS_renameat2, AT_FDCWD, "d/x", AT_FDCWD, "e/y", 2));
	TRY(syscall(SYS_renameat2, AT_FDCWD, "d/x", AT_FDCWD, "e/y", 1));
	unlink("e/y");
	rmdir("e/y");
	TRY(rename("d/x", "e/y"));
	TRY(rename("e/y", "e/z"));
	rename("e/z", "e/y");
	/* A link that is followed is read. */
	symlink("../e", "d/x");
	age("d/x");
	TRY(stat("d/x", &st));
	age("d/x");
	TRY(stat("d/x/y", &st));
	age("d/x");
	/* Of a path that is too long, nothing. */
	age("d/x");
	TRY(stat("d/x/" PATH4095, &st));
	TRY(chdir("d/x"));
	must(chdir("..") == 0, "..");
	/* Listing. */
	age("d");
	TRY(fd = open("d", O_RDONLY));
	TRY(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
	TRY(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	age("d");
	TRY(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	age("d");
	TRY(syscall(SYS_getdents64, fd, buf, 1));
	TRY(lseek(fd, 0, SEEK_SET));
	TRY(syscall(SYS_getdents64, fd, buf, 1));
	TRY(close(fd));
	TRY(fd = open("d", O_RDONLY | O_NOATIME));
	TRY(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
	TRY(close(fd));
	TRY(stat("d", &st));
}

/* Other ways to make and to change. */
static void others(void)
{
	static const long set[4] = {1, 2, 3, 4};
	int fd;

	watched[0] = "d";
	watched[1] = "d/x";
	watched[2] = "e";
	watched[3] = "e/y";
	unlink("d/x");
	TRY(mknod("d/x", S_IFIFO | 0600, 0));
	TRY(unlink("d/x"));
	TRY(mknod("d/x", S_IFREG | 0600, 0));
	TRY(fd = (int)syscall(SYS_openat, AT_FDCWD, "d", 020200000 | O_RDWR,
			      0600));
	TRY(write(fd, "text", 4));
	TRY(syscall(SYS_linkat, fd, "", AT_FDCWD, "e/y", AT_EMPTY_PATH));
	rmdir("e/y");
	TRY(syscall(SYS_linkat, fd, "", AT_FDCWD, "e/y", AT_EMPTY_PATH));
	TRY(write(fd, "text", 4));
	TRY(close(fd));
	TRY(syscall(452, AT_FDCWD, "e/y", 0600, AT_SYMLINK_NOFOLLOW));
	TRY(syscall(SYS_renameat2, AT_FDCWD, "d/x", AT_FDCWD, "e/y", 4));
	TRY(syscall(SYS_utimes, "e/y", set));
	TRY(syscall(SYS_utime, "e/y", NULL));
	TRY(syscall(SYS_futimesat, AT_FDCWD, "e/y", set));
	/* By who is not root, who takes set-id bits away. */
	chmod("e/y", 06777);
	fd = open("e/y", O_RDWR);
	must(syscall(SYS_setresuid, 7, 7, 0) == 0, "setresuid");
	TRY(write(fd, "", 0));
	TRY(write(fd, "x", 1));
	TRY(chmod("e/y", 0600));
	TRY(chown("e/y", 7, 7));
	TRY(utimensat(AT_FDCWD, "e/y", NULL, 0));
	TRY(mkdir("d/new", 0700));
	TRY(unlink("e/y"));
	TRY(access("e/y", W_OK));
	must(syscall(SYS_setresuid, 0, 0, 0) == 0, "setresuid");
	close(fd);
	unlink("e/y");
	unlink("d/x");
	rmdir("d");
	rmdir("e");
}

/* What is left of a name: those who still have it open see ctime change. */
static void unlinked(void)
{
	struct stat st[2];
	int fd;

	make("f", "x");
	make("g", "x");
	fd = open("f", O_RDONLY);
	fstat(fd, &st[0]);
	tick();
	unlink("f");
	fstat(fd, &st[1]);
	say("unlink: %d %d", same(st[0].st_mtim, st[1].st_mtim),
	    same(st[0].st_ctim, st[1].st_ctim));
	close(fd);
	make("f", "x");
	fd = open("f", O_RDONLY);
	fstat(fd, &st[0]);
	tick();
	rename("g", "f");
	fstat(fd, &st[1]);
	say("replaced: %d %d", same(st[0].st_mtim, st[1].st_mtim),
	    same(st[0].st_ctim, st[1].st_ctim));
	close(fd);
	unlink("f");
	mkdir("gone", 0755);
	fd = open("gone", O_RDONLY);
	fstat(fd, &st[0]);
	tick();
	rmdir("gone");
	fstat(fd, &st[1]);
	say("rmdir: %d %d", same(st[0].st_mtim, st[1].st_mtim),
	    same(st[0].st_ctim, st[1].st_ctim));
	close(fd);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	contents();
	attributes();
	names();
	others();
	unlinked();
	return 0;
}
