/* SPDX-License-Identifier: MIT */
/*
 * Who the process is: credentials(7), one set of ids for all threads, which is
 * what POSIX asks for. A set never changes; setting ids makes another one, or
 * finds an equal one of before, and has the process point to it. None is freed,
 * so whoever has read the pointer may use what it points to for ever.
 *
 * Of capabilities there is what Linux derives from ids: those that concern files
 * (CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD) are there
 * while the file system uid is 0, all others while the effective one is. There
 * is one sequence of calls that makes Linux differ from that:
 *
 * DEVIATION: setfsuid(2): if it was used to become another than root for files,
 * and then seteuid(2) rather than setfsuid(2) makes that id 0 again, Linux leaves
 * the capabilities that concern files away; here they are back.
 */
#include "syscalls/internal.h"

#define NGROUPS_MAX 65536
#define BUCKETS	    256 /* a power of two */
#define ID_NONE	    UINT32_MAX

static const struct cred root;

/* Memory in which sets are; they are cut from its end. */
struct chunk {
	struct chunk *next;
	size_t pages;
	size_t left; /* bytes after this head */
};

static struct {
	struct lock lock;
	/* lock protects: */
	const struct cred *sets[BUCKETS];
	struct chunk *chunks; /* the first one may have room */
} creds;

void cred_init(void)
{
	process.cred = &root;
}

static const struct cred *now(void)
{
	return __atomic_load_n(&process.cred, __ATOMIC_ACQUIRE);
}

/* May the process set ids at will, and do what has nothing to do with files? */
bool cred_capable(void)
{
	return now()->euid == 0;
}

void cred_real(struct fs_cred *real)
{
	const struct cred *cred = now();

	*real = cred->fs;
	real->uid = cred->uid;
	real->gid = cred->gid;
}

/* -- The sets --------------------------------------------------------------- */

static size_t groups_size(const struct cred *cred)
{
	return cred->fs.groups_len * sizeof(*cred->fs.groups);
}

static uint32_t cred_hash(const struct cred *cred)
{
	const uint32_t ids[] = {cred->fs.uid, cred->uid,    cred->euid,
				cred->suid,   cred->fs.gid, cred->gid,
				cred->egid,   cred->sgid};
	uint32_t hash = (uint32_t)cred->fs.groups_len;

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		hash = (hash ^ ids[i]) * 0x9e3779b1U;
	for (size_t i = 0; i < cred->fs.groups_len; i++)
		hash = (hash ^ cred->fs.groups[i]) * 0x9e3779b1U;
	return (hash >> 16) & (BUCKETS - 1);
}

static bool is_equal(const struct cred *a, const struct cred *b)
{
	return a->fs.uid == b->fs.uid && a->uid == b->uid &&
	       a->euid == b->euid && a->suid == b->suid &&
	       a->fs.gid == b->fs.gid && a->gid == b->gid &&
	       a->egid == b->egid && a->sgid == b->sgid &&
	       a->fs.groups_len == b->fs.groups_len &&
	       (a->fs.groups_len == 0 ||
		memcmp(a->fs.groups, b->fs.groups, groups_size(a)) == 0);
}

/* Memory that stays to the end, or NULL. */
static void *memory_take(size_t size) REQUIRES(creds.lock)
{
	struct chunk *chunk = creds.chunks;

	size = (size + 7) & ~(size_t)7;
	if (!chunk || chunk->left < size) {
		size_t pages =
			(sizeof(*chunk) + size + PAGE_SIZE - 1) / PAGE_SIZE;

		chunk = port_pages_alloc(pages);
		if (!chunk)
			return NULL;
		chunk->next = creds.chunks;
		chunk->pages = pages;
		chunk->left = pages * PAGE_SIZE - sizeof(*chunk);
		creds.chunks = chunk;
	}
	chunk->left -= size;
	return (uint8_t *)(chunk + 1) + chunk->left;
}

/* Unchecked: no other thread is inside. */
void cred_fini(void) LOCKS_UNCHECKED
{
	while (creds.chunks) {
		struct chunk *chunk = creds.chunks;

		creds.chunks = chunk->next;
		port_pages_free(chunk, chunk->pages);
	}
	memset(creds.sets, 0, sizeof(creds.sets));
}

/* The set that is as wanted, found or made (its groups copied); or NULL. */
static const struct cred *cred_find(const struct cred *wanted)
	REQUIRES(creds.lock)
{
	const struct cred **bucket = &creds.sets[cred_hash(wanted)];
	const struct cred *found;
	struct cred *made;

	if (is_equal(wanted, &root))
		return &root;
	for (found = *bucket; found; found = found->next) {
		if (is_equal(wanted, found))
			return found;
	}
	made = memory_take(sizeof(*made) + groups_size(wanted));
	if (!made)
		return NULL;
	*made = *wanted;
	if (wanted->fs.groups_len)
		memcpy(made->own_groups, wanted->fs.groups,
		       groups_size(wanted));
	made->fs.groups = made->own_groups;
	made->next = *bucket;
	*bucket = made;
	return made;
}

