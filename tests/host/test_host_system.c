/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_host_system.c - the target `host` leaves the system as it was, however it ends */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/host_system.h"
#include "targets/host_text.h"
#include "tests/host/support.h"

#define KSM  "/sys/kernel/mm/ksm/"
#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

/* One that needs all there is to be set. */
static const char body[] =
	"{ nr_hugepages = 3; hugetlb h = 1; anon(swapped) x = 1; anon y[2] = {1, 1}; }\n"
	"P0(int *h, int *x, int *y) { r0 = *h; r1 = *x; madvise(y, "
	"MADV_MERGEABLE);\nksm_do_scan(); }\nexists (true)";

/* All settings that a run changes, as text. */
struct snapshot {
	char text[8192];
};

static void add_file(struct snapshot *snapshot, const char *path)
{
	size_t length = strlen(snapshot->text);
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	snprintf(snapshot->text + length, sizeof(snapshot->text) - length, "%s: ", path);
	length = strlen(snapshot->text);
	length += fread(snapshot->text + length, 1, sizeof(snapshot->text) - 1 - length, file);
	snapshot->text[length] = '\0';
	fclose(file);
}

/* How many files in the directory have a name that begins so. */
static void add_count(struct snapshot *snapshot, const char *directory, const char *begin)
{
	size_t length = strlen(snapshot->text);
	DIR *dir = opendir(directory);
	int count = 0;

	while (dir) {
		const struct dirent *entry = readdir(dir);

		if (!entry)
			break;
		count += strncmp(entry->d_name, begin, strlen(begin)) == 0;
	}
	if (dir)
		closedir(dir);
	snprintf(snapshot->text + length, sizeof(snapshot->text) - length, "%s/%s*: %d\n",
		 directory, begin, count);
}

static void take_snapshot(struct snapshot *snapshot)
{
	static const char *const files[] = {
		POOL "nr_hugepages",   POOL "nr_overcommit_hugepages",
		POOL "free_hugepages", KSM "run",
		KSM "sleep_millisecs", KSM "pages_to_scan",
		KSM "smart_scan",      KSM "use_zero_pages",
		KSM "advisor_mode",    "/sys/kernel/mm/transparent_hugepage/enabled",
		"/proc/self/mounts",
	};

	snapshot->text[0] = '\0';
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		add_file(snapshot, files[i]);
	/* Of /proc/swaps only the names: how much is used may change. */
	snprintf(snapshot->text + strlen(snapshot->text), 64, "swap: %d\n", host_swap_is_active());
	add_count(snapshot, "/sys/block", "zram");
	add_count(snapshot, "/var/tmp", "cowherd-swap-");
	add_count(snapshot, "/tmp", "cowherd-swap-");
}

static void assert_unchanged(const struct snapshot *before)
{
	struct snapshot now;

	take_snapshot(&now);
	assert_string_equal(now.text, before->text);
}

static void a_run_puts_all_back(void **state)
{
	struct litmus_test *test = parse(body);
	struct snapshot before;
	struct run_result result;

	(void)state;
	take_snapshot(&before);
	run(test, 3, &result);
	assert_int_equal(result.status, RUN_DONE);
	run_result_free(&result);
	litmus_free(test);
	assert_unchanged(&before);
}

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* A tool in a process group of its own, which runs the test until it is ended. */
static pid_t start_tool(void)
{
	struct litmus_test *test = parse(body);
	const struct run_options options = {.host_iterations = 100000, .stop = &stopped};
	struct run_result result;
	pid_t tool = fork();

	if (tool == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		signal(SIGINT, stop);
		host_run(test, &options, &result);
		_exit(result.status != RUN_INCOMPLETE);
	}
	setpgid(tool, tool);
	litmus_free(test);
	return tool;
}

