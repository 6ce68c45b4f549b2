/* SPDX-License-Identifier: MIT */
/*
 * Messages: size[4] type[1] tag[2] and what the type has, numbers with the low
 * byte first, texts behind their length[2]. Requests are built in one buffer and
 * the reply comes into the other. A reply is not trusted: nothing is read behind
 * its end, and one that does not fit its request ends the session.
 */
#include "share/internal.h"

#define HEAD	    7 /* size, type, tag */
#define TAG	    0 /* one request at a time */
#define TAG_NONE    0xffff
#define ERRNO_LAST  4095
#define SMALL_BYTES (SMALL_PAGES * PAGE_SIZE)

static void put(struct message *m, const void *bytes, size_t len)
{
	port_assert(len <= (size_t)(m->limit - m->at));
	memcpy(m->at, bytes, len);
	m->at += len;
}

void put8(struct message *m, uint8_t value)
{
	put(m, &value, sizeof(value));
}

void put16(struct message *m, uint16_t value)
{
	put(m, &value, sizeof(value));
}

void put32(struct message *m, uint32_t value)
{
	put(m, &value, sizeof(value));
}

void put64(struct message *m, uint64_t value)
{
	put(m, &value, sizeof(value));
}

void put_text(struct message *m, const char *text, size_t len)
{
	put16(m, (uint16_t)len);
	put(m, text, len);
}

void put_name(struct message *m, const struct fs_name *name)
{
	put_text(m, name->text, name->len);
}

const void *get_bytes(struct message *m, size_t len)
{
	const uint8_t *bytes = m->next;

	if (m->bad || len > (size_t)(m->end - m->next)) {
		m->bad = true;
		return NULL;
	}
	m->next += len;
	return bytes;
}

/* The next len bytes as a number: x86-64 has the low byte first, too. */
static uint64_t get(struct message *m, size_t len)
{
	const void *bytes = get_bytes(m, len);
	uint64_t value = 0;

	if (bytes)
		memcpy(&value, bytes, len);
	return value;
}

uint8_t get8(struct message *m)
{
	return (uint8_t)get(m, sizeof(uint8_t));
}

uint16_t get16(struct message *m)
{
	return (uint16_t)get(m, sizeof(uint16_t));
}

uint32_t get32(struct message *m)
{
	return (uint32_t)get(m, sizeof(uint32_t));
}

uint64_t get64(struct message *m)
{
	return get(m, sizeof(uint64_t));
}

struct qid get_qid(struct message *m)
{
	struct qid qid = {.type = get8(m)};

	(void)get32(m); /* the version, by which others know what changed */
	qid.path = get64(m);
	return qid;
}

void message_begin(struct message *m, enum message_type type, bool large)
{
	*m = (struct message){.type = (uint8_t)type};
	m->start = m->at = large ? session.large : session.small;
	m->limit = m->start + (large ? session.large_size : SMALL_BYTES);
	put32(m, 0); /* the size, when it is known */
	put8(m, m->type);
	put16(m, type == T_VERSION ? TAG_NONE : TAG);
}

/* Looks at the head of a reply of len bytes. */
static int reply_check(struct message *m, size_t len) REQUIRES(session.lock)
{
	uint32_t size = get32(m), type = get8(m), tag = get16(m), error;

	if (m->bad || size != len ||
	    tag != (m->type == T_VERSION ? TAG_NONE : TAG))
		return session_lost("a reply is malformed");
	if (type == R_ERROR) {
		error = get32(m);
		if (m->bad || error == 0 || error > ERRNO_LAST)
			return session_lost("an error is malformed");
		return -(int)error;
	}
	if (type != m->type + 1U)
		return session_lost("a reply is of another kind");
	return 0;
}

int message_call(struct message *m)
{
	bool large = m->start == session.large;
	uint8_t *reply = large ? session.small : session.large;
	size_t size = large ? SMALL_BYTES : session.large_size;
	uint32_t len = (uint32_t)(m->at - m->start);
	ssize_t got;

	if (session.lost)
		return -EIO;
	memcpy(m->start, &len, sizeof(len));
	session.calls++;
	got = port_share_call(m->start, len, reply, size);
	if (got < 0)
		return session_lost("its server is gone");
	m->next = reply;
	m->end = reply + got;
	return reply_check(m, (size_t)got);
}

int message_end(struct message *m)
{
	if (m->bad || m->next != m->end)
		return session_lost("a reply has another length");
	return 0;
}

int call_end(struct message *m)
{
	int err = message_call(m);

	return err ? err : message_end(m);
}
