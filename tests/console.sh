#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the console, as a file, can and cannot do.
#
# cases: nonblock shared_wait
set -eu
root=$(pwd)
cd "$TEST_DIR"

# build HOME COMPILER...
build() {
	home=$1
	shift
	"$@" -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -pthread \
		-o "$home" "$root/tests/console/$case.c"
}

nonblock() {
	build hosted "$root/tools/whelk-cc" --hosted
	build guest "$root/tools/whelk-cc"
	./hosted </dev/null
	"$root/build/bin/whelk-run" guest </dev/null
}

# Linux first. The other end of the pipe says nothing and stays open.
shared_wait() {
	build linux gcc
	build hosted "$root/tools/whelk-cc" --hosted
	for home in linux hosted; do
		mkfifo "$home.in"
		sleep 10 >"$home.in" &
		./$home <"$home.in"
		kill $!
	done
}

case=$1
"$1"
