/* SPDX-License-Identifier: MIT */
/*
 * Random calls on two files and what is mapped of them, in four windows that
 * have no gaps (what else a home has mapped would come there): mapping, writing
 * either way, cutting and punching the files, moving, protecting and dropping
 * mappings. Each result is said, and at times a number for all that can be seen.
 * The seeds are fixed, so the transcript is the same every time.
 */
#include "transcript.h"

#include <sys/mman.h>

#define PAGE	4096L
#define PAGES	12 /* of a file, and of a window */
#define WINDOWS 4
#define SEEDS	8
#define STEPS	400
#define BYTES	(6 * PAGE)

static uint32_t state;
static int files[2], sink;
static char *windows;
static char bytes[BYTES];

/* Where one call takes place: pages within a window, bytes within a file. */
struct place {
	char *start;
	size_t len;
	int file, other;
	long at, count;
};

/* What was mapped last, while it is certain to be one mapping. */
static struct place last;

static uint32_t pick(uint32_t limit)
{
	return sequence(&state, limit);
}

static long some_offset(void)
{
	return pick(2) ? (long)pick(PAGES) * PAGE : (long)pick(PAGES * PAGE);
}

static struct place some_place(void)
{
	uint32_t first = pick(PAGES), count = 1 + pick(6), which = pick(2);
	struct place place = {.file = files[which], .other = files[!which]};

	if (count > PAGES - first)
		count = PAGES - first;
	place.start = windows + (pick(WINDOWS) * PAGES + first) * PAGE;
	place.len = count * PAGE;
	place.at = some_offset();
	place.count = 1 + (long)pick(pick(3) ? 2 * PAGE : BYTES);
	return place;
}

/* Can the byte be read, says the system? */
static bool is_there(const char *p)
{
	return pwrite(sink, p, 1, 0) == 1;
}

static bool all_there(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i += PAGE) {
		if (!is_there(p + i))
			return false;
	}
	return is_there(p + len - 1);
}

static long cover(char *start, size_t len, int prot)
{
	void *p = mmap(start, len, prot,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
		       -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static int some_prot(void)
{
	static const int prots[] = {PROT_READ | PROT_WRITE,
				    PROT_READ | PROT_WRITE, PROT_READ,
				    PROT_NONE};

	return prots[pick(4)];
}

/* -- The calls ---------------------------------------------------------------- */

static long step_file(const struct place *p)
{
	off_t in = p->at, out = some_offset();

	memset(bytes, 'A' + (int)pick(26), (size_t)p->count);
	switch (pick(4)) {
	case 0:
		return pwrite(p->file, bytes, (size_t)p->count, p->at);
	case 1:
		return ftruncate(p->file, p->at);
	case 2:
		return fallocate(p->file,
				 FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				 p->at, p->count);
	default:
		return copy_file_range(p->file, &in, p->other, &out,
				       (size_t)p->count, 0);
	}
}

static long step_map(const struct place *p)
{
	int flags = (pick(2) ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED;

	last.len = 0;
	if (pick(5) == 0)
		return cover(p->start, p->len, some_prot());
	last = *p;
	return mmap(p->start, p->len, some_prot(), flags, p->file,
		    (long)pick(PAGES) * PAGE) == MAP_FAILED
		       ? -1
		       : 0;
}

/* Bytes that are mapped are written to by the system, which says if it can't. */
static long step_touch(const struct place *p)
{
	char c = (char)('a' + pick(26));
	long result = 0;

	must(pwrite(sink, &c, 1, 1) == 1, "pwrite");
	for (int i = 0; i < 3; i++) {
		char *at = p->start + pick((uint32_t)p->len);

		result = result * 4 + pread(sink, at, 1, 1) + 1;
	}
	return result;
}

/* Between a mapping and a file; that a write which fails may leave a page
 * behind depends on Linux's version. */
static long step_between(const struct place *p)
{
	if (pick(2))
		return pread(p->file, p->start, p->len, some_offset());
	if (!all_there(p->start, p->len))
		return 0;
	return pwrite(p->file, p->start, p->len, p->at);
}

static long step_advise(const struct place *p)
{
	static const int advices[] = {MADV_DONTNEED, MADV_DONTNEED,
				      MADV_WILLNEED, 22 /* POPULATE_READ */,
				      23 /* POPULATE_WRITE */};

	return madvise(p->start, p->len, advices[pick(5)]);
}

/* Only what is one mapping: with several, it depends on the version. */
static long step_move(const struct place *to)
{
	struct place from = last;
	void *p;

	last.len = 0;
	if (!from.len || (to->start < from.start + from.len &&
			  from.start < to->start + to->len))
		return 0;
	p = mremap(from.start, from.len, to->len, MREMAP_MAYMOVE | MREMAP_FIXED,
		   to->start);
	if (p == MAP_FAILED)
		return -1;
	return cover(from.start, from.len, PROT_NONE);
}

static long step_protect(const struct place *p)
{
	last.len = 0;
	return mprotect(p->start, p->len, some_prot());
}

/* -- What can be seen ----------------------------------------------------------- */

static uint32_t sum_of(uint32_t sum, const char *p, long len)
{
	for (long i = 0; i < len; i++)
		sum = sum * 31 + (unsigned char)p[i];
	return sum;
}

static uint32_t sum_all(void)
{
	uint32_t sum = 0;
	long n;

	for (int i = 0; i < 2; i++) {
		for (off_t at = 0; (n = pread(files[i], bytes, BYTES, at)) > 0;
		     at += n)
			sum = sum_of(sum, bytes, n);
	}
	for (long i = 0; i < WINDOWS * PAGES; i++) {
		const char *p = windows + i * PAGE;

		sum = is_there(p) ? sum_of(sum, p, PAGE) : sum * 7 + 1;
	}
	return sum;
}

static long blocks_of(int file)
{
	struct stat st;

	must(fstat(file, &st) == 0, "fstat");
	return (long)st.st_blocks;
}

static void run(void)
{
	static long (*const steps[])(const struct place *) = {
		step_file,    step_file,   step_map,  step_touch,  step_touch,
		step_between, step_advise, step_move, step_protect};

	for (int i = 0; i < STEPS; i++) {
		struct place place = some_place();
		uint32_t which = pick(sizeof(steps) / sizeof(*steps));

		errno = 0;
		say("%u: %s", which, outcome((int)steps[which](&place)));
		say(" %ld %ld", blocks_of(files[0]), blocks_of(files[1]));
		if (pick(10) == 0)
			say(" %08x", sum_all());
	}
}

int main(int argc, char **argv)
{
	begin_outside(argc, argv);
	files[0] = open("f", O_RDWR | O_CREAT, 0644);
	files[1] = open("g", O_RDWR | O_CREAT, 0644);
	sink = open("sink", O_RDWR | O_CREAT, 0644);
	must(files[0] >= 0 && files[1] >= 0 && sink >= 0, "open");
	windows = mmap(NULL, WINDOWS * PAGES * PAGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(windows != MAP_FAILED, "mmap");
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		state = seed;
		last.len = 0;
		must(cover(windows, WINDOWS * PAGES * PAGE,
			   PROT_READ | PROT_WRITE) == 0,
		     "cover");
		must(ftruncate(files[0], 0) == 0 && ftruncate(files[1], 0) == 0,
		     "ftruncate");
		say("seed %u", seed);
		run();
	}
	return 0;
}
