/* SPDX-License-Identifier: MIT */
/* poll(2): what a descriptor is ready for. */
#ifndef WHELK_ABI_POLL_H
#define WHELK_ABI_POLL_H

#define POLLIN	   0x001U
#define POLLPRI	   0x002U
#define POLLOUT	   0x004U
#define POLLERR	   0x008U
#define POLLHUP	   0x010U
#define POLLNVAL   0x020U
#define POLLRDNORM 0x040U
#define POLLRDBAND 0x080U
#define POLLWRNORM 0x100U
#define POLLWRBAND 0x200U
#define POLLRDHUP  0x2000U

#endif
