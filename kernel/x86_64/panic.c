/* SPDX-License-Identifier: MIT */
/*
 * The last words: registers and a backtrace, on standard error, then the
 * status "panic".
 *
 * Each code address is printed as <0x%016lx>; the runner puts the symbol's name
 * behind it. The backtrace is in the order of the stack: frames along rbp, as
 * far as they make sense ("at"); and whatever else looks like a return address,
 * since most code has no frame pointers ("?": may be left over from calls that
 * have returned).
 */
#include "kernel/x86_64/internal.h"

enum {
	FRAMES_MAX = 32,
	SCAN_MAX = 24,
	SCAN_WORDS = 1024,
	GUARD_PAGES = 8,
};

extern char image_text_start[], image_data_start[];

static const char *const exception_names[32] = {
	"divide error",
	"debug",
	"non-maskable interrupt",
	"breakpoint",
	"overflow",
	"bound range exceeded",
	"invalid opcode",
	"device not available",
	"double fault",
	[10] = "invalid TSS",
	"segment not present",
	"stack-segment fault",
	"general protection fault",
	"page fault",
	[16] = "x87 floating-point error",
	"alignment check",
	"machine check",
	"SIMD floating-point error",
	"virtualization exception",
	"control protection exception",
};

static bool panicking;

/* A second panic while reporting the first must not go round for ever. */
static void panic_begin(void)
{
	if (panicking) {
		print("whelk: panic while reporting a panic\n");
		kernel_end_panic();
	}
	panicking = true;
}

static bool is_text(uintptr_t address)
{
	return address >= (uintptr_t)image_text_start + 8 &&
	       address < (uintptr_t)image_data_start;
}

/* Does a call instruction end at address? (call rel32; call r/m64 with no,
 * 8-bit or 32-bit displacement, with or without SIB or REX) */
static bool is_return_address(uintptr_t address)
{
	const uint8_t *code = (const uint8_t *)address;
	static const uint8_t lengths[] = {2, 3, 4, 6, 7};
	uint8_t mod;
	size_t i;

	if (!is_text(address))
		return false;
	if (code[-5] == 0xe8)
		return true;
	for (i = 0; i < sizeof(lengths); i++) {
		const uint8_t *op = code - lengths[i];

		if (op[0] != 0xff || (op[1] >> 3 & 7) != 2)
			continue;
		mod = op[1] >> 6;
		if (lengths[i] == 2   ? mod == 3 || mod == 0
		    : lengths[i] <= 4 ? mod == 1 || mod == 0
				      : mod == 2 || mod == 0)
			return true;
	}
	return false;
}

static bool is_readable(uintptr_t address)
{
	return !(address & 7) && mmu_present(address);
}

/* Does rbp point to a frame, not too far above rsp? */
static bool is_frame(uintptr_t rsp, uintptr_t rbp)
{
	return rbp >= rsp && rbp - rsp <= SCAN_WORDS * sizeof(uint64_t) &&
	       is_readable(rbp) && is_readable(rbp + 8) &&
	       is_return_address(((const uint64_t *)rbp)[1]);
}

/* Prints what looks like a return address in [start, end), as long as there
 * are lines left. */
static void scan(uintptr_t start, uintptr_t end, int *left)
{
	for (; start < end && *left && is_readable(start); start += 8) {
		uint64_t word = *(const uint64_t *)start;

		if (!is_return_address(word))
			continue;
		print("  ?  %a\n", word);
		--*left;
	}
}

static void backtrace(uintptr_t rip, uintptr_t rsp, uintptr_t rbp)
{
	int i, left = SCAN_MAX;

	print("backtrace:\n  at %a\n", rip);
	rsp = (rsp + 7) & ~(uintptr_t)7;
	/* after a stack overflow, it points below the stack */
	for (i = 0; i < GUARD_PAGES && !is_readable(rsp); i++)
		rsp = (rsp | (PAGE_SIZE - 1)) + 1;
	for (i = 0; i < FRAMES_MAX && is_frame(rsp, rbp); i++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		scan(rsp, rbp, &left);
		print("  at %a\n", frame[1]);
		rsp = rbp + 16;
		rbp = frame[0];
	}
	scan(rsp, rsp + SCAN_WORDS * sizeof(uint64_t), &left);
}

