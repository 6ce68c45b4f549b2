#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Very many entries in one directory: made, looked up, listed while others come
# and go, removed. Ten million take 2 GB.
#
# cases: hundred_thousand
# long cases: ten_million
set -eu
cc() {
	tools/whelk-cc --hosted -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror \
		-o "$TEST_DIR/entries" tests/sizes/entries.c
}
cc
case $1 in
hundred_thousand) WHELK_MEM=1G "$TEST_DIR/entries" 100000 ;;
ten_million)
	avail=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
	if [ "$avail" -lt 5000000 ]; then
		echo "there are only $avail kB of memory"
		exit 77
	fi
	WHELK_MEM=5G "$TEST_DIR/entries" 10000000
	;;
esac
