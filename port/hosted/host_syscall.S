/* SPDX-License-Identifier: MIT */
/*
 * long host_syscall(long n, long a, long b, long c, long d, long e, long f):
 * from the convention of calls (System V ABI) to that of Linux's system calls.
 */
	.text
	.globl host_syscall
	.type host_syscall, @function
host_syscall:
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	ret
	.size host_syscall, . - host_syscall
	.section .note.GNU-stack, "", @progbits
