/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm_frame.h - what goes over the line between the tool and the guest
 *
 * The line is a serial port of a virtual machine, whose two ends are built from the same sources,
 * so a frame is a head and bytes as they are in memory. Whatever is not as its head says ends the
 * conversation: nobody tries to find the next head.
 */
#ifndef TARGETS_VM_FRAME_H
#define TARGETS_VM_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vm_frame_kind {
	VM_FRAME_READY = 1, /* from the guest: it waits for tests */
	VM_FRAME_RUN,       /* to the guest: struct vm_run_head and the text of a test */
	VM_FRAME_BEGIN,     /* from the guest: it begins with that test */
	VM_FRAME_RESULT,    /* from the guest: as run_result_send() writes it */
};

struct vm_frame {
	uint32_t magic;
	uint32_t kind;
	uint32_t job;  /* the number of the test: chosen by the tool */
	uint32_t size; /* of what follows the head */
	uint64_t hash; /* of what follows, and of the fields before this one */
};

/* A test with all that it says is far smaller. */
#define VM_FRAME_LIMIT (1u << 22)

/* What the guest is told beside the text of a test. */
struct vm_run_head {
	uint32_t iterations; /* 0: as many as the test needs */
	uint32_t slowly;     /* the CPU is emulated */
};

/* A head for `size` bytes at `body`. */
struct vm_frame vm_frame_head(enum vm_frame_kind kind, uint32_t job, const void *body, size_t size);

/* Can this be a head? `size` may then be trusted, and the rest once the body is there. */
bool vm_frame_is_head(const struct vm_frame *frame);

/* Is this the body that was sent? */
bool vm_frame_is_whole(const struct vm_frame *frame, const void *body);

#endif
