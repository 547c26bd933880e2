/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.c - the first process of a virtual machine: run the tests that come over the serial line
 *
 * It is /init of an initramfs that holds nothing else but modules. Process 1 sets the system up,
 * forks the runner and reaps what is left to it; a runner that ends takes the machine with it.
 * What goes wrong is said on the console, which the tool keeps.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "litmus/litmus.h"
#include "targets/guest_system.h"
#include "targets/target.h"
#include "targets/vm_frame.h"

#define LINE "/dev/ttyS1"

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...);

static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("cowherd: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	_exit(1);
}

static void write_all(int line, const void *from, size_t size)
{
	const char *at = from;

	while (size > 0) {
		ssize_t written = write(line, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			die("%s: write: %s", LINE, strerror(errno));
		at += written;
		size -= (size_t)written;
	}
}

static void read_all(int line, void *to, size_t size)
{
	char *at = to;

	while (size > 0) {
		ssize_t got = read(line, at, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			die("%s: read: %s", LINE, got ? strerror(errno) : "end of file");
		at += got;
		size -= (size_t)got;
	}
}

static void send_frame(int line, enum vm_frame_kind kind, uint32_t job, const void *body,
		       size_t size)
{
	struct vm_frame head = vm_frame_head(kind, job, body, size);

	write_all(line, &head, sizeof(head));
	write_all(line, body, size);
}

/* The body of the next frame, with a NUL behind it; to be freed. */
static char *receive_frame(int line, struct vm_frame *head)
{
	char *body;

	read_all(line, head, sizeof(*head));
	if (!vm_frame_is_head(head))
		die("%s: what came is no frame", LINE);
	body = malloc((size_t)head->size + 1);
	if (!body)
		die("out of memory");
	read_all(line, body, head->size);
	body[head->size] = '\0';
	if (!vm_frame_is_whole(head, body))
		die("%s: a frame is broken", LINE);
	return body;
}

static int open_line(void)
{
	int line = open(LINE, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios raw;

	if (line < 0 || tcgetattr(line, &raw))
		die("%s: %s", LINE, strerror(errno));
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	raw.c_cflag |= CLOCAL;
	if (tcsetattr(line, TCSANOW, &raw))
		die("%s: %s", LINE, strerror(errno));
	return line;
}

static void send_result(int line, uint32_t job, const struct litmus_test *test,
			const struct run_result *result)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);
	int error = out ? run_result_send(result, test, out) : -ENOMEM;

	if (out && fclose(out))
		error = -EIO;
	if (error)
		die("a result can't be written down: %s", strerror(-error));
	send_frame(line, VM_FRAME_RESULT, job, bytes, size);
	free(bytes);
}

static void run_job(int line, uint32_t job, const char *body, size_t size)
{
	struct run_result result = {0};
	struct run_options options = {0};
	struct vm_run_head head;
	struct litmus_test *test;
	char error[512];

	if (size < sizeof(head))
		die("a frame is too short for a test");
	memcpy(&head, body, sizeof(head));
	options.host_iterations = head.iterations;
	options.host_slowly = head.slowly;
	test = litmus_parse("test", body + sizeof(head), size - sizeof(head), error, sizeof(error));
	if (!test)
		die("%s", error);
	send_frame(line, VM_FRAME_BEGIN, job, NULL, 0);
	host_run(test, &options, &result);
	send_result(line, job, test, &result);
	run_result_free(&result);
	litmus_free(test);
}

__attribute__((noreturn)) static void run_jobs(void)
{
	int line = open_line();

	send_frame(line, VM_FRAME_READY, 0, NULL, 0);
	for (;;) {
		struct vm_frame head;
		char *body = receive_frame(line, &head);

		if (head.kind != VM_FRAME_RUN)
			die("a frame of kind %u, expected a test", head.kind);
		run_job(line, head.job, body, head.size);
		free(body);
	}
}

int main(void)
{
	char missing[1024] = "";
	pid_t runner, ended;

	if (getpid() != 1) {
		fputs("cowherd-guest: runs as the first process of a virtual machine only\n",
		      stderr);
		return 2;
	}
	guest_set_up(missing, sizeof(missing));
	/* Tests that need it say so, too; on the console it stands in the log of a crash. */
	if (missing[0])
		fprintf(stderr, "guest: %s\n", missing);
	runner = fork();
	if (runner == 0)
		run_jobs();
	do
		ended = wait(NULL);
	while (runner > 0 && ended != runner);
	fputs("cowherd: the guest's runner has ended\n", stderr);
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}
