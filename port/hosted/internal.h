/* SPDX-License-Identifier: MIT */
/* What the files of the hosted home share. */
#ifndef WHELK_PORT_HOSTED_INTERNAL_H
#define WHELK_PORT_HOSTED_INTERNAL_H

#include "port/hosted/host_syscall.h"
#include "port/port.h"

/* arena.c */

/* Reserves addresses for size bytes of memory (0: as much as the machine
 * has). To be called once, before any allocation. Returns 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int arena_init(size_t size);

/* Where in Linux's file arena_fd a page is that port_map_page_fits. */
uint64_t arena_offset(const void *page);
int arena_fd(void);

/* map.c */

/* Serves a fault at addr if it is one in a mapped file. No lock may be held.
 * Returns whether it did. */
bool map_fault(uintptr_t addr, bool write);

/* clock.c */

/* Finds the clock of the vDSO, whose ELF header is at vdso (may be NULL). */
void clock_init(const void *vdso);

/* console.c */

/* Prints text on standard error and ends the process with status. */
_Noreturn void console_fail(const char *text, int status);

/* signal.c */

/* Catches faults from now on. */
void signal_init(void);

#endif
