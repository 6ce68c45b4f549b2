/* SPDX-License-Identifier: MIT */
/*
 * How operations scale with threads: the cases of FxMark (Min et al., USENIX
 * ATC 2016) that a file system in memory has. Each runs for a while on 1, 2 and
 * 4 threads, and the operations of all of them per second are printed, as
 * "create_private_2". "private" is a file or directory for each thread;
 * "shared" is one for all, each in a part or with names of its own; "same" is
 * one for all, in the same place.
 *
 * Usage: threads DIRECTORY [quick]
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "bench.h"

#define MOST_THREADS 4
#define PAGE	     ((size_t)4096)
#define FILE_PAGES   256
#define SHARED_FILES 16

struct worker {
	pthread_t thread;
	int number;
	const struct fxmark *fxmark;
	int fd;
	char name[64];
	char other_name[64];
	char page[PAGE];
	long done;
} __attribute__((aligned(256)));

struct fxmark {
	const char *name;
	const char *place; /* a printf format for the file, of the number */
	void (*run)(struct worker *w, long i);
};

static struct worker workers[MOST_THREADS];
static atomic_int started, stopped;

/* -- What a thread does again and again --------------------------------------------- */

static void lookup(struct worker *w, long i)
{
	struct stat st;

	(void)i;
	MUST(stat(w->name, &st));
}

/* One of the files "shared/fA" to "shared/fP", each thread from another on. */
static void lookup_shared(struct worker *w, long i)
{
	struct stat st;

	w->name[8] = (char)('A' + (i + w->number) % SHARED_FILES);
	MUST(stat(w->name, &st));
}

static void create(struct worker *w, long i)
{
	char name[100];
	int fd;

	snprintf(name, sizeof(name), "%s-%ld", w->name, i);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	MUST(fd);
	MUST(close(fd));
}

static void rename_it(struct worker *w, long i)
{
	MUST(i & 1 ? rename(w->other_name, w->name)
		   : rename(w->name, w->other_name));
}

static void read_same(struct worker *w, long i)
{
	(void)i;
	MUST(pread(w->fd, w->page, PAGE, 0));
}

static off_t own_page(const struct worker *w)
{
	return (off_t)((size_t)w->number * (FILE_PAGES / MOST_THREADS) * PAGE);
}

static void read_own(struct worker *w, long i)
{
	(void)i;
	MUST(pread(w->fd, w->page, PAGE, own_page(w)));
}

static void overwrite_own(struct worker *w, long i)
{
	(void)i;
	MUST(pwrite(w->fd, w->page, PAGE, own_page(w)));
}

/* Up to 64 MiB, then again from 0. */
static void append(struct worker *w, long i)
{
	if (i % 16384 == 0)
		MUST(ftruncate(w->fd, 0));
	MUST(write(w->fd, w->page, PAGE));
}

static const struct fxmark fxmarks[] = {
	{"lookup_private", "t%d/a/b/c/file", lookup},
	{"lookup_shared", "shared/fA", lookup_shared},
	{"lookup_same", "shared/fA", lookup},
	{"create_private", "t%d/new", create},
	{"create_shared", "shared/new%d", create},
	{"rename_private", "t%d/name", rename_it},
	{"rename_shared", "shared/name%d", rename_it},
	{"read_private", "t%d/data", read_own},
	{"read_shared", "shared/data", read_own},
	{"read_same", "shared/data", read_same},
	{"overwrite_private", "t%d/data", overwrite_own},
	{"overwrite_shared", "shared/data", overwrite_own},
	{"append_private", "t%d/log", append},
};

/* -- Running it --------------------------------------------------------------------- */

static void make_file(const char *name)
{
	static char page[PAGE];
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	MUST(fd);
	for (int i = 0; i < FILE_PAGES; i++)
		MUST(pwrite(fd, page, PAGE, (off_t)((size_t)i * PAGE)));
	MUST(close(fd));
}

static void make_files(void)
{
	char name[64];

	MUST(mkdir("shared", 0700));
	make_file("shared/data");
	for (int i = 0; i < SHARED_FILES; i++) {
		snprintf(name, sizeof(name), "shared/f%c", 'A' + i);
		MUST(close(open(name, O_WRONLY | O_CREAT, 0600)));
	}
	for (int i = 0; i < MOST_THREADS; i++) {
		snprintf(name, sizeof(name), "t%d/a/b/c", i);
		bench_make_directories(name);
		snprintf(name, sizeof(name), "t%d/data", i);
		make_file(name);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	long i = 0;

	atomic_fetch_add(&started, 1);
	while (!atomic_load_explicit(&stopped, memory_order_relaxed))
		w->fxmark->run(w, i++);
	w->done = i;
	return NULL;
}

/* The file of the case is there, and open. */
static void begin(struct worker *w, int number, const struct fxmark *fxmark)
{
	/* With O_APPEND Linux's pwrite appends. */
	int flags = O_RDWR | O_CREAT | (fxmark->run == append ? O_APPEND : 0);

	w->number = number;
	w->fxmark = fxmark;
	/* NOLINTNEXTLINE: a format from the table above */
	snprintf(w->name, sizeof(w->name), fxmark->place, number);
	snprintf(w->other_name, sizeof(w->other_name), "%s-other", w->name);
	w->fd = open(w->name, flags, 0600);
	MUST(w->fd);
}

static void end(struct worker *w)
{
	char name[100];

	MUST(close(w->fd));
	for (long i = 0; w->fxmark->run == create && i < w->done; i++) {
		snprintf(name, sizeof(name), "%s-%ld", w->name, i);
		MUST(unlink(name));
	}
	if (w->fxmark->run == rename_it)
		unlink(w->done & 1 ? w->other_name : w->name);
}

static void measure(const struct fxmark *fxmark, int threads)
{
	struct timespec pause = {0, bench_quick ? 20000000 : 100000000};
	double start, ns, done = 0;
	char name[64];

	atomic_store(&started, 0);
	atomic_store(&stopped, 0);
	for (int i = 0; i < threads; i++)
		begin(&workers[i], i, fxmark);
	for (int i = 0; i < threads; i++) {
		errno = pthread_create(&workers[i].thread, NULL, work,
				       &workers[i]);
		if (errno)
			bench_die("pthread_create");
	}
	while (atomic_load(&started) < threads)
		;
	start = bench_now_ns();
	nanosleep(&pause, NULL);
	atomic_store(&stopped, 1);
	for (int i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	ns = bench_now_ns() - start;
	for (int i = 0; i < threads; i++)
		done += (double)workers[i].done;
	for (int i = 0; i < threads; i++)
		end(&workers[i]);
	snprintf(name, sizeof(name), "%s_%d", fxmark->name, threads);
	bench_report("threads", name, "ops_s", done * 1e9 / ns);
}

int main(int argc, char *argv[])
{
	bench_start(argc, argv);
	make_files();
	for (size_t i = 0; i < sizeof(fxmarks) / sizeof(*fxmarks); i++) {
		for (int threads = 1; threads <= MOST_THREADS; threads *= 2)
			measure(&fxmarks[i], threads);
	}
	return 0;
}
