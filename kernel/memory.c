/* SPDX-License-Identifier: MIT */
/*
 * Physical memory: the map that the boot loader passes (struct hvm_start_info:
 * Xen, xen/include/public/arch-x86/hvm/start_info.h), and the pool of free
 * pages. All RAM is identity-mapped, so an address is an address.
 *
 * Until the pool exists, pages for the first page tables and the pool's state
 * are taken one after the other from behind the image, and so is a copy of the
 * command line; nothing of what the boot loader left is overwritten.
 */
#include "kernel/internal.h"
#include "port/pages.h"

struct hvm_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t modules_count;
	uint64_t modules;
	uint64_t command_line;
	uint64_t rsdp;
	uint64_t map; /* version >= 1 */
	uint32_t map_entries;
	uint32_t reserved;
};

struct hvm_map_entry {
	uint64_t address;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

struct hvm_module {
	uint64_t address;
	uint64_t size;
	uint64_t command_line;
	uint64_t reserved;
};

#define HVM_START_MAGIC 0x336ec578
#define HVM_MEMORY_RAM	1
#define BOOT_MAPPED	((uintptr_t)1 << 30) /* by boot.S */

enum { RANGES_MAX = 32 };

extern char image_start[], image_boot_tables[], image_end[];

static struct page_pool pool;
static struct memory_range ranges[RANGES_MAX];
static size_t ranges_count;
static uintptr_t early_start, early_next, early_end;
static const char *command_line;
static struct memory_range module;

const char *kernel_command_line(void)
{
	return command_line ? command_line : "";
}

bool kernel_boot_module(const void **start, size_t *size)
{
	if (module.start == module.end)
		return false;
	*start = (const void *)module.start;
	*size = module.end - module.start;
	return true;
}

size_t memory_ranges(const struct memory_range **out)
{
	*out = ranges;
	return ranges_count;
}

/* Inserts a range, rounded inwards to whole pages, in ascending order. */
static void range_add(uint64_t start, uint64_t end)
{
	size_t i;

	start = (start + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	end &= ~(PAGE_SIZE - 1);
	if (start == 0)
		start = PAGE_SIZE; /* a null pointer must fault */
	if (start >= end || end > VM_START || ranges_count == RANGES_MAX)
		return;
	for (i = ranges_count++; i && ranges[i - 1].start > start; i--)
		ranges[i] = ranges[i - 1];
	ranges[i].start = start;
	ranges[i].end = end;
}

/* Keeps the early pages clear of [start, start + len). */
static void early_avoid(uint64_t start, uint64_t len)
{
	if (start < early_end && start + len > early_start)
		early_start = (start + len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static void early_init(const struct hvm_start_info *info)
{
	size_t i;

	early_start = (uintptr_t)image_end;
	for (i = 0; i < ranges_count; i++) {
		if (ranges[i].start <= (uintptr_t)image_start &&
		    ranges[i].end >= (uintptr_t)image_end)
			early_end = ranges[i].end;
	}
	kernel_assert(early_end && "the image lies in RAM");
	early_avoid((uintptr_t)info, sizeof(*info));
	early_avoid(info->map,
		    info->map_entries * sizeof(struct hvm_map_entry));
	if (command_line)
		early_avoid((uintptr_t)command_line, strlen(command_line) + 1);
	if (early_start < module.start && module.start < early_end)
		early_end = module.start;
	early_next = early_start;
}

/* Takes size bytes, whole pages, of the early memory. */
static void *early_alloc(size_t size)
{
	uintptr_t start = early_next;

	size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	kernel_assert(size < early_end - early_next && "enough memory");
	early_next += size;
	kernel_assert(pool.count || early_next <= BOOT_MAPPED);
	return (void *)start;
}

/* It may lie where no RAM is (microvm's firmware leaves it in its own part),
 * and that will not be mapped. */
static void command_line_copy(void)
{
	size_t size;

	if (!command_line)
		return;
	size = strlen(command_line) + 1;
	command_line = memcpy(early_alloc(size), command_line, size);
}

void memory_init(uintptr_t start_info)
{
	const struct hvm_start_info *info = (const void *)start_info;
	const struct hvm_map_entry *map;
	uint32_t i;

	kernel_assert(info->magic == HVM_START_MAGIC);
	kernel_assert(info->version >= 1 && info->map_entries);
	kernel_assert(info->map < BOOT_MAPPED);
	if (info->command_line)
		command_line = (const char *)info->command_line;
	if (info->modules_count && info->modules) {
		const struct hvm_module *first = (const void *)info->modules;

		module.start = first->address;
		module.end = first->address + first->size;
	}
	map = (const void *)info->map;
	for (i = 0; i < info->map_entries; i++) {
		if (map[i].type == HVM_MEMORY_RAM)
			range_add(map[i].address, map[i].address + map[i].size);
	}
	early_init(info);
	command_line_copy();
}

/* Adds [start, end) to the pool, except for where it meets one of the holes. */
static void pool_add(uintptr_t start, uintptr_t end,
		     const struct memory_range *holes, size_t count)
{
	size_t i;

	for (i = 0; i < count && start < end; i++) {
		if (holes[i].end <= start || holes[i].start >= end)
			continue;
		if (holes[i].start > start)
			pages_add(&pool, (void *)start,
				  (holes[i].start - start) >> PAGE_SHIFT);
		start = holes[i].end;
	}
	if (start < end)
		pages_add(&pool, (void *)start, (end - start) >> PAGE_SHIFT);
}

/* Adds the pages around [start, end) to the holes, in ascending order. */
static size_t hole_add(struct memory_range *holes, size_t count,
		       uintptr_t start, uintptr_t end)
{
	size_t i;

	start &= ~(PAGE_SIZE - 1);
	end = (end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	for (i = count; i && holes[i - 1].start > start; i--)
		holes[i] = holes[i - 1];
	holes[i].start = start;
	holes[i].end = end;
	return count + 1;
}

/* Hands what is left of the memory to the pool. The final page tables are in
 * use, so the whole of it is mapped. */
void memory_pool_init(void)
{
	size_t count = ranges[ranges_count - 1].end >> PAGE_SHIFT, n = 0, i;
	uint8_t *state = early_alloc(count);
	struct memory_range holes[3];

	n = hole_add(holes, n, (uintptr_t)image_start,
		     (uintptr_t)image_boot_tables);
	n = hole_add(holes, n, early_start, early_next);
	n = hole_add(holes, n, module.start, module.end);
	mmu_zero(state, (count + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
	pages_init(&pool, NULL, count, state);
	for (i = 0; i < ranges_count; i++)
		pool_add(ranges[i].start, ranges[i].end, holes, n);
}

void kernel_boot_module_free(void)
{
	uintptr_t start = (module.start + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	uintptr_t end = module.end & ~(PAGE_SIZE - 1);

	if (start < end)
		pages_add(&pool, (void *)start, (end - start) >> PAGE_SHIFT);
	module.end = module.start;
}

/* A zeroed page for a page table; NULL when there is none. */
void *memory_table_alloc(void)
{
	void *table =
		pool.count ? pages_alloc(&pool, 1) : early_alloc(PAGE_SIZE);

	if (table)
		mmu_zero(table, PAGE_SIZE);
	return table;
}

void memory_table_free(void *table)
{
	pages_free(&pool, table, 1);
}

void memory_page_split(void *pages, size_t count)
{
	pages_split(&pool, pages, count);
}

void *kernel_pages_alloc(size_t count)
{
	return pages_alloc(&pool, count);
}

void kernel_pages_free(void *pages, size_t count)
{
	pages_free(&pool, pages, count);
}

void kernel_pages_count(size_t *total, size_t *avail)
{
	*total = pool.total;
	*avail = pool.avail;
}
