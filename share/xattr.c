/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: a value or a list of names is read from a fid that
 * Txattrwalk makes, and a value is written to one that Txattrcreate turns into
 * it; the server sets it when that is given back. The buffers are fs/'s callers',
 * not of the program.
 *
 * DEVIATION: setxattr(2) below /host refuses an empty value (EOPNOTSUPP): in the
 * protocol that stands for removing the attribute.
 */
#include "share/internal.h"

/* Opens the value of the attribute called text, or the list of names if len is
 * 0; stores its size. */
static int value_open(struct fs_node *node, const char *text, size_t len,
		      uint32_t *fid, uint64_t *size) REQUIRES(session.lock)
{
	struct message m;
	uint32_t from;
	int err = node_fid(node, &from);

	if (!err)
		err = fid_take(fid);
	if (err)
		return err;
	message_begin(&m, T_XATTRWALK, false);
	put32(&m, from);
	put32(&m, *fid);
	put_text(&m, text, len);
	err = message_call(&m);
	if (!err) {
		*size = get64(&m);
		err = message_end(&m);
	}
	if (err)
		fid_give(*fid);
	return err;
}

/* Reads size bytes, as many as there are. */
static ssize_t value_read(uint32_t fid, char *buf, size_t size)
	REQUIRES(session.lock)
{
	size_t done = 0, part;
	struct message m;
	const void *bytes;
	uint32_t got;
	int err;

	while (done < size) {
		part = size - done;
		if (part > session.large_size - IO_HEAD)
			part = session.large_size - IO_HEAD;
		message_begin(&m, T_READ, false);
		put32(&m, fid);
		put64(&m, done);
		put32(&m, (uint32_t)part);
		err = message_call(&m);
		if (err)
			return err;
		got = get32(&m);
		if (got == 0 || got > part)
			m.bad = true;
		bytes = get_bytes(&m, got);
		err = message_end(&m);
		if (err)
			return err;
		memcpy(buf + done, bytes, got);
		done += got;
	}
	return (ssize_t)done;
}

static ssize_t value_get(struct fs_node *node, const char *text, size_t len,
			 char *buf, size_t size)
{
	uint64_t total = 0;
	ssize_t result;
	uint32_t fid;

	lock_write(&session.lock);
	result = value_open(node, text, len, &fid, &total);
	if (!result) {
		if (total > XATTR_LIST_MAX)
			result = -E2BIG;
		else if (size == 0)
			result = (ssize_t)total;
		else if (total > size)
			result = -ERANGE;
		else
			result = value_read(fid, buf, (size_t)total);
		fid_clunk(fid);
	}
	unlock_write(&session.lock);
	return result;
}

ssize_t xattr_get(struct fs_node *node, const struct fs_xattr_name *name,
		  void *buf, size_t size)
{
	return value_get(node, name->text, name->len, buf, size);
}

ssize_t xattr_list(struct fs_node *node, char *buf, size_t size)
{
	return value_get(node, "", 0, buf, size);
}

static int value_create(uint32_t fid, const struct fs_xattr_name *name,
			size_t size, unsigned flags) REQUIRES(session.lock)
{
	struct message m;

	message_begin(&m, T_XATTRCREATE, false);
	put32(&m, fid);
	put_text(&m, name->text, name->len);
	put64(&m, size);
	put32(&m, flags);
	return call_end(&m);
}

static int value_write(uint32_t fid, const char *value, size_t size)
	REQUIRES(session.lock)
{
	size_t done = 0, part;
	struct message m;
	uint32_t written;
	int err = 0;

	while (!err && done < size) {
		part = size - done;
		if (part > session.large_size - IO_HEAD)
			part = session.large_size - IO_HEAD;
		message_begin(&m, T_WRITE, true);
		put32(&m, fid);
		put64(&m, done);
		put32(&m, (uint32_t)part);
		memcpy(m.at, value + done, part);
		m.at += part;
		err = message_call(&m);
		if (err)
			break;
		written = get32(&m);
		if (written == 0 || written > part)
			m.bad = true;
		err = message_end(&m);
		done += written;
	}
	return err;
}

/* Only now does the server do what was asked for, and say whether it could. */
static int value_close(uint32_t fid) REQUIRES(session.lock)
{
	struct message m;
	int err;

	message_begin(&m, T_CLUNK, false);
	put32(&m, fid);
	err = call_end(&m);
	fid_give(fid);
	return err;
}

int xattr_set(struct fs_node *node, const struct fs_xattr_name *name,
	      const void *value, size_t size, unsigned flags)
{
	struct qid qid = {0};
	uint32_t fid;
	int err, closing;

	if (value && size == 0)
		return -EOPNOTSUPP;
	lock_write(&session.lock);
	err = node_fid(node, &fid);
	if (!err)
		err = fid_walk(fid, NULL, &fid, &qid);
	if (err)
		goto unlock;
	err = value_create(fid, name, size, flags);
	if (!err)
		err = value_write(fid, value, size);
	closing = value_close(fid);
	if (!err)
		err = closing;
unlock:
	unlock_write(&session.lock);
	return err;
}
