/* SPDX-License-Identifier: MIT */
/*
 * Flags of open(2), fcntl(2) and the *at calls (asm-generic/fcntl.h,
 * linux/fcntl.h of Linux 6.1, x86-64).
 */
#ifndef WHELK_ABI_FCNTL_H
#define WHELK_ABI_FCNTL_H

#define O_RDONLY    0
#define O_WRONLY    01
#define O_RDWR	    02
#define O_ACCMODE   03
#define O_CREAT	    0100
#define O_EXCL	    0200
#define O_NOCTTY    0400
#define O_TRUNC	    01000
#define O_APPEND    02000
#define O_NONBLOCK  04000
#define O_DSYNC	    010000
#define O_ASYNC	    020000
#define O_DIRECT    040000
#define O_LARGEFILE 0100000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW  0400000
#define O_NOATIME   01000000
#define O_CLOEXEC   02000000
#define O_SYNC	    04010000
#define O_PATH	    010000000
#define O_TMPFILE   020200000

#define AT_FDCWD	    (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR	    0x200
#define AT_EACCESS	    0x200
#define AT_SYMLINK_FOLLOW   0x400
#define AT_NO_AUTOMOUNT	    0x800
#define AT_EMPTY_PATH	    0x1000
#define AT_STATX_SYNC_TYPE  0x6000

#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE	 2
#define RENAME_WHITEOUT	 4

#define F_DUPFD		0
#define F_GETFD		1
#define F_SETFD		2
#define F_GETFL		3
#define F_SETFL		4
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ	1031
#define F_GETPIPE_SZ	1032
#define FD_CLOEXEC	1

#define FALLOC_FL_KEEP_SIZE	 0x01
#define FALLOC_FL_PUNCH_HOLE	 0x02
#define FALLOC_FL_ZERO_RANGE	 0x10
#define FALLOC_FL_INSERT_RANGE	 0x20
#define FALLOC_FL_COLLAPSE_RANGE 0x08
#define FALLOC_FL_UNSHARE_RANGE	 0x40
#define FALLOC_FL_WRITE_ZEROES	 0x80

/* preadv2(2): linux/fs.h. */
#define RWF_HIPRI    0x01
#define RWF_DSYNC    0x02
#define RWF_SYNC     0x04
#define RWF_NOWAIT   0x08
#define RWF_APPEND   0x10
#define RWF_NOAPPEND 0x20
#define RWF_NOSIGNAL 0x100

#define SPLICE_F_MOVE	  1U
#define SPLICE_F_NONBLOCK 2U
#define SPLICE_F_MORE	  4U
#define SPLICE_F_GIFT	  8U

#define SYNC_FILE_RANGE_WAIT_BEFORE 1U
#define SYNC_FILE_RANGE_WRITE	    2U
#define SYNC_FILE_RANGE_WAIT_AFTER  4U

#define SEEK_SET  0
#define SEEK_CUR  1
#define SEEK_END  2
#define SEEK_DATA 3
#define SEEK_HOLE 4

#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4

#define NAME_MAX 255
#define PATH_MAX 4096
#define IOV_MAX	 1024

#endif
