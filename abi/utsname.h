/* SPDX-License-Identifier: MIT */
/* struct utsname: uname(2). */
#ifndef WHELK_ABI_UTSNAME_H
#define WHELK_ABI_UTSNAME_H

#define UTS_LEN 65

struct utsname {
	char sysname[UTS_LEN], nodename[UTS_LEN], release[UTS_LEN];
	char version[UTS_LEN], machine[UTS_LEN], domainname[UTS_LEN];
};

#endif
