/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html.c - text on a page */

#include "tool/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define MAX_SEQUENCE 4

/* How many bytes a character takes that begins with this one; 0: none does. */
static int sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Of its lengths a character has the shortest, and it is none of those that no text may have. */
static bool is_character(uint32_t code, int length)
{
	static const uint32_t least[MAX_SEQUENCE + 1] = {0, 0, 0x80, 0x800, 0x10000};

	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return false;
	if (code < 0x20)
		return code == '\t' || code == '\n';
	return !(code >= 0x7f && code <= 0x9f) && (code & 0xfffe) != 0xfffe;
}

/* The bytes of the character that text begins with; 0 if it is none that a page may have. */
static int character_length(const unsigned char *text)
{
	int length = sequence_length(text[0]);
	uint32_t code = length == 1 ? text[0] : text[0] & (0x7fu >> length);

	for (int i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	return length && is_character(code, length) ? length : 0;
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_text(FILE *out, const char *text)
{
	while (*text) {
		int length = character_length((const unsigned char *)text);
		const char *name = entity(*text);

		if (name)
			fputs(name, out);
		else if (length)
			fwrite(text, 1, (size_t)length, out);
		else
			fputc('?', out);
		text += length ? length : 1;
	}
}

void html_printf(FILE *out, const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0) {
		fputc('?', out);
		return;
	}
	html_text(out, text);
	free(text);
}
