/* SPDX-License-Identifier: MIT */
/*
 * The calls about mappings that there are: munmap, mprotect, mremap, madvise.
 * Linux does it, and the list of areas (map.c) follows; where none is of a file
 * that is all. What Linux has there may be many areas for one of the list.
 */
#include "port/hosted/internal.h"
#include "port/hosted/regions.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "sys.h"

static long unmap(uintptr_t start, size_t len) REQUIRES(regions_lock)
{
	long result = areas_reserve(&regions, 2);

	if (!result)
		result = host_syscall2(HOST_MUNMAP, (long)start, (long)len);
	if (!result)
		areas_cut(&regions, start, start + len);
	return result;
}

/* munmap(2). */
long sys_munmap(void *addr, size_t len)
{
	size_t whole;
	long result;

	if (regions_none() || !region_round_up(len, &whole))
		return host_syscall2(HOST_MUNMAP, (long)addr, (long)len);
	lock_write(&regions_lock);
	result = unmap((uintptr_t)addr, whole);
	regions_leave();
	return result;
}

/* Gives what Linux may have changed in part the rights it had. */
static void protect_again(uintptr_t start, uintptr_t end) REQUIRES(regions_lock)
{
	const struct area *area = areas_find(&regions, start);

	for (; area && area < areas_end(&regions) && area->start < end; area++)
		(void)host_syscall3(HOST_MPROTECT, (long)area->start,
				    (long)(area->end - area->start),
				    (long)area->prot);
}

static long protect_locked(uintptr_t start, size_t len, int prot)
	REQUIRES(regions_lock)
{
	const uint32_t wanted = REGION_SHARED | REGION_MAY_WRITE;
	uintptr_t end = start + len;
	struct area *area;
	long result;

	for (area = areas_find(&regions, start);
	     area && area < areas_end(&regions) && area->start < end; area++) {
		if ((prot & PROT_WRITE) &&
		    (area->flags & wanted) == REGION_SHARED)
			return -EACCES;
	}
	if (areas_reserve(&regions, 2))
		return -ENOMEM;
	result = host_syscall3(HOST_MPROTECT, (long)start, (long)len, prot);
	if (result < 0) {
		protect_again(start, end);
		return result;
	}
	for (area = areas_find(&regions, start);
	     area && area < areas_end(&regions) && area->start < end; area++) {
		if ((prot & PROT_WRITE) && !(area->flags & REGION_SHARED))
			area->flags |= REGION_COPIES;
	}
	areas_protect(&regions, start, end, (uint32_t)prot);
	return 0;
}

/* mprotect(2). */
long sys_mprotect(void *addr, size_t len, int prot)
{
	uintptr_t start = (uintptr_t)addr;
	size_t whole;
	long result;

	if (regions_none() || !region_round_up(len, &whole) ||
	    (prot & ~PROT_ALL) || (start & (PAGE_SIZE - 1)))
		return host_syscall3(HOST_MPROTECT, (long)addr, (long)len,
				     prot);
	lock_write(&regions_lock);
	result = protect_locked(start, whole, prot);
	unlock_write(&regions_lock);
	return result;
}

/* Has Linux move what it can of [from, from + len), which may be many areas of
 * its own: copies are in none but such as it can move. */
static void copies_move(uintptr_t from, size_t len, uintptr_t to)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	while (len) {
		size_t n = len;

		while (host_syscall5(HOST_MREMAP, (long)from, (long)n, (long)n,
				     flags, (long)to) < 0) {
			port_assert(n > PAGE_SIZE);
			n = ((n >> PAGE_SHIFT) + 1) / 2 << PAGE_SHIFT;
		}
		from += n;
		to += n;
		len -= n;
	}
}

/* What begins at from in the area, with len bytes, to be mapped elsewhere. */
static struct area continued(const struct area *area, uintptr_t from)
{
	struct area next = *area;

	next.offset += from - area->start;
	return next;
}

/* Moves [from, from + old_len), which is to be no shorter there, to addr if flags
 * say so, else to any place. */
