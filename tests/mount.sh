#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The file system mounted on Linux by `whelk mount`: ordinary programs work on
# it, what they see is what they see on tmpfs, and it ends without having lost
# anything. (As it ends it checks itself, and that all memory is free again: see
# its exit status.)
#
# cases: usage ends copy git sqlite make many full unlinked holes permissions
# cases: attributes shared
# cases: conform_paths conform conform_paths_no_cache conform_no_cache
# long cases: stress verify python
set -eux
root=$(pwd)
cd "$TEST_DIR"
mount=$root/build/bin/whelk-mount
mnt=$TEST_DIR/mnt
server=

skip() {
	echo "$*"
	exit 77
}

[ -x "$mount" ] || skip "whelk-mount is not built: no libfuse3 here"

mounted() {
	grep -q " $mnt fuse" /proc/mounts
}

clean_up() {
	! mounted || umount -l "$mnt" || true
	[ -z "${fresh:-}" ] || rm -rf "$fresh"
}
trap clean_up EXIT
trap 'exit 1' TERM INT

# begin OPTION...: mounts on $mnt; the server's exit status will be looked at.
begin() {
	[ "$(id -u)" = 0 ] || skip "mounting, and other users, need root"
	mkdir -p "$mnt"
	(: <>/dev/fuse) 2>/dev/null || skip "/dev/fuse cannot be used here"
	"$mount" -f "$@" "$mnt" 2>server.err &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		! mounted || return 0
		sleep 0.1
	done
	cat server.err
	kill $server
	! grep -i 'not permitted\|permission denied' server.err ||
		skip "mounting is not permitted here"
	return 1
}

# The end of the server, which must be a good one.
ended() {
	status=0
	wait $server || status=$?
	cat server.err
	[ $status = 0 ]
	[ ! -s server.err ]
}

end() {
	cd "$TEST_DIR"
	umount "$mnt"
	ended
}

# Waits until a command succeeds: what is unlinked is freed a little later.
soon() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! "$@" || return 0
		sleep 0.2
	done
	return 1
}

free_blocks() {
	stat -f -c %f "$mnt"
}

free_nodes() {
	stat -f -c %d "$mnt"
}

free_again() {
	[ "$(free_blocks)" = "$1" ] && [ "$(free_nodes)" = "$2" ]
}

# refused STATUS WORD ARGUMENT...: with that status and one line that has WORD.
refused() {
	expected=$1 word=$2
	shift 2
	status=0
	"$mount" "$@" >out 2>err || status=$?
	[ $status = "$expected" ]
	[ ! -s out ]
	[ "$(wc -l <err)" = 1 ]
	grep -q "^whelk mount: .*$word" err
}

usage() {
	mkdir "$mnt"
	"$mount" --help | grep -q '^usage: whelk mount '
	refused 2 'no directory'
	refused 2 'unknown option --sise' --sise=1M "$mnt"
	refused 2 'needs a value' --size
	refused 2 'one directory' "$mnt" "$mnt"
	for size in '' x 1.5M 12Q -1 64MB; do
		refused 2 'not a number' --size "$size" "$mnt"
		refused 2 'not a number' "--inodes=$size" "$mnt"
	done
	refused 2 'nothing' --size 0 "$mnt"
	refused 2 'too much' --size 99999999999999999999 "$mnt"
	refused 2 'too much' --size 17T "$mnt"
	refused 2 'not a number' --inodes 1K "$mnt"
	refused 1 'No such file' missing
	: >file
	refused 1 'not a directory' file
}

# However it ends, it ends well.
ends() {
	begin --size 64M
	cp -r "$root/fs" "$mnt"
	end

	begin --size 64M --no-cache
	cp -r "$root/fs" "$mnt"
	fusermount3 -u "$mnt"
	ended

	# by a signal, with files open
	begin --size 64M
	exec 3<>"$mnt/open"
	echo text >&3
	rm "$mnt/open"
	kill $server
	ended
	exec 3<&-
	! mounted || exit 1

	# unmounted while it is used: served until it is not
	begin --size 64M
	exec 3<>"$mnt/open"
	echo text >&3
	! umount "$mnt" || exit 1
	umount -l "$mnt"
	[ "$(cat /proc/self/fd/3)" = text ]
	exec 3<&-
	ended

	# by itself in the background
	"$mount" --size 10M --inodes 7 "$mnt"
	mounted
	[ "$(df --output=size,itotal "$mnt" | tail -n 1 | xargs)" = \
		"10240 7" ]
	umount "$mnt"
}

