/* SPDX-License-Identifier: MIT */
/*
 * The application's mappings. Those without a file are demand-zero memory: an
 * area gets its pages when they are touched, 2 MiB at a time where the area is
 * large, aligned and memory plentiful. Those of files borrow the file's pages,
 * and private ones copy a page when it is written; what a file is, the kernel
 * does not know (port/map.h). Each change of the mappings validates, reserves
 * (areas, and page tables where a 2 MiB page must be cut), then commits. None of
 * this touches memory that could fault.
 */
#include "kernel/internal.h"

struct areas vm_areas = {
	.low = VM_START,
	.high = VM_END,
	.gap_below = VM_END,
	.alloc = kernel_pages_alloc,
	.free = kernel_pages_free,
};

static bool in_range(uintptr_t start, size_t len)
{
	return start >= VM_START && start <= VM_END && len <= VM_END - start;
}

/* Reserves for a change of [start, end). Returns 0 or -ENOMEM. */
static int prepare(uintptr_t start, uintptr_t end)
{
	int error = areas_reserve(&vm_areas, 2);

	if (!error)
		error = mmu_cut(start);
	if (!error)
		error = mmu_cut(end);
	return error;
}

/* Lets go of files that are not mapped any more. */
static void files_drop(void)
{
	struct area_file *file;

	while ((file = areas_dropped(&vm_areas)) != NULL) {
		file->ops->unref(file->file);
		areas_file_free(&vm_areas, file);
	}
}

/* Maps the area, in place of whatever was there. Returns 0, -ENOMEM (also for
 * addresses that can not be had). */
int vm_map(const struct area *area)
{
	uintptr_t start = area->start, end = area->end;
	int error;

	if (!in_range(start, end - start) || areas_reserve(&vm_areas, 3))
		return -ENOMEM;
	error = prepare(start, end);
	if (error)
		return error;
	/* commit: nothing below can fail */
	if (!areas_free(&vm_areas, start, end)) {
		areas_cut(&vm_areas, start, end);
		mmu_unmap(start, end);
	}
	areas_add(&vm_areas, area);
	files_drop();
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
	areas_cut(&vm_areas, start, start + len);
	mmu_unmap(start, start + len);
	files_drop();
	return 0;
}

/* Is it a file that may not be written? */
static bool is_denied(const struct area *area, uint32_t prot)
{
	return (prot & VM_WRITE) &&
	       (area->flags & (VM_SHARED | VM_MAY_WRITE)) == VM_SHARED;
}

/* Returns 0, or -ENOMEM, also if not all of it is mapped, or -EACCES. */
int vm_protect(uintptr_t start, size_t len, uint32_t prot)
{
	uintptr_t end = start + len;
	const struct area *area;
	int error;

	if (!in_range(start, len) || !areas_cover(&vm_areas, start, end))
		return -ENOMEM;
	for (area = areas_find(&vm_areas, start);
	     area < areas_end(&vm_areas) && area->start < end; area++) {
		if (is_denied(area, prot))
			return -EACCES;
	}
	error = prepare(start, end);
	if (error)
		return error;
	/* commit: nothing below can fail */
	areas_protect(&vm_areas, start, end, prot);
	mmu_protect(start, end, prot);
	return 0;
}

/* Takes the pages away; zeros will be there, or the file's. Returns 0, or
 * -ENOMEM, also if not all of it is mapped (what is, is dropped). */
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
	return areas_cover(&vm_areas, start, start + len) ? 0 : -ENOMEM;
}

/* Moves [from, from + len), within one area, to where nothing is mapped.
 * Returns 0 or -ENOMEM. */
int vm_move(const struct area *area, uintptr_t from, size_t len, uintptr_t to)
{
	struct area moved = *area;
	int error;

	moved.start = to;
	moved.end = to + len;
	moved.flags &= ~(uint32_t)VM_HEAP;
	moved.offset += from - area->start;
	if (!in_range(to, len) || areas_reserve(&vm_areas, 3))
		return -ENOMEM;
	error = prepare(from, from + len);
	if (!error)
		error = mmu_move(from, len, to);
	if (error)
		return error;
	/* commit: nothing below can fail */
	areas_cut(&vm_areas, from, from + len);
	areas_add(&vm_areas, &moved);
	return 0;
}

