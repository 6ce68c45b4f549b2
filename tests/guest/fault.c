/* SPDX-License-Identifier: MIT */
/*
 * For tests/kernel.sh: does what must not be done, in a function of the name
 * given, which the report is to name.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FAULT __attribute__((noinline)) static void

static const int constant = 1;
static unsigned char code_in_data[] = {0xc3};

/* Not known to the compiler. */
static void *hidden(const void *address)
{
	void *p;

	__asm__ volatile("" : "=r"(p) : "0"(address));
	return p;
}

static void call(const void *address)
{
	void (*function)(void);

	memcpy(&function, &address, sizeof(function));
	function();
	__asm__ volatile(""); /* so that it is not a jump */
}

static unsigned char *page(int prot)
{
	return mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

FAULT null_write(void)
{
	*(volatile int *)hidden(NULL) = 1;
}

FAULT constant_write(void)
{
	*(volatile int *)hidden(&constant) = 2;
}

FAULT wild_read(void)
{
	(void)*(volatile int *)hidden((void *)0x123456789000);
}

FAULT noncanonical_read(void)
{
	(void)*(volatile int *)hidden((void *)0x8000000000000000);
}

FAULT reserved_read(void)
{
	(void)*(volatile int *)hidden(page(PROT_NONE));
}

FAULT protected_write(void)
{
	unsigned char *p = page(PROT_READ | PROT_WRITE);

	p[0] = 1;
	mprotect(p, 4096, PROT_READ);
	*(volatile int *)hidden(p) = 2;
}

/* What the CPU remembers of a mapping is forgotten with it. */
FAULT unmapped_read(void)
{
	unsigned char *p = page(PROT_READ | PROT_WRITE);

	p[0] = 1;
	munmap(p, 4096);
	(void)*(volatile int *)hidden(p);
}

FAULT moved_read(void)
{
	unsigned char *p = page(PROT_READ | PROT_WRITE);

	p[0] = 1;
	mremap(p, 4096, 2 * 4096UL, MREMAP_MAYMOVE | MREMAP_FIXED, p + 65536);
	(void)*(volatile int *)hidden(p);
}

/* A file of one page, mapped with two. */
FAULT mapped_read(void)
{
	int fd = open("/file", O_RDWR | O_CREAT, 0600);
	unsigned char *p;

	if (ftruncate(fd, 4096))
		return;
	p = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	(void)*(volatile char *)hidden(p + 4095);
	(void)*(volatile char *)hidden(p + 4096);
}

/* It may be read, which brings its page, but not written. */
FAULT mapped_write(void)
{
	int fd = open("/file", O_RDWR | O_CREAT, 0600);
	unsigned char *p;

	if (ftruncate(fd, 4096))
		return;
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	*(volatile int *)hidden(p) = *(volatile int *)hidden(p) + 1;
}

FAULT data_call(void)
{
	call(hidden(code_in_data));
}

FAULT stack_call(void)
{
	unsigned char code[] = {0xc3};

	call(hidden(code));
}

FAULT heap_call(void)
{
	unsigned char *code = hidden(malloc(1));

	*code = 0xc3;
	call(code);
}

/* Not the program's, but there. */
FAULT memory_call(void)
{
	call(hidden((void *)0x700000));
}

/* What may be executed can be, until it may not. */
FAULT page_call(void)
{
	unsigned char *code = page(PROT_READ | PROT_WRITE | PROT_EXEC);

	*code = 0xc3;
	call(hidden(code));
	mprotect(code, 4096, PROT_READ | PROT_WRITE);
	call(hidden(code));
}

FAULT null_call(void)
{
	call(hidden(NULL));
}

FAULT invalid_opcode(void)
{
	__asm__ volatile("ud2");
}

FAULT breakpoint(void)
{
	__asm__ volatile("int3");
}

FAULT lost_stack(void)
{
	__asm__ volatile("movabs $0x7777777777, %%rsp; push %%rax" ::
				 : "memory");
}

FAULT heap_overflow(void)
{
	char *p = hidden(malloc(100));

	memset(p, 1, 200);
	free(hidden(p));
	__asm__ volatile("");
}

/* Its frames are smaller than the guard, and it does not end. */
FAULT stack_overflow(void)
{
	volatile char frame[1000];

	frame[0] = 1;
	if (hidden(""))
		stack_overflow();
	frame[1] = frame[0];
}

#define WAY(function)               \
	{                           \
#function, function \
	}

static const struct {
	const char *name;
	void (*function)(void);
} ways[] = {
	WAY(unmapped_read),  WAY(moved_read),	   WAY(null_write),
	WAY(constant_write), WAY(wild_read),	   WAY(noncanonical_read),
	WAY(reserved_read),  WAY(protected_write), WAY(data_call),
	WAY(stack_call),     WAY(heap_call),	   WAY(memory_call),
	WAY(page_call),	     WAY(null_call),	   WAY(invalid_opcode),
	WAY(breakpoint),     WAY(lost_stack),	   WAY(heap_overflow),
	WAY(stack_overflow), WAY(mapped_read),	   WAY(mapped_write),
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (argc > 1 && !strcmp(argv[1], ways[i].name))
			ways[i].function();
	}
	puts("still here");
	return 0;
}
