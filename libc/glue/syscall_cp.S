/* SPDX-License-Identifier: MIT */
/*
 * Takes the place of musl's src/thread/x86_64/syscall_cp.s:
 *
 *   long __syscall_cp_asm(volatile int *cancel, long n, long a, ..., long f)
 *
 * looks at the cancellation flag and makes call n. musl's handler of the
 * cancellation signal sends a thread that it finds between __cp_begin and
 * __cp_end to __cp_cancel: there nothing has been done yet. A call that is
 * being served answers EINTR, or finishes.
 */
	.text
	.globl __cp_begin, __cp_end, __cp_cancel, __syscall_cp_asm
	.hidden __cp_begin, __cp_end, __cp_cancel, __syscall_cp_asm, __cancel
	.type __syscall_cp_asm, @function
__syscall_cp_asm:
__cp_begin:
	mov	(%rdi), %eax
	test	%eax, %eax
	jnz	__cp_cancel
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %rcx
	mov	%r9, %r8
	mov	8(%rsp), %r9
	mov	16(%rsp), %rax
	mov	%rax, 8(%rsp)		/* our argument slots are ours to use */
	/* 8(%rsp) is now the seventh argument of syscall_dispatch. */
	jmp	syscall_dispatch
__cp_end:
__cp_cancel:
	jmp	__cancel
	.size __syscall_cp_asm, . - __syscall_cp_asm
	.section .note.GNU-stack, "", @progbits
