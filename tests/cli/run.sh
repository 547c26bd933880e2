#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh COWHERD JSON_GET - the command line, as a user meets it; prints TAP

cowherd=$1
json_get=$2
if [ ! -x "$cowherd" ] || [ ! -x "$json_get" ]; then
	echo "usage: $0 COWHERD JSON_GET" >&2
	exit 2
fi
case $cowherd in /*) ;; *) cowherd=$PWD/$cowherd ;; esac
case $json_get in /*) ;; *) json_get=$PWD/$json_get ;; esac

. "$(dirname "$0")/tap.sh"

# The regression of v5.9-rc4, in the layout that fmt gives it.
cat >rdma.litmus <<'END'
C RDMA

(* A child ends, then the owner writes to the pinned page. *)

{
	anon x = 1;
}

P0(int *x)
{
	r = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM);
	fork(P1);
	wait(P1);
	*x = 2;
	dma_write(r, 3);
	r0 = *x;
}

P1(int *x)
{
}

exists (0:r0=2)

expect Never
expect Always lost-dma on v5.9-rc4..v5.9-rc6, break-cow-v1, break-cow-v2
END
# A race inside fork, which v5.11 ended.
cat >race.litmus <<'END'
C race
{ anon x = 1; completion done; }
P0(int *x)
{
	r = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM);
	*x = 2;
	dma_write(r, 3);
	r0 = *x;
	complete(done);
}
P1(int *x) { fork(P2); }
P2(int *x) { wait_for_completion(done); }
exists (0:r0=2)
expect Never
expect Sometimes lost-dma on v5.9 if fine
END
sed '/^expect/d; s/^C RDMA/C silent/' rdma.litmus >silent.litmus
sed '/^expect Always/d; s/^C RDMA/C wrong/' rdma.litmus >wrong.litmus
sed 's/^	fork(P1);/	frok(P1);/' rdma.litmus >bad.litmus
sed 's/v5.9-rc4\.\./v5.9-rcx../' rdma.litmus >bad-era.litmus
sed 's/v5.9-rc4\.\.v5.9-rc6/v6.5..v5.9/' rdma.litmus >bad-range.litmus
sed 's/v5.9-rc4\.\.v5.9-rc6/break-cow-v1../' rdma.litmus >bad-open.litmus
sed 's/^	anon x = 1;/	anon | thp | thp(pte, swapped) x = 1;/; s/^C RDMA/C family/' rdma.litmus |
	sed 's/^expect Always.*/expect Always on spec for thp(pte, swapped)/' >family.litmus
mkdir -p tests/sub empty
cp rdma.litmus tests/b.litmus
sed 's/^C RDMA/C first/' rdma.litmus >tests/a.litmus
sed 's/^C RDMA/C below/' rdma.litmus >tests/sub/c.litmus
echo 'not a test' >tests/README

# The command itself.
run 2
err_has "no command, expected run, explain, conform, eras, fmt or kernels"
out_empty
run 0 --help
out_has "Usage: cowherd COMMAND"
out_has "explain"
err_empty
run 0 --version
out_has "cowherd "
run 0 help
out_has "Usage: cowherd COMMAND"
run 0 help run
out_has "Usage: cowherd run"
err_empty
run 2 help rnu
err_has "no command 'rnu', did you mean 'run'?"
run 2 help run fmt
err_has "'fmt' is one too many, expected help and one command"
run 2 rnu
err_has "no command 'rnu', did you mean 'run'?"
run 2 --frobnicate
err_has "unknown option '--frobnicate'"
for command in run explain conform eras fmt; do
	run 0 $command --help
	out_has "Usage: cowherd $command"
	err_empty
	narrow 80
	run 0 $command --usage
	run 0 $command --version
	out_has "cowherd "
	run 2 $command --frobnicate
	err_has "unrecognized option '--frobnicate'"
	out_empty
done

