/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts. A page fault in memory that the application has
 * mapped gets its page; one of a system call that looks at a bad address of its
 * caller lets that go on (port/user.h). Any other exception ends the guest with
 * a report.
 * Interrupts come only while the CPU waits in cpu_sleep, and do no more than
 * end that.
 */
#include "kernel/x86_64/internal.h"

#include "port/x86_64/fault.h"

enum {
	EXCEPTION_STACK = 12, /* a bad address that counts from rsp or rbp */
	EXCEPTION_PROTECTION = 13,
	EXCEPTION_PAGE_FAULT = 14,
};

enum fault_error {
	FAULT_PRESENT = 1, /* the page is there, but without the right */
	FAULT_WRITE = 2,
	FAULT_FETCH = 16,
};

/* Goes on elsewhere if it was an access that may fault. */
static void recover(struct trap_frame *frame)
{
	uintptr_t target = user_fault_target(frame->rip);

	if (!target)
		panic_trap(frame);
	frame->rip = target;
}

static void page_fault(struct trap_frame *frame)
{
	uint32_t access = VM_READ;
	int error = -EFAULT;

	if (frame->error & FAULT_WRITE)
		access = VM_WRITE;
	else if (frame->error & FAULT_FETCH)
		access = VM_EXEC;
	if (!(frame->error & FAULT_PRESENT))
		error = vm_fault(read_cr2(), access);
	if (error == -ENOMEM) {
		print("whelk: out of memory, at %a\n", frame->rip);
		kernel_end_signal(9);
	}
	if (error)
		recover(frame);
}

void trap_handle(struct trap_frame *frame)
{
	switch (frame->vector) {
	case EXCEPTION_PAGE_FAULT:
		page_fault(frame);
		break;
	case EXCEPTION_STACK:
	case EXCEPTION_PROTECTION:
		recover(frame);
		break;
	case VECTOR_TIMER:
	case VECTOR_UART:
		apic_end_of_interrupt();
		break;
	case VECTOR_SPURIOUS:
		break;
	default:
		panic_trap(frame);
	}
}
