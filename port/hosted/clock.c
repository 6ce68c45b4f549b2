/* SPDX-License-Identifier: MIT */
/*
 * The coarse clock, from Linux's vDSO: a small ELF shared object that Linux
 * maps into every process, whose functions read the time without a system
 * call (vdso(7)). Without it, the system call.
 */
#include "port/hosted/internal.h"

#include "abi/time.h"

#define PT_LOAD	   1
#define PT_DYNAMIC 2
#define DT_NULL	   0
#define DT_HASH	   4
#define DT_STRTAB  5
#define DT_SYMTAB  6

/* elf(5) */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_dynamic {
	int64_t tag;
	uint64_t value;
};

struct elf_symbol {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};

typedef int clock_function(int clock, struct timespec *ts);

/* immutable after clock_init: */
static clock_function *vdso_clock_gettime;

static bool is_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The vDSO's addresses count from bias. Returns its function name, or NULL. */
static const void *find_symbol(const struct elf_dynamic *dynamic,
			       uintptr_t bias, const char *name)
{
	const struct elf_symbol *symbols = NULL;
	const char *names = NULL;
	const uint32_t *hash = NULL;

	for (; dynamic->tag != DT_NULL; dynamic++) {
		const void *at = (const void *)(bias + dynamic->value);

		if (dynamic->tag == DT_STRTAB)
			names = at;
		else if (dynamic->tag == DT_SYMTAB)
			symbols = at;
		else if (dynamic->tag == DT_HASH)
			hash = at;
	}
	if (!names || !symbols || !hash)
		return NULL;
	/* hash[1] is the number of chains, which is that of symbols. */
	for (uint32_t i = 0; i < hash[1]; i++) {
		if (symbols[i].section &&
		    is_same(names + symbols[i].name, name))
			return (const void *)(bias + symbols[i].value);
	}
	return NULL;
}

void clock_init(const void *vdso)
{
	const struct elf_header *header = vdso;
	const struct elf_dynamic *dynamic = NULL;
	const struct elf_segment *segment;
	bool loaded = false;
	uintptr_t bias = 0;

	if (!vdso)
		return;
	segment = (const void *)((uintptr_t)vdso + header->phoff);
	for (int i = 0; i < header->phnum; i++, segment++) {
		if (segment->type == PT_LOAD && !loaded) {
			bias = (uintptr_t)vdso + segment->offset -
			       segment->vaddr;
			loaded = true;
		} else if (segment->type == PT_DYNAMIC) {
			dynamic = (const void *)((uintptr_t)vdso +
						 segment->offset);
		}
	}
	if (loaded && dynamic)
		vdso_clock_gettime = (clock_function *)(uintptr_t)find_symbol(
			dynamic, bias, "__vdso_clock_gettime");
}

void port_clock_coarse(int64_t *sec, uint32_t *nsec)
{
	struct timespec ts = {0, 0};

	if (!vdso_clock_gettime ||
	    vdso_clock_gettime(CLOCK_REALTIME_COARSE, &ts) != 0)
		host_syscall2(HOST_CLOCK_GETTIME, CLOCK_REALTIME_COARSE,
			      (long)&ts);
	*sec = ts.tv_sec;
	*nsec = (uint32_t)ts.tv_nsec;
}
