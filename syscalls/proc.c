/* SPDX-License-Identifier: MIT */
/*
 * /proc, proc(5), as far as ordinary programs read it. Its directories and
 * files are nodes like others, made at the start, but nothing can be made or
 * removed there; a text is written when its file is opened, and what is read
 * is that. The links in fd/ are made up when they are looked at; they, exe, cwd
 * and root lead to a node and not by a path, so they lead to it whatever became
 * of its name.
 *
 * DEVIATION: /proc/self/fd/N does not know how a file was called that has been
 * removed: it reads "/#INO (deleted)", as Linux shows one that never had a
 * name; and of a file with several names it shows any.
 *
 * DEVIATION: /proc/self/exe leads to what the first argument names, and so to
 * nothing as a rule: the program's image is in no directory.
 */
#include "syscalls/proc.h"

#include "syscalls/internal.h"

/* Positions and inode numbers of descriptors, out of the way of others. */
#define FDS_BASE ((uint64_t)1 << 62)

/* Numbers of the links that are no descriptors. */
enum link {
	LINK_EXE = 1 << 30,
	LINK_CWD,
	LINK_ROOT,
};

struct proc_start proc_start;

/* immutable after proc_init */
static struct fs_node *fd_dir;

/* -- Links ------------------------------------------------------------------- */

/* The descriptor that name says in the one way there is, or -1. */
static int fd_parse(const struct fs_name *name)
{
	int64_t fd = 0;

	if (name->len > 7 || (name->len > 1 && name->text[0] == '0'))
		return -1;
	for (uint32_t i = 0; i < name->len; i++) {
		if (name->text[i] < '0' || name->text[i] > '9')
			return -1;
		fd = fd * 10 + (name->text[i] - '0');
	}
	return (int)fd;
}

/* A link of /proc/self/fd: its mode says for what the file is open. */
static int live_lookup(struct fs_node *dir, const struct fs_name *name,
		       struct fs_node **nodep)
{
	uint32_t mode = S_IFLNK;
	struct file *file;
	int fd;

	if (dir != fd_dir)
		return -ENOENT;
	fd = fd_parse(name);
	file = fd < 0 ? NULL : fd_get_path(fd);
	if (!file)
		return -ENOENT;
	if (!(file_flags(file) & O_PATH) && file_readable(file))
		mode |= 0500;
	if (!(file_flags(file) & O_PATH) && file_writable(file))
		mode |= 0300;
	file_put(file);
	return fs_make_live(process.fs, mode, (uint64_t)fd,
			    FDS_BASE | (uint64_t)fd, cred_now(), nodep);
}

static int exe_find(struct fs_node **nodep)
{
	if (!proc_start.args.len)
		return -ENOENT;
	return path_node(AT_FDCWD, proc_start.args.start, 0, nodep);
}

static int live_follow(struct fs_node *link, struct fs_node **nodep)
{
	uint64_t number = fs_node_rdev(link);
	struct file *file;

	switch (number) {
	case LINK_EXE:
		return exe_find(nodep);
	case LINK_CWD:
		*nodep = cwd_get();
		return 0;
	case LINK_ROOT:
		*nodep = fs_root(process.fs);
		fs_node_ref(*nodep);
		return 0;
	default:
		break;
	}
	file = fd_get_path((int)number);
	if (!file)
		return -ENOENT;
	*nodep = file->node;
	fs_node_ref(*nodep);
	file_put(file);
	return 0;
}

/* What a link to a node without a name says. */
static void nameless_write(struct text **text, struct fs_node *node,
			   const struct file_ops *ops)
{
	struct fs_attr attr = {.ino = 0};

	(void)!fs_getattr(node, &attr);
	if (S_ISFIFO(attr.mode)) {
		text_string(text, "pipe:[");
		text_decimal(text, attr.ino);
		text_string(text, "]");
	} else if (ops && ops->name) {
		text_string(text, "anon_inode:");
		text_string(text, ops->name);
	} else {
		text_string(text, "/#");
		text_decimal(text, attr.ino);
		text_string(text, " (deleted)");
	}
}

