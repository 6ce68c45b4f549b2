/* SPDX-License-Identifier: MIT */
/*
 * What musl leaves to assembly because it begins or ends a stack; these take
 * the place of its src/thread/x86_64/{clone,__unmapself}.s and
 * src/signal/x86_64/restore.s.
 */
	.set CLONE, 56
	.set EXIT, 60
	.set MUNMAP, 11
	.set RT_SIGRETURN, 15

	.text

/*
 * int __clone(int (*fn)(void *), void *stack, int flags, void *arg,
 *	       int *parent_tid, void *tls, int *child_tid)
 * Begins a thread that calls fn(arg) on stack and exits with its result.
 * Returns its id, or a negative errno. From here on the process counts as
 * threaded.
 */
	.globl __clone
	.hidden __clone
	.type __clone, @function
__clone:
	movb	$1, port_threaded(%rip)
	and	$-16, %rsi
	sub	$16, %rsi		/* for the child: fn, arg */
	mov	%rdi, (%rsi)
	mov	%rcx, 8(%rsi)
	mov	%edx, %edi		/* flags */
	mov	%r8, %rdx		/* parent_tid */
	mov	8(%rsp), %r10		/* child_tid */
	mov	%r9, %r8		/* tls */
	mov	$CLONE, %eax
	syscall
	test	%eax, %eax
	jz	1f
	ret
1:	xor	%ebp, %ebp
	pop	%rax
	pop	%rdi
	call	*%rax
	mov	%eax, %edi
	mov	$EXIT, %eax
	syscall
	ud2
	.size __clone, . - __clone

/* _Noreturn void __unmapself(void *base, size_t size): unmaps the stack that
 * this thread runs on, and ends the thread. */
	.globl __unmapself
	.type __unmapself, @function
__unmapself:
	mov	$MUNMAP, %eax
	syscall
	xor	%edi, %edi
	mov	$EXIT, %eax
	syscall
	ud2
	.size __unmapself, . - __unmapself

/* Where a signal handler returns to. Debuggers know it by its very bytes,
 * and look one byte before it. */
	nop
	.globl __restore_rt
	.hidden __restore_rt
	.type __restore_rt, @function
__restore_rt:
	mov	$RT_SIGRETURN, %rax
	syscall
	.size __restore_rt, . - __restore_rt
	.section .note.GNU-stack, "", @progbits
