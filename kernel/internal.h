/* SPDX-License-Identifier: MIT */
/* What the files of kernel/ share. Prototypes stand by the file that defines
 * them; kernel/x86_64/internal.h has those that only that directory needs. */
#ifndef WHELK_KERNEL_INTERNAL_H
#define WHELK_KERNEL_INTERNAL_H

#include "abi/errno.h"
#include "abi/time.h"
#include "kernel/kernel.h"
#include "port/areas.h"
#include "port/port.h"
#include "port/user.h"

#define NSEC_PER_SEC 1000000000U

#define kernel_assert(expr) \
	((expr) ? (void)0 : kernel_panic(__FILE__, __LINE__, #expr))

/* libc's, at link time. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *s, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* What belongs to a thread. There is one so far. */
struct thread {
	pid_t tid;
	int *clear_child_tid;	  /* set_tid_address(2); for threads to come */
	uint64_t signals_blocked; /* bit sig-1 */
	uint64_t signals_pending;
	int8_t signals_code[64]; /* of those pending: siginfo's code */
};

/* process.c */
struct thread *thread_current(void);

/* start.c */
_Noreturn void kernel_start(uintptr_t start_info);

/* memory.c: the memory map, and who has which page */
struct memory_range {
	uintptr_t start, end;
};
void memory_init(uintptr_t start_info);
void memory_pool_init(void);
size_t memory_ranges(const struct memory_range **ranges);
void *memory_table_alloc(void);
void memory_table_free(void *table);
void memory_page_split(void *pages, size_t count);

/* vm.c: which addresses are mapped, and what stands there */
#define VM_START 0x400000000000UL
#define VM_BRK	 0x7fc000000000UL
#define VM_END	 0x7fff00000000UL
enum vm_prot {
	VM_READ = 1,
	VM_WRITE = 2,
	VM_EXEC = 4,
	VM_ALL = 7,
};
enum vm_flags {			    /* of areas */
		VM_SMALL_PAGES = 1, /* never 2 MiB at a time */
		VM_GUARD = 2,	    /* below a stack */
		VM_HEAP = 4,	    /* made by brk */
		VM_STACK = 8,	    /* the main thread's */
		VM_SHARED = 16,	    /* a file's own pages */
		VM_MAY_WRITE = 32,  /* of these: it was opened for writing */
};
extern struct areas vm_areas;
int vm_map(const struct area *area);
int vm_unmap(uintptr_t start, size_t len);
int vm_protect(uintptr_t start, size_t len, uint32_t prot);
int vm_drop(uintptr_t start, size_t len);
int vm_move(const struct area *area, uintptr_t from, size_t len, uintptr_t to);
int vm_fault(uintptr_t addr, uint32_t access, bool present, bool unlocked);
int vm_populate(uintptr_t start, size_t len, uint32_t access);

/* time.c */
void time_real_init(int64_t sec, uint32_t nsec);

/* random.c */
void random_init(void);

/* print.c: to standard error, as a panic's report */
void print(const char *format, ...);

/* end.c */
_Noreturn void kernel_end_signal(int sig);
_Noreturn void kernel_end_panic(void);

/* Machine-dependent: x86_64/ */

/* cpu.c */
void cpu_init(void);
bool cpu_random(uint64_t *value);
uint64_t cpu_jitter(void);
void cpu_fs_base_set(uintptr_t base);
uintptr_t cpu_fs_base(void);

/* mmu.c */
#define MMU_LARGE_SIZE ((size_t)2 << 20)
void mmu_init(void);
bool mmu_map_device(uint64_t start, uint64_t size);
enum mmu_owner {
	MMU_OWNED,    /* freed when it is unmapped */
	MMU_BORROWED, /* a file's */
	MMU_COPIED,   /* a file's, to be copied when it is written */
};
int mmu_map(uintptr_t va, void *page, size_t size, uint32_t prot,
	    enum mmu_owner owner);
void *mmu_copied_page(uintptr_t va);
void mmu_replace(uintptr_t va, void *page, uint32_t prot);
bool mmu_large_fits(uintptr_t va);
int mmu_cut(uintptr_t va);
void mmu_unmap(uintptr_t start, uintptr_t end);
void mmu_return(uintptr_t start, uintptr_t end);
void mmu_protect(uintptr_t start, uintptr_t end, uint32_t prot);
int mmu_move(uintptr_t from, size_t len, uintptr_t to);
bool mmu_present(uintptr_t va);
bool mmu_mapped(uintptr_t va);
void mmu_zero(void *pages, size_t size);

/* clock.c, timer.c */
void clock_init(void);
void timer_init(void);
void timer_wait(uint64_t deadline_ns);

/* uart.c */
void uart_init(void);
bool uart_present(void);
void uart_write(const void *buf, size_t len);
void uart_flush(void);
int uart_get(void);
void uart_wait(void);

/* channel.c */
void channel_init(void);
void channel_write(char stream, const void *buf, size_t len);
void channel_request(void);
_Noreturn void machine_end(const char *status);

#endif
