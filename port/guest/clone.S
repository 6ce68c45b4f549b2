/* SPDX-License-Identifier: MIT */
/*
 * What takes the place of musl's own assembly that makes and ends threads.
 * There are no threads yet, so __clone says so, and nothing gets to
 * __unmapself; it does what it should all the same. __restore_rt is where
 * handlers return to on Linux: here they are called and just return.
 */
	.text
	.globl	__clone
	.hidden	__clone
	.type	__clone, @function
__clone:
	movq	$-38, %rax		/* -ENOSYS */
	ret
	.size	__clone, . - __clone

	/* (address, length): after the munmap this stack is gone. */
	.globl	__unmapself
	.type	__unmapself, @function
__unmapself:
	call	sys_munmap
	xorl	%edi, %edi
	call	sys_exit
	ud2
	.size	__unmapself, . - __unmapself

	.globl	__restore_rt
	.type	__restore_rt, @function
__restore_rt:
	ud2
	.size	__restore_rt, . - __restore_rt

	.section .note.GNU-stack, "", @progbits
