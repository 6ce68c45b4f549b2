/* SPDX-License-Identifier: MIT */
/*
 * Character devices: ordinary nodes with a device number, which is all that
 * says what they do. The known ones of Linux (null(4), full(4), random(4),
 * tty(4)), and /dev/stdin, stdout and stderr, which here are devices too: the
 * outside's three streams.
 *
 * DEVIATION: O_NONBLOCK on the three streams is refused with EINVAL, since
 * whether input is ready cannot be told without asking for it.
 *
 * DEVIATION: ioctl(2): the settings of a terminal are those it usually has
 * after login, whatever the host's are, and cannot be changed (EINVAL).
 */
#include "syscalls/internal.h"

/* Numbers as in Linux's devices.txt; 240 is its range for local use. */
enum {
	DEV_NULL = DEV(1, 3),
	DEV_ZERO = DEV(1, 5),
	DEV_FULL = DEV(1, 7),
	DEV_RANDOM = DEV(1, 8),
	DEV_URANDOM = DEV(1, 9),
	DEV_TTY = DEV(5, 0),
	DEV_CONSOLE = DEV(5, 1),
	DEV_STDIN = DEV(240, 0),
	DEV_STDOUT = DEV(240, 1),
	DEV_STDERR = DEV(240, 2),
};

static const struct {
	const char *name;
	uint16_t rdev;
	uint16_t mode;
} devices[] = {
	{"null", DEV_NULL, 0666},	{"zero", DEV_ZERO, 0666},
	{"full", DEV_FULL, 0666},	{"random", DEV_RANDOM, 0666},
	{"urandom", DEV_URANDOM, 0666}, {"tty", DEV_TTY, 0666},
	{"console", DEV_CONSOLE, 0600}, {"stdin", DEV_STDIN, 0600},
	{"stdout", DEV_STDOUT, 0600},	{"stderr", DEV_STDERR, 0600},
};

/* Terminal requests (ioctl_tty(2)) and those for any file (ioctl(2)). */
#define TCGETS	   0x5401
#define TIOCGWINSZ 0x5413
#define FIONREAD   0x541b
#define FIONBIO	   0x5421
#define FIONCLEX   0x5450
#define FIOCLEX	   0x5451

/* struct termios of the kernel: asm-generic/termbits.h. */
struct termios {
	uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
	uint8_t c_line;
	uint8_t c_cc[19];
};

struct winsize {
	uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel;
};

int dev_init(void)
{
	struct fs_name dev = {.text = "dev", .len = 3};
	struct fs_node *dir;
	int err = fs_make(process.fs, fs_root(process.fs), &dev, S_IFDIR | 0755,
			  0, &process.cred, NULL, &dir);

	if (err)
		return err;
	for (size_t i = 0; !err && i < sizeof(devices) / sizeof(*devices);
	     i++) {
		struct fs_name name = {.text = devices[i].name};

		name.len = (uint32_t)strlen(name.text);
		err = fs_make(process.fs, dir, &name,
			      S_IFCHR | (uint32_t)devices[i].mode,
			      devices[i].rdev, &process.cred, NULL, NULL);
	}
	node_put(dir);
	return err;
}

/* Which of the outside's streams a device is for output, or -1 for none. */
static int stream_of(uint64_t rdev)
{
	switch (rdev) {
	case DEV_STDIN:
		return 0;
	case DEV_TTY:
	case DEV_CONSOLE:
	case DEV_STDOUT:
		return 1;
	case DEV_STDERR:
		return 2;
	default:
		return -1;
	}
}

ssize_t dev_read(uint64_t rdev, void *buf, size_t count)
{
	switch (rdev) {
	case DEV_NULL:
		return 0;
	case DEV_ZERO:
	case DEV_FULL:
		memset(buf, 0, count);
		return (ssize_t)count;
	case DEV_RANDOM:
	case DEV_URANDOM:
		port_random(buf, count);
		return (ssize_t)count;
	default:
		if (stream_of(rdev) < 0)
			return -ENXIO;
		return count ? port_console_read(buf, count) : 0;
	}
}

