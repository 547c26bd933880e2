/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_machine.c - one virtual machine: give it tests, hear results, and what to make of its end */
#include "targets/vm_machine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/vm_frame.h"
#include "targets/vm_log.h"
#include "targets/vm_qemu.h"

/*
 * Tests that the guest has been given and not answered: enough that it need not wait for us, and
 * few enough that a serial port's buffers in the guest (64 KiB and more) have room for them.
 */
#define WINDOW 16

/* How long a machine may say nothing while we listen: while it boots, and in a test. */
#define BOOT_SECONDS     180
#define KVM_BOOT_SECONDS 30
#define TEST_SECONDS     90 /* unless the user has said something else */

/* So often a machine may fail before it is given up. */
#define MAX_BOOTS 2 /* without ever coming up */
#define MAX_TRIES 2 /* in one test, killed from outside */

enum job_state {
	JOB_WAITING,
	JOB_SENT,
	JOB_BEGUN,
	JOB_DONE,
	JOB_TAKEN,
};

struct job {
	const struct litmus_test *test;
	unsigned iterations;
	unsigned seconds; /* without a word */
	enum job_state state;
	unsigned tries; /* that somebody else ended */
	struct run_result result;
};

struct bytes {
	char *data;
	size_t size;
	size_t room;
};

struct vm_machine {
	const char *name;
	struct kernel kernel;
	struct vm_qemu qemu;
	bool on;
	bool ready; /* the guest waits for tests */
	bool kvm;
	unsigned boots;   /* that came to nothing, one after the other */
	double silent;    /* seconds in which we listened and heard nothing */
	char broken[256]; /* why it is no use to try again; or "" */
	struct bytes in;
	struct bytes out;
	int nr_jobs;
	struct job *jobs;
	int first_open;  /* all before it are done */
	int first_taken; /* all before it are taken */
};

double vm_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct vm_machine *vm_machine_new(const char *name, struct kernel *kernel)
{
	struct vm_machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		return NULL;
	machine->name = name;
	machine->kernel = *kernel;
	machine->qemu = (struct vm_qemu){.line = -1, .console = -1, .stderr = -1};
	machine->kvm = vm_qemu_has_kvm();
	memset(kernel, 0, sizeof(*kernel));
	return machine;
}

void vm_machine_free(struct vm_machine *machine)
{
	vm_machine_switch_off(machine);
	for (int i = 0; i < machine->nr_jobs; i++)
		run_result_free(&machine->jobs[i].result);
	free(machine->jobs);
	free(machine->in.data);
	free(machine->out.data);
	kernel_free(&machine->kernel);
	free(machine);
}

int vm_machine_queue(struct vm_machine *machine, const struct litmus_test *test,
		     const struct run_options *options)
{
	unsigned seconds = options->vm_seconds ? options->vm_seconds : TEST_SECONDS;
	struct job *jobs = reallocarray(machine->jobs, (size_t)machine->nr_jobs + 1, sizeof(*jobs));

	if (!jobs)
		return -ENOMEM;
	machine->jobs = jobs;
	jobs[machine->nr_jobs++] = (struct job){
		.test = test,
		.iterations = options->host_iterations,
		.seconds = seconds,
	};
	return 0;
}

/* Mostly the first that was not taken: results are asked for in order. */
static struct job *find_job(const struct vm_machine *machine, const struct litmus_test *test)
{
	for (int i = machine->first_taken; i < machine->nr_jobs; i++) {
		struct job *job = &machine->jobs[i];

		if (job->test == test && job->state != JOB_TAKEN)
			return job;
	}
	return NULL;
}

bool vm_machine_knows(const struct vm_machine *machine, const struct litmus_test *test)
{
	return find_job(machine, test) != NULL;
}

bool vm_machine_has_work(const struct vm_machine *machine)
{
	return !machine->broken[0] && machine->first_open < machine->nr_jobs;
}

