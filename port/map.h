/* SPDX-License-Identifier: MIT */
/*
 * The part of the port's contract that is about mappings (mmap(2)). A home
 * knows addresses and rights; what a file is, it does not: it keeps the address
 * of one, asks for its pages when they are touched, and is told when they are
 * to go.
 *
 * A page of a file is handed over under the file's lock, and taken back under
 * it before it is freed or replaced, so what is mapped is always what the file
 * has. Hence a fault takes locks, and one that comes while its thread holds a
 * lock is not served: the copy that it stopped comes up short (port/user.h),
 * and the call faults the page in when it has left its locks.
 */
#ifndef WHELK_PORT_MAP_H
#define WHELK_PORT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a page is wanted. */
enum port_map_how {
	PORT_MAP_WRITE = 1,  /* it is being written */
	PORT_MAP_SHARED = 2, /* the mapping is of the file itself, not of a copy
			      * to be made when it is written */
};

#define PORT_MAP_AROUND 16 /* pages that one fault may bring */

/*
 * Maps pages of a file, where they are still wanted: pages[i], if not NULL, is
 * that of index first + i. At most PORT_MAP_AROUND. Returns 0 or -ENOMEM.
 */
typedef int port_map_install(void *context, uint64_t first, void *const *pages,
			     size_t count);

/* What a home asks of a mapped file. */
struct port_map_ops {
	/*
	 * Has install map the page at index, and maybe others around it, under
	 * the file's lock. Returns what install does, or -ENXIO (past the end of
	 * the file), -ENOSPC, -ENOMEM.
	 */
	int (*page)(void *file, uint64_t index, int how,
		    port_map_install *install, void *context);

	/* Makes a hole of [offset, offset + len), or returns an error. */
	int (*remove)(void *file, uint64_t offset, uint64_t len);

	/* Drops a reference to the file. */
	void (*unref)(void *file);
};

/* What port_map_file is to map. */
struct port_map_source {
	const struct port_map_ops *ops;
	void *file;	 /* with a reference, which success takes */
	uint64_t offset; /* of the first page; a multiple of PAGE_SIZE */
	bool may_write;	 /* the file itself may be written, if shared */
};

/* mmap(2) of a file, whose arguments that are about files have been checked,
 * and of memory without one. An address, or a negative errno. */
long port_map_file(void *addr, size_t len, int prot, int flags,
		   const struct port_map_source *source);
long port_map_anonymous(void *addr, size_t len, int prot, int flags);

/*
 * Takes back the count pages from index first on, wherever they are mapped, and
 * if copies is set also the copies that private mappings have made of them. The
 * caller has the file's lock for writing. Returns whether the file is mapped
 * anywhere at all.
 */
bool port_map_revoke(const void *file, uint64_t first, uint64_t count,
		     bool copies);

/* Can this page, of port_pages_alloc(1), be mapped as it is? If not, a file
 * exchanges it for one that can, from port_map_page_alloc, before it hands it
 * over. That is the one at wanted, if it can be had; if wanted is NULL, one
 * whose neighbours are free, those of the same group of PORT_MAP_AROUND pages
 * with the place of index in it. */
bool port_map_page_fits(const void *page);
void *port_map_page_alloc(const void *wanted, uint64_t index);

/* One mapping, as /proc/self/maps shows it. file is NULL if it has none. */
struct port_map_area {
	uintptr_t start, end;
	int prot;
	bool shared;
	const void *file;
	uint64_t offset;
	const char *name; /* of what is no file: "[heap]", or NULL */
};

/* Stores the first mapping that ends above addr; for a file with a reference
 * that ref takes. Returns false if there is none. The hosted home knows only
 * mappings of files. */
bool port_map_next(uintptr_t addr, void (*ref)(void *file),
		   struct port_map_area *area);

#endif