int proc_node_write(struct text **text, struct fs_node *node,
		    const struct file_ops *ops)
{
	char *path = port_pages_alloc(1);
	ssize_t len;

	if (!path)
		return -ENOMEM;
	len = fs_node_path(process.fs, node, path, PAGE_SIZE);
	if (len > 0)
		text_add(text, path, (size_t)len - 1);
	else if (len == -ENOENT)
		nameless_write(text, node, ops);
	port_pages_free(path, 1);
	return len < 0 && len != -ENOENT ? (int)len : 0;
}

/* The first argument as a path from the root. */
static int exe_write(struct text **text)
{
	const char *name = proc_start.args.start;

	if (!proc_start.args.len)
		return -ENOENT;
	if (*name != '/')
		text_string(text, "/");
	text_string(text, name);
	return 0;
}

static int link_write(struct text **text, struct fs_node *link)
{
	const struct file_ops *ops = NULL;
	uint64_t number = fs_node_rdev(link);
	struct file *file = NULL;
	struct fs_node *node;
	int err;

	if (number == LINK_EXE)
		return exe_write(text);
	if (number < LINK_EXE) {
		file = fd_get_path((int)number);
		if (!file)
			return -ENOENT;
		ops = file->ops;
	}
	err = live_follow(link, &node);
	if (!err) {
		err = proc_node_write(text, node, ops);
		node_put(node);
	}
	if (file)
		file_put(file);
	return err;
}

ssize_t proc_readlink(struct fs_node *link, char *buf, size_t size)
{
	struct text *text = text_create();
	int err;

	if (!text)
		return -ENOMEM;
	err = link_write(&text, link);
	if (size > text->len)
		size = text->len;
	if (!err && user_copy(buf, text->bytes, size))
		err = -EFAULT;
	text_destroy(text);
	return err ? err : (ssize_t)size;
}

/* -- The listing of fd/ ------------------------------------------------------- */

void proc_list(const struct fs_node *dir, fs_readdir_fill *fill, void *context,
	       uint64_t *pos)
{
	int fd = *pos < FDS_BASE ? 0 : (int)(*pos - FDS_BASE);

	if (dir != fd_dir)
		return;
	while ((fd = fd_next(fd)) >= 0) {
		struct fs_dirent shown = {.ino = FDS_BASE | (uint64_t)fd,
					  .next = FDS_BASE + (uint64_t)fd + 1,
					  .type = S_IFLNK >> 12};
		char digits[12];
		size_t at = sizeof(digits);
		int rest = fd;

		do {
			digits[--at] = (char)('0' + rest % 10);
			rest /= 10;
		} while (rest);
		shown.name = digits + at;
		shown.name_len = (uint32_t)(sizeof(digits) - at);
		if (!fill(context, &shown))
			return;
		*pos = shown.next;
		fd++;
	}
}

/* -- Texts --------------------------------------------------------------------- */

static ssize_t text_read(struct file *file, void *buf, size_t count,
			 uint64_t offset)
{
	const struct text *text = file->object;

	if (offset >= text->len)
		return 0;
	if (count > text->len - offset)
		count = text->len - offset;
	/* Linux gives these whole or not at all. */
	if (user_copy(buf, text->bytes + offset, count))
		return -EFAULT;
	return (ssize_t)count;
}

static ssize_t text_write(struct file *file, const void *buf, size_t count,
			  uint64_t offset)
{
	(void)file, (void)buf, (void)count, (void)offset;
	return -EIO;
}

static void text_release(struct file *file)
{
	text_destroy(file->object);
}

static const struct file_ops text_ops = {.position = POSITION_KEPT,
					 .flags_refused = O_DIRECT,
					 .read = text_read,
					 .write = text_write,
					 .release = text_release};

