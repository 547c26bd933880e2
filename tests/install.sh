#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# install.sh BUILD - can a program that knows only what was installed use libcowherd-mm?

set -e
build=$1
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

DESTDIR=$stage meson install -C "$build" --no-rebuild --quiet
pc=$(find "$stage" -name cowherd-mm.pc)
export PKG_CONFIG_SYSROOT_DIR="$stage" PKG_CONFIG_LIBDIR="${pc%/*}"

cat >"$stage/use.c" <<'END'
#include <mm/eras.h>
#include <mm/mm.h>

int main(void)
{
	const struct machine_config config = {.nr_frames = 64, .nr_cpus = 1};
	struct machine *machine = machine_create(&mm_era_find("v6.1")->rules, &config);
	struct mm *mm = machine ? mm_create(machine) : NULL;
	uint32_t value = 0;

	if (!mm || mm_mmap(mm, 0x10000, MM_PAGE_SIZE, VM_READ | VM_WRITE) ||
	    mm_store(mm, 0x10000, 42) || mm_load(mm, 0x10000, &value))
		return 1;
	mm_destroy(mm);
	machine_destroy(machine);
	return value != 42;
}
END
# shellcheck disable=SC2046 # a list of options
gcc -std=c17 -Wall -Wextra -Werror "$stage/use.c" -o "$stage/use" \
	$(pkg-config --cflags --libs --static cowherd-mm)
"$stage/use"

for page in man1/cowherd.1 man5/cowherd-litmus.5; do
	find "$stage" -path "*/$page*" | grep -q . || { echo "not installed: $page"; exit 1; }
done
find "$stage" -path '*/bin/cowherd' -perm -100 | grep -q . || { echo "no bin/cowherd"; exit 1; }
