/* SPDX-License-Identifier: MIT */
/*
 * Calls that are not about files: who the process is, its limits, time, random
 * bytes, and the signals that it sends itself.
 */
#include "transcript.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

static void identity(void)
{
	struct utsname name;
	uid_t ids[3] = {9, 9, 9};

	say("pid %d tid %d", getpid() > 0, syscall(SYS_gettid) == getpid());
	say("parent %d", getppid() >= 0);
	say("ids %u %u %u %u", getuid(), geteuid(), getgid(), getegid());
	CALL(getresuid(&ids[0], &ids[1], &ids[2]));
	say("ids %u %u %u", ids[0], ids[1], ids[2]);
	CALL(getresgid(&ids[0], &ids[1], &ids[2]));
	say("ids %u %u %u", ids[0], ids[1], ids[2]);
	CALL(getgroups(-1, ids));
	say("groups %d", getpgrp() > 0 && getpgid(0) > 0 && getsid(0) >= 0);
	CALL(getpgid(0x7ffffff0));
	CALL(getsid(0x7ffffff0));
	CALL(uname(&name));
	say("%s %s", name.sysname, name.machine);
	CALL(syscall(5000));
	CALL(syscall(-1));
}

static void limits(void)
{
	struct rlimit limit, old;

	CALL(getrlimit(RLIMIT_NOFILE, &limit));
	CALL(getrlimit(RLIMIT_STACK, &limit));
	CALL(syscall(SYS_getrlimit, 16, &limit));
	CALL(syscall(SYS_getrlimit, -1, &limit));
	CALL(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &old));
	CALL(syscall(SYS_prlimit64, getpid(), RLIMIT_NOFILE, NULL, NULL));
	CALL(syscall(SYS_prlimit64, 0x7fffffff, RLIMIT_NOFILE, NULL, NULL));
	CALL(syscall(SYS_prlimit64, 0, 99, NULL, NULL));
	CALL(syscall(SYS_prlimit64, 0x7fffffff, 99, NULL, NULL));
	limit.rlim_cur = 100;
	limit.rlim_max = 50;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	limit = old;
	limit.rlim_cur = 77;
	CALL(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, &limit));
	say("%d", limit.rlim_cur == old.rlim_cur);
	CALL(getrlimit(RLIMIT_NOFILE, &limit));
	say("%ld %d", (long)limit.rlim_cur, limit.rlim_max == old.rlim_max);
	CALL(setrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = limit.rlim_max + 1;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max = 1 << 30;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(setrlimit(RLIMIT_NOFILE, &old));
	/* The hard limit can be lowered as well. */
	limit = old;
	limit.rlim_cur = limit.rlim_max = 64;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(getrlimit(RLIMIT_NOFILE, &limit));
	say("%ld %ld", (long)limit.rlim_cur, (long)limit.rlim_max);
	CALL(dup2(0, 63));
	CALL(dup2(0, 64));
	CALL(close(63));
}

static int64_t nanoseconds(const struct timespec *ts)
{
	return ts->tv_sec * 1000000000 + ts->tv_nsec;
}

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	must(clock_gettime(clock, &ts) == 0, "clock_gettime");
	return nanoseconds(&ts);
}

static long sleep_raw(clockid_t clock, int flags, long sec, long nsec)
{
	struct timespec ts = {sec, nsec};

	return syscall(SYS_clock_nanosleep, clock, flags, &ts, NULL);
}

