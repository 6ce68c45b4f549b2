/* SPDX-License-Identifier: MIT */
/*
 * Signals are Linux's and come at any instruction, but what is under a lock is
 * not for a handler to find: it may make any call that POSIX calls safe, and
 * would wait for ever for a lock of its own thread. So the handlers of the
 * program are called by handler_enter. In a thread that holds a lock it blocks
 * all signals, sends this one to the thread once more, where it stays pending
 * with all that came with it, and returns; when the last lock is left the mask
 * becomes what it was, and Linux delivers. To the rest of a system call a
 * handler is another thread. Locks are really taken once there is a handler
 * (port_threaded), and nobody else pays anything.
 *
 * A fault cannot be put off: its handler is called at once. But SIGSEGV and
 * SIGBUS are handled from the start, whatever the program has set, for a system
 * call that looks at a bad address of its caller goes on (port/user.h). Where
 * the program has no handler, what comes for it has its default action, or is
 * ignored, as it asked for.
 *
 * Hence Linux never blocks them: that the program has done so is kept here. A
 * fault then ends it, as on Linux.
 *
 * DEVIATION: in the hosted home a SIGSEGV or SIGBUS that is no fault, but sent,
 * cannot be blocked.
 *
 * DEVIATION: a handler that leaves a call by siglongjmp may leave behind a
 * reference or a descriptor that the call had taken, and if it is one of a
 * fault in the call, a lock.
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "port/lock.h"
#include "port/user.h"
#include "port/x86_64/fault.h"
#include "syscalls/syscall.h"
#include "sys.h"

#define SA_SIGINFO   0x4UL
#define SA_RESTORER  0x4000000UL
#define SA_ONSTACK   0x8000000UL
#define SA_RESTART   0x10000000UL
#define SA_NODEFER   0x40000000UL
#define SA_RESETHAND 0x80000000UL
#define SIG_BLOCK    0
#define SIG_UNBLOCK  1
#define SIG_SETMASK  2
#define SIGNALS	     64

#define SIGILL	 4
#define SIGTRAP	 5
#define SIGBUS	 7
#define SIGFPE	 8
#define SIGSEGV	 11
#define SIGTIMER 32 /* this one and the next two are musl's own */
/* The signal by which musl's pthread_cancel reaches a thread. */
#define SIGCANCEL   33
#define SIGSYNCCALL 34

#define SIGNAL_BIT(sig) (UINT64_C(1) << ((sig)-1))
#define FAULTS                                                           \
	(SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGBUS) | \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV))
/* What bad addresses lead to. */
#define RECOVERED (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS))

struct host_siginfo {
	int signo, error, code, pad;
	uintptr_t addr; /* of a fault */
};

/* struct ucontext of Linux on x86-64. */
struct host_context {
	uint64_t flags, link, stack[3], registers[32], mask;
};
_Static_assert(offsetof(struct host_context, mask) == 296, "as in Linux");

/* REG_RIP and REG_ERR of ucontext.h. */
#define REGISTER_RIP   16
#define REGISTER_ERROR 19
#define ERROR_WRITE    2 /* of a page fault */

typedef void signal_handler(int sig, struct host_siginfo *info,
			    struct host_context *context);

/* struct sigaction as Linux has it on x86-64 (rt_sigaction(2)). */
struct host_sigaction {
	signal_handler *handler; /* or SIG_DFL, SIG_IGN: 0, 1 */
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* actions_lock makes Linux's actions and these change together; handlers read
 * them without, hence atomic. An entry is what the program last set that has a
 * handler; of RECOVERED signals what it last set. */
static struct host_sigaction actions[SIGNALS + 1];

static struct lock actions_lock;

/* Volatile because handler_enter reads and changes it at any time. */
static _Thread_local volatile struct {
	uint32_t held;	  /* locks held or waited for */
	bool deferred;	  /* a signal waits for held to be 0 */
	uint64_t blocked; /* of RECOVERED: which the program has blocked */
	uint64_t mask;	  /* if so: what signals were blocked before */
} signals;

void port_signals_hold(void)
{
	signals.held++;
}

void port_signals_release(void)
{
	uint64_t mask;

	if (--signals.held || __builtin_expect(!signals.deferred, 1))
		return;
	mask = signals.mask;
	signals.deferred = false;
	host_syscall4(HOST_RT_SIGPROCMASK, SIG_SETMASK, (long)&mask, 0,
		      sizeof(mask));
}

/* Lets sig, just delivered, come again when no lock is held any more. Faults
 * stay possible in the meantime. */
static void signal_defer(int sig, struct host_siginfo *info,
			 struct host_context *context)
{
	long pid = host_syscall0(HOST_GETPID), tid = host_syscall0(HOST_GETTID);
	uint64_t mask =
		(signals.deferred ? context->mask : ~FAULTS) | SIGNAL_BIT(sig);

