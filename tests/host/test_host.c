/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_host.c - the target `host`: processes, faults, deadlocks, what it leaves behind */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/host.h"
#include "tests/host/support.h"

static struct example examples[] = {
	{
		.name = "fork_copies",
		.body = "{ anon x = 1, y = 5; shared s = 1; }\n"
			"P0(int *x, int *s) { fork(P1); wait(P1); r0 = *x; r1 = *s; }\n"
			"P1(int *x, int *y, int *s) { *x = 2; *s = 3; r0 = *x; r1 = *y; }\n"
			"locations [x; 1:x]\nexists (true)",
		.outcome = "0:r0=1; 0:r1=3; 1:r0=2; 1:r1=5; x=1; 1:x=2;",
	},
	{
		.name = "a_fault_kills_the_process",
		.body = "{ anon x = 1; unmapped u; completion never; }\n"
			"P0(int *x) { fork(P1); wait(P1); r0 = *x; }\n"
			"P1(int *x, int *u) { pthread_create(P2); *x = 2; r0 = *u; *x = 3; }\n"
			"P2() { wait_for_completion(never); r0 = 1; }\n"
			"locations [x; 1:x]\nexists (1:status=SIGSEGV)",
		.outcome = "0:r0=1; 1:r0=0; 2:r0=0; 1:status=SIGSEGV; 2:status=SIGSEGV; x=1; "
			   "1:x=SIGSEGV;",
	},
	{
		.name = "exit_ends_all_threads",
		.body = "{ anon x = 1; completion never; }\n"
			"P0(int *x) { fork(P1); wait(P1); r0 = *x; }\n"
			"P1(int *x) { pthread_create(P2); *x = 2; exit(); *x = 3; }\n"
			"P2(int *x) { wait_for_completion(never); *x = 4; }\n"
			"locations [1:x; 2:x]\nexists (true)",
		.outcome = "0:r0=1; 1:x=2; 2:x=2;",
	},
	{
		.name = "memory_stays_after_exit_of_p0",
		.body = "{ anon x = 1; shared s = 1; }\n"
			"P0(int *x, int *s) { fork(P1); *x = 2; exit(); *x = 3; }\n"
			"P1(int *s) { fork(P2); wait(P2); *s = 2; }\nP2() { }\n"
			"locations [x; s]\nexists (true)",
		.outcome = "x=2; s=2;",
	},
	{
		.name = "a_thread_of_p0_exits",
		.body = "{ anon x = 1; shared s = 1; completion never; }\n"
			"P0(int *x) { fork(P2); pthread_create(P1); wait_for_completion(never); *x "
			"= 3; }\n"
			"P1(int *x) { *x = 2; exit(); }\nP2(int *s) { fork(P3); wait(P3); *s = 2; "
			"}\n"
			"P3() { }\nlocations [x; 1:x; s]\nexists (true)",
		.outcome = "x=2; 1:x=2; s=2;",
	},
	{
		.name = "memory_is_looked_at_without_a_fault",
		.body = "{ anon x = 1; anon y; unmapped u; }\n"
			"P0(int *x, int *y, int *u) { munmap(x); }\n"
			"locations [x; y; u]\nexists (true)",
		.outcome = "x=SIGSEGV; y=0; u=SIGSEGV;",
	},
	{
		.name = "errors_are_results",
		.body = "{ anon x = 1; unmapped u; }\n"
			"P0(int *x, int *u) {\n"
			"a = mprotect(u, PROT_READ); b = wait(P1); c = pthread_join(P2);\n"
			"d = process_vm_readv(P1, x);\n"
			"if_r = get_user_pages_fast(u, 0); e = dma_read(if_r); fork(P1); "
			"pthread_create(P2); }\nP1() { }\nP2() { }\n"
			"exists (true)",
		.outcome = "0:a=-ENOMEM; 0:b=-ECHILD; 0:c=-ESRCH; 0:d=-ESRCH; 0:if_r=-EFAULT; "
			   "0:e=-EBADF;",
		.may_skip = true,
	},
	{
		.name = "device_uses_the_pinned_page",
		.body = "{ anon x = 1; }\n"
			"P0(int *x) { r = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM);\n"
			"madvise(x, MADV_DONTNEED); *x = 2; r0 = dma_read(r); dma_write(r, 3);\n"
			"r1 = *x; r2 = dma_read(r); unpin_user_page(r); r3 = dma_read(r); }\n"
			"exists (true)",
		.outcome = "0:r0=1; 0:r1=2; 0:r2=3; 0:r3=-EBADF;",
		.may_skip = true,
	},
	{
		.name = "gup_takes_what_comes_before_a_hole",
		.body = "{ anon x[3] = {1, 2, 3}; }\n"
			"P0(int *x) { munmap(x + 2, 1);\n"
			"r = pin_user_pages_fast(x, 3, FOLL_WRITE | FOLL_LONGTERM);\n"
			"g = get_user_pages_fast(x, 3, 0);\n"
			"dma_write(r[1], 9); r0 = x[1]; r1 = dma_read(g[1]); r2 = dma_read(g[2]); "
			"}\n"
			"exists (0:r=2 /\\ 0:g=2)",
		.outcome = "0:r=2; 0:g=2; 0:r0=9; 0:r1=9; 0:r2=-EBADF;",
		.may_skip = true,
	},
	{
		.name = "pagemap_sees_the_frame",
		.body = "{ anon x = 1; }\n"
			"P0(int *x) { r = pin_user_pages(x, FOLL_WRITE | FOLL_LONGTERM);\n"
			"r0 = pagemap(x, r); munmap(x); r1 = pagemap(x, r);\n"
			"mmap(x, PROT_READ | PROT_WRITE, MAP_PRIVATE); *x = 1; r2 = pagemap(x, r); "
			"}\n"
			"exists (true)",
		.outcome = "0:r0=1; 0:r1=0; 0:r2=0;",
		.may_skip = true,
	},
	/* A reference that direct I/O or a pin holds is the same page; a fork's child has none of
	   it. */
	{
		.name = "direct_io_stays_in_flight",
		.body = "{ anon x = 1; anon y = 2; }\n"
			"P0(int *x, int *y) { r = iov_iter_extract_pages(x, FOLL_WRITE);\n"
			"s = iov_iter_extract_pages(y, 0); *y = 7; r0 = *x;\n"
			"dma_write(r, 5); bio_release_pages(r); r1 = *x;\n"
			"r2 = dma_read(s); bio_release_pages(s); }\n"
			"exists (true)",
		.outcome = "0:r0=1; 0:r1=5; 0:r2=7;",
		.may_skip = true,
	},
};

