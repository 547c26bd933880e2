/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_operations.c - the litmus language: operations on userfaultfds, files and huge pages */
#include "tests/unit/litmus_text.h"

static void test_uffds(void **state)
{
	struct litmus_test *test = parse(AROUND(
		"anon x = 1;", "int *x) {\n"
			       "uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP);\n"
			       "r0 = read(u);\nr1 = read(u, v);\nr1 = read(u, v);\nclose(v);\n}\n"
			       "P1() { userfaultfd(u, UFFD_FEATURE_EVENT_FORK);"));
	const struct litmus_op *ops = test->tasks[0].ops;

	(void)state;
	assert_int_equal(test->nr_uffds, 2);
	assert_string_equal(test->uffds[0], "u");
	assert_string_equal(test->uffds[1], "v");
	assert_int_equal(ops[0].uffd, 0);
	assert_int_equal(ops[0].uffd2, -1);
	assert_int_equal(ops[0].nr_pages, 1);
	assert_int_equal(ops[1].uffd2, -1);
	assert_int_equal(ops[2].uffd, 0);
	assert_int_equal(ops[2].uffd2, 1);
	assert_int_equal(ops[4].uffd, 1);
	assert_int_equal(test->tasks[1].ops[0].uffd, 0);
	litmus_free(test);
	test = parse(AROUND("anon x = 1;", "int *x) { *x = 1;"));
	assert_int_equal(test->tasks[0].ops[0].uffd, -1);
	assert_int_equal(test->tasks[0].ops[0].uffd2, -1);
	litmus_free(test);
}

struct uffd_case {
	const char *text;
	const char *printed; /* NULL: as text */
	enum litmus_opcode code;
	int nr_pages;
	unsigned flags;
};

/* Each stands alone behind the opening of u; z has three pages. */
static const struct uffd_case uffd_cases[] = {
	{"uffdio_register(u, z, UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MISSING);",
	 "uffdio_register(u, z, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);",
	 LITMUS_UFFDIO_REGISTER, 3,
	 LITMUS_UFFDIO_REGISTER_MODE_MISSING | LITMUS_UFFDIO_REGISTER_MODE_WP},
	{"e = uffdio_register(u, z + 1, 1, UFFDIO_REGISTER_MODE_MINOR);", NULL,
	 LITMUS_UFFDIO_REGISTER, 1, LITMUS_UFFDIO_REGISTER_MODE_MINOR},
	{"e = uffdio_unregister(u, z);", NULL, LITMUS_UFFDIO_UNREGISTER, 3, 0},
	{"uffdio_unregister(u, z, 2);", NULL, LITMUS_UFFDIO_UNREGISTER, 2, 0},
	{"uffdio_writeprotect(u, z, UFFDIO_WRITEPROTECT_MODE_WP);", NULL,
	 LITMUS_UFFDIO_WRITEPROTECT, 3, LITMUS_UFFDIO_MODE_WP},
	{"uffdio_writeprotect(u, z, 0);", NULL, LITMUS_UFFDIO_WRITEPROTECT, 3, 0},
	{"uffdio_writeprotect(u, z, 2, 0);", NULL, LITMUS_UFFDIO_WRITEPROTECT, 2, 0},
	{"uffdio_writeprotect(u, z, UFFDIO_WRITEPROTECT_MODE_DONTWAKE | "
	 "UFFDIO_WRITEPROTECT_MODE_WP);",
	 "uffdio_writeprotect(u, z, UFFDIO_WRITEPROTECT_MODE_WP | "
	 "UFFDIO_WRITEPROTECT_MODE_DONTWAKE);",
	 LITMUS_UFFDIO_WRITEPROTECT, 3, LITMUS_UFFDIO_MODE_WP | LITMUS_UFFDIO_MODE_DONTWAKE},
	{"uffdio_copy(u, z, 5, UFFDIO_COPY_MODE_WP);", NULL, LITMUS_UFFDIO_COPY, 1,
	 LITMUS_UFFDIO_MODE_WP},
	{"e = uffdio_copy(u, &z[2], -5, 0);", "e = uffdio_copy(u, z + 2, -5, 0);",
	 LITMUS_UFFDIO_COPY, 1, 0},
	{"uffdio_copy(u, z, 5, UFFDIO_COPY_MODE_DONTWAKE);", NULL, LITMUS_UFFDIO_COPY, 1,
	 LITMUS_UFFDIO_MODE_DONTWAKE},
	{"uffdio_zeropage(u, z, 2, UFFDIO_ZEROPAGE_MODE_DONTWAKE);", NULL, LITMUS_UFFDIO_ZEROPAGE,
	 2, LITMUS_UFFDIO_MODE_DONTWAKE},
	{"uffdio_zeropage(u, z, 0);", NULL, LITMUS_UFFDIO_ZEROPAGE, 3, 0},
	{"uffdio_continue(u, z, UFFDIO_CONTINUE_MODE_WP);", NULL, LITMUS_UFFDIO_CONTINUE, 3,
	 LITMUS_UFFDIO_MODE_WP},
	{"uffdio_continue(u, z, 1, UFFDIO_CONTINUE_MODE_DONTWAKE);", NULL, LITMUS_UFFDIO_CONTINUE,
	 1, LITMUS_UFFDIO_MODE_DONTWAKE},
	{"uffdio_move(u, z + 2, z, 0);", NULL, LITMUS_UFFDIO_MOVE, 1, 0},
	{"e = uffdio_move(u, z + 1, 2, z, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES | "
	 "UFFDIO_MOVE_MODE_DONTWAKE);",
	 "e = uffdio_move(u, z + 1, z, UFFDIO_MOVE_MODE_DONTWAKE | "
	 "UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);",
	 LITMUS_UFFDIO_MOVE, 2, LITMUS_UFFDIO_MODE_DONTWAKE | LITMUS_UFFDIO_MODE_SRC_HOLES},
	{"uffdio_wake(u, z);", NULL, LITMUS_UFFDIO_WAKE, 3, 0},
	{"uffdio_wake(u, z + 1, 1);", NULL, LITMUS_UFFDIO_WAKE, 1, 0},
	{"e = read(u);", NULL, LITMUS_READ, 0, 0},
	{"e = read(u, v);", NULL, LITMUS_READ, 0, 0},
	{"close(u);", NULL, LITMUS_CLOSE, 0, 0},
	{"e = pm_uffd_wp(z + 2);", NULL, LITMUS_PM_UFFD_WP, 0, 0},
	{"e = pread(f);", NULL, LITMUS_PREAD, 0, 0},
	{"e = pwrite(f, -2);", NULL, LITMUS_PWRITE, 0, 0},
	{"split_huge_page(h + 1);", NULL, LITMUS_SPLIT_HUGE_PAGE, 1, 0},
};

