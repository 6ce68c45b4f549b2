/* SPDX-License-Identifier: MIT */
/*
 * For the homes' handlers of faults: where an access to memory of the caller
 * (port/user.h) that faulted goes on.
 */
#ifndef WHELK_PORT_X86_64_FAULT_H
#define WHELK_PORT_X86_64_FAULT_H

#include <stdint.h>

/* Where to go on after a fault of the instruction at rip, all other registers
 * being what they were; 0 if that is no such access. */
uintptr_t user_fault_target(uintptr_t rip);

/* Finds out how to copy fast. Until it is called, copying works, but slower. */
void user_init(void);

#endif
