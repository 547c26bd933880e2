/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - draw the cells: tests down the side, targets across the top */

#include "tool/table.h"

#include <ctype.h>
#include <string.h>

#define GAP             2  /* between two columns of words */
#define MAX_NAME_HEIGHT 16 /* of a column's name that is written downwards */
#define CELL_TEXT_SIZE  192

struct kind_letter {
	enum violation kind;
	char letter;
};

/* The worst first: it gives a cell its letter. */
static const struct kind_letter kind_letters[VIOLATION_KINDS] = {
	{VIOLATION_CRASH, 'K'},       {VIOLATION_USE_AFTER_FREE, 'F'}, {VIOLATION_BAD_COUNT, 'C'},
	{VIOLATION_LEAK, 'X'},        {VIOLATION_LOST_WRITE, 'W'},     {VIOLATION_LOST_DMA, 'L'},
	{VIOLATION_STALE_DMA, 'S'},   {VIOLATION_WRONG_PAGE, 'P'},     {VIOLATION_STALE_TLB, 'T'},
	{VIOLATION_DEADLOCK, 'D'},    {VIOLATION_LIVELOCK, 'V'},       {VIOLATION_MISSED_WP, 'M'},
	{VIOLATION_SPURIOUS_WP, 'U'}, {VIOLATION_UNSTABLE_PAGE, 'B'},
};

static char cell_letter(const struct cell *cell)
{
	if (cell->result.status == RUN_SKIPPED)
		return '-';
	if (cell->result.status == RUN_FAILED)
		return 'E';
	for (int i = 0; i < VIOLATION_KINDS; i++) {
		if (cell->violations == (unsigned)kind_letters[i].kind)
			return kind_letters[i].letter;
		if (cell->violations & kind_letters[i].kind)
			return (char)tolower(kind_letters[i].letter);
	}
	return cell->result.status == RUN_DONE ? '.' : '?';
}

static enum style cell_style(const struct cell *cell)
{
	if (cell->violations || cell->result.status == RUN_FAILED)
		return STYLE_BAD;
	return cell->result.status == RUN_DONE ? STYLE_GOOD : STYLE_DIM;
}