static void registers(const struct trap_frame *f)
{
	print("  rip %a  rflags %x  rsp %x\n", f->rip, f->rflags, f->rsp);
	print("  rax %x  rbx %x  rcx %x\n", f->rax, f->rbx, f->rcx);
	print("  rdx %x  rsi %x  rdi %x\n", f->rdx, f->rsi, f->rdi);
	print("  rbp %x  r8  %x  r9  %x\n", f->rbp, f->r8, f->r9);
	print("  r10 %x  r11 %x  r12 %x\n", f->r10, f->r11, f->r12);
	print("  r13 %x  r14 %x  r15 %x\n", f->r13, f->r14, f->r15);
	print("  cr2 %x  cr3 %x  error %x\n", read_cr2(), read_cr3(), f->error);
}

static bool is_guard(uintptr_t address)
{
	const struct area *area = areas_at(&vm_areas, address);
	uintptr_t page = address & ~(PAGE_SIZE - 1);

	if (page == (uintptr_t)boot_stack_guard ||
	    page == (uintptr_t)trap_stack_guard)
		return true;
	return area && (area->flags & VM_GUARD);
}

/* Is it the application's, though no page may be there yet? */
static bool is_mapping(uintptr_t address)
{
	return areas_at(&vm_areas, address);
}

static void explain_page_fault(const struct trap_frame *f)
{
	uintptr_t address = read_cr2();
	const char *how = "read";

	if (f->error & 2)
		how = "write";
	else if (f->error & 16)
		how = "jump";
	print("  %s at %x: ", how, address);
	if (is_guard(address) || is_guard(f->rsp))
		print("stack overflow\n");
	else if (address < PAGE_SIZE)
		print("null pointer\n");
	else if ((f->error & 1) || is_mapping(address))
		print("not allowed there\n");
	else
		print("nothing is mapped there\n");
}

_Noreturn void panic_trap(const struct trap_frame *frame)
{
	const char *name =
		frame->vector < 32 ? exception_names[frame->vector] : NULL;

	panic_begin();
	print("\nwhelk: exception %d: %s\n", (int)frame->vector,
	      name ? name : "reserved");
	if (frame->vector == 14)
		explain_page_fault(frame);
	registers(frame);
	backtrace(frame->rip, frame->rsp, frame->rbp);
	kernel_end_panic();
}

/* A page of a mapped file that cannot be had: the program ends as by the
 * signal. */
_Noreturn void panic_bus(const struct trap_frame *frame, int error)
{
	const int sigbus = 7;

	panic_begin();
	print("\nwhelk: SIGBUS: %s\n",
	      error == -ENOSPC ? "no space for a page of a mapped file"
			       : "past the end of a mapped file");
	print("  %s at %x\n", frame->error & 2 ? "write" : "read", read_cr2());
	registers(frame);
	backtrace(frame->rip, frame->rsp, frame->rbp);
	kernel_end_signal(sigbus);
}

/* The registers as they are, but for those that got here. */
static void __attribute__((noinline)) report_here(uintptr_t rip, uintptr_t rsp)
{
	struct trap_frame f;

	__asm__ volatile("movq %%rax, %0; movq %%rbx, %1; movq %%rcx, %2;"
			 "movq %%rdx, %3; movq %%rsi, %4; movq %%rdi, %5"
			 : "=m"(f.rax), "=m"(f.rbx), "=m"(f.rcx), "=m"(f.rdx),
			   "=m"(f.rsi), "=m"(f.rdi));
	__asm__ volatile("movq %%r8, %0; movq %%r9, %1; movq %%r10, %2;"
			 "movq %%r11, %3; movq %%r12, %4; movq %%r13, %5;"
			 "movq %%r14, %6; movq %%r15, %7; movq %%rbp, %8"
			 : "=m"(f.r8), "=m"(f.r9), "=m"(f.r10), "=m"(f.r11),
			   "=m"(f.r12), "=m"(f.r13), "=m"(f.r14), "=m"(f.r15),
			   "=m"(f.rbp));
	__asm__ volatile("pushfq; popq %0" : "=r"(f.rflags));
	f.rip = rip;
	f.rsp = rsp;
	f.error = 0;
	registers(&f);
	backtrace(rip, rsp, f.rbp);
}

_Noreturn void kernel_panic(const char *file, int line, const char *expr)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

	panic_begin();
	print("\nwhelk: panic: %s:%d: %s\n", file, line, expr);
	report_here((uintptr_t)__builtin_return_address(0), frame + 16);
	kernel_end_panic();
}
