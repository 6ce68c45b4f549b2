/* SPDX-License-Identifier: MIT */
/* Shares of the host (port/share.h): a Linux process has its files without. */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "port/share.h"

int port_share_open(void)
{
	return -ENODEV;
}

ssize_t port_share_call(const void *request, size_t len, void *reply,
			size_t size)
{
	(void)request, (void)len, (void)reply, (void)size;
	return -EIO;
}
