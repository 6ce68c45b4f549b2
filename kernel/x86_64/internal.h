/* SPDX-License-Identifier: MIT */
/* What the files of kernel/x86_64/ share with one another only. */
#ifndef WHELK_KERNEL_X86_INTERNAL_H
#define WHELK_KERNEL_X86_INTERNAL_H

#include "kernel/internal.h"
#include "kernel/x86_64/x86.h"

/* Interrupt vectors above the exceptions'. */
enum {
	VECTOR_TIMER = 32,
	VECTOR_UART = 33,
	VECTOR_SPURIOUS = 47,
	VECTORS = 48,
};

/* What entry.S leaves on the stack; it keeps in step. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* boot.S, entry.S */
extern char boot_stack_guard[], boot_stack_top[];
extern char trap_stack_guard[], trap_stack_top[];
extern char trap_stubs[], syscall_entry[];
void trap_handle(struct trap_frame *frame);

/* cpu.c */
struct cpu_features {
	bool fsgsbase, rdrand, rdseed, large_pages, tsc_deadline, hypervisor;
};
const struct cpu_features *cpu_features(void);
bool cpu_hypervisor_is(const char *signature);

/* panic.c */
_Noreturn void panic_trap(const struct trap_frame *frame);
_Noreturn void panic_bus(const struct trap_frame *frame, int error);

/* clock.c */
void clock_reference_begin(void);
void clock_reference_end(void);
uint64_t clock_ticks_at(uint64_t deadline_ns);

/* rtc.c */
int64_t rtc_read(void);

/* timer.c */
uint32_t apic_timer_count(void);
void apic_timer_run(uint32_t count);
void apic_end_of_interrupt(void);

#endif
