/* SPDX-License-Identifier: MIT */
/*
 * The runner's devices (abi/guest.h): the channel to it, with several streams
 * in one, and the end of the machine. Without the channel, all but the status
 * goes to COM1, and the machine ends by a reset.
 */
#include "abi/guest.h"
#include "kernel/x86_64/internal.h"

enum {
	KEYBOARD_COMMAND = 0x64,
	KEYBOARD_RESET = 0xfe,
};

static bool present;
static char current = GUEST_FRAME_STDOUT;

void channel_init(void)
{
	present = inb(GUEST_PORT_OUTPUT) == GUEST_DEBUGCON_ID;
}

static void control(char what)
{
	outb(GUEST_PORT_OUTPUT, GUEST_FRAME_ESCAPE);
	outb(GUEST_PORT_OUTPUT, (uint8_t)what);
}

/* Writes bytes to a stream, GUEST_FRAME_STDOUT, _STDERR or _PANIC. */
void channel_write(char stream, const void *buf, size_t len)
{
	const char *next = buf;
	size_t n;

	if (!present) {
		uart_write(buf, len);
		return;
	}
	if (stream != current)
		control(stream);
	current = stream;
	while (len) {
		for (n = 0; n < len && next[n] != GUEST_FRAME_ESCAPE; n++)
			;
		outsb(GUEST_PORT_OUTPUT, next, n);
		if (n < len) {
			control(GUEST_FRAME_ESCAPE);
			n++;
		}
		next += n;
		len -= n;
	}
}

/* Asks the runner for standard input. */
void channel_request(void)
{
	if (present)
		control(GUEST_FRAME_READ);
}

/* A CPU that can not deliver an exception resets the machine. */
static _Noreturn void triple_fault(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = {0, 0};

	__asm__ volatile("lidt %0; int3" : : "m"(none));
	cpu_stop();
}

/* Tells the runner the status and ends the guest: by the exit device, else by
 * a reset, which the emulator takes for the end. */
_Noreturn void machine_end(const char *status)
{
	int i;

	uart_flush();
	if (present) {
		control(GUEST_FRAME_STATUS);
		outsb(GUEST_PORT_OUTPUT, status, strlen(status));
	}
	outb(GUEST_PORT_EXIT, 0);
	outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
	for (i = 0; i < 1000; i++)
		cpu_pause();
	triple_fault();
}
