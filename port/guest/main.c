/* SPDX-License-Identifier: MIT */
/*
 * Puts the guest together: the kernel is set up; then the system-call layer,
 * the process's stack, and libc's start-up, which calls main.
 */
#include "port/guest/internal.h"
#include "port/x86_64/fault.h"
#include "syscalls/syscall.h"

enum { STACK_SIZE = 8 << 20 };

_Noreturn void _start(void);

/* Goes to libc's entry with the process's stack. */
static _Noreturn void process_enter(void *stack)
{
	__asm__ volatile("movq %0, %%rsp\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "xorl %%edx, %%edx\n\t" /* no function for atexit */
			 "jmp _start"
			 :
			 : "r"(stack)
			 : "memory", "rdx");
	__builtin_unreachable();
}

_Noreturn void port_guest_main(void)
{
	const char *line = kernel_command_line();
	struct cmdline_options options;
	struct syscall_config config = {0};
	const void *module;
	size_t module_size;
	void *top;
	int error;

	user_init();
	kernel_syscall_handler_set(syscall_dispatch);
	cmdline_parse(line, &options);
	kernel_console_init(options.stdin_request);
	port_guest_terminals_set(options.terminal, &options.winsize);
	config.trace = options.trace;
	config.share = options.share;
	config.fs_bytes_max = options.fs_size;
	config.fs_nodes_max = options.fs_inodes;
	syscall_init(&config);
	if (kernel_boot_module(&module, &module_size)) {
		archive_unpack(module, module_size);
		kernel_boot_module_free();
	}
	error = kernel_stack_create(STACK_SIZE, &top);
	port_assert(!error && "memory for the stack");
	port_assert(options.text_size < STACK_SIZE / 2);
	top = stack_build(line, &options, top);
	syscall_stack_set(top);
	process_enter(top);
}
