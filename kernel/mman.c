/* SPDX-License-Identifier: MIT */
/*
 * The system calls about memory: brk, mmap, munmap, mprotect, mremap, msync,
 * madvise. What they do to the mappings is vm.c's.
 *
 * Memory is not promised twice on purpose: a mapping larger than all that is
 * free is refused, unless it asks not to be counted (MAP_NORESERVE, or no
 * rights). Still the sum of all mappings may be more than there is.
 */
#include "kernel/internal.h"
#include "abi/mman.h"
#include "sys.h"

static uintptr_t brk_end = VM_BRK;

/* Rounds up to whole pages; false on overflow. */
static bool round_up(size_t len, size_t *rounded)
{
	if (__builtin_add_overflow(len, PAGE_SIZE - 1, rounded))
		return false;
	*rounded &= ~(PAGE_SIZE - 1);
	return true;
}

/* With the page tables that it needs, wherever it is: who fills each mapping
 * before the next is refused in the end, and not killed. */
static bool exceeds_memory(size_t len)
{
	const size_t edges = 6; /* a table of each level at both ends */
	size_t total, avail, pages = len >> PAGE_SHIFT;

	kernel_pages_count(&total, &avail);
	return pages + pages / 512 + edges > avail;
}

/* Where a mapping without a fixed place goes: at the hint if that is free;
 * large ones are aligned for 2 MiB pages. */
static uintptr_t place(uintptr_t hint, size_t len)
{
	size_t align = len >= MMU_LARGE_SIZE ? MMU_LARGE_SIZE : PAGE_SIZE;
	uintptr_t start;

	hint &= ~(PAGE_SIZE - 1);
	if (hint >= VM_START && hint < VM_END && len <= VM_END - hint &&
	    areas_free(&vm_areas, hint, hint + len))
		return hint;
	start = areas_gap(&vm_areas, len, align);
	return start ? start : areas_gap(&vm_areas, len, PAGE_SIZE);
}

/* Checks what mmap(2) says about flags. */
static int map_flags_check(uintptr_t addr, size_t len, int flags)
{
	int type = flags & MAP_TYPE;

	if (!len)
		return -EINVAL;
	if (type != MAP_PRIVATE && type != MAP_SHARED &&
	    type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) &&
	    (addr & (PAGE_SIZE - 1)))
		return -EINVAL;
	/* neither pages set aside, nor addresses below 2 GiB, are there */
	if (flags & (MAP_HUGETLB | MAP_32BIT))
		return -ENOMEM;
	return 0;
}

/* Where the area is to be that addr and flags ask for. An address, or -ENOMEM,
 * -EPERM, -EEXIST. */
static long place_asked(void *addr, size_t len, int flags)
{
	uintptr_t start = (uintptr_t)addr;

	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		start = place(start, len);
	else if (start < VM_START)
		return -EPERM; /* Linux: below vm.mmap_min_addr */
	else if (start > VM_END || len > VM_END - start)
		return -ENOMEM;
	else if ((flags & MAP_FIXED_NOREPLACE) &&
		 !areas_free(&vm_areas, start, start + len))
		return -EEXIST;
	return start ? (long)start : -ENOMEM;
}

/* Maps the area, which knows no addresses yet, as addr and flags ask. */
static long map(void *addr, size_t len, int flags, struct area *area)
{
	long start = place_asked(addr, len, flags);
	int error;

	if (start < 0)
		return start;
	area->start = (uintptr_t)start;
	area->end = area->start + len;
	error = vm_map(area);
	if (error)
		return error;
	if (flags & (MAP_POPULATE | MAP_LOCKED)) /* as far as it goes */
		(void)vm_populate(area->start, len, VM_READ);
	return start;
}

long kernel_mmap_anonymous(void *addr, size_t len, int prot, int flags)
{
	struct area area = {.prot = (uint32_t)prot & VM_ALL};
	int error = map_flags_check((uintptr_t)addr, len, flags);

	if (error)
		return error;
	if (!round_up(len, &len))
		return -ENOMEM;
	if (area.prot && !(flags & MAP_NORESERVE) && exceeds_memory(len))
		return -ENOMEM;
	return map(addr, len, flags, &area);
}

long kernel_mmap_file(void *addr, size_t len, int prot, int flags,
		      const struct port_map_source *source)
{
	struct area area = {.prot = (uint32_t)prot & VM_ALL,
			    .offset = source->offset};
	long result;

	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		area.flags = VM_SHARED | (source->may_write ? VM_MAY_WRITE : 0);
	if (!round_up(len, &len) || (flags & MAP_32BIT))
		return -ENOMEM;
	area.file = areas_file_alloc(&vm_areas, source->file, source->ops);
	if (!area.file)
		return -ENOMEM;
	result = map(addr, len, flags, &area);
	if (result < 0)
		areas_file_free(&vm_areas, area.file);
	return result;
}

