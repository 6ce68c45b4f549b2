#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Random sequences of calls give the same on Whelk as on Linux's tmpfs: results,
# data, attributes, times, listings. Seeds that are always the same, some that
# are other ones every day, some on file systems that are often full, and a few
# in the guest. To go on from what this prints: tests/diff/run SEED.
#
# cases: fixed full today guest
# long cases: long long_full
set -eu

if [ "$(id -u)" != 0 ]; then
	echo "Linux has to be asked as root, as which Whelk's programs run"
	exit 77
fi
case $1 in
fixed) tests/diff/run 1 200 ;;
full) tests/diff/run 1 100 hosted --limits ;;
guest) tests/diff/run 1 30 guest ;;
long) tests/diff/run "$(date +%Y%m%d)200" 10000 ;;
long_full) tests/diff/run "$(date +%Y%m%d)200" 2000 hosted --limits ;;
today) tests/diff/run "$(date +%Y%m%d)000" 200 ;;
esac
