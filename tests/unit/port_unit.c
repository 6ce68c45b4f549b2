/* SPDX-License-Identifier: MIT */
/*
 * The port on glibc (port/port.h): see port_unit.h. New
 * memory is filled with a pattern, since its contents are unspecified. Frees
 * must name the size that was allocated: under a sanitizer malloc knows it.
 */
#define _GNU_SOURCE
#include "tests/unit/port_unit.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "port/map.h"
#include "port/port.h"
#include "port/share.h"
#include "port/user.h"
#include "tests/unit/lock_order.h"

#define FILL	      0xa5
#define CLOCK_START   1000000000
#define TOTAL_PAGES   ((size_t)1 << 20)
#define EXACT_MAX     2048 /* mem_alloc: larger ones are pages */
#define EXACT_ALIGN   64
#define OBJECT_ALIGN  16
#define THREADS_LIMIT 16
#define YIELD_TURNS   7
#define WAIT_NS	      20000
#define SLEEP_TURNS   509

bool port_threaded;
bool port_unit_exact;
bool port_unit_traced;
bool port_unit_fault_in;
bool port_unit_impatient;
void (*port_unit_on_panic)(void);

static size_t live;  /* atomic: bytes */
static size_t tries; /* atomic: allocations since port_unit_fail */
static size_t fail_at;
static bool fail_on;
static int64_t clock_sec; /* atomic */
static uint32_t clock_nsec;
static uint64_t random_state; /* atomic */
static const void *random_fixed;
static size_t random_fixed_len;

struct fs;
void *__real_mem_alloc(struct fs *fs, size_t size);
void __real_mem_free(struct fs *fs, void *object, size_t size);
void *__wrap_mem_alloc(struct fs *fs, size_t size);
void __wrap_mem_free(struct fs *fs, void *object, size_t size);

void port_unit_reset(uint64_t seed)
{
	port_threaded = false;
	port_unit_fail(0, false);
	port_unit_fault(NULL, 0);
	port_unit_fault_in = false;
	port_unit_clock_set(CLOCK_START, 0);
	random_state = seed;
	random_fixed_len = 0;
}

void port_signals_hold(void)
{
}

void port_signals_release(void)
{
}

/* -- Memory --------------------------------------------------------------- */

void port_unit_fail(size_t at, bool on)
{
	tries = 0;
	fail_at = at;
	fail_on = on;
}

size_t port_unit_allocs(void)
{
	return tries;
}

