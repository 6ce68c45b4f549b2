/* SPDX-License-Identifier: MIT */
/*
 * Memory: brk(2), anonymous mmap(2) and what can be done with it, and malloc(3)
 * above. Addresses are said relative to one another.
 */
#include "transcript.h"

#include <sys/mman.h>

#define PAGE 4096UL

static bool zero(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i])
			return false;
	}
	return true;
}

static void heap(void)
{
	char *start = (char *)syscall(SYS_brk, 0);

	say("page %lu", (unsigned long)start % PAGE);
	say("%ld", (long)((char *)syscall(SYS_brk, start + 100000) - start));
	say("zero %d", zero(start, 100000));
	memset(start, 1, 100000);
	say("%ld", (long)((char *)syscall(SYS_brk, start + 5000) - start));
	say("kept %d", start[4999]);
	say("%ld", (long)((char *)syscall(SYS_brk, start + 200000) - start));
	/* What was given back is zero when it comes again. */
	say("zero %d", zero(start + 2 * PAGE, 100000));
	say("%ld", (long)((char *)syscall(SYS_brk, NULL) - start));
	say("%ld", (long)((char *)syscall(SYS_brk, (void *)-1) - start));
	say("%ld", (long)((char *)syscall(SYS_brk, (void *)1) - start));
	say("%ld", (long)((char *)syscall(SYS_brk, start) - start));
}

static char *map(void *at, size_t len, int prot, int flags)
{
	return mmap(at, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* Says "failed" with the error, or the address relative to base. */
static void at_said(const char *what, const char *p, const char *base)
{
	if (p == MAP_FAILED)
		say("%s: %s", what, error_name(errno));
	else
		say("%s: %ld", what, base ? (long)(p - base) : 0);
}

static void maps(void)
{
	char *p, *q;

	p = map(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, 0);
	at_said("ten pages", p, NULL);
	say("page %lu zero %d", (unsigned long)p % PAGE, zero(p, 10 * PAGE));
	memset(p, 7, 10 * PAGE);
	CALL(munmap(p + 3 * PAGE, 2 * PAGE));
	CALL(munmap(p + 3 * PAGE, 2 * PAGE));
	CALL(munmap(p + 1, PAGE));
	CALL(munmap(p, 0));
	CALL(munmap((void *)-PAGE, PAGE));
	q = map(p + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED);
	at_said("fixed, in the hole", q, p);
	say("zero %d, around %d %d", zero(q, PAGE), q[-1], q[2 * PAGE]);
	q = map(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED);
	at_said("fixed, over something", q, p);
	say("zero %d, around %d %d", zero(q, PAGE), q[-1], q[PAGE]);
	q = map(p + 2 * PAGE, PAGE, PROT_READ, 0x100000);
	at_said("fixed, not over something", q, p);
	q = map(p + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE, 0x100000);
	at_said("fixed, not over something, in the hole", q, p);
	q = map(p + 1, PAGE, PROT_READ, MAP_FIXED);
	at_said("fixed, not at a page", q, p);
	q = map(NULL, 0, PROT_READ, 0);
	at_said("nothing", q, p);
	q = map(NULL, (size_t)1 << 60, PROT_READ, 0);
	at_said("too much", q, p);
	q = map(NULL, (size_t)-1, PROT_READ, 0);
	at_said("far too much", q, p);
	q = mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0);
	at_said("neither shared nor private", q, p);
	q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED,
		 -1, 0);
	at_said("shared", q, NULL);
	q[0] = 1;
	CALL(munmap(q, PAGE));
	q = (char *)syscall(SYS_mmap, NULL, PAGE, PROT_READ,
			    MAP_ANONYMOUS | MAP_PRIVATE, -1, 100L);
	at_said("offset", q, NULL);
	/* A hint that is not to be followed exactly. */
	q = map((char *)(((unsigned long)p & -PAGE) + 1), PAGE, PROT_READ, 0);
	say("elsewhere %d", q != MAP_FAILED && (q < p || q >= p + 10 * PAGE));
	CALL(munmap(q, PAGE));
	CALL(munmap(p, 10 * PAGE));
	/* A length that is not whole pages. */
	p = map(NULL, 5000, PROT_READ | PROT_WRITE, 0);
	p[2 * PAGE - 1] = 1;
	CALL(munmap(p, 4097));
	CALL(madvise(p, PAGE, MADV_DONTNEED));
}

