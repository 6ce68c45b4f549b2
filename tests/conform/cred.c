/* SPDX-License-Identifier: MIT */
/*
 * Ids, and what files allow them: credentials(7), setuid(2) and its kin,
 * setgroups(2); permissions, sticky and set-group-ID directories, set-id bits,
 * access(2) with the real ids, utimensat(2), chmod(2), chown(2), mknod(2). Calls
 * are raw: a C library would set the ids of all threads in its own way. What no
 * longer is root's cannot be undone, so the user ids that are saved stay 0.
 */
#include "transcript.h"

#include <time.h>

#define NONE ((unsigned)-1)

/* -- Ids ------------------------------------------------------------------------ */

static void ids_said(void)
{
	unsigned u[3], g[3], groups[10];
	long len;

	syscall(SYS_getresuid, &u[0], &u[1], &u[2]);
	syscall(SYS_getresgid, &g[0], &g[1], &g[2]);
	printf("  %u %u %u/%ld, %u %u %u/%ld", u[0], u[1], u[2],
	       syscall(SYS_setfsuid, NONE), g[0], g[1], g[2],
	       syscall(SYS_setfsgid, NONE));
	len = syscall(SYS_getgroups, 10, groups);
	for (long i = 0; i < len; i++)
		printf(" %u", groups[i]);
	putchar('\n');
}

/* Back to root, if anything of it is left, with all its capabilities: see
 * syscalls/cred.c, DEVIATION. */
static void again_root(void)
{
	must(syscall(SYS_setresuid, NONE, 0, NONE) == 0, "euid 0");
	must(syscall(SYS_setresuid, 0, 1, 0) == 0, "uid 0");
	must(syscall(SYS_setresuid, 0, 0, 0) == 0, "uid 0");
	must(syscall(SYS_setresgid, 0, 0, 0) == 0, "gid 0");
	must(syscall(SYS_setgroups, 0, NULL) == 0, "groups");
}

static void become(unsigned uid, unsigned gid)
{
	again_root();
	must(syscall(SYS_setresgid, gid, gid, gid) == 0, "gid");
	must(syscall(SYS_setresuid, uid, uid, 0) == 0, "uid");
}

static const unsigned id_values[] = {0, 1, 2, 3, 7, NONE};
#define IDS (sizeof(id_values) / sizeof(*id_values))

static void try_id(const char *name, long number, unsigned a, unsigned b,
		   unsigned c)
{
	printf("%s %d %d %d: %s\n", name, (int)a, (int)b, (int)c,
	       outcome(syscall(number, a, b, c)));
	ids_said();
}

/* Would such a call, if it succeeds, leave no way back to root? */
static bool loses_root(long number, const unsigned *set)
{
	unsigned u[3];

	must(syscall(SYS_getresuid, &u[0], &u[1], &u[2]) == 0, "ids");
	if (number == SYS_setuid && u[1] == 0) {
		u[0] = u[1] = u[2] = set[0];
	} else if (number == SYS_setuid) {
		u[1] = set[0];
	} else if (number == SYS_setreuid) {
		if (set[0] != NONE || (set[1] != NONE && set[1] != u[0]))
			u[2] = set[1] == NONE ? u[1] : set[1];
		u[0] = set[0] == NONE ? u[0] : set[0];
		u[1] = set[1] == NONE ? u[1] : set[1];
	} else if (number == SYS_setresuid) {
		for (int i = 0; i < 3; i++)
			u[i] = set[i] == NONE ? u[i] : set[i];
	}
	return u[0] && u[1] && u[2];
}

/* Random calls from where the calls before have led. */
static void id_walk(int count, bool lose)
{
	static const struct {
		const char *name;
		long number;
	} calls[] = {
		{"setuid", SYS_setuid},	      {"setgid", SYS_setgid},
		{"setreuid", SYS_setreuid},   {"setregid", SYS_setregid},
		{"setresuid", SYS_setresuid}, {"setresgid", SYS_setresgid},
		{"setfsuid", SYS_setfsuid},   {"setfsgid", SYS_setfsgid},
	};
	uint32_t state = 1;

	for (int i = 0; i < count; i++) {
		uint32_t call = sequence(&state, 8);
		unsigned set[3];

		for (int j = 0; j < 3; j++)
			set[j] = id_values[sequence(&state, IDS)];
		if (!lose && i % 40 == 0)
			again_root();
		if (lose || !loses_root(calls[call].number, set))
			try_id(calls[call].name, calls[call].number, set[0],
			       set[1], set[2]);
	}
}

