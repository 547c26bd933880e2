/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_host.c - the target `host`: processes, faults, deadlocks, what it leaves behind */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "spec/spec.h"
#include "targets/host.h"

#define NOBODY 65534

static struct litmus_test *parse(const char *body)
{
	char text[4096];
	char err[512];
	int length = snprintf(text, sizeof(text), "C test\n%s\n", body);
	struct litmus_test *test;

	assert_in_range(length, 1, sizeof(text) - 1);
	test = litmus_parse("inline", text, (size_t)length, err, sizeof(err));
	if (!test)
		fail_msg("%s\n%s", err, text);
	return test;
}

/* Run the test; afterwards no child is left. */
static void run(const struct litmus_test *test, unsigned iterations, struct run_result *result)
{
	const struct run_options options = {.host_iterations = iterations};

	host_run(test, &options, NULL, result);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* All iterations end with this outcome. Skipped where the kernel can't run the test. */
static void expect_only(const char *body, const char *outcome)
{
	struct litmus_test *test = parse(body);
	struct run_result result;
	char text[512];

	run(test, 10, &result);
	if (result.status == RUN_SKIPPED) {
		print_message("# skipped: %s\n", result.reason);
	} else {
		assert_int_equal(result.status, RUN_DONE);
		assert_int_equal(result.nr_outcomes, 1);
		assert_int_equal(result.outcomes[0].count, 10);
		assert_non_null(result.outcomes[0].values);
		litmus_outcome_text(test, result.outcomes[0].values, text, sizeof(text));
		assert_string_equal(text, outcome);
	}
	run_result_free(&result);
	litmus_free(test);
}

static void fork_copies(void **state)
{
	(void)state;
	expect_only("{ anon x = 1, y = 5; shared s = 1; }\n"
		    "P0(int *x, int *s) { fork(P1); wait(P1); r0 = *x; r1 = *s; }\n"
		    "P1(int *x, int *y, int *s) { *x = 2; *s = 3; r0 = *x; r1 = *y; }\n"
		    "locations [x; 1:x]\nexists (true)",
		    "0:r0=1; 0:r1=3; 1:r0=2; 1:r1=5; x=1; 1:x=2;");
}

static void a_fault_kills_the_process(void **state)
{
	(void)state;
	expect_only("{ anon x = 1; unmapped u; completion never; }\n"
		    "P0(int *x) { fork(P1); wait(P1); r0 = *x; }\n"
		    "P1(int *x, int *u) { pthread_create(P2); *x = 2; r0 = *u; *x = 3; }\n"
		    "P2() { wait_for_completion(never); r0 = 1; }\n"
		    "locations [x; 1:x]\nexists (1:status=SIGSEGV)",
		    "0:r0=1; 1:r0=0; 2:r0=0; 1:status=SIGSEGV; 2:status=SIGSEGV; x=1; "
		    "1:x=SIGSEGV;");
}

static void exit_ends_all_threads(void **state)
{
	(void)state;
	expect_only("{ anon x = 1; completion never; }\n"
		    "P0(int *x) { fork(P1); wait(P1); r0 = *x; }\n"
		    "P1(int *x) { pthread_create(P2); *x = 2; exit(); *x = 3; }\n"
		    "P2(int *x) { wait_for_completion(never); *x = 4; }\n"
		    "locations [1:x; 2:x]\nexists (true)",
		    "0:r0=1; 1:x=2; 2:x=2;");
}

static void memory_is_looked_at_without_a_fault(void **state)
{
	(void)state;
	expect_only("{ anon x = 1; anon y; unmapped u; }\n"
		    "P0(int *x, int *y, int *u) { munmap(x); }\n"
		    "locations [x; y; u]\nexists (true)",
		    "x=SIGSEGV; y=0; u=SIGSEGV;");
}

static void errors_are_results(void **state)
{
	(void)state;
	expect_only("{ anon x = 1; unmapped u; }\n"
		    "P0(int *x, int *u) {\n"
		    "a = mprotect(u, PROT_READ); b = wait(P1); c = pthread_join(P2);\n"
		    "d = process_vm_readv(P1, x);\n"
		    "if_r = get_user_pages_fast(u, 0); e = dma_read(if_r); fork(P1); "
		    "pthread_create(P2); }\nP1() { }\nP2() { }\n"
		    "exists (true)",
		    "0:a=-ENOMEM; 0:b=-ECHILD; 0:c=-ESRCH; 0:d=-ESRCH; 0:if_r=-EFAULT; "
		    "0:e=-EBADF;");
}

static void device_uses_the_pinned_page(void **state)
{
	(void)state;
	expect_only("{ anon x = 1; }\n"
		    "P0(int *x) { r = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM);\n"
		    "madvise(x, MADV_DONTNEED); *x = 2; r0 = dma_read(r); dma_write(r, 3);\n"
		    "r1 = *x; r2 = dma_read(r); unpin_user_page(r); r3 = dma_read(r); }\n"
		    "exists (true)",
		    "0:r0=1; 0:r1=2; 0:r2=3; 0:r3=-EBADF;");
}

static void gup_takes_what_comes_before_a_hole(void **state)
{
	(void)state;
	expect_only("{ anon x[3] = {1, 2, 3}; }\n"
		    "P0(int *x) { munmap(x + 2, 1);\n"
		    "r = pin_user_pages_fast(x, 3, FOLL_WRITE | FOLL_LONGTERM);\n"
		    "g = get_user_pages_fast(x, 3, 0);\n"
		    "dma_write(r[1], 9); r0 = x[1]; r1 = dma_read(g[1]); r2 = dma_read(g[2]); }\n"
		    "exists (0:r=2 /\\ 0:g=2)",
		    "0:r=2; 0:g=2; 0:r0=9; 0:r1=9; 0:r2=-EBADF;");
}

static void pagemap_sees_the_frame(void **state)
{
	(void)state;
	expect_only("{ anon x = 1; }\n"
		    "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE | FOLL_LONGTERM);\n"
		    "r0 = pagemap(x, r); munmap(x); r1 = pagemap(x, r);\n"
		    "mmap(x, PROT_READ | PROT_WRITE, MAP_PRIVATE); *x = 1; r2 = pagemap(x, r); }\n"
		    "exists (true)",
		    "0:r0=1; 0:r1=0; 0:r2=0;");
}

/* A reference that direct I/O or a pin holds is the same page; a fork's child has none of it. */
static void direct_io_stays_in_flight(void **state)
{
	(void)state;
	expect_only("{ anon x = 1; anon y = 2; }\n"
		    "P0(int *x, int *y) { r = iov_iter_extract_pages(x, FOLL_WRITE);\n"
		    "s = iov_iter_extract_pages(y, 0); *y = 7; r0 = *x;\n"
		    "dma_write(r, 5); bio_release_pages(r); r1 = *x;\n"
		    "r2 = dma_read(s); bio_release_pages(s); }\n"
		    "exists (true)",
		    "0:r0=1; 0:r1=5; 0:r2=7;");
}

static void a_deadlock_is_found(void **state)
{
	struct litmus_test *test = parse("{ completion c; completion d; }\n"
					 "P0() { fork(P1); wait_for_completion(c); complete(d); }\n"
					 "P1() { wait_for_completion(d); complete(c); }\n"
					 "exists (true)");
	struct run_result result;

	(void)state;
	run(test, 3, &result);
	if (result.status == RUN_SKIPPED)
		skip();
	assert_int_equal(result.status, RUN_DONE);
	assert_int_equal(result.nr_outcomes, 1);
	assert_null(result.outcomes[0].values);
	assert_int_equal(result.outcomes[0].violations, VIOLATION_DEADLOCK);
	assert_int_equal(result.outcomes[0].count, 3);
	run_result_free(&result);
	litmus_free(test);
}

static void expect_skipped(const char *operations)
{
	char body[512];
	struct litmus_test *test;
	struct run_result result;

	snprintf(body, sizeof(body), "{ anon x = 1; }\nP0(int *x) { %s }\nexists (true)",
		 operations);
	test = parse(body);
	run(test, 1, &result);
	assert_int_equal(result.status, RUN_SKIPPED);
	assert_true(strlen(result.reason) > 0);
	assert_null(strchr(result.reason, '\n'));
	run_result_free(&result);
	litmus_free(test);
}

static void what_user_space_cannot_do_is_skipped(void **state)
{
	(void)state;
	expect_skipped("r = pin_user_pages(x, FOLL_LONGTERM);");
	expect_skipped("r = get_user_pages(x, FOLL_WRITE);");
	expect_skipped("r = get_user_pages(x, 0); dma_write(r, 1);");
	expect_skipped("r = get_user_pages(x, 0); lock_page(r); unlock_page(r);");
	expect_skipped("r = iov_iter_extract_pages(x, FOLL_WRITE); dma_write(r, 1); *x = 2;");
}

static void stop_ends_the_run(void **state)
{
	struct litmus_test *test = parse("{ anon x; }\nP0(int *x) { *x = 1; }\nexists (true)");
	volatile sig_atomic_t stop = 1;
	const struct run_options options = {.stop = &stop, .host_iterations = 100000};
	struct run_result result;

	(void)state;
	host_run(test, &options, NULL, &result);
	if (result.status == RUN_SKIPPED)
		skip();
	assert_int_equal(result.status, RUN_INCOMPLETE);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	run_result_free(&result);
	litmus_free(test);
}

/* Whoever the test's processes belong to, they are gone soon after the tool has been killed. */
static void a_killed_tool_leaves_nothing_behind(void **state)
{
	struct litmus_test *test = parse("{ anon x; completion c; }\n"
					 "P0() { fork(P1); fork(P2); wait_for_completion(c); }\n"
					 "P1() { wait_for_completion(c); }\n"
					 "P2(int *x) { *x = 1; }\nexists (true)");
	const struct timespec tick = {.tv_nsec = 10000000};
	struct run_result result;
	pid_t tool;
	int ticks = 0;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	tool = fork();
	if (tool == 0) {
		run(test, 100000, &result);
		_exit(0);
	}
	nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	kill(tool, SIGKILL);
	/* Its orphans are our children now. */
	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		assert_true(ticks++ < 500);
		nanosleep(&tick, NULL);
	}
	assert_int_equal(errno, ECHILD);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	litmus_free(test);
}

