/* SPDX-License-Identifier: MIT */
/*
 * Takes memory, writes to it, and gives it back. A virtual machine's host may
 * have taken free memory away; to bring it back can take longer than all that
 * is measured, and would count for whoever touches it first.
 *
 * Usage: warm MIB
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int main(int argc, char *argv[])
{
	size_t size = argc == 2 ? (size_t)atol(argv[1]) << 20 : 0;
	char *p;

	if (!size) {
		fprintf(stderr, "usage: warm MIB\n");
		return 2;
	}
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		perror("warm");
		return 1;
	}
	(void)madvise(p, size, MADV_HUGEPAGE);
	memset(p, 1, size);
	return 0;
}
