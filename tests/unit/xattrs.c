/* SPDX-License-Identifier: MIT */
/* Extended attributes: xattr(7), setxattr(2), getxattr(2), listxattr(2). */
#include "tests/unit/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/xattr.h"
#include "tests/unit/port_unit.h"

static const struct fs_cred owner = {.uid = 5, .gid = 5};
static const struct fs_cred other = {.uid = 6, .gid = 6};

static struct fs_xattr_cred who(void)
{
	return (struct fs_xattr_cred){.cred = call_cred,
				      .admin = call_cred->uid == 0};
}

static struct fs_xattr_name name_of(const char *text)
{
	return (struct fs_xattr_name){.text = text, .len = strlen(text)};
}

static int set(const char *path, const char *name, const char *value,
	       unsigned flags)
{
	struct fs_xattr_cred cred = who();
	struct fs_xattr_name xname = name_of(name);

	return fs_xattr_set(fs, call_node(path), &cred, &xname, value,
			    strlen(value), flags);
}

static int drop(const char *path, const char *name)
{
	struct fs_xattr_cred cred = who();
	struct fs_xattr_name xname = name_of(name);

	return fs_xattr_remove(fs, call_node(path), &cred, &xname);
}

static ssize_t get(const char *path, const char *name, char *buf, size_t size)
{
	struct fs_xattr_cred cred = who();
	struct fs_xattr_name xname = name_of(name);

	return fs_xattr_get(fs, call_node(path), &cred, &xname, buf, size);
}

/* The value as a string, until the next such call. */
static const char *value_of(const char *path, const char *name)
{
	static char buf[1000];
	ssize_t len = get(path, name, buf, sizeof(buf));

	CHECK(len >= 0 && len < (ssize_t)sizeof(buf));
	buf[len] = '\0';
	return buf;
}

/* The names, each followed by a space, until the next such call. */
static const char *names_of(const char *path)
{
	static char buf[1000];
	struct fs_xattr_cred cred = who();
	ssize_t len =
		fs_xattr_list(fs, call_node(path), &cred, buf, sizeof(buf) - 1);

	CHECK(len >= 0);
	for (ssize_t i = 0; i < len; i++) {
		if (!buf[i])
			buf[i] = ' ';
	}
	buf[len] = '\0';
	return buf;
}

static uint64_t bytes_used(void)
{
	struct fs_stat stat;

	fs_stat(fs, &stat);
	return stat.bytes_max - stat.bytes_free;
}

static void make_own(const char *path, uint32_t mode)
{
	CHECK_EQ(call_make(path, mode), 0);
	CHECK_EQ(call_chown(path, 5, 5), 0);
}

TEST(attributes_are_set_and_read_and_replaced)
{
	char buf[10];

	check_fs_limits(1 << 20, 100);
	CHECK_EQ(call_create("/f"), 0);
	CHECK_TEXT(names_of("/f"), "");
	CHECK_EQ(get("/f", "user.a", buf, sizeof(buf)), -ENODATA);
	CHECK_EQ(set("/f", "user.a", "one", 0), 0);
	CHECK_EQ(set("/f", "user.b", "", XATTR_CREATE), 0);
	CHECK_EQ(set("/f", "user.ab", "three", 0), 0);
	CHECK_TEXT(names_of("/f"), "user.b user.ab user.a ");
	CHECK_EQ(set("/f", "user.a", "x", XATTR_CREATE), -EEXIST);
	CHECK_EQ(set("/f", "user.c", "x", XATTR_REPLACE), -ENODATA);
	CHECK_TEXT(value_of("/f", "user.a"), "one");
	CHECK_EQ(set("/f", "user.a", "longer value", XATTR_REPLACE), 0);
	CHECK_TEXT(value_of("/f", "user.a"), "longer value");
	CHECK_TEXT(value_of("/f", "user.b"), "");
	CHECK_EQ(get("/f", "user.a", NULL, 0), 12);
	CHECK_EQ(get("/f", "user.a", buf, 10), -ERANGE);
	CHECK_EQ(drop("/f", "user.c"), -ENODATA);
	CHECK_EQ(drop("/f", "user.ab"), 0);
	CHECK_TEXT(names_of("/f"), "user.b user.a ");
	CHECK_EQ(drop("/f", "user.a"), 0);
	CHECK_EQ(drop("/f", "user.b"), 0);
	CHECK_EQ(drop("/f", "user.b"), -ENODATA);
	CHECK_EQ(fs_node_marks(call_node("/f")), 0);
	CHECK_EQ(bytes_used(), 0);
}

