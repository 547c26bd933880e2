/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fiber.c - the checker's port: tasks on stacks of their own, one at a time */
#include "port/check/world.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif

#ifdef ASAN
#include <sanitizer/common_interface_defs.h>
#endif

/*
 * More scheduling points than this in one go: the task retries without end. To copy a huge page of
 * full size takes a million.
 */
#define LIVELOCK_POINTS 4000000

/* The scheduler is not part of the world: it outlives every state. */
static void *scheduler_sp;
static enum check_run result;
static bool in_task;
static unsigned points; /* passed since the task went on */
static struct check_trace *trace;
const char check_everything;
static void (*watch)(void *context);
static void *watch_context;
static bool bug_is_use;
static char bug_text[256];

/* Push what a call must keep, leave the stack pointer in *from, and go on from `to`. */
void fiber_switch(void **from, void *to);
__asm__(".text\n"
	".globl fiber_switch\n"
	".type fiber_switch, @function\n"
	"fiber_switch:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size fiber_switch, . - fiber_switch\n");

static struct fiber *current_fiber(void)
{
	return &world->fibers[world->current];
}

static unsigned char *stack_bottom(unsigned task)
{
	return world_stacks + task * (size_t)WORLD_STACK_SIZE;
}

#ifdef ASAN
static const void *scheduler_bottom;
static size_t scheduler_size;

static void before_fiber(void **fake)
{
	__sanitizer_start_switch_fiber(fake, stack_bottom(world->current), WORLD_STACK_SIZE);
}

static void before_scheduler(void **fake)
{
	__sanitizer_start_switch_fiber(fake, scheduler_bottom, scheduler_size);
}

static void in_scheduler(void *fake)
{
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
}

static void in_fiber(void)
{
	__sanitizer_finish_switch_fiber(NULL, &scheduler_bottom, &scheduler_size);
}
#else
static void before_fiber(void **fake)
{
	(void)fake;
}

static void before_scheduler(void **fake)
{
	(void)fake;
}

static void in_scheduler(void *fake)
{
	(void)fake;
}

static void in_fiber(void)
{
}
#endif

/* Back to the scheduler; what the fiber saves of itself goes to *sp. */
static void leave_fiber(void **sp)
{
	void *fake = NULL;

	before_scheduler(&fake);
	fiber_switch(sp, scheduler_sp);
	in_fiber();
}

_Noreturn void fiber_die(enum check_run run)
{
	void *nowhere;

	result = run;
	*current_fiber() = (struct fiber){0};
	leave_fiber(&nowhere);
	__builtin_unreachable();
}

bool fiber_runs(void)
{
	return in_task;
}

/* Leave the task until the scheduler resumes it, which it does when it need not wait any more. */
static void leave_until(enum wait_kind wait, const void *object, enum check_kind kind)
{
	struct fiber *fiber = current_fiber();

	fiber->wait = wait;
	fiber->object = object;
	/* What is silent now need not be so by then. */
	fiber->write = kind != CHECK_READ;
	result = CHECK_BLOCKED;
	leave_fiber(&fiber->sp);
}

static bool can_have(enum wait_kind wait, const void *object)
{
	switch (wait) {
	case WAIT_NOTHING:
	case WAIT_WOKEN:
		break;
	case WAIT_WAKE:
		return false;
	case WAIT_SPIN:
		return !((const struct port_spinlock *)object)->held;
	case WAIT_READ:
		return ((const struct port_rwsem *)object)->count >= 0;
	case WAIT_WRITE:
		return ((const struct port_rwsem *)object)->count == 0;
	case WAIT_LOCK:
		return !((const struct port_lock *)object)->held;
	case WAIT_IRQ:
		return !((const struct port_cpu *)object)->irqs_off;
	}
	return true;
}

/*
 * What decides on accesses is not the task's: whether it has been interrupted before, or what else
 * was recorded, must leave no trace on its stack, or the same state would look like several. So it
 * runs on a stack of its own, and clears what lies below the task's stack pointer.
 */

/* One access. */
struct access {
	enum wait_kind wait;
	const void *object;
	enum check_kind kind;
	bool resumed; /* the task has left, and come back */
};

enum decision {
	GO_ON,
	LEAVE, /* and ask again */
	USES_FREE_MEMORY,
	NEVER_ENDS,
};

#define DECIDER_STACK_SIZE (64 << 10)

static unsigned char decider_stack[DECIDER_STACK_SIZE] __attribute__((aligned(64)));

/* Call fn(argument, the caller's stack pointer) on the stack that ends at `top`. */
int fiber_call(int (*fn)(const struct access *argument, unsigned char *sp),
	       const struct access *argument, void *top);
__asm__(".text\n"
	".globl fiber_call\n"
	".type fiber_call, @function\n"
	"fiber_call:\n"
	"	push %rbp\n"
	"	mov %rsp, %rbp\n"
	"	mov %rdx, %rsp\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rbp, %rsi\n"
	"	call *%rax\n"
	"	mov %rbp, %rsp\n"
	"	pop %rbp\n"
	"	ret\n"
	".size fiber_call, . - fiber_call\n");

/* With whole operations as steps: a task goes on until it has to wait. */
static enum decision decide_coarse(const struct access *access)
{
	if (!access->resumed && ++points > LIVELOCK_POINTS)
		return NEVER_ENDS;
	/*
	 * Who sleeps is woken once, and who lets others run need not wait; locks may have been
	 * taken by somebody else.
	 */
	if (access->wait == WAIT_WAKE || access->wait == WAIT_WOKEN)
		return access->resumed ? GO_ON : LEAVE;
	return can_have(access->wait, access->object) ? GO_ON : LEAVE;
}