static void a_deadlock_is_found(void **state)
{
	struct litmus_test *test = parse("{ completion c; completion d; }\n"
					 "P0() { fork(P1); wait_for_completion(c); complete(d); }\n"
					 "P1() { wait_for_completion(d); complete(c); }\n"
					 "exists (true)");
	struct run_result result;

	(void)state;
	run(test, 3, &result);
	assert_int_equal(result.status, RUN_DONE);
	assert_int_equal(result.nr_outcomes, 1);
	assert_null(result.outcomes[0].values);
	assert_int_equal(result.outcomes[0].violations, VIOLATION_DEADLOCK);
	assert_int_equal(result.outcomes[0].count, 3);
	run_result_free(&result);
	litmus_free(test);
}

/*
 * P2 has ended when P1 asks it to go on, unless P0 was late with its exit(): all the rest wait.
 * That is a deadlock at once, and not a hang.
 */
static void exit_of_p0_ends_its_threads_now(void **state)
{
	struct litmus_test *test =
		parse("{ anon x; completion c; completion d; }\n"
		      "P0() { pthread_create(P2); fork(P1); exit(); }\n"
		      "P1() { fork(P3); wait(P3); fork(P4); wait(P4); fork(P5); wait(P5);\n"
		      "complete(c); wait_for_completion(d); }\n"
		      "P2() { wait_for_completion(c); complete(d); }\n"
		      "P3() { }\nP4() { }\nP5() { }\nlocations [x]\nexists (true)");
	struct run_result result;
	unsigned deadlocks = 0;

	(void)state;
	run(test, 50, &result);
	assert_int_equal(result.status, RUN_DONE);
	for (int i = 0; i < result.nr_outcomes; i++) {
		if (result.outcomes[i].values)
			continue;
		assert_int_equal(result.outcomes[i].violations, VIOLATION_DEADLOCK);
		deadlocks += (unsigned)result.outcomes[i].count;
	}
	assert_true(deadlocks > 0);
	run_result_free(&result);
	litmus_free(test);
}

