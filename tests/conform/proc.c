/* SPDX-License-Identifier: MIT */
/*
 * /proc: the links to descriptors and where they lead, and the texts as far as
 * they do not depend on the machine.
 */
#include "transcript.h"

#include <limits.h>
#include <sys/mman.h>

/* Where a link leads, seen from the current directory. */
static void leads(const char *link)
{
	static char here[PATH_MAX], to[PATH_MAX];
	ssize_t len = readlink(link, to, sizeof(to) - 1);
	size_t base;

	if (len < 0 || !getcwd(here, sizeof(here))) {
		say("%s: %s", link, outcome(-1));
		return;
	}
	to[len] = '\0';
	base = strlen(here);
	if (strstr(to, " (deleted)"))
		say("%s -> deleted", link);
	else if (!strncmp(to, here, base))
		say("%s -> HERE%s", link, to + base);
	else
		say("%s -> %s", link, to);
}

static void descriptors(void)
{
	int fd, again;
	char byte;
	struct stat a, b;

	make("file", "0123456789");
	fd = open("file", O_RDWR);
	say("%d", fd);
	leads("/proc/self/fd/3");
	CALL(lstat("/proc/self/fd/3", &a));
	say("%o %ld", a.st_mode, (long)a.st_size);
	CALL(stat("/proc/self/fd/3", &a));
	CALL(fstat(fd, &b));
	say("same %d", a.st_ino == b.st_ino);
	CALL(lseek(fd, 5, SEEK_SET));
	again = open("/proc/self/fd/3", O_RDONLY);
	CALL(read(again, &byte, 1));
	say("%c", byte);
	CALL(write(again, "x", 1));
	CALL(close(again));
	CALL(again = open("/dev/fd/3", O_RDONLY));
	CALL(read(again, &byte, 1));
	leads("/dev/fd");
	CALL(lstat("/proc/self/fd/4", &a));
	say("%o", a.st_mode);
	CALL(close(again));
	CALL(rename("file", "moved"));
	leads("/proc/self/fd/3");
	CALL(unlink("moved"));
	leads("/proc/self/fd/3");
	again = open("/proc/self/fd/3", O_RDWR | O_TRUNC);
	CALL(write(again, "new", 3));
	CALL(pread(fd, &byte, 1, 0));
	say("%c", byte);
	CALL(close(again));
	CALL(close(fd));
	CALL(open("/proc/self/fd/3", O_RDONLY));
	leads("/proc/self/fd/3");
}

static void names(void)
{
	static const char *const wrong[] = {"03",
					    "+3",
					    "3x",
					    "-1",
					    "99",
					    "2147483648",
					    "99999999999999999999",
					    "x",
					    ""};
	char path[64];
	struct stat st;
	int fd;

	make("file", "f");
	fd = open("file", O_RDONLY);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%s", wrong[i]);
		say("%s %s", path, outcome(stat(path, &st)));
	}
	CALL(open("/proc/self/fd/3/", O_RDONLY));
	CALL(stat("/proc/self/fd/3/", &st));
	CALL(stat("/proc/self/fd/3/x", &st));
	CALL(stat("/proc/self/fd/3/..", &st));
	CALL(stat("/proc/self/fd/3/.", &st));
	CALL(open("/proc/self/fd/3", O_RDONLY | O_NOFOLLOW));
	CALL(open("/proc/self/fd/3", O_RDONLY | O_DIRECTORY));
	CALL(open("/proc/self/fd/3", O_RDONLY | O_CREAT, 0600));
	CALL(close(4));
	CALL(open("/proc/self/fd/3", O_RDONLY | O_CREAT | O_EXCL, 0600));
	CALL(access("/proc/self/fd/3", R_OK));
	CALL(chmod("/proc/self/fd/3", 0640));
	CALL(fstat(fd, &st));
	say("%o", st.st_mode);
	CALL(truncate("/proc/self/fd/3", 3));
	CALL(fstat(fd, &st));
	say("%ld", (long)st.st_size);
	CALL(close(fd));
	fd = open("/proc/self/fd/0", O_PATH | O_NOFOLLOW);
	CALL(fstat(fd, &st));
	say("%o", st.st_mode & S_IFMT);
	say("%d", readlinkat(fd, "", path, sizeof(path)) > 0);
	CALL(close(fd));
}

