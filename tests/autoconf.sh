#!/bin/sh
# SPDX-License-Identifier: MIT
#
# An ordinary autoconf package, GNU hello, is configured and built by the
# compiler wrapper: hosted, where the programs that configure builds run, and
# for the guest, as for another machine.
#
# cases: hosted guest
set -eux
root=$(pwd)
hello=$root/build/src/hello
tools/fetch-source build/src hello || {
	echo "the source of the Debian package hello is not to be had"
	exit 77
}

cd "$TEST_DIR"
case $1 in
hosted)
	"$hello/configure" --disable-nls CC="$root/tools/whelk-cc --hosted"
	run=
	;;
guest)
	"$hello/configure" --disable-nls --host=x86_64-linux-musl \
		CC="$root/tools/whelk-cc"
	run=$root/build/bin/whelk-run
	;;
esac
make
# shellcheck disable=SC2086 # nothing, or one word
$run ./hello >said
echo 'Hello, world!' | diff - said
# shellcheck disable=SC2086
$run ./hello -g "$1" | grep -qx "$1"
