/* SPDX-License-Identifier: MIT */
/*
 * COM1, a 16550A with FIFOs of 16 bytes (National Semiconductor's data sheet).
 * Output waits for an empty FIFO once in 16 bytes. Input is fetched when it is
 * asked for; the FIFO's own flow control keeps the rest with the sender. While
 * a reader waits the CPU sleeps, and the receiver's interrupt wakes it.
 */
#include "kernel/x86_64/internal.h"

#define COM1 0x3f8

enum uart_register {
	UART_DATA = 0,
	UART_INTERRUPTS = 1,
	UART_FIFO = 2,
	UART_LINE = 3,
	UART_MODEM = 4,
	UART_STATUS = 5,
};

enum {
	INTERRUPT_RECEIVED = 0x01,
	FIFO_ON = 0xc1, /* the trigger level is 14 */
	FIFO_IS_ON = 0xc0,
	LINE_8N1 = 0x03,
	LINE_DIVISOR = 0x80,
	MODEM_DTR_RTS_OUT2 = 0x0b, /* OUT2 lets the interrupt through */
	STATUS_RECEIVED = 0x01,
	STATUS_FIFO_EMPTY = 0x20,
	STATUS_IDLE = 0x40,
	STATUS_MISSING = 0xff, /* what a port without a device reads as */
	FIFO_SIZE = 16,
};

static bool present;
static size_t burst = 1; /* bytes that the empty transmitter takes */

static uint8_t status(void)
{
	return inb(COM1 + UART_STATUS);
}

/*
 * Turning the FIFOs on empties them, and the byte that a 16450 holds is lost.
 * So they are turned on only if no input has come yet (a runner that is asked
 * for it has sent none); else it all goes byte by byte. QEMU delivers as many
 * bytes at a time as the trigger level says.
 */
static void fifo_init(void)
{
	if (status() & STATUS_RECEIVED)
		return;
	outb(COM1 + UART_FIFO, FIFO_ON);
	if ((inb(COM1 + UART_FIFO) & FIFO_IS_ON) == FIFO_IS_ON)
		burst = FIFO_SIZE;
}

void uart_init(void)
{
	present = status() != STATUS_MISSING;
	if (!present)
		return;
	outb(COM1 + UART_LINE, LINE_DIVISOR);
	outb(COM1 + UART_DATA, 1); /* 115,200 baud */
	outb(COM1 + UART_INTERRUPTS, 0);
	outb(COM1 + UART_LINE, LINE_8N1);
	fifo_init();
	outb(COM1 + UART_MODEM, MODEM_DTR_RTS_OUT2);
}

bool uart_present(void)
{
	return present;
}

void uart_write(const void *buf, size_t len)
{
	const char *next = buf;
	size_t n;

	if (!present)
		return;
	for (; len; len -= n, next += n) {
		n = len < burst ? len : burst;
		while (!(status() & STATUS_FIFO_EMPTY))
			cpu_pause();
		outsb(COM1 + UART_DATA, next, n);
	}
}

/* Waits until all output has left. */
void uart_flush(void)
{
	while (present && !(status() & STATUS_IDLE))
		cpu_pause();
}

/* The next byte received, or -1. */
int uart_get(void)
{
	if (!present || !(status() & STATUS_RECEIVED))
		return -1;
	return inb(COM1 + UART_DATA);
}

/* Sleeps until something happens: usually that input has come. */
void uart_wait(void)
{
	outb(COM1 + UART_INTERRUPTS, INTERRUPT_RECEIVED);
	if (!present || !(status() & STATUS_RECEIVED))
		cpu_sleep();
	outb(COM1 + UART_INTERRUPTS, 0);
}
