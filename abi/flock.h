/* SPDX-License-Identifier: MIT */
/* Locks on files: flock(2), and fcntl(2) with its struct flock of x86-64. */
#ifndef WHELK_ABI_FLOCK_H
#define WHELK_ABI_FLOCK_H

#include "abi/types.h"

#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

#define F_GETLK	     5
#define F_SETLK	     6
#define F_SETLKW     7
#define F_OFD_GETLK  36
#define F_OFD_SETLK  37
#define F_OFD_SETLKW 38

#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

struct flock {
	int16_t l_type;
	int16_t l_whence;
	int64_t l_start;
	int64_t l_len; /* 0: to the end of all files */
	pid_t l_pid;
};

#endif
