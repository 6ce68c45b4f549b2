#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What single system calls take in instructions stays within the budget,
# tests/budget.txt. They are counted by callgrind in a program of its own on
# glibc (tests/budget/): the same on every machine, but not with every compiler.
# `sh tests/budget.sh --lower` (make budget) lowers the budget to what is
# counted now. To raise it, edit it, and say why.
set -eu
root=$(pwd)
budget=$root/tests/budget.txt
work=${TEST_DIR:-$root/build/budget}
mkdir -p "$work"

skip() {
	echo "$*"
	exit 77
}

[ -e /usr/include/valgrind/callgrind.h ] && command -v valgrind >/dev/null ||
	skip "valgrind is not here"
valgrind -q --tool=none true >"$work/valgrind.log" 2>&1 ||
	skip "valgrind does not work here: $(tail -n 1 "$work/valgrind.log")"
compiler=$(gcc --version | head -n 1)
recorded=$(sed -n 's/^compiler: //p' "$budget")
[ "$compiler" = "$recorded" ] ||
	skip "the budget is for another compiler ($recorded)"

# Only what measured operations reach has to be there.
gcc -std=c11 -O2 -Wall -Wextra -I. -Ibuild/gen -Iport/x86_64 -static -no-pie \
	-Wl,--unresolved-symbols=ignore-all -o "$work/measure" \
	tests/budget/measure.c tests/budget/port.c \
	port/user.c port/x86_64/user.S \
	build/lib/fs.o build/lib/syscalls.o
cd "$work"
rm -f callgrind.out
valgrind -q --tool=callgrind --combine-dumps=yes --compress-strings=no \
	--compress-pos=no --callgrind-out-file=callgrind.out ./measure
awk -f "$root/tests/budget/count.awk" callgrind.out >counted

status=0
awk -v new=new -f "$root/tests/budget/compare.awk" counted "$budget" || status=1
if [ "${1:-}" = --lower ]; then
	cp new "$budget"
	exit 0
fi
exit $status
