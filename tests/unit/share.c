/* SPDX-License-Identifier: MIT */
/*
 * /host on a server that lies: a small one, of three files, answers the requests
 * of some calls, and each of its replies in turn is cut short, made longer,
 * changed, or does not come. Whatever it says, nothing is read that is not there,
 * a call fails or does not, and in the end nothing is left.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

#include "syscalls/internal.h"
#include "tests/unit/port_unit.h"

#define FIDS	   32
#define REPLY_SIZE 4096

enum { R_ERROR = 7, ENTRIES = 4 };

/* What is served: number, mode, name; all in the first, which is the top. */
static const struct {
	uint64_t path;
	uint32_t mode;
	const char *name;
} entries[ENTRIES] = {{1, S_IFDIR | 0755, "/"},
		      {2, S_IFREG | 0644, "file"},
		      {3, S_IFDIR | 0755, "dir"},
		      {4, S_IFLNK | 0777, "link"}};

static int fids[FIDS]; /* the entry of each and 1, or 0 */

/* What is to be done to which reply. */
static struct {
	unsigned at, seen; /* requests: the one that is meant, and so far */
	unsigned how, byte;
	uint8_t value;
} lie;

enum lies { LIE_NONE, LIE_BYTE, LIE_SHORT, LIE_CUT, LIE_LONG, LIE_GONE, LIES };

/* -- The server ---------------------------------------------------------------- */

static uint8_t reply[REPLY_SIZE];
static size_t reply_len;
static const uint8_t *request;

static uint64_t take(size_t len)
{
	uint64_t value = 0;

	memcpy(&value, request, len);
	request += len;
	return value;
}

static void put(uint64_t value, size_t len)
{
	memcpy(reply + reply_len, &value, len);
	reply_len += len;
}

static void put_text(const char *text)
{
	put(strlen(text), 2);
	memcpy(reply + reply_len, text, strlen(text));
	reply_len += strlen(text);
}

static void put_qid(int entry)
{
	uint32_t mode = entries[entry].mode;

	put(S_ISDIR(mode) ? 0x80 : S_ISLNK(mode) ? 2 : 0, 1);
	put(0, 4);
	put(entries[entry].path, 8);
}

static int entry_of(uint64_t fid)
{
	return fid < FIDS && fids[fid] ? fids[fid] - 1 : 0;
}

static int walk(void)
{
	uint64_t from = take(4), to = take(4);
	int entry = entry_of(from);
	size_t len;

	if (to >= FIDS)
		return ENFILE;
	if (take(2) == 0) {
		fids[to] = entry + 1;
		put(0, 2);
		return 0;
	}
	len = take(2);
	for (int i = 1; entry == 0 && i < ENTRIES; i++) {
		if (strlen(entries[i].name) != len ||
		    memcmp(entries[i].name, request, len) != 0)
			continue;
		fids[to] = i + 1;
		put(1, 2);
		put_qid(i);
		return 0;
	}
	return ENOENT;
}

static int getattr(void)
{
	int entry = entry_of(take(4));
	const uint64_t rest[] = {1, 0, 6, 4096, 8};

	put(0x7ff, 8);
	put_qid(entry);
	put(entries[entry].mode, 4);
	put(0, 8); /* owner and group */
	for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++)
		put(rest[i], 8);
	for (int i = 0; i < 10; i++)
		put(5, 8); /* times, generation, version */
	return 0;
}

static int readdir_reply(void)
{
	size_t start = reply_len;
	uint64_t offset;

	take(4);
	offset = take(8);
	put(0, 4);
	for (int i = (int)offset; i < ENTRIES; i++) {
		put_qid(i);
		put((uint64_t)i + 1, 8);
		put(entries[i].mode >> 12, 1);
		put_text(i ? entries[i].name : ".");
	}
	offset = reply_len - start - 4;
	memcpy(reply + start, &offset, 4);
	return 0;
}

