/* SPDX-License-Identifier: MIT */
/*
 * A clock for Whelk that never shows the same time twice, as tmpfs's does if
 * files are looked at between changes: so that every change of a time is seen.
 * Linked in by ld --wrap.
 */
#include <stdint.h>

void __real_port_clock_coarse(int64_t *sec, uint32_t *nsec);
void __wrap_port_clock_coarse(int64_t *sec, uint32_t *nsec);

void __wrap_port_clock_coarse(int64_t *sec, uint32_t *nsec)
{
	static int64_t now_sec;
	static uint32_t now_nsec;

	if (!now_sec)
		__real_port_clock_coarse(&now_sec, &now_nsec);
	now_nsec += 100;
	if (now_nsec >= 1000000000) {
		now_nsec -= 1000000000;
		now_sec++;
	}
	*sec = now_sec;
	*nsec = now_nsec;
}
