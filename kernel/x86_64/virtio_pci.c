/* SPDX-License-Identifier: MIT */
/*
 * virtio devices on the PCI bus 0 (VIRTIO 1.1, 4.1), as the firmware has set it
 * up. Capabilities tell where the registers are, also those of a transitional
 * device. It interrupts by a message (MSI-X: PCI 3.0, 6.8.2), which goes to the
 * local APIC directly, whatever pins and routes the machine has.
 */
#include "kernel/x86_64/internal.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define SLOTS	       32

#define VENDOR_VIRTIO	    0x1af4
#define DEVICE_MODERN	    0x1040 /* plus the kind */
#define DEVICE_TRANSITIONAL 0x1000 /* up to the next 63 */

enum pci_register {
	PCI_ID = 0x00,
	PCI_COMMAND = 0x04, /* and status */
	PCI_BAR = 0x10,
	PCI_SUBSYSTEM = 0x2c,
	PCI_CAPABILITIES = 0x34,
};

enum {
	COMMAND_MEMORY = 0x2,
	COMMAND_MASTER = 0x4,
	COMMAND_NO_PINS = 0x400,
	STATUS_CAPABILITIES = 0x100000,
	CAPABILITY_VENDOR = 0x09,
	CAPABILITY_MSIX = 0x11,
	CAPABILITIES_MAX = 48, /* more do not fit */
	VIRTIO_COMMON = 1,
	VIRTIO_NOTIFY = 2,
	VIRTIO_CONFIG = 4,
};

#define MSIX_ENABLE 0x80000000U
#define MSIX_MASK   0x40000000U
#define MSI_ADDRESS 0xfee00000U

/* Offsets in the common configuration. */
enum common_register {
	COMMON_FEATURES_SELECT = 0,
	COMMON_FEATURES = 4,
	COMMON_ACCEPTED_SELECT = 8,
	COMMON_ACCEPTED = 12,
	COMMON_CONFIG_VECTOR = 16,
	COMMON_STATUS = 20,
	COMMON_QUEUE_SELECT = 22,
	COMMON_QUEUE_SIZE = 24,
	COMMON_QUEUE_VECTOR = 26,
	COMMON_QUEUE_ENABLE = 28,
	COMMON_QUEUE_NOTIFY = 30,
	COMMON_TABLE = 32,
	COMMON_AVAIL = 40,
	COMMON_USED = 48,
	COMMON_SIZE = 56,
};

static uint32_t pci_get(unsigned slot, uint32_t reg)
{
	outl(CONFIG_ADDRESS, 0x80000000U | slot << 11 | (reg & 0xfc));
	return inl(CONFIG_DATA);
}

static void pci_set(unsigned slot, uint32_t reg, uint32_t value)
{
	outl(CONFIG_ADDRESS, 0x80000000U | slot << 11 | (reg & 0xfc));
	outl(CONFIG_DATA, value);
}

/* Where size bytes at offset of the BAR are, mapped; NULL if nowhere. */
static volatile uint8_t *bar_map(unsigned slot, unsigned bar, uint32_t offset,
				 uint32_t size)
{
	uint64_t start;
	uint32_t low;

	if (bar > 5)
		return NULL;
	low = pci_get(slot, PCI_BAR + 4 * bar);
	start = low & ~(uint64_t)0xf;
	if (low & 1) /* ports */
		return NULL;
	if ((low & 6) == 4 && bar < 5)
		start |= (uint64_t)pci_get(slot, PCI_BAR + 4 * bar + 4) << 32;
	start += offset;
	return mmu_map_device(start, size) ? (volatile uint8_t *)start : NULL;
}

/* One capability of virtio's: a part of the registers. */
static void part_map(struct virtio *device, unsigned slot, uint32_t at)
{
	unsigned kind = pci_get(slot, at) >> 24;
	unsigned bar = pci_get(slot, at + 4) & 0xff;
	uint32_t offset = pci_get(slot, at + 8);

	if (kind == VIRTIO_COMMON && !device->common)
		device->common = bar_map(slot, bar, offset, COMMON_SIZE);
	if (kind == VIRTIO_CONFIG && !device->config)
		device->config = bar_map(slot, bar, offset, PAGE_SIZE);
	if (kind == VIRTIO_NOTIFY && !device->doorbell) {
		device->doorbell = bar_map(slot, bar, offset, PAGE_SIZE);
		device->doorbell_step = pci_get(slot, at + 16);
	}
}

/* Has entry 0 of the table send VECTOR_VIRTIO. */
static bool msix_enable(unsigned slot, uint32_t at)
{
	uint32_t where = pci_get(slot, at + 4);
	volatile uint32_t *entry =
		(volatile uint32_t *)bar_map(slot, where & 7, where & ~7U, 16);

	if (!entry)
		return false;
	entry[0] = MSI_ADDRESS | apic_id() >> 24 << 12;
	entry[1] = 0;
	entry[2] = VECTOR_VIRTIO;
	entry[3] = 0;
	pci_set(slot, at, (pci_get(slot, at) | MSIX_ENABLE) & ~MSIX_MASK);
	return true;
}

