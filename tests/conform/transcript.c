/* SPDX-License-Identifier: MIT */
/* What the conformance programs share: see transcript.h. */
#include "transcript.h"

#include <stdarg.h>

void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("the test itself failed: %s: %s\n", what, error_name(errno));
	exit(99);
}

void begin_outside(int argc, char **argv)
{
	must(chdir(argc > 1 ? argv[1] : "/tmp") == 0, "chdir");
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	umask(022);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
}

void begin(int argc, char **argv)
{
	begin_outside(argc, argv);
	if (argc > 1)
		must(chroot(".") == 0 && mkdir("/tmp", 0777) == 0, "chroot");
	must(mkdir("/tmp/conform", 0755) == 0 && chdir("/tmp/conform") == 0,
	     "/tmp/conform");
}

const char *outcome(long result)
{
	static char number[24];

	if (result == -1)
		return error_name(errno);
	if (result == 0)
		return "ok";
	snprintf(number, sizeof(number), "%ld", result);
	return number;
}

long call_said(const char *expr, long result)
{
	int error = errno;

	if (result == -1 && error)
		printf("%s = -1 %s\n", expr, error_name(error));
	else
		printf("%s = %ld\n", expr, result);
	errno = error;
	return result;
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void make(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t len = strlen(text);

	must(fd >= 0, path);
	must(write(fd, text, len) == (ssize_t)len, path);
	close(fd);
}

static void show_stat(const char *what, const struct stat *st)
{
	printf("%s: mode %06o links %lu owner %u:%u size %ld blocks %ld "
	       "blksize %ld\n",
	       what, st->st_mode, (unsigned long)st->st_nlink, st->st_uid,
	       st->st_gid, (long)st->st_size, (long)st->st_blocks,
	       (long)st->st_blksize);
}

void show(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		say("%s: %s", path_label(path), error_name(errno));
	else
		show_stat(path_label(path), &st);
}

void show_fd(const char *what, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		say("%s: %s", what, error_name(errno));
	else
		show_stat(what, &st);
}

void show_text(const char *path)
{
	unsigned char buf[200];
	ssize_t len;
	int fd = open(path, O_RDONLY);

	printf("%s contains ", path);
	if (fd < 0) {
		say("%s", error_name(errno));
		return;
	}
	len = read(fd, buf, sizeof(buf));
	putchar('"');
	for (ssize_t i = 0; i < len; i++) {
		if (buf[i] >= ' ' && buf[i] < 127)
			putchar(buf[i]);
		else
			printf("\\%o", buf[i]);
	}
	say("\"");
	close(fd);
}

static int order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted; NULL with errno set if it can't be. */
static char **list(const char *path, size_t *len)
{
	DIR *dir = opendir(path);
	char **names = NULL;
	struct dirent *entry;

	*len = 0;
	if (!dir)
		return NULL;
	while ((entry = readdir(dir)) != NULL) {
		if ((*len & (*len - 1)) == 0)
			names = realloc(names, (*len * 2 + 1) * sizeof(*names));
		names[(*len)++] = strdup(entry->d_name);
	}
	closedir(dir);
	if (names)
		qsort(names, *len, sizeof(*names), order);
	return names;
}

void show_list(const char *path)
{
	size_t len;
	char **names = list(path, &len);

	printf("%s lists", path);
	if (!names)
		printf(" %s", len ? "" : "nothing");
	for (size_t i = 0; i < len; i++) {
		printf(" %s", names[i]);
		free(names[i]);
	}
	putchar('\n');
	free(names);
}

/* -- The tree ------------------------------------------------------------------ */

const char *const tree_paths[] = {
	"f",
	"g",
	"g2",
	"d",
	"e",
	"e/x",
	"e/sub",
	"e/sub/..",
	"e/sub/../x",
	"e/.",
	"e/..",
	"e/sub/.",
	"l",
	"ld",
	"le",
	"lslash",
	"lfile",
	"chain",
	"up",
	"in",
	"dangling",
	"loop",
	"missing",
	"missing/",
	"missing/x",
	"f/",
	"f//",
	"f/x",
	"f/.",
	"f/..",
	"d/",
	"d/x",
	"d/x/",
	"d/x/y",
	"ld/",
	"ld/x",
	"ld/.",
	"le/x",
	"le/x/",
	"le/sub",
	"le/sub/",
	"le/..",
	"lslash/",
	"lslash/x",
	"lfile/",
	"lfile/x",
	"chain/",
	"up/",
	"up/f",
	"in/",
	"in/x",
	"dangling/",
	"dangling/x",
	"dangling/.",
	"loop/",
	"loop/x",
	"l/",
	"l/x",
	".",
	"..",
	"./",
	"../",
	"./f",
	"../t",
	"../t/f",
	"../t/",
	"",
	"/",
	"//",
	"/.",
	"/..",
	"/../",
	NAME255,
	NAME256,
	"d/" NAME255,
	"d/" NAME256,
	NAME256 "/x",
	"f/" NAME256,
	"missing/" NAME256,
	NAME255 "/",
	PATH4095,
	PATH4096,
};
const size_t tree_paths_len = sizeof(tree_paths) / sizeof(*tree_paths);

const char *path_label(const char *path)
{
	static char label[2][40];
	static int turn;
	size_t len = strlen(path);

	if (len < 24)
		return path;
	turn = !turn;
	snprintf(label[turn], sizeof(label[turn]), "%.8s...(%zu)%s", path, len,
		 path + len - 4);
	return label[turn];
}

void tree_build(void)
{
	static const char *const links[][2] = {
		{"f", "l"},	  {"d", "ld"},	   {"e", "le"},
		{"d/", "lslash"}, {"f/", "lfile"}, {"l", "chain"},
		{"e/..", "up"},	  {"e/x", "in"},   {"missing", "dangling"},
		{"loop", "loop"},
	};

	make("f", "file f");
	make("g", "file gg");
	must(link("g", "g2") == 0, "g2");
	must(mkdir("d", 0755) == 0, "d");
	must(mkdir("e", 0755) == 0, "e");
	make("e/x", "file xxx");
	must(mkdir("e/sub", 0755) == 0, "e/sub");
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		must(symlink(links[i][0], links[i][1]) == 0, links[i][1]);
}

/* Depth is what the calls tried can make: a few. */
static void remove_below(const char *path)
{
	size_t len;
	char **names = list(path, &len);
	char below[1024];

	for (size_t i = 0; i < len; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, names[i]);
		if (strcmp(names[i], ".") && strcmp(names[i], "..") &&
		    unlink(below)) {
			must(errno == EISDIR, below);
			remove_below(below);
			must(rmdir(below) == 0, below);
		}
		free(names[i]);
	}
	free(names);
}

