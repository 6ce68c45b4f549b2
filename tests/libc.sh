#!/bin/sh
# SPDX-License-Identifier: MIT
#
# How libc reaches the system calls: by calls, not by the instruction; and the
# functions that replace its own.
#
# cases: no_syscall_instruction direct_calls memory
set -eux
lib=build/lib

# Lists "FILE FUNCTION" for each instruction that enters a kernel.
syscall_instructions() {
	for file; do
		objdump -d --no-show-raw-insn "$file" | awk -v file="$file" '
			/^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name) }
			/^ *[0-9a-f]+:\t(syscall|sysenter|int +\$0x80)/ {
				print file, name
			}'
	done
}

# Only the hosted port enters Linux, by host_syscall, and where there is no
# stack to return on. A program that is linked has it from there.
no_syscall_instruction() {
	for file in build/hosted/simple $lib/port-hosted.o; do
		for name in __clone __restore_rt __unmapself host_syscall; do
			echo "$file $name"
		done
	done >expected
	(cd "$root" && syscall_instructions $lib/*.o $lib/libc.a \
		build/hosted/simple build/guest/simple) | sort -u >found
	diff expected found
}

# A program whose dispatcher is its own, which notes that it was called:
# read, write, ... must do without it, until a detour is wanted.
direct_calls() {
	objcopy --redefine-sym syscall_dispatch=whelk_dispatch \
		"$root/$lib/syscalls.o" syscalls.o
	"$root/tools/whelk-cc" --hosted -O1 -nostdlib -o direct \
		"$root/$lib/crt1.o" "$root/$lib/crti.o" \
		"$root/tests/libc/direct.c" "$root/$lib/port-hosted.o" \
		syscalls.o "$root/$lib/share.o" "$root/$lib/fs.o" "$root/$lib/libc.a" -lgcc \
		"$root/$lib/crtn.o"
	./direct
}

# Both by turns of 64 bytes, as where `rep movsb` is slow, and with it.
memory() {
	for flags in '' -DREP_MIN=SIZE_MAX; do
		# shellcheck disable=SC2086
		gcc -std=c11 -O2 -ffreestanding -I"$root" $flags \
			-fno-tree-loop-distribute-patterns -c -o memory.o \
			"$root/libc/glue/memory.c"
		gcc -std=c11 -O1 -fno-builtin -o memory \
			"$root/tests/libc/memory.c" memory.o
		./memory
	done
}

root=$(pwd)
cd "$TEST_DIR"
"$1"