TEST(setting_and_removing_change_ctime_if_they_do_anything)
{
	CHECK_EQ(call_create("/f"), 0);
	call_tick();
	CHECK_EQ(drop("/f", "user.a"), -ENODATA);
	CHECK_EQ(set("/f", "user.a", "x", XATTR_REPLACE), -ENODATA);
	CHECK_TEXT(names_of("/f"), "");
	CHECK_TEXT(call_times("/f"), "");
	CHECK_EQ(set("/f", "user.a", "x", 0), 0);
	CHECK_TEXT(call_times("/f"), "c");
	call_tick();
	CHECK_TEXT(value_of("/f", "user.a"), "x");
	CHECK_TEXT(call_times("/f"), "");
	CHECK_EQ(drop("/f", "user.a"), 0);
	CHECK_TEXT(call_times("/f"), "c");
}

TEST(namespaces_say_who_may_do_what)
{
	CHECK_EQ(fs_chmod(fs_root(fs), &call_root, 0777), 0);
	make_own("/f", S_IFREG | 0644);
	make_own("/d", S_IFDIR | 01777);
	make_own("/p", S_IFIFO | 0666);
	CHECK_EQ(call_symlink("f", "/l"), 0);
	CHECK_EQ(set("/f", "foo.a", "x", 0), -EOPNOTSUPP);
	CHECK_EQ(set("/f", "user.", "x", 0), -EINVAL);
	CHECK_EQ(set("/f", "user", "x", 0), -EOPNOTSUPP);
	CHECK_EQ(set("/f", "system.posix_acl_access", "x", 0), -EOPNOTSUPP);
	CHECK_EQ(set("/f", "trusted.a", "t", 0), 0);
	CHECK_EQ(set("/f", "security.a", "s", 0), 0);
	CHECK_EQ(set("/p", "user.a", "x", 0), -EPERM);
	CHECK_EQ(get("/p", "user.a", NULL, 0), -ENODATA);
	CHECK_EQ(set("/p", "trusted.a", "x", 0), 0);
	CHECK_EQ(set("/l", "user.a", "x", 0), -EPERM);
	CHECK_EQ(set("/l", "security.a", "x", 0), 0);
	CHECK_TEXT(names_of("/f"), "trusted.a security.a ");
	call_cred = &owner;
	CHECK_EQ(set("/f", "user.a", "u", 0), 0);
	CHECK_TEXT(names_of("/f"), "user.a security.a ");
	CHECK_EQ(set("/f", "trusted.b", "x", 0), -EPERM);
	CHECK_EQ(get("/f", "trusted.a", NULL, 0), -ENODATA);
	CHECK_EQ(set("/f", "security.a", "x", 0), -EPERM);
	CHECK_TEXT(value_of("/f", "security.a"), "s");
	CHECK_EQ(set("/d", "user.a", "x", 0), 0);
	call_cred = &other;
	CHECK_EQ(set("/f", "user.a", "x", 0), -EACCES);
	CHECK_EQ(set("/f", "foo.a", "x", 0), -EACCES);
	CHECK_EQ(drop("/f", "user.a"), -EACCES);
	CHECK_TEXT(value_of("/f", "user.a"), "u");
	CHECK_EQ(set("/d", "user.a", "x", 0), -EPERM);
	CHECK_TEXT(value_of("/d", "user.a"), "x");
}

TEST(what_attributes_take_is_charged_and_given_back)
{
	static char value[XATTR_SIZE_MAX];
	struct fs_xattr_cred cred = {.cred = &call_root, .admin = true};
	struct fs_xattr_name name = name_of("user.large");
	struct fs_node *node;
	uint64_t used;

	check_fs_limits(100000, 100);
	CHECK_EQ(call_create("/f"), 0);
	node = call_open("/f");
	CHECK_EQ(fs_xattr_set(fs, node, &cred, &name, value, sizeof(value), 0),
		 0);
	used = bytes_used();
	CHECK(used >= sizeof(value) && used < sizeof(value) + 8192);
	/* What replaces it has to fit beside it. */
	CHECK_EQ(fs_xattr_set(fs, node, &cred, &name, value, sizeof(value), 0),
		 -ENOSPC);
	CHECK_EQ(set("/f", "user.a", "small", 0), 0);
	CHECK_EQ(fs_xattr_set(fs, node, &cred, &name, "x", 1, 0), 0);
	CHECK(bytes_used() < 500);
	CHECK_EQ(fs_xattr_set(fs, node, &cred, &name, value, sizeof(value), 0),
		 0);
	CHECK_EQ(call_unlink("/f"), 0);
	CHECK(bytes_used() > used);
	CHECK_EQ(fs_xattr_get(fs, node, &cred, &name, NULL, 0), sizeof(value));
	fs_node_unref(fs, node);
	CHECK_EQ(bytes_used(), 0);
}

