/* SPDX-License-Identifier: MIT */
/*
 * For tests/runner.sh: prints its arguments and environment, one a line, with
 * their lengths, and every byte that is not plain as \ooo.
 */
#include <stdio.h>
#include <string.h>

extern char **environ;

static void show(const char *what, const char *text)
{
	printf("%s %zu ", what, strlen(text));
	for (; *text; text++)
		printf(*text > ' ' && *text <= '~' ? "%c" : "\\%03o",
		       (unsigned char)*text);
	printf("\n");
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		show("argument", argv[i]);
	for (char **variable = environ; *variable; variable++)
		show("variable", *variable);
	return argv[argc] != NULL;
}
