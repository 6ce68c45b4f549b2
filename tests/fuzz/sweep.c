/* SPDX-License-Identifier: MIT */
/* Memory that runs out during one call: see fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/port.h"
#include "tests/unit/port_unit.h"

#define TRIES_MAX 100

/* Says in which line the texts differ, and panics. */
static void differs(const char *name, const char *before, const char *after)
{
	size_t i = 0, line = 0;

	for (; before[i] && before[i] == after[i]; i++)
		line = before[i] == '\n' ? i + 1 : line;
	fprintf(stderr, "%s failed, but changed something:\n- %.*s\n+ %.*s\n",
		name, (int)strcspn(before + line, "\n"), before + line,
		(int)strcspn(after + line, "\n"), after + line);
	port_panic(__FILE__, __LINE__, "a call that fails changes nothing");
}

/* Skips what follows, if it does, and numbers after it. */
static bool skip(const char **text, const char *what)
{
	size_t len = strlen(what);

	if (strncmp(*text, what, len) != 0)
		return false;
	*text += len + strspn(*text + len, "0123456789.- ");
	return true;
}

/* May the call write to a file, and so change its times and bits of its mode
 * although it fails? So it is on Linux. */
static bool may_write(const char *name)
{
	static const char *const parts[] = {"write", "copy", "sendfile",
					    "splice"};
	bool may = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		may |= strstr(name, parts[i]) != NULL;
	return may;
}

/* Is it the same, but for these? */
static bool is_same(const char *name, const char *before, const char *after)
{
	static const char *const changed[] = {" times ", " mode "};
	bool is_write = may_write(name);

	while (*before && *before == *after) {
		bool skipped = false;

		for (size_t i = 0; is_write && !skipped && i < 2; i++)
			skipped = skip(&before, changed[i]) &&
				  skip(&after, changed[i]);
		if (!skipped) {
			before++;
			after++;
		}
	}
	return *before == *after;
}

/* Makes the call with the at-th allocation failing, and stores what it does.
 * Returns whether that is not the end of it: it failed for that, and can be
 * made again. */
static bool attempt(const struct swept *swept, const char *before, size_t at,
		    bool on, long *result)
{
	char *after;
	bool failed;

	port_unit_fail(at, on);
	*result = swept->call(swept->context);
	failed = port_unit_allocs() >= at;
	port_unit_fail(0, false);
	if (*result < 0) {
		after = world_show();
		if (!is_same(swept->name, before, after))
			differs(swept->name, before, after);
		free(after);
	}
	world_check();
	return failed && (*result == -ENOMEM || *result == -ENOLCK);
}

long sweep(const struct swept *swept, size_t *allocs)
{
	size_t at = 1;
	char *before;
	long result;

	port_unit_clock_advance(1);
	free(world_show()); /* updates times of access, as a failing call may */
	before = world_show();
	while (at < TRIES_MAX && attempt(swept, before, at, true, &result) &&
	       attempt(swept, before, at, false, &result))
		at++;
	if (at == TRIES_MAX) /* of so many, those at the end are like these */
		result = swept->call(swept->context);
	free(before);
	*allocs = at - 1;
	return result;
}