# Wrong use of options.
run 2 run
err_has "no test, expected files, directories or -"
run 2 explain
err_has "no test, expected a file or -"
run 2 fmt
err_has "no test, expected files, directories or -"
run 2 explain rdma.litmus silent.litmus
err_has "'silent.litmus' is one too many, expected one test"
run 2 run --on modle rdma.litmus
err_has "no target 'modle', did you mean 'model'?"
run 2 run --on v5.9 rdma.litmus
err_has "no target 'v5.9', did you mean 'model:v5.9'?"
run 2 run --on '' rdma.litmus
err_has "expected spec, model, model:ERA, host, vm or vm:KERNEL"
run 2 run --on model:brk-cow-v1 rdma.litmus
err_has "no era 'brk-cow-v1', did you mean 'break-cow-v1'?"
run 2 run --on model:v2.6 rdma.litmus
err_has "no era for 'v2.6', expected a version from v5.7 to v"
run 2 run --on model:v9.9 rdma.litmus
err_has "no era for 'v9.9', expected a version from v5.7 to v"
run 2 run --on model:v6 rdma.litmus
err_has "no era 'v6', expected two numbers such as v6.0"
run 2 run --on v6 rdma.litmus
err_has "no era 'v6', expected two numbers such as v6.0 behind 'model:'"
run 2 run --rules v9.9,gup_break=pin rdma.litmus
err_has "no era for 'v9.9'"
run 2 eras v9.9
err_has "no era for 'v9.9'"
run 2 run --rules v5.9 rdma.litmus
err_has "'v5.9' changes no rule, expected ERA,field=value"
run 2 run --rules v5.9,gup_brake=pin rdma.litmus
err_has "no rule 'gup_brake', did you mean 'gup_break'?"
run 2 run --rules v5.9,gup_break=pn rdma.litmus
err_has "no value 'pn' of gup_break, expected never, force-write, pin"
run 2 run --rules v5.9,gup_break rdma.litmus
err_has "'gup_break' is no rule, expected field=value"
run 2 run --rules nonsense,gup_break=pin rdma.litmus
err_has "no era 'nonsense'"
run 2 run --max-states many rdma.litmus
err_has "--max-states: 'many' is not a number"
run 2 run --max-states -1 rdma.litmus
run 2 run --fine --max-switches few rdma.litmus
err_has "--max-switches: 'few' is not a number"
run 2 run --iterations 99999999999999999999 rdma.litmus
err_has "is not a number from 0 to"
run 2 run --format xml rdma.litmus
err_has "--format: no 'xml', expected table, diff, herd, ktap or json"
run 2 run --color sometimes rdma.litmus
err_has "--color: no 'sometimes', expected auto, always or never"
run 2 fmt --check -i rdma.litmus
err_has "expected either --check or -i"
run 2 conform
err_has "no test, expected files, directories or -"
run 2 conform --on spec rdma.litmus
err_has "--on: spec is no kernel, expected host, vm or vm:KERNEL"
run 2 conform --on host,model:v6.1 rdma.litmus
err_has "--on: model:v6.1 is no kernel, expected host, vm or vm:KERNEL"
run 2 conform --on hots rdma.litmus
err_has "--on: no target 'hots', did you mean 'host'?"
run 2 conform --kind cow rdma.litmus
err_has "--kind: "
run 2 conform --format xml rdma.litmus
err_has "--format: no 'xml', expected text, json or html"
run 2 conform --iterations many rdma.litmus
err_has "--iterations: 'many' is not a number"
run 2 conform --max-time long rdma.litmus
err_has "--max-time: 'long' is not a number"
run 2 conform --known missing.txt rdma.litmus
err_has "missing.txt: No such file or directory"
run 2 conform --html missing/report.html rdma.litmus
err_has "--html: missing/report.html: No such file or directory"
out_empty
run 2 conform --json empty rdma.litmus
err_has "--json: empty: Is a directory"
out_empty
run 2 eras v5.9 v6.1 v6.2
err_has "expected at most two eras"
run 2 eras nonsense
err_has "no era 'nonsense'"