static void directories(void)
{
	struct stat a, b;
	int dir;

	CALL(mkdir("dir", 0755));
	make("dir/file", "in dir");
	dir = open("dir", O_RDONLY | O_DIRECTORY);
	leads("/proc/self/fd/3");
	show_text("/proc/self/fd/3/file");
	CALL(mkdir("/proc/self/fd/3/sub", 0755));
	CALL(stat("/proc/self/fd/3/..", &a));
	CALL(stat(".", &b));
	say("%d", a.st_ino == b.st_ino);
	CALL(stat("/proc/self/fd/3/", &a));
	CALL(fstat(dir, &b));
	say("%d", a.st_ino == b.st_ino);
	CALL(symlink("/proc/self/fd/3/file", "link"));
	show_text("link");
	CALL(rename("dir", "elsewhere"));
	leads("/proc/self/fd/3");
	CALL(chdir("/proc/self/fd/3"));
	leads("/proc/self/cwd");
	CALL(stat("/proc/self/cwd/file", &a));
	CALL(chdir(".."));
	CALL(stat("/proc/self/root", &a));
	CALL(stat("/", &b));
	say("%d", a.st_ino == b.st_ino);
	leads("/proc/self/root");
	CALL(close(dir));
	CALL(unlink("elsewhere/file"));
	CALL(rmdir("elsewhere/sub"));
	dir = open("elsewhere", O_RDONLY | O_DIRECTORY);
	CALL(rmdir("elsewhere"));
	leads("/proc/self/fd/3");
	CALL(close(dir));
	CALL(unlink("link"));
}

static void listing(void)
{
	struct dirent *entry;
	int fds[3];
	DIR *dir;

	for (int i = 0; i < 3; i++)
		fds[i] = open(".", O_PATH);
	CALL(close(fds[1]));
	dir = opendir("/proc/self/fd");
	while ((entry = readdir(dir)) != NULL)
		say("%s %d", entry->d_name, entry->d_type);
	rewinddir(dir);
	for (int i = 0; i < 4; i++)
		entry = readdir(dir);
	seekdir(dir, telldir(dir));
	entry = readdir(dir);
	say("%s", entry ? entry->d_name : "none");
	closedir(dir);
	CALL(close(fds[0]));
	CALL(close(fds[2]));
}

static void closed_to_change(void)
{
	struct stat st;

	CALL(mkdir("/proc/x", 0755));
	CALL(mkdir("/proc/self/fd/x", 0755));
	CALL(mkdir("/proc/self", 0755));
	CALL(unlink("/proc/version"));
	CALL(unlink("/proc/self/fd/99"));
	CALL(rmdir("/proc/self/fd"));
	CALL(rename("/proc/version", "/proc/uptime"));
	CALL(link("/proc/version", "file2"));
	CALL(linkat(AT_FDCWD, "/proc/self/fd/0", AT_FDCWD, "file2", 0));
	CALL(open("/proc/version", O_RDONLY | O_DIRECTORY));
	CALL(stat("/proc/version", &st));
	say("%o %ld", st.st_mode, (long)st.st_size);
	CALL(stat("/proc/version/x", &st));
}

/* linkat(2) gives what a descriptor leads to a name. */
static int link_by(const char *path, const char *name, int flags)
{
	return linkat(AT_FDCWD, path, AT_FDCWD, name, flags);
}

