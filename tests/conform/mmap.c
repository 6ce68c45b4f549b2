/* SPDX-License-Identifier: MIT */
/*
 * Mapped files: mmap(2) and what it refuses, that a shared mapping is the file
 * and a private one a copy, what becomes of either when the file changes its
 * size, and mappings that are cut, moved and outlive their descriptors. What
 * cannot be accessed is asked by write(2), which then says EFAULT.
 */
#include "transcript.h"

#include <sys/mman.h>
#include <time.h>

#define PAGE 4096L
#define RW   (PROT_READ | PROT_WRITE)

static int file, sink;

static void attempt(const char *what, void *at, size_t len, int prot, int flags,
		    int fd, long offset)
{
	long result = syscall(SYS_mmap, at, len, prot, flags, fd, offset);

	say("%s: %s", what, result == -1 ? error_name(errno) : "mapped");
	if (result != -1)
		must(munmap((void *)result, len) == 0, "munmap");
}

#define TRY(len, prot, flags, fd, offset)                                 \
	attempt(#len " " #prot " " #flags " " #fd " " #offset, NULL, len, \
		prot, flags, fd, offset)

static char *map(size_t len, int prot, int flags, int fd, long offset)
{
	char *p = mmap(NULL, len, prot, flags, fd, offset);

	must(p != MAP_FAILED, "mmap");
	return p;
}

static char *shared(size_t len)
{
	return map(len, RW, MAP_SHARED, file, 0);
}

/* Can the bytes be read, says the system? */
static void readable(const char *what, const void *p, size_t len)
{
	errno = 0;
	say("%s: %s", what, outcome(pwrite(sink, p, len, 0)));
}

static void resize(long size)
{
	must(ftruncate(file, size) == 0, "ftruncate");
}

static long blocks(void)
{
	struct stat st;

	must(fstat(file, &st) == 0, "fstat");
	return (long)st.st_blocks;
}

static bool filled(const char *p, size_t len, char c)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] != c)
			return false;
	}
	return true;
}

static void refusals(void)
{
	int ro = open("f", O_RDONLY), wo = open("f", O_WRONLY);
	int append = open("f", O_RDWR | O_APPEND), path = open("f", O_PATH);
	int dir = open(".", O_RDONLY);

	TRY(PAGE, PROT_READ, MAP_SHARED, ro, 0);
	TRY(PAGE, RW, MAP_SHARED, ro, 0);
	TRY(PAGE, PROT_NONE, MAP_SHARED, ro, 0);
	TRY(PAGE, RW, MAP_PRIVATE, ro, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED, wo, 0);
	TRY(PAGE, PROT_WRITE, MAP_SHARED, wo, 0);
	TRY(PAGE, PROT_NONE, MAP_PRIVATE, wo, 0);
	TRY(PAGE, RW, MAP_SHARED, append, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED, path, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED, dir, 0);
	TRY(PAGE, RW, MAP_SHARED, dir, 0);
	TRY(PAGE, PROT_READ, MAP_PRIVATE, dir, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED, 99, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED, -1, 0);
	TRY(0, PROT_READ, MAP_SHARED, ro, 0);
	TRY(0, PROT_READ, MAP_SHARED, 99, 0);
	TRY(PAGE, PROT_READ, 0, ro, 0);
	TRY(PAGE, PROT_READ, 4, ro, 0);
	TRY(PAGE, PROT_READ, 0xf, ro, 0);
	TRY(PAGE, PROT_READ, 0, dir, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED_VALIDATE, ro, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, ro, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED | MAP_SYNC, ro, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED | MAP_HUGETLB, ro, 0);
	TRY(PAGE, PROT_READ, MAP_SHARED, ro, 1);
	TRY(PAGE, PROT_READ, MAP_SHARED, 99, 1);
	TRY(PAGE, PROT_READ, MAP_SHARED, ro, 0x7fffffffffffe000);
	TRY(PAGE, PROT_READ, MAP_SHARED, ro, 0x7ffffffffffff000);
	TRY(2 * PAGE, PROT_READ, MAP_SHARED, ro, 0x7fffffffffffe000);
	TRY(2 * PAGE, PROT_READ, MAP_SHARED, ro, -PAGE);
	TRY(2 * PAGE, PROT_READ, MAP_SHARED, dir, -PAGE);
	TRY(1UL << 47, PROT_READ, MAP_SHARED, ro, 0);
	TRY(-1UL, PROT_READ, MAP_SHARED, ro, 0);
	attempt("not at a page", (char *)0x10000001, PAGE, PROT_READ,
		MAP_SHARED | MAP_FIXED, ro, 0);
	close(ro);
	close(wo);
	close(append);
	close(path);
	close(dir);
}

