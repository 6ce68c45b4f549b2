/* SPDX-License-Identifier: MIT */
/*
 * The device through which the host's files come: virtio's 9P transport (VIRTIO
 * 1.1: 2.6 split virtqueues, 3.1 initialisation; its only settings are the tag).
 * Where its registers are is the affair of virtio_mmio.c and virtio_pci.c.
 *
 * One request is under way at a time. Who waits for the reply sleeps until the
 * device interrupts: its server needs the processor that spinning would take,
 * where the host has no other one to spare.
 */
#include "kernel/x86_64/internal.h"

enum {
	STATUS_ACKNOWLEDGE = 1,
	STATUS_DRIVER = 2,
	STATUS_DRIVER_OK = 4,
	STATUS_FEATURES_OK = 8,
	STATUS_NEEDS_RESET = 64,
	STATUS_FAILED = 128,
	DESC_NEXT = 1,
	DESC_WRITE = 2,
	QUEUE_SIZE = 2, /* the request and room for the reply */
};

#define FEATURE_MOUNT_TAG 0x1U /* of the first word */
#define FEATURE_VERSION_1 0x1U /* of the second */

/* The tag that the runner gives the share (tools/run_qemu.c). */
static const char tag[] = "host";

struct desc {
	uint64_t address;
	uint32_t len;
	uint16_t flags, next;
};

/* The queue, within a page: the device reads table and avail, writes used. */
struct queue {
	struct desc table[QUEUE_SIZE];
	struct {
		uint16_t flags, index, ring[QUEUE_SIZE];
	} avail;
	struct {
		uint16_t flags, index;
		struct {
			uint32_t id, len;
		} ring[QUEUE_SIZE];
	} __attribute__((aligned(4))) used;
};

static struct virtio device;
static struct queue *queue;

/* Is it the one that is meant? */
static bool tag_matches(void)
{
	size_t len = sizeof(tag) - 1;

	if (device.config[0] != len || device.config[1] != 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (device.config[2 + i] != (uint8_t)tag[i])
			return false;
	}
	return true;
}

static bool device_find(void)
{
	unsigned place = 0;

	while (virtio_pci_find(&device, VIRTIO_ID_9P, &place)) {
		if (tag_matches())
			return true;
	}
	place = 0;
	while (virtio_mmio_find(&device, VIRTIO_ID_9P, &place)) {
		if (tag_matches())
			return true;
	}
	return false;
}

/* The steps of 3.1.1. */
static bool device_begin(void)
{
	const struct virtio_transport *t = device.transport;
	uint8_t status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;

	t->status_set(&device, 0);
	while (t->status(&device))
		cpu_pause();
	t->status_set(&device, status);
	if (!(t->features(&device, 1) & FEATURE_VERSION_1))
		return false;
	t->features_set(&device, 0,
			t->features(&device, 0) & FEATURE_MOUNT_TAG);
	t->features_set(&device, 1, FEATURE_VERSION_1);
	status |= STATUS_FEATURES_OK;
	t->status_set(&device, status);
	if (!(t->status(&device) & STATUS_FEATURES_OK))
		return false;
	if (!t->queue_set(&device, QUEUE_SIZE, (uintptr_t)queue->table,
			  (uintptr_t)&queue->avail, (uintptr_t)&queue->used))
		return false;
	t->status_set(&device, status | STATUS_DRIVER_OK);
	return true;
}

int kernel_share_open(void)
{
	if (!device_find())
		return -ENODEV;
	queue = kernel_pages_alloc(1);
	if (!queue)
		return -ENOMEM;
	mmu_zero(queue, PAGE_SIZE);
	if (device_begin())
		return 0;
	device.transport->status_set(&device, STATUS_FAILED);
	kernel_pages_free(queue, 1);
	return -ENODEV;
}

static bool replied(uint16_t index)
{
	return __atomic_load_n(&queue->used.index, __ATOMIC_ACQUIRE) == index;
}

/* Sleeps until the device is done, or can do no more. */
static bool reply_wait(uint16_t index)
{
	const struct virtio_transport *t = device.transport;

	while (!replied(index)) {
		cpu_sleep();
		t->acknowledge(&device);
		if (!replied(index) &&
		    (t->status(&device) & STATUS_NEEDS_RESET))
			return false;
	}
	return true;
}

ssize_t kernel_share_call(const void *request, size_t len, void *reply,
			  size_t size)
{
	uint16_t index = queue->avail.index;
	uint32_t got;

	queue->table[0] = (struct desc){.address = (uintptr_t)request,
					.len = (uint32_t)len,
					.flags = DESC_NEXT,
					.next = 1};
	queue->table[1] = (struct desc){.address = (uintptr_t)reply,
					.len = (uint32_t)size,
					.flags = DESC_WRITE};
	queue->avail.ring[index % QUEUE_SIZE] = 0;
	__atomic_store_n(&queue->avail.index, (uint16_t)(index + 1),
			 __ATOMIC_SEQ_CST);
	device.transport->notify(&device);
	if (!reply_wait((uint16_t)(index + 1)))
		return -EIO;
	got = queue->used.ring[index % QUEUE_SIZE].len;
	return got <= size ? (ssize_t)got : -EIO;
}
