/* SPDX-License-Identifier: MIT */
/* What the processor says of itself, for /proc/cpuinfo; the same in all homes. */
#ifndef WHELK_PORT_CPU_H
#define WHELK_PORT_CPU_H

#include <stdint.h>

struct port_cpu {
	char vendor[13];
	char name[49];
	unsigned family, model, stepping;
	uint32_t features[6]; /* words of CPUID: see cpu.c */
};

void port_cpu_get(struct port_cpu *cpu);

/* The name of feature i of those known: "" if cpu does not have it, NULL after
 * the last. */
const char *port_cpu_flag(const struct port_cpu *cpu, unsigned i);

#endif