# Trees come through whole: contents, modes, owners, times, links, holes.
copy() {
	begin --size 256M
	mkdir tree
	cp -a "$root/fs" "$root/tests" tree/
	(
		cd tree
		ln -s fs/fs.h link
		ln -s nowhere dangling
		ln fs/fs.h hard
		mkdir -m 2775 setgid
		mkdir -p empty/deep/er
		: >nothing
		truncate -s 100M sparse
		mkfifo fifo
		name=$(printf '%0255d' 0)
		echo long >"$name"
		printf 'x' >'white space
and more*'
		chown 12:34 nothing
		chown -h 56:78 link
		chmod 6755 nothing
		touch -d '1969-12-31 23:59:58.000000001 UTC' nothing
		touch -h -d '2400-01-01 00:00:00.987654321 UTC' dangling
	)
	cp -a tree "$mnt/copied"
	rsync -aHAS tree/ "$mnt/synced"
	mkdir "$mnt/untarred"
	tar -C tree -cf - . | tar -C "$mnt/untarred" -xpf - 2>/dev/null
	for copy in copied synced untarred; do
		rsync -aHn --checksum --delete --itemize-changes tree/ \
			"$mnt/$copy" >differences
		[ ! -s differences ]
		diff -r --no-dereference tree "$mnt/$copy" >differences || true
		! grep -v 'fifo' differences || exit 1
	done
	[ "$(stat -c %b "$mnt/synced/sparse")" = 0 ]
	# and back again
	rsync -aH "$mnt/copied/" back
	rsync -aHn --checksum --delete --itemize-changes tree/ back >differences
	[ ! -s differences ]
	(cd tree && find . -printf '%P %m %U %G %n %T@ %l %y\n' | sort) >expected
	(cd "$mnt/copied" && find . -printf '%P %m %U %G %n %T@ %l %y\n' |
		sort) >found
	diff expected found
	find "$mnt" -newer tree/nothing -type d -name fs -ls | wc -l |
		grep -qx 3
	du -s "$mnt"
	rm -r "$mnt/copied" "$mnt/synced" "$mnt/untarred"
	end
}

git() {
	begin --size 256M
	export HOME="$mnt" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a \
		GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a \
		GIT_COMMITTER_EMAIL=a@b
	cp -r "$root/tests" "$mnt/work"
	cd "$mnt/work"
	command git init -q
	command git add .
	command git commit -qm first
	command git mv unit moved
	echo more >>mount.sh
	command git commit -qam second
	command git checkout -qb other HEAD~1
	echo other >new
	command git add new
	command git commit -qm third
	command git merge -q -m merged master ||
		command git merge -q -m merged main
	[ -z "$(command git status --porcelain)" ]
	command git gc -q
	command git fsck --strict
	cd "$mnt"
	command git clone -q work local
	command git clone -q --no-local work remote
	diff -r -x .git work remote
	command git -C remote fsck --full
	command git -C local repack -qad
	cd "$TEST_DIR"
	command git clone -q --no-local "$mnt/work" outside
	diff -r -x .git "$mnt/work" outside
	end
}

# Two writers at a time, in both of SQLite's ways to keep a journal; the second
# shares memory by a mapped file.
sqlite() {
	begin --size 256M
	for journal in delete wal; do
		db=$mnt/$journal.db
		sqlite3 "$db" "PRAGMA journal_mode=$journal;
			CREATE TABLE t (id INTEGER PRIMARY KEY, who, text);
			CREATE INDEX by_text ON t (text);"
		for who in 1 2; do
			for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
				echo "BEGIN IMMEDIATE;
				WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
					SELECT i + 1 FROM n WHERE i < 300)
				INSERT INTO t (who, text) SELECT $who,
					hex(randomblob(100)) FROM n;
				DELETE FROM t WHERE id % 7 = $i % 7;
				COMMIT;"
			done | sqlite3 -cmd '.timeout 60000' "$db" &
			eval "writer$who=$!"
		done
		wait "$writer1"
		wait "$writer2"
		[ "$(sqlite3 "$db" 'PRAGMA integrity_check')" = ok ]
		[ "$(sqlite3 "$db" 'PRAGMA mmap_size=100000000;
			SELECT max(id) > 7000 FROM t' | tail -n 1)" = 1 ]
		sqlite3 "$db" VACUUM
		cp "$db" outside.db
		[ "$(sqlite3 outside.db 'PRAGMA integrity_check')" = ok ]
	done
	end
}

