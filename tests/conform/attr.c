/* SPDX-License-Identifier: MIT */
/*
 * Attributes: stat(2) and kin of every kind of file, statx(2), statfs(2),
 * access(2), chmod(2), chown(2), utimensat(2), umask(2), truncate(2); links and
 * sizes as they change.
 */
#include "transcript.h"

#include <limits.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#define FCHMODAT2 452

/* The kernel's, since not every libc has it. */
struct stx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, spare;
	uint64_t ino, size, blocks, attributes_mask;
	struct {
		int64_t sec;
		uint32_t nsec;
		int32_t pad;
	} atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint64_t more[32];
};

static void links(void)
{
	char text[300];

	show(".");
	CALL(mkdir("d", 0750));
	show("d");
	CALL(mkdir("d/a", 0755));
	CALL(mkdir("d/b", 0755));
	make("d/f", "text");
	show("d");
	CALL(link("d/f", "d/g"));
	show("d/g");
	show("d");
	CALL(rmdir("d/a"));
	CALL(unlink("d/f"));
	show("d");
	CALL(rename("d/b", "b"));
	show("d");
	show(".");
	CALL(rmdir("b"));
	CALL(unlink("d/g"));
	show("d");
	CALL(rmdir("d"));
	for (size_t len = 1; len < sizeof(text); len += 31) {
		memset(text, 'x', len);
		text[len] = '\0';
		CALL(symlink(text, "l"));
		show("l");
		CALL(readlink("l", text, sizeof(text)));
		CALL(readlink("l", text, 1));
		CALL(unlink("l"));
	}
	CALL(symlink("x", "l"));
	CALL(syscall(SYS_readlink, "l", text, 0));
	CALL(syscall(SYS_readlink, "l", text, -1));
	CALL(syscall(SYS_readlink, "missing", text, 0));
	CALL(syscall(SYS_readlink, "missing", text, 10));
	CALL(syscall(SYS_symlink, NULL, "m"));
	CALL(symlink("", "m"));
	CALL(symlink("", "l"));
	CALL(symlink(PATH4095, "m"));
	show("m");
	CALL(unlink("m"));
	CALL(symlink(PATH4096, "m"));
	CALL(unlink("l"));
}

/* st_blocks as files grow. */
static void blocks(void)
{
	static const long sizes[] = {0,	   1,	 24,   25,   100,  2047,
				     2048, 2049, 4095, 4096, 4097, 100000};
	static char data[100000];
	int fd;

	memset(data, 'd', sizeof(data));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
		must(write(fd, data, (size_t)sizes[i]) == sizes[i], "write");
		show("f");
		CALL(ftruncate(fd, sizes[i] / 2));
		show("f");
		CALL(ftruncate(fd, 200000));
		show("f");
		close(fd);
	}
	unlink("f");
}

static void stx_said(const char *what, long result, const struct stx *stx)
{
	printf("%s: %s", what, outcome(result));
	if (result == 0)
		printf(" mask %x mode %o links %u owner %u:%u size %lu blocks "
		       "%lu blksize %u rdev %u:%u",
		       stx->mask & 0xfff, stx->mode, stx->nlink, stx->uid,
		       stx->gid, (unsigned long)stx->size,
		       (unsigned long)stx->blocks, stx->blksize,
		       stx->rdev_major, stx->rdev_minor);
	putchar('\n');
}

static void try_statx(const char *what, int dirfd, const char *path, int flags,
		      unsigned mask)
{
	struct stx stx;

	stx_said(what, syscall(SYS_statx, dirfd, path, flags, mask, &stx),
		 &stx);
}

/* Whose mount it is, and what may be known beyond the attributes of stat. */
static void mounts(void)
{
	static const unsigned masks[] = {0,	 0x7ff,	 0x1000,     0x1fff,
					 0x4000, 0x5fff, 0x7fffffff, 0x800};
	struct stx root, stx;

	make("f", "x");
	for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
		must(syscall(SYS_statx, AT_FDCWD, "..", 0, masks[i], &root) ==
				     0 &&
			     syscall(SYS_statx, AT_FDCWD, "f", 0, masks[i],
				     &stx) == 0,
		     "statx");
		say("%x: mask %x attributes %lx %lx mount %d %d birth %d",
		    masks[i], stx.mask & ~0x7ffU, (unsigned long)stx.attributes,
		    (unsigned long)stx.attributes_mask,
		    root.mnt_id == stx.mnt_id, stx.mnt_id >> 31 != 0,
		    stx.btime.sec != 0);
	}
	must(syscall(SYS_statx, AT_FDCWD, "/", 0, 0x7ff, &stx) == 0, "/");
	say("root: attributes %lx", (unsigned long)stx.attributes & ~0x2000UL);
	unlink("f");
}

