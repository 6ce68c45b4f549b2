/* SPDX-License-Identifier: MIT */
/* Takes the place of musl's src/process/x86_64/vfork.s: there is one process,
 * so there is no vfork. */
#include "abi/errno.h"
#include "abi/types.h"

/* musl's: sets errno from a negative result and returns -1. */
__attribute__((visibility("hidden"))) long __syscall_ret(unsigned long result);

pid_t vfork(void);

/* Always fails, with ENOSYS. */
pid_t vfork(void)
{
	return (pid_t)__syscall_ret((unsigned long)-ENOSYS);
}
