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

# Whether there is nothing a guest cannot tell: it is not asked.
nonblock() {
	build linux gcc
	build hosted "$root/tools/whelk-cc" --hosted
	build guest "$root/tools/whelk-cc"
	printf '%s\n' 100000 end >expected
	for home in ./linux ./hosted "$root/build/bin/whelk-run guest"; do
		rm -f in
		mkfifo in
		{
			head -c 60000 /dev/zero
			sleep 0.3
			head -c 40000 /dev/zero
		} >in &
		$home <in >found
		diff expected found
		[ "$home" != "$root/build/bin/whelk-run guest" ] || break
		sleep 10 >in &
		$home silent <in
		kill $!
	done
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
