/* SPDX-License-Identifier: MIT */
/* O_NONBLOCK on the console is refused, by whatever way it is asked for, and
 * leaves it as it was. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int failed;

static void refused(const char *what, int result)
{
	if (result == -1 && errno == EINVAL)
		return;
	fprintf(stderr, "%s: %d, errno %d\n", what, result, errno);
	failed = 1;
}

int main(void)
{
	int on = 1;

	refused("open", open("/dev/stdin", O_RDONLY | O_NONBLOCK));
	refused("F_SETFL", fcntl(0, F_SETFL, O_NONBLOCK));
	refused("FIONBIO", ioctl(0, FIONBIO, &on));
	if (fcntl(0, F_GETFL) & O_NONBLOCK)
		failed = 1;
	if (open("/dev/null", O_RDONLY | O_NONBLOCK) < 0)
		failed = 1;
	return failed;
}
