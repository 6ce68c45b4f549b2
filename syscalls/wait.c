/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: what a thread waits by for something that another thread, or a
 * handler of a signal, is to do. Who waits notes the queue's word before he
 * looks at the state that he waits for, and sleeps while the word is what it
 * was; who changes the state wakes the queue after. So no change is missed, and
 * a handler that leaves a wait by siglongjmp leaves nothing behind. Those who
 * wait by several queues at once enter themselves, to be told of each wake.
 *
 * Nobody holds a lock while he waits.
 */
#include "syscalls/internal.h"

#include <limits.h>

#define SLEEPERS 1U /* in the word: somebody sleeps */
#define STEP	 2U

uint32_t waitq_seen(const struct waitq *queue)
{
	return __atomic_load_n(&queue->word, __ATOMIC_ACQUIRE) & ~SLEEPERS;
}

int waitq_sleep(struct waitq *queue, uint32_t seen, bool restart)
{
	uint32_t word = seen, marked = seen | SLEEPERS;

	/* Either it is marked now, or was, or the queue has been woken. */
	(void)__atomic_compare_exchange_n(&queue->word, &word, marked, false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	if (word != seen && word != marked)
		return 0;
	return port_wait(&queue->word, marked, PORT_NEVER, restart);
}

/* Pairs with the acquire in waitq_seen. */
void waitq_wake(struct waitq *queue, uint32_t events)
{
	uint32_t word = __atomic_load_n(&queue->word, __ATOMIC_RELAXED);

	if (!port_threaded)
		queue->word = (word & ~SLEEPERS) + STEP;
	else
		while (!__atomic_compare_exchange_n(
			&queue->word, &word, (word & ~SLEEPERS) + STEP, true,
			__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			;
	if (port_threaded && (word & SLEEPERS))
		port_futex_wake(&queue->word, INT_MAX);
	if (!__atomic_load_n(&queue->first, __ATOMIC_RELAXED))
		return;
	lock_write(&queue->lock);
	for (struct wait_entry *entry = queue->first; entry;
	     entry = entry->next)
		entry->woken(entry, events);
	unlock_write(&queue->lock);
}

void waitq_add(struct waitq *queue, struct wait_entry *entry)
{
	lock_write(&queue->lock);
	entry->queue = queue;
	entry->prev = NULL;
	entry->next = queue->first;
	if (queue->first)
		queue->first->prev = entry;
	__atomic_store_n(&queue->first, entry, __ATOMIC_RELAXED);
	unlock_write(&queue->lock);
}

void waitq_remove(struct wait_entry *entry)
{
	struct waitq *queue = entry->queue;

	if (!queue)
		return;
	lock_write(&queue->lock);
	if (entry->prev)
		entry->prev->next = entry->next;
	else
		__atomic_store_n(&queue->first, entry->next, __ATOMIC_RELAXED);
	if (entry->next)
		entry->next->prev = entry->prev;
	unlock_write(&queue->lock);
	entry->queue = NULL;
}