static void clocks(void)
{
	struct timespec ts, short_time = {0, 3000000};
	struct timeval tv;
	int64_t before, after;
	long clock;

	for (clock = 0; clock <= 7; clock++) {
		CALL(syscall(SYS_clock_gettime, clock, &ts));
		CALL(syscall(SYS_clock_getres, clock, &ts));
		say("%ld: %d", clock,
		    ts.tv_sec == 0 && ts.tv_nsec > 0 && ts.tv_nsec < 20000000);
	}
	CALL(syscall(SYS_clock_gettime, 12, &ts));
	CALL(syscall(SYS_clock_gettime, 1000, &ts));
	CALL(syscall(SYS_clock_getres, 1000, &ts));
	CALL(syscall(SYS_clock_getres, CLOCK_REALTIME, NULL));
	before = now(CLOCK_MONOTONIC);
	CALL(nanosleep(&short_time, NULL));
	after = now(CLOCK_MONOTONIC);
	say("slept: %d", after - before >= 3000000);
	before = now(CLOCK_REALTIME);
	CALL(sleep_raw(CLOCK_MONOTONIC, 0, 0, 2000000));
	say("slept: %d", now(CLOCK_REALTIME) - before >= 1900000);
	CALL(sleep_raw(CLOCK_REALTIME, 0, 0, 1000000));
	CALL(sleep_raw(CLOCK_MONOTONIC, TIMER_ABSTIME, 0, 1));
	CALL(sleep_raw(CLOCK_REALTIME, TIMER_ABSTIME, 1, 1));
	before = now(CLOCK_MONOTONIC) + 3000000;
	CALL(sleep_raw(CLOCK_MONOTONIC, TIMER_ABSTIME, before / 1000000000,
		       before % 1000000000));
	say("until: %d", now(CLOCK_MONOTONIC) >= before);
	CALL(sleep_raw(CLOCK_MONOTONIC, 0, 0, 1000000000));
	CALL(sleep_raw(CLOCK_MONOTONIC, 0, 0, -1));
	CALL(sleep_raw(CLOCK_MONOTONIC, 0, -1, 0));
	CALL(sleep_raw(CLOCK_MONOTONIC, 0, 0, 0));
	CALL(sleep_raw(1000, 0, 0, 0));
	CALL(sleep_raw(CLOCK_THREAD_CPUTIME_ID, 0, 0, 1));
	ts = (struct timespec){0, 1000000000};
	CALL(syscall(SYS_nanosleep, &ts, NULL));
	ts = (struct timespec){-1, 0};
	CALL(syscall(SYS_nanosleep, &ts, NULL));
	CALL(syscall(SYS_gettimeofday, &tv, NULL));
	say("%d", tv.tv_usec >= 0 && tv.tv_usec < 1000000);
	say("%d", llabs((long long)tv.tv_sec - (long long)time(NULL)) <= 1);
	say("%d", llabs((long long)now(CLOCK_REALTIME) / 1000000000 -
			(long long)time(NULL)) <= 1);
	say("%d", time(NULL) > 1600000000);
	for (int i = 0; i < 10000; i++) {
		before = now(CLOCK_MONOTONIC);
		after = now(CLOCK_MONOTONIC);
		must(after >= before, "backwards");
	}
}

/* Something takes time, and that can be seen. */
static void usage(void)
{
	struct rusage first, second;
	struct tms tms;
	int64_t start = now(CLOCK_PROCESS_CPUTIME_ID);
	clock_t ticks;
	long user;

	CALL(getrusage(RUSAGE_SELF, &first));
	while (now(CLOCK_PROCESS_CPUTIME_ID) - start < 30000000)
		;
	CALL(getrusage(RUSAGE_SELF, &second));
	user = (second.ru_utime.tv_sec + second.ru_stime.tv_sec -
		first.ru_utime.tv_sec - first.ru_stime.tv_sec) *
		       1000000 +
	       second.ru_utime.tv_usec + second.ru_stime.tv_usec -
	       first.ru_utime.tv_usec - first.ru_stime.tv_usec;
	say("%d", user > 10000 && user < 10000000);
	CALL(getrusage(RUSAGE_CHILDREN, &first));
	say("%ld", (long)first.ru_utime.tv_sec);
	CALL(syscall(SYS_getrusage, 7, &first));
	ticks = times(&tms);
	say("%d %d", ticks != (clock_t)-1, tms.tms_utime + tms.tms_stime > 0);
	say("%d", clock() > 0);
	CALL(sched_yield());
}

static void random_bytes(void)
{
	unsigned char a[256], b[256];

	CALL(getrandom(a, sizeof(a), 0));
	CALL(getrandom(b, sizeof(b), GRND_NONBLOCK));
	say("same %d", !memcmp(a, b, sizeof(a)));
	CALL(getrandom(a, 0, 0));
	CALL(getrandom(a, 10, GRND_RANDOM));
	CALL(getrandom(a, 10, 8));
	CALL(getrandom(a, 10, GRND_RANDOM | 4));
}

static volatile sig_atomic_t caught[65];
static sigjmp_buf back;

static void handler(int sig)
{
	caught[sig]++;
}

static void handler_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d: si_signo %d si_code %d mine %d", sig, info->si_signo,
	    info->si_code, info->si_pid == getpid());
}

static void handler_nested(int sig)
{
	caught[sig]++;
	say("in handler of %d, %d", sig, caught[sig]);
	if (caught[sig] < 3)
		raise(sig);
	say("end of handler of %d, %d", sig, caught[sig]);
}

static void handler_jump(int sig)
{
	siglongjmp(back, sig);
}

static void on(int sig, void (*what)(int), int flags)
{
	struct sigaction action = {.sa_flags = flags};

	action.sa_handler = what;
	sigemptyset(&action.sa_mask);
	CALL(sigaction(sig, &action, NULL));
}