# Several makes, each with several compilers.
make() {
	begin --size 256M
	for tree in a b c; do
		mkdir "$mnt/$tree"
		for i in 1 2 3 4 5 6 7 8 9 10; do
			echo "int f$i(void) { return $i; }" >"$mnt/$tree/$i.c"
		done
		{
			echo "int main(void) { return 0; }"
		} >"$mnt/$tree/main.c"
		printf '%s\n' 'all: program' \
			'%.o: %.c; gcc -c -o $@ $<' \
			'program: $(patsubst %.c,%.o,$(wildcard *.c))' \
			'	gcc -o $@ $^' >"$mnt/$tree/Makefile"
	done
	unset MAKEFLAGS MFLAGS
	for tree in a b c; do
		command make -s -C "$mnt/$tree" -j3 &
		eval "make_$tree=$!"
	done
	# shellcheck disable=SC2154
	wait "$make_a" && wait "$make_b" && wait "$make_c"
	for tree in a b c; do
		"$mnt/$tree/program"
		command make -s -C "$mnt/$tree" -q
	done
	cmp "$mnt/a/program" "$mnt/b/program"
	end
}

# A directory with many files: listed whole, also while it shrinks.
many() {
	begin --inodes 60000
	blocks=$(free_blocks) nodes=$(free_nodes)
	mkdir "$mnt/d"
	cd "$mnt/d"
	seq 1 50000 | xargs touch
	seq 1 50000 | sort >"$TEST_DIR/expected"
	ls -U | sort | cmp - "$TEST_DIR/expected"
	find . -type f -size 0 | wc -l | grep -qx 50000
	ls -lU | wc -l | grep -qx 50001
	# removes what it lists, while it does
	find . -name '*[13579]' -delete
	ls -U | wc -l | grep -qx 25000
	for i in 2 4 6 8; do
		mv $i renamed.$i
	done
	ls -U | wc -l | grep -qx 25000
	cd "$TEST_DIR"
	rm -r "$mnt/d"
	soon free_again "$blocks" "$nodes"
	end
}