/* What setresuid leaves alone: the id for files, if nothing else changes. */
static void ids_of_files(void)
{
	become(1, 2);
	CALL(syscall(SYS_setfsuid, 0));
	ids_said();
	CALL(syscall(SYS_setresuid, NONE, NONE, NONE));
	ids_said();
	CALL(syscall(SYS_setresuid, 1, NONE, 0));
	ids_said();
	CALL(syscall(SYS_setreuid, NONE, NONE));
	ids_said();
	CALL(syscall(SYS_setfsgid, 2));
	CALL(syscall(SYS_setfsgid, 0));
	CALL(syscall(SYS_setfsgid, 9));
	CALL(syscall(SYS_setfsuid, 9));
	ids_said();
	CALL(syscall(SYS_setuid, NONE));
	CALL(syscall(SYS_setgid, NONE));
	again_root();
}

static void groups(void)
{
	static const unsigned list[] = {9, 3, 7, 7, 1, 100000};
	static const unsigned wrong[] = {1, NONE, 2};
	static unsigned many[70000];
	unsigned got[10];

	CALL(syscall(SYS_setgroups, 6, list));
	ids_said();
	CALL(syscall(SYS_getgroups, 0, NULL));
	CALL(syscall(SYS_getgroups, 5, got));
	CALL(syscall(SYS_getgroups, -1, got));
	CALL(syscall(SYS_getgroups, 10, got));
	CALL(syscall(SYS_setgroups, 3, wrong));
	CALL(syscall(SYS_setgroups, -1, list));
	CALL(syscall(SYS_setgroups, 65537, many));
	for (unsigned i = 0; i < 70000; i++)
		many[i] = (i * 7919) % 70001;
	CALL(syscall(SYS_setgroups, 65536, many));
	CALL(syscall(SYS_getgroups, 70000, many));
	say("%u %u %u", many[0], many[30000], many[65535]);
	ids_said();
	CALL(syscall(SYS_setgroups, 3, 16));
	CALL(syscall(SYS_setgroups, 70000, 16));
	CALL(syscall(SYS_getgroups, 70000, 16));
	CALL(syscall(SYS_getgroups, 10, 16));
	CALL(syscall(SYS_getresuid, got, 16, got));
	CALL(syscall(SYS_getresgid, 16, got, got));
	become(1, 2);
	CALL(syscall(SYS_setgroups, 1, list));
	CALL(syscall(SYS_setgroups, -1, list));
	again_root();
}

/* -- Files ---------------------------------------------------------------------- */

static void own(const char *path, unsigned uid, unsigned gid, unsigned mode)
{
	must(lchown(path, uid, gid) == 0 && chmod(path, mode) == 0, path);
}

static void try_file(const char *path)
{
	static const struct timespec set[2] = {{1, 0}, {2, 0}};
	static const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
	static const struct timespec half[2] = {{0, UTIME_NOW},
						{0, UTIME_OMIT}};
	int fd;

	for (int want = 0; want < 4; want++) {
		fd = open(path, want);
		printf(" %s", outcome(fd));
		close(fd);
	}
	for (int want = 1; want < 8; want++)
		printf(" %s", outcome(access(path, want)));
	for (int want = 1; want < 8; want++)
		printf(" %s", outcome(syscall(SYS_faccessat2, AT_FDCWD, path,
					      want, AT_EACCESS)));
	printf(" times %s", outcome(utimensat(AT_FDCWD, path, set, 0)));
	printf(" %s", outcome(utimensat(AT_FDCWD, path, now, 0)));
	printf(" %s", outcome(utimensat(AT_FDCWD, path, half, 0)));
	printf(" %s", outcome(utimensat(AT_FDCWD, path, NULL, 0)));
	fd = open(path, O_RDONLY | O_NOATIME);
	printf(" noatime %s", outcome(fd));
	close(fd);
	fd = open(path, O_RDONLY);
	if (fd >= 0)
		printf(" %s", outcome(fcntl(fd, F_SETFL, O_NOATIME)));
	close(fd);
	printf(" truncate %s\n", outcome(truncate(path, 1)));
}

