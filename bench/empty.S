/* SPDX-License-Identifier: MIT */
/*
 * A kernel that does nothing: what it takes to start it and to see its end is
 * QEMU's own part and the runner's. It prints the time stamp counter as it was
 * at its entry (the lower half, in hexadecimal), which is what the firmware took,
 * and ends as abi/guest.h has it.
 */
#include "abi/guest.h"

	.section .note.pvh, "a", @note
	.balign	4
	.long	4
	.long	4
	.long	18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	entry

	.text
	.code32
	.globl	entry
entry:
	rdtsc
	movl	%eax, %ebx
	movl	$GUEST_PORT_OUTPUT, %edx
	movl	$8, %ecx
1:	roll	$4, %ebx
	movl	%ebx, %eax
	andl	$15, %eax
	movb	digits(%eax), %al
	outb	%al, %dx
	decl	%ecx
	jnz	1b
	movl	$end, %esi
2:	lodsb
	outb	%al, %dx
	testb	%al, %al
	jnz	2b
3:	hlt
	jmp	3b

digits:
	.ascii	"0123456789abcdef"
end:
	.byte	10, GUEST_FRAME_ESCAPE, GUEST_FRAME_STATUS
	.asciz	"exit 0\n"
	.section .note.GNU-stack, "", @progbits
