/* SPDX-License-Identifier: MIT */
/*
 * Prints system calls in the form of strace(1):
 *
 *   openat(AT_FDCWD, "/tmp/x", O_RDWR|O_CREAT, 0644) = 3
 *   open("/none", O_RDONLY) = -1 ENOENT (No such file or directory)
 *
 * A call is one line, written at once when it has returned, so the lines of
 * several threads do not mix; only a call that may not return is written
 * before. Lines go straight to the outside's standard error, past descriptors
 * and files, and take no memory but a buffer on the stack.
 */
#include "syscalls/trace.h"

#include <stdbool.h>

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "port/port.h"
#include "port/user.h"

#define TRACE_LINE_MAX	 768
#define TRACE_STRING_MAX 32
#define ERRNO_MAX	 4095

struct line {
	size_t len;
	char text[TRACE_LINE_MAX];
};

struct flag {
	int bits;
	const char *name;
};

/* Flags that contain others come before them. O_LARGEFILE, which libc adds to
 * each open and which means nothing on x86-64, is left out. */
static const struct flag open_flags[] = {
	{O_TMPFILE, "O_TMPFILE"},   {O_SYNC, "O_SYNC"},
	{O_CREAT, "O_CREAT"},	    {O_EXCL, "O_EXCL"},
	{O_NOCTTY, "O_NOCTTY"},	    {O_TRUNC, "O_TRUNC"},
	{O_APPEND, "O_APPEND"},	    {O_NONBLOCK, "O_NONBLOCK"},
	{O_DSYNC, "O_DSYNC"},	    {O_ASYNC, "O_ASYNC"},
	{O_DIRECT, "O_DIRECT"},	    {O_DIRECTORY, "O_DIRECTORY"},
	{O_NOFOLLOW, "O_NOFOLLOW"}, {O_NOATIME, "O_NOATIME"},
	{O_CLOEXEC, "O_CLOEXEC"},   {O_PATH, "O_PATH"},
};

struct error {
	int number;
	const char *name;
	const char *text;
};

/* The texts are those of strerror(3) in glibc, which strace prints. */
static const struct error errors[] = {
	{EPERM, "EPERM", "Operation not permitted"},
	{ENOENT, "ENOENT", "No such file or directory"},
	{ESRCH, "ESRCH", "No such process"},
	{EINTR, "EINTR", "Interrupted system call"},
	{EIO, "EIO", "Input/output error"},
	{ENXIO, "ENXIO", "No such device or address"},
	{E2BIG, "E2BIG", "Argument list too long"},
	{EBADF, "EBADF", "Bad file descriptor"},
	{EAGAIN, "EAGAIN", "Resource temporarily unavailable"},
	{ENOMEM, "ENOMEM", "Cannot allocate memory"},
	{EACCES, "EACCES", "Permission denied"},
	{EFAULT, "EFAULT", "Bad address"},
	{EBUSY, "EBUSY", "Device or resource busy"},
	{EEXIST, "EEXIST", "File exists"},
	{EXDEV, "EXDEV", "Invalid cross-device link"},
	{ENODEV, "ENODEV", "No such device"},
	{ENOTDIR, "ENOTDIR", "Not a directory"},
	{EISDIR, "EISDIR", "Is a directory"},
	{EINVAL, "EINVAL", "Invalid argument"},
	{ENFILE, "ENFILE", "Too many open files in system"},
	{EMFILE, "EMFILE", "Too many open files"},
	{ENOTTY, "ENOTTY", "Inappropriate ioctl for device"},
	{EFBIG, "EFBIG", "File too large"},
	{ENOSPC, "ENOSPC", "No space left on device"},
	{ESPIPE, "ESPIPE", "Illegal seek"},
	{EROFS, "EROFS", "Read-only file system"},
	{EMLINK, "EMLINK", "Too many links"},
	{EPIPE, "EPIPE", "Broken pipe"},
	{ERANGE, "ERANGE", "Numerical result out of range"},
	{EDEADLK, "EDEADLK", "Resource deadlock avoided"},
	{ENAMETOOLONG, "ENAMETOOLONG", "File name too long"},
	{ENOLCK, "ENOLCK", "No locks available"},
	{ENOSYS, "ENOSYS", "Function not implemented"},
	{ENOTEMPTY, "ENOTEMPTY", "Directory not empty"},
	{ELOOP, "ELOOP", "Too many levels of symbolic links"},
	{ENODATA, "ENODATA", "No data available"},
	{EOVERFLOW, "EOVERFLOW", "Value too large for defined data type"},
	{EOPNOTSUPP, "EOPNOTSUPP", "Operation not supported"},
	{ETIMEDOUT, "ETIMEDOUT", "Connection timed out"},
};

