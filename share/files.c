/* SPDX-License-Identifier: MIT */
/*
 * Open files: each is a fid that is open at the server, so a file without a name
 * can be read and written on. A node's own fid is opened if it has one, which
 * saves a request; directories keep theirs, to look names up with.
 *
 * Contents pass through the session's large buffer. Under its lock not all
 * memory of the caller may be at hand: then the lock is left, the home is asked
 * for it, and the rest goes on as a request of its own.
 */
#include "share/internal.h"

#define READDIR_MIN 512 /* bytes in which any entry fits */

uint32_t open_flags(uint32_t flags)
{
	const uint32_t known = O_ACCMODE | O_TRUNC | O_APPEND | O_DSYNC |
			       O_SYNC | O_DIRECTORY | O_LARGEFILE | O_NOATIME;

	if ((flags & O_ACCMODE) == O_ACCMODE)
		flags = (flags & ~(uint32_t)O_ACCMODE) | O_RDWR;
	return flags & known;
}

/* How many bytes of contents fit in one message; the server may want less. */
static uint32_t io_max(uint32_t unit)
{
	uint32_t max = session.large_size - IO_HEAD;

	return unit && unit < max ? unit : max;
}

/* -- Opening and closing ----------------------------------------------------------- */

static int fid_open(uint32_t fid, uint32_t flags, struct share_file *file)
	REQUIRES(session.lock)
{
	struct message m;
	int err;

	message_begin(&m, T_LOPEN, false);
	put32(&m, fid);
	put32(&m, open_flags(flags));
	err = message_call(&m);
	if (err)
		return err;
	(void)get_qid(&m);
	file->fid = fid;
	file->io_max = io_max(get32(&m));
	return message_end(&m);
}

static int node_open(struct proxy *p, uint32_t flags, struct share_file *file)
	REQUIRES(session.lock)
{
	bool own = p->fid != FID_NONE && !S_ISDIR(fs_node_mode(p->node));
	struct qid qid = {0};
	uint32_t fid;
	int err;

	if (p->made != FID_NONE) {
		*file = (struct share_file){.fid = p->made,
					    .io_max = io_max(0)};
		p->made = FID_NONE;
		return 0;
	}
	err = node_fid(p->node, &fid);
	if (!err && !own)
		err = fid_walk(fid, NULL, &fid, &qid);
	if (err)
		return err;
	err = fid_open(fid, flags, file);
	if (!err && own)
		p->fid = FID_NONE;
	else if (err && !own)
		fid_clunk(fid);
	return err;
}

int share_open(struct fs_node *node, uint32_t flags, struct share_file **filep)
{
	struct proxy *p = proxy_of(node);
	struct share_file *file = fs_memory_alloc(session.fs, sizeof(*file));
	int err;

	if (!file)
		return -ENOMEM;
	lock_write(&session.lock);
	err = node_open(p, flags, file);
	if (!err) {
		if (flags & O_TRUNC)
			p->size = 0;
		file->node = node;
		file->next = p->files;
		p->files = file;
	}
	unlock_write(&session.lock);
	if (err)
		fs_memory_free(session.fs, file, sizeof(*file));
	else
		*filep = file;
	return err;
}

void share_close(struct share_file *file)
{
	struct share_file **at;

	lock_write(&session.lock);
	at = &proxy_of(file->node)->files;
	while (*at != file)
		at = &(*at)->next;
	*at = file->next;
	fid_clunk(file->fid);
	unlock_write(&session.lock);
	fs_memory_free(session.fs, file, sizeof(*file));
}

/* By the name that the server knows the fid by. */
int share_reopen(struct share_file *file, uint32_t flags)
{
	const uint32_t once = O_TRUNC | O_EXCL | O_CREAT;
	struct share_file opened;
	struct qid qid = {0};
	uint32_t fid;
	int err;

	lock_write(&session.lock);
	err = fid_walk(file->fid, NULL, &fid, &qid);
	if (err)
		goto unlock;
	err = fid_open(fid, flags & ~once, &opened);
	if (!err) {
		uint32_t old = file->fid;

		file->fid = fid;
		fid = old;
	}
	fid_clunk(fid);
unlock:
	unlock_write(&session.lock);
	return err;
}

/* -- Reading and writing ------------------------------------------------------------- */

/* Reads up to count bytes by one request. Returns how many there were, of which
 * *left could not be stored. */
static ssize_t read_part(struct share_file *file, uint64_t offset, void *buf,
			 uint32_t count, size_t *left) REQUIRES(session.lock)
{
	struct message m;
	const void *bytes;
	uint32_t got;
	int err;

	message_begin(&m, T_READ, false);
	put32(&m, file->fid);
	put64(&m, offset);
	put32(&m, count);
	err = message_call(&m);
	if (err)
		return err;
	got = get32(&m);
	if (got > count)
		m.bad = true;
	bytes = get_bytes(&m, got);
	err = message_end(&m);
	if (err)
		return err;
	*left = user_copy(buf, bytes, got);
	return (ssize_t)got;
}

ssize_t share_read(struct share_file *file, uint64_t offset, void *buf,
		   size_t count)
{
	char *to = buf;
	size_t done = 0, left = 0;
	ssize_t got = 0;

	while (done < count) {
		size_t part = count - done;

		if (part > file->io_max)
			part = file->io_max;
		lock_write(&session.lock);
		got = read_part(file, offset + done, to + done, (uint32_t)part,
				&left);
		unlock_write(&session.lock);
		if (got < 0)
			break;
		done += (size_t)got - left;
		if (left && !port_user_fault_in(to + done, 1, true)) {
			got = -EFAULT;
			break;
		}
		if (!left && (size_t)got < part)
			break;
	}
	return done || got >= 0 ? (ssize_t)done : got;
}