bool vm_machine_is_on(const struct vm_machine *machine)
{
	return machine->on;
}

int vm_machine_line(const struct vm_machine *machine)
{
	return machine->qemu.line;
}

bool vm_machine_take_result(struct vm_machine *machine, const struct litmus_test *test,
			    struct run_result *result)
{
	struct job *job = find_job(machine, test);

	if (job->state != JOB_DONE) {
		if (machine->broken[0])
			run_result_fail(result, machine->broken);
		return machine->broken[0];
	}
	*result = job->result;
	memset(&job->result, 0, sizeof(job->result));
	job->state = JOB_TAKEN;
	while (machine->first_taken < machine->nr_jobs &&
	       machine->jobs[machine->first_taken].state == JOB_TAKEN)
		machine->first_taken++;
	return true;
}

__attribute__((format(printf, 2, 3))) static void give_up(struct vm_machine *machine,
							  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(machine->broken, sizeof(machine->broken), format, arguments);
	va_end(arguments);
}

void vm_machine_switch_on(struct vm_machine *machine)
{
	char err[200];

	if (vm_qemu_start(&machine->qemu, &machine->kernel, machine->kvm, err, sizeof(err)) < 0) {
		give_up(machine, "%s", err);
		return;
	}
	machine->on = true;
	machine->ready = false;
	machine->silent = 0;
	machine->in.size = machine->out.size = 0;
}

/* What it was given and has not answered is to be given again. */
static void take_back(struct vm_machine *machine)
{
	for (int i = machine->first_open; i < machine->nr_jobs; i++) {
		if (machine->jobs[i].state == JOB_SENT || machine->jobs[i].state == JOB_BEGUN)
			machine->jobs[i].state = JOB_WAITING;
	}
}

void vm_machine_switch_off(struct vm_machine *machine)
{
	vm_qemu_stop(&machine->qemu, false);
	vm_qemu_close(&machine->qemu);
	machine->on = false;
	take_back(machine);
}

static bool make_room(struct bytes *bytes, size_t more)
{
	size_t room = bytes->size + more;
	char *data;

	if (room <= bytes->room)
		return true;
	room += room / 2;
	data = realloc(bytes->data, room);
	if (!data)
		return false;
	bytes->data = data;
	bytes->room = room;
	return true;
}

static bool append(struct bytes *bytes, const void *from, size_t size)
{
	if (!make_room(bytes, size))
		return false;
	memcpy(bytes->data + bytes->size, from, size);
	bytes->size += size;
	return true;
}

static void cut(struct bytes *bytes, size_t size)
{
	bytes->size -= size;
	memmove(bytes->data, bytes->data + size, bytes->size);
}

static int next_to_send(const struct vm_machine *machine)
{
	int last = machine->first_open + WINDOW;

	for (int i = machine->first_open; i < machine->nr_jobs && i < last; i++) {
		if (machine->jobs[i].state == JOB_WAITING)
			return i;
	}
	return -1;
}

bool vm_machine_has_more(const struct vm_machine *machine)
{
	return machine->ready && (machine->out.size > 0 || next_to_send(machine) >= 0);
}

static void finish(struct vm_machine *machine, struct job *job)
{
	run_result_finish(&job->result, job->test);
	job->state = JOB_DONE;
	while (machine->first_open < machine->nr_jobs &&
	       machine->jobs[machine->first_open].state >= JOB_DONE)
		machine->first_open++;
}

static void fail_job(struct vm_machine *machine, struct job *job, const char *reason)
{
	run_result_fail(&job->result, reason);
	finish(machine, job);
}

/* The text of a test as the guest will parse it. False without memory. */
static bool write_job(struct bytes *out, const struct job *job, uint32_t number)
{
	const struct vm_run_head run = {.iterations = job->iterations};
	struct vm_frame head;
	char *body = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&body, &size);
	bool good;

	if (!file)
		return false;
	good = fwrite(&run, sizeof(run), 1, file) == 1 && litmus_print(job->test, file) == 0;
	if (fclose(file) || !good) {
		free(body);
		return false;
	}
	head = vm_frame_head(VM_FRAME_RUN, number, body, size);
	good = append(out, &head, sizeof(head)) && append(out, body, size);
	free(body);
	return good;
}

