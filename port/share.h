/* SPDX-License-Identifier: MIT */
/*
 * The way to the host's server of files, which a home may have: messages of
 * 9P2000.L go out, and each has one reply. share/ says what is in them. One call
 * is under way at a time.
 */
#ifndef WHELK_PORT_SHARE_H
#define WHELK_PORT_SHARE_H

#include <stddef.h>

#include "abi/types.h"

/* Finds the server. 0, -ENODEV if there is none, -ENOMEM. */
int port_share_open(void);

/*
 * Sends the len bytes of a request and waits for the reply, of at most size
 * bytes; both are in memory of port_pages_alloc. Returns the length of the
 * reply, or -EIO if there will be none.
 */
ssize_t port_share_call(const void *request, size_t len, void *reply,
			size_t size);

#endif
