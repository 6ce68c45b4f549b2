/* SPDX-License-Identifier: MIT */
/*
 * Pipes, by one thread: how much fits, in whole and in parts, what is left
 * when one end is gone, packets, capacities, and calls that pipes don't have.
 */
#include "transcript.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

static char data[1 << 20];
static int in, out;

static void open_pipe(int flags)
{
	int fds[2];

	CALL(pipe2(fds, flags));
	in = fds[0];
	out = fds[1];
}

static void close_pipe(void)
{
	close(in);
	close(out);
}

static int pending(int fd)
{
	int count = -1;

	ioctl(fd, FIONREAD, &count);
	return count;
}

static volatile int pipe_signals;

static void on_pipe(int sig)
{
	pipe_signals += sig == SIGPIPE;
}

static void making(void)
{
	static const int flags[] = {0, O_CLOEXEC, O_NONBLOCK, O_DIRECT,
				    O_CLOEXEC | O_NONBLOCK | O_DIRECT};
	struct stat st;
	int fds[2];

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		open_pipe(flags[i]);
		say("%d %d", in, out);
		CALL(fcntl(in, F_GETFL));
		CALL(fcntl(out, F_GETFL));
		CALL(fcntl(in, F_GETFD));
		CALL(fcntl(out, F_GETFD));
		close_pipe();
	}
	CALL(pipe2(fds, O_APPEND));
	CALL(pipe2(fds, O_RDWR));
	CALL(pipe2(fds, O_CLOEXEC | O_SYNC));
	CALL(pipe(fds));
	must(fstat(fds[0], &st) == 0, "fstat");
	say("%o %d %d %d %d %d %d", st.st_mode, (int)st.st_nlink,
	    (int)st.st_uid, (int)st.st_gid, (int)st.st_size, (int)st.st_blksize,
	    (int)st.st_blocks);
	CALL(close(fds[0]));
	CALL(fcntl(fds[1], F_GETFD));
	CALL(close(fds[1]));
}

static void errors(void)
{
	struct iovec iov = {data, 10};
	char c;

	open_pipe(0);
	CALL(read(out, &c, 1));
	CALL(write(in, &c, 1));
	CALL(read(out, &c, 0));
	CALL(write(in, &c, 0));
	CALL(read(in, &c, 0));
	CALL(write(out, &c, 0));
	CALL(lseek(in, 0, SEEK_SET));
	CALL(lseek(out, 0, SEEK_END));
	CALL(lseek(in, 0, 99));
	CALL(pread(in, &c, 1, 0));
	CALL(pwrite(out, &c, 1, 0));
	CALL(pwrite(in, &c, 1, 0));
	CALL(pread(in, &c, 1, -1));
	CALL(preadv(in, &iov, 1, 0));
	CALL(pwritev(out, &iov, 1, 0));
	CALL(ftruncate(out, 0));
	CALL(ftruncate(in, 0));
	CALL(fsync(out));
	CALL(fdatasync(in));
	CALL(posix_fadvise(in, 0, 0, POSIX_FADV_NORMAL));
	CALL(fchdir(in));
	CALL(syscall(SYS_getdents64, in, data, 1000));
	CALL(openat(in, "f", O_RDONLY));
	CALL(fchmod(in, 0640));
	CALL(fchown(in, 3, 4));
	show_fd("pipe", out);
	CALL(ioctl(in, 0x5401, data));
	CALL(ioctl(in, 0x12345, data));
	close_pipe();
}

/* How much goes in, in portions of one size, and comes out again. */
static void portions(size_t size, size_t back)
{
	int count = 0, sum = 0;
	ssize_t n, last = 0;

	open_pipe(O_NONBLOCK);
	while ((n = write(out, data, size)) > 0) {
		count++;
		last = n;
	}
	say("%zu: %d times, the last of %zd, then %s, %d in it", size, count,
	    last, outcome(n), pending(in));
	CALL(write(out, data, 1));
	CALL(read(in, data, back));
	for (count = 0; (n = write(out, data, size)) > 0; count++)
		last = n;
	say("%d more, the last of %zd, %d in it", count, last, pending(out));
	for (count = 0; (n = read(in, data, back)) > 0; count++)
		sum += (int)n;
	say("%d reads of %d in all, then %s", count, sum, outcome(n));
	close_pipe();
}

static void sizes(void)
{
	static const size_t size[] = {1,    100,  4095,	 4096,	4097,  5000,
				      8191, 8192, 65535, 65536, 65537, 200000};

	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
		portions(size[i], 1);
		portions(size[i], 4096);
		portions(size[i], 5000);
	}
}

