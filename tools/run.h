/* SPDX-License-Identifier: MIT */
/*
 * The parts of `whelk run`, which boots a guest image under QEMU and stands in
 * for its program: same arguments, same standard streams, same exit status.
 * What runner and guest say to each other is in abi/guest.h. Everything that
 * goes wrong before the guest runs is one line on standard error and an exit
 * (run_fail), so these functions return only when they have succeeded.
 */
#ifndef WHELK_TOOLS_RUN_H
#define WHELK_TOOLS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the runner itself ends with, besides the program's own status (0..255,
 * or 128+n after signal n). */
enum run_status {
	RUN_USAGE = 2,	   /* the command line is wrong */
	RUN_PANIC = 125,   /* the guest panicked, or was reset */
	RUN_FAILED = 126,  /* the guest cannot be started or reached */
	RUN_MISSING = 127, /* there is no such program, or no QEMU */
};

/* run.c */

/* Prints "whelk run: ", the message and a newline on standard error, and exits
 * with status. */
_Noreturn void run_fail(enum run_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* malloc and realloc that do not return without memory. */
void *run_alloc(size_t size);
void *run_realloc(void *old, size_t size);

/* A list of strings that grows; items[count] is always NULL once it has any. */
struct run_strings {
	char **items;
	size_t count;
};

/* Appends a string made as by printf. */
void run_strings_add(struct run_strings *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes all len bytes to fd, waiting where it must; 0 or -errno. */
int run_write_all(int fd, const void *data, size_t len);

/* run_options.c */

struct run_options {
	uint64_t memory;     /* bytes */
	uint64_t fs_size;    /* bytes; 0: as the guest likes */
	uint64_t fs_inodes;  /* 0: as the guest likes */
	const char *accel;   /* "kvm", "tcg", or NULL: what works */
	const char *machine; /* "microvm", "q35" or "pc" */
	char *share;	     /* a directory for /host, or NULL */
	bool share_readonly;
	struct run_strings env;
	struct run_strings files;
	struct run_strings qemu_args;
	bool trace;
	bool verbose;
	char **program; /* its path and its arguments, ending with NULL */
};

/* Understands the command line; argv[0] is skipped. --help exits. */
void run_options_parse(struct run_options *options, char **argv);

/* run_elf.c */

/* A guest image, mapped as the file it is. */
struct run_image {
	const char *path;
	const unsigned char *data;
	size_t size;
	uint64_t end; /* the first physical address after it, once loaded */
};

/* Maps the file and makes sure that it is a whole, bootable guest image. */
void run_image_open(struct run_image *image, const char *path);

/* A section's contents. */
struct run_section {
	const unsigned char *data;
	uint64_t size;
	uint64_t address; /* where it is in memory; 0 for nowhere */
	uint32_t link;	  /* index of the section that it refers to */
};

/* Stores a section, by name or by index. Returns false when the image has no
 * such section, or none with contents. */
bool run_image_section(const struct run_image *image, const char *name,
		       struct run_section *section);
bool run_image_section_at(const struct run_image *image, unsigned index,
			  struct run_section *section);

/* run_symbols.c */

/*
 * Stores the function that address lies in, and how far. Returns false when
 * the image does not say (it is stripped, or the address is not code).
 */
bool run_symbol_find(const struct run_image *image, uint64_t address,
		     const char **name, uint64_t *offset);

/*
 * Stores "file:line" of address, by the addr2line of binutils. Returns false
 * when that is not installed or the image has no debugging information.
 */
bool run_symbol_line(const struct run_image *image, uint64_t address,
		     char *line, size_t size);

/* run_report.c */

/* The report of a panic as it comes in, line by line. */
struct run_report {
	char line[1024];
	size_t len;
	bool exception; /* it is about one, not about a broken invariant */
	uint64_t rip;	/* where that happened */
};

/* Prints part of a report on standard error; addresses get names. */
void run_report_write(struct run_report *report, const struct run_image *image,
		      const char *data, size_t len);

/* Prints what is left of a line without an end. */
void run_report_flush(struct run_report *report, const struct run_image *image);

/* run_cmdline.c */

/* The kernel command line (abi/guest.h). The caller frees it. */
char *run_cmdline(const struct run_options *options);

/* run_archive.c */

/* A cpio archive of the host's files for the guest, in memory. */
struct run_archive {
	int fd; /* -1 without files */
	uint64_t size;
};

/* Makes the archive of files, each "HOSTPATH" or "HOSTPATH:GUESTPATH". */
void run_archive_build(struct run_archive *archive,
		       const struct run_strings *files);

/* run_qemu.c */

/* A running QEMU. */
struct run_qemu {
	int pid;
	int input;    /* socket: what is sent arrives at the guest's COM1 */
	int output;   /* pipe: what the guest says */
	int messages; /* pipe: what QEMU itself says */
};

/* Starts QEMU, which does not outlive this process. */
void run_qemu_start(struct run_qemu *qemu, const struct run_options *options,
		    const struct run_image *image,
		    const struct run_archive *archive);

/* run_session.c */

/* Serves the guest to its end; returns the status to exit with. */
int run_session(struct run_qemu *qemu, const struct run_options *options,
		const struct run_image *image);

#endif
