#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Sequences of system calls made of bytes hold what tests/fuzz/fuzz.c says: the
# committed ones as they are, then with each allocation of each call failing,
# and some random ones of each day. Every call of syscalls/ is among them.
# `make fuzz` looks for more.
#
# cases: corpus faults today calls
set -eu
replay=build/unit/replay
seed=$(date +%Y%m%d)0000
case $1 in
corpus) $replay tests/fuzz/corpus/* ;;
faults) $replay -s tests/fuzz/corpus/* ;;
today)
	echo "seed $seed"
	$replay -r "$seed" 500
	$replay -s -r "$seed" 150
	;;
calls) $replay -l ;;
esac
