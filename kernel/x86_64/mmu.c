/* SPDX-License-Identifier: MIT */
/*
 * Page tables (Intel SDM volume 3, 4.5). One address space: all RAM at its own
 * address, and the application's mappings in [VM_START, VM_END), about which
 * vm.c decides. A table is an array of 512 entries at its physical address.
 *
 * An entry without rights (PROT_NONE) keeps its page: it is not zero, but not
 * present. Tables of the application's part exist only while they have entries.
 */
#include "kernel/x86_64/internal.h"

#define PTE_PRESENT  0x1UL
#define PTE_WRITE    0x2UL
#define PTE_UNCACHED 0x18UL
#define PTE_USED     0x60UL /* accessed and dirty: saves the CPU the writing */
#define PTE_LARGE    0x80UL
#define PTE_BORROWED 0x200UL /* ours: the page is not this mapping's */
#define PTE_COPIED   0x400UL /* and is copied when it is written */
#define PTE_NX	     (1UL << 63)
#define PTE_ADDRESS  0x000ffffffffff000UL
#define PTE_TABLE    (PTE_PRESENT | PTE_WRITE | 0x20UL)

#define MMU_HUGE_SIZE ((size_t)1 << 30)
#define LARGE_MASK    (MMU_LARGE_SIZE - 1)
#define FLUSH_MAX     32 /* pages invalidated one by one, not all at once */

enum { LEVEL_4K = 1, LEVEL_2M = 2, LEVEL_1G = 3, LEVEL_TOP = 4 };

extern char image_start[], image_text_start[], image_data_start[];
extern char image_end[];

static uint64_t *top_table;

void mmu_zero(void *pages, size_t size)
{
	size_t words = size / 8;

	__asm__ volatile("rep stosq"
			 : "+D"(pages), "+c"(words)
			 : "a"(0)
			 : "memory");
}

static uint64_t prot_bits(uint32_t prot)
{
	if (!prot)
		return PTE_USED;
	return PTE_PRESENT | PTE_USED | (prot & VM_WRITE ? PTE_WRITE : 0) |
	       (prot & VM_EXEC ? 0 : PTE_NX);
}

static size_t level_size(int level)
{
	return PAGE_SIZE << (9 * (level - 1));
}

static uint64_t *table_of(uint64_t entry)
{
	return (uint64_t *)(entry & PTE_ADDRESS);
}

static uint64_t *table_slot(uint64_t *table, uintptr_t va, int level)
{
	return &table[va >> (PAGE_SHIFT + 9 * (level - 1)) & 511];
}

static bool is_leaf(uint64_t entry, int level)
{
	return level == LEVEL_4K || (entry & PTE_LARGE);
}

/*
 * The entry for va as far down as there are tables, but not below level
 * *level; stores the level where it stands. A leaf above stops the way.
 */
static uint64_t *entry_find(uintptr_t va, int *level)
{
	uint64_t *entry = table_slot(top_table, va, LEVEL_TOP);
	int at = LEVEL_TOP;

	while (at > *level && *entry && !is_leaf(*entry, at)) {
		at--;
		entry = table_slot(table_of(*entry), va, at);
	}
	*level = at;
	return entry;
}

/* The entry for va at the level, with the tables above it made where they are
 * missing; NULL when there is no memory for one. No leaf is in the way. */
static uint64_t *entry_make(uintptr_t va, int level)
{
	uint64_t *entry;
	void *table;
	int at;

	for (;;) {
		at = level;
		entry = entry_find(va, &at);
		if (at == level)
			return entry;
		kernel_assert(!*entry);
		table = memory_table_alloc();
		if (!table)
			return NULL;
		*entry = (uintptr_t)table | PTE_TABLE;
	}
}

static void flush(uintptr_t start, uintptr_t end)
{
	if (end - start > FLUSH_MAX * PAGE_SIZE) {
		write_cr3(read_cr3());
		return;
	}
	for (; start < end; start += PAGE_SIZE)
		invlpg(start);
}

static uint64_t owner_bits(enum mmu_owner owner)
{
	switch (owner) {
	case MMU_BORROWED:
		return PTE_BORROWED;
	case MMU_COPIED:
		return PTE_BORROWED | PTE_COPIED;
	case MMU_OWNED:
		break;
	}
	return 0;
}

/* Maps size bytes, 4 KiB or 2 MiB, at va. Returns 0 or -ENOMEM. */
int mmu_map(uintptr_t va, void *page, size_t size, uint32_t prot,
	    enum mmu_owner owner)
{
	bool large = size == MMU_LARGE_SIZE;
	uint64_t *entry = entry_make(va, large ? LEVEL_2M : LEVEL_4K);

	if (!entry)
		return -ENOMEM;
	kernel_assert(!*entry);
	if (owner == MMU_COPIED)
		prot &= ~(uint32_t)VM_WRITE;
	*entry = (uintptr_t)page | prot_bits(prot) | owner_bits(owner) |
		 (large ? PTE_LARGE : 0);
	return 0;
}