static void devices(void)
{
	int zero = open("/dev/zero", O_RDWR),
	    zero_ro = open("/dev/zero", O_RDONLY);
	int null = open("/dev/null", O_RDWR);
	char *p;

	TRY(PAGE, RW, MAP_PRIVATE, null, 0);
	TRY(PAGE, RW, MAP_SHARED, zero_ro, 0);
	p = map(2 * PAGE, RW, MAP_PRIVATE, zero_ro, PAGE);
	say("zeros %d", filled(p, 2 * PAGE, 0));
	memset(p, 1, 2 * PAGE);
	CALL(munmap(p, 2 * PAGE));
	p = map(2 * PAGE, RW, MAP_SHARED, zero, 0);
	say("zeros %d", filled(p, 2 * PAGE, 0));
	memset(p, 1, 2 * PAGE);
	CALL(munmap(p, 2 * PAGE));
	close(zero);
	close(zero_ro);
	close(null);
}

static void rights(void)
{
	int ro = open("f", O_RDONLY);
	char *p = map(3 * PAGE, PROT_READ, MAP_SHARED, ro, 0), *q;

	CALL(mprotect(p, PAGE, RW));
	CALL(mprotect(p, PAGE, PROT_NONE));
	CALL(mprotect(p, PAGE, PROT_READ));
	readable("readable again", p, 10);
	q = map(PAGE, PROT_READ, MAP_PRIVATE, ro, 0);
	CALL(mprotect(q, PAGE, RW));
	q[0] = 'Q';
	say("%c %c", q[0], p[0]);
	CALL(munmap(q, PAGE));
	errno = 0;
	say("read into a constant: %s", outcome(pread(file, p, 10, 0)));
	CALL(mprotect(p + PAGE, PAGE, PROT_NONE));
	readable("across what may not be read", p + PAGE - 5, 10);
	readable("what may not be read", p + PAGE, 10);
	CALL(munmap(p, 3 * PAGE));
	close(ro);
}

/* A shared mapping is the file, and so is every other. */
static void coherence(void)
{
	char buf[16] = "";
	char *p = shared(4 * PAGE), *q = shared(4 * PAGE);
	char *copy = map(4 * PAGE, RW, MAP_PRIVATE, file, 0);

	resize(4 * PAGE);
	must(pwrite(file, "written", 7, PAGE - 3) == 7, "pwrite");
	say("%.7s %.7s", p + PAGE - 3, copy + PAGE - 3);
	memcpy(q + PAGE - 2, "MAP", 3);
	must(pread(file, buf, 7, PAGE - 3) == 7, "pread");
	say("%s %.7s %.7s", buf, p + PAGE - 3, copy + PAGE - 3);
	copy[PAGE - 3] = '!';
	must(pwrite(file, "again", 5, PAGE - 3) == 5, "pwrite");
	/* its first page is a copy now, the second is not */
	say("%.7s %.7s", p + PAGE - 3, copy + PAGE - 3);
	/* reading a file into its own mapping, and writing it from there */
	must(pwrite(file, "0123456789", 10, 0) == 10, "pwrite");
	say("%s", outcome(pread(file, p + 5, 4, 0)));
	say("%.10s %.10s", p, q);
	say("%s", outcome(pread(file, p + 3 * PAGE - 4, 8, 0)));
	say("%.8s", q + 3 * PAGE - 4);
	say("%s", outcome(pwrite(file, q, 8, 2 * PAGE - 4)));
	say("%.8s", p + 2 * PAGE - 4);
	CALL(msync(p, 4 * PAGE, MS_SYNC));
	CALL(msync(p, 4 * PAGE, MS_ASYNC | MS_INVALIDATE));
	CALL(msync(p, 4 * PAGE, MS_ASYNC | MS_SYNC));
	CALL(msync(p, 4 * PAGE, 8));
	CALL(syscall(SYS_msync, p + 1, PAGE, MS_SYNC));
	CALL(munmap(p, 4 * PAGE));
	CALL(msync(p, 4 * PAGE, MS_SYNC));
	CALL(munmap(q, 4 * PAGE));
	CALL(munmap(copy, 4 * PAGE));
}

