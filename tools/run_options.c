/* SPDX-License-Identifier: MIT */
/*
 * The runner's command line. Options end at the first word that is none, or
 * at "--": whatever follows the program's name is the program's, untouched.
 */
#include "run.h"
#include "abi/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_MEMORY ((uint64_t)1 << 30)

static const char usage[] =
	"usage: whelk run [OPTION]... PROGRAM [ARGUMENT]...\n"
	"Boots PROGRAM, an image made by `whelk cc`, in a virtual machine.\n"
	"\n"
	"  --mem SIZE          memory of the guest: a number and K, M, G or T\n"
	"                      (1G, or half of what this machine has)\n"
	"  --fs-size SIZE      most bytes that files may hold (three quarters "
	"of\n"
	"                      what is free at the start)\n"
	"  --fs-inodes COUNT   most files, directories and links, at least "
	"64;\n"
	"                      K and M may follow (one for each 256 bytes "
	"free)\n"
	"  --env NAME=VALUE    set an environment variable; may repeat\n"
	"  --file PATH[:/GUESTPATH]\n"
	"                      put a copy of a file of this machine into the\n"
	"                      guest's file system (as /NAME); may repeat\n"
	"  --share DIR[:ro]    let the guest use a directory of this machine, "
	"as\n"
	"                      /host; with :ro it can change nothing there\n"
	"  --trace             print the program's system calls\n"
	"  --accel kvm|tcg     processor: the machine's own, or an emulated "
	"one\n"
	"                      (KVM where that works, else TCG)\n"
	"  --machine microvm|q35|pc\n"
	"                      QEMU's machine type (microvm)\n"
	"  --qemu-arg ARG      one more argument for QEMU; may repeat\n"
	"  --verbose           show the QEMU command line and its messages\n"
	"  --help              this text\n"
	"  --                  end of options\n"
	"\n"
	"Exit status: the program's own (0 to 255); 128+N if signal N ended "
	"it;\n"
	"125 if the guest panicked or died by an exception; 126 if it cannot "
	"be\n"
	"started; 127 if there is no such program, or no QEMU; 2 for wrong "
	"usage.\n";

enum option {
	OPTION_MEM,
	OPTION_FS_SIZE,
	OPTION_FS_INODES,
	OPTION_ENV,
	OPTION_FILE,
	OPTION_SHARE,
	OPTION_ACCEL,
	OPTION_MACHINE,
	OPTION_QEMU_ARG,
	OPTION_LAST_WITH_VALUE = OPTION_QEMU_ARG,
	OPTION_TRACE,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTION_COUNT,
};

static const char *const names[OPTION_COUNT] = {
	[OPTION_MEM] = "--mem",
	[OPTION_FS_SIZE] = "--fs-size",
	[OPTION_FS_INODES] = "--fs-inodes",
	[OPTION_ENV] = "--env",
	[OPTION_FILE] = "--file",
	[OPTION_SHARE] = "--share",
	[OPTION_ACCEL] = "--accel",
	[OPTION_MACHINE] = "--machine",
	[OPTION_QEMU_ARG] = "--qemu-arg",
	[OPTION_TRACE] = "--trace",
	[OPTION_VERBOSE] = "--verbose",
	[OPTION_HELP] = "--help",
};

/* A number and, if there is one, a unit: "64M" is 67108864. Stores the value,
 * at most UINT64_MAX, and the unit or NULL; false if that is no such text. */
static bool parse_number(const char *text, uint64_t *value, const char **unit)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(text, "0123456789");

	*unit = NULL;
	if (digits && text[digits])
		*unit = strchr(units, text[digits] & ~0x20);
	if (!digits || (text[digits] && (!*unit || text[digits + 1])))
		return false;
	*value = 0;
	for (size_t i = 0; i < digits; i++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, text[i] - '0', value))
			*value = UINT64_MAX;
	for (const char *u = units; *unit && u <= *unit; u++)
		if (__builtin_mul_overflow(*value, 1024, value))
			*value = UINT64_MAX;
	return true;
}

static uint64_t parse_size(enum option option, const char *text)
{
	const char *unit;
	uint64_t size;

	if (!parse_number(text, &size, &unit) || !unit)
		run_fail(RUN_USAGE,
			 "%s %s: a size is a number and K, M, G or T, "
			 "such as 512M",
			 names[option], text);
	if (size > (uint64_t)1 << 50)
		run_fail(RUN_USAGE, "%s %s: more than any machine has",
			 names[option], text);
	return size;
}

static uint64_t parse_fs_size(const char *text)
{
	uint64_t size = parse_size(OPTION_FS_SIZE, text);

	if (!size)
		run_fail(RUN_USAGE, "--fs-size %s: files need more", text);
	return size;
}

