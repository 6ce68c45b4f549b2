/* SPDX-License-Identifier: MIT */
/*
 * `whelk mount`: from the command line to the end of the session, which is when
 * somebody unmounts it. At the end the file system is checked, and all it ever
 * allocated must be free again.
 */
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/port.h"

/* Nobody else changes the files, so the kernel may keep what it learns. */
#define TIMEOUT_NEVER 1e9

/* Addresses for what is not contents: as much as them again, and for each node
 * its entry with a long name. They cost nothing until they are used. */
#define NODE_BYTES  512
#define SPARE_BYTES ((uint64_t)64 << 20)

struct mount mount_served;

_Noreturn void mount_fail(enum mount_status status, const char *format, ...)
{
	va_list args;

	fputs("whelk mount: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

/* What libfuse has to say. */
static void say(enum fuse_log_level level, const char *format, va_list args)
{
	(void)level;
	fputs("whelk mount: ", stderr);
	vfprintf(stderr, format, args);
}

static void op_init(void *context, struct fuse_conn_info *conn)
{
	(void)context;
	/* fs/ truncates and clears set-id bits itself, in one step with what
	 * asks for it. */
	conn->want |= conn->capable &
		      (FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_HANDLE_KILLPRIV);
	/* Cached pages are right whatever mtime says: nobody else writes. */
	conn->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
}

/* The mount options, as libfuse takes them. Of a mount by root, as on tmpfs,
 * all may make use, of devices and set-id programs too. */
static struct fuse_session *session_create(const struct mount_options *options)
{
	char text[256];
	char program[] = "whelk-mount", flag[] = "-o";
	char *argv[] = {program, flag, text, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse_lowlevel_ops ops = {.init = op_init};
	struct fuse_session *session;

	snprintf(text, sizeof(text), "fsname=whelk,subtype=whelk%s%s",
		 options->no_cache ? "" : ",default_permissions",
		 geteuid() == 0 ? ",allow_other,dev,suid" : "");
	mount_names_ops(&ops);
	mount_attrs_ops(&ops);
	mount_files_ops(&ops);
	mount_dirs_ops(&ops);
	mount_xattrs_ops(&ops);
	session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	fuse_opt_free_args(&args);
	return session;
}

static void fs_begin(const struct mount_options *options)
{
	const struct fs_limits *limits = &options->limits;

	if (!mount_port_init(2 * limits->bytes_max +
			     NODE_BYTES * limits->nodes_max + SPARE_BYTES) ||
	    fs_create(limits, &mount_served.fs) != 0)
		mount_fail(MOUNT_FAILED, "not enough memory");
	mount_served.no_cache = options->no_cache;
	mount_served.timeout = options->no_cache ? 0 : TIMEOUT_NEVER;
	mount_nodes_init();
}

static void fs_end(void)
{
	mount_nodes_fini();
	fs_check(mount_served.fs);
	fs_destroy(mount_served.fs);
	port_assert(mount_port_live() == 0);
}

/* Serves until it is unmounted, or told to end by a signal. */
static int serve(struct fuse_session *session, bool foreground)
{
	struct fuse_loop_config config = {.max_idle_threads = 10};

	if (fuse_daemonize(foreground) != 0 ||
	    fuse_set_signal_handlers(session) != 0)
		return MOUNT_FAILED;
	return fuse_session_loop_mt(session, &config) < 0 ? MOUNT_FAILED : 0;
}

int main(int argc, char *argv[])
{
	struct mount_options options;
	struct fuse_session *session;
	struct stat st;
	char *mountpoint;
	int fd, status;

	(void)argc;
	mount_options_parse(&options, argv);
	/* A daemon is at home in the root. */
	mountpoint = realpath(options.mountpoint, NULL);
	if (!mountpoint || stat(mountpoint, &st) != 0)
		mount_fail(MOUNT_FAILED, "%s: %s", options.mountpoint,
			   strerror(errno));
	if (!S_ISDIR(st.st_mode))
		mount_fail(MOUNT_FAILED, "%s is not a directory",
			   options.mountpoint);
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		mount_fail(MOUNT_FAILED, "/dev/fuse: %s", strerror(errno));
	close(fd);
	fuse_set_log_func(say);
	fs_begin(&options);
	session = session_create(&options);
	if (!session || fuse_session_mount(session, mountpoint) != 0)
		return MOUNT_FAILED; /* and libfuse has said why */
	status = serve(session, options.foreground);
	fuse_session_unmount(session);
	fuse_remove_signal_handlers(session);
	fuse_session_destroy(session);
	fs_end();
	free(mountpoint);
	return status;
}
