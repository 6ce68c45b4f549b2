/* SPDX-License-Identifier: MIT */
/* The names of errors, for the tests that compare texts: see errors.h. */
#include "errors.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

static const struct {
	int number;
	const char *name;
} errors[] = {
	{EPERM, "EPERM"},     {ENOENT, "ENOENT"},
	{ESRCH, "ESRCH"},     {EINTR, "EINTR"},
	{EIO, "EIO"},	      {ENXIO, "ENXIO"},
	{E2BIG, "E2BIG"},     {EBADF, "EBADF"},
	{ECHILD, "ECHILD"},   {EAGAIN, "EAGAIN"},
	{ENOMEM, "ENOMEM"},   {EACCES, "EACCES"},
	{EFAULT, "EFAULT"},   {EBUSY, "EBUSY"},
	{EEXIST, "EEXIST"},   {EXDEV, "EXDEV"},
	{ENODEV, "ENODEV"},   {ENOTDIR, "ENOTDIR"},
	{EISDIR, "EISDIR"},   {EINVAL, "EINVAL"},
	{ENFILE, "ENFILE"},   {EMFILE, "EMFILE"},
	{ENOTTY, "ENOTTY"},   {EFBIG, "EFBIG"},
	{ENOSPC, "ENOSPC"},   {ESPIPE, "ESPIPE"},
	{EROFS, "EROFS"},     {EMLINK, "EMLINK"},
	{EPIPE, "EPIPE"},     {ERANGE, "ERANGE"},
	{EDEADLK, "EDEADLK"}, {ENAMETOOLONG, "ENAMETOOLONG"},
	{ENOSYS, "ENOSYS"},   {ENOTEMPTY, "ENOTEMPTY"},
	{ELOOP, "ELOOP"},     {EOVERFLOW, "EOVERFLOW"},
	{ENODATA, "ENODATA"}, {EOPNOTSUPP, "EOPNOTSUPP"},
};

const char *error_name(int error)
{
	static char number[20];

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		if (errors[i].number == error)
			return errors[i].name;
	}
	snprintf(number, sizeof(number), "error %d", error);
	return number;
}
