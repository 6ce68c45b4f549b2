/* SPDX-License-Identifier: MIT */
/*
 * Starting up: each part in turn, what it needs first, then the application's
 * side of the port. The console comes before anything that could panic.
 */
#include "kernel/internal.h"

_Noreturn void kernel_start(uintptr_t start_info)
{
	uart_init();
	channel_init();
	cpu_init();
	memory_init(start_info);
	mmu_init();
	memory_pool_init();
	timer_init();
	clock_init();
	random_init();
	port_guest_main();
}
