/* SPDX-License-Identifier: MIT */
/*
 * Calls relative to a directory's descriptor, and the current directory: chdir,
 * fchdir, getcwd, also when it is removed or very deep.
 */
#include "transcript.h"

#include <limits.h>

static const struct timespec times[2] = {{1, 0}, {2, 0}};

/* All of them, on one descriptor and path; flags where there are some. NULL is
 * not tried with AT_EMPTY_PATH, where newer Linux takes it for "". */
static void all(const char *what, int dir, const char *path)
{
	struct stat st;
	char buf[100];
	long fd;

	say("%s", what);
	CALL(fd = syscall(SYS_openat, dir, path, O_RDONLY, 0));
	if (fd >= 0)
		close((int)fd);
	CALL(syscall(SYS_openat, dir, path, O_RDWR | O_CREAT | O_EXCL, 0600));
	CALL(syscall(SYS_newfstatat, dir, path, &st, 0));
	CALL(syscall(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW));
	CALL(syscall(SYS_newfstatat, dir, path, &st, 1));
	CALL(syscall(SYS_newfstatat, dir, path, &st, 0x6000));
	CALL(syscall(SYS_faccessat, dir, path, R_OK));
	if (path)
		CALL(syscall(SYS_faccessat2, dir, path, R_OK, AT_EMPTY_PATH));
	CALL(syscall(SYS_faccessat2, dir, path, R_OK, AT_SYMLINK_NOFOLLOW));
	CALL(syscall(SYS_faccessat2, dir, path, R_OK, 1));
	CALL(syscall(SYS_mkdirat, dir, path, 0700));
	CALL(syscall(SYS_symlinkat, "target", dir, path));
	CALL(syscall(SYS_readlinkat, dir, path, buf, sizeof(buf)));
	CALL(syscall(SYS_fchmodat, dir, path, 0700));
	CALL(syscall(SYS_fchownat, dir, path, 1, 1, 0));
	if (path)
		CALL(syscall(SYS_fchownat, dir, path, 0, 0, AT_EMPTY_PATH));
	CALL(syscall(SYS_fchownat, dir, path, 0, 0, AT_SYMLINK_NOFOLLOW));
	CALL(syscall(SYS_fchownat, dir, path, 0, 0, 1));
	CALL(syscall(SYS_utimensat, dir, path, times, 0));
	if (path)
		CALL(syscall(SYS_utimensat, dir, path, times, AT_EMPTY_PATH));
	CALL(syscall(SYS_utimensat, dir, path, times, 1));
	CALL(syscall(SYS_linkat, dir, path, AT_FDCWD, "new", 0));
	CALL(unlink("new"));
	CALL(syscall(SYS_linkat, AT_FDCWD, "f", dir, path, 0));
	CALL(syscall(SYS_linkat, dir, path, AT_FDCWD, "new", 1));
	CALL(syscall(SYS_renameat, dir, path, AT_FDCWD, "new"));
	CALL(syscall(SYS_renameat, AT_FDCWD, "new", dir, path));
	CALL(syscall(SYS_renameat2, dir, path, AT_FDCWD, "f", 1));
	CALL(syscall(SYS_unlinkat, dir, path, 1));
	CALL(syscall(SYS_unlinkat, dir, path, AT_REMOVEDIR));
	CALL(syscall(SYS_unlinkat, dir, path, 0));
	CALL(syscall(SYS_unlinkat, dir, path, 0));
	say("%08x", tree_hash());
	tree_clear();
	tree_build();
}

static void relative(void)
{
	int dir, file, path, link;
	char buf[10];

	tree_build();
	CALL(dir = open("e", O_RDONLY));
	CALL(file = open("f", O_RDWR));
	CALL(path = open("e", O_PATH));
	CALL(link = open("l", O_PATH | O_NOFOLLOW));
	/* The tree is built anew each time, so the descriptors are of what
	 * has been removed; open them again. */
	for (int i = 0; i < 8; i++) {
		static const char *const names[] = {
			"x", "sub", "missing", "",
			".", "..",  "../f",    "/tmp/conform/t/g",
		};
		char what[100];

		snprintf(what, sizeof(what), "directory, \"%s\"", names[i]);
		must(dup2(open("e", O_RDONLY), dir) == dir, "dup2");
		all(what, dir, names[i]);
		snprintf(what, sizeof(what), "O_PATH, \"%s\"", names[i]);
		must(dup2(open("e", O_PATH), path) == path, "dup2");
		all(what, path, names[i]);
		snprintf(what, sizeof(what), "file, \"%s\"", names[i]);
		must(dup2(open("f", O_RDWR), file) == file, "dup2");
		all(what, file, names[i]);
		snprintf(what, sizeof(what), "link, \"%s\"", names[i]);
		must(dup2(open("l", O_PATH | O_NOFOLLOW), link) == link,
		     "dup2");
		all(what, link, names[i]);
		snprintf(what, sizeof(what), "AT_FDCWD, \"%s\"", names[i]);
		all(what, AT_FDCWD, names[i]);
		snprintf(what, sizeof(what), "-1, \"%s\"", names[i]);
		all(what, -1, names[i]);
		snprintf(what, sizeof(what), "99, \"%s\"", names[i]);
		all(what, 99, names[i]);
		for (int fd = link + 1; fd < 50; fd++)
			close(fd);
	}
	all("NULL", AT_FDCWD, NULL);
	all("NULL, bad", -1, NULL);
	all("too long, bad", -1, PATH4096);
	CALL(syscall(SYS_readlink, "", buf, 0));
	CALL(syscall(SYS_readlinkat, AT_FDCWD, "", buf, 0));
	close(dir);
	close(file);
	close(path);
	close(link);
	tree_clear();
}

