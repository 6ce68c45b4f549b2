/* SPDX-License-Identifier: MIT */
/*
 * Memory by size, for everything smaller than half a page or so: a slab is four
 * pages cut into objects of one size class, found again from any of its objects
 * by masking the address. A slab without objects goes back to the port at once,
 * but for one in each class, so that making and removing one file in turn costs
 * no page allocation. What is larger than the largest class is whole pages.
 *
 * Threads allocate from slabs of their own, more or less: there are several sets
 * of them (shards), and the address of the stack says which one is taken. So two
 * threads do not wait for one another, and what one has allocated has no cache
 * lines in common with what another has. An object goes back to its slab.
 */
#include "fs/internal.h"

#define SLAB_PAGES	4
#define SLAB_SIZE	(SLAB_PAGES * PAGE_SIZE)
#define SLAB_HEADER	64
#define CLASSES_LINEAR	8 /* 16, 32, ... 128 bytes; then four to a doubling */
#define SLAB_OBJECT_MAX 2048

struct object {
	struct object *next;
};

struct slab {
	struct slab *next, *prev; /* in the list of slabs with room */
	struct object *free;
	uint32_t used;	/* objects that are allocated */
	uint32_t fresh; /* objects from this one on were never allocated */
	uint32_t object_size; /* immutable, as what follows */
	uint32_t objects;     /* how many it has */
	struct slab_cache *cache;
};

_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "the header fits");

static unsigned class_of(size_t size)
{
	size_t top = size - 1;
	unsigned order;

	if (size <= (size_t)16 * CLASSES_LINEAR)
		return (unsigned)(top >> 4);
	order = 63 - (unsigned)__builtin_clzll(top); /* 7 for 129 to 256 */
	return CLASSES_LINEAR + (order - 7) * 4 + ((top >> (order - 2)) & 3);
}

static uint32_t class_size(unsigned class)
{
	unsigned step = (class - CLASSES_LINEAR) & 3;
	unsigned order = (class - CLASSES_LINEAR) / 4;

	if (class < CLASSES_LINEAR)
		return 16 * (class + 1);
	return (5 + step) << (5 + order);
}

static void cache_fini(struct slab_cache *cache)
{
	struct slab *spare = cache->partial;

	port_assert(cache->slabs == (spare ? 1 : 0));
	if (!spare)
		return;
	port_assert(spare->used == 0);
	port_pages_free(spare, SLAB_PAGES);
}

void slab_fini(struct fs *fs)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		for (unsigned k = 0; k < SLAB_CLASSES; k++)
			cache_fini(&fs->shards[i].caches[k]);
	}
}

static struct slab *slab_of(void *object)
{
	return (struct slab *)((uintptr_t)object & ~(SLAB_SIZE - 1));
}

static void slab_list_add(struct slab_cache *cache, struct slab *slab)
	REQUIRES(cache->lock)
{
	slab->prev = NULL;
	slab->next = cache->partial;
	if (slab->next)
		slab->next->prev = slab;
	cache->partial = slab;
}

static void slab_list_remove(struct slab_cache *cache, struct slab *slab)
	REQUIRES(cache->lock)
{
	if (slab->next)
		slab->next->prev = slab->prev;
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		cache->partial = slab->next;
}

static struct slab *slab_create(struct slab_cache *cache, unsigned class)
	REQUIRES(cache->lock)
{
	struct slab *slab = port_pages_alloc(SLAB_PAGES);

	if (!slab)
		return NULL;
	slab->free = NULL;
	slab->used = slab->fresh = 0;
	slab->object_size = class_size(class);
	slab->objects = (SLAB_SIZE - SLAB_HEADER) / slab->object_size;
	slab->cache = cache;
	cache->slabs++;
	slab_list_add(cache, slab);
	return slab;
}

static void *slab_take(struct slab_cache *cache, unsigned class)
	REQUIRES(cache->lock)
{
	struct slab *slab = cache->partial;
	struct object *object;

	if (UNLIKELY(!slab)) {
		slab = slab_create(cache, class);
		if (!slab)
			return NULL;
	}
	object = slab->free;
	if (object)
		slab->free = object->next;
	else
		object = (struct object *)((char *)slab + SLAB_HEADER +
					   (size_t)slab->fresh++ *
						   slab->object_size);
	if (++slab->used == slab->objects)
		slab_list_remove(cache, slab);
	return object;
}

/* A slab lost its last object: keeps it if it is the only one with room. */
static void slab_emptied(struct slab_cache *cache, struct slab *slab)
	REQUIRES(cache->lock)
{
	if (cache->partial == slab && !slab->next)
		return;
	slab_list_remove(cache, slab);
	cache->slabs--;
	port_pages_free(slab, SLAB_PAGES);
}

static void slab_give(struct slab_cache *cache, struct slab *slab,
		      struct object *object) REQUIRES(cache->lock)
{
	object->next = slab->free;
	slab->free = object;
	if (slab->used-- == slab->objects)
		slab_list_add(cache, slab);
	if (UNLIKELY(slab->used == 0))
		slab_emptied(cache, slab);
}

static size_t pages_of(size_t size)
{
	return (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static void *cache_alloc(struct slab_cache *cache, unsigned class)
{
	void *object;

	lock_write(&cache->lock);
	object = slab_take(cache, class);
	unlock_write(&cache->lock);
	return object;
}

/* Without memory for a slab there may be room in another thread's. */
static __attribute__((noinline)) void *alloc_threaded(struct fs *fs,
						      unsigned class)
{
	unsigned mine = thread_hash(SHARD_BITS);
	void *object = NULL;

	for (unsigned i = 0; i < SHARDS && !object; i++) {
		unsigned shard = (mine + i) % SHARDS;

		object = cache_alloc(&fs->shards[shard].caches[class], class);
	}
	return object;
}

void *mem_alloc(struct fs *fs, size_t size)
{
	unsigned class;

	if (size > SLAB_OBJECT_MAX)
		return port_pages_alloc(pages_of(size));
	class = class_of(size);
	if (UNLIKELY(port_threaded))
		return alloc_threaded(fs, class);
	return cache_alloc(&fs->shards[0].caches[class], class);
}

void mem_free(struct fs *fs, void *object, size_t size)
{
	struct slab *slab = slab_of(object);
	struct slab_cache *cache;

	(void)fs;
	if (size > SLAB_OBJECT_MAX) {
		port_pages_free(object, pages_of(size));
		return;
	}
	cache = slab->cache;
	lock_write(&cache->lock);
	slab_give(cache, slab, object);
	unlock_write(&cache->lock);
}

size_t mem_size(size_t size)
{
	if (size > SLAB_OBJECT_MAX)
		return pages_of(size) << PAGE_SHIFT;
	return class_size(class_of(size));
}