static void test_uffd_ops(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(uffd_cases); i++) {
		const struct uffd_case *c = &uffd_cases[i];
		char text[512], printed[256];
		struct litmus_test *test;
		const struct litmus_op *op;

		snprintf(text, sizeof(text),
			 "C t { anon z[3]; file f; thp h[2]; } P0(int *z, int *f, int *h) {"
			 "userfaultfd(u, 0); %s } exists true",
			 c->text);
		test = parse(text);
		op = &test->tasks[0].ops[1];
		assert_int_equal(op->code, c->code);
		assert_int_equal(op->nr_pages, c->nr_pages);
		assert_int_equal(op->flags, c->flags);
		assert_string_equal(litmus_op_text(test, 0, op, printed, sizeof(printed)),
				    c->printed ? c->printed : c->text);
		litmus_free(test);
	}
}

static void test_events(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} events[] = {
		{LITMUS_UFFD_EVENT_PAGEFAULT, "UFFD_EVENT_PAGEFAULT"},
		{LITMUS_UFFD_PAGEFAULT_FLAG_WRITE, "UFFD_PAGEFAULT_FLAG_WRITE"},
		{LITMUS_UFFD_PAGEFAULT_FLAG_WP, "UFFD_PAGEFAULT_FLAG_WP"},
		{LITMUS_UFFD_PAGEFAULT_FLAG_MINOR, "UFFD_PAGEFAULT_FLAG_MINOR"},
		{LITMUS_UFFD_EVENT_FORK, "UFFD_EVENT_FORK"},
		{LITMUS_UFFD_EVENT_REMAP, "UFFD_EVENT_REMAP"},
		{LITMUS_UFFD_EVENT_REMOVE, "UFFD_EVENT_REMOVE"},
		{LITMUS_UFFD_EVENT_UNMAP, "UFFD_EVENT_UNMAP"},
	};

	(void)state;
	for (size_t i = 0; i < NR(events); i++) {
		struct litmus_test *test;
		char text[256];

		assert_string_equal(litmus_value_text(events[i].value, text, sizeof(text)),
				    events[i].text);
		snprintf(text, sizeof(text),
			 "C t { } P0() { userfaultfd(u, 0); r = read(u); s = r; }"
			 "exists (0:r=%s /\\ 0:s!=%s)",
			 events[i].text, events[i].text);
		test = parse(text);
		assert_int_equal(test->prop->left->value, events[i].value);
		litmus_free(test);
	}
}