size_t port_unit_live(void)
{
	return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

static void *alloc(size_t size, size_t align)
{
	size_t try = __atomic_add_fetch(&tries, 1, __ATOMIC_RELAXED);
	void *memory;

	if (fail_at && (fail_on ? try >= fail_at : try == fail_at))
		return NULL;
	if (posix_memalign(&memory, align, size) != 0)
		return NULL;
	memset(memory, FILL, size);
	__atomic_add_fetch(&live, size, __ATOMIC_RELAXED);
	return memory;
}

/* Does malloc know sizes to the byte, as those of sanitizers do? */
static bool sizes_known(void)
{
	static int state; /* atomic: 0, or 1 for yes, 2 for no */
	int known = __atomic_load_n(&state, __ATOMIC_RELAXED);

	if (!known) {
		void *byte = malloc(1);

		known = malloc_usable_size(byte) == 1 ? 1 : 2;
		free(byte);
		__atomic_store_n(&state, known, __ATOMIC_RELAXED);
	}
	return known == 1;
}

static void release(void *memory, size_t size)
{
	size_t allocated = malloc_usable_size(memory);

	port_assert(sizes_known() ? allocated == size : allocated >= size);
	memset(memory, (uint8_t)~FILL, size);
	__atomic_sub_fetch(&live, size, __ATOMIC_RELAXED);
	free(memory);
}

void *port_unit_alloc(size_t size)
{
	return alloc(size, size % EXACT_ALIGN ? OBJECT_ALIGN : EXACT_ALIGN);
}

void port_unit_free(void *object, size_t size)
{
	release(object, size);
}

void *port_pages_alloc(size_t count)
{
	port_assert(count > 0);
	return alloc(count << PAGE_SHIFT, (count & -count) << PAGE_SHIFT);
}

void port_pages_free(void *pages, size_t count)
{
	release(pages, count << PAGE_SHIFT);
}

void port_pages_count(size_t *total, size_t *avail)
{
	*total = TOTAL_PAGES;
	*avail = TOTAL_PAGES - (port_unit_live() >> PAGE_SHIFT);
}

void *__wrap_mem_alloc(struct fs *fs, size_t size)
{
	void *memory;

	if (!port_unit_exact || size > EXACT_MAX)
		memory = __real_mem_alloc(fs, size);
	else
		memory = port_unit_alloc(size);
	if (memory)
		lock_order_alloc(memory, size);
	return memory;
}

void __wrap_mem_free(struct fs *fs, void *object, size_t size)
{
	lock_order_free(object, size);
	if (!port_unit_exact || size > EXACT_MAX)
		__real_mem_free(fs, object, size);
	else
		release(object, size);
}

/* -- Mappings --------------------------------------------------------------- */

struct port_unit_map port_unit_map;

/* Every second page is one that cannot be mapped. */
bool port_map_page_fits(const void *page)
{
	return ((uintptr_t)page >> PAGE_SHIFT) % 2 == 0;
}

void *port_map_page_alloc(const void *wanted, uint64_t index)
{
	(void)wanted, (void)index;
	return alloc(PAGE_SIZE, 2 * PAGE_SIZE);
}

bool port_map_revoke(const void *file, uint64_t first, uint64_t count,
		     bool copies)
{
	if (!port_unit_map.on_revoke)
		return false;
	return port_unit_map.on_revoke(file, first, count, copies);
}

/* There are no addresses to map anything at. */
bool port_map_next(uintptr_t addr, void (*ref)(void *file),
		   struct port_map_area *area)
{
	(void)addr, (void)ref, (void)area;
	return false;
}

long port_map_file(void *addr, size_t len, int prot, int flags,
		   const struct port_map_source *source)
{
	(void)addr, (void)len, (void)prot, (void)flags, (void)source;
	return -ENOMEM;
}

long port_map_anonymous(void *addr, size_t len, int prot, int flags)
{
	(void)addr, (void)len, (void)prot, (void)flags;
	return -ENOMEM;
}

bool port_user_fault_in(const void *start, size_t len, bool write)
{
	bool served = port_unit_fault_in;

	(void)start, (void)len, (void)write;
	if (served)
		port_unit_fault(NULL, 0);
	return served;
}

void port_unit_fault(const void *start, size_t len)
{
	user_plain_bad.start = start;
	user_plain_bad.end = len ? (const char *)start + len : start;
}

/* -- Time and randomness -------------------------------------------------- */

void port_unit_clock_set(int64_t sec, uint32_t nsec)
{
	clock_sec = sec;
	clock_nsec = nsec;
}

void port_unit_clock_advance(int64_t sec)
{
	__atomic_add_fetch(&clock_sec, sec, __ATOMIC_RELAXED);
}

void port_clock_coarse(int64_t *sec, uint32_t *nsec)
{
	*sec = __atomic_load_n(&clock_sec, __ATOMIC_RELAXED);
	*nsec = clock_nsec;
}

void port_unit_random_fix(const void *bytes, size_t len)
{
	random_fixed = bytes;
	random_fixed_len = len;
}

/* The generator splitmix64. */
static uint64_t random_next(void)
{
	uint64_t z = __atomic_add_fetch(&random_state, 0x9e3779b97f4a7c15,
					__ATOMIC_RELAXED);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void port_random(void *buf, size_t len)
{
	if (random_fixed_len == len) {
		memcpy(buf, random_fixed, len);
		random_fixed_len = 0;
		return;
	}
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = (uint8_t)random_next();
}

/* -- The console: no input; output goes nowhere, but for what is traced ------ */

ssize_t port_console_read(void *buf, size_t count)
{
	(void)buf;
	(void)count;
	return 0;
}

ssize_t port_console_write(int stream, const void *buf, size_t count)
{
	if (port_unit_traced && stream == 2)
		return write(STDERR_FILENO, buf, count);
	return (ssize_t)count;
}

size_t port_console_pending(void)
{
	return 0;
}

bool port_console_is_tty(int stream, struct port_winsize *size)
{
	(void)stream;
	(void)size;
	return false;
}

/* What /proc says; the calls of others that syscalls/ makes itself. */
long sys_getpid(void);
long sys_getpid(void)
{
	return 1;
}

long sys_clock_gettime(int clock, struct timespec *now);
long sys_clock_gettime(int clock, struct timespec *now)
{
	(void)clock;
	now->tv_sec = __atomic_load_n(&clock_sec, __ATOMIC_RELAXED);
	now->tv_nsec = 0;
	return 0;
}

/* -- Threads, and the end ------------------------------------------------- */

/* Lets other threads run while this one holds a lock: now and then for a
 * moment, and rarely for so long that they surely do. */
void lock_order_taken(void)
{
	static _Thread_local unsigned turn;
	const struct timespec moment = {.tv_nsec = 1};

	if (++turn % YIELD_TURNS == 0)
		sched_yield();
	if (turn % SLEEP_TURNS == 0)
		nanosleep(&moment, NULL);
}

void port_futex_wait(const uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL);
}

/* Alone, it would last for ever: as if a handler of a signal came. */
int port_wait(const uint32_t *word, uint32_t value, uint64_t deadline,
	      bool restart)
{
	const struct timespec moment = {.tv_nsec = WAIT_NS};

	(void)restart;
	if (port_threaded && !port_unit_impatient) {
		port_futex_wait(word, value);
		return 0;
	}
	if (port_threaded)
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &moment);
	if (__atomic_load_n(word, __ATOMIC_RELAXED) != value)
		return 0;
	return deadline == PORT_NEVER ? -EINTR : -ETIMEDOUT;
}

