#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Enough of fs/ and syscalls/ is reached by tests: tools/coverage.
#
# long cases: coverage
set -eu
tools/coverage
