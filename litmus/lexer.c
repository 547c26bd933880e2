/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lexer.c - the text of a test as tokens and comments */
#include "litmus/lexer.h"

#include <string.h>

void litmus_lexer_init(struct litmus_lexer *lexer, const struct litmus_source *source,
		       struct litmus_arena *arena)
{
	*lexer = (struct litmus_lexer){
		.source = source,
		.arena = arena,
		.pos = {1, 1},
		.in_indent = true,
	};
}

/* The byte `ahead` of where we are; 0 beyond the end (litmus_check_text() lets no 0 pass). */
static unsigned char look(const struct litmus_lexer *lexer, size_t ahead)
{
	if (lexer->source->length - lexer->at <= ahead)
		return 0;
	return (unsigned char)lexer->source->text[lexer->at + ahead];
}

static bool look_is(const struct litmus_lexer *lexer, const char *two)
{
	return look(lexer, 0) == (unsigned char)two[0] && look(lexer, 1) == (unsigned char)two[1];
}

static void skip_byte(struct litmus_lexer *lexer)
{
	unsigned char c = look(lexer, 0);

	lexer->at++;
	if (c == '\n') {
		lexer->pos.line++;
		lexer->pos.column = 1;
		lexer->indent = 0;
		lexer->in_indent = true;
		return;
	}
	if ((c & 0xc0) != 0x80) /* a column for each character, not for each byte of it */
		lexer->pos.column++;
	if (lexer->in_indent && c == ' ')
		lexer->indent++;
	else if (lexer->in_indent && c == '\t')
		lexer->indent = (lexer->indent / 8 + 1) * 8;
	else
		lexer->in_indent = false;
}

