/* SPDX-License-Identifier: MIT */
/*
 * How large files may get: RLIMIT_FSIZE with its signal, and the flags of
 * preadv2(2) and pwritev2(2); and calls about what is written back or read
 * ahead, of which there is nothing to be seen.
 */
#include "transcript.h"

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/uio.h>

static volatile sig_atomic_t signals;

static void count(int sig)
{
	(void)sig;
	signals++;
}

/* Says how many came since it was called last. */
static void signals_said(void)
{
	say("SIGXFSZ: %d", (int)signals);
	signals = 0;
}

static void limit(rlim_t bytes)
{
	const struct rlimit new = {bytes, RLIM_INFINITY};
	struct rlimit now;

	CALL(setrlimit(RLIMIT_FSIZE, &new));
	CALL(getrlimit(RLIMIT_FSIZE, &now));
	say("%d %d", now.rlim_cur == bytes, now.rlim_max == RLIM_INFINITY);
}

static void limited(void)
{
	static char page[10000];
	struct iovec iov[3] = {{page, 100}, {page, 5000}, {page, 100}};
	int fd, other;

	must(signal(SIGXFSZ, count) != SIG_ERR, "signal");
	CALL(fd = open("f", O_RDWR | O_CREAT, 0644));
	CALL(pwrite(fd, page, 10000, 0));
	limit(5000);
	CALL(pwrite(fd, page, 10, 0));
	CALL(pwrite(fd, page, 10, 4995));
	CALL(pwrite(fd, page, 10, 4999));
	signals_said();
	CALL(pwrite(fd, page, 10, 5000));
	signals_said();
	CALL(pwrite(fd, page, 0, 5000));
	CALL(pwrite(fd, page, 10, LONG_MAX - 10));
	CALL(pwrite(fd, page, 10, LONG_MAX - 9));
	CALL(pwrite(fd, page, 10, LONG_MAX));
	signals_said();
	CALL(ftruncate(fd, 9000));
	signals_said();
	CALL(ftruncate(fd, 9001));
	signals_said();
	CALL(truncate("f", 9001));
	signals_said();
	CALL(fallocate(fd, 0, 0, 9000));
	CALL(fallocate(fd, 0, 8000, 1001));
	CALL(fallocate(fd, FALLOC_FL_KEEP_SIZE, 8000, 1001));
	signals_said();
	CALL(fallocate(fd, FALLOC_FL_KEEP_SIZE, 1, LONG_MAX));
	CALL(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 8000,
		       10000));
	signals_said();
	show_fd("f", fd);
	CALL(lseek(fd, 6000, SEEK_SET));
	CALL(write(fd, page, 10));
	CALL(writev(fd, iov, 3));
	signals_said();
	CALL(ftruncate(fd, 0));
	CALL(ftruncate(fd, 5000));
	CALL(ftruncate(fd, 5001));
	CALL(ftruncate(fd, 0));
	signals_said();
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(writev(fd, iov, 3));
	CALL(writev(fd, iov, 3));
	CALL(lseek(fd, 0, SEEK_CUR));
	signals_said();
	CALL(ftruncate(fd, 4990));
	CALL(other = open("f", O_WRONLY | O_APPEND));
	CALL(write(other, page, 100));
	CALL(write(other, page, 100));
	CALL(pwrite(other, page, 100, 0));
	CALL(write(other, page, 0));
	signals_said();
	show_fd("f", fd);
	CALL(close(other));
	CALL(other = open("f", O_WRONLY | O_TRUNC));
	CALL(close(other));
	limit(0);
	CALL(write(fd, page, 1));
	CALL(pwrite(fd, page, 1, 0));
	CALL(write(fd, page, 0));
	CALL(ftruncate(fd, 0));
	CALL(fallocate(fd, 0, 0, 1));
	CALL(symlink("target", "link"));
	CALL(mkdir("dir", 0755));
	signals_said();
	limit(LONG_MAX);
	CALL(pwrite(fd, page, 1, LONG_MAX));
	CALL(ftruncate(fd, LONG_MAX));
	signals_said();
	CALL(ftruncate(fd, 0));
	limit(RLIM_INFINITY);
	CALL(pwrite(fd, page, 1, LONG_MAX));
	CALL(pwrite(fd, page, 10, 9000));
	signals_said();
	CALL(close(fd));
}

