/* SPDX-License-Identifier: MIT */
/* mmap(2), memfd_create(2), mremap(2), msync(2), madvise(2): Linux's numbers on x86-64. */
#ifndef WHELK_ABI_MMAN_H
#define WHELK_ABI_MMAN_H

#define PROT_NONE  0
#define PROT_READ  1
#define PROT_WRITE 2
#define PROT_EXEC  4
#define PROT_ALL   7

#define MAP_SHARED	    0x01
#define MAP_PRIVATE	    0x02
#define MAP_SHARED_VALIDATE 0x03
#define MAP_TYPE	    0x0f
#define MAP_FIXED	    0x10
#define MAP_ANONYMOUS	    0x20
#define MAP_32BIT	    0x40
#define MAP_NORESERVE	    0x4000
#define MAP_POPULATE	    0x8000
#define MAP_LOCKED	    0x2000
#define MAP_HUGETLB	    0x40000
#define MAP_FIXED_NOREPLACE 0x100000

/* Those that MAP_SHARED_VALIDATE knows for a file: LEGACY_MAP_MASK of
 * linux/mman.h. */
#define MAP_LEGACY 0x7c07f9f3

#define MFD_CLOEXEC 1

#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED   2

#define MS_ASYNC      1
#define MS_INVALIDATE 2
#define MS_SYNC	      4

/* Those that do something. */
#define MADV_DONTNEED	     4
#define MADV_FREE	     8
#define MADV_REMOVE	     9
#define MADV_HUGEPAGE	     14
#define MADV_WIPEONFORK	     18
#define MADV_POPULATE_READ   22
#define MADV_POPULATE_WRITE  23
#define MADV_DONTNEED_LOCKED 24

#endif