/* Bytes come out as they went in, whatever the sizes are. */
static void random_sizes(void)
{
	static unsigned char bytes[20000];
	uint32_t state = 1;
	unsigned char next_in = 0, next_out = 0;
	uint64_t hash = 0;
	int wrong = 0;

	open_pipe(O_NONBLOCK);
	for (int i = 0; i < 20000; i++) {
		size_t size = sequence(&state, i & 64 ? 20000 : 300);
		ssize_t n;

		if (sequence(&state, 100) == 0)
			fcntl(out, F_SETFL,
			      O_NONBLOCK |
				      (sequence(&state, 4) ? 0 : O_DIRECT));
		if (sequence(&state, 2)) {
			for (size_t j = 0; j < size; j++)
				bytes[j] = (unsigned char)(next_in + j);
			n = write(out, bytes, size);
			if (n > 0)
				next_in = (unsigned char)(next_in + n);
		} else {
			n = read(in, bytes, size);
			for (ssize_t j = 0; j < n; j++)
				wrong += bytes[j] != next_out++;
			/* What is left of a packet is lost. */
			next_out = (unsigned char)(next_in - pending(in));
		}
		hash = hash * 31 + (uint64_t)n * 7 + (uint64_t)pending(in);
	}
	say("%d wrong, %llx", wrong, (unsigned long long)hash);
	close_pipe();
}

static void vectors(void)
{
	struct iovec iov[4] = {{data, 5},
			       {data + 100, 0},
			       {data + 200, 4000},
			       {data + 9000, 500}};

	memset(data, 'a', 100);
	memset(data + 200, 'b', 4000);
	memset(data + 9000, 'c', 500);
	open_pipe(O_NONBLOCK);
	CALL(writev(out, iov, 4));
	CALL(pending(in));
	CALL(readv(in, iov, 1));
	/* Reads what is there, and does not wait for the rest. */
	CALL(readv(in, iov + 1, 2));
	CALL(readv(in, iov, 4));
	CALL(readv(in, iov, 4));
	CALL(writev(out, iov + 1, 1));
	CALL(readv(in, iov + 1, 1));
	/* All in whole or not at all, up to PIPE_BUF. */
	while (write(out, data, 4096) > 0)
		;
	CALL(read(in, data, 4090));
	CALL(writev(out, iov, 3));
	CALL(read(in, data, 10));
	CALL(writev(out, iov, 3));
	CALL(writev(out, iov, 1));
	iov[2].iov_len = 4092;
	CALL(read(in, data, 5000));
	CALL(writev(out, iov, 3));
	CALL(pending(in));
	close_pipe();
}

static void ends(void)
{
	struct sigaction action = {.sa_handler = on_pipe};
	char buf[10];

	open_pipe(0);
	CALL(write(out, "abc", 3));
	CALL(close(out));
	CALL(read(in, buf, 2));
	CALL(read(in, buf, 2));
	CALL(read(in, buf, 2));
	CALL(close(in));

	sigaction(SIGPIPE, &action, NULL);
	open_pipe(0);
	CALL(write(out, "abc", 3));
	CALL(close(in));
	CALL(write(out, "d", 1));
	say("%d", pipe_signals);
	CALL(write(out, "d", 0));
	CALL(write(out, data, 100000));
	say("%d", pipe_signals);
	CALL(ioctl(out, FIONREAD, buf));
	say("%d", *(int *)(void *)buf);
	CALL(close(out));

	signal(SIGPIPE, SIG_IGN);
	open_pipe(O_NONBLOCK);
	CALL(dup2(in, 20));
	CALL(close(in));
	CALL(write(out, "d", 1));
	CALL(close(20));
	CALL(write(out, "d", 1));
	CALL(close(out));
	say("%d", pipe_signals);
	signal(SIGPIPE, SIG_DFL);
}

static void packets(void)
{
	open_pipe(O_NONBLOCK | O_DIRECT);
	CALL(write(out, data, 10));
	CALL(write(out, data, 20));
	CALL(write(out, data, 5000));
	CALL(pending(in));
	CALL(read(in, data, 5));
	CALL(read(in, data, 500));
	CALL(read(in, data, 5000));
	CALL(pending(in));
	CALL(fcntl(out, F_SETFL, O_NONBLOCK));
	CALL(write(out, data, 7));
	CALL(write(out, data, 8));
	CALL(read(in, data, 5000));
	CALL(read(in, data, 5000));
	CALL(write(out, data, 7));
	CALL(fcntl(out, F_SETFL, O_NONBLOCK | O_DIRECT));
	/* The flag says how new slots are, not what may be added to. */
	CALL(write(out, data, 8));
	CALL(write(out, data, 4096));
	CALL(write(out, data, 9));
	for (int i = 0; i < 5; i++)
		CALL(read(in, data, 5000));
	close_pipe();
}