static void put_char(struct line *line, char c)
{
	if (line->len < sizeof(line->text))
		line->text[line->len++] = c;
}

static void put(struct line *line, const char *s)
{
	while (*s)
		put_char(line, *s++);
}

static void put_number(struct line *line, uint64_t value, unsigned int base)
{
	char digits[22]; /* 64 bits in octal */
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n > 0)
		put_char(line, digits[--n]);
}

static void put_signed(struct line *line, int64_t value)
{
	if (value < 0)
		put_char(line, '-');
	put_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

static void put_address(struct line *line, uint64_t value)
{
	if (!value) {
		put(line, "NULL");
		return;
	}
	put(line, "0x");
	put_number(line, value, 16);
}

/* One byte of a string as in C, next being the one after it:
 * "\n", "\0", "\033" before another digit. */
static void put_byte(struct line *line, unsigned char c, unsigned char next)
{
	static const char named[] = "\tt\nn\vv\ff\rr\"\"\\\\";

	for (const char *p = named; *p; p += 2) {
		if (c == (unsigned char)*p) {
			put_char(line, '\\');
			put_char(line, p[1]);
			return;
		}
	}
	if (c >= ' ' && c < 0x7f) {
		put_char(line, (char)c);
		return;
	}
	put_char(line, '\\');
	if (next >= '0' && next <= '7') {
		put_char(line, (char)('0' + (c >> 6)));
		put_char(line, (char)('0' + (c >> 3 & 7)));
		put_char(line, (char)('0' + (c & 7)));
	} else {
		put_number(line, c, 8);
	}
}

/* Up to TRACE_STRING_MAX bytes, quoted. A length of SIZE_MAX means that the
 * data ends at its zero byte. What cannot be an address is printed as one. */
static void put_data(struct line *line, uint64_t address, size_t len)
{
	const char *s = (const char *)(uintptr_t)address;
	bool terminated = len == SIZE_MAX;
	char c = 0, next = 0;
	size_t i;

	if (!user_byte(s, &c)) {
		put_address(line, address);
		return;
	}
	put_char(line, '"');
	for (i = 0; i < len && i < TRACE_STRING_MAX; i++) {
		if (terminated && !c)
			break;
		if (i + 1 == len || !user_byte(s + i + 1, &next))
			next = 0;
		put_byte(line, (unsigned char)c, (unsigned char)next);
		c = next;
	}
	put_char(line, '"');
	if (terminated ? c != 0 : i < len)
		put(line, "...");
}

static void put_open_flags(struct line *line, int flags)
{
	static const char *const modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR",
					    "O_ACCMODE"};

	put(line, modes[flags & O_ACCMODE]);
	flags &= ~(O_ACCMODE | O_LARGEFILE);
	for (size_t i = 0; i < sizeof(open_flags) / sizeof(*open_flags); i++) {
		if ((flags & open_flags[i].bits) != open_flags[i].bits)
			continue;
		put_char(line, '|');
		put(line, open_flags[i].name);
		flags &= ~open_flags[i].bits;
	}
	if (flags) {
		put(line, "|0x");
		put_number(line, (unsigned int)flags, 16);
	}
}

