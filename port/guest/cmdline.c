/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line, whose form abi/guest.h describes, for example:
 *
 *   env=HOME=/root tty=01 winsize=24x80 -- simple two%20words %
 *
 * Options that are not known are passed over: another boot loader may have its
 * own. Without "--" there are no arguments, and the program's name is "whelk".
 */
#include "port/guest/internal.h"

static bool word_end(char c)
{
	return c == '\0' || c == ' ';
}

static const char *skip_word(const char *p)
{
	while (!word_end(*p))
		p++;
	return p;
}

static const char *skip_spaces(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/*
 * Decodes the word at p: "a%20b" is "a b", "%" alone is empty, a % that is not
 * followed by two digits stands for itself. Stores it, with its zero, at to if
 * that is not NULL. Returns its size, with its zero.
 */
static size_t word_decode(const char *p, char *to)
{
	size_t n = 0;
	char c;

	if (*p == '%' && word_end(p[1]))
		p++;
	for (; !word_end(*p); p++) {
		c = *p;
		if (c == '%' && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
			c = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
			p += 2;
		}
		if (to)
			to[n] = c;
		n++;
	}
	if (to)
		to[n] = '\0';
	return n + 1;
}

/* If the word at p begins with name, the rest of it; else NULL. */
static const char *value_of(const char *p, const char *name)
{
	size_t len = strlen(name);

	while (len--) {
		if (*p++ != *name++)
			return NULL;
	}
	return p;
}

static bool is_separator(const char *p)
{
	return p[0] == '-' && p[1] == '-' && word_end(p[2]);
}

/* Reads a number of at most 18 digits. */
static const char *number(const char *p, uint64_t *value)
{
	*value = 0;
	for (int i = 0; *p >= '0' && *p <= '9' && i < 18; i++, p++)
		*value = *value * 10 + (uint64_t)(*p - '0');
	return p;
}

static void winsize_parse(const char *p, struct port_winsize *size)
{
	uint64_t rows, cols = 0;

	p = number(p, &rows);
	if (*p == 'x')
		number(p + 1, &cols);
	size->rows = (uint16_t)rows;
	size->cols = (uint16_t)cols;
}

static void option_parse(const char *p, struct cmdline_options *options)
{
	const char *value;

	if ((value = value_of(p, "env=")) != NULL) {
		options->env_count++;
		options->text_size += word_decode(value, NULL);
	} else if ((value = value_of(p, "stdin=request")) != NULL) {
		options->stdin_request = word_end(*value);
	} else if ((value = value_of(p, "trace=1")) != NULL) {
		options->trace = word_end(*value);
	} else if ((value = value_of(p, "share=1")) != NULL) {
		options->share = word_end(*value);
	} else if ((value = value_of(p, "tty=")) != NULL) {
		for (; *value >= '0' && *value <= '2'; value++)
			options->terminal[*value - '0'] = true;
	} else if ((value = value_of(p, "winsize=")) != NULL) {
		winsize_parse(value, &options->winsize);
	} else if ((value = value_of(p, "fs-size=")) != NULL) {
		number(value, &options->fs_size);
	} else if ((value = value_of(p, "fs-inodes=")) != NULL) {
		number(value, &options->fs_inodes);
	}
}

/* Reads the options, and measures environment and arguments. */
void cmdline_parse(const char *line, struct cmdline_options *options)
{
	const char *p = skip_spaces(line);

	memset(options, 0, sizeof(*options));
	for (; *p && !is_separator(p); p = skip_spaces(skip_word(p)))
		option_parse(p, options);
	if (*p)
		p = skip_spaces(skip_word(p));
	for (; *p; p = skip_spaces(skip_word(p))) {
		options->arg_count++;
		options->text_size += word_decode(p, NULL);
	}
}

/* Stores the strings that cmdline_parse has measured from text on, and where
 * they are: environment first. Returns the end of the text. */
char *cmdline_decode(const char *line, char *text, char **args, char **env)
{
	const char *p = skip_spaces(line), *value;

	for (; *p && !is_separator(p); p = skip_spaces(skip_word(p))) {
		value = value_of(p, "env=");
		if (!value)
			continue;
		*env++ = text;
		text += word_decode(value, text);
	}
	if (*p)
		p = skip_spaces(skip_word(p));
	for (; *p; p = skip_spaces(skip_word(p))) {
		*args++ = text;
		text += word_decode(p, text);
	}
	return text;
}
