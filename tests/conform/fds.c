/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: the lowest number first, copies that share an offset and flags,
 * fcntl(2), limits, and very many of them.
 */
#include "transcript.h"

#include <sys/ioctl.h>
#include <sys/resource.h>

#define MANY 100000

/* musl's own takes unknown flags for none. */
static int dup3_raw(int fd, int newfd, int flags)
{
	return (int)syscall(SYS_dup3, fd, newfd, flags);
}

static void numbers(void)
{
	int fds[6], i;

	make("f", "0123456789");
	for (i = 0; i < 6; i++)
		CALL(fds[i] = open("f", O_RDONLY));
	CALL(close(fds[1]));
	CALL(close(fds[3]));
	CALL(close(fds[3]));
	CALL(dup(fds[0]));
	CALL(open("f", O_RDONLY));
	CALL(dup(fds[0]));
	CALL(fcntl(fds[0], F_DUPFD, 5));
	CALL(fcntl(fds[0], F_DUPFD, 20));
	CALL(fcntl(fds[0], F_DUPFD, 20));
	CALL(fcntl(fds[0], F_DUPFD_CLOEXEC, 20));
	CALL(fcntl(20, F_GETFD));
	CALL(fcntl(22, F_GETFD));
	CALL(dup2(fds[0], 30));
	CALL(dup2(fds[0], 30));
	CALL(dup2(fds[0], fds[0]));
	CALL(dup3_raw(fds[0], 31, O_CLOEXEC));
	CALL(fcntl(31, F_GETFD));
	CALL(dup2(31, 32));
	CALL(fcntl(32, F_GETFD));
	/* Beside dup2 of itself, which leaves the flag. */
	CALL(dup2(31, 31));
	CALL(fcntl(31, F_GETFD));
	CALL(dup2(fds[0], 31));
	CALL(fcntl(31, F_GETFD));
	for (i = 3; i < 40; i++)
		close(i);
	CALL(open("f", O_RDONLY | O_CLOEXEC));
	CALL(fcntl(3, F_GETFD));
	CALL(close(3));
	/* A number that comes again does not inherit the flag. */
	CALL(open("f", O_RDONLY));
	CALL(fcntl(3, F_GETFD));
	CALL(close(3));
}

static void errors(void)
{
	CALL(close(-1));
	CALL(close(3));
	CALL(close(1 << 30));
	CALL(dup(-1));
	CALL(dup(3));
	CALL(dup(1 << 30));
	CALL(dup2(3, 4));
	CALL(dup2(3, 3));
	CALL(dup2(-1, -1));
	CALL(dup2(0, -1));
	CALL(dup2(0, 1 << 30));
	CALL(dup2(3, -1));
	CALL(dup3_raw(0, 0, 0));
	CALL(dup3_raw(3, 3, 0));
	CALL(dup3_raw(0, 5, 1));
	CALL(dup3_raw(3, 5, O_CLOEXEC | O_APPEND));
	CALL(dup3_raw(3, 5, O_CLOEXEC));
	CALL(dup3_raw(0, -1, O_CLOEXEC));
	CALL(fcntl(3, F_GETFD));
	CALL(fcntl(3, F_GETFL));
	CALL(fcntl(3, F_SETFL, 0));
	CALL(fcntl(3, F_DUPFD, 0));
	CALL(fcntl(3, F_DUPFD, -1));
	CALL(fcntl(0, F_DUPFD, -1));
	CALL(fcntl(0, F_DUPFD, 1 << 30));
	CALL(fcntl(0, F_DUPFD, 1 << 20));
	CALL(fcntl(0, 9999, 0));
	CALL(fcntl(3, 9999, 0));
	CALL(ioctl(3, FIOCLEX));
	CALL(fsync(3));
	CALL(fdatasync(-1));
	CALL(fchdir(-1));
	CALL(fchdir(AT_FDCWD));
	CALL(fchmod(3, 0));
	CALL(syscall(SYS_fchown, AT_FDCWD, 0, 0));
	CALL(syscall(SYS_fstat, AT_FDCWD, NULL));
	CALL(syscall(SYS_getdents64, 3, NULL, 0));
	CALL(ftruncate(3, 0));
	CALL(ftruncate(3, -1));
	CALL(ftruncate(0, -1));
}

/* Copies share the offset and the status flags, not FD_CLOEXEC; another open of
 * the same file shares neither. */
