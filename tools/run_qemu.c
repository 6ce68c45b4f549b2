/* SPDX-License-Identifier: MIT */
/*
 * QEMU: which accelerator works, the command line, and the start. The options
 * are those that start fastest: no default devices, no configuration files, no
 * display; microvm has no firmware to speak of (measured, from start to exit
 * under TCG: microvm 20 ms, pc 53, q35 68). QEMU never sees the terminal: its
 * streams are a socket and pipes of ours, so the terminal stays as it is.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/guest.h"

#define QEMU "qemu-system-x86_64"

/* QEMU's descriptor of the pipe for what the guest says (beside 1), and of the
 * archive with files. */
#define QEMU_OUTPUT_FD	3
#define QEMU_ARCHIVE_FD 4

/* The longest command line that arrives: SeaBIOS' boot ROM takes a page,
 * microvm's firmware whatever Linux takes as one argument. */
#define CMDLINE_MAX_PC	    4095
#define CMDLINE_MAX_MICROVM 131071

/* Does /proc/cpuinfo list vmx or svm among the flags? */
static bool cpu_has_virtualization(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (file && !found && getline(&line, &size, file) > 0)
		if (!strncmp(line, "flags", 5))
			found = strstr(line, " vmx") || strstr(line, " svm");
	free(line);
	if (file)
		fclose(file);
	return found;
}

/* Why KVM does not work, or NULL when it does. A node that opens is not enough:
 * containers show one without the processor's support behind it. */
static const char *kvm_obstacle(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT
			       ? "there is no /dev/kvm"
			       : "/dev/kvm cannot be opened for writing";
	close(fd);
	return cpu_has_virtualization()
		       ? NULL
		       : "the processor shows neither vmx nor svm";
}

static bool use_kvm(const struct run_options *options)
{
	const char *obstacle = NULL;
	bool kvm;

	if (!options->accel || !strcmp(options->accel, "kvm"))
		obstacle = kvm_obstacle();
	if (options->accel && obstacle)
		run_fail(RUN_FAILED, "--accel kvm: %s", obstacle);
	kvm = options->accel ? !strcmp(options->accel, "kvm") : !obstacle;
	if (options->verbose)
		fprintf(stderr, "accel: %s%s%s%s\n", kvm ? "kvm" : "tcg",
			obstacle ? " (" : "", obstacle ? obstacle : "",
			obstacle ? ")" : "");
	return kvm;
}

static void add_words(struct run_strings *args, const char *const *words)
{
	for (; *words; words++)
		run_strings_add(args, "%s", *words);
}

static void add_machine(struct run_strings *args,
			const struct run_options *options)
{
	static const char *const tcg[] = {"-accel", "tcg", "-cpu", "max", NULL};
	static const char *const kvm[] = {"-accel", "kvm", "-cpu",
					  "host,migratable=off", NULL};

	add_words(args, use_kvm(options) ? kvm : tcg);
	run_strings_add(args, "-machine");
	if (!strcmp(options->machine, "microvm"))
		/* Otherwise QEMU adds words to the guest's command line. */
		run_strings_add(args,
				"microvm,acpi=off,auto-kernel-cmdline=off");
	else
		run_strings_add(args, "%s", options->machine);
	run_strings_add(args, "-m");
	run_strings_add(args, "%lluK",
			(unsigned long long)options->memory >> 10);
}

/* The two devices of abi/guest.h, and the serial port. What the guest says to
 * the serial port, should it not know the other, joins the same stream. */
static void add_devices(struct run_strings *args)
{
	static const char *const words[] = {
		"-chardev", "stdio,id=com1,signal=off",
		"-serial",  "chardev:com1",
		"-chardev", "file,id=output,path=/dev/fdset/1,append=on",
		NULL,
	};

	run_strings_add(args, "-add-fd");
	run_strings_add(args, "fd=%d,set=1", QEMU_OUTPUT_FD);
	add_words(args, words);
	run_strings_add(args, "-device");
	run_strings_add(args, "isa-debugcon,iobase=%#x,chardev=output",
			GUEST_PORT_OUTPUT);
	run_strings_add(args, "-device");
	run_strings_add(args, "isa-debug-exit,iobase=%#x,iosize=1",
			GUEST_PORT_EXIT);
}

/* QEMU's own server of 9P for a directory, and its device. It resolves no
 * symbolic links; files belong to whom they belong on the host (none), and those
 * of several file systems below the directory keep apart (remap). In an option's
 * value a comma is said by two. */