static void signals(void)
{
	struct sigaction action = {0}, old;
	sigset_t set, pending;

	on(SIGUSR1, handler, 0);
	CALL(raise(SIGUSR1));
	say("%d", caught[SIGUSR1]);
	CALL(kill(getpid(), SIGUSR1));
	say("%d", caught[SIGUSR1]);
	CALL(kill(getpid(), 0));
	CALL(kill(0x7ffffff0, 0));
	CALL(kill(0x7ffffff0, 99));
	CALL(kill(getpid(), 65));
	CALL(kill(getpid(), -1));
	CALL(sigaction(SIGUSR1, NULL, &old));
	say("%d", old.sa_handler == handler);
	CALL(sigaction(SIGKILL, &old, NULL));
	CALL(sigaction(SIGSTOP, &old, NULL));
	CALL(sigaction(SIGKILL, NULL, &old));
	CALL(sigaction(0, NULL, &old));
	CALL(sigaction(65, NULL, &old));
	on(SIGUSR1, SIG_IGN, 0);
	CALL(raise(SIGUSR1));
	say("%d", caught[SIGUSR1]);
	/* What does nothing by default. */
	CALL(raise(SIGCHLD));
	CALL(raise(SIGURG));
	CALL(raise(SIGWINCH));
	CALL(raise(SIGCONT));
	/* Blocked, it waits; once, however often it comes. */
	on(SIGUSR2, handler, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	CALL(raise(SIGUSR2));
	CALL(raise(SIGUSR2));
	say("%d", caught[SIGUSR2]);
	CALL(sigpending(&pending));
	say("pending %d %d", sigismember(&pending, SIGUSR2),
	    sigismember(&pending, SIGUSR1));
	CALL(sigprocmask(SIG_UNBLOCK, &set, &pending));
	say("was blocked %d", sigismember(&pending, SIGUSR2));
	say("%d", caught[SIGUSR2]);
	CALL(sigprocmask(77, &set, NULL));
	CALL(sigprocmask(77, NULL, NULL));
	/* A blocked one that is then ignored is gone. */
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	CALL(raise(SIGUSR2));
	on(SIGUSR2, SIG_IGN, 0);
	on(SIGUSR2, handler, 0);
	CALL(sigprocmask(SIG_UNBLOCK, &set, NULL));
	say("%d", caught[SIGUSR2]);
	/* SIGKILL can't be blocked. */
	sigfillset(&set);
	CALL(sigprocmask(SIG_SETMASK, &set, NULL));
	CALL(sigprocmask(SIG_SETMASK, NULL, &set));
	say("%d %d", sigismember(&set, SIGKILL), sigismember(&set, SIGTERM));
	sigemptyset(&set);
	CALL(sigprocmask(SIG_SETMASK, &set, NULL));
	/* While its handler runs it is blocked, but with SA_NODEFER. */
	on(SIGTERM, handler_nested, 0);
	CALL(raise(SIGTERM));
	caught[SIGTERM] = 0;
	on(SIGTERM, handler_nested, SA_NODEFER);
	CALL(raise(SIGTERM));
	on(SIGHUP, handler, SA_RESETHAND);
	CALL(raise(SIGHUP));
	CALL(sigaction(SIGHUP, NULL, &old));
	say("%d %d", caught[SIGHUP], old.sa_handler == SIG_DFL);
	action.sa_sigaction = handler_info;
	action.sa_flags = SA_SIGINFO;
	CALL(sigaction(SIGALRM, &action, NULL));
	CALL(raise(SIGALRM));
	CALL(kill(getpid(), SIGALRM));
	CALL(kill(0x7ffffff0, SIGALRM));
	/* Leaving a handler. */
	on(SIGINT, handler_jump, 0);
	if (sigsetjmp(back, 1) == 0)
		CALL(raise(SIGINT));
	else
		say("jumped");
	CALL(sigprocmask(SIG_SETMASK, NULL, &set));
	say("%d", sigismember(&set, SIGINT));
	on(SIGABRT, handler_jump, 0);
	if (sigsetjmp(back, 1) == 0)
		abort();
	else
		say("not aborted");
	say("%d", signal(SIGABRT, SIG_DFL) == handler_jump);
	CALL(raise(65));
	CALL(syscall(SYS_tkill, -1, SIGUSR1));
	CALL(syscall(SYS_tkill, 0x7ffffff0, 0));
	CALL(syscall(SYS_tgkill, getpid(), getpid(), 0));
	CALL(syscall(SYS_tgkill, getpid(), 0x7ffffff0, 0));
	CALL(syscall(SYS_tgkill, -1, getpid(), 0));
	CALL(syscall(SYS_tgkill, 0x7ffffff0, getpid(), 0));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	identity();
	clocks();
	usage();
	random_bytes();
	signals();
	limits();
	return 0;
}
