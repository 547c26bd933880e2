/* SPDX-License-Identifier: GPL-2.0-or-later */
/* terminal.c - width, colour, UTF-8, and a progress line */

#include "tool/terminal.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "targets/clock.h"

#define DEFAULT_WIDTH 80
#define MIN_WIDTH     40

static bool is_terminal(FILE *stream)
{
	int fd = fileno(stream);

	return fd >= 0 && isatty(fd);
}

static int find_width(FILE *out)
{
	struct winsize size;

	if (!is_terminal(out) || ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return DEFAULT_WIDTH;
	return size.ws_col < MIN_WIDTH ? MIN_WIDTH : size.ws_col;
}

static bool find_color(FILE *out, enum color_when when)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (when != COLOR_AUTO)
		return when == COLOR_ALWAYS;
	if (no_color && no_color[0])
		return false;
	return is_terminal(out) && term && strcmp(term, "dumb") != 0;
}

void terminal_init(struct terminal *terminal, FILE *out, enum color_when when)
{
	terminal->out = out;
	terminal->width = find_width(out);
	terminal->color = find_color(out, when);
	terminal->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void terminal_print(const struct terminal *terminal, enum style style, const char *format, ...)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "0", [STYLE_BOLD] = "1", [STYLE_DIM] = "2",
		[STYLE_GOOD] = "32", [STYLE_BAD] = "31", [STYLE_WARN] = "1;33",
	};
	bool color = terminal->color && style != STYLE_PLAIN;
	va_list args;

	if (color)
		fprintf(terminal->out, "\033[%sm", codes[style]);
	va_start(args, format);
	vfprintf(terminal->out, format, args);
	va_end(args);
	if (color)
		fputs("\033[0m", terminal->out);
}

/* The next character: its bytes and its columns. Bytes that are no character count as one. */
static size_t next_char(const struct terminal *terminal, const char *text, int *columns)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t length;

	*columns = 1;
	if (!terminal->utf8)
		return 1;
	length = mbrtowc(&wide, text, MB_CUR_MAX, &state);
	if (length == 0 || length == (size_t)-1 || length == (size_t)-2)
		return 1;
	*columns = wcwidth(wide);
	if (*columns < 0)
		*columns = 1;
	return length;
}

int terminal_text_width(const struct terminal *terminal, const char *text)
{
	int width = 0;

	while (*text) {
		int columns;

		text += next_char(terminal, text, &columns);
		width += columns;
	}
	return width;
}

/* Print the beginning of text, at most `width` columns. Returns how many it took. */
static int print_head(const struct terminal *terminal, const char *text, int width)
{
	int used = 0;

	while (*text) {
		int columns;
		size_t length = next_char(terminal, text, &columns);

		if (used + columns > width)
			break;
		fwrite(text, 1, length, terminal->out);
		used += columns;
		text += length;
	}
	return used;
}

/* The end of text, at most `width` columns. */
static const char *find_tail(const struct terminal *terminal, const char *text, int width)
{
	int left = terminal_text_width(terminal, text);

	while (left > width) {
		int columns;

		text += next_char(terminal, text, &columns);
		left -= columns;
	}
	return text;
}

void terminal_fit(const struct terminal *terminal, const char *text, int width)
{
	int used;

	if (terminal_text_width(terminal, text) <= width) {
		used = print_head(terminal, text, width);
	} else {
		used = print_head(terminal, text, width / 2);
		fputs(terminal->utf8 ? "…" : "~", terminal->out);
		used++;
		used += print_head(terminal, find_tail(terminal, text, width - used), width);
	}
	fprintf(terminal->out, "%*s", width > used ? width - used : 0, "");
}

void terminal_wrap(const struct terminal *terminal, int column, int indent, const char *text)
{
	bool first = true;

	while (*text) {
		size_t length = strcspn(text, " \n");

		if (!first && column + 1 + (int)length > terminal->width) {
			fprintf(terminal->out, "\n%*s", indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', terminal->out);
			column++;
		}
		fwrite(text, 1, length, terminal->out);
		column += (int)length;
		first = false;
		text += length;
		text += strspn(text, " \n");
	}
	fputc('\n', terminal->out);
}

void progress_begin(struct progress *progress, FILE *err)
{
	progress->err = is_terminal(err) ? err : NULL;
	progress->next = clock_seconds() + 1;
	progress->shown = false;
}

void progress_show(struct progress *progress, const char *format, ...)
{
	char line[DEFAULT_WIDTH];
	va_list args;

	if (!progress->err || clock_seconds() < progress->next)
		return;
	progress->next = clock_seconds() + 0.1;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(progress->err, "\r\033[K%s", line);
	fflush(progress->err);
	progress->shown = true;
}

void progress_clear(struct progress *progress)
{
	if (!progress->shown)
		return;
	fputs("\r\033[K", progress->err);
	fflush(progress->err);
	progress->shown = false;
}
