/* SPDX-License-Identifier: MIT */
/* Operations as text, to be read by a person. */
#include "diff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const struct flag open_flags[] = {
	{"O_WRONLY", O_WRONLY, UINT32_MAX},
	{"O_RDWR", O_RDWR, UINT32_MAX},
	{"O_CREAT", O_CREAT, 2},
	{"O_EXCL", O_EXCL, 12},
	{"O_TRUNC", O_TRUNC, 8},
	{"O_APPEND", O_APPEND, 8},
	{"O_TMPFILE", O_TMPFILE, 30},
	{"O_DIRECTORY", O_DIRECTORY, 10},
	{"O_NOFOLLOW", O_NOFOLLOW, 8},
	{"O_PATH", O_PATH, 14},
	{"O_CLOEXEC", O_CLOEXEC, 8},
	{"O_NOATIME", O_NOATIME, 12},
	{"O_SYNC", O_SYNC, 20},
	{"O_DSYNC", O_DSYNC, 20},
	{"O_NONBLOCK", O_NONBLOCK, 16},
	{"O_DIRECT", O_DIRECT, 40},
	{"O_NOCTTY", O_NOCTTY, 30},
	{"O_ASYNC", O_ASYNC, 60},
	{"1 << 30", 1 << 30, 100},
	{NULL, 0, 0},
};

static const struct flag at_flags[] = {
	{"AT_SYMLINK_NOFOLLOW", AT_SYMLINK_NOFOLLOW, 3},
	{"AT_REMOVEDIR", AT_REMOVEDIR, 4},
	{"AT_SYMLINK_FOLLOW", AT_SYMLINK_FOLLOW, 8},
	{"AT_NO_AUTOMOUNT", AT_NO_AUTOMOUNT, 20},
	{"AT_EMPTY_PATH", AT_EMPTY_PATH, 4},
	{"AT_STATX_FORCE_SYNC", 0x2000, 30},
	{"AT_STATX_DONT_SYNC", 0x4000, 30},
	{"1 << 30", 1 << 30, 100},
	{NULL, 0, 0},
};

static const struct flag rename_flags[] = {
	{"RENAME_NOREPLACE", 1, 4},
	{"RENAME_EXCHANGE", 2, 3},
	{"RENAME_WHITEOUT", 4, 6},
	{"8", 8, 60},
	{NULL, 0, 0},
};

static const struct flag rw_flags[] = {
	{"RWF_HIPRI", 1, 12},  {"RWF_DSYNC", 2, 12},  {"RWF_SYNC", 4, 12},
	{"RWF_NOWAIT", 8, 12}, {"RWF_APPEND", 16, 4}, {"RWF_NOAPPEND", 32, 8},
	{NULL, 0, 0},
};

static const struct flag statx_masks[] = {
	{"STATX_BASIC_STATS", 0x7ff, 2},
	{"STATX_BTIME", 0x800, 2},
	{"STATX_INO", 0x100, 6},
	{"STATX_MNT_ID", 0x1000, 6},
	{"STATX_MNT_ID_UNIQUE", 0x4000, 10},
	{"STATX__RESERVED", 0x80000000, 40},
	{NULL, 0, 0},
};

static const struct flag watch_flags[] = {
	{"IN_ACCESS", 1, 3},
	{"IN_MODIFY", 2, 3},
	{"IN_ATTRIB", 4, 3},
	{"IN_CLOSE_WRITE", 8, 3},
	{"IN_CLOSE_NOWRITE", 16, 3},
	{"IN_OPEN", 32, 3},
	{"IN_MOVED_FROM", 64, 2},
	{"IN_MOVED_TO", 128, 2},
	{"IN_CREATE", 256, 2},
	{"IN_DELETE", 512, 2},
	{"IN_DELETE_SELF", 1024, 2},
	{"IN_MOVE_SELF", 2048, 2},
	{"1 << 16", 1 << 16, 100},
	{"IN_ONLYDIR", 0x1000000, 10},
	{"IN_DONT_FOLLOW", 0x2000000, 6},
	{"IN_EXCL_UNLINK", 0x4000000, 5},
	{"IN_MASK_CREATE", 0x10000000, 12},
	{"IN_MASK_ADD", 0x20000000, 6},
	{"IN_ONESHOT", 0x80000000, 8},
	{NULL, 0, 0},
};

const struct flag *flags_of(char kind)
{
	switch (kind) {
	case 'o':
		return open_flags;
	case 'l':
		return at_flags;
	case 'r':
		return rename_flags;
	case 'V':
		return rw_flags;
	case 'J':
		return watch_flags;
	default:
		return statx_masks;
	}
}

static void flags_show(char kind, long value, FILE *file)
{
	const char *between = "";

	for (const struct flag *flag = flags_of(kind); flag->name; flag++) {
		if ((value & flag->value) != flag->value)
			continue;
		fprintf(file, "%s%s", between, flag->name);
		between = " | ";
		value &= ~flag->value;
	}
	if (value || !*between)
		fprintf(file, "%s%#lx", between, (unsigned long)value);
}