/* Without a path, with AT_EMPTY_PATH. */
static void pathless(void)
{
	struct stx stx;
	struct stat st;
	int fd, path;

	make("f", "x");
	symlink("f", "l");
	CALL(fd = open("f", O_RDWR));
	CALL(path = open("l", O_PATH | O_NOFOLLOW));
	CALL(syscall(SYS_newfstatat, fd, NULL, &st, AT_EMPTY_PATH));
	CALL(syscall(SYS_newfstatat, fd, NULL, &st, 0));
	CALL(syscall(SYS_newfstatat, 99, NULL, &st, AT_EMPTY_PATH));
	CALL(syscall(SYS_newfstatat, AT_FDCWD, NULL, &st, AT_EMPTY_PATH));
	CALL(syscall(SYS_statx, fd, NULL, AT_EMPTY_PATH, 0xfff, &stx));
	CALL(syscall(SYS_statx, fd, NULL, 0, 0xfff, &stx));
	CALL(syscall(SYS_statx, 99, NULL, AT_EMPTY_PATH, 0xfff, &stx));
	CALL(syscall(SYS_statx, AT_FDCWD, NULL, AT_EMPTY_PATH, 0xfff, &stx));
	CALL(syscall(SYS_fchownat, fd, NULL, 0, 0, AT_EMPTY_PATH));
	CALL(syscall(SYS_faccessat2, fd, NULL, 0, AT_EMPTY_PATH));
	CALL(syscall(SYS_utimensat, fd, NULL, NULL, AT_EMPTY_PATH));
	CALL(syscall(SYS_utimensat, path, NULL, NULL, AT_EMPTY_PATH));
	CALL(syscall(SYS_utimensat, AT_FDCWD, NULL, NULL, AT_EMPTY_PATH));
	CALL(syscall(SYS_linkat, fd, NULL, AT_FDCWD, "m", AT_EMPTY_PATH));
	CALL(syscall(FCHMODAT2, fd, NULL, 0600, AT_EMPTY_PATH));
	CALL(syscall(FCHMODAT2, fd, "", 0600, AT_EMPTY_PATH));
	show("f");
	CALL(syscall(FCHMODAT2, fd, "", 0600, 0));
	CALL(syscall(FCHMODAT2, path, "", 0600, AT_EMPTY_PATH));
	CALL(syscall(FCHMODAT2, AT_FDCWD, "l", 0640, 0));
	CALL(syscall(FCHMODAT2, AT_FDCWD, "l", 0604, AT_SYMLINK_NOFOLLOW));
	CALL(syscall(FCHMODAT2, AT_FDCWD, "f", 07604, AT_SYMLINK_NOFOLLOW));
	CALL(syscall(FCHMODAT2, AT_FDCWD, "f", 0600, AT_REMOVEDIR));
	CALL(syscall(FCHMODAT2, AT_FDCWD, "missing", 0600, 0));
	CALL(syscall(SYS_fchmodat, AT_FDCWD, "l", 0644, AT_SYMLINK_NOFOLLOW));
	show("f");
	show("l");
	close(fd);
	close(path);
	unlink("f");
	unlink("l");
}

