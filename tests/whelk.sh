#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The whelk command, on machines that lack something.
#
# cases: usage without_apt_get elsewhere second_build
set -eux
root=$(pwd)
cd "$TEST_DIR"

# fails STATUS COMMAND...: with that exit status; what it says is in errors.
fails() {
	expected=$1
	shift
	status=0
	"$@" >errors 2>&1 || status=$?
	[ $status = "$expected" ]
}

usage() {
	"$root/whelk" help | grep -q '^  demo'
	"$root/whelk" | grep -q '^  demo'
	fails 2 "$root/whelk" nonsense
	grep -q "no command 'nonsense'" errors
}

# A machine with hardly anything, and no apt-get: a list, and no more.
without_apt_get() {
	mkdir bin checkout checkout/tools
	unset MUSL_SRC POSTMARK_SRC
	for tool in sh sed id mkdir readlink tr; do
		ln -s "$(command -v $tool)" bin/
	done
	cp "$root/whelk" checkout/
	cp "$root/tools/fetch-source" checkout/tools/
	(
		PATH=$TEST_DIR/bin
		fails 1 checkout/whelk demo
	)
	for package in gcc make binutils qemu-system-x86 dpkg-dev; do
		grep -q "$package" errors
	done
	grep -q MUSL_SRC= errors
	# ... of what is needed only: nothing to check the source with
	! grep clang errors || exit 1
	# With local copies, nothing to fetch sources with is needed.
	(
		PATH=$TEST_DIR/bin
		MUSL_SRC=$TEST_DIR POSTMARK_SRC=$TEST_DIR
		export MUSL_SRC POSTMARK_SRC
		fails 1 checkout/whelk demo
	)
	! grep dpkg-dev errors || exit 1
	(
		PATH=$TEST_DIR/bin
		fails 1 checkout/tools/fetch-source src musl
	)
	grep -q MUSL_SRC=DIRECTORY errors
}

# By a link, from elsewhere; and not where make cannot work.
elsewhere() {
	ln -s "$root/whelk" linked
	./linked help | grep -q '^  demo'
	mkdir 'a b'
	cp "$root/whelk" 'a b/'
	fails 1 'a b/whelk' build
	grep -q 'a b.*move the checkout' errors
	[ "$(wc -l <errors)" = 1 ]
}

# What is built is not built again. (The suite runs after a whole build.)
second_build() {
	make -C "$root" --no-print-directory V=1 all postmark >commands
	[ -z "$(grep -vE '^make|^$' commands | head -n 3)" ]
}

"$1"
