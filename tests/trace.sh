#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A trace shows each call as strace does, with its result, and an exit before.
set -eux
root=$(pwd)
cd "$TEST_DIR"

"$root/tools/whelk-cc" --hosted -O1 -o calls "$root/tests/trace/calls.c"
cat >expected <<'END'
openat(AT_FDCWD, "/tmp/x", O_RDWR|O_CREAT, 0644) = 3
write(3, "hello\n", 6) = 6
write(3, "\0012\t\"quoted\" \\ and longer than fi"..., 48) = 48
pread64(3, "ello\n", 5, 1) = 5
lseek(3, -3, 1) = 51
open("/none\1x", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)
mkdirat(3, "d", 000) = -1 ENOTDIR (Not a directory)
open(NULL, O_WRONLY) = -1 EFAULT (Bad address)
unlink("/tmp/012345678901234567890123456"...) = -1 ENOENT (No such file or directory)
close(3) = 0
close(-1) = -1 EBADF (Bad file descriptor)
mmap(NULL, 0, 1, 34, -1, 0) = -1 EINVAL (Invalid argument)
chown("/tmp/x", 4294967295, 0) = 0
umask(022) = 18
syscall_4000(0x1, 0x2, 0x0, 0x0, 0x0, 0xff) = -1 ENOSYS (Function not implemented)
kill(2147483647, 0) = -1 ESRCH (No such process)
exit_group(3) = ?
END
status=0
WHELK_TRACE=1 ./calls 2>trace || status=$?
[ $status = 3 ]
# libc's own calls go before and between
sed -n '/^openat/,$p' trace | grep -v '^rt_sig' >found
diff expected found

# Without the variable there is nothing.
./calls 2>trace || :
[ ! -s trace ]
WHELK_TRACE=0 ./calls 2>trace || :
[ ! -s trace ]