static long cwd_raw(char *buf, size_t size)
{
	return syscall(SYS_getcwd, buf, size);
}

static void cwd_said(void)
{
	char buf[PATH_MAX];

	errno = 0;
	say("in %s", cwd_raw(buf, sizeof(buf)) < 0 ? error_name(errno) : buf);
}

/* getcwd is told of more room than there is, as getwd(3) does: only the path
 * and its NUL may be written. */
static void claims_too_much(void)
{
	char buf[200];
	size_t touched = 0;

	memset(buf, '#', sizeof(buf));
	say("claims 150: %s", outcome(cwd_raw(buf, 150)));
	for (size_t i = 0; i < sizeof(buf); i++)
		touched += buf[i] != '#';
	say("touched %zu", touched);
}

static void current(void)
{
	char buf[100];
	int fd, top;

	cwd_said();
	claims_too_much();
	for (size_t size = 0; size < 20; size++)
		printf("%zu: %s ", size, outcome(cwd_raw(buf, size)));
	putchar('\n');
	CALL(top = open(".", O_RDONLY));
	CALL(mkdir("dir", 0755));
	CALL(mkdir("dir/sub", 0755));
	CALL(symlink("dir/sub", "link"));
	make("file", "");
	CALL(chdir("link"));
	cwd_said();
	CALL(chdir(".."));
	cwd_said();
	CALL(rename("../dir", "../other"));
	cwd_said();
	CALL(access("sub", F_OK));
	CALL(fd = open("sub", O_RDONLY));
	CALL(fchdir(fd));
	cwd_said();
	CALL(close(fd));
	/* It moves with the directory it is in. */
	CALL(rename("../../other/sub", "../../moved"));
	cwd_said();
	CALL(access("../file", F_OK));
	/* Removed: nothing can be found or made there, but ".." is. */
	CALL(rmdir("../moved"));
	cwd_said();
	CALL(access(".", F_OK));
	show(".");
	CALL(access("..", F_OK));
	CALL(access("x", F_OK));
	CALL(access(NAME256, F_OK));
	CALL(access(NAME256 "/x", F_OK));
	CALL(mkdir(NAME256, 0777));
	CALL(symlink("y", NAME256));
	CALL(link("/tmp/conform/file", NAME256));
	CALL(unlink(NAME256));
	CALL(rename(NAME256, "x"));
	CALL(rename("/tmp/conform/file", NAME256));
	CALL(rename("/tmp/conform/file", "x/"));
	CALL(rename("/tmp/conform/file/", "x"));
	CALL(open("x", O_RDWR | O_CREAT, 0600));
	CALL(open(NAME256, O_RDWR | O_CREAT, 0600));
	CALL(open(".", O_RDONLY));
	CALL(close(4));
	CALL(mkdir("x", 0777));
	CALL(symlink("y", "x"));
	CALL(link("/tmp/conform/file", "x"));
	CALL(rename("/tmp/conform/file", "x"));
	CALL(rename("x", "y"));
	CALL(rmdir("x"));
	CALL(rmdir("."));
	CALL(rmdir(".."));
	CALL(rmdir("../moved"));
	show_list(".");
	CALL(access("../file", F_OK));
	CALL(chdir("."));
	CALL(chdir(".."));
	cwd_said();
	CALL(chdir("missing"));
	CALL(chdir("file"));
	CALL(chdir(""));
	CALL(syscall(SYS_chdir, NULL));
	CALL(fd = open("file", O_RDONLY));
	CALL(fchdir(fd));
	CALL(close(fd));
	cwd_said();
	CALL(chdir("/"));
	cwd_said();
	CALL(chdir(".."));
	cwd_said();
	CALL(access("tmp/conform/file", F_OK));
	for (size_t size = 0; size < 4; size++)
		printf("%zu: %s ", size, outcome(cwd_raw(buf, size)));
	putchar('\n');
	CALL(fchdir(top));
	cwd_said();
	CALL(close(top));
	unlink("link");
	unlink("file");
	rmdir("other");
}

