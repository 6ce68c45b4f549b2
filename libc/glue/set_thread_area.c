/* SPDX-License-Identifier: MIT */
/* Takes the place of musl's src/thread/x86_64/__set_thread_area.s. */
#include "sys.h"

#define ARCH_SET_FS 0x1002

__attribute__((visibility("hidden"))) int __set_thread_area(void *thread);

/* Makes thread the base of this thread's local storage. Returns 0 or a
 * negative errno. */
int __set_thread_area(void *thread)
{
	return (int)sys_arch_prctl(ARCH_SET_FS, (unsigned long)thread);
}
