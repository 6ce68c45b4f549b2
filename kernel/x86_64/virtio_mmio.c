/* SPDX-License-Identifier: MIT */
/*
 * virtio devices of QEMU's microvm: a row of register blocks at fixed addresses,
 * each with its own pin of the I/O APIC (VIRTIO 1.1, 4.2). Those of the older
 * layout (version 1) are passed over; the runner asks for the newer.
 */
#include "kernel/x86_64/internal.h"

#define MMIO_BASE  0xfeb00000UL
#define MMIO_SIZE  0x200UL
#define MMIO_COUNT 8
#define MMIO_PIN   5 /* of the first */
#define MMIO_MAGIC 0x74726976

enum mmio_register {
	MMIO_MAGIC_VALUE = 0x00,
	MMIO_VERSION = 0x04,
	MMIO_DEVICE_ID = 0x08,
	MMIO_FEATURES = 0x10,
	MMIO_FEATURES_SELECT = 0x14,
	MMIO_ACCEPTED = 0x20,
	MMIO_ACCEPTED_SELECT = 0x24,
	MMIO_QUEUE_SELECT = 0x30,
	MMIO_QUEUE_MAX = 0x34,
	MMIO_QUEUE_SIZE = 0x38,
	MMIO_QUEUE_READY = 0x44,
	MMIO_NOTIFY = 0x50,
	MMIO_ACKNOWLEDGE = 0x64,
	MMIO_STATUS = 0x70,
	MMIO_TABLE = 0x80, /* each the lower half, then the upper */
	MMIO_AVAIL = 0x90,
	MMIO_USED = 0xa0,
	MMIO_CONFIG = 0x100,
};

static uint32_t get(const struct virtio *device, enum mmio_register reg)
{
	return *(volatile uint32_t *)(device->common + reg);
}

static void set(struct virtio *device, enum mmio_register reg, uint32_t value)
{
	*(volatile uint32_t *)(device->common + reg) = value;
}

static void set_address(struct virtio *device, enum mmio_register reg,
			uintptr_t address)
{
	set(device, reg, (uint32_t)address);
	set(device, reg + 4, (uint32_t)(address >> 32));
}

static uint32_t mmio_features(struct virtio *device, uint32_t word)
{
	set(device, MMIO_FEATURES_SELECT, word);
	return get(device, MMIO_FEATURES);
}

static void mmio_features_set(struct virtio *device, uint32_t word,
			      uint32_t bits)
{
	set(device, MMIO_ACCEPTED_SELECT, word);
	set(device, MMIO_ACCEPTED, bits);
}

static uint8_t mmio_status(struct virtio *device)
{
	return (uint8_t)get(device, MMIO_STATUS);
}

static void mmio_status_set(struct virtio *device, uint8_t status)
{
	set(device, MMIO_STATUS, status);
}

static bool mmio_queue_set(struct virtio *device, uint16_t size,
			   uintptr_t table, uintptr_t avail, uintptr_t used)
{
	set(device, MMIO_QUEUE_SELECT, 0);
	if (get(device, MMIO_QUEUE_MAX) < size)
		return false;
	set(device, MMIO_QUEUE_SIZE, size);
	set_address(device, MMIO_TABLE, table);
	set_address(device, MMIO_AVAIL, avail);
	set_address(device, MMIO_USED, used);
	set(device, MMIO_QUEUE_READY, 1);
	apic_route(device->pin, VECTOR_VIRTIO);
	return true;
}

static void mmio_notify(struct virtio *device)
{
	set(device, MMIO_NOTIFY, 0);
}

/* Whatever it was: a used buffer, or a change of the settings. */
static void mmio_acknowledge(struct virtio *device)
{
	set(device, MMIO_ACKNOWLEDGE, 3);
}

static const struct virtio_transport mmio = {
	.features = mmio_features,
	.features_set = mmio_features_set,
	.status = mmio_status,
	.status_set = mmio_status_set,
	.queue_set = mmio_queue_set,
	.notify = mmio_notify,
	.acknowledge = mmio_acknowledge,
};

bool virtio_mmio_find(struct virtio *device, uint32_t id, unsigned *place)
{
	if (*place == 0 && !mmu_map_device(MMIO_BASE, MMIO_COUNT * MMIO_SIZE))
		return false;
	while (*place < MMIO_COUNT) {
		unsigned i = (*place)++;

		device->common =
			(volatile uint8_t *)(MMIO_BASE + i * MMIO_SIZE);
		if (get(device, MMIO_MAGIC_VALUE) != MMIO_MAGIC ||
		    get(device, MMIO_VERSION) != 2 ||
		    get(device, MMIO_DEVICE_ID) != id)
			continue;
		device->transport = &mmio;
		device->config = device->common + MMIO_CONFIG;
		device->pin = MMIO_PIN + i;
		return true;
	}
	return false;
}
