/* SPDX-License-Identifier: MIT */
/*
 * open(2): every set of flags on every path of the tree, modes and umask, what
 * a file descriptor may then be used for, and that a failure leaves nothing.
 */
#include "transcript.h"

#include <sys/resource.h>

#define FLAG(name)          \
	{                   \
		name, #name \
	}

/* O_CREAT|O_DIRECTORY is EINVAL here, as on Linux since 6.4: not tried, since
 * older ones make the file and fail then. O_TMPFILE: open.c, DEVIATION. */
static const struct {
	int flags;
	const char *name;
} tries[] = {
	FLAG(O_RDONLY),
	FLAG(O_WRONLY),
	FLAG(O_RDWR),
	FLAG(3),
	FLAG(O_RDONLY | O_EXCL),
	FLAG(O_RDONLY | O_TRUNC),
	FLAG(O_WRONLY | O_TRUNC),
	FLAG(O_RDONLY | O_CREAT),
	FLAG(O_WRONLY | O_CREAT),
	FLAG(O_RDWR | O_CREAT | O_EXCL),
	FLAG(O_RDWR | O_CREAT | O_TRUNC),
	FLAG(O_RDONLY | O_CREAT | O_TRUNC),
	FLAG(O_RDWR | O_CREAT | O_NOFOLLOW),
	FLAG(O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW),
	FLAG(O_RDONLY | O_DIRECTORY),
	FLAG(O_WRONLY | O_DIRECTORY),
	FLAG(O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
	FLAG(O_RDONLY | O_DIRECTORY | O_TRUNC),
	FLAG(O_RDONLY | O_NOFOLLOW),
	FLAG(O_WRONLY | O_NOFOLLOW | O_TRUNC),
	FLAG(O_PATH),
	FLAG(O_PATH | O_NOFOLLOW),
	FLAG(O_PATH | O_DIRECTORY),
	FLAG(O_PATH | O_DIRECTORY | O_NOFOLLOW),
	FLAG(O_PATH | O_WRONLY | O_CREAT | O_EXCL | O_TRUNC),
	FLAG(O_WRONLY | O_APPEND | O_TRUNC),
	FLAG(O_RDONLY | O_NOATIME | O_CLOEXEC),
	FLAG(O_RDWR | O_SYNC | O_NONBLOCK),
	FLAG(O_WRONLY | O_ASYNC | O_NOCTTY | O_DSYNC),
};

static void matrix(void)
{
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		for (size_t j = 0; j < tree_paths_len; j++) {
			const char *path = tree_paths[j];
			int fd;

			tree_build();
			errno = 0;
			fd = open(path, tries[i].flags, 0666);
			printf("open %s %s: %s", path_label(path),
			       tries[i].name, outcome(fd));
			if (fd >= 0)
				printf(" flags %o %o", fcntl(fd, F_GETFL),
				       fcntl(fd, F_GETFD));
			say(" %08x", tree_hash());
			if (fd >= 0)
				close(fd);
			tree_clear();
		}
	}
}

static void modes(void)
{
	static const int masks[] = {0, 022, 077, 0777};
	static const int wanted[] = {0, 0666, 0777, 07777, 0170644};
	char name[40];
	int fd;

	for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
		umask((mode_t)masks[i]);
		for (size_t j = 0; j < sizeof(wanted) / sizeof(*wanted); j++) {
			snprintf(name, sizeof(name), "mode-%o-%o", masks[i],
				 wanted[j]);
			fd = open(name, O_CREAT | O_RDWR, wanted[j]);
			show_fd(name, fd);
			close(fd);
			unlink(name);
			say("%s", outcome(mkdir(name, (mode_t)wanted[j])));
			show(name);
			rmdir(name);
		}
	}
	umask(022);
	/* Open for its maker, whatever the mode. */
	CALL(fd = open("closed", O_CREAT | O_RDWR, 0));
	CALL(write(fd, "x", 1));
	CALL(pread(fd, name, 5, 0));
	close(fd);
	/* The mode is for a new file only. */
	CALL(fd = open("closed", O_CREAT | O_RDWR, 0777));
	show_fd("closed", fd);
	close(fd);
	unlink("closed");
	/* The group of a set-group-ID directory. */
	mkdir("sgid", 0777);
	CALL(chown("sgid", 3, 4));
	CALL(chmod("sgid", 02777));
	close(open("sgid/file", O_CREAT | O_RDWR, 02777));
	mkdir("sgid/dir", 0777);
	symlink("x", "sgid/link");
	show("sgid/file");
	show("sgid/dir");
	show("sgid/link");
	unlink("sgid/file");
	unlink("sgid/link");
	rmdir("sgid/dir");
	rmdir("sgid");
}