static void linking(void)
{
	struct stat a, b;
	int fd, other, dir;

	CALL(fd = open(".", O_TMPFILE | O_RDWR, 0640));
	CALL(write(fd, "hello", 5));
	CALL(link_by("/proc/self/fd/3", "linked", 0));
	CALL(link_by("/proc/self/fd/3", "linked", AT_EMPTY_PATH));
	CALL(link_by("/proc/self/fd/3/", "linked", AT_SYMLINK_FOLLOW));
	CALL(link_by("/proc/self/fd/99", "linked", AT_SYMLINK_FOLLOW));
	CALL(link_by("/proc/self/fd/3", "missing/x", AT_SYMLINK_FOLLOW));
	show_fd("without a name", fd);
	CALL(link_by("/proc/self/fd/3", "linked", AT_SYMLINK_FOLLOW));
	show_fd("with a name", fd);
	show_text("linked");
	CALL(fstat(fd, &a));
	CALL(stat("linked", &b));
	say("%d", a.st_ino == b.st_ino);
	CALL(link_by("/proc/self/fd/3", "linked", AT_SYMLINK_FOLLOW));
	CALL(link_by("/proc/self/fd/3", "second", AT_SYMLINK_FOLLOW));
	CALL(unlink("linked"));
	CALL(unlink("second"));
	CALL(link_by("/proc/self/fd/3", "third", AT_SYMLINK_FOLLOW));
	CALL(close(fd));

	CALL(fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0640));
	CALL(link_by("/proc/self/fd/3", "excluded", AT_SYMLINK_FOLLOW));
	CALL(other = open(".", O_TMPFILE | O_WRONLY, 0600));
	CALL(dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY));
	CALL(linkat(dir, "4", AT_FDCWD, "by fd", AT_SYMLINK_FOLLOW));
	CALL(symlink("/proc/self/fd/4", "to fd"));
	CALL(link_by("to fd", "by link", AT_SYMLINK_FOLLOW));
	show_fd("with two names", other);
	CALL(link_by("/proc/self/cwd", "cwd", AT_SYMLINK_FOLLOW));
	CALL(link_by("/proc/self/fd", "fd", AT_SYMLINK_FOLLOW));
	CALL(close(dir));
	CALL(close(other));
	CALL(close(fd));
}

/* Who became another user still finds its own descriptors. */
static void another_user(void)
{
	char text[64];
	struct stat st;
	int fd, again;
	DIR *dir;

	make("everyone's", "text");
	CALL(chmod("everyone's", 0644));
	CALL(fd = open("everyone's", O_RDWR));
	CALL(seteuid(1000));
	CALL(again = open("/proc/self/fd/3", O_RDONLY));
	CALL(close(again));
	CALL(open("/proc/self/fd/3", O_RDWR));
	say("%d", readlink("/proc/self/fd/3", text, sizeof(text)) > 0);
	CALL(lstat("/proc/self/fd/3", &st));
	dir = opendir("/proc/self/fd");
	say("%d", dir && readdir(dir));
	if (dir)
		closedir(dir);
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "/proc/self/fd", R_OK | X_OK,
		     AT_EACCESS));
	CALL(open("/proc/self/environ", O_RDONLY));
	CALL(again = open("/proc/self/maps", O_RDONLY));
	CALL(close(again));
	CALL(seteuid(0));
	CALL(close(fd));
}

static void texts(void)
{
	static char text[4096], other[4096];
	struct stat st;
	ssize_t len;
	int fd;

	fd = open("/proc/self/comm", O_RDONLY);
	CALL(fstat(fd, &st));
	say("%o %ld", st.st_mode & S_IFMT, (long)st.st_size);
	len = read(fd, text, sizeof(text));
	say("%d", len > 1 && text[len - 1] == '\n');
	CALL(read(fd, text, sizeof(text)));
	CALL(lseek(fd, 1, SEEK_SET));
	CALL(read(fd, text, 1));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(pread(fd, text, 2, 1));
	CALL(pread(fd, text, 2, 100));
	CALL(lseek(fd, -1, SEEK_SET));
	CALL(ftruncate(fd, 0));
	CALL(write(fd, "x", 1));
	CALL(close(fd));
	fd = open("/proc/self/environ", O_RDONLY);
	len = read(fd, text, sizeof(text));
	CALL(close(fd));
	setenv("NEW", "1", 1);
	fd = open("/proc/self/environ", O_RDONLY);
	say("%d", read(fd, other, sizeof(other)) == len &&
			  !memcmp(text, other, (size_t)len));
	CALL(close(fd));
	fd = open("/proc/self/cmdline", O_RDONLY);
	len = read(fd, text, sizeof(text));
	say("%d", len > 0 && text[len - 1] == '\0');
	CALL(close(fd));
}

