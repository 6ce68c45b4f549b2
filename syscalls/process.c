/* SPDX-License-Identifier: MIT */
/*
 * What the one process is: its start (the file system, /dev, /tmp and the three
 * standard descriptors), its name for the system, and its limits.
 */
#include "syscalls/internal.h"

#include "abi/guest.h"
#include "abi/utsname.h"
#include "share/share.h"

int syscall_detour;

/* Without limits given, contents may take three quarters of the memory that is
 * free at the start, and there may be a node for each 256 bytes of it, which is
 * what an empty file takes. */
#define BYTES_DEFAULT(free) ((free) / 4 * 3)
#define NODES_DEFAULT(free) ((free) / 256)

/* atomic: the hard limit on descriptors, which bounds the soft one only when
 * that is set. */
static uint64_t nofile_max = FD_LIMIT_MAX;

static void limits_choose(const struct syscall_config *config,
			  struct fs_limits *limits)
{
	size_t total, avail;
	uint64_t bytes;

	port_pages_count(&total, &avail);
	bytes = (uint64_t)avail * PAGE_SIZE;
	limits->bytes_max = config->fs_bytes_max ? config->fs_bytes_max
						 : BYTES_DEFAULT(bytes);
	limits->nodes_max = config->fs_nodes_max ? config->fs_nodes_max
						 : NODES_DEFAULT(bytes);
	if (limits->nodes_max < GUEST_FS_INODES_MIN)
		limits->nodes_max = GUEST_FS_INODES_MIN;
}

void syscall_init(const struct syscall_config *config)
{
	struct fs_limits limits;
	int err;

	cred_init();
	limits_choose(config, &limits);
	err = fs_create(&limits, &process.fs);
	port_assert(!err);
	process.cwd = fs_root(process.fs);
	fs_node_ref(process.cwd);
	err = dev_init();
	port_assert(!err);
	err = proc_init();
	port_assert(!err);
	if (config->share) {
		err = host_init();
		port_assert(!err);
	}
	err = (int)sys_mkdir("/tmp", 0777);
	port_assert(!err);
	err = (int)sys_chmod("/tmp", 0777 | S_ISVTX);
	port_assert(!err);
	err = (int)sys_open("/dev/stdin", O_RDWR, 0);
	port_assert(err == 0);
	err = (int)sys_open("/dev/stdout", O_RDWR, 0);
	port_assert(err == 1);
	err = (int)sys_open("/dev/stderr", O_RDWR, 0);
	port_assert(err == 2);
	if (config->trace)
		syscall_detour |= SYSCALL_DETOUR_TRACE;
}

void process_release(void)
{
	fd_fini();
	proc_fini();
	share_release();
	node_put(process.cwd);
	process.cwd = NULL;
}

void syscall_fini(void)
{
	if (process.cwd)
		process_release();
	fs_destroy(process.fs);
	share_fini();
	cred_fini();
	process = (struct process){.umask = UMASK_DEFAULT};
	nofile_max = FD_LIMIT_MAX;
	syscall_detour = 0;
}

/* Makes the directories that path goes through. */
static long parents_make(const char *path)
{
	char part[NAME_MAX + 1];
	long dir = sys_open("/", O_RDONLY | O_DIRECTORY, 0);

	while (dir >= 0) {
		const char *end;
		long next;

		while (*path == '/')
			path++;
		for (end = path; *end && *end != '/'; end++)
			;
		if (!*end)
			break;
		next = -ENAMETOOLONG;
		if ((size_t)(end - path) <= NAME_MAX) {
			memcpy(part, path, (size_t)(end - path));
			part[end - path] = '\0';
			next = sys_mkdirat((int)dir, part, 0755);
			if (next == 0 || next == -EEXIST)
				next = sys_openat((int)dir, part,
						  O_RDONLY | O_DIRECTORY, 0);
		}
		sys_close((int)dir);
		dir = next;
		path = end;
	}
	if (dir < 0)
		return dir;
	return sys_close((int)dir);
}

int syscall_install(const char *path, unsigned mode, int64_t mtime,
		    const void *data, size_t len)
{
	const struct timespec times[2] = {{mtime, 0}, {mtime, 0}};
	long fd, result = parents_make(path);

	if (result < 0)
		return (int)result;
	fd = sys_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return (int)fd;
	for (size_t done = 0; result >= 0 && done < len;) {
		result = sys_write((int)fd, (const char *)data + done,
				   len - done);
		if (result > 0)
			done += (size_t)result;
	}
	if (result >= 0)
		result = sys_fchmod((int)fd, mode & 07777);
	if (result >= 0)
		result = sys_utimensat((int)fd, NULL, times, 0);
	sys_close((int)fd);
	return (int)result;
}

