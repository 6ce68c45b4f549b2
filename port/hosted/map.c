/* SPDX-License-Identifier: MIT */
/*
 * Mapped files. Anonymous memory is Linux's affair; of files there is a list of
 * areas here, whose addresses are mapped from an empty file of Linux's, with the
 * rights that they are to have. So Linux itself refuses what is not allowed, and
 * a page that is touched for the first time is past that file's end: SIGBUS
 * (map_fault). Then the file's page, which stands in the arena's own file of
 * Linux's (arena.c), is mapped in its place, shared or privately as the program
 * wanted it; private copies are made by Linux. What is taken back becomes the
 * empty file again.
 *
 * What is mapped can be taken back at any time, if it is no copy, and comes back
 * when it is touched. That is done with all of it before Linux has no more areas
 * to give: neighbours in the file that are none in the arena need one each.
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "port/areas.h"
#include "port/lock.h"
#include "sys.h"

enum region_flags {
	REGION_SHARED = 1,
	REGION_MAY_WRITE = 2, /* shared: the file was opened for writing */
	REGION_COPIES = 4,    /* private, and was writable at some time */
};

#define FAULT_IN_MAX 256 /* pages */

/* What is mapped until all of it is taken back: each may make two more areas of
 * the 65,530 that Linux has for a process (vm.max_map_count). */
#define MAPPED_MAX 28000

/* regions_lock protects it; its count is read without, for the many programs
 * that map no file. */
static struct areas regions = {.alloc = port_pages_alloc,
			       .free = port_pages_free};
static int empty_fd = -1;
static size_t mapped; /* calls of map_pages since it was taken back */

static struct lock regions_lock;

static bool none(void)
{
	return __atomic_load_n(&regions.count, __ATOMIC_RELAXED) == 0;
}

static bool round_up(size_t len, size_t *rounded)
{
	if (__builtin_add_overflow(len, PAGE_SIZE - 1, rounded))
		return false;
	*rounded &= ~(PAGE_SIZE - 1);
	return true;
}

/* Drops the lock, then the files that are not mapped any more. */
static void regions_leave(void) RELEASES(regions_lock) LOCKS_UNCHECKED
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

/* Maps the empty file in [start, end) of the area: at the same offset as the
 * program has it, so that neighbours are one area of Linux's. */
static long reserve(const struct area *area, uintptr_t start, uintptr_t end)
{
	return host_syscall6(HOST_MMAP, (long)start, (long)(end - start),
			     (long)area->prot, type_of(area) | MAP_FIXED,
			     empty_fd,
			     (long)(area->offset + (start - area->start)));
}

/* Takes all pages back that are no copies. */
static void regions_forget(void)
{
	for (size_t i = 0; i < regions.count; i++) {
		const struct area *area = &regions.list[i];

		if (!(area->flags & REGION_COPIES))
			(void)reserve(area, area->start, area->end);
	}
	mapped = 0;
}

/* Maps count pages, which stand one after the other, at start in the area. */
static int map_pages(const struct area *area, uintptr_t start,
		     const void *pages, size_t count)
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

/* Brings the page of a mapped file at addr, for a fault there or in advance.
 * Returns 0, -EFAULT if there is no such mapping with that right, or why there is
 * no page. */
static int bring(uintptr_t addr, bool write, bool fault)
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
	return !none() && bring(addr, write, true) == 0;
}

/* The first page is what matters; the others will be asked for in turn. */
bool port_user_fault_in(const void *start, size_t len, bool write)
{
	uintptr_t at = (uintptr_t)start & ~(PAGE_SIZE - 1);
	uintptr_t end = (uintptr_t)start + len;

	if (none() || bring(at, write, false))
		return false;
	for (size_t i = 1; i < FAULT_IN_MAX; i++) {
		at += PAGE_SIZE;
		if (at >= end || bring(at, write, false))
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
		(void)reserve(area, start, start + PAGE_SIZE);
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
		else if (reserve(area, start, end) < 0)
			port_assert(reserve(area, area->start, area->end) >= 0);
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

/* Maps the area, without pages, where addr and flags ask for it. An address or
 * a negative errno. */
static long region_add(void *addr, size_t len, int flags, struct area *area)
	REQUIRES(regions_lock)
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

	if (!round_up(len, &len))
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
		if (bring((uintptr_t)result + at, false, false))
			break;
	}
	return result;
}

long port_map_anonymous(void *addr, size_t len, int prot, int flags)
{
	size_t whole;
	long result;

	if (!(flags & MAP_FIXED) || none() || !round_up(len, &whole))
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

/* -- The calls ------------------------------------------------------------------------ */

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

	if (none() || !round_up(len, &whole))
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

	if (none() || !round_up(len, &whole) || (prot & ~PROT_ALL) ||
	    (start & (PAGE_SIZE - 1)))
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

	if (!round_up(old_len, &old_len) || !round_up(new_len, &new_len) ||
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
	if (result <= 0 || !round_up(old_len, &old_len) ||
	    !round_up(new_len, &new_len))
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

	if (none() || !round_up(new_len, &whole))
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
		    reserve(area, first, after) >= 0)
			continue;
		regions_forget(); /* Linux had no more areas */
		port_assert(reserve(area, first, after) >= 0);
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
			      ? bring(start, write, false)
			      : host_syscall3(HOST_MADVISE, (long)start,
					      PAGE_SIZE, advice);
}

/* madvise(2). */
long sys_madvise(void *addr, size_t len, int advice)
{
	uintptr_t start = (uintptr_t)addr;
	size_t whole;
	long result;

	if (none() || (start & (PAGE_SIZE - 1)) || !round_up(len, &whole) ||
	    !touches(start, start + whole))
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