/* munmap(2). */
long sys_munmap(void *addr, size_t len)
{
	if (((uintptr_t)addr & (PAGE_SIZE - 1)) || !len || !round_up(len, &len))
		return -EINVAL;
	return vm_unmap((uintptr_t)addr, len);
}

/* mprotect(2), for what mmap and brk have made. */
long sys_mprotect(void *addr, size_t len, int prot)
{
	if (((uintptr_t)addr & (PAGE_SIZE - 1)) || (prot & ~VM_ALL))
		return -EINVAL;
	if (!round_up(len, &len))
		return -ENOMEM;
	return len ? vm_protect((uintptr_t)addr, len, (uint32_t)prot) : 0;
}

/* brk(2) as Linux's system call has it: returns the end of the heap, moved or
 * not. */
long sys_brk(void *addr)
{
	uintptr_t wanted = (uintptr_t)addr, old = brk_end, new;
	struct area heap = {.prot = VM_READ | VM_WRITE, .flags = VM_HEAP};

	if (wanted < VM_BRK || wanted > VM_END - PAGE_SIZE)
		return (long)brk_end;
	old = (old + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	new = (wanted + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	heap.start = old;
	heap.end = new;
	if (new > old && (exceeds_memory(new - old) ||
			  !areas_free(&vm_areas, old, new) || vm_map(&heap)))
		return (long)brk_end;
	if (new < old && vm_unmap(new, old - new))
		return (long)brk_end;
	brk_end = wanted;
	return (long)brk_end;
}

/* What continues the area for len more bytes, from start on: the len'th and
 * later bytes of what begins at from, in it. */
static struct area continued(const struct area *area, uintptr_t from,
			     size_t len, uintptr_t start, size_t more)
{
	struct area next = *area;

	next.start = start;
	next.end = start + more;
	next.offset += from + len - area->start;
	next.flags &= ~(uint32_t)VM_HEAP;
	return next;
}

/* Moves a mapping, which is to be no shorter; to is 0 if any place will do. */
static long remap_move(uintptr_t from, size_t old_len, size_t new_len,
		       uintptr_t to)
{
	const struct area *area = areas_at(&vm_areas, from);
	struct area more;
	int error;

	if (!to)
		to = place(0, new_len);
	if (!to)
		return -ENOMEM;
	/* first what can fail: the new part, so that moving comes last */
	if (new_len > old_len) {
		more = continued(area, from, old_len, to + old_len,
				 new_len - old_len);
		error = vm_map(&more);
		if (error)
			return error;
		area = areas_at(&vm_areas, from);
	}
	error = vm_move(area, from, old_len, to);
	if (error && new_len > old_len)
		(void)vm_unmap(to + old_len, new_len - old_len);
	return error ? error : (long)to;
}

/* MREMAP_FIXED: what was at the new place goes away first. */
static long remap_fixed(uintptr_t from, size_t old_len, size_t new_len,
			uintptr_t to)
{
	int error;

	if (to & (PAGE_SIZE - 1))
		return -EINVAL;
	if (to < VM_START || to > VM_END || new_len > VM_END - to)
		return -EINVAL;
	if (to < from + old_len && from < to + new_len)
		return -EINVAL;
	if (new_len < old_len) {
		error = vm_unmap(from + new_len, old_len - new_len);
		if (error)
			return error;
		old_len = new_len;
	}
	if (old_len > areas_at(&vm_areas, from)->end - from)
		return -EFAULT;
	error = vm_unmap(to, new_len);
	if (error)
		return error;
	return remap_move(from, old_len, new_len, to);
}

/* Makes a mapping longer where it is, if that is free. */
static bool remap_grow(const struct area *area, uintptr_t from, size_t old_len,
		       size_t new_len)
{
	struct area more;

	if (from + old_len != area->end || new_len > VM_END - from ||
	    !areas_free(&vm_areas, area->end, from + new_len))
		return false;
	more = continued(area, from, old_len, area->end, new_len - old_len);
	more.flags = area->flags;
	return !vm_map(&more);
}

/* old_len 0 maps a shared file once more. */
static long remap_again(const struct area *area, uintptr_t from, size_t len,
			int flags, void *addr)
{
	struct area more = continued(area, from, 0, 0, len);
	int how = flags & MREMAP_FIXED ? MAP_FIXED : 0;

	if (!(area->flags & VM_SHARED))
		return -EINVAL;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	return map(addr, len, how, &more);
}

static int remap_check(uintptr_t from, size_t *old_len, size_t *new_len,
		       int flags)
{
	if ((from & (PAGE_SIZE - 1)) ||
	    (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) ||
	    ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE)) ||
	    !round_up(*old_len, old_len) || !round_up(*new_len, new_len) ||
	    !*new_len)
		return -EINVAL;
	return 0;
}