void tree_clear(void)
{
	remove_below(".");
}

static unsigned hash_add(unsigned hash, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ((const unsigned char *)data)[i]) * 16777619U;
	return hash;
}

static unsigned hash_file(unsigned hash, const char *path)
{
	char buf[300];
	struct stat st;
	ssize_t len = 0;
	int fd;

	must(lstat(path, &st) == 0, path);
	hash = hash_add(hash, path, strlen(path) + 1);
	if (S_ISLNK(st.st_mode)) {
		len = readlink(path, buf, sizeof(buf));
	} else if (S_ISREG(st.st_mode)) {
		fd = open(path, O_RDONLY);
		must(fd >= 0, path);
		len = read(fd, buf, sizeof(buf));
		close(fd);
	}
	hash = hash_add(hash, buf, (size_t)len);
	len = snprintf(buf, sizeof(buf), "%o %lu %u %u %ld", st.st_mode,
		       (unsigned long)st.st_nlink, st.st_uid, st.st_gid,
		       (long)st.st_size);
	return hash_add(hash, buf, (size_t)len);
}

static unsigned hash_below(unsigned hash, const char *path)
{
	size_t len;
	char **names = list(path, &len);
	char below[1024];
	struct stat st;

	hash = hash_file(hash, path);
	for (size_t i = 0; i < len; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, names[i]);
		if (!strcmp(names[i], ".") || !strcmp(names[i], ".."))
			hash = hash_add(hash, names[i], strlen(names[i]));
		else if (lstat(below, &st) == 0 && S_ISDIR(st.st_mode))
			hash = hash_below(hash, below);
		else
			hash = hash_file(hash, below);
		free(names[i]);
	}
	free(names);
	return hash;
}

unsigned tree_hash(void)
{
	int error = errno;
	unsigned hash = hash_below(2166136261U, ".");

	errno = error;
	return hash;
}

uint32_t sequence(uint32_t *state, uint32_t limit)
{
	*state = *state * 1664525U + 1013904223U;
	return (uint32_t)(((uint64_t)*state * limit) >> 32);
}
