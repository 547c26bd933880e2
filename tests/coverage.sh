#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# coverage.sh BUILD - which lines of mm/ did the tests of a build with -Db_coverage=true reach?
#
# mm/ is compiled once for each port; a line counts as reached if either reached it. Threads count
# the same branch without a lock, which can leave a count below zero: gcovr is told not to mind.

cd "$(dirname "$0")/.." || exit 1
echo "Lines of mm/ that the tests reach:"
gcovr --root . --object-directory "$1" --filter mm/ --sort-percentage --print-summary \
	--exclude-unreachable-branches --gcov-ignore-parse-errors "$1"
