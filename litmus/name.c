/* SPDX-License-Identifier: GPL-2.0-or-later */
/* name.c - names: who has one, which are taken, and what a misspelt one may have meant */
#include "litmus/parse.h"

#include <string.h>

/* Names with these prefixes are constants. */
static const char *const reserved_prefixes[] = {"FOLL_", "PROT_", "MAP_",
						"MADV_", "UFFD_", "UFFDIO_"};

static const char *const reserved_names[] = {
	"completion", "nr_hugepages", "int",  "locations", "exists",
	"forall",     "expect",       "true", "status",
};

bool litmus_token_is(const struct litmus_token *token, const char *text)
{
	return strlen(text) == token->length && !memcmp(text, token->text, token->length);
}

int litmus_find_var(const struct litmus_test *test, const struct litmus_token *token)
{
	for (int i = 0; i < test->nr_vars; i++)
		if (litmus_token_is(token, test->vars[i].name))
			return i;
	return -1;
}

int litmus_find_completion(const struct litmus_test *test, const struct litmus_token *token)
{
	for (int i = 0; i < test->nr_completions; i++)
		if (litmus_token_is(token, test->completions[i]))
			return i;
	return -1;
}

int litmus_find_uffd(const struct litmus_test *test, const struct litmus_token *token)
{
	for (int i = 0; i < test->nr_uffds; i++)
		if (litmus_token_is(token, test->uffds[i]))
			return i;
	return -1;
}

int litmus_find_register(const struct litmus_task *task, const struct litmus_token *token)
{
	for (int i = 0; i < task->nr_registers; i++)
		if (litmus_token_is(token, task->registers[i].name))
			return i;
	return -1;
}

int litmus_task_number(const struct litmus_token *token)
{
	int number = 0;

	if (token->kind != LITMUS_TOKEN_NAME || token->length < 2 || token->text[0] != 'P')
		return -1;
	if (token->text[1] == '0' && token->length > 2)
		return -1;
	for (size_t i = 1; i < token->length; i++) {
		if (token->text[i] < '0' || token->text[i] > '9')
			return -1;
		if (number < 1000) /* far beyond LITMUS_MAX_TASKS, far from an overflow */
			number = number * 10 + token->text[i] - '0';
	}
	return number;
}

bool litmus_is_reserved(const struct litmus_token *token)
{
	for (size_t i = 0; i < sizeof(reserved_names) / sizeof(reserved_names[0]); i++)
		if (litmus_token_is(token, reserved_names[i]))
			return true;
	for (size_t i = 0; i < sizeof(reserved_prefixes) / sizeof(reserved_prefixes[0]); i++) {
		size_t length = strlen(reserved_prefixes[i]);

		if (token->length >= length && !memcmp(token->text, reserved_prefixes[i], length))
			return true;
	}
	for (int i = 0; i < litmus_nr_constants; i++)
		if (litmus_token_is(token, litmus_constants[i].name))
			return true;
	if (litmus_is_backing(token))
		return true;
	return litmus_opcode(token->text, token->length) >= 0 || litmus_task_number(token) >= 0;
}

bool litmus_check_new_name(const struct litmus_parser *parser, const struct litmus_token *token)
{
	int length = (int)token->length;

	if (litmus_is_reserved(token))
		return litmus_fail(&parser->source, token->pos,
				   "'%.*s' is a word of the language, expected another name",
				   length, token->text);
	if (litmus_find_var(parser->test, token) >= 0)
		return litmus_fail(&parser->source, token->pos,
				   "'%.*s' is a variable already, expected another name", length,
				   token->text);
	if (litmus_find_completion(parser->test, token) >= 0)
		return litmus_fail(&parser->source, token->pos,
				   "'%.*s' is a completion already, expected another name", length,
				   token->text);
	if (litmus_find_uffd(parser->test, token) >= 0)
		return litmus_fail(&parser->source, token->pos,
				   "'%.*s' is a userfaultfd already, expected another name", length,
				   token->text);
	return true;
}

/*
 * How many letters are to be put in, left out, changed or swapped with the next to get from the
 * token to the name; neither is longer than LITMUS_MAX_NAME.
 */
static int distance(const struct litmus_token *token, const char *name)
{
	size_t length = strlen(name);
	int rows[3][LITMUS_MAX_NAME + 1]; /* for the letters i, i - 1 and i - 2 of the token */

	for (size_t j = 0; j <= length; j++)
		rows[0][j] = (int)j;
	for (size_t i = 1; i <= token->length; i++) {
		int *row = rows[i % 3];
		const int *above = rows[(i - 1) % 3];
		const int *swapped = rows[(i + 1) % 3];

		row[0] = (int)i;
		for (size_t j = 1; j <= length; j++) {
			bool same = token->text[i - 1] == name[j - 1];

			row[j] = above[j - 1] + !same;
			if (row[j] > above[j] + 1)
				row[j] = above[j] + 1;
			if (row[j] > row[j - 1] + 1)
				row[j] = row[j - 1] + 1;
			if (i > 1 && j > 1 && token->text[i - 1] == name[j - 2] &&
			    token->text[i - 2] == name[j - 1] && row[j] > swapped[j - 2] + 1)
				row[j] = swapped[j - 2] + 1;
		}
	}
	return rows[token->length % 3][length];
}

static bool is_prefix(const struct litmus_token *token, const char *name)
{
	size_t length = strlen(name);
	size_t common = length < token->length ? length : token->length;

	return common > 2 && !memcmp(token->text, name, common);
}

void litmus_try_name(struct litmus_nearest *nearest, const char *name)
{
	int far = distance(nearest->token, name);
	int limit = 1 + (int)nearest->token->length / 4;

	/* One letter for another of one letter is no likeness. */
	if (nearest->token->length < 2 && strlen(name) < 2)
		return;
	if (far > limit && !is_prefix(nearest->token, name))
		return;
	if (nearest->name && nearest->distance <= far)
		return;
	nearest->name = name;
	nearest->distance = far;
}

bool litmus_unknown(const struct litmus_parser *parser, const struct litmus_nearest *nearest,
		    const char *what, const char *expected)
{
	const struct litmus_token *token = nearest->token;
	int length = (int)token->length;

	if (nearest->name)
		return litmus_fail(&parser->source, token->pos,
				   "no %s is called '%.*s', expected %s; did you mean '%s'?", what,
				   length, token->text, expected, nearest->name);
	return litmus_fail(&parser->source, token->pos, "no %s is called '%.*s', expected %s", what,
			   length, token->text, expected);
}
