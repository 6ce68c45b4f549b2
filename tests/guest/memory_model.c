/* SPDX-License-Identifier: MIT */
/*
 * For tests/kernel.sh: random changes of mappings and of the heap's end,
 * against a model that knows for each page whether it is mapped, how, and what
 * it holds. Run as
 *	memory_model FIRST_SEED COUNT [exact]
 * "exact" is for Whelk: neighbours that are alike are one mapping (Linux may
 * keep them apart, and mremap then refuses both), and no memory is lost.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 8192, STEPS = 4000, HEAP_PAGES = 1500 };
enum { LARGE = 512, SLACK_PAGES = 16, PLACES = 64 };

struct page {
	bool mapped;
	int prot;
	unsigned int value; /* its first and its last word */
};

static struct page model[PAGES], heap[HEAP_PAGES];
static char *base;
static bool exact;
static unsigned long seed;
static int step;
static uint64_t random_state;

static unsigned int any(unsigned int limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned int)(random_state * 0x2545f4914f6cdd1d >> 33) % limit;
}

#define CHECK(expr) ((expr) ? (void)0 : fail(__LINE__, #expr))

static _Noreturn void fail(int line, const char *expr)
{
	int error = errno;

	printf("seed %lu, step %d: line %d: false: %s (errno %d)\n", seed, step,
	       line, expr, error);
	exit(1);
}

static unsigned int *word_of(char *start, unsigned int page, unsigned int word)
{
	return (unsigned int *)(void *)(start + (size_t)page * PAGE) + word;
}

static void page_write(char *start, struct page *page, unsigned int index)
{
	page->value = any(UINT32_MAX);
	*word_of(start, index, 0) = page->value;
	*word_of(start, index, 1023) = page->value;
}

static void page_check(char *start, const struct page *page, unsigned int index)
{
	CHECK(*word_of(start, index, 0) == page->value);
	CHECK(*word_of(start, index, 1023) == page->value);
}

/* A range of pages: often short, sometimes of whole 2 MiB. */
struct range {
	unsigned int first, count;
	char *address;
	size_t len;
};

static struct range range_any(void)
{
	struct range r;
	unsigned int kind = any(9);

	if (kind < 6)
		r.count = 1 + any(40);
	else if (kind < 8)
		r.count = 1 + any(1500);
	else
		r.count = LARGE * (1 + any(3));
	r.first = any(2) ? any(PAGES) : any(PAGES / LARGE) * LARGE;
	if (r.count > PAGES - r.first)
		r.count = PAGES - r.first;
	r.address = base + (size_t)r.first * PAGE;
	r.len = (size_t)r.count * PAGE;
	return r;
}

static bool all_mapped(struct range r, bool alike)
{
	for (unsigned int i = r.first; i < r.first + r.count; i++) {
		if (!model[i].mapped ||
		    (alike && model[i].prot != model[r.first].prot))
			return false;
	}
	return true;
}

static bool all_free(unsigned int first, unsigned int end)
{
	for (unsigned int i = first; i < end; i++) {
		if (model[i].mapped)
			return false;
	}
	return true;
}

static void try_map(struct range r)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	int prot = any(5) ? PROT_READ | PROT_WRITE : PROT_READ;

	if (!any(10))
		flags |= MAP_POPULATE;
	CHECK(mmap(r.address, r.len, prot, flags, -1, 0) == r.address);
	for (unsigned int i = r.first; i < r.first + r.count; i++)
		model[i] = (struct page){true, prot, 0};
}

static void try_unmap(struct range r)
{
	CHECK(munmap(r.address, r.len) == 0);
	memset(&model[r.first], 0, r.count * sizeof(*model));
}

static void try_protect(struct range r)
{
	static const int prots[] = {PROT_NONE, PROT_READ,
				    PROT_READ | PROT_WRITE,
				    PROT_READ | PROT_WRITE};
	int prot = prots[any(4)];

	/* with a hole further on, some of it may change or not */
	if (!model[r.first].mapped)
		CHECK(mprotect(r.address, r.len, prot) == -1 &&
		      errno == ENOMEM);
	if (!all_mapped(r, false))
		return;
	CHECK(mprotect(r.address, r.len, prot) == 0);
	for (unsigned int i = r.first; i < r.first + r.count; i++)
		model[i].prot = prot;
}

