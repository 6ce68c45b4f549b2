/* SPDX-License-Identifier: MIT */
/*
 * For tests/kernel.sh: uses up all memory, in the way that is named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

/* Takes blocks and fills each, until there are no more. Then there is memory
 * again, if some of it is given back. */
static int fill_blocks(size_t size)
{
	void **last = NULL, **block;
	size_t count = 0;

	while ((block = malloc(size)) != NULL) {
		memset(block, 1, size);
		*block = (void *)last;
		last = block;
		count++;
	}
	for (block = last; block; block = last) {
		last = *block;
		free(block);
	}
	block = malloc(size * (count / 2));
	if (!block)
		return 1;
	memset(block, 1, size * (count / 2));
	printf("%zu MiB\n", size * count / MIB);
	return 0;
}

/* Touches pages so far apart that each needs page tables of its own. */
static int fill_pages(size_t distance)
{
	size_t room = (size_t)1 << 45, at;
	char *p = mmap(NULL, room, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	for (at = 0; at < room; at += distance) {
		if (mmap(p + at, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) == MAP_FAILED)
			break;
		p[at] = 1;
	}
	if (at == room)
		return 1;
	munmap(p, room);
	puts("refused");
	return 0;
}

/* Two mappings of which either could be filled, and both can not. */
__attribute__((noinline)) static void fill_both(void)
{
	size_t size = 40 * MIB;
	volatile char *a = malloc(size), *b = malloc(size);

	for (size_t i = 0; a && b && i < size; i += 4096)
		a[i] = b[i] = 1;
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	size_t number = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;

	if (!strcmp(way, "blocks"))
		return fill_blocks(number);
	if (!strcmp(way, "pages"))
		return fill_pages(number);
	if (!strcmp(way, "both"))
		fill_both();
	puts("still here");
	return 2;
}