# Bad input.
run 2 run --on spec missing.litmus
err_has "missing.litmus: No such file or directory"
run 2 run --on spec empty
err_has "empty: no *.litmus file in this directory"
run 2 run --on spec bad.litmus
err_has "bad.litmus:12:"
out_empty
run 2 run --on spec bad.litmus rdma.litmus
err_has "bad.litmus:12:"
out_has "RDMA"
run 2 run --on spec bad-era.litmus
err_has "bad-era.litmus:26:27: no era"
run 2 run --on spec bad-range.litmus
err_has "bad-range.litmus:26:27: 'v5.9' is before 'v6.5', expected the older one first"
run 2 run --on spec bad-open.litmus
err_has "bad-open.litmus:26:27: 'break-cow-v1' was never released"
run 2 explain bad-era.litmus
err_has "bad-era.litmus:26:27: no era"
run 2 explain missing.litmus
err_has "missing.litmus: No such file or directory"
run 2 fmt missing.litmus
err_has "missing.litmus: No such file or directory"
run 2 explain --on host rdma.litmus
err_has "host can't be explained"
run 2 explain --on model rdma.litmus
err_has "expected one"
cp rdma.litmus secret.litmus
chmod 000 secret.litmus
if [ ! -r secret.litmus ]; then
	run 2 run --on spec secret.litmus rdma.litmus
	err_has "secret.litmus: Permission denied"
	out_has "RDMA"
elif chmod 755 . && setpriv --reuid=65534 --clear-groups "$cowherd" --version >out 2>err; then
	# Root can read it; nobody can't.
	name="cowherd run secret.litmus, as nobody"
	setpriv --reuid=65534 --clear-groups "$cowherd" run --on spec secret.litmus rdma.litmus \
		>out 2>err </dev/null
	status=$?
	if [ "$status" = 2 ]; then ok "$name: status 2"; else not_ok "$name: status $status"; fi
	err_has "secret.litmus: Permission denied"
	out_has "RDMA"
else
	ok "unreadable file # SKIP root can read it"
fi
head -c 2000000 /dev/zero >zeros
run 2 run --on spec zeros
run 2 fmt zeros

# What is expected, and the exit status.
run 0 run --on spec,model rdma.litmus
err_empty
narrow 80
run 0 run --on model:v5.9-rc4 rdma.litmus
out_has "lost-dma"
run 0 run --on model silent.litmus
out_has "nothing was expected"
run 1 run --on spec --max-states 2 silent.litmus
out_has "incomplete"
run 0 run --fine --on spec,model:v5.9-rc4 rdma.litmus
out_has "lost-dma"
run 1 run --fine --max-states 2 --on model:v5.9-rc4 rdma.litmus
out_has "incomplete"
run 0 run --on model:v5.9 race.litmus
out_lacks "lost-dma"
run 0 run --fine --on model:v5.9,model:v5.11 race.litmus
out_has "lost-dma"
run 1 run --fine --max-switches 1 --on model:v5.11 race.litmus
out_has "incomplete"
run 1 run --on model:v5.9-rc4 wrong.litmus
out_has "lost-dma!"
out_has "wrong.litmus:25: expected Never, saw Always lost-dma"
run 1 run -q --on spec,model wrong.litmus rdma.litmus
out_has "wrong.litmus:25: expected Never, saw Always lost-dma"
out_has "on v5.9-rc4 break-cow-v1 break-cow-v2"
out_lacks "rdma.litmus"
run 0 run -q --on spec,model rdma.litmus
out_empty
run 0 run --on model:v5.8,model:v5.9-rc5,model:v6.1 rdma.litmus
out_has "v5.9-rc5"
run 1 run --rules v5.9,fork_pinned=share rdma.litmus
out_has "v5.9,fork_pinned=share"
out_has "lost-dma!"
run 1 run --rules v6.4,fork_pinned=share rdma.litmus
out_has "  v6.4  "
out_lacks "v6.3"
run 0 run --on spec -v rdma.litmus
out_has "0:r0=3;"
run 1 run --on spec --max-states 2 rdma.litmus
out_has "incomplete"

