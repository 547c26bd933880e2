#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels.sh COWHERD JSON_GET MAKE_FAKE - cowherd kernels, with a package client that stands for
# apt and asks no network; prints TAP

cowherd=$1
json_get=$2
make_fake=$3
if [ ! -x "$cowherd" ] || [ ! -x "$json_get" ] || [ ! -x "$make_fake" ]; then
	echo "usage: $0 COWHERD JSON_GET MAKE_FAKE" >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
case $cowherd in /*) ;; *) cowherd=$PWD/$cowherd ;; esac
case $json_get in /*) ;; *) json_get=$PWD/$json_get ;; esac
case $make_fake in /*) ;; *) make_fake=$PWD/$make_fake ;; esac

. "$here/tap.sh"

XDG_CACHE_HOME=$work/cache
FAKE=$work/fake
export XDG_CACHE_HOME FAKE
kernels=$XDG_CACHE_HOME/cowherd/kernels
mkdir -p bin "$FAKE/debs" alone
cp "$here/fake-apt" bin/apt-get
cp "$here/fake-apt" bin/apt-cache
PATH=$work/bin:$PATH

# is TEXT WORD WORD: both are the same.
is() {
	if [ "$2" = "$3" ]; then ok "$name: $1"; else not_ok "$name: $1 is '$2', not '$3'"; fi
}

one_line() {
	is "lines of complaint" "$(wc -l <err | tr -d ' ')" 1
}

# What is in the cache, unfinished things too.
cache_has() {
	is "the cache" "$(ls -A "$kernels" | grep -vx .lock | tr '\n' ' ')" "$1"
}

# intact VERSION...: all kernels are whole, and of these versions.
intact() {
	is "what is intact" "$("$cowherd" kernels check 2>>err | awk 'NR > 1 { printf "%s ", $2 }')" "$1"
}

asked() {
	if grep -qF -e "$1" "$FAKE/log"; then ok "$name: asks $1"; else not_ok "$name: does not ask $1"; fi
}

asked_not() {
	if grep -qF -e "$1" "$FAKE/log"; then not_ok "$name: asks $1"; else ok "$name: does not ask $1"; fi
}

# deb NAME FILES...: a package with what is in tree/
deb() {
	(cd tree && tar -czf ../data.tar.gz .)
	rm -f "$FAKE/debs/$1.deb"
	echo 2.0 >debian-binary
	ar rc "$FAKE/debs/$1.deb" debian-binary data.tar.gz
	rm -rf tree
}

# image PATH RELEASE VERSION, module PATH RELEASE DEPENDS
image() {
	mkdir -p "tree/${1%/*}"
	"$make_fake" image "tree/$1" "$2 (x@y) #1 SMP Debian $3-1 (2026-11-26)"
}

module() {
	mkdir -p "tree/${1%/*}"
	"$make_fake" module "tree/$1" "vermagic=$2 SMP" "depends=$3"
}

# record SUITE PACKAGE VERSION SIZE
record() {
	printf 'Package: %s\nVersion: %s-1\nSize: %s\n\n' "$2" "$3" "$4" >>"$FAKE/$1"
}

# old RELEASE VERSION SUITE: a kernel in one package
old() {
	image "boot/vmlinuz-$1" "$1" "$2"
	module "lib/modules/$1/kernel/a/rdma_rxe.ko.xz" "$1" ib_core
	module "lib/modules/$1/kernel/b/ib_core.ko.xz" "$1" ""
	deb "linux-image-$1"
	record "$3" "linux-image-$1" "$2" 60000000
}

for suite in bullseye bullseye-security bookworm bookworm-security trixie trixie-security \
	trixie-backports sid experimental; do
	: >"$FAKE/$suite"
done
: >"$FAKE/mode"
: >"$FAKE/gone"
: >"$FAKE/log"
: >"$FAKE/mirrors"
old 5.10.0-45-amd64 5.10.259 bullseye
old 6.1.0-50-amd64 6.1.176 bookworm
old 6.12.118+deb13-amd64 6.12.118 trixie-security
image usr/lib/modules/7.3.4-amd64/vmlinuz 7.3.4-amd64 7.3.4
deb linux-binary-7.3.4-amd64
module usr/lib/modules/7.3.4-amd64/kernel/loop.ko.xz 7.3.4-amd64 ""
deb linux-modules-7.3.4-amd64
record trixie-backports linux-binary-7.3.4-amd64 7.3.4 14000000
record trixie-backports linux-modules-7.3.4-amd64 7.3.4 110000000
record trixie-backports linux-image-7.3.4-amd64 7.3.4 1892
record sid linux-binary-7.4.0-amd64 7.4.0 14000000

# Wrong use.
run 2 kernels frobnicate
err_has "no action 'frobnicate', expected list, fetch, add, remove or check"
run 2 kernels remvoe
err_has "did you mean 'remove'"
run 2 kernels list 6.1
err_has "'6.1' is one too many for list"
run 2 kernels add
err_has "expected the path of a bzImage"
run 2 kernels add a b
run 2 kernels remove
run 2 kernels check --again
err_has "--again has no meaning for check"
run 2 kernels --mirror http://x/debian
err_has "--mirror has no meaning for list without --offered"
run 2 kernels fetch --format json
run 2 kernels fetch foo
err_has "can't fetch 'foo', expected two numbers such as 6.1, or newest"
run 2 kernels fetch --mirror "http://x/debian sid main" 6.1
err_has "is no mirror, expected a URI"
run 0 kernels --help
out_has "fetch [KERNEL...]"
asked_not update

# An empty cache.
run 0 kernels
out_has "The cache has no kernels; cowherd kernels fetch gets some."
err_empty
run 0 kernels --format json
out_has '"kernels": []'
run 2 kernels remove 6.1
err_has "no kernel '6.1', the cache has none"

# What is offered.
run 0 kernels --offered
out_has "bookworm"
out_lacks "7.4"
cache_has ""
run 0 kernels list --offered --format json
json 6.1.176 offered 1 version
json v6.1 offered 1 era
json null offered 1 cached
json 124000000 offered 3 size

# The usual ones.
: >"$FAKE/log"
run 0 kernels fetch
out_has "5.10: version 5.10.259, era v5.9, 2 modules, from Debian bullseye: fetched"
out_has "7.3: version 7.3.4, era v6.18, 1 module, from Debian trixie-backports: fetched"
err_empty
cache_has "5.10 6.1 6.12 7.3 "
intact "5.10.259 6.1.176 6.12.118 7.3.4 "
asked "http://deb.debian.org/debian-security bookworm-security update"
asked "http://deb.debian.org/debian bookworm download linux-image-6.1.0-50-amd64=6.1.176-1"
asked "download linux-binary-7.3.4-amd64=7.3.4-1 linux-modules-7.3.4-amd64=7.3.4-1"
run 0 kernels
out_has "6.12    6.12.118  v6.9"
run 0 kernels --format json
json 7.3 kernels 3 name
json 6.1.0-50-amd64 kernels 1 release
json "$kernels/6.1/modules/001-ib_core.ko" kernels 1 modules 0
json "$kernels/6.1/modules/002-rdma_rxe.ko" kernels 1 modules 1

# Once more: nothing to do, but for what is broken, or asked for.
: >"$FAKE/log"
run 0 kernels fetch 6.1
out_has "6.1: version 6.1.176, era v6.1, 2 modules, from Debian bookworm: is there, and nothing newer is offered"
asked_not download
asked_not bullseye
echo x >>"$kernels/6.1/image"
run 1 kernels check
err_has "kernel '6.1' is broken: image has 8194 bytes, expected 8192 (cowherd kernels fetch --again 6.1)"
out_has "6.12"
run 0 kernels fetch 6.1
out_has ": fetched"
asked download
intact "5.10.259 6.1.176 6.12.118 7.3.4 "
: >"$FAKE/log"
run 0 kernels fetch --again 6.1
asked download
echo "{" >"$kernels/6.1/kernel.json"
run 1 kernels
err_has "kernel '6.1' is broken: kernel.json is not as it was written (cowherd kernels fetch --again 6.1)"
run 0 kernels fetch 6.1

# What fails leaves what was there, and nothing else.
old 6.1.0-57-amd64 6.1.192 bookworm-security
for mode in no-network disk-full broken unsigned; do
	echo $mode >"$FAKE/mode"
	run 2 kernels fetch 6.1
	one_line
	case $mode in
	no-network) err_has "Temporary failure resolving 'deb.debian.org'" ;;
	disk-full) err_has "No space left on device" ;;
	broken) err_has "linux-image-6.1.0-57-amd64.deb: " ;;
	unsigned) err_has "is not signed" ;;
	esac
	out_empty
	cache_has "5.10 6.1 6.12 7.3 "
	intact "5.10.259 6.1.176 6.12.118 7.3.4 "
done

# wait_for FILE: until it is there.
wait_for() {
	tries=0
	while [ ! -s "$1" ] && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

# gone PID: the process ends within some seconds.
gone() {
	tries=0
	while [ $tries -lt 50 ]; do
		case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
		"" | Z*) return 0 ;;
		esac
		sleep 0.1
		tries=$((tries + 1))
	done
	return 1
}

# Interrupted, and killed, while the package client is at work: it ends, too.
for mode in hang hang-late; do
	for signal in INT KILL; do
		name="cowherd kernels fetch, $mode, SIG$signal"
		echo $mode >"$FAKE/mode"
		rm -f "$FAKE/pid"
		# A shell's background jobs ignore SIGINT; what env starts does not.
		env --default-signal=INT "$cowherd" kernels fetch 6.1 >out 2>err </dev/null &
		pid=$!
		wait_for "$FAKE/pid"
		kill -$signal $pid
		gone $pid || kill -KILL $pid # which is the wrong status
		wait $pid 2>/dev/null
		status=$?
		if gone "$(cat "$FAKE/pid")"; then ok "$name: the client ends"; else not_ok "$name: the client goes on"; fi
		out_empty
		if [ $signal = INT ]; then
			is status $status 130
			is "what it says" "$(cat err)" "cowherd: interrupted"
			cache_has "5.10 6.1 6.12 7.3 "
		else
			is status $status 137
		fi
		intact "5.10.259 6.1.176 6.12.118 7.3.4 "
	done
done

# Two at once: the second waits.
name="cowherd kernels remove, while another fetches"
rm -f "$FAKE/pid"
env --default-signal=INT "$cowherd" kernels fetch 6.1 >out 2>err </dev/null &
pid=$!
wait_for "$FAKE/pid"
timeout --foreground --preserve-status -s INT 1 "$cowherd" kernels remove 6.1 >out 2>err
is status $? 130
intact "5.10.259 6.1.176 6.12.118 7.3.4 "
kill -INT $pid
wait $pid

# A newer one takes the place of what is there; leftovers of who was killed are gone.
: >"$FAKE/mode"
run 0 kernels fetch 6.1
out_has "6.1: version 6.1.192, era v6.1, 2 modules, from Debian bookworm-security: fetched"
cache_has "5.10 6.1 6.12 7.3 "
intact "5.10.259 6.1.192 6.12.118 7.3.4 "
run 2 kernels fetch 6.2
err_has "no suite of Debian offers a kernel '6.2', expected newest, 5.10, 6.1, 6.12 or 7.3"

# Suites that have moved to the archive, or are nowhere.
echo bullseye >"$FAKE/gone"
: >"$FAKE/log"
run 0 kernels fetch --again 5.10
asked "http://archive.debian.org/debian bullseye update"
asked_not "archive.debian.org/debian-security"
err_empty
run 2 kernels fetch --again --mirror http://mirror.example/debian/ 5.10
err_has "http://mirror.example/debian bullseye Release' does not have a Release file"
one_line
echo bookworm-security >"$FAKE/gone"
run 0 kernels fetch --again --mirror http://mirror.example/debian 6.1
asked "http://mirror.example/debian-security bookworm-security update"
err_has "bookworm-security Release' does not have a Release file"
out_has "6.1: version 6.1.176"
: >"$FAKE/gone"

# The mirror of the user's own apt.
printf '%s\n' http://other.example/ubuntu/ http://mirror.example/debian/ >"$FAKE/mirrors"
: >"$FAKE/log"
run 0 kernels fetch 6.1
asked "http://mirror.example/debian bookworm update"
asked "http://deb.debian.org/debian-security bookworm-security update"
asked_not ubuntu

# The user's own.
"$make_fake" image mine "6.18.44 (u@h) #1 SMP"
run 0 kernels add mine
out_has "6.18: version 6.18.44, era v6.18, 0 modules, from $work/mine: added"
"$make_fake" image mine "5.10.1 (u@h) #1 SMP"
run 2 kernels add mine
err_has "there is a kernel '5.10' already, expected another --name"
run 0 kernels add --name mine mine
run 0 kernels remove 5.10 6.18
out_has "6.18: removed"
run 0 kernels add mine
run 2 kernels fetch 5.10
err_has "kernel '5.10' is your own, from $work/mine; run cowherd kernels remove 5.10 first"
run 2 kernels add run.sh
err_has "run.sh: No such file"
run 2 kernels add "$cowherd"
err_has "no bzImage, expected a kernel for x86"
run 2 kernels add --modules empty --name other mine
err_has "empty: No such file"
cache_has "5.10 6.1 6.12 7.3 mine "

# No package client.
name="cowherd kernels fetch without apt-get"
PATH=$work/alone "$cowherd" kernels fetch 6.1 >out 2>err
is status $? 2
err_has "no apt-get to fetch kernels with; cowherd kernels add takes a bzImage that you have"

# A disk that is full, at different moments. Mounting needs privileges.
for size in 4k 8k 12k 16k 20k 24k 28k 32k 36k; do
	name="cowherd kernels fetch, $size of disk"
	mkdir -p small
	unshare -m sh -c "mount -t tmpfs -o size=$size none small || exit 77
		XDG_CACHE_HOME=$work/small '$cowherd' kernels fetch 6.1 >out 2>err
		echo \$? >status
		ls -A small/cowherd/kernels >left" 2>/dev/null
	if [ $? = 77 ]; then
		ok "$name # SKIP can't mount a file system"
		continue
	fi
	status=$(cat status)
	if [ "$status" = 0 ]; then
		is "what is there" "$(grep -vx .lock left)" 6.1
		continue
	fi
	is status "$status" 2
	err_has "No space left on device"
	one_line
	is "what is left" "$(grep -vx .lock left)" ""
done

echo "1..$number"
[ "$failed" = 0 ]