static void try_drop(struct range r)
{
	int result = madvise(r.address, r.len, MADV_DONTNEED);

	if (all_mapped(r, false))
		CHECK(result == 0);
	else
		CHECK(result == -1 && errno == ENOMEM);
	for (unsigned int i = r.first; i < r.first + r.count; i++)
		model[i].value = 0;
}

/* Did mremap refuse because Linux sees more than one mapping? */
static bool refused(const void *result)
{
	return result == MAP_FAILED && errno == EFAULT && !exact;
}

static void try_move(struct range r)
{
	static struct page moved[PAGES];
	unsigned int count = 1 + any(600), to = any(PAGES);
	char *target = base + (size_t)to * PAGE;
	void *result;

	if (count > PAGES - to)
		count = PAGES - to;
	if (!all_mapped(r, true) ||
	    (to < r.first + r.count && r.first < to + count))
		return;
	result = mremap(r.address, r.len, (size_t)count * PAGE,
			MREMAP_MAYMOVE | MREMAP_FIXED, target);
	if (refused(result)) { /* what was there is gone, or not */
		munmap(target, (size_t)count * PAGE);
		memset(&model[to], 0, count * sizeof(*model));
		return;
	}
	CHECK(result == target);
	for (unsigned int i = 0; i < count; i++) {
		moved[i] = model[r.first];
		moved[i].value = i < r.count ? model[r.first + i].value : 0;
	}
	memset(&model[r.first], 0, r.count * sizeof(*model));
	memcpy(&model[to], moved, count * sizeof(*model));
}

static void try_resize(struct range r)
{
	unsigned int count = 1 + any(2 * r.count), end;
	void *result;

	if (count > PAGES - r.first)
		count = PAGES - r.first;
	if (!all_mapped(r, true))
		return;
	end = r.first + r.count;
	result = mremap(r.address, r.len, (size_t)count * PAGE, 0);
	if (refused(result))
		return;
	if (count > r.count && !all_free(end, r.first + count)) {
		CHECK(result == MAP_FAILED && errno == ENOMEM);
		return;
	}
	CHECK(result == r.address);
	for (unsigned int i = end; i < r.first + count; i++)
		model[i] = (struct page){true, model[r.first].prot, 0};
	if (count < r.count)
		memset(&model[r.first + count], 0,
		       (r.count - count) * sizeof(*model));
}

static void try_write(void)
{
	for (int i = 0; i < 200; i++) {
		unsigned int page = any(PAGES);

		if (model[page].mapped && (model[page].prot & PROT_WRITE))
			page_write(base, &model[page], page);
	}
}

static void check_page(unsigned int page)
{
	if (model[page].mapped && (model[page].prot & PROT_READ))
		page_check(base, &model[page], page);
}

/* Some pages of the range, so that the CPU knows what was there before a
 * change, and would not see it if that was not forgotten. */
static void check_range(struct range r)
{
	for (unsigned int i = 0; i < 20 && i < r.count; i++) {
		check_page(r.first + i);
		check_page(r.first + r.count - 1 - i);
	}
}

static void mappings_run(void)
{
	memset(model, 0, sizeof(model));
	for (step = 0; step < STEPS; step++) {
		unsigned int kind = any(100);
		struct range r = range_any();

		check_range(r);
		if (kind < 30)
			try_map(r);
		else if (kind < 45)
			try_unmap(r);
		else if (kind < 60)
			try_protect(r);
		else if (kind < 68)
			try_drop(r);
		else if (kind < 78)
			try_move(r);
		else if (kind < 84)
			try_resize(r);
		else
			try_write();
		check_range(r);
		for (int i = 0; i < 60; i++)
			check_page(any(PAGES));
	}
	for (unsigned int i = 0; i < PAGES; i++)
		check_page(i);
	CHECK(munmap(base, (size_t)PAGES * PAGE) == 0);
}

/* Mappings wherever there is room; an empty one has no address. */
static struct place {
	char *address;
	unsigned int count;
	struct page first, last;
} places[PLACES];

