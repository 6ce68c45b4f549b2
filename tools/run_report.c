/* SPDX-License-Identifier: MIT */
/*
 * The report of a panic: the guest prints addresses as <0x0123456789abcdef>;
 * here they get names, because only the host has the image's symbols at hand.
 *   "  <0x0000000000101234>" is printed as
 *   "  <0x0000000000101234> main+0x14 (hello.c:12)"
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDRESS_LEN (sizeof("<0x0123456789abcdef>") - 1)

/* Does text begin with an address in the form above? */
static bool address_parse(const char *text, uint64_t *address)
{
	char *end;

	if (strncmp(text, "<0x", 3) != 0 ||
	    strspn(text + 3, "0123456789abcdef") != 16 ||
	    text[ADDRESS_LEN - 1] != '>')
		return false;
	*address = strtoull(text + 3, &end, 16);
	return true;
}

/*
 * Where an exception happened is exact. All other addresses are where calls
 * return to, which may be the next line, or even the next function when the
 * called one never returns: the call itself is the byte before.
 */
static void address_print(const struct run_image *image, uint64_t address,
			  bool exact)
{
	uint64_t back = exact ? 0 : 1, offset;
	const char *name;
	char line[512];

	if (!run_symbol_find(image, address - back, &name, &offset))
		return;
	dprintf(STDERR_FILENO, " %s+0x%llx", name,
		(unsigned long long)(offset + back));
	if (run_symbol_line(image, address - back, line, sizeof(line)))
		dprintf(STDERR_FILENO, " (%s)", line);
}

/* Notes where the exception happened: in its report, what follows "rip". */
static void line_examine(struct run_report *report)
{
	const char *rip = strstr(report->line, "rip <");
	uint64_t address;

	if (!strncmp(report->line, "whelk: ", 7))
		report->exception = strstr(report->line, "exception");
	if (rip && report->exception && address_parse(rip + 4, &address))
		report->rip = address;
}

void run_report_flush(struct run_report *report, const struct run_image *image)
{
	const char *from = report->line;
	uint64_t address;

	report->line[report->len] = '\0';
	line_examine(report);
	for (const char *at = from; (at = strchr(at, '<')); at++) {
		if (!address_parse(at, &address))
			continue;
		run_write_all(STDERR_FILENO, from,
			      (size_t)(at + ADDRESS_LEN - from));
		from = at + ADDRESS_LEN;
		address_print(image, address, address == report->rip);
	}
	run_write_all(STDERR_FILENO, from,
		      (size_t)(report->line + report->len - from));
	report->len = 0;
}

void run_report_write(struct run_report *report, const struct run_image *image,
		      const char *data, size_t len)
{
	for (; len; data++, len--) {
		report->line[report->len++] = *data;
		if (*data == '\n' || report->len == sizeof(report->line) - 1)
			run_report_flush(report, image);
	}
}
