/* SPDX-License-Identifier: MIT */
/* Requests of ioctl(2): of terminals (ioctl_tty(2)) and of any file. */
#ifndef WHELK_ABI_IOCTL_H
#define WHELK_ABI_IOCTL_H

#include <stdint.h>

#define TCGETS	   0x5401
#define TIOCGWINSZ 0x5413
#define FIONREAD   0x541b
#define FIONBIO	   0x5421
#define FIONCLEX   0x5450
#define FIOCLEX	   0x5451

#define FICLONE	     0x40049409
#define FICLONERANGE 0x4020940d

/* ioctl_ficlonerange(2). */
struct file_clone_range {
	int64_t src_fd;
	uint64_t src_offset, src_length, dest_offset;
};

#endif