/* Writes up to count bytes by one request; *left could not be had. */
static ssize_t write_part(struct share_file *file, uint64_t offset,
			  const void *buf, uint32_t count, size_t *left)
	REQUIRES(session.lock)
{
	struct proxy *p = proxy_of(file->node);
	struct message m;
	uint8_t *size_at;
	uint32_t written;
	int err;

	message_begin(&m, T_WRITE, true);
	put32(&m, file->fid);
	put64(&m, offset);
	size_at = m.at;
	put32(&m, 0);
	port_assert(count <= (size_t)(m.limit - m.at));
	*left = user_copy(m.at, buf, count);
	if (*left == count)
		return 0;
	count -= (uint32_t)*left;
	m.at += count;
	memcpy(size_at, &count, sizeof(count));
	err = message_call(&m);
	if (err)
		return err;
	written = get32(&m);
	if (written > count)
		m.bad = true;
	err = message_end(&m);
	if (err)
		return err;
	if (offset + written > p->size)
		p->size = offset + written;
	return (ssize_t)written;
}

ssize_t share_write(struct share_file *file, uint64_t offset, const void *buf,
		    size_t count)
{
	const char *from = buf;
	size_t done = 0, left = 0;
	ssize_t got = 0;

	while (done < count) {
		size_t part = count - done;

		if (part > file->io_max)
			part = file->io_max;
		lock_write(&session.lock);
		got = write_part(file, offset + done, from + done,
				 (uint32_t)part, &left);
		unlock_write(&session.lock);
		if (got < 0)
			break;
		done += (size_t)got;
		if ((size_t)got < part - left)
			break;
		if (left && !port_user_fault_in(from + done, 1, false)) {
			got = -EFAULT;
			break;
		}
	}
	return done || got >= 0 ? (ssize_t)done : got;
}

uint64_t share_size(struct share_file *file)
{
	uint64_t size;

	lock_read(&session.lock);
	size = proxy_of(file->node)->size;
	unlock_read(&session.lock);
	return size;
}

int share_sync(struct share_file *file, bool data)
{
	struct message m;
	int err;

	lock_write(&session.lock);
	message_begin(&m, T_FSYNC, false);
	put32(&m, file->fid);
	put32(&m, data);
	err = call_end(&m);
	unlock_write(&session.lock);
	return err;
}

/* -- Listing ---------------------------------------------------------------------------- */

static bool name_good(const char *name, size_t len)
{
	if (!name || len == 0 || len > NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '/' || name[i] == '\0')
			return false;
	}
	return true;
}

/* Takes the next entry out of the reply. */
static bool entry_get(struct message *m, struct fs_dirent *entry)
{
	entry->ino = get_qid(m).path;
	entry->next = get64(m);
	entry->type = get8(m);
	entry->name_len = get16(m);
	entry->name = get_bytes(m, entry->name_len);
	if (!name_good(entry->name, entry->name_len))
		m->bad = true;
	return !m->bad;
}

int share_list(struct share_file *file, fs_readdir_fill *fill, void *context,
	       uint64_t *pos, size_t room)
{
	struct fs_dirent entry;
	struct message m;
	uint32_t size;
	int err;

	if (room < READDIR_MIN)
		room = READDIR_MIN;
	if (room > io_max(0))
		room = io_max(0);
	lock_write(&session.lock);
	message_begin(&m, T_READDIR, false);
	put32(&m, file->fid);
	put64(&m, *pos);
	put32(&m, (uint32_t)room);
	err = message_call(&m);
	if (err)
		goto unlock;
	size = get32(&m);
	if (m.bad || size != (size_t)(m.end - m.next))
		m.bad = true;
	while (!m.bad && m.next < m.end) {
		if (!entry_get(&m, &entry))
			break;
		if (!fill(context, &entry)) {
			m.next = m.end;
			break;
		}
		*pos = entry.next;
	}
	err = message_end(&m);
unlock:
	unlock_write(&session.lock);
	return err;
}

/* -- statfs(2) ------------------------------------------------------------------------------ */

int share_statfs(struct fs_node *node, struct share_stat *stat)
{
	struct message m;
	uint32_t fid;
	int err;

	lock_write(&session.lock);
	err = node_fid(node, &fid);
	if (err)
		goto unlock;
	message_begin(&m, T_STATFS, false);
	put32(&m, fid);
	err = message_call(&m);
	if (err)
		goto unlock;
	(void)get32(&m); /* what kind it is */
	stat->block_size = get32(&m);
	stat->blocks = get64(&m);
	stat->blocks_free = get64(&m);
	stat->blocks_avail = get64(&m);
	stat->nodes = get64(&m);
	stat->nodes_free = get64(&m);
	stat->id = get64(&m);
	stat->name_max = get32(&m);
	err = message_end(&m);
unlock:
	unlock_write(&session.lock);
	return err;
}

/* -- Beginning and end ------------------------------------------------------------------------ */

int share_mount(struct fs *fs, struct fs_node *dir)
{
	uint32_t fid = FID_NONE;
	struct qid qid = {0};
	int err;

	lock_write(&session.lock);
	session.fs = fs;
	err = session_begin(&fid, &qid);
	if (!err || err == -EIO) /* then all below dir is */
		err = node_make_top(dir, fid, &qid);
	unlock_write(&session.lock);
	return err;
}

void share_release(void)
{
	if (session.fs)
		nodes_end();
}

void share_fini(void)
{
	lock_write(&session.lock);
	session_end();
	unlock_write(&session.lock);
}
