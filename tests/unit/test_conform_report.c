/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_conform_report.c - the three reports on kernels whose results are made by hand */
#include "conform_fixture.h"

#include <ctype.h>
#include <jansson.h>

#include "tool/html.h"

#define MAX_DEPTH 64

static char *escape(const char *text)
{
	char *escaped;
	size_t length;
	FILE *out = open_memstream(&escaped, &length);

	assert_non_null(out);
	html_text(out, text);
	fclose(out);
	return escaped;
}

static void text_means_itself(void **state)
{
	static const struct {
		const char *text;
		const char *page;
	} cases[] = {
		{"", ""},
		{"a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;"},
		{"&amp;", "&amp;amp;"},
		{"tab\tand\nline", "tab\tand\nline"},
		{"caf\xc3\xa9 \xe2\x80\xa6 \xf0\x9f\x90\x84",
		 "caf\xc3\xa9 \xe2\x80\xa6 \xf0\x9f\x90\x84"},
		{"\x01\x1b[31m\x7f", "??[31m?"},
		{"\xff\xfe", "??"},
		{"\xc3", "?"},           /* cut short */
		{"\xc3(", "?("},         /* goes on with something else */
		{"\xc0\xbc", "??"},      /* '<' in two bytes */
		{"\xe0\x80\xbc", "???"}, /* and in three */
		{"\xed\xa0\x80", "???"}, /* half of a pair */
		{"\xf4\x90\x80\x80", "????"},
		{"\xef\xbf\xbf", "???"},
		{"\xc2\x85", "??"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *page = escape(cases[i].text);

		assert_string_equal(page, cases[i].page);
		free(page);
	}
}

/* Reads a page as XML is read: every tag is closed by its own, every '&' begins an entity. */
struct page_reader {
	const char *at;
	int depth;
	char open[MAX_DEPTH][32];
	int nr_tags;
};

static void read_entity(struct page_reader *reader)
{
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (strncmp(reader->at, entities[i], strlen(entities[i])) == 0) {
			reader->at += strlen(entities[i]);
			return;
		}
	}
	fail_msg("bare '&': %.40s", reader->at);
}

static void read_attribute(struct page_reader *reader)
{
	size_t length = strcspn(reader->at, "=> ");

	assert_true(length > 0 && reader->at[length] == '=' && reader->at[length + 1] == '"');
	reader->at += length + 2;
	while (*reader->at != '"') {
		assert_true(*reader->at && *reader->at != '<');
		if (*reader->at == '&')
			read_entity(reader);
		else
			reader->at++;
	}
	reader->at++;
}

static void read_end(struct page_reader *reader, const char *name)
{
	assert_true(reader->depth > 0);
	if (strcmp(reader->open[--reader->depth], name) != 0)
		fail_msg("<%s> ends with </%s>", reader->open[reader->depth], name);
	assert_int_equal(*reader->at++, '>');
}

static void read_tag(struct page_reader *reader)
{
	bool ends = reader->at[1] == '/';
	const char *name = reader->at + 1 + ends;
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz123456");
	char word[32];

	assert_in_range(length, 1, sizeof(word) - 1);
	memcpy(word, name, length);
	word[length] = '\0';
	reader->at = name + length;
	if (ends) {
		read_end(reader, word);
		return;
	}
	while (*reader->at == ' ') {
		reader->at++;
		read_attribute(reader);
	}
	reader->nr_tags++;
	if (strncmp(reader->at, "/>", 2) == 0) {
		reader->at += 2;
		return;
	}
	assert_int_equal(*reader->at++, '>');
	assert_true(reader->depth < MAX_DEPTH);
	memcpy(reader->open[reader->depth++], word, sizeof(word));
}

static void read_page(const char *page)
{
	static const char doctype[] = "<!DOCTYPE html>\n";
	struct page_reader reader = {.at = page + strlen(doctype)};

	assert_memory_equal(page, doctype, strlen(doctype));
	while (*reader.at) {
		if (*reader.at == '<')
			read_tag(&reader);
		else if (*reader.at == '&')
			read_entity(&reader);
		else
			reader.at++;
	}
	assert_int_equal(reader.depth, 0);
	assert_true(reader.nr_tags > 20);
}

#define EVIL "<script>&\"'\xff"

/*
 * Kernel 0 shows 1 (allowed), 5 (not, explained) and 6 (not, unexplained), and never 2. Kernel 1
 * skips. All names and reasons are as bad as they get.
 */
