/* SPDX-License-Identifier: MIT */
/*
 * Standard input, output and error (abi/guest.h). Nothing is kept here: output
 * leaves at once; input comes on request, and what a reader does not take of
 * an answer stays in the UART and with the sender.
 */
#include "abi/guest.h"
#include "kernel/internal.h"

static struct {
	bool on_request;
	size_t coming; /* bytes of the answer still to come */
} input;

void kernel_console_init(bool on_request)
{
	input.on_request = on_request;
}

static uint8_t byte_wait(void)
{
	int c;

	while ((c = uart_get()) < 0)
		uart_wait();
	return (uint8_t)c;
}

/* Without requests: waits for one byte, and takes what has come with it. */
static size_t read_plain(uint8_t *to, size_t count)
{
	size_t n = 1;
	int c;

	for (to[0] = byte_wait(); n < count && (c = uart_get()) >= 0; n++)
		to[n] = (uint8_t)c;
	return n;
}

size_t kernel_console_read(void *buf, size_t count)
{
	uint8_t *to = buf;
	size_t n;

	if (!count || !uart_present())
		return 0;
	if (!input.on_request)
		return read_plain(to, count);
	if (!input.coming) {
		channel_request();
		input.coming = byte_wait();
		input.coming |= (size_t)byte_wait() << 8;
	}
	for (n = 0; n < count && input.coming; n++, input.coming--)
		to[n] = byte_wait();
	return n;
}

size_t kernel_console_pending(void)
{
	return input.coming;
}

void kernel_console_write(int stream, const void *buf, size_t count)
{
	channel_write(stream == 2 ? GUEST_FRAME_STDERR : GUEST_FRAME_STDOUT,
		      buf, count);
}
