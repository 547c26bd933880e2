#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh COWHERD FAKE_QEMU - what becomes of tests whose virtual machine goes wrong; prints TAP

cowherd=$(realpath "$1")
fake=$(realpath "$2")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

unset FAKE_QEMU
mkdir bin state cache
ln -s "$fake" bin/qemu-system-x86_64
PATH=$work/bin:$PATH
XDG_STATE_HOME=$work/state
XDG_CACHE_HOME=$work/cache
FAKE_QEMU_STARTS=$work/starts
LC_ALL=C
export PATH XDG_STATE_HOME XDG_CACHE_HOME FAKE_QEMU_STARTS LC_ALL

number=0
check() {
	number=$((number + 1))
	if eval "$2"; then
		echo "ok $number $1"
	else
		echo "not ok $number $1"
		sed "s/^/# /" out err table
		failed=1
	fi
}

# A file that has no more of a kernel than its head (Documentation/arch/x86/boot.rst): where the
# version is, less 0x200, that it is loaded high, and the version.
make_kernel() {
	head -c 4096 /dev/zero >"$1"
	printf '\125\252' | dd of="$1" bs=1 seek=510 conv=notrunc 2>/dev/null
	printf '\353\146HdrS\015\002' | dd of="$1" bs=1 seek=512 conv=notrunc 2>/dev/null
	printf '\000\004' | dd of="$1" bs=1 seek=526 conv=notrunc 2>/dev/null
	printf '\001' | dd of="$1" bs=1 seek=529 conv=notrunc 2>/dev/null
	printf '6.18.0-fake (nobody@nowhere) #1 SMP\000' |
		dd of="$1" bs=1 seek=1536 conv=notrunc 2>/dev/null
}

make_test() {
	printf 'C %s\n\n{\n\tanon x = 1;\n}\n\nP0(int *x)\n{\n\tr0 = *x;\n}\n\nexists (0:r0=1)\n' "$1" \
		>"$1.litmus"
}

make_kernel bzImage
for name in BEFORE PANIC REBOOT COMPLAINT KILLED GARBAGE BROKEN SILENCE AFTER; do
	make_test $name
done

# run TEST...: on the fake machine; the table goes to the file out.
run() {
	: >starts
	tests=
	for test; do tests="$tests $test.litmus"; done
	# shellcheck disable=SC2086 # a list of names
	"$cowherd" run --on "vm:$work/bzImage" --timeout 1 -v $tests >table 2>err </dev/null
	status=$?
	join
}

# Lines that were broken for a terminal in one.
join() { { cat table && tr -s ' \n' ' ' <table; } >out; }

starts() { grep -c . starts; }

run BEFORE AFTER
check "what the guest answers is the result" \
	'[ $status = 0 ] && grep -q "^BEFORE  *ok" out && grep -q "^AFTER  *ok" out'
# One more where KVM is there and does not work.
check "one boot is for all tests" '[ "$(starts)" -le 2 ]'

run BEFORE PANIC AFTER
check "a panic is a crash in that test" 'grep -q "^PANIC  *crash" out'
check "the oops is told, not the panic that follows" \
	'grep -q "the kernel crashed: BUG: unable to handle page fault" out'
check "the log is kept" 'grep -q "Fatal exception" state/cowherd/*PANIC.log'
check "a crash costs no other test" 'grep -q "^BEFORE  *ok" out && grep -q "^AFTER  *ok" out'
check "and one boot" '[ "$(starts)" -le 3 ]'
check "a crash is not as expected" '[ $status = 1 ]'

mkdir full
run_full() {
	XDG_STATE_HOME=/dev/full run "$@"
}
run_full PANIC AFTER
check "a log that can not be kept costs nothing else" \
	'grep -q "no log: no directory for logs" out && grep -q "^AFTER  *ok" out'

run REBOOT AFTER
check "a machine that goes down without a word has crashed" \
	'grep -q "^REBOOT  *crash" out && grep -q "without a word" out && grep -q "^AFTER  *ok" out'

run SILENCE AFTER
check "a machine that says nothing has crashed" \
	'grep -q "^SILENCE  *crash" out && grep -q "said nothing for 1 s" out && grep -q "^AFTER  *ok" out'

run COMPLAINT AFTER
check "what the guest complains of is no crash" \
	'[ $status = 2 ] && grep -q "in the guest: out of memory" out && grep -q "^AFTER  *ok" out'

run KILLED AFTER
check "a machine that somebody kills is no crash, and is started again" \
	'[ $status = 2 ] && grep -q "ended from outside in this test, 2 times" out &&
	 grep -q "^AFTER  *ok" out'

for name in GARBAGE BROKEN; do
	run $name AFTER
	check "$name on the line is not believed" \
		'[ $status = 2 ] && grep -q "ended by a broken line" out && grep -q "^AFTER  *ok" out'
done

FAKE_QEMU=refuse
export FAKE_QEMU
run BEFORE
check "why QEMU does not start is told" \
	'[ $status = 2 ] && grep -q "the kernel does not come up: qemu: no such machine" out'
FAKE_QEMU=panic
run BEFORE
check "a kernel that does not boot is told" \
	'[ $status = 2 ] && grep -q "does not come up: Kernel panic - not syncing: No working" out'
unset FAKE_QEMU

rm bin/qemu-system-x86_64
mkdir empty
PATH=$work/empty "$cowherd" run --on "vm:$work/bzImage" -v BEFORE.litmus >table 2>err
status=$?
join
check "a missing QEMU is told, and where it is to be had" \
	'[ $status = 2 ] && grep -q "No such file or directory (Debian: apt-get install qemu" out'
ln -s "$fake" bin/qemu-system-x86_64

# Ctrl-C, and the plug. Who is dead and not buried is gone, too.
is_gone() {
	tries=0
	while grep -qs "^State:[[:space:]]*[^ZX]" "/proc/$1/status"; do
		tries=$((tries + 1))
		[ $tries -le 20 ] || return 1
		sleep 0.1
	done
}

# Until a machine is in SILENCE; the shell lets nobody in the background have SIGINT.
start_and_hang() {
	: >starts
	rm -f silence
	env --default-signal=INT "$cowherd" run --on "vm:$work/bzImage" -v \
		BEFORE.litmus SILENCE.litmus >table 2>err &
	pid=$!
	tries=0
	until grep -qs BEGUN silence || [ $tries -gt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

start_and_hang
kill -INT $pid
wait $pid
status=$?
join
check "Ctrl-C keeps the results that there are" '[ $status = 130 ] && grep -q "^BEFORE  *ok" out'
check "and ends the machine" 'is_gone "$(tail -n 1 starts)"'

start_and_hang
kill -KILL $pid
wait $pid 2>/dev/null
check "no machine outlives a cowherd that is killed" 'is_gone "$(tail -n 1 starts)"'

echo "1..$number"
[ -z "$failed" ]
