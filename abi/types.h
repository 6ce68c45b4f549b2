/* SPDX-License-Identifier: MIT */
/*
 * Linux's basic types for x86-64, with the widths of its kernel interface.
 * Each is the same type that a C library defines, so both may be seen in one
 * translation unit (C11 6.7p3).
 */
#ifndef WHELK_ABI_TYPES_H
#define WHELK_ABI_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef long ssize_t;
typedef long off_t;
typedef unsigned int mode_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned long dev_t;
typedef int pid_t;

#endif
