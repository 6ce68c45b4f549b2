#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The guest kernel: memory, exceptions, the `syscall` instruction, time,
# signals, and where it boots. What Linux has as well is asked of Linux first.
#
# cases: memory_model memory_rules memory_out memory_sizes faults heap_overflow
# cases: stack_overflow instruction clock clock_host idle signals bare_machine
# cases: files_too_large
set -eu
root=$(pwd)
cd "$TEST_DIR"

fail() {
	echo "$*"
	exit 1
}

same() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

runner=$root/build/bin/whelk-run
run() {
	"$runner" "$@"
}

# build NAME...: programs of tests/guest, for the guest and as NAME.linux
build() {
	for name; do
		flags="-std=c11 -D_GNU_SOURCE -O1 -g"
		# shellcheck disable=SC2086
		gcc $flags -o "$name.linux" "$root/tests/guest/$name.c"
		# shellcheck disable=SC2086
		"$root/tools/whelk-cc" $flags -o "$name" \
			"$root/tests/guest/$name.c"
	done
}

# status COMMAND...: its exit status; its output into output and errors
status() {
	status=0
	"$@" >output 2>errors || status=$?
	echo $status
}

# both NAME ARGUMENT...: runs it on Linux and in the guest; both must succeed
both() {
	name=$1
	shift
	"./$name.linux" "$@"
	run "./$name" "$@"
}

# The seeds are others on each day of the week.
case_memory_model() {
	build memory_model
	seed=$(($(date +%u) * 1000))
	./memory_model.linux 1 2
	./memory_model.linux $seed 3
	run ./memory_model 1 2 exact
	run ./memory_model $seed 3 exact
	# little memory: small pages
	run --mem 64M ./memory_model $seed 2 exact
}

case_memory_rules() {
	build memory_rules
	both memory_rules
}

# Who uses what was given to him before he asks for more is refused in the end;
# who does not is ended, by a signal, as by Linux.
case_memory_out() {
	build memory_out
	for size in 1000 100000 1048576; do
		run --mem 64M ./memory_out blocks $size >output
		mib=$(cut -d ' ' -f 1 output)
		[ "$mib" -ge 55 ] || fail "only $mib MiB of 64"
	done
	for distance in 4096 2097152 8388608 1073741824; do
		run --mem 64M ./memory_out pages $distance >output
		same "$(cat output)" refused
	done
	same "$(status run --mem 64M ./memory_out both)" 137
	grep -q '^whelk: out of memory, at <0x.*> fill_both+' errors ||
		fail "$(cat errors)"
	same "$(wc -l <errors)" 1
	[ ! -s output ] || fail "wrote on standard output"
}

# All of the memory is there, but for what the kernel needs.
case_memory_sizes() {
	build memory_rules
	for size in 8 12 65 128 1024 3072 4096; do
		mib=$(run --mem ${size}M ./memory_rules sizes)
		if [ "$mib" -gt $size ] || [ "$mib" -lt $((size - 3)) ]; then
			fail "$mib MiB of $size"
		fi
	done
	mib=$(run --machine pc --mem 4096M ./memory_rules sizes)
	[ "$mib" -ge 4090 ] || fail "$mib MiB of 4096 on pc"
}

# fault WAY PATTERN: the report is about the exception, and names the function
fault() {
	way=$1 pattern=$2
	same "$way $(status timeout 20 "$runner" ./fault "$way")" "$way 125"
	[ ! -s output ] || fail "$way: wrote on standard output"
	grep -q "$pattern" errors ||
		fail "$way: '$(cat errors)' does not say '$pattern'"
	grep -q "^  [a?][t ] <0x[0-9a-f]*> $way+0x" errors ||
		fail "$way: not in $(cat errors)"
	grep -q '^  [a?][t ] <0x[0-9a-f]*> main+0x' errors ||
		fail "$way: no main in $(cat errors)"
}

case_faults() {
	build fault
	fault null_write '^  write at 0x0*: null pointer'
	fault null_call '^  jump at 0x0*: null pointer'
	fault wild_read '^  read at 0x0*123456789000: nothing is mapped there'
	fault unmapped_read '^  read at 0x.*: nothing is mapped there'
	fault moved_read '^  read at 0x.*: nothing is mapped there'
	fault noncanonical_read '^whelk: exception 13: general protection'
	fault constant_write '^  write at 0x.*: not allowed there'
	fault protected_write '^  write at 0x.*: not allowed there'
	fault reserved_read '^  read at 0x.*: not allowed there'
	for way in data_call stack_call heap_call memory_call page_call; do
		fault $way '^  jump at 0x.*: not allowed there'
	done
	fault mapped_write '^  write at 0x.*: not allowed there'
	fault invalid_opcode '^whelk: exception 6: invalid opcode'
	fault breakpoint '^whelk: exception 3: breakpoint'
	# what Linux sends SIGBUS for ends the guest as that would
	same "$(status run ./fault mapped_read)" 135
	grep -q '^whelk: SIGBUS: past the end of a mapped file$' errors ||
		fail "$(cat errors)"
	grep -q '^  read at 0x' errors
	grep -q '^  at <0x[0-9a-f]*> mapped_read+0x' errors || fail "$(cat errors)"
	# without a stack there is no main
	same "$(status run ./fault lost_stack)" 125
	grep -q '^  rip <0x[0-9a-f]*> lost_stack+0x' errors
}

