/* SPDX-License-Identifier: MIT */
/*
 * Who may do what: the permission checks of path_resolution(7) and the sticky
 * bit. One application owns the file system and is root as a rule, so the
 * common answer is given inline (perm_check); this file is for the rest.
 */
#include "fs/internal.h"

bool perm_in_group(const struct fs_cred *cred, uint32_t gid)
{
	if (cred->gid == gid)
		return true;
	for (size_t i = 0; i < cred->groups_len; i++) {
		if (cred->groups[i] == gid)
			return true;
	}
	return false;
}

int perm_check_slow(struct fs_node *node, const struct fs_cred *cred, int want)
{
	uint32_t mode = node_perm(node);

	if (cred->uid == 0) {
		/* Not a directory, and execute is wanted: perm_check. */
		return mode & 0111 ? 0 : -EACCES;
	}
	/* What a live directory tells of is the process's own. */
	if (cred->uid == node_uid(node) || (is_live(node) && is_dir(node)))
		mode >>= 6;
	else if (perm_in_group(cred, node_gid(node)))
		mode >>= 3;
	return (mode & (uint32_t)want) == (uint32_t)want ? 0 : -EACCES;
}

int perm_remove(struct fs_node *dir, struct fs_node *victim,
		const struct fs_cred *cred)
{
	int err = perm_change(dir, cred);

	if (err)
		return err;
	if ((node_perm(dir) & S_ISVTX) && cred->uid != 0 &&
	    cred->uid != node_uid(victim) && cred->uid != node_uid(dir))
		return -EPERM;
	return 0;
}

int fs_access(struct fs_node *node, const struct fs_cred *cred, int want)
{
	int err;

	lock_read(&node->lock);
	err = perm_check(node, cred, want);
	unlock_read(&node->lock);
	return err;
}