# Directories: recursively, sorted, only *.litmus.
run 0 run --on spec tests
if [ "$(grep -nE '^(first|RDMA|below) ' out | sed 's/^[0-9]*://; s/ .*//' | tr '\n' ' ')" = "first RDMA below " ]; then
	ok "$name: in order"
else
	not_ok "$name: not in order"
fi
"$cowherd" run --on spec - <rdma.litmus >out 2>err && ok "run -: standard input" ||
	not_ok "run -: standard input"

# Colour: never here, unless asked for.
escape=$(printf '\033')
run 0 run --on spec rdma.litmus
out_lacks "$escape"
run 0 run --on spec --color always rdma.litmus
out_has "$escape"
run 0 run --on spec --color never rdma.litmus
out_lacks "$escape"
if script -qec true /dev/null >/dev/null 2>&1; then
	for no_color in '' 1; do
		NO_COLOR=$no_color TERM=xterm script -qec "'$cowherd' run --on spec rdma.litmus" \
			/dev/null >out 2>err </dev/null
		name="NO_COLOR='$no_color' on a terminal"
		if [ -z "$no_color" ]; then out_has "$escape"; else out_lacks "$escape"; fi
	done
else
	ok "NO_COLOR on a terminal # SKIP no script(1)"
fi

# diff.
run 0 run --format diff --on model:v5.9-rc4,model:v5.9 rdma.litmus
out_has "From model:v5.9-rc4 to model:v5.9"
out_has "Cured (1)"
out_has "lost-dma -> ok"
out_has "0 as before"
run 0 run --format diff --on spec,model:v5.9,model:v5.9-rc4 rdma.litmus
out_has "Broken: good before (1)"
out_has "ok -> lost-dma"
out_has "P0  fork(P1);"
out_has "0:r0=2;"
run 0 run --format diff --on model:v5.8,model:v5.7 rdma.litmus
out_has "1 as before"
out_lacks "Broken"
run 2 run --format diff --on model:v5.9 rdma.litmus
err_has "--format diff: expected two targets"
out_empty
run 2 run --format diff --on model rdma.litmus
err_has "--format diff: expected two targets"

# herd.
run 0 run --format herd --on model:v5.9-rc4 rdma.litmus
out_has "Test RDMA Allowed"
out_has "States 1"
out_has "0:r0=2;"
out_has "Ok"
out_has "Witnesses"
out_has "Positive: "
out_has "Condition exists (0:r0=2)"
out_has "Observation RDMA Always "
out_has "Time RDMA "
run 0 run --format herd --on spec rdma.litmus
out_has "Observation RDMA Never 0 "
out_has "No"

# ktap.
run 1 run --format ktap --on spec,model:v5.9-rc4 rdma.litmus wrong.litmus
if [ "$(sed -n 1,2p out | tr '\n' ' ')" = "KTAP version 1 1..2 " ]; then
	ok "$name: begins with version and plan"
else
	not_ok "$name: does not begin with version and plan"
fi
out_has "    # Subtest: RDMA"
out_has "    1..2"
out_has "    ok 2 model:v5.9-rc4"
out_has "    not ok 2 model:v5.9-rc4"
if grep -qx "ok 1 RDMA" out && grep -qx "not ok 2 wrong" out; then
	ok "$name: a result for each test"
else
	not_ok "$name: no result for each test"
fi
run 2 run --format ktap --on spec bad.litmus rdma.litmus
out_has "not ok 1 bad.litmus"
out_has "ok 2 RDMA"

# json.
run 2 run --format json --on spec,model:v5.9-rc4 rdma.litmus bad.litmus wrong.litmus
json 2 tests '#'
json RDMA tests 0 name
json rdma.litmus tests 0 file
json exists tests 0 quantifier
json model:v5.9-rc4 tests 0 results 1 target
json done tests 0 results 1 status
json Always tests 0 results 1 observation
json '["lost-dma"]' tests 0 results 1 violations
json true tests 0 results 1 as_expected
json 26 tests 0 results 1 expected line
json 2 tests 0 results 1 outcomes 0 values 0:r0
json '["lost-dma"]' tests 0 results 1 outcomes 0 violations
json 0 tests 0 results 1 outcomes 0 schedule 0 task
json false tests 1 results 1 as_expected
json v5.9-rc4 targets 1 era
json refcount targets 1 rules wp_reuse
json 1 errors '#'
json 2 summary tests
json 1 summary unexpected
json 1 summary bad_files
json false summary interrupted

