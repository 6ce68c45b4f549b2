/* SPDX-License-Identifier: MIT */
/* The port's contract (port/port.h), bound to the kernel. */
#include "port/guest/internal.h"

#include "abi/poll.h"
#include "port/share.h"
#include "sys.h"

enum { SIG_SETMASK = 2 };

bool port_threaded = false;

static bool terminals[3];
static struct port_winsize terminal_size;

void port_guest_terminals_set(const bool terminal[3],
			      const struct port_winsize *size)
{
	memcpy(terminals, terminal, sizeof(terminals));
	terminal_size = *size;
}

void *port_pages_alloc(size_t count)
{
	return kernel_pages_alloc(count);
}

void port_pages_free(void *pages, size_t count)
{
	kernel_pages_free(pages, count);
}

void port_pages_count(size_t *total, size_t *avail)
{
	kernel_pages_count(total, avail);
}

long port_map_file(void *addr, size_t len, int prot, int flags,
		   const struct port_map_source *source)
{
	return kernel_mmap_file(addr, len, prot, flags, source);
}

long port_map_anonymous(void *addr, size_t len, int prot, int flags)
{
	return kernel_mmap_anonymous(addr, len, prot, flags);
}

bool port_map_revoke(const void *file, uint64_t first, uint64_t count,
		     bool copies)
{
	return kernel_map_revoke(file, first, count, copies);
}

bool port_map_next(uintptr_t addr, void (*ref)(void *file),
		   struct port_map_area *area)
{
	return kernel_map_next(addr, ref, area);
}

/* Every page stands at its own address, and can stand at others too. */
bool port_map_page_fits(const void *page)
{
	(void)page;
	return true;
}

void *port_map_page_alloc(const void *wanted, uint64_t index)
{
	(void)wanted, (void)index;
	return kernel_pages_alloc(1);
}

void port_clock_coarse(int64_t *sec, uint32_t *nsec)
{
	kernel_clock_real(sec, nsec);
}

bool port_user_fault_in(const void *start, size_t len, bool write)
{
	(void)len;
	return kernel_user_fault_in(start, write);
}

/* There is one thread: nobody could wake it. */
void port_futex_wait(const uint32_t *word, uint32_t value)
{
	port_assert(*word != value && "a wait would last for ever");
}

/* Nobody can end it but time. */
int port_wait(const uint32_t *word, uint32_t value, uint64_t deadline,
	      bool restart)
{
	(void)restart;
	if (*word != value)
		return 0;
	kernel_sleep_until(deadline);
	return -ETIMEDOUT;
}

void port_futex_wake(const uint32_t *word, int count)
{
	(void)word;
	(void)count;
}

/* Handlers are called only by calls that send signals, which hold no lock. */
void port_signals_hold(void)
{
}

void port_signals_release(void)
{
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
	waker->woken = 1;
}

/* Do signals wait that mask lets through? Then their handlers are called. */
static bool signals_let(const uint64_t *mask)
{
	uint64_t pending = 0, old;

	sys_rt_sigpending(&pending, sizeof(pending));
	if (!(pending & ~*mask))
		return false;
	sys_rt_sigprocmask(SIG_SETMASK, mask, &old, sizeof(old));
	sys_rt_sigprocmask(SIG_SETMASK, &old, NULL, sizeof(old));
	return true;
}

/* Only time can end it, since no stream is ever not ready. */
int port_waker_wait(struct port_waker *waker, unsigned streams,
		    const uint64_t *mask, uint64_t deadline)
{
	if (mask && signals_let(mask))
		return -EINTR;
	if (waker->woken || streams) {
		waker->woken = 0;
		return 0;
	}
	kernel_sleep_until(deadline);
	return -ETIMEDOUT;
}

/* DEVIATION: in the guest, standard input is always ready to be read, as
 * poll(2) has it, though a read may wait: whether there is input cannot be told
 * without asking the host for it. */
uint32_t port_console_poll(int stream)
{
	return stream ? POLLOUT | POLLWRNORM : POLLIN | POLLRDNORM;
}

int port_share_open(void)
{
	return kernel_share_open();
}

ssize_t port_share_call(const void *request, size_t len, void *reply,
			size_t size)
{
	return kernel_share_call(request, len, reply, size);
}

void port_random(void *buf, size_t len)
{
	kernel_random(buf, len);
}

ssize_t port_console_read(void *buf, size_t count)
{
	const size_t answer_max = 65536; /* no answer is longer */
	size_t good =
		user_span(buf, count < answer_max ? count : answer_max, true);

	return good || !count ? (ssize_t)kernel_console_read(buf, good)
			      : -EFAULT;
}

ssize_t port_console_write(int stream, const void *buf, size_t count)
{
	size_t good = user_span(buf, count, false);

	kernel_console_write(stream, buf, good);
	return good || !count ? (ssize_t)good : -EFAULT;
}

size_t port_console_pending(void)
{
	return kernel_console_pending();
}

bool port_console_is_tty(int stream, struct port_winsize *size)
{
	if (stream < 0 || stream > 2 || !terminals[stream])
		return false;
	if (size)
		*size = terminal_size;
	return true;
}

/* A jump, so that the report is about the caller. */
_Noreturn void port_panic(const char *file, int line, const char *expr)
{
	kernel_panic(file, line, expr);
}