static void extended(void)
{
	struct stx stx;
	struct stat st;
	int fd;

	make("f", "hello");
	CALL(symlink("f", "l"));
	CALL(fd = open("f", O_RDONLY));
	try_statx("f", AT_FDCWD, "f", 0, 0xfff);
	try_statx("f, mask 7ff", AT_FDCWD, "f", 0, 0x7ff);
	try_statx("l", AT_FDCWD, "l", 0, 0xfff);
	try_statx("l itself", AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, 0xfff);
	try_statx(".", AT_FDCWD, ".", 0, 0xfff);
	try_statx("empty", fd, "", AT_EMPTY_PATH, 0xfff);
	try_statx("empty without flag", fd, "", 0, 0xfff);
	try_statx("empty, cwd", AT_FDCWD, "", AT_EMPTY_PATH, 0xfff);
	try_statx("empty, bad", 99, "", AT_EMPTY_PATH, 0xfff);
	try_statx("bad", 99, "f", 0, 0xfff);
	try_statx("file as directory", fd, "f", 0, 0xfff);
	try_statx("path", fd, "/tmp/conform/f", AT_EMPTY_PATH, 0xfff);
	try_statx("missing", AT_FDCWD, "missing", 0, 0xfff);
	try_statx("reserved mask", AT_FDCWD, "missing", 0, 0x80000000);
	try_statx("unknown flag", AT_FDCWD, "missing", 1, 0xfff);
	try_statx("force sync", AT_FDCWD, "f", 0x2000, 0xfff);
	try_statx("don't sync", AT_FDCWD, "f", 0x4000, 0xfff);
	try_statx("both", AT_FDCWD, "f", 0x6000, 0xfff);
	try_statx("no automount", AT_FDCWD, "f", AT_NO_AUTOMOUNT, 0xfff);
	must(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0xfff, &stx) == 0 &&
		     fstat(fd, &st) == 0,
	     "stat");
	say("ino %d dev %d mtime %d ctime %d atime %d birth %d",
	    stx.ino == st.st_ino,
	    makedev(stx.dev_major, stx.dev_minor) == st.st_dev,
	    stx.mtime.sec == st.st_mtim.tv_sec &&
		    stx.mtime.nsec == st.st_mtim.tv_nsec,
	    stx.ctime.sec == st.st_ctim.tv_sec &&
		    stx.ctime.nsec == st.st_ctim.tv_nsec,
	    stx.atime.sec == st.st_atim.tv_sec &&
		    stx.atime.nsec == st.st_atim.tv_nsec,
	    stx.btime.sec <= stx.mtime.sec);
	CALL(close(fd));
	unlink("f");
	unlink("l");
}

static void file_system(void)
{
	static char data[1 << 20];
	struct statfs before, after;
	int fd;

	CALL(statfs(".", &before));
	say("type %lx bsize %ld namelen %ld frsize %ld", (long)before.f_type,
	    (long)before.f_bsize, (long)before.f_namelen,
	    (long)before.f_frsize);
	say("%d %d", before.f_bfree <= before.f_blocks,
	    before.f_bavail <= before.f_bfree);
	CALL(fd = open("f", O_RDWR | O_CREAT, 0644));
	must(write(fd, data, sizeof(data)) == sizeof(data), "write");
	CALL(fstatfs(fd, &after));
	say("blocks %d", after.f_blocks == before.f_blocks);
	say("less by a megabyte: %d",
	    before.f_bfree - after.f_bfree >= sizeof(data) / 4096);
	say("a file less: %d", after.f_ffree < before.f_ffree);
	unlink("f");
	close(fd);
	CALL(statfs("missing", &after));
	CALL(statfs("", &after));
	CALL(fstatfs(99, &after));
	CALL(fd = open(".", O_PATH));
	CALL(fstatfs(fd, &after));
	CALL(close(fd));
}

static void permissions(void)
{
	static const unsigned modes[] = {0, 0444, 0200, 0111, 0100, 0010, 0001};
	struct stat st;
	int fd;

	make("f", "x");
	mkdir("d", 0755);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		CALL(chmod("f", modes[i]));
		CALL(chmod("d", modes[i]));
		show("f");
		for (int want = 0; want < 8; want++) {
			/* /dev/shm may be mounted so that nothing is
			 * executable: of files, only what no bit allows. */
			if (!(want & X_OK) || !(modes[i] & 0111))
				say("f %d: %s", want,
				    outcome(access("f", want)));
			say("d %d: %s", want, outcome(access("d", want)));
		}
		CALL(fd = open("f", O_RDWR));
		CALL(close(fd));
		CALL(access("d/x", F_OK));
	}
	CALL(access("f", 8));
	CALL(access("f", -1));
	CALL(access("missing", 8));
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "missing", 8, 0));
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "f", 0, 1));
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "f", 4, AT_EACCESS));
	CALL(chmod("f", 0170644));
	CALL(chmod("f", 07777));
	show("f");
	/* Not even root's chown keeps these; a write does. */
	CALL(chown("f", 1, 2));
	show("f");
	CALL(chmod("f", 06666));
	CALL(chown("f", (uid_t)-1, 3));
	show("f");
	CALL(chmod("f", 06777));
	CALL(chown("f", (uid_t)-1, (gid_t)-1));
	show("f");
	CALL(chmod("f", 06777));
	CALL(fd = open("f", O_RDWR));
	CALL(write(fd, "x", 1));
	CALL(ftruncate(fd, 0));
	CALL(close(fd));
	show("f");
	CALL(chmod("d", 07777));
	CALL(chown("d", 4, (gid_t)-1));
	show("d");
	CALL(chown("d", 0xfffffffe, 0xfffffffe));
	show("d");
	CALL(symlink("f", "l"));
	CALL(lchown("l", 7, 8));
	show("l");
	show("f");
	CALL(chown("l", 9, 10));
	show("l");
	show("f");
	CALL(chmod("l", 0600));
	show("l");
	show("f");
	must(stat("f", &st) == 0, "f");
	CALL(umask(0177777));
	CALL(umask(022));
	CALL(umask(022));
	unlink("f");
	unlink("l");
	rmdir("d");
}

