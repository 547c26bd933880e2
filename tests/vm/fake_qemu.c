/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_qemu.c - what stands for QEMU and its guest in the tests of the vm target
 *
 * It answers each test with what the ideal machine allows; unless the name of the test is one of
 * those below, which say how it is to go wrong. FAKE_QEMU in the environment makes it fail before
 * that. Each start is a line in the file FAKE_QEMU_STARTS.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "targets/target.h"
#include "targets/vm_frame.h"

/* As targets/vm_qemu.c gives them. */
#define LINE    3
#define CONSOLE 4

static void send_frame(enum vm_frame_kind kind, uint32_t job, const void *body, size_t size)
{
	struct vm_frame head = vm_frame_head(kind, job, body, size);

	if (write(LINE, &head, sizeof(head)) < 0 || write(LINE, body, size) < 0)
		exit(1);
}

static void read_all(void *to, size_t size)
{
	char *at = to;

	while (size > 0) {
		ssize_t got = read(LINE, at, size);

		if (got <= 0)
			exit(0);
		at += got;
		size -= (size_t)got;
	}
}

static void answer(uint32_t job, const struct litmus_test *test)
{
	const struct run_options options = {0};
	struct run_result result = {0};
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);

	spec_run(test, &options, &result);
	if (!out || run_result_send(&result, test, out) || fclose(out))
		exit(1);
	send_frame(VM_FRAME_RESULT, job, bytes, size);
	free(bytes);
	run_result_free(&result);
}

/* How a test goes wrong: by its name. Returns if it does not. */
static void misbehave(const char *name, uint32_t job)
{
	if (strcmp(name, "PANIC") == 0) {
		dprintf(CONSOLE, "[    1.000000] BUG: unable to handle page fault\r\n"
				 "[    1.100000] Kernel panic - not syncing: Fatal exception\r\n");
		exit(0);
	}
	if (strcmp(name, "REBOOT") == 0)
		exit(0);
	if (strcmp(name, "COMPLAINT") == 0) {
		dprintf(CONSOLE, "cowherd: out of memory\r\n");
		exit(0);
	}
	if (strcmp(name, "KILLED") == 0)
		kill(getpid(), SIGKILL);
	if (strcmp(name, "GARBAGE") == 0)
		send_frame((enum vm_frame_kind)99, job, "?", 1);
	if (strcmp(name, "BROKEN") == 0) {
		struct vm_frame head = vm_frame_head(VM_FRAME_RESULT, job, "aaaa", 4);

		if (write(LINE, &head, sizeof(head)) < 0 || write(LINE, "aaab", 4) < 0)
			exit(1);
	}
	if (strcmp(name, "SILENCE") == 0 && system("echo BEGUN >silence"))
		exit(1);
	if (strcmp(name, "SILENCE") == 0 || strcmp(name, "GARBAGE") == 0 ||
	    strcmp(name, "BROKEN") == 0)
		pause();
}

static void run_one(void)
{
	struct vm_frame head;
	struct litmus_test *test;
	char error[512];
	char *body;

	read_all(&head, sizeof(head));
	body = malloc(head.size);
	if (!vm_frame_is_head(&head) || !body)
		exit(1);
	read_all(body, head.size);
	if (!vm_frame_is_whole(&head, body))
		exit(1);
	test = litmus_parse("test", body + sizeof(struct vm_run_head),
			    head.size - sizeof(struct vm_run_head), error, sizeof(error));
	if (!test) {
		dprintf(CONSOLE, "cowherd: %s\r\n", error);
		exit(0);
	}
	send_frame(VM_FRAME_BEGIN, head.job, NULL, 0);
	misbehave(test->name, head.job);
	answer(head.job, test);
	litmus_free(test);
	free(body);
}

static void note_start(void)
{
	const char *path = getenv("FAKE_QEMU_STARTS");
	FILE *starts = path ? fopen(path, "a") : NULL;

	if (starts) {
		fprintf(starts, "%d\n", (int)getpid());
		fclose(starts);
	}
}

int main(int argc, char **argv)
{
	const char *how = getenv("FAKE_QEMU");

	note_start();
	/* As on a machine where there is a /dev/kvm that does not work. */
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "kvm") == 0)
			abort();
	}
	if (how && strcmp(how, "refuse") == 0) {
		fputs("qemu: no such machine\n", stderr);
		return 1;
	}
	if (how && strcmp(how, "panic") == 0) {
		dprintf(CONSOLE, "Kernel panic - not syncing: No working init found.\r\n");
		return 0;
	}
	send_frame(VM_FRAME_READY, 0, "", 0);
	for (;;)
		run_one();
}