static void send_more(struct vm_machine *machine)
{
	for (;;) {
		ssize_t sent;
		int next = next_to_send(machine);

		if (machine->out.size == 0 && next >= 0) {
			if (!write_job(&machine->out, &machine->jobs[next], (uint32_t)next)) {
				machine->out.size = 0;
				fail_job(machine, &machine->jobs[next], "out of memory");
				continue;
			}
			machine->jobs[next].state = JOB_SENT;
		}
		if (machine->out.size == 0)
			return;
		sent = send(machine->qemu.line, machine->out.data, machine->out.size, MSG_NOSIGNAL);
		/* A line that is closed is heard of when it is read. */
		if (sent <= 0)
			return;
		cut(&machine->out, (size_t)sent);
	}
}

static bool hear_result(struct vm_machine *machine, struct job *job, const char *body, size_t size)
{
	FILE *from = fmemopen((void *)body, size ? size : 1, "r");
	int error;

	if (!from) {
		fail_job(machine, job, "out of memory");
		return true;
	}
	error = run_result_receive(&job->result, job->test, from);
	fclose(from);
	if (error == -ENOMEM)
		run_result_fail(&job->result, "out of memory");
	finish(machine, job);
	machine->boots = 0;
	return error == 0 || error == -ENOMEM;
}

/* False: it makes no sense. */
static bool hear(struct vm_machine *machine, const struct vm_frame *head, const char *body)
{
	struct job *job;

	if (head->kind == VM_FRAME_READY) {
		machine->ready = true;
		return true;
	}
	if (head->job >= (uint32_t)machine->nr_jobs)
		return false;
	job = &machine->jobs[head->job];
	switch (head->kind) {
	case VM_FRAME_BEGIN:
		if (job->state != JOB_SENT)
			return false;
		job->state = JOB_BEGUN;
		return true;
	case VM_FRAME_RESULT:
		return job->state == JOB_BEGUN && hear_result(machine, job, body, head->size);
	default:
		return false;
	}
}

/* Hear each frame that is there as a whole. False: what came is none. */
static bool hear_all(struct vm_machine *machine)
{
	struct vm_frame head;

	while (machine->in.size >= sizeof(head)) {
		const char *body = machine->in.data + sizeof(head);

		memcpy(&head, machine->in.data, sizeof(head));
		if (!vm_frame_is_head(&head))
			return false;
		if (machine->in.size < sizeof(head) + head.size)
			return true;
		if (!vm_frame_is_whole(&head, body) || !hear(machine, &head, body))
			return false;
		cut(&machine->in, sizeof(head) + head.size);
	}
	return true;
}

enum end {
	END_NONE,
	END_CLOSED,  /* QEMU has ended */
	END_GARBLED, /* what comes makes no sense */
	END_SILENT,
};