/* Each stands alone in P0's body. */
static void test_bad_operations(void **state)
{
	static const struct message messages[] = {
		{"r = pread(x);", "4:1: pread() of 'x' (anon(swapped)), expected a file object"},
		{"pwrite(y, 1);", "4:1: pwrite() of 'y' (anon), expected a file object"},
		{"r = pread(u);", "4:1: pread() of 'u' (unmapped), expected a file object"},
		{"split_huge_page(y);",
		 "4:1: split_huge_page() of 'y' (anon), expected a thp object"},
		{"split_huge_page(u);",
		 "4:1: split_huge_page() of 'u' (unmapped), expected a thp object"},
		{"mremap(x, u); split_huge_page(u);",
		 "4:15: split_huge_page() of 'u' (like anon(swapped) x), expected a thp object"},
		{"mremap(x, y);", NULL},
		{"mremap(h, y);", "4:1: the pages of 'h' (hugetlb) and 'y' (anon) differ in size, "
				  "expected a place for pages of one size"},
		{"mremap(t, u);\nmremap(y, u);",
		 "5:1: the pages of 'y' (anon) and 'u' (like thp t) differ in size, expected a "
		 "place for pages of one size"},
		{"mremap(t, u);\nmremap(v, u);",
		 "5:1: the pages of 'v' (unmapped) and 'u' (like thp t) differ in size, expected "
		 "a place for pages of one size"},
		{"userfaultfd(d, 0); uffdio_move(d, y, h, 0);",
		 "4:20: the pages of 'y' (anon) and 'h' (hugetlb) differ in size, expected a place "
		 "for pages of one size"},
		{"userfaultfd(d, 0); uffdio_move(d, u, t, 0); uffdio_move(d, u, v, 0); "
		 "uffdio_move(d, v, y, 0);",
		 "4:70: the pages of 'v' (like thp t) and 'y' (anon) differ in size, expected a "
		 "place for pages of one size"},
		{"uffdio_move(d, x, y);", "4:20: unexpected ')', expected ','"},
		{"uffdio_move(d, x, y, UFFDIO_COPY_MODE_WP);",
		 "4:22: no flag is called 'UFFDIO_COPY_MODE_WP', expected 0, "
		 "UFFDIO_MOVE_MODE_DONTWAKE or UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES"},
		{"mremap(t, s);", "4:1: the pages of 't' (thp) and 's' (thp) differ in size, "
				  "expected a place for pages of one size"},
		{"uffdio_register(d, x, 0);",
		 "4:23: unexpected '0', expected UFFDIO_REGISTER_MODE_MISSING, "
		 "UFFDIO_REGISTER_MODE_WP or UFFDIO_REGISTER_MODE_MINOR"},
		{"uffdio_writeprotect(d, x, UFFDIO_COPY_MODE_WP);",
		 "4:27: no flag is called 'UFFDIO_COPY_MODE_WP', expected 0, "
		 "UFFDIO_WRITEPROTECT_MODE_WP or UFFDIO_WRITEPROTECT_MODE_DONTWAKE"},
		{"uffdio_zeropage(d, x, UFFDIO_ZEROPAGE_MODE_WP);",
		 "4:23: no flag is called 'UFFDIO_ZEROPAGE_MODE_WP', expected 0 or "
		 "UFFDIO_ZEROPAGE_MODE_DONTWAKE"},
		{"uffdio_copy(d, x, 5, 1);",
		 "4:22: unexpected '1', expected 0, UFFDIO_COPY_MODE_WP or "
		 "UFFDIO_COPY_MODE_DONTWAKE"},
		{"uffdio_copy(d, x, 2, 5, 0);", "4:22: unexpected '5', expected 0, "
						"UFFDIO_COPY_MODE_WP or UFFDIO_COPY_MODE_DONTWAKE"},
		{"uffdio_wake(d, x, 2);",
		 "4:19: 2 is out of range, expected a number of pages from 1 to 1"},
		{"userfaultfd(d, FEATURE);",
		 "4:16: no flag is called 'FEATURE', expected one of 0, UFFD_FEATURE_EVENT_FORK, "
		 "UFFD_FEATURE_EVENT_REMAP, UFFD_FEATURE_EVENT_REMOVE, UFFD_FEATURE_EVENT_UNMAP, "
		 "UFFD_FEATURE_WP_UNPOPULATED or UFFD_FEATURE_WP_ASYNC"},
		{"userfaultfd(d, 1);",
		 "4:16: unexpected '1', expected 0, or features such as UFFD_FEATURE_EVENT_FORK"},
		{"userfaultfd(d);", "4:14: unexpected ')', expected ','"},
		{"userfaultfd(1, 0);", "4:13: unexpected '1', expected the name of a userfaultfd"},
		{"read(d);", "4:1: the result of read() is not used, expected 'r = read(...)'"},
		{"r = close(d);", "4:5: close() has no result, expected it without 'r ='"},
		{"ksm_do_scan(x);", "4:13: unexpected 'x', expected ')'"},
		{"split_huge_page(t, 1);", "4:18: unexpected ',', expected ')'"},
		{"r = pm_uffd_wp(c);", "4:16: 'c' is a completion, expected a variable"},
	};

	(void)state;
	for (size_t i = 0; i < NR(messages); i++) {
		char text[1024];

		snprintf(text, sizeof(text),
			 "C t\n{ anon(swapped) x = 1; anon y; hugetlb h; thp t; thp s[2];"
			 "unmapped u; unmapped v; completion c; }\nP0(int *x, int *y, int *h,"
			 "int *t, int *s, int *u, int *v) {\n%s\n}\nexists true",
			 messages[i].text);
		if (messages[i].err)
			assert_message(text, messages[i].err);
		else
			litmus_free(parse(text));
	}
}

