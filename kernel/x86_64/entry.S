/* SPDX-License-Identifier: MIT */
/*
 * The ways into the kernel that are not calls: exceptions and interrupts, and
 * the `syscall` instruction. Exceptions come on an IST stack, since the code
 * they interrupt uses the red zone below its stack pointer.
 */


	/* Keeps in step with struct trap_frame. */
	.text
trap_common:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rbx
	pushq	%rbp
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	subq	$256, %rsp
	call	xmm_save
	call	trap_handle
	call	xmm_restore
	addq	$256, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rbp
	popq	%rbx
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

	/* Between the 256 bytes above the return address and the registers. */
xmm_save:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	%xmm\n, (8 + 16 * \n)(%rsp)
	.endr
	ret
xmm_restore:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	(8 + 16 * \n)(%rsp), %xmm\n
	.endr
	ret

	/* One stub for each vector, 16 bytes apart, from trap_stubs. Those
	 * without an error code push 0 in its place. */
	.balign	16
	.globl	trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	48
	.balign	16
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

	/*
	 * The `syscall` instruction, executed in ring 0 like everything here:
	 * the number in rax, arguments in rdi rsi rdx r10 r8 r9, the return
	 * address in rcx, the flags in r11. As on Linux, every register but
	 * rax, rcx and r11 is preserved, and the stack is the caller's.
	 */
	.balign	16
	.globl	syscall_entry
syscall_entry:
	leaq	-128(%rsp), %rsp
	pushq	%rcx
	pushq	%r11
	pushq	%rbp
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%r10
	pushq	%r8
	pushq	%r9
	movq	%rsp, %rbp
	andq	$-16, %rsp
	subq	$256, %rsp
	call	xmm_save
	pushq	%r9			/* not used: keeps the alignment */
	pushq	%r9
	movq	%r8, %r9
	movq	%r10, %r8
	movq	%rdx, %rcx
	movq	%rsi, %rdx
	movq	%rdi, %rsi
	movq	%rax, %rdi
	call	*syscall_handler(%rip)
	addq	$16, %rsp
	call	xmm_restore
	movq	%rbp, %rsp
	popq	%r9
	popq	%r8
	popq	%r10
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%rbp
	popq	%r11
	popq	%rcx
	pushq	%r11
	popfq
	leaq	128(%rsp), %rsp
	jmp	*%rcx

	.section .note.GNU-stack, "", @progbits
