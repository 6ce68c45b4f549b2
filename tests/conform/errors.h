/* SPDX-License-Identifier: MIT */
/* What tests/conform and tests/diff call an error by, on every C library. */
#ifndef WHELK_TESTS_CONFORM_ERRORS_H
#define WHELK_TESTS_CONFORM_ERRORS_H

/* "ENOENT" for ENOENT; "error N" for a number without a name here, static until
 * the next such call. */
const char *error_name(int error);

#endif
