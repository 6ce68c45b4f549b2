/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts. A page fault in memory that the application has
 * mapped gets its page, or is SIGBUS where its file has none; one of a system call
 * that looks at a bad address of its caller lets that go on (port/user.h), and so
 * does one at which only a file's page is missing: the call holds locks. Any
 * other exception ends the guest with a report.
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
	bool locked;
	uintptr_t target = user_fault_target(frame->rip, &locked);

	if (!target)
		panic_trap(frame);
	frame->rip = target;
}

static void page_fault(struct trap_frame *frame)
{
	bool present = frame->error & FAULT_PRESENT, locked;
	uintptr_t addr = read_cr2(), target;
	uint32_t access = VM_READ;
	int error;

	if (frame->error & FAULT_WRITE)
		access = VM_WRITE;
	else if (frame->error & FAULT_FETCH)
		access = VM_EXEC;
	error = vm_fault(addr, access, present, false);
	if (!error)
		return;
	target = user_fault_target(frame->rip, &locked);
	if (error == -EAGAIN && !locked)
		error = vm_fault(addr, access, present, true);
	if (error == -ENOMEM) {
		print("whelk: out of memory, at %a\n", frame->rip);
		kernel_end_signal(9);
	}
	if (!error)
		return;
	if (!target && (error == -ENXIO || error == -ENOSPC))
		panic_bus(frame, error);
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
	case VECTOR_VIRTIO:
		apic_end_of_interrupt();
		break;
	case VECTOR_SPURIOUS:
		break;
	default:
		panic_trap(frame);
	}
}
