/* SPDX-License-Identifier: MIT */
/*
 * For tests/kernel.sh: signals that a program sends itself. Without an
 * argument prints what is not as on Linux; else ends in the way that is named.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failures;

#define CHECK(expr) ((expr) ? (void)0 : fail(__LINE__, #expr))

static void fail(int line, const char *expr)
{
	printf("line %d: false: %s\n", line, expr);
	failures++;
}

static volatile int calls, last, code, sender, depth, deepest;

static void on_signal(int sig)
{
	calls++;
	last = sig;
}

static void on_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	calls++;
	last = info->si_signo == sig ? sig : -1;
	code = info->si_code;
	sender = info->si_pid;
}

/* Sends itself once more from within. */
static void on_nested(int sig)
{
	calls++;
	if (++depth > deepest)
		deepest = depth;
	if (calls == 1)
		raise(sig);
	depth--;
}

static void action(int sig, void (*handler)(int), int flags, int masked)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&act.sa_mask);
	if (masked)
		sigaddset(&act.sa_mask, masked);
	CHECK(sigaction(sig, &act, NULL) == 0);
	calls = last = depth = deepest = 0;
}

static void mask(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	CHECK(sigprocmask(how, &set, NULL) == 0);
}

static int is_pending(int sig)
{
	sigset_t set;

	CHECK(sigpending(&set) == 0);
	return sigismember(&set, sig);
}

static int is_blocked(int sig)
{
	sigset_t set;

	CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0);
	return sigismember(&set, sig);
}

static void test_handlers(void)
{
	struct sigaction act = {.sa_flags = SA_SIGINFO}, old;

	action(SIGUSR1, on_signal, 0, 0);
	CHECK(raise(SIGUSR1) == 0 && calls == 1 && last == SIGUSR1);
	CHECK(kill(getpid(), SIGUSR1) == 0 && calls == 2);
	CHECK(!is_blocked(SIGUSR1));
	CHECK(sigaction(SIGUSR1, NULL, &old) == 0);
	CHECK(old.sa_handler == on_signal);
	action(SIGRTMAX, on_signal, 0, 0);
	CHECK(raise(SIGRTMAX) == 0 && last == SIGRTMAX);

	act.sa_sigaction = on_info;
	sigemptyset(&act.sa_mask);
	CHECK(sigaction(SIGUSR2, &act, NULL) == 0);
	raise(SIGUSR2);
	CHECK(last == SIGUSR2 && code == SI_TKILL && sender == getpid());
	kill(getpid(), SIGUSR2);
	CHECK(last == SIGUSR2 && code == SI_USER && sender == getpid());
}

static void test_flags(void)
{
	struct sigaction old;

	action(SIGUSR1, on_nested, 0, 0);
	raise(SIGUSR1);
	CHECK(calls == 2 && deepest == 1);
	action(SIGUSR1, on_nested, SA_NODEFER, 0);
	raise(SIGUSR1);
	CHECK(calls == 2 && deepest == 2);
	action(SIGUSR1, on_signal, SA_RESETHAND, 0);
	raise(SIGUSR1);
	CHECK(calls == 1);
	CHECK(sigaction(SIGUSR1, NULL, &old) == 0);
	CHECK(old.sa_handler == SIG_DFL);
}

static volatile int was_blocked, was_pending;

static void on_masked(int sig)
{
	(void)sig;
	was_blocked = is_blocked(SIGUSR2) && is_blocked(SIGUSR1);
	raise(SIGUSR2);
	was_pending = is_pending(SIGUSR2);
}

static void test_masks(void)
{
	sigset_t all, old;

	action(SIGUSR2, on_signal, 0, 0);
	action(SIGUSR1, on_masked, 0, SIGUSR2);
	raise(SIGUSR1);
	CHECK(was_blocked && was_pending);
	CHECK(calls == 1 && last == SIGUSR2 && !is_pending(SIGUSR2));

	action(SIGUSR1, on_signal, 0, 0);
	mask(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR1);
	CHECK(calls == 0 && is_pending(SIGUSR1) && is_blocked(SIGUSR1));
	mask(SIG_UNBLOCK, SIGUSR1);
	CHECK(calls == 1 && !is_pending(SIGUSR1));

	/* ignored, but kept while it is blocked; then thrown away */
	action(SIGUSR1, SIG_IGN, 0, 0);
	raise(SIGUSR1);
	CHECK(!is_pending(SIGUSR1));
	action(SIGUSR1, on_signal, 0, 0);
	mask(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	CHECK(is_pending(SIGUSR1));
	action(SIGUSR1, SIG_IGN, 0, 0);
	CHECK(!is_pending(SIGUSR1));
	mask(SIG_UNBLOCK, SIGUSR1);

	sigfillset(&all);
	CHECK(sigprocmask(SIG_SETMASK, &all, &old) == 0);
	CHECK(!is_blocked(SIGKILL) && !is_blocked(SIGSTOP));
	CHECK(is_blocked(SIGTERM));
	CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
	CHECK(sigprocmask(99, &all, NULL) == -1 && errno == EINVAL);
}

static sigjmp_buf back;

static void on_jump(int sig)
{
	siglongjmp(back, sig);
}

static void test_jump(void)
{
	action(SIGUSR1, on_jump, 0, 0);
	for (volatile int i = 0; i < 3; i++) {
		int sig = sigsetjmp(back, 1);

		if (!sig)
			raise(SIGUSR1);
		CHECK(sig == SIGUSR1 && !is_blocked(SIGUSR1));
	}
}

static void test_rules(void)
{
	struct sigaction act = {.sa_handler = on_signal};

	raise(SIGCHLD);
	raise(SIGWINCH);
	raise(SIGURG);
	CHECK(kill(getpid(), 0) == 0);
	CHECK(kill(0, 99) == -1 && errno == EINVAL);
	CHECK(kill(2147483647, 0) == -1 && errno == ESRCH);
	CHECK(raise(99) == -1 && errno == EINVAL);
	CHECK(sigaction(SIGKILL, &act, NULL) == -1 && errno == EINVAL);
	CHECK(sigaction(SIGSTOP, &act, NULL) == -1 && errno == EINVAL);
	CHECK(sigaction(99, &act, NULL) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4) == -1);
	CHECK(errno == EINVAL);
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";

	if (!strcmp(way, "abort_handled"))
		action(SIGABRT, on_signal, 0, 0);
	if (!strcmp(way, "abort_ignored"))
		action(SIGABRT, SIG_IGN, 0, 0);
	if (!strcmp(way, "abort_blocked"))
		mask(SIG_BLOCK, SIGABRT);
	if (!strncmp(way, "abort", 5))
		abort();
	if (!strcmp(way, "reset")) {
		action(SIGUSR2, on_signal, SA_RESETHAND, 0);
		raise(SIGUSR2);
		raise(SIGUSR2);
	}
	if (!strcmp(way, "unblock")) {
		mask(SIG_BLOCK, SIGTERM);
		raise(SIGTERM);
		mask(SIG_UNBLOCK, SIGTERM);
	}
	test_handlers();
	test_flags();
	test_masks();
	test_jump();
	test_rules();
	return failures != 0;
}
