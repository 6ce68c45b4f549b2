#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The compiler wrapper takes what gcc takes, and its programs run.
#
# cases: options input link refuses configure
set -eux
root=$(pwd)
cd "$TEST_DIR"
PATH=$root/tools:$PATH

fail() {
	echo "$*"
	exit 1
}

# fails COMMAND...: it must, with what it says in the file errors. ("! COMMAND"
# does not end a script under set -e.)
fails() {
	if "$@" 2>errors; then
		fail "did not fail: $*"
	fi
}

same() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

cat >main.c <<'END'
#include <math.h>
#include <stdio.h>
#include "value.h"
int main(int argc, char **argv)
{
	(void)argv;
	printf("%d %.3f\n", value(), sqrt(argc + 1.0));
	return VALUE;
}
END
cat >value.c <<'END'
#include "value.h"
int value(void) { return VALUE; }
END
mkdir include
echo 'int value(void);' >include/value.h

options() {
	whelk-cc --version | grep -q gcc
	whelk-cc -v -c -x c /dev/null -o null.o 2>&1 | grep -q specs
	# no header but musl's and gcc's own
	whelk-cc -Iinclude -DVALUE=3 -E main.c >main.i
	if grep '^# [0-9]* "/usr/include' main.i; then
		fail "headers of the machine's libc"
	fi
	whelk-cc -std=c11 -Wall -Wextra -Werror -O2 -Iinclude -DVALUE=3 \
		-S -o main.s main.c
	grep -q printf main.s
	echo '-DVALUE=4 -Iinclude' >arguments
	whelk-cc @arguments -MMD -MF main.d -c main.c
	grep -q value.h main.d
	fails whelk-cc -Werror -Wall -Iinclude -c value.c
	grep -q "VALUE.* undeclared" errors
	same "$(whelk-cc -print-prog-name=cc1)" "$(gcc -print-prog-name=cc1)"
}

input() {
	whelk-cc -Iinclude -DVALUE=5 -S main.c
	whelk-cc -Iinclude -DVALUE=5 -c value.c
	ar rcs libvalue.a value.o
	whelk-cc --hosted main.s -L. -lvalue -lm -o program
	same "$(./program || echo $?)" "5 1.414
5"
	echo 'int main(void) { return 6; }' |
		whelk-cc --hosted -x c - -o program
	status=0
	./program || status=$?
	same $status 6
	printf '.globl main\nmain: mov $7, %%eax\n\tret\n' >main.S
	whelk-cc --hosted main.S
	status=0
	./a.out || status=$?
	same $status 7
}

# One link for each home; debugging information only with -g.
link() {
	for home in '' --hosted; do
		# shellcheck disable=SC2086
		whelk-cc $home -pthread -O2 -Iinclude -DVALUE=3 main.c value.c \
			-lm -lpthread -lrt -ldl -lc -o plain
		# shellcheck disable=SC2086
		whelk-cc $home -g -Iinclude -DVALUE=3 main.c value.c -o debug
		readelf -SW plain >sections
		fails grep -q '\.debug_info' sections
		readelf -SW debug | grep -q '\.debug_info' ||
			fail "no debugging information with -g"
		readelf -lW plain >segments
		fails grep -q INTERP segments
	done
	# nothing that would stop a build which asks for it
	whelk-cc --hosted -static -pie -rdynamic -Wl,--gc-sections \
		-fPIC -fstack-protector-strong -D_FORTIFY_SOURCE=2 -O2 \
		-Iinclude -DVALUE=3 main.c value.c -o hardened
	same "$(./hardened || echo $?)" "3 1.414
3"
	whelk-cc -Iinclude -DVALUE=3 -r -nostdlib -o both.o main.c value.c
	whelk-cc --hosted both.o -o program
}

refuses() {
	fails whelk-cc -shared -o lib.so value.c
	same "$(wc -l <errors)" 1
	grep -q 'static image' errors
	fails whelk-cc missing.c
	grep -q 'missing.c: No such file' errors
	# A copy that was never built says so.
	mkdir -p elsewhere/tools
	cp "$root"/tools/whelk-cc "$root"/tools/*.specs elsewhere/tools/
	fails elsewhere/tools/whelk-cc value.c
	grep -q 'whelk build' errors
	# By a link, and by its full path, it finds what belongs to it.
	ln -s "$root/tools/whelk-cc" cc
	./cc -Iinclude -DVALUE=1 -c value.c
	"$root/tools/whelk-cc" -Iinclude -DVALUE=1 -c value.c
}

# What an autoconf script does with a compiler, on the steps that fail first:
# runs of what it built, a function that is there and one that is not.
configure() {
	CC='whelk-cc --hosted'
	cat >conftest.c <<-'END'
		#include <stdio.h>
		int main(void)
		{
			FILE *f = fopen("conftest.out", "w");
			return !f || ferror(f) || fclose(f) != 0;
		}
	END
	$CC -o conftest -g -O2 conftest.c
	./conftest
	for function in getline snprintf strlcpy; do
		cat >conftest.c <<-END
			#define $function innocuous_$function
			#include <limits.h>
			#undef $function
			char $function();
			int main(void) { return $function(); }
		END
		$CC -o conftest -w conftest.c
	done
	sed 's/strlcpy/no_such_function/' conftest.c >conftest2.c
	fails $CC -o conftest -w conftest2.c
	grep -q "undefined reference" errors
	fails $CC -o conftest conftest.c -lnosuchlibrary
	grep -q "nosuchlibrary" errors
}

"$1"
