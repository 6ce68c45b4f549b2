/* SPDX-License-Identifier: MIT */
/* What the files of /proc share: proc.c makes the tree, proc_text.c the texts
 * (proc(5)). */
#ifndef WHELK_SYSCALLS_PROC_H
#define WHELK_SYSCALLS_PROC_H

#include "syscalls/text.h"

/* A file of /proc, or of the process's directory in it. */
struct proc_file {
	const char *name;
	uint32_t mode;
	bool of_process;
	void (*write)(struct text **text);
};

extern const struct proc_file proc_files[];
extern const size_t proc_files_count;

struct file_ops;
struct fs_node;

/* Appends a path of node; of one without a name, what Linux says then. ops: of
 * the file that is open on it, or NULL. -ENOMEM, -ENAMETOOLONG. */
int proc_node_write(struct text **text, struct fs_node *node,
		    const struct file_ops *ops);

/* The strings that the process began with, each with its NUL. */
struct proc_strings {
	const char *start;
	size_t len;
};

/* immutable after syscall_stack_set */
struct proc_start {
	struct proc_strings args, env;
};
extern struct proc_start proc_start;

#endif