static void flags(void)
{
	static const int all[] = {0,	0x01, 0x02, 0x04, 0x07,	 0x08, 0x10,
				  0x20, 0x30, 0x40, 0x80, 0x200, -1};
	char text[] = "0123456789", buf[8];
	struct iovec out = {text, 4}, in = {buf, 4}, none = {buf, 0};
	int fd, plain, dir;

	make("g", "abcdefgh");
	CALL(fd = open("g", O_RDWR | O_APPEND));
	CALL(plain = open("g", O_RDWR));
	CALL(dir = open(".", O_RDONLY));
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		long at = 0, zero = 0;
		int f = all[i];

		say("flags %x", (unsigned)f);
		CALL(syscall(SYS_pwritev2, fd, &out, 1, at, zero, f));
		CALL(syscall(SYS_pwritev2, plain, &out, 1, at, zero, f));
		CALL(syscall(SYS_pwritev2, plain, &out, 1, -1L, zero, f));
		CALL(lseek(plain, 0, SEEK_CUR));
		CALL(syscall(SYS_preadv2, fd, &in, 1, at, zero, f));
		say("%.4s", buf);
		CALL(syscall(SYS_preadv2, plain, &in, 1, -1L, zero, f));
		CALL(syscall(SYS_preadv2, plain, &none, 1, at, zero, f));
		CALL(syscall(SYS_preadv2, plain, &in, 1, -2L, zero, f));
		CALL(syscall(SYS_preadv2, dir, &in, 1, at, zero, f));
		CALL(syscall(SYS_pwritev2, dir, &in, 1, at, zero, f));
		CALL(syscall(SYS_pwritev2, 99, &in, -1, at, zero, f));
		CALL(syscall(SYS_pwritev2, plain, &in, -1, at, zero, f));
		show_text("g");
	}
	CALL(close(fd));
	CALL(close(plain));
	CALL(close(dir));
}

static void written_back(void)
{
	int fd, dir, path;

	CALL(fd = open("g", O_WRONLY));
	CALL(dir = open(".", O_RDONLY));
	CALL(path = open("g", O_PATH));
	for (unsigned i = 0; i < 9; i++)
		CALL(syscall(SYS_sync_file_range, fd, 0L, 10L, i));
	CALL(syscall(SYS_sync_file_range, fd, -1L, 10L, 0));
	CALL(syscall(SYS_sync_file_range, fd, 0L, -1L, 0));
	CALL(syscall(SYS_sync_file_range, fd, 1L, LONG_MAX, 0));
	CALL(syscall(SYS_sync_file_range, fd, 1L, LONG_MAX - 1, 0));
	CALL(syscall(SYS_sync_file_range, fd, LONG_MAX, 0L, 0));
	CALL(syscall(SYS_sync_file_range, dir, 0L, 10L, 0));
	CALL(syscall(SYS_sync_file_range, path, 0L, 10L, 0));
	CALL(syscall(SYS_sync_file_range, 99, -1L, 10L, 0));
	CALL(syncfs(fd));
	CALL(syncfs(dir));
	CALL(syncfs(path));
	CALL(syncfs(99));
	CALL(readahead(fd, 0, 10));
	CALL(readahead(dir, 0, 10));
	CALL(readahead(path, 0, 10));
	CALL(readahead(99, 0, 10));
	CALL(close(fd));
	CALL(fd = open("g", O_RDONLY));
	CALL(readahead(fd, 0, 10));
	CALL(readahead(fd, -1, 10));
	CALL(readahead(fd, 0, SIZE_MAX));
	CALL(readahead(fd, LONG_MAX, LONG_MAX));
	CALL(close(fd));
	close(dir);
	close(path);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	limited();
	flags();
	written_back();
	return 0;
}
