/* SPDX-License-Identifier: MIT */
/*
 * What inotify(7) tells of all that is done, in the sequences of every second
 * seed: from their beginning, so that no file is open yet whose name it would
 * have to know.
 */
#include "diff.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS_FD (FD_END - 1)
#define COOKIES	  64

void events_begin(uint64_t seed)
{
	int fd;

	if (seed % 2 == 0)
		return;
	fd_limit(FD_END);
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	must(fd >= 0 && dup2(fd, EVENTS_FD) == EVENTS_FD, "inotify");
	close(fd);
	fd_limit(FD_LIMIT);
	must(inotify_add_watch(EVENTS_FD, ".", IN_ALL_EVENTS) == 1, "watch");
	must(inotify_add_watch(EVENTS_FD, "..", IN_ALL_EVENTS) == 2, "watch");
}

long notify_run(const long *args)
{
	return inotify_add_watch(EVENTS_FD, (const char *)args[0],
				 (uint32_t)args[1]);
}

long unnotify_run(const long *args)
{
	return inotify_rm_watch(EVENTS_FD, (int)args[0]);
}

/* Cookies by the order in which they come. */
static int64_t cookie_label(uint32_t cookie)
{
	static uint32_t seen[COOKIES];
	static unsigned len;

	if (!cookie)
		return 0;
	for (unsigned i = 0; i < COOKIES; i++) {
		if (seen[i] == cookie)
			return (len - i) % COOKIES;
	}
	seen[len++ % COOKIES] = cookie;
	return -1;
}

static void event_observe(const struct inotify_event *event)
{
	const char *name = event->len ? event->name : "";

	/* Files without names are called by their inode numbers. */
	if (*name == '#')
		name = "#";
	observe("\n    watch", event->wd);
	observe("mask", event->mask);
	observe("cookie", cookie_label(event->cookie));
	observe_text(name);
}

bool events_excluded(const struct op *op)
{
	struct stat st;

	if (fcntl(EVENTS_FD, F_GETFD) < 0)
		return false;
	if (op->call->run == drain_run)
		return true;
	return stat(".", &st) == 0 && st.st_nlink == 0 &&
	       op->call->number != SYS_chdir && op->call->number != SYS_fchdir;
}

void events_forget(void)
{
	static char buffer[65536];

	while (read(EVENTS_FD, buffer, sizeof(buffer)) > 0)
		;
}

void events_observe(void)
{
	static _Alignas(struct inotify_event) char buffer[65536];
	ssize_t n;

	while ((n = read(EVENTS_FD, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event = (const void *)at;

			event_observe(event);
			at += sizeof(*event) + event->len;
		}
	}
}