static void sharing(void)
{
	char buf[10] = "";
	int fd, copy, other;

	make("f", "0123456789");
	CALL(fd = open("f", O_RDWR));
	CALL(copy = dup(fd));
	CALL(other = open("f", O_RDWR));
	CALL(read(fd, buf, 3));
	CALL(lseek(copy, 0, SEEK_CUR));
	CALL(lseek(other, 0, SEEK_CUR));
	CALL(lseek(copy, 7, SEEK_SET));
	CALL(read(fd, buf, 2));
	say("%.2s", buf);
	CALL(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	CALL(fcntl(copy, F_GETFL));
	CALL(fcntl(other, F_GETFL));
	CALL(write(copy, "x", 1));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(fcntl(copy, F_SETFL, 0));
	CALL(lseek(copy, 1, SEEK_SET));
	CALL(write(fd, "y", 1));
	CALL(fcntl(fd, F_SETFD, FD_CLOEXEC));
	CALL(fcntl(copy, F_GETFD));
	CALL(fcntl(fd, F_SETFD, ~FD_CLOEXEC));
	CALL(fcntl(fd, F_GETFD));
	CALL(close(fd));
	CALL(write(copy, "z", 1));
	show_text("f");
	/* What F_SETFL can't change stays. */
	CALL(fcntl(copy, F_SETFL,
		   O_RDONLY | O_CREAT | O_TRUNC | O_NOATIME | O_SYNC |
			   O_DIRECTORY | O_CLOEXEC | O_PATH));
	CALL(fcntl(copy, F_GETFL));
	CALL(ioctl(copy, FIOCLEX));
	CALL(fcntl(copy, F_GETFD));
	CALL(ioctl(copy, FIONCLEX));
	CALL(fcntl(copy, F_GETFD));
	CALL(ioctl(copy, FIONBIO, &(int){1}));
	CALL(fcntl(copy, F_GETFL));
	CALL(ioctl(copy, FIONBIO, &(int){0}));
	CALL(fcntl(copy, F_GETFL));
	CALL(close(copy));
	CALL(close(other));
	/* A descriptor that dup2 replaces is closed. */
	CALL(fd = open("f", O_RDONLY));
	make("g", "g");
	CALL(other = open("g", O_RDONLY));
	CALL(unlink("g"));
	CALL(dup2(fd, other));
	show_fd("other", other);
	CALL(close(fd));
	CALL(close(other));
}

static void limits(void)
{
	struct rlimit limit, old;
	int fd;

	must(getrlimit(RLIMIT_NOFILE, &old) == 0, "getrlimit");
	limit.rlim_max = old.rlim_max;
	limit.rlim_cur = 10;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	do {
		fd = open("f", O_RDONLY);
	} while (fd >= 0);
	CALL(open("f", O_RDONLY));
	CALL(dup(0));
	CALL(dup2(0, 9));
	CALL(dup2(0, 10));
	CALL(fcntl(0, F_DUPFD, 9));
	CALL(fcntl(0, F_DUPFD, 10));
	CALL(close(5));
	CALL(open("f", O_RDONLY));
	CALL(dup(0));
	/* A lower limit takes nothing away. */
	limit.rlim_cur = 4;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(dup(8));
	CALL(fcntl(8, F_GETFD));
	CALL(dup2(8, 3));
	CALL(dup2(8, 4));
	CALL(dup2(8, 8));
	CALL(close(8));
	CALL(fcntl(0, F_DUPFD, 4));
	limit.rlim_cur = 0;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(dup2(1, 1));
	CALL(dup(1));
	CALL(setrlimit(RLIMIT_NOFILE, &old));
	for (fd = 3; fd < 10; fd++)
		close(fd);
}

/* As many as there may be, if Linux has a limit below MANY that it keeps. */
static void many(void)
{
	struct rlimit limit, old;
	int i, count = MANY, wrong = 0;
	char name[20];

	must(getrlimit(RLIMIT_NOFILE, &old) == 0, "getrlimit");
	limit = old;
	limit.rlim_cur = (rlim_t)count + 10;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max = old.rlim_max;
		count = (int)limit.rlim_cur - 10;
		CALL(setrlimit(RLIMIT_NOFILE, &limit));
	} else {
		CALL(setrlimit(RLIMIT_NOFILE, &limit));
	}
	for (i = 3; i < count; i++) {
		snprintf(name, sizeof(name), "f%d", i % 100);
		wrong += open(name, O_RDWR | O_CREAT, 0600) != i;
	}
	say("%d wrong of many opened", wrong);
	for (i = 3; i < count; i += 2)
		wrong += close(i) != 0;
	for (i = 3; i < count; i += 2)
		wrong += dup(4) != i;
	say("%d wrong of many copied", wrong);
	CALL(dup2(4, count + 9) == count + 9);
	CALL(dup2(4, count + 10));
	CALL(close(count + 9));
	for (i = 3; i < count; i++)
		wrong += close(i) != 0;
	say("%d wrong of many closed", wrong);
	CALL(open("f", O_RDONLY));
	CALL(close(3));
	limit.rlim_cur = old.rlim_cur;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		unlink(name);
	}
}

/* The standard ones are like any other. */
static void standard(void)
{
	int saved;

	CALL(fflush(stdout));
	CALL(saved = dup(1));
	CALL(close(1));
	CALL(open("out", O_WRONLY | O_CREAT, 0644));
	CALL(write(1, "to the file", 11));
	CALL(write(saved, "to the screen\n", 14));
	dup2(saved, 1);
	close(saved);
	show_text("out");
	CALL(close(0));
	CALL(open("out", O_RDONLY));
	CALL(close(0));
	CALL(close(2));
	CALL(open("out", O_RDONLY));
	CALL(open("out", O_RDONLY));
	CALL(open("out", O_RDONLY));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	numbers();
	errors();
	sharing();
	limits();
	many();
	standard();
	return 0;
}
