/* SPDX-License-Identifier: MIT */
/*
 * drive DIR LINUX WHELK SEED COUNT [--limits]: runs the two programs (main.c), the former
 * in a tmpfs on DIR, side by side, and compares what they observe. A seed in
 * which they differ is made short: it is run without some of its calls, again
 * and again, and as long as it still differs they are left out. What remains is
 * printed. Ends after DIFFERENCES such seeds. Exits with 1 if there were any,
 * with 77 if Linux cannot be asked.
 */
#include "diff.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DIFFERENCES 5
#define TRIES	    1000      /* in making one seed short */
#define TEXT_SIZE   (4 << 20) /* what a program may say of one seed */
#define SECONDS	    20	      /* that it may take, when shown */

/* One of the programs, and what it has said so far. */
struct side {
	const char *program, *dir; /* dir: NULL for Whelk */
	pid_t pid;
	int out;
	size_t len;
	char text[TEXT_SIZE];
};

static struct side on_tmpfs, on_whelk;
static bool limits;

/* The calls that are left of a seed, by number. */
struct calls_left {
	uint64_t seed;
	unsigned len;
	unsigned numbers[OPS];
};

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* -- The programs ------------------------------------------------------------- */

static void side_start(struct side *side, char **args, unsigned seconds)
{
	char *argv[OPS + 8] = {NULL};
	size_t len = 0;
	int ends[2];

	argv[len++] = (char *)(uintptr_t)side->program;
	if (side->dir) {
		argv[len++] = (char *)(uintptr_t) "--linux";
		argv[len++] = (char *)(uintptr_t)side->dir;
	}
	if (limits)
		argv[len++] = (char *)(uintptr_t) "--limits";
	while (*args)
		argv[len++] = *args++;
	if (pipe(ends))
		fail("pipe");
	fflush(stdout);
	side->pid = fork();
	if (side->pid < 0)
		fail("fork");
	if (side->pid == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		alarm(seconds);
		execv(side->program, argv);
		_exit(2);
	}
	close(ends[1]);
	side->out = ends[0];
	side->len = 0;
}

/* Reads until it has said so many bytes, or ended. */
static void side_read(struct side *side, size_t want)
{
	while (side->len < want) {
		ssize_t len = read(side->out, side->text + side->len,
				   want - side->len);

		if (len < 0)
			fail("read");
		if (len == 0)
			break;
		side->len += (size_t)len;
	}
}

static int side_end(struct side *side)
{
	int status;

	close(side->out);
	if (waitpid(side->pid, &status, 0) < 0)
		fail("waitpid");
	return status;
}

/* -- Comparing ------------------------------------------------------------------ */

/* Runs count seeds; returns how many were the same before one was not. */
static uint64_t seeds_same(uint64_t seed, uint64_t count)
{
	const size_t size = (OPS + 1) * sizeof(uint64_t);
	char from[24], number[24], run[] = "run";
	char *args[] = {run, from, number, NULL};
	uint64_t done;
	int status;

	snprintf(from, sizeof(from), "%" PRIu64, seed);
	snprintf(number, sizeof(number), "%" PRIu64, count);
	side_start(&on_tmpfs, args, 0);
	side_start(&on_whelk, args, 0);
	for (done = 0; done < count; done++) {
		on_tmpfs.len = on_whelk.len = 0;
		side_read(&on_tmpfs, size);
		side_read(&on_whelk, size);
		if (on_tmpfs.len != size || on_whelk.len != size ||
		    memcmp(on_tmpfs.text, on_whelk.text, size) != 0)
			break;
	}
	kill(on_tmpfs.pid, SIGKILL);
	kill(on_whelk.pid, SIGKILL);
	side_end(&on_whelk);
	status = side_end(&on_tmpfs);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		exit(77);
	return done;
}

