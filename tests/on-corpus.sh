#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# on-corpus.sh PROGRAM - run a program with every file of the corpus as an argument

program=$(realpath "$1")
cd "$(dirname "$0")/.." || exit 1
find tests/litmus -name '*.litmus' | LC_ALL=C sort | xargs "$program"
