/* SPDX-License-Identifier: MIT */
/*
 * Listing directories: getdents64(2) itself, with its positions and buffers of
 * every size, and readdir(3) upon it. Positions are not said, nor is the order:
 * both are the file system's own business.
 */
#include "transcript.h"

#define FILES 300

struct entry {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	uint8_t d_type;
	char d_name[];
};

static char buf[65536] __attribute__((aligned(8)));
static int seen[FILES];

static long dents(int fd, size_t size)
{
	return syscall(SYS_getdents64, fd, buf, size);
}

static struct entry *entry_at(long at)
{
	return (struct entry *)(void *)(buf + at);
}

/* Notes the files among the entries; returns how many there are. */
static int note(long len)
{
	int count = 0;

	for (long at = 0; at < len; at += entry_at(at)->d_reclen, count++) {
		const char *name = entry_at(at)->d_name;

		if (name[0] == 'f')
			seen[atoi(name + 1)]++;
	}
	return count;
}

static int note_rest(int fd, size_t size)
{
	long len;
	int count = 0;

	while ((len = dents(fd, size)) > 0)
		count += note(len);
	if (len < 0)
		say("getdents64: %s", error_name(errno));
	return count;
}

/* Says how many files, from number first on in steps, were seen how often. */
static void seen_said(int first, int step)
{
	int times[4] = {0, 0, 0, 0};

	for (int i = first; i < FILES; i += step)
		times[seen[i] > 3 ? 3 : seen[i]]++;
	say("not seen %d, once %d, twice %d, more %d", times[0], times[1],
	    times[2], times[3]);
	memset(seen, 0, sizeof(seen));
}

static void fill(void)
{
	char name[20];

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		make(name, "");
	}
}

static void remove_files(int first, int step)
{
	char name[20];

	for (int i = first; i < FILES; i += step) {
		snprintf(name, sizeof(name), "f%d", i);
		unlink(name);
	}
}

/* One entry at a time, in the smallest buffer that holds it. */
static void sizes(void)
{
	static const char *const names[] = {"a", "bcdef", "ghijk", "lmnopq",
					    "rstuvwxyz"};
	long len, total = 0;
	int fd;

	CALL(mkdir("sizes", 0755));
	CALL(fd = open("sizes", O_RDONLY));
	for (size_t size = 0; size < 64; size += 1)
		printf("%zu: %s ", size, outcome(dents(fd, size)));
	putchar('\n');
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[40];

		snprintf(path, sizeof(path), "sizes/%s", names[i]);
		make(path, "");
		CALL(lseek(fd, 0, SEEK_SET));
		CALL(dents(fd, 48));
		for (size_t size = 0; size < 40; size++) {
			len = dents(fd, size);
			printf("%zu: %s ", size, outcome(len));
			if (len > 0)
				say("%s reclen %u type %u name %s", names[i],
				    entry_at(0)->d_reclen, entry_at(0)->d_type,
				    entry_at(0)->d_name);
		}
		putchar('\n');
		unlink(path);
	}
	CALL(mkdir("sizes/" NAME255, 0755));
	CALL(lseek(fd, 0, SEEK_SET));
	while ((len = dents(fd, 280)) > 0)
		total += len;
	say("%ld %s", total, outcome(len));
	CALL(rmdir("sizes/" NAME255));
	CALL(close(fd));
	CALL(rmdir("sizes"));
}

static void types(void)
{
	int sum = 0, fd;
	struct stat st;
	long len;

	CALL(mkdir("types", 0755));
	make("types/file", "");
	CALL(mkdir("types/directory", 0755));
	CALL(symlink("file", "types/link"));
	CALL(fd = open("types", O_RDONLY));
	len = dents(fd, sizeof(buf));
	say("%ld", len);
	for (long at = 0; at < len; at += entry_at(at)->d_reclen) {
		const struct entry *entry = entry_at(at);

		must(fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0,
		     entry->d_name);
		sum += entry->d_type == st.st_mode >> 12 &&
		       entry->d_ino == st.st_ino;
		if (at == 0)
			say("first %s", entry->d_name);
		if (at == 24)
			say("second %s", entry->d_name);
	}
	say("%d right", sum);
	CALL(dents(fd, sizeof(buf)));
	CALL(dents(fd, 1));
	CALL(close(fd));
	show_list("types");
	unlink("types/file");
	unlink("types/link");
	rmdir("types/directory");
	rmdir("types");
}