/* Runs some calls of a seed on both sides, into their texts. */
static void shown_run(const struct calls_left *left)
{
	static char numbers[OPS][8];
	char seed[24], show[] = "show";
	char *args[OPS + 3] = {show, seed};
	struct side *sides[] = {&on_tmpfs, &on_whelk};

	snprintf(seed, sizeof(seed), "%" PRIu64, left->seed);
	for (unsigned i = 0; i < left->len; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%u",
			 left->numbers[i]);
		args[2 + i] = numbers[i];
	}
	side_start(&on_tmpfs, args, SECONDS);
	side_start(&on_whelk, args, SECONDS);
	for (int i = 0; i < 2; i++) {
		struct side *side = sides[i];
		int status;

		side_read(side, TEXT_SIZE - 100);
		status = side_end(side);
		if (WIFSIGNALED(status))
			side->len += (size_t)sprintf(side->text + side->len,
						     " killed by signal %d",
						     WTERMSIG(status));
		side->text[side->len] = '\0';
	}
}

/* How long the texts, which differ, are the same, in whole lines. */
static size_t same_len(void)
{
	size_t len = 0;

	while (on_tmpfs.text[len] && on_tmpfs.text[len] == on_whelk.text[len])
		len++;
	while (len > 0 && on_tmpfs.text[len - 1] != '\n')
		len--;
	return len;
}

/* Do they differ? Then leaves out what comes after the difference. */
static bool still_differs(struct calls_left *left)
{
	size_t same;
	unsigned lines = 1;

	shown_run(left);
	if (!strcmp(on_tmpfs.text, on_whelk.text))
		return false;
	same = same_len();
	for (size_t i = 0; i < same; i++)
		lines += on_tmpfs.text[i] == '\n';
	if (lines < left->len)
		left->len = lines;
	return true;
}

/* Tries without the calls at first and after. */
static bool shorten(struct calls_left *left, unsigned first, unsigned count)
{
	static struct calls_left trial;

	if (count > left->len - first)
		count = left->len - first;
	trial = *left;
	trial.len -= count;
	memmove(trial.numbers + first, trial.numbers + first + count,
		(trial.len - first) * sizeof(*trial.numbers));
	if (!still_differs(&trial))
		return false;
	*left = trial;
	return true;
}

static void make_short(struct calls_left *left)
{
	unsigned chunk = left->len / 2, tries = 0;
	bool any = false;

	while (chunk > 0 && tries < TRIES) {
		any = false;
		for (unsigned at = 0; at < left->len && tries < TRIES;) {
			tries++;
			if (shorten(left, at, chunk))
				any = true;
			else
				at += chunk;
		}
		if (chunk > 1 || !any)
			chunk /= 2;
	}
}

static void line_print(const char *name, const char *line)
{
	printf("%s: %.*s\n", name, (int)strcspn(line, "\n"), line);
}

static void difference_print(uint64_t seed)
{
	static struct calls_left left;
	size_t same;

	left.seed = seed;
	left.len = OPS;
	for (unsigned i = 0; i < OPS; i++)
		left.numbers[i] = i;
	if (!still_differs(&left)) {
		printf("seed %" PRIu64 ": a difference that does not appear "
		       "when that seed is run alone\n",
		       seed);
		return;
	}
	make_short(&left);
	still_differs(&left);
	same = same_len();
	printf("seed %" PRIu64 ", shortened to calls", seed);
	for (unsigned i = 0; i < left.len; i++)
		printf(" %u", left.numbers[i]);
	printf(":\n%.*s", (int)same, on_tmpfs.text);
	line_print("Linux", on_tmpfs.text + same);
	line_print("Whelk", on_whelk.text + same);
	printf("\n");
}

int main(int argc, char **argv)
{
	uint64_t seed, count, done = 0;
	unsigned differences = 0;
	time_t start = time(NULL);

	if (argc < 6)
		return 2;
	limits = argc > 6;
	on_tmpfs.dir = argv[1];
	on_tmpfs.program = argv[2];
	on_whelk.program = argv[3];
	seed = strtoull(argv[4], NULL, 10);
	count = strtoull(argv[5], NULL, 10);
	while (done < count && differences < DIFFERENCES) {
		done += seeds_same(seed + done, count - done);
		if (done == count)
			break;
		difference_print(seed + done);
		differences++;
		done++;
	}
	printf("%" PRIu64 " calls, seeds %" PRIu64 " to %" PRIu64
	       ": %u differences, %ld s\n",
	       done * OPS, seed, seed + done - 1, differences,
	       (long)(time(NULL) - start));
	return differences > 0;
}