int port_waker_begin(struct port_waker *waker, bool outside)
{
	(void)outside;
	*waker = (struct port_waker){0};
	return 0;
}

void port_waker_end(struct port_waker *waker)
{
	(void)waker;
}

void port_waker_wake(struct port_waker *waker)
{
	if (!__atomic_exchange_n(&waker->woken, 1, __ATOMIC_RELEASE))
		port_futex_wake(&waker->woken, 1);
}

int port_waker_wait(struct port_waker *waker, unsigned streams,
		    const uint64_t *mask, uint64_t deadline)
{
	int err = 0;

	(void)mask;
	if (!streams || port_unit_impatient)
		err = port_wait(&waker->woken, 0, deadline, false);
	__atomic_store_n(&waker->woken, 0, __ATOMIC_RELAXED);
	return err;
}

uint32_t port_console_poll(int stream)
{
	return stream ? POLLOUT : POLLIN;
}

void port_futex_wake(const uint32_t *word, int count)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count);
}

struct thread {
	pthread_t id;
	void (*body)(int index);
	int index;
};

static void *thread_run(void *arg)
{
	const struct thread *thread = arg;

	thread->body(thread->index);
	return NULL;
}

void port_unit_threads(int count, void (*body)(int index))
{
	struct thread threads[THREADS_LIMIT];

	port_assert(count <= THREADS_LIMIT);
	port_threaded = true;
	for (int i = 0; i < count; i++) {
		threads[i].body = body;
		threads[i].index = i;
		port_assert(pthread_create(&threads[i].id, NULL, thread_run,
					   &threads[i]) == 0);
	}
	for (int i = 0; i < count; i++)
		port_assert(pthread_join(threads[i].id, NULL) == 0);
}

ssize_t (*port_unit_share)(const void *request, size_t len, void *reply,
			   size_t size);

int port_share_open(void)
{
	return port_unit_share ? 0 : -ENODEV;
}

ssize_t port_share_call(const void *request, size_t len, void *reply,
			size_t size)
{
	return port_unit_share(request, len, reply, size);
}

_Noreturn void port_panic(const char *file, int line, const char *expr)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, expr);
	if (port_unit_on_panic)
		port_unit_on_panic();
	abort();
}
