/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - where the process begins */

#include "tool/tool.h"

#include <locale.h>

int main(int argc, char **argv)
{
	struct tool_io io = {.out = stdout, .err = stderr};

	/* Which characters the terminal can show; numbers and messages stay as they are. */
	setlocale(LC_CTYPE, "");
	return cowherd_main(argc, argv, &io);
}
