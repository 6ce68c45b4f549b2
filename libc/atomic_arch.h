/* SPDX-License-Identifier: MIT */
/*
 * Stands before musl's arch/x86_64/atomic_arch.h and includes it. musl ends a
 * process that has damaged itself (a heap that makes no sense, say) by `hlt`,
 * which a user's program may not execute. In the guest everything runs in
 * ring 0, where it would wait for ever; an invalid opcode is reported anywhere.
 */
#include_next "atomic_arch.h"

#ifndef WHELK_LIBC_ATOMIC_ARCH_H
#define WHELK_LIBC_ATOMIC_ARCH_H

static __inline void whelk_crash(void)
{
	__asm__ __volatile__("ud2" : : : "memory");
}

#undef a_crash
#define a_crash whelk_crash

#endif
