/* SPDX-License-Identifier: MIT */
/*
 * Calls libc's hot functions with a dispatcher of its own in place of
 * Whelk's (see tests/libc.sh): it must not be called while there is no
 * detour, and must be called once while there is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

extern int syscall_detour;
long whelk_dispatch(long n, long a, long b, long c, long d, long e, long f);
long syscall_dispatch(long n, long a, long b, long c, long d, long e, long f);

static int dispatched;

long syscall_dispatch(long n, long a, long b, long c, long d, long e, long f)
{
	dispatched++;
	return whelk_dispatch(n, a, b, c, d, e, f);
}

static int failures;

/* Runs call; it must succeed, and reach the dispatcher so many times. */
#define EXPECT(times, call)                                                    \
	do {                                                                   \
		dispatched = 0;                                                \
		long result = (long)(call);                                    \
		int seen = dispatched, detour = syscall_detour;                \
		syscall_detour = 0;                                            \
		if (result < 0 || seen != (times)) {                           \
			printf("%s = %ld (%s), dispatched %d times, not %d\n", \
			       #call, result, strerror(errno), seen, times);   \
			failures++;                                            \
		}                                                              \
		syscall_detour = detour;                                       \
	} while (0)

static void run(int times)
{
	char text[16] = "0123456789abcde";
	struct iovec iov = {text, sizeof(text)};
	struct stat st;
	int fd;

	EXPECT(times, fd = open("/file", O_RDWR | O_CREAT | O_TRUNC, 0644));
	EXPECT(times, write(fd, text, sizeof(text)));
	EXPECT(times, pwrite(fd, text, sizeof(text), 4));
	EXPECT(times, lseek(fd, 0, SEEK_SET));
	EXPECT(times, read(fd, text, sizeof(text)));
	EXPECT(times, pread(fd, text, sizeof(text), 2));
	EXPECT(times, writev(fd, &iov, 1));
	EXPECT(times, readv(fd, &iov, 1));
	EXPECT(times, fstat(fd, &st));
	EXPECT(times, close(fd));
	EXPECT(times, stat("/file", &st));
	EXPECT(times, mkdir("/dir", 0755));
	EXPECT(times, rename("/file", "/dir/file"));
	EXPECT(times, unlink("/dir/file"));
	EXPECT(times, rmdir("/dir"));
}

int main(void)
{
	run(0);
	syscall_detour = 2; /* as after the first pthread_cancel */
	run(1);
	syscall_detour = 0;
	return failures ? 1 : 0;
}
