/* SPDX-License-Identifier: MIT */
/*
 * The C library's streams upon these files, as programs use them: modes,
 * positions, buffering, appending, temporary files, scanning directories.
 */
#include "transcript.h"

#include <ftw.h>
#include <glob.h>
#include <libgen.h>
#include <wchar.h>

static void modes(void)
{
	static const char *const all[] = {"r",	"r+", "w",  "w+", "a",
					  "a+", "wx", "rb", "we"};
	FILE *stream;

	for (int exists = 0; exists < 2; exists++) {
		for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
			unlink("f");
			if (exists)
				make("f", "old");
			errno = 0;
			stream = fopen("f", all[i]);
			say("fopen %s: %s", all[i],
			    stream ? "ok" : error_name(errno));
			if (!stream)
				continue;
			/* where "a" begins, libcs do not agree */
			if (all[i][0] != 'a')
				CALL(ftell(stream));
			say("%d", fputs("new", stream) < 0);
			CALL(fflush(stream));
			CALL(ftell(stream));
			CALL(fseek(stream, 0, SEEK_SET));
			say("%d", fgetc(stream));
			CALL(fclose(stream));
			show_text("f");
		}
	}
	unlink("f");
	stream = fopen("missing/f", "w");
	say("%d %s", stream != NULL, error_name(errno));
	mkdir("d", 0755);
	stream = fopen("d", "r+");
	say("%d %s", stream != NULL, error_name(errno));
	rmdir("d");
}

static void positions(void)
{
	FILE *stream = fopen("f", "w+");
	char line[100];
	int number;
	long at;

	must(stream != NULL, "f");
	for (int i = 0; i < 10000; i++)
		fprintf(stream, "line %d\n", i);
	say("%ld", ftell(stream));
	rewind(stream);
	for (int i = 0; i < 5000; i++)
		must(fgets(line, sizeof(line), stream) != NULL, "fgets");
	at = ftell(stream);
	say("%ld %s", at, line);
	CALL(fseek(stream, -10, SEEK_END));
	CALL(fscanf(stream, "%99s %d", line, &number));
	CALL(fseek(stream, at, SEEK_SET));
	say("%s", fgets(line, sizeof(line), stream) ? line : "nothing");
	CALL(fseek(stream, -100, SEEK_SET));
	CALL(ungetc('Q', stream));
	CALL(fgetc(stream));
	CALL(fseek(stream, 200000, SEEK_SET));
	CALL(fgetc(stream));
	CALL(feof(stream) != 0);
	CALL(fputc('!', stream));
	CALL(ftell(stream));
	CALL(fclose(stream));
	show("f");
	unlink("f");
}

static void buffers(void)
{
	static char big[21000];
	char own[64];
	FILE *stream = fopen("f", "w");
	struct stat st;

	must(stream != NULL, "f");
	setvbuf(stream, own, _IOLBF, sizeof(own));
	fputs("a line\n", stream);
	must(stat("f", &st) == 0, "f");
	say("%ld", (long)st.st_size);
	CALL(fclose(stream));
	stream = fopen("f", "a");
	must(stream != NULL, "f");
	setvbuf(stream, NULL, _IONBF, 0);
	fputs("!", stream);
	must(stat("f", &st) == 0, "f");
	say("%ld", (long)st.st_size);
	memset(big, 'b', sizeof(big));
	CALL(fwrite(big, 1, sizeof(big), stream));
	CALL(fwrite(big, 1000, 3, stream));
	CALL(fclose(stream));
	show("f");
	stream = fopen("f", "r");
	CALL(fread(big, 7, 3000, stream));
	CALL(fread(big, 7, 3000, stream));
	CALL(feof(stream) != 0);
	CALL(ferror(stream));
	say("%d", fputc('x', stream));
	CALL(ferror(stream) != 0);
	CALL(fclose(stream));
	unlink("f");
}

static void temporary(void)
{
	char name[] = "tmpXXXXXX", dir[] = "dirXXXXXX", line[20] = "";
	FILE *stream;
	int fd;

	CALL(fd = mkstemp(name));
	show_fd("mkstemp", fd);
	CALL(close(fd));
	CALL(unlink(name));
	CALL(mkdtemp(dir) != NULL);
	show(dir[0] ? "." : "");
	CALL(rmdir(dir));
	stream = tmpfile();
	must(stream != NULL, "tmpfile");
	fputs("temporary", stream);
	rewind(stream);
	say("%s", fgets(line, sizeof(line), stream) ? line : "nothing");
	show_fd("tmpfile", fileno(stream));
	CALL(fclose(stream));
	stream = fdopen(open("f", O_CREAT | O_RDWR, 0600), "a");
	must(stream != NULL, "fdopen");
	fputs("x", stream);
	CALL(fclose(stream));
	stream = freopen("g", "w", fopen("f", "r"));
	must(stream != NULL, "freopen");
	CALL(fputs("y", stream) < 0);
	CALL(fclose(stream));
	show_text("f");
	show_text("g");
	CALL(remove("f"));
	CALL(remove("g"));
	CALL(remove("g"));
	CALL(mkdir("d", 0755));
	CALL(remove("d"));
}

static int files, directories;

static int visit(const char *path, const struct stat *st, int type,
		 struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	files += type == FTW_F && S_ISREG(st->st_mode);
	directories += type == FTW_DP;
	return 0;
}

static int visit_remove(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void trees(void)
{
	struct dirent **list;
	char path[100], *real;
	glob_t found;
	int count;

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "d%d", i);
		mkdir(path, 0755);
		for (int j = 0; j < 4; j++) {
			snprintf(path, sizeof(path), "d%d/sub%d", i, j);
			mkdir(path, 0755);
			snprintf(path, sizeof(path), "d%d/sub%d/f.c", i, j);
			make(path, "x");
		}
	}
	CALL(nftw(".", visit, 10, FTW_PHYS | FTW_DEPTH));
	say("%d files, %d directories", files, directories);
	CALL(count = scandir(".", &list, not_hidden, alphasort));
	for (int i = 0; i < count; i++)
		say("%s", list[i]->d_name);
	CALL(glob("d[13]/*/*.c", 0, NULL, &found));
	for (size_t i = 0; i < found.gl_pathc; i++)
		say("%s", found.gl_pathv[i]);
	symlink("d1/sub2", "link");
	real = realpath("link/../../d2/./sub3/f.c", NULL);
	say("%s", real ? real : error_name(errno));
	real = realpath("link/missing", NULL);
	say("%s", real ? real : error_name(errno));
	real = realpath("d1/../link", NULL);
	say("%s", real ? real : error_name(errno));
	real = getcwd(NULL, 0);
	say("%s", real ? real : error_name(errno));
	CALL(nftw(".", visit_remove, 10, FTW_PHYS | FTW_DEPTH));
	show_list(".");
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	modes();
	positions();
	buffers();
	temporary();
	trees();
	return 0;
}
