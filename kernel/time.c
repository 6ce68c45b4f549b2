/* SPDX-License-Identifier: MIT */
/*
 * Clocks and sleeping, as system calls have them. All clocks stand on
 * kernel_clock_monotonic. Processor time is time since boot: there is no one
 * to share the processor with.
 */
#include "kernel/internal.h"
#include "sys.h"

#define CLOCK_RESOLUTION_COARSE 1000000 /* what coarse clocks promise */

/* Wall-clock time less monotonic time. */
static int64_t real_offset_ns;

void time_real_init(int64_t sec, uint32_t nsec)
{
	real_offset_ns = sec * (int64_t)NSEC_PER_SEC + nsec;
}

void kernel_clock_real(int64_t *sec, uint32_t *nsec)
{
	uint64_t now = kernel_clock_monotonic() + (uint64_t)real_offset_ns;

	*sec = (int64_t)(now / NSEC_PER_SEC);
	*nsec = (uint32_t)(now % NSEC_PER_SEC);
}

/* Is it a clock that can be read? */
static bool clock_is_known(int clock)
{
	return clock >= CLOCK_REALTIME && clock <= CLOCK_BOOTTIME;
}

static bool clock_is_real(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

/* clock_gettime(2). */
long sys_clock_gettime(int clock, struct timespec *ts)
{
	uint64_t now = kernel_clock_monotonic();

	if (!clock_is_known(clock))
		return -EINVAL;
	if (clock_is_real(clock))
		now += (uint64_t)real_offset_ns;
	if (!user_writable(ts, sizeof(*ts)))
		return -EFAULT;
	ts->tv_sec = (int64_t)(now / NSEC_PER_SEC);
	ts->tv_nsec = (int64_t)(now % NSEC_PER_SEC);
	return 0;
}

/* clock_getres(2). */
long sys_clock_getres(int clock, struct timespec *ts)
{
	if (!clock_is_known(clock))
		return -EINVAL;
	if (!ts)
		return 0;
	if (!user_writable(ts, sizeof(*ts)))
		return -EFAULT;
	ts->tv_sec = 0;
	ts->tv_nsec = 1;
	if (clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		ts->tv_nsec = CLOCK_RESOLUTION_COARSE;
	return 0;
}

static bool timespec_is_valid(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 &&
	       ts->tv_nsec < (int64_t)NSEC_PER_SEC;
}

/* The time in ns, or the largest there is. */
static uint64_t timespec_ns(const struct timespec *ts)
{
	int64_t ns;

	if (__builtin_mul_overflow(ts->tv_sec, (int64_t)NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, ts->tv_nsec, &ns))
		return INT64_MAX;
	return (uint64_t)ns;
}

/* clock_settime(2): CLOCK_REALTIME only, until the guest ends. */
long sys_clock_settime(int clock, const struct timespec *ts)
{
	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	if (!user_readable(ts, sizeof(*ts)))
		return -EFAULT;
	if (!timespec_is_valid(ts) ||
	    ts->tv_sec > INT64_MAX / (int64_t)NSEC_PER_SEC - 1)
		return -EINVAL;
	real_offset_ns = (int64_t)(timespec_ns(ts) - kernel_clock_monotonic());
	return 0;
}

void kernel_sleep_until(uint64_t deadline)
{
	const uint64_t hour =
		UINT64_C(3600) * NSEC_PER_SEC; /* what timers can count */
	uint64_t now;

	while ((now = kernel_clock_monotonic()) < deadline)
		timer_wait(deadline - now < hour ? deadline : now + hour);
}

/* clock_nanosleep(2). Nothing can interrupt it, so rem is never written. */
long sys_clock_nanosleep(int clock, int flags, const struct timespec *req,
			 struct timespec *rem)
{
	uint64_t now = kernel_clock_monotonic(), ns;

	(void)rem;
	if (flags & ~TIMER_ABSTIME)
		return -EINVAL;
	if (!clock_is_known(clock))
		return -EINVAL;
	if (clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_MONOTONIC_RAW ||
	    clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP;
	if (!user_readable(req, sizeof(*req)))
		return -EFAULT;
	if (!timespec_is_valid(req))
		return -EINVAL;
	ns = timespec_ns(req);
	if (!(flags & TIMER_ABSTIME))
		ns = ns > INT64_MAX - now ? INT64_MAX : now + ns;
	else if (clock_is_real(clock))
		ns = ns > (uint64_t)real_offset_ns
			     ? ns - (uint64_t)real_offset_ns
			     : 0;
	kernel_sleep_until(ns);
	return 0;
}

/* nanosleep(2). */
long sys_nanosleep(const struct timespec *req, struct timespec *rem)
{
	return sys_clock_nanosleep(CLOCK_MONOTONIC, 0, req, rem);
}

/* gettimeofday(2); the time zone is UTC. */
long sys_gettimeofday(struct timeval *tv, void *tz)
{
	uint32_t nsec;

	if (tv) {
		if (!user_writable(tv, sizeof(*tv)))
			return -EFAULT;
		kernel_clock_real(&tv->tv_sec, &nsec);
		tv->tv_usec = nsec / 1000;
	}
	return tz && user_zero(tz, 2 * sizeof(int)) ? -EFAULT : 0;
}

/* time(2). */
long sys_time(void *tloc)
{
	uint32_t nsec;
	int64_t sec;

	kernel_clock_real(&sec, &nsec);
	return tloc && user_copy(tloc, &sec, sizeof(sec)) ? -EFAULT : sec;
}

struct tms {
	int64_t tms_utime, tms_stime, tms_cutime, tms_cstime;
};

enum { CLOCK_TICKS = 100 };

/* times(2), in hundredths of a second. */
long sys_times(void *buf)
{
	int64_t ticks = (int64_t)(kernel_clock_monotonic() /
				  (NSEC_PER_SEC / CLOCK_TICKS));
	struct tms *tms = buf;

	if (tms) {
		if (!user_writable(tms, sizeof(*tms)))
			return -EFAULT;
		tms->tms_utime = ticks;
		tms->tms_stime = 0;
		tms->tms_cutime = 0;
		tms->tms_cstime = 0;
	}
	return ticks;
}

struct rusage {
	struct timeval ru_utime, ru_stime;
	int64_t rest[14];
};

enum { RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1 };

/* getrusage(2): the times; everything else is 0. */
long sys_getrusage(int who, void *usage)
{
	struct rusage *r = usage;
	uint64_t now;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN &&
	    who != RUSAGE_THREAD)
		return -EINVAL;
	if (!user_writable(r, sizeof(*r)))
		return -EFAULT;
	memset(r, 0, sizeof(*r));
	if (who == RUSAGE_CHILDREN)
		return 0;
	now = kernel_clock_monotonic();
	r->ru_utime.tv_sec = (int64_t)(now / NSEC_PER_SEC);
	r->ru_utime.tv_usec = (int64_t)(now % NSEC_PER_SEC / 1000);
	return 0;
}
