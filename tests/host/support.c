/* SPDX-License-Identifier: GPL-2.0-or-later */
/* support.c - run tests on the host, as they are or with something missing */
#include "tests/host/support.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct litmus_test *parse(const char *body)
{
	char text[4096];
	char err[512];
	int length = snprintf(text, sizeof(text), "C test\n%s\n", body);
	struct litmus_test *test = litmus_parse("inline", text, (size_t)length, err, sizeof(err));

	if (!test) {
		fprintf(stderr, "%s\n%s", err, text);
		abort(); /* also called before cmocka is at work */
	}
	return test;
}

void run(const struct litmus_test *test, unsigned iterations, struct run_result *result)
{
	const struct run_options options = {.host_iterations = iterations};

	host_run(test, &options, result);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* All iterations end with the outcome. */
static void one_outcome(void **state)
{
	const struct example *example = *state;
	struct litmus_test *test = parse(example->body);
	struct run_result result;
	char text[512];

	run(test, 10, &result);
	assert_int_equal(result.status, RUN_DONE);
	assert_int_equal(result.nr_outcomes, 1);
	assert_int_equal(result.outcomes[0].count, 10);
	assert_non_null(result.outcomes[0].values);
	litmus_outcome_text(test, result.outcomes[0].values, text, sizeof(text));
	assert_string_equal(text, example->outcome);
	run_result_free(&result);
	litmus_free(test);
}

size_t add_examples(struct example *examples, size_t nr, struct CMUnitTest *tests)
{
	size_t added = 0;

	for (size_t i = 0; i < nr; i++) {
		struct example *example = &examples[i];

		if (example->may_skip && is_left_out(example->name, example->body))
			continue;
		tests[added++] = (struct CMUnitTest){
			.name = example->name, .test_func = one_outcome, .initial_state = example};
	}
	return added;
}

const char *why_skipped(const char *body)
{
	static char reason[256];
	const struct run_options options = {.host_iterations = 1};
	struct litmus_test *test = parse(body);
	struct run_result result;
	bool skipped;

	host_run(test, &options, &result);
	skipped = result.status == RUN_SKIPPED;
	snprintf(reason, sizeof(reason), "%s", result.reason);
	run_result_free(&result);
	litmus_free(test);
	return skipped ? reason : NULL;
}

bool is_left_out(const char *name, const char *body)
{
	const char *reason = why_skipped(body);

	if (reason)
		printf("# skipped %s: %s\n", name, reason);
	return reason != NULL;
}

bool refuse_syscall(unsigned nr, unsigned arg, unsigned value, unsigned error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (unsigned)(offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t))),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool become_nobody(void)
{
	return geteuid() != 0 || (setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
}

void expect_skipped_because(const char *body, bool (*prepare)(void), const char *reason)
{
	struct litmus_test *test = parse(body);
	struct run_options options = {.host_iterations = 3};
	struct run_result result;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (!prepare())
			_exit(2);
		host_run(test, &options, &result);
		if (result.status != RUN_SKIPPED || strcmp(result.reason, reason) != 0) {
			fprintf(stderr, "status %d: %s\n", (int)result.status, result.reason);
			_exit(1);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	litmus_free(test);
}