# Full is full, says so, and deleting frees all of it.
full() {
	begin --size 8M --inodes 100
	blocks=$(free_blocks) nodes=$(free_nodes)
	[ "$blocks" = 2048 ]
	for _ in 1 2 3 4 5; do
		! dd if=/dev/zero of="$mnt/f" bs=300000 2>err || exit 1
		grep -q 'No space left' err
		[ "$(free_blocks)" = 0 ]
		[ "$(stat -c %s "$mnt/f")" = 8388608 ]
		! cp "$root/README.md" "$mnt/g" 2>/dev/null || exit 1
		truncate -s 1M "$mnt/f"
		cp "$root/README.md" "$mnt/g"
		cmp "$root/README.md" "$mnt/g"
		rm "$mnt/f" "$mnt/g"
		soon free_again "$blocks" "$nodes"
		! touch $(seq -f "$mnt/%g" 1 200) 2>/dev/null || exit 1
		[ "$(free_nodes)" = 0 ]
		[ "$(ls "$mnt" | wc -l)" = 99 ]
		! mkdir "$mnt/d" 2>err || exit 1
		grep -q 'No space left' err
		! ln "$mnt/1" "$mnt/link" 2>err || exit 1
		grep -q 'No space left' err
		rm "$mnt"/*
		soon free_again "$blocks" "$nodes"
	done
	end
}

# What is open is there, whatever happened to its names.
unlinked() {
	begin --size 64M
	blocks=$(free_blocks) nodes=$(free_nodes)
	exec 3<>"$mnt/f"
	echo hello >&3
	ln "$mnt/f" "$mnt/g"
	rm "$mnt/f"
	[ "$(stat -L -c %h /proc/self/fd/3)" = 1 ]
	rm "$mnt/g"
	[ "$(stat -L -c %h /proc/self/fd/3)" = 0 ]
	echo world >&3
	[ "$(cat /proc/self/fd/3)" = "hello
world" ]
	head -c 1000000 /dev/zero >&3
	[ "$(free_blocks)" -lt "$blocks" ]
	[ "$(free_nodes)" = $((nodes - 1)) ]
	exec 3<&-
	soon free_again "$blocks" "$nodes"
	# a directory too
	mkdir "$mnt/d"
	(
		cd "$mnt/d"
		rmdir "$mnt/d"
		[ -z "$(ls -a)" ]
		! touch f || exit 1
	)
	soon free_again "$blocks" "$nodes"
	end
}

# Space is reserved, given back and found.
holes() {
	begin --size 4M
	cd "$mnt"
	blocks=$(free_blocks)
	fallocate -l 1M f
	[ "$(stat -c '%s %b' f)" = '1048576 2048' ]
	[ "$(free_blocks)" = $((blocks - 256)) ]
	! fallocate -l 5M g 2>err || exit 1
	[ "$(stat -c '%s %b' g)" = '0 0' ]
	fallocate -n -o 1M -l 1M f
	[ "$(stat -c '%s %b' f)" = '1048576 4096' ]
	head -c 1M /dev/urandom >random
	dd if=random of=f conv=notrunc status=none
	cmp f random
	fallocate -p -o 5000 -l 100000 f
	[ "$(stat -c '%s %b' f)" = '1048576 3912' ]
	fallocate -z -o 200000 -l 1 f
	head -c 100000 /dev/zero |
		dd of=random bs=1000 seek=5 conv=notrunc status=none
	printf '\0' | dd of=random bs=1 seek=200000 conv=notrunc status=none
	cmp f random
	cp --sparse=never f full
	[ "$(stat -c %b full)" = 2048 ]
	fallocate -d full
	cmp full random
	[ "$(stat -c %b full)" = 1864 ]
	! fallocate -c -o 0 -l 4096 f 2>err || exit 1
	end
}

# All extended attributes of a tree.
attributes_of() {
	(cd "$1" && find . | sort | xargs getfattr -h -d -m - -e hex)
}

# Extended attributes go where files go, and are gone with them.
attributes() {
	command -v setfattr >/dev/null || skip "attr is not installed"
	begin --size 64M
	blocks=$(free_blocks) nodes=$(free_nodes)
	mkdir -p "$mnt/tree/directory"
	cd "$mnt/tree"
	echo text >file
	ln -s file link
	ln file hard
	setfattr -n user.text -v 'some text' file
	setfattr -n user.empty file
	setfattr -n user.large -v "$(printf '%060000d' 0)" file
	setfattr -n "user.$(printf '%0250d' 0)" -v 0x00ff0a directory
	setfattr -n trusted.one -v 1 directory
	setfattr -h -n trusted.one -v 1 link
	cd "$TEST_DIR"
	attributes_of "$mnt/tree" >expected
	[ "$(grep -c '^user\|^trusted' expected)" = 9 ]
	cp -a "$mnt/tree" "$mnt/copied"
	rsync -aHX "$mnt/tree/" "$mnt/synced"
	mkdir "$mnt/untarred"
	tar -C "$mnt/tree" --xattrs -cf - . | tar -C "$mnt/untarred" --xattrs \
		--xattrs-include='*' -xpf -
	for copy in copied synced untarred; do
		attributes_of "$mnt/$copy" | diff expected -
		rsync -aHXn --delete --itemize-changes "$mnt/tree/" \
			"$mnt/$copy" >differences
		[ ! -s differences ]
	done
	setfattr -n user.text -v other "$mnt/copied/file"
	setfattr -x user.large "$mnt/copied/file"
	[ "$(getfattr --only-values -n user.text "$mnt/copied/hard")" = other ]
	! setfattr -x user.large "$mnt/copied/hard" 2>err || exit 1
	grep -q 'No such attribute' err
	rm -r "$mnt"/*
	soon free_again "$blocks" "$nodes"
	end
}

# Memory that the server has, in KiB.
server_memory() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server/status"
}

# A copy shares its pages with the original until one of them is written to, but
# takes as much of the space as any file.
shared() {
	begin --size 128M
	blocks=$(free_blocks) nodes=$(free_nodes)
	head -c 50000001 /dev/urandom >original
	cp original "$mnt/original"
	before=$(server_memory)
	cp --reflink=auto "$mnt/original" "$mnt/copy"
	[ $(($(server_memory) - before)) -lt 10000 ]
	[ "$(free_blocks)" = $((blocks - 2 * 12208)) ]
	cmp original "$mnt/copy"
	# what is in the kernel's pages goes too
	for at in 0 4095 30000000 50000000; do
		printf 'changed' | dd of="$mnt/copy" bs=1 seek=$at \
			conv=notrunc status=none
	done
	cmp original "$mnt/original"
	cp "$mnt/copy" changed
	cp --reflink=auto "$mnt/copy" "$mnt/original"
	cmp changed "$mnt/original"
	[ "$(cmp -l original changed | wc -l)" -le 28 ]
	! cp --reflink=auto "$mnt/copy" "$mnt/third" 2>err || exit 1
	grep -q 'No space left' err
	cmp -n "$(stat -c %s "$mnt/third")" changed "$mnt/third"
	rm "$mnt/original" "$mnt/third"
	cmp changed "$mnt/copy"
	rm "$mnt/copy"
	soon free_again "$blocks" "$nodes"
	end
}

# try USER GROUPS COMMAND: as another user, in the directory that is tested;
# says what came of it.
try() {
	if [ -n "$2" ]; then
		option=--groups=$2
	else
		option=--clear-groups
	fi
	setpriv --reuid="$1" --regid="$1" "$option" sh -c "$3" 2>said &&
		status=0 || status=$?
	echo "$1 $2 $3: $status $(sed 's/.*: //' said)"
}

try_all() {
	mkdir -m 755 top
	cd top
	mkdir -m 1777 sticky
	mkdir -m 2775 shared
	chgrp 500 shared
	mkdir -m 711 private
	echo secret >private/known
	chmod 640 private/known
	chown 1001:500 private/known
	for who in '1001 ' '1002 500' '1003 ' '1002 501,500,502'; do
		user=${who% *} groups=${who#* }
		for command in 'cat private/known' 'ls private' \
			'echo x >>private/known' "touch sticky/$user.$groups" \
			'rm -f sticky/1001.' 'mv sticky/1002.500 sticky/x' \
			"mkdir -p shared/$user" "touch shared/$user/f" \
			"chmod 2777 shared/$user" "chgrp 500 shared/$user/f" \
			"chown 0 shared/$user/f" "chmod 700 private" \
			'touch -d yesterday private/known' \
			'touch private/known' "ln private/known sticky/l" \
			'cp /bin/true sticky/true' 'sticky/true' \
			'chmod 6755 sticky/true' 'echo >>sticky/true' \
			'truncate -s 0 sticky/true' "test -w private/known" \
			"test -x private" "rm -rf shared/1001"; do
			try "$user" "$groups" "$command"
			stat -c '%n %A %u %g %h' private/known sticky/* \
				shared/* shared/*/* 2>/dev/null || true
		done
		chmod 6777 sticky/true
	done
	cd ..
}

