/* SPDX-License-Identifier: MIT */
/*
 * Where Linux starts a hosted program: the stack holds argc, argv, the
 * environment and the auxiliary vector. The port is set up first, then libc's
 * own start finds the stack as Linux left it.
 */
	.text
	.globl hosted_start
	.type hosted_start, @function
hosted_start:
	xor	%ebp, %ebp
	mov	%rsp, %rbx
	mov	%rsp, %rdi
	and	$-16, %rsp
	call	port_hosted_main
	mov	%rbx, %rsp
	xor	%edx, %edx		/* no function for atexit */
	jmp	_start
	.size hosted_start, . - hosted_start
	.section .note.GNU-stack, "", @progbits
