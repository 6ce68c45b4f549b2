#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The example programs print the same on Linux, hosted and in the guest.
#
# cases: simple directories many
# long cases: ten_million
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

# Linux would need 10 GB for them; the program itself knows what must be there.
ten_million() {
	avail=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	if [ "$avail" -lt 7000000 ]; then
		echo "ten million files need 7 GB of memory, here are $avail KiB"
		exit 77
	fi
	"$root/build/hosted/many" /tmp 1000000 | sed 's/1000000/10000000/' >expected
	"$root/build/hosted/many" /tmp 10000000 | diff expected -
	"$root/build/bin/whelk-run" --mem 6G "$root/build/guest/many" \
		/tmp 10000000 | diff expected -
}

case $1 in
ten_million) ten_million ;;
many) same_everywhere many "${MANY_FILES:-1000000}" ;;
*) same_everywhere "$1" ;;
esac
