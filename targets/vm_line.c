/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_line.c - what goes over the line to a machine, and what comes */
#include "targets/vm_machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "targets/clock.h"
#include "targets/vm_frame.h"

static bool make_room(struct vm_bytes *bytes, size_t more)
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

static bool append(struct vm_bytes *bytes, const void *from, size_t size)
{
	if (!make_room(bytes, size))
		return false;
	memcpy(bytes->data + bytes->size, from, size);
	bytes->size += size;
	return true;
}

static void cut(struct vm_bytes *bytes, size_t size)
{
	bytes->size -= size;
	memmove(bytes->data, bytes->data + size, bytes->size);
}

bool vm_line_has_more(const struct vm_machine *machine)
{
	return machine->ready && (machine->out.size > 0 || vm_jobs_next(machine) >= 0);
}

/* The text of a test as the guest will parse it. False without memory. */
static bool write_job(struct vm_machine *machine, const struct vm_job *job, uint32_t number)
{
	const struct vm_run_head run = {.iterations = job->iterations, .slowly = !machine->kvm};
	struct vm_bytes *out = &machine->out;
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

void vm_line_send(struct vm_machine *machine)
{
	for (;;) {
		ssize_t sent;
		int next = vm_jobs_next(machine);

		if (machine->out.size == 0 && next >= 0) {
			if (!write_job(machine, &machine->jobs[next], (uint32_t)next)) {
				machine->out.size = 0;
				vm_job_fail(machine, &machine->jobs[next], "out of memory");
				continue;
			}
			machine->jobs[next].state = VM_JOB_SENT;
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

static bool hear_result(struct vm_machine *machine, struct vm_job *job, const char *body,
			size_t size)
{
	FILE *from = fmemopen((void *)body, size ? size : 1, "r");
	int error;

	if (!from) {
		vm_job_fail(machine, job, "out of memory");
		return true;
	}
	error = run_result_receive(&job->result, job->test, from);
	fclose(from);
	if (error == -ENOMEM)
		run_result_fail(&job->result, "out of memory");
	vm_job_finish(machine, job);
	machine->failures = 0;
	return error == 0 || error == -ENOMEM;
}

/* False: it makes no sense. */
static bool hear(struct vm_machine *machine, const struct vm_frame *head, const char *body)
{
	struct vm_job *job;

	if (head->kind == VM_FRAME_READY) {
		machine->ready = true;
		machine->boot = clock_seconds() - machine->started;
		return true;
	}
	if (head->job >= (uint32_t)machine->nr_jobs)
		return false;
	job = &machine->jobs[head->job];
	switch (head->kind) {
	case VM_FRAME_BEGIN:
		if (job->state != VM_JOB_SENT)
			return false;
		job->state = VM_JOB_BEGUN;
		return true;
	case VM_FRAME_RESULT:
		return job->state == VM_JOB_BEGUN && hear_result(machine, job, body, head->size);
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

enum vm_end vm_line_hear(struct vm_machine *machine)
{
	for (;;) {
		ssize_t got;

		if (!make_room(&machine->in, 65536))
			return VM_END_NONE; /* later, perhaps */
		got = recv(machine->qemu.line, machine->in.data + machine->in.size, 65536, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return VM_END_NONE;
		if (got <= 0)
			return VM_END_CLOSED;
		machine->silent = 0;
		machine->in.size += (size_t)got;
		if (!hear_all(machine))
			return VM_END_GARBLED;
	}
}
