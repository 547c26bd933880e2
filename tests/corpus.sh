#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# corpus.sh COWHERD OPTION... - run the corpus; each test on each target is one test of flat TAP

cowherd=$(realpath "$1")
shift
cd "$(dirname "$0")/.." || exit 1
out=$(mktemp)
trap 'rm -f "$out"' EXIT

"$cowherd" run tests/litmus --format ktap "$@" >"$out"
status=$?

# meson reads TAP without subtests: `    ok 2 v5.9: Never` becomes `ok 31 RDMA+pin v5.9: Never`.
awk '
	/^    # Subtest: / { test = substr($0, 16); next }
	/^    (not )?ok / {
		verdict = $1 == "ok" ? "ok" : "not ok"
		sub(/^    (not )?ok [0-9]+ /, "")
		print verdict, ++n, test, $0
		inside = 1
		next
	}
	/^    # / { print substr($0, 5); next }
	/^# / { print; next }
	/^(not )?ok / && inside { inside = 0; next }
	/^not ok / { sub(/^not ok [0-9]+ /, ""); print "not ok", ++n, $0; next }
	/^Bail out!/ { print }
	END { print "1.." n + 0 }
' "$out"
exit "$status"
