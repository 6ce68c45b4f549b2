/* SPDX-License-Identifier: MIT */
/*
 * The local APIC with its timer, and the I/O APIC, through which COM1
 * interrupts (Intel SDM volume 3, 11; 82093AA). Every machine has both. The
 * old interrupt controller, where there is one, is silenced.
 *
 * The timer has two uses: it wakes a sleeping thread, one shot at a time; and
 * in between it runs freely, as the clock's reference (clock.c).
 */
#include "kernel/x86_64/internal.h"

#define APIC_BASE   0xfee00000UL
#define IOAPIC_BASE 0xfec00000UL

enum apic_register {
	APIC_ID = 0x20,
	APIC_TASK_PRIORITY = 0x80,
	APIC_EOI = 0xb0,
	APIC_SPURIOUS = 0xf0,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

enum {
	APIC_SOFTWARE_ON = 0x100,
	APIC_MASKED = 0x10000,
	APIC_DEADLINE = 0x40000,
	APIC_DIVIDE_BY_1 = 0xb,
	APIC_X2APIC = 0x400, /* these two in MSR_APIC_BASE */
	APIC_GLOBAL_ON = 0x800,
	IOAPIC_UART_PIN = 4,
	PIC1_DATA = 0x21,
	PIC2_DATA = 0xa1,
};

static uint32_t apic_read(enum apic_register reg)
{
	return *(volatile uint32_t *)(APIC_BASE + reg);
}

static void apic_write(enum apic_register reg, uint32_t value)
{
	*(volatile uint32_t *)(APIC_BASE + reg) = value;
}

static void ioapic_write(uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)IOAPIC_BASE = reg;
	*(volatile uint32_t *)(IOAPIC_BASE + 0x10) = value;
}

void apic_end_of_interrupt(void)
{
	apic_write(APIC_EOI, 0);
}

/* What is left of the count that the timer was started with. */
uint32_t apic_timer_count(void)
{
	return apic_read(APIC_TIMER_CURRENT);
}

/* Lets the timer run down from count, without an interrupt. */
void apic_timer_run(uint32_t count)
{
	apic_write(APIC_LVT_TIMER, APIC_MASKED | VECTOR_TIMER);
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	apic_write(APIC_TIMER_INITIAL, count);
}

/* This processor's, in the highest byte. */
uint32_t apic_id(void)
{
	return apic_read(APIC_ID);
}

/* Has the pin of the I/O APIC interrupt this processor, whenever it rises. */
void apic_route(uint32_t pin, uint32_t vector)
{
	ioapic_write(0x10 + 2 * pin + 1, apic_id());
	ioapic_write(0x10 + 2 * pin, vector);
}

void timer_init(void)
{
	outb(PIC1_DATA, 0xff);
	outb(PIC2_DATA, 0xff);
	/* Out of x2APIC mode the way leads through off (SDM 11.12.5). */
	if (rdmsr(MSR_APIC_BASE) & APIC_X2APIC)
		wrmsr(MSR_APIC_BASE,
		      rdmsr(MSR_APIC_BASE) &
			      ~(uint64_t)(APIC_GLOBAL_ON | APIC_X2APIC));
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_GLOBAL_ON);
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_LVT_LINT0, APIC_MASKED);
	apic_write(APIC_SPURIOUS, APIC_SOFTWARE_ON | VECTOR_SPURIOUS);
	apic_route(IOAPIC_UART_PIN, VECTOR_UART);
}

/* Sleeps until the deadline, or somewhat earlier. */
void timer_wait(uint64_t deadline_ns)
{
	uint64_t now = kernel_clock_monotonic(), count;

	if (deadline_ns <= now)
		return;
	if (cpu_features()->tsc_deadline) {
		apic_write(APIC_LVT_TIMER, APIC_DEADLINE | VECTOR_TIMER);
		/* The mode is set before the deadline is (SDM 11.5.4.1). */
		__asm__ volatile("mfence" : : : "memory");
		wrmsr(MSR_TSC_DEADLINE, clock_ticks_at(deadline_ns));
		cpu_sleep();
		wrmsr(MSR_TSC_DEADLINE, 0);
		return;
	}
	clock_reference_end();
	count = deadline_ns - now; /* it counts nanoseconds */
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	apic_write(APIC_TIMER_INITIAL,
		   count < UINT32_MAX ? (uint32_t)count + 1 : UINT32_MAX);
	cpu_sleep();
	clock_reference_begin();
}
