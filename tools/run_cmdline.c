/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line, in the format of abi/guest.h: how the guest learns
 * its arguments, its environment, and what its standard streams are.
 */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct text {
	char *data;
	size_t len;
};

/* Appends a word, percent-encoded, after prefix as it is. */
static void word_add(struct text *text, const char *prefix, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_./:,+@=-";
	size_t size = text->len + strlen(prefix) + 3 * strlen(word) + 3;
	char *at;

	text->data = run_realloc(text->data, size);
	at = text->data + text->len;
	if (text->len)
		*at++ = ' ';
	at = stpcpy(at, prefix);
	for (const char *c = word; *c; c++) {
		if (strchr(plain, *c))
			*at++ = *c;
		else
			at += sprintf(at, "%%%02X", (unsigned char)*c);
	}
	if (!*word && !*prefix)
		at = stpcpy(at, "%");
	*at = '\0';
	text->len = (size_t)(at - text->data);
}

/* tty= and winsize=, when any of the standard streams is a terminal. */
static void terminals_add(struct text *text)
{
	char ttys[4] = "", size[32];
	struct winsize window = {0};
	size_t count = 0;

	for (int fd = 0; fd <= 2; fd++)
		if (isatty(fd)) {
			ttys[count++] = (char)('0' + fd);
			ioctl(fd, TIOCGWINSZ, &window);
		}
	if (!count)
		return;
	word_add(text, "tty=", ttys);
	snprintf(size, sizeof(size), "%ux%u", window.ws_row, window.ws_col);
	word_add(text, "winsize=", size);
}

static void number_add(struct text *text, const char *name, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	word_add(text, name, digits);
}

char *run_cmdline(const struct run_options *options)
{
	struct text text = {0};

	word_add(&text, "", "stdin=request");
	terminals_add(&text);
	if (options->trace)
		word_add(&text, "", "trace=1");
	if (options->share)
		word_add(&text, "", "share=1");
	if (options->fs_size)
		number_add(&text, "fs-size=", options->fs_size);
	if (options->fs_inodes)
		number_add(&text, "fs-inodes=", options->fs_inodes);
	for (size_t i = 0; i < options->env.count; i++)
		word_add(&text, "env=", options->env.items[i]);
	word_add(&text, "", "--");
	for (char **arg = options->program; *arg; arg++)
		word_add(&text, "", *arg);
	return text.data;
}
