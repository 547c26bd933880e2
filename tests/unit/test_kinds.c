/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kinds.c - the litmus language: kinds of memory, families */
#include "tests/unit/litmus_text.h"

static void test_kind_texts(void **state)
{
	static const struct {
		struct litmus_kind kind;
		const char *text, *name;
	} kinds[] = {
		{{LITMUS_ANON, 0}, "anon", "anon"},
		{{LITMUS_ANON, LITMUS_SWAPPED}, "anon(swapped)", "anon-swapped"},
		{{LITMUS_SHARED, 0}, "shared", "shared"},
		{{LITMUS_FILE, 0}, "file", "file"},
		{{LITMUS_THP, 0}, "thp", "thp"},
		{{LITMUS_THP, LITMUS_PTE_MAPPED}, "thp(pte)", "thp-pte"},
		{{LITMUS_THP, LITMUS_PARTIAL}, "thp(partial)", "thp-partial"},
		{{LITMUS_THP, LITMUS_SWAPPED}, "thp(swapped)", "thp-swapped"},
		{{LITMUS_THP, LITMUS_PTE_MAPPED | LITMUS_SWAPPED},
		 "thp(pte, swapped)",
		 "thp-pte-swapped"},
		{{LITMUS_THP, LITMUS_PARTIAL | LITMUS_SWAPPED},
		 "thp(partial, swapped)",
		 "thp-partial-swapped"},
		{{LITMUS_HUGETLB, 0}, "hugetlb", "hugetlb"},
		{{LITMUS_SHARED_HUGETLB, 0}, "shared_hugetlb", "shared_hugetlb"},
		{{LITMUS_UNMAPPED, 0}, "unmapped", "unmapped"},
	};

	(void)state;
	for (size_t i = 0; i < NR(kinds); i++) {
		struct litmus_kind found;
		char text[64];

		assert_string_equal(litmus_kind_text(kinds[i].kind, text, sizeof(text)),
				    kinds[i].text);
		assert_true(litmus_kind_find(text, &found));
		assert_memory_equal(&found, &kinds[i].kind, sizeof(found));
		assert_string_equal(litmus_kind_name(kinds[i].kind, text, sizeof(text)),
				    kinds[i].name);
		assert_true(litmus_kind_find(text, &found));
		assert_memory_equal(&found, &kinds[i].kind, sizeof(found));
	}
}

static void test_no_kinds(void **state)
{
	static const char *const texts[] = {"",
					    "ano",
					    "anon-pte",
					    "thp-",
					    "hugetlb-swapped",
					    "thp-swapped-pte",
					    "thp-pte-partial"};
	struct litmus_kind kind;

	(void)state;
	for (size_t i = 0; i < NR(texts); i++)
		assert_false(litmus_kind_find(texts[i], &kind));
}

/* Every backing with every state that it can have, as it is printed. */
static void test_backings(void **state)
{
	(void)state;
	assert_layout(
		"C t\n{\nfile f = 3; hugetlb h[2] = {1}; shared_hugetlb s;nr_hugepages=3;\n"
		"thp ( swapped , partial ) t = 1 , u; anon(swapped) a=1; thp b[4] = {1,2,3,4};"
		"unmapped w; }\nP0() {}\nexists true",
		"C t\n\n{\n\tfile f = 3;\n\thugetlb h[2] = {1};\n\tshared_hugetlb s;\n"
		"\tnr_hugepages = 3;\n\tthp(partial, swapped) t = 1, u = 0;\n"
		"\tanon(swapped) a = 1;\n\tthp b[4] = {1, 2, 3, 4};\n\tunmapped w;\n}\n\n"
		"P0()\n{\n}\n\nexists (true)\n");
}

static void test_pool(void **state)
{
	struct litmus_test *test = parse(AROUND("hugetlb x;", ") {"));

	(void)state;
	assert_int_equal(test->nr_hugepages, -1);
	litmus_free(test);
	test = parse(AROUND("nr_hugepages = 0;", ") {"));
	assert_int_equal(test->nr_hugepages, 0);
	litmus_free(test);
	test = parse(AROUND("nr_hugepages = 64; hugetlb x;", ") {"));
	assert_int_equal(test->nr_hugepages, 64);
	assert_int_equal(test->objects[0].kind.backing, LITMUS_HUGETLB);
	litmus_free(test);
}

