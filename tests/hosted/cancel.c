/* SPDX-License-Identifier: MIT */
/*
 * pthread_cancel of a thread that waits in a read of the console, the first
 * one of the process; and one that does not want to be cancelled.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void cleanup(void *arg)
{
	(void)arg;
	puts("cleanup");
}

static void *reader(void *arg)
{
	char c;

	(void)arg;
	pthread_cleanup_push(cleanup, NULL);
	printf("read: %zd\n", read(0, &c, 1));
	pthread_cleanup_pop(0);
	return NULL;
}

/* A read that is cancelled while that is disabled does not end the thread. */
static void *unwilling(void *arg)
{
	char c;
	int old;

	(void)arg;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	(void)!read(0, &c, 1);
	puts("read returned");
	return NULL;
}

int main(int argc, char **argv)
{
	int disabled = argc > 1 && !strcmp(argv[1], "disabled");
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, disabled ? unwilling : reader, NULL))
		return 1;
	usleep(200000);
	if (pthread_cancel(thread) || pthread_join(thread, &result))
		return 1;
	puts(result == PTHREAD_CANCELED ? "canceled" : "ended");
	return 0;
}