# explain.
run 0 explain rdma.litmus
out_has "RDMA on model:v5.9-rc4"
out_has "initial state"
out_has "dma_write(r, 3);"
out_has "lost-dma: the owner of the memory does not see what the device wrote"
out_has "0:r0=3;"
narrow 80
run 0 explain --on model:v5.9 rdma.litmus
out_has "nothing is wrong here"
run 0 explain --on spec rdma.litmus
out_has "RDMA on spec"
run 0 explain --rules v6.1,fork_pinned=share,wp_reuse=refcount rdma.litmus
out_has "lost-dma"
run 0 explain --outcome ' 0:r0 = 2 ' --on model:v5.9-rc4 rdma.litmus
out_has "0:r0=2;"
run 2 explain --outcome '0:r0=7' --on model:v5.9-rc4 rdma.litmus
err_has "no outcome with '0:r0=7', expected one of"
run 2 explain --outcome '0:r9=7' --on model:v5.9-rc4 rdma.litmus
err_has "no '0:r9' in this test, expected one of"
run 2 explain --outcome 'nonsense' --on model:v5.9-rc4 rdma.litmus
err_has "expected name=value"
run 0 explain --format json rdma.litmus
json RDMA test
json model:v5.9-rc4 target name
json violation reason
json true complete
json 0 steps 0 number
json null steps 0 task
json false allowed
json 2 outcome values 0:r0
json 1 nearest '#'

run 0 explain --fine --on model:v5.9 race.litmus
out_has "is interrupted"
out_has "mm/fork.c: "
narrow 80
run 0 explain --fine --on model:v5.9 --format json race.litmus
json mm/machine.c steps 1 lines 0 file
json mm_create steps 1 lines 0 function

# Families: each member is a test.
run 1 run --on spec family.litmus
out_has "family+anon "
out_has "family+thp "
out_has "family+thp-pte-swapped "
out_has "family.litmus:26: for thp(pte, swapped): expected Always, saw Never"
out_has "3 tests on 1 target"
run 0 run --on spec --kind anon,thp family.litmus
out_has "2 tests on 1 target: all as expected"
out_lacks "swapped"
run 1 run --on spec --kind 'anon,thp(pte, swapped)' family.litmus
out_has "2 tests on 1 target"
run 0 run --on spec --kind anon family.litmus rdma.litmus
out_has "RDMA"
run 0 run --on spec --kind thp family.litmus rdma.litmus
out_lacks "RDMA"
run 2 run --on spec --kind file,hugetlb family.litmus rdma.litmus
err_has "--kind: no test is for file or hugetlb"
run 2 run --on spec --kind thp-pt family.litmus
err_has "no kind of memory 'thp-pt', did you mean 'thp-pte'?"
run 2 run --on spec --kind x,y family.litmus
err_has "no kind of memory 'x', expected one such as anon, thp-pte or hugetlb"
run 1 run --format ktap --on spec family.litmus
out_has "1..3"
out_has "    # Subtest: family+thp-pte-swapped"
out_has "not ok 3 family+thp-pte-swapped"
run 1 run --format json --on spec rdma.litmus family.litmus
json 4 tests '#'
json null tests 0 kind
json family+thp-pte-swapped tests 3 name
json 'thp(pte, swapped)' tests 3 kind
json family.litmus tests 3 file
json 26 tests 3 results 0 expected line
run 2 explain --on spec family.litmus
err_has "family.litmus: for several kinds of memory, expected --kind anon, thp or thp-pte-swapped"
out_empty
run 2 explain --on spec --kind hugetlb family.litmus
err_has "family.litmus: not for hugetlb, expected --kind anon, thp or thp-pte-swapped"
run 2 explain --on spec --kind anon,thp family.litmus
err_has "--kind: 2 kinds of memory, expected one"
run 2 explain --on spec --kind thp rdma.litmus
err_has "rdma.litmus: not for thp, expected no --kind"
run 0 explain --on spec --kind 'thp(pte, swapped)' family.litmus
out_has "family+thp-pte-swapped on spec"
run 0 explain --on spec --kind anon rdma.litmus
out_has "RDMA on spec"
run 0 explain --on spec --kind anon --format json family.litmus
json family+anon test
json anon kind
run 0 fmt family.litmus
if cmp -s out family.litmus; then ok "$name: keeps a family"; else not_ok "$name: changes a family"; fi

