/* SPDX-License-Identifier: MIT */
/*
 * Time since boot from the TSC. How fast the TSC counts is learnt from the
 * first of these that there is:
 *   TCG              the APIC timer, which counts nanoseconds there
 *   kvm-clock        its multiplier (Linux, virt/kvm/x86/msr.rst)
 *   CPUID 0x15       crystal frequency and ratio (Intel)
 *   CPUID 0x40000010 kHz (VMware's leaf; QEMU and KVM have it too)
 *   the PIT          channel 2, over 10 ms
 *   the APIC timer   assumed to count nanoseconds, as in every VMM known
 * TCG's way costs no time at boot: a first estimate over 20 us is replaced by
 * better ones as the reference runs on, and time goes on without a jump.
 *
 * Wall-clock time at boot is kvm-clock's, or the CMOS clock's, which counts
 * seconds.
 */
#include "kernel/x86_64/internal.h"

#define REFERENCE_START 0xffffffffU /* 4.3 s */
#define FIRST_NS	20000
#define SETTLED_NS	2000000

enum {
	PIT_HZ = 1193182,
	PIT_COUNT = PIT_HZ / 100,
	PIT_CHANNEL2 = 0x42,
	PIT_COMMAND = 0x43,
	PIT_GATE = 0x61,
};

struct kvm_time {
	uint32_t version, pad;
	uint64_t tsc, system;
	uint32_t multiplier;
	int8_t shift;
	uint8_t flags, pad1[2];
};

struct kvm_wall {
	uint32_t version, sec, nsec;
};

static struct {
	/* time = base_ns + ((tsc - base_tsc) * scale >> 32) */
	uint64_t base_tsc, base_ns;
	uint64_t scale;	     /* ns per tick, 32.32 */
	uint64_t next_check; /* refine at this TSC; none when it is the last */
	/* the reference */
	bool refining;
	uint64_t reference_tsc;
	uint32_t reference_count;
	uint64_t best_ns; /* what the scale was measured over */
} clock = {.next_check = UINT64_MAX};

static uint64_t scale64(uint64_t value, uint64_t scale)
{
	uint64_t low, high;

	__asm__("mulq %3" : "=a"(low), "=d"(high) : "a"(value), "r"(scale));
	return high << 32 | low >> 32;
}

/* dividend * 2^32 / divisor; the quotient must fit. */
static uint64_t ratio32(uint64_t dividend, uint64_t divisor)
{
	uint64_t quotient, rest;

	__asm__("divq %4"
		: "=a"(quotient), "=d"(rest)
		: "a"(dividend << 32), "d"(dividend >> 32), "r"(divisor));
	return quotient;
}

/* Sets the speed, from now on. */
static void scale_set(uint64_t now_tsc, uint64_t ns, uint64_t ticks)
{
	clock.base_ns += scale64(now_tsc - clock.base_tsc, clock.scale);
	clock.base_tsc = now_tsc;
	clock.scale = ratio32(ns, ticks);
}

/* Reads the APIC timer and the TSC at about the same time: the closest of a
 * few tries, since the host may do something else in between. */
static uint32_t reference_read(uint64_t *tsc)
{
	uint64_t before, after, best = UINT64_MAX;
	uint32_t count = 0, read;
	int i;

	for (i = 0; i < 3; i++) {
		before = rdtsc();
		read = apic_timer_count();
		after = rdtsc();
		if (after - before >= best)
			continue;
		best = after - before;
		count = read;
		*tsc = before + best / 2;
	}
	return count;
}

/* Measures the TSC against the running reference, if that is longer than any
 * measurement before. */
static void refine(void)
{
	uint64_t now = 0, ns;
	uint32_t count = reference_read(&now);

	ns = clock.reference_count - count;
	clock.next_check = UINT64_MAX;
	if (!count || ns <= clock.best_ns)
		return;
	clock.best_ns = ns;
	scale_set(now, ns, now - clock.reference_tsc);
	if (ns < NSEC_PER_SEC)
		clock.next_check = now + 2 * (now - clock.reference_tsc);
}

/* Starts the reference anew. */
void clock_reference_begin(void)
{
	if (!clock.refining)
		return;
	apic_timer_run(REFERENCE_START);
	clock.reference_count = reference_read(&clock.reference_tsc);
	clock.next_check = UINT64_MAX;
	if (clock.best_ns < NSEC_PER_SEC)
		clock.next_check = clock.reference_tsc +
				   2 * ratio32(clock.best_ns, clock.scale);
}

/* The timer is needed for something else: uses the reference a last time,
 * after waiting for it to be good to a part in a thousand. */
void clock_reference_end(void)
{
	if (!clock.refining)
		return;
	while (clock.best_ns < SETTLED_NS &&
	       clock.reference_count - apic_timer_count() < SETTLED_NS)
		cpu_pause();
	refine();
}