static void time_said(struct timespec ts)
{
	/* What is set here is long ago, or far ahead. */
	if (ts.tv_sec > 1L << 30 && ts.tv_sec < 1L << 32)
		printf(" now");
	else
		printf(" %ld.%09ld", (long)ts.tv_sec, ts.tv_nsec);
}

static void times_said(const char *path)
{
	struct stat st;

	must(lstat(path, &st) == 0, path);
	printf("%s:", path);
	time_said(st.st_atim);
	time_said(st.st_mtim);
	putchar('\n');
}

static long try_utimens(int fd, const char *path, long asec, long ansec,
			long msec, long mnsec, int flags)
{
	struct timespec times[2] = {{asec, ansec}, {msec, mnsec}};

	return syscall(SYS_utimensat, fd, path, times, flags);
}

static void times_set(void)
{
	int fd, path;

	make("f", "x");
	CALL(symlink("f", "l"));
	CALL(symlink("missing", "m"));
	CALL(fd = open("f", O_RDONLY));
	CALL(path = open("f", O_PATH));
	CALL(try_utimens(AT_FDCWD, "f", 1, 2, 3, 4, 0));
	times_said("f");
	CALL(try_utimens(AT_FDCWD, "f", -5, 999999999, 1L << 33, 0, 0));
	times_said("f");
	CALL(try_utimens(AT_FDCWD, "f", LONG_MIN, 0, LONG_MAX, 0, 0));
	times_said("f");
	CALL(try_utimens(AT_FDCWD, "f", 1, UTIME_OMIT, 30, 40, 0));
	times_said("f");
	CALL(try_utimens(AT_FDCWD, "f", 100, 200, 30, UTIME_OMIT, 0));
	times_said("f");
	CALL(try_utimens(AT_FDCWD, "f", 1, 1000000000, 3, 4, 0));
	CALL(try_utimens(AT_FDCWD, "f", 1, 2, 3, -1, 0));
	CALL(try_utimens(AT_FDCWD, "missing", 1, 2, 3, -1, 0));
	CALL(try_utimens(AT_FDCWD, "missing", 1, UTIME_OMIT, 3, UTIME_OMIT, 0));
	CALL(try_utimens(99, "missing", 1, UTIME_OMIT, 3, UTIME_OMIT, 77));
	CALL(try_utimens(AT_FDCWD, "missing", 1, 2, 3, 4, 0));
	CALL(try_utimens(AT_FDCWD, "f", 1, 2, 3, 4, 1));
	CALL(try_utimens(AT_FDCWD, "", 1, 2, 3, 4, 0));
	CALL(try_utimens(AT_FDCWD, NULL, 1, 2, 3, 4, 0));
	CALL(try_utimens(fd, NULL, 5, 6, 7, 8, 0));
	times_said("f");
	CALL(try_utimens(fd, NULL, 5, 6, 7, 8, AT_SYMLINK_NOFOLLOW));
	CALL(try_utimens(99, NULL, 5, 6, 7, 8, AT_SYMLINK_NOFOLLOW));
	CALL(try_utimens(path, NULL, 5, 6, 7, 8, 0));
	CALL(try_utimens(fd, "", 9, 10, 11, 12, AT_EMPTY_PATH));
	times_said("f");
	CALL(try_utimens(path, "", 13, 14, 15, 16, AT_EMPTY_PATH));
	times_said("f");
	CALL(try_utimens(fd, "f", 5, 6, 7, 8, 0));
	CALL(try_utimens(99, "f", 5, 6, 7, 8, 0));
	CALL(try_utimens(99, NULL, 5, 6, 7, 8, 0));
	CALL(try_utimens(AT_FDCWD, "l", 20, 0, 30, 0, AT_SYMLINK_NOFOLLOW));
	times_said("l");
	times_said("f");
	CALL(try_utimens(AT_FDCWD, "l", 40, 0, 50, 0, 0));
	times_said("l");
	times_said("f");
	CALL(try_utimens(AT_FDCWD, "m", 40, 0, 50, 0, 0));
	CALL(try_utimens(AT_FDCWD, "m", 40, 0, 50, 0, AT_SYMLINK_NOFOLLOW));
	times_said("m");
	CALL(syscall(SYS_utimensat, AT_FDCWD, "missing", NULL, 0));
	CALL(close(fd));
	CALL(close(path));
	unlink("f");
	unlink("l");
	unlink("m");
}