# A test that deadlocks by itself: it is said to, and what else is wrong is explained.
sed 's/^	anon x = 1;/&\n	completion c;/; s/^	r0 = \*x;/&\n	wait_for_completion(c);/' rdma.litmus |
	sed 's/^C RDMA/C hangs/; /^expect/d' >hangs.litmus
run 0 explain hangs.litmus
out_has "the test itself deadlocks, on the ideal machine too"
out_has "the shortest schedule to a violation (deadlock)"
run 0 explain --format json --on model:v6.1 hangs.litmus
json true deadlocks
run 0 explain rdma.litmus
out_lacks "deadlocks"

# Narrow terminals: what is cut out of names is their middle.
if script -qec true /dev/null >/dev/null 2>&1; then
	script -qec "stty cols 52; '$cowherd' run --on spec,model family.litmus" /dev/null \
		>out 2>err </dev/null
	name="cowherd run on a narrow terminal"
	if LC_ALL=C grep -q '^family.*[~].*swapped ' out; then
		ok "$name: shows both ends of a name"
	else
		not_ok "$name: does not show both ends of a name"
	fi
else
	ok "narrow terminal # SKIP no script(1)"
fi

# What stands in the tables of huge pages, of swapped ones, and of what a monitor watches.
cat >states.litmus <<'END'
C states
{
	thp x = 1;
	anon y = 2;
}
P0(int *x, int *y)
{
	userfaultfd(u, 0);
	uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP);
	uffdio_writeprotect(u, x, UFFDIO_WRITEPROTECT_MODE_WP);
	madvise(y, MADV_PAGEOUT);
	pthread_create(P1);
	r0 = read(u);
	uffdio_writeprotect(u, x, 0);
}
P1(int *x, int *y)
{
	*x = 3;
}
exists (0:r0=UFFD_PAGEFAULT_FLAG_WP)
END
run 0 explain --on model:v6.18 states.litmus
out_has ", huge, read-only"
out_has "uffd-wp"
out_has "refcount 1 = 1 huge mapping"
out_has "of the huge page at frame"
out_has "swapped out, slot 0"
out_has "waits for the monitor"

# eras.
run 0 eras
out_has "break-cow-v1"
out_has "17839856fd58"
narrow 80
out_has "CVE-2020-29374"
out_has "--rules v5.7,wp_reuse=mapcount"
run 0 eras v5.10
out_has "v5.10 (v5.9)"
narrow 80
run 0 eras v5.8 v5.9-rc4
out_has "wp_reuse"
out_lacks "dio_ref"
run 0 eras v5.9 v5.10
out_has "no rule differs"
run 0 eras --format json v5.8 v5.9-rc4
json 0 bugs '#'
run 0 eras --format json
json CVE-2020-29374 bugs 0 name
json wp_reuse bugs 0 with rule
json refcount bugs 0 without value
run 0 eras --format json v5.8 v5.9-rc4
json v5.8 eras 0 name
json mapcount eras 0 rules wp_reuse
json refcount eras 1 rules wp_reuse
json 2 eras '#'

