/* SPDX-License-Identifier: MIT */
/*
 * For tests/kernel.sh: the instruction `syscall`, as hand-written assembly has
 * it. It must preserve every register but rax, rcx and r11, the flags, and the
 * 128 bytes below the stack pointer.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The assembly knows the offsets. */
struct state {
	uint64_t rax, rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15;
	uint64_t flags;
	uint64_t xmm[16][2];
	uint64_t red_zone_damaged;
};

/* Loads *in, executes `syscall`, and stores what there is then into *out. */
void state_call(const struct state *in, struct state *out);

__asm__(".local state_out, state_stack\n"
	".comm state_out, 8, 8\n"
	".comm state_stack, 8, 8\n"
	".globl state_call\n"
	"state_call:\n"
	"	.irp r, rbx, rbp, r12, r13, r14, r15\n"
	"	pushq %\\r\n"
	"	.endr\n"
	"	movq %rsi, state_out(%rip)\n"
	"	movq %rsp, state_stack(%rip)\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movups (112 + 16 * \\n)(%rdi), %xmm\\n\n"
	"	movq $(0x1234567 + \\n), (-8 * \\n - 8)(%rsp)\n"
	"	.endr\n"
	"	movq (%rdi), %rax\n"
	"	movq 8(%rdi), %rbx\n"
	"	movq 16(%rdi), %rdx\n"
	"	movq 24(%rdi), %rsi\n"
	"	movq 40(%rdi), %rbp\n"
	"	movq 48(%rdi), %r8\n"
	"	movq 56(%rdi), %r9\n"
	"	movq 64(%rdi), %r10\n"
	"	movq 72(%rdi), %r12\n"
	"	movq 80(%rdi), %r13\n"
	"	movq 88(%rdi), %r14\n"
	"	movq 96(%rdi), %r15\n"
	"	movq 32(%rdi), %rdi\n"
	"	stc\n"
	"	syscall\n"
	"	movq state_out(%rip), %rcx\n"
	"	movq %rax, (%rcx)\n"
	"	setc %al\n"
	"	movzbl %al, %eax\n"
	"	movq %rax, 104(%rcx)\n"
	"	movq %rbx, 8(%rcx)\n"
	"	movq %rdx, 16(%rcx)\n"
	"	movq %rsi, 24(%rcx)\n"
	"	movq %rdi, 32(%rcx)\n"
	"	movq %rbp, 40(%rcx)\n"
	"	movq %r8, 48(%rcx)\n"
	"	movq %r9, 56(%rcx)\n"
	"	movq %r10, 64(%rcx)\n"
	"	movq %r12, 72(%rcx)\n"
	"	movq %r13, 80(%rcx)\n"
	"	movq %r14, 88(%rcx)\n"
	"	movq %r15, 96(%rcx)\n"
	"	xorl %eax, %eax\n"
	"	xorl %edx, %edx\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movups %xmm\\n, (112 + 16 * \\n)(%rcx)\n"
	"	cmpq $(0x1234567 + \\n), (-8 * \\n - 8)(%rsp)\n"
	"	setne %al\n"
	"	orl %eax, %edx\n"
	"	.endr\n"
	"	movq %rdx, 368(%rcx)\n"
	"	xorl %edx, %edx\n"
	"	cmpq %rsp, state_stack(%rip)\n"
	"	setne %dl\n"
	"	orq %rdx, 368(%rcx)\n"
	"	movq state_stack(%rip), %rsp\n"
	"	.irp r, r15, r14, r13, r12, rbp, rbx\n"
	"	popq %\\r\n"
	"	.endr\n"
	"	ret\n");

static int failures;

/* Makes the call with up to three arguments, and compares all that is to be
 * preserved. */
static long call(long number, uintptr_t a, uintptr_t b, uintptr_t c)
{
	struct state in = {0}, out;

	memset(&in, 0x5a, sizeof(in));
	for (int i = 0; i < 16; i++) {
		in.xmm[i][0] = 0x0123456789abcdef * (uint64_t)(i + 1);
		in.xmm[i][1] = ~in.xmm[i][0];
	}
	in.rbx = 0x1111111111111111;
	in.rbp = 0x2222222222222222; /* no stack, no frame */
	in.r8 = 0x8888;
	in.r9 = 0x9999;
	in.r10 = 0xaaaa;
	in.r12 = 0xcccc;
	in.r15 = 0xffff;
	in.rax = (uint64_t)number;
	in.rdi = a;
	in.rsi = b;
	in.rdx = c;
	memset(&out, 0, sizeof(out));
	state_call(&in, &out);
	in.rax = out.rax;
	in.flags = 1;
	in.red_zone_damaged = 0;
	if (memcmp(&in, &out, sizeof(in)) != 0) {
		for (size_t i = 0; i < sizeof(in) / 8; i++) {
			uint64_t want, got;

			memcpy(&want, (char *)&in + 8 * i, 8);
			memcpy(&got, (char *)&out + 8 * i, 8);
			if (want != got)
				printf("call %ld: word %zu is %#llx, not "
				       "%#llx\n",
				       number, i, (unsigned long long)got,
				       (unsigned long long)want);
		}
		failures++;
	}
	return (long)out.rax;
}

static void expect(const char *what, long result, long expected)
{
	if (result == expected)
		return;
	printf("%s: %ld, not %ld\n", what, result, expected);
	failures++;
}

int main(void)
{
	static const char text[] = "written\n";
	static struct timespec times[1 << 10]; /* not touched yet */
	static char buf[4096];
	struct timespec now;

	expect("getpid", call(SYS_getpid, 0, 0, 0), getpid());
	expect("write", call(SYS_write, 1, (uintptr_t)text, 8), 8);
	expect("write", call(SYS_write, 99, (uintptr_t)text, 8), -EBADF);
	expect("9999", call(9999, 1, 2, 3), -ENOSYS);
	expect("-1", call(-1, 1, 2, 3), -ENOSYS);
	expect("clock_gettime",
	       call(SYS_clock_gettime, CLOCK_REALTIME, (uintptr_t)&times[900],
		    0),
	       0);
	/* these copy in the vector registers */
	expect("uname", call(SYS_uname, (uintptr_t)buf, 0, 0), 0);
	expect("stat", call(SYS_stat, (uintptr_t) "/", (uintptr_t)buf, 0), 0);
	expect("getcwd", call(SYS_getcwd, (uintptr_t)buf, sizeof(buf), 0) > 0,
	       1);
	expect("getrandom", call(SYS_getrandom, (uintptr_t)buf, 200, 0), 200);
	clock_gettime(CLOCK_REALTIME, &now);
	expect("the time is now", now.tv_sec - times[900].tv_sec < 2, 1);
	return failures != 0;
}
