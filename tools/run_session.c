/* SPDX-License-Identifier: MIT */
/*
 * The guest's life, from the runner's side: its one stream of output is taken
 * apart into standard output, standard error and the rest (abi/guest.h), its
 * requests for input are answered, and its end becomes an exit status.
 *
 * Standard input is read only when the guest has asked for it, so what the
 * program does not read stays for whoever reads next, as with any process.
 * Signals keep their ordinary effect: Ctrl-C ends this process, and with it
 * QEMU (see run_qemu.c); the terminal's settings are never touched.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/guest.h"

#define STATUS_NONE (-1)

#define OUTPUT_LITTLE	1024
#define OUTPUT_PAUSE_NS 100000

struct session {
	struct run_qemu *qemu;
	const struct run_image *image;

	/* output */
	char stream;   /* GUEST_FRAME_STDOUT, _STDERR, _PANIC or _STATUS */
	bool escaped;  /* the last byte was GUEST_FRAME_ESCAPE */
	bool panicked; /* there was a report */
	struct run_report report;
	char status_line[32];
	size_t status_len;
	int status; /* or STATUS_NONE */

	/* input */
	bool wanted;			 /* the guest waits for an answer */
	char answer[2 + GUEST_READ_MAX]; /* length and data */
	size_t answer_len, answer_sent;

	/* QEMU's own words, as much of them as fits */
	char messages[4096];
	size_t messages_len;
};

static _Noreturn void session_end(struct session *session, int status)
{
	kill(session->qemu->pid, SIGKILL);
	waitpid(session->qemu->pid, NULL, 0);
	exit(status);
}

/* "exit 3\n" is 3, "signal 6\n" 134, "panic\n" RUN_PANIC. */
static int status_parse(const char *line)
{
	unsigned number = 0;
	int end = 0;

	if (!strcmp(line, "panic\n"))
		return RUN_PANIC;
	if (sscanf(line, "exit %3u\n%n", &number, &end) == 1 && end)
		return (int)(number & 0xff);
	if (sscanf(line, "signal %3u\n%n", &number, &end) == 1 && end)
		return (int)(128 + (number & 0x7f));
	return RUN_PANIC;
}

static void status_take(struct session *session, const char *data, size_t len)
{
	for (; len && session->status == STATUS_NONE; data++, len--) {
		if (session->status_len < sizeof(session->status_line) - 1)
			session->status_line[session->status_len++] = *data;
		if (*data == '\n')
			session->status = status_parse(session->status_line);
	}
}

/* Passes on data of the current stream. */
static void output_pass(struct session *session, const char *data, size_t len)
{
	int fd = session->stream == GUEST_FRAME_STDERR ? STDERR_FILENO
						       : STDOUT_FILENO;
	int error;

	if (!len)
		return;
	if (session->stream == GUEST_FRAME_STATUS) {
		status_take(session, data, len);
	} else if (session->stream == GUEST_FRAME_PANIC) {
		run_report_write(&session->report, session->image, data, len);
	} else if ((error = run_write_all(fd, data, len))) {
		/* EPIPE, when SIGPIPE is ignored; else a full disk or such. */
		if (fd == STDOUT_FILENO && error != -EPIPE)
			fprintf(stderr, "whelk run: standard output: %s\n",
				strerror(-error));
		session_end(session,
			    error == -EPIPE ? 128 + SIGPIPE : RUN_FAILED);
	}
}

/* The byte after GUEST_FRAME_ESCAPE. */
static void output_control(struct session *session, char control)
{
	switch (control) {
	case GUEST_FRAME_READ:
		session->wanted = true;
		break;
	case GUEST_FRAME_STDOUT:
	case GUEST_FRAME_STDERR:
	case GUEST_FRAME_PANIC:
	case GUEST_FRAME_STATUS:
		if (session->stream == GUEST_FRAME_PANIC)
			run_report_flush(&session->report, session->image);
		session->stream = control;
		session->panicked |= control == GUEST_FRAME_PANIC;
		break;
	default: /* GUEST_FRAME_ESCAPE; or not ours: as it came */
		output_pass(session, &control, 1);
	}
}

/* Takes len bytes of the guest's output apart. */
static void output_take(struct session *session, const char *data, size_t len)
{
	const char *end = data + len;

	while (data < end) {
		const char *escape;

		if (session->escaped) {
			session->escaped = false;
			output_control(session, *data++);
			continue;
		}
		escape = memchr(data, GUEST_FRAME_ESCAPE, (size_t)(end - data));
		output_pass(session, data,
			    (size_t)((escape ? escape : end) - data));
		session->escaped = escape;
		data = escape ? escape + 1 : end;
	}
}