static void skip_bytes(struct litmus_lexer *lexer, size_t count)
{
	while (count--)
		skip_byte(lexer);
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* "(*" right after a name is a parenthesis and a star, as in WRITE_ONCE(*x, 1). */
static bool at_herd_comment(const struct litmus_lexer *lexer)
{
	const char *text = lexer->source->text;

	return look_is(lexer, "(*") && !(lexer->at && is_name((unsigned char)text[lexer->at - 1]));
}

static bool skip_comment(struct litmus_lexer *lexer, bool blank_before)
{
	struct litmus_pos begin = lexer->pos;
	size_t offset = lexer->at;
	const char *end = look_is(lexer, "/*") ? "*/" : look_is(lexer, "//") ? NULL : "*)";
	struct litmus_comment *comment;

	skip_bytes(lexer, 2);
	int indent = lexer->indent;

	if (!end) {
		while (look(lexer, 0) && look(lexer, 0) != '\n')
			skip_byte(lexer);
	} else {
		while (look(lexer, 0) && !look_is(lexer, end))
			skip_byte(lexer);
		if (!look(lexer, 0))
			return litmus_fail(lexer->source, begin,
					   "comment without an end, expected '%s'", end);
		skip_bytes(lexer, 2);
	}
	comment = litmus_arena_grow(lexer->arena, lexer->comments, lexer->nr_comments,
				    &lexer->max_comments, sizeof(*comment));
	if (!comment)
		return litmus_fail_memory(lexer->source);
	lexer->comments = comment;
	comment += lexer->nr_comments;
	comment->text = litmus_comment_text(lexer->arena, lexer->source->text + offset,
					    lexer->at - offset, indent);
	if (!comment->text)
		return litmus_fail_memory(lexer->source);
	comment->offset = offset;
	comment->line = begin.line;
	comment->blank_before = blank_before;
	lexer->nr_comments++;
	return true;
}

/* White space and comments. */
static bool skip_blanks(struct litmus_lexer *lexer, bool *blank_before)
{
	int newlines = 0;

	for (;;) {
		if (is_space(look(lexer, 0))) {
			newlines += look(lexer, 0) == '\n';
			skip_byte(lexer);
		} else if (look_is(lexer, "/*") || look_is(lexer, "//") || at_herd_comment(lexer)) {
			if (!skip_comment(lexer, newlines > 1))
				return false;
			newlines = 0;
		} else {
			*blank_before = newlines > 1;
			return true;
		}
	}
}

static void take(struct litmus_lexer *lexer, struct litmus_token *token, int kind, size_t length)
{
	token->kind = kind;
	token->length = length;
	skip_bytes(lexer, length);
}

static bool lex_name(struct litmus_lexer *lexer, struct litmus_token *token)
{
	bool number = is_digit(look(lexer, 0));
	size_t length = 0, digits = 0;

	while (is_name(look(lexer, length))) {
		digits += is_digit(look(lexer, length));
		length++;
	}
	if (length > LITMUS_MAX_NAME)
		return litmus_fail(lexer->source, token->pos,
				   "%s of %zu characters, expected at most %d",
				   number ? "number" : "name", length, LITMUS_MAX_NAME);
	if (number && (digits < length || (length > 1 && look(lexer, 0) == '0')))
		return litmus_fail(lexer->source, token->pos, "'%.*s', expected a decimal number",
				   (int)length, token->text);
	take(lexer, token, number ? LITMUS_TOKEN_NUMBER : LITMUS_TOKEN_NAME, length);
	return true;
}

static bool lex_program(struct litmus_lexer *lexer, struct litmus_token *token)
{
	if (is_name(look(lexer, 0)))
		return lex_name(lexer, token);
	if (look_is(lexer, "!="))
		take(lexer, token, LITMUS_TOKEN_DIFFER, 2);
	else if (look_is(lexer, "/\\"))
		take(lexer, token, LITMUS_TOKEN_AND, 2);
	else if (look_is(lexer, "\\/"))
		take(lexer, token, LITMUS_TOKEN_OR, 2);
	else
		take(lexer, token, look(lexer, 0), 1);
	return true;
}

/* What may stand in the name of a test or, with a different meaning, in that of a target. */
static bool is_title(unsigned char c)
{
	return is_name(c) || c == '+' || c == '-' || c == '.';
}

static bool is_word(unsigned char c)
{
	return is_name(c) || c == '-' || c == '.';
}

static bool lex_title(struct litmus_lexer *lexer, struct litmus_token *token)
{
	size_t length = 0;

	while (is_title(look(lexer, length)))
		length++;
	if (length > LITMUS_MAX_TITLE)
		return litmus_fail(lexer->source, token->pos,
				   "name of %zu characters, expected at most %d", length,
				   LITMUS_MAX_TITLE);
	if (!length || (look(lexer, length) && !is_space(look(lexer, length)))) {
		skip_bytes(lexer, length);
		return litmus_fail(lexer->source, lexer->pos,
				   "expected the name of the test: letters, digits, '+', '-', '.' "
				   "and '_'");
	}
	take(lexer, token, LITMUS_TOKEN_TITLE, length);
	return true;
}

static bool lex_expect(struct litmus_lexer *lexer, struct litmus_token *token)
{
	size_t length = 0;

	if (look_is(lexer, "..")) {
		take(lexer, token, LITMUS_TOKEN_RANGE, 2);
		return true;
	}
	while (is_word(look(lexer, length)) &&
	       !(look(lexer, length) == '.' && look(lexer, length + 1) == '.'))
		length++;
	if (length > LITMUS_MAX_NAME)
		return litmus_fail(lexer->source, token->pos,
				   "name of %zu characters, expected at most %d", length,
				   LITMUS_MAX_NAME);
	if (length)
		take(lexer, token, LITMUS_TOKEN_WORD, length);
	else
		take(lexer, token, look(lexer, 0), 1);
	return true;
}

static bool lex_text(struct litmus_lexer *lexer, struct litmus_token *token)
{
	switch (lexer->mode) {
	case LITMUS_LEX_TITLE:
		return lex_title(lexer, token);
	case LITMUS_LEX_EXPECT:
		return lex_expect(lexer, token);
	default:
		return lex_program(lexer, token);
	}
}

bool litmus_lex(struct litmus_lexer *lexer, struct litmus_token *token)
{
	*token = (struct litmus_token){.kind = LITMUS_TOKEN_END};
	if (lexer->mode == LITMUS_LEX_TITLE) {
		while (look(lexer, 0) == ' ' || look(lexer, 0) == '\t')
			skip_byte(lexer);
	} else if (!skip_blanks(lexer, &token->blank_before)) {
		return false;
	}
	token->pos = lexer->pos;
	token->text = lexer->source->text + lexer->at;
	if (!look(lexer, 0) && lexer->mode != LITMUS_LEX_TITLE)
		return true;
	if (look(lexer, 0) >= 0x80)
		return litmus_fail(lexer->source, token->pos,
				   "character outside of ASCII, expected one only in a comment");
	return lex_text(lexer, token);
}