int proc_open(struct file *file, const struct fs_node *node)
{
	struct text *text = text_create();

	if (!text)
		return -ENOMEM;
	proc_files[fs_node_rdev(node) - 1].write(&text);
	if (text->cut) {
		text_destroy(text);
		return -ENOMEM;
	}
	file->object = text;
	file->ops = &text_ops;
	return 0;
}

/* -- The tree ------------------------------------------------------------------- */

/* Makes a node of /proc; stores a reference if nodep is given. */
static int entry_make(struct fs_node *dir, const char *text, uint32_t mode,
		      uint64_t number, struct fs_node **nodep)
{
	struct fs_name name = {.text = text, .len = (uint32_t)strlen(text)};
	struct fs_node *node;
	int err = fs_make(process.fs, dir, &name, mode, number, cred_now(),
			  NULL, &node);

	if (err)
		return err;
	if (number)
		fs_node_mark(node, FS_MARK_LIVE, 0);
	if (nodep)
		*nodep = node;
	else
		node_put(node);
	return 0;
}

static int files_make(struct fs_node *proc, struct fs_node *self)
{
	int err = 0;

	for (size_t i = 0; !err && i < proc_files_count; i++) {
		const struct proc_file *file = &proc_files[i];

		err = entry_make(file->of_process ? self : proc, file->name,
				 FS_IFTEXT | file->mode, i + 1, NULL);
	}
	return err;
}

/* The process's directory, but for texts. */
static int self_fill(struct fs_node *self)
{
	int err = entry_make(self, "exe", S_IFLNK | 0777, LINK_EXE, NULL);

	if (!err)
		err = entry_make(self, "cwd", S_IFLNK | 0777, LINK_CWD, NULL);
	if (!err)
		err = entry_make(self, "root", S_IFLNK | 0777, LINK_ROOT, NULL);
	if (!err)
		err = entry_make(self, "fd", S_IFDIR | 0500, 0, &fd_dir);
	return err;
}

static int link_make(struct fs_node *dir, const char *text, const char *target)
{
	struct fs_name name = {.text = text, .len = (uint32_t)strlen(text)};

	return fs_symlink(process.fs, dir, &name, target, strlen(target),
			  cred_now());
}

int proc_init(void)
{
	static const struct fs_live live = {live_lookup, live_follow};
	struct text *pid = text_create();
	struct fs_node *proc, *self;
	int err;

	if (!pid)
		return -ENOMEM;
	text_decimal(&pid, (uint64_t)sys_getpid());
	text_add(&pid, "", 1);
	fs_live_set(process.fs, &live);
	err = entry_make(fs_root(process.fs), "proc", S_IFDIR | 0555, 0, &proc);
	if (err)
		goto free_pid;
	err = entry_make(proc, pid->bytes, S_IFDIR | 0555, 0, &self);
	if (err)
		goto put_proc;
	err = self_fill(self);
	if (!err)
		err = files_make(proc, self);
	if (!err)
		err = link_make(proc, "self", pid->bytes);
	if (!err)
		err = link_make(proc, "mounts", "self/mounts");
	if (!err) {
		fs_node_mark(fd_dir, FS_MARK_LIVE, 0);
		fs_node_mark(self, FS_MARK_LIVE, 0);
		fs_node_mark(proc, FS_MARK_LIVE, 0);
	}
	node_put(self);
put_proc:
	node_put(proc);
free_pid:
	text_destroy(pid);
	return err;
}

void proc_fini(void)
{
	node_put(fd_dir);
}

/* -- What the process began with -------------------------------------------------- */

/* The strings of a list, which lie one after the other. Returns what follows
 * the list's NULL. */
static char *const *strings_set(char *const *list, struct proc_strings *strings)
{
	const char *end = *list;

	strings->start = *list;
	for (; *list; list++)
		end = *list + strlen(*list) + 1;
	strings->len = strings->start ? (size_t)(end - strings->start) : 0;
	return list + 1;
}

void syscall_stack_set(const uintptr_t *stack)
{
	char *const *list = (char *const *)(stack + 1);

	list = strings_set(list, &proc_start.args);
	strings_set(list, &proc_start.env);
}