ssize_t dev_write(uint64_t rdev, const void *buf, size_t count)
{
	int stream = stream_of(rdev);

	switch (rdev) {
	case DEV_FULL:
		return -ENOSPC;
	case DEV_NULL:
	case DEV_ZERO:
	case DEV_RANDOM: /* adds nothing to what is random already */
	case DEV_URANDOM:
		return (ssize_t)count;
	default:
		if (stream < 0)
			return -ENXIO;
		return port_console_write(stream ? stream : 1, buf, count);
	}
}

bool dev_seekable(uint64_t rdev)
{
	return stream_of(rdev) < 0;
}

/* A terminal as it is after login, since that is what the host's is. */
static void termios_fill(struct termios *tio)
{
	static const struct termios usual = {
		.c_iflag = 0x500,  /* ICRNL IXON */
		.c_oflag = 0x5,	   /* OPOST ONLCR */
		.c_cflag = 0xbf,   /* B38400 CS8 CREAD */
		.c_lflag = 0x8a3b, /* ISIG ICANON ECHO ECHOE ECHOK ... */
		.c_cc = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23,
			 22},
	};

	*tio = usual;
}

/* ioctl(2) of a stream that is a terminal: TCGETS and TIOCGWINSZ; changing
 * settings is -EINVAL, for it could not be done. */
static long tty_ioctl(int stream, unsigned long request, void *arg)
{
	struct port_winsize size;

	if (!port_console_is_tty(stream, &size))
		return -ENOTTY;
	if (request == TCGETS) {
		termios_fill(arg);
		return 0;
	}
	if (request == TIOCGWINSZ) {
		*(struct winsize *)arg = (struct winsize){.ws_row = size.rows,
							  .ws_col = size.cols};
		return 0;
	}
	return -EINVAL;
}

/* FIONREAD: how many bytes can be read at once; less than none after the end. */
static long fionread(struct file *file, int *count)
{
	struct fs_attr attr;
	size_t pending;

	if (file->is_device) {
		if (stream_of(fs_node_rdev(file->node)) < 0)
			return -ENOTTY;
		pending = port_console_pending();
	} else if (S_ISREG(fs_node_mode(file->node))) {
		fs_getattr(file->node, &attr);
		lock_read(&file->lock);
		pending = attr.size - file->offset;
		unlock_read(&file->lock);
	} else {
		return -ENOTTY;
	}
	*count = (int)pending;
	return 0;
}

static long file_ioctl(struct file *file, unsigned long request, void *arg)
{
	uint64_t rdev = fs_node_rdev(file->node);

	if (rdev == DEV_RANDOM || rdev == DEV_URANDOM)
		return -EINVAL; /* it would have its own: random(4) */
	if (request == FIONREAD)
		return fionread(file, arg);
	if (!file->is_device || stream_of(rdev) < 0)
		return -ENOTTY;
	return tty_ioctl(stream_of(rdev), request, arg);
}

/* FIONBIO: O_NONBLOCK as *arg says. */
static long fionbio(int fd, const int *arg)
{
	long flags = sys_fcntl(fd, F_GETFL, 0);

	if (flags < 0)
		return flags;
	flags = *arg ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return sys_fcntl(fd, F_SETFL, (unsigned long)flags);
}

/* ioctl(2): of terminals, and what every file has. */
long sys_ioctl(int fd, unsigned long request, void *arg)
{
	struct file *file = fd_get(fd);
	long result;

	if (!file)
		return -EBADF;
	switch ((uint32_t)request) {
	case FIOCLEX:
		result = sys_fcntl(fd, F_SETFD, FD_CLOEXEC);
		break;
	case FIONCLEX:
		result = sys_fcntl(fd, F_SETFD, 0);
		break;
	case FIONBIO:
		result = fionbio(fd, arg);
		break;
	default:
		result = file_ioctl(file, (uint32_t)request, arg);
		break;
	}
	file_put(file);
	return result;
}
