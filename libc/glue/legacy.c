/* SPDX-License-Identifier: MIT */
/*
 * Names that older Unix programs call, glibc still has and musl has not: only
 * linked into a program that uses one.
 */
#include "abi/fcntl.h"
#include "abi/types.h"

char *getcwd(char *buf, size_t size);
char *getwd(char *buf);

/* Stores the current directory's path, of up to PATH_MAX bytes, in buf and
 * returns buf; NULL, with errno set, on failure. (getcwd(3), LEGACY in
 * POSIX.1-2001.) */
char *getwd(char *buf)
{
	return getcwd(buf, PATH_MAX);
}