/* What each kind of descriptor is good for. */
static void uses(void)
{
	static const int kinds[] = {O_RDONLY,
				    O_WRONLY,
				    O_RDWR,
				    3,
				    O_PATH,
				    O_RDONLY | O_DIRECTORY,
				    O_PATH | O_DIRECTORY};
	char buf[100];
	struct stat st;
	int fd, copy;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		bool directory = kinds[i] & O_DIRECTORY;

		make("f", "text");
		mkdir("d", 0755);
		say("opened with %o", kinds[i]);
		CALL(fd = open(directory ? "d" : "f", kinds[i]));
		CALL(read(fd, buf, 1));
		CALL(read(fd, buf, 0));
		CALL(write(fd, "y", 1));
		CALL(write(fd, "y", 0));
		CALL(pread(fd, buf, 1, 1));
		CALL(pwrite(fd, "z", 1, 1));
		CALL(lseek(fd, 0, SEEK_CUR));
		CALL(ftruncate(fd, 3));
		/* raw: musl helps an O_PATH descriptor by way of /proc */
		CALL(syscall(SYS_fchmod, fd, 0700));
		CALL(syscall(SYS_fchown, fd, 1, 2));
		CALL(futimens(fd, NULL));
		CALL(fsync(fd));
		CALL(fdatasync(fd));
		CALL(fstat(fd, &st));
		CALL(fchdir(fd));
		if (directory && i == 6)
			must(chdir("..") == 0, "..");
		else if (directory)
			CALL(chdir(".."));
		CALL(fcntl(fd, F_SETFL, O_NONBLOCK));
		CALL(fcntl(fd, F_GETFL));
		CALL(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
		CALL(copy = dup(fd));
		CALL(close(copy));
		CALL(fcntl(fd, F_SETFD, FD_CLOEXEC));
		CALL(fcntl(fd, F_GETFD));
		CALL(faccessat(fd, "x", F_OK, 0));
		CALL(openat(fd, "x", O_RDONLY));
		CALL(close(fd));
		CALL(close(fd));
		show("f");
		show("d");
		unlink("f");
		rmdir("d");
	}
}

/* With no descriptor left, nothing may be made or truncated. */
static void no_descriptor(void)
{
	struct rlimit limit, old;

	make("full", "contents");
	must(getrlimit(RLIMIT_NOFILE, &old) == 0, "getrlimit");
	limit = old;
	limit.rlim_cur = 3;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(open("new", O_CREAT | O_WRONLY, 0666));
	CALL(open("full", O_TRUNC | O_WRONLY));
	CALL(open("missing", O_RDONLY));
	CALL(open("", O_RDONLY));
	CALL(open(PATH4096, O_RDONLY));
	CALL(syscall(SYS_openat, AT_FDCWD, (char *)NULL, O_RDONLY, 0));
	CALL(dup(0));
	CALL(dup2(0, 3));
	CALL(dup2(0, 0));
	CALL(dup3(0, 3, 0));
	CALL(fcntl(0, F_DUPFD, 2));
	CALL(fcntl(0, F_DUPFD, 3));
	CALL(setrlimit(RLIMIT_NOFILE, &old));
	CALL(access("new", F_OK));
	show_text("full");
	unlink("full");
}

/* Unlinked and renamed files stay what they were for those who have them
 * open. */
static void unlinked(void)
{
	char buf[20] = "";
	int fd, again;

	make("u", "first");
	CALL(fd = open("u", O_RDWR));
	CALL(unlink("u"));
	show_fd("u", fd);
	CALL(pread(fd, buf, sizeof(buf), 0));
	CALL(pwrite(fd, "second!", 7, 0));
	CALL(again = open("u", O_CREAT | O_RDWR, 0600));
	CALL(read(again, buf, sizeof(buf)));
	show_fd("old u", fd);
	CALL(close(again));
	CALL(close(fd));
	CALL(unlink("u"));
	mkdir("dir", 0755);
	CALL(fd = open("dir", O_RDONLY));
	CALL(rmdir("dir"));
	show_fd("removed dir", fd);
	CALL(openat(fd, "x", O_CREAT | O_RDWR, 0600));
	CALL(openat(fd, "x", O_RDONLY));
	CALL(mkdirat(fd, "x", 0777));
	CALL(symlinkat("y", fd, "x"));
	CALL(unlinkat(fd, "x", 0));
	CALL(faccessat(fd, ".", F_OK, 0));
	CALL(faccessat(fd, "..", F_OK, 0));
	CALL(fchmod(fd, 0700));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	CALL(close(fd));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	must(mkdir("t", 0755) == 0 && chdir("t") == 0, "t");
	matrix();
	modes();
	uses();
	no_descriptor();
	unlinked();
	CALL(syscall(SYS_open, (char *)NULL, O_RDONLY, 0));
	CALL(creat("c", 0640));
	show("c");
	CALL(syscall(SYS_openat, AT_FDCWD, "c", O_RDWR | 0x40000000, 0));
	CALL(fcntl(3, F_GETFL));
	CALL(fcntl(4, F_GETFL));
	CALL(syscall(SYS_open, "c", 04000000, 0));
	CALL(fcntl(5, F_GETFL));
	CALL(fcntl(5, F_SETFL, O_ASYNC | O_DSYNC));
	CALL(fcntl(5, F_GETFL));
	return 0;
}
