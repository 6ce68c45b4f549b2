#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Threads under the thread sanitizer: the tests of fs/ that have some, those of
# system calls that wait for other threads, and random system calls from 2 to 8
# at once (tests/fuzz/threads.c), other ones every day.
#
# cases: nodes walkers waits calls
set -eu
case $1 in
nodes) build/tsan/nodes ;;
walkers) build/tsan/walkers ;;
waits) timeout 240 build/tsan/waits ;;
calls)
	seed=$(date +%Y%m%d)000
	echo "seed $seed"
	build/tsan/calls "$seed" 8
	;;
esac
