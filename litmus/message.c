/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message.c - one line that says where a test is wrong, and text that is no text */
#include "litmus/lexer.h"

#include <stdarg.h>

/* A file's name is the user's: a control character in it must not break the line. */
static size_t put_file(const struct litmus_source *source)
{
	size_t used = 0;

	if (!source->err_size)
		return 0;
	source->err[0] = '\0';
	for (const char *c = source->file; *c && used < source->err_size; c++) {
		bool control = (unsigned char)*c < ' ' || *c == 0x7f;

		used += (size_t)snprintf(source->err + used, source->err_size - used,
					 control ? "\\x%02x" : "%c", (unsigned char)*c);
	}
	return used;
}

bool litmus_fail(const struct litmus_source *source, struct litmus_pos pos, const char *format, ...)
{
	size_t used = put_file(source);
	va_list args;

	if (used < source->err_size && pos.line)
		used += (size_t)snprintf(source->err + used, source->err_size - used, ":%d:%d",
					 pos.line, pos.column);
	if (used < source->err_size)
		used += (size_t)snprintf(source->err + used, source->err_size - used, ": ");
	if (used >= source->err_size)
		return false;
	va_start(args, format);
	vsnprintf(source->err + used, source->err_size - used, format, args);
	va_end(args);
	return false;
}

bool litmus_fail_memory(const struct litmus_source *source)
{
	size_t used = put_file(source);

	if (used < source->err_size)
		snprintf(source->err + used, source->err_size - used, ": out of memory");
	return false;
}

/* Length of the UTF-8 character at text; 0 if it isn't one. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
	unsigned low = 0x80, high = 0xbf; /* bounds of the second byte */
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		length = 2;
	else if ((text[0] & 0xf0) == 0xe0)
		length = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (text[0] == 0xe0)
		low = 0xa0; /* else overlong */
	if (text[0] == 0xed)
		high = 0x9f; /* else a surrogate */
	if (text[0] == 0xf0)
		low = 0x90; /* else overlong */
	if (text[0] == 0xf4)
		high = 0x8f; /* else beyond U+10FFFF */
	if (left < length || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool litmus_check_text(const struct litmus_source *source)
{
	const unsigned char *text = (const unsigned char *)source->text;
	struct litmus_pos pos = {1, 1};
	size_t length;

	for (size_t i = 0; i < source->length; i += length) {
		length = utf8_length(text + i, source->length - i);
		if (!length)
			return litmus_fail(source, pos, "byte 0x%02x is not UTF-8, expected text",
					   text[i]);
		if (text[i] == '\n') {
			pos.line++;
			pos.column = 1;
			continue;
		}
		if (text[i] == '\r' && i + 1 < source->length && text[i + 1] == '\n')
			continue;
		if ((text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return litmus_fail(source, pos, "control character 0x%02x, expected text",
					   text[i]);
		pos.column++;
	}
	return true;
}