static uint64_t parse_inodes(const char *text)
{
	const char *unit;
	uint64_t count;

	if (!parse_number(text, &count, &unit) || count < GUEST_FS_INODES_MIN)
		run_fail(RUN_USAGE,
			 "--fs-inodes %s: not a number of files, such as 20000 "
			 "or 1M, of %d or more",
			 text, GUEST_FS_INODES_MIN);
	return count;
}

/* The default need not be touched to be given: QEMU takes pages on demand. */
static uint64_t default_memory(void)
{
	uint64_t half = (uint64_t)sysconf(_SC_PHYS_PAGES) / 2 *
			(uint64_t)sysconf(_SC_PAGESIZE);

	return half < DEFAULT_MEMORY ? half & ~(uint64_t)0xfffff
				     : DEFAULT_MEMORY;
}

/* value, if it is one of the choices (a list that ends with NULL). */
static const char *parse_choice(enum option option, const char *value,
				const char *const *choices)
{
	for (size_t i = 0; choices[i]; i++)
		if (!strcmp(value, choices[i]))
			return choices[i];
	run_fail(RUN_USAGE, "%s %s: there is only %s, %s%s%s", names[option],
		 value, choices[0], choices[1], choices[2] ? " and " : "",
		 choices[2] ? choices[2] : "");
}

/* "DIR" or "DIR:ro"; it must be there. */
static void parse_share(struct run_options *options, const char *value)
{
	static const char readonly[] = ":ro";
	size_t len = strlen(value), end = sizeof(readonly) - 1;
	struct stat st;

	if (options->share)
		run_fail(RUN_USAGE, "--share %s: there can be only one", value);
	options->share_readonly =
		len > end && !strcmp(value + len - end, readonly);
	if (options->share_readonly)
		len -= end;
	options->share = run_alloc(len + 1);
	memcpy(options->share, value, len);
	options->share[len] = '\0';
	if (stat(options->share, &st))
		run_fail(RUN_FAILED, "--share %s: %s", options->share,
			 strerror(errno));
	if (!S_ISDIR(st.st_mode))
		run_fail(RUN_FAILED, "--share %s: not a directory",
			 options->share);
}

static void option_apply(struct run_options *options, enum option option,
			 const char *value)
{
	static const char *const accels[] = {"kvm", "tcg", NULL};
	static const char *const machines[] = {"microvm", "q35", "pc", NULL};

	switch (option) {
	case OPTION_MEM:
		options->memory = parse_size(option, value);
		break;
	case OPTION_FS_SIZE:
		options->fs_size = parse_fs_size(value);
		break;
	case OPTION_FS_INODES:
		options->fs_inodes = parse_inodes(value);
		break;
	case OPTION_ENV:
		if (!strchr(value, '=') || value[0] == '=')
			run_fail(RUN_USAGE, "--env %s: not NAME=VALUE", value);
		run_strings_add(&options->env, "%s", value);
		break;
	case OPTION_FILE:
		run_strings_add(&options->files, "%s", value);
		break;
	case OPTION_SHARE:
		parse_share(options, value);
		break;
	case OPTION_ACCEL:
		options->accel = parse_choice(option, value, accels);
		break;
	case OPTION_MACHINE:
		options->machine = parse_choice(option, value, machines);
		break;
	case OPTION_QEMU_ARG:
		run_strings_add(&options->qemu_args, "%s", value);
		break;
	case OPTION_TRACE:
		options->trace = true;
		break;
	case OPTION_VERBOSE:
		options->verbose = true;
		break;
	case OPTION_HELP:
		fputs(usage, stdout);
		exit(fflush(stdout) ? RUN_FAILED : 0);
	case OPTION_COUNT:
		break;
	}
}

/* Which option a word is: "--mem" or "--mem=SIZE". */
static enum option option_find(const char *word)
{
	size_t len = strcspn(word, "=");

	for (enum option i = 0; i < OPTION_COUNT; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], word, len))
			return i;
	run_fail(RUN_USAGE, "unknown option %s (try whelk run --help)", word);
}

void run_options_parse(struct run_options *options, char **argv)
{
	*options = (struct run_options){
		.memory = default_memory(),
		.machine = "microvm",
	};
	for (argv++; *argv && argv[0][0] == '-'; argv++) {
		if (!strcmp(*argv, "--")) {
			argv++;
			break;
		}
		enum option option = option_find(*argv);
		const char *value = strchr(*argv, '=');

		if (option > OPTION_LAST_WITH_VALUE) {
			if (value)
				run_fail(RUN_USAGE, "%s takes no value",
					 names[option]);
		} else if (value) {
			value++;
		} else if (!(value = *++argv)) {
			run_fail(RUN_USAGE,
				 "%s needs a value (try whelk run --help)",
				 names[option]);
		}
		option_apply(options, option, value);
	}
	if (!*argv)
		run_fail(RUN_USAGE, "no program given (try whelk run --help)");
	options->program = argv;
}