static void permissions(void)
{
	static const unsigned who[][2] = {{5, 50}, {6, 50}, {6, 60}, {6, 70}};
	static const unsigned groups_of[] = {60, 80};

	make("f", "text");
	mkdir("d", 0755);
	for (size_t i = 0; i < sizeof(who) / sizeof(*who); i++) {
		for (unsigned mode = 0; mode < 01000; mode += 011 + mode % 3) {
			own("f", 5, 60, mode);
			own("d", 5, 60, mode);
			become(who[i][0], who[i][1]);
			if (who[i][1] == 70) {
				again_root();
				syscall(SYS_setgroups, 2, groups_of);
				syscall(SYS_setresgid, 70, 70, 70);
				syscall(SYS_setresuid, 6, 6, 0);
			}
			printf("%u:%u %03o f", who[i][0], who[i][1], mode);
			try_file("f");
			printf("%u:%u %03o d", who[i][0], who[i][1], mode);
			try_file("d");
			printf("in d: %s", outcome(access("d/x", F_OK)));
			printf(" %s", outcome(mkdir("d/x", 0700)));
			printf(" %s\n", outcome(rmdir("d/x")));
			again_root();
			rmdir("d/x");
		}
	}
	/* The real ids are root's, or the effective ones. */
	own("f", 5, 60, 0600);
	own("d", 5, 60, 0700);
	must(syscall(SYS_setresuid, 0, 6, 0) == 0, "ids");
	try_file("f");
	CALL(access("d/x", F_OK));
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "d/x", F_OK, AT_EACCESS));
	again_root();
	must(syscall(SYS_setresuid, 6, 0, 0) == 0, "ids");
	try_file("f");
	CALL(access("d/x", F_OK));
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "d/x", F_OK, AT_EACCESS));
	CALL(syscall(SYS_setfsuid, 5));
	try_file("f");
	CALL(chown("f", 7, 7));
	CALL(chmod("f", 0640));
	CALL(syscall(SYS_setgroups, 0, NULL));
	again_root();
	unlink("f");
	rmdir("d");
}

/* chmod and chown by the owner, with groups, and by others. */
static void owners(void)
{
	static const unsigned who[] = {0, 5, 6};
	static const unsigned modes[] = {0644, 06755, 02644, 04600, 07777};
	static const unsigned targets[][2] = {{NONE, NONE}, {5, NONE},
					      {6, NONE},    {NONE, 60},
					      {NONE, 61},   {NONE, 62},
					      {5, 61},	    {0, 0}};
	static const unsigned groups_of[] = {61};
	static const char *const names[] = {"f", "d"};

	for (size_t w = 0; w < 3 * 5 * 8 * 2; w++) {
		unsigned uid = who[w % 3], mode = modes[w / 3 % 5];
		const unsigned *target = targets[w / 15 % 8];
		const char *name = names[w / 120];

		make("f", "");
		mkdir("d", 0755);
		own(name, 5, 60, mode);
		syscall(SYS_setgroups, 1, groups_of);
		syscall(SYS_setresgid, 60, 60, 60);
		if (uid)
			syscall(SYS_setresuid, uid, uid, 0);
		printf("%u %o %d:%d %s: %s", uid, mode, (int)target[0],
		       (int)target[1], name,
		       outcome(chown(name, target[0], target[1])));
		printf(" %s\n", outcome(chmod(name, mode)));
		show(name);
		/* Not a member of the group. */
		syscall(SYS_setresgid, 70, 70, NONE);
		syscall(SYS_setfsgid, 70);
		printf("chmod %s", outcome(chmod(name, 07777)));
		printf(" chown %s\n", outcome(chown(name, NONE, NONE)));
		show(name);
		again_root();
		unlink("f");
		rmdir("d");
	}
}

