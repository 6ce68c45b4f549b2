/* SPDX-License-Identifier: MIT */
/*
 * diff [--linux DIR] [--limits] run SEED COUNT
 *	makes the calls of COUNT seeds from SEED on, and writes of each what was
 *	observed as 8 bytes: OPS of each seed, then one for the state it leaves.
 * diff [--linux DIR] [--limits] show SEED N...
 *	makes just those calls of a seed, and writes calls and what was observed
 *	as text, a line each.
 *
 * --linux: in a new tmpfs, mounted on DIR for this process alone, with the
 * devices that Whelk's programs begin with as well. Exits with 77 if that is
 * not allowed, or Linux is too old. --limits: with FULL_SIZE bytes; Whelk's are
 * to be limited from outside.
 */
#include "diff.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The devices of /dev that are used, and names for the others that Whelk has. */
static bool devices_make(void)
{
	static const struct {
		const char *path;
		mode_t type;
		unsigned minor;
	} devices[] = {
		{"dev/null", S_IFCHR, 3},   {"dev/zero", S_IFCHR, 5},
		{"dev/full", S_IFCHR, 7},   {"dev/random", S_IFREG, 0},
		{"dev/tty", S_IFREG, 0},    {"dev/urandom", S_IFREG, 0},
		{"dev/stdin", S_IFREG, 0},  {"dev/console", S_IFREG, 0},
		{"dev/stdout", S_IFREG, 0}, {"dev/stderr", S_IFREG, 0},
	};

	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		if (mknod(devices[i].path, devices[i].type | 0666,
			  makedev(1, devices[i].minor)))
			return false;
	}
	return symlink("/proc/self/fd", "dev/fd") == 0;
}

/* Older versions differ in much: which change of a time is seen, O_DIRECT on
 * tmpfs, O_CREAT with O_DIRECTORY, positions in directories. */
static bool is_recent(void)
{
	struct utsname name;
	unsigned major_version, minor_version;

	return uname(&name) == 0 &&
	       sscanf(name.release, "%u.%u", &major_version, &minor_version) ==
		       2 &&
	       major_version * 1000 + minor_version >= 6013;
}

static int linux_enter(const char *dir)
{
	char options[64];

	if (!is_recent()) {
		fprintf(stderr, "Linux before 6.13 does other things\n");
		return 77;
	}
	umask(0);
	sprintf(options, "mode=0755,size=%d,nr_inodes=1000000",
		limits_tried ? FULL_SIZE : INT32_MAX);
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", dir, "tmpfs", MS_RELATIME, options) || chdir(dir) ||
	    chroot(".") || mkdir("dev", 0755) || mkdir("proc", 0555) ||
	    mkdir("tmp", 01777) || !devices_make()) {
		fprintf(stderr, "a tmpfs of its own: %s\n", strerror(errno));
		return 77;
	}
	return 0;
}

static void run(uint64_t seed, uint64_t count)
{
	static uint64_t records[OPS + 1];
	struct op op;

	for (; count; count--, seed++) {
		tree_begin();
		events_begin(seed);
		for (unsigned n = 0; n < OPS; n++) {
			op_make(&op, seed, n);
			op_run(&op);
			records[n] = observed();
		}
		tree_end();
		records[OPS] = observed();
		if (fwrite(records, sizeof(records), 1, stdout) != 1 ||
		    fflush(stdout))
			exit(1);
	}
}

/* Each line in two parts, so that it shows which call a program died in. */
static void show(uint64_t seed, char **numbers)
{
	struct op op;

	observe_to(stdout);
	tree_begin();
	events_begin(seed);
	for (; *numbers; numbers++) {
		op_make(&op, seed, (unsigned)strtoul(*numbers, NULL, 10));
		op_show(&op, stdout);
		fflush(stdout);
		op_run(&op);
		printf("\n");
		fflush(stdout);
	}
	printf("the tree that is left:");
	tree_end();
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *dir = NULL;
	uint32_t random = 1;
	int status;

	if (argc > 2 && !strcmp(argv[1], "--linux")) {
		dir = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc > 1 && !strcmp(argv[1], "--limits")) {
		limits_tried = true;
		argc--;
		argv++;
	}
	if (dir && (status = linux_enter(dir)) != 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(in_buffer); i++) {
		random = random * 1664525 + 1013904223;
		in_buffer[i] = (unsigned char)(random >> 24);
	}
	if (argc < 4 && (argc < 3 || strcmp(argv[1], "show") != 0)) {
		fprintf(stderr, "usage: see tests/diff/run\n");
		return 2;
	}
	tree_end();
	observed();
	if (!strcmp(argv[1], "show"))
		show(strtoull(argv[2], NULL, 10), argv + 3);
	else
		run(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	return 0;
}