/* The cell in words, with its mark. */
static char *marked_text(const struct cell *cell, char *buf, size_t size)
{
	char text[CELL_TEXT_SIZE - 1];

	cell_text(cell, text, sizeof(text));
	snprintf(buf, size, "%s%s", text, cell->verdict == VERDICT_UNEXPECTED ? "!" : "");
	return buf;
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

static int longest_test_name(const struct run *run)
{
	int longest = (int)strlen("test");

	for (int i = 0; i < run->nr_rows; i++) {
		if (run->rows[i].cells)
			longest = max(longest,
				      terminal_text_width(&run->terminal, run->rows[i].test->name));
	}
	return longest;
}

static int words_width(const struct run *run, int column)
{
	int width = (int)strlen(run->targets.targets[column].name);
	char text[CELL_TEXT_SIZE];

	for (int i = 0; i < run->nr_rows; i++) {
		if (!run->rows[i].cells)
			continue;
		marked_text(&run->rows[i].cells[column], text, sizeof(text));
		width = max(width, (int)strlen(text));
	}
	return width;
}

static bool words_fit(const struct run *run, int test_width)
{
	int width = test_width;

	for (int i = 0; i < run->targets.nr && width <= run->terminal.width; i++)
		width += GAP + words_width(run, i);
	return width <= run->terminal.width;
}

static void print_words(const struct run *run, int test_width)
{
	const struct terminal *terminal = &run->terminal;
	char text[CELL_TEXT_SIZE];

	terminal_fit(terminal, "test", test_width);
	for (int i = 0; i < run->targets.nr; i++) {
		const char *name = run->targets.targets[i].name;
		bool last = i == run->targets.nr - 1;

		fprintf(terminal->out, "%*s%-*s", GAP, "", last ? 0 : words_width(run, i), name);
	}
	fputc('\n', terminal->out);
	for (int i = 0; i < run->nr_rows; i++) {
		if (!run->rows[i].cells)
			continue;
		terminal_fit(terminal, run->rows[i].test->name, test_width);
		for (int j = 0; j < run->targets.nr; j++) {
			const struct cell *cell = &run->rows[i].cells[j];
			bool last = j == run->targets.nr - 1;

			marked_text(cell, text, sizeof(text));
			fprintf(terminal->out, "%*s", GAP, "");
			terminal_print(terminal, cell_style(cell), "%s", text);
			if (!last)
				fprintf(terminal->out, "%*s",
					words_width(run, j) - (int)strlen(text), "");
		}
		fputc('\n', terminal->out);
	}
}

/* The letter of a column's name that stands `height` lines above the cells. */
static char name_letter(const char *name, int height)
{
	int length = (int)strlen(name);

	if (length <= MAX_NAME_HEIGHT)
		return height <= length ? name[length - height] : ' ';
	/* Too long: its beginning, and a mark. */
	return height == 1 ? '~' : name[MAX_NAME_HEIGHT - height];
}

void table_print_letter_header(const struct run *run, int test_width)
{
	FILE *out = run->terminal.out;
	int height = 0;

	for (int i = 0; i < run->targets.nr; i++)
		height = max(height, (int)strlen(run->targets.targets[i].name));
	if (height > MAX_NAME_HEIGHT)
		height = MAX_NAME_HEIGHT;
	for (; height > 0; height--) {
		int blanks = test_width;

		for (int i = 0; i < run->targets.nr; i++) {
			char letter = name_letter(run->targets.targets[i].name, height);

			blanks += TABLE_LETTER_WIDTH;
			if (letter == ' ')
				continue;
			fprintf(out, "%*c", blanks, letter);
			blanks = 0;
		}
		fputc('\n', out);
	}
}

static void print_letters(const struct run *run, int test_width)
{
	const struct terminal *terminal = &run->terminal;

	table_print_letter_header(run, test_width);
	for (int i = 0; i < run->nr_rows; i++) {
		bool marked = false; /* the mark of the cell before takes the blank */

		if (!run->rows[i].cells)
			continue;
		terminal_fit(terminal, run->rows[i].test->name, test_width);
		for (int j = 0; j < run->targets.nr; j++) {
			const struct cell *cell = &run->rows[i].cells[j];

			if (!marked)
				fputc(' ', terminal->out);
			terminal_print(terminal, cell_style(cell), "%c", cell_letter(cell));
			marked = cell->verdict == VERDICT_UNEXPECTED;
			if (marked)
				terminal_print(terminal, STYLE_WARN, "!");
		}
		fputc('\n', terminal->out);
	}
}

struct occurrence {
	bool letters[128];
	bool mark;
};

static struct occurrence find_letters(const struct run *run)
{
	struct occurrence found = {0};

	for (int i = 0; i < run->nr_rows; i++) {
		if (!run->rows[i].cells)
			continue;
		for (int j = 0; j < run->targets.nr; j++) {
			const struct cell *cell = &run->rows[i].cells[j];

			found.letters[(unsigned char)cell_letter(cell)] = true;
			found.mark |= cell->verdict == VERDICT_UNEXPECTED;
		}
	}
	return found;
}

/* One entry of the legend, on the next line where this one is full. */
static void print_entry(const struct terminal *terminal, int *column, char letter, const char *what)
{
	int width = 2 + (int)strlen(what);

	if (*column > 0 && *column + 3 + width > terminal->width) {
		fputc('\n', terminal->out);
		*column = 0;
	}
	*column += fprintf(terminal->out, "%s%c %s", *column > 0 ? "   " : "", letter, what);
}

static void print_legend(const struct run *run)
{
	static const struct {
		char letter;
		const char *what;
	} others[] = {{'.', "ok"}, {'-', "skipped"}, {'?', "incomplete"}, {'E', "error"}};
	struct occurrence found = find_letters(run);
	const struct terminal *terminal = &run->terminal;
	bool several = false;
	int column = 0;

	fputc('\n', terminal->out);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (found.letters[(unsigned char)others[i].letter])
			print_entry(terminal, &column, others[i].letter, others[i].what);
	}
	for (int i = 0; i < VIOLATION_KINDS; i++) {
		char letter = kind_letters[i].letter;
		bool lower = found.letters[tolower(letter)];

		several |= lower;
		if (found.letters[(unsigned char)letter] || lower)
			print_entry(terminal, &column, letter,
				    violation_name(kind_letters[i].kind));
	}
	if (found.mark)
		print_entry(terminal, &column, '!', "not as expected");
	if (several)
		fputs("\nsmall letter: the worst of several kinds", terminal->out);
	fputc('\n', terminal->out);
}

void table_print(const struct run *run)
{
	int test_width = longest_test_name(run);
	int room = run->terminal.width - TABLE_LETTER_WIDTH * run->targets.nr;

	if (words_fit(run, test_width)) {
		print_words(run, test_width);
		return;
	}
	if (test_width > room)
		test_width = max(room, TABLE_MIN_TEST_WIDTH);
	print_letters(run, test_width);
	print_legend(run);
}