/* Every position leads back to what followed it. */
static void positions(void)
{
	static int64_t offsets[FILES + 2];
	static char names[FILES + 2][8];
	int fd, copy, count = 0, wrong = 0;
	long len;

	fill();
	CALL(fd = open(".", O_RDONLY));
	while ((len = dents(fd, 1000)) > 0) {
		for (long at = 0; at < len; at += entry_at(at)->d_reclen) {
			must(count < FILES + 2, "too many");
			snprintf(names[count], 8, "%.7s", entry_at(at)->d_name);
			offsets[count++] = entry_at(at)->d_off;
		}
	}
	say("%d entries", count);
	for (int i = 0; i < count; i++) {
		wrong += lseek(fd, offsets[i], SEEK_SET) != offsets[i];
		len = dents(fd, 100);
		if (i + 1 < count)
			wrong += len <= 0 ||
				 strcmp(entry_at(0)->d_name, names[i + 1]) != 0;
		else
			wrong += len != 0;
	}
	say("%d wrong", wrong);
	CALL(lseek(fd, 0, SEEK_SET));
	/* A copy goes on where the other is. */
	CALL(copy = dup(fd));
	CALL(note(dents(fd, 4000)) > 0);
	note_rest(copy, 500);
	seen_said(0, 1);
	CALL(dents(fd, 500));
	CALL(close(copy));
	CALL(close(fd));
}

/* Files that are there throughout are seen once, whatever else goes on. */
static void changes(void)
{
	int fd;

	CALL(fd = open(".", O_RDONLY));
	CALL(note(dents(fd, 3000)) > 0);
	remove_files(1, 2);
	note_rest(fd, 300);
	seen_said(0, 2);
	CALL(dents(fd, 300));
	/* A new listing has the new ones. */
	fill();
	CALL(lseek(fd, 0, SEEK_SET));
	say("%d", note_rest(fd, 5000));
	seen_said(0, 1);
	/* While others are made. */
	remove_files(0, 3);
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(note(dents(fd, 3000)) > 0);
	fill();
	note_rest(fd, 3000);
	memset(seen, 0, sizeof(seen));
	/* Each is removed as soon as it is seen: the usual rm -r. */
	CALL(lseek(fd, 0, SEEK_SET));
	for (long len; (len = dents(fd, 200)) > 0;) {
		note(len);
		for (long at = 0; at < len; at += entry_at(at)->d_reclen)
			unlink(entry_at(at)->d_name);
	}
	seen_said(0, 1);
	show_list(".");
	/* All but the last are removed. */
	fill();
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(note(dents(fd, 1000)) > 0);
	memset(seen, 0, sizeof(seen));
	remove_files(0, 1);
	note_rest(fd, 1000);
	seen_said(0, 1);
	CALL(close(fd));
}

static void library(void)
{
	struct dirent *entry;
	char name[20] = "";
	int count = 0;
	long middle = 0;
	DIR *dir;

	fill();
	dir = opendir(".");
	must(dir != NULL, "opendir");
	while ((entry = readdir(dir)) != NULL) {
		if (++count == 100)
			middle = telldir(dir);
		if (count == 101)
			snprintf(name, sizeof(name), "%.19s", entry->d_name);
	}
	say("%d entries", count);
	seekdir(dir, middle);
	entry = readdir(dir);
	say("the same: %d", entry && !strcmp(entry->d_name, name));
	rewinddir(dir);
	entry = readdir(dir);
	say("%s", entry ? entry->d_name : "nothing");
	for (count = 1; readdir(dir);)
		count++;
	say("%d entries", count);
	remove_files(0, 1);
	rewinddir(dir);
	for (count = 0; readdir(dir);)
		count++;
	say("%d entries", count);
	CALL(closedir(dir));
	CALL(opendir("missing") != NULL);
	make("file", "");
	CALL(opendir("file") != NULL);
	unlink("file");
}

static void errors(void)
{
	int fd;

	make("file", "x");
	CALL(fd = open("file", O_RDONLY));
	CALL(dents(fd, 100));
	CALL(close(fd));
	CALL(fd = open(".", O_PATH));
	CALL(dents(fd, 100));
	CALL(close(fd));
	CALL(dents(fd, 100));
	unlink("file");
	CALL(mkdir("gone", 0755));
	CALL(fd = open("gone", O_RDONLY));
	CALL(rmdir("gone"));
	CALL(dents(fd, 100));
	CALL(dents(fd, 1));
	CALL(close(fd));
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	sizes();
	types();
	positions();
	changes();
	library();
	errors();
	return 0;
}
