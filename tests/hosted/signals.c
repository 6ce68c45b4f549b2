/* SPDX-License-Identifier: MIT */
/*
 * Handlers of signals that use files, as POSIX lets them, while what they
 * interrupt does too: nothing is lost, broken or in another order. The
 * argument says what interrupts what; each ends with "ok" on Linux as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define THREADS 3
#define ALARMS	3000
#define QUEUED	3000
#define SECONDS 20

#define CHECK(expr)                                                           \
	do {                                                                  \
		if (!(expr)) {                                                \
			printf("%d: %s, errno %d\n", __LINE__, #expr, errno); \
			fflush(stdout);                                       \
			_exit(1);                                             \
		}                                                             \
	} while (0)

static atomic_int begun, handled, bad_info;

/* Adds a byte to "log", and makes a file of its own, which may stay. */
static void use_files(void)
{
	char name[] = "h0000";
	int saved = errno, number = begun++;
	int fd = open("log", O_CREAT | O_WRONLY | O_APPEND, 0600);

	for (int i = 4, left = number; i > 0; i--, left /= 10)
		name[i] = (char)('0' + left % 10);
	CHECK(fd >= 0);
	CHECK(write(fd, "x", 1) == 1);
	CHECK(close(fd) == 0);
	fd = open(name, O_CREAT | O_WRONLY, 0600);
	CHECK(fd >= 0);
	CHECK(close(fd) == 0);
	if (number % 3 == 0)
		CHECK(unlink(name) == 0);
	errno = saved;
}

static void on_alarm(int sig)
{
	if (sig != SIGALRM && sig != SIGSEGV && sig != SIGBUS)
		bad_info++;
	use_files();
	handled++;
}

/* Values come in the order in which they were sent, each once. */
static void on_queued(int sig, siginfo_t *info, void *context)
{
	if (sig != SIGRTMIN || info->si_code != SI_QUEUE ||
	    info->si_value.sival_int != handled || !context)
		bad_info++;
	use_files();
	handled++;
}

static void install(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	CHECK(sigaction(sig, &action, NULL) == 0);
}

static void files_round(int who, int i)
{
	char name[32], text[32];
	struct stat st;
	ssize_t len = snprintf(name, sizeof(name), "m%d.%d", who, i % 200);
	int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, 0600);

	CHECK(fd >= 0);
	CHECK(write(fd, name, (size_t)len) == len);
	CHECK(fstat(fd, &st) == 0 && st.st_size == len);
	CHECK(pread(fd, text, sizeof(text), 0) == len);
	CHECK(memcmp(name, text, (size_t)len) == 0);
	CHECK(close(fd) == 0);
	if (i % 2)
		CHECK(unlink(name) == 0);
}

static void files_until(int who, int count)
{
	time_t end = time(NULL) + SECONDS;

	for (int i = 0; handled < count; i++) {
		files_round(who, i);
		CHECK(i % 1024 || time(NULL) < end);
	}
}

static void *worker(void *arg)
{
	files_until((int)(size_t)arg, ALARMS);
	return NULL;
}

/* All threads get the signals of one timer, or there is only one thread. */
static void alarms(int threads)
{
	struct itimerval timer = {{0, 50}, {0, 50}}, off = {{0, 0}, {0, 0}};
	pthread_t thread[THREADS];

	install(SIGALRM, on_alarm, SA_RESTART);
	for (int i = 0; i < threads; i++)
		CHECK(!pthread_create(&thread[i], NULL, worker,
				      (void *)(size_t)(i + 1)));
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
	files_until(0, ALARMS);
	CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
	for (int i = 0; i < threads; i++)
		CHECK(!pthread_join(thread[i], NULL));
}

static void *sender(void *arg)
{
	(void)arg;
	for (int i = 0; i < QUEUED; i++) {
		while (sigqueue(getpid(), SIGRTMIN,
				(union sigval){.sival_int = i}) < 0)
			CHECK(errno == EAGAIN);
		if (i % 8 == 0)
			usleep(1);
	}
	return NULL;
}

static void queue(void)
{
	struct sigaction action = {.sa_sigaction = on_queued,
				   .sa_flags = SA_SIGINFO};
	sigset_t set;
	pthread_t thread;

	CHECK(sigaction(SIGRTMIN, &action, NULL) == 0);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(!pthread_create(&thread, NULL, sender, NULL));
	CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
	files_until(0, QUEUED);
	CHECK(!pthread_join(thread, NULL));
	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &set) == 0);
	CHECK(!sigismember(&set, SIGUSR1) && !sigismember(&set, SIGRTMIN));
}

