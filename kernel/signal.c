/* SPDX-License-Identifier: MIT */
/*
 * Signals that a program sends itself: as far as raise, abort and their
 * handlers need (signal(7), sigaction(2)). Nobody else sends any.
 *
 * A handler is called as an ordinary function, on the stack of the call that
 * sends or unblocks the signal. It gets the number, a siginfo_t, and NULL for
 * the context: there is no interrupted state to show. Leaving it by
 * siglongjmp works as it does everywhere.
 *
 * DEVIATION: a fault of the program's own (SIGSEGV, SIGFPE, ...) ends the guest
 * with a report, even if there is a handler for it.
 *
 * DEVIATION: SIGTSTP, SIGTTIN and SIGTTOU do nothing by default, as in an
 * orphaned process group; SIGSTOP ends the guest, since nothing could ever
 * continue it.
 */
#include "kernel/internal.h"
#include "sys.h"

enum {
	SIGHUP = 1,
	SIGKILL = 9,
	SIGCHLD = 17,
	SIGCONT = 18,
	SIGSTOP = 19,
	SIGTSTP = 20,
	SIGTTIN = 21,
	SIGTTOU = 22,
	SIGURG = 23,
	SIGWINCH = 28,
	SIGNALS = 64,
	SI_USER = 0,
	SI_TKILL = -6,
	SET_SIZE = 8,
};

enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };

#define SIG_DFL	     ((uintptr_t)0)
#define SIG_IGN	     ((uintptr_t)1)
#define SA_NODEFER   0x40000000UL
#define SA_RESETHAND 0x80000000UL

/* What rt_sigaction passes on x86-64. */
struct k_sigaction {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};

/* siginfo_t, as far as kill and tkill fill it. */
struct siginfo {
	int signo, error, code, pad;
	pid_t pid;
	uid_t uid;
	int rest[26];
};

static struct k_sigaction actions[SIGNALS + 1];

static uint64_t bit(int sig)
{
	return (uint64_t)1 << (sig - 1);
}

static uint64_t unblockable(void)
{
	return bit(SIGKILL) | bit(SIGSTOP);
}

static bool default_is_ignore(int sig)
{
	return sig == SIGCHLD || sig == SIGCONT || sig == SIGURG ||
	       sig == SIGWINCH || sig == SIGTSTP || sig == SIGTTIN ||
	       sig == SIGTTOU;
}

static bool is_ignored(int sig)
{
	uintptr_t handler = actions[sig].handler;

	return handler == SIG_IGN ||
	       (handler == SIG_DFL && default_is_ignore(sig));
}

static void deliver(struct thread *thread, int sig, int code)
{
	struct k_sigaction *action = &actions[sig];
	void (*handler)(int, struct siginfo *, void *);
	uint64_t blocked = thread->signals_blocked;
	struct siginfo info = {.signo = sig, .code = code, .pid = 1};

	if (is_ignored(sig))
		return;
	if (action->handler == SIG_DFL)
		kernel_end_signal(sig);
	handler = (void (*)(int, struct siginfo *, void *))action->handler;
	thread->signals_blocked |= action->mask & ~unblockable();
	if (!(action->flags & SA_NODEFER))
		thread->signals_blocked |= bit(sig);
	if (action->flags & SA_RESETHAND)
		action->handler = SIG_DFL;
	handler(sig, &info, NULL);
	thread->signals_blocked = blocked;
}

/* Delivers what is pending and not blocked, lowest number first. */
static void deliver_pending(struct thread *thread)
{
	uint64_t ready;
	int sig;

	for (;;) {
		ready = thread->signals_pending & ~thread->signals_blocked;
		if (!ready)
			return;
		sig = __builtin_ctzl(ready) + 1;
		thread->signals_pending &= ~bit(sig);
		deliver(thread, sig, thread->signals_code[sig - 1]);
	}
}

/* Sends a signal to the thread that is running; 0 only checks. */
static long send(struct thread *thread, int sig, int code)
{
	if (sig < 0 || sig > SIGNALS)
		return -EINVAL;
	if (!sig || (is_ignored(sig) && !(thread->signals_blocked & bit(sig))))
		return 0;
	if (!(thread->signals_pending & bit(sig)))
		thread->signals_code[sig - 1] = (int8_t)code;
	thread->signals_pending |= bit(sig);
	deliver_pending(thread);
	return 0;
}

long kernel_signal_action(int sig, const void *act, void *old, size_t setsize)
{
	struct k_sigaction previous, wanted;

	if (setsize != SET_SIZE)
		return -EINVAL;
	if (act && user_copy(&wanted, act, sizeof(wanted)))
		return -EFAULT;
	if (sig < SIGHUP || sig > SIGNALS)
		return -EINVAL;
	if (act && (bit(sig) & unblockable()))
		return -EINVAL;
	previous = actions[sig];
	if (act) {
		actions[sig] = wanted;
		if (is_ignored(sig))
			thread_current()->signals_pending &= ~bit(sig);
	}
	return old && user_copy(old, &previous, sizeof(previous)) ? -EFAULT : 0;
}

/* rt_sigprocmask(2). */
long sys_rt_sigprocmask(int how, const void *set, void *old, size_t setsize)
{
	struct thread *thread = thread_current();
	uint64_t previous = thread->signals_blocked, mask;

	if (setsize != SET_SIZE)
		return -EINVAL;
	if (set) {
		if (user_copy(&mask, set, sizeof(mask)))
			return -EFAULT;
		mask &= ~unblockable();
		if (how == SIG_BLOCK)
			thread->signals_blocked |= mask;
		else if (how == SIG_UNBLOCK)
			thread->signals_blocked &= ~mask;
		else if (how == SIG_SETMASK)
			thread->signals_blocked = mask;
		else
			return -EINVAL;
	}
	deliver_pending(thread);
	return old && user_copy(old, &previous, sizeof(previous)) ? -EFAULT : 0;
}

/* rt_sigpending(2). */
long sys_rt_sigpending(void *set, size_t setsize)
{
	uint64_t pending = thread_current()->signals_pending;

	if (setsize > SET_SIZE)
		return -EINVAL;
	return user_copy(set, &pending, setsize) ? -EFAULT : 0;
}

/* kill(2): the only process is 1. Group 0 is its own. */
long sys_kill(pid_t pid, int sig)
{
	if (pid != 0 && pid != 1)
		return -ESRCH;
	if (sig < 0 || sig > SIGNALS)
		return -EINVAL;
	return send(thread_current(), sig, SI_USER);
}

/* tkill(2). */
long sys_tkill(pid_t tid, int sig)
{
	struct thread *thread = thread_current();

	if (tid <= 0 || sig < 0 || sig > SIGNALS)
		return -EINVAL;
	if (tid != thread->tid)
		return -ESRCH;
	return send(thread, sig, SI_TKILL);
}

/* tgkill(2). */
long sys_tgkill(pid_t tgid, pid_t tid, int sig)
{
	if (tgid <= 0)
		return -EINVAL;
	if (tgid != 1 && tid > 0)
		return -ESRCH;
	return sys_tkill(tid, sig);
}
