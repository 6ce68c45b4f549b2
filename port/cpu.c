/* SPDX-License-Identifier: MIT */
/*
 * The processor by CPUID ("Intel 64 and IA-32 Architectures Software
 * Developer's Manual", volume 2A; "AMD64 Architecture Programmer's Manual",
 * volume 3, appendix E), with the names that Linux has for features.
 */
#include "port/cpu.h"

#include <stddef.h>

/* Where a feature's bit is. */
enum word { WORD_1D, WORD_1C, WORD_7B, WORD_7C, WORD_EXT_D, WORD_EXT_C };

static const struct {
	uint8_t word, bit;
	char name[14];
} flags[] = {
	{WORD_1D, 0, "fpu"},	     {WORD_1D, 4, "tsc"},
	{WORD_1D, 5, "msr"},	     {WORD_1D, 6, "pae"},
	{WORD_1D, 8, "cx8"},	     {WORD_1D, 9, "apic"},
	{WORD_1D, 11, "sep"},	     {WORD_1D, 13, "pge"},
	{WORD_1D, 15, "cmov"},	     {WORD_1D, 16, "pat"},
	{WORD_1D, 19, "clflush"},    {WORD_1D, 23, "mmx"},
	{WORD_1D, 24, "fxsr"},	     {WORD_1D, 25, "sse"},
	{WORD_1D, 26, "sse2"},	     {WORD_1D, 28, "ht"},
	{WORD_EXT_D, 11, "syscall"}, {WORD_EXT_D, 20, "nx"},
	{WORD_EXT_D, 26, "pdpe1gb"}, {WORD_EXT_D, 27, "rdtscp"},
	{WORD_EXT_D, 29, "lm"},	     {WORD_1C, 0, "pni"},
	{WORD_1C, 1, "pclmulqdq"},   {WORD_1C, 9, "ssse3"},
	{WORD_1C, 12, "fma"},	     {WORD_1C, 13, "cx16"},
	{WORD_1C, 17, "pcid"},	     {WORD_1C, 19, "sse4_1"},
	{WORD_1C, 20, "sse4_2"},     {WORD_1C, 21, "x2apic"},
	{WORD_1C, 22, "movbe"},	     {WORD_1C, 23, "popcnt"},
	{WORD_1C, 25, "aes"},	     {WORD_1C, 26, "xsave"},
	{WORD_1C, 28, "avx"},	     {WORD_1C, 29, "f16c"},
	{WORD_1C, 30, "rdrand"},     {WORD_1C, 31, "hypervisor"},
	{WORD_EXT_C, 0, "lahf_lm"},  {WORD_EXT_C, 5, "abm"},
	{WORD_EXT_C, 6, "sse4a"},    {WORD_7B, 0, "fsgsbase"},
	{WORD_7B, 3, "bmi1"},	     {WORD_7B, 5, "avx2"},
	{WORD_7B, 7, "smep"},	     {WORD_7B, 8, "bmi2"},
	{WORD_7B, 9, "erms"},	     {WORD_7B, 10, "invpcid"},
	{WORD_7B, 16, "avx512f"},    {WORD_7B, 18, "rdseed"},
	{WORD_7B, 19, "adx"},	     {WORD_7B, 20, "smap"},
	{WORD_7B, 23, "clflushopt"}, {WORD_7B, 24, "clwb"},
	{WORD_7B, 29, "sha_ni"},     {WORD_7B, 30, "avx512bw"},
	{WORD_7B, 31, "avx512vl"},   {WORD_7C, 2, "umip"},
	{WORD_7C, 8, "gfni"},	     {WORD_7C, 9, "vaes"},
};

static void cpuid(uint32_t leaf, uint32_t regs[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]),
			   "=d"(regs[3])
			 : "a"(leaf), "c"(0));
}

/* Appends the bytes of a register. */
static char *bytes_add(char *to, uint32_t reg)
{
	for (int i = 0; i < 4; i++)
		*to++ = (char)(reg >> 8 * i);
	return to;
}

/* The brand string without the spaces that it may begin with. */
static void name_get(char *name)
{
	uint32_t regs[4];
	char text[49], *to = text;
	const char *from = text;

	for (uint32_t leaf = 0x80000002; leaf <= 0x80000004; leaf++) {
		cpuid(leaf, regs);
		for (int i = 0; i < 4; i++)
			to = bytes_add(to, regs[i]);
	}
	*to = '\0';
	while (*from == ' ')
		from++;
	while ((*name++ = *from++) != '\0')
		;
}

void port_cpu_get(struct port_cpu *cpu)
{
	uint32_t regs[4], max;

	*cpu = (struct port_cpu){.name = "unknown"};
	cpuid(0, regs);
	max = regs[0];
	bytes_add(bytes_add(bytes_add(cpu->vendor, regs[1]), regs[3]), regs[2]);
	cpuid(1, regs);
	cpu->stepping = regs[0] & 15;
	cpu->model = (regs[0] >> 4 & 15) | (regs[0] >> 12 & 0xf0);
	cpu->family = regs[0] >> 8 & 15;
	if (cpu->family == 15)
		cpu->family += regs[0] >> 20 & 255;
	else if (cpu->family != 6)
		cpu->model &= 15;
	cpu->features[WORD_1D] = regs[3];
	cpu->features[WORD_1C] = regs[2];
	if (max >= 7) {
		cpuid(7, regs);
		cpu->features[WORD_7B] = regs[1];
		cpu->features[WORD_7C] = regs[2];
	}
	cpuid(0x80000001, regs);
	cpu->features[WORD_EXT_D] = regs[3];
	cpu->features[WORD_EXT_C] = regs[2];
	cpuid(0x80000000, regs);
	if (regs[0] >= 0x80000004)
		name_get(cpu->name);
}

const char *port_cpu_flag(const struct port_cpu *cpu, unsigned i)
{
	if (i >= sizeof(flags) / sizeof(*flags))
		return NULL;
	return cpu->features[flags[i].word] >> flags[i].bit & 1 ? flags[i].name
								: "";
}