/* The older calls that set times. */
static void times_set_old(void)
{
	struct {
		long sec, usec;
	} times[2] = {{1, 2}, {3, 999999}};
	long seconds[2] = {-7, 8};
	int fd;

	make("f", "x");
	symlink("f", "l");
	CALL(fd = open("f", O_RDONLY));
	CALL(syscall(SYS_utimes, "f", times));
	times_said("f");
	CALL(syscall(SYS_utimes, "l", NULL));
	times_said("f");
	CALL(syscall(SYS_utimes, "missing", times));
	CALL(syscall(SYS_utimes, NULL, times));
	times[1].usec = 1000000;
	CALL(syscall(SYS_utimes, "f", times));
	CALL(syscall(SYS_utimes, "missing", times));
	times[1].usec = -1;
	CALL(syscall(SYS_futimesat, AT_FDCWD, "f", times));
	times[1].usec = 5;
	CALL(syscall(SYS_futimesat, AT_FDCWD, "l", times));
	CALL(syscall(SYS_futimesat, fd, NULL, times));
	times_said("f");
	CALL(syscall(SYS_futimesat, fd, "f", times));
	CALL(syscall(SYS_futimesat, fd, "", times));
	CALL(syscall(SYS_futimesat, 99, "f", times));
	CALL(syscall(SYS_futimesat, 99, NULL, times));
	CALL(syscall(SYS_futimesat, AT_FDCWD, NULL, times));
	CALL(syscall(SYS_utime, "l", seconds));
	times_said("f");
	CALL(syscall(SYS_utime, "f", NULL));
	times_said("f");
	CALL(syscall(SYS_utime, "missing", NULL));
	CALL(syscall(SYS_utime, NULL, seconds));
	CALL(syscall(SYS_utime, "missing", 16));
	CALL(syscall(SYS_utimes, "missing", 16));
	CALL(syscall(SYS_futimesat, 99, 16, times));
	close(fd);
	unlink("f");
	unlink("l");
}

static void truncation(void)
{
	int fd;

	make("f", "0123456789");
	CALL(truncate("f", 4));
	show_text("f");
	CALL(truncate("f", 8));
	show_text("f");
	CALL(truncate("f", -1));
	CALL(truncate("missing", -1));
	CALL(truncate("missing", 0));
	CALL(truncate("", 0));
	CALL(truncate(".", 0));
	CALL(chmod("f", 0));
	CALL(truncate("f", 1));
	show_text("f");
	CALL(fd = open("f", O_RDONLY));
	CALL(ftruncate(fd, 0));
	CALL(ftruncate(fd, -1));
	CALL(close(fd));
	CALL(fd = open("f", O_RDWR));
	CALL(lseek(fd, 100, SEEK_SET));
	CALL(ftruncate(fd, 5));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(close(fd));
	CALL(ftruncate(fd, 5));
	show_text("f");
	unlink("f");
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	links();
	blocks();
	extended();
	mounts();
	pathless();
	file_system();
	permissions();
	times_set();
	times_set_old();
	truncation();
	return 0;
}