# Users are kept apart as on tmpfs, by the kernel and, without cache, by fs/.
permissions() {
	[ "$(stat -f -c %T /dev/shm)" = tmpfs ] ||
		skip "no tmpfs in /dev/shm to compare with"
	begin --size 64M
	fresh=$(mktemp -d /dev/shm/whelk-mount.XXXXXX)
	chmod 755 "$fresh"
	(cd "$fresh" && try_all) >expected
	grep -q '^1002 500 cat private/known: 0' expected
	grep -q '^1003  cat private/known: 1 Permission denied' expected
	chmod 755 "$TEST_DIR"
	(cd "$mnt" && try_all) >found
	diff expected found
	end
	begin --size 64M --no-cache
	(cd "$mnt" && try_all) >found
	diff expected found
	end
}

# The programs of tests/conform say the same on a mount as on tmpfs, but for
# what the kernel does itself where FUSE is concerned: it tells no time of birth
# and no attributes of statx(2), finds data and holes in directories, updates no
# atime for pages it has, says no more than 64 KiB of the length of extended
# attributes' names, does not tell whether who lists them has root's capabilities,
# and frees what was unlinked a little later.
conform_with() {
	cases=$1
	shift
	[ "$(stat -f -c %T /dev/shm)" = tmpfs ] ||
		skip "no tmpfs in /dev/shm to compare with"
	for case in $cases; do
		gcc -std=c11 -O1 -D_GNU_SOURCE -w -o conform \
			"$root/tests/conform/$case.c" \
			"$root/tests/conform/transcript.c" \
			"$root/tests/conform/errors.c"
		fresh=$(mktemp -d /dev/shm/whelk-mount.XXXXXX)
		./conform "$fresh" >tmpfs.out
		rm -rf "$fresh"
		begin --size 3G "$@"
		mkdir "$mnt/d"
		./conform "$mnt/d" >mount.out
		end
		for out in tmpfs mount; do
			sed 's/mask fff /mask 7ff /; s/^type [0-9a-f]* /type /
				/^lseek(fd, 0, SEEK_[DH]/d; /^a file less/d; /^less by a meg/d
				/^[0-9]*: .*E2BIG E2BIG$/d; s/ list [0-9]* / list /
				/ attributes .* birth [01]$/d' $out.out >$out.text
		done
		diff tmpfs.text mount.text
	done
}

# Those that ask most are apart, lest one case takes too long.
conform_paths() {
	conform_with 'names open'
}

conform() {
	conform_with 'rename fds rw list at stdio random seek attr xattr mknod'
}

conform_paths_no_cache() {
	conform_with 'names open' --no-cache
}

conform_no_cache() {
	conform_with 'rename fds rw list at stdio seek attr xattr mknod' \
		--no-cache
}

# have COMMAND PACKAGE: is it there? (whelk test --all installs them.)
have() {
	command -v "$1" >/dev/null || skip "$2 is not installed"
}

# All that stress-ng does to files, for a few seconds each. It fails only if
# something is wrong; what the system lacks, or users have to have, it skips.
stress() {
	have stress-ng stress-ng
	for option in '' --no-cache; do
		# shellcheck disable=SC2086
		begin --size 1G $option
		blocks=$(free_blocks) nodes=$(free_nodes)
		stress-ng --class filesystem --sequential 2 --timeout 3 \
			--fallocate-bytes 64M --hdd-bytes 64M \
			--iomix-bytes 64M --verify --temp-path "$mnt" >log 2>&1 || true
		! grep 'stress-ng: fail:' log || exit 1
		grep 'stress-ng: info: .*completed in\|passed:' log
		cd "$TEST_DIR"
		soon free_again "$blocks" "$nodes"
		end
	done
}

# What fio writes it finds again, by calls and by mapped pages.
verify() {
	have fio fio
	for option in '' --no-cache; do
		# shellcheck disable=SC2086
		begin --size 1G $option
		for engine in psync mmap; do
			fio --name=$engine --directory="$mnt" \
				--ioengine=$engine --thread --numjobs=4 \
				--rw=randrw --size=32M --bs_unaligned \
				--bssplit=512/20:4k/40:7k/20:64k/20 \
				--verify=crc32c --verify_fatal=1 \
				--verify_backlog=200 --fallocate=none
			rm "$mnt/$engine".*
		done
		end
	done
}

# The tests that Python has of its modules for files.
python() {
	python=/usr/bin/python3
	$python -c 'import test.test_os' 2>/dev/null ||
		skip "Debian's python3 and its tests are not installed"
	for option in '' --no-cache; do
		# shellcheck disable=SC2086
		begin --size 6G $option
		TMPDIR=$mnt $python -m test --tempdir "$mnt" test_os \
			test_shutil test_posix test_tempfile test_pathlib \
			test_fileio test_mmap test_posixpath test_genericpath \
			test_glob test_tarfile test_zipfile test_largefile \
			test_file test_dbm_dumb test_shelve test_stat \
			test_mailbox test_filecmp test_fileinput
		end
	done
}

"$1"
