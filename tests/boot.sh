#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A guest boots on every machine type, with little memory, and at once; its image
# is small.
#
# cases: microvm q35 pc small large image_size early
set -eu
root=$(pwd)
cd "$TEST_DIR"

boots() {
	"$root/build/bin/whelk-run" "$@" "$root/build/guest/simple" >output
	"$root/build/linux/simple" | diff - output
}

case $1 in
small)
	boots --mem 8M
	boots --mem 8M --machine pc
	# what the runner says that it needs
	"$root/build/bin/whelk-run" --mem 1M "$root/build/guest/simple" \
		2>errors || true
	need=$(sed 's/.*needs \([0-9]*\)K.*/\1/' errors)
	[ "$need" -lt 4096 ]
	boots --mem "${need}K"
	boots --mem "${need}K" --machine pc
	;;
large) # memory above 4 GiB, on the other side of the devices' addresses
	if [ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" -lt 6291456 ]; then
		echo "this machine has less than 6 GiB of memory"
		exit 77
	fi
	boots --mem 6G
	boots --mem 6G --machine q35
	;;
image_size)
	size=$(stat -c %s "$root/build/guest/simple")
	echo "the image has $size bytes"
	[ "$size" -le 262144 ]
	;;
early) # from the entry to main, and the same again
	(cd "$root" && bench/guests "$TEST_DIR/raw" boot)
	cat raw
	[ "$(sed -n 's/.*,entry_to_main,instructions,//p' raw |
		sort -u)" -lt 500000 ]
	;;
*) boots --machine "$1" ;;
esac