/* Set-id bits go when a file is written by who is not root. */
static void set_ids(void)
{
	static const unsigned modes[] = {06777, 02767, 04666, 02666, 06666};
	struct iovec iov = {"v", 1};
	unsigned mode;
	int fd;

	for (int how = 0; how < 13; how++) {
		for (int as = 0; as < 15; as++) {
			mode = modes[as % 5];
			make("f", "text");
			own("f", 5, 60, mode);
			fd = open("f", O_RDWR);
			syscall(SYS_setresgid, as < 10 ? 60 : 61,
				as < 10 ? 60 : 61, 0);
			if (as >= 5)
				syscall(SYS_setresuid, 6, 6, 0);
			switch (how) {
			case 0:
				write(fd, "x", 1);
				break;
			case 1:
				write(fd, "", 0);
				break;
			case 2:
				pwrite(fd, "x", 1, 100);
				break;
			case 3:
				writev(fd, &iov, 1);
				break;
			case 4:
				ftruncate(fd, 2);
				break;
			case 5:
				truncate("f", 20);
				break;
			case 6:
				close(open("f", O_WRONLY | O_TRUNC));
				break;
			case 7:
				close(open("f", O_WRONLY));
				break;
			case 8:
				read(fd, (char[1]){0}, 1);
				break;
			case 9:
				ftruncate(fd, 4);
				break;
			case 10:
				rename("f", "g");
				rename("g", "f");
				break;
			case 11:
				pwritev(fd, &iov, 1, 2);
				break;
			default:
				syscall(SYS_fallocate, fd, 0, 0, 100);
				break;
			}
			again_root();
			printf("%d %d %o ", how, as, mode);
			show("f");
			close(fd);
			unlink("f");
		}
	}
}

static void sticky(void)
{
	static const unsigned who[] = {0, 5, 6, 7};

	for (size_t i = 0; i < 4 * 8; i++) {
		unsigned uid = who[i / 8], mode = i & 1 ? 01777 : 0777;

		/* The directory is 5's, f and d are 6's. */
		mkdir("s", 0755);
		mkdir("o", 0777);
		make("s/f", "");
		make("s/g", "");
		mkdir("s/d", 0777);
		own("s/f", 6, 6, 0666);
		own("s/g", 7, 7, 0666);
		own("s/d", 6, 6, i & 2 ? 0777 : 0700);
		own("o", i & 4 ? 7 : 8, 8, 01777);
		own("s", 5, 5, mode);
		become(uid, uid);
		say("%u %o", uid, mode);
		CALL(rename("s/f", "s/h"));
		CALL(rename("s/h", "s/g"));
		CALL(rename("s/d", "o/d"));
		CALL(rename("o/d", "s/d"));
		CALL(syscall(SYS_renameat2, AT_FDCWD, "s/d", AT_FDCWD, "s/g",
			     2));
		CALL(syscall(SYS_renameat2, AT_FDCWD, "s/d", AT_FDCWD, "s/g",
			     2));
		CALL(unlink("s/f"));
		CALL(unlink("s/g"));
		CALL(rmdir("s/d"));
		CALL(unlink("s/d"));
		CALL(rmdir("s"));
		CALL(rename("s", "t"));
		again_root();
		show_list("s");
		show_list("o");
		rmdir("o/d");
		rmdir("s/d");
		rmdir("s/g");
		unlink("s/d");
		unlink("s/f");
		unlink("s/g");
		unlink("s/h");
		rmdir("s");
		rmdir("t");
		rmdir("o");
	}
}

