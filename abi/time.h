/* SPDX-License-Identifier: MIT */
/* Times and clocks as system calls carry them (clock_gettime(2), times(2)). */
#ifndef WHELK_ABI_TIME_H
#define WHELK_ABI_TIME_H

#include "abi/types.h"

struct timespec {
	int64_t tv_sec;
	int64_t tv_nsec;
};

struct timeval {
	int64_t tv_sec;
	int64_t tv_usec;
};

struct utimbuf {
	int64_t actime;
	int64_t modtime;
};

#define CLOCK_REALTIME		 0
#define CLOCK_MONOTONIC		 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID	 3
#define CLOCK_MONOTONIC_RAW	 4
#define CLOCK_REALTIME_COARSE	 5
#define CLOCK_MONOTONIC_COARSE	 6
#define CLOCK_BOOTTIME		 7
#define TIMER_ABSTIME		 1

#endif
