/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_litmus.c - the litmus language: trees, messages, layout, outcomes
 *
 * Link it with -Wl,--wrap=malloc: one test lets every allocation fail in turn. The argument is
 * the directory of the tests that must be rejected, by default tests/bad.
 */
#include "tests/unit/litmus_text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *bad_directory = "tests/bad";

/* Which allocation from now on fails; 0: none. */
static int fail_allocation;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	if (fail_allocation && --fail_allocation == 0)
		return NULL;
	return __real_malloc(size);
}

/* The example of cowherd-litmus(5), which is in the canonical layout. */
static const char rdma[] =
	"C RDMA+pin+fork+exit+write\n"
	"\n"
	"(*\n"
	" * The regression of v5.9-rc4: memory is registered for DMA, a child is forked\n"
	" * and ends, the owner writes to the page, the device writes, the owner looks.\n"
	" *)\n"
	"\n"
	"{\n"
	"\tanon x = 1;\n"
	"}\n"
	"\n"
	"P0(int *x)\n"
	"{\n"
	"\tr = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM);\n"
	"\tfork(P1);\n"
	"\twait(P1);\n"
	"\t*x = 2;\n"
	"\tdma_write(r, 3);\n"
	"\tr0 = *x;\n"
	"}\n"
	"\n"
	"P1(int *x)\n"
	"{\n"
	"}\n"
	"\n"
	"exists (0:r0=2)\n"
	"\n"
	"expect Never\n"
	"expect Always lost-dma on v5.9-rc4..v5.9-rc6\n";

/* A test around the body of P0; P1, which P0 may start, has a register v. */
static struct litmus_test *parse_body(const char *body)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "C t\n"
		 "{ anon x = 1, y; anon z[3] = {3}; unmapped u[2]; shared s[2]; completion c; }\n"
		 "P0(int *x, int *z, int *u, int *s) {\n"
		 "%s\n"
		 "}\n"
		 "P1(int *x) { v = *x; }\n"
		 "exists (true)\n",
		 body);
	return parse(text);
}

static void test_example(void **state)
{
	struct litmus_test *test = parse(rdma);
	const struct litmus_task *p0 = &test->tasks[0];
	const struct litmus_expectation *always;

	(void)state;
	assert_string_equal(test->file, "t");
	assert_string_equal(test->name, "RDMA+pin+fork+exit+write");
	assert_string_equal(
		test->doc, "The regression of v5.9-rc4: memory is registered for DMA, a child is "
			   "forked\nand ends, the owner writes to the page, the device writes, the "
			   "owner looks.");

	assert_int_equal(test->nr_objects, 1);
	assert_int_equal(test->objects[0].kind.backing, LITMUS_ANON);
	assert_int_equal(test->objects[0].nr_pages, 1);
	assert_int_equal(test->objects[0].nr_words, 1);
	assert_true(test->objects[0].initialised[0]);
	assert_int_equal(test->objects[0].value[0][0], 1);
	assert_int_equal(test->nr_vars, 1);
	assert_string_equal(test->vars[0].name, "x");
	assert_int_equal(test->nr_completions, 0);

	assert_int_equal(test->nr_tasks, 2);
	assert_int_equal(p0->birth, LITMUS_BORN_FIRST);
	assert_int_equal(p0->parent, -1);
	assert_int_equal(p0->pos.line, 12);
	assert_int_equal(p0->pos.column, 1);
	assert_int_equal(p0->nr_registers, 2);
	assert_string_equal(p0->registers[0].name, "r");
	assert_int_equal(p0->registers[0].type, LITMUS_HANDLE);
	assert_int_equal(p0->registers[0].handle_pages, 1);
	assert_string_equal(p0->registers[1].name, "r0");
	assert_int_equal(p0->registers[1].type, LITMUS_INT);
	assert_int_equal(p0->nr_ops, 6);
	assert_int_equal(p0->ops[0].code, LITMUS_PIN_USER_PAGES_FAST);
	assert_int_equal(p0->ops[0].flags, LITMUS_FOLL_WRITE | LITMUS_FOLL_LONGTERM);
	assert_int_equal(p0->ops[0].dest, 0);
	assert_int_equal(p0->ops[0].nr_pages, 1);
	assert_int_equal(p0->ops[0].pos.line, 14);
	assert_int_equal(p0->ops[0].pos.column, 2);
	assert_int_equal(p0->ops[1].code, LITMUS_FORK);
	assert_int_equal(p0->ops[1].task, 1);
	assert_int_equal(p0->ops[1].dest, -1);
	assert_int_equal(p0->ops[2].code, LITMUS_WAITPID);
	assert_int_equal(p0->ops[3].code, LITMUS_STORE);
	assert_int_equal(p0->ops[3].value.constant, 2);
	assert_int_equal(p0->ops[4].code, LITMUS_DMA_WRITE);
	assert_int_equal(p0->ops[4].handle, 0);
	assert_int_equal(p0->ops[4].value.constant, 3);
	assert_int_equal(p0->ops[5].code, LITMUS_LOAD);
	assert_int_equal(p0->ops[5].dest, 1);

	assert_int_equal(test->tasks[1].birth, LITMUS_BORN_FORK);
	assert_int_equal(test->tasks[1].parent, 0);
	assert_int_equal(test->tasks[1].process, 1);
	assert_int_equal(test->tasks[1].nr_ops, 0);

	assert_int_equal(test->quantifier, LITMUS_EXISTS);
	assert_int_equal(test->prop->kind, LITMUS_PROP_EQUAL);
	assert_int_equal(test->prop->value, 2);

	assert_int_equal(test->nr_expectations, 2);
	assert_int_equal(test->expectations[0].observation, LITMUS_NEVER);
	assert_int_equal(test->expectations[0].violations, 0);
	assert_int_equal(test->expectations[0].nr_ranges, 0);
	always = &test->expectations[1];
	assert_int_equal(always->observation, LITMUS_ALWAYS);
	assert_int_equal(always->violations, VIOLATION_LOST_DMA);
	assert_int_equal(always->mode, LITMUS_ANY_RUN);
	assert_int_equal(always->pos.line, 29);
	assert_int_equal(always->nr_ranges, 1);
	assert_string_equal(always->ranges[0].from, "v5.9-rc4");
	assert_string_equal(always->ranges[0].to, "v5.9-rc6");
	assert_int_equal(always->ranges[0].pos.column, 27);
	litmus_free(test);
	assert_layout(rdma, rdma);
}

static void test_initial_state(void **state)
{
	struct litmus_test *test =
		parse("C t\n{ completion c; anon x = -1, y, z = 7; anon w; shared a[3] = {4, 5}; "
		      "completion d; unmapped b[2]; anon e[1] = {6}; shared f, g; }\n"
		      "P0() { }\nexists (true)\n");
	const struct litmus_object *o = test->objects;

	(void)state;
	assert_int_equal(test->nr_objects, 6);
	assert_int_equal(test->nr_completions, 2);
	assert_string_equal(test->completions[0], "c");
	assert_string_equal(test->completions[1], "d");
	assert_int_equal(test->nr_vars, 9);

	assert_int_equal(o[0].nr_words, 3);
	assert_true(o[0].initialised[0]);
	assert_int_equal(o[0].value[0][0], -1);
	assert_int_equal(o[0].value[0][1], 0);
	assert_int_equal(o[0].value[0][2], 7);
	assert_int_equal(test->vars[2].object, 0);
	assert_int_equal(test->vars[2].word, 2);

	assert_false(o[1].initialised[0]);
	assert_int_equal(o[1].first_var, 3);

	assert_int_equal(o[2].kind.backing, LITMUS_SHARED);
	assert_int_equal(o[2].nr_pages, 3);
	assert_true(o[2].initialised[0]);
	assert_true(o[2].initialised[1]);
	assert_false(o[2].initialised[2]);
	assert_int_equal(o[2].value[0][0], 4);
	assert_int_equal(o[2].value[1][0], 5);

	assert_int_equal(o[3].kind.backing, LITMUS_UNMAPPED);
	assert_int_equal(o[3].nr_pages, 2);
	assert_false(o[3].initialised[0]);

	assert_int_equal(o[4].nr_pages, 1);
	assert_int_equal(o[4].value[0][0], 6);

	assert_int_equal(o[5].nr_words, 2);
	assert_false(o[5].initialised[0]);
	assert_int_equal(test->vars[8].word, 1);
	litmus_free(test);
}

struct op_case {
	const char *text;    /* as somebody may write it */
	const char *printed; /* NULL: the same */
	enum litmus_opcode code;
	int page;
	int nr_pages;
	unsigned flags;
	unsigned map;
};