static int read_reply(void)
{
	static const char text[] = "inside";
	uint64_t offset, count;

	take(4);
	offset = take(8);
	count = take(4);
	if (offset > 6)
		offset = 6;
	if (count > 6 - offset)
		count = 6 - offset;
	put(count, 4);
	memcpy(reply + reply_len, text + offset, count);
	reply_len += count;
	return 0;
}

/* The body of a reply, or an error. */
static int serve(unsigned type)
{
	switch (type) {
	case 100: /* version */
		put(take(4), 4);
		put_text("9P2000.L");
		return 0;
	case 104: /* attach */
		fids[take(4)] = 1;
		put_qid(0);
		return 0;
	case 110:
		return walk();
	case 24:
		return getattr();
	case 12: /* lopen, lcreate */
	case 14:
		put_qid(entry_of(take(4)));
		put(0, 4);
		return 0;
	case 116:
		return read_reply();
	case 118: /* write */
		take(4);
		take(8);
		put(take(4), 4);
		return 0;
	case 40:
		return readdir_reply();
	case 22:
		put_text("file");
		return 0;
	case 30: /* xattrwalk */
		put(6, 8);
		return 0;
	case 8: /* statfs */
		for (int i = 0; i < 15; i++)
			put(1, 4);
		return 0;
	case 16: /* symlink, mkdir */
	case 72:
		put_qid(2);
		return 0;
	case 26: /* setattr, link, unlinkat, renameat, clunk, fsync, ... */
	case 32:
	case 50:
	case 70:
	case 74:
	case 76:
	case 120:
		return 0;
	default:
		return EOPNOTSUPP;
	}
}

static void tell_lie(void)
{
	switch (lie.how) {
	case LIE_BYTE:
		reply[lie.byte % reply_len] = lie.value;
		break;
	case LIE_SHORT: /* and says so */
		reply_len -= lie.byte % reply_len;
		memcpy(reply, &reply_len, 4);
		break;
	case LIE_CUT: /* and does not */
		reply_len -= 1 + lie.byte % (reply_len - 1);
		break;
	case LIE_LONG:
		reply_len += 1 + lie.byte % 50;
		memcpy(reply, &reply_len, 4);
		break;
	default:
		break;
	}
}

static ssize_t answer(const void *sent, size_t len, void *to, size_t size)
{
	const uint8_t *head = sent;
	uint32_t said;
	uint16_t tag;
	int error;

	memcpy(&said, head, 4);
	CHECK_EQ(said, len);
	memcpy(&tag, head + 5, 2);
	request = head + 7;
	memset(reply, 0, sizeof(reply));
	reply_len = 7;
	error = serve(head[4]);
	if (error) {
		reply_len = 7;
		put((uint64_t)error, 4);
	}
	memcpy(reply, &reply_len, 4);
	reply[4] = error ? R_ERROR : head[4] + 1;
	memcpy(reply + 5, &tag, 2);
	if (lie.seen++ == lie.at) {
		if (lie.how == LIE_GONE)
			return -EIO;
		tell_lie();
	}
	CHECK(reply_len <= size);
	memcpy(to, reply, reply_len);
	return (ssize_t)reply_len;
}

/* -- The calls ------------------------------------------------------------------- */

static size_t live; /* before a test */

static void begin(void)
{
	const struct syscall_config config = {.fs_bytes_max = 1 << 26,
					      .fs_nodes_max = 1 << 12,
					      .share = true};

	live = port_unit_live();
	memset(fids, 0, sizeof(fids));
	lie.seen = 0;
	port_unit_share = answer;
	syscall_init(&config);
}

static void end(void)
{
	syscall_fini();
	port_unit_share = NULL;
	CHECK_EQ(port_unit_live(), live);
}