/*
 * Reads what there is; false at the end, when QEMU has closed its side. QEMU
 * writes byte by byte, and to wake up for each takes most of the processor's
 * time: after a little, a pause that nobody notices lets more come together.
 */
static bool output_read(struct session *session)
{
	static char buf[1 << 16];
	const struct timespec pause = {.tv_nsec = OUTPUT_PAUSE_NS};
	ssize_t n = read(session->qemu->output, buf, sizeof(buf));

	if (n > 0)
		output_take(session, buf, (size_t)n);
	if (n > 0 && n < OUTPUT_LITTLE && session->status == STATUS_NONE)
		nanosleep(&pause, NULL);
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Makes the answer to a request: what standard input has, or its end. */
static void input_read(struct session *session)
{
	ssize_t n = read(STDIN_FILENO, session->answer + 2, GUEST_READ_MAX);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0)
		n = 0;
	session->answer[0] = (char)(n & 0xff);
	session->answer[1] = (char)(n >> 8);
	session->answer_len = 2 + (size_t)n;
	session->answer_sent = 0;
	session->wanted = false;
}

/* Sends as much of the answer as there is room for. */
static void input_send(struct session *session)
{
	ssize_t n = send(session->qemu->input,
			 session->answer + session->answer_sent,
			 session->answer_len - session->answer_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		session->answer_sent += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		session->answer_sent = session->answer_len; /* QEMU ended */
}

/* Keeps what QEMU says; false at its end. */
static bool messages_read(struct session *session)
{
	char rest[256];
	size_t room = sizeof(session->messages) - 1 - session->messages_len;
	ssize_t n =
		read(session->qemu->messages,
		     room ? session->messages + session->messages_len : rest,
		     room ? room : sizeof(rest));

	if (n > 0 && room)
		session->messages_len += (size_t)n;
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Waits for the next event and serves it; false when QEMU has closed its
 * output. */
static bool session_step(struct session *session)
{
	bool sending = session->answer_sent < session->answer_len;
	bool reading = session->wanted && !sending;
	struct pollfd fds[] = {
		{.fd = session->qemu->output, .events = POLLIN},
		{.fd = session->qemu->messages, .events = POLLIN},
		{.fd = sending ? session->qemu->input : -1, .events = POLLOUT},
		{.fd = reading ? STDIN_FILENO : -1, .events = POLLIN},
	};

	if (poll(fds, sizeof(fds) / sizeof(*fds), -1) < 0)
		return true; /* EINTR */
	if (fds[0].revents && !output_read(session))
		return false;
	if (fds[1].revents && !messages_read(session)) {
		close(session->qemu->messages);
		session->qemu->messages = -1;
	}
	if (fds[2].revents)
		input_send(session);
	if (fds[3].revents)
		input_read(session);
	return true;
}

/* QEMU has ended, and the guest had not said how: says why, and returns the
 * status for that. */
static int session_failed(struct session *session)
{
	const char *said;
	int status;

	while (session->qemu->messages >= 0 && messages_read(session))
		;
	waitpid(session->qemu->pid, &status, 0);
	session->messages[strcspn(session->messages, "\n")] = '\0';
	said = strstr(session->messages, ": ");
	said = said ? said + 2 : session->messages;
	if (session->panicked)
		return RUN_PANIC;
	if (WIFEXITED(status) && WEXITSTATUS(status) == RUN_MISSING)
		run_fail(RUN_MISSING,
			 "qemu-system-x86_64 is not installed (on Debian and "
			 "Ubuntu: apt-get install qemu-system-x86)");
	if (WIFSIGNALED(status))
		run_fail(RUN_FAILED, "QEMU was ended by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		run_fail(RUN_FAILED, "QEMU failed: %s",
			 *said ? said : "it does not say why");
	run_fail(RUN_PANIC,
		 "the guest was reset (a triple fault, or a kernel that does "
		 "not speak to this runner)");
}

int run_session(struct run_qemu *qemu, const struct run_options *options,
		const struct run_image *image)
{
	static struct session session;

	session.qemu = qemu;
	session.image = image;
	session.stream = GUEST_FRAME_STDOUT;
	session.status = STATUS_NONE;
	while (session.status == STATUS_NONE && session_step(&session))
		;
	if (options->verbose)
		fputs(session.messages, stderr);
	if (session.status == STATUS_NONE)
		return session_failed(&session);
	session_end(&session, session.status);
}
