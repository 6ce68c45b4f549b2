#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `whelk run`: what goes into a guest, what comes out, and how it ends.
#
# cases: status arguments arguments_long environment input_binary input_ends
# cases: input_left terminal terminal_interrupt background output_order
# cases: output_closed output_full killed panics signals symbols files
# cases: files_refused images_refused options_refused memory_refused
# cases: qemu_refused fs_limits trace verbose
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

# The variable RUN_PATH changes where the runner finds QEMU.
run() {
	PATH=${RUN_PATH:-$PATH} "$root/build/bin/whelk-run" "$@"
}

# build NAME...: guest programs, of tests/guest
build() {
	for name; do
		"$root/tools/whelk-cc" -std=c11 -D_GNU_SOURCE -O1 -g \
			-o "$name" "$root/tests/guest/$name.c"
	done
}

# status COMMAND...: the exit status of a command; its output into output and
# errors
status() {
	status=0
	"$@" >output 2>errors || status=$?
	echo $status
}

# refused STATUS PATTERN ARGUMENT...: the runner must end so, with one line
# that matches the pattern, and without a word on standard output.
refused() {
	want=$1 pattern=$2
	shift 2
	same "$(status run "$@")" "$want"
	same "$(wc -l <errors)" 1
	grep -q "^whelk run: .*$pattern" errors ||
		fail "$*: '$(cat errors)' does not say '$pattern'"
	[ ! -s output ] || fail "$*: wrote on standard output"
}

case_status() {
	build end
	for n in 0 1 42 255; do
		same "$(status run ./end return $n)" $n
	done
	same "$(status run ./end return 256)" 0
	same "$(status run ./end _exit 7)" 7
	[ ! -s errors ] || fail "a word on standard error"
}

case_arguments() {
	build show
	newline='a
b'
	run ./show one 'two words' '' "it's" 'say "x"' '100%' '%41' "$newline" \
		'a,b=c' -- --mem '*' ' ' "$(printf 'caf\303\251\001\377')" \
		>output
	cat >expected <<-'END'
		argument 3 one
		argument 9 two\040words
		argument 0 
		argument 4 it's
		argument 7 say\040"x"
		argument 4 100%
		argument 3 %41
		argument 3 a\012b
		argument 5 a,b=c
		argument 2 --
		argument 5 --mem
		argument 1 *
		argument 1 \040
		argument 7 caf\303\251\001\377
	END
	diff expected output
	same "$(run -- ./show a)" "argument 1 a"
	mkdir 'a dir, with=signs'
	cp show 'a dir, with=signs/it'
	same "$(run 'a dir, with=signs/it' a)" "argument 1 a"
}

