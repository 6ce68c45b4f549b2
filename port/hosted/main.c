/* SPDX-License-Identifier: MIT */
/*
 * The hosted home's start and what else the port promises: waiting, random
 * bytes, the end. Environment variables that are read:
 *
 *   WHELK_TRACE=1     print every system call on standard error
 *   WHELK_MEM=SIZE    memory for files, as "512M", at least 1M (the
 *                     machine's own size)
 *   WHELK_FS_SIZE=SIZE, WHELK_FS_INODES=COUNT
 *                     limits of the file system (as memory suggests)
 */
#include "port/hosted/internal.h"

#include "abi/errno.h"
#include "abi/guest.h"
#include "port/x86_64/fault.h"
#include "syscalls/syscall.h"

#define AT_SYSINFO_EHDR 33

#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129

#define SIGABRT	    6
#define SIG_UNBLOCK 1
#define EXIT_PANIC  134 /* as a shell shows SIGABRT */

/* Less would hardly do for the descriptors and /dev. */
#define MEM_MIN	   ((size_t)1 << 20)
#define EXIT_START 1

bool port_threaded;

/* Called by start.S with the stack that Linux made. */
void port_hosted_main(const uintptr_t *stack);

/* Returns what follows name and "=" in the entry, or NULL. */
static const char *value_of(const char *entry, const char *name)
{
	while (*name && *entry == *name) {
		entry++;
		name++;
	}
	return *name == '\0' && *entry == '=' ? entry + 1 : NULL;
}

/* Reads "4096", "64K", "512M", "2G" or "1T". Returns 0 for what is not a size. */
static size_t parse_size(const char *text)
{
	static const char units[] = "KMGT";
	size_t size = 0;

	while (*text >= '0' && *text <= '9') {
		if (__builtin_mul_overflow(size, 10, &size) ||
		    __builtin_add_overflow(size, (size_t)(*text - '0'), &size))
			return 0;
		text++;
	}
	for (int i = 0; units[i] && *text; i++) {
		if (__builtin_mul_overflow(size, 1024, &size))
			return 0;
		if (*text == units[i] || *text == (units[i] | 0x20))
			return text[1] ? 0 : size;
	}
	return *text ? 0 : size;
}

/* A size from the environment, of at least min; else complains so. */
static size_t size_from(const char *value, size_t min, const char *complaint)
{
	size_t size = parse_size(value);

	if (size < min)
		console_fail(complaint, EXIT_START);
	return size;
}

static void entry_read(const char *entry, struct syscall_config *config,
		       size_t *memory)
{
	const char *value;

	if ((value = value_of(entry, "WHELK_TRACE")) != NULL)
		config->trace = value[0] && value[0] != '0';
	else if ((value = value_of(entry, "WHELK_MEM")) != NULL)
		*memory = size_from(value, MEM_MIN,
				    "whelk: WHELK_MEM is not a size such as "
				    "512M, of 1M or more\n");
	else if ((value = value_of(entry, "WHELK_FS_SIZE")) != NULL)
		config->fs_bytes_max = size_from(
			value, 1,
			"whelk: WHELK_FS_SIZE is not a size such as 512M\n");
	else if ((value = value_of(entry, "WHELK_FS_INODES")) != NULL)
		config->fs_nodes_max =
			size_from(value, GUEST_FS_INODES_MIN,
				  "whelk: WHELK_FS_INODES is not a number of "
				  "files, of 64 or more\n");
}

void port_hosted_main(const uintptr_t *stack)
{
	struct syscall_config config = {.trace = false};
	const uintptr_t *at = stack + 1 + stack[0] + 1; /* past argc, argv */
	const void *vdso = NULL;
	size_t size = 0;

	for (; *at; at++)
		entry_read((const char *)*at, &config, &size);
	for (at++; at[0]; at += 2) {
		if (at[0] == AT_SYSINFO_EHDR)
			vdso = (const void *)at[1];
	}
	if (arena_init(size) < 0)
		console_fail("whelk: no addresses for that much memory; "
			     "WHELK_MEM=SIZE asks for less\n",
			     EXIT_START);
	user_init();
	signal_init();
	clock_init(vdso);
	syscall_init(&config);
	syscall_stack_set(stack);
}

void port_futex_wait(const uint32_t *word, uint32_t value)
{
	(void)host_syscall4(HOST_FUTEX, (long)word, FUTEX_WAIT_PRIVATE,
			    (long)value, 0);
}

void port_futex_wake(const uint32_t *word, int count)
{
	(void)host_syscall3(HOST_FUTEX, (long)word, FUTEX_WAKE_PRIVATE, count);
}

void port_random(void *buf, size_t len)
{
	char *at = buf;

	while (len > 0) {
		long n = host_syscall3(HOST_GETRANDOM, (long)at, (long)len, 0);

		if (n == -EINTR)
			continue;
		port_assert(n > 0);
		at += n;
		len -= (size_t)n;
	}
}

static size_t append(char *text, size_t len, size_t size, const char *s)
{
	while (*s && len < size)
		text[len++] = *s++;
	return len;
}

_Noreturn void port_panic(const char *file, int line, const char *expr)
{
	uint64_t mask = UINT64_C(1) << (SIGABRT - 1);
	char text[512], digits[12];
	size_t len = 0;
	int n = sizeof(digits) - 1;

	digits[n] = '\0';
	do {
		digits[--n] = (char)('0' + line % 10);
		line /= 10;
	} while (line > 0 && n > 0);
	len = append(text, len, sizeof(text), "whelk: panic: ");
	len = append(text, len, sizeof(text), file);
	len = append(text, len, sizeof(text), ":");
	len = append(text, len, sizeof(text), digits + n);
	len = append(text, len, sizeof(text), ": ");
	len = append(text, len, sizeof(text), expr);
	len = append(text, len, sizeof(text), "\n");
	(void)port_console_write(2, text, len);

	/* As abort(3) does, for the sake of debuggers and core dumps. */
	host_syscall4(HOST_RT_SIGPROCMASK, SIG_UNBLOCK, (long)&mask, 0,
		      sizeof(mask));
	host_syscall3(HOST_TGKILL, host_syscall0(HOST_GETPID),
		      host_syscall0(HOST_GETTID), SIGABRT);
	for (;;)
		host_syscall1(HOST_EXIT_GROUP, EXIT_PANIC);
}
