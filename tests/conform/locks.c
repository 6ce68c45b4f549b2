/* SPDX-License-Identifier: MIT */
/*
 * Locks: flock(2), and record locks of the process and of open file
 * descriptions, fcntl(2). Waits are those of threads.
 */
#include "transcript.h"

#include <pthread.h>
#include <sys/file.h>

/* Sets or asks for a lock and says so. */
static void lock(int fd, int cmd, int type, int whence, long start, long len)
{
	static const char *const types[] = {"read", "write", "unlock"};
	struct flock flock = {.l_type = (short)type,
			      .l_whence = (short)whence,
			      .l_start = start,
			      .l_len = len};
	int result = (errno = 0, fcntl(fd, cmd, &flock));

	if (result || (cmd != F_GETLK && cmd != F_OFD_GETLK)) {
		say("fd %d cmd %d type %d whence %d %ld+%ld: %s", fd, cmd, type,
		    whence, start, len, outcome(result));
		return;
	}
	say("fd %d cmd %d type %d %ld+%ld: %s whence %d %ld+%ld pid %d", fd,
	    cmd, type, start, len, types[flock.l_type], flock.l_whence,
	    (long)flock.l_start, (long)flock.l_len,
	    flock.l_pid == getpid() ? 1 : flock.l_pid);
}

#define OFD(fd, type, start, len) \
	lock(fd, F_OFD_SETLK, type, SEEK_SET, start, len)
#define SET(fd, type, start, len) lock(fd, F_SETLK, type, SEEK_SET, start, len)
#define ASK(fd, type, start, len) \
	lock(fd, F_OFD_GETLK, type, SEEK_SET, start, len)

static void flocks(void)
{
	int a, b, c;

	make("f", "0123456789");
	a = open("f", O_RDONLY);
	b = open("f", O_RDWR);
	c = dup(a);
	CALL(flock(a, LOCK_SH | LOCK_NB));
	CALL(flock(b, LOCK_SH | LOCK_NB));
	CALL(flock(a, LOCK_EX | LOCK_NB)); /* loses what it had */
	CALL(flock(b, LOCK_EX | LOCK_NB));
	CALL(flock(a, LOCK_SH | LOCK_NB));
	CALL(flock(b, LOCK_SH | LOCK_NB));
	CALL(flock(c, LOCK_SH | LOCK_NB));
	CALL(flock(c, LOCK_UN));
	CALL(flock(b, LOCK_EX | LOCK_NB));
	CALL(flock(b, LOCK_EX | LOCK_NB));
	CALL(close(b));
	CALL(flock(c, LOCK_EX | LOCK_NB));
	CALL(close(a));
	a = open("f", O_RDONLY);
	CALL(flock(a, LOCK_SH | LOCK_NB));
	CALL(close(c));
	CALL(flock(a, LOCK_SH | LOCK_NB));
	CALL(flock(a, 0));
	CALL(flock(a, LOCK_NB));
	CALL(flock(a, LOCK_SH | LOCK_EX));
	CALL(flock(a, 16));
	CALL(flock(99, LOCK_SH));
	CALL(flock(99, 16));
	CALL(flock(a, LOCK_UN | LOCK_NB));
	CALL(flock(a, LOCK_UN));
	b = open("f", O_PATH);
	CALL(flock(b, LOCK_SH));
	CALL(close(b));
	b = open(".", O_RDONLY);
	CALL(flock(b, LOCK_EX | LOCK_NB));
	CALL(close(b));
	b = open("f", 3);
	CALL(flock(b, LOCK_EX | LOCK_NB));
	CALL(flock(b, LOCK_UN));
	CALL(close(b));
	CALL(close(a));
}

/* Locks of one owner are split, joined and replaced. */
static void ranges(void)
{
	int a = open("f", O_RDWR), b = open("f", O_RDWR);

	OFD(a, F_WRLCK, 10, 10);
	ASK(b, F_RDLCK, 0, 0);
	ASK(b, F_RDLCK, 0, 10);
	ASK(b, F_RDLCK, 0, 11);
	ASK(b, F_RDLCK, 19, 1);
	ASK(b, F_RDLCK, 20, 1);
	OFD(a, F_WRLCK, 20, 10); /* joins */
	ASK(b, F_RDLCK, 0, 0);
	OFD(a, F_RDLCK, 15, 5); /* in the middle */
	ASK(b, F_WRLCK, 0, 0);
	ASK(b, F_WRLCK, 15, 1);
	ASK(b, F_RDLCK, 15, 5);
	ASK(b, F_RDLCK, 15, 6);
	OFD(a, F_UNLCK, 12, 10);
	ASK(b, F_RDLCK, 11, 1);
	ASK(b, F_RDLCK, 12, 10);
	ASK(b, F_RDLCK, 12, 0);
	OFD(a, F_WRLCK, 0, 0);
	ASK(b, F_RDLCK, 1000000, 1);
	OFD(a, F_UNLCK, 5, 5);
	ASK(b, F_RDLCK, 0, 0);
	ASK(b, F_RDLCK, 5, 0);
	OFD(a, F_RDLCK, 0, 3);
	OFD(a, F_RDLCK, 3, 2);
	ASK(b, F_WRLCK, 0, 0);
	OFD(b, F_RDLCK, 2, 2);
	ASK(a, F_WRLCK, 0, 0);
	OFD(b, F_WRLCK, 2, 2);
	OFD(a, F_UNLCK, 0, 0);
	OFD(b, F_WRLCK, 2, 2);
	ASK(a, F_RDLCK, 0, 0);
	ASK(b, F_WRLCK, 0, 0);
	CALL(close(b));
	ASK(a, F_WRLCK, 0, 0);
	CALL(close(a));
}

