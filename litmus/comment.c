/* SPDX-License-Identifier: GPL-2.0-or-later */
/* comment.c - comments as they are kept, and what they say */
#include "litmus/lexer.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The line at text: its length without the newline and the white space before that. */
static size_t line_length(const char *text, size_t left, size_t *next)
{
	const char *newline = memchr(text, '\n', left);
	size_t length = newline ? (size_t)(newline - text) : left;

	*next = newline ? length + 1 : length;
	while (length && is_blank(text[length - 1]))
		length--;
	return length;
}

/* Copy a later line of a comment to `to` and return how many bytes that took. */
static size_t put_line(char *to, const char *line, size_t length, int indent)
{
	size_t blanks = 0, i = 0, used = 0;
	int column = 0;

	while (blanks < length && is_blank(line[blanks]))
		blanks++;
	if (blanks < length && line[blanks] == '*') { /* " * so" stands below the opening */
		to[used++] = ' ';
		i = blanks;
	}
	for (; i < blanks && column < indent; i++)
		column = line[i] == '\t' ? (column / 8 + 1) * 8 : column + 1;
	for (; column > indent; column--) /* what sticks out of a tab that was cut */
		to[used++] = ' ';
	memcpy(to + used, line + i, length - i);
	return used + length - i;
}

char *litmus_comment_text(struct litmus_arena *arena, const char *text, size_t length, int indent)
{
	size_t lines = 1, next, used;
	char *kept;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	/* A line can grow by the columns of one tab at most. */
	kept = litmus_arena_alloc(arena, length + lines * 8 + 1);
	if (!kept)
		return NULL;
	used = line_length(text, length, &next);
	memcpy(kept, text, used);
	for (size_t at = next; --lines; at += next) {
		size_t line = line_length(text + at, length - at, &next);

		kept[used++] = '\n';
		used += put_line(kept + used, text + at, line, indent);
	}
	return kept;
}

/* Append what one comment, as it is kept, says. */
static char *put_words(char *to, const char *text)
{
	const char *end = text + strlen(text);
	bool line_comment = text[1] == '/';
	char *begin = to;
	size_t next;

	text += 2;
	if (!line_comment)
		end -= 2;
	for (; text < end; text += next) {
		size_t length = line_length(text, (size_t)(end - text), &next);
		size_t skip = 0;

		while (skip < length && is_blank(text[skip]))
			skip++;
		while (skip < length && text[skip] == '*')
			skip++;
		if (skip < length && text[skip] == ' ')
			skip++;
		if (skip == length && to == begin)
			continue;
		memcpy(to, text + skip, length - skip);
		to += length - skip;
		*to++ = '\n';
	}
	while (to > begin && to[-1] == '\n')
		to--;
	return to;
}

char *litmus_comment_words(struct litmus_arena *arena, const struct litmus_comment *comments,
			   int nr_comments)
{
	size_t size = 1;
	char *words, *end;

	for (int i = 0; i < nr_comments; i++)
		size += strlen(comments[i].text) + 2;
	words = litmus_arena_alloc(arena, size);
	if (!words)
		return NULL;
	end = words;
	for (int i = 0; i < nr_comments; i++) {
		if (end > words)
			*end++ = '\n';
		if (end > words && comments[i].blank_before)
			*end++ = '\n';
		end = put_words(end, comments[i].text);
	}
	*end = '\0';
	return words;
}