static void pause_ms(long ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

/* Wait until the snapshot is equal to, or differs from, what there is. */
static bool wait_for(const struct snapshot *snapshot, bool equal)
{
	for (int ms = 0; ms < 20000; ms += 10) {
		struct snapshot now;

		take_snapshot(&now);
		if ((strcmp(now.text, snapshot->text) == 0) == equal)
			return true;
		pause_ms(10);
	}
	return false;
}

/* End the tool's process group, as a terminal does, or a shell's `kill`. */
static void end_by(int signal, pid_t whom_of_tool)
{
	struct snapshot before;
	pid_t tool;
	int status;

	take_snapshot(&before);
	tool = start_tool();
	assert_true(wait_for(&before, false));
	pause_ms(100);
	assert_int_equal(kill(whom_of_tool < 0 ? -tool : tool, signal), 0);
	assert_int_equal(waitpid(tool, &status, 0), tool);
	if (signal == SIGINT)
		assert_int_equal(status, 0);
	assert_true(wait_for(&before, true));
}

static void ctrl_c_puts_all_back(void **state)
{
	(void)state;
	end_by(SIGINT, -1);
}

static void a_terminated_tool_puts_all_back(void **state)
{
	(void)state;
	end_by(SIGTERM, -1);
}

static void a_killed_tool_puts_all_back(void **state)
{
	(void)state;
	end_by(SIGKILL, 0);
	end_by(SIGKILL, -1);
}

static void a_crash_puts_all_back(void **state)
{
	struct litmus_test *test =
		parse("{ nr_hugepages = 1; hugetlb h = 1; anon(swapped) x = 1; unmapped u; }\n"
		      "P0(int *h, int *x, int *u) { fork(P1); wait(P1); r0 = *x; *u = r0; }\n"
		      "P1(int *h) { *h = 2; }\nexists (true)");
	struct snapshot before;
	struct run_result result;

	(void)state;
	take_snapshot(&before);
	run(test, 3, &result);
	assert_int_equal(result.status, RUN_DONE);
	assert_int_equal(result.nr_outcomes, 1);
	run_result_free(&result);
	litmus_free(test);
	assert_unchanged(&before);
}

/* They take turns. */
static void two_at_once_do_not_meet(void **state)
{
	struct litmus_test *test = parse(body);
	const struct run_options options = {.host_iterations = 3};
	struct snapshot before;
	pid_t tools[2];

	(void)state;
	take_snapshot(&before);
	for (int i = 0; i < 2; i++) {
		tools[i] = fork();
		if (tools[i] == 0) {
			int failed = 0;

			for (int round = 0; round < 5; round++) {
				struct run_result result;

				host_run(test, &options, &result);
				failed += result.status != RUN_DONE;
			}
			_exit(failed);
		}
	}
	for (int i = 0; i < 2; i++) {
		int status;

		assert_int_equal(waitpid(tools[i], &status, 0), tools[i]);
		assert_int_equal(status, 0);
	}
	litmus_free(test);
	assert_unchanged(&before);
}

/* Whatever the system allows of zram, a file and a loop device. */
static void each_kind_of_swap_is_put_back(void **state)
{
	struct snapshot before;
	int nr_made = 0;

	(void)state;
	take_snapshot(&before);
	for (int kind = HOST_SWAP_ZRAM; kind < HOST_NR_SWAP_KINDS; kind++) {
		struct host_swap swap;
		long error = host_swap_make(&swap, (enum host_swap_kind)kind);

		if (error) {
			printf("# swap of kind %d: %s\n", kind, strerror((int)-error));
		} else {
			assert_true(host_swap_is_active());
			host_swap_restore(&swap);
			nr_made++;
		}
		assert_unchanged(&before);
	}
	assert_true(nr_made > 0);
}

static bool forbid_locking(void)
{
	const struct rlimit none = {0, 0};

	return setrlimit(RLIMIT_MEMLOCK, &none) == 0 && become_nobody();
}

static bool hide_fuse(void)
{
	return refuse_syscall(SYS_openat, 2, O_RDWR | O_CLOEXEC, ENOENT);
}

static bool forbid_fuse(void)
{
	return refuse_syscall(SYS_openat, 2, O_RDWR | O_CLOEXEC, EACCES);
}

static bool forbid_mounts(void)
{
	return refuse_syscall(SYS_fsopen, 1, 1 /* FSOPEN_CLOEXEC */, EPERM);
}

static bool hide_userfaultfd(void)
{
	return refuse_syscall(SYS_userfaultfd, 0, O_CLOEXEC | O_NONBLOCK, ENOSYS);
}

static bool forbid_userfaultfd(void)
{
	return become_nobody() && refuse_syscall(SYS_userfaultfd, 0, O_CLOEXEC | O_NONBLOCK, EPERM);
}

/* What is missing, and nothing else. */
static const struct {
	const char *body;
	bool (*prepare)(void);
	const char *reason;
} reasons[] = {
	{"{ anon x = 1; }\nP0(int *x) { r = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM); }\n"
	 "exists (true)",
	 forbid_locking,
	 "RLIMIT_MEMLOCK is too small for what io_uring pins (and there is no CAP_IPC_LOCK)"},
	{"{ anon x = 1; }\nP0(int *x) { r = pin_user_pages_fast(x, 0); }\nexists (true)", hide_fuse,
	 "holding direct I/O in flight takes /dev/fuse (CONFIG_FUSE_FS): No such file or "
	 "directory"},
	{"{ anon x = 1; }\nP0(int *x) { r = pin_user_pages_fast(x, 0); }\nexists (true)",
	 forbid_fuse, "holding direct I/O in flight takes access to /dev/fuse: Permission denied"},
	{"{ anon x = 1; }\nP0(int *x) { r = pin_user_pages_fast(x, 0); }\nexists (true)",
	 forbid_mounts,
	 "holding direct I/O in flight takes a FUSE mount (CAP_SYS_ADMIN): Operation not "
	 "permitted"},
	{"{ anon x = 1; }\nP0(int *x) { userfaultfd(u, 0); }\nexists (true)", hide_userfaultfd,
	 "this kernel has no userfaultfd (CONFIG_USERFAULTFD)"},
	{"{ anon x = 1; }\nP0(int *x) { userfaultfd(u, 0); }\nexists (true)", forbid_userfaultfd,
	 "userfaultfd takes CAP_SYS_PTRACE, vm.unprivileged_userfaultfd = 1 or access to "
	 "/dev/userfaultfd"},
	{"{ anon(swapped) x = 1; }\nP0(int *x) { *x = 2; }\nexists (true)", become_nobody,
	 "no swap is active, and neither zram nor a file or a loop device can be used for some "
	 "(CAP_SYS_ADMIN): Permission denied"},
	{"{ nr_hugepages = 7; hugetlb x = 1; }\nP0(int *x) { *x = 2; }\nexists (true)",
	 become_nobody,
	 "the pool must have exactly 7 free huge pages, and " POOL
	 "nr_hugepages: Permission denied"},
	{"{ anon x = 1; }\nP0(int *x) { madvise(x, MADV_MERGEABLE); ksm_do_scan(); }\n"
	 "exists (true)",
	 become_nobody, "a scan of KSM takes root: " KSM "run: Permission denied"},
};

/* Not so where it is missing anyway, or where nobody needs privileges for it. */
static bool is_telling(const char *test)
{
	return !why_skipped(test) && !(strstr(test, "swapped") && host_swap_is_active());
}

static void a_skip_says_what_is_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (is_telling(reasons[i].body))
			expect_skipped_because(reasons[i].body, reasons[i].prepare,
					       reasons[i].reason);
	}
}

