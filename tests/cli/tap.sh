# SPDX-License-Identifier: GPL-2.0-or-later
# tap.sh - what the tests of the command line have in common
#
# They read it once cowherd and json_get are paths that begin with '/', and go on in a directory of
# their own.

unset NO_COLOR
LC_ALL=C
export LC_ALL
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

number=0
failed=0

# ok TEXT, not_ok TEXT: one result.
ok() {
	number=$((number + 1))
	echo "ok $number $1"
}

not_ok() {
	number=$((number + 1))
	failed=$((failed + 1))
	echo "not ok $number $1"
	sed 's/^/# out: /' out
	sed 's/^/# err: /' err
}

# run STATUS ARGUMENT...: the command, with its output in the files out and err.
run() {
	wanted=$1
	shift
	name="cowherd $*"
	"$cowherd" "$@" >out 2>err </dev/null
	status=$?
	if [ "$status" = "$wanted" ]; then
		ok "$name: status $wanted"
	else
		not_ok "$name: status $status, not $wanted"
	fi
}

# out_has TEXT, err_has TEXT, out_lacks TEXT: fixed text in what the last run printed.
out_has() {
	if grep -qF -e "$1" out; then ok "$name: prints $1"; else not_ok "$name: does not print $1"; fi
}

out_lacks() {
	if grep -qF -e "$1" out; then not_ok "$name: prints $1"; else ok "$name: does not print $1"; fi
}

err_has() {
	if grep -qF -e "$1" err; then ok "$name: complains $1"; else not_ok "$name: does not complain $1"; fi
}

err_empty() {
	if [ -s err ]; then not_ok "$name: complains"; else ok "$name: does not complain"; fi
}

out_empty() {
	if [ -s out ]; then not_ok "$name: prints something"; else ok "$name: prints nothing"; fi
}

# json VALUE PATH...: the value in the document that the last run printed.
json() {
	value=$1
	shift
	seen=$("$json_get" "$@" <out 2>>err)
	if [ "$seen" = "$value" ]; then
		ok "$name: $* is $value"
	else
		not_ok "$name: $* is '$seen', not '$value'"
	fi
}

# narrow WIDTH: no line of the last run's output is wider.
narrow() {
	if awk -v width="$1" 'length($0) > width { exit 1 }' out; then
		ok "$name: fits $1 columns"
	else
		not_ok "$name: is wider than $1 columns"
	fi
}
