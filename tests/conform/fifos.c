/* SPDX-License-Identifier: MIT */
/*
 * FIFOs, by one thread: who may open which end without waiting, what they are
 * to other calls, and what becomes of what is in them.
 */
#include "transcript.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>

static void opening(void)
{
	static const int flags[] = {
		O_RDONLY | O_NONBLOCK,
		O_WRONLY | O_NONBLOCK,
		O_RDWR,
		O_RDWR | O_NONBLOCK,
		O_RDWR | O_TRUNC,
		O_RDWR | O_CREAT,
		O_RDWR | O_CREAT | O_EXCL,
		O_RDWR | O_DIRECTORY,
		O_RDWR | O_DIRECT,
		O_RDWR | O_APPEND,
		O_RDWR | O_NOFOLLOW,
		O_RDWR | O_SYNC,
		3 | O_NONBLOCK,
		O_PATH,
		O_RDONLY | O_NONBLOCK | O_TRUNC,
	};
	int fd;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		say("%o", flags[i]);
		CALL(fd = open("fifo", flags[i]));
		if (fd >= 0) {
			CALL(fcntl(fd, F_GETFL));
			close(fd);
		}
	}
}

static void ends(void)
{
	char buf[100];
	int in, in2, out;

	CALL(in = open("fifo", O_RDONLY | O_NONBLOCK));
	CALL(read(in, buf, 10));
	CALL(out = open("fifo", O_WRONLY | O_NONBLOCK));
	CALL(read(in, buf, 10));
	CALL(write(out, "abcdef", 6));
	CALL(in2 = open("fifo", O_RDONLY));
	CALL(read(in2, buf, 2));
	CALL(read(in, buf, 2));
	CALL(close(in));
	CALL(write(out, "ghi", 3));
	CALL(close(in2));
	signal(SIGPIPE, SIG_IGN);
	CALL(write(out, "j", 1));
	/* It is still the same FIFO, with all that is in it. */
	CALL(in = open("fifo", O_RDONLY));
	CALL(read(in, buf, 3));
	say("%.3s", buf);
	CALL(close(out));
	CALL(read(in, buf, 3));
	CALL(read(in, buf, 3));
	CALL(out = open("fifo", O_WRONLY));
	CALL(close(in));
	CALL(close(out));
	CALL(out = open("fifo", O_RDWR));
	CALL(write(out, "lost", 4));
	CALL(close(out));
	CALL(out = open("fifo", O_RDWR | O_NONBLOCK));
	CALL(read(out, buf, 4));
	CALL(write(out, "a", 1));
	CALL(fcntl(out, F_SETPIPE_SZ, 4096));
	CALL(fcntl(out, F_GETPIPE_SZ));
	CALL(fcntl(out, F_SETFL, O_DIRECT | O_NONBLOCK));
	CALL(write(out, "b", 1));
	CALL(write(out, "c", 1));
	CALL(close(out));
	CALL(out = open("fifo", O_RDWR | O_NONBLOCK));
	CALL(fcntl(out, F_GETPIPE_SZ));
	/* Without a name it is as before, and a new one is another. */
	CALL(write(out, "a", 1));
	CALL(unlink("fifo"));
	CALL(mkfifo("fifo", 0640));
	CALL(in = open("fifo", O_RDWR | O_NONBLOCK));
	CALL(read(in, buf, 1));
	CALL(read(out, buf, 1));
	close(in);
	close(out);
}

static void others(void)
{
	char buf[10];
	int fd;

	show("fifo");
	CALL(truncate("fifo", 0));
	CALL(chmod("fifo", 0600));
	CALL(link("fifo", "fifo2"));
	CALL(rename("fifo2", "fifo3"));
	CALL(open("fifo/x", O_RDONLY));
	CALL(open("fifo/", O_RDONLY));
	CALL(chdir("fifo"));
	CALL(fd = open("fifo3", O_RDWR));
	CALL(ftruncate(fd, 0));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(write(fd, "abc", 3));
	show_fd("fifo3", fd);
	CALL(read(fd, buf, 10));
	CALL(ioctl(fd, FIONREAD, buf));
	CALL(fallocate(fd, 0, 0, 10));
	CALL(close(fd));
	CALL(unlink("fifo3"));
}

static void times_of(const char *what, int fd, struct stat *old)
{
	struct stat st;

	must(fstat(fd, &st) == 0, "fstat");
	say("%s: %d %d %d", what,
	    memcmp(&st.st_atim, &old->st_atim, sizeof(st.st_atim)) != 0,
	    memcmp(&st.st_mtim, &old->st_mtim, sizeof(st.st_mtim)) != 0,
	    memcmp(&st.st_ctim, &old->st_ctim, sizeof(st.st_ctim)) != 0);
	*old = st;
	usleep(20000);
}

static void times(void)
{
	struct stat st;
	char buf[10];
	int fd = open("fifo", O_RDWR | O_NONBLOCK);

	must(fd >= 0 && fstat(fd, &st) == 0, "open");
	usleep(20000);
	CALL(read(fd, buf, 10));
	times_of("read nothing", fd, &st);
	CALL(write(fd, "abc", 3));
	times_of("write", fd, &st);
	CALL(read(fd, buf, 1));
	times_of("read", fd, &st);
	CALL(read(fd, buf, 1));
	times_of("read again", fd, &st);
	close(fd);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	CALL(mkfifo("fifo", 0644));
	opening();
	ends();
	others();
	times();
	return 0;
}
