/* SPDX-License-Identifier: MIT */
/*
 * The stack that a process starts with (System V ABI, AMD64 supplement,
 * 3.4.1): from the stack pointer up argc, argv, NULL, environment, NULL, the
 * auxiliary vector, then the strings.
 */
#include "port/guest/internal.h"

enum {
	AT_NULL = 0,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_PAGESZ = 6,
	AT_BASE = 7,
	AT_FLAGS = 8,
	AT_ENTRY = 9,
	AT_UID = 11,
	AT_EUID = 12,
	AT_GID = 13,
	AT_EGID = 14,
	AT_PLATFORM = 15,
	AT_HWCAP = 16,
	AT_CLKTCK = 17,
	AT_SECURE = 23,
	AT_RANDOM = 25,
	AT_EXECFN = 31,
	AUX_COUNT = 18,
};

/* The ELF header (System V ABI, 4), which is at the image's beginning. */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

extern const char image_start[];
_Noreturn void _start(void);

static uint64_t *aux_put(uint64_t *aux, uint64_t type, uint64_t value)
{
	aux[0] = type;
	aux[1] = value;
	return aux + 2;
}

static void aux_build(uint64_t *aux, const char *random, const char *name,
		      const char *platform)
{
	const struct elf_header *elf = (const void *)image_start;
	uint32_t eax = 1, ebx, ecx = 0, edx;

	__asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	aux = aux_put(aux, AT_PHDR, (uintptr_t)image_start + elf->phoff);
	aux = aux_put(aux, AT_PHENT, elf->phentsize);
	aux = aux_put(aux, AT_PHNUM, elf->phnum);
	aux = aux_put(aux, AT_PAGESZ, PAGE_SIZE);
	aux = aux_put(aux, AT_BASE, 0);
	aux = aux_put(aux, AT_FLAGS, 0);
	aux = aux_put(aux, AT_ENTRY, (uintptr_t)_start);
	aux = aux_put(aux, AT_UID, 0);
	aux = aux_put(aux, AT_EUID, 0);
	aux = aux_put(aux, AT_GID, 0);
	aux = aux_put(aux, AT_EGID, 0);
	aux = aux_put(aux, AT_PLATFORM, (uintptr_t)platform);
	aux = aux_put(aux, AT_HWCAP, edx);
	aux = aux_put(aux, AT_CLKTCK, 100);
	aux = aux_put(aux, AT_SECURE, 0);
	aux = aux_put(aux, AT_RANDOM, (uintptr_t)random);
	aux = aux_put(aux, AT_EXECFN, (uintptr_t)name);
	aux_put(aux, AT_NULL, 0);
}

/* Builds it below top, from a command line whose options have been parsed.
 * Returns the stack pointer. */
void *stack_build(const char *line, const struct cmdline_options *options,
		  void *top)
{
	static const char platform[] = "x86_64", unnamed[] = "whelk";
	size_t args = options->arg_count ? options->arg_count : 1;
	size_t words =
		1 + args + 1 + options->env_count + 1 + (size_t)2 * AUX_COUNT;
	char *random = (char *)top - 16, *text, **argv, **env;
	uint64_t *sp;

	text = random - sizeof(platform) - sizeof(unnamed) - options->text_size;
	sp = (uint64_t *)((uintptr_t)text & ~(uintptr_t)15);
	sp -= (words + 1) & ~(size_t)1;
	argv = (char **)(sp + 1);
	env = argv + args + 1;

	sp[0] = args;
	kernel_random(random, 16);
	argv[0] = memcpy(random - sizeof(unnamed), unnamed, sizeof(unnamed));
	memcpy(text, platform, sizeof(platform));
	cmdline_decode(line, text + sizeof(platform), argv, env);
	argv[args] = NULL;
	env[options->env_count] = NULL;
	aux_build((uint64_t *)(env + options->env_count + 1), random, argv[0],
		  text);
	return sp;
}
