/* SPDX-License-Identifier: MIT */
/* Whether `rep movsb` is the fastest way to copy much. */
#ifndef WHELK_PORT_X86_64_FAST_REP_H
#define WHELK_PORT_X86_64_FAST_REP_H

#include <stdbool.h>
#include <stdint.h>

static inline void fast_rep_cpuid(uint32_t leaf, uint32_t regs[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]),
			   "=d"(regs[3])
			 : "a"(leaf), "c"(0));
}

/* Has the processor "enhanced rep movsb" (CPUID leaf 7), and is it real?
 * QEMU's emulation says so too, but goes byte by byte. */
static inline bool fast_rep_detect(void)
{
	uint32_t regs[4];

	fast_rep_cpuid(0, regs);
	if (regs[0] < 7)
		return false;
	fast_rep_cpuid(7, regs);
	if (!(regs[1] & UINT32_C(1) << 9))
		return false;
	fast_rep_cpuid(1, regs);
	if (!(regs[2] & UINT32_C(1) << 31))
		return true; /* no hypervisor */
	fast_rep_cpuid(0x40000000, regs);
	return regs[1] != 0x54474354; /* "TCGT" */
}

#endif
