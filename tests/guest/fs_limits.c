/* SPDX-License-Identifier: MIT */
/*
 * For tests/runner.sh and tests/hosted.sh: says what the file system can take,
 * and sees that it is so: the bytes of one file, then as many files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

static unsigned long long file_fill(const char *path)
{
	static const char block[4096];
	unsigned long long bytes = 0;
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	ssize_t n;

	while ((n = write(fd, block, sizeof(block))) > 0)
		bytes += (unsigned long long)n;
	if (errno != ENOSPC)
		perror("write");
	close(fd);
	unlink(path);
	return bytes;
}

static unsigned long long files_make(void)
{
	unsigned long long files = 0;
	char name[32];

	for (;; files++) {
		int fd;

		snprintf(name, sizeof(name), "/tmp/%llu", files);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	if (errno != ENOSPC)
		perror("open");
	return files;
}

int main(void)
{
	struct statvfs fs;

	if (statvfs("/", &fs) != 0)
		return 1;
	printf("%llu bytes, %llu files\n",
	       (unsigned long long)fs.f_blocks * fs.f_frsize,
	       (unsigned long long)fs.f_files);
	printf("%d ", file_fill("/tmp/fill") ==
			      (unsigned long long)fs.f_bfree * fs.f_frsize);
	printf("%d\n", files_make() == (unsigned long long)fs.f_ffree);
	return 0;
}
