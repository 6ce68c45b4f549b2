/* SPDX-License-Identifier: MIT */
/*
 * `whelk run`: from the command line to the exit status, in order. The parts
 * are in the other run_*.c files; here is also what all of them use.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a guest needs beside its image and files, at the least: page tables,
 * stacks, the page allocator's own records and the file system's first pages. */
#define KERNEL_MEMORY ((uint64_t)1 << 20)

void run_fail(enum run_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("whelk run: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(status);
}

void *run_alloc(size_t size)
{
	return run_realloc(NULL, size);
}

void *run_realloc(void *old, size_t size)
{
	void *data = realloc(old, size ? size : 1);

	if (!data)
		run_fail(RUN_FAILED, "out of memory");
	return data;
}

void run_strings_add(struct run_strings *list, const char *format, ...)
{
	va_list args;
	int len;

	list->items = run_realloc(list->items,
				  (list->count + 2) * sizeof(*list->items));
	va_start(args, format);
	len = vasprintf(&list->items[list->count], format, args);
	va_end(args);
	if (len < 0)
		run_fail(RUN_FAILED, "out of memory");
	list->items[++list->count] = NULL;
}

int run_write_all(int fd, const void *data, size_t len)
{
	const char *next = data;

	while (len) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};
		ssize_t n = write(fd, next, len);

		if (n >= 0) {
			next += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&room, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

/* Pipes and files opened later must not land on a closed standard stream. */
static void open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void check_memory(const struct run_options *options,
			 const struct run_image *image,
			 const struct run_archive *archive)
{
	uint64_t host = (uint64_t)sysconf(_SC_PHYS_PAGES) *
			(uint64_t)sysconf(_SC_PAGESIZE);
	/* The files are there twice, in the archive and unpacked, and the file
	 * system keeps some memory for the program. */
	uint64_t files = 2 * archive->size + archive->size / 3;
	uint64_t need = image->end + files + KERNEL_MEMORY;

	if (options->memory < need)
		run_fail(RUN_FAILED,
			 "--mem %lluK is too small for %s: it needs %lluK "
			 "(%lluK for the image, %lluK for files, %lluK for the "
			 "kernel), and more for what it does",
			 (unsigned long long)options->memory >> 10, image->path,
			 ((unsigned long long)need + 1023) >> 10,
			 ((unsigned long long)image->end + 1023) >> 10,
			 ((unsigned long long)files + 1023) >> 10,
			 (unsigned long long)KERNEL_MEMORY >> 10);
	if (options->memory > host)
		run_fail(RUN_FAILED,
			 "--mem %lluM is more than this machine has (%lluM)",
			 (unsigned long long)options->memory >> 20,
			 (unsigned long long)host >> 20);
}

int main(int argc, char **argv)
{
	struct run_options options;
	struct run_image image;
	struct run_archive archive;
	struct run_qemu qemu;

	(void)argc;
	open_standard_streams();
	run_options_parse(&options, argv);
	run_image_open(&image, options.program[0]);
	run_archive_build(&archive, &options.files);
	check_memory(&options, &image, &archive);
	run_qemu_start(&qemu, &options, &image, &archive);
	return run_session(&qemu, &options, &image);
}
