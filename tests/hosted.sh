#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a hosted program gets from Linux: signals, at any time; threads that
# are cancelled; the memory it may use. The programs are run on Linux itself
# first, which says what is right.
#
# cases: signals faults console cancel waits locks memory_size fs_limits
# cases: mapped
set -eux

# Both forms of the program NAME: NAME.linux, NAME.hosted.
compile() {
	gcc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -pthread \
		-o "$1.linux" "$root/tests/hosted/$1.c"
	"$root/tools/whelk-cc" --hosted -std=c11 -D_GNU_SOURCE -O2 \
		-o "$1.hosted" "$root/tests/hosted/$1.c"
}

# Handlers use files while the program does.
signals() {
	compile signals
	for what in alarm threads queue actions; do
		for home in linux hosted; do
			rm -f log
			[ "$(timeout 60 ./signals.$home $what)" = ok ]
		done
	done
}

# A fault cannot be put off, even in a call.
faults() {
	compile signals
	for what in fault fault_in_call; do
		for home in linux hosted; do
			[ "$(timeout 10 ./signals.$home $what)" = fault ]
		done
	done
	for home in linux hosted; do
		[ "$(timeout 10 ./signals.$home fault_signals)" = sent ]
		for how in f i s b; do
			status=0
			timeout 10 ./signals.$home deadly$how || status=$?
			echo "$how $status"
		done >deadly.$home
	done
	diff deadly.linux deadly.hosted
}

# A read that waits is interrupted as on Linux.
console() {
	compile signals
	for home in linux hosted; do
		rm -f log
		[ "$(sleep 1 | ./signals.$home eintr)" = ok ]
		rm -f log
		[ "$({ sleep 1; echo c; } | ./signals.$home restart)" = ok ]
	done
}

cancel() {
	compile cancel
	printf '%s\n' cleanup canceled >enabled
	printf '%s\n' 'read returned' ended >disabled
	for home in linux hosted; do
		for what in enabled disabled; do
			sleep 1 | timeout 10 ./cancel.$home $what >found
			diff $what found
		done
	done
}

# Files that are mapped, among threads and signals.
mapped() {
	compile mapped
	for what in threads blocked past_end many; do
		for home in linux hosted; do
			rm -f mapped
			[ "$(timeout 60 ./mapped.$home $what)" = ok ]
		done
	done
}

# Threads and handlers of signals wait for one another by pipes.
waits() {
	compile waits
	for home in linux hosted; do
		rm -f fifo
		mkfifo -m 600 never 2>/dev/null || :
		[ "$(timeout 60 ./waits.$home <>never)" = ok ]
	done
}

# Threads wait for each other's locks on files.
locks() {
	compile locks
	for home in linux hosted; do
		[ "$(timeout 60 ./locks.$home)" = ok ]
	done
}

# Too little, or no size at all, is told in one line.
memory_size() {
	program=$root/build/hosted/simple
	for size in 0 64 100K 1.5M x '' -1 99999999999999999999; do
		status=0
		WHELK_MEM=$size "$program" >out 2>err || status=$?
		[ $status = 1 ]
		[ "$(wc -l <err)" = 1 ]
		grep '^whelk: WHELK_MEM' err
		[ ! -s out ]
	done
	WHELK_MEM=1M "$program"
	WHELK_MEM=1048576 "$program"
}

fs_limits() {
	"$root/tools/whelk-cc" --hosted -D_GNU_SOURCE -o fs_limits \
		"$root/tests/guest/fs_limits.c"
	WHELK_FS_SIZE=1M WHELK_FS_INODES=1000 ./fs_limits >out
	printf '%s\n' '1048576 bytes, 1000 files' '1 1' | diff - out
	WHELK_FS_SIZE=1T WHELK_FS_INODES=1000 "$root/build/hosted/simple"
	for setting in SIZE= SIZE=0 SIZE=1.5M INODES=63 INODES=x; do
		status=0
		env "WHELK_FS_$setting" ./fs_limits >out 2>err || status=$?
		[ $status = 1 ]
		[ "$(wc -l <err)" = 1 ]
		grep "^whelk: WHELK_FS_${setting%=*}" err
	done
}

root=$(pwd)
cd "$TEST_DIR"
"$1"