static enum decision decide_fine(const struct access *access, const void *guard)
{
	struct check_access *record = &trace->accesses[trace->nr];
	bool stays = trace->nr < trace->max && can_have(access->wait, access->object);

	if (access->resumed)
		return GO_ON;
	*record = (struct check_access){
		.object = access->object,
		.guard = guard,
		/* Once it is resumed, what is silent now need not be so. */
		.write = stays ? access->kind == CHECK_WRITE : access->kind != CHECK_READ,
	};
	if (!stays)
		return LEAVE;
	trace->nr++;
	return GO_ON;
}

static int decide(const struct access *access, unsigned char *sp)
{
	const void *guard = world_guard(access->object);
	enum decision decision;

	world_clean_below(world->current, sp);
	decision = trace ? decide_fine(access, guard) : decide_coarse(access);
	/* Who leaves is asked again. */
	if (decision == GO_ON && guard && world_is_poisoned(guard))
		return USES_FREE_MEMORY;
	return (int)decision;
}

static int clean(const struct access *access, unsigned char *sp)
{
	(void)access;
	world_clean_below(world->current, sp);
	return 0;
}

void fiber_wait(enum wait_kind wait, const void *object, enum check_kind kind)
{
	struct access access = {wait, object, kind, false};
	void *top = decider_stack + DECIDER_STACK_SIZE;

	/* The scheduler may look at the world, too. */
	if (!in_task)
		return;
	for (;;) {
		switch (fiber_call(decide, &access, top)) {
		case GO_ON:
			if (watch)
				watch(watch_context);
			return;
		case LEAVE:
			leave_until(wait, object, kind);
			access.resumed = true;
			break;
		case USES_FREE_MEMORY:
			bug_is_use = true;
			snprintf(bug_text, sizeof(bug_text), "memory is used that is free");
			fiber_die(CHECK_BUG);
		default:
			fiber_die(CHECK_LIVELOCK);
		}
	}
}

void check_access(const void *object, enum check_kind kind)
{
	fiber_wait(WAIT_NOTHING, object, kind);
}

void check_watch_accesses(void (*fn)(void *context), void *context)
{
	watch = fn;
	watch_context = context;
}

bool check_bug_is_use(void)
{
	return bug_is_use;
}

void check_record(struct check_trace *to)
{
	trace = to;
}

struct check_access check_next_access(unsigned task)
{
	const struct fiber *fiber = &world->fibers[task];

	return (struct check_access){fiber->object, world_guard(fiber->object), fiber->write};
}

static void fiber_main(void)
{
	void (*fn)(void *) = current_fiber()->fn;
	void *argument = current_fiber()->argument;

	in_fiber();
	fiber_call(clean, NULL, decider_stack + DECIDER_STACK_SIZE);
	/* Of the scheduler's: a task in the midst of something does not depend on them. */
	current_fiber()->fn = NULL;
	current_fiber()->argument = NULL;
	fn(argument);
	fiber_die(CHECK_DONE);
}

/* Let the current task run until it comes back. */
static enum check_run enter_fiber(void)
{
	struct fiber *fiber = current_fiber();
	void *fake = NULL;

	points = 0;
	in_task = true;
	fiber->wait = WAIT_NOTHING;
	fiber->object = NULL;
	fiber->write = false;
	before_fiber(&fake);
	fiber_switch(&scheduler_sp, fiber->sp);
	in_scheduler(fake);
	in_task = false;
	world_clean_stack(world->current);
	world->current = 0;
	return result;
}

/* What fiber_switch() pops before it returns. */
#define SAVED_REGISTERS 6

enum check_run check_start(unsigned task, void (*fn)(void *argument), void *argument)
{
	struct fiber *fiber = &world->fibers[task];
	void **sp = (void **)(stack_bottom(task) + WORLD_STACK_SIZE);

	world->current = task;
	if (trace)
		trace->nr++;
	fiber->fn = fn;
	fiber->argument = argument;
	/* At its entry a function finds a return address, and above it the stack is aligned. */
	*--sp = NULL;
	*--sp = (void *)fiber_main;
	for (int i = 0; i < SAVED_REGISTERS; i++)
		*--sp = NULL;
	fiber->sp = sp;
	return enter_fiber();
}

bool check_is_blocked(unsigned task)
{
	return world->fibers[task].sp;
}

bool check_can_resume(unsigned task)
{
	const struct fiber *fiber = &world->fibers[task];

	return fiber->sp && can_have(fiber->wait, fiber->object);
}

bool check_sleeps(unsigned task)
{
	const struct fiber *fiber = &world->fibers[task];

	return fiber->sp && (fiber->wait == WAIT_WAKE || fiber->wait == WAIT_WOKEN);
}

enum check_run check_resume(unsigned task)
{
	world->current = task;
	if (trace) {
		trace->accesses[trace->nr++] = check_next_access(task);
	}
	return enter_fiber();
}

const char *check_bug_text(void)
{
	return bug_text;
}

_Noreturn void port_bug(const char *file, int line, const char *what)
{
	bug_is_use = false;
	snprintf(bug_text, sizeof(bug_text), "%s:%d: %s", file, line, what);
	if (in_task)
		fiber_die(CHECK_BUG);
	/* The scheduler only looks; nothing it calls may find a bug that no task has made. */
	fprintf(stderr, "cowherd: %s\n", bug_text);
	abort();
}

unsigned port_cpu_id(void)
{
	return world->current;
}