/* Deeper than a path can be long. */
static void deep(void)
{
	static char buf[100000];
	int depth, failed = 0;

	for (depth = 0; depth < 40; depth++) {
		failed += mkdir(NAME255, 0755) != 0;
		failed += chdir(NAME255) != 0;
	}
	say("%d failed", failed);
	CALL(cwd_raw(buf, sizeof(buf)));
	CALL(cwd_raw(buf, 4096));
	CALL(cwd_raw(buf, 10));
	make("bottom", "deep");
	show_text("bottom");
	CALL(unlink("bottom"));
	for (; depth > 15; depth--)
		failed += chdir("..") != 0 || rmdir(NAME255) != 0;
	CALL(cwd_raw(buf, sizeof(buf)));
	CALL(cwd_raw(buf, 3854));
	CALL(cwd_raw(buf, 3853));
	CALL(cwd_raw(buf, 3852));
	/* At the longest: 4096 with the NUL. */
	CALL(mkdir(NAME255, 0755));
	CALL(chdir(NAME255));
	CALL(cwd_raw(buf, sizeof(buf)));
	CALL(chdir(".."));
	CALL(rmdir(NAME255));
	for (size_t len = 238; len < 246; len++) {
		static char name[256];

		memset(name, 'q', len);
		name[len] = '\0';
		failed += mkdir(name, 0755) != 0 || chdir(name) != 0;
		printf("%zu: %s ", len, outcome(cwd_raw(buf, sizeof(buf))));
		failed += chdir("..") != 0 || rmdir(name) != 0;
	}
	putchar('\n');
	for (; depth > 0; depth--)
		failed += chdir("..") != 0 || rmdir(NAME255) != 0;
	say("%d failed", failed);
	cwd_said();
}

/* Links upon links: forty may be followed in one path. */
static void many_links(void)
{
	char name[20], target[20], path[600] = "";

	make("end", "");
	mkdir("dir", 0755);
	symlink(".", "dir/again");
	symlink("end", "k0");
	for (int i = 1; i < 45; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		snprintf(target, sizeof(target), "k%d", i - 1);
		symlink(target, name);
		if (i >= 37)
			say("%s %s %s %s", name, outcome(access(name, F_OK)),
			    outcome(open(name, O_RDONLY | O_NOFOLLOW)),
			    outcome(truncate(name, 0)));
	}
	strcpy(path, "dir");
	for (int i = 1; i < 45; i++) {
		strcat(path, "/again");
		if (i >= 38)
			say("%d %s", i, outcome(access(path, F_OK)));
	}
	for (int i = 0; i < 45; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		unlink(name);
	}
	unlink("dir/again");
	rmdir("dir");
	unlink("end");
}

/* How texts of links are taken: slashes, dots, absolute ones. */
static void link_texts(void)
{
	static const char *const texts[] = {
		"/",
		"//",
		".",
		"..",
		"d",
		"d/",
		"d//",
		"./d",
		"d/.",
		"d/..",
		"f",
		"f/",
		"/tmp/conform/f",
		"//tmp//conform//d//",
		"../conform/d",
		"d/../f",
		"x",
		"x/",
		"d/x",
		"d/x/",
		"f/x",
		"f/..",
		NAME255,
		NAME256,
		"link",
		"./link/",
		PATH4095,
	};
	struct stat st;
	char name[20];

	make("f", "");
	mkdir("d", 0755);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		say("-> %s: %s", path_label(texts[i]),
		    outcome(symlink(texts[i], "link")));
		CALL(stat("link", &st) ? -1 : (int)(st.st_mode >> 12));
		CALL(stat("link/", &st) ? -1 : (int)(st.st_mode >> 12));
		CALL(stat("link/.", &st) ? -1 : (int)(st.st_mode >> 12));
		CALL(stat("link/f", &st) ? -1 : (int)(st.st_mode >> 12));
		CALL(lstat("link/", &st) ? -1 : (int)(st.st_mode >> 12));
		CALL(open("link", O_RDWR | O_CREAT, 0600));
		CALL(close(3));
		CALL(mkdir("link", 0700));
		CALL(mkdir("link/", 0700));
		CALL(mkdir("link/new", 0700));
		CALL(rmdir("link/new"));
		CALL(rmdir("link"));
		CALL(rmdir("link/"));
		CALL(unlink("link/"));
		CALL(symlink("a", "link/"));
		CALL(rename("link/", "elsewhere"));
		CALL(rename("f", "link/"));
		CALL(rename("d", "link/"));
		CALL(link("f", "link/"));
		CALL(readlink("link/", name, sizeof(name)));
		rename("elsewhere", "link");
		mkdir("d", 0755);
		make("f", "");
		unlink("x");
		unlink("d/x");
		unlink("link");
		unlink(NAME255);
		rmdir("link");
		show_list(".");
		show_list("d");
	}
	unlink("f");
	rmdir("d");
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	current();
	deep();
	many_links();
	link_texts();
	must(mkdir("t", 0755) == 0 && chdir("t") == 0, "t");
	relative();
	return 0;
}
