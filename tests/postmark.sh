#!/bin/sh
# SPDX-License-Identifier: MIT
#
# PostMark, small: its own counts (files created, read, appended, deleted,
# bytes) are equal on Linux, hosted and in the guest, of the same seed; from a
# configuration file and from its prompt.
#
# cases: unbuffered buffered
set -eu
root=$(pwd)
cd "$TEST_DIR"

mkdir work
cat >settings <<-END
	set seed 42
	set number 500
	set transactions 2000
	set subdirectories 10
	set read 4096
	set write 4096
	set buffering $([ "$1" = buffered ] && echo true || echo false)
END
{
	echo "set location $TEST_DIR/work"
	cat settings
	printf 'show\nrun\nquit\n'
} >here.pm
{
	echo "set location /tmp"
	cat settings
	printf 'show\nrun\nquit\n'
} >tmp.pm

# The counts of a report, without the rates that stand behind them.
counts() {
	sed -n '/^Files:/,/written/s/ (.*//p' "$1"
}

"$root/build/linux/postmark" here.pm >linux
"$root/build/hosted/postmark" <tmp.pm >hosted
"$root/build/bin/whelk-run" --file tmp.pm:/tmp.pm \
	"$root/build/guest/postmark" /tmp.pm >guest
"$root/build/bin/whelk-run" "$root/build/guest/postmark" \
	<tmp.pm >prompt

for home in linux hosted guest prompt; do
	counts $home >$home.counts
done
cat linux.counts
lines=$(grep -c '[0-9] \(created\|read\|appended\|deleted\|megabytes\)' \
	linux.counts)
[ "$lines" = 6 ]
diff linux.counts hosted.counts
diff linux.counts guest.counts
diff linux.counts prompt.counts
