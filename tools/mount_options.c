/* SPDX-License-Identifier: MIT */
/*
 * The command line of `whelk mount`, and what holds when it says nothing.
 */
#include "mount.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So that twice as many bytes are still addresses of a process. */
#define SIZE_LIMIT ((uint64_t)16 << 40)

/* What an empty file takes of memory. */
#define NODE_BYTES_USUAL 256
#define INODES_LIMIT	 (SIZE_LIMIT / NODE_BYTES_USUAL)

static const char usage[] =
	"usage: whelk mount [OPTION]... DIRECTORY\n"
	"Mounts an empty file system in memory on DIRECTORY, and serves it "
	"until it is\n"
	"unmounted (umount DIRECTORY, or fusermount3 -u DIRECTORY), with which "
	"it is gone.\n"
	"\n"
	"  --size SIZE       bytes of contents: a number and K, M, G or T\n"
	"                    (half of this machine's memory)\n"
	"  --inodes NUMBER   number of files (one for each 256 bytes of size)\n"
	"  -f, --foreground  stay, and end when it is unmounted\n"
	"  --no-cache        ask for everything, each time, and leave the "
	"checks of\n"
	"                    permissions to the file system: slow, to test it\n"
	"  --help            this text\n";

/* text is a number, which must be at least 1 and at most max, of units, each a
 * factor of 1024, or none. "64M" is 67108864. */
static uint64_t parse_number(const char *option, const char *text,
			     const char *units, uint64_t max)
{
	unsigned long long value;
	const char *unit = NULL;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end && !end[1])
		unit = strchr(units, *end & ~0x20);
	if (text[0] < '0' || text[0] > '9' || (*end && !unit))
		mount_fail(MOUNT_USAGE, "%s %s: not a number%s", option, text,
			   *units ? " and K, M, G or T, such as 512M" : "");
	for (const char *u = units; unit && u <= unit; u++)
		if (__builtin_mul_overflow(value, 1024, &value))
			errno = ERANGE;
	if (errno || value > max)
		mount_fail(MOUNT_USAGE, "%s %s: that is too much", option,
			   text);
	if (value == 0)
		mount_fail(MOUNT_USAGE, "%s %s: that is nothing", option, text);
	return value;
}

/* If word is the option called name, its value: behind a "=", or the next
 * word. */
static const char *value_of(const char *name, char ***argv)
{
	size_t len = strlen(name);
	const char *word = **argv;

	if (strncmp(word, name, len) != 0)
		return NULL;
	if (word[len] == '=')
		return word + len + 1;
	if (word[len])
		return NULL;
	if (!(*argv)[1])
		mount_fail(MOUNT_USAGE, "%s needs a value", name);
	return *++*argv;
}

static void option_parse(struct mount_options *options, char ***argv)
{
	const char *word = **argv, *value;

	if ((value = value_of("--size", argv))) {
		options->limits.bytes_max =
			parse_number("--size", value, "KMGT", SIZE_LIMIT);
	} else if ((value = value_of("--inodes", argv))) {
		options->limits.nodes_max =
			parse_number("--inodes", value, "", INODES_LIMIT);
	} else if (!strcmp(word, "-f") || !strcmp(word, "--foreground")) {
		options->foreground = true;
	} else if (!strcmp(word, "--no-cache")) {
		options->no_cache = true;
	} else if (!strcmp(word, "-h") || !strcmp(word, "--help")) {
		fputs(usage, stdout);
		exit(fflush(stdout) ? MOUNT_FAILED : 0);
	} else {
		mount_fail(MOUNT_USAGE,
			   "unknown option %s (try whelk mount --help)", word);
	}
}

static uint64_t half_of_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) / 2 *
	       (uint64_t)sysconf(_SC_PAGESIZE);
}

void mount_options_parse(struct mount_options *options, char **argv)
{
	struct fs_limits *limits = &options->limits;

	*options = (struct mount_options){.foreground = false};
	for (argv++; *argv && argv[0][0] == '-'; argv++) {
		if (!strcmp(*argv, "--")) {
			argv++;
			break;
		}
		option_parse(options, &argv);
	}
	if (!*argv)
		mount_fail(MOUNT_USAGE,
			   "no directory given (try whelk mount --help)");
	if (argv[1])
		mount_fail(MOUNT_USAGE,
			   "%s: one directory only (try whelk mount --help)",
			   argv[1]);
	options->mountpoint = *argv;
	if (!limits->bytes_max)
		limits->bytes_max = half_of_memory();
	if (!limits->nodes_max)
		limits->nodes_max = limits->bytes_max / NODE_BYTES_USUAL + 1;
}
