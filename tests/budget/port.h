/* SPDX-License-Identifier: MIT */
/* What measure.c takes from glibc, whose headers and ours do not agree. */
#ifndef WHELK_TESTS_BUDGET_PORT_H
#define WHELK_TESTS_BUDGET_PORT_H

#include <stddef.h>

/* Writes "NAME: N" to desc, of that size. */
void budget_desc(char *desc, size_t size, const char *name, unsigned n);

#endif