static long remap_move(const struct area *area, uintptr_t from, size_t old_len,
		       size_t new_len, int flags, void *addr)
	REQUIRES(regions_lock)
{
	struct area moved = continued(area, from);
	bool copies = area->flags & REGION_COPIES;
	long result;

	if (areas_reserve(&regions, 5))
		return -ENOMEM;
	result = region_add(flags & MREMAP_FIXED ? addr : NULL, new_len,
			    flags & MREMAP_FIXED ? MAP_FIXED : 0, &moved);
	if (result < 0)
		return result;
	if (copies)
		copies_move(from, old_len, (uintptr_t)result);
	(void)host_syscall2(HOST_MUNMAP, (long)from, (long)old_len);
	areas_cut(&regions, from, from + old_len);
	return result;
}

static long remap_grow(const struct area *area, size_t more)
	REQUIRES(regions_lock)
{
	struct area next = continued(area, area->end);

	return region_add((void *)area->end, more, MAP_FIXED_NOREPLACE, &next);
}

/* old_len 0 maps a shared file once more. */
static long remap_again(const struct area *area, uintptr_t from, size_t len,
			int flags, void *addr) REQUIRES(regions_lock)
{
	struct area next = continued(area, from);

	if (!(area->flags & REGION_SHARED))
		return -EINVAL;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	if (flags & MREMAP_FIXED)
		return region_add(addr, len, MAP_FIXED, &next);
	return region_add(NULL, len, 0, &next);
}

/* mremap(2): what holds of all mappings. */
static bool remap_refused(uintptr_t from, size_t old_len, size_t new_len,
			  int flags, uintptr_t to)
{
	if ((from & (PAGE_SIZE - 1)) ||
	    (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) ||
	    ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE)) || !new_len)
		return true;
	return (flags & MREMAP_FIXED) &&
	       ((to & (PAGE_SIZE - 1)) ||
		(to < from + old_len && from < to + new_len));
}

/* Of a mapping of a file. What is to go may be anything. */
static long remap(uintptr_t from, size_t old_len, size_t new_len, int flags,
		  void *new_addr) REQUIRES(regions_lock)
{
	const struct area *area = areas_at(&regions, from);
	long result;

	if (!region_round_up(old_len, &old_len) ||
	    !region_round_up(new_len, &new_len) ||
	    remap_refused(from, old_len, new_len, flags, (uintptr_t)new_addr))
		return -EINVAL;
	if (!old_len)
		return remap_again(area, from, new_len, flags, new_addr);
	if (new_len < old_len) {
		result = unmap(from + new_len, old_len - new_len);
		if (result < 0)
			return result;
		old_len = new_len;
		area = areas_at(&regions, from);
	}
	if (new_len == old_len && !(flags & MREMAP_FIXED))
		return (long)from;
	if (old_len > area->end - from)
		return -EFAULT;
	if (flags & MREMAP_FIXED)
		return remap_move(area, from, old_len, new_len, flags,
				  new_addr);
	if (from + old_len == area->end &&
	    remap_grow(area, new_len - old_len) >= 0)
		return (long)from;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	area = areas_at(&regions, from);
	return remap_move(area, from, old_len, new_len, 0, NULL);
}

/* Of what is no file's, which may make an end of some that are. */
static long remap_memory(uintptr_t from, size_t old_len, size_t new_len,
			 int flags, void *new_addr) REQUIRES(regions_lock)
{
	long result = areas_reserve(&regions, 4);

	if (!result)
		result = host_syscall5(HOST_MREMAP, (long)from, (long)old_len,
				       (long)new_len, flags, (long)new_addr);
	if (result <= 0 || !region_round_up(old_len, &old_len) ||
	    !region_round_up(new_len, &new_len))
		return result;
	if (new_len < old_len)
		areas_cut(&regions, from + new_len, from + old_len);
	if (flags & MREMAP_FIXED)
		areas_cut(&regions, (uintptr_t)result,
			  (uintptr_t)result + new_len);
	return result;
}