static void place_fill(struct place *place)
{
	unsigned int pages = any(3) ? 1 + any(20) : 1 + any(1200);
	size_t len = (size_t)pages * PAGE;
	char *hint = any(3) ? NULL : places[any(PLACES)].address;

	place->address = mmap(hint, len, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(place->address != MAP_FAILED);
	place->count = pages;
	for (struct place *p = places; p < places + PLACES; p++)
		CHECK(p == place || !p->address ||
		      place->address + len <= p->address ||
		      p->address + (size_t)p->count * PAGE <= place->address);
	CHECK(place->address + len <= base ||
	      place->address >= base + (size_t)PAGES * PAGE);
	place->first.value = place->last.value = 0;
	page_check(place->address, &place->first, 0);
	page_check(place->address, &place->last, pages - 1);
	page_write(place->address, &place->first, 0);
	place->last = place->first;
	if (pages > 1)
		page_write(place->address, &place->last, pages - 1);
}

static void place_empty(struct place *place)
{
	page_check(place->address, &place->first, 0);
	page_check(place->address, &place->last, place->count - 1);
	CHECK(munmap(place->address, (size_t)place->count * PAGE) == 0);
	place->address = NULL;
}

/* Runs with all of the model's pages mapped: nothing may come there. */
static void places_run(void)
{
	size_t len = (size_t)PAGES * PAGE;

	CHECK(mmap(base, len, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == base);
	for (step = 0; step < 2000; step++) {
		struct place *place = &places[any(PLACES)];

		if (place->address)
			place_empty(place);
		else
			place_fill(place);
	}
	for (struct place *place = places; place < places + PLACES; place++) {
		if (place->address)
			place_empty(place);
	}
	CHECK(munmap(base, len) == 0);
}

/* The heap grows and shrinks, by whole pages or not; new pages are zero. */
static void heap_run(void)
{
	uintptr_t begin = (uintptr_t)syscall(SYS_brk, 0), start, end;
	unsigned int pages = 0, more;

	start = (begin + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
	for (step = 0; step < 300; step++) {
		more = any(4) ? any(HEAP_PAGES) : any(HEAP_PAGES / 100);
		end = start + (uintptr_t)more * PAGE;
		if (more && any(2))
			end -= any(PAGE);
		CHECK((uintptr_t)syscall(SYS_brk, end) == end);
		for (; pages < more; pages++)
			heap[pages].value = 0;
		pages = more;
		for (int i = 0; i < 60 && pages; i++) {
			unsigned int page = any(pages);

			/* the last may be there in part only */
			if (page == pages - 1)
				continue;
			page_check((char *)start, &heap[page], page);
			page_write((char *)start, &heap[page], page);
		}
	}
	CHECK((uintptr_t)syscall(SYS_brk, begin) == begin);
}

/* Takes PAGES pages, aligned to 2 MiB, between two that are not writable. */
static void addresses_take(void)
{
	size_t len = (size_t)PAGES * PAGE, large = (size_t)LARGE * PAGE;
	char *start = mmap(NULL, len + 2 * large, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(start != MAP_FAILED);
	base = start + large - (uintptr_t)start % large;
	CHECK(munmap(base, len) == 0);
}

static long free_pages(void)
{
	struct sysinfo info;

	CHECK(sysinfo(&info) == 0);
	return (long)(info.freeram * info.mem_unit / PAGE);
}

/* Pages far apart, given back singly and all at once: page tables go, too. */
static void scattered_run(void)
{
	size_t distance = (size_t)1 << 30, pages = 500;
	long before = free_pages();
	char *p = mmap(NULL, distance * pages, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);
	for (size_t i = 0; i < pages; i++) {
		p[distance * i] = 1;
		if (i % 2)
			CHECK(madvise(p + distance * i, distance,
				      MADV_DONTNEED) == 0);
	}
	CHECK(munmap(p, distance * pages) == 0);
	if (exact)
		CHECK(free_pages() >= before - SLACK_PAGES);
}

int main(int argc, char **argv)
{
	static char buf[BUFSIZ]; /* no malloc, which would move the heap */
	unsigned long first, count;
	long free_before = 0;

	if (argc < 3)
		return 2;
	setvbuf(stdout, buf, _IOLBF, sizeof(buf));
	first = strtoul(argv[1], NULL, 0);
	count = strtoul(argv[2], NULL, 0);
	exact = argc > 3;
	addresses_take();
	for (seed = first; seed < first + count; seed++) {
		random_state = seed * 2 + 1;
		mappings_run();
		places_run();
		heap_run();
		scattered_run();
		/* the first seed's changes leave room for more areas */
		if (seed == first)
			free_before = free_pages();
		if (exact)
			CHECK(free_pages() >= free_before - SLACK_PAGES);
	}
	printf("%lu seeds\n", count);
	return 0;
}
