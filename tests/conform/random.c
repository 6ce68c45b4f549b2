/* SPDX-License-Identifier: MIT */
/*
 * Random calls on a small tree: names, links, moves, descriptors and contents
 * mixed. Each result is said, and the state of the tree as a number. The seeds
 * are fixed, so the transcript is the same every time.
 */
#include "transcript.h"

#define FDS 8

static uint32_t state;
static int fds[FDS];

static uint32_t pick(uint32_t limit)
{
	return sequence(&state, limit);
}

/* One to three components out of few, so that they meet. */
static const char *some_path(void)
{
	static const char *const names[] = {"a", "b", "c", "d",	 "e", "f",
					    "a", "b", "c", "..", "."};
	static char paths[2][40];
	static int turn;
	char *path = paths[turn = !turn];
	uint32_t count = 1 + pick(1 + pick(3));

	path[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		strcat(path, names[pick(sizeof(names) / sizeof(*names))]);
		if (i + 1 < count || pick(12) == 0)
			strcat(path, "/");
	}
	return path;
}

static int some_dir(void)
{
	return pick(5) ? AT_FDCWD : fds[pick(FDS)];
}

static const int open_flags[] = {
	O_RDONLY,
	O_RDWR,
	O_RDWR | O_CREAT,
	O_RDWR | O_CREAT | O_EXCL,
	O_RDWR | O_CREAT | O_TRUNC,
	O_RDONLY | O_DIRECTORY,
	O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
	O_RDWR | O_CREAT | O_APPEND,
	O_RDWR | O_NOFOLLOW,
	O_PATH | O_NOFOLLOW,
};

static long step_descriptor(void)
{
	static char buf[9000];
	uint32_t n = pick(FDS);
	size_t count = pick(pick(3) ? 100 : sizeof(buf));
	off_t at = pick(pick(2) ? 100 : 20000);
	int dir, flags;
	uint32_t what = pick(10);
	long result;

	printf("\t%u of %d: %zu %ld\n", what, fds[n], count, (long)at);
	switch (what) {
	case 0:
		memset(buf, (int)pick(256), count);
		return write(fds[n], buf, count);
	case 1:
		memset(buf, (int)pick(256), count);
		return pwrite(fds[n], buf, count, at);
	case 2:
		return read(fds[n], buf, count);
	case 3:
		return pread(fds[n], buf, count, at);
	case 4:
		return lseek(fds[n], at, SEEK_SET);
	case 5:
		return ftruncate(fds[n], at);
	default:
		dir = some_dir();
		flags = open_flags[pick(sizeof(open_flags) /
					sizeof(*open_flags))];
		result = openat(dir, some_path(), flags, 0666);
		if (result >= 0) {
			close(fds[n]);
			fds[n] = (int)result;
		}
		return result;
	}
}

static long step_name(void)
{
	int dir = some_dir(), other = some_dir();
	const char *path = some_path(), *second = some_path();
	uint32_t how = pick(2) ? 0 : pick(3);
	uint32_t what = pick(17);
	struct stat st;

	printf("\t%u %d %s %d %s %u\n", what, dir, path, other, second, how);
	switch (what) {
	case 0:
	case 1:
	case 2:
		return mkdirat(dir, path, 0755);
	case 3:
	case 4:
		return unlinkat(dir, path, 0);
	case 5:
		return unlinkat(dir, path, AT_REMOVEDIR);
	case 6:
	case 7:
		return symlinkat(second, dir, path);
	case 8:
		return linkat(dir, path, other, second,
			      how ? AT_SYMLINK_FOLLOW : 0);
	case 9:
	case 10:
	case 11:
	case 12:
		return syscall(SYS_renameat2, dir, path, other, second, how);
	case 13:
		return fstatat(dir, path, &st, 0) ? -1 : (long)st.st_nlink;
	case 14:
		return syscall(SYS_fchmodat, dir, path, pick(01000));
	case 15:
		return truncate(path, pick(10000));
	default:
		return chdir(path);
	}
}

static void run(uint32_t seed)
{
	int top;

	state = seed;
	CALL(top = open(".", O_RDONLY));
	for (int i = 0; i < FDS; i++)
		fds[i] = open(".", O_RDONLY);
	for (int i = 0; i < 2500; i++) {
		long result;

		errno = 0;
		result = pick(3) ? step_name() : step_descriptor();
		say("%d: %ld %s", i, result, result < 0 ? outcome(result) : "");
		if (i % 8 == 0) {
			/* Never above the top: that is there for "..". */
			must(fchdir(top) == 0, "top");
			say("%08x", tree_hash());
		}
	}
	for (int i = 0; i < FDS; i++)
		close(fds[i]);
	must(fchdir(top) == 0, "top");
	close(top);
	tree_clear();
	say("%08x", tree_hash());
}

int main(int argc, char **argv)
{
	static const char *const nest[] = {"1", "2", "3", "4", "5"};

	begin(argc, argv);
	for (int i = 0; i < 5; i++)
		must(mkdir(nest[i], 0755) == 0 && chdir(nest[i]) == 0, "nest");
	for (uint32_t seed = 1; seed <= 6; seed++)
		run(seed);
	return 0;
}