/* uname(2). It is Linux's interface that is offered, of about that release. */
long sys_uname(struct utsname *name)
{
	static const struct utsname whelk = {.sysname = "Linux",
					     .nodename = "whelk",
					     .release = "6.1.0-whelk",
					     .version = "#1 Whelk",
					     .machine = "x86_64",
					     .domainname = "(none)"};

	return user_copy(name, &whelk, sizeof(whelk)) ? -EFAULT : 0;
}

/* getrlimit(2): the resources there are limits for. */
enum {
	RLIMIT_FSIZE = 1,
	RLIMIT_STACK = 3,
	RLIMIT_CORE = 4,
	RLIMIT_NOFILE = 7,
	RLIM_NLIMITS = 16
};

#define SIGXFSZ	      25
#define RLIM_INFINITY UINT64_MAX
#define STACK_BYTES   ((uint64_t)8 << 20)

struct rlimit {
	uint64_t rlim_cur, rlim_max;
};

/* atomic, each for itself: RLIMIT_FSIZE. */
static struct rlimit fsize = {RLIM_INFINITY, RLIM_INFINITY};

static struct rlimit limit_get(int resource)
{
	switch (resource) {
	case RLIMIT_FSIZE:
		return (struct rlimit){
			__atomic_load_n(&fsize.rlim_cur, __ATOMIC_RELAXED),
			__atomic_load_n(&fsize.rlim_max, __ATOMIC_RELAXED)};
	case RLIMIT_NOFILE:
		return (struct rlimit){fd_limit(),
				       __atomic_load_n(&nofile_max,
						       __ATOMIC_RELAXED)};
	case RLIMIT_STACK:
		return (struct rlimit){STACK_BYTES, RLIM_INFINITY};
	case RLIMIT_CORE:
		return (struct rlimit){0, 0};
	default:
		return (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	}
}

long file_too_large(void)
{
	if (limit_get(RLIMIT_FSIZE).rlim_cur != RLIM_INFINITY)
		(void)sys_tkill((pid_t)sys_gettid(), SIGXFSZ);
	return -EFBIG;
}

static void fsize_set(const struct rlimit *limit)
{
	__atomic_store_n(&fsize.rlim_cur, limit->rlim_cur, __ATOMIC_RELAXED);
	__atomic_store_n(&fsize.rlim_max, limit->rlim_max, __ATOMIC_RELAXED);
	fs_limit_size(process.fs, limit->rlim_cur);
}

/* DEVIATION: setrlimit(2): only the number of descriptors and the size of files
 * can be limited; any other limit may be "set" to what it is, and else -EPERM:
 * it would not be kept. */
static long limit_set(int resource, const struct rlimit *limit)
{
	struct rlimit now = limit_get(resource);

	if (limit->rlim_cur > limit->rlim_max)
		return -EINVAL;
	if (limit->rlim_max > now.rlim_max && !cred_capable())
		return -EPERM;
	if (resource == RLIMIT_NOFILE && limit->rlim_max <= FD_LIMIT_MAX) {
		__atomic_store_n(&nofile_max, limit->rlim_max,
				 __ATOMIC_RELAXED);
		fd_limit_set(limit->rlim_cur);
		return 0;
	}
	if (resource == RLIMIT_FSIZE &&
	    (limit->rlim_max <= now.rlim_max || cred_now()->uid == 0)) {
		fsize_set(limit);
		return 0;
	}
	return limit->rlim_cur == now.rlim_cur &&
			       limit->rlim_max == now.rlim_max
		       ? 0
		       : -EPERM;
}

/* prlimit(2), of this process. */
long sys_prlimit64(pid_t pid, int resource, const struct rlimit *limit,
		   struct rlimit *old)
{
	struct rlimit before, wanted;
	long result = 0;

	if (limit && user_copy(&wanted, limit, sizeof(wanted)))
		return -EFAULT;
	if (pid != 0 && pid != sys_getpid())
		return -ESRCH;
	if (resource < 0 || resource >= RLIM_NLIMITS)
		return -EINVAL;
	before = limit_get(resource);
	if (limit)
		result = limit_set(resource, &wanted);
	if (!result && old && user_copy(old, &before, sizeof(before)))
		result = -EFAULT;
	return result;
}

long sys_getrlimit(int resource, struct rlimit *limit)
{
	long result = sys_prlimit64(0, resource, NULL, limit);

	return result || limit ? result : -EFAULT;
}

long sys_setrlimit(int resource, const struct rlimit *limit)
{
	return limit ? sys_prlimit64(0, resource, limit, NULL) : -EFAULT;
}