static void test_bad_uffds(void **state)
{
	static const struct message messages[] = {
		{"close(u);",
		 "4:7: nothing opens 'u', expected userfaultfd(u, ...) or read(..., u)"},
		{"userfaultfd(u, 0); close(w);",
		 "4:26: nothing opens 'w', expected userfaultfd(w, ...) or read(..., w)"},
		{"userfaultfd(u, 0);\nuserfaultfd(u, 0);",
		 "5:13: line 4 opens 'u' already, expected another name"},
		{"userfaultfd(u, 0);\nuserfaultfd(v, 0);\nr = read(u, v);",
		 "6:13: line 5 opens 'v' already, expected another name"},
		{"userfaultfd(u, 0);\nr = read(u, v);\nuserfaultfd(v, 0);",
		 "6:13: line 5 opens 'v' already, expected another name"},
		{"userfaultfd(u, 0); r = read(u, u);",
		 "4:32: 'u' is what is read, expected another userfaultfd"},
		{"userfaultfd(x, 0);", "4:13: 'x' is a variable already, expected another name"},
		{"userfaultfd(c, 0);", "4:13: 'c' is a completion already, expected another name"},
		{"r = 1; userfaultfd(r, 0);",
		 "4:20: 'r' is a register of P0 already, expected another name"},
		{"r = userfaultfd(r, 0);",
		 "4:1: 'r' is a userfaultfd already, expected another name"},
		{"userfaultfd(u, 0); u = 1;",
		 "4:20: 'u' is a userfaultfd already, expected another name"},
		{"userfaultfd(u, 0); r = *u;", "4:25: 'u' is a userfaultfd, expected a variable"},
		{"userfaultfd(P1, 0);",
		 "4:13: 'P1' is a word of the language, expected another name"},
		{"r = 1; } P1() { userfaultfd(r, 0);",
		 "4:29: 'r' is a register of P0 already, expected another name"},
		{"userfaultfd(u, 0); } P1() { u = 1;",
		 "4:29: 'u' is a userfaultfd already, expected another name"},
		{"userfaultfd(a, 0); userfaultfd(b, 0); userfaultfd(d, 0); userfaultfd(e, 0);\n"
		 "userfaultfd(f, 0);",
		 "5:13: one userfaultfd too many, expected at most 4"},
	};

	(void)state;
	assert_messages("C t\n{ anon x; completion c; }\nP0(int *x) {\n", messages, NR(messages),
			"\n}\nexists true");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uffds),     cmocka_unit_test(test_uffd_ops),
		cmocka_unit_test(test_events),    cmocka_unit_test(test_bad_operations),
		cmocka_unit_test(test_bad_uffds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