/* Contents of every size and form are mapped alike. */
static void sizes(void)
{
	static const long all[] = {0,	 1,    24,   25,   2047,     2048,
				   2049, 4095, 4096, 4097, 2 * PAGE, 5 * PAGE};
	static char data[5 * PAGE];

	memset(data, 'd', sizeof(data));
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		char *p = shared(6 * PAGE);
		long size = all[i], up = (size + PAGE - 1) / PAGE * PAGE;

		resize(0);
		must(pwrite(file, data, (size_t)size, 0) == size, "pwrite");
		say("%ld: data %d zeros %d", size, filled(p, (size_t)size, 'd'),
		    filled(p + size, (size_t)(up - size), 0));
		readable("after the end", p + up, 10);
		if (size)
			p[size - 1] = 'e';
		must(pwrite(file, "f", 1, size + 2) == 1, "pwrite");
		say("%ld blocks %ld", (long)lseek(file, 0, SEEK_END), blocks());
		say("%.1s %d %d %.1s", size ? p + size - 1 : "-", p[size],
		    p[size + 1], p + size + 2);
		CALL(munmap(p, 6 * PAGE));
	}
}

static void end_of_file(void)
{
	char *p, *copy;

	resize(0);
	p = shared(8 * PAGE);
	copy = map(8 * PAGE, RW, MAP_PRIVATE, file, 0);
	readable("empty", p, 1);
	resize(100);
	readable("extended", p, PAGE);
	readable("past the page", p + PAGE, 1);
	readable("into the last page and past it", p + PAGE - 10, 20);
	memset(p, 'x', PAGE);
	resize(3 * PAGE);
	readable("three pages", p, 4 * PAGE);
	memset(p + PAGE, 'y', 2 * PAGE);
	memset(copy + PAGE, 'c', 2 * PAGE);
	resize(PAGE + 10);
	say("tail zero %d", filled(p + PAGE + 10, PAGE - 10, 0));
	say("copy kept %d", filled(copy + PAGE, PAGE, 'c'));
	readable("gone", p + 2 * PAGE, 1);
	readable("its copy too", copy + 2 * PAGE, 1);
	resize(3 * PAGE);
	say("grown again: zero %d %d, copy %d %d",
	    filled(p + PAGE + 10, PAGE - 10, 0), filled(p + 2 * PAGE, PAGE, 0),
	    filled(copy + PAGE, PAGE, 'c'), filled(copy + 2 * PAGE, PAGE, 0));
	resize(0);
	readable("nothing left", p, 1);
	readable("nor of the copy", copy, 1);
	errno = 0;
	say("read into it: %s", outcome(read(file, p, 1)));
	resize(PAGE);
	say("all zero: %d %d", filled(p, PAGE, 0), filled(copy, PAGE, 0));
	resize(PAGE + 1);
	errno = 0;
	must(pwrite(sink, "z", 1, 3 * PAGE) == 1, "pwrite");
	say("read past it: %s",
	    outcome(pread(sink, p + 2 * PAGE, 1, 3 * PAGE)));
	say("read across: %s",
	    outcome(pread(sink, p + 2 * PAGE - 10, 20, 3 * PAGE - 10)));
	CALL(close(open("f", O_WRONLY | O_TRUNC)));
	readable("truncated by open", p, 1);
	CALL(munmap(p, 8 * PAGE));
	CALL(munmap(copy, 8 * PAGE));
}

/* What touching costs, and when the times change. */
static void accounts(void)
{
	const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 2}};
	struct stat st;
	char *p, *copy;

