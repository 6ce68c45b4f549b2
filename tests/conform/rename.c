/* SPDX-License-Identifier: MIT */
/*
 * Calls with two paths, tried on all pairs of paths of the tree: rename(2),
 * renameat2(2) with its flags, link(2), linkat(2).
 */
#include "transcript.h"

static int rename_plain(const char *from, const char *to)
{
	return rename(from, to);
}

static int rename_flags(const char *from, const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static int rename_noreplace(const char *from, const char *to)
{
	return rename_flags(from, to, 1);
}

static int rename_exchange(const char *from, const char *to)
{
	return rename_flags(from, to, 2);
}

static int link_follow(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW);
}

static const struct {
	const char *name;
	int (*call)(const char *from, const char *to);
} calls[] = {
	{"rename", rename_plain},
	{"rename noreplace", rename_noreplace},
	{"rename exchange", rename_exchange},
	{"link", link},
	{"link follow", link_follow},
};

/* Paths for both ends: the tree is built anew only when it changed, for these
 * are many. */
static void pairs(void)
{
	unsigned before, after;

	tree_build();
	before = tree_hash();
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		for (size_t j = 0; j < tree_paths_len; j++) {
			say("%s %s", calls[i].name, path_label(tree_paths[j]));
			for (size_t k = 0; k < tree_paths_len; k++) {
				int result = calls[i].call(tree_paths[j],
							   tree_paths[k]);

				printf("\t%s: %s", path_label(tree_paths[k]),
				       outcome(result));
				if (result == 0)
					after = tree_hash();
				else
					after = before;
				if (after == before) {
					say(" same");
					continue;
				}
				say(" %08x", after);
				tree_clear();
				tree_build();
				/* a failure changed nothing */
				must(tree_hash() == before, "rebuilt");
			}
			say("%08x", tree_hash());
		}
	}
	tree_clear();
}

static void flags(void)
{
	make("a", "a");
	CALL(rename_flags("a", "b", 3));
	CALL(rename_flags("a", "b", 8));
	CALL(rename_flags("missing", "b", 8));
	CALL(rename_flags("a", "b", 6));
	CALL(rename_flags("a", "a", 0));
	CALL(rename_flags("a", "a", 1));
	CALL(rename_flags("a", "a", 2));
	CALL(linkat(AT_FDCWD, "a", AT_FDCWD, "b", AT_SYMLINK_NOFOLLOW));
	CALL(linkat(AT_FDCWD, "a", AT_FDCWD, "b", 1));
	CALL(syscall(SYS_renameat2, AT_FDCWD, NULL, AT_FDCWD, "b", 0));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, NULL, 0));
	CALL(syscall(SYS_renameat2, -1, "a", AT_FDCWD, "b", 0));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "a", -1, "b", 0));
	CALL(syscall(SYS_renameat2, -1, "/", -1, "b", 0));
	CALL(syscall(SYS_linkat, AT_FDCWD, NULL, AT_FDCWD, "b", 0));
	CALL(syscall(SYS_linkat, AT_FDCWD, "a", AT_FDCWD, NULL, 0));
	CALL(linkat(-1, "a", AT_FDCWD, "b", 0));
	CALL(linkat(AT_FDCWD, "a", -1, "b", 0));
	CALL(unlink("a"));
}

/* linkat with AT_EMPTY_PATH: of a descriptor. */
static void link_descriptor(void)
{
	int fd, path, dir;

	make("a", "a");
	mkdir("dir", 0755);
	CALL(fd = open("a", O_RDONLY));
	CALL(path = open("a", O_PATH));
	CALL(dir = open("dir", O_RDONLY));
	CALL(linkat(fd, "", AT_FDCWD, "b", 0));
	CALL(linkat(fd, "", AT_FDCWD, "b", AT_EMPTY_PATH));
	CALL(linkat(path, "", AT_FDCWD, "c", AT_EMPTY_PATH));
	CALL(linkat(dir, "", AT_FDCWD, "d", AT_EMPTY_PATH));
	CALL(linkat(AT_FDCWD, "", AT_FDCWD, "d", AT_EMPTY_PATH));
	CALL(linkat(fd, "", dir, "in", AT_EMPTY_PATH));
	CALL(linkat(99, "", dir, "in", AT_EMPTY_PATH));
	show("a");
	unlink("a");
	unlink("b");
	unlink("c");
	unlink("dir/in");
	show_fd("a", fd);
	CALL(linkat(fd, "", AT_FDCWD, "b", AT_EMPTY_PATH));
	CALL(linkat(path, "", AT_FDCWD, "b", AT_EMPTY_PATH));
	CALL(close(fd));
	CALL(close(path));
	CALL(rmdir("dir"));
	CALL(linkat(dir, "", AT_FDCWD, "b", AT_EMPTY_PATH));
	make("a", "a");
	CALL(linkat(AT_FDCWD, "a", dir, "b", 0));
	CALL(renameat(AT_FDCWD, "a", dir, "b"));
	CALL(renameat(dir, "b", AT_FDCWD, "a"));
	CALL(renameat(dir, "b", dir, "a"));
	CALL(close(dir));
	CALL(unlink("a"));
}

/* What rename does to those who have the files open, and to "..". */
static void moved(void)
{
	char buf[10] = "";
	int from, to, dir;
	struct stat one, two;

	make("from", "from");
	make("to", "to");
	CALL(from = open("from", O_RDWR));
	CALL(to = open("to", O_RDWR));
	CALL(rename("from", "to"));
	show_fd("from", from);
	show_fd("to", to);
	CALL(read(to, buf, sizeof(buf)));
	show_text("to");
	CALL(close(from));
	CALL(close(to));
	mkdir("one", 0755);
	mkdir("two", 0755);
	mkdir("one/sub", 0755);
	CALL(dir = open("one/sub", O_RDONLY));
	CALL(rename("one/sub", "two/sub"));
	show("one");
	show("two");
	must(fstatat(dir, "..", &one, 0) == 0 && stat("two", &two) == 0, "..");
	say(".. is two: %d", one.st_ino == two.st_ino);
	mkdir("one/other", 0755);
	CALL(rename_exchange("one/other", "two"));
	show("one");
	show("one/other");
	show("two");
	must(fstatat(dir, "../..", &one, 0) == 0 && stat("one", &two) == 0,
	     "..");
	say("../.. is one: %d", one.st_ino == two.st_ino);
	CALL(rename("one/other/sub", "two"));
	show("one/other");
	show("two");
	CALL(rename("two", "one/other/two"));
	show_list("one/other");
	CALL(rename("one/other/two", "one"));
	CALL(rename("one", "one/other/two"));
	CALL(rename("one", "one/other"));
	CALL(close(dir));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	must(mkdir("t", 0755) == 0 && chdir("t") == 0, "t");
	pairs();
	flags();
	link_descriptor();
	moved();
	return 0;
}