/* What nothing else gives. Where there is a device, it depends on the kernel what it gives. */
static void pins_of_rdma_take_a_device(void **state)
{
	const char *pin = "{ anon x = 1; }\nP0(int *x) { r = pin_user_pages(x, FOLL_LONGTERM); }\n"
			  "exists (true)";

	(void)state;
	if (access("/sys/class/infiniband_verbs", F_OK))
		assert_string_equal(why_skipped(pin),
				    "only RDMA pins memory so, and there is no RDMA device");
}

/* Both are of later kernels than what the host target can do without them. */
static bool hide_newer_calls(void)
{
	/* PR_THP_DISABLE_EXCEPT_ADVISED, and PAGEMAP_SCAN */
	return refuse_syscall(SYS_prctl, 2, 2, EINVAL) &&
	       refuse_syscall(SYS_ioctl, 1, 0xc0606610, ENOTTY);
}

/* Neither CAP_SYS_PTRACE nor vm.unprivileged_userfaultfd; but the device is ours to open. */
static bool forbid_userfaultfd_call(void)
{
	return refuse_syscall(SYS_userfaultfd, 0, O_CLOEXEC | O_NONBLOCK, EPERM);
}

static const struct {
	const char *body;
	bool (*prepare)(void);
} detours[] = {
	{"{ thp x[2] = {1, 2}; thp(pte) y = 1; }\n"
	 "P0(int *x, int *y) { mmap(x, PROT_READ | PROT_WRITE, MAP_PRIVATE); r0 = *y; }\n"
	 "exists (true)",
	 hide_newer_calls},
	{"{ anon x = 1; }\n"
	 "P0(int *x) { userfaultfd(u, 0); r0 = uffdio_register(u, x, "
	 "UFFDIO_REGISTER_MODE_WP); }\n"
	 "exists (0:r0=0)",
	 forbid_userfaultfd_call},
};

static bool runs_after(bool (*prepare)(void), const char *test)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		const char *reason = prepare() ? why_skipped(test) : "not prepared";

		if (reason)
			fprintf(stderr, "%s\n", reason);
		_exit(reason != NULL);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void there_is_another_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(detours) / sizeof(detours[0]); i++) {
		if (!why_skipped(detours[i].body))
			assert_true(runs_after(detours[i].prepare, detours[i].body));
	}
}

int main(void)
{
	const char *reason = why_skipped(body);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_puts_all_back),
		cmocka_unit_test(ctrl_c_puts_all_back),
		cmocka_unit_test(a_terminated_tool_puts_all_back),
		cmocka_unit_test(a_killed_tool_puts_all_back),
		cmocka_unit_test(a_crash_puts_all_back),
		cmocka_unit_test(two_at_once_do_not_meet),
		cmocka_unit_test(each_kind_of_swap_is_put_back),
		cmocka_unit_test(a_skip_says_what_is_missing),
		cmocka_unit_test(pins_of_rdma_take_a_device),
		cmocka_unit_test(there_is_another_way),
	};

	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return 0;
	}
	return cmocka_run_group_tests_name("test_host_system", tests, NULL, NULL);
}
