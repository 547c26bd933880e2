/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source_lines.c - from addresses of this program to lines of mm/, by its own debug information */
#include "targets/source_lines.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <execinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FRAMES 64

struct source_lines {
	Dwfl *dwfl;
};

/* What an address belongs to. */
struct place {
	Dwarf_Die *unit;
	Dwarf_Die *scopes; /* innermost first */
	int nr_scopes;
};

struct source_lines *source_lines_open(void)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	struct source_lines *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->dwfl = dwfl_begin(&callbacks);
	if (!lines->dwfl || dwfl_linux_proc_report(lines->dwfl, getpid()) ||
	    dwfl_report_end(lines->dwfl, NULL, NULL)) {
		source_lines_close(lines);
		return NULL;
	}
	return lines;
}

void source_lines_close(struct source_lines *lines)
{
	if (!lines)
		return;
	if (lines->dwfl)
		dwfl_end(lines->dwfl);
	free(lines);
}

/* "mm/memory.c" of "../mm/memory.c"; NULL if the file is no source file of mm/. */
static const char *file_of_mm(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	size_t length = path ? strlen(path) : 0;

	if (!slash || length < 2 || strcmp(path + length - 2, ".c") != 0)
		return NULL;
	if (slash - path < 2 || strncmp(slash - 2, "mm/", 3) != 0)
		return NULL;
	return slash - path == 2 || slash[-3] == '/' ? slash - 2 : NULL;
}

static Dwarf_Word number_of(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute found;
	Dwarf_Word value = 0;

	dwarf_formudata(dwarf_attr_integrate(die, attribute, &found), &value);
	return value;
}

/* Where the function of an inlined scope was called. */
static const char *caller_file(const struct place *place, Dwarf_Die *scope)
{
	Dwarf_Files *files;
	size_t nr;

	if (dwarf_getsrcfiles(place->unit, &files, &nr))
		return NULL;
	return dwarf_filesrc(files, number_of(scope, DW_AT_call_file), NULL, NULL);
}

/* From the innermost scope outwards to a function of mm/, beginning with this line. */
static bool find_function(const struct place *place, const char *file, int number,
			  struct replay_line *line)
{
	for (int i = 0; i < place->nr_scopes; i++) {
		Dwarf_Die *scope = &place->scopes[i];
		int tag = dwarf_tag(scope);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		if (file_of_mm(file)) {
			line->file = file_of_mm(file);
			line->number = number;
			line->function = dwarf_diename(scope);
			return line->function;
		}
		if (tag == DW_TAG_subprogram)
			return false;
		file = caller_file(place, scope);
		number = (int)number_of(scope, DW_AT_call_line);
	}
	return false;
}

static bool line_of(const struct source_lines *lines, void *return_address,
		    struct replay_line *line)
{
	/* The call itself comes before the address that it returns to. */
	Dwarf_Addr address = (Dwarf_Addr)(uintptr_t)return_address - 1;
	struct place place;
	Dwarf_Addr bias = 0;
	Dwfl_Line *source = dwfl_getsrc(lines->dwfl, address);
	const char *file;
	int number = 0;
	bool found;

	place.unit = dwfl_addrdie(lines->dwfl, address, &bias);
	if (!place.unit || !source)
		return false;
	file = dwfl_lineinfo(source, NULL, &number, NULL, NULL, NULL);
	place.nr_scopes = dwarf_getscopes(place.unit, address - bias, &place.scopes);
	if (place.nr_scopes < 1)
		return false;
	found = find_function(&place, file, number, line);
	free(place.scopes);
	return found;
}

bool source_lines_here(struct source_lines *lines, struct replay_line *line)
{
	void *frames[MAX_FRAMES];
	int nr = backtrace(frames, MAX_FRAMES);

	for (int i = 0; i < nr; i++) {
		if (line_of(lines, frames[i], line))
			return true;
	}
	return false;
}