static void add_share(struct run_strings *args,
		      const struct run_options *options)
{
	bool microvm = !strcmp(options->machine, "microvm");
	char *path, *to;

	if (!options->share)
		return;
	path = to = run_alloc(2 * strlen(options->share) + 1);
	for (const char *c = options->share; *c; c++) {
		if (*c == ',')
			*to++ = ',';
		*to++ = *c;
	}
	*to = '\0';
	run_strings_add(args, "-fsdev");
	run_strings_add(args,
			"local,id=host,security_model=none,multidevs=remap%s,"
			"path=%s",
			options->share_readonly ? ",readonly=on" : "", path);
	free(path);
	if (microvm) {
		run_strings_add(args, "-global");
		run_strings_add(args, "virtio-mmio.force-legacy=false");
	}
	run_strings_add(args, "-device");
	run_strings_add(args, "virtio-9p-%s,fsdev=host,mount_tag=host",
			microvm ? "device" : "pci");
}

static void add_image(struct run_strings *args,
		      const struct run_options *options,
		      const struct run_image *image,
		      const struct run_archive *archive)
{
	char *cmdline = run_cmdline(options);
	size_t max = strcmp(options->machine, "microvm") ? CMDLINE_MAX_PC
							 : CMDLINE_MAX_MICROVM;

	if (strlen(cmdline) > max)
		run_fail(RUN_FAILED,
			 "arguments and environment are too long: %zu bytes "
			 "when encoded, and %s takes %zu",
			 strlen(cmdline), options->machine, max);
	run_strings_add(args, "-kernel");
	run_strings_add(args, "%s", image->path);
	run_strings_add(args, "-append");
	run_strings_add(args, "%s", cmdline);
	if (archive->fd >= 0) {
		run_strings_add(args, "-initrd");
		run_strings_add(args, "/proc/self/fd/%d", QEMU_ARCHIVE_FD);
	}
	free(cmdline);
}

/* Prints a command line so that a shell would read it back. */
static void print_command(char *const *args)
{
	for (; *args; args++) {
		bool plain = **args &&
			     !(*args)[strspn(*args, "abcdefghijklmnopqrstuvwxyz"
						    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						    "0123456789_./:,+@=-")];

		fputs(plain ? "" : "'", stderr);
		for (const char *c = *args; *c; c++)
			fprintf(stderr, *c == '\'' ? "'\\''" : "%c", *c);
		fputs(plain ? "" : "'", stderr);
		fputc(args[1] ? ' ' : '\n', stderr);
	}
}

/* The child: puts the descriptors where QEMU expects them and becomes it. */
static _Noreturn void qemu_exec(char **args, int parent, int input, int output,
				int messages, int archive)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(RUN_FAILED);
	dup2(messages, STDERR_FILENO);
	if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, QEMU_OUTPUT_FD) < 0 ||
	    (archive >= 0 && dup2(archive, QEMU_ARCHIVE_FD) < 0))
		_exit(RUN_FAILED);
	execvp(QEMU, args);
	dprintf(STDERR_FILENO, "%s", strerror(errno));
	_exit(errno == ENOENT ? RUN_MISSING : RUN_FAILED);
}

/* A descriptor out of the way of the numbers that QEMU gets. */
static int moved_up(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, QEMU_ARCHIVE_FD + 1);

	if (fd < 0 || up < 0)
		run_fail(RUN_FAILED, "cannot start QEMU: %s", strerror(errno));
	close(fd);
	return up;
}

static void qemu_spawn(struct run_qemu *qemu, char **args, int archive)
{
	int input[2], output[2], messages[2];
	int parent = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) ||
	    pipe2(output, O_CLOEXEC) || pipe2(messages, O_CLOEXEC))
		run_fail(RUN_FAILED, "cannot start QEMU: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		input[i] = moved_up(input[i]);
		output[i] = moved_up(output[i]);
		messages[i] = moved_up(messages[i]);
	}
	if (archive >= 0)
		archive = moved_up(archive);
	qemu->pid = fork();
	if (qemu->pid < 0)
		run_fail(RUN_FAILED, "cannot start QEMU: %s", strerror(errno));
	if (!qemu->pid)
		qemu_exec(args, parent, input[1], output[1], messages[1],
			  archive);
	close(input[1]);
	close(output[1]);
	close(messages[1]);
	if (archive >= 0)
		close(archive);
	qemu->input = input[0];
	qemu->output = output[0];
	qemu->messages = messages[0];
}

void run_qemu_start(struct run_qemu *qemu, const struct run_options *options,
		    const struct run_image *image,
		    const struct run_archive *archive)
{
	static const char *const quiet[] = {
		"-nodefaults", "-no-user-config",
		"-display",    "none",
		"-monitor",    "none",
		"-no-reboot",  NULL,
	};
	struct run_strings args = {0};

	run_strings_add(&args, QEMU);
	add_words(&args, quiet);
	add_machine(&args, options);
	add_devices(&args);
	add_share(&args, options);
	add_image(&args, options, image, archive);
	for (size_t i = 0; i < options->qemu_args.count; i++)
		run_strings_add(&args, "%s", options->qemu_args.items[i]);
	if (options->verbose)
		print_command(args.items);
	qemu_spawn(qemu, args.items, archive->fd);
}
