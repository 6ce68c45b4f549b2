/* SPDX-License-Identifier: MIT */
/*
 * For the homes' handlers of faults: where an access to memory of the caller
 * (port/user.h) that faulted goes on.
 */
#ifndef WHELK_PORT_X86_64_FAULT_H
#define WHELK_PORT_X86_64_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* Where to go on after a fault of the instruction at rip, all other registers
 * being what they were; 0 if that is no such access. *locked: the call may be
 * changing a file, so the page of one cannot be brought. */
uintptr_t user_fault_target(uintptr_t rip, bool *locked);

/* Finds out how to copy fast. Until it is called, copying works, but slower. */
void user_init(void);

#endif
