/* SPDX-License-Identifier: MIT */
/*
 * Demand-zero memory: an area gets its pages when they are touched, 2 MiB at a
 * time where the area is large, aligned and memory plentiful. Each change of
 * the mappings validates, reserves (areas, and page tables where a 2 MiB page
 * must be cut), then commits. None of this touches memory that could fault.
 */
#include "kernel/internal.h"

static bool in_range(uintptr_t start, size_t len)
{
	return start >= VM_START && start <= VM_END && len <= VM_END - start;
}

/* Reserves for a change of [start, end). Returns 0 or -ENOMEM. */
static int prepare(uintptr_t start, uintptr_t end)
{
	int error = vma_reserve(2);

	if (!error)
		error = mmu_cut(start);
	if (!error)
		error = mmu_cut(end);
	return error;
}

/* Maps len bytes at start, in place of whatever was there. Returns 0, -ENOMEM
 * (also for addresses that can not be had). */
int vm_map(uintptr_t start, size_t len, uint32_t prot, uint32_t flags)
{
	int error;

	if (!in_range(start, len) || vma_reserve(3))
		return -ENOMEM;
	error = prepare(start, start + len);
	if (error)
		return error;
	/* commit: nothing below can fail */
	if (!vma_free(start, start + len)) {
		vma_cut(start, start + len);
		mmu_unmap(start, start + len);
	}
	vma_add(start, start + len, prot, flags);
	return 0;
}

/* Unmaps whatever is mapped there. Returns 0, -ENOMEM, or -EINVAL for memory
 * that is not the application's. */
int vm_unmap(uintptr_t start, size_t len)
{
	int error;

	if (!in_range(start, len))
		return -EINVAL;
	error = prepare(start, start + len);
	if (error)
		return error;
	/* commit: nothing below can fail */
	vma_cut(start, start + len);
	mmu_unmap(start, start + len);
	return 0;
}

/* Returns 0, or -ENOMEM, also if not all of it is mapped. */
int vm_protect(uintptr_t start, size_t len, uint32_t prot)
{
	int error;

	if (!in_range(start, len) || !vma_covered(start, start + len))
		return -ENOMEM;
	error = prepare(start, start + len);
	if (error)
		return error;
	/* commit: nothing below can fail */
	vma_protect(start, start + len, prot);
	mmu_protect(start, start + len, prot);
	return 0;
}

/* Takes the pages away; zeros will be there. Returns 0, or -ENOMEM, also if
 * not all of it is mapped (what is, is dropped). */
int vm_drop(uintptr_t start, size_t len)
{
	int error;

	if (!in_range(start, len))
		return -ENOMEM;
	error = prepare(start, start + len);
	if (error)
		return error;
	/* commit: nothing below can fail */
	mmu_unmap(start, start + len);
	return vma_covered(start, start + len) ? 0 : -ENOMEM;
}

/* Moves [from, from + len), within one area, to where nothing is mapped.
 * Returns 0 or -ENOMEM. */
int vm_move(const struct vma *area, uintptr_t from, size_t len, uintptr_t to)
{
	uint32_t prot = area->prot, flags = area->flags;
	int error;

	if (!in_range(to, len) || vma_reserve(3))
		return -ENOMEM;
	error = prepare(from, from + len);
	if (!error)
		error = mmu_move(from, len, to);
	if (error)
		return error;
	/* commit: nothing below can fail */
	vma_cut(from, from + len);
	vma_add(to, to + len, prot, flags & ~(uint32_t)VMA_HEAP);
	return 0;
}

/* May this 2 MiB be one page? Not if that took the last quarter of memory, or
 * if memory is small: it might not all be used. */
static bool large_is_wise(const struct vma *area, uintptr_t start)
{
	const size_t pages = MMU_LARGE_SIZE >> PAGE_SHIFT;
	size_t total, avail;

	if ((area->flags & VMA_SMALL_PAGES) || start < area->start ||
	    area->end - start < MMU_LARGE_SIZE || !mmu_large_fits(start))
		return false;
	kernel_pages_count(&total, &avail);
	return avail > total / 4 && avail > 16 * pages;
}

static bool fill_large(const struct vma *area, uintptr_t start)
{
	const size_t pages = MMU_LARGE_SIZE >> PAGE_SHIFT;
	void *page;

	if (!large_is_wise(area, start))
		return false;
	page = kernel_pages_alloc(pages);
	if (!page)
		return false;
	mmu_zero(page, MMU_LARGE_SIZE);
	if (mmu_map(start, page, MMU_LARGE_SIZE, area->prot)) {
		kernel_pages_free(page, pages);
		return false;
	}
	return true;
}

/* Gives addr its page. Returns 0 or -ENOMEM. */
static int fill(const struct vma *area, uintptr_t addr)
{
	void *page;

	if (fill_large(area, addr & ~(MMU_LARGE_SIZE - 1)))
		return 0;
	page = kernel_pages_alloc(1);
	if (!page)
		return -ENOMEM;
	mmu_zero(page, PAGE_SIZE);
	if (mmu_map(addr & ~(PAGE_SIZE - 1), page, PAGE_SIZE, area->prot)) {
		kernel_pages_free(page, 1);
		return -ENOMEM;
	}
	return 0;
}

/* All that can be accessed can be read: page tables know no less. */
static bool may_access(const struct vma *area, uint32_t access)
{
	return access == VM_READ ? area->prot != 0 : area->prot & access;
}

/* Serves an access where no page is. Returns 0, -EFAULT when it is not
 * allowed, or -ENOMEM. */
int vm_fault(uintptr_t addr, uint32_t access)
{
	const struct vma *area;

	if (!in_range(addr, 1))
		return -EFAULT;
	area = vma_find(addr);
	if (!area || area->start > addr || !may_access(area, access) ||
	    mmu_present(addr))
		return -EFAULT;
	return fill(area, addr);
}

/* Gives all of [start, start + len), which is mapped, its pages. Returns 0,
 * -EINVAL where the access is not allowed, or -ENOMEM. */
int vm_populate(uintptr_t start, size_t len, uint32_t access)
{
	uintptr_t addr, end = start + len;
	const struct vma *area;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		area = vma_find(addr);
		if (!may_access(area, access))
			return -EINVAL;
		if (!mmu_present(addr) && fill(area, addr))
			return -ENOMEM;
	}
	return 0;
}

int kernel_stack_create(size_t size, void **top)
{
	const size_t guard = (size_t)1 << 20;
	uintptr_t start = vma_gap(guard + size, PAGE_SIZE);
	int error;

	if (!start)
		return -ENOMEM;
	error = vm_map(start, guard, 0, VMA_GUARD);
	if (!error)
		error = vm_map(start + guard, size, VM_READ | VM_WRITE,
			       VMA_SMALL_PAGES);
	if (error)
		return error;
	*top = (void *)(start + guard + size);
	return 0;
}
