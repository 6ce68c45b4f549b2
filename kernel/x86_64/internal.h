/* SPDX-License-Identifier: MIT */
/* What the files of kernel/x86_64/ share with one another only. */
#ifndef WHELK_KERNEL_X86_INTERNAL_H
#define WHELK_KERNEL_X86_INTERNAL_H

#include "kernel/internal.h"
#include "kernel/x86_64/x86.h"

/* Interrupt vectors above the exceptions'. */
enum {
	VECTOR_TIMER = 32,
	VECTOR_UART = 33,
	VECTOR_VIRTIO = 34,
	VECTOR_SPURIOUS = 47,
	VECTORS = 48,
};

/* What entry.S leaves on the stack; it keeps in step. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* boot.S, entry.S */
extern char boot_stack_guard[], boot_stack_top[];
extern char trap_stack_guard[], trap_stack_top[];
extern char trap_stubs[], syscall_entry[];
void trap_handle(struct trap_frame *frame);

/* cpu.c */
struct cpu_features {
	bool fsgsbase, rdrand, rdseed, large_pages, tsc_deadline, hypervisor;
};
const struct cpu_features *cpu_features(void);
bool cpu_hypervisor_is(const char *signature);

/* panic.c */
_Noreturn void panic_trap(const struct trap_frame *frame);
_Noreturn void panic_bus(const struct trap_frame *frame, int error);

/* clock.c */
void clock_reference_begin(void);
void clock_reference_end(void);
uint64_t clock_ticks_at(uint64_t deadline_ns);

/* rtc.c */
int64_t rtc_read(void);

/* timer.c */
uint32_t apic_id(void);
void apic_route(uint32_t pin, uint32_t vector);
uint32_t apic_timer_count(void);
void apic_timer_run(uint32_t count);
void apic_end_of_interrupt(void);

/* virtio.c */
struct virtio;
struct virtio_transport {
	uint32_t (*features)(struct virtio *device, uint32_t word);
	void (*features_set)(struct virtio *device, uint32_t word,
			     uint32_t bits);
	uint8_t (*status)(struct virtio *device);
	void (*status_set)(struct virtio *device, uint8_t status);
	/* Has the first queue, of at least size entries, lie at these addresses,
	 * and interrupt with VECTOR_VIRTIO; false if that is not to be had. */
	bool (*queue_set)(struct virtio *device, uint16_t size, uintptr_t table,
			  uintptr_t avail, uintptr_t used);
	void (*notify)(struct virtio *device);
	/* After an interrupt: so that there may be another one. */
	void (*acknowledge)(struct virtio *device);
};

/* A device, by the addresses of its registers. */
struct virtio {
	const struct virtio_transport *transport;
	volatile uint8_t *common;
	volatile uint8_t *config; /* what is of its kind */
	volatile uint8_t *doorbell;
	uint32_t doorbell_step; /* PCI: of queue_notify_off */
	uint32_t pin;		/* mmio: of the I/O APIC */
};

#define VIRTIO_ID_9P 9

/* virtio_mmio.c, virtio_pci.c: the device of that kind behind the one at *place
 * (0: the first), which moves on; false if there is none. */
bool virtio_mmio_find(struct virtio *device, uint32_t id, unsigned *place);
bool virtio_pci_find(struct virtio *device, uint32_t id, unsigned *place);

#endif