/* Most kinds of requests; says how many calls did what they should. */
static int calls_make(void)
{
	char text[600];
	struct stat st;
	struct statfs space;
	int good = 0;
	long fd;

	good += sys_stat("/host/file", &st) == 0 && st.st_size == 6;
	fd = sys_open("/host/file", O_RDWR, 0);
	good += fd >= 0;
	good += sys_read((int)fd, text, 100) == 6 && !memcmp(text, "insi", 4);
	good += sys_pwrite64((int)fd, "xy", 2, 3) == 2;
	good += sys_fstat((int)fd, &st) == 0;
	good += sys_ftruncate((int)fd, 3) == 0;
	good += sys_fsync((int)fd) == 0;
	good += sys_fcntl((int)fd, F_SETFL, O_APPEND) == 0;
	good += sys_lseek((int)fd, 0, SEEK_END) == 6;
	sys_close((int)fd);
	fd = sys_open("/host", O_RDONLY | O_DIRECTORY, 0);
	good += sys_getdents64((int)fd, text, sizeof(text)) > 0;
	sys_close((int)fd);
	good += sys_readlink("/host/link", text, 100) == 4;
	good += sys_access("/host/link", R_OK) == 0;
	good += sys_chdir("/host/dir") == 0;
	good += sys_getcwd(text, 100) == 10;
	good += sys_mkdir("/host/new", 0755) == 0;
	fd = sys_open("/host/made", O_RDWR | O_CREAT, 0600);
	good += fd >= 0;
	sys_close((int)fd);
	good += sys_symlink("target", "/host/other") == 0;
	good += sys_link("/host/file", "/host/other") == 0;
	good += sys_rename("/host/file", "/host/other") == 0;
	good += sys_unlink("/host/file") == 0;
	good += sys_rmdir("/host/dir") == 0;
	good += sys_chmod("/host/file", 0600) == 0;
	good += sys_statfs("/host", &space) == 0;
	good += sys_getxattr("/host/file", "user.a", text, 100) == 6;
	good += sys_setxattr("/host/file", "user.a", "value", 5, 0) == 0;
	sys_chdir("/");
	return good;
}

#define CALLS 25

TEST(calls_below_host_are_requests_to_its_server)
{
	lie.how = LIE_NONE;
	begin();
	CHECK_EQ(calls_make(), CALLS);
	end();
}

/* Every one, each way, several bytes. */
TEST(no_reply_makes_a_call_read_what_is_not_there)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	unsigned requests, random = 1;

	lie.how = LIE_NONE;
	begin();
	calls_make();
	end();
	requests = lie.seen;
	for (lie.at = 0; lie.at < requests; lie.at++) {
		for (unsigned n = 0; n < 60; n++) {
			random = random * 1664525 + 1013904223;
			lie.how = 1 + n % (LIES - 1);
			lie.byte = n < 40 ? n : random >> 16;
			lie.value = values[(random >> 8) % 5];
			begin();
			calls_make();
			end();
		}
	}
}

/* When it is gone all is EIO, but what is not there anyway. */
TEST(a_server_that_is_gone_is_eio)
{
	struct stat st;

	for (lie.at = 0; lie.at < 4; lie.at++) {
		lie.how = LIE_GONE;
		begin();
		(void)!sys_stat("/host/file", &st);
		CHECK_EQ(sys_stat("/host/file", &st), -EIO);
		CHECK_EQ(sys_mkdir("/host/x", 0755), -EIO);
		CHECK_EQ(sys_stat("/host", &st), -EIO);
		CHECK_EQ(sys_stat("/tmp", &st), 0);
		end();
	}
}

TEST(without_memory_calls_below_host_fail_and_leave_nothing)
{
	size_t at = 1, tried = 1;

	lie.how = LIE_NONE;
	for (; at <= tried; at++) {
		begin();
		port_unit_fail(at, false);
		CHECK(calls_make() <= CALLS);
		tried = port_unit_allocs();
		port_unit_fail(0, false);
		CHECK_EQ(calls_make(), CALLS);
		end();
	}
	CHECK(at > 2);
}