# fmt.
run 0 fmt rdma.litmus
if cmp -s out rdma.litmus; then ok "$name: already in that layout"; else not_ok "$name: changes the layout"; fi
sed 's/^	\*x = 2;/  *x=2 ;/' rdma.litmus >loose.litmus
run 0 fmt loose.litmus
if cmp -s out rdma.litmus; then ok "$name: gives the layout"; else not_ok "$name: another layout"; fi
"$cowherd" fmt - <loose.litmus >out 2>err
if cmp -s out rdma.litmus; then ok "fmt -: gives the layout"; else not_ok "fmt -: another layout"; fi
run 0 fmt --check rdma.litmus
out_empty
run 1 fmt --check rdma.litmus loose.litmus
out_has "loose.litmus"
out_lacks "rdma.litmus"
run 2 fmt --check loose.litmus bad.litmus
err_has "bad.litmus:12:"
run 2 fmt -i -
err_has "standard input can't be written"
chmod 640 loose.litmus
ln -s loose.litmus link.litmus
run 0 fmt -i link.litmus
out_empty
if cmp -s loose.litmus rdma.litmus; then ok "$name: writes the layout"; else not_ok "$name: another layout"; fi
if [ -L link.litmus ] && [ "$(ls -l loose.litmus | cut -c1-10)" = "-rw-r-----" ]; then
	ok "$name: keeps link and mode"
else
	not_ok "$name: loses link or mode"
fi
cp bad.litmus before
run 2 fmt -i bad.litmus
if cmp -s bad.litmus before; then ok "$name: leaves a bad file alone"; else not_ok "$name: changes a bad file"; fi
if [ -z "$(ls | grep -E 'litmus\.')" ]; then ok "fmt -i: leaves no other files"; else not_ok "fmt -i: leaves files"; fi

# Output that can't be written.
name="cowherd run to a full disk"
"$cowherd" run --on spec rdma.litmus >/dev/full 2>err
status=$?
: >out
if [ "$status" = 2 ]; then ok "$name: status 2"; else not_ok "$name: status $status"; fi
err_has "write error: No space left on device"
if [ "$(wc -l <err)" = 1 ]; then ok "$name: one line"; else not_ok "$name: not one line"; fi
name="cowherd eras --format json to a full disk"
"$cowherd" eras --format json >/dev/full 2>err
status=$?
if [ "$status" = 2 ]; then ok "$name: status 2"; else not_ok "$name: status $status"; fi
err_has "write error"
name="cowherd eras | head -1"
"$cowherd" eras 2>err | head -1 >out
out_has "Released"
err_empty

# Kernels: the one that there is, with tests on which all kernels agree.
cat >order.litmus <<'END'
C order
{ anon x = 1; }
P0(int *x) { r0 = *x; *x = 2; r1 = *x; }
exists (0:r0=1)
END
sed 's/^C order/C locked/; s/r0 = \*x;/r0 = *x; r = get_user_pages(x, 0); lock_page(r); unlock_page(r);/' order.litmus >locked.litmus
sed 's/^C order/C pair/; s/anon x/anon | thp x/' order.litmus >pair.litmus
printf '# nothing\nhost | order | 0:r1=1 | kernel | was seen\n  once\nhost | other | * | kernel | e\n' >known.txt
printf 'host | order | * | nobody | e\n6..7 | order | * | kernel | e\n' >bad-known.txt
run 0 conform order.litmus
out_has "host  Linux $(uname -r), era v"
out_has "1 test, 100% ran"
out_has "agree 1"
out_has "1 test on 1 kernel: no divergence"
out_lacks "incomplete"
out_lacks "test  host"
err_empty
run 0 conform -v --iterations 3 order.litmus
out_has "test   host"
out_has "order  ."
narrow 80
run 0 conform --kind thp -v pair.litmus
out_has "pair+thp "
out_lacks "pair+anon"
run 2 conform --kind hugetlb pair.litmus
out_empty
run 0 conform --known known.txt --json copy.json --html copy.html order.litmus
out_has "Explained, but not seen"
out_has "known.txt:2: host | order | 0:r1=1"
out_lacks "known.txt:4"
if [ "$(head -c 15 copy.html)" = "<!DOCTYPE html>" ] && [ "$(tail -n 1 copy.html)" = "</html>" ]; then
	ok "$name: writes a page"
