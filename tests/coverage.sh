#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# coverage.sh BUILD - which lines of mm/ did the tests of a build with -Db_coverage=true reach?
#
# mm/ is compiled once for each port; a line counts as reached if either reached it. Threads count
# the same branch without a lock, which can leave a count below zero: gcovr is told not to mind.

# What stays unreached is of two kinds. Where a decision without a lock is checked once more (the
# trylock in do_wp_page(), the second look of fast GUP, fork's prealloc that is no longer needed, the
# hardware's compare-and-exchange), only another CPU's change at that very moment leads to the other
# branch; the stress hits some of these in some runs. And pte_protnone() is for users of mm/.

cd "$(dirname "$0")/.." || exit 1
echo "Lines of mm/ that the tests reach:"
gcovr --root . --object-directory "$1" --filter mm/ --sort-percentage --print-summary \
	--exclude-unreachable-branches --gcov-ignore-parse-errors "$1"
