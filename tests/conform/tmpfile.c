/* SPDX-License-Identifier: MIT */
/*
 * Files that have no name yet (open(2), O_TMPFILE), and giving them one; what
 * descriptors are good for that lead to a file without opening it (O_PATH); and
 * appending through several descriptors.
 */
#include "transcript.h"

#ifndef O_TMPFILE
#define O_TMPFILE 020200000
#endif

#define TMPFILE_ALONE (O_TMPFILE & ~O_DIRECTORY)

static int open_raw(const char *path, int flags, int mode)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* Opens, says what came of it, and closes. */
static void try_open(const char *path, int flags, int mode)
{
	int fd = open_raw(path, flags, mode);

	printf("%s %o %o: %s\n", path_label(path), flags, mode, outcome(fd));
	if (fd < 0)
		return;
	CALL(fcntl(fd, F_GETFL));
	CALL(fcntl(fd, F_GETFD));
	show_fd("fd", fd);
	close(fd);
}

static void flags(void)
{
	static const int sets[] = {
		O_TMPFILE | O_RDONLY,
		O_TMPFILE | O_WRONLY,
		O_TMPFILE | O_RDWR,
		O_TMPFILE | 3,
		O_TMPFILE | O_RDONLY | O_TRUNC,
		O_TMPFILE | O_RDWR | O_EXCL,
		O_TMPFILE | O_RDWR | O_CREAT,
		O_TMPFILE | O_RDWR | O_NOFOLLOW,
		O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC,
		O_TMPFILE | O_RDWR | O_NOATIME | O_DIRECT,
		O_TMPFILE | O_WRONLY | O_TRUNC | O_SYNC,
		O_TMPFILE | O_PATH,
		TMPFILE_ALONE | O_RDWR,
		TMPFILE_ALONE | O_RDWR | O_CREAT,
		TMPFILE_ALONE | O_PATH,
	};
	static const char *const paths[] = {
		".",	     "d", "d/", "d/x", "f",    "f/",   "missing",
		"missing/x", "",  "ld", "lf",  "d/..", NAME256};

	mkdir("d", 0755);
	make("f", "x");
	symlink("d", "ld");
	symlink("f", "lf");
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		for (size_t j = 0; j < sizeof(paths) / sizeof(*paths); j++)
			try_open(paths[j], sets[i], 0666);
	}
	for (int mode = 0; mode < 8; mode++)
		try_open("d", O_TMPFILE | O_RDWR, mode * 01111);
	umask(077);
	try_open("d", O_TMPFILE | O_RDWR, 0666);
	umask(022);
	CALL(chown("d", 5, 6));
	CALL(chmod("d", 02777));
	try_open("d", O_TMPFILE | O_RDWR, 02777);
	show("d");
	show_list("d");
	CALL(chmod("d", 0));
	try_open("d", O_TMPFILE | O_RDWR, 0600);
	unlink("lf");
	unlink("ld");
	unlink("f");
	rmdir("d");
}

static int link_fd(int fd, const char *path)
{
	return (int)syscall(SYS_linkat, fd, "", AT_FDCWD, path, AT_EMPTY_PATH);
}

static void linking(void)
{
	char text[10] = "";
	int fd, copy;

	CALL(fd = open_raw(".", O_TMPFILE | O_RDWR, 0640));
	CALL(write(fd, "hello", 5));
	CALL(syscall(SYS_linkat, fd, "", AT_FDCWD, "name", 0));
	CALL(link_fd(fd, "missing/name"));
	CALL(link_fd(fd, "name/"));
	CALL(link_fd(fd, "."));
	CALL(link_fd(fd, "name"));
	show_fd("linked", fd);
	show_text("name");
	CALL(link_fd(fd, "name"));
	CALL(link_fd(fd, "second"));
	show("second");
	CALL(unlink("name"));
	CALL(unlink("second"));
	show_fd("unlinked", fd);
	/* Once it had a name it does not get one again. */
	CALL(link_fd(fd, "third"));
	CALL(pread(fd, text, 5, 0));
	CALL(close(fd));

	CALL(fd = open_raw(".", O_TMPFILE | O_RDWR | O_EXCL, 0640));
	CALL(link_fd(fd, "excluded"));
	show_fd("excluded", fd);
	CALL(close(fd));

	make("f", "text");
	CALL(fd = open("f", O_RDONLY));
	CALL(copy = open("f", O_PATH));
	CALL(link_fd(fd, "g"));
	CALL(link_fd(copy, "h"));
	CALL(unlink("f"));
	CALL(link_fd(fd, "f"));
	CALL(unlink("f"));
	CALL(unlink("g"));
	CALL(unlink("h"));
	CALL(link_fd(fd, "f"));
	CALL(close(fd));
	CALL(close(copy));
	CALL(fd = open(".", O_RDONLY));
	CALL(link_fd(fd, "f"));
	CALL(close(fd));
	CALL(link_fd(fd, "f"));
	CALL(link_fd(AT_FDCWD, "f"));

	/* A directory that is gone. */
	mkdir("gone", 0755);
	CALL(fd = open("gone", O_RDONLY));
	rmdir("gone");
	CALL(copy = openat(fd, ".", O_TMPFILE | O_RDWR, 0600));
	show_fd("in a removed directory", copy);
	CALL(link_fd(copy, "out"));
	CALL(unlink("out"));
	close(copy);
	close(fd);
}

