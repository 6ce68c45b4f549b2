/* SPDX-License-Identifier: MIT */
/*
 * For tests/kernel.sh: what the calls about memory answer, one by one. Prints
 * each that does not answer as Linux does; says "sizes" when asked how much
 * memory there is, in MiB, after touching some of it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE	((size_t)4096)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW	(PROT_READ | PROT_WRITE)

static int failures;

#define CHECK(expr) ((expr) ? (void)0 : fail(__LINE__, #expr))

static void fail(int line, const char *expr)
{
	int error = errno;

	printf("line %d: false: %s (%s)\n", line, expr, strerror(error));
	failures++;
}

/* The call must fail so. mmap and mremap return MAP_FAILED, which is -1 too. */
#define FAILS(error, call)                                         \
	do {                                                       \
		errno = 0;                                         \
		CHECK((intptr_t)(call) == -1 && errno == (error)); \
	} while (0)

static char *map(void *at, size_t len, int flags)
{
	char *address = mmap(at, len, RW, PRIVATE | flags, -1, 0);

	CHECK(address != MAP_FAILED);
	return address;
}

static void test_mmap(void)
{
	char *p = map(NULL, 5 * PAGE, 0);

	FAILS(EINVAL, mmap(NULL, 0, RW, PRIVATE, -1, 0));
	FAILS(EINVAL, mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
	FAILS(EINVAL, mmap(p + 1, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0));
	FAILS(ENOMEM, mmap(NULL, SIZE_MAX, RW, PRIVATE, -1, 0));
	FAILS(ENOMEM, mmap(NULL, SIZE_MAX & ~(PAGE - 1), RW, PRIVATE, -1, 0));
	FAILS(ENOMEM, mmap(NULL, (size_t)1 << 46, RW, PRIVATE, -1, 0));
	FAILS(EEXIST,
	      mmap(p + PAGE, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0));
	/* as many addresses as one likes, if they need not be memory */
	p = mmap(NULL, (size_t)1 << 40, RW, PRIVATE | MAP_NORESERVE, -1, 0);
	CHECK(p != MAP_FAILED);
	p[(size_t)1 << 39] = 1;
	CHECK(p[((size_t)1 << 39) - 1] == 0);
	CHECK(munmap(p, (size_t)1 << 40) == 0);
	/* whole pages, all zero, and shared alike */
	p = map(NULL, PAGE + 1, 0);
	p[2 * PAGE - 1] = 1;
	CHECK(mmap(p, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == p);
	CHECK(p[0] == 0 && p[2 * PAGE - 1] == 1);
}

static void test_munmap(void)
{
	char *p = map(NULL, 5 * PAGE, 0);

	memset(p, 7, 5 * PAGE);
	FAILS(EINVAL, munmap(p, 0));
	FAILS(EINVAL, munmap(p + 1, PAGE));
	FAILS(EINVAL, munmap(p, SIZE_MAX));
	FAILS(EINVAL, munmap((void *)(UINTPTR_MAX & ~(PAGE - 1)), PAGE));
	CHECK(munmap(p + PAGE, 1) == 0);
	CHECK(munmap(p + PAGE, PAGE) == 0); /* nothing there is no error */
	CHECK(p[PAGE - 1] == 7 && p[2 * PAGE] == 7);
	CHECK(map(p + PAGE, PAGE, MAP_FIXED_NOREPLACE) == p + PAGE);
	CHECK(p[PAGE] == 0);
	CHECK(munmap(p, 5 * PAGE) == 0);
}

static void test_mprotect(void)
{
	char *p = map(NULL, 3 * PAGE, 0);

	p[2 * PAGE] = 7;
	/* libc's mprotect rounds */
	FAILS(EINVAL, syscall(SYS_mprotect, p + 1, PAGE, PROT_READ));
	FAILS(EINVAL, mprotect(p, PAGE, 0x4000));
	CHECK(mprotect(p, 0, PROT_READ) == 0);
	CHECK(mprotect(p + 2 * PAGE, PAGE, PROT_NONE) == 0);
	CHECK(mprotect(p + 2 * PAGE, 1, RW) == 0);
	CHECK(p[2 * PAGE] == 7);
	CHECK(munmap(p, PAGE) == 0);
	FAILS(ENOMEM, mprotect(p, 2 * PAGE, PROT_READ));
	p[PAGE] = 1;
}

static void test_madvise(void)
{
	char *p = map(NULL, 4 * PAGE, 0);

	memset(p, 7, 4 * PAGE);
	FAILS(EINVAL, madvise(p, PAGE, 99));
	FAILS(EINVAL, madvise(p + 1, PAGE, MADV_DONTNEED));
	CHECK(madvise(p, 0, MADV_DONTNEED) == 0);
	CHECK(madvise(p, PAGE, MADV_WILLNEED) == 0);
	CHECK(madvise(p, PAGE, MADV_HUGEPAGE) == 0 && p[0] == 7);
	CHECK(madvise(p + PAGE, PAGE, MADV_DONTNEED) == 0);
	CHECK(p[PAGE] == 0 && p[2 * PAGE] == 7);
	CHECK(munmap(p, PAGE) == 0);
	FAILS(ENOMEM, madvise(p, 3 * PAGE, MADV_DONTNEED));
	FAILS(ENOMEM, madvise(p, 3 * PAGE, MADV_NORMAL));
	FAILS(ENOMEM, madvise(p, PAGE, 22)); /* MADV_POPULATE_READ */
	p += 2 * PAGE;
	CHECK(madvise(p, PAGE, 22) == 0 && madvise(p, PAGE, 23) == 0);
	CHECK(mprotect(p, PAGE, PROT_READ) == 0);
	CHECK(madvise(p, PAGE, 22) == 0);
	FAILS(EINVAL, madvise(p, PAGE, 23)); /* MADV_POPULATE_WRITE */
	CHECK(mprotect(p, PAGE, PROT_NONE) == 0);
	FAILS(EINVAL, madvise(p, PAGE, 22));
}

static void test_mremap(void)
{
	char *p = map(NULL, 8 * PAGE, 0), *q;

	p[0] = 1;
	p[4 * PAGE] = 5;
	FAILS(EINVAL, mremap(p + 1, PAGE, PAGE, 0));
	FAILS(EINVAL, mremap(p, PAGE, 0, 0));
	FAILS(EINVAL, mremap(p, PAGE, PAGE, 0x100));
	FAILS(EINVAL, mremap(p, PAGE, PAGE, MREMAP_FIXED, p));
	FAILS(EINVAL, mremap(p, 2 * PAGE, 2 * PAGE,
			     MREMAP_FIXED | MREMAP_MAYMOVE, p + PAGE));
	FAILS(ENOMEM, mremap(p, PAGE, 2 * PAGE, 0));
	CHECK(mremap(p, 8 * PAGE, 5 * PAGE, 0) == p);
	q = mremap(p, 5 * PAGE, 5000 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && q[0] == 1 && q[4 * PAGE] == 5);
	CHECK(q[5 * PAGE] == 0 && q[4999 * PAGE] == 0);
	CHECK(munmap(q, PAGE) == 0);
	FAILS(EFAULT, mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	FAILS(EFAULT, mremap(q, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE));
	CHECK(munmap(q, 5000 * PAGE) == 0);
}

static void test_brk(void)
{
	uintptr_t start = (uintptr_t)syscall(SYS_brk, 0);
	char *p = (char *)start;
	size_t bad = 0;

	CHECK((uintptr_t)syscall(SYS_brk, start + 1000000) == start + 1000000);
	memset(p, 1, 1000000);
	CHECK((uintptr_t)syscall(SYS_brk, start) == start);
	CHECK((uintptr_t)syscall(SYS_brk, start + 1000000) == start + 1000000);
	for (size_t i = PAGE; i < 1000000 - PAGE; i++)
		bad += p[i] != 0;
	CHECK(bad == 0);
	CHECK((uintptr_t)syscall(SYS_brk, start) == start);
	CHECK((uintptr_t)syscall(SYS_brk, start + ((size_t)1 << 45)) == start);
	CHECK((uintptr_t)syscall(SYS_brk, 1) == start);
}

/* A pattern in half of what is free, and at most 300 MiB. */
static int sizes(void)
{
	struct sysinfo info;
	size_t words, i;
	uint64_t *p;

	CHECK(sysinfo(&info) == 0);
	words = info.freeram / 2 / sizeof(*p);
	if (words > (size_t)300 << 17)
		words = (size_t)300 << 17;
	p = malloc(words * sizeof(*p));
	CHECK(p);
	for (i = 0; p && i < words; i += PAGE / sizeof(*p) / 2)
		p[i] = (uintptr_t)&p[i];
	for (i = 0; p && i < words; i += PAGE / sizeof(*p) / 2)
		CHECK(p[i] == (uintptr_t)&p[i]);
	free(p);
	printf("%lu\n", info.totalram >> 20);
	return failures != 0;
}

int main(int argc, char **argv)
{
	static char buf[BUFSIZ]; /* no malloc, which would move the heap */

	setvbuf(stdout, buf, _IOLBF, sizeof(buf));
	if (argc > 1 && !strcmp(argv[1], "sizes"))
		return sizes();
	test_mmap();
	test_munmap();
	test_mprotect();
	test_madvise();
	test_mremap();
	test_brk();
	return failures != 0;
}
