/* SPDX-License-Identifier: MIT */
/*
 * What the check of the order of locks (lock_order.c) and the port of the unit
 * tests tell each other.
 */
#ifndef WHELK_TESTS_UNIT_LOCK_ORDER_H
#define WHELK_TESTS_UNIT_LOCK_ORDER_H

#include <stddef.h>

/* mem_alloc gave this memory; mem_free is about to take it. */
void lock_order_alloc(const void *memory, size_t size);
void lock_order_free(const void *memory, size_t size);

/* How many locks this thread has. */
int lock_order_held(void);

/* How often a thread had to wait for the lock of a node, since the last time
 * this was asked. */
size_t lock_order_waits(void);

/* port_unit.c: this thread has just taken a lock for writing. */
void lock_order_taken(void);

#endif