uint64_t kernel_clock_monotonic(void)
{
	uint64_t now = rdtsc();

	if (now >= clock.next_check) {
		refine();
		now = rdtsc();
	}
	return clock.base_ns + scale64(now - clock.base_tsc, clock.scale);
}

/* The TSC at a time to come. */
uint64_t clock_ticks_at(uint64_t deadline_ns)
{
	uint64_t ns = deadline_ns - clock.base_ns;

	if (ns >> 32 >= clock.scale)
		return UINT64_MAX;
	return clock.base_tsc + ratio32(ns, clock.scale);
}

/* Ticks per second from the CPU's or hypervisor's own word; 0 if unknown. */
static uint64_t cpuid_frequency(void)
{
	struct cpuid r;

	if (cpuid(0, 0).eax >= 0x15) {
		r = cpuid(0x15, 0);
		if (r.eax && r.ebx && r.ecx)
			return (uint64_t)r.ecx * r.ebx / r.eax;
	}
	if (cpu_features()->hypervisor &&
	    cpuid(0x40000000, 0).eax >= 0x40000010)
		return (uint64_t)cpuid(0x40000010, 0).eax * 1000;
	return 0;
}

/* Takes base and scale from kvm-clock, if there is one. */
static bool kvm_clock_read(void)
{
	static volatile struct kvm_time time __attribute__((aligned(64)));
	uint32_t version;

	if (!cpu_hypervisor_is("KVMKVMKVM\0\0\0") ||
	    !(cpuid(0x40000001, 0).eax & 8))
		return false;
	wrmsr(MSR_KVM_CLOCK, (uintptr_t)&time | 1);
	do {
		version = time.version;
		clock.scale = time.multiplier;
		if (time.shift >= 0)
			clock.scale <<= time.shift;
		else
			clock.scale >>= -time.shift;
		clock.base_tsc = time.tsc;
		clock.base_ns = time.system;
	} while ((version & 1) || version != time.version);
	wrmsr(MSR_KVM_CLOCK, 0);
	return clock.scale != 0;
}

/* Ticks per second by the PIT, measured for 10 ms; 0 if there is no PIT. */
static uint64_t pit_measure(void)
{
	uint64_t start, ticks;
	uint32_t tries = 0;

	outb(PIT_GATE, (inb(PIT_GATE) & ~2) | 1);
	outb(PIT_COMMAND, 0xb0); /* channel 2, both bytes, mode 0 */
	outb(PIT_CHANNEL2, PIT_COUNT & 0xff);
	outb(PIT_CHANNEL2, PIT_COUNT >> 8);
	start = rdtsc();
	while (!(inb(PIT_GATE) & 0x20)) {
		if (++tries == 10000000)
			return 0;
	}
	ticks = rdtsc() - start;
	return ticks > 100000 ? ticks * 100 : 0;
}

/* Takes the APIC timer as the reference from now on. */
static void reference_init(void)
{
	uint64_t tsc;

	apic_timer_run(REFERENCE_START);
	(void)reference_read(&tsc); /* has TCG translate it */
	clock.reference_count = reference_read(&clock.reference_tsc);
	while (clock.reference_count - apic_timer_count() < FIRST_NS)
		cpu_pause();
	clock.refining = true;
	refine();
}

static void scale_find(void)
{
	uint64_t ticks;

	clock.base_tsc = rdtsc();
	if (!cpu_hypervisor_is("TCGTCGTCGTCG")) {
		if (kvm_clock_read())
			return;
		ticks = cpuid_frequency();
		if (!ticks)
			ticks = pit_measure();
		if (ticks) {
			clock.scale = ratio32(NSEC_PER_SEC, ticks);
			return;
		}
	}
	reference_init();
}

static bool kvm_wall_read(int64_t *sec, uint32_t *nsec)
{
	static volatile struct kvm_wall wall __attribute__((aligned(64)));
	uint32_t version;

	if (!cpu_hypervisor_is("KVMKVMKVM\0\0\0") ||
	    !(cpuid(0x40000001, 0).eax & 8))
		return false;
	wrmsr(MSR_KVM_WALL_CLOCK, (uintptr_t)&wall);
	do {
		version = wall.version;
		*sec = wall.sec;
		*nsec = wall.nsec;
	} while ((version & 1) || version != wall.version);
	return *sec != 0;
}

void clock_init(void)
{
	int64_t sec;
	uint32_t nsec;

	scale_find();
	if (kvm_wall_read(&sec, &nsec))
		time_real_init(sec, nsec); /* the time when it booted */
	else
		time_real_init(rtc_read() - (int64_t)(kernel_clock_monotonic() /
						      NSEC_PER_SEC),
			       0);
}
