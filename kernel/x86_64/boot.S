/* SPDX-License-Identifier: MIT */
/*
 * From the PVH entry (32-bit protected mode without paging; ebx has the
 * address of struct hvm_start_info: Xen, docs/misc/pvh.pandoc) to C in long
 * mode. The first page tables map the first GiB, writable and executable;
 * mmu_init replaces them. SSE is on, since compiled C uses it anywhere.
 */
#define CR0_PE	  0x1
#define CR0_MP	  0x2
#define CR0_EM	  0x4
#define CR0_NE	  0x20
#define CR0_WP	  0x10000
#define CR0_PG	  0x80000000
#define CR4_PAE	  0x20
#define CR4_OSFXSR 0x200
#define CR4_OSXMMEXC 0x400
#define MSR_EFER  0xc0000080
#define EFER_LME  0x100
#define TABLE_RW  0x3
#define LARGE_RW  0x83
#define COM1	  0x3f8

	.section .note.pvh, "a", @note
	.balign	4
	.long	4
	.long	4
	.long	18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	kernel_boot

	.section .kernel_boot_tables, "aw", @nobits
	.balign	4096
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
boot_pd:
	.skip	4096

	/* Each stack grows down towards a page that is not mapped. */
	.section .kernel_stacks, "aw", @nobits
	.balign	4096
	.globl	boot_stack_guard, boot_stack_top
boot_stack_guard:
	.skip	4096
	.skip	8192
boot_stack_top:
	.globl	trap_stack_guard, trap_stack_top
trap_stack_guard:
	.skip	4096
	.skip	8192
trap_stack_top:

	.section .rodata
	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 0x08: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x10: data */
boot_gdt_pointer:
	.word	. - boot_gdt - 1
	.long	boot_gdt
no_long_mode:
	.asciz	"whelk: this CPU has no long mode\n"

	.section .text.boot, "ax"
	.code32
	.globl	kernel_boot
	.type	kernel_boot, @function
kernel_boot:
	cli
	cld
	movl	$boot_stack_top, %esp
	movl	%ebx, %ebp

	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	3f
	movl	$0x80000001, %eax
	cpuid
	testl	$(1 << 29), %edx
	jz	3f

	movl	$(boot_pdpt + TABLE_RW), boot_pml4
	movl	$(boot_pd + TABLE_RW), boot_pdpt
	movl	$boot_pd, %edi
	movl	$LARGE_RW, %eax
	movl	$512, %ecx
1:	movl	%eax, (%edi)
	addl	$(2 << 20), %eax
	addl	$8, %edi
	decl	%ecx
	jnz	1b

	movl	$boot_pml4, %eax
	movl	%eax, %cr3
	movl	%cr4, %eax
	orl	$(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXC), %eax
	movl	%eax, %cr4
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	andl	$~CR0_EM, %eax
	orl	$(CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE), %eax
	movl	%eax, %cr0
	lgdt	boot_gdt_pointer
	ljmp	$0x08, $boot_long

3:	movl	$no_long_mode, %esi
	movw	$COM1, %dx
4:	lodsb
	testb	%al, %al
	jz	5f
	outb	%al, %dx
	jmp	4b
5:	hlt
	jmp	5b
	.size	kernel_boot, . - kernel_boot

	.code64
boot_long:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$boot_stack_top, %esp
	movl	%ebp, %edi
	xorl	%ebp, %ebp
	call	kernel_start
	ud2

	.section .note.GNU-stack, "", @progbits
