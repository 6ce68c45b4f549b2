#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The example programs print the same on Linux, hosted and in the guest.
#
# cases: simple directories many
set -eu
root=$(pwd)
cd "$TEST_DIR"

# Where Linux is quick with many files: memory, if there is a gigabyte of it.
fast_directory() {
	room=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
	if [ -w /dev/shm ] && [ "${room:-0}" -gt 1000000 ]; then
		echo /dev/shm
	else
		echo /tmp
	fi
}

# same_everywhere APP [FILES]
same_everywhere() {
	app=$1
	shift
	"$root/build/linux/$app" "$(fast_directory)" "$@" >linux
	"$root/build/hosted/$app" /tmp "$@" >hosted
	"$root/build/bin/whelk-run" "$root/build/guest/$app" /tmp "$@" >guest
	[ -s linux ]
	diff linux hosted
	diff linux guest
}

case $1 in
many) same_everywhere many "${MANY_FILES:-1000000}" ;;
*) same_everywhere "$1" ;;
esac