/* mremap(2). */
long sys_mremap(void *addr, size_t old_len, size_t new_len, int flags,
		void *new_addr)
{
	uintptr_t from = (uintptr_t)addr;
	size_t whole;
	long result;

	if (regions_none() || !region_round_up(new_len, &whole))
		return host_syscall5(HOST_MREMAP, (long)addr, (long)old_len,
				     (long)new_len, flags, (long)new_addr);
	lock_write(&regions_lock);
	if (areas_at(&regions, from))
		result = remap(from, old_len, new_len, flags, new_addr);
	else
		result = remap_memory(from, old_len, new_len, flags, new_addr);
	regions_leave();
	return result;
}

/* MADV_REMOVE: makes holes in the files, each without the lock. */
static long advise_remove(uintptr_t start, uintptr_t end)
{
	const uint32_t wanted = REGION_SHARED | REGION_MAY_WRITE;

	while (start < end) {
		const struct area *area;
		struct area_file *file;
		uint64_t offset;
		uintptr_t next;
		long result = 0;

		lock_write(&regions_lock);
		area = areas_at(&regions, start);
		if (!area)
			result = -EINVAL;
		else if ((area->flags & wanted) != wanted ||
			 !(area->prot & PROT_WRITE))
			result = -EACCES;
		if (result) {
			unlock_write(&regions_lock);
			return result;
		}
		file = area->file;
		offset = area->offset + (start - area->start);
		next = area->end < end ? area->end : end;
		areas_file_hold(file);
		unlock_write(&regions_lock);
		result = file->ops->remove(file->file, offset, next - start);
		lock_write(&regions_lock);
		areas_file_release(&regions, file);
		regions_leave();
		if (result)
			return result;
		start = next;
	}
	return 0;
}

/* Is there a mapped file in [start, end)? */
static bool touches(uintptr_t start, uintptr_t end)
{
	bool any;

	lock_write(&regions_lock);
	any = !areas_free(&regions, start, end);
	unlock_write(&regions_lock);
	return any;
}

/* After Linux has dropped copies in [start, end): what they were made of may have
 * been taken back since, and is not to be seen there again. */
static void copies_dropped(uintptr_t start, uintptr_t end)
{
	const struct area *area;

	lock_write(&regions_lock);
	for (area = areas_find(&regions, start);
	     area && area < areas_end(&regions) && area->start < end; area++) {
		uintptr_t first = area->start > start ? area->start : start;
		uintptr_t after = area->end < end ? area->end : end;

		if (!(area->flags & REGION_COPIES) ||
		    region_reserve(area, first, after) >= 0)
			continue;
		regions_forget(); /* Linux had no more areas */
		port_assert(region_reserve(area, first, after) >= 0);
	}
	unlock_write(&regions_lock);
}

/* Brings pages of files, up to the first page that cannot be had. */
static void populate(uintptr_t start, uintptr_t end, int advice)
{
	bool write = advice == MADV_POPULATE_WRITE;
	long err = 0;

	for (; start < end && !err; start += PAGE_SIZE)
		err = touches(start, start + PAGE_SIZE)
			      ? region_bring(start, write, false)
			      : host_syscall3(HOST_MADVISE, (long)start,
					      PAGE_SIZE, advice);
}

/* madvise(2). */
long sys_madvise(void *addr, size_t len, int advice)
{
	uintptr_t start = (uintptr_t)addr;
	size_t whole;
	long result;

	if (regions_none() || (start & (PAGE_SIZE - 1)) ||
	    !region_round_up(len, &whole) || !touches(start, start + whole))
		return host_syscall3(HOST_MADVISE, (long)addr, (long)len,
				     advice);
	if (advice == MADV_REMOVE)
		return advise_remove(start, start + whole);
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		populate(start, start + whole, advice);
	result = host_syscall3(HOST_MADVISE, (long)addr, (long)len, advice);
	if ((advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED) &&
	    result != -EINVAL)
		copies_dropped(start, start + whole);
	return result;
}