/* A place has pages as large as those of what is moved there, also by way of another place. */
static void test_like(void **state)
{
	struct litmus_test *test =
		parse(AROUND("unmapped u; unmapped v; thp x; unmapped w; anon y; unmapped z;",
			     "int *u, int *v, int *x, int *y, int *z) {\n"
			     "mremap(u, v); mremap(x, u); mremap(y, z); mremap(u, x);"));

	(void)state;
	assert_int_equal(test->objects[0].like, 2);
	assert_int_equal(test->objects[1].like, 2);
	assert_int_equal(test->objects[2].like, -1);
	assert_int_equal(test->objects[3].like, -1);
	assert_int_equal(test->objects[4].like, -1);
	assert_int_equal(test->objects[5].like, 4);
	litmus_free(test);
}

/* Pages of one size may be moved to one place, whatever else they are. */
static void test_one_size(void **state)
{
	static const char *const states[] = {
		"anon x; shared y; unmapped u;",
		"hugetlb x; shared_hugetlb y; unmapped u;",
		"thp x; thp(swapped) y = 1; unmapped u;",
		"thp(pte) x = 1; anon y; unmapped u;",
		"anon | thp x; anon | thp y; unmapped u;",
		"anon x; thp(partial) | file y = 1; anon u;",
	};

	(void)state;
	for (size_t i = 0; i < NR(states); i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "C t { %s } P0(int *x, int *y, int *u)"
			 "{ mremap(x, u); mremap(y, u); } exists true",
			 states[i]);
		litmus_free(parse(text));
	}
}

static const char family[] = "C F\n"
			     "\n"
			     "(* Whatever x is. *)\n"
			     "\n"
			     "{\n"
			     "\tanon | anon(swapped) | thp | thp(pte) x = 1; // varies\n"
			     "\tfile f = 2;\n"
			     "\tanon | anon(swapped) | thp | thp(pte) y[2] = {1, 2};\n"
			     "\tunmapped u[2];\n"
			     "}\n"
			     "\n"
			     "P0(int *x, int *f, int *y, int *u)\n"
			     "{\n"
			     "\tr0 = pread(f);\n"
			     "\tmremap(y, u);\n"
			     "}\n"
			     "\n"
			     "exists (0:r0=2)\n"
			     "\n"
			     "expect Always\n"
			     "// the old one\n"
			     "expect Never on v5.7 for anon | thp // both\n"
			     "expect Never leak on v5.8.. for thp(pte) if strict\n";

/* One test as text, to be compared and freed. */
static void assert_printed(const struct litmus_test *test, const char *expected)
{
	char *printed = print(test);

	assert_string_equal(printed, expected);
	free(printed);
}

static void test_family(void **state)
{
	static const char *const names[] = {"F+anon", "F+anon-swapped", "F+thp", "F+thp-pte"};
	static const int nr_expectations[] = {2, 1, 2, 2};
	struct litmus_test *test = parse(family);

	(void)state;
	assert_int_equal(test->nr_kinds, 4);
	assert_int_equal(litmus_nr_members(test), 4);
	assert_string_equal(test->name, "F");
	assert_int_equal(test->nr_expectations, 3);
	assert_true(test->objects[0].varies && test->objects[2].varies);
	assert_false(test->objects[1].varies || test->objects[3].varies);
	assert_int_equal(test->objects[0].kind.backing, LITMUS_ANON);
	for (int i = 0; i < 4; i++) {
		const struct litmus_test *member = litmus_member(test, i);
		const struct litmus_kind *kind = litmus_kind_of(member);

		assert_ptr_equal(member, &test->members[i]);
		assert_string_equal(member->name, names[i]);
		assert_int_equal(member->nr_kinds, 0);
		assert_null(member->members);
		assert_memory_equal(kind, &test->kinds[i], sizeof(*kind));
		assert_memory_equal(&member->objects[0].kind, kind, sizeof(*kind));
		assert_memory_equal(&member->objects[2].kind, kind, sizeof(*kind));
		assert_int_equal(member->objects[1].kind.backing, LITMUS_FILE);
		assert_int_equal(member->objects[3].like, 2);
		assert_ptr_equal(member->tasks[0].ops, test->tasks[0].ops);
		assert_int_equal(member->nr_expectations, nr_expectations[i]);
		assert_int_equal(member->expectations[0].nr_kinds, 0);
		assert_int_equal(member->expectations[nr_expectations[i] - 1].nr_kinds, 0);
	}
	assert_int_equal(test->members[0].expectations[1].pos.line, 22);
	assert_int_equal(test->members[3].expectations[1].pos.line, 23);
	assert_int_equal(test->expectations[1].nr_kinds, 2);
	assert_int_equal(test->expectations[1].kinds[1].backing, LITMUS_THP);
	assert_int_equal(test->expectations[2].mode, LITMUS_IF_STRICT);
	litmus_free(test);
}

