/* SPDX-License-Identifier: MIT */
/*
 * inotify: which events each call brings, in which order, to who watches a file
 * and who watches its directory; watches that are changed, removed, or end;
 * reading, and the queue's overflow.
 */
#include "transcript.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

static int events_fd;
static char buffer[1 << 16];
static uint32_t cookies[64];
static int cookies_len;

/* Cookies by the order in which they come. */
static int cookie_label(uint32_t cookie)
{
	if (!cookie)
		return 0;
	for (int i = 0; i < cookies_len; i++) {
		if (cookies[i] == cookie)
			return i + 1;
	}
	cookies[cookies_len++ % 64] = cookie;
	return cookies_len;
}

static void show_event(const struct inotify_event *event)
{
	static const char *const names[] = {
		"ACCESS",     "MODIFY", "ATTRIB",      "CLOSE_WRITE",
		"CLOSE_NOWR", "OPEN",	"MOVED_FROM",  "MOVED_TO",
		"CREATE",     "DELETE", "DELETE_SELF", "MOVE_SELF"};
	char text[200] = "";

	for (int i = 0; i < 12; i++) {
		if (event->mask & (1U << i)) {
			strcat(text, " ");
			strcat(text, names[i]);
		}
	}
	say("    %d%s %x cookie %d len %u %s", event->wd, text,
	    event->mask & ~0xfffU, cookie_label(event->cookie), event->len,
	    !event->len		    ? "-"
	    : event->name[0] == '#' ? "#inode"
				    : event->name);
}

