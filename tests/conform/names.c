/* SPDX-License-Identifier: MIT */
/*
 * Every call that takes one path, tried on every path of the tree: what it
 * returns, and what became of the tree.
 */
#include "transcript.h"

#include <sys/time.h>

static int try_access(const char *path)
{
	return access(path, F_OK);
}

static int try_access_rw(const char *path)
{
	return access(path, R_OK | W_OK);
}

static int try_stat(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : (int)(st.st_mode >> 12);
}

static int try_lstat(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? -1 : (int)(st.st_mode >> 12);
}

static int try_mkdir(const char *path)
{
	return mkdir(path, 0777);
}

static int try_symlink(const char *path)
{
	return symlink("target", path);
}

static int try_readlink(const char *path)
{
	char buf[100];

	return (int)readlink(path, buf, sizeof(buf));
}

static int try_truncate(const char *path)
{
	return truncate(path, 3);
}

static int try_truncate_negative(const char *path)
{
	return truncate(path, -1);
}

static int try_chmod(const char *path)
{
	return chmod(path, 0711);
}

static int try_chown(const char *path)
{
	return chown(path, 5, 6);
}

static int try_lchown(const char *path)
{
	return lchown(path, 5, 6);
}

static int try_utimes(const char *path)
{
	static const struct timeval times[2] = {{1, 2}, {3, 4}};

	return utimes(path, times);
}

static int try_chdir(const char *path)
{
	int here = open(".", O_RDONLY), result = chdir(path), error = errno;

	must(fchdir(here) == 0, "fchdir");
	close(here);
	errno = error;
	return result;
}

static int try_link_to_dir(const char *path)
{
	return link("d", path);
}

static int try_opendir(const char *path)
{
	DIR *dir = opendir(path);

	if (!dir)
		return -1;
	closedir(dir);
	return 0;
}

static const struct {
	const char *name;
	int (*call)(const char *path);
} calls[] = {
	{"access", try_access},
	{"access rw", try_access_rw},
	{"stat", try_stat},
	{"lstat", try_lstat},
	{"mkdir", try_mkdir},
	{"rmdir", rmdir},
	{"unlink", unlink},
	{"symlink", try_symlink},
	{"readlink", try_readlink},
	{"truncate", try_truncate},
	{"truncate -1", try_truncate_negative},
	{"chmod", try_chmod},
	{"chown", try_chown},
	{"lchown", try_lchown},
	{"utimes", try_utimes},
	{"chdir", try_chdir},
	{"opendir", try_opendir},
	{"link dir", try_link_to_dir},
};

int main(int argc, char **argv)
{
	begin(argc, argv);
	must(mkdir("t", 0755) == 0 && chdir("t") == 0, "t");
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		for (size_t j = 0; j < tree_paths_len; j++) {
			const char *path = tree_paths[j];
			int result;

			tree_build();
			errno = 0;
			result = calls[i].call(path);
			printf("%s %s: %s", calls[i].name, path_label(path),
			       outcome(result));
			say(" %08x", tree_hash());
			tree_clear();
			must(chown(".", 0, 0) == 0 && chmod(".", 0755) == 0,
			     "restore");
		}
	}
	return 0;
}
