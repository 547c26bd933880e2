/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lexer.h - the text of a test as tokens and comments */
#ifndef LITMUS_LEXER_H
#define LITMUS_LEXER_H

#include "litmus/arena.h"
#include "litmus/litmus.h"

/* The text, its name, and where to say what is wrong with it. */
struct litmus_source {
	const char *file;
	const char *text;
	size_t length;
	char *err;
	size_t err_size;
};

/*
 * Write "file:line:column: ..." to err, or "file: ..." where pos is all zero. Always false, so that
 * a caller can return it.
 */
bool litmus_fail(const struct litmus_source *source, struct litmus_pos pos, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Write "file: out of memory" to err. Always false. */
bool litmus_fail_memory(const struct litmus_source *source);

/* Is it UTF-8 text without control characters? Otherwise says where it is not. */
bool litmus_check_text(const struct litmus_source *source);

#define LITMUS_MAX_TITLE 128

/* Kinds of token; a single character of punctuation is its own kind. */
enum {
	LITMUS_TOKEN_END = 256,
	LITMUS_TOKEN_NAME,   /* x, P0, FOLL_WRITE, exists */
	LITMUS_TOKEN_NUMBER, /* decimal digits */
	LITMUS_TOKEN_TITLE,  /* the name of the test */
	LITMUS_TOKEN_WORD,   /* in an expect line: lost-dma, v5.9-rc4 */
	LITMUS_TOKEN_RANGE,  /* .. */
	LITMUS_TOKEN_DIFFER, /* != */
	LITMUS_TOKEN_AND,    /* /\ */
	LITMUS_TOKEN_OR,     /* \/ */
};

struct litmus_token {
	int kind;
	struct litmus_pos pos;
	const char *text; /* in the source */
	size_t length;
	bool blank_before; /* an empty line stands before it */
};

struct litmus_comment {
	char *text;    /* with its delimiters, lines without the indentation of the first */
	size_t offset; /* in the source */
	int line;
	bool blank_before;
};

/* What counts as one token depends on the part of the test. */
enum litmus_lex_mode {
	LITMUS_LEX_PROGRAM,
	LITMUS_LEX_TITLE, /* the rest of the first line */
	LITMUS_LEX_EXPECT,
};

/* Copying one and putting the copy back later rewinds it. */
struct litmus_lexer {
	const struct litmus_source *source;
	struct litmus_arena *arena;
	enum litmus_lex_mode mode;
	size_t at;
	struct litmus_pos pos;
	int indent;                      /* columns of white space at the beginning of this line */
	bool in_indent;                  /* nothing else on this line yet */
	struct litmus_comment *comments; /* that nobody has taken yet */
	int nr_comments;
	int max_comments;
};

void litmus_lexer_init(struct litmus_lexer *lexer, const struct litmus_source *source,
		       struct litmus_arena *arena);

/* Read the next token; comments before it are added to lexer->comments. False after an error. */
bool litmus_lex(struct litmus_lexer *lexer, struct litmus_token *token);

/*
 * The comment in text, as it is kept: without white space at the ends of lines, and without the
 * first `indent` columns of white space where later lines begin. NULL without memory.
 */
char *litmus_comment_text(struct litmus_arena *arena, const char *text, size_t length, int indent);

/* What the comments say: without delimiters, leading stars and empty lines around. */
char *litmus_comment_words(struct litmus_arena *arena, const struct litmus_comment *comments,
			   int nr_comments);

#endif