# The longest command line that a machine takes, and one byte more.
case_arguments_long() {
	build show
	long=$(printf '%120000s' '' | tr ' ' a)
	run ./show "$long" >output
	same "$(wc -c <output)" 120017
	for machine in microvm:131071 pc:4095; do
		max=${machine#*:}
		fixed=$(printf 'stdin=request -- ./show ' | wc -c)
		long=$(printf "%$((max - fixed))s" '' | tr ' ' a)
		run --machine "${machine%:*}" ./show "$long" >output
		same "$(cut -d ' ' -f 2 output)" $((max - fixed))
		refused 126 "too long: $((max + 1)) bytes" \
			--machine "${machine%:*}" ./show "${long}a"
	done
}

case_environment() {
	build show
	run --env A=1 --env 'B=two words=' --env=C= ./show >output
	cat >expected <<-'END'
		variable 3 A=1
		variable 12 B=two\040words=
		variable 2 C=
	END
	diff expected output
	same "$(HIDDEN=1 run ./show)" ""
}

# All bytes, in every place of a transfer, through a pipe and from a file.
case_input_binary() {
	build cat
	awk 'BEGIN { for (i = 0; i < 256; i++) printf "\\%03o", i }' >escapes
	printf "$(cat escapes)" >bytes
	printf '\020\020\004\020r\0201\020s\377\0000' >>bytes
	while [ "$(wc -c <bytes)" -lt 300000 ]; do
		cat bytes bytes >more
		mv more bytes
	done
	run ./cat <bytes >output
	cmp bytes output
	cat bytes | run ./cat | cat >output
	cmp bytes output
	for machine in pc q35; do
		head -c 9000 bytes | run --machine $machine ./cat >output
		head -c 9000 bytes | cmp - output
	done
}

case_input_ends() {
	build cat end
	same "$(run ./cat </dev/null)" ""
	same "$(run ./cat <&-)" ""
	same "$(printf 'no newline' | run ./cat)" "no newline"
	# An input that nobody writes to, and nobody reads, keeps nobody.
	mkfifo quiet
	exec 3<>quiet
	same "$(status run ./end return 3 <&3)" 3
}

# What the program does not read is there for the next one.
case_input_left() {
	build cat end
	printf 'one\ntwo\n' >lines
	{
		run ./end return 0
		read -r line
		same "$line" one
	} <lines
}

# in_terminal COMMAND: runs it on a terminal of its own; what is typed there
# comes from standard input.
in_terminal() {
	SHELL=/bin/sh script -qec "$1" /dev/null
}

case_terminal() {
	build cat end
	runner=$root/build/bin/whelk-run
	same "$(in_terminal "$runner ./end ttys" | tr -d '\r')" 111
	same "$(in_terminal "$runner ./end ttys </dev/null" | tr -d '\r')" 011
	# The terminal's own line editing: a character erased, end of file;
	# and its settings are what they were, during the run and after it.
	{
		sleep 1
		printf 'helx\177lo\n'
		sleep 1
		printf '\004'
		sleep 1
	} | in_terminal "stty -g >before; $runner ./cat >copy; \
		echo \$? >status; stty -g >after" >output
	same "$(cat status)" 0
	same "$(cat copy)" hello
	cmp before after
}

case_terminal_interrupt() {
	build cat
	{
		sleep 2
		printf '\003'
		sleep 1
	} | in_terminal "trap : INT; stty -g >before; \
		$root/build/bin/whelk-run ./cat; echo \$? >status; \
		stty -g >after" >output
	same "$(cat status)" 130
	cmp before after
}

# In the background of a terminal it is not stopped unless the program reads.
case_background() {
	build end
	in_terminal "set -m; $root/build/bin/whelk-run ./end return 5 & \
		wait \$!; echo \$? >status" </dev/null >output
	same "$(cat status)" 5
}

# Both streams into one file keep the program's order.
case_output_order() {
	build end
	run ./end order >output 2>&1
	i=0
	while [ $i -lt 100 ]; do
		printf 'out %d\nerr %d\n' $i $i
		i=$((i + 1))
	done >expected
	cmp expected output
	run ./end order 2>errors >output
	same "$(grep -c out output) $(grep -c err errors)" "100 100"
	same "$(wc -l <output) $(wc -l <errors)" "100 100"
}

case_output_closed() {
	build end
	{
		status=0
		run ./end yes || status=$?
		echo $status >status
	} | head -n 3 >output
	same "$(wc -l <output)" 3
	same "$(cat status)" 141
}

case_output_full() {
	build end
	status=0
	run ./end yes >/dev/full 2>errors || status=$?
	same $status 126
	grep -q 'standard output: No space left' errors
}

# The children of a process.
children() {
	grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d / -f 3
}

# Does a process run (a zombie does not)?
runs() {
	grep -s '^State:' "/proc/$1/status" | grep -qv 'Z (zombie)'
}

# However the runner ends, QEMU does not stay.
case_killed() {
	build end
	for signal in 1 2 9 15; do
		# sh starts background commands with SIGINT ignored
		env --default-signal=INT "$root/build/bin/whelk-run" \
			./end hang &
		pid=$!
		sleep 1
		qemu=$(children $pid)
		runs "$qemu"
		kill -$signal $pid
		status=0
		wait $pid || status=$?
		same $status $((128 + signal))
		sleep 0.3
		if runs "$qemu"; then
			fail "QEMU is left after signal $signal"
		fi
	done
}

# Each of these is reported with registers and a backtrace.
case_panics() {
	build end
	for way in null stack text data divide; do
		same "$way $(status run ./end $way)" "$way 125"
		grep -q '^whelk: ' errors || fail "$way: $(cat errors)"
		grep -qi 'rip.*<0x[0-9a-f]*>' errors || fail "$way: no registers"
		[ ! -s output ] || fail "$way: wrote on standard output"
	done
}

case_signals() {
	build end
	same "$(status run ./end abort)" 134
	for signal in 1 2 9 15 10; do
		same "$signal $(status run ./end raise $signal)" \
			"$signal $((128 + signal))"
	done
	same "$(status run ./end raise 17)" 0
}

case_symbols() {
	build end
	status run ./end null >status
	grep -q 'rip <.*> follow+0x[0-9a-f]* (.*end.c:[0-9]*)' errors ||
		fail "$(cat errors)"
	grep -q ' at <.*> follow+0x' errors || fail "$(cat errors)"
	grep -q '> main+0x.*end.c' errors || fail "$(cat errors)"
	strip end
	same "$(status run ./end null)" 125
	grep -qi 'rip.*<0x' errors
	if grep -q follow errors; then
		fail "a name without symbols"
	fi
}

case_files() {
	build cat
	printf 'first' >a
	head -c 9000000 /dev/urandom >b.bin
	: >empty
	same "$(run --file a ./cat /a)" first
	run --file b.bin:/deep/er/b --file=a:/deep/ --file empty ./cat \
		/deep/er/b /empty /deep/a >output
	cat b.bin a | cmp - output
	same "$(run --machine pc --file a:/x ./cat /x)" first
	same "$(run --machine q35 --file a:/x ./cat /x)" first
	# as much memory as the runner says it needs
	run --mem 1M --file b.bin ./cat /b.bin 2>errors || true
	need=$(sed 's/.*needs \([0-9]*K\).*/\1/' errors)
	run --mem "$need" --file b.bin ./cat /b.bin | cmp - b.bin
	mkdir d:
	cp a 'd:/a b'
	same "$(run --file 'd:/a b:/n m' ./cat '/n m')" first
}

case_files_refused() {
	build cat
	echo x >a
	mkdir d
	refused 126 'missing: No such file' --file missing ./cat
	refused 126 'd: not a regular file' --file d ./cat
	refused 126 'a:b: No such file' --file a:b ./cat
	refused 2 'not a plain absolute path' --file a:/x/../y ./cat
	refused 2 'not a plain absolute path' --file a:/x//y ./cat
	refused 2 '/a is there twice' --file a --file a ./cat
	refused 2 'a file and a directory' --file a:/x --file a:/x/y ./cat
	refused 2 'there twice' --file a:/x/y --file a:/x ./cat
	truncate -s 40M big
	refused 126 'too small .* for files' --mem 64M --file big ./cat
}

case_images_refused() {
	build cat
	refused 127 'missing: No such file' missing
	refused 127 'No such file' ''
	refused 126 'not a regular file' .
	: >empty
	refused 126 'an empty file' empty
	echo 'main(){}' >text
	refused 126 'not an ELF file' text
	refused 126 "an ordinary program" "$(command -v sleep)"
	refused 126 'a hosted program' "$root/build/hosted/simple"
	refused 126 'an object file' "$root/build/lib/fs.o"
	for size in 3 16 63 64 100 1000 5000 $(($(wc -c <cat) - 1)); do
		head -c "$size" cat >short
		refused 126 'truncated\|not an ELF' short
	done
	# another machine; another class
	cp cat other
	printf '\267' | dd of=other bs=1 seek=18 conv=notrunc 2>dd
	refused 126 'not for x86-64' other
	cp cat other
	printf '\001' | dd of=other bs=1 seek=4 conv=notrunc 2>dd
	refused 126 'not for x86-64' other
	if [ "$(id -u)" != 0 ]; then
		chmod 0 other
		refused 126 'Permission denied' other
	fi
}

case_options_refused() {
	refused 2 'unknown option --bogus' --bogus x
	refused 2 'unknown option -x' -x
	refused 2 'no program'
	refused 2 'no program' --
	refused 2 'no program' --mem 64M
	refused 2 '--mem needs a value' --mem
	refused 2 'not NAME=VALUE' --env A x
	refused 2 'not NAME=VALUE' --env =A x
	refused 2 'only kvm and tcg\|only kvm, tcg' --accel xen x
	refused 2 'only microvm' --machine sparc x
	refused 2 'takes no value' --trace=1 x
	for size in '' 64 M 64X 64MB 1.5G -1M ' 1M' 0x1M 99999999999999999999T; do
		refused 2 '--mem' --mem "$size" x
		refused 2 '--fs-size' --fs-size "$size" x
	done
	refused 2 '--fs-size' --fs-size 0M x
	for count in '' 63 0 K 1.5K -64 64B 0x100; do
		refused 2 '--fs-inodes' --fs-inodes "$count" x
	done
	run --help | grep -q '^usage: whelk run'
}

case_memory_refused() {
	build cat
	refused 126 'too small for ./cat: it needs' --mem 1M ./cat
	refused 126 'too small' --mem 0M ./cat
	refused 126 'more than this machine has' --mem 900T ./cat
}

case_qemu_refused() {
	build end
	mkdir bin
	RUN_PATH=$TEST_DIR/bin
	refused 127 'not installed.*apt-get install' ./end
	# one that ends at once, in several ways, and says nothing
	printf '#!/bin/sh\n. ./way\n' >bin/qemu-system-x86_64
	chmod +x bin/qemu-system-x86_64
	echo 'exit 1' >way
	refused 126 'QEMU failed' ./end
	echo 'kill -9 $$' >way
	refused 126 'ended by signal 9' ./end
	echo 'exit 0' >way
	refused 125 'was reset' ./end
	RUN_PATH=
	refused 126 'QEMU failed: .*bogus' --qemu-arg -bogus ./end
	if ! grep -q '^flags.* \(vmx\|svm\)' /proc/cpuinfo; then
		refused 126 '--accel kvm: ' --accel kvm ./end
	fi
}

case_fs_limits() {
	build fs_limits
	run --fs-size 1M --fs-inodes 1000 ./fs_limits >output
	printf '%s\n' '1048576 bytes, 1000 files' '1 1' | diff - output
	run --fs-size 64M --fs-inodes 2K ./fs_limits >output
	printf '%s\n' '67108864 bytes, 2048 files' '1 1' | diff - output
}

case_trace() {
	build cat
	echo x >a
	run --trace --file a ./cat /a >output 2>errors
	same "$(cat output)" x
	grep -q 'open.*"/a"' errors
	grep -q 'read(' errors
}

case_verbose() {
	build end
	same "$(status run --verbose --accel tcg ./end return 4)" 4
	grep -q '^accel: tcg$' errors
	grep -q "^qemu-system-x86_64 .* -append 'stdin=request" errors
	status run --verbose ./end >status
	grep -q '^accel: \(kvm$\|tcg (\)' errors
}

"case_$1"
