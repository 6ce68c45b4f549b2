/* SPDX-License-Identifier: MIT */
/*
 * mknod(2): nodes of every type, what they are, and opening them; and the
 * whiteouts that rename leaves when asked to.
 */
#include "transcript.h"

#include <sys/sysmacros.h>

#define NOREPLACE 1
#define EXCHANGE  2
#define WHITEOUT  4

static long mknod_raw(const char *path, unsigned mode, unsigned dev)
{
	return syscall(SYS_mknod, path, mode, dev);
}

static void show_device(const char *path)
{
	struct stat st;

	show(path);
	if (lstat(path, &st) == 0)
		say("device %x: %u %u", (unsigned)st.st_rdev, major(st.st_rdev),
		    minor(st.st_rdev));
}

static void types(void)
{
	static const unsigned modes[] = {0,
					 0644,
					 S_IFREG | 0600,
					 S_IFCHR | 0666,
					 S_IFBLK | 0660,
					 S_IFIFO | 0622,
					 S_IFSOCK | 0777,
					 S_IFDIR | 0755,
					 S_IFLNK | 0777,
					 0030000 | 0600,
					 0070000,
					 0150000,
					 0170000,
					 S_IFIFO | 07777,
					 S_IFREG | 07777,
					 0x10000 | S_IFIFO | 0600};
	static const unsigned devs[] = {0, 0x103, 0xffffffff, 0x12345678};
	static const char *const paths[] = {
		"f", "d",  "f/", "d/", "new/", "missing/x", "l",  "dangling",
		".", "..", "/",	 "",   "f/x",  NAME256,	    "d/x"};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		for (size_t j = 0; j < sizeof(devs) / sizeof(*devs); j++) {
			say("mode %o dev %x: %s", modes[i], devs[j],
			    outcome(mknod_raw("n", modes[i], devs[j])));
			show_device("n");
			unlink("n");
		}
	}
	make("f", "x");
	mkdir("d", 0755);
	symlink("f", "l");
	symlink("missing", "dangling");
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		say("fifo %s: %s", path_label(paths[i]),
		    outcome(mknod_raw(paths[i], S_IFIFO | 0600, 0)));
		say("directory %s: %s", path_label(paths[i]),
		    outcome(mknod_raw(paths[i], S_IFDIR | 0600, 0)));
		say("bad %s: %s", path_label(paths[i]),
		    outcome(mknod_raw(paths[i], 0170000, 0)));
	}
	CALL(syscall(SYS_mknod, NULL, S_IFREG, 0));
	CALL(syscall(SYS_mknodat, 99, "x", S_IFREG, 0));
	CALL(syscall(SYS_mknodat, AT_FDCWD, "x", S_IFREG | 0666, 0));
	show("x");
	tree_clear();
}

/* Devices that no driver serves; a FIFO is not opened here, since that waits. */
static void opening(void)
{
	static const int flags[] = {O_RDONLY,
				    O_WRONLY,
				    O_RDWR,
				    3,
				    O_RDONLY | O_NONBLOCK,
				    O_RDWR | O_CREAT,
				    O_RDWR | O_CREAT | O_EXCL,
				    O_RDONLY | O_DIRECTORY,
				    O_WRONLY | O_TRUNC,
				    O_RDONLY | O_DIRECT,
				    O_PATH};
	static const char *const names[] = {"s", "b", "c"};
	int fd;

	must(mknod("s", S_IFSOCK | 0600, 0) == 0, "s");
	must(mknod("b", S_IFBLK | 0600, makedev(4000, 70000)) == 0, "b");
	must(mknod("c", S_IFCHR | 0600, makedev(4000, 70000)) == 0, "c");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (size_t j = 0; j < sizeof(flags) / sizeof(*flags); j++) {
			fd = open(names[i], flags[j], 0600);
			say("open %s %o: %s", names[i], flags[j], outcome(fd));
			close(fd);
		}
		CALL(truncate(names[i], 0));
		CALL(link(names[i], "linked"));
		CALL(rename("linked", "renamed"));
		CALL(unlink("renamed"));
		CALL(access(names[i], R_OK | W_OK));
		CALL(chmod(names[i], 0640));
		show(names[i]);
	}
	/* The known ones work by their numbers. */
	CALL(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	CALL(fd = open("null", O_RDWR));
	CALL(write(fd, "x", 1));
	CALL(read(fd, (char[1]){0}, 1));
	CALL(close(fd));
	CALL(mknod("zero", S_IFCHR | 0600, makedev(1, 5)));
	CALL(fd = open("zero", O_RDONLY));
	CALL(read(fd, (char[8]){0}, 8));
	CALL(close(fd));
	CALL(mknod("full", S_IFCHR | 0600, makedev(1, 7)));
	CALL(fd = open("full", O_WRONLY));
	CALL(write(fd, "x", 1));
	CALL(close(fd));
	tree_clear();
}

static long rename2(const char *from, const char *to, int flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void whiteouts(void)
{
	static const char *const paths[] = {
		"f",  "g",	  "g2",	   "d",	      "e",   "e/x",
		"l",  "missing",  "e/sub", "e/sub/y", "d/x", "f/",
		"d/", "missing/", ".",	   "e/..",    "n",   "e/n"};
	static const int flags[] = {WHITEOUT, WHITEOUT | NOREPLACE,
				    WHITEOUT | EXCHANGE,
				    WHITEOUT | NOREPLACE | EXCHANGE, 8};
	size_t len = sizeof(paths) / sizeof(*paths);

	for (size_t f = 0; f < sizeof(flags) / sizeof(*flags); f++) {
		for (size_t i = 0; i < len * len; i++) {
			const char *from = paths[i / len], *to = paths[i % len];

			tree_build();
			errno = 0;
			printf("%s to %s, %d: %s", from, to, flags[f],
			       outcome(rename2(from, to, flags[f])));
			say(" %08x", tree_hash());
			tree_clear();
		}
	}
	make("f", "text");
	mkdir("sgid", 0777);
	CALL(chown("sgid", 3, 4));
	CALL(chmod("sgid", 02777));
	CALL(rename2("f", "g", WHITEOUT));
	show_device("f");
	show("g");
	CALL(rename2("f", "sgid/f", WHITEOUT));
	show_device("f");
	show_device("sgid/f");
	CALL(rename2("sgid/f", "sgid/g", WHITEOUT));
	show_device("sgid/f");
	show(".");
	show("sgid");
	CALL(open("f", O_RDONLY));
	CALL(open("f", O_RDWR | O_CREAT | O_EXCL, 0600));
	CALL(rename("g", "f"));
	show_text("f");
	tree_clear();
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	types();
	opening();
	must(mkdir("t", 0755) == 0 && chdir("t") == 0, "t");
	whiteouts();
	return 0;
}
