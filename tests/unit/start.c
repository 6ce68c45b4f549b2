/* SPDX-License-Identifier: MIT */
/*
 * How a home starts the system calls, and puts files into the file system
 * before the application runs (syscalls/process.c).
 */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "sys.h"
#include "syscalls/syscall.h"
#include "tests/unit/port_unit.h"

#define SIZE 10000

static char data[SIZE], found[SIZE];

static void start(uint64_t bytes_max)
{
	const struct syscall_config config = {.fs_bytes_max = bytes_max};

	syscall_init(&config);
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char)(i % 251);
}

/* Is path a file with the first len bytes of data, and that mode? */
static void check_file(const char *path, size_t len, unsigned mode)
{
	struct stat st;
	long fd = sys_open(path, O_RDONLY, 0);

	CHECK(fd >= 0);
	CHECK_EQ(sys_fstat((int)fd, &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | mode);
	CHECK_EQ(st.st_size, len);
	CHECK_EQ(st.st_mtim.tv_sec, 77);
	CHECK_EQ(sys_read((int)fd, found, SIZE), len);
	CHECK(memcmp(found, data, len) == 0);
	CHECK_EQ(sys_close((int)fd), 0);
}

TEST(files_are_installed_with_the_directories_on_the_way)
{
	char path[300] = "/a/";

	start(0);
	CHECK_EQ(syscall_install("/a/b/file", 0640, 77, data, SIZE), 0);
	check_file("/a/b/file", SIZE, 0640);
	CHECK_EQ(syscall_install("//a/b//file", 0755, 77, data, 10), 0);
	check_file("/a/b/file", 10, 0755);
	CHECK_EQ(syscall_install("empty", 0400, 77, NULL, 0), 0);
	check_file("/empty", 0, 0400);
	CHECK_EQ(syscall_install("/a/b", 0644, 77, data, 1), -EISDIR);
	CHECK_EQ(syscall_install("/empty/x", 0644, 77, data, 1), -ENOTDIR);
	memset(path + 3, 'n', 256);
	strcpy(path + 3 + 256, "/x");
	CHECK_EQ(syscall_install(path, 0644, 77, data, 1), -ENAMETOOLONG);
	syscall_fini();
}

TEST(what_does_not_fit_is_not_installed_in_silence)
{
	start(8192);
	CHECK_EQ(syscall_install("/a/file", 0644, 77, data, SIZE), -ENOSPC);
	syscall_fini();
}

TEST(an_installation_without_memory_fails)
{
	size_t at = 1, allocs;

	do {
		start(0);
		port_unit_fail(at, true);
		if (syscall_install("/a/b/file", 0600, 77, data, SIZE) == 0)
			check_file("/a/b/file", SIZE, 0600);
		else
			CHECK(port_unit_allocs() >= at);
		allocs = port_unit_allocs();
		port_unit_fail(0, false);
		syscall_fini();
	} while (at++ <= allocs);
}

TEST(the_three_standard_descriptors_are_open_from_the_start)
{
	struct stat st;

	start(0);
	for (int fd = 0; fd < 3; fd++) {
		CHECK_EQ(sys_fstat(fd, &st), 0);
		CHECK(S_ISCHR(st.st_mode));
	}
	CHECK_EQ(sys_fstat(3, &st), -EBADF);
	CHECK_EQ(sys_read(0, found, SIZE), 0);
	CHECK_EQ(sys_write(1, data, 10), 10);
	syscall_fini();
}

TEST(calls_are_traced_if_the_home_says_so)
{
	const struct syscall_config config = {.trace = true};

	syscall_init(&config);
	CHECK_EQ(syscall_detour, SYSCALL_DETOUR_TRACE);
	syscall_fini();
	CHECK_EQ(syscall_detour, 0);
}