/* May this 2 MiB be one page? Not if that took the last quarter of memory, or
 * if memory is small: it might not all be used. */
static bool large_is_wise(const struct area *area, uintptr_t start)
{
	const size_t pages = MMU_LARGE_SIZE >> PAGE_SHIFT;
	size_t total, avail;

	if ((area->flags & VM_SMALL_PAGES) || start < area->start ||
	    area->end - start < MMU_LARGE_SIZE || !mmu_large_fits(start))
		return false;
	kernel_pages_count(&total, &avail);
	return avail > total / 4 && avail > 16 * pages;
}

static bool fill_large(const struct area *area, uintptr_t start)
{
	const size_t pages = MMU_LARGE_SIZE >> PAGE_SHIFT;
	void *page;

	if (!large_is_wise(area, start))
		return false;
	page = kernel_pages_alloc(pages);
	if (!page)
		return false;
	mmu_zero(page, MMU_LARGE_SIZE);
	if (mmu_map(start, page, MMU_LARGE_SIZE, area->prot, MMU_OWNED)) {
		kernel_pages_free(page, pages);
		return false;
	}
	return true;
}

/* Gives addr, without a file, its page. Returns 0 or -ENOMEM. */
static int fill_zero(const struct area *area, uintptr_t addr)
{
	void *page;

	if (fill_large(area, addr & ~(MMU_LARGE_SIZE - 1)))
		return 0;
	page = kernel_pages_alloc(1);
	if (!page)
		return -ENOMEM;
	mmu_zero(page, PAGE_SIZE);
	if (mmu_map(addr & ~(PAGE_SIZE - 1), page, PAGE_SIZE, area->prot,
		    MMU_OWNED)) {
		kernel_pages_free(page, 1);
		return -ENOMEM;
	}
	return 0;
}

/* Maps the pages of a file that lie in the area and are not mapped yet. */
static int install(void *context, uint64_t first, void *const *pages,
		   size_t count)
{
	const struct area *area = context;
	bool shared = area->flags & VM_SHARED;
	uint64_t begin = area->offset >> PAGE_SHIFT;
	uint64_t end = begin + ((area->end - area->start) >> PAGE_SHIFT);
	int error;

	for (size_t i = 0; i < count; i++) {
		uintptr_t va =
			area->start + ((first + i - begin) << PAGE_SHIFT);

		if (!pages[i] || first + i < begin || first + i >= end ||
		    mmu_mapped(va))
			continue;
		error = mmu_map(va, pages[i], PAGE_SIZE, area->prot,
				shared ? MMU_BORROWED : MMU_COPIED);
		if (error)
			return error;
	}
	return 0;
}

/* Gives addr, in a private mapping of a file, a page of its own. */
static int fill_copy(const struct area *area, uintptr_t addr)
{
	const void *old = mmu_copied_page(addr);
	void *page = kernel_pages_alloc(1);

	if (!page)
		return -ENOMEM;
	memcpy(page, old, PAGE_SIZE);
	mmu_replace(addr & ~(PAGE_SIZE - 1), page, area->prot);
	return 0;
}

/* Gives addr its page. Returns 0, -ENOMEM, or for a file -ENXIO, -ENOSPC. */
static int fill(const struct area *area, uintptr_t addr, uint32_t access)
{
	uint64_t index;
	int how = 0, error;

	if (!area->file)
		return fill_zero(area, addr);
	index = (area->offset + (addr - area->start)) >> PAGE_SHIFT;
	if (access == VM_WRITE)
		how |= PORT_MAP_WRITE;
	if (area->flags & VM_SHARED)
		how |= PORT_MAP_SHARED;
	error = area->file->ops->page(area->file->file, index, how, install,
				      (void *)(uintptr_t)area);
	if (error || how != PORT_MAP_WRITE)
		return error;
	return fill_copy(area, addr);
}

