/* SPDX-License-Identifier: MIT */
/*
 * What the runner (tools/run) and the guest kernel agree upon, beyond the PVH
 * boot protocol. Without the devices below (other VMMs) everything goes over
 * the serial port as raw bytes, and the guest ends by a reset.
 *
 *   GUEST_PORT_OUTPUT   isa-debugcon; answers GUEST_DEBUGCON_ID when read.
 *                       All that the guest says, in order, in one stream.
 *   GUEST_PORT_EXIT     isa-debug-exit: any byte written ends QEMU. The runner
 *                       has ended it before, at the status.
 *   COM1 (0x3f8)        standard input.
 *
 * The stream at GUEST_PORT_OUTPUT: bytes are standard output as they are, but
 * for GUEST_FRAME_ESCAPE, which stands before one byte more:
 *   GUEST_FRAME_ESCAPE  one byte of that value
 *   GUEST_FRAME_STDOUT  what follows goes to standard output
 *   GUEST_FRAME_STDERR  what follows goes to standard error
 *   GUEST_FRAME_PANIC   what follows goes to standard error, as the report of
 *                       a panic or an exception: whatever it holds of the form
 *                       <0x0123456789abcdef> is an address that the runner
 *                       follows with its symbol and line. All are return
 *                       addresses, but for the one after "rip" in a report
 *                       that begins with "whelk: exception"
 *   GUEST_FRAME_READ    asks for standard input (see below)
 *   GUEST_FRAME_STATUS  the end: what follows is a line, "exit N\n" (0..255),
 *                       "signal N\n" (1..64) or "panic\n"
 *
 * Standard input, with the option "stdin=request": the guest asks with
 * GUEST_FRAME_READ; the runner then waits until the host has input, and sends
 * over COM1 two bytes, the low one first, with the length of what is there (at
 * most GUEST_READ_MAX; 0 is end of file), and then so many bytes, as they are.
 * It sends nothing unasked, so input that no program reads stays on the host,
 * and there is no second request before the answer to the first is complete.
 * Without the option, what comes over COM1 is standard input.
 *
 * Kernel command line: words separated by single spaces. First options, as
 * name=value; then "--"; then argv[0], argv[1], ... Values and arguments are
 * percent-encoded: a byte that is not a letter, a digit or one of _./:,+@=-
 * is %XX (two upper-case hexadecimal digits); an empty argument is a lone "%".
 *   env=NAME=VALUE      one environment variable; may repeat
 *   stdin=request       see above
 *   tty=012             which of the descriptors 0, 1, 2 are terminals
 *   winsize=ROWSxCOLS   size of that terminal
 *   fs-size=BYTES       most bytes of the contents of files
 *   fs-inodes=COUNT     most files of any kind
 *   trace=1             print every system call on standard error
 *   share=1             there is a virtio 9P device whose tag is "host", with a
 *                       directory of the host for /host
 *
 * The first boot module of hvm_start_info, where there is one, is a cpio
 * archive ("newc") of files for the guest's file system.
 */
#ifndef WHELK_ABI_GUEST_H
#define WHELK_ABI_GUEST_H

/* Fewer would hardly do for /dev and /proc. */
#define GUEST_FS_INODES_MIN 64

#define GUEST_PORT_OUTPUT  0x4e9
#define GUEST_PORT_EXIT	   0x501
#define GUEST_DEBUGCON_ID  0xe9
#define GUEST_FRAME_ESCAPE 0x10
#define GUEST_FRAME_STDOUT '1'
#define GUEST_FRAME_STDERR '2'
#define GUEST_FRAME_PANIC  'p'
#define GUEST_FRAME_READ   'r'
#define GUEST_FRAME_STATUS 's'
#define GUEST_READ_MAX	   4096

#endif