/* What may be done with a descriptor of O_PATH, of a file, a directory, a link
 * and others: raw, since musl helps some of them by way of /proc. */
static void path_uses(const char *path)
{
	static const struct timespec times[2] = {{1, 2}, {3, 4}};
	char buf[200];
	struct iovec iov = {buf, 1};
	struct stat st;
	int fd;

	say("O_PATH of %s", path);
	CALL(fd = open(path, O_PATH | O_NOFOLLOW));
	CALL(syscall(SYS_read, fd, buf, 1));
	CALL(syscall(SYS_write, fd, buf, 1));
	CALL(syscall(SYS_pread64, fd, buf, 1, 0));
	CALL(syscall(SYS_pwrite64, fd, buf, 1, 0));
	CALL(syscall(SYS_readv, fd, &iov, 1));
	CALL(syscall(SYS_writev, fd, &iov, 1));
	CALL(syscall(SYS_lseek, fd, 0, SEEK_SET));
	CALL(syscall(SYS_ftruncate, fd, 0));
	CALL(syscall(SYS_fsync, fd));
	CALL(syscall(SYS_fdatasync, fd));
	CALL(syscall(SYS_fadvise64, fd, 0, 0, 0));
	CALL(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	CALL(syscall(SYS_ioctl, fd, 0x541b, buf));
	CALL(syscall(SYS_ioctl, fd, 0x5451, 0));
	CALL(syscall(SYS_fchmod, fd, 0600));
	CALL(syscall(SYS_fchown, fd, 1, 1));
	CALL(syscall(SYS_utimensat, fd, NULL, times, 0));
	CALL(syscall(SYS_fcntl, fd, F_SETFL, O_APPEND));
	CALL(syscall(SYS_fcntl, fd, F_GETFL));
	CALL(syscall(SYS_fcntl, fd, F_SETFD, 1));
	CALL(syscall(SYS_fcntl, fd, F_GETFD));
	/* what may be */
	CALL(fstat(fd, &st));
	say("mode %o", st.st_mode);
	CALL(fchdir(fd));
	must(chdir("/tmp/conform") == 0, "chdir");
	CALL(syscall(SYS_fchownat, fd, "", 3, 4, AT_EMPTY_PATH));
	CALL(syscall(SYS_utimensat, fd, "", times, AT_EMPTY_PATH));
	CALL(syscall(SYS_faccessat2, fd, "", R_OK, AT_EMPTY_PATH));
	CALL(syscall(SYS_readlinkat, fd, "", buf, sizeof(buf)));
	CALL(syscall(SYS_openat, fd, "", O_RDONLY, 0));
	CALL(syscall(SYS_openat, fd, ".", O_RDONLY, 0));
	close(4);
	CALL(syscall(SYS_linkat, fd, "", AT_FDCWD, "linked", AT_EMPTY_PATH));
	unlink("linked");
	CALL(fcntl(fd, F_DUPFD, 0));
	CALL(syscall(SYS_fcntl, 4, F_GETFL));
	CALL(close(4));
	show(path);
	CALL(close(fd));
}

static void path_descriptors(void)
{
	make("f", "text");
	mkdir("d", 0755);
	symlink("f", "l");
	must(mknod("p", S_IFIFO | 0600, 0) == 0, "fifo");
	must(mknod("s", S_IFSOCK | 0600, 0) == 0, "socket");
	must(mknod("b", S_IFBLK | 0600, 0xfff00) == 0, "device");
	path_uses("f");
	path_uses("d");
	path_uses("l");
	path_uses("p");
	path_uses("s");
	path_uses("b");
	unlink("f");
	rmdir("d");
	unlink("l");
	unlink("p");
	unlink("s");
	unlink("b");
}

/* Each write goes to what is the end then, whoever wrote before. */
static void append(void)
{
	struct iovec iov[2] = {{"vec", 3}, {"tor", 3}};
	int a, b, copy;

	CALL(a = open("log", O_CREAT | O_WRONLY | O_APPEND, 0600));
	CALL(b = open("log", O_RDWR | O_APPEND));
	CALL(copy = dup(a));
	CALL(write(a, "one", 3));
	CALL(write(b, "two", 3));
	CALL(lseek(a, 0, SEEK_CUR));
	CALL(lseek(b, 0, SEEK_CUR));
	CALL(lseek(a, 1, SEEK_SET));
	CALL(write(copy, "three", 5));
	CALL(lseek(a, 0, SEEK_CUR));
	CALL(pwrite(b, "four", 4, 0));
	CALL(lseek(b, 0, SEEK_CUR));
	CALL(writev(b, iov, 2));
	CALL(truncate("log", 2));
	CALL(write(a, "five", 4));
	show_text("log");
	CALL(fcntl(a, F_SETFL, 0));
	CALL(write(copy, "tail", 4));
	CALL(lseek(a, 0, SEEK_SET));
	CALL(write(copy, "HEAD", 4));
	CALL(fcntl(copy, F_SETFL, O_APPEND));
	CALL(write(a, "end", 3));
	show_text("log");
	CALL(close(a));
	CALL(close(b));
	CALL(close(copy));
	CALL(unlink("log"));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	flags();
	linking();
	path_descriptors();
	append();
	return 0;
}
