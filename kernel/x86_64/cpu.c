/* SPDX-License-Identifier: MIT */
/*
 * Sets a CPU up: descriptor tables, exception stacks, the vector and floating
 * point units, the `syscall` instruction; and knows what it can do.
 *
 * Everything runs in ring 0 with interrupts off, except in cpu_sleep.
 */
#include "kernel/x86_64/internal.h"

#define SELECTOR_CODE 0x08
#define SELECTOR_TSS  0x18

#define DIAGNOSTIC_PORT 0x80 /* reading it has no effect */

enum {
	/* Exceptions and interrupts; and those that may come in the middle
	 * of handling one, on the stack that starting up has left. */
	IST_TRAP = 1,
	IST_URGENT = 2,
};

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t ist[8]; /* ist[0] is reserved */
	uint16_t reserved2, iomap;
} __attribute__((packed));

struct idt_gate {
	uint16_t offset0, selector;
	uint8_t ist, type;
	uint16_t offset16;
	uint32_t offset32, reserved;
};

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct cpu {
	uint64_t gdt[5]; /* null, code, data, TSS (two words) */
	struct tss tss;
	struct cpu_features features;
};

static struct cpu cpu0;
static struct idt_gate idt[VECTORS];

static long no_handler(long n, long a, long b, long c, long d, long e, long f)
{
	(void)n, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -ENOSYS;
}

/* entry.S calls it. */
extern long (*syscall_handler)(long, long, long, long, long, long, long);
long (*syscall_handler)(long, long, long, long, long, long, long) = no_handler;

void kernel_syscall_handler_set(long (*handler)(long, long, long, long, long,
						long, long))
{
	syscall_handler = handler;
}

const struct cpu_features *cpu_features(void)
{
	return &cpu0.features;
}

static void features_find(struct cpu_features *features)
{
	uint32_t max = cpuid(0, 0).eax;
	uint32_t ecx = cpuid(1, 0).ecx;
	uint32_t ebx = max >= 7 ? cpuid(7, 0).ebx : 0;
	uint32_t edx = cpuid(0x80000001, 0).edx;

	features->rdrand = ecx >> 30 & 1;
	features->hypervisor = ecx >> 31 & 1;
	features->tsc_deadline = ecx >> 24 & 1;
	features->fsgsbase = ebx & 1;
	features->rdseed = ebx >> 18 & 1;
	features->large_pages = edx >> 26 & 1;
	kernel_assert(edx >> 20 & 1 && "the CPU has no-execute pages");
}

/* Is the hypervisor's CPUID signature this one of 12 bytes? */
bool cpu_hypervisor_is(const char *signature)
{
	struct cpuid r;
	uint32_t found[3];

	if (!cpu0.features.hypervisor)
		return false;
	r = cpuid(0x40000000, 0);
	found[0] = r.ebx;
	found[1] = r.ecx;
	found[2] = r.edx;
	return memcmp(found, signature, sizeof(found)) == 0;
}

static void gdt_init(struct cpu *cpu)
{
	uint64_t tss = (uintptr_t)&cpu->tss;
	struct table_pointer pointer = {sizeof(cpu->gdt) - 1,
					(uintptr_t)cpu->gdt};

	cpu->tss.ist[IST_TRAP] = (uintptr_t)trap_stack_top;
	cpu->tss.ist[IST_URGENT] = (uintptr_t)boot_stack_top;
	cpu->tss.iomap = sizeof(cpu->tss);
	cpu->gdt[1] = 0x00af9b000000ffff;
	cpu->gdt[2] = 0x00cf93000000ffff;
	cpu->gdt[3] = (sizeof(cpu->tss) - 1) | (tss & 0xffffff) << 16 |
		      (uint64_t)0x89 << 40 | (tss >> 24 & 0xff) << 56;
	cpu->gdt[4] = tss >> 32;
	__asm__ volatile("lgdt %0" : : "m"(pointer) : "memory");
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

static void idt_init(void)
{
	struct table_pointer pointer = {sizeof(idt) - 1, (uintptr_t)idt};
	uintptr_t stub;
	unsigned int i;

	for (i = 0; i < VECTORS; i++) {
		stub = (uintptr_t)trap_stubs + (uintptr_t)16 * i;
		idt[i].offset0 = (uint16_t)stub;
		idt[i].offset16 = (uint16_t)(stub >> 16);
		idt[i].offset32 = (uint32_t)(stub >> 32);
		idt[i].selector = SELECTOR_CODE;
		/* NMI, double fault, machine check */
		idt[i].ist =
			i == 2 || i == 8 || i == 18 ? IST_URGENT : IST_TRAP;
		idt[i].type = 0x8e; /* present, interrupts stay off */
	}
	__asm__ volatile("lidt %0" : : "m"(pointer) : "memory");
}

/* Turns on the vector units beyond SSE that there are, up to AVX-512. */
static void vectors_init(void)
{
	uint64_t offered;
	struct cpuid r;

	if (!(cpuid(1, 0).ecx >> 26 & 1))
		return;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	r = cpuid(0xd, 0);
	offered = r.eax & 0xe7; /* x87, SSE, AVX, AVX-512 */
	if ((offered & 0xe4) != 0xe4)
		offered &= 0x7;
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)offered), "d"(0));
}

void cpu_init(void)
{
	gdt_init(&cpu0);
	idt_init();
	features_find(&cpu0.features);
	vectors_init();
	if (cpu0.features.fsgsbase)
		write_cr4(read_cr4() | CR4_FSGSBASE);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
	wrmsr(MSR_STAR, (uint64_t)SELECTOR_CODE << 32);
	wrmsr(MSR_LSTAR, (uintptr_t)syscall_entry);
	wrmsr(MSR_SFMASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_AC);
}

void cpu_fs_base_set(uintptr_t base)
{
	if (cpu0.features.fsgsbase)
		__asm__ volatile("wrfsbase %0" : : "r"(base) : "memory");
	else
		wrmsr(MSR_FS_BASE, base);
}

uintptr_t cpu_fs_base(void)
{
	return rdmsr(MSR_FS_BASE);
}

/* The TSC after an access to a device, which takes now longer, now less. */
uint64_t cpu_jitter(void)
{
	(void)inb(DIAGNOSTIC_PORT);
	return rdtsc();
}

/* Stores a random number of the CPU's own source, if it has one. */
bool cpu_random(uint64_t *value)
{
	uint8_t ok = 0;
	int tries;

	for (tries = 0; tries < 16 && !ok; tries++) {
		if (cpu0.features.rdseed)
			__asm__ volatile("rdseed %0; setc %1"
					 : "=r"(*value), "=qm"(ok)
					 :
					 : "cc");
		if (!ok && cpu0.features.rdrand)
			__asm__ volatile("rdrand %0; setc %1"
					 : "=r"(*value), "=qm"(ok)
					 :
					 : "cc");
	}
	return ok;
}
