/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_frame.c - heads of frames, and whether what came is what was sent */

#include "targets/vm_frame.h"

/* The guest is linked statically, and this is all that it needs of the library. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC 0x64726863 /* "chrd" */

static uint64_t hash_of(const struct vm_frame *frame, const void *body)
{
	uint64_t seed = XXH3_64bits(frame, offsetof(struct vm_frame, hash));

	return XXH3_64bits_withSeed(body, frame->size, seed);
}

struct vm_frame vm_frame_head(enum vm_frame_kind kind, uint32_t job, const void *body, size_t size)
{
	struct vm_frame frame = {
		.magic = MAGIC,
		.kind = kind,
		.job = job,
		.size = (uint32_t)size,
	};

	frame.hash = hash_of(&frame, body);
	return frame;
}

bool vm_frame_is_head(const struct vm_frame *frame)
{
	return frame->magic == MAGIC && frame->kind >= VM_FRAME_READY &&
	       frame->kind <= VM_FRAME_RESULT && frame->size <= VM_FRAME_LIMIT;
}

bool vm_frame_is_whole(const struct vm_frame *frame, const void *body)
{
	return frame->hash == hash_of(frame, body);
}
