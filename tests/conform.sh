#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What files do as on Linux: each program in tests/conform makes system calls
# and says what came of them. Linux, on tmpfs and as root, is right; hosted and
# in the guest the program must say the same.
#
# cases: names open rename fds rw seek list attr times dev at stdio
# cases: random process memory allocate tmpfile mknod proc pipes fifos
# cases: poll locks limits inotify cred xattr
# cases: mmap mmap_random copy clone
# cases: fault
set -eu
root=$(pwd)
conform=$root/tests/conform
cd "$TEST_DIR"

if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then
	exec sudo -n env TEST_DIR="$TEST_DIR" sh "$root/tests/conform.sh" "$@"
fi
if [ "$(id -u)" != 0 ]; then
	echo "Linux has to be asked as root, as which Whelk's programs run"
	exit 77
fi
if ! chroot / true; then
	echo "chroot is not allowed here"
	exit 77
fi
if [ "$(stat -f -c %T /dev/shm)" != tmpfs ]; then
	echo "no tmpfs in /dev/shm to compare with"
	exit 77
fi

# What they do wrong, they do on purpose.
build() {
	out=$1
	shift
	"$@" -std=c11 -O1 -D_GNU_SOURCE -Wall -Wextra -Werror \
		-Wno-nonnull -Wno-stringop-overflow \
		-Wno-stringop-overread -o "$out" "$conform/$case.c" \
		"$conform/transcript.c" "$conform/errors.c"
}

case=$1
build linux gcc
build hosted "$root/tools/whelk-cc" --hosted
build guest "$root/tools/whelk-cc"

fresh=$(mktemp -d /dev/shm/whelk-conform.XXXXXX)
trap 'umount "$fresh" 2>/dev/null || :; rm -rf "$fresh" xfs' EXIT
# What tmpfs does not have.
if [ "$case" = clone ]; then
	command -v mkfs.xfs >/dev/null || {
		echo "no mkfs.xfs, for an XFS to compare with"
		exit 77
	}
	truncate -s 400M xfs
	if ! mkfs.xfs -q -m reflink=1 xfs || ! mount -o loop xfs "$fresh"; then
		echo "an XFS cannot be mounted here to compare with"
		exit 77
	fi
fi
./linux "$fresh" >linux.out
./hosted >hosted.out
"$root/build/bin/whelk-run" guest >guest.out

[ -s linux.out ]
same=true
diff linux.out hosted.out || same=false
diff linux.out guest.out || same=false
$same
