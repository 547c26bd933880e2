#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# corpus-fine.sh COWHERD - the corpus on every era, access by access
#
# Up to a number of states. Tests that have more are listed in litmus/large.txt: of those it is
# enough that nothing unexpected was seen so far.

here=$(dirname "$0")
large="$here/litmus/large.txt"

"$here/corpus.sh" "$1" --fine --max-states 1000 --on model |
	awk -v large="$large" '
	BEGIN {
		while ((getline line < large) > 0)
			if (split(line, word) && word[1] !~ /^#/)
				listed[word[1]] = 1
	}
	/^# .*the search is incomplete/ { incomplete = 1 }
	/^not ok / && incomplete && $4 in listed {
		seen[$4] = 1
		incomplete = 0
		print "ok", $3, $4, $5, "# SKIP more states than that"
		next
	}
	/^(not )?ok / { incomplete = 0; if ($1 == "not") bad = 1 }
	/^1\.\./ { nr = substr($0, 4); next }
	{ print }
	END {
		for (name in listed)
			if (!(name in seen)) {
				print "not ok", ++nr, name, "is listed in large.txt, but is not large"
				bad = 1
			}
		print "1.." nr
		exit bad
	}'