else
	not_ok "$name: writes no page"
fi
if ls copy.*.?????? >/dev/null 2>&1; then not_ok "$name: leaves files"; else ok "$name: leaves nothing"; fi
cp copy.json out
json 1 summary tests
json true summary complete
json true explanations 0 stale
json false explanations 1 stale
json "was seen once" explanations 0 evidence
# Written anew: what a link points to, with the mode that it had.
chmod 640 copy.html
ln -s copy.html link.html
echo old >copy.html
run 0 conform --html link.html order.litmus
if [ -L link.html ] && [ "$(stat -c %a copy.html)" = 640 ] && [ "$(tail -n 1 copy.html)" = "</html>" ]; then
	ok "$name: replaces what the link points to"
else
	not_ok "$name: does not replace what the link points to"
fi
run 2 conform --known bad-known.txt order.litmus
err_has "bad-known.txt:1: no fault 'nobody', expected kernel, model, facts or target"
err_has "bad-known.txt:2: no kernel '6..7', expected host, a version"
out_empty
run 0 conform --format json --iterations 7 order.litmus
json host kernels 0 name
json "$(uname -r)" kernels 0 release
json agrees tests 0 results 0 verdict
json 7 tests 0 results 0 iterations
json yes tests 0 results 0 outcomes 0 allowed
json "0:r0=1; 0:r1=2;" tests 0 results 0 outcomes 0 text
json 0 tests 0 results 0 unseen '#'
run 0 conform --format html order.litmus
out_has "<th scope=\"col\">host</th>"
run 0 conform locked.litmus
out_has "host: 1 skipped: "
out_has "user space can't take the page lock"
out_has "nothing was held against the model, 1 skipped"
run 2 conform bad.litmus order.litmus
err_has "bad.litmus:12:"
out_has "agree 1"
out_has "1 not read"
# Ctrl-C: one test is under way, the other not begun.
name="cowherd conform, interrupted"
sed 's/^C order/C long/; s/r0 = \*x;/r0 = *x; fork(P1); wait(P1);/; s/^exists/P1(int *x) { }\nexists/' order.litmus >long.litmus
timeout --foreground --preserve-status -s INT 3 "$cowherd" conform --iterations 1000000 --html half.html \
	--json half.json long.litmus order.litmus >out 2>err
status=$?
if [ "$status" = 130 ]; then ok "$name: status 130"; else not_ok "$name: status $status"; fi
out_has "This report is incomplete."
out_has "interrupted"
out_has "1 incomplete: not begun"
out_has "of 1000000 iterations"
if grep -q "This report is incomplete" half.html; then ok "$name: on the page, too"; else not_ok "$name: not on the page"; fi
cp half.json out
json false summary complete
json true summary interrupted
json incomplete tests 0 results 0 verdict
json incomplete tests 1 results 0 verdict

# Ctrl-C: what is known, marked as incomplete. Seven threads of 18 operations never end.
{
	printf 'C big\n{\n\tanon x = 1;\n}\nP0(int *x)\n{\n\tr = pin_user_pages(x, FOLL_WRITE);\n}\n'
	for task in 1 2 3 4 5 6 7; do
		printf 'P%d(int *x)\n{\n' $task
		for op in 1 2 3 4 5 6 7 8 9; do printf '\tr = *x;\n\t*x = %d%d;\n' $task $op; done
		printf '}\n'
	done
	printf 'exists (x=1)\n'
} >big.litmus
for format in table herd ktap json; do
	name="cowherd run --format $format, interrupted"
	timeout --foreground --preserve-status -s INT 1 "$cowherd" run --format $format --on spec,model:v6.1 big.litmus \
		rdma.litmus >out 2>err
	status=$?
	if [ "$status" = 130 ]; then ok "$name: status 130"; else not_ok "$name: status $status"; fi
	if grep -qi incomplete out; then ok "$name: says so"; else not_ok "$name: does not say so"; fi
done
json true summary interrupted
json incomplete tests 0 results 0 status

echo "1..$number"
[ "$failed" = 0 ]
