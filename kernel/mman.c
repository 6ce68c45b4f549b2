/* SPDX-License-Identifier: MIT */
/*
 * The system calls about memory: brk, mmap (without files), munmap, mprotect,
 * mremap, madvise. What they do to the mappings is vm.c's.
 *
 * Memory is not promised twice on purpose: a mapping larger than all that is
 * free is refused, unless it asks not to be counted (MAP_NORESERVE, or no
 * rights). Still the sum of all mappings may be more than there is.
 */
#include "kernel/internal.h"
#include "sys.h"

#define MAP_SHARED	    0x01
#define MAP_PRIVATE	    0x02
#define MAP_SHARED_VALIDATE 0x03
#define MAP_TYPE	    0x0f
#define MAP_FIXED	    0x10
#define MAP_32BIT	    0x40
#define MAP_NORESERVE	    0x4000
#define MAP_POPULATE	    0x8000
#define MAP_LOCKED	    0x2000
#define MAP_HUGETLB	    0x40000
#define MAP_FIXED_NOREPLACE 0x100000

#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED   2

/* madvise(2); those that this names do something. */
#define MADV_DONTNEED	    4
#define MADV_FREE	    8
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23

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
	    vma_free(hint, hint + len))
		return hint;
	start = vma_gap(len, align);
	return start ? start : vma_gap(len, PAGE_SIZE);
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

long kernel_mmap_anonymous(void *addr, size_t len, int prot, int flags)
{
	uintptr_t start = (uintptr_t)addr;
	int error = map_flags_check(start, len, flags);

	if (error)
		return error;
	if (!round_up(len, &len))
		return -ENOMEM;
	prot &= VM_ALL;
	if (prot && !(flags & MAP_NORESERVE) && exceeds_memory(len))
		return -ENOMEM;
	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		start = place(start, len);
	else if (start < VM_START)
		return -EPERM; /* Linux: below vm.mmap_min_addr */
	else if (start > VM_END || len > VM_END - start)
		return -ENOMEM;
	else if ((flags & MAP_FIXED_NOREPLACE) && !vma_free(start, start + len))
		return -EEXIST;
	if (!start)
		return -ENOMEM;
	error = vm_map(start, len, (uint32_t)prot, 0);
	if (error)
		return error;
	if (flags & (MAP_POPULATE | MAP_LOCKED)) /* as far as it goes */
		(void)vm_populate(start, len, VM_READ);
	return (long)start;
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

	if (wanted < VM_BRK || wanted > VM_END - PAGE_SIZE)
		return (long)brk_end;
	old = (old + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	new = (wanted + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	if (new > old && (exceeds_memory(new - old) || !vma_free(old, new) ||
			  vm_map(old, new - old, VM_READ | VM_WRITE, VMA_HEAP)))
		return (long)brk_end;
	if (new < old && vm_unmap(new, old - new))
		return (long)brk_end;
	brk_end = wanted;
	return (long)brk_end;
}

/* Moves a mapping; to is 0 if any place will do. */
static long remap_move(struct vma *area, uintptr_t from, size_t old_len,
		       size_t new_len, uintptr_t to)
{
	uint32_t prot = area->prot;
	size_t len = old_len < new_len ? old_len : new_len;
	int error;

	if (!to)
		to = place(0, new_len);
	if (!to)
		return -ENOMEM;
	/* first what can fail: the new part, so that moving comes last */
	if (new_len > len) {
		error = vm_map(to + len, new_len - len, prot, 0);
		if (error)
			return error;
		area = vma_find(from);
	}
	error = vm_move(area, from, len, to);
	if (error) {
		if (new_len > len)
			(void)vm_unmap(to + len, new_len - len);
		return error;
	}
	if (old_len > len)
		return vm_unmap(from + len, old_len - len) ? -ENOMEM : (long)to;
	return (long)to;
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
	error = vm_unmap(to, new_len);
	if (error)
		return error;
	return remap_move(vma_find(from), from, old_len, new_len, to);
}

/* mremap(2). */
long sys_mremap(void *addr, size_t old_len, size_t new_len, int flags,
		void *new_addr)
{
	uintptr_t from = (uintptr_t)addr;
	struct vma *area;

	if ((from & (PAGE_SIZE - 1)) ||
	    (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) ||
	    ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE)) ||
	    !round_up(old_len, &old_len) || !round_up(new_len, &new_len) ||
	    !old_len || !new_len)
		return -EINVAL;
	area = vma_find(from);
	if (!area || area->start > from || old_len > area->end - from)
		return -EFAULT;
	if (new_len > old_len && exceeds_memory(new_len - old_len))
		return -ENOMEM;
	if (flags & MREMAP_FIXED)
		return remap_fixed(from, old_len, new_len, (uintptr_t)new_addr);
	if (new_len == old_len)
		return (long)from;
	if (new_len < old_len) {
		int error = vm_unmap(from + new_len, old_len - new_len);

		return error ? error : (long)from;
	}
	if (from + old_len == area->end && new_len <= VM_END - from &&
	    vma_free(area->end, from + new_len) &&
	    !vm_map(from + old_len, new_len - old_len, area->prot, area->flags))
		return (long)from;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	return remap_move(vma_find(from), from, old_len, new_len, 0);
}

/* Does Linux know this advice for memory without a file? */
static bool advice_is_known(int advice)
{
	return (advice >= 0 && advice <= 4) || advice == MADV_FREE ||
	       (advice >= 10 && advice <= 23);
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
	if (advice == MADV_DONTNEED || advice == MADV_FREE)
		return vm_drop(start, len);
	if (start < VM_START || start > VM_END || len > VM_END - start ||
	    !vma_covered(start, start + len))
		return -ENOMEM;
	if (advice == MADV_POPULATE_READ)
		return vm_populate(start, len, VM_READ);
	if (advice == MADV_POPULATE_WRITE)
		return vm_populate(start, len, VM_WRITE);
	return 0;
}
