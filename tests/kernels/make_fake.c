/* SPDX-License-Identifier: GPL-2.0-or-later */
/* make_fake.c - make-fake image FILE TEXT | module FILE KEY=VALUE... */

#include <stdio.h>
#include <string.h>

#include "tests/kernels/fake.h"

int main(int argc, char **argv)
{
	bool made = false;

	if (argc == 4 && strcmp(argv[1], "image") == 0)
		made = fake_image(argv[2], argv[3]);
	else if (argc >= 3 && strcmp(argv[1], "module") == 0)
		made = fake_module(argv[2], (const char *const *)argv + 3);
	if (!made)
		fprintf(stderr, "usage: make-fake image FILE TEXT | module FILE KEY=VALUE...\n");
	return made ? 0 : 1;
}