#define TIMES(what)                                                      \
	(fstat(file, &st),                                               \
	 say("%s: atime %d mtime %d blocks %ld", what, st.st_atime != 1, \
	     st.st_mtime != 2, (long)st.st_blocks),                      \
	 futimens(file, old))
	resize(0);
	resize(64 * PAGE);
	futimens(file, old);
	p = shared(64 * PAGE);
	TIMES("mapped shared");
	copy = map(64 * PAGE, RW, MAP_PRIVATE, file, 0);
	TIMES("mapped private");
	must(p[0] == 0, "zero");
	TIMES("read a hole");
	p[0] = 1;
	TIMES("wrote what had been read");
	p[20 * PAGE] = 1;
	TIMES("wrote a hole");
	p[20 * PAGE] = 2;
	TIMES("wrote again");
	must(copy[21 * PAGE] == 0, "zero");
	TIMES("read a hole privately");
	copy[40 * PAGE] = 1;
	TIMES("wrote a hole privately");
	CALL(munmap(p, 64 * PAGE));
	TIMES("unmapped");
	p = shared(64 * PAGE);
	TIMES("mapped again");
	p[40 * PAGE] = 1;
	TIMES("wrote what was there");
	CALL(madvise(p, 64 * PAGE, MADV_DONTNEED));
	say("%d %d", p[0], p[40 * PAGE]);
	TIMES("dropped and read");
	CALL(munmap(p, 64 * PAGE));
	p = map(64 * PAGE, RW, MAP_SHARED | MAP_POPULATE, file, 0);
	TIMES("populated");
	CALL(munmap(p, 64 * PAGE));
	CALL(munmap(copy, 64 * PAGE));
	resize(0);
	say("blocks %ld", blocks());
}