	host_syscall4(HOST_RT_SIGPROCMASK, SIG_SETMASK, (long)&mask, 0,
		      sizeof(mask));
	if (!signals.deferred) {
		signals.mask = context->mask;
		signals.deferred = true;
	}
	context->mask = mask;
	/* Without memory for what comes with it, it comes without. */
	if (host_syscall4(HOST_RT_TGSIGQUEUEINFO, pid, tid, sig, (long)info) <
	    0)
		host_syscall3(HOST_TGKILL, pid, tid, sig);
}

static bool is_function(signal_handler *handler)
{
	return (uintptr_t)handler > 1;
}

/* SIGSEGV or SIGBUS, for which the program has no handler: has Linux do what it
 * would have done. A fault happens again; what was sent is sent again. */
static void default_action(int sig, struct host_siginfo *info, bool fault,
			   bool ignored)
{
	struct host_sigaction none = {0};

	if (ignored && !fault)
		return;
	host_syscall4(HOST_RT_SIGACTION, sig, (long)&none, 0,
		      sizeof(none.mask));
	if (!fault)
		host_syscall4(HOST_RT_TGSIGQUEUEINFO,
			      host_syscall0(HOST_GETPID),
			      host_syscall0(HOST_GETTID), sig, (long)info);
}

/* A fault at a page of a mapped file, which is brought, or of an access that may
 * fault, which goes on elsewhere. */
static bool recover(int sig, const struct host_siginfo *info,
		    struct host_context *context)
{
	uint64_t *registers = context->registers;
	bool locked;
	uintptr_t target = user_fault_target(registers[REGISTER_RIP], &locked);

	if (sig == SIGBUS && !locked && !signals.held &&
	    map_fault(info->addr, registers[REGISTER_ERROR] & ERROR_WRITE))
		return true;
	if (target)
		registers[REGISTER_RIP] = target;
	return target != 0;
}

/* Calls the handler of a signal that Linux is not to block meanwhile; a fault in
 * it would be one more, which ends the program. */
static void handler_call(int sig, struct host_siginfo *info,
			 struct host_context *context, signal_handler *handler)
{
	uint64_t blocked = signals.blocked, set = actions[sig].mask;

	if (!(__atomic_load_n(&actions[sig].flags, __ATOMIC_RELAXED) &
	      SA_NODEFER))
		set |= SIGNAL_BIT(sig);
	signals.blocked = blocked | (set & RECOVERED);
	handler(sig, info, context);
	signals.blocked = blocked;
}

static void handler_enter(int sig, struct host_siginfo *info,
			  struct host_context *context)
{
	bool fault = info->code > 0 && (SIGNAL_BIT(sig) & FAULTS);
	struct host_sigaction none = {0};
	signal_handler *handler;

	if (fault && (SIGNAL_BIT(sig) & RECOVERED) &&
	    recover(sig, info, context))
		return;
	handler = __atomic_load_n(&actions[sig].handler, __ATOMIC_RELAXED);
	if (fault && (signals.blocked & SIGNAL_BIT(sig)))
		handler = NULL; /* as Linux has it */
	if (!is_function(handler)) {
		default_action(sig, info, fault, handler != NULL);
		return;
	}
	if (signals.held && !fault) {
		signal_defer(sig, info, context);
		return;
	}
	/* Left to Linux, this would be done before it is put off. */
	if (__atomic_load_n(&actions[sig].flags, __ATOMIC_RELAXED) &
	    SA_RESETHAND) {
		if (SIGNAL_BIT(sig) & RECOVERED)
			__atomic_store_n(&actions[sig].handler, NULL,
					 __ATOMIC_RELAXED);
		else
			host_syscall4(HOST_RT_SIGACTION, sig, (long)&none, 0,
				      sizeof(none.mask));
	}
	handler_call(sig, info, context, handler);
}

void __restore_rt(void); /* clone.S */

/* RECOVERED signals for which the program has no handler. */
static const struct host_sigaction recovering = {
	.handler = handler_enter,
	.flags =
		SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART | SA_NODEFER,
	.restorer = __restore_rt,
};

/* rt_sigaction of a signal whose handlers handler_enter calls. */
static long action_exchange(int sig, const struct host_sigaction *act,
			    struct host_sigaction *old) REQUIRES(actions_lock)
{
	struct host_sigaction set = {0}, was = actions[sig];
	bool recovered = SIGNAL_BIT(sig) & RECOVERED;
	long result;

