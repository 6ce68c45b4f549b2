/* SPDX-License-Identifier: MIT */
/* While one thread waits in readv for standard input, another can use a copy of
 * that descriptor. Whoever runs this gives no input until it has ended. */
#include <pthread.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

static void *wait_for_input(void *unused)
{
	char text[10];
	struct iovec iov = {text, sizeof(text)};

	(void)unused;
	if (readv(0, &iov, 1) < 0)
		perror("readv");
	return NULL;
}

int main(void)
{
	char text[] = "written\n";
	struct iovec iov = {text, sizeof(text) - 1};
	pthread_t thread;
	int copy = dup(0);

	alarm(5);
	if (copy < 0 || pthread_create(&thread, NULL, wait_for_input, NULL))
		return 1;
	usleep(200000);
	/* Whether it can be written to differs; it must not wait. */
	if (writev(copy, &iov, 1) < 0)
		perror("writev");
	_exit(0);
}
