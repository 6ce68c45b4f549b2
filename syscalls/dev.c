/* SPDX-License-Identifier: MIT */
/*
 * Character devices: ordinary nodes with a device number, which is all that
 * says what they do. The known ones of Linux (null(4), full(4), random(4),
 * tty(4)), and /dev/stdin, stdout and stderr, which here are devices too: the
 * outside's three streams.
 *
 * DEVIATION: writing to the three streams waits until all is written, even with
 * O_NONBLOCK.
 *
 * DEVIATION: ioctl(2): the settings of a terminal are those it usually has
 * after login, whatever the host's are, and cannot be changed (EINVAL).
 */
#include "syscalls/internal.h"
#include "abi/ioctl.h"

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

/* struct termios of the kernel: asm-generic/termbits.h. */
struct termios {
	uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
	uint8_t c_line;
	uint8_t c_cc[19];
};

struct winsize {
	uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel;
};

static ssize_t null_read(struct file *file, void *buf, size_t count,
			 uint64_t offset)
{
	(void)file, (void)buf, (void)count, (void)offset;
	return 0;
}

static ssize_t zero_read(struct file *file, void *buf, size_t count,
			 uint64_t offset)
{
	size_t left = user_zero(buf, count);

	(void)file, (void)offset;
	return left < count || !count ? (ssize_t)(count - left) : -EFAULT;
}

/* Of random(4) too: it adds nothing to what is random already. */
static ssize_t null_write(struct file *file, const void *buf, size_t count,
			  uint64_t offset)
{
	(void)file, (void)buf, (void)offset;
	return (ssize_t)count;
}

static ssize_t full_write(struct file *file, const void *buf, size_t count,
			  uint64_t offset)
{
	(void)file, (void)buf, (void)count, (void)offset;
	return -ENOSPC;
}

/* Adds nothing to what is random already. */
static ssize_t random_write(struct file *file, const void *buf, size_t count,
			    uint64_t offset)
{
	size_t good = user_span(buf, count, false);

	(void)file, (void)offset;
	return good || !count ? (ssize_t)good : -EFAULT;
}

static ssize_t random_read(struct file *file, void *buf, size_t count,
			   uint64_t offset)
{
	size_t good = user_span(buf, count, true);

	(void)file, (void)offset;
	port_random(buf, good);
	return good || !count ? (ssize_t)good : -EFAULT;
}

/* It would have requests of its own: random(4). */
static long random_ioctl(struct file *file, uint32_t request, void *arg)
{
	(void)file, (void)request, (void)arg;
	return -EINVAL;
}

/* Which of the outside's streams a device is for output. */
static int stream_of(const struct file *file)
{
	switch (fs_node_rdev(file->node)) {
	case DEV_STDIN:
		return 0;
	case DEV_STDERR:
		return 2;
	default:
		return 1;
	}
}

static ssize_t stream_read(struct file *file, void *buf, size_t count,
			   uint64_t offset)
{
	(void)offset;
	if ((file_flags(file) & O_NONBLOCK) && !port_console_poll(0))
		return -EAGAIN;
	return count ? port_console_read(buf, count) : 0;
}

static ssize_t stream_write(struct file *file, const void *buf, size_t count,
			    uint64_t offset)
{
	int stream = stream_of(file);

	(void)offset;
	return port_console_write(stream ? stream : 1, buf, count);
}

static uint32_t stream_poll(struct file *file, struct wait_entry *entry)
{
	uint32_t events = port_console_poll(stream_of(file));

	(void)entry;
	if (file_readable(file) && file_writable(file))
		events |= port_console_poll(0);
	return events;
}

/* A terminal that is open for both is output, and standard input. */
static unsigned stream_streams(const struct file *file)
{
	unsigned streams = 1U << stream_of(file);

	return file_readable(file) ? streams | 1U : streams;
}

/* A terminal as it is after login, since that is what the host's is. */
static const struct termios termios_usual = {
	.c_iflag = 0x500,  /* ICRNL IXON */
	.c_oflag = 0x5,	   /* OPOST ONLCR */
	.c_cflag = 0xbf,   /* B38400 CS8 CREAD */
	.c_lflag = 0x8a3b, /* ISIG ICANON ECHO ECHOE ECHOK ... */
	.c_cc = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22},
};