/* The page at va, if it is to be copied when it is written; else NULL. */
void *mmu_copied_page(uintptr_t va)
{
	int level = LEVEL_4K;
	const uint64_t *entry = entry_find(va, &level);

	return *entry & PTE_COPIED ? table_of(*entry) : NULL;
}

/* Puts a page of its own in the place of a borrowed one. */
void mmu_replace(uintptr_t va, void *page, uint32_t prot)
{
	int level = LEVEL_4K;

	*entry_find(va, &level) = (uintptr_t)page | prot_bits(prot);
	invlpg(va);
}

/* Is nothing mapped in the 2 MiB around va? */
bool mmu_large_fits(uintptr_t va)
{
	int level = LEVEL_2M;

	return !*entry_find(va, &level);
}

/* Is there a page at va, with or without rights? */
bool mmu_mapped(uintptr_t va)
{
	int level = LEVEL_4K;

	return *entry_find(va, &level) & PTE_ADDRESS;
}

bool mmu_present(uintptr_t va)
{
	int level = LEVEL_4K;

	if (va >= VM_END)
		return false;
	return *entry_find(va, &level) & PTE_PRESENT;
}

/* Makes va the edge of a page: a 2 MiB page around it becomes 512 small ones.
 * Returns 0 or -ENOMEM. */
int mmu_cut(uintptr_t va)
{
	int level = LEVEL_2M, i;
	uint64_t *entry, *table, old;

	if (!(va & LARGE_MASK))
		return 0;
	entry = entry_find(va, &level);
	old = *entry;
	if (level != LEVEL_2M || !(old & PTE_LARGE))
		return 0;
	table = memory_table_alloc();
	if (!table)
		return -ENOMEM;
	for (i = 0; i < 512; i++)
		table[i] = (old & ~PTE_LARGE) + (uint64_t)i * PAGE_SIZE;
	memory_page_split(table_of(old), 512);
	*entry = (uintptr_t)table | PTE_TABLE;
	flush(va & ~LARGE_MASK, (va & ~LARGE_MASK) + MMU_LARGE_SIZE);
	return 0;
}

/* Looks from the end: new mappings go below older ones, so if any entries are
 * left, the last is among them. */
static bool table_is_empty(const uint64_t *table)
{
	int i;

	for (i = 511; i >= 0; i--) {
		if (table[i])
			return false;
	}
	return true;
}

/* Frees the tables of entries at the level, between start and end, that have
 * no entry any more. */
static void tables_trim(uintptr_t start, uintptr_t end, int level)
{
	size_t size = level_size(level);
	uint64_t *entry;
	uintptr_t va;
	int at;

	for (va = start & ~(size - 1); va < end; va += size) {
		at = level;
		entry = entry_find(va, &at);
		if (at != level) {
			va |= level_size(at) - 1;
			va = (va & ~(size - 1));
			continue;
		}
		if (!*entry || is_leaf(*entry, level) ||
		    !table_is_empty(table_of(*entry)))
			continue;
		memory_table_free(table_of(*entry));
		*entry = 0;
	}
}

/* Unmaps what is mapped in [start, end), or only what is borrowed there, and
 * frees what is not; edges have been cut. */
static void unmap(uintptr_t start, uintptr_t end, bool only_borrowed)
{
	uintptr_t va, next;
	bool any = false;
	uint64_t *entry;
	int level;

	for (va = start; va < end; va = next) {
		level = LEVEL_4K;
		entry = entry_find(va, &level);
		next = (va | (level_size(level) - 1)) + 1;
		if (!*entry || (only_borrowed && !(*entry & PTE_BORROWED)))
			continue;
		if (!(*entry & PTE_BORROWED))
			kernel_pages_free(table_of(*entry),
					  level_size(level) >> PAGE_SHIFT);
		*entry = 0;
		any = true;
	}
	if (!any)
		return;
	tables_trim(start, end, LEVEL_2M);
	tables_trim(start, end, LEVEL_1G);
	flush(start, end);
}

void mmu_unmap(uintptr_t start, uintptr_t end)
{
	unmap(start, end, false);
}

/* Unmaps only what is borrowed. */
void mmu_return(uintptr_t start, uintptr_t end)
{
	unmap(start, end, true);
}

/* Changes the rights of what is mapped in [start, end); edges have been cut. */
void mmu_protect(uintptr_t start, uintptr_t end, uint32_t prot)
{
	const uint64_t kept = PTE_ADDRESS | PTE_BORROWED | PTE_COPIED;
	uint64_t bits = prot_bits(prot), copied;
	uintptr_t va, next;
	uint64_t *entry;
	int level;

	copied = prot_bits(prot & ~(uint32_t)VM_WRITE);

	for (va = start; va < end; va = next) {
		level = LEVEL_4K;
		entry = entry_find(va, &level);
		next = (va | (level_size(level) - 1)) + 1;
		if (*entry)
			*entry = (*entry & kept) |
				 (*entry & PTE_COPIED ? copied : bits) |
				 (level == LEVEL_2M ? PTE_LARGE : 0);
	}
	flush(start, end);
}

/* Makes the tables that mmu_move needs, and small pages where large ones do
 * not fit. Returns 0 or -ENOMEM. */