	if (act)
		set = *act;
	if (act && (recovered || is_function(act->handler))) {
		/* First, since it may be called before Linux returns. */
		__atomic_store_n(&actions[sig].handler, act->handler,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&actions[sig].flags, act->flags,
				 __ATOMIC_RELAXED);
		actions[sig].restorer = act->restorer;
		actions[sig].mask = act->mask;
		set.handler = handler_enter;
		set.flags = (act->flags & ~SA_RESETHAND) | SA_SIGINFO;
		if (recovered)
			set.flags |= SA_NODEFER;
		set.mask &= ~RECOVERED;
	}
	if (act && recovered && !is_function(act->handler))
		set = recovering;
	result = host_syscall4(HOST_RT_SIGACTION, sig, act ? (long)&set : 0,
			       (long)old, sizeof(set.mask));
	if (result == 0 && (recovered || old->handler == handler_enter))
		*old = was;
	return result;
}

/* musl's own handlers use no files. The first pthread_cancel of the process
 * installs that of SIGCANCEL: from then on libc's cancellation points look for
 * it, and it ends a call that waits. */
static long action_of_libc(int sig, const struct host_sigaction *act,
			   struct host_sigaction *old, size_t setsize)
{
	struct host_sigaction cancel;

	if (sig == SIGCANCEL && act) {
		cancel = *act;
		cancel.flags &= ~SA_RESTART;
		act = &cancel;
		/* relaxed: pthread_cancel's signal comes after, and orders */
		__atomic_fetch_or(&syscall_detour, SYSCALL_DETOUR_CANCEL,
				  __ATOMIC_RELAXED);
	}
	return host_syscall4(HOST_RT_SIGACTION, sig, (long)act, (long)old,
			     (long)setsize);
}

/* rt_sigaction(2), with Linux's errors. */
long sys_rt_sigaction(int sig, const void *act, void *old, size_t setsize)
{
	struct host_sigaction set, was;
	long result;

	if (setsize != sizeof(uint64_t))
		return -EINVAL;
	if (act && user_copy(&set, act, sizeof(set)))
		return -EFAULT;
	if (sig < 1 || sig > SIGNALS)
		return -EINVAL;
	if (sig >= SIGTIMER && sig <= SIGSYNCCALL)
		return action_of_libc(sig, act ? &set : NULL, old, setsize);
	if (act && is_function(set.handler))
		port_threaded = true;
	lock_write(&actions_lock);
	result = action_exchange(sig, act ? &set : NULL, &was);
	unlock_write(&actions_lock);
	if (result == 0 && old && user_copy(old, &was, sizeof(was)))
		return -EFAULT;
	return result;
}

/* rt_sigprocmask(2). */
long sys_rt_sigprocmask(int how, const void *set, void *old, size_t setsize)
{
	uint64_t mask = 0, real, was = 0, blocked = signals.blocked;
	long result;

	if (setsize != sizeof(mask))
		return -EINVAL;
	if (set && user_copy(&mask, set, sizeof(mask)))
		return -EFAULT;
	real = mask & ~RECOVERED;
	result = host_syscall4(HOST_RT_SIGPROCMASK, how, set ? (long)&real : 0,
			       (long)&was, sizeof(was));
	if (result < 0)
		return result;
	mask &= RECOVERED;
	if (set && how == SIG_BLOCK)
		signals.blocked = blocked | mask;
	else if (set && how == SIG_UNBLOCK)
		signals.blocked = blocked & ~mask;
	else if (set)
		signals.blocked = mask;
	was |= blocked;
	if (old && user_copy(old, &was, sizeof(was)))
		return -EFAULT;
	return 0;
}

void signal_init(void)
{
	for (int sig = 1; sig <= SIGNALS; sig++) {
		if (SIGNAL_BIT(sig) & RECOVERED)
			host_syscall4(HOST_RT_SIGACTION, sig, (long)&recovering,
				      (long)&actions[sig],
				      sizeof(recovering.mask));
	}
}