static void cutting(void)
{
	char *p, *q, *hole;

	resize(10 * PAGE);
	p = shared(10 * PAGE);
	for (int i = 0; i < 10; i++)
		memset(p + i * PAGE, '0' + i, PAGE);
	CALL(munmap(p + 3 * PAGE, 2 * PAGE));
	say("%c %c %c %c", p[0], p[3 * PAGE - 1], p[5 * PAGE],
	    p[10 * PAGE - 1]);
	hole = mmap(p + 3 * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, file,
		    8 * PAGE);
	say("in the hole %d: %c", hole == p + 3 * PAGE, p[3 * PAGE]);
	p[3 * PAGE] = 'h';
	say("%c", p[8 * PAGE]);
	attempt("not over something", p + 2 * PAGE, PAGE, RW,
		MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
	attempt("not over something, where is nothing", p + 4 * PAGE, PAGE, RW,
		MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
	hole = mmap(p + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		    -1, 0);
	say("memory over a file: %d %d", hole == p + PAGE, p[PAGE]);
	p[PAGE] = 'a';
	q = shared(10 * PAGE);
	say("%c %c", q[PAGE], q[8 * PAGE]);
	hole = mmap(p + PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file,
		    9 * PAGE);
	say("a file over memory: %d %c", hole == p + PAGE, p[PAGE]);
	CALL(mprotect(p + 6 * PAGE, PAGE, PROT_READ));
	CALL(mprotect(p + 6 * PAGE, PAGE, RW));
	p[6 * PAGE + 1] = 'w';
	say("%c%c", q[6 * PAGE], q[6 * PAGE + 1]);
	CALL(madvise(p + 5 * PAGE, PAGE, MADV_FREE));
	CALL(madvise(p + 5 * PAGE, PAGE, MADV_WILLNEED));
	CALL(madvise(p + 5 * PAGE, PAGE, 23 /* POPULATE_WRITE */));
	CALL(madvise(p + 5 * PAGE, PAGE, 22 /* POPULATE_READ */));
	CALL(madvise(p + 5 * PAGE, PAGE, 9999));
	CALL(munmap(p, 10 * PAGE));
	CALL(munmap(q, 10 * PAGE));
	p = map(2 * PAGE, RW, MAP_PRIVATE, file, PAGE);
	p[0] = 'X';
	p[PAGE] = 'Y';
	CALL(madvise(p, PAGE, MADV_DONTNEED));
	say("%c %c", p[0], p[PAGE]);
	CALL(madvise(p, PAGE, MADV_FREE));
	CALL(madvise(p, PAGE, MADV_REMOVE));
	CALL(munmap(p, 2 * PAGE));
}

static void moving(void)
{
	char *p, *q, *in_the_way;

	resize(10 * PAGE);
	for (int i = 0; i < 10; i++)
		must(pwrite(file, "abcdefghij" + i, 1, i * PAGE) == 1, "write");
	p = map(20 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	q = mmap(p, 3 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 2 * PAGE);
	must(q == p, "fixed");
	CALL(munmap(p + 3 * PAGE, 17 * PAGE));
	q = mremap(p, 3 * PAGE, 5 * PAGE, 0);
	say("grown in place %d: %c", q == p, p[4 * PAGE]);
	in_the_way = mmap(p + 5 * PAGE, PAGE, RW,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(in_the_way == p + 5 * PAGE, "fixed");
	q = mremap(p, 5 * PAGE, 8 * PAGE, 0);
	say("no room: %s", q == MAP_FAILED ? error_name(errno) : "grown");
	q = mremap(p, 5 * PAGE, 12 * PAGE, MREMAP_MAYMOVE);
	say("moved %d: %c %c %c", q != p && q != MAP_FAILED, q[0], q[4 * PAGE],
	    q[7 * PAGE]);
	readable("past the end", q + 8 * PAGE, 1);
	readable("where it was", p, 1);
	q[0] = 'C';
	must(pread(file, q + PAGE, 1, 2 * PAGE) == 1, "pread");
	say("%c", q[PAGE]);
	p = mremap(q, 12 * PAGE, 2 * PAGE, 0);
	say("shrunk %d %c", p == q, q[PAGE]);
	readable("after it", q + 2 * PAGE, 1);
	p = mremap(q, 0, 3 * PAGE, MREMAP_MAYMOVE);
	say("twice %d: %c", p != MAP_FAILED && p != q, p[0]);
	p[0] = '2';
	say("%c", q[0]);
	CALL(munmap(p, 3 * PAGE));
	CALL(munmap(q, 2 * PAGE));
	CALL(munmap(in_the_way, PAGE));
	/* copies move along */
	p = map(6 * PAGE, RW, MAP_PRIVATE, file, 0);
	p[PAGE] = 'P';
	p[5 * PAGE] = 'S';
	in_the_way =
		map(10 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	q = mremap(p, 6 * PAGE, 9 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   in_the_way);
	say("moved %d: %c %c %c %c", q == in_the_way, q[0], q[PAGE],
	    q[5 * PAGE], q[8 * PAGE]);
	must(pwrite(file, "!!", 2, PAGE - 1) == 2, "pwrite");
	say("%c %c", q[PAGE - 1], q[PAGE]);
	p = mremap(q, 0, PAGE, MREMAP_MAYMOVE);
	say("twice: %s", p == MAP_FAILED ? error_name(errno) : "mapped");
	CALL(munmap(q, 10 * PAGE));
}

/* A mapping may be made shorter whatever is behind what stays. */
static void shortening(void)
{
	char *p, *q;

	resize(10 * PAGE);
	p = shared(10 * PAGE);
	CALL(munmap(p + PAGE, PAGE));
	q = mremap(p, 3 * PAGE, 3 * PAGE, 0);
	say("as long as it is not: %d", q == p);
	q = mremap(p, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	say("longer: %s", q == MAP_FAILED ? error_name(errno) : "grown");
	q = mremap(p + PAGE, 3 * PAGE, PAGE, 0);
	say("what is not there: %s",
	    q == MAP_FAILED ? error_name(errno) : "shrunk");
	q = mremap(p, (size_t)1 << 62, PAGE, 0);
	say("very long: %s", q == MAP_FAILED ? error_name(errno) : "shrunk");
	q = mremap(p, 5 * PAGE, PAGE, 0);
	say("over a hole: %d", q == p);
	readable("behind it", p + 4 * PAGE, 1);
	readable("behind that", p + 5 * PAGE, 1);
	q = mremap(p + 5 * PAGE, 5 * PAGE, 2 * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE);
	say("shorter elsewhere: %d", q == p + PAGE);
	readable("there", p + 2 * PAGE, 1);
	readable("where it was", p + 6 * PAGE, 1);
	readable("behind it", p + 7 * PAGE, 1);
	q = mremap(p, PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p);
	say("onto itself: %s", q == MAP_FAILED ? error_name(errno) : "moved");
	CALL(msync(p, (size_t)-1, MS_SYNC));
	CALL(munmap(p, 10 * PAGE));
	p = map(4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	q = mmap(p + 2 * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
	must(q == p + 2 * PAGE, "fixed");
	q = mremap(p, 4 * PAGE, PAGE, 0);
	say("memory before a file: %d", q == p);
	readable("the file", p + 2 * PAGE, 1);
	CALL(munmap(p, PAGE));
}

/* Copies stay until they are dropped; then there is what the file has now. */
static void dropping(void)
{
	char *p;

	resize(4 * PAGE);
	p = map(4 * PAGE, RW, MAP_PRIVATE, file, 0);
	must(pwrite(file, "0", 1, 0) == 1 && pwrite(file, "1", 1, PAGE) == 1,
	     "pwrite");
	p[0] = p[PAGE] = p[2 * PAGE] = 'c';
	must(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		       2 * PAGE) == 0,
	     "punch");
	say("%c %c %c", p[0], p[PAGE], p[2 * PAGE]);
	CALL(madvise(p, 4 * PAGE, 22 /* POPULATE_READ */));
	CALL(madvise(p, 4 * PAGE, 23 /* POPULATE_WRITE */));
	say("%c %c %c", p[0], p[PAGE], p[2 * PAGE]);
	CALL(madvise(p + PAGE, 3 * PAGE, MADV_DONTNEED));
	say("%c %d %d", p[0], p[PAGE], p[2 * PAGE]);
	must(pwrite(file, "new", 3, PAGE) == 3, "pwrite");
	say("%c blocks %ld", p[PAGE], blocks());
	CALL(mprotect(p + 3 * PAGE, PAGE, PROT_READ));
	resize(3 * PAGE);
	resize(4 * PAGE);
	CALL(munmap(p, 2 * PAGE));
	p += 2 * PAGE;
	CALL(madvise(p, 2 * PAGE, 23 /* POPULATE_WRITE */));
	say("blocks %ld", blocks());
	resize(PAGE);
	CALL(madvise(p, 2 * PAGE, 22 /* POPULATE_READ */));
	say("blocks %ld", blocks());
	p -= 2 * PAGE;
	CALL(munmap(p, 4 * PAGE));
	resize(0);
}

static void outliving(void)
{
	struct stat st;
	int fd = open("gone", O_RDWR | O_CREAT, 0600);
	char *p, *q;

	must(ftruncate(fd, 3 * PAGE) == 0, "ftruncate");
	p = map(3 * PAGE, RW, MAP_SHARED, fd, 0);
	q = map(3 * PAGE, RW, MAP_SHARED, fd, PAGE);
	close(fd);
	memset(p, 'o', 3 * PAGE);
	fd = open("gone", O_RDWR);
	must(fstat(fd, &st) == 0, "fstat");
	say("size %ld links %ld", (long)st.st_size, (long)st.st_nlink);
	CALL(unlink("gone"));
	must(fstat(fd, &st) == 0, "fstat");
	say("links %ld", (long)st.st_nlink);
	close(fd);
	say("%c %c", p[0], q[2 * PAGE - 1]);
	q[0] = 'q';
	say("%c", p[PAGE]);
	CALL(munmap(p, 3 * PAGE));
	say("%c", q[0]);
	CALL(munmap(q, 3 * PAGE));
}

/* What is passed to calls may be in mapped files that nothing has touched. */
static void arguments(void)
{
	char *p;
	struct iovec *iov;

	resize(0);
	resize(8 * PAGE);
	must(pwrite(file, "f", 2, PAGE - 1) == 2, "pwrite");
	must(pwrite(file, "missing", 8, 2 * PAGE - 4) == 8, "pwrite");
	p = shared(8 * PAGE);
	CALL(access(p + PAGE - 1, R_OK));
	CALL(access(p + 2 * PAGE - 4, R_OK));
	CALL(stat("f", (struct stat *)(p + 3 * PAGE)));
	CALL(stat("f", (struct stat *)(p + 5 * PAGE - 8)));
	say("size %ld", (long)((struct stat *)(p + 5 * PAGE - 8))->st_size);
	CALL(getcwd(p + 6 * PAGE, PAGE) != NULL);
	/* an array of buffers in the mapping, and one of them there too */
	iov = (struct iovec *)(p + 7 * PAGE);
	iov[0] = (struct iovec){p + 2 * PAGE, 4};
	iov[1] = (struct iovec){p + 2 * PAGE - 4, 4};
	CALL(madvise(p, 8 * PAGE, MADV_DONTNEED));
	CALL(pwritev(sink, iov, 2, 0));
	CALL(madvise(p, 8 * PAGE, MADV_DONTNEED));
	CALL(preadv(sink, iov, 2, 0));
	say("%.8s", p + 2 * PAGE - 4);
	CALL(munmap(p, 8 * PAGE));
	p = map(PAGE, PROT_READ, MAP_SHARED, file, 3 * PAGE);
	CALL(stat("f", (struct stat *)p));
	CALL(munmap(p, PAGE));
}

#define MANY 600

/* Pages of one file, each mapped by itself, in an order that is none. */
static void many(void)
{
	static char *maps[MANY];
	uint32_t state = 7, wrong = 0;

	resize(MANY * PAGE);
	for (int i = 0; i < MANY; i++) {
		int page = i * 7 % MANY;

		maps[page] = map(PAGE, RW, MAP_SHARED, file, page * PAGE);
		memcpy(maps[page], &page, sizeof(page));
	}
	for (int i = 0; i < MANY; i++) {
		int value;

		must(pread(file, &value, sizeof(value), i * PAGE) ==
			     sizeof(value),
		     "pread");
		wrong += value != i;
	}
	for (int i = 0; i < 5000; i++) {
		uint32_t page = sequence(&state, MANY), value;

		if (sequence(&state, 2)) {
			value = page ^ state;
			must(pwrite(file, &value, 4, (long)page * PAGE + 8) ==
				     4,
			     "pwrite");
			wrong += memcmp(maps[page] + 8, &value, 4) != 0;
		} else {
			memcpy(maps[page] + 8, &i, 4);
			must(pread(file, &value, 4, (long)page * PAGE + 8) == 4,
			     "pread");
			wrong += value != (uint32_t)i;
		}
	}
	say("%u wrong, blocks %ld", wrong, blocks());
	for (int i = 0; i < MANY; i++)
		must(munmap(maps[i], PAGE) == 0, "munmap");
	resize(0);
}

#define GIB   (1L << 30)
#define TOUCH 1500

static void sparse(void)
{
	uint32_t state = 3, wrong = 0;
	char *p;

	resize(GIB);
	p = shared(GIB);
	for (uint32_t i = 0; i < TOUCH; i++) {
		long at = (long)sequence(&state, GIB / PAGE) * PAGE;

		wrong += p[at] != 0 && p[at] != 's';
		p[at] = 's';
		memcpy(p + at + 16, &i, sizeof(i));
	}
	state = 3;
	for (uint32_t i = 0; i < TOUCH; i++) {
		long at = (long)sequence(&state, GIB / PAGE) * PAGE;
		char c = 0;

		must(pread(file, &c, 1, at) == 1, "pread");
		wrong += c != 's' || p[at] != 's';
	}
	say("%u wrong, blocks %ld", wrong, blocks());
	resize(GIB / 2);
	say("blocks %ld", blocks());
	readable("the other half", p + GIB / 2, 1);
	CALL(munmap(p, GIB));
	resize(0);
}

int main(int argc, char **argv)
{
	begin_outside(argc, argv);
	file = open("f", O_RDWR | O_CREAT, 0644);
	sink = open("sink", O_RDWR | O_CREAT, 0644);
	must(file >= 0 && sink >= 0, "open");
	must(pwrite(file, "contents", 8, 0) == 8, "pwrite");
	refusals();
	devices();
	resize(3 * PAGE);
	rights();
	coherence();
	sizes();
	end_of_file();
	accounts();
	cutting();
	moving();
	shortening();
	dropping();
	outliving();
	arguments();
	many();
	sparse();
	return 0;
}