/*
 * Every change of ids is begun, then decided on the copy, and ended. What begins
 * holds the lock, so two changes by two threads are one after the other.
 */
static void change_begin(struct cred *next) ACQUIRES(creds.lock)
{
	lock_write(&creds.lock);
	*next = *now();
}

/* Has the process be that, unless err: which is returned, or -ENOMEM. */
static int change_end(const struct cred *next, int err) RELEASES(creds.lock)
{
	const struct cred *found;

	if (!err) {
		found = cred_find(next);
		if (found) /* pairs with the acquire of those who read it */
			__atomic_store_n(&process.cred, found,
					 __ATOMIC_RELEASE);
		else
			err = -ENOMEM;
	}
	unlock_write(&creds.lock);
	return err;
}

/* -- Setting ids -------------------------------------------------------------- */

/* The ids of one kind: users or groups. */
struct ids {
	uint32_t real, effective, saved, fs;
};

static struct ids uids_of(const struct cred *cred)
{
	return (struct ids){cred->uid, cred->euid, cred->suid, cred->fs.uid};
}

static struct ids gids_of(const struct cred *cred)
{
	return (struct ids){cred->gid, cred->egid, cred->sgid, cred->fs.gid};
}

static void ids_to(struct cred *cred, bool group, const struct ids *ids)
{
	if (group) {
		cred->gid = ids->real;
		cred->egid = ids->effective;
		cred->sgid = ids->saved;
		cred->fs.gid = ids->fs;
	} else {
		cred->uid = ids->real;
		cred->euid = ids->effective;
		cred->suid = ids->saved;
		cred->fs.uid = ids->fs;
	}
}

/* May an id become that, by those who may not set it at will? */
static bool is_one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
	return id == ID_NONE || id == a || id == b || id == c;
}

/* setuid(2), setgid(2). */
static int set_one(struct ids *ids, bool capable, uint32_t id)
{
	if (capable)
		ids->real = ids->saved = id;
	else if (id != ids->real && id != ids->saved)
		return -EPERM;
	ids->effective = ids->fs = id;
	return 0;
}

/* setreuid(2), setregid(2). */
static int set_two(struct ids *ids, bool capable, uint32_t real,
		   uint32_t effective)
{
	const struct ids old = *ids;

	if (!capable &&
	    (!is_one_of(real, old.real, old.effective, old.real) ||
	     !is_one_of(effective, old.real, old.effective, old.saved)))
		return -EPERM;
	if (real != ID_NONE)
		ids->real = real;
	if (effective != ID_NONE)
		ids->effective = effective;
	if (real != ID_NONE || (effective != ID_NONE && effective != old.real))
		ids->saved = ids->effective;
	ids->fs = ids->effective;
	return 0;
}

/* setresuid(2), setresgid(2). What changes nothing leaves the id for files, too:
 * Linux looks for that first. */
static int set_three(struct ids *ids, bool capable, const uint32_t set[3])
{
	const struct ids old = *ids;

	if (!capable)
		for (int i = 0; i < 3; i++) {
			if (!is_one_of(set[i], old.real, old.effective,
				       old.saved))
				return -EPERM;
		}
	if ((set[0] == ID_NONE || set[0] == old.real) &&
	    (set[1] == ID_NONE ||
	     (set[1] == old.effective && set[1] == old.fs)) &&
	    (set[2] == ID_NONE || set[2] == old.saved))
		return 0;
	if (set[0] != ID_NONE)
		ids->real = set[0];
	if (set[1] != ID_NONE)
		ids->effective = set[1];
	if (set[2] != ID_NONE)
		ids->saved = set[2];
	ids->fs = ids->effective;
	return 0;
}

static long setid(bool group, uint32_t id)
{
	struct cred next;
	struct ids ids;
	int err;

	if (id == ID_NONE)
		return -EINVAL;
	change_begin(&next);
	ids = group ? gids_of(&next) : uids_of(&next);
	err = set_one(&ids, next.euid == 0, id);
	ids_to(&next, group, &ids);
	return change_end(&next, err);
}

static long setreid(bool group, uint32_t real, uint32_t effective)
{
	struct cred next;
	struct ids ids;
	int err;

	change_begin(&next);
	ids = group ? gids_of(&next) : uids_of(&next);
	err = set_two(&ids, next.euid == 0, real, effective);
	ids_to(&next, group, &ids);
	return change_end(&next, err);
}

static long setresid(bool group, const uint32_t set[3])
{
	struct cred next;
	struct ids ids;
	int err;

	change_begin(&next);
	ids = group ? gids_of(&next) : uids_of(&next);
	err = set_three(&ids, next.euid == 0, set);
	ids_to(&next, group, &ids);
	return change_end(&next, err);
}

