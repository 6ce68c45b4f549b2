/* SPDX-License-Identifier: MIT */
/* Makes the calls whose trace tests/trace.sh expects, by number, so that libc
 * adds nothing to them. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	static char data[64] = "\001"
			       "2\t\"quoted\" \\ and longer than fits";
	long fd;

	fd = syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_RDWR | O_CREAT, 0644);
	syscall(SYS_write, fd, "hello\n", 6);
	syscall(SYS_write, fd, data, 48);
	syscall(SYS_pread64, fd, data, 5, 1);
	syscall(SYS_lseek, fd, -3L, 1);
	syscall(SYS_open, "/none\001x", O_RDONLY | O_CLOEXEC | 0100000, 7);
	syscall(SYS_mkdirat, fd, "d", 0);
	syscall(SYS_open, NULL, O_WRONLY);
	syscall(SYS_unlink, "/tmp/0123456789012345678901234567890123456789");
	syscall(SYS_close, fd);
	syscall(SYS_close, -1);
	syscall(SYS_mmap, NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		0);
	syscall(SYS_chown, "/tmp/x", -1, 0);
	syscall(SYS_umask, 022);
	syscall(4000, 1, 2, 0, 0, 0, 255);
	signal(SIGUSR1, SIG_IGN);
	syscall(SYS_kill, 0x7fffffff, 0);
	exit(3);
}
