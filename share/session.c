/* SPDX-License-Identifier: MIT */
/*
 * The session with the server: how it begins and may be lost, and the numbers
 * (fids) by which it knows files. As large messages as there is memory for, up
 * to half a megabyte of contents: a request takes the server as long as 100 KiB
 * do.
 */
#include "share/internal.h"

#define LARGE_MAX	((size_t)512 << 10) /* bytes of contents */
#define LARGE_MIN	((size_t)16 << 10)
#define SHARE_OF_MEMORY 32    /* that may be taken for it */
#define MESSAGE_MIN	4096U /* what any server allows */
#define FIDS_PER_PAGE	(PAGE_SIZE * 8)

struct session session;

int session_lost(const char *why)
{
	static const char begin[] = "whelk: /host is lost: ", end[] = "\n";

	if (session.lost)
		return -EIO;
	session.lost = true;
	(void)port_console_write(2, begin, sizeof(begin) - 1);
	(void)port_console_write(2, why, strlen(why));
	(void)port_console_write(2, end, sizeof(end) - 1);
	return -EIO;
}

/* -- Fids --------------------------------------------------------------------- */

/* Twice as many. */
static int fids_grow(void) REQUIRES(session.lock)
{
	size_t pages = session.fids_pages ? session.fids_pages * 2 : 1;
	uint64_t *fids = port_pages_alloc(pages);

	if (!fids)
		return -ENFILE;
	memset(fids, 0, pages * PAGE_SIZE);
	if (session.fids_pages) {
		memcpy(fids, session.fids, session.fids_pages * PAGE_SIZE);
		port_pages_free(session.fids, session.fids_pages);
	}
	session.fids = fids;
	session.fids_pages = pages;
	return 0;
}

int fid_take(uint32_t *fid)
{
	size_t words = session.fids_pages * PAGE_SIZE / sizeof(uint64_t);
	size_t i = session.fids_lowest / 64;
	int err;

	while (i < words && !~session.fids[i])
		i++;
	if (i == words) {
		err = fids_grow();
		if (err)
			return err;
	}
	*fid = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(~session.fids[i]);
	session.fids[i] |= (uint64_t)1 << (*fid % 64);
	session.fids_lowest = *fid + 1;
	return 0;
}

void fid_give(uint32_t fid)
{
	session.fids[fid / 64] &= ~((uint64_t)1 << (fid % 64));
	if (fid < session.fids_lowest)
		session.fids_lowest = fid;
}

/* Whatever the server says, it does not know the number any more. */
void fid_clunk(uint32_t fid)
{
	struct message m;

	message_begin(&m, T_CLUNK, false);
	put32(&m, fid);
	(void)!call_end(&m);
	fid_give(fid);
}

int fid_walk(uint32_t from, const struct fs_name *name, uint32_t *fid,
	     struct qid *qid)
{
	struct message m;
	unsigned count;
	int err = fid_take(fid);

	if (err)
		return err;
	message_begin(&m, T_WALK, false);
	put32(&m, from);
	put32(&m, *fid);
	put16(&m, name ? 1 : 0);
	if (name)
		put_name(&m, name);
	err = message_call(&m);
	if (!err) {
		count = get16(&m);
		if (count != (name ? 1 : 0))
			m.bad = true;
		if (name)
			*qid = get_qid(&m);
		err = message_end(&m);
	}
	if (err)
		fid_give(*fid);
	return err;
}

/* -- Beginning and end ------------------------------------------------------------ */

static void buffers_free(void) REQUIRES(session.lock)
{
	if (session.small)
		port_pages_free(session.small, SMALL_PAGES);
	if (session.large)
		port_pages_free(session.large, session.large_pages);
	session.small = session.large = NULL;
}

static int buffers_alloc(void) REQUIRES(session.lock)
{
	size_t size = LARGE_MAX, total, avail;

	port_pages_count(&total, &avail);
	while (size > LARGE_MIN && size / PAGE_SIZE > avail / SHARE_OF_MEMORY)
		size /= 2;
	session.small = port_pages_alloc(SMALL_PAGES);
	session.large_pages = size / PAGE_SIZE + 1;
	session.large = port_pages_alloc(session.large_pages);
	session.large_size = (uint32_t)size + IO_HEAD;
	if (session.small && session.large)
		return 0;
	buffers_free();
	return -ENOMEM;
}

static int version_agree(void) REQUIRES(session.lock)
{
	static const char version[] = "9P2000.L";
	const size_t len = sizeof(version) - 1;
	struct message m;
	uint32_t size;
	const void *text;
	int err;

	message_begin(&m, T_VERSION, false);
	put32(&m, session.large_size);
	put_text(&m, version, len);
	err = message_call(&m);
	if (err)
		return err;
	size = get32(&m);
	if (get16(&m) != len)
		return session_lost("its server does not know 9P2000.L");
	text = get_bytes(&m, len);
	if (!text || memcmp(text, version, len) != 0 || size < MESSAGE_MIN ||
	    size > session.large_size)
		return session_lost("its server does not know 9P2000.L");
	session.large_size = size;
	return message_end(&m);
}

static int attach(uint32_t fid, struct qid *qid) REQUIRES(session.lock)
{
	struct message m;
	int err;

	message_begin(&m, T_ATTACH, false);
	put32(&m, fid);
	put32(&m, FID_NONE); /* no authentication */
	put_text(&m, "", 0);
	put_text(&m, "", 0);
	put32(&m, 0); /* root */
	err = message_call(&m);
	if (err)
		return err;
	*qid = get_qid(&m);
	if (!(qid->type & QID_DIR))
		m.bad = true;
	return message_end(&m);
}

int session_begin(uint32_t *fid, struct qid *qid)
{
	int err = buffers_alloc();

	if (!err)
		err = fid_take(fid);
	if (err)
		return err;
	if (port_share_open())
		return session_lost("this machine has no server for it");
	err = version_agree();
	if (!err)
		err = attach(*fid, qid);
	return err ? session_lost("its server refuses") : 0;
}

void session_end(void)
{
	buffers_free();
	if (session.fids_pages)
		port_pages_free(session.fids, session.fids_pages);
	session.fids = NULL;
	session.fids_pages = session.fids_lowest = 0;
	session.fs = NULL;
	session.lost = false;
}