/* Says what has come since the last time. */
static void drain(void)
{
	ssize_t n;
	int pending = -1;

	ioctl(events_fd, FIONREAD, &pending);
	n = read(events_fd, buffer, sizeof(buffer));
	if (n < 0) {
		say("    %s (%d)", outcome(n), pending);
		return;
	}
	if (pending != n)
		say("    FIONREAD said %d, not %d", pending, (int)n);
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		show_event(event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	cookies_len = 0;
}

/* A call, and the events that it brings. */
#define DO(expr)                                \
	do {                                    \
		errno = 0;                      \
		call_said(#expr, (long)(expr)); \
		drain();                        \
	} while (0)

static int watch(const char *path, uint32_t mask)
{
	return inotify_add_watch(events_fd, path, mask);
}

static void begin_watching(void)
{
	events_fd = inotify_init1(IN_NONBLOCK);
	must(events_fd >= 0, "inotify_init1");
}

static void end_watching(void)
{
	close(events_fd);
}

static void files(void)
{
	char text[100];
	struct iovec iov = {text, 10};
	struct timespec times[2] = {{1, 0}, {UTIME_NOW, UTIME_OMIT}};
	int fd, fd2;

	mkdir("d", 0755);
	make("d/old", "text");
	begin_watching();
	CALL(watch("d", IN_ALL_EVENTS));
	CALL(watch("d/old", IN_ALL_EVENTS));
	DO(fd = open("d/f", O_CREAT | O_RDWR, 0644));
	DO(write(fd, "0123456789", 10));
	DO(write(fd, "", 0));
	DO(lseek(fd, 0, SEEK_SET));
	DO(read(fd, text, 3));
	DO(pread(fd, text, 3, 100));
	DO(pwrite(fd, text, 3, 100));
	DO(readv(fd, &iov, 1));
	DO(preadv(fd, &iov, 1, 10000));
	DO(writev(fd, &iov, 1));
	DO(ftruncate(fd, 5));
	DO(ftruncate(fd, 5));
	DO(ftruncate(fd, -1));
	DO(fallocate(fd, 0, 0, 5000));
	DO(fchmod(fd, 0600));
	DO(fchown(fd, 1, 1));
	DO(fchown(fd, -1, -1));
	DO(futimens(fd, NULL));
	DO(futimens(fd, times));
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_nsec = UTIME_NOW;
	DO(futimens(fd, times));
	times[0].tv_nsec = 0;
	times[1].tv_nsec = UTIME_OMIT;
	DO(futimens(fd, times));
	times[0].tv_nsec = UTIME_OMIT;
	DO(futimens(fd, times));
	DO(fsync(fd));
	DO(syscall(SYS_copy_file_range, fd, &(off_t){0}, fd, &(off_t){100}, 10,
		   0));
	DO(syscall(SYS_copy_file_range, fd, &(off_t){9000}, fd, &(off_t){100},
		   10, 0));
	DO(fd2 = dup(fd));
	DO(close(fd));
	DO(close(fd2));
	DO(open("d/f", O_CREAT | O_EXCL, 0644));
	DO(fd = open("d/f", O_WRONLY | O_TRUNC));
	DO(close(fd));
	DO(fd = open("d/f", O_WRONLY | O_TRUNC | O_CREAT, 0644));
	DO(close(fd));
	DO(fd = open("d/f", O_RDONLY));
	DO(close(fd));
	DO(fd = open("d/f", O_PATH));
	DO(close(fd));
	DO(truncate("d/f", 7));
	DO(truncate("d/f", 7));
	DO(chmod("d/f", 0644));
	DO(chmod("d/missing", 0644));
	DO(chown("d/f", 0, -1));
	DO(utimensat(AT_FDCWD, "d/f", NULL, 0));
	times[0].tv_nsec = 0;
	DO(utimensat(AT_FDCWD, "d/f", times, 0));
	DO(stat("d/f", &(struct stat){0}));
	DO(access("d/f", R_OK));
	DO(fd = open("d/old", O_RDWR));
	DO(write(fd, "x", 1));
	DO(read(fd, text, 1));
	DO(fchmod(fd, 0600));
	DO(chmod("d/old", 0644));
	DO(close(fd));
	DO(unlink("d/old"));
	DO(unlink("d/f"));
	DO(unlink("d/f"));
	end_watching();
	rmdir("d");
}

static void directories(void)
{
	char text[1000];
	int fd, sub;

	mkdir("d", 0755);
	mkdir("d/sub", 0755);
	mkdir("d/sub/deep", 0755);
	begin_watching();
	CALL(watch("d", IN_ALL_EVENTS));
	CALL(watch("d/sub", IN_ALL_EVENTS));
	DO(fd = open("d", O_RDONLY | O_DIRECTORY));
	DO(syscall(SYS_getdents64, fd, text, sizeof(text)));
	DO(syscall(SYS_getdents64, fd, text, sizeof(text)));
	DO(sub = openat(fd, "sub", O_RDONLY));
	DO(syscall(SYS_getdents64, sub, text, sizeof(text)));
	DO(fchmod(sub, 0700));
	DO(chmod("d/sub", 0755));
	DO(chmod("d/sub/.", 0755));
	DO(chmod("d/sub/deep/..", 0755));
	DO(close(sub));
	DO(sub = open("d/sub/deep/..", O_RDONLY));
	DO(close(sub));
	DO(sub = open("d/sub/.", O_RDONLY));
	DO(close(sub));
	DO(close(fd));
	DO(mkdir("d/new", 0755));
	DO(mkdir("d/new", 0755));
	DO(mkdir("d/sub/x", 0755));
	DO(rmdir("d/sub/x"));
	DO(rmdir("d/sub"));
	DO(rmdir("d/sub/deep"));
	DO(rmdir("d/sub"));
	DO(symlink("new", "d/link"));
	DO(fd = open("d/link", O_RDONLY));
	DO(close(fd));
	DO(readlink("d/link", text, 10));
	DO(lchown("d/link", 1, 1));
	DO(chown("d/link", 1, 1));
	DO(mkfifo("d/fifo", 0600));
	DO(fd = open("d/fifo", O_RDWR));
	DO(write(fd, "abc", 3));
	DO(read(fd, text, 3));
	DO(close(fd));
	DO(unlink("d/fifo"));
	DO(unlink("d/link"));
	DO(fd = open("d/new", O_RDONLY));
	DO(rmdir("d/new"));
	DO(close(fd));
	DO(chdir("d"));
	DO(rmdir("../d"));
	DO(chdir(".."));
	end_watching();
}

static void links(void)
{
	int fd;

	mkdir("d", 0755);
	mkdir("e", 0755);
	make("d/a", "text");
	begin_watching();
	CALL(watch("d", IN_ALL_EVENTS));
	CALL(watch("d/a", IN_ALL_EVENTS));
	CALL(watch("e", IN_ALL_EVENTS));
	DO(link("d/a", "e/b"));
	DO(link("d/a", "e/b"));
	/* It is told by the name that it was opened with. */
	DO(fd = open("e/b", O_RDWR));
	DO(write(fd, "x", 1));
	DO(chmod("e/b", 0600));
	DO(chmod("d/a", 0600));
	DO(unlink("d/a"));
	DO(write(fd, "x", 1));
	DO(unlink("e/b"));
	DO(write(fd, "x", 1));
	DO(fchmod(fd, 0644));
	DO(close(fd));
	end_watching();
	rmdir("d");
	rmdir("e");
}

/* Two names of a file that were the same, one after the other. */
static void same_name(void)
{
	int first, second;

	make("a", "text");
	begin_watching();
	CALL(watch("a", IN_ALL_EVENTS));
	DO(first = open("a", O_RDWR));
	DO(link("a", "b"));
	DO(second = open("b", O_RDWR));
	DO(unlink("b"));
	DO(rename("a", "b"));
	DO(unlink("b"));
	DO(close(second));
	DO(close(first));
	end_watching();
}

static void renames(void)
{
	int fd, dir;

	mkdir("d", 0755);
	mkdir("e", 0755);
	make("d/a", "text");
	make("d/b", "text");
	mkdir("d/sub", 0755);
	begin_watching();
	CALL(watch("d", IN_ALL_EVENTS));
	CALL(watch("e", IN_ALL_EVENTS));
	CALL(watch("d/a", IN_ALL_EVENTS));
	CALL(watch("d/b", IN_ALL_EVENTS));
	CALL(watch("d/sub", IN_ALL_EVENTS));
	DO(fd = open("d/a", O_RDWR));
	DO(rename("d/a", "d/c"));
	DO(write(fd, "x", 1));
	DO(rename("d/c", "e/c"));
	DO(write(fd, "x", 1));
	DO(rename("e/c", "d/b"));
	DO(write(fd, "x", 1));
	DO(rename("d/b", "d/b"));
	DO(rename("d/missing", "d/b"));
	DO(rename("d/sub", "e/sub"));
	DO(dir = open("e/sub", O_RDONLY));
	DO(fchmod(dir, 0700));
	DO(mkdir("d/empty", 0755));
	DO(rename("e/sub", "d/empty"));
	DO(fchmod(dir, 0755));
	make("e/x", "x");
	drain();
	DO(syscall(SYS_renameat2, AT_FDCWD, "e/x", AT_FDCWD, "d/b", 2));
	DO(write(fd, "x", 1));
	DO(syscall(SYS_renameat2, AT_FDCWD, "e/x", AT_FDCWD, "d/b", 2));
	DO(syscall(SYS_renameat2, AT_FDCWD, "e/b", AT_FDCWD, "d/empty", 2));
	DO(syscall(SYS_renameat2, AT_FDCWD, "e/b", AT_FDCWD, "d/new", 1));
	DO(syscall(SYS_renameat2, AT_FDCWD, "d/b", AT_FDCWD, "d/empty", 2));
	DO(syscall(SYS_renameat2, AT_FDCWD, "d/b", AT_FDCWD, "d/empty", 1));
	DO(link("d/empty", "d/same"));
	DO(rename("d/empty", "d/same"));
	/* Out of sight, and replaced while open. */
	DO(rename("d/empty", "gone"));
	DO(write(fd, "x", 1));
	DO(rename("gone", "d/back"));
	make("e/y", "y");
	drain();
	DO(rename("e/y", "d/back"));
	DO(write(fd, "x", 1));
	DO(close(fd));
	DO(close(dir));
	end_watching();
	unlink("d/back");
	unlink("d/same");
	unlink("e/x");
	rmdir("d/b");
	rmdir("d/empty");
	rmdir("d");
	rmdir("e");
}

/* Devices and FIFOs themselves, and files without a name. */
static void special(void)
{
	char text[10];
	int fd;

	mkdir("d", 0755);
	must(mkfifo("d/fifo", 0600) == 0, "mkfifo");
	must(mknod("d/null", S_IFCHR | 0666, 0x103) == 0, "mknod");
	begin_watching();
	CALL(watch("d", IN_ALL_EVENTS));
	CALL(watch("d/fifo", IN_ALL_EVENTS));
	DO(fd = open("d/fifo", O_RDWR));
	DO(write(fd, "abc", 3));
	DO(read(fd, text, 3));
	DO(fchmod(fd, 0644));
	DO(close(fd));
	DO(fd = open("d/null", O_RDWR | O_TRUNC));
	DO(write(fd, "abc", 3));
	DO(read(fd, text, 3));
	DO(close(fd));
	CALL(watch("d/null", IN_ALL_EVENTS));
	DO(fd = open("d/null", O_RDWR | O_TRUNC));
	DO(write(fd, "abc", 3));
	DO(read(fd, text, 3));
	DO(close(fd));
	DO(mknod("d/socket", S_IFSOCK | 0600, 0));
	DO(fd = open("d", O_RDWR | O_TMPFILE, 0600));
	DO(fchmod(fd, 0644) < 0);
	DO(linkat(fd, "", AT_FDCWD, "d/t", AT_EMPTY_PATH));
	DO(close(fd) < 0);
	unlink("d/t");
	unlink("d/socket");
	unlink("d/null");
	unlink("d/fifo");
	drain();
	end_watching();
	rmdir("d");
}

/* Files that were open before they were watched. */
static void before(void)
{
	int fd, dir, moved;

	mkdir("d", 0755);
	mkdir("d/sub", 0755);
	make("d/a", "text");
	make("d/b", "text");
	fd = open("d/a", O_RDWR);
	moved = open("d/b", O_RDWR);
	dir = open("d/sub", O_RDONLY);
	rename("d/b", "d/c");
	begin_watching();
	CALL(watch("d", IN_ALL_EVENTS));
	DO(write(fd, "x", 1));
	DO(write(moved, "x", 1));
	DO(fchmod(dir, 0700));
	DO(rename("d/a", "d/z"));
	DO(write(fd, "x", 1));
	DO(close(dir));
	DO(close(fd));
	DO(unlink("d/z"));
	DO(unlink("d/c"));
	DO(close(moved));
	DO(rmdir("d/sub"));
	end_watching();
	rmdir("d");
}

static void masks(void)
{
	static const uint32_t mask[] = {IN_CREATE,
					IN_DELETE,
					IN_MODIFY,
					IN_OPEN | IN_ISDIR,
					IN_CLOSE,
					IN_MOVE,
					IN_ATTRIB | IN_ONESHOT,
					IN_ALL_EVENTS | IN_EXCL_UNLINK,
					IN_DELETE_SELF | IN_MOVE_SELF,
					IN_OPEN | IN_EXCL_UNLINK,
					IN_IGNORED,
					IN_UNMOUNT,
					IN_ISDIR,
					IN_ONESHOT};
	int fd;

	for (size_t i = 0; i < sizeof(mask) / sizeof(*mask); i++) {
		mkdir("d", 0755);
		begin_watching();
		say("mask %x", mask[i]);
		CALL(watch("d", mask[i]));
		fd = open("d/f", O_CREAT | O_RDWR, 0600);
		drain();
		write(fd, "x", 1);
		drain();
		chmod("d/f", 0644);
		chmod("d", 0755);
		chmod("d", 0755);
		drain();
		rename("d/f", "d/g");
		drain();
		unlink("d/g");
		write(fd, "x", 1);
		fchmod(fd, 0600);
		drain();
		close(fd);
		drain();
		mkdir("d/s", 0755);
		close(open("d/s", O_RDONLY));
		rmdir("d/s");
		rename("d", "dd");
		drain();
		rmdir("dd");
		drain();
		end_watching();
	}
}

static void watches(void)
{
	int fd;

	make("f", "text");
	mkdir("d", 0755);
	symlink("d", "l");
	CALL(inotify_init1(1));
	CALL(inotify_init1(O_APPEND));
	CALL(fd = inotify_init1(IN_CLOEXEC));
	CALL(fcntl(fd, F_GETFD));
	CALL(fcntl(fd, F_GETFL));
	CALL(close(fd));
	begin_watching();
	CALL(fcntl(events_fd, F_GETFL));
	CALL(watch("missing", IN_OPEN));
	CALL(watch("", IN_OPEN));
	CALL(watch("f", 0));
	CALL(watch("f", 0x10000));
	CALL(watch("f", IN_OPEN | IN_ONLYDIR));
	CALL(watch("l", IN_OPEN | IN_ONLYDIR | IN_DONT_FOLLOW));
	CALL(watch("f", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
	CALL(inotify_add_watch(99, "f", IN_OPEN));
	CALL(inotify_add_watch(0, "f", IN_OPEN));
	CALL(inotify_add_watch(0, "f", 0));
	CALL(inotify_rm_watch(99, 1));
	CALL(inotify_rm_watch(0, 1));
	CALL(inotify_rm_watch(events_fd, 1));
	CALL(watch("f", IN_OPEN));
	CALL(watch("f", IN_OPEN));
	CALL(watch("f", IN_OPEN | IN_MASK_CREATE));
	CALL(watch("d", IN_OPEN | IN_MASK_CREATE));
	CALL(watch("l", IN_OPEN));
	CALL(watch("l", IN_ATTRIB | IN_DONT_FOLLOW));
	DO(lchown("l", 1, 1));
	DO(close(open("f", O_RDONLY)));
	CALL(watch("f", IN_CLOSE | IN_MASK_ADD));
	DO(close(open("f", O_RDONLY)));
	CALL(watch("f", IN_CLOSE));
	DO(close(open("f", O_RDONLY)));
	DO(inotify_rm_watch(events_fd, 1));
	DO(inotify_rm_watch(events_fd, 1));
	DO(close(open("f", O_RDONLY)));
	DO(watch("f", IN_OPEN));
	DO(watch("f", IN_OPEN | IN_ONESHOT));
	DO(close(open("f", O_RDONLY)));
	DO(close(open("f", O_RDONLY)));
	DO(watch("f", IN_OPEN));
	CALL(chmod("f", 0));
	DO(unlink("f"));
	DO(watch("f", IN_OPEN));
	DO(write(events_fd, "x", 1));
	DO(lseek(events_fd, 0, SEEK_SET));
	end_watching();
	rmdir("d");
	unlink("l");
}

static int readable(void)
{
	struct pollfd pfd = {events_fd, POLLIN | POLLOUT, 0};

	poll(&pfd, 1, 0);
	return pfd.revents;
}

static void reading(void)
{
	mkdir("d", 0755);
	make("d/sixteen-characte", "");
	make("d/fifteen-charact", "");
	make("d/a", "");
	begin_watching();
	CALL(watch("d", IN_OPEN | IN_ATTRIB));
	CALL(readable());
	CALL(read(events_fd, buffer, 0));
	CALL(read(events_fd, buffer, 1000));
	close(open("d/a", O_RDONLY));
	CALL(readable());
	CALL(read(events_fd, buffer, 0));
	CALL(read(events_fd, buffer, 16));
	CALL(read(events_fd, buffer, 31));
	CALL(read(events_fd, buffer, 32));
	CALL(readable());
	close(open("d/a", O_RDONLY));
	close(open("d/sixteen-characte", O_RDONLY));
	close(open("d/fifteen-charact", O_RDONLY));
	CALL(read(events_fd, buffer, 40));
	CALL(read(events_fd, buffer, 47));
	drain();
	/* The same again right after the other is one. */
	close(open("d/a", O_RDONLY));
	close(open("d/a", O_RDONLY));
	chmod("d/a", 0600);
	chmod("d/a", 0600);
	close(open("d/a", O_RDONLY));
	close(open("d", O_RDONLY));
	close(open("d", O_RDONLY));
	drain();
	end_watching();
	unlink("d/a");
	unlink("d/sixteen-characte");
	unlink("d/fifteen-charact");
	rmdir("d");
}

static void overflow(void)
{
	int count = 0, overflows = 0, last = 0;
	ssize_t n;

	make("a", "");
	make("b", "");
	begin_watching();
	CALL(watch("a", IN_OPEN));
	CALL(watch("b", IN_OPEN));
	for (int i = 0; i < 10000; i++) {
		close(open("a", O_RDONLY));
		close(open("b", O_RDONLY));
	}
	while ((n = read(events_fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < n; count++) {
			const struct inotify_event *event =
				(const void *)(buffer + at);

			if (event->mask & IN_Q_OVERFLOW) {
				overflows++;
				last = count;
				show_event(event);
			}
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	say("%d events, %d overflows at %d", count, overflows, last);
	close(open("a", O_RDONLY));
	drain();
	end_watching();
	unlink("a");
	unlink("b");
}

/* Each instance has its own queue and numbers. */
static void instances(void)
{
	int first, second;

	make("f", "");
	first = inotify_init1(IN_NONBLOCK);
	second = inotify_init1(IN_NONBLOCK);
	CALL(inotify_add_watch(first, "f", IN_OPEN));
	CALL(inotify_add_watch(second, ".", IN_OPEN | IN_CREATE));
	CALL(inotify_add_watch(second, "f", IN_ALL_EVENTS));
	close(open("f", O_RDWR));
	events_fd = first;
	drain();
	events_fd = second;
	drain();
	close(first);
	unlink("f");
	drain();
	close(second);
	make("f", "");
	unlink("f");
}

/* An event that cannot be stored is lost. */
static void bad_addresses(void)
{
	void *bad = (void *)0x500000000000;

	make("f", "");
	begin_watching();
	CALL(syscall(SYS_inotify_add_watch, events_fd, bad, IN_OPEN));
	CALL(watch("f", IN_OPEN | IN_CLOSE));
	close(open("f", O_RDONLY));
	CALL(read(events_fd, bad, 16));
	CALL(ioctl(events_fd, FIONREAD, bad));
	drain();
	end_watching();
	unlink("f");
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	files();
	directories();
	links();
	same_name();
	renames();
	special();
	before();
	masks();
	watches();
	reading();
	overflow();
	instances();
	bad_addresses();
	return 0;
}