static void protect(void)
{
	char *p = map(NULL, 4 * PAGE, PROT_NONE, 0);

	CALL(mprotect(p, 2 * PAGE, PROT_READ | PROT_WRITE));
	say("zero %d", zero(p, 2 * PAGE));
	memset(p, 5, 2 * PAGE);
	CALL(mprotect(p, 4 * PAGE, PROT_READ));
	say("%d %d", p[0], p[3 * PAGE]);
	/* raw: musl rounds down */
	CALL(syscall(SYS_mprotect, p + 1, PAGE, PROT_READ));
	CALL(mprotect(p, 0, PROT_READ));
	CALL(mprotect(p, PAGE, 0x100));
	CALL(mprotect(p, 4 * PAGE, PROT_READ | PROT_WRITE));
	CALL(madvise(p, PAGE, MADV_DONTNEED));
	say("zero %d kept %d", zero(p, PAGE), p[PAGE]);
	CALL(madvise(p + 1, PAGE, MADV_DONTNEED));
	CALL(madvise(p, PAGE, MADV_NORMAL));
	CALL(madvise(p, PAGE, MADV_WILLNEED));
	CALL(madvise(p, PAGE, 9999));
	CALL(madvise(p, 0, MADV_DONTNEED));
	CALL(munmap(p + PAGE, PAGE));
	CALL(mprotect(p, 4 * PAGE, PROT_READ));
	CALL(mprotect(p + PAGE, PAGE, PROT_READ));
	CALL(madvise(p, 4 * PAGE, MADV_DONTNEED));
	CALL(munmap(p, 4 * PAGE));
	CALL(munmap(p, 4 * PAGE));
}

static void remap(void)
{
	char *p = map(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, 0), *q;

	memset(p, 3, 4 * PAGE);
	q = mremap(p, 4 * PAGE, 2 * PAGE, 0);
	at_said("shrunk", q, p);
	q = mremap(p, 2 * PAGE, 3 * PAGE, 0);
	at_said("grown in place", q, p);
	say("%d %d", p[2 * PAGE - 1], p[2 * PAGE]);
	/* Something in the way. */
	q = map(p + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED);
	at_said("in the way", q, p);
	q = mremap(p, 3 * PAGE, 10 * PAGE, 0);
	at_said("no room", q, p);
	q = mremap(p, 3 * PAGE, 10 * PAGE, MREMAP_MAYMOVE);
	say("moved %d", q != MAP_FAILED && q != p);
	say("%d %d %d", q[0], q[2 * PAGE - 1], q[9 * PAGE]);
	CALL(mprotect(p, PAGE, PROT_READ));
	p = map(NULL, 20 * PAGE, PROT_READ | PROT_WRITE, 0);
	p = mremap(q, 10 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   p + PAGE);
	say("%d %d", p != MAP_FAILED, p[0]);
	at_said("not a page", mremap(p + 1, PAGE, PAGE, 0), p);
	at_said("to nothing", mremap(p, PAGE, 0, 0), p);
	at_said("unknown flag", mremap(p, PAGE, PAGE, 64), p);
	at_said("fixed without maymove",
		mremap(p, PAGE, PAGE, MREMAP_FIXED, p + PAGE), p);
	at_said("overlapping",
		mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE,
		       p + PAGE),
		p);
	CALL(munmap(p, 5 * PAGE));
	at_said("nothing there", mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE), p);
}

/* Blocks of random sizes, each filled with its own number. */
static void allocations(void)
{
	static unsigned char *blocks[1000];
	static size_t sizes[1000];
	uint32_t state = 1, wrong = 0;

	for (int i = 0; i < 100000; i++) {
		uint32_t n = sequence(&state, 1000);
		size_t size =
			sequence(&state, sequence(&state, 50) ? 500 : 300000);

		for (size_t j = 0; j < sizes[n]; j += 97)
			wrong += blocks[n][j] != (n & 0xff);
		if (sequence(&state, 3) == 0) {
			free(blocks[n]);
			blocks[n] = calloc(1, size);
			for (size_t j = 0; blocks[n] && j < size; j += 97)
				wrong += blocks[n][j] != 0;
		} else {
			blocks[n] = realloc(blocks[n], size + 1);
		}
		must(blocks[n] || size == 0, "malloc");
		sizes[n] = size;
		if (size)
			memset(blocks[n], (int)(n & 0xff), size);
	}
	say("%u wrong", wrong);
	CALL(malloc((size_t)-1 >> 1) != NULL);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	heap();
	maps();
	protect();
	remap();
	allocations();
	return 0;
}
