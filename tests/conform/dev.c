/* SPDX-License-Identifier: MIT */
/*
 * The devices that Linux has too, with reading, writing, positions, opening and
 * ioctl(2), which is tried on files and directories as well.
 */
#include "transcript.h"

#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full",
				      "/dev/random", "/dev/urandom"};

static char buf[70000];

static size_t count_zero(size_t len)
{
	size_t zero = 0;

	for (size_t i = 0; i < len; i++)
		zero += buf[i] == 0;
	return zero;
}

static void device(const char *path)
{
	struct iovec iov[3] = {{buf, 10}, {NULL, 0}, {buf + 10, 100}};
	struct iovec empty = {buf, 0};
	struct stat st;
	int fd;

	say("%s", path);
	must(stat(path, &st) == 0, path);
	say("mode %o rdev %u:%u size %ld blocks %ld", st.st_mode,
	    major(st.st_rdev), minor(st.st_rdev), (long)st.st_size,
	    (long)st.st_blocks);
	CALL(access(path, R_OK | W_OK));
	CALL(access(path, X_OK));
	CALL(fd = open(path, O_RDWR | O_TRUNC));
	CALL(fcntl(fd, F_GETFL));
	memset(buf, 'x', sizeof(buf));
	CALL(read(fd, buf, 10));
	CALL(read(fd, buf, sizeof(buf)));
	say("%s", count_zero(sizeof(buf)) == sizeof(buf) ? "all zero"
		  : count_zero(sizeof(buf)) == 0	 ? "none zero"
							 : "mixed");
	CALL(read(fd, buf, 0));
	CALL(pread(fd, buf, 10, 1000));
	CALL(pread(fd, buf, 10, -1));
	CALL(pread(fd, buf, 10, 0x7fffffffffffffff));
	CALL(write(fd, buf, 10));
	CALL(write(fd, buf, 0));
	CALL(pwrite(fd, buf, 10, 1000));
	CALL(pwrite(fd, buf, 10, 0x7fffffffffffffff));
	CALL(readv(fd, iov, 3));
	CALL(writev(fd, iov, 3));
	CALL(readv(fd, &empty, 1));
	CALL(writev(fd, &empty, 1));
	CALL(writev(fd, iov, 0));
	CALL(preadv(fd, iov, 3, 5));
	CALL(pwritev(fd, iov, 3, 5));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(lseek(fd, 100, SEEK_SET));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(lseek(fd, 0, SEEK_END));
	CALL(lseek(fd, 0, 77));
	CALL(fcntl(fd, F_SETFL, O_DIRECT));
	CALL(ftruncate(fd, 0));
	CALL(truncate(path, 0));
	CALL(ioctl(fd, FIONREAD, buf));
	CALL(ioctl(fd, TCGETS, buf));
	CALL(isatty(fd));
	CALL(ioctl(fd, 0x1234, buf));
	CALL(syscall(SYS_getdents64, fd, buf, 100));
	CALL(fchdir(fd));
	CALL(openat(fd, "x", O_RDONLY));
	CALL(close(fd));
	CALL(fd = open(path, O_WRONLY | O_APPEND));
	CALL(read(fd, buf, 1));
	CALL(write(fd, buf, 1));
	CALL(close(fd));
	CALL(fd = open(path, O_RDONLY | O_CREAT, 0600));
	CALL(write(fd, buf, 1));
	CALL(close(fd));
	CALL(open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
	CALL(open(path, O_RDONLY | O_DIRECTORY));
	CALL(open(path, O_RDONLY | O_DIRECT));
	CALL(fd = open(path, O_PATH));
	CALL(read(fd, buf, 1));
	CALL(close(fd));
	CALL(mkdir(path, 0777));
	CALL(readlink(path, buf, 10));
	CALL(chdir(path));
}

static void no_such_device(void)
{
	CALL(open("/dev/null/", O_RDONLY));
	CALL(open("/dev/null/x", O_RDONLY));
	CALL(open("/dev/no such device", O_RDONLY));
	CALL(chdir("/dev"));
	CALL(access("null", F_OK));
	CALL(open("../dev/./null", O_RDONLY));
	CALL(close(3));
}

static void requests(const char *what, int fd)
{
	struct winsize size;
	struct termios tio;
	int count = -7;

	say("%s", what);
	CALL(ioctl(fd, FIONREAD, &count));
	say("%d", count);
	CALL(ioctl(fd, TIOCGWINSZ, &size));
	CALL(ioctl(fd, TCGETS, &tio));
	CALL(ioctl(fd, TCSETS, &tio));
	CALL(ioctl(fd, TIOCSWINSZ, &size));
	CALL(ioctl(fd, 0));
	CALL(ioctl(fd, -1));
	CALL(ioctl(fd, FIOCLEX));
	CALL(fcntl(fd, F_GETFD));
	CALL(ioctl(fd, FIONCLEX));
	CALL(fcntl(fd, F_GETFD));
	CALL(ioctl(fd, FIONBIO, &(int){1}));
	CALL(fcntl(fd, F_GETFL));
	CALL(isatty(fd));
	CALL(tcgetattr(fd, &tio));
}

int main(int argc, char **argv)
{
	char here[200];
	int fd;

	begin_outside(argc, argv);
	must(getcwd(here, sizeof(here)) != NULL, "getcwd");
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
		device(devices[i]);
	no_such_device();
	must(chdir(here) == 0, here);
	make("file", "0123456789");
	fd = open("file", O_RDWR);
	requests("file", fd);
	CALL(lseek(fd, 4, SEEK_SET));
	requests("file, from 4", fd);
	CALL(lseek(fd, 40, SEEK_SET));
	requests("file, from 40", fd);
	close(fd);
	fd = open("file", O_PATH);
	requests("path", fd);
	close(fd);
	requests("closed", fd);
	fd = open(".", O_RDONLY);
	requests("directory", fd);
	close(fd);
	unlink("file");
	return 0;
}
