/* SPDX-License-Identifier: MIT */
/*
 * The first process of the Linux guest, and the only one beside the program that
 * it runs: the words behind "--" on the kernel's command line. Mounts a tmpfs at
 * /tmp, and /proc and /dev. What the program prints is kept until it ends
 * (nothing else goes on while it measures) and then goes out by the port that
 * Whelk uses, too; its errors go to the console. Ends QEMU with status 1 if the
 * program ended with 0, else with 3.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/guest.h"

#define OUTPUT "/output"

static _Noreturn void end(int status)
{
	outb((unsigned char)status, GUEST_PORT_EXIT);
	exit(status);
}

static void must(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "linux_init: %s: %s\n", what, strerror(errno));
	end(1);
}

static void mount_all(void)
{
	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mkdir("/tmp", 01777);
	must(mount("dev", "/dev", "devtmpfs", 0, NULL), "mount /dev");
	must(mount("proc", "/proc", "proc", 0, NULL), "mount /proc");
	/* Without these it has room for half of the memory, and counts. */
	must(mount("tmp", "/tmp", "tmpfs", 0, "size=75%,nr_inodes=0"),
	     "mount /tmp");
}

/* The child: descriptors, and then the program. */
static _Noreturn void execute(char **args)
{
	int in = open("/dev/null", O_RDONLY);
	int out = open(OUTPUT, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (dup2(in, 0) < 0 || dup2(out, 1) < 0)
		_exit(126);
	execv(args[0], args);
	fprintf(stderr, "linux_init: %s: %s\n", args[0], strerror(errno));
	_exit(127);
}

/* Returns whether it ended with status 0. */
static int run(char **args)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		execute(args);
	must(pid, "fork");
	must(waitpid(pid, &status, 0), "waitpid");
	if (status)
		fprintf(stderr, "linux_init: %s ended with status %#x\n",
			args[0], (unsigned)status);
	return !status;
}

static void show_output(void)
{
	FILE *file = fopen(OUTPUT, "r");
	int c;

	while (file && (c = getc(file)) != EOF)
		outb((unsigned char)c, GUEST_PORT_OUTPUT);
}

int main(int argc, char **argv)
{
	int first = 1, good;

	must(ioperm(GUEST_PORT_OUTPUT, 1, 1), "ioperm");
	must(ioperm(GUEST_PORT_EXIT, 1, 1), "ioperm");
	mount_all();
	/* The kernel adds those of its own words that it does not know. */
	while (first < argc && argv[first][0] != '/')
		first++;
	if (first == argc) {
		fprintf(stderr, "linux_init: there is no program to run\n");
		end(1);
	}
	good = run(argv + first);
	show_output();
	end(good ? 0 : 1);
}