/* mremap(2). */
long sys_mremap(void *addr, size_t old_len, size_t new_len, int flags,
		void *new_addr)
{
	uintptr_t from = (uintptr_t)addr;
	const struct area *area;
	int error = remap_check(from, &old_len, &new_len, flags);

	if (error)
		return error;
	area = areas_at(&vm_areas, from);
	if (!area)
		return -EFAULT;
	if (old_len > VM_END - from)
		return -EINVAL;
	if (!old_len)
		return remap_again(area, from, new_len, flags, new_addr);
	if (new_len > old_len && old_len > area->end - from)
		return -EFAULT;
	if (new_len > old_len && !area->file &&
	    exceeds_memory(new_len - old_len))
		return -ENOMEM;
	if (flags & MREMAP_FIXED)
		return remap_fixed(from, old_len, new_len, (uintptr_t)new_addr);
	if (new_len == old_len)
		return (long)from;
	if (new_len < old_len) { /* whatever is there */
		error = vm_unmap(from + new_len, old_len - new_len);
		return error ? error : (long)from;
	}
	if (remap_grow(area, from, old_len, new_len))
		return (long)from;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	return remap_move(from, old_len, new_len, 0);
}

/* Does Linux know this advice? */
static bool advice_is_known(int advice)
{
	return (advice >= 0 && advice <= 4) || advice == MADV_FREE ||
	       advice == MADV_REMOVE || (advice >= 10 && advice <= 24);
}

/* MADV_REMOVE: makes holes in the files. */
static long advise_remove(uintptr_t start, uintptr_t end)
{
	const uint32_t wanted = VM_SHARED | VM_MAY_WRITE;
	const struct area *area;

	while (start < end) {
		uintptr_t next;
		int error;

		area = areas_at(&vm_areas, start);
		if (!area->file)
			return -EINVAL;
		if ((area->flags & wanted) != wanted ||
		    !(area->prot & VM_WRITE))
			return -EACCES;
		next = area->end < end ? area->end : end;
		error = area->file->ops->remove(
			area->file->file, area->offset + (start - area->start),
			next - start);
		if (error)
			return error;
		start = next;
	}
	return 0;
}

/* Is there a file, for which this advice is none? */
static bool advice_refused(uintptr_t start, uintptr_t end, int advice)
{
	const struct area *area = areas_find(&vm_areas, start);

	if (advice != MADV_FREE && advice != MADV_WIPEONFORK)
		return false;
	for (; area && area < areas_end(&vm_areas) && area->start < end;
	     area++) {
		if (area->file)
			return true;
	}
	return false;
}

/* madvise(2): what is not a promise to the caller is only noted. */
long sys_madvise(void *addr, size_t len, int advice)
{
	uintptr_t start = (uintptr_t)addr;

	if ((start & (PAGE_SIZE - 1)) || !advice_is_known(advice) ||
	    !round_up(len, &len))
		return -EINVAL;
	if (!len)
		return 0;
	if (advice_refused(start, start + len, advice))
		return -EINVAL;
	if (advice == MADV_DONTNEED || advice == MADV_FREE ||
	    advice == MADV_DONTNEED_LOCKED)
		return vm_drop(start, len);
	if (start < VM_START || start > VM_END || len > VM_END - start ||
	    !areas_cover(&vm_areas, start, start + len))
		return -ENOMEM;
	if (advice == MADV_REMOVE)
		return advise_remove(start, start + len);
	if (advice == MADV_POPULATE_READ)
		return vm_populate(start, len, VM_READ);
	if (advice == MADV_POPULATE_WRITE)
		return vm_populate(start, len, VM_WRITE);
	return 0;
}

/* msync(2): what is mapped is the file. */
long sys_msync(void *addr, size_t len, int flags)
{
	uintptr_t start = (uintptr_t)addr;

	if ((start & (PAGE_SIZE - 1)) ||
	    (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	len = (len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1); /* may be 0, as there */
	if (start + len < start || !areas_cover(&vm_areas, start, start + len))
		return -ENOMEM;
	return 0;
}
