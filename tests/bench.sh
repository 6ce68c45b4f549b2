#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The measurements work: their programs print lines as they should on Linux and
# hosted, PostMark does the same on the back end that only copies; of known
# figures the summary, tables and plots are right. How fast anything is, is not
# looked at.
#
# cases: programs backends summary tables plot
set -eu

compile() {
	tools/whelk-cc --hosted -std=gnu11 -O2 -Wall -Wextra -Werror "$@"
}

# The figures that the summary, tables and plots are tried with.
figures() {
	cat <<-END
		# date: 2026-01-02 03:04 UTC
		# rounds: 4
		# cpu: Some Processor
		# kernel: Linux 1.2
		tmpfs,micro,stat,ns,300
		hosted,micro,stat,ns,40
		hosted,micro,stat,ns,10
		hosted,micro,stat,ns,30
		hosted,micro,stat,ns,20
		tmpfs,micro,pread_4k_same,ns,100
		hosted,micro,pread_4k_same,ns,200
		limit,micro,pread_4k_same,ns,1e2
		tmpfs,scale,create_10,ns,100
		hosted,scale,create_10,ns,10
		hosted,scale,create_100,ns,11
		tmpfs,threads,read_same_1,ops_s,1e6
		hosted,threads,read_same_1,ops_s,5e6
		tmpfs,postmark,default,cpu_s,2
		tmpfs,postmark,default,user_s,0.5
		hosted,postmark,default,cpu_s,0.5
		hosted,postmark,default,user_s,0.5
	END
}

case $1 in
programs)
	# threads and scale run as they are for seconds
	for program in micro memory; do
		compile -o "$TEST_DIR/$program" "bench/$program.c"
		"$TEST_DIR/$program" /bench quick >"$TEST_DIR/lines"
		[ -s "$TEST_DIR/lines" ]
		if grep -vE '^(micro|memory),[a-z0-9_]+,(ns|B),[0-9.e+]+$' \
			"$TEST_DIR/lines"; then
			exit 1
		fi
	done
	for program in scale limits threads; do
		compile -o "$TEST_DIR/$program" "bench/$program.c"
		status=0
		"$TEST_DIR/$program" 2>"$TEST_DIR/usage" || status=$?
		[ "$status" = 2 ]
		grep -q '^usage: .*/'"$program"' DIRECTORY' "$TEST_DIR/usage"
	done
	"$TEST_DIR/scale" /bench 100 | grep '^scale,lookup_100,ns,[0-9.]*$'
	;;
backends)
	printf 'set %s\n' 'number 500' 'transactions 2000' 'seed 42' \
		'subdirectories 10' 'buffering false' 'location /tmp' \
		>"$TEST_DIR/in"
	printf 'run\nset buffering true\nrun\nquit\n' >>"$TEST_DIR/in"
	bench/postmark-link nullfs "$TEST_DIR/postmark"
	"$TEST_DIR/postmark" <"$TEST_DIR/in" >"$TEST_DIR/nullfs"
	build/hosted/postmark <"$TEST_DIR/in" >"$TEST_DIR/hosted"
	for name in nullfs hosted; do
		sed -n '/^Files:/,/written/s/ (.*//p' "$TEST_DIR/$name" \
			>"$TEST_DIR/$name.counts"
	done
	[ "$(wc -l <"$TEST_DIR/nullfs.counts")" -ge 10 ]
	cmp "$TEST_DIR/nullfs.counts" "$TEST_DIR/hosted.counts"
	;;
summary)
	figures >"$TEST_DIR/raw"
	bench/summary "$TEST_DIR/raw" >"$TEST_DIR/csv"
	grep -x '# rounds: 4' "$TEST_DIR/csv"
	sed 1,4d "$TEST_DIR/csv" | head -n 3 >"$TEST_DIR/first"
	cmp "$TEST_DIR/first" - <<-END
		subject,group,case,unit,n,median,q1,q3,min,max
		tmpfs,micro,stat,ns,1,300,300,300,300,300
		hosted,micro,stat,ns,4,25,17.5,32.5,10,40
	END
	echo 'hosted,micro,stat,ns,fast' >>"$TEST_DIR/raw"
	if bench/summary "$TEST_DIR/raw" 2>"$TEST_DIR/error" >"$TEST_DIR/csv"; then
		exit 1
	fi
	grep 'not a line of measurements: 22:hosted,micro,stat,ns,fast' \
		"$TEST_DIR/error"
	;;
tables)
	figures >"$TEST_DIR/raw"
	bench/summary "$TEST_DIR/raw" >"$TEST_DIR/csv"
	bench/tables "$TEST_DIR/csv" >"$TEST_DIR/tables"
	cat "$TEST_DIR/tables"
	# with the ratio; what is slower is marked
	grep '^stat  *25.0  *300.0  *- .*12.00x  *-  *12.00x$' "$TEST_DIR/tables"
	grep '^pread_4k_same .* 0.50x  *0.50x  *0.50x <$' "$TEST_DIR/tables"
	grep '^read_same_1 .* 5.00x$' "$TEST_DIR/tables"
	grep '^stat  *>=  *12  *12.00$' "$TEST_DIR/tables"
	grep '^pread of .*, ns more than memcpy  *<=  *20  *100.00 < not reached$' \
		"$TEST_DIR/tables"
	;;
plot)
	if ! command -v gnuplot; then
		echo "there is no gnuplot (whelk bench installs it)"
		exit 77
	fi
	figures >"$TEST_DIR/raw"
	bench/summary "$TEST_DIR/raw" >"$TEST_DIR/figures.csv"
	bench/plot "$TEST_DIR/figures.csv" >"$TEST_DIR/out" 2>&1 || status=$?
	cat "$TEST_DIR/out"
	[ "${status:-0}" = 0 ]
	# not a warning
	[ ! -s "$TEST_DIR/out" ]
	for name in calls data limit scale-directory threads postmark; do
		[ -s "$TEST_DIR/plots/$name.svg" ]
		[ "$(dd bs=4 count=1 if="$TEST_DIR/plots/$name.png" 2>/dev/null |
			tail -c 3)" = PNG ]
	done
	grep 'stat' "$TEST_DIR/plots/calls.svg"
	[ ! -e "$TEST_DIR/plots/memory.svg" ]
	;;
esac