/* All that can be accessed can be read: page tables know no less. */
static bool may_access(const struct area *area, uint32_t access)
{
	return access == VM_READ ? area->prot != 0 : area->prot & access;
}

/* Serves an access where no page is, or one without the right. Returns 0,
 * -EFAULT when it is not allowed, -ENOMEM, or for a file -ENXIO, -ENOSPC, or
 * -EAGAIN if its page is missing and the caller may have locks. */
int vm_fault(uintptr_t addr, uint32_t access, bool present, bool unlocked)
{
	const struct area *area;

	if (!in_range(addr, 1))
		return -EFAULT;
	area = areas_at(&vm_areas, addr);
	if (!area || !may_access(area, access))
		return -EFAULT;
	if (present && access == VM_WRITE && mmu_copied_page(addr))
		return fill_copy(area, addr);
	if (present || mmu_present(addr))
		return -EFAULT;
	if (area->file && !unlocked)
		return -EAGAIN;
	return fill(area, addr, access);
}

/* Gives all of [start, start + len), which is mapped, its pages. Returns 0,
 * -EINVAL where the access is not allowed, -ENOMEM, or -EFAULT past the end of
 * a file. */
int vm_populate(uintptr_t start, size_t len, uint32_t access)
{
	uintptr_t addr, end = start + len;
	const struct area *area;
	int error;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		area = areas_at(&vm_areas, addr);
		if (!may_access(area, access))
			return -EINVAL;
		if (!mmu_present(addr))
			error = fill(area, addr, access);
		else if (access == VM_WRITE && mmu_copied_page(addr))
			error = fill_copy(area, addr);
		else
			continue;
		if (error)
			return error == -ENOMEM ? error : -EFAULT;
	}
	return 0;
}

bool kernel_map_revoke(const void *file, uint64_t first, uint64_t count,
		       bool copies)
{
	const struct area *area = areas_find(&vm_areas, 0);
	uintptr_t start, end;
	bool any = false;

	for (; area && area < areas_end(&vm_areas); area++) {
		if (!area->file || area->file->file != file)
			continue;
		any = true;
		if (!area_range(area, first, count, &start, &end))
			continue;
		if (copies)
			mmu_unmap(start, end);
		else
			mmu_return(start, end);
	}
	return any;
}

/* The contract of port_user_fault_in. Memory without a file is never missing. */
bool kernel_user_fault_in(const void *start, bool write)
{
	uint32_t access = write ? VM_WRITE : VM_READ;
	uintptr_t addr = (uintptr_t)start;
	const struct area *area = areas_at(&vm_areas, addr);

	return area && area->file &&
	       !vm_fault(addr, access, mmu_present(addr), true);
}

bool kernel_map_next(uintptr_t addr, void (*ref)(void *file),
		     struct port_map_area *found)
{
	const struct area *area = areas_find(&vm_areas, addr);

	if (!area)
		return false;
	*found = (struct port_map_area){.start = area->start,
					.end = area->end,
					.prot = (int)area->prot,
					.shared = area->flags & VM_SHARED};
	if (area->flags & VM_HEAP)
		found->name = "[heap]";
	else if (area->flags & VM_STACK)
		found->name = "[stack]";
	if (area->file) {
		found->file = area->file->file;
		found->offset = area->offset;
		ref(area->file->file);
	}
	return true;
}

int kernel_stack_create(size_t size, void **top)
{
	const size_t guard = (size_t)1 << 20;
	uintptr_t start = areas_gap(&vm_areas, guard + size, PAGE_SIZE);
	struct area area = {start, start + guard, 0, VM_GUARD, NULL, 0};
	int error;

	if (!start)
		return -ENOMEM;
	error = vm_map(&area);
	area.start = area.end;
	area.end += size;
	area.prot = VM_READ | VM_WRITE;
	area.flags = VM_SMALL_PAGES | VM_STACK;
	if (!error)
		error = vm_map(&area);
	if (error)
		return error;
	*top = (void *)area.end;
	return 0;
}
