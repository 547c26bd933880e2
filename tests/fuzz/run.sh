#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh FUZZER - let one libFuzzer program run for a while, from the corpus and the kept seeds
#
# It ends after FUZZ_RUNS inputs or FUZZ_SECONDS, whichever comes first: on a slow machine fewer
# inputs are tried, but nothing fails. An input that fails is left in the directory of the fuzzer,
# to be added to tests/fuzz/seeds/.

fuzzer=$1
name=${fuzzer##*/fuzz_}
here=$(dirname "$0")
work=$fuzzer.corpus
mkdir -p "$work"

# What it finds goes to the first directory; the others are only read.
set -- "$work"
[ -d "$here/seeds/$name" ] && set -- "$@" "$here/seeds/$name"
[ "$name" = litmus ] && set -- "$@" "$here/../litmus" "$here/../bad"

exec "$fuzzer" -max_total_time="${FUZZ_SECONDS:-20}" -runs="${FUZZ_RUNS:-200000}" \
	-timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 -verbosity=0 \
	-artifact_prefix="$fuzzer." "$@"