static void put_arg(struct line *line, enum trace_kind kind, long arg,
		    long next, long result)
{
	uint64_t value = (uint64_t)arg;
	bool has_data = result != -EFAULT;

	switch (kind) {
	case TRACE_INT:
		put_signed(line, (int)arg);
		break;
	case TRACE_UINT:
		put_number(line, (unsigned int)arg, 10);
		break;
	case TRACE_LONG:
		put_signed(line, arg);
		break;
	case TRACE_ULONG:
		put_number(line, value, 10);
		break;
	case TRACE_OCTAL:
		put(line, (unsigned int)arg ? "0" : "00");
		put_number(line, (unsigned int)arg, 8);
		break;
	case TRACE_DIRFD:
		if ((int)arg == AT_FDCWD)
			put(line, "AT_FDCWD");
		else
			put_signed(line, (int)arg);
		break;
	case TRACE_OFLAGS:
		put_open_flags(line, (int)arg);
		break;
	case TRACE_STRING:
		if (has_data)
			put_data(line, value, SIZE_MAX);
		else
			put_address(line, value);
		break;
	case TRACE_IN:
		if (has_data)
			put_data(line, value, (size_t)next);
		else
			put_address(line, value);
		break;
	case TRACE_OUT:
		if (result >= 0)
			put_data(line, value, (size_t)result);
		else
			put_address(line, value);
		break;
	case TRACE_ADDRESS:
		put_address(line, value);
		break;
	}
}

static const struct trace_call *find_call(long n)
{
	int low = 0, high = trace_calls_count;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (trace_calls[middle].number == n)
			return &trace_calls[middle];
		if (trace_calls[middle].number < n)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* open("x", O_RDONLY) has no mode, whatever the register holds. */
static bool is_unused_mode(const struct trace_call *call, int i,
			   const long args[6])
{
	return i > 0 && call->kinds[i] == TRACE_OCTAL &&
	       call->kinds[i - 1] == TRACE_OFLAGS &&
	       !(args[i - 1] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)));
}

static void put_call(struct line *line, long n, const struct trace_call *call,
		     const long args[6], long result)
{
	int nargs = call ? call->nargs : 6;

	if (call) {
		put(line, call->name);
	} else {
		put(line, "syscall_");
		put_signed(line, n);
	}
	put_char(line, '(');
	for (int i = 0; i < nargs; i++) {
		if (call && is_unused_mode(call, i, args))
			break;
		if (i > 0)
			put(line, ", ");
		if (call) {
			put_arg(line, call->kinds[i], args[i],
				i < 5 ? args[i + 1] : 0, result);
		} else {
			put(line, "0x");
			put_number(line, (uint64_t)args[i], 16);
		}
	}
	put_char(line, ')');
}

static void put_error(struct line *line, long number)
{
	put(line, "-1 ");
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		if (errors[i].number == number) {
			put(line, errors[i].name);
			put(line, " (");
			put(line, errors[i].text);
			put_char(line, ')');
			return;
		}
	}
	put(line, "errno ");
	put_number(line, (uint64_t)number, 10);
}

static void put_result(struct line *line, const struct trace_call *call,
		       long result)
{
	put(line, " = ");
	if (result < 0 && result >= -ERRNO_MAX)
		put_error(line, -result);
	else if (call && call->result == TRACE_RETURNS_ADDRESS)
		put_address(line, (uint64_t)result);
	else
		put_signed(line, result);
	put_char(line, '\n');
}

static void print_line(const struct line *line)
{
	/* Nobody can be told that nobody reads. */
	(void)port_console_write(2, line->text, line->len);
}

void trace_call_begin(long n, const long args[6])
{
	const struct trace_call *call = find_call(n);
	struct line line;

	if (!call || call->result < TRACE_MAY_NOT_RETURN)
		return;
	line.len = 0;
	put_call(&line, n, call, args, 0);
	if (call->result == TRACE_NO_RETURN)
		put(&line, " = ?\n");
	print_line(&line);
}

void trace_call_end(long n, const long args[6], long result)
{
	const struct trace_call *call = find_call(n);
	struct line line;

	if (call && call->result == TRACE_NO_RETURN)
		return;
	line.len = 0;
	if (!call || call->result != TRACE_MAY_NOT_RETURN)
		put_call(&line, n, call, args, result);
	put_result(&line, call, result);
	print_line(&line);
}
