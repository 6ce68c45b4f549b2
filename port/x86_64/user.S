/* SPDX-License-Identifier: MIT */
/*
 * user_copy and user_zero (port/user.h): libc/glue/memory.c's ways, in
 * instructions that may fault. When one does, what is left from the last place
 * that is known to be done goes byte by byte, up to the byte that can not be
 * accessed. Stores ascend, so nothing is changed behind that one. No stack is
 * used, so whatever fault is handled, nothing is to be undone.
 */
#define REP_MIN 768	/* as in libc/glue/memory.c */

	/* An instruction that goes on at target if it faults. */
	.macro	may_fault target, instruction:vararg
771:	\instruction
	.pushsection user_faults, "a", @progbits
	.balign	4
	.long	771b - ., \target - ., 1
	.popsection
	.endm

	.text
	.globl	user_copy, user_zero, user_fast_rep

	/* rdi: to, rsi: from, rdx: how many. Returns how many are left. */
	.balign	64
	.type	user_copy, @function
user_copy:
	cmpq	$128, %rdx
	ja	.Lcopy_many
	cmpq	$16, %rdx
	jbe	.Lcopy_to_16
	may_fault .Lcopy_bytes, movups (%rsi), %xmm0
	may_fault .Lcopy_bytes, movups -16(%rsi,%rdx), %xmm7
	cmpq	$32, %rdx
	jbe	2f
	may_fault .Lcopy_bytes, movups 16(%rsi), %xmm1
	may_fault .Lcopy_bytes, movups -32(%rsi,%rdx), %xmm6
	cmpq	$64, %rdx
	jbe	1f
	may_fault .Lcopy_bytes, movups 32(%rsi), %xmm2
	may_fault .Lcopy_bytes, movups 48(%rsi), %xmm3
	may_fault .Lcopy_bytes, movups -64(%rsi,%rdx), %xmm4
	may_fault .Lcopy_bytes, movups -48(%rsi,%rdx), %xmm5
	may_fault .Lcopy_bytes, movups %xmm0, (%rdi)
	may_fault .Lcopy_bytes, movups %xmm1, 16(%rdi)
	may_fault .Lcopy_bytes, movups %xmm2, 32(%rdi)
	may_fault .Lcopy_bytes, movups %xmm3, 48(%rdi)
	may_fault .Lcopy_bytes, movups %xmm4, -64(%rdi,%rdx)
	may_fault .Lcopy_bytes, movups %xmm5, -48(%rdi,%rdx)
	may_fault .Lcopy_bytes, movups %xmm6, -32(%rdi,%rdx)
	may_fault .Lcopy_bytes, movups %xmm7, -16(%rdi,%rdx)
	xorl	%eax, %eax
	ret
1:	may_fault .Lcopy_bytes, movups %xmm0, (%rdi)
	may_fault .Lcopy_bytes, movups %xmm1, 16(%rdi)
	may_fault .Lcopy_bytes, movups %xmm6, -32(%rdi,%rdx)
	may_fault .Lcopy_bytes, movups %xmm7, -16(%rdi,%rdx)
	xorl	%eax, %eax
	ret
2:	may_fault .Lcopy_bytes, movups %xmm0, (%rdi)
	may_fault .Lcopy_bytes, movups %xmm7, -16(%rdi,%rdx)
	xorl	%eax, %eax
	ret

.Lcopy_to_16:
	cmpl	$8, %edx
	jb	3f
	may_fault .Lcopy_bytes, movq (%rsi), %rax
	may_fault .Lcopy_bytes, movq -8(%rsi,%rdx), %rcx
	may_fault .Lcopy_bytes, movq %rax, (%rdi)
	may_fault .Lcopy_bytes, movq %rcx, -8(%rdi,%rdx)
	xorl	%eax, %eax
	ret
3:	cmpl	$4, %edx
	jb	.Lcopy_bytes
	may_fault .Lcopy_bytes, movl (%rsi), %eax
	may_fault .Lcopy_bytes, movl -4(%rsi,%rdx), %ecx
	may_fault .Lcopy_bytes, movl %eax, (%rdi)
	may_fault .Lcopy_bytes, movl %ecx, -4(%rdi,%rdx)
	xorl	%eax, %eax
	ret

	/* More than 128 bytes: 16 that end where rdi is aligned or beyond, 64 a
	 * turn from rax on, then the last 64. */
.Lcopy_many:
	cmpq	$REP_MIN, %rdx
	jb	4f
	cmpb	$0, user_fast_rep(%rip)
	jne	.Lcopy_rep