static int move_prepare(uintptr_t from, size_t len, uintptr_t to)
{
	bool same = ((from ^ to) & LARGE_MASK) == 0;
	uintptr_t va, next;
	uint64_t *entry;
	int level;

	for (va = from; va < from + len; va = next) {
		level = LEVEL_4K;
		entry = entry_find(va, &level);
		next = (va | (level_size(level) - 1)) + 1;
		if (!*entry)
			continue;
		if (level == LEVEL_2M && !same) {
			/* any address but the first will do */
			if (mmu_cut(va | PAGE_SIZE))
				return -ENOMEM;
			next = va;
		} else if (!entry_make(va - from + to, level)) {
			return -ENOMEM;
		}
	}
	return 0;
}

/* Moves what is mapped in [from, from + len) to where nothing is; edges have
 * been cut. Returns 0 or -ENOMEM, and then nothing has moved. */
int mmu_move(uintptr_t from, size_t len, uintptr_t to)
{
	uintptr_t va, next;
	uint64_t *entry;
	int level;

	if (move_prepare(from, len, to)) {
		tables_trim(to, to + len, LEVEL_2M);
		tables_trim(to, to + len, LEVEL_1G);
		return -ENOMEM;
	}
	/* commit: nothing below can fail */
	for (va = from; va < from + len; va = next) {
		level = LEVEL_4K;
		entry = entry_find(va, &level);
		next = (va | (level_size(level) - 1)) + 1;
		if (!*entry)
			continue;
		*entry_make(va - from + to, level) = *entry;
		*entry = 0;
	}
	tables_trim(from, from + len, LEVEL_2M);
	tables_trim(from, from + len, LEVEL_1G);
	flush(from, from + len);
	return 0;
}

/* The largest page that [start, end) can begin with. */
static int level_fitting(uintptr_t start, uintptr_t end)
{
	int level = cpu_features()->large_pages ? LEVEL_1G : LEVEL_2M;

	while (level > LEVEL_4K && ((start & (level_size(level) - 1)) ||
				    end - start < level_size(level)))
		level--;
	return level;
}

/* Maps [start, end) to itself with the largest pages that fit. */
static void map_identity(uintptr_t start, uintptr_t end, uint64_t bits)
{
	uint64_t *entry, large;
	size_t size, table;
	int level;

	while (start < end) {
		level = level_fitting(start, end);
		size = level_size(level);
		table = level_size(level + 1);
		large = level > LEVEL_4K ? PTE_LARGE : 0;
		entry = entry_make(start, level);
		do {
			*entry++ = start | bits | large;
			start += size;
		} while (end - start >= size && (start & (table - 1)));
	}
}

/* Text is read-only, all else is not executable; pages below stacks are not
 * mapped at all. */
static void map_image(void)
{
	uintptr_t text = (uintptr_t)image_text_start;
	uintptr_t data = (uintptr_t)image_data_start;
	uint64_t writable = prot_bits(VM_READ | VM_WRITE);

	map_identity((uintptr_t)image_start, text, prot_bits(VM_READ));
	map_identity(text, data, prot_bits(VM_READ | VM_EXEC));
	map_identity(data, (uintptr_t)boot_stack_guard, writable);
	map_identity((uintptr_t)boot_stack_guard + PAGE_SIZE,
		     (uintptr_t)trap_stack_guard, writable);
	map_identity((uintptr_t)trap_stack_guard + PAGE_SIZE,
		     (uintptr_t)image_end, writable);
}

/* Maps the registers of a device to themselves. False if there is no memory for
 * tables, or the address is not one for devices. */
bool mmu_map_device(uint64_t start, uint64_t size)
{
	uint64_t bits = prot_bits(VM_READ | VM_WRITE) | PTE_UNCACHED;
	uint64_t end = (start + size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);

	start &= ~(PAGE_SIZE - 1);
	if (start < ((uint64_t)1 << 20) || end <= start || end > VM_START)
		return false;
	for (; start < end; start += PAGE_SIZE) {
		int level = LEVEL_4K;
		uint64_t *entry = entry_find(start, &level);

		if (*entry && is_leaf(*entry, level))
			continue;
		entry = entry_make(start, LEVEL_4K);
		if (!entry)
			return false;
		*entry = start | bits;
	}
	return true;
}

void mmu_init(void)
{
	uint64_t writable = prot_bits(VM_READ | VM_WRITE);
	const struct memory_range *ranges;
	size_t count = memory_ranges(&ranges), i;

	top_table = memory_table_alloc();
	for (i = 0; i < count; i++) {
		uintptr_t start = ranges[i].start, end = ranges[i].end;

		if (start <= (uintptr_t)image_start &&
		    end >= (uintptr_t)image_end) {
			map_identity(start, (uintptr_t)image_start, writable);
			map_image();
			start = (uintptr_t)image_end;
		}
		map_identity(start, end, writable);
	}
	/* I/O APIC and local APIC */
	map_identity(0xfec00000, 0xff000000, writable | PTE_UNCACHED);
	write_cr3((uintptr_t)top_table);
}