static void an_unprivileged_user_may_run_it(void **state)
{
	struct litmus_test *test = parse("{ anon x = 1; }\n"
					 "P0(int *x) { fork(P1); wait(P1); *x = 2; r0 = *x; }\n"
					 "P1(int *x) { r0 = *x; }\nexists (0:r0=2)");
	struct run_result result;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(NOBODY) || setuid(NOBODY)))
			_exit(2);
		run(test, 3, &result);
		if (result.status == RUN_SKIPPED)
			_exit(0);
		_exit(result.status != RUN_DONE || result.nr_outcomes != 1 ||
		      !result.outcomes[0].holds);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	litmus_free(test);
}

static void expect_concurrent(bool concurrent, const char *body)
{
	struct litmus_test *test = parse(body);

	assert_int_equal(host_is_concurrent(test, NULL), concurrent);
	litmus_free(test);
}

static void tasks_that_take_turns_are_told_apart(void **state)
{
	(void)state;
	expect_concurrent(false, "{ anon x; }\nP0(int *x) { *x = 1; }\nexists (true)");
	expect_concurrent(true, "{ anon x; }\nP0(int *x) { *x = 1; }\nP1(int *x) { *x = 2; }\n"
				"exists (true)");
	expect_concurrent(false, "{ anon x; }\nP0(int *x) { fork(P1); wait(P1); *x = 1; }\n"
				 "P1(int *x) { *x = 2; }\nexists (true)");
	expect_concurrent(true, "{ anon x; }\nP0(int *x) { fork(P1); *x = 1; wait(P1); }\n"
				"P1(int *x) { *x = 2; }\nexists (true)");
	expect_concurrent(false, "{ anon x; completion c; }\n"
				 "P0(int *x) { fork(P1); *x = 1; complete(c); }\n"
				 "P1(int *x) { wait_for_completion(c); *x = 2; }\nexists (true)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fork_copies),
		cmocka_unit_test(a_fault_kills_the_process),
		cmocka_unit_test(exit_ends_all_threads),
		cmocka_unit_test(memory_is_looked_at_without_a_fault),
		cmocka_unit_test(errors_are_results),
		cmocka_unit_test(device_uses_the_pinned_page),
		cmocka_unit_test(gup_takes_what_comes_before_a_hole),
		cmocka_unit_test(pagemap_sees_the_frame),
		cmocka_unit_test(direct_io_stays_in_flight),
		cmocka_unit_test(a_deadlock_is_found),
		cmocka_unit_test(what_user_space_cannot_do_is_skipped),
		cmocka_unit_test(stop_ends_the_run),
		cmocka_unit_test(a_killed_tool_leaves_nothing_behind),
		cmocka_unit_test(an_unprivileged_user_may_run_it),
		cmocka_unit_test(tasks_that_take_turns_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