/* A line of a text that begins so. */
static void line(const char *path, const char *start)
{
	static char text[1024];
	FILE *file = fopen(path, "r");

	while (file && fgets(text, sizeof(text), file)) {
		if (!strncmp(text, start, strlen(start)))
			say("%s: %s", path, text);
	}
	if (file)
		fclose(file);
}

/* Lines of mapped files, but for where they are. */
static void maps(void)
{
	static char text[1024];
	void *at[3];
	FILE *file;
	int fd;

	make("mapped", "some text");
	fd = open("mapped", O_RDWR);
	CALL(ftruncate(fd, 5 * 4096));
	at[0] = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	at[1] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
	at[2] = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 8192);
	for (int i = 0; i < 3; i++) {
		unsigned long start, end, offset;
		char rights[5];

		file = fopen("/proc/self/maps", "r");
		while (fgets(text, sizeof(text), file)) {
			if (sscanf(text, "%lx-%lx %4s %lx", &start, &end,
				   rights, &offset) == 4 &&
			    start == (unsigned long)at[i])
				say("%lu %s %lx %d", end - start, rights,
				    offset,
				    strstr(text, "/mapped\n") ==
					    text + strlen(text) - 8);
		}
		fclose(file);
	}
	CALL(close(fd));
	CALL(unlink("mapped"));
	for (int i = 0; i < 3; i++)
		CALL(munmap(at[i], 4096));
}

static void lines(void)
{
	long kb;
	FILE *file;

	umask(027);
	line("/proc/self/status", "Umask:");
	umask(022);
	line("/proc/self/status", "State:");
	line("/proc/self/status", "Uid:");
	line("/proc/self/status", "Gid:");
	line("/proc/self/status", "TracerPid:");
	file = fopen("/proc/meminfo", "r");
	say("%d", fscanf(file, "MemTotal: %ld kB", &kb) == 1 && kb > 1000);
	fclose(file);
	line("/proc/cpuinfo", "processor\t: 0");
}

/* Where they lead to is where the program is. */
static void places(void)
{
	static char text[4096], cwd[4096];
	struct stat here, there;
	ssize_t len = readlink("/proc/self/cwd", text, sizeof(text));

	say("%d", getcwd(cwd, sizeof(cwd)) && len == (ssize_t)strlen(cwd) &&
			  !memcmp(text, cwd, strlen(cwd)));
	CALL(stat(".", &here));
	CALL(stat("/proc/self/cwd", &there));
	say("%d", here.st_ino == there.st_ino);
	CALL(close(open("/proc/self/cwd/at_cwd", O_CREAT | O_RDWR, 0600)));
	CALL(access("at_cwd", F_OK));
	CALL(stat("/", &here));
	CALL(stat("/proc/self/root", &there));
	say("%d", here.st_ino == there.st_ino);
	CALL(readlink("/proc/self/root", text, sizeof(text)));
	CALL(readlink("/proc/self/fd/99", text, sizeof(text)));
	CALL(lstat("/proc/self/root", &there));
	say("%o", there.st_mode & S_IFMT);
	mkdir("gone", 0700);
	chdir("gone");
	rmdir("../gone");
	len = readlink("/proc/self/cwd", text, sizeof(text));
	say("%d", len > 10 && !memcmp(text + len - 10, " (deleted)", 10));
	CALL(stat("/proc/self/cwd/..", &there));
	CALL(chdir(cwd));
}

/* Texts that every program reads otherwise, in the form that they have. */
static void forms(void)
{
	static char text[256];
	double up = 0, idle = -1;
	FILE *file = fopen("/proc/uptime", "r");

	say("%d", fscanf(file, "%lf %lf", &up, &idle) == 2 && up > 0);
	fclose(file);
	file = fopen("/proc/version", "r");
	say("%d", fgets(text, sizeof(text), file) != NULL &&
			  !strncmp(text, "Linux version ", 14));
	fclose(file);
	file = fopen("/proc/self/mounts", "r");
	say("%d", file && fgets(text, sizeof(text), file) != NULL);
	fclose(file);
}

int main(int argc, char **argv)
{
	begin_outside(argc, argv);
	descriptors();
	names();
	directories();
	listing();
	closed_to_change();
	linking();
	another_user();
	texts();
	maps();
	lines();
	places();
	forms();
	return 0;
}