static enum end receive(struct vm_machine *machine)
{
	for (;;) {
		ssize_t got;

		if (!make_room(&machine->in, 65536))
			return END_NONE; /* later, perhaps */
		got = recv(machine->qemu.line, machine->in.data + machine->in.size, 65536, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return END_NONE;
		if (got <= 0)
			return END_CLOSED;
		machine->silent = 0;
		machine->in.size += (size_t)got;
		if (!hear_all(machine))
			return END_GARBLED;
	}
}

static struct job *begun_job(const struct vm_machine *machine)
{
	for (int i = machine->first_open; i < machine->nr_jobs; i++) {
		if (machine->jobs[i].state == JOB_BEGUN)
			return &machine->jobs[i];
	}
	return NULL;
}

/* "the kernel crashed: BUG: ... (log: FILE)" as the outcome of the test. */
static void tell_crash(struct vm_machine *machine, struct job *job, const char *what,
		       const char *log)
{
	struct outcome *outcome;
	char path[2400];
	char *detail = NULL;
	bool kept = vm_log_keep(log, machine->name, job->test->name, path, sizeof(path));

	if (asprintf(&detail, "%s (%s%s)", what, kept ? "log: " : "no log: ", path) < 0)
		detail = NULL;
	outcome = detail ? run_result_add(&job->result, job->test, NULL, detail, 1, NULL, 0) : NULL;
	free(detail);
	if (outcome)
		outcome->violations = VIOLATION_CRASH;
	else
		run_result_fail(&job->result, "out of memory");
	finish(machine, job);
}

/* A test had begun, and no result came. */
static void judge_job(struct vm_machine *machine, struct job *job, enum end end, int status,
		      const char *log)
{
	char line[200], what[256];

	run_result_free(&job->result);
	if (vm_log_find_crash(log, line, sizeof(line))) {
		snprintf(what, sizeof(what), "the kernel crashed: %s", line);
		tell_crash(machine, job, what, log);
	} else if (end == END_SILENT) {
		snprintf(what, sizeof(what), "the kernel said nothing for %u s", job->seconds);
		tell_crash(machine, job, what, log);
	} else if (vm_log_find_complaint(log, line, sizeof(line))) {
		snprintf(what, sizeof(what), "in the guest: %s", line);
		fail_job(machine, job, what);
	} else if (end == END_CLOSED && !WIFSIGNALED(status)) {
		tell_crash(machine, job, "the kernel went down without a word", log);
	} else if (++job->tries == MAX_TRIES) {
		snprintf(what, sizeof(what),
			 "the virtual machine was ended %s in this test, %u times",
			 end == END_CLOSED ? "from outside" : "by a broken line", job->tries);
		fail_job(machine, job, what);
	}
}

/* No test had begun: mostly, it never came up. */
static void judge_boot(struct vm_machine *machine, enum end end, const char *log)
{
	char line[160] = "";
	char *said;

	/* There are machines where KVM is there and does not work. */
	if (machine->kvm && !machine->ready) {
		machine->kvm = false;
		return;
	}
	if (++machine->boots < MAX_BOOTS && end != END_SILENT)
		return;
	said = vm_log_read(machine->qemu.stderr);
	if (!vm_log_find_crash(log, line, sizeof(line)) &&
	    !vm_log_find_complaint(log, line, sizeof(line)) && said)
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(said, "\n"), said);
	free(said);
	if (!line[0] && end == END_SILENT)
		snprintf(line, sizeof(line), "nothing was heard of it for %d s", BOOT_SECONDS);
	give_up(machine, "the kernel does not come up%s%s", line[0] ? ": " : "", line);
}

static void end(struct vm_machine *machine, enum end end)
{
	struct job *job = begun_job(machine);
	int status = vm_qemu_stop(&machine->qemu, end == END_CLOSED);
	char *log = vm_log_read(machine->qemu.console);

	if (job)
		judge_job(machine, job, end, status, log ? log : "");
	else
		judge_boot(machine, end, log ? log : "");
	free(log);
	vm_machine_switch_off(machine);
}

/* How long it may say nothing now. */
static double patience(const struct vm_machine *machine)
{
	const struct job *job = begun_job(machine);

	if (machine->ready)
		return job ? job->seconds : TEST_SECONDS;
	return machine->kvm ? KVM_BOOT_SECONDS : BOOT_SECONDS;
}

void vm_machine_attend(struct vm_machine *machine, bool heard, double seconds)
{
	enum end why = END_NONE;

	machine->silent += seconds;
	if (heard)
		why = receive(machine);
	if (why == END_NONE && machine->ready)
		send_more(machine);
	if (why == END_NONE && machine->silent > patience(machine))
		why = END_SILENT;
	if (why != END_NONE)
		end(machine, why);
}