static void text_show(const char *text, FILE *file)
{
	size_t len = text ? strlen(text) : 0;

	if (!text) {
		fputs("NULL", file);
		return;
	}
	putc('"', file);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (len > 100 && i == 20) {
			fprintf(file, "\" ... (%zu in all) ... \"", len);
			i = len - 20;
		}
		if (c >= ' ' && c < 127)
			putc(c, file);
		else
			fprintf(file, "\\%o", c);
	}
	putc('"', file);
}

static void iov_show(const struct iovec *iov, FILE *file)
{
	fputs("{", file);
	for (int i = 0; i < IOV_LEN; i++)
		fprintf(file, "%s%ld", i ? ", " : "", (long)iov[i].iov_len);
	fputs("}", file);
}

static void times_show(const struct timespec *times, FILE *file)
{
	if (!times) {
		fputs("NULL", file);
		return;
	}
	for (int i = 0; i < 2; i++) {
		fprintf(file, "%s{%ld, ", i ? ", " : "{", times[i].tv_sec);
		if (times[i].tv_nsec == UTIME_NOW)
			fputs("UTIME_NOW}", file);
		else if (times[i].tv_nsec == UTIME_OMIT)
			fputs("UTIME_OMIT}", file);
		else
			fprintf(file, "%ld}", times[i].tv_nsec);
	}
	fputs("}", file);
}

/* A number by its name, if it has one there; else by format. */
static void name_show(const struct flag *names, long value, FILE *file)
{
	for (; names->name; names++) {
		if (names->value == value) {
			fputs(names->name, file);
			return;
		}
	}
	fprintf(file, "%ld", value);
}

static const struct flag whences[] = {
	{"SEEK_SET", 0, 0},  {"SEEK_CUR", 1, 0},  {"SEEK_END", 2, 0},
	{"SEEK_DATA", 3, 0}, {"SEEK_HOLE", 4, 0}, {NULL, 0, 0},
};

static const struct flag commands[] = {
	{"F_DUPFD", F_DUPFD, 0},
	{"F_DUPFD_CLOEXEC", F_DUPFD_CLOEXEC, 0},
	{"F_GETFD", F_GETFD, 0},
	{"F_SETFD", F_SETFD, 0},
	{"F_GETFL", F_GETFL, 0},
	{"F_SETFL", F_SETFL, 0},
	{NULL, 0, 0},
};

static const struct flag requests[] = {
	{"FIONREAD", 0x541b, 0}, {"FIONBIO", 0x5421, 0},
	{"FIONCLEX", 0x5450, 0}, {"FIOCLEX", 0x5451, 0},
	{"TCGETS", 0x5401, 0},	 {NULL, 0, 0},
};

static const struct flag directories[] = {
	{"AT_FDCWD", AT_FDCWD, 0},
	{NULL, 0, 0},
};

static void numbers_show(const long *numbers, int count, FILE *file)
{
	if (!numbers) {
		fputs("NULL", file);
		return;
	}
	for (int i = 0; i < count; i++)
		fprintf(file, "%s%ld", i ? ", " : "{", numbers[i]);
	fputs("}", file);
}

static void arg_show(char kind, long arg, FILE *file)
{
	switch (kind) {
	case 'p':
	case 'P':
	case 'h':
	case 't':
	case 'E':
		text_show((const char *)arg, file);
		break;
	case 'R':
	case 'W':
		iov_show((const struct iovec *)arg, file);
		break;
	case 'H':
	case 'U':
		numbers_show((const long *)arg, kind == 'H' ? 4 : 2, file);
		break;
	case 'T':
		times_show((const struct timespec *)arg, file);
		break;
	case 'o':
	case 'l':
	case 'r':
	case 'V':
	case 'J':
	case 'M':
		flags_show(kind, arg, file);
		break;
	case '.':
		fputs("\"\"", file);
		break;
	case 'y':
	case 'm':
	case 'D':
		fprintf(file, "%#lo", (unsigned long)arg);
		break;
	case 'f':
	case 'd':
		name_show(directories, arg, file);
		break;
	case 'w':
		name_show(whences, arg, file);
		break;
	case 'c':
		name_show(commands, arg, file);
		break;
	case 'q':
		name_show(requests, arg, file);
		break;
	case 'i':
		fprintf(file, "&(int){%d}", *(const int *)arg);
		break;
	case 'z':
		if (arg)
			fprintf(file, "&(long){%ld}", *(const long *)arg);
		else
			fputs("NULL", file);
		break;
	case '<':
		fprintf(file, "in + %ld",
			(long)((const unsigned char *)arg - in_buffer));
		break;
	case '0':
		fputs("NULL", file);
		break;
	case '>':
	case 'G':
	case 's':
	case 'S':
	case 'X':
		fputs("out", file);
		break;
	default:
		fprintf(file, "%ld", arg);
		break;
	}
}

void op_show(const struct op *op, FILE *file)
{
	const char *kinds = op->call->args;

	fprintf(file, "%s(", op->call->name);
	for (unsigned i = 0; kinds[i]; i++) {
		if (i)
			fputs(", ", file);
		arg_show(kinds[i], op->args[i], file);
	}
	fputs(")", file);
}