/* The first child of a process that is none of `ours` and, if `leads`, leads a group. 0: none. */
static pid_t find_child(pid_t parent, pid_t ours, bool leads)
{
	char path[64];
	FILE *file;
	int pid, found = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!found && fscanf(file, "%d", &pid) == 1) {
		if (pid != ours && (!leads || getpgid(pid) == pid))
			found = pid;
	}
	fclose(file);
	return found;
}

/* Stop a process of a running test for good. */
static void stop_a_process(pid_t tool)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int tries = 0; tries < 100000; tries++) {
		pid_t supervisor = find_child(tool, getpid(), false);
		pid_t task = supervisor ? find_child(supervisor, 0, true) : 0;

		if (task && kill(task, SIGSTOP) == 0)
			_exit(0);
	}
	_exit(1);
}

static void a_hang_ends_the_run(void **state)
{
	struct litmus_test *test = parse("{ anon x; }\n"
					 "P0(int *x) { fork(P1); wait(P1); *x = 1; }\n"
					 "P1(int *x) { *x = 1; }\nexists (true)");
	const struct run_options options = {.host_iterations = 100000};
	struct run_result result;
	pid_t tool = getpid(), stopper = fork();
	int status;

	(void)state;
	if (stopper == 0)
		stop_a_process(tool);
	host_run(test, &options, &result);
	assert_int_equal(waitpid(stopper, &status, 0), stopper);
	assert_int_equal(status, 0);
	assert_int_equal(result.status, RUN_INCOMPLETE);
	assert_int_equal(strncmp(result.reason, "hung in iteration ", 18), 0);
	assert_true(result.nr_outcomes > 0);
	assert_int_equal(result.outcomes[result.nr_outcomes - 1].violations, VIOLATION_LIVELOCK);
	assert_int_equal(result.outcomes[result.nr_outcomes - 1].count, 1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	run_result_free(&result);
	litmus_free(test);
}

static bool refuse_read_only_files(void)
{
	return refuse_syscall(SYS_openat, 2, O_RDONLY | O_CLOEXEC, EACCES);
}

/* What the supervisor tries out may fail wherever it does: no hang, and no failure of ours. */
static void a_probe_that_is_refused_is_a_skip(void **state)
{
	(void)state;
	expect_skipped_because(
		"{ anon x = 1; }\n"
		"P0(int *x) { r = iov_iter_extract_pages(x, FOLL_WRITE); }\nexists (true)",
		refuse_read_only_files,
		"this kernel refuses open() of a FUSE file: Permission denied");
}

static bool refuse_pipes(void)
{
	return refuse_syscall(SYS_pipe2, 1, O_CLOEXEC, EMFILE);
}

static void a_task_that_is_refused_is_a_skip(void **state)
{
	(void)state;
	expect_skipped_because("{ anon x = 1; }\nP0() { }\nP1() { }\nP2() { }\n"
			       "locations [x; 1:x; 2:x]\nexists (true)",
			       refuse_pipes, "this kernel refuses pipe2(): Too many open files");
}

/* Whoever comes first: the text and the error are of the same refusal. */
static void refusals_are_not_mixed(void **state)
{
	static const char *const texts[] = {"this kernel refuses 1: Operation not permitted",
					    "this kernel refuses 2: No such file or directory"};
	struct host host = {0};

	(void)state;
	host.shared = mmap(NULL, sizeof(*host.shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(host.shared, MAP_FAILED);
	for (int round = 0; round < 100; round++) {
		char text[256] = "";
		int status;

		memset(host.shared, 0, sizeof(*host.shared));
		assert_false(host_is_refused(host.shared));
		for (int i = 0; i < 2; i++) {
			if (fork() == 0)
				host_refuse(&host, i ? "2" : "1", i ? -ENOENT : -EPERM);
		}
		while (wait(&status) > 0)
			assert_int_equal(WEXITSTATUS(status), HOST_EXIT_REFUSED);
		assert_true(host_is_refused(host.shared));
		host_refusal_text(host.shared, text, sizeof(text));
		assert_true(strcmp(text, texts[0]) == 0 || strcmp(text, texts[1]) == 0);
	}
	munmap(host.shared, sizeof(*host.shared));
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
	host_run(test, &options, &result);
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
	const struct run_options options = {.host_iterations = 100000};
	struct run_result result;
	pid_t tool;
	int ticks = 0;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	tool = fork();
	if (tool == 0) {
		host_run(test, &options, &result);
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
	const struct run_options options = {.host_iterations = 3};
	struct run_result result;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (!become_nobody())
			_exit(2);
		host_run(test, &options, &result);
		_exit(result.status != RUN_DONE || result.nr_outcomes != 1 ||
		      !result.outcomes[0].holds || waitpid(-1, NULL, WNOHANG) != -1);
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
	/* P1 may find the page shared still: P0's end is a step too. */
	expect_concurrent(true, "{ anon x; completion c; }\n"
				"P0(int *x) { fork(P1); *x = 1; complete(c); }\n"
				"P1(int *x) { wait_for_completion(c); *x = 2; }\nexists (true)");
	/* Not so where P0 is the last to end, or where its end has been waited for. */
	expect_concurrent(false, "{ anon x; completion c; }\n"
				 "P0(int *x) { fork(P1); *x = 1; complete(c); }\n"
				 "P1(int *x) { wait_for_completion(c); *x = 2; }\n"
				 "locations [x]\nexists (true)");
	expect_concurrent(false, "{ anon x; }\n"
				 "P0(int *x) { pthread_create(P1); pthread_join(P1); *x = 1; }\n"
				 "P1(int *x) { *x = 2; }\nlocations [1:x]\nexists (true)");
	/* P1's view of x is recorded at its end. */
	expect_concurrent(true,
			  "{ anon x; completion c; }\n"
			  "P0(int *x) { pthread_create(P1); wait_for_completion(c); *x = 1; }\n"
			  "P1(int *x) { complete(c); }\nlocations [1:x]\nexists (true)");
}

#define NR_EXAMPLES (sizeof(examples) / sizeof(examples[0]))

int main(void)
{
	const char *reason = why_skipped("{ anon x; }\nP0(int *x) { *x = 1; }\nexists (true)");
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_deadlock_is_found),
		cmocka_unit_test(exit_of_p0_ends_its_threads_now),
		cmocka_unit_test(a_task_that_is_refused_is_a_skip),
		cmocka_unit_test(refusals_are_not_mixed),
		cmocka_unit_test(what_user_space_cannot_do_is_skipped),
		cmocka_unit_test(stop_ends_the_run),
		cmocka_unit_test(a_killed_tool_leaves_nothing_behind),
		cmocka_unit_test(an_unprivileged_user_may_run_it),
		cmocka_unit_test(tasks_that_take_turns_are_told_apart),
	};
	const struct CMUnitTest probe = cmocka_unit_test(a_probe_that_is_refused_is_a_skip);
	const struct CMUnitTest hang = cmocka_unit_test(a_hang_ends_the_run);
	struct CMUnitTest tests[NR_EXAMPLES + sizeof(others) / sizeof(others[0]) + 2] = {0};
	size_t nr = 0;

	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return 0;
	}
	nr = add_examples(examples, NR_EXAMPLES, tests);
	memcpy(&tests[nr], others, sizeof(others));
	nr += sizeof(others) / sizeof(others[0]);
	if (!is_left_out(probe.name, "{ anon x = 1; }\nP0(int *x) "
				     "{ r = iov_iter_extract_pages(x, FOLL_WRITE); }\n"
				     "exists (true)"))
		tests[nr++] = probe;
	if (access("/proc/thread-self/children", R_OK) == 0)
		tests[nr++] = hang;
	else
		printf("# skipped %s: no /proc/PID/task/TID/children\n", hang.name);
	fflush(stdout); /* before what cmocka prints */
	return _cmocka_run_group_tests("test_host", tests, nr, NULL, NULL);
}