/* Those of the process go away with the first descriptor that is closed. */
static void process_locks(void)
{
	int a = open("f", O_RDWR), b = open("f", O_RDWR), c;

	SET(a, F_WRLCK, 0, 10);
	SET(b, F_WRLCK, 5, 10);
	lock(a, F_GETLK, F_WRLCK, SEEK_SET, 0, 0);
	ASK(a, F_WRLCK, 0, 0);
	OFD(b, F_RDLCK, 14, 1);
	OFD(b, F_RDLCK, 15, 1);
	SET(a, F_WRLCK, 15, 1);
	lock(a, F_GETLK, F_WRLCK, SEEK_SET, 0, 0);
	c = open("f", O_RDONLY);
	CALL(close(c));
	ASK(a, F_WRLCK, 0, 0);
	SET(a, F_WRLCK, 0, 1);
	c = dup(a);
	CALL(close(c));
	ASK(b, F_WRLCK, 0, 1);
	SET(a, F_RDLCK, 0, 1);
	CALL(dup2(b, a));
	ASK(b, F_WRLCK, 0, 1);
	CALL(close(a));
	a = open("f", O_RDWR);
	ASK(a, F_WRLCK, 0, 0);
	CALL(close(b));
	ASK(a, F_WRLCK, 0, 0);
	CALL(close(a));
}

static void refused(void)
{
	struct flock flock = {.l_type = F_RDLCK, .l_pid = 1};
	int a = open("f", O_RDONLY), b = open("f", O_WRONLY), d;

	SET(a, F_WRLCK, 0, 1);
	SET(b, F_RDLCK, 0, 1);
	SET(a, F_RDLCK, 0, 1);
	SET(b, F_WRLCK, 0, 1);
	SET(a, F_UNLCK, 0, 0);
	OFD(b, F_RDLCK, 0, 1);
	SET(a, 3, 0, 1);
	SET(a, -1, 0, 1);
	ASK(a, 3, 0, 1);
	lock(a, F_GETLK, F_UNLCK, SEEK_SET, 0, 1);
	ASK(a, F_UNLCK, 0, 1);
	lock(a, F_SETLK, F_RDLCK, 3, 0, 1);
	lock(a, F_SETLK, F_RDLCK, -1, 0, 1);
	SET(a, F_RDLCK, -1, 1);
	SET(a, F_RDLCK, 0, -1);
	SET(a, F_RDLCK, 5, -5);
	SET(a, F_RDLCK, 5, -6);
	SET(a, F_RDLCK, INT64_MAX, 1);
	SET(a, F_RDLCK, INT64_MAX, 2);
	SET(a, F_RDLCK, 1, INT64_MAX);
	SET(a, F_RDLCK, 2, INT64_MAX);
	SET(a, F_RDLCK, 0, INT64_MIN);
	lock(a, F_SETLK, F_RDLCK, SEEK_END, 1, INT64_MAX - 10);
	lock(a, F_SETLK, F_RDLCK, SEEK_END, INT64_MAX, 1);
	lock(a, F_SETLK, F_RDLCK, SEEK_END, -3, 2);
	lock(a, F_SETLK, F_RDLCK, SEEK_END, -11, 2);
	CALL(lseek(a, 4, SEEK_SET));
	lock(a, F_SETLK, F_RDLCK, SEEK_CUR, 1, 2);
	lock(a, F_SETLK, F_RDLCK, SEEK_CUR, -5, 2);
	ASK(b, F_WRLCK, 0, 0);
	CALL(fcntl(a, F_OFD_SETLK, &flock));
	CALL(fcntl(a, F_OFD_GETLK, &flock));
	CALL(fcntl(99, F_SETLK, &flock));
	CALL(syscall(SYS_fcntl, a, F_SETLK, NULL));
	CALL(syscall(SYS_fcntl, a, F_GETLK, 1));
	d = open("f", O_PATH);
	SET(d, F_RDLCK, 0, 1);
	CALL(close(d));
	d = open(".", O_RDONLY);
	SET(d, F_RDLCK, 0, 1);
	SET(d, F_WRLCK, 0, 1);
	CALL(close(d));
	CALL(close(a));
	CALL(close(b));
}

static void no_trace(void)
{
	struct stat st;
	int a = open("f", O_RDWR);

	SET(a, F_WRLCK, 0, 1);
	CALL(flock(a, LOCK_EX));
	CALL(unlink("f"));
	CALL(fstat(a, &st));
	CALL(close(a));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	flocks();
	ranges();
	process_locks();
	refused();
	no_trace();
	return 0;
}