# libc stops at a heap that makes no sense, and does not go on or hang.
case_heap_overflow() {
	build fault
	fault heap_overflow '^whelk: exception 6: invalid opcode'
	grep -q '^  rip <0x[0-9a-f]*> .*free' errors || fail "$(cat errors)"
}

case_stack_overflow() {
	build fault
	same "$(status run ./fault stack_overflow)" 125
	grep -q '^  write at 0x.*: stack overflow$' errors ||
		fail "$(cat errors)"
	grep -q '^  rip <0x[0-9a-f]*> stack_overflow+0x' errors
	grep -q '^  ?  <0x[0-9a-f]*> stack_overflow+0x' errors
}

case_instruction() {
	build instruction
	both instruction >output
	same "$(cat output)" "written
written"
}

case_clock() {
	build clock
	both clock forward
	both clock rules
	# the machine may be busy; a sleep that misses its end lasts longer
	both clock sleeps 200
	run ./clock set
	for machine in pc q35; do
		run --machine $machine ./clock sleeps 200
	done
}

# The time of day is the host's; and a second lasts a second.
case_clock_host() {
	build clock
	for machine in microvm q35; do
		before=$(date +%s)
		wall=$(run --machine $machine ./clock wall)
		after=$(date +%s)
		if [ "$wall" -lt $((before - 2)) ] ||
			[ "$wall" -gt $((after + 2)) ]; then
			fail "it is $wall, not $before to $after"
		fi
	done
	run ./clock awake 3000 | while read -r line; do
		echo "$line $(($(date +%s%N) / 1000000))"
	done >output
	took=$(awk '{ at[$1] = $2 } END { print at["end"] - at["begin"] }' output)
	if [ "$took" -lt 2850 ] || [ "$took" -gt 3450 ]; then
		fail "3000 ms lasted $took"
	fi
}

# ticks PID: the processor time of its children so far, in hundredths
ticks() {
	child=$(grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status |
		cut -d / -f 3)
	[ -n "$child" ] || fail "QEMU does not run" >&2
	sed 's/.*) //' "/proc/$child/stat" | awk '{ print $12 + $13 }'
}

# idle COMMAND...: two seconds of it cost hardly any processor time. Nothing
# comes in on its standard input, descriptor 3.
idle() {
	"$@" <&3 &
	pid=$!
	sleep 1
	before=$(ticks $pid)
	sleep 2
	used=$(($(ticks $pid) - before))
	[ $used -le 20 ] || fail "$*: $used hundredths of a second"
}

case_idle() {
	build cat clock
	mkfifo quiet
	exec 3<>quiet
	idle "$runner" ./cat
	kill $pid
	for machine in microvm pc; do
		idle "$runner" --machine $machine ./clock sleep 4000
		wait $pid
	done
	# and what comes then is read
	{
		sleep 1
		echo late
	} | run ./cat >output
	same "$(cat output)" late
}

case_signals() {
	build signals
	both signals
	for way in abort_handled:134 abort_ignored:134 abort_blocked:134 \
		reset:140 unblock:143; do
		name=${way%:*} wanted=${way#*:}
		same "$name $(status ./signals.linux "$name")" "$name $wanted"
		same "$name $(status run ./signals "$name")" "$name $wanted"
		[ ! -s output ] || fail "$name: $(cat output)"
	done
}

# Without the runner's devices, as under another monitor: all over COM1, raw,
# and the end is a reset.
case_bare_machine() {
	build show fault cat
	printf 'argument 3 one\nargument 0 \nvariable 3 A=\\040\n' >expected
	for machine in microvm,acpi=off,auto-kernel-cmdline=off pc; do
		bare="qemu-system-x86_64 -M $machine -accel tcg -m 64M
			-nodefaults -no-user-config -display none
			-no-reboot -serial stdio"
		$bare -kernel show -append 'env=A=%20 -- show one %' \
			</dev/null >output
		diff expected output
		$bare -kernel fault -append '-- fault null_write' \
			</dev/null >output
		grep -q '^  write at 0x0*: null pointer' output
		$bare -kernel cat -append '-- cat 6' <<-'END' >output
			abcdef
		END
		same "$(cat output)" abcdef
	done
	$bare -kernel show </dev/null >output # no command line at all
	same "$(cat output)" ''
}

# The runner knows roughly how much memory files need; the guest knows exactly.
case_files_too_large() {
	build show
	truncate -s 40M big
	same "$(status run --mem 256M --qemu-arg -m --qemu-arg 64M \
		--file big:/dir/large ./show one)" 126
	same "$(cat errors)" "whelk: /dir/large does not fit into the guest: \
it needs more memory"
	[ ! -s output ] || fail "the program ran"
}

"case_$1"
