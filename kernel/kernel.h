/* SPDX-License-Identifier: MIT */
/*
 * What the guest kernel offers to port/guest: memory, time, random bytes, the
 * console, the main thread's stack, the way to the host's files, the end. It also
 * serves the sys_* calls whose place in syscalls/syscalls.tbl is "kernel". It
 * calls nobody above it but port_guest_main, when everything is set up, and the
 * handler of the `syscall` instruction. Single-threaded and on one CPU so far;
 * interrupts are on only while it waits.
 */
#ifndef WHELK_KERNEL_H
#define WHELK_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/types.h"
#include "port/map.h"

/* Where the kernel goes when it is set up (port/guest/main.c). */
_Noreturn void port_guest_main(void);

/* The kernel command line, as the boot loader left it. */
const char *kernel_command_line(void);

/* Who serves a real `syscall` instruction; before that, -ENOSYS does. */
void kernel_syscall_handler_set(long (*handler)(long n, long a, long b, long c,
						long d, long e, long f));

/* Stores where the first boot module is; false if there is none. */
bool kernel_boot_module(const void **start, size_t *size);

/* Makes the memory of the boot module usable. */
void kernel_boot_module_free(void);

/* Pages: the contract of port_pages_alloc and its kin. */
void *kernel_pages_alloc(size_t count);
void kernel_pages_free(void *pages, size_t count);
void kernel_pages_count(size_t *total, size_t *avail);

/* Makes the main thread's demand-zero stack of size bytes, a multiple of the
 * page size, above a guard area. Stores its upper end. Returns 0 or -ENOMEM. */
int kernel_stack_create(size_t size, void **top);

/* mmap(2) of memory without a file: an address or a negative errno. */
long kernel_mmap_anonymous(void *addr, size_t len, int prot, int flags);

/* Mappings of files: the contract of port_map_file and its kin. */
long kernel_mmap_file(void *addr, size_t len, int prot, int flags,
		      const struct port_map_source *source);
bool kernel_map_revoke(const void *file, uint64_t first, uint64_t count,
		       bool copies);
bool kernel_user_fault_in(const void *start, bool write);
bool kernel_map_next(uintptr_t addr, void (*ref)(void *file),
		     struct port_map_area *found);

/* Nanoseconds since boot. */
uint64_t kernel_clock_monotonic(void);

/* Sleeps until kernel_clock_monotonic() is deadline. */
void kernel_sleep_until(uint64_t deadline);

/* Stores the wall-clock time. */
void kernel_clock_real(int64_t *sec, uint32_t *nsec);

/* Fills buf with random bytes. */
void kernel_random(void *buf, size_t len);

/* How standard input arrives: by requests to the runner, or just so. */
void kernel_console_init(bool on_request);

/* Waits for standard input. Returns how many bytes were stored; 0 at its end
 * (or when count is 0), after which there may be more. */
size_t kernel_console_read(void *buf, size_t count);

/* How many bytes can be read without asking the runner for more. */
size_t kernel_console_pending(void);

/* Writes to standard output (1) or standard error (2). */
void kernel_console_write(int stream, const void *buf, size_t count);

/* The way to the host's server of files: the contract of port/share.h. */
int kernel_share_open(void);
ssize_t kernel_share_call(const void *request, size_t len, void *reply,
			  size_t size);

/* rt_sigaction(2) with the structure of x86-64 (signal.c). */
long kernel_signal_action(int sig, const void *act, void *old, size_t setsize);

/* Ends the guest with an exit status (0..255). */
_Noreturn void kernel_exit(int status);

/* Ends the guest with a report of a broken invariant: file, line, expression,
 * registers and backtrace of the caller. */
_Noreturn void kernel_panic(const char *file, int line, const char *expr);

#endif