static void test_no_family(void **state)
{
	struct litmus_test *test = parse(AROUND("anon x; thp y;", ") {"));

	(void)state;
	assert_int_equal(test->nr_kinds, 0);
	assert_null(test->members);
	assert_int_equal(litmus_nr_members(test), 1);
	assert_ptr_equal(litmus_member(test, 0), test);
	assert_null(litmus_kind_of(test));
	assert_true(litmus_is_about(test, (struct litmus_kind){LITMUS_THP, 0}));
	assert_false(litmus_is_about(test, (struct litmus_kind){LITMUS_HUGETLB, 0}));
	litmus_free(test);
}

/* A member is for what varies, and not for what else there is. */
static void test_is_about(void **state)
{
	struct litmus_test *test = parse(family);

	(void)state;
	assert_true(litmus_is_about(&test->members[2], (struct litmus_kind){LITMUS_THP, 0}));
	assert_false(litmus_is_about(&test->members[2], (struct litmus_kind){LITMUS_ANON, 0}));
	assert_false(litmus_is_about(&test->members[2], (struct litmus_kind){LITMUS_FILE, 0}));
	litmus_free(test);
}

static void test_family_layout(void **state)
{
	(void)state;
	assert_layout(family, family);
	assert_layout("C t { anon(swapped)|thp(partial,swapped)/* a */|hugetlb x=1; } P0() { }"
		      "exists true expect Never for hugetlb|thp ( swapped,partial ) if strict",
		      "C t\n\n{\n\t/* a */\n"
		      "\tanon(swapped) | thp(partial, swapped) | hugetlb x = 1;\n}\n\n"
		      "P0()\n{\n}\n\nexists (true)\n\n"
		      "expect Never for hugetlb | thp(partial, swapped) if strict\n");
}

/* A member is printed as a test of its own, with the comments of what it has. */
static void test_member_layout(void **state)
{
	struct litmus_test *test = parse(family);
	char *printed = print(&test->members[3]);

	(void)state;
	assert_string_equal(printed, "C F+thp-pte\n"
				     "\n"
				     "(* Whatever x is. *)\n"
				     "\n"
				     "{\n"
				     "\tthp(pte) x = 1; // varies\n"
				     "\tfile f = 2;\n"
				     "\tthp(pte) y[2] = {1, 2};\n"
				     "\tunmapped u[2];\n"
				     "}\n"
				     "\n"
				     "P0(int *x, int *f, int *y, int *u)\n"
				     "{\n"
				     "\tr0 = pread(f);\n"
				     "\tmremap(y, u);\n"
				     "}\n"
				     "\n"
				     "exists (0:r0=2)\n"
				     "\n"
				     "expect Always\n"
				     "expect Never leak on v5.8.. if strict\n");
	litmus_free(test);
	test = parse(printed);
	assert_printed(test, printed);
	litmus_free(test);
	free(printed);
}

static void test_bad_families(void **state)
{
	static const struct message messages[] = {
		{"anon | anon x;", "2:8: anon is there already, expected each kind once"},
		{"thp(pte, swapped) | thp(swapped, pte) x = 1;",
		 "2:21: thp(pte, swapped) is there already, expected each kind once"},
		{"anon | x;", "2:8: no kind of memory is called 'x', expected one such as 'anon'"},
		{"anon | thb x;", "2:8: no kind of memory is called 'thb', expected one such as "
				  "'anon'; did you mean 'thp'?"},
		{"anon | ;", "2:8: unexpected ';', expected a kind of memory such as 'anon'"},
		{"anon | unmapped x;",
		 "2:1: unmapped addresses are no kind of memory to choose from, expected them on "
		 "their own"},
		{"anon | thp x;\nthp | anon y;",
		 "3:1: other alternatives than in line 2, expected the same in the same order"},
		{"anon | thp x;\nanon | thp | hugetlb y;",
		 "3:1: other alternatives than in line 2, expected the same in the same order"},
	};

	(void)state;
	assert_messages("C t {\n", messages, NR(messages), "\n} P0() { } exists true");
}

