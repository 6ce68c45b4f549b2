/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: xattr(7): every call on every kind of file, names and
 * sizes at their limits, flags, and who may do what. Not ACLs, which Whelk does
 * not have.
 */
#include "transcript.h"

#include <sys/inotify.h>
#include <sys/xattr.h>

static char large[70000], out[70000];

static void list_said(const char *path)
{
	ssize_t len = llistxattr(path, out, sizeof(out));

	printf("%s: %s", path_label(path), outcome(len));
	for (ssize_t i = 0; i < len; i += (ssize_t)strlen(out + i) + 1)
		printf(" %s", path_label(out + i));
	putchar('\n');
}

static void value_said(const char *path, const char *name)
{
	ssize_t len = lgetxattr(path, name, out, sizeof(out));

	printf("%s %s: %s", path_label(path), path_label(name), outcome(len));
	if (len > 0)
		printf(" %.*s", len > 40 ? 40 : (int)len, out);
	putchar('\n');
}

static void try_name(const char *path, const char *name)
{
	printf("%s %s:", path_label(path), path_label(name));
	printf(" set %s", outcome(lsetxattr(path, name, "value", 5, 0)));
	printf(" create %s",
	       outcome(lsetxattr(path, name, "other", 5, XATTR_CREATE)));
	printf(" replace %s",
	       outcome(lsetxattr(path, name, "new", 3, XATTR_REPLACE)));
	printf(" get %s", outcome(lgetxattr(path, name, out, 100)));
	printf(" size %s", outcome(lgetxattr(path, name, NULL, 0)));
	printf(" small %s", outcome(lgetxattr(path, name, out, 2)));
	printf(" list %s", outcome(llistxattr(path, out, 300)));
	printf(" remove %s", outcome(lremovexattr(path, name)));
	printf(" again %s", outcome(lremovexattr(path, name)));
	printf(" replace %s",
	       outcome(lsetxattr(path, name, "new", 3, XATTR_REPLACE)));
	printf(" get %s\n", outcome(lgetxattr(path, name, out, 100)));
}

static const char *const names[] = {
	"user.a",   "trusted.a", "security.a", "user.",
	"trusted.", "security.", "user",       "trusted",
	"system.x", "foo.a",	 "",	       "User.a",
	"user.a.b", "user..",	 "user.\377",  "user.a b/c",
	"system.",  "a",	 ".user.a",    "security.capability",
	NAME255,    NAME256};
#define NAMES (sizeof(names) / sizeof(*names))

static const char *const files[] = {"f", "d", "l",	 "dangling", "p", "s",
				    "c", "b", "missing", "f/x",	     "",  "lf"};
#define FILES (sizeof(files) / sizeof(*files))

static void files_make(void)
{
	make("f", "text");
	mkdir("d", 0755);
	symlink("f", "l");
	symlink("missing", "dangling");
	symlink("f", "lf");
	must(mknod("p", S_IFIFO | 0666, 0) == 0, "p");
	must(mknod("s", S_IFSOCK | 0666, 0) == 0, "s");
	must(mknod("c", S_IFCHR | 0666, 0xfff00) == 0, "c");
	must(mknod("b", S_IFBLK | 0666, 0xfff00) == 0, "b");
}

static void kinds(void)
{
	for (size_t i = 0; i < FILES; i++) {
		for (size_t j = 0; j < NAMES; j++)
			try_name(files[i], names[j]);
		list_said(files[i]);
	}
}