/* setfsuid(2): returns what it was, whether it could be set or not. */
static long setfsid(bool group, uint32_t id)
{
	struct cred next;
	struct ids ids;
	uint32_t old;
	bool may;

	change_begin(&next);
	ids = group ? gids_of(&next) : uids_of(&next);
	old = ids.fs;
	may = id != ID_NONE &&
	      (next.euid == 0 || id == ids.fs ||
	       is_one_of(id, ids.real, ids.effective, ids.saved));
	if (may) {
		ids.fs = id;
		ids_to(&next, group, &ids);
	}
	(void)change_end(&next, 0);
	return (int)old;
}

long sys_setuid(uid_t uid)
{
	return setid(false, uid);
}

long sys_setgid(gid_t gid)
{
	return setid(true, gid);
}

long sys_setreuid(uid_t ruid, uid_t euid)
{
	return setreid(false, ruid, euid);
}

long sys_setregid(gid_t rgid, gid_t egid)
{
	return setreid(true, rgid, egid);
}

long sys_setresuid(uid_t ruid, uid_t euid, uid_t suid)
{
	return setresid(false, (const uint32_t[]){ruid, euid, suid});
}

long sys_setresgid(gid_t rgid, gid_t egid, gid_t sgid)
{
	return setresid(true, (const uint32_t[]){rgid, egid, sgid});
}

long sys_setfsuid(uid_t uid)
{
	return setfsid(false, uid);
}

long sys_setfsgid(gid_t gid)
{
	return setfsid(true, gid);
}

/* -- Groups --------------------------------------------------------------------- */

/* Sorts, in place and without recursion: a heap. */
static void sift_down(uint32_t *ids, size_t root_at, size_t len)
{
	for (size_t child; (child = 2 * root_at + 1) < len; root_at = child) {
		uint32_t id = ids[root_at];

		if (child + 1 < len && ids[child + 1] > ids[child])
			child++;
		if (ids[child] <= id)
			return;
		ids[root_at] = ids[child];
		ids[child] = id;
	}
}

static void ids_sort(uint32_t *ids, size_t len)
{
	for (size_t i = len / 2; i-- > 0;)
		sift_down(ids, i, len);
	while (len > 1) {
		uint32_t largest = ids[0];

		ids[0] = ids[--len];
		ids[len] = largest;
		sift_down(ids, 0, len);
	}
}

/* setgroups(2). They are kept in order, as Linux keeps them. */
long sys_setgroups(int size, const gid_t *list)
{
	size_t len = (size_t)size, pages;
	struct cred next;
	uint32_t *sorted = NULL;
	int err = 0;

	if (!cred_capable())
		return -EPERM;
	if (size < 0 || size > NGROUPS_MAX)
		return -EINVAL;
	pages = (len * sizeof(*list) + PAGE_SIZE - 1) / PAGE_SIZE;
	if (len) {
		sorted = port_pages_alloc(pages);
		if (!sorted)
			return -ENOMEM;
		if (user_copy(sorted, list, len * sizeof(*list)))
			err = -EFAULT;
		else
			ids_sort(sorted, len);
		if (!err && sorted[len - 1] == ID_NONE) /* the largest id */
			err = -EINVAL;
	}
	change_begin(&next);
	next.fs.groups = sorted;
	next.fs.groups_len = len;
	err = change_end(&next, err);
	if (sorted)
		port_pages_free(sorted, pages);
	return err;
}

/* getgroups(2). */
long sys_getgroups(int size, gid_t *list)
{
	const struct cred *cred = now();

	if (size < 0 || (size > 0 && cred->fs.groups_len > (size_t)size))
		return -EINVAL;
	if (size > 0 && cred->fs.groups_len &&
	    user_copy(list, cred->fs.groups, groups_size(cred)))
		return -EFAULT;
	return (long)cred->fs.groups_len;
}

/* -- Getting ids ------------------------------------------------------------------ */

long sys_getuid(void)
{
	return now()->uid;
}

long sys_geteuid(void)
{
	return now()->euid;
}

long sys_getgid(void)
{
	return now()->gid;
}

long sys_getegid(void)
{
	return now()->egid;
}

/* Stores the three in turn, up to the first that has no place. */
static long ids_put(const struct ids *ids, uint32_t *real, uint32_t *effective,
		    uint32_t *saved)
{
	if (user_copy(real, &ids->real, sizeof(*real)) ||
	    user_copy(effective, &ids->effective, sizeof(*effective)) ||
	    user_copy(saved, &ids->saved, sizeof(*saved)))
		return -EFAULT;
	return 0;
}

long sys_getresuid(uid_t *ruid, uid_t *euid, uid_t *suid)
{
	const struct ids ids = uids_of(now());

	return ids_put(&ids, ruid, euid, suid);
}

long sys_getresgid(gid_t *rgid, gid_t *egid, gid_t *sgid)
{
	const struct ids ids = gids_of(now());

	return ids_put(&ids, rgid, egid, sgid);
}