TEST(many_files_have_attributes)
{
	enum { FILES = 600 };
	char path[20], value[20];

	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		CHECK_EQ(call_create(path), 0);
		CHECK_EQ(set(path, "user.path", path, 0), 0);
	}
	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		CHECK_TEXT(value_of(path, "user.path"), path);
		if (i % 3 == 0)
			CHECK_EQ(drop(path, "user.path"), 0);
		else if (i % 3 == 1)
			CHECK_EQ(call_unlink(path), 0);
	}
	fs_check(fs);
	for (int i = 2; i < FILES; i += 3) {
		snprintf(path, sizeof(path), "/%d", i);
		snprintf(value, sizeof(value), "%s",
			 value_of(path, "user.path"));
		CHECK_TEXT(value, path);
	}
}

/* Random attributes on one file against a simple model. */
TEST(attributes_are_what_a_model_says)
{
	enum { NAMES = 12 };
	static char model[NAMES][50];
	bool there[NAMES] = {false};
	char name[20];

	CHECK_EQ(call_create("/f"), 0);
	for (int round = 0; round < 3000; round++) {
		unsigned i = (unsigned)check_random(NAMES);
		unsigned flags = (unsigned)check_random(4);
		char value[50];
		int err, expected = 0;

		snprintf(name, sizeof(name), "user.%.*s", (int)i / 2 + 1,
			 i % 2 ? "bbbbbbbb" : "aaaaaaaa");
		if (check_random(3) == 0) {
			CHECK_EQ(drop("/f", name), there[i] ? 0 : -ENODATA);
			there[i] = false;
			continue;
		}
		memset(value, 'a' + (int)check_random(20), sizeof(value));
		value[check_random(sizeof(value))] = '\0';
		if (there[i] && (flags & XATTR_CREATE))
			expected = -EEXIST;
		else if (!there[i] && (flags & XATTR_REPLACE))
			expected = -ENODATA;
		err = set("/f", name, value, flags);
		CHECK_EQ(err, expected);
		if (!err) {
			there[i] = true;
			strcpy(model[i], value);
		}
		if (there[i])
			CHECK_TEXT(value_of("/f", name), model[i]);
	}
}

/* -- Out of memory -------------------------------------------------------------- */

static void sweep(const char *first)
{
	for (size_t at = 1;; at++) {
		int err;

		check_fs_renew();
		CHECK_EQ(call_create("/f"), 0);
		if (first)
			CHECK_EQ(set("/f", first, "value", 0), 0);
		call_tick();
		port_unit_fail(at, false);
		err = set("/f", "user.new", "a value", 0);
		if (port_unit_allocs() < at) {
			port_unit_fail(0, false);
			CHECK_EQ(err, 0);
			CHECK(at > 1 || !port_unit_exact);
			break;
		}
		port_unit_fail(0, false);
		fs_check(fs);
		CHECK_EQ(err, -ENOMEM);
		CHECK_TEXT(call_times("/f"), "");
		CHECK_TEXT(names_of("/f"), first ? "user.old " : "");
		CHECK_EQ(set("/f", "user.new", "a value", 0), 0);
	}
}

TEST(setting_without_memory_changes_nothing)
{
	sweep(NULL);
	sweep("user.old");
}

TEST(without_memory_for_a_larger_table_attributes_are_found_all_the_same)
{
	char path[20];

	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		CHECK_EQ(call_create(path), 0);
		/* The third allocation would be that of the table. */
		port_unit_fail(i >= 16 && port_unit_exact ? 3 : 0, false);
		CHECK_EQ(set(path, "user.a", path, 0), 0);
		port_unit_fail(0, false);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		CHECK_TEXT(value_of(path, "user.a"), path);
	}
}