static void limits(void)
{
	static char name[300] = "user.";
	static const size_t sizes[] = {0,     1,     4095,     65535,
				       65536, 65537, 1UL << 40};
	ssize_t len;

	for (size_t n = 250; n < 260; n++) {
		memset(name + 5, 'n', n - 5);
		name[n] = '\0';
		say("name of %zu: %s", n,
		    outcome(setxattr("f", name, "x", 1, 0)));
		CALL(removexattr("f", name));
	}
	memset(large, 'v', sizeof(large));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		say("value of %zu: %s", sizes[i],
		    outcome(setxattr("f", "user.large", large, sizes[i], 0)));
		CALL(getxattr("f", "user.large", out, 65535));
		CALL(getxattr("f", "user.large", out, 65536));
		CALL(getxattr("f", "user.large", out, 70000));
		CALL(getxattr("f", "user.large", NULL, 0));
		value_said("f", "user.large");
	}
	CALL(setxattr("f", "user.a", NULL, 0, 0));
	CALL(setxattr("f", "user.a", "x", 1, 4));
	CALL(setxattr("f", "user.b", "x", 1, 3));
	CALL(setxattr("f", "user.a", "x", 1, 3));
	CALL(setxattr("f", "user.a", "x", 1, -1));
	CALL(setxattr("missing", "", "x", 70000, 4));
	CALL(setxattr("missing", "", "x", 70000, 0));
	CALL(setxattr("missing", "user.a", "x", 70000, 0));
	CALL(setxattr("missing", "user.a", "x", 1, 0));
	CALL(syscall(SYS_setxattr, "f", NULL, "x", 1, 0));
	CALL(syscall(SYS_setxattr, NULL, "user.a", "x", 1, 0));
	CALL(removexattr("f", "user.large"));
	CALL(removexattr("f", "user.a"));
	/* Bad addresses. */
	CALL(syscall(SYS_setxattr, "f", 16, "x", 1, 0));
	CALL(syscall(SYS_setxattr, "f", "user.z", 16, 1, 0));
	CALL(syscall(SYS_setxattr, "missing", "user.z", 16, 1, 0));
	CALL(syscall(SYS_setxattr, "f", "user.z", 16, 0, 0));
	CALL(syscall(SYS_setxattr, 16, "user.z", "x", 1, 0));
	CALL(syscall(SYS_setxattr, "f", "user.z", "value", 5, 0));
	CALL(syscall(SYS_getxattr, "f", "user.z", 16, 10));
	CALL(syscall(SYS_getxattr, "f", "user.z", 16, 3));
	CALL(syscall(SYS_getxattr, "f", "user.z", 16, 0));
	CALL(syscall(SYS_getxattr, "f", 16, out, 10));
	CALL(syscall(SYS_getxattr, "missing", 16, out, 10));
	CALL(syscall(SYS_listxattr, "f", 16, 100));
	CALL(syscall(SYS_listxattr, "f", 16, 2));
	CALL(syscall(SYS_listxattr, 16, out, 100));
	CALL(syscall(SYS_removexattr, "f", 16));
	CALL(syscall(SYS_removexattr, "f", "user.z"));
	/* As many names as a list can hold, and more. */
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "user.%03d%0200d", i, 0);
		if (setxattr("f", name, "x", 1, 0)) {
			say("%d %s", i, outcome(-1));
			break;
		}
		len = listxattr("f", NULL, 0);
		if (i % 50 == 0 || (len > 65000 && len < 66500)) {
			printf("%d: %s", i, outcome(len));
			printf(" %s", outcome(listxattr("f", out, 65536)));
			printf(" %s\n", outcome(listxattr("f", out, 70000)));
		}
	}
	CALL(listxattr("f", out, 100));
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "user.%03d%0200d", i, 0);
		removexattr("f", name);
	}
	list_said("f");
}