static void test_bad_states(void **state)
{
	static const struct message messages[] = {
		{"anon(swapped) x;", "2:1: 'x' is anon(swapped) but has no page yet, expected an "
				     "initial value"},
		{"anon | thp(pte) x;",
		 "2:1: 'x' is thp(pte) but has no page yet, expected an initial value"},
		{"thp x[3] = {1};",
		 "2:1: 'x' is thp and has 3 parts, expected 1, 2 or 4 of a huge page"},
		{"anon | thp(swapped) x[3] = {1};",
		 "2:1: 'x' is thp(swapped) and has 3 parts, expected 1, 2 or 4 of a huge page"},
		{"thp(partial) x[4] = {1};",
		 "2:1: 'x' is thp(partial) and has 4 pages, expected 1 or 2, since others are "
		 "discarded"},
	};

	(void)state;
	assert_messages("C t {\n", messages, NR(messages), "\n} P0() { } exists true");
}

static void test_bad_for(void **state)
{
	static const struct message messages[] = {
		{"hugetlb", "2:24: the test is not for hugetlb, expected kinds of line 1"},
		{"thp(pte)", "2:24: the test is not for thp(pte), expected kinds of line 1"},
		{"thp | thp", "2:30: thp is there already, expected each kind once"},
		{"anon thp", "2:29: unexpected 'thp', expected 'expect' or the end of the test"},
		{"", "2:24: unexpected end of the test, expected a kind of memory such as 'anon'"},
		{"anom",
		 "2:24: no kind of memory is called 'anom', expected one such as 'anon'; did "
		 "you mean 'anon'?"},
		{"thp if", "2:30: unexpected end of the test, expected 'fine' or 'strict'"},
	};

	(void)state;
	assert_messages("C t { anon | thp x; } P0() { } exists true\nexpect Never on v6 for ",
			messages, NR(messages), "");
	assert_messages("C t\n{ anon x; } P0() { }\nexists true\n",
			(const struct message[]){
				{"expect Never for anon",
				 "4:14: 'for' in a test of one kind of memory, expected it where "
				 "some declaration has several"},
				{"expect Never on for anon",
				 "4:17: unexpected 'for', expected a target such as 'spec' or "
				 "'v5.9'"},
			},
			2, "");
}

/* The name of a member is that of a test: no longer. */
static void test_long_name(void **state)
{
	char name[129], text[512], expected[512];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[128 - strlen("+thp-partial")] = '\0';
	snprintf(text, sizeof(text), "C %s\n{ anon | thp(partial) x = 1; } P0() { } exists true",
		 name);
	litmus_free(parse(text));
	strcat(name, "a");
	snprintf(text, sizeof(text), "C %s\n{ anon | thp(partial) x = 1; } P0() { } exists true",
		 name);
	snprintf(expected, sizeof(expected),
		 "2:3: the name of the test is too long for '+thp-partial' behind it, expected at "
		 "most 128 characters");
	assert_message(text, expected);
}

static void test_many_kinds(void **state)
{
	(void)state;
	/* There are fewer kinds than LITMUS_MAX_KINDS: all of them may be in one list. */
	litmus_free(
		parse("C t { anon | anon(swapped) | shared | file | thp | thp(pte) |"
		      "thp(partial) | thp(swapped) | thp(pte, swapped) | thp(partial, swapped) |"
		      "hugetlb | shared_hugetlb x = 1; } P0() { } exists true"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kind_texts),    cmocka_unit_test(test_no_kinds),
		cmocka_unit_test(test_backings),      cmocka_unit_test(test_pool),
		cmocka_unit_test(test_like),          cmocka_unit_test(test_one_size),
		cmocka_unit_test(test_family),        cmocka_unit_test(test_no_family),
		cmocka_unit_test(test_is_about),      cmocka_unit_test(test_family_layout),
		cmocka_unit_test(test_member_layout), cmocka_unit_test(test_bad_families),
		cmocka_unit_test(test_bad_states),    cmocka_unit_test(test_bad_for),
		cmocka_unit_test(test_long_name),     cmocka_unit_test(test_many_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
