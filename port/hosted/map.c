/* SPDX-License-Identifier: MIT */
/*
 * Mapped files; remap.c has the calls that change mappings. Anonymous memory is
 * Linux's affair; of files there is a list of areas here, whose addresses are
 * mapped from an empty file of Linux's, with the rights that they are to have. So
 * Linux itself refuses what is not allowed, and a page that is touched for the
 * first time is past that file's end: SIGBUS (map_fault). Then the file's page,
 * which stands in the arena's own file of Linux's (arena.c), is mapped in its
 * place, shared or privately as the program wanted it; private copies are made by
 * Linux. What is taken back becomes the empty file again.
 *
 * What is mapped can be taken back at any time, if it is no copy, and comes back
 * when it is touched. That is done with all of it before Linux has no more areas
 * to give: neighbours in the file that are none in the arena need one each.
 */
#include "port/hosted/internal.h"
#include "port/hosted/regions.h"

#include "abi/errno.h"
#include "abi/mman.h"

#define FAULT_IN_MAX 256 /* pages */

/* What is mapped until all of it is taken back: each may make two more areas of
 * the 65,530 that Linux has for a process (vm.max_map_count). */
#define MAPPED_MAX 28000

struct areas regions = {.alloc = port_pages_alloc, .free = port_pages_free};
static int empty_fd = -1;
static size_t mapped; /* calls of map_pages since it was taken back */

struct lock regions_lock;

/* Unchecked: the lock is dropped and taken in turns. */
void regions_leave(void) LOCKS_UNCHECKED
{
	struct area_file *file;

	while ((file = areas_dropped(&regions)) != NULL) {
		const struct port_map_ops *ops = file->ops;
		void *of = file->file;

		areas_file_free(&regions, file);
		unlock_write(&regions_lock);
		ops->unref(of);
		lock_write(&regions_lock);
	}
	unlock_write(&regions_lock);
}

/* -- What Linux has mapped ------------------------------------------------------ */

static int type_of(const struct area *area)
{
	return area->flags & REGION_SHARED ? MAP_SHARED
					   : MAP_PRIVATE | MAP_NORESERVE;
}

long region_reserve(const struct area *area, uintptr_t start, uintptr_t end)
{
	return host_syscall6(HOST_MMAP, (long)start, (long)(end - start),
			     (long)area->prot, type_of(area) | MAP_FIXED,
			     empty_fd,
			     (long)(area->offset + (start - area->start)));
}

void regions_forget(void)
{
	for (size_t i = 0; i < regions.count; i++) {
		const struct area *area = &regions.list[i];

		if (!(area->flags & REGION_COPIES))
			(void)region_reserve(area, area->start, area->end);
	}
	mapped = 0;
}

/* Maps count pages, which stand one after the other, at start in the area. */
static int map_pages(const struct area *area, uintptr_t start,
		     const void *pages, size_t count) REQUIRES(regions_lock)
{
	int flags = type_of(area) | MAP_FIXED;
	long result;

	if (!(area->flags & REGION_COPIES))
		flags |= MAP_POPULATE;
	if (++mapped > MAPPED_MAX)
		regions_forget();
	result = host_syscall6(HOST_MMAP, (long)start,
			       (long)(count << PAGE_SHIFT), (long)area->prot,
			       flags, arena_fd(), (long)arena_offset(pages));
	return result < 0 ? -ENOMEM : 0;
}

/* Is a page at addr? Then it may be a copy. */
static bool has_page(uintptr_t addr)
{
	long result = host_syscall3(HOST_MADVISE, (long)addr, PAGE_SIZE,
				    MADV_POPULATE_READ);
	uint8_t resident = 0;

	if (result != -EINVAL)
		return result == 0;
	/* before Linux 5.14 */
	host_syscall3(HOST_MINCORE, (long)addr, PAGE_SIZE, (long)&resident);
	return resident & 1;
}

/* What the fault was that pages are brought for. */
struct request {
	uintptr_t addr;
	uint64_t index; /* of the page there */
	const void *file;
	bool fault; /* by an access to addr, where so far no page was */
};

/* Need it not be mapped, or must not, since there is one, perhaps a copy? Where a
 * fault was, none is, unless another thread has been faster. */
static bool keep(const struct area *area, uintptr_t at,
		 const struct request *request)
{
	return (area->flags & REGION_COPIES) &&
	       (port_threaded || !request->fault || at != request->addr) &&
	       has_page(at);
}