static void make(struct fixture *fixture)
{
	fixture_prepare(fixture, RACE);
	fixture->row.path = "dir/" EVIL ".litmus";
	explain(fixture, "host | RACE | 1:r0=5 | facts | see " EVIL "\n"
			 "host | RACE | 1:r0=7 | model | not any more " EVIL "\n");
	fixture->known.path = "known" EVIL ".txt";
	shows(fixture, &model_of(fixture, 0)->coarse, 1, 4);
	shows(fixture, &model_of(fixture, 0)->coarse, 2, 4);
	shows(fixture, &cell_of(fixture, 0)->result, 1, 10);
	shows(fixture, &cell_of(fixture, 0)->result, 5, 3);
	shows(fixture, &cell_of(fixture, 0)->result, 6, 2);
	judge(fixture, 0);
	shows(fixture, &model_of(fixture, 1)->coarse, 1, 4);
	cell_of(fixture, 1)->result.status = RUN_SKIPPED;
	strcpy(cell_of(fixture, 1)->result.reason, "no " EVIL);
	judge(fixture, 1);
}

static char *print(const struct fixture *fixture, int (*report)(const struct conform *, FILE *))
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(report(&fixture->conform, out), TOOL_OK);
	fclose(out);
	return text;
}

static void the_page(void **state)
{
	struct fixture fixture;
	char *page;

	(void)state;
	make(&fixture);
	page = print(&fixture, conform_print_html);
	read_page(page);
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "\xff"));
	/* It needs nothing but itself. */
	assert_null(strstr(page, "http"));
	assert_null(strstr(page, "src="));
	assert_null(strstr(page, "href="));
	assert_non_null(strstr(page, "dir/&lt;script&gt;&amp;&quot;&#39;?.litmus"));
	assert_non_null(strstr(page, "see &lt;script&gt;"));
	assert_non_null(strstr(page, "<th scope=\"col\">host</th>"));
	assert_non_null(strstr(page, "<th scope=\"row\">"));
	assert_non_null(strstr(page, "not explained"));
	assert_non_null(strstr(page, "at fault: facts"));
	assert_non_null(strstr(page, "<code>1:r0=2;</code> allowed, not seen"));
	assert_non_null(strstr(page, "Explained, but not seen"));
	assert_null(strstr(page, "incomplete.</strong>"));
	free(page);
	fixture_end(&fixture);
}

static void the_page_of_half_a_run(void **state)
{
	struct fixture fixture;
	char *page;

	(void)state;
	fixture_prepare(&fixture, RACE);
	fixture.conform.run.interrupted = true;
	page = print(&fixture, conform_print_html);
	read_page(page);
	assert_non_null(strstr(page, "This report is incomplete."));
	assert_non_null(strstr(page, "interrupted"));
	assert_non_null(strstr(page, "not begun"));
	free(page);
	fixture_end(&fixture);
}

static json_t *at(json_t *value, const char *key)
{
	json_t *found = json_object_get(value, key);

	if (!found)
		fail_msg("no %s", key);
	return found;
}

static void is_text(json_t *value, const char *key, const char *text)
{
	assert_string_equal(json_string_value(at(value, key)), text);
}

static void is_number(json_t *value, const char *key, int number)
{
	assert_int_equal(json_integer_value(at(value, key)), number);
}

static void check_results(json_t *results)
{
	json_t *host = json_array_get(results, 0);
	json_t *other = json_array_get(results, 1);
	json_t *outcomes = at(host, "outcomes");

	assert_int_equal(json_array_size(results), 2);
	is_text(host, "target", "host");
	is_text(host, "verdict", "diverges");
	is_number(host, "iterations", 15);
	assert_true(json_is_null(at(host, "reason")));
	assert_int_equal(json_array_size(outcomes), 3);
	is_text(json_array_get(outcomes, 0), "allowed", "yes");
	is_text(json_array_get(outcomes, 1), "allowed", "no");
	is_number(json_array_get(outcomes, 1), "count", 3);
	is_text(json_array_get(outcomes, 1), "text", "1:r0=5;");
	is_text(at(json_array_get(outcomes, 1), "explanation"), "fault", "facts");
	is_number(at(json_array_get(outcomes, 1), "explanation"), "line", 1);
	assert_true(json_is_null(at(json_array_get(outcomes, 2), "explanation")));
	/* Both allowed outcomes differ from it in one value: the first of them is named. */
	is_text(json_array_get(outcomes, 2), "nearest", "1:r0=1;");
	assert_int_equal(json_array_size(at(host, "unseen")), 1);
	assert_string_equal(json_string_value(json_array_get(at(host, "unseen"), 0)), "1:r0=2;");
	is_text(other, "verdict", "skipped");
	is_text(other, "reason", "no <script>&\"'?");
}