static void capacities(void)
{
	static const unsigned sizes[] = {0,	      1,     4096,   4097,
					 8192,	      65537, 100000, 1 << 20,
					 0x80000001U, -1U};
	int file;

	open_pipe(O_NONBLOCK);
	CALL(fcntl(in, F_GETPIPE_SZ));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		say("%u", sizes[i]);
		CALL(fcntl(out, F_SETPIPE_SZ, sizes[i]));
		CALL(fcntl(in, F_GETPIPE_SZ));
	}
	CALL(fcntl(in, F_SETPIPE_SZ, 8192));
	CALL(write(out, data, 10000));
	CALL(write(out, data, 10000));
	CALL(fcntl(in, F_SETPIPE_SZ, 4096));
	CALL(read(in, data, 4097));
	CALL(fcntl(in, F_SETPIPE_SZ, 4096));
	CALL(write(out, data, 1));
	CALL(write(out, data, 2));
	CALL(pending(in));
	CALL(fcntl(in, F_SETPIPE_SZ, 32768));
	CALL(write(out, data, 50000));
	CALL(fcntl(in, F_SETPIPE_SZ, 65536));
	CALL(write(out, data, 50000));
	CALL(read(in, data, 100000));
	close_pipe();
	must((file = open("f", O_CREAT | O_RDWR, 0600)) >= 0, "open");
	CALL(fcntl(file, F_GETPIPE_SZ));
	CALL(fcntl(file, F_SETPIPE_SZ, 4096));
	CALL(fcntl(99, F_GETPIPE_SZ));
	close(file);
}

/* Addresses that are bad: EFAULT, and what is lost by that. */
static void bad_addresses(void)
{
	char *bad = (char *)0x500000000000;
	struct iovec iov[2] = {{data, 10}, {bad, 10}};
	int count;

	open_pipe(O_NONBLOCK);
	CALL(syscall(SYS_pipe2, 0x500000000000, 0));
	CALL(write(out, bad, 10));
	CALL(pending(in));
	CALL(writev(out, iov, 2));
	CALL(pending(in));
	CALL(write(out, data, 100));
	CALL(write(out, bad, 10));
	CALL(pending(in));
	CALL(read(in, bad, 10));
	CALL(pending(in));
	CALL(readv(in, iov, 2));
	CALL(pending(in));
	CALL(write(out, data, 9000));
	iov[0].iov_len = 5000;
	CALL(readv(in, iov, 2));
	CALL(pending(in));
	iov[0].iov_len = 10000;
	CALL(writev(out, iov, 2));
	CALL(pending(in));
	CALL(ioctl(in, FIONREAD, bad));
	CALL(ioctl(in, FIONREAD, &count));
	say("%d", count);
	close_pipe();
}

/* RWF_NOWAIT is known, until splice(2) has been used. */
static void no_wait(void)
{
	struct iovec iov = {data, 10};
	int fd;

	CALL(fd = open("f", O_RDWR | O_CREAT, 0600));
	for (int i = 0; i < 2; i++) {
		open_pipe(O_NONBLOCK);
		CALL(syscall(SYS_pwritev2, out, &iov, 1, -1L, 0L, RWF_NOWAIT));
		CALL(i ? splice(in, NULL, fd, NULL, 5, 0)
		       : splice(fd, NULL, out, NULL, 5, 0));
		CALL(syscall(SYS_preadv2, in, &iov, 1, -1L, 0L, RWF_NOWAIT));
		CALL(syscall(SYS_preadv2, in, &iov, 1, -1L, 0L, 0));
		CALL(syscall(SYS_pwritev2, out, &iov, 1, -1L, 0L, RWF_NOWAIT));
		CALL(fcntl(in, F_GETFL));
		CALL(fcntl(out, F_GETFL));
		close_pipe();
	}
	CALL(close(fd));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	making();
	errors();
	sizes();
	random_sizes();
	vectors();
	ends();
	packets();
	capacities();
	bad_addresses();
	no_wait();
	return 0;
}