static int install_locked(const struct request *request, uint64_t first,
			  void *const *pages, size_t count)
	REQUIRES(regions_lock)
{
	const struct area *area = areas_at(&regions, request->addr);
	uintptr_t start, end, at;
	size_t n;
	int err = 0;

	/* Changed meanwhile? The access will show. */
	if (!area || area->file->file != request->file ||
	    (area->offset + (request->addr - area->start)) >> PAGE_SHIFT !=
		    request->index ||
	    !area_range(area, first, count, &start, &end))
		return 0;
	pages += (area->offset + (start - area->start)) / PAGE_SIZE - first;
	for (at = start; at < end && !err; at += n << PAGE_SHIFT, pages += n) {
		n = 1;
		if (!pages[0] || keep(area, at, request))
			continue;
		while (!(area->flags & REGION_COPIES) &&
		       at + (n << PAGE_SHIFT) < end &&
		       pages[n] == (char *)pages[0] + (n << PAGE_SHIFT))
			n++;
		err = map_pages(area, at, pages[0], n);
	}
	return err;
}

static int install(void *context, uint64_t first, void *const *pages,
		   size_t count)
{
	int err;

	lock_write(&regions_lock);
	err = install_locked(context, first, pages, count);
	unlock_write(&regions_lock);
	return err;
}

static bool may_access(const struct area *area, bool write)
{
	return write ? area->prot & PROT_WRITE : area->prot != 0;
}

int region_bring(uintptr_t addr, bool write, bool fault)
{
	struct request request = {.addr = addr & ~(PAGE_SIZE - 1),
				  .fault = fault};
	struct area_file *file;
	const struct area *area;
	int how, err;

	lock_write(&regions_lock);
	area = areas_at(&regions, addr);
	if (!area || !may_access(area, write)) {
		unlock_write(&regions_lock);
		return -EFAULT;
	}
	if (!fault && has_page(request.addr)) {
		unlock_write(&regions_lock);
		return 0;
	}
	how = (write ? PORT_MAP_WRITE : 0) |
	      (area->flags & REGION_SHARED ? PORT_MAP_SHARED : 0);
	request.index = (area->offset + (addr - area->start)) >> PAGE_SHIFT;
	file = area->file;
	request.file = file->file;
	areas_file_hold(file);
	unlock_write(&regions_lock);
	err = file->ops->page(file->file, request.index, how, install,
			      &request);
	lock_write(&regions_lock);
	if (err == -ENOMEM) { /* perhaps Linux has no more areas */
		regions_forget();
		unlock_write(&regions_lock);
		err = file->ops->page(file->file, request.index, how, install,
				      &request);
		lock_write(&regions_lock);
	}
	areas_file_release(&regions, file);
	regions_leave();
	return err;
}

bool map_fault(uintptr_t addr, bool write)
{
	return !regions_none() && region_bring(addr, write, true) == 0;
}

/* The first page is what matters; the others will be asked for in turn. */
bool port_user_fault_in(const void *start, size_t len, bool write)
{
	uintptr_t at = (uintptr_t)start & ~(PAGE_SIZE - 1);
	uintptr_t end = (uintptr_t)start + len;

	if (regions_none() || region_bring(at, write, false))
		return false;
	for (size_t i = 1; i < FAULT_IN_MAX; i++) {
		at += PAGE_SIZE;
		if (at >= end || region_bring(at, write, false))
			break;
	}
	return true;
}

/* -- Taking pages back ------------------------------------------------------------ */

/* Of what /proc/self/pagemap says about a page (Linux: pagemap.rst). */
#define PAGEMAP_HERE ((uint64_t)3 << 62) /* present or swapped */
#define PAGEMAP_FILE ((uint64_t)1 << 61)

/* Takes the pages in [start, end) back that have not been copied.
 *
 * DEVIATION: hosted, without a /proc of Linux's, a private mapping forgets the
 * copies of pages where the file gets a hole. */
static void reserve_but_copies(const struct area *area, uintptr_t start,
			       uintptr_t end)
{
	const int at_fdcwd = -100;
	long fd = host_syscall4(HOST_OPENAT, at_fdcwd,
				(long)"/proc/self/pagemap", 0, 0);
	uint64_t entry;

	for (; start < end; start += PAGE_SIZE) {
		long n = host_syscall4(HOST_PREAD64, fd, (long)&entry,
				       sizeof(entry),
				       (long)(start / PAGE_SIZE * 8));

		if (n == sizeof(entry) && (entry & PAGEMAP_HERE) &&
		    !(entry & PAGEMAP_FILE))
			continue;
		(void)region_reserve(area, start, start + PAGE_SIZE);
	}
	if (fd >= 0)
		host_syscall1(HOST_CLOSE, fd);
}

