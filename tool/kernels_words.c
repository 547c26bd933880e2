/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels_words.c - the kernels for virtual machines as tables */

#include "tool/kernels.h"

#include <string.h>

#include "mm/eras.h"

#define COLUMNS   6
#define CELL_SIZE 128
#define GAP       2

/* A row of a table. The last column is not filled up. */
struct line {
	char cells[COLUMNS][CELL_SIZE];
};

const char *kernels_era(const char *version)
{
	const struct mm_era *era = mm_era_find(version);

	return era ? era->name : NULL;
}

const struct kernel *kernels_named(const struct kernel_list *list, const char *name)
{
	for (int i = 0; i < list->nr; i++) {
		if (strcmp(list->kernels[i].name, name) == 0)
			return &list->kernels[i];
	}
	return NULL;
}

static const char *era_text(const char *version)
{
	const char *era = kernels_era(version);

	return era ? era : "none";
}

static void set(struct line *line, int column, const char *text)
{
	snprintf(line->cells[column], CELL_SIZE, "%s", text);
}

static void set_size(struct line *line, int column, uint64_t size)
{
	snprintf(line->cells[column], CELL_SIZE, "%.1f MB", (double)size / 1e6);
}

static struct line kernel_line(const struct kernel *kernel)
{
	struct line line = {0};

	set(&line, 0, kernel->name);
	set(&line, 1, kernel->version);
	set(&line, 2, era_text(kernel->version));
	set(&line, 3, kernel->release);
	set_size(&line, 4, kernel->size);
	set(&line, 5, kernel->origin);
	return line;
}

static struct line offer_line(const struct kernel_offer *offer, const struct kernel *cached)
{
	struct line line = {0};

	set(&line, 0, offer->name);
	set(&line, 1, offer->version);
	set(&line, 2, era_text(offer->version));
	set(&line, 3, cached ? cached->version : "-");
	set_size(&line, 4, offer->size);
	set(&line, 5, offer->suite);
	return line;
}

static void widen(int widths[COLUMNS], const struct line *line, const struct terminal *terminal)
{
	for (int i = 0; i < COLUMNS; i++) {
		int width = terminal_text_width(terminal, line->cells[i]);

		if (width > widths[i])
			widths[i] = width;
	}
}

static void print_line(const int widths[COLUMNS], const struct line *line, enum style style,
		       const struct terminal *terminal)
{
	for (int i = 0; i < COLUMNS; i++) {
		int fill = widths[i] - terminal_text_width(terminal, line->cells[i]);
		bool last = i == COLUMNS - 1;

		terminal_print(terminal, style, "%s", line->cells[i]);
		fprintf(terminal->out, "%*s", last ? 0 : fill + GAP, "");
	}
	fputc('\n', terminal->out);
}

void kernels_in_words(const struct kernel_list *list, const struct terminal *terminal)
{
	struct line title = {{"kernel", "version", "era", "release", "size", "from"}};
	int widths[COLUMNS] = {0};
	struct line line = {0};

	if (!list->nr) {
		if (!list->nr_broken)
			fputs("The cache has no kernels; cowherd kernels fetch gets some.\n",
			      terminal->out);
		return;
	}
	widen(widths, &title, terminal);
	for (int i = 0; i < list->nr; i++) {
		line = kernel_line(&list->kernels[i]);
		widen(widths, &line, terminal);
	}
	print_line(widths, &title, STYLE_BOLD, terminal);
	for (int i = 0; i < list->nr; i++) {
		line = kernel_line(&list->kernels[i]);
		print_line(widths, &line, STYLE_PLAIN, terminal);
	}
}

void offers_in_words(const struct kernel_offers *offers, const struct kernel_list *cached,
		     const struct terminal *terminal)
{
	struct line title = {{"kernel", "version", "era", "cached", "download", "suite"}};
	int widths[COLUMNS] = {0};
	struct line line = {0};

	widen(widths, &title, terminal);
	for (int i = 0; i < offers->nr; i++) {
		line = offer_line(&offers->offers[i],
				  kernels_named(cached, offers->offers[i].name));
		widen(widths, &line, terminal);
	}
	print_line(widths, &title, STYLE_BOLD, terminal);
	for (int i = 0; i < offers->nr; i++) {
		line = offer_line(&offers->offers[i],
				  kernels_named(cached, offers->offers[i].name));
		print_line(widths, &line, STYLE_PLAIN, terminal);
	}
}