4:	may_fault .Lcopy_bytes, movups (%rsi), %xmm0
	may_fault .Lcopy_bytes, movups %xmm0, (%rdi)
	movl	%edi, %ecx
	andl	$15, %ecx
	movl	$16, %eax
	subl	%ecx, %eax
	leaq	-64(%rdx), %rcx
	.balign	16
5:	may_fault .Lcopy_rest, movups (%rsi,%rax), %xmm0
	may_fault .Lcopy_rest, movups 16(%rsi,%rax), %xmm1
	may_fault .Lcopy_rest, movups 32(%rsi,%rax), %xmm2
	may_fault .Lcopy_rest, movups 48(%rsi,%rax), %xmm3
	may_fault .Lcopy_rest, movaps %xmm0, (%rdi,%rax)
	may_fault .Lcopy_rest, movaps %xmm1, 16(%rdi,%rax)
	may_fault .Lcopy_rest, movaps %xmm2, 32(%rdi,%rax)
	may_fault .Lcopy_rest, movaps %xmm3, 48(%rdi,%rax)
	addq	$64, %rax
	cmpq	%rcx, %rax
	jb	5b
	may_fault .Lcopy_rest, movups (%rsi,%rcx), %xmm0
	may_fault .Lcopy_rest, movups 16(%rsi,%rcx), %xmm1
	may_fault .Lcopy_rest, movups 32(%rsi,%rcx), %xmm2
	may_fault .Lcopy_rest, movups 48(%rsi,%rcx), %xmm3
	may_fault .Lcopy_rest, movups %xmm0, (%rdi,%rcx)
	may_fault .Lcopy_rest, movups %xmm1, 16(%rdi,%rcx)
	may_fault .Lcopy_rest, movups %xmm2, 32(%rdi,%rcx)
	may_fault .Lcopy_rest, movups %xmm3, 48(%rdi,%rcx)
	xorl	%eax, %eax
	ret

	/* All registers count along, also when it faults. */
.Lcopy_rep:
	movq	%rdx, %rcx
	may_fault .Lcopy_rep_rest, rep movsb
	xorl	%eax, %eax
	ret
.Lcopy_rep_rest:
	movq	%rcx, %rdx
	jmp	.Lcopy_bytes

	/* The first rax bytes are done. */
.Lcopy_rest:
	addq	%rax, %rdi
	addq	%rax, %rsi
	subq	%rax, %rdx
.Lcopy_bytes:
	testq	%rdx, %rdx
	jz	7f
6:	may_fault 7f, movzbl (%rsi), %eax
	may_fault 7f, movb %al, (%rdi)
	incq	%rsi
	incq	%rdi
	decq	%rdx
	jnz	6b
7:	movq	%rdx, %rax
	ret
	.size	user_copy, . - user_copy

	/* rdi: to, rsi: how many. Returns how many are left. */
	.balign	64
	.type	user_zero, @function
user_zero:
	cmpq	$16, %rsi
	jb	.Lzero_bytes
	cmpq	$REP_MIN, %rsi
	jb	1f
	cmpb	$0, user_fast_rep(%rip)
	jne	.Lzero_rep
1:	xorps	%xmm0, %xmm0
	xorl	%eax, %eax
	leaq	-16(%rsi), %rcx
	.balign	16
2:	may_fault .Lzero_rest, movups %xmm0, (%rdi,%rax)
	addq	$16, %rax
	cmpq	%rcx, %rax
	jb	2b
	may_fault .Lzero_rest, movups %xmm0, (%rdi,%rcx)
	xorl	%eax, %eax
	ret

.Lzero_rep:
	movq	%rsi, %rcx
	xorl	%eax, %eax
	may_fault .Lzero_rep_rest, rep stosb
	ret
.Lzero_rep_rest:
	movq	%rcx, %rsi
	jmp	.Lzero_bytes

.Lzero_rest:
	addq	%rax, %rdi
	subq	%rax, %rsi
.Lzero_bytes:
	testq	%rsi, %rsi
	jz	4f
3:	may_fault 4f, movb $0, (%rdi)
	incq	%rdi
	decq	%rsi
	jnz	3b
4:	movq	%rsi, %rax
	ret
	.size	user_zero, . - user_zero

	.bss
	/* Is `rep movsb` fast here? (fault.c) */
user_fast_rep:
	.zero	1
	.section .note.GNU-stack, "", @progbits