/* What sigaction tells, and handlers that serve once, or in themselves. */
static void actions(void)
{
	struct sigaction old;

	install(SIGUSR1, on_alarm, SA_RESETHAND);
	CHECK(sigaction(SIGUSR1, NULL, &old) == 0);
	CHECK(old.sa_handler == on_alarm);
	CHECK(old.sa_flags & SA_RESETHAND);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(handled == 1);
	CHECK(sigaction(SIGUSR1, NULL, &old) == 0);
	CHECK(old.sa_handler == SIG_DFL);
	CHECK(signal(SIGUSR2, on_alarm) == SIG_DFL);
	CHECK(signal(SIGUSR2, SIG_IGN) == on_alarm);
	CHECK(raise(SIGUSR2) == 0);
	CHECK(handled == 1);
	CHECK(signal(SIGUSR2, SIG_DFL) == SIG_IGN);
	CHECK(sigaction(SIGKILL, &old, NULL) < 0 && errno == EINVAL);
	bad_info = 0; /* on_alarm expected another signal */
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	static const char text[] = "fault\n";

	(void)context;
	CHECK(sig == SIGSEGV && info->si_addr == NULL);
	CHECK(write(1, text, sizeof(text) - 1) == sizeof(text) - 1);
	_exit(0);
}

/* A fault in the program, whose handler is called at once, for it cannot wait. */
static void fault(void)
{
	struct sigaction action = {.sa_sigaction = on_fault,
				   .sa_flags = SA_SIGINFO | SA_NODEFER};

	CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
	*(volatile char *)NULL = 0;
}

static void fails_in_call(void)
{
	char *volatile nowhere = NULL;
	int fd = open("f", O_CREAT | O_RDWR, 0600);

	CHECK(write(fd, "text", 4) == 4);
	CHECK(pread(fd, nowhere, 4, 0) < 0 && errno == EFAULT);
	CHECK(close(fd) == 0);
}

/* A bad address passed to a call is no fault, whether there is a handler or
 * not, and leaves the handler what it was. */
static void fault_in_call(void)
{
	struct sigaction action = {.sa_sigaction = on_fault,
				   .sa_flags = SA_SIGINFO | SA_NODEFER};
	struct sigaction old;

	fails_in_call();
	CHECK(sigaction(SIGSEGV, &action, &old) == 0);
	CHECK(old.sa_handler == SIG_DFL);
	fails_in_call();
	CHECK(sigaction(SIGSEGV, NULL, &old) == 0);
	CHECK(old.sa_sigaction == on_fault);
	CHECK((old.sa_flags & (SA_SIGINFO | SA_NODEFER | SA_ONSTACK)) ==
	      (SA_SIGINFO | SA_NODEFER));
	fault();
}

/* SIGSEGV and SIGBUS that the program sends itself do as it says. */
static void fault_signals(void)
{
	CHECK(signal(SIGSEGV, SIG_IGN) == SIG_DFL);
	CHECK(raise(SIGSEGV) == 0);
	CHECK(signal(SIGSEGV, on_alarm) == SIG_IGN);
	CHECK(signal(SIGBUS, on_alarm) == SIG_DFL);
	CHECK(raise(SIGSEGV) == 0 && raise(SIGBUS) == 0);
	CHECK(handled == 2);
	install(SIGSEGV, on_alarm, SA_RESETHAND);
	CHECK(raise(SIGSEGV) == 0);
	CHECK(signal(SIGSEGV, SIG_IGN) == SIG_DFL);
	CHECK(signal(SIGBUS, SIG_DFL) == on_alarm);
	CHECK(write(1, "sent\n", 5) == 5);
}

/* The ways to die of them: by a fault, ignored or not, and by kill(2). */
static void fault_deadly(char how)
{
	if (how == 'i')
		CHECK(signal(SIGSEGV, SIG_IGN) == SIG_DFL);
	fails_in_call();
	if (how == 'b')
		CHECK(raise(SIGBUS) == 0);
	if (how == 's')
		CHECK(raise(SIGSEGV) == 0);
	*(volatile char *)NULL = 0;
}

/* Reading the console: EINTR, or, with SA_RESTART, it goes on. */
static void console(int flags)
{
	struct itimerval timer = {{0, 0}, {0, 50000}};
	char c;
	ssize_t n;

	install(SIGALRM, on_alarm, flags);
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
	n = read(0, &c, 1);
	CHECK(handled == 1);
	CHECK(flags ? n == 1 && c == 'c' : n < 0 && errno == EINTR);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct stat st;

	if (!strcmp(what, "alarm"))
		alarms(0);
	else if (!strcmp(what, "threads"))
		alarms(THREADS);
	else if (!strcmp(what, "queue"))
		queue();
	else if (!strcmp(what, "actions"))
		actions();
	else if (!strcmp(what, "eintr"))
		console(0);
	else if (!strcmp(what, "restart"))
		console(SA_RESTART);
	else if (!strcmp(what, "fault"))
		fault();
	else if (!strcmp(what, "fault_in_call"))
		fault_in_call();
	else if (!strcmp(what, "fault_signals"))
		fault_signals();
	else if (!strncmp(what, "deadly", 6))
		fault_deadly(what[6]);
	if (!strcmp(what, "fault_signals"))
		return 0;
	CHECK(handled > 0 && !bad_info);
	CHECK(stat("log", &st) == 0 && st.st_size == handled);
	puts("ok");
	return 0;
}