/* Paths, links and descriptors. */
static void ways(void)
{
	int fd, path;

	CALL(setxattr("l", "user.by", "path", 4, 0));
	list_said("f");
	list_said("l");
	CALL(lsetxattr("l", "trusted.by", "link", 4, 0));
	list_said("f");
	list_said("l");
	CALL(getxattr("l", "trusted.by", out, 100));
	CALL(lgetxattr("l", "trusted.by", out, 100));
	CALL(listxattr("l", out, 100));
	CALL(llistxattr("l", out, 100));
	CALL(removexattr("l", "trusted.by"));
	CALL(lremovexattr("l", "trusted.by"));
	CALL(removexattr("l", "user.by"));
	CALL(listxattr("dangling", out, 100));
	CALL(fd = open("f", O_RDONLY));
	CALL(path = open("f", O_PATH));
	CALL(fsetxattr(fd, "user.fd", "x", 1, 0));
	CALL(fgetxattr(fd, "user.fd", out, 100));
	CALL(flistxattr(fd, out, 100));
	CALL(fremovexattr(fd, "user.fd"));
	CALL(fsetxattr(path, "user.fd", "x", 1, 0));
	CALL(fgetxattr(path, "user.fd", out, 100));
	CALL(flistxattr(path, out, 100));
	CALL(fremovexattr(path, "user.fd"));
	CALL(fsetxattr(99, "user.fd", "x", 1, 0));
	CALL(fsetxattr(99, "", "x", 1, 0));
	CALL(fgetxattr(99, "", out, 100));
	CALL(flistxattr(99, out, 100));
	CALL(fremovexattr(99, ""));
	/* With the file, whatever its names. */
	CALL(fsetxattr(fd, "user.kept", "x", 1, 0));
	CALL(link("f", "g"));
	CALL(rename("f", "h"));
	list_said("g");
	list_said("h");
	CALL(unlink("g"));
	CALL(unlink("h"));
	CALL(flistxattr(fd, out, 100));
	CALL(fsetxattr(fd, "user.more", "x", 1, 0));
	CALL(flistxattr(fd, out, 100));
	CALL(close(fd));
	CALL(close(path));
	make("f", "");
	list_said("f");
}

/* Who watches is told, of each as one event. */
static void watched(void)
{
	static const char *const says[] = {"set", "set by fd", "removed",
					   "not removed"};
	struct inotify_event event;
	int watch, fd = open("f", O_RDONLY);

	for (int i = 0; i < 4; i++) {
		watch = inotify_init1(IN_NONBLOCK);
		must(inotify_add_watch(watch, "f", IN_ATTRIB) > 0, "watch");
		if (i == 0)
			setxattr("l", "user.w", "x", 1, 0);
		else if (i == 1)
			fsetxattr(fd, "user.w", "y", 1, 0);
		else
			lremovexattr("f", "user.w");
		say("%s: %s", says[i],
		    outcome(read(watch, &event, sizeof(event))));
		close(watch);
	}
	close(fd);
}

static void permissions(void)
{
	static const unsigned modes[] = {0777, 0700, 0444, 0222, 01777, 0};
	static const unsigned who[] = {5, 6};

	for (size_t i = 0; i < 2 * sizeof(modes) / sizeof(*modes); i++) {
		unsigned uid = who[i % 2], mode = modes[i / 2];

		for (size_t f = 0; f < FILES; f++) {
			struct stat st;

			if (lstat(files[f], &st))
				continue;
			lchown(files[f], 5, 5);
			if (!S_ISLNK(st.st_mode))
				chmod(files[f], mode);
			lsetxattr(files[f], "user.old", "x", 1, 0);
			lsetxattr(files[f], "trusted.old", "x", 1, 0);
			lsetxattr(files[f], "security.old", "x", 1, 0);
			must(syscall(SYS_setresuid, uid, uid, 0) == 0, "uid");
			say("%u %o", uid, mode);
			for (size_t j = 0; j < NAMES; j++)
				try_name(files[f], names[j]);
			list_said(files[f]);
			value_said(files[f], "user.old");
			value_said(files[f], "trusted.old");
			value_said(files[f], "security.old");
			CALL(lremovexattr(files[f], "trusted.old"));
			CALL(lremovexattr(files[f], "security.old"));
			CALL(lremovexattr(files[f], "user.old"));
			must(syscall(SYS_setresuid, 0, 0, 0) == 0, "uid");
		}
	}
	/* Root for files, but not else; and the other way round. */
	chmod("f", 0600);
	syscall(SYS_setfsuid, 6);
	try_name("f", "user.a");
	try_name("f", "trusted.a");
	try_name("f", "security.a");
	syscall(SYS_setfsuid, 0);
	syscall(SYS_setresuid, 0, 6, 0);
	syscall(SYS_setfsuid, 0);
	try_name("f", "user.a");
	try_name("f", "trusted.a");
	try_name("f", "security.a");
	syscall(SYS_setresuid, 0, 0, 0);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	files_make();
	kinds();
	limits();
	ways();
	watched();
	permissions();
	return 0;
}