/* FIONREAD, which is less than none after the end; and of a terminal TCGETS and
 * TIOCGWINSZ. Changing settings is -EINVAL, for it could not be done. */
static long stream_ioctl(struct file *file, uint32_t request, void *arg)
{
	struct port_winsize size;
	struct winsize winsize;
	int pending;

	if (request == FIONREAD) {
		pending = (int)port_console_pending();
		return user_copy(arg, &pending, sizeof(pending)) ? -EFAULT : 0;
	}
	if (!port_console_is_tty(stream_of(file), &size))
		return -ENOTTY;
	if (request == TCGETS)
		return user_copy(arg, &termios_usual, sizeof(termios_usual))
			       ? -EFAULT
			       : 0;
	if (request == TIOCGWINSZ) {
		winsize = (struct winsize){.ws_row = size.rows,
					   .ws_col = size.cols};
		return user_copy(arg, &winsize, sizeof(winsize)) ? -EFAULT : 0;
	}
	return -EINVAL;
}

static const struct file_ops null_ops = {.position = POSITION_FIXED,
					 .flags_refused = O_DIRECT,
					 .read = null_read,
					 .write = null_write};
static const struct file_ops zero_ops = {.position = POSITION_FIXED,
					 .flags_refused = O_DIRECT,
					 .read = zero_read,
					 .write = null_write,
					 .mmap = port_map_anonymous};
static const struct file_ops full_ops = {.position = POSITION_FIXED,
					 .few_flags = true,
					 .flags_refused = O_DIRECT,
					 .read = zero_read,
					 .write = full_write};
static const struct file_ops random_ops = {.position = POSITION_FIXED,
					   .flags_refused = O_DIRECT,
					   .read = random_read,
					   .write = random_write,
					   .ioctl = random_ioctl};
static const struct file_ops stream_ops = {.position = POSITION_NONE,
					   .flags_refused = O_DIRECT,
					   .read = stream_read,
					   .write = stream_write,
					   .ioctl = stream_ioctl,
					   .poll = stream_poll,
					   .streams = stream_streams};

static const struct {
	const char *name;
	uint16_t rdev;
	uint16_t mode;
	const struct file_ops *ops;
} devices[] = {
	{"null", DEV_NULL, 0666, &null_ops},
	{"zero", DEV_ZERO, 0666, &zero_ops},
	{"full", DEV_FULL, 0666, &full_ops},
	{"random", DEV_RANDOM, 0666, &random_ops},
	{"urandom", DEV_URANDOM, 0666, &random_ops},
	{"tty", DEV_TTY, 0666, &stream_ops},
	{"console", DEV_CONSOLE, 0600, &stream_ops},
	{"stdin", DEV_STDIN, 0600, &stream_ops},
	{"stdout", DEV_STDOUT, 0600, &stream_ops},
	{"stderr", DEV_STDERR, 0600, &stream_ops},
};

#define DEVICES (sizeof(devices) / sizeof(*devices))

const struct file_ops *dev_ops(uint64_t rdev)
{
	for (size_t i = 0; i < DEVICES; i++) {
		if (devices[i].rdev == rdev)
			return devices[i].ops;
	}
	return NULL;
}

int dev_init(void)
{
	static const char fds[] = "/proc/self/fd";
	struct fs_name dev = {.text = "dev", .len = 3};
	struct fs_name fd = {.text = "fd", .len = 2};
	struct fs_node *dir;
	int err = fs_make(process.fs, fs_root(process.fs), &dev, S_IFDIR | 0755,
			  0, cred_now(), NULL, &dir);

	if (err)
		return err;
	for (size_t i = 0; !err && i < DEVICES; i++) {
		struct fs_name name = {.text = devices[i].name};

		name.len = (uint32_t)strlen(name.text);
		err = fs_make(process.fs, dir, &name,
			      S_IFCHR | (uint32_t)devices[i].mode,
			      devices[i].rdev, cred_now(), NULL, NULL);
	}
	if (!err)
		err = fs_symlink(process.fs, dir, &fd, fds, sizeof(fds) - 1,
				 cred_now());
	node_put(dir);
	return err;
}