/* Finds all that is needed of the device in a slot. */
static bool slot_map(struct virtio *device, unsigned slot)
{
	uint32_t command = pci_get(slot, PCI_COMMAND), at;
	bool interrupts = false;

	if (!(command & STATUS_CAPABILITIES))
		return false;
	pci_set(slot, PCI_COMMAND,
		(command & 0xffff) | COMMAND_MEMORY | COMMAND_MASTER |
			COMMAND_NO_PINS);
	at = pci_get(slot, PCI_CAPABILITIES) & 0xfc;
	for (int i = 0; at && i < CAPABILITIES_MAX; i++) {
		uint32_t head = pci_get(slot, at);

		if ((head & 0xff) == CAPABILITY_VENDOR)
			part_map(device, slot, at);
		else if ((head & 0xff) == CAPABILITY_MSIX)
			interrupts = msix_enable(slot, at);
		at = head >> 8 & 0xfc;
	}
	return interrupts && device->common && device->config &&
	       device->doorbell;
}

static uint32_t get32(const struct virtio *device, enum common_register reg)
{
	return *(volatile uint32_t *)(device->common + reg);
}

static void set32(struct virtio *device, enum common_register reg,
		  uint32_t value)
{
	*(volatile uint32_t *)(device->common + reg) = value;
}

static uint16_t get16(const struct virtio *device, enum common_register reg)
{
	return *(volatile uint16_t *)(device->common + reg);
}

static void set16(struct virtio *device, enum common_register reg,
		  uint16_t value)
{
	*(volatile uint16_t *)(device->common + reg) = value;
}

static void set_address(struct virtio *device, enum common_register reg,
			uintptr_t address)
{
	set32(device, reg, (uint32_t)address);
	set32(device, reg + 4, (uint32_t)(address >> 32));
}

static uint32_t pci_features(struct virtio *device, uint32_t word)
{
	set32(device, COMMON_FEATURES_SELECT, word);
	return get32(device, COMMON_FEATURES);
}

static void pci_features_set(struct virtio *device, uint32_t word,
			     uint32_t bits)
{
	set32(device, COMMON_ACCEPTED_SELECT, word);
	set32(device, COMMON_ACCEPTED, bits);
}

static uint8_t pci_status(struct virtio *device)
{
	return device->common[COMMON_STATUS];
}

static void pci_status_set(struct virtio *device, uint8_t status)
{
	device->common[COMMON_STATUS] = status;
}

/* A vector that reads back as something else could not be had: 4.1.5.1.2. */
static bool pci_queue_set(struct virtio *device, uint16_t size, uintptr_t table,
			  uintptr_t avail, uintptr_t used)
{
	uint32_t bell;

	set16(device, COMMON_CONFIG_VECTOR, 0);
	set16(device, COMMON_QUEUE_SELECT, 0);
	if (get16(device, COMMON_QUEUE_SIZE) < size)
		return false;
	set16(device, COMMON_QUEUE_SIZE, size);
	set16(device, COMMON_QUEUE_VECTOR, 0);
	if (get16(device, COMMON_QUEUE_VECTOR) != 0)
		return false;
	bell = get16(device, COMMON_QUEUE_NOTIFY) * device->doorbell_step;
	if (bell >= PAGE_SIZE)
		return false;
	device->doorbell += bell;
	set_address(device, COMMON_TABLE, table);
	set_address(device, COMMON_AVAIL, avail);
	set_address(device, COMMON_USED, used);
	set16(device, COMMON_QUEUE_ENABLE, 1);
	return true;
}

static void pci_notify(struct virtio *device)
{
	*(volatile uint16_t *)device->doorbell = 0;
}

/* A message needs none. */
static void pci_acknowledge(struct virtio *device)
{
	(void)device;
}

static const struct virtio_transport pci = {
	.features = pci_features,
	.features_set = pci_features_set,
	.status = pci_status,
	.status_set = pci_status_set,
	.queue_set = pci_queue_set,
	.notify = pci_notify,
	.acknowledge = pci_acknowledge,
};

/* Which kind of device is it? 0: not of virtio. */
static uint32_t kind_of(unsigned slot)
{
	uint32_t id = pci_get(slot, PCI_ID), number = id >> 16;

	if ((id & 0xffff) != VENDOR_VIRTIO)
		return 0;
	if (number >= DEVICE_MODERN)
		return number - DEVICE_MODERN;
	return number >= DEVICE_TRANSITIONAL
		       ? pci_get(slot, PCI_SUBSYSTEM) >> 16
		       : 0;
}

bool virtio_pci_find(struct virtio *device, uint32_t id, unsigned *place)
{
	while (*place < SLOTS) {
		unsigned slot = (*place)++;

		if (kind_of(slot) != id)
			continue;
		*device = (struct virtio){.transport = &pci};
		if (slot_map(device, slot))
			return true;
	}
	return false;
}