static void the_document(void **state)
{
	struct fixture fixture;
	json_error_t error;
	json_t *document, *test, *counts;
	char *text;

	(void)state;
	make(&fixture);
	text = print(&fixture, conform_print_json);
	document = json_loads(text, 0, &error);
	assert_non_null(document);
	test = json_array_get(at(document, "tests"), 0);
	is_text(test, "name", "RACE");
	is_text(test, "condition", "(1:r0=2)");
	check_results(at(test, "results"));
	assert_int_equal(
		json_array_size(at(at(at(at(test, "models"), "v6.18"), "coarse"), "outcomes")), 2);
	assert_int_equal(json_object_size(at(test, "models")), 2);
	counts = at(json_array_get(at(document, "kernels"), 0), "counts");
	is_number(counts, "unexplained", 1);
	is_number(counts, "unseen_outcomes", 1);
	assert_int_equal(json_array_size(at(document, "explanations")), 2);
	is_number(json_array_get(at(document, "explanations"), 0), "seen", 1);
	assert_true(json_is_true(at(json_array_get(at(document, "explanations"), 1), "stale")));
	is_number(at(document, "summary"), "tests", 2);
	is_number(at(document, "summary"), "diverges", 1);
	is_number(at(document, "summary"), "skipped", 1);
	assert_true(json_is_true(at(at(document, "summary"), "complete")));
	json_decref(document);
	free(text);
	fixture_end(&fixture);
}

static void check_words(struct fixture *fixture, const char *const *words, int nr_words)
{
	fflush(fixture->io.out);
	for (int i = 0; i < nr_words; i++) {
		if (!strstr(fixture->output, words[i]))
			fail_msg("no '%s' in:\n%s", words[i], fixture->output);
	}
}

static void the_words(void **state)
{
	static const char *const words[] = {
		"test  host  other\nRACE  !     -\n",
		"Divergences that are not explained\n  RACE on host: 1:r0=6; wrong-page, 2 of 15 ",
		"Divergences that are explained\n  RACE on host: 1:r0=5; wrong-page, 3 of 15 ",
		"v6.18 gives 1:r0=1; or 1:r0=2;",
		"at fault: facts (known",
		"Allowed, but not seen: 1 outcome (-v lists them)",
		"other: 1 skipped: no ",
		"Explained, but not seen\n  known",
		"\n1 test on 2 kernels: 1 divergence, 1 unexplained, 1 skipped, in 0.0 s\n",
	};
	struct fixture fixture;

	(void)state;
	make(&fixture);
	for (int i = 1; i < 3; i++)
		cell_of(&fixture, 0)->result.outcomes[i].violations = VIOLATION_WRONG_PAGE;
	assert_int_equal(conform_print_text(&fixture.conform), TOOL_OK);
	check_words(&fixture, words, (int)(sizeof(words) / sizeof(words[0])));
	assert_null(strstr(fixture.output, "incomplete"));
	assert_null(strstr(fixture.output, "| 1:r0=5"));
	fixture_end(&fixture);
}

static void all_words(void **state)
{
	static const char *const words[] = {
		"RACE  ~     ?\n",
		"Allowed, but not seen: 1 outcome\n",
		"RACE on host, in 10 iterations: 1:r0=2;",
		"other: 1 incomplete: not begun",
		"\n1 test on 2 kernels: no divergence, 1 incomplete, interrupted, in 0.0 s\n",
		"This report is incomplete.\n",
	};
	struct fixture fixture;

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 2, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 10);
	judge(&fixture, 0);
	fixture.conform.run.verbose = true;
	fixture.conform.run.interrupted = true;
	assert_int_equal(conform_print_text(&fixture.conform), TOOL_OK);
	check_words(&fixture, words, (int)(sizeof(words) / sizeof(words[0])));
	fixture_end(&fixture);
}

static void a_crash_in_words(void **state)
{
	static const char *const words[] = {
		"test  host  other\nRACE  C     ?\n",
		"RACE on host: crash, 1 of 11 times: kernel BUG at mm/rmap.c",
		"v6.18 always gives 1:r0=1;",
		"explain --on model:v6.18 dir/t.litmus\n",
	};
	struct fixture fixture;
	char *page;

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 10);
	breaks(&fixture, &cell_of(&fixture, 0)->result, VIOLATION_CRASH,
	       "kernel BUG at mm/rmap.c:1");
	judge(&fixture, 0);
	assert_int_equal(conform_print_text(&fixture.conform), TOOL_OK);
	check_words(&fixture, words, (int)(sizeof(words) / sizeof(words[0])));
	page = print(&fixture, conform_print_html);
	read_page(page);
	assert_non_null(strstr(page, "<code>crash</code> 1 of 11 times: kernel BUG"));
	free(page);
	fixture_end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_means_itself),
		cmocka_unit_test(the_page),
		cmocka_unit_test(the_page_of_half_a_run),
		cmocka_unit_test(the_document),
		cmocka_unit_test(the_words),
		cmocka_unit_test(all_words),
		cmocka_unit_test(a_crash_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