/* Each of them stands alone in P0's body. */
static const struct op_case op_cases[] = {
	{"*x = 2;", NULL, LITMUS_STORE, 0, 0, 0, 0},
	{"*x = -2147483648;", NULL, LITMUS_STORE, 0, 0, 0, 0},
	{"x[0] = 2;", "*x = 2;", LITMUS_STORE, 0, 0, 0, 0},
	{"z[2] = 2;", NULL, LITMUS_STORE, 2, 0, 0, 0},
	{"*z = 2;", "z[0] = 2;", LITMUS_STORE, 0, 0, 0, 0},
	{"r = *x;", NULL, LITMUS_LOAD, 0, 0, 0, 0},
	{"r = z[1];", NULL, LITMUS_LOAD, 1, 0, 0, 0},
	{"r = 5;", NULL, LITMUS_MOVE, 0, 0, 0, 0},
	{"mmap(z, PROT_READ | PROT_WRITE, MAP_PRIVATE);", NULL, LITMUS_MMAP, 0, 3,
	 LITMUS_PROT_READ | LITMUS_PROT_WRITE, LITMUS_MAP_PRIVATE},
	{"e = mmap(&z[1], 1, PROT_NONE, MAP_SHARED);", "e = mmap(z + 1, 1, PROT_NONE, MAP_SHARED);",
	 LITMUS_MMAP, 1, 1, 0, LITMUS_MAP_SHARED},
	{"munmap(z + 1);", NULL, LITMUS_MUNMAP, 1, 2, 0, 0},
	{"munmap(z + 1, 2);", "munmap(z + 1);", LITMUS_MUNMAP, 1, 2, 0, 0},
	{"munmap(z, 2);", NULL, LITMUS_MUNMAP, 0, 2, 0, 0},
	{"mprotect(z, PROT_WRITE | PROT_READ);", "mprotect(z, PROT_READ | PROT_WRITE);",
	 LITMUS_MPROTECT, 0, 3, LITMUS_PROT_READ | LITMUS_PROT_WRITE, 0},
	{"mprotect(z + 2, 1, PROT_NONE);", "mprotect(z + 2, PROT_NONE);", LITMUS_MPROTECT, 2, 1, 0,
	 0},
	{"mremap(z + 1, u);", NULL, LITMUS_MREMAP, 1, 2, 0, 0},
	{"e = mremap(z, 1, u + 1);", NULL, LITMUS_MREMAP, 0, 1, 0, 0},
	{"madvise(z, MADV_DONTNEED);", NULL, LITMUS_MADVISE, 0, 3, LITMUS_MADV_DONTNEED, 0},
	{"madvise(z, 1, MADV_POPULATE_WRITE);", NULL, LITMUS_MADVISE, 0, 1,
	 LITMUS_MADV_POPULATE_WRITE, 0},
	{"r = get_user_pages(x, 0);", NULL, LITMUS_GET_USER_PAGES, 0, 1, 0, 0},
	{"r = get_user_pages_fast(z + 2, FOLL_WRITE);", NULL, LITMUS_GET_USER_PAGES_FAST, 2, 1,
	 LITMUS_FOLL_WRITE, 0},
	{"r = get_user_pages_remote(P1, x, 1, FOLL_FORCE);",
	 "r = get_user_pages_remote(P1, x, FOLL_FORCE);", LITMUS_GET_USER_PAGES_REMOTE, 0, 1,
	 LITMUS_FOLL_FORCE, 0},
	{"r = pin_user_pages(z, 3, FOLL_LONGTERM | FOLL_FORCE | FOLL_WRITE);",
	 "r = pin_user_pages(z, 3, FOLL_WRITE | FOLL_FORCE | FOLL_LONGTERM);",
	 LITMUS_PIN_USER_PAGES, 0, 3, LITMUS_FOLL_WRITE | LITMUS_FOLL_FORCE | LITMUS_FOLL_LONGTERM,
	 0},
	{"r = pin_user_pages_fast(z, 2, 0);", NULL, LITMUS_PIN_USER_PAGES_FAST, 0, 2, 0, 0},
	{"r = pin_user_pages_remote(P1, x, 0);", NULL, LITMUS_PIN_USER_PAGES_REMOTE, 0, 1, 0, 0},
	{"r = iov_iter_extract_pages(x, FOLL_WRITE);", NULL, LITMUS_IOV_ITER_EXTRACT_PAGES, 0, 1,
	 LITMUS_FOLL_WRITE, 0},
	{"v = ptrace_peekdata(P1, x);", NULL, LITMUS_PTRACE_PEEKDATA, 0, 0, 0, 0},
	{"ptrace_pokedata(P1, z + 1, 3);", NULL, LITMUS_PTRACE_POKEDATA, 1, 0, 0, 0},
	{"v = process_vm_readv(P1, x);", NULL, LITMUS_PROCESS_VM_READV, 0, 0, 0, 0},
	{"e = process_vm_writev(P1, x, 3);", NULL, LITMUS_PROCESS_VM_WRITEV, 0, 0, 0, 0},
	{"fork(P1);", NULL, LITMUS_FORK, 0, 0, 0, 0},
	{"e = pthread_create(P1);", NULL, LITMUS_PTHREAD_CREATE, 0, 0, 0, 0},
	{"pthread_join(P1);", NULL, LITMUS_PTHREAD_JOIN, 0, 0, 0, 0},
	{"exit();", NULL, LITMUS_EXIT, 0, 0, 0, 0},
	{"complete(c);", NULL, LITMUS_COMPLETE, 0, 0, 0, 0},
	{"wait_for_completion(c);", NULL, LITMUS_WAIT_FOR_COMPLETION, 0, 0, 0, 0},
	{"clear_refs();", NULL, LITMUS_CLEAR_REFS, 0, 0, 0, 0},
	{"userfaultfd(f, UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_EVENT_REMOVE | "
	 "UFFD_FEATURE_EVENT_REMAP);",
	 "userfaultfd(f, UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | "
	 "UFFD_FEATURE_EVENT_UNMAP);",
	 LITMUS_USERFAULTFD, 0, 0,
	 LITMUS_UFFD_FEATURE_EVENT_REMAP | LITMUS_UFFD_FEATURE_EVENT_REMOVE |
		 LITMUS_UFFD_FEATURE_EVENT_UNMAP,
	 0},
	{"e = userfaultfd(f, UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_EVENT_FORK);",
	 "e = userfaultfd(f, UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_WP_ASYNC);", LITMUS_USERFAULTFD,
	 0, 0, LITMUS_UFFD_FEATURE_EVENT_FORK | LITMUS_UFFD_FEATURE_WP_ASYNC, 0},
	{"userfaultfd(f, 0);", NULL, LITMUS_USERFAULTFD, 0, 0, 0, 0},
	{"ksm_do_scan();", NULL, LITMUS_KSM_DO_SCAN, 0, 0, 0, 0},
	{"e = move_pages(z + 1, 2);", "e = move_pages(z + 1);", LITMUS_MOVE_PAGES, 1, 2, 0, 0},
	{"move_pages(z, 1);", NULL, LITMUS_MOVE_PAGES, 0, 1, 0, 0},
	{"madvise(x, MADV_FREE);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_FREE, 0},
	{"madvise(x, MADV_WILLNEED);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_WILLNEED, 0},
	{"madvise(x, MADV_PAGEOUT);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_PAGEOUT, 0},
	{"madvise(x, MADV_HUGEPAGE);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_HUGEPAGE, 0},
	{"madvise(x, MADV_NOHUGEPAGE);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_NOHUGEPAGE, 0},
	{"madvise(x, MADV_COLLAPSE);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_COLLAPSE, 0},
	{"madvise(x, MADV_MERGEABLE);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_MERGEABLE, 0},
	{"madvise(x, MADV_UNMERGEABLE);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_UNMERGEABLE, 0},
	{"lru_add_drain();", NULL, LITMUS_LRU_ADD_DRAIN, 0, 0, 0, 0},
	{"end_page_writeback();", NULL, LITMUS_END_PAGE_WRITEBACK, 0, 0, 0, 0},
	{"madvise(x, MADV_DONTFORK);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_DONTFORK, 0},
	{"madvise(x, MADV_DOFORK);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_DOFORK, 0},
	{"madvise(x, MADV_WIPEONFORK);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_WIPEONFORK, 0},
	{"madvise(x, MADV_KEEPONFORK);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_KEEPONFORK, 0},
	{"madvise(x, MADV_POPULATE_READ);", NULL, LITMUS_MADVISE, 0, 1, LITMUS_MADV_POPULATE_READ,
	 0},
	{"mprotect(x, PROT_READ);", NULL, LITMUS_MPROTECT, 0, 1, LITMUS_PROT_READ, 0},
	{"P1x = 1;", NULL, LITMUS_MOVE, 0, 0, 0, 0}, /* no name of a task */
	{"P01 = 1;", NULL, LITMUS_MOVE, 0, 0, 0, 0},
	{"a234567890123456789012345678901234567890123456789012345678901234 = 1;", NULL, LITMUS_MOVE,
	 0, 0, 0, 0},
};

static void test_ops(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(op_cases); i++) {
		const struct op_case *c = &op_cases[i];
		struct litmus_test *test = parse_body(c->text);
		const struct litmus_op *op = &test->tasks[0].ops[0];
		char text[128];

		assert_int_equal(test->tasks[0].nr_ops, 1);
		assert_int_equal(op->code, c->code);
		assert_int_equal(op->addr.page, c->page);
		assert_int_equal(op->nr_pages, c->nr_pages);
		assert_int_equal(op->flags, c->flags);
		assert_int_equal(op->map, c->map);
		assert_string_equal(litmus_op_text(test, 0, op, text, sizeof(text)),
				    c->printed ? c->printed : c->text);
		litmus_free(test);
	}
}

static void test_handles(void **state)
{
	struct litmus_test *test = parse_body("r = pin_user_pages(z, 2, FOLL_WRITE);\n"
					      "q = get_user_pages(x, 0);\n"
					      "i = iov_iter_extract_pages(x, 0);\n"
					      "a = dma_read(r[1]);\n"
					      "dma_write(r, a);\n"
					      "a = dma_read(q[0]);\n"
					      "b = pagemap(z + 1, r[1]);\n"
					      "lock_page(q);\n"
					      "unlock_page(q);\n"
					      "unpin_user_page(r);\n"
					      "put_page(q);\n"
					      "bio_release_pages(i);\n"
					      "b = a;");
	const struct litmus_task *p0 = &test->tasks[0];
	static const char *const expected[] = {
		"a = dma_read(r[1]);",   "dma_write(r[0], a);",
		"a = dma_read(q);",      "b = pagemap(z + 1, r[1]);",
		"lock_page(q);",         "unlock_page(q);",
		"unpin_user_page(r);",   "put_page(q);",
		"bio_release_pages(i);", "b = a;",
	};
	char text[128];

	(void)state;
	assert_int_equal(p0->nr_registers, 5);
	assert_int_equal(p0->registers[0].handle_pages, 2);
	assert_int_equal(p0->registers[3].type, LITMUS_INT);
	assert_int_equal(p0->ops[3].handle, 0);
	assert_int_equal(p0->ops[3].handle_page, 1);
	assert_int_equal(p0->ops[3].dest, 3);
	assert_true(p0->ops[4].value.is_register);
	assert_int_equal(p0->ops[4].value.reg, 3);
	assert_int_equal(p0->ops[5].handle, 1);
	assert_int_equal(p0->ops[12].code, LITMUS_MOVE);
	for (size_t i = 0; i < NR(expected); i++)
		assert_string_equal(litmus_op_text(test, 0, &p0->ops[i + 3], text, sizeof(text)),
				    expected[i]);
	litmus_free(test);
}

/* Which operations can, and which must, be assigned to a register. */
static void test_op_table(void **state)
{
	static const enum litmus_opcode must[] = {
		LITMUS_LOAD,
		LITMUS_MOVE,
		LITMUS_GET_USER_PAGES,
		LITMUS_GET_USER_PAGES_FAST,
		LITMUS_GET_USER_PAGES_REMOTE,
		LITMUS_PIN_USER_PAGES,
		LITMUS_PIN_USER_PAGES_FAST,
		LITMUS_PIN_USER_PAGES_REMOTE,
		LITMUS_IOV_ITER_EXTRACT_PAGES,
		LITMUS_DMA_READ,
		LITMUS_PAGEMAP,
		LITMUS_PTRACE_PEEKDATA,
		LITMUS_PROCESS_VM_READV,
		LITMUS_READ,
		LITMUS_PM_UFFD_WP,
		LITMUS_PREAD,
	};
	static const enum litmus_opcode can[] = {
		LITMUS_MMAP,
		LITMUS_MUNMAP,
		LITMUS_MPROTECT,
		LITMUS_MREMAP,
		LITMUS_MADVISE,
		LITMUS_PTRACE_POKEDATA,
		LITMUS_PROCESS_VM_WRITEV,
		LITMUS_FORK,
		LITMUS_WAITPID,
		LITMUS_PTHREAD_CREATE,
		LITMUS_PTHREAD_JOIN,
		LITMUS_CLEAR_REFS,
		LITMUS_USERFAULTFD,
		LITMUS_UFFDIO_REGISTER,
		LITMUS_UFFDIO_UNREGISTER,
		LITMUS_UFFDIO_WRITEPROTECT,
		LITMUS_UFFDIO_COPY,
		LITMUS_UFFDIO_ZEROPAGE,
		LITMUS_UFFDIO_CONTINUE,
		LITMUS_UFFDIO_MOVE,
		LITMUS_UFFDIO_WAKE,
		LITMUS_PWRITE,
		LITMUS_KSM_DO_SCAN,
		LITMUS_MOVE_PAGES,
		LITMUS_SPLIT_HUGE_PAGE,
	};

	(void)state;
	for (int i = 0; i < LITMUS_NR_OPCODES; i++) {
		const struct litmus_op_info *info = litmus_op_info((enum litmus_opcode)i);
		bool needs = false, has = false;

		for (size_t j = 0; j < NR(must); j++)
			needs |= (int)must[j] == i;
		for (size_t j = 0; j < NR(can); j++)
			has |= (int)can[j] == i;
		assert_non_null(info->name);
		assert_int_equal(info->needs_result, needs);
		assert_int_equal(info->has_result, needs || has);
		assert_int_equal(info->makes_handle,
				 i >= LITMUS_GET_USER_PAGES && i <= LITMUS_IOV_ITER_EXTRACT_PAGES);
	}
	assert_string_equal(litmus_op_info(LITMUS_WAITPID)->name, "wait");
}

/* What an operation doesn't have is -1. */
static void test_absent_operands(void **state)
{
	struct litmus_test *test = parse_body("*x = 1; complete(c);");
	const struct litmus_op *ops = test->tasks[0].ops;

	(void)state;
	assert_int_equal(ops[0].dest, -1);
	assert_int_equal(ops[0].handle, -1);
	assert_int_equal(ops[0].task, -1);
	assert_int_equal(ops[0].completion, -1);
	assert_int_equal(ops[1].completion, 0);
	litmus_free(test);
}

static void test_reserved_names(void **state)
{
	static const char *const names[] = {
		"anon",     "shared",   "unmapped",  "completion",     "int",          "locations",
		"exists",   "forall",   "expect",    "true",           "status",       "P0",
		"P12",      "FOLL_PIN", "PROT_EXEC", "MAP_ANON",       "MADV_FREE",    "EIO",
		"file",     "thp",      "hugetlb",   "shared_hugetlb", "nr_hugepages", "read",
		"close",    "UFFD_X",   "UFFDIO_X",  "SIGKILL",        "exit",         "wait",
		"dma_read", "pagemap",
	};

	(void)state;
	for (size_t i = 0; i < NR(names); i++) {
		char text[128], err[128], expected[128];

		snprintf(text, sizeof(text), "C t {\ncompletion %s; } P0() { } exists true",
			 names[i]);
		snprintf(expected, sizeof(expected),
			 "t:2:12: '%s' is a word of the language, expected another name", names[i]);
		assert_null(litmus_parse("t", text, strlen(text), err, sizeof(err)));
		assert_string_equal(err, expected);
	}
}

static void test_births(void **state)
{
	/* P3 forks P4, which makes P2 its thread; P1 is P0's thread; P5 nobody starts. */
	struct litmus_test *test =
		parse("C t\n{ }\n"
		      "P0() { pthread_create(P1); fork(P3); pthread_join(P5); }\n"
		      "P1() { wait(P3); }\n"
		      "P2() { }\n"
		      "P3() { fork(P4); }\n"
		      "P4() { pthread_create(P2); pthread_join(P2); }\n"
		      "P5() { pthread_join(P1); }\n"
		      "exists (true)\n");
	static const struct {
		enum litmus_birth birth;
		int parent;
		int start;
		int process;
		int leader;
	} expected[] = {
		{LITMUS_BORN_FIRST, -1, -1, 0, 0}, {LITMUS_BORN_THREAD, 0, 0, 0, 0},
		{LITMUS_BORN_THREAD, 4, 0, 2, 4},  {LITMUS_BORN_FORK, 0, 1, 3, 3},
		{LITMUS_BORN_FORK, 3, 0, 2, 4},    {LITMUS_BORN_START, -1, -1, 0, 0},
	};

	(void)state;
	assert_int_equal(test->nr_tasks, 6);
	for (size_t i = 0; i < NR(expected); i++) {
		assert_int_equal(test->tasks[i].birth, expected[i].birth);
		assert_int_equal(test->tasks[i].parent, expected[i].parent);
		assert_int_equal(test->tasks[i].start, expected[i].start);
		assert_int_equal(test->tasks[i].process, expected[i].process);
		assert_int_equal(litmus_leader(test, (int)i), expected[i].leader);
	}
	litmus_free(test);
}

static void test_queries(void **state)
{
	struct litmus_test *test = parse("C t\n{ anon x; }\n"
					 "P0() { fork(P1); }\n"
					 "P1(int *x) { r = *x; }\n"
					 "exists (1:x=1)\n");
	const int64_t seen[] = {1, 2, 3, 4}, allowed[] = {1, 0, 3, 0};

	(void)state;
	assert_true(litmus_uses(test, LITMUS_FORK));
	assert_true(litmus_uses(test, LITMUS_LOAD));
	assert_false(litmus_uses(test, LITMUS_STORE));
	assert_false(litmus_observes_memory(test, 0));
	assert_true(litmus_observes_memory(test, 1));
	assert_int_equal(test->nr_observables, 4);
	assert_int_equal(litmus_distance(test, seen, seen), 0);
	assert_int_equal(litmus_distance(test, seen, allowed), 2);
	litmus_free(test);
}

/* The most observables, with the longest names and values: none of it is cut. */
static void test_longest_outcome(void **state)
{
	char text[16384] = "C t\n{\n";
	char outcome[LITMUS_OUTCOME_SIZE], larger[2 * LITMUS_OUTCOME_SIZE];
	int64_t values[LITMUS_MAX_OBSERVABLES];
	size_t used = strlen(text);
	struct litmus_test *test;

	(void)state;
	for (int i = 0; i < 7; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "unmapped %063d%d[4];\n",
					 0, i);
	for (char *c = text; (c = strstr(c, " 0"));)
		c[1] = 'x';
	used += (size_t)snprintf(text + used, sizeof(text) - used, "}\n");
	for (int i = 0; i < 8; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "P%d() { }\n", i);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "locations [");
	for (int i = 0; i < LITMUS_MAX_OBSERVABLES - 8; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d:x%062d%d[%d]; ",
					 1 + i / 28, 0, i / 4 % 7, i % 4);
	snprintf(text + used, sizeof(text) - used, "]\nexists (true)\n");
	test = parse(text);
	assert_int_equal(test->nr_observables, LITMUS_MAX_OBSERVABLES);
	for (int i = 0; i < LITMUS_MAX_OBSERVABLES; i++)
		values[i] = INT64_MIN;
	litmus_outcome_text(test, values, outcome, sizeof(outcome));
	litmus_outcome_text(test, values, larger, sizeof(larger));
	assert_string_equal(outcome, larger);
	litmus_free(test);
}

static void assert_observables(const char *text, const char *const *expected, int nr)
{
	struct litmus_test *test = parse(text);
	char name[128];

	assert_int_equal(test->nr_observables, nr);
	for (int i = 0; i < nr; i++)
		assert_string_equal(litmus_observable_text(test, i, name, sizeof(name)),
				    expected[i]);
	litmus_free(test);
}

static void test_observables(void **state)
{
	static const char *const all[] = {"0:b",    "0:a", "1:b",  "0:status", "1:status",
					  "1:z[1]", "x",   "z[0]", "1:x"};

	(void)state;
	/* 0:x is x; what is named twice, or is there anyway, is not there twice. */
	assert_observables("C t\n{ anon x = 1; anon z[2]; }\n"
			   "P0(int *x) { b = *x; a = 1; b = a; }\n"
			   "P1(int *x) { b = *x; }\n"
			   "locations [1:z[1]; 0:a; x; 0:status;]\n"
			   "exists (0:x=1 /\\ z=2 /\\ (1:x=3 \\/ 1:z[1]=2) /\\ z[0]=1)\n",
			   all, NR(all));
	assert_observables("C t\n{ anon x; }\nP0() { }\nexists (true)\n",
			   (const char *const[]){"0:status"}, 1);
}

static void test_conditions(void **state)
{
	/* ~ binds before /\, that before \/; both group to the left. */
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{"x=1", "(x=1)"},
		{"(((x=1)))", "(x=1)"},
		{"~x=1 /\\ x!=2 \\/ true", "((~(x=1) /\\ x!=2) \\/ true)"},
		{"x=1 /\\ (x=2 \\/ x=3)", "(x=1 /\\ (x=2 \\/ x=3))"},
		{"x=1 \\/ x=2 \\/ x=3", "(x=1 \\/ x=2 \\/ x=3)"},
		{"x=1 \\/ (x=2 \\/ x=3)", "(x=1 \\/ (x=2 \\/ x=3))"},
		{"~~true /\\ ~(x=1 /\\ x=2)", "(~~true /\\ ~(x=1 /\\ x=2))"},
		{"0:e=-EFAULT /\\ 0:e=-14", "(0:e=-EFAULT /\\ 0:e=-EFAULT)"},
		{"x=SIGSEGV /\\ x=SIGBUS", "(x=SIGSEGV /\\ x=SIGBUS)"},
		{"0:status=SIGKILL /\\ 0:status=0", "(0:status=SIGKILL /\\ 0:status=0)"},
		{"x=-2147483648 /\\ x=2147483647", "(x=-2147483648 /\\ x=2147483647)"},
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct litmus_test *test;
		char text[512], printed[256];

		snprintf(text, sizeof(text),
			 "C t\n{ anon x; }\nP0(int *x) { e = *x; }\nforall %s\n", cases[i].text);
		test = parse(text);
		assert_int_equal(test->quantifier, LITMUS_FORALL);
		assert_string_equal(litmus_condition_text(test, printed, sizeof(printed)),
				    cases[i].printed);
		litmus_free(test);
	}
}

static bool holds(const char *condition, int64_t x, int64_t e)
{
	char text[512];
	struct litmus_test *test;
	bool result;

	snprintf(text, sizeof(text),
		 "C t\n{ anon x; }\nP0(int *x) { e = *x; }\n"
		 "locations [0:e; 0:status; x]\n~exists %s\n",
		 condition);
	test = parse(text);
	assert_int_equal(test->quantifier, LITMUS_NOT_EXISTS);
	result = litmus_holds(test, (const int64_t[]){e, 0, x});
	litmus_free(test);
	return result;
}

static void test_holds(void **state)
{
	(void)state;
	assert_true(holds("x=1", 1, 0));
	assert_false(holds("x=1", 2, 0));
	assert_false(holds("x!=1", 1, 0));
	assert_true(holds("x!=1", 2, 0));
	assert_true(holds("true", 0, 0));
	assert_false(holds("~true", 0, 0));
	assert_true(holds("x=1 /\\ 0:e=2", 1, 2));
	assert_false(holds("x=1 /\\ 0:e=2", 1, 3));
	assert_false(holds("x=1 /\\ 0:e=2", 3, 2));
	assert_true(holds("x=1 \\/ 0:e=2", 3, 2));
	assert_true(holds("x=1 \\/ 0:e=2", 1, 3));
	assert_false(holds("x=1 \\/ 0:e=2", 3, 3));
	assert_true(holds("true \\/ true /\\ ~true", 0, 0));
	assert_true(holds("~x=1 \\/ x=1", 1, 0));
	assert_false(holds("~(x=1 \\/ x=2)", 1, 0));
	assert_true(holds("0:e=-EFAULT", 0, -EFAULT));
	assert_true(holds("x=SIGSEGV /\\ 0:status=0", LITMUS_SIGSEGV, 0));
}

static void test_outcomes(void **state)
{
	static const char program[] =
		"C t\n{ anon x; anon z[2]; }\n"
		"P0(int *x, int *z) { r = pin_user_pages(z, 2, 0); v = *x; }\n"
		"P1(int *x) { }\n";
	static const struct {
		const char *condition;
		int64_t r, v, status, other_status;
		const char *text;
	} cases[] = {
		/* As many pages as asked for, and no signal, go without saying ... */
		{"exists (true)", 2, 3, 0, 0, "0:v=3;"},
		{"exists (true)", 1, 3, 0, 0, "0:r=1; 0:v=3;"},
		{"exists (true)", -EFAULT, 0, 0, 0, "0:r=-EFAULT; 0:v=0;"},
		{"exists (true)", 2, 0, LITMUS_SIGSEGV, LITMUS_SIGKILL,
		 "0:v=0; 0:status=SIGSEGV; 1:status=SIGKILL;"},
		/* ... unless they are named. */
		{"exists (0:r=2)", 2, -ENOMEM, 0, 0, "0:r=2; 0:v=-ENOMEM;"},
		{"exists (1:status=0)", 2, -1, 0, 0, "0:v=-1; 1:status=0;"},
		{"locations [0:status; 0:r] exists (true)", 2, 3, 0, 0,
		 "0:r=2; 0:v=3; 0:status=0;"},
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		int64_t values[] = {cases[i].r, cases[i].v, cases[i].status, cases[i].other_status};
		char text[512], outcome[128], cut[8];
		struct litmus_test *test;

		snprintf(text, sizeof(text), "%s%s\n", program, cases[i].condition);
		test = parse(text);
		assert_int_equal(test->nr_observables, NR(values));
		assert_string_equal(litmus_outcome_text(test, values, outcome, sizeof(outcome)),
				    cases[i].text);
		litmus_outcome_text(test, values, cut, sizeof(cut));
		assert_int_equal(strlen(cut),
				 strlen(cases[i].text) < 7 ? strlen(cases[i].text) : 7);
		assert_memory_equal(cut, cases[i].text, strlen(cut));
		litmus_free(test);
	}
}

static void test_memory_outcomes(void **state)
{
	struct litmus_test *test = parse("C t\n{ anon x; anon z[2]; }\nP0() { }\nP1() { }\n"
					 "locations [x; 1:z[1]; 1:x; z]\nexists (true)\n");
	char text[128];

	(void)state;
	assert_string_equal(litmus_outcome_text(test,
						(const int64_t[]){0, 0, 0, 7, LITMUS_SIGSEGV, 1},
						text, sizeof(text)),
			    "x=0; 1:z[1]=7; 1:x=SIGSEGV; z[0]=1;");
	litmus_free(test);
}

static void test_values(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} cases[] = {
		{0, "0"},
		{3, "3"},
		{-1, "-1"},
		{-EBADF, "-EBADF"},
		{-EHWPOISON, "-EHWPOISON"},
		{-1000, "-1000"},
		{INT_MIN, "-2147483648"},
		{LITMUS_SIGKILL, "SIGKILL"},
		{LITMUS_SIGBUS, "SIGBUS"},
		{LITMUS_SIGSEGV, "SIGSEGV"},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < NR(cases); i++)
		assert_string_equal(litmus_value_text(cases[i].value, text, sizeof(text)),
				    cases[i].text);
}

/* Every error that an outcome may show has its name, which a condition can use. */
static void test_errors(void **state)
{
	static const struct {
		int number;
		const char *name;
	} errors[] = {
		{ESRCH, "ESRCH"},   {EINTR, "EINTR"},           {EIO, "EIO"},
		{EBADF, "EBADF"},   {ECHILD, "ECHILD"},         {EAGAIN, "EAGAIN"},
		{ENOMEM, "ENOMEM"}, {EACCES, "EACCES"},         {EFAULT, "EFAULT"},
		{EBUSY, "EBUSY"},   {EEXIST, "EEXIST"},         {EINVAL, "EINVAL"},
		{ENOSYS, "ENOSYS"}, {EOPNOTSUPP, "EOPNOTSUPP"}, {EHWPOISON, "EHWPOISON"},
	};

	(void)state;
	for (size_t i = 0; i < NR(errors); i++) {
		char text[128], value[32], expected[32];
		struct litmus_test *test;

		snprintf(text, sizeof(text),
			 "C t { anon x; } P0(int *x) { e = *x; } exists 0:e=-%s", errors[i].name);
		test = parse(text);
		assert_int_equal(test->prop->value, -errors[i].number);
		litmus_free(test);
		snprintf(expected, sizeof(expected), "-%s", errors[i].name);
		assert_string_equal(litmus_value_text(-errors[i].number, value, sizeof(value)),
				    expected);
	}
}

static void test_violations(void **state)
{
	char text[64], cut[10];

	(void)state;
	for (int i = 0; i < VIOLATION_KINDS; i++)
		assert_int_equal(violation_from_name(violation_name((enum violation)(1u << i))),
				 1u << i);
	assert_string_equal(violation_name(VIOLATION_LOST_DMA), "lost-dma");
	assert_string_equal(violation_name(VIOLATION_USE_AFTER_FREE), "use-after-free");
	assert_string_equal(violation_name(VIOLATION_LIVELOCK), "livelock");
	assert_string_equal(violation_name(VIOLATION_UNSTABLE_PAGE), "unstable-page");
	assert_string_equal(violation_name(VIOLATION_CRASH), "crash");
	assert_int_equal(violation_from_name("leak"), VIOLATION_LEAK);
	assert_int_equal(violation_from_name("leaks"), VIOLATION_NONE);
	assert_int_equal(violation_from_name(""), VIOLATION_NONE);
	assert_string_equal(violation_set_names(0, text, sizeof(text)), "");
	assert_string_equal(
		violation_set_names(VIOLATION_LEAK | VIOLATION_STALE_DMA | VIOLATION_LIVELOCK, text,
				    sizeof(text)),
		"stale-dma, leak, livelock");
	assert_string_equal(
		violation_set_names(VIOLATION_LEAK | VIOLATION_LOST_DMA, cut, sizeof(cut)),
		"lost-dma,");
}

static void test_expectations(void **state)
{
	struct litmus_test *test =
		parse("C t\n{ }\nP0() { }\nexists (true)\n"
		      "expect Sometimes\n"
		      "expect Always on spec expect Never leak, bad-count on v5.9..v5.18, v6.2.., "
		      "break-cow-v1 if strict\n"
		      "expect Never on v6.2.. if strict // why\n"
		      "expect Sometimes deadlock if strict\n"
		      "expect Always leak on v5.9 if fine\n");
	const struct litmus_expectation *e = test->expectations;

	(void)state;
	assert_int_equal(test->nr_expectations, 6);
	assert_int_equal(e[0].observation, LITMUS_SOMETIMES);
	assert_int_equal(e[0].nr_ranges, 0);
	assert_string_equal(e[1].ranges[0].from, "spec");
	assert_null(e[1].ranges[0].to);
	assert_int_equal(e[1].mode, LITMUS_ANY_RUN);
	assert_int_equal(e[2].violations, VIOLATION_LEAK | VIOLATION_BAD_COUNT);
	assert_int_equal(e[2].mode, LITMUS_IF_STRICT);
	assert_int_equal(e[2].nr_ranges, 3);
	assert_string_equal(e[2].ranges[0].from, "v5.9");
	assert_string_equal(e[2].ranges[0].to, "v5.18");
	assert_string_equal(e[2].ranges[1].from, "v6.2");
	assert_string_equal(e[2].ranges[1].to, "");
	assert_string_equal(e[2].ranges[2].from, "break-cow-v1");
	assert_null(e[2].ranges[2].to);
	assert_int_equal(e[2].pos.line, 6);
	assert_int_equal(e[2].pos.column, 23);
	assert_int_equal(e[3].mode, LITMUS_IF_STRICT);
	assert_string_equal(e[3].ranges[0].to, "");
	assert_int_equal(e[4].mode, LITMUS_IF_STRICT);
	assert_int_equal(e[4].nr_ranges, 0);
	assert_int_equal(e[5].mode, LITMUS_IF_FINE);
	litmus_free(test);
}

static void test_doc(void **state)
{
	struct litmus_test *test = parse("// above\nC t // beside\n\n// one\n//two\n\n/* three\n"
					 " *   four\n *\n * five */ (* six *)\n{ }\n"
					 "P0() { }\nexists (true)\n");

	(void)state;
	assert_string_equal(test->doc, "one\ntwo\n\nthree\n  four\n\nfive\nsix");
	litmus_free(test);
	test = parse("C t\n{ }\nP0() { }\nexists (true)\n");
	assert_null(test->doc);
	litmus_free(test);
}

/* Comments in every place where one can stand. */
static void test_layout(void **state)
{
	(void)state;
	assert_layout("// license\n"
		      "C t /* title */ // more\n"
		      "// doc\n"
		      "\n"
		      "\n"
		      "(* second\n"
		      "     indented\n"
		      "* star *) { // open\n"
		      "\n"
		      " anon x=1 , y ; // about x\n"
		      "\n"
		      "\n"
		      " /* inside: */ completion /* here */ c;\n"
		      " anon z [ 2 ]={ 1 };   \n"
		      " // last\n"
		      " \n"
		      "} // state\n"
		      "/* P0 */ P0 ( /* parameters */ int*x,int * z){\n"
		      " *x=2;(* same line *)r=*x;// end\n"
		      "\n"
		      "     /* two\n"
		      "        lines */\n"
		      " z[1] = r; /* tail\n"
		      "              of two */\n"
		      "}P1(){// nothing\n"
		      "\n"
		      "}\n"
		      "\n"
		      "// where\n"
		      "locations[0:r;x;] // there\n"
		      "exists 0:r=1 // first\n"
		      " /\\ // second\n"
		      " x=2 // third\n"
		      "\n"
		      "// before\n"
		      "expect Never\n"
		      "\n"
		      "// between\n"
		      "expect  Always  leak ,lost-dma on spec , v5.9..\n"
		      "// end\n",

		      "// license\n"
		      "C t /* title */ // more\n"
		      "\n"
		      "// doc\n"
		      "\n"
		      "(* second\n"
		      "     indented\n"
		      " * star *)\n"
		      "{\n"
		      "\t// open\n"
		      "\n"
		      "\tanon x = 1, y = 0; // about x\n"
		      "\n"
		      "\t/* inside: */\n"
		      "\t/* here */\n"
		      "\tcompletion c;\n"
		      "\tanon z[2] = {1};\n"
		      "\t// last\n"
		      "} // state\n"
		      "\n"
		      "/* P0 */\n"
		      "P0(int *x, int *z)\n"
		      "{\n"
		      "\t/* parameters */\n"
		      "\t*x = 2; (* same line *)\n"
		      "\tr = *x; // end\n"
		      "\n"
		      "\t/* two\n"
		      "\t   lines */\n"
		      "\tz[1] = r; /* tail\n"
		      "\t             of two */\n"
		      "}\n"
		      "\n"
		      "P1()\n"
		      "{\n"
		      "\t// nothing\n"
		      "}\n"
		      "\n"
		      "// where\n"
		      "locations [0:r; x] // there\n"
		      "// first\n"
		      "// second\n"
		      "exists (0:r=1 /\\ x=2) // third\n"
		      "\n"
		      "// before\n"
		      "expect Never\n"
		      "\n"
		      "// between\n"
		      "expect Always lost-dma, leak on spec, v5.9..\n"
		      "// end\n");
}

static void test_small_layouts(void **state)
{
	(void)state;
	assert_layout("C t {}P0(){}~ exists true", "C t\n\n{\n}\n\nP0()\n{\n}\n\n~exists (true)\n");
	assert_layout("\r\nC t\r\n{\r\n// a\r\n\r\n}\r\nP0() {\r\n}\r\nexists true",
		      "C t\n\n{\n\t// a\n}\n\nP0()\n{\n}\n\nexists (true)\n");
	assert_layout("C t\n{ anon x[4] = {1, 2, 3, 4}; shared a, b; unmapped u; }\nP0() { }\n"
		      "(* \xc3\xa9 *) exists true",
		      "C t\n\n{\n\tanon x[4] = {1, 2, 3, 4};\n\tshared a, b;\n\tunmapped u;\n}\n\n"
		      "P0()\n{\n}\n\n(* \xc3\xa9 *)\nexists (true)\n");
}

/* What is indented in a comment stays so; tabs that are cut become spaces. */
static void test_comment_indentation(void **state)
{
	(void)state;
	assert_layout("C t\n{\n"
		      "\t\t/* a\n"
		      "\t\t\tdeeper\n"
		      "\t    \t  same and two\n"
		      "  \n"
		      "\tless\n"
		      "    * star\n"
		      "*/\n"
		      "    /* b\n"
		      "\tcut tab */ anon x;\n"
		      "} /* after\n"
		      "     all */\n"
		      "P0() { }\nexists true expect Sometimes",
		      "C t\n\n{\n"
		      "\t/* a\n"
		      "\t\tdeeper\n"
		      "\t  same and two\n"
		      "\n"
		      "\tless\n"
		      "\t * star\n"
		      "\t */\n"
		      "\t/* b\n"
		      "\t    cut tab */\n"
		      "\tanon x;\n"
		      "} /* after\n"
		      "     all */\n"
		      "\nP0()\n{\n}\n\nexists (true)\n\nexpect Sometimes\n");
}

static void test_bad_beginnings(void **state)
{
	static const struct message messages[] = {
		{"", "1:1: unexpected end of the test, expected 'C' and the name of the test"},
		{"\n\n  ",
		 "3:3: unexpected end of the test, expected 'C' and the name of the test"},
		{"X86 t\n", "1:1: unexpected 'X86', expected 'C' and the name of the test"},
		{"{ }", "1:1: unexpected '{', expected 'C' and the name of the test"},
		{"C\n{ }",
		 "1:2: expected the name of the test: letters, digits, '+', '-', '.' and '_'"},
		{"C a/b\n{ }",
		 "1:4: expected the name of the test: letters, digits, '+', '-', '.' and '_'"},
		{"C t", "1:4: unexpected end of the test, expected '{' and the initial state"},
		{"C t\nP0", "2:1: unexpected 'P0', expected '{' and the initial state"},
		{"C t\n(* no\nend", "2:1: comment without an end, expected '*)'"},
		{"C t\n{ /* no end *)", "2:3: comment without an end, expected '*/'"},
		{"C t\n(*)", "2:1: comment without an end, expected '*)'"},
		{"C t\n{ anon \xc3\xa9; }",
		 "2:8: character outside of ASCII, expected one only in a comment"},
		{"C t\n// \xc3\xa9\xff", "2:5: byte 0xff is not UTF-8, expected text"},
		{"C t\n// \xc0\x80", "2:4: byte 0xc0 is not UTF-8, expected text"},
		{"C t\n// \xed\xa0\x80", "2:4: byte 0xed is not UTF-8, expected text"},
		{"C t\n// \xe2\x82", "2:4: byte 0xe2 is not UTF-8, expected text"},
		{"C t\n// \x80", "2:4: byte 0x80 is not UTF-8, expected text"},
		{"C t\n// \xe2\x82(", "2:4: byte 0xe2 is not UTF-8, expected text"},
		{"C t\n// \xf0\x9f\x90\x84\xf0\x9f\x90(",
		 "2:5: byte 0xf0 is not UTF-8, expected text"},
		{"C t\n// \xf4\x90\x80\x80", "2:4: byte 0xf4 is not UTF-8, expected text"},
		{"C t\n// \xe0\x9f\x80", "2:4: byte 0xe0 is not UTF-8, expected text"},
		{"C t\n// \xf0\x8f\x80\x80", "2:4: byte 0xf0 is not UTF-8, expected text"},
		{"C t\n// \xf5\x80\x80\x80", "2:4: byte 0xf5 is not UTF-8, expected text"},
		{"C t\n// \x1b[31m", "2:4: control character 0x1b, expected text"},
		{"C t\n// a\rb", "2:5: control character 0x0d, expected text"},
		{"C t\n{\n", "3:1: unexpected end of the test, expected a declaration such as "
			     "'anon x = 1;', or '}'"},
	};

	(void)state;
	assert_messages("", messages, NR(messages), "");
}

static void test_bad_states(void **state)
{
	static const struct message messages[] = {
		{"int x;", "2:1: no kind of memory is called 'int', expected a declaration such as "
			   "'anon x = 1;', or '}'"},
		{"anom x;",
		 "2:1: no kind of memory is called 'anom', expected a declaration such as "
		 "'anon x = 1;', or '}'; did you mean 'anon'?"},
		{"2;", "2:1: unexpected '2', expected a declaration such as 'anon x = 1;', or '}'"},
		{"anon() x;", "2:6: unexpected ')', expected 'swapped'"},
		{"anon(pte) x = 1;", "2:6: anon memory can't be pte, expected 'swapped'"},
		{"anon(swaped) x = 1;",
		 "2:6: no state of memory is called 'swaped', expected 'swapped'; did you mean "
		 "'swapped'?"},
		{"anon(swapped, swapped) x = 1;",
		 "2:15: unexpected 'swapped', expected each state once"},
		{"anon(swapped x = 1;", "2:14: unexpected 'x', expected ',' or ')'"},
		{"thp(pte, partial) x = 1;",
		 "2:10: partial memory is mapped by PTEs already, expected 'pte' or 'partial'"},
		{"hugetlb(swapped) x = 1;",
		 "2:9: hugetlb memory can't be swapped, expected no state"},
		{"hugetlb(1) x = 1;", "2:9: unexpected '1', expected no state"},
		{"nr_hugepages 2;", "2:14: unexpected '2', expected '='"},
		{"nr_hugepages = -1;", "2:16: unexpected '-', expected a number of huge pages"},
		{"nr_hugepages = 65;",
		 "2:16: 65 is out of range, expected a number of huge pages from 0 to 64"},
		{"nr_hugepages = 1; nr_hugepages = 1;",
		 "2:19: nr_hugepages has a value already, expected it once"},
		{"anon thp;", "2:6: 'thp' is a word of the language, expected another name"},
		{"anon;", "2:5: unexpected ';', expected a name"},
		{"anon 2;", "2:6: unexpected '2', expected a name"},
		{"anon fork;", "2:6: 'fork' is a word of the language, expected another name"},
		{"anon P3;", "2:6: 'P3' is a word of the language, expected another name"},
		{"anon FOLL_FOO;",
		 "2:6: 'FOLL_FOO' is a word of the language, expected another name"},
		{"anon SIGSEGV;",
		 "2:6: 'SIGSEGV' is a word of the language, expected another name"},
		{"anon status;", "2:6: 'status' is a word of the language, expected another name"},
		{"anon x; shared x;", "2:16: 'x' is a variable already, expected another name"},
		{"anon x, x;", "2:9: 'x' is a variable already, expected another name"},
		{"completion x; anon x;",
		 "2:20: 'x' is a completion already, expected another name"},
		{"anon x = ;", "2:10: unexpected ';', expected an int"},
		{"anon x = -;", "2:11: unexpected ';', expected an int"},
		{"anon x = 0x10;", "2:10: '0x10', expected a decimal number"},
		{"anon x = 010;", "2:10: '010', expected a decimal number"},
		{"anon x = 2147483648;", "2:10: 2147483648 is out of range, expected an int from "
					 "-2147483648 to 2147483647"},
		{"anon x = -2147483649;", "2:10: -2147483649 is out of range, expected an int from "
					  "-2147483648 to 2147483647"},
		{"anon x = 99999999999999999999;",
		 "2:10: 99999999999999999999 is out of range, "
		 "expected an int from -2147483648 to 2147483647"},
		{"anon x = {1};", "2:10: unexpected '{', expected an int"},
		{"anon x[0];", "2:8: 0 is out of range, expected a number of pages from 1 to 4"},
		{"anon x[5];", "2:8: 5 is out of range, expected a number of pages from 1 to 4"},
		{"anon x[];", "2:8: unexpected ']', expected a number of pages"},
		{"anon x[2;", "2:9: unexpected ';', expected ']'"},
		{"anon x[2] = 1;", "2:13: unexpected '1', expected '{' and a value for each page"},
		{"anon x[2] = {};", "2:14: unexpected '}', expected an int"},
		{"anon x[2] = {1, 2, 3};", "2:20: value of page 2, expected at most 2 values"},
		{"anon x[1] = {1, 2};", "2:17: value of page 1, expected at most 1 value"},
		{"anon x[2] = {1;", "2:15: unexpected ';', expected ',' or '}'"},
		{"anon x[2], y;",
		 "2:10: unexpected ',', expected ';', since only a single page can be "
		 "shared by variables"},
		{"anon x, y[2];", "2:10: unexpected '[', expected '=', ',' or ';'"},
		{"anon a, b, c, d, e;",
		 "2:18: one variable too many, expected at most 4 on a page"},
		{"unmapped x = 1;", "2:12: unmapped addresses have no value, expected ';'"},
		{"anon x", "3:1: unexpected end of the test, expected '=', ',' or ';'"},
		{"anon a; anon b; anon c; anon d; anon e; anon f; anon g; anon h; anon i;",
		 "2:65: one mapping too many, expected at most 8"},
		{"completion a; completion b; completion c; completion d; completion e; completion "
		 "f;"
		 "completion g; completion h; completion i;",
		 "2:112: one completion too many, expected at most 8"},
		{"anon a; anon b; anon c; anon d; anon e; anon f; anon g; anon h; completion i;"
		 "completion j; completion k; completion l; completion m; completion n; completion "
		 "o;"
		 "completion p; nr_hugepages = 1; anon q;",
		 "2:193: unexpected 'anon', expected '}' after so many declarations"},
		{"completion c, d;", "2:13: unexpected ',', expected ';'"},
		{"anon a23456789012345678901234567890123456789012345678901234567890123456;",
		 "2:6: name of 66 characters, expected at most 64"},
	};

	(void)state;
	assert_messages("C t {\n", messages, NR(messages), "\n");
}

static void test_bad_tasks(void **state)
{
	static const struct message messages[] = {
		{"exists (true)", "2:1: unexpected 'exists', expected 'P0', the first task"},
		{"P1() { }",
		 "2:1: unexpected 'P1', expected 'P0', since tasks are numbered from P0"},
		{"P0() { } P2() { }",
		 "2:10: unexpected 'P2', expected 'P1', since tasks are numbered from P0"},
		{"P00() { }", "2:1: unexpected 'P00', expected 'P0', the first task"},
		{"P0 { }", "2:4: unexpected '{', expected '('"},
		{"P0(x) { }", "2:4: unexpected 'x', expected a parameter such as 'int *x'"},
		{"P0(int x) { }", "2:8: unexpected 'x', expected '*'"},
		{"P0(int *1) { }", "2:9: unexpected '1', expected the name of a variable"},
		{"P0(int *c) { }",
		 "2:9: unexpected 'c', expected a variable; a completion needs no parameter"},
		{"P0(int *long) { }", "2:9: no variable is called 'long', expected one of the "
				      "initial state; did you mean 'long_name'?"},
		{"P0(int *q) { }",
		 "2:9: no variable is called 'q', expected one of the initial state"},
		{"P0(int *x, int *x) { }", "2:17: unexpected 'x', expected each parameter once"},
		{"P0(int *x int) { }", "2:11: unexpected 'int', expected ',' or ')'"},
		{"P0() exists",
		 "2:6: unexpected 'exists', expected '{' and the statements of the task"},
		{"P0() { exit();", "3:1: unexpected end of the test, expected a statement or '}'"},
		{"P0() { fork(P1); }", "2:13: there is no such task, expected one from P0 to P0"},
		{"P0() { fork(P99999999999); } P1() { }",
		 "2:13: there is no such task, expected one from P0 to P1"},
		{"P0() { fork(P0); }", "2:13: P0 runs from the beginning, expected another task"},
		{"P0() { } P1() { fork(P1); }",
		 "2:22: P1 can't start itself, expected another task"},
		{"P0() { fork(P1);\npthread_create(P1); } P1() { }",
		 "3:16: line 2 starts P1 already, expected another task"},
		{"P0() { }\nP1() { fork(P2); }\nP2() { fork(P1); }",
		 "4:13: P1 is started by P2, which it brings about itself; expected a task that "
		 "runs to "
		 "start it"},
		{"P0() { wait(P1); } P1() { }",
		 "2:13: no fork() starts P1, expected a task that one does"},
		{"P0() { wait(P0); }", "2:13: no fork() starts P0, expected a task that one does"},
		{"P0() { pthread_create(P1); wait(P1); } P1() { }",
		 "2:33: no fork() starts P1, expected a task that one does"},
		{"P0() { fork(P1); wait(P2); } P1() { fork(P2); } P2() { }",
		 "2:23: P2 is a child of P1's process, expected one of P0's"},
		{"P0() { fork(P1); } P1() { wait(P1); }",
		 "2:32: P1 is a child of P0's process, expected one of P1's"},
		{"P0() { fork(P1); pthread_join(P1); } P1() { }",
		 "2:31: P1 is no thread, expected wait()"},
		{"P0() { } P1() { pthread_join(P0); }",
		 "2:30: P0 is no thread, expected another task"},
		{"P0() { } P1() { pthread_join(P1); }",
		 "2:30: P1 can't wait for itself, expected another task"},
		{"P0() { fork(P1); pthread_create(P2); } P1() { pthread_join(P2); } P2() { }",
		 "2:60: P2 is a thread of another process, expected one of P1's"},
		{"P0(){} P1(){} P2(){} P3(){} P4(){} P5(){} P6(){} P7(){} P8(){}",
		 "2:57: one task too many, expected at most 8"},
	};

	(void)state;
	assert_messages("C t { anon x; anon long_name; completion c; }\n", messages, NR(messages),
			"\n");
}

static void test_bad_statements(void **state)
{
	static const struct message messages[] = {
		{"3;", "4:1: unexpected '3', expected a statement or '}'"},
		{"*x = 1", "5:1: unexpected '}', expected ';'"},
		{"*x 1;", "4:4: unexpected '1', expected '='"},
		{"*x = *z;", "4:6: unexpected '*', expected an int"},
		{"*x = 1 + 1;", "4:8: unexpected '+', expected ';'"},
		{"*1 = 1;", "4:2: unexpected '1', expected a variable"},
		{"*y = 1;", "4:2: 'y' is no parameter of P0, expected 'int *y' among them"},
		{"*q = 1;", "4:2: no variable is called 'q', expected a parameter of this task"},
		{"*c = 1;", "4:2: 'c' is a completion, expected a variable"},
		{"r = 1; *r = 1;", "4:9: 'r' is a register, expected a variable"},
		{"x = 1;", "4:1: 'x' is an address, expected '*x = ...'"},
		{"x[1] = 1;", "4:3: x has 1 page, expected an index from 0 to 0"},
		{"z[3] = 1;", "4:3: z has 3 pages, expected an index from 0 to 2"},
		{"z[-1] = 1;", "4:3: unexpected '-', expected the number of a page"},
		{"z[99999999999] = 1;",
		 "4:3: 99999999999 is out of range, expected the number of a "
		 "page from 0 to 2147483647"},
		{"z[0 = 1;", "4:5: unexpected '=', expected ']'"},
		{"r = x;", "4:5: 'x' is an address, expected '*x' or 'x[...]'"},
		{"r = &x;", "4:5: unexpected '&', expected '*x', 'x[1]', a value or an operation"},
		{"r = q;", "4:5: no register is called 'q', expected one that was assigned before"},
		{"reg = 1; r = rge;", "4:14: no register is called 'rge', expected one that was "
				      "assigned before; did you mean 'reg'?"},
		{"r = r;", "4:5: no register is called 'r', expected one that was assigned before"},
		{"*x = z;", "4:6: 'z' is an address, expected a number or a register"},
		{"int r;",
		 "4:1: unexpected 'int', expected a statement; registers need no declaration"},
		{"fork = 1;", "4:1: 'fork' is a word of the language, expected another name"},
		{"c = 1;", "4:1: 'c' is a completion already, expected another name"},
		{"r;", "4:2: unexpected ';', expected '=', '[' or '('"},
		{"WRITE_ONCE(*x, 1);", "4:1: no operation is called 'WRITE_ONCE', expected one of "
				       "cowherd-litmus(5)"},
		{"waitpid(P1);", "4:1: no operation is called 'waitpid', expected one of "
				 "cowherd-litmus(5); did you mean 'wait'?"},
		{"r = pin_user_page_fast(x, 0);",
		 "4:5: no operation is called 'pin_user_page_fast', expected one of "
		 "cowherd-litmus(5); "
		 "did you mean 'pin_user_pages_fast'?"},
		{"pin_user_pages(x, 0);",
		 "4:1: the result of pin_user_pages() is not used, expected 'r "
		 "= pin_user_pages(...)'"},
		{"r = exit();", "4:5: exit() has no result, expected it without 'r ='"},
		{"exit(1);", "4:6: unexpected '1', expected ')'"},
		{"fork(1);", "4:6: unexpected '1', expected a task such as 'P1'"},
		{"complete(x);",
		 "4:10: no completion is called 'x', expected one of the initial state"},
		{"complete(1);", "4:10: unexpected '1', expected a completion"},
		{"munmap(1);",
		 "4:8: unexpected '1', expected an address such as 'x', 'x + 1' or '&x[1]'"},
		{"munmap(z[1]);",
		 "4:9: unexpected '[', expected an address: '&' before the variable, or '+' here"},
		{"munmap(&z);", "4:10: unexpected ')', expected '['"},
		{"munmap(z + 3);", "4:12: z has 3 pages, expected an offset from 0 to 2"},
		{"munmap(z + 1, 3);",
		 "4:15: 3 is out of range, expected a number of pages from 1 to 2"},
		{"munmap(z, 0);",
		 "4:11: 0 is out of range, expected a number of pages from 1 to 3"},
		{"munmap(z, PROT_READ);",
		 "4:11: unexpected 'PROT_READ', expected a number of pages"},
		{"munmap(z, 1, 2);", "4:12: unexpected ',', expected ')'"},
		{"munmap(w);", "4:8: 'w' is not at the beginning of its page, expected 'x'"},
		{"mprotect(z);", "4:11: unexpected ')', expected ','"},
		{"mprotect(z, 1);", "4:14: unexpected ')', expected ','"},
		{"mprotect(z, 0);",
		 "4:13: unexpected '0', expected PROT_NONE, PROT_READ or PROT_WRITE"},
		{"mprotect(z, PROT_EXEC);", "4:13: no flag is called 'PROT_EXEC', expected "
					    "PROT_NONE, PROT_READ or PROT_WRITE"},
		{"mprotect(z, PROT_WRIET);", "4:13: no flag is called 'PROT_WRIET', expected "
					     "PROT_NONE, PROT_READ or PROT_WRITE; "
					     "did you mean 'PROT_WRITE'?"},
		{"mprotect(z, PROT_READ | PROT_READ);",
		 "4:25: unexpected 'PROT_READ', expected another flag"},
		{"mprotect(z, PROT_READ | PROT_NONE);",
		 "4:25: unexpected 'PROT_NONE', expected another flag"},
		{"mmap(z, PROT_READ, MAP_PRIVATE | MAP_SHARED);",
		 "4:32: unexpected '|', expected ')'"},
		{"mmap(z, PROT_READ);", "4:18: unexpected ')', expected ','"},
		{"mmap(z, MAP_SHARED, MAP_SHARED);",
		 "4:9: no flag is called 'MAP_SHARED', expected "
		 "PROT_NONE, PROT_READ or PROT_WRITE"},
		{"madvise(z, MADV_DONTNED);",
		 "4:12: no flag is called 'MADV_DONTNED', expected an advice such as "
		 "MADV_DONTNEED; did you mean 'MADV_DONTNEED'?"},
		{"madvise(z, ADVICE);",
		 "4:12: no flag is called 'ADVICE', expected one of MADV_DONTNEED, MADV_DONTFORK, "
		 "MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_POPULATE_READ, "
		 "MADV_POPULATE_WRITE, MADV_FREE, MADV_WILLNEED, MADV_PAGEOUT, MADV_HUGEPAGE, "
		 "MADV_NOHUGEPAGE, MADV_COLLAPSE, MADV_MERGEABLE or MADV_UNMERGEABLE"},
		{"exists (true)", "4:1: unexpected 'exists', expected a statement or '}'"},
		{"P1(int *x)", "4:1: unexpected 'P1', expected a statement or '}'"},
		{"locations [x;]", "4:1: unexpected 'locations', expected a statement or '}'"},
		{"mremap(z, u);", "4:11: 2 pages left here, expected a place for the 3 that move"},
		{"mremap(z, 2, u + 1);",
		 "4:14: 1 page left here, expected a place for the 2 that move"},
		{"r = get_user_pages(x, 2, 0);",
		 "4:23: 2 is out of range, expected a number of pages from 1 to 1"},
		{"r = get_user_pages(x);", "4:21: unexpected ')', expected ','"},
		{"r = get_user_pages(x, FOLL_PIN);", "4:23: no flag is called 'FOLL_PIN', expected "
						     "0, FOLL_WRITE, FOLL_FORCE or FOLL_LONGTERM"},
		{"r = get_user_pages(x, 0 | FOLL_WRITE);", "4:25: unexpected '|', expected ')'"},
		{"r = get_user_pages(x, FOLL_WRITE | 0);",
		 "4:36: unexpected '0', expected another flag"},
		{"r = get_user_pages_remote(x, 0);",
		 "4:27: unexpected 'x', expected a task such as 'P1'"},
		{"r = iov_iter_extract_pages(x, FOLL_FORCE);",
		 "4:31: no flag is called 'FOLL_FORCE', expected FOLL_WRITE or 0"},
		{"dma_write(r, 1);",
		 "4:11: no register is called 'r', expected one that holds pages"},
		{"r = 1; dma_write(r, 1);", "4:18: 'r' is an int, expected a handle"},
		{"dma_write(1, 1);", "4:11: unexpected '1', expected a register that holds pages"},
		{"dma_write(x, 1);", "4:11: 'x' is an address, expected a register"},
		{"r = pin_user_pages(x, 0); *x = r;", "4:32: 'r' is a handle, expected an int"},
		{"r = pin_user_pages(x, 0); r = 1;",
		 "4:27: 'r' is a handle already, expected a register not used before"},
		{"r = pin_user_pages(x, 0); r = pin_user_pages(x, 0);",
		 "4:27: 'r' is a handle already, expected a register not used before"},
		{"r = 1; r = pin_user_pages(x, 0);",
		 "4:8: 'r' is an int already, expected a register not used before"},
		{"r = pin_user_pages(x, 0); put_page(r);",
		 "4:27: 'r' comes from pin_user_pages(), expected unpin_user_page()"},
		{"r = get_user_pages_fast(x, 0); bio_release_pages(r);",
		 "4:32: 'r' comes from get_user_pages_fast(), expected put_page()"},
		{"r = iov_iter_extract_pages(x, 0); unpin_user_page(r);",
		 "4:35: 'r' comes from iov_iter_extract_pages(), expected bio_release_pages()"},
		{"r = pin_user_pages(z, 2, 0); dma_write(r[2], 1);",
		 "4:42: r has 2 pages, expected an index from 0 to 1"},
		{"r = pin_user_pages(z, 2, 0); unpin_user_page(r[1]);",
		 "4:47: unexpected '[', expected ')'"},
		{"r = pin_user_pages(x, 0); r = dma_read(r);",
		 "4:27: 'r' is a handle already, expected a register not used before"},
		{"a=1;b=1;d=1;e=1;f=1;g=1;h=1;i=1;j=1;k=1;l=1;m=1;n=1;o=1;p=1;q=1;r=1;",
		 "4:65: one register too many, expected at most 16 in a task"},
		{"r = $;", "4:5: unexpected '$', expected '*x', 'x[1]', a value or an operation"},
	};

	(void)state;
	assert_messages(
		"C t\n{ anon x = 1, w; anon y; anon z[3] = {3}; unmapped u[2]; completion c; }\n"
		"P0(int *x, int *w, int *z, int *u) {\n",
		messages, NR(messages),
		"\n}\n"
		"P1(int *x) { }\n"
		"exists (true)\n");
}

static void test_too_many_statements(void **state)
{
	char text[1024] = "C t { }\nP0() {\n";

	(void)state;
	for (int i = 0; i < LITMUS_MAX_OPS + 1; i++)
		strcat(text, "r = 1;\n");
	strcat(text, "}\nexists (true)\n");
	assert_message(text, "67:1: one statement too many, expected at most 64");
}

static void test_bad_conditions(void **state)
{
	static const struct message messages[] = {
		{"",
		 "6:1: unexpected end of the test, expected another task, 'locations', 'exists', "
		 "'~exists' or 'forall'"},
		{"exist (true)", "5:1: unexpected 'exist', expected another task, 'locations', "
				 "'exists', '~exists' or 'forall'"},
		{"~forall (true)", "5:2: unexpected 'forall', expected 'exists'"},
		{"exists",
		 "6:1: unexpected end of the test, expected a term such as '0:r0=2', 'true', "
		 "'~' or '('"},
		{"exists ()",
		 "5:9: unexpected ')', expected a term such as '0:r0=2', 'true', '~' or '('"},
		{"exists (x=1", "6:1: unexpected end of the test, expected '/\\', '\\/' or ')'"},
		{"exists (x=1))", "5:13: unexpected ')', expected 'expect' or the end of the test"},
		{"exists (x)", "5:10: unexpected ')', expected '=' or '!='"},
		{"exists (x=)", "5:11: unexpected ')', expected an int"},
		{"exists (x==1)", "5:11: unexpected '=', expected an int"},
		{"exists (x=-)", "5:12: unexpected ')', expected an int"},
		{"exists (x=1 & x=2)", "5:13: unexpected '&', expected '/\\', '\\/' or ')'"},
		{"exists (q=1)",
		 "5:9: no variable is called 'q', expected one such as 'x', or '0:r0'"},
		{"exists (zed_=1)",
		 "5:9: no variable is called 'zed_', expected one such as 'x', or "
		 "'0:r0'; did you mean 'zed'?"},
		{"exists (0:zd=1)",
		 "5:11: no register is called 'zd', expected a register of P0, a "
		 "variable or 'status'; did you mean 'zed'?"},
		{"exists (r0=1)", "5:9: 'r0' is a register, expected its task: '0:r0'"},
		{"exists (v=1)", "5:9: 'v' is a register, expected its task: '1:v'"},
		{"exists (2:x=1)",
		 "5:9: 2 is out of range, expected the number of a task from 0 to 1"},
		{"exists (0 r0=1)", "5:11: unexpected 'r0', expected ':'"},
		{"exists (0:1=1)",
		 "5:11: unexpected '1', expected a register of P0, a variable or 'status'"},
		{"exists (0:v=1)", "5:11: no register is called 'v', expected a register of P0, a "
				   "variable or 'status'"},
		{"exists (0:r00=1)",
		 "5:11: no register is called 'r00', expected a register of P0, a "
		 "variable or 'status'; did you mean 'r0'?"},
		{"exists (z[2]=1)", "5:11: z has 2 pages, expected an index from 0 to 1"},
		{"exists (x[1]=1)", "5:11: x has 1 page, expected an index from 0 to 0"},
		{"exists (x=4294967296)", "5:11: 4294967296 is out of range, expected an int from "
					  "-2147483648 to 2147483647"},
		{"exists (0:r=-EFAUL)", "5:14: no error is called 'EFAUL', expected one such as "
					"'EFAULT'; did you mean 'EFAULT'?"},
		{"exists (0:r=EFAULT)",
		 "5:13: no value is called 'EFAULT', expected a number, an error "
		 "such as '-EFAULT', a signal such as 'SIGSEGV' or an event such as "
		 "'UFFD_EVENT_FORK'"},
		{"exists (x=SIGSEG)",
		 "5:11: no value is called 'SIGSEG', expected a number, an error "
		 "such as '-EFAULT', a signal such as 'SIGSEGV' or an event such as "
		 "'UFFD_EVENT_FORK'; did you mean 'SIGSEGV'?"},
		{"exists (x=UFFD_EVENT_FORK)",
		 "5:11: no memory reads so, expected a number or SIGSEGV"},
		{"exists (0:r=UFFD_EVENT_FORK)",
		 "5:13: no read() gives this register an event, expected a number or an error"},
		{"exists (0:status=UFFD_EVENT_FORK)",
		 "5:18: no status is so, expected 0, SIGSEGV, SIGBUS or SIGKILL"},
		{"exists (0:status=1)",
		 "5:18: no status is so, expected 0, SIGSEGV, SIGBUS or SIGKILL"},
		{"exists (0:r0=SIGSEGV)",
		 "5:14: no register holds a signal, expected a number or an error"},
		{"exists (x=SIGKILL)", "5:11: no memory reads so, expected a number or SIGSEGV"},
		{"locations x exists (true)", "5:11: unexpected 'x', expected '['"},
		{"locations [] exists (true)",
		 "5:12: unexpected ']', expected something such as '0:r0' or 'x'"},
		{"locations [x, z] exists (true)", "5:13: unexpected ',', expected ';' or ']'"},
		{"locations [x; q] exists (true)",
		 "5:15: no variable is called 'q', expected one such as 'x', or '0:r0'"},
		{"locations [x]",
		 "6:1: unexpected end of the test, expected another task, 'locations', "
		 "'exists', '~exists' or 'forall'"},
	};

	(void)state;
	assert_messages("C t\n{ anon x = 1; anon zed; anon z[2]; completion c; }\n"
			"P0(int *x) { r = pin_user_pages(x, 0); r0 = *x; }\n"
			"P1(int *x) { v = *x; }\n",
			messages, NR(messages), "\n");
}

static void test_bad_expectations(void **state)
{
	static const struct message messages[] = {
		{"expects Never",
		 "2:1: unexpected 'expects', expected 'expect' or the end of the test"},
		{"expect",
		 "3:1: unexpected end of the test, expected 'Never', 'Sometimes' or 'Always'"},
		{"expect never",
		 "2:8: unexpected 'never', expected 'Never', 'Sometimes' or 'Always'"},
		{"expect Never lost-dna",
		 "2:14: no violation is called 'lost-dna', expected one such as "
		 "'lost-dma', 'on', 'for', 'if fine', 'if strict' or a new 'expect'; did you mean "
		 "'lost-dma'?"},
		{"expect Never leak, leak",
		 "2:20: unexpected 'leak', expected each violation once"},
		{"expect Never leak,",
		 "3:1: unexpected end of the test, expected a violation such as "
		 "'lost-dma'"},
		{"expect Never leak on",
		 "3:1: unexpected end of the test, expected a target such as "
		 "'spec' or 'v5.9'"},
		{"expect Never on if strict",
		 "2:17: unexpected 'if', expected a target such as 'spec' or 'v5.9'"},
		{"expect Never on V5.9", "2:17: 'V5.9' is no name of a target, expected lower-case "
					 "letters, digits, '-' and '.'"},
		{"expect Never on -a",
		 "2:17: '-a' is no name of a target, expected lower-case letters, "
		 "digits, '-' and '.'"},
		{"expect Never on v5.", "2:17: 'v5.' is no name of a target, expected lower-case "
					"letters, digits, '-' and '.'"},
		{"expect Never on ..v5.9",
		 "2:17: unexpected '..', expected a target such as 'spec' or 'v5.9'"},
		{"expect Never on v5.9...v6.0", "2:23: '.v6.0' is no name of a target, expected "
						"lower-case letters, digits, '-' and '.'"},
		{"expect Never on v5.9..v6.0..",
		 "2:27: unexpected '..', expected 'expect' or the end of the test"},
		{"expect Never on a b",
		 "2:19: unexpected 'b', expected 'expect' or the end of the test"},
		{"expect Never if", "3:1: unexpected end of the test, expected 'fine' or 'strict'"},
		{"expect Never if strictly",
		 "2:17: unexpected 'strictly', expected 'fine' or 'strict'"},
		{"expect Never; expect Never",
		 "2:13: unexpected ';', expected 'expect' or the end of the test"},
	};

	(void)state;
	assert_messages("C t { } P0() { } exists (true)\n", messages, NR(messages), "\n");
}

/* Bounds that keep recursion and tables small. */
static void test_limits(void **state)
{
	static char text[1 << 18];
	char *to;

	(void)state;
	to = stpcpy(text, "C t { anon x; } P0() { }\nexists ");
	memset(to, '(', 100000);
	strcpy(to + 100000, "true");
	assert_message(text, "2:72: proposition nested too deeply, expected at most 64 levels");
	memset(to, '~', 100000);
	assert_message(text, "2:72: proposition nested too deeply, expected at most 64 levels");

	to = stpcpy(text, "C t { anon x; } P0() { }\nexists x=1");
	for (int i = 0; i < 256; i++)
		to = stpcpy(to, "\n/\\ x=1");
	assert_message(text, "258:4: one term too many, expected at most 256");

	/* 4 tasks with 16 registers each, and the 4 statuses, are 68. */
	to = stpcpy(text, "C t { }\n");
	for (int task = 0; task < 4; task++) {
		to += sprintf(to, "P%d() {", task);
		for (int i = 0; i < 16; i++)
			to += sprintf(to, " r%d = 1;", i);
		to = stpcpy(to, " }\n");
	}
	strcpy(to, "exists (true)\n");
	assert_message(text,
		       "2:1: too much to observe, expected at most 64 registers, tasks and ints");

	/* 58 registers and 5 statuses leave room for one int. */
	to = stpcpy(text, "C t { anon x; anon y; }\nP0() { }\n");
	for (int task = 1; task < 5; task++) {
		to += sprintf(to, "P%d() {", task);
		for (int i = 0; i < (task < 3 ? 15 : 14); i++)
			to += sprintf(to, " r%d = 1;", i);
		to = stpcpy(to, " }\n");
	}
	strcpy(to, "exists (x=1 /\\ 0:x=2)\n");
	litmus_free(parse(text));
	strcpy(to, "exists (x=1 /\\ y=1)\n");
	assert_message(text,
		       "7:16: too much to observe, expected at most 64 registers, tasks and ints");
}

/* The deepest tree that is accepted can be printed and evaluated. */
static void test_deep(void **state)
{
	static char text[16384];
	struct litmus_test *test;
	char *to, *printed;

	(void)state;
	to = stpcpy(text, "C t { anon x; } P0() { }\nexists ");
	memset(to, '~', 61);
	to = stpcpy(to + 61, "(x=1");
	for (int i = 0; i < 255; i++)
		to = stpcpy(to, i % 2 ? " /\\ x=1" : " \\/ x=1");
	strcpy(to, ")\n");
	test = parse(text);
	assert_true(litmus_holds(test, (const int64_t[]){0, 0}));
	assert_false(litmus_holds(test, (const int64_t[]){0, 1}));
	printed = print(test);
	litmus_free(test);
	litmus_free(parse(printed));
	free(printed);
}

static void test_file_names(void **state)
{
	char err[128], tiny[12];

	(void)state;
	assert_null(litmus_parse("a\nb\x7f", "", 0, err, sizeof(err)));
	assert_string_equal(err,
			    "a\\x0ab\\x7f:1:1: unexpected end of the test, expected 'C' and the "
			    "name of the test");
	assert_null(litmus_parse("name", "", 0, tiny, sizeof(tiny)));
	assert_string_equal(tiny, "name:1:1: u");
	assert_null(litmus_parse("long-file-name", "", 0, tiny, sizeof(tiny)));
	assert_string_equal(tiny, "long-file-n");
	assert_null(litmus_parse("name", "", 0, NULL, 0));
	litmus_free(NULL);
}

/* Something of everything, without comments. */
static const char everything[] =
	"C all\n"
	"{ anon x = 1 , y = -2 ; anon z [ 2 ] = { 3 , 4 } ; unmapped u ; completion c ;\n"
	"thp ( pte , swapped ) | hugetlb f = 1 ; nr_hugepages = 2 ; }\n"
	"P0 ( int * x , int * z , int * u , int * f )\n"
	"{ * x = 2 ; z [ 1 ] = - 3 ; r0 = * x ; r1 = z [ 0 ] ; r1 = r0 ; r1 = - 5 ;\n"
	"mmap ( z , 1 , PROT_READ | PROT_WRITE , MAP_PRIVATE ) ; e = munmap ( & z [ 1 ] , 1 ) ;\n"
	"mremap ( z + 1 , u ) ; madvise ( z , 2 , MADV_DONTNEED ) ; munmap ( z ) ;\n"
	"h = pin_user_pages ( z , 2 , FOLL_WRITE | FOLL_FORCE ) ; g = get_user_pages ( x , 0 ) ;\n"
	"dma_write ( h [ 1 ] , r0 ) ; r0 = dma_read ( h ) ; r0 = pagemap ( x , h [ 0 ] ) ;\n"
	"unpin_user_page ( h ) ; put_page ( g ) ; fork ( P1 ) ; ptrace_pokedata ( P1 , x , 1 ) ;\n"
	"userfaultfd ( d , UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_WP_ASYNC ) ;\n"
	"uffdio_register ( d , f , UFFDIO_REGISTER_MODE_WP ) ; uffdio_copy ( d , f , 5 , 0 ) ;\n"
	"ev = read ( d , k ) ; close ( k ) ; move_pages ( f ) ;\n"
	"wait ( P1 ) ; complete ( c ) ; exit ( ) ; }\n"
	"P1 ( ) { }\n"
	"P2 ( int * x ) { r0 = * x ; }\n"
	"locations [ 0 : r0 ; x ; 2 : z [ 1 ] ; 1 : status ; ]\n"
	"~ exists ( 0 : e = - EFAULT /\\ ~ ( x != - 1 \\/ y = SIGSEGV ) \\/\n"
	"0 : ev = UFFD_EVENT_FORK \\/ true )\n"
	"expect Sometimes leak , lost-dma on spec , v5.9 .. v5.18 , v6.2 .. if strict\n"
	"expect Never on v5.7 for thp ( swapped , pte ) | hugetlb\n"
	"expect Always\n";

/*
 * Wherever a token could begin, one that can't be read is an error right there; wherever the text
 * ends before the condition does, that is an error.
 */
static void test_every_place(void **state)
{
	size_t condition_end = (size_t)(strstr(everything, "true )") - everything) + 6;
	char text[2 * sizeof(everything) + 8], err[256], place[64];
	int line = 1, column = 1, places = 0;

	(void)state;
	litmus_free(parse(everything));
	for (size_t i = 0; i < strlen(everything); i++, column++) {
		if (i > 2 && strchr(" \n", everything[i - 1])) {
			places++;
			snprintf(text, sizeof(text), "%.*s\xc3\xa9 %s", (int)i, everything,
				 everything + i);
			snprintf(place, sizeof(place), "t:%d:%d: character outside", line, column);
			assert_null(litmus_parse("t", text, strlen(text), err, sizeof(err)));
			if (strncmp(err, place, strlen(place)))
				fail_msg("'%s', expected '%s...'", err, place);
		}
		if (everything[i] == '\n') {
			line++;
			column = 0;
		}
		if (i >= condition_end)
			continue;
		assert_null(litmus_parse("t", everything, i, err, sizeof(err)));
		assert_non_null(strstr(err, "expected"));
	}
	assert_true(places > 250);
}

/* Every allocation fails once: the message says so, nothing leaks. */
static void test_no_memory(void **state)
{
	struct litmus_test *test = NULL;
	int allocations = 0;
	char text[sizeof(everything) + 512], err[64];

	(void)state;
	/* More comments, and more of what there can be any number of, than fit without growing. */
	snprintf(text, sizeof(text),
		 "/**//**//**//**//**//**//**//**//**//**/ %s// a\n"
		 "expect Never on a, b, c, d, e, f, g, h, i // b\n"
		 "expect Never expect Never expect Never expect Never expect Never expect Never",
		 everything);
	while (!test) {
		fail_allocation = ++allocations;
		test = litmus_parse("f", text, strlen(text), err, sizeof(err));
		if (!test)
			assert_string_equal(err, "f: out of memory");
		assert_in_range(allocations, 1, 1000);
	}
	fail_allocation = 0;
	assert_true(allocations > 50);
	litmus_free(test);
}

static void test_write_error(void **state)
{
	struct litmus_test *test = parse(rdma);
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (full) {
		assert_int_equal(litmus_print(test, full), -1);
		assert_int_equal(errno, ENOSPC);
		fclose(full);
	}
	litmus_free(test);
}

static void write_file(const char *path, const char *bytes, size_t length)
{
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	assert_int_equal(fwrite(bytes, 1, length, stream), length);
	assert_int_equal(fclose(stream), 0);
}

/* Where test_read() writes; its teardown takes it away even where a test fails. */
static char directory[] = "/tmp/test_litmus.XXXXXX", path[64];

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/t", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	fail_allocation = 0;
	unlink(path);
	return rmdir(directory);
}

static void test_read(void **state)
{
	char err[256], expected[256];
	struct litmus_test *test;
	char *big;

	(void)state;

	snprintf(expected, sizeof(expected),
		 "%s: No such file or directory, expected a litmus test", path);
	assert_null(litmus_read(path, err, sizeof(err)));
	assert_string_equal(err, expected);

	snprintf(expected, sizeof(expected), "%s: Is a directory, expected a litmus test",
		 directory);
	assert_null(litmus_read(directory, err, sizeof(err)));
	assert_string_equal(err, expected);

	write_file(path, "C t\0", 4);
	snprintf(expected, sizeof(expected), "%s: binary data, expected a litmus test", path);
	assert_null(litmus_read(path, err, sizeof(err)));
	assert_string_equal(err, expected);

	write_file(path, "", 0);
	snprintf(expected, sizeof(expected),
		 "%s:1:1: unexpected end of the test, expected 'C' and the name of the test", path);
	assert_null(litmus_read(path, err, sizeof(err)));
	assert_string_equal(err, expected);

	/* 1 MiB is read, a byte more is not. */
	big = malloc((1 << 20) + 1);
	assert_non_null(big);
	memset(big, ' ', (1 << 20) + 1);
	memcpy(big, rdma, strlen(rdma));
	write_file(path, big, 1 << 20);
	test = litmus_read(path, err, sizeof(err));
	assert_non_null(test);
	assert_string_equal(test->file, path);
	litmus_free(test);
	write_file(path, big, (1 << 20) + 1);
	free(big);
	snprintf(expected, sizeof(expected), "%s: too long, expected at most 1048576 bytes", path);
	assert_null(litmus_read(path, err, sizeof(err)));
	assert_string_equal(err, expected);

	write_file(path, rdma, strlen(rdma));
	assert_non_null(freopen(path, "r", stdin));
	test = litmus_read("-", err, sizeof(err));
	assert_non_null(test);
	assert_string_equal(test->file, "<stdin>");
	litmus_free(test);

	fail_allocation = 2; /* the first is fopen()'s own or ours, either way a message */
	assert_null(litmus_read(path, err, sizeof(err)));
	fail_allocation = 0;
	assert_non_null(strstr(err, path));
}

static bool read_text(const char *name, char *text, size_t size)
{
	char full[512];
	FILE *stream;
	size_t length;

	snprintf(full, sizeof(full), "%s/%s", bad_directory, name);
	stream = fopen(full, "r");
	if (!stream)
		return false;
	length = fread(text, 1, size - 1, stream);
	text[length] = '\0';
	fclose(stream);
	return true;
}

/* Each NAME.litmus in tests/bad is rejected with the line in NAME.err. */
static void test_bad_files(void **state)
{
	DIR *bad = opendir(bad_directory);
	struct dirent *entry;
	int files = 0;

	(void)state;
	if (!bad)
		fail_msg("%s: %s", bad_directory, strerror(errno));
	while ((entry = readdir(bad))) {
		char name[300], text[4096], expected[512], err[512];
		size_t length = strlen(entry->d_name);

		if (length < 8 || strcmp(entry->d_name + length - 7, ".litmus"))
			continue;
		files++;
		snprintf(name, sizeof(name), "%.*s.err", (int)length - 7, entry->d_name);
		assert_true(read_text(entry->d_name, text, sizeof(text)));
		assert_true(read_text(name, expected, sizeof(expected)));
		expected[strcspn(expected, "\n")] = '\0';
		if (litmus_parse(entry->d_name, text, strlen(text), err, sizeof(err)))
			fail_msg("%s: accepted", entry->d_name);
		assert_string_equal(err, expected);
	}
	closedir(bad);
	assert_true(files >= 10);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_initial_state),
		cmocka_unit_test(test_ops),
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_op_table),
		cmocka_unit_test(test_absent_operands),
		cmocka_unit_test(test_reserved_names),
		cmocka_unit_test(test_births),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_longest_outcome),
		cmocka_unit_test(test_observables),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_memory_outcomes),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_violations),
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_doc),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_small_layouts),
		cmocka_unit_test(test_comment_indentation),
		cmocka_unit_test(test_bad_beginnings),
		cmocka_unit_test(test_bad_states),
		cmocka_unit_test(test_bad_tasks),
		cmocka_unit_test(test_bad_statements),
		cmocka_unit_test(test_too_many_statements),
		cmocka_unit_test(test_bad_conditions),
		cmocka_unit_test(test_bad_expectations),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_file_names),
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_write_error),
		cmocka_unit_test_setup_teardown(test_read, make_directory, remove_directory),
		cmocka_unit_test(test_bad_files),
	};

	if (argc > 1)
		bad_directory = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