bool port_map_revoke(const void *file, uint64_t first, uint64_t count,
		     bool copies)
{
	uintptr_t start, end;
	bool any = false;

	lock_write(&regions_lock);
	for (size_t i = 0; i < regions.count; i++) {
		const struct area *area = &regions.list[i];

		if (area->file->file != file)
			continue;
		any = true;
		if (!area_range(area, first, count, &start, &end))
			continue;
		if ((area->flags & REGION_COPIES) && !copies)
			reserve_but_copies(area, start, end);
		else if (region_reserve(area, start, end) < 0)
			port_assert(region_reserve(area, area->start,
						   area->end) >= 0);
	}
	unlock_write(&regions_lock);
	return any;
}

/* -- Mapping ------------------------------------------------------------------------ */

static uint32_t flags_of(int prot, int flags,
			 const struct port_map_source *source)
{
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		return REGION_SHARED |
		       (source->may_write ? REGION_MAY_WRITE : 0);
	return prot & PROT_WRITE ? REGION_COPIES : 0;
}

static bool empty_open(void) REQUIRES(regions_lock)
{
	if (empty_fd < 0)
		empty_fd = (int)host_syscall2(HOST_MEMFD_CREATE, (long)"empty",
					      MFD_CLOEXEC);
	return empty_fd >= 0;
}

long region_add(void *addr, size_t len, int flags, struct area *area)
{
	const int passed = MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_32BIT;
	long result;

	if (areas_reserve(&regions, 3))
		return -ENOMEM;
	result = host_syscall6(HOST_MMAP, (long)addr, (long)len,
			       (long)area->prot,
			       type_of(area) | (flags & passed), empty_fd,
			       (long)area->offset);
	if (result < 0)
		return result;
	area->start = (uintptr_t)result;
	area->end = area->start + len;
	areas_cut(&regions, area->start, area->end);
	areas_add(&regions, area);
	return result;
}

long port_map_file(void *addr, size_t len, int prot, int flags,
		   const struct port_map_source *source)
{
	struct area area = {.prot = (uint32_t)prot,
			    .flags = flags_of(prot, flags, source),
			    .offset = source->offset};
	long result = -ENOMEM;

	if (!region_round_up(len, &len))
		return -ENOMEM;
	lock_write(&regions_lock);
	if (empty_open())
		area.file =
			areas_file_alloc(&regions, source->file, source->ops);
	if (area.file) {
		result = region_add(addr, len, flags, &area);
		if (result < 0)
			areas_file_free(&regions, area.file);
	}
	regions_leave();
	if (result < 0 || !(flags & (MAP_POPULATE | MAP_LOCKED)))
		return result;
	for (size_t at = 0; at < len; at += PAGE_SIZE) {
		if (region_bring((uintptr_t)result + at, false, false))
			break;
	}
	return result;
}

long port_map_anonymous(void *addr, size_t len, int prot, int flags)
{
	size_t whole;
	long result;

	if (!(flags & MAP_FIXED) || regions_none() ||
	    !region_round_up(len, &whole))
		return host_syscall6(HOST_MMAP, (long)addr, (long)len, prot,
				     flags, -1, 0);
	lock_write(&regions_lock);
	result = areas_reserve(&regions, 2);
	if (!result)
		result = host_syscall6(HOST_MMAP, (long)addr, (long)len, prot,
				       flags, -1, 0);
	if (result > 0)
		areas_cut(&regions, (uintptr_t)addr, (uintptr_t)addr + whole);
	regions_leave();
	return result;
}

bool port_map_next(uintptr_t addr, void (*ref)(void *file),
		   struct port_map_area *found)
{
	const struct area *area;

	lock_write(&regions_lock);
	area = areas_find(&regions, addr);
	if (area) {
		*found = (struct port_map_area){.start = area->start,
						.end = area->end,
						.prot = (int)area->prot,
						.shared = area->flags &
							  REGION_SHARED,
						.file = area->file->file,
						.offset = area->offset};
		ref(area->file->file);
	}
	unlock_write(&regions_lock);
	return area;
}
