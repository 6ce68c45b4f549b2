/* SPDX-License-Identifier: MIT */
/* Requests of ioctl(2): of terminals (ioctl_tty(2)) and of any file. */
#ifndef WHELK_ABI_IOCTL_H
#define WHELK_ABI_IOCTL_H

#define TCGETS	   0x5401
#define TIOCGWINSZ 0x5413
#define FIONREAD   0x541b
#define FIONBIO	   0x5421
#define FIONCLEX   0x5450
#define FIOCLEX	   0x5451

#endif
