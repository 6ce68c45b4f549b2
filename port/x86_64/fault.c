/* SPDX-License-Identifier: MIT */
/* The table of the accesses that may fault, which the linker puts together. */
#include "port/x86_64/fault.h"

#include "port/x86_64/fast_rep.h"

struct user_fault {
	int32_t access, target; /* each relative to itself */
	uint32_t locked;
};

extern const struct user_fault __start_user_faults[], __stop_user_faults[];

/* Of user.S; set once, before there are threads. */
extern uint8_t user_fast_rep;

static uintptr_t resolve(const int32_t *relative)
{
	return (uintptr_t)relative + (uintptr_t)(intptr_t)*relative;
}

/* It is rare, and the table short. */
uintptr_t user_fault_target(uintptr_t rip, bool *locked)
{
	const struct user_fault *fault;

	for (fault = __start_user_faults; fault < __stop_user_faults; fault++) {
		if (resolve(&fault->access) == rip) {
			*locked = fault->locked;
			return resolve(&fault->target);
		}
	}
	*locked = false;
	return 0;
}

void user_init(void)
{
	user_fast_rep = fast_rep_detect();
}