/* Whose is what is made, in a set-group-ID directory and elsewhere. */
static void making(void)
{
	int fd;

	mkdir("d", 0777);
	chmod("d", 0777);
	mkdir("g", 0777);
	own("g", 5, 60, 02777);
	for (int i = 0; i < 4; i++) {
		const char *dir = i & 1 ? "g" : "d";

		become(6, 61);
		if (i & 2) {
			again_root();
			syscall(SYS_setgroups, 1, (unsigned[]){60});
			syscall(SYS_setresgid, 61, 61, 61);
			syscall(SYS_setresuid, 6, 6, 0);
		}
		must(chdir(dir) == 0, dir);
		say("in %s", dir);
		CALL(fd = open("f", O_CREAT | O_RDWR, 02775));
		CALL(close(fd));
		CALL(fd = open("h", O_CREAT | O_RDWR, 02765));
		CALL(close(fd));
		CALL(mkdir("x", 02775));
		CALL(symlink("f", "l"));
		CALL(mknod("p", S_IFIFO | 02777, 0));
		CALL(mknod("r", S_IFREG | 06777, 0));
		CALL(mknod("s", S_IFSOCK | 0777, 0));
		CALL(mknod("c", S_IFCHR | 0777, 0x103));
		CALL(mknod("c", S_IFCHR | 0777, 0));
		CALL(mknod("b", S_IFBLK | 0777, 0));
		CALL(link("f", "f2"));
		CALL(syscall(SYS_renameat2, AT_FDCWD, "f2", AT_FDCWD, "f3", 4));
		CALL(fd = open(".", 020200000 | O_RDWR, 02775));
		show_fd("nameless", fd);
		CALL(syscall(SYS_linkat, fd, "", AT_FDCWD, "n", AT_EMPTY_PATH));
		CALL(close(fd));
		show("f");
		show("h");
		show("x");
		show("l");
		show("p");
		show("r");
		show("s");
		show("c");
		show("f2");
		show("f3");
		show("n");
		again_root();
		must(chdir("..") == 0, "..");
	}
	/* Who has not opened it does not link through it. */
	fd = open(".", 020200000 | O_RDWR, 0666);
	become(6, 61);
	CALL(syscall(SYS_linkat, fd, "", AT_FDCWD, "d/taken", AT_EMPTY_PATH));
	CALL(syscall(SYS_linkat, AT_FDCWD, "d/f", AT_FDCWD, "d/own",
		     AT_EMPTY_PATH));
	again_root();
	CALL(syscall(SYS_linkat, fd, "", AT_FDCWD, "d/taken", AT_EMPTY_PATH));
	close(fd);
}

/* Directories on the way, by their modes, and links. */
static void ways(void)
{
	struct stat st;
	int fd;

	mkdir("w", 0755);
	mkdir("w/in", 0777);
	make("w/in/f", "text");
	symlink("in/f", "w/l");
	chmod("w/in/f", 0666);
	for (unsigned mode = 0; mode < 8; mode++) {
		chmod("w", mode);
		fd = open("w/in", O_RDONLY);
		become(6, 60);
		say("others %u", mode);
		CALL(stat("w", &st));
		CALL(stat("w/.", &st));
		CALL(stat("w/in", &st));
		CALL(stat("w/in/f", &st));
		CALL(stat("w/l", &st));
		CALL(stat("w/missing", &st));
		CALL(stat("w/missing/x", &st));
		CALL(open("w", O_RDONLY));
		close(4);
		CALL(open("w/in/new", O_RDWR | O_CREAT, 0600));
		close(4);
		CALL(faccessat(fd, "f", F_OK, 0));
		CALL(faccessat(fd, "../l", F_OK, 0));
		CALL(mkdir("w/in", 0700));
		CALL(mkdir("w/new", 0700));
		CALL(rename("w/in/f", "w/f"));
		CALL(rename("w/missing", "w/f"));
		CALL(rename("w/f", "w/in/f"));
		CALL(link("w/in/new", "w/g"));
		CALL(unlink("w/g"));
		CALL(unlink("w/missing"));
		CALL(rmdir("w/new"));
		CALL(chdir("w"));
		must(fchdir(fd) == 0 || 1, "fchdir");
		CALL(fchdir(fd));
		CALL(readlink("../l", (char[10]){0}, 10));
		again_root();
		must(chdir("/tmp/conform") == 0, "chdir");
		unlink("w/in/new");
		rmdir("w/new");
		unlink("w/g");
		rename("w/f", "w/in/f");
		close(fd);
	}
}

/* At the end: root for good no more. */
static void dropped(void)
{
	ids_said();
	CALL(syscall(SYS_setuid, 0));
	CALL(syscall(SYS_setfsuid, 0));
	CALL(syscall(SYS_setresuid, 5, 0, 5));
	CALL(syscall(SYS_setgid, 1));
	CALL(syscall(SYS_setgroups, 0, NULL));
	ids_said();
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	umask(0);
	groups();
	ids_of_files();
	id_walk(4000, false);
	again_root();
	permissions();
	owners();
	set_ids();
	sticky();
	making();
	ways();
	id_walk(200, true);
	dropped();
	return 0;
}
