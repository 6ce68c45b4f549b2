#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Shares of the host: what programs do below /host in the guest is what they do
# in a directory on Linux, and the directory is then the same; nothing outside
# can be reached; PostMark runs there; and what the runner refuses.
#
# cases: microvm q35 pc random facts escape readonly postmark lost options
# long cases: random_long
set -eu
root=$(pwd)
if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then
	exec sudo -n env TEST_DIR="$TEST_DIR" sh tests/share.sh "$@"
fi
cd "$TEST_DIR"
flags='-std=c11 -O1 -D_GNU_SOURCE -Wall -Wextra -Werror'

fail() {
	echo "$*"
	exit 1
}

run() {
	"$root/build/bin/whelk-run" "$@"
}

# build NAME...: programs of tests/share, for the guest
build() {
	for name; do
		# shellcheck disable=SC2086
		"$root/tools/whelk-cc" $flags -o "$name" \
			"$root/tests/share/$name.c" \
			"$root/tests/conform/errors.c"
	done
}

# All that there is to see of a directory, but for times that nobody set.
tree() {
	(cd "$1" && find . -printf '%p %y %m %U %G %n %l\n' | LC_ALL=C sort &&
		find . -type f -exec cksum {} + | LC_ALL=C sort)
}

# random SEED CALLS [OPTION...]: the same calls on Linux and in the guest
random() {
	seed=$1 calls=$2
	shift 2
	chmod -fR u+rwx linux.d guest.d || :
	rm -rf linux.d guest.d
	mkdir linux.d guest.d
	./linux "$PWD/linux.d" "$seed" "$calls" >linux.out
	run "$@" --share guest.d random /host "$seed" "$calls" >guest.out
	diff linux.out guest.out || fail "seed $seed differs"
	tree linux.d >linux.tree
	tree guest.d >guest.tree
	diff linux.tree guest.tree || fail "seed $seed left something else"
}

random_build() {
	if [ "$(id -u)" != 0 ]; then
		echo "Linux has to be asked as root, as which Whelk's programs run"
		exit 77
	fi
	build random
	# shellcheck disable=SC2086
	gcc $flags -o linux "$root/tests/share/random.c" \
		"$root/tests/conform/errors.c"
}

# A directory with things to see; a secret lies beside it.
directory() {
	mkdir -p share/dir share/etc
	echo secret >secret
	printf inside >share/file
	ln -s /tmp/outside/secret share/absolute
	ln -s ../tmp/outside/secret share/relative
	ln -s ../file share/dir/up
	ln -s loop share/loop
}

case $1 in
microvm | q35 | pc)
	random_build
	random 7 1500 --machine "$1"
	;;
random)
	random_build
	seed=$(date +%s)
	for n in 1 2 3 4 5 6; do
		random $((seed + n)) 2000
	done
	;;
random_long)
	random_build
	seed=$(date +%s)
	for n in $(seq 100); do
		random $((seed + n)) 20000
	done
	;;
facts)
	build facts
	for part in between names renamed many contents refused; do
		rm -rf share
		directory
		run --share share facts $part
	done
	;;
escape)
	build facts
	directory
	run --share share facts links
	[ "$(cat secret)" = secret ]
	;;
readonly)
	build facts
	directory
	tree share >before
	run --share share:ro facts readonly
	tree share | diff before -
	;;
postmark) # its counts are those of the same run in memory
	mkdir share
	for dir in /tmp /host; do
		printf 'set %s\n' "location $dir" 'seed 42' 'number 200' \
			'transactions 500' 'subdirectories 5' \
			'buffering false' >settings
		printf 'run\nquit\n' >>settings
		run --share share "$root/build/guest/postmark" <settings \
			>out
		sed -n '/^Files:/,/written/s/ (.*//p' out >"counts.${dir#/}"
	done
	cat counts.host
	[ "$(wc -l <counts.host)" -gt 5 ]
	diff counts.tmp counts.host
	[ -z "$(ls share)" ]
	;;
lost) # a guest that was promised a server; and one with another tag
	build facts
	mkdir share
	run --share share --qemu-arg -global \
		--qemu-arg virtio-mmio.force-legacy=true facts lost \
		2>errors || fail "$(cat errors)"
	cat errors
	grep -q '^whelk: /host is lost: ' errors
	[ "$(wc -l <errors)" = 1 ]
	;;
options)
	mkdir 'a, b:c' share
	touch file
	refused() {
		want=$1 pattern=$2 status=0
		shift 2
		run "$@" >output 2>errors || status=$?
		[ $status = "$want" ] || fail "$*: ended with $status"
		[ "$(wc -l <errors)" = 1 ]
		grep -q "^whelk run: .*$pattern" errors || fail "$(cat errors)"
		[ ! -s output ]
	}
	simple=$root/build/guest/simple
	refused 126 'missing: No such file' --share missing "$simple"
	refused 126 'file: not a directory' --share file:ro "$simple"
	refused 2 'only one' --share share --share share "$simple"
	refused 2 'needs a value' --share
	build facts
	printf inside >'a, b:c/file'
	printf inside >share/file
	run --share 'a, b:c' facts refused
	run --share "$PWD/share" facts refused
	mkdir bin
	cat >bin/qemu-system-x86_64 <<-'END'
		#!/bin/sh
		echo "qemu-system-x86_64: -fsdev: there is no option group 'fsdev'" >&2
		exit 1
	END
	chmod +x bin/qemu-system-x86_64
	PATH=$PWD/bin:$PATH refused 126 "fsdev" --share share "$simple"
	;;
esac
