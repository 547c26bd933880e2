/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crew.c - one search by several processes */

#include "check/crew.h"
#include "check/work.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * In rounds. A process begins with a copy of the world as it was first, takes one item of the work
 * after another, and searches on from there; which states were seen, all of them know from one
 * table. Who has found enough states, or no more items, writes down what is left to do and ends.
 * What is left by all of them is the next round's work.
 *
 * That makes the same states, moves and outcomes as a single process: each state is expanded by
 * whoever was the first to come there, and what its moves are depends on nothing but the state.
 * Only how often a livelock was met may differ.
 */

struct crew {
	struct search *s;
	struct work work;
	atomic_size_t *next; /* item that nobody has taken; in shared memory */
	pid_t pid;           /* of the process that shares out */
};

/* What a process says at its end, before what is left and what it has gathered. */
struct summary {
	int err;
	bool ended;
	bool bound;
	size_t used; /* of the table, by this process */
	struct fine_stats stats;
};

static int take_items(struct crew *crew)
{
	struct search *s = crew->s;
	int err = 0;

	while (!err && !s->ended && !s->depth && s->stats->explore.states < s->max_states) {
		size_t i = atomic_fetch_add(crew->next, 1);
		const struct work_item *item = &crew->work.items[i];

		if (i >= crew->work.nr_items)
			break;
		err = search_from(s, &(struct search_path){crew->work.moves + item->first, item->nr,
							   item->switches, item->alone});
	}
	return err;
}

/* Ctrl-C waits for the end of what is being written or read: that is soon. */
static void hold_signals(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, before);
}

/* What a new process does. */
static int work(struct crew *crew, uint64_t max_states, FILE *to)
{
	struct search *s = crew->s;
	struct fine_options options = *s->options;
	struct summary summary = {0};
	struct work left = {0};
	size_t used = s->visited.used;

	options.limits.max_states = 0;
	options.limits.progress = NULL;
	s->options = &options;
	s->stats = &summary.stats;
	s->max_states = max_states;
	s->bound = false;
	s->machine->fork(s->machine->context);
	summary.err = take_items(crew);
	hold_signals(NULL);
	if (!summary.err)
		summary.err = work_add_frames(&left, s);
	summary.ended = s->ended;
	summary.bound = s->bound;
	summary.used = s->visited.used - used;
	if (fwrite(&summary, sizeof(summary), 1, to) != 1 || work_send(&left, to) ||
	    s->machine->send(s->machine->context, to) || fflush(to))
		return 1;
	return 0;
}

static void add_stats(struct fine_stats *to, const struct fine_stats *from)
{
	to->explore.states += from->explore.states;
	to->explore.transitions += from->explore.transitions;
	to->explore.final_states += from->explore.final_states;
	if (from->explore.depth > to->explore.depth)
		to->explore.depth = from->explore.depth;
	to->steps += from->steps;
	to->ahead += from->ahead;
}

static int hear(struct crew *crew, struct work *left, FILE *from)
{
	struct search *s = crew->s;
	struct summary summary;
	int err;

	if (fread(&summary, sizeof(summary), 1, from) != 1)
		return -EIO;
	err = work_receive(left, from);
	if (!err)
		err = s->machine->receive(s->machine->context, from);
	s->ended |= summary.ended;
	s->bound |= summary.bound;
	s->visited.used += summary.used;
	add_stats(s->stats, &summary.stats);
	return summary.err ? summary.err : err;
}

struct member {
	pid_t pid;
	FILE *from;
};

/* What a new process is for; it does not come back. */
static _Noreturn void be_member(struct crew *crew, uint64_t max_states, FILE *to)
{
	/* Nobody would hear. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != crew->pid)
		_exit(1);
	_exit(work(crew, max_states, to));
}

/* 0 or an error, and then there is no new process. */
static int begin_member(struct crew *crew, struct member *member, uint64_t max_states)
{
	int pipes[2];
	FILE *to;

	if (pipe(pipes))
		return -errno;
	member->from = fdopen(pipes[0], "r");
	to = fdopen(pipes[1], "w");
	member->pid = member->from && to ? fork() : -1;
	if (!member->pid)
		be_member(crew, max_states, to);
	if (to)
		fclose(to);
	else
		close(pipes[1]);
	if (member->pid > 0)
		return 0;
	if (member->from)
		fclose(member->from);
	else
		close(pipes[0]);
	return -EAGAIN;
}

static int end_member(struct crew *crew, const struct member *member, struct work *left, int err)
{
	int heard = err ? err : hear(crew, left, member->from);
	int status;

	fclose(member->from);
	if (heard)
		kill(member->pid, SIGKILL);
	while (waitpid(member->pid, &status, 0) < 0 && errno == EINTR)
		;
	return heard;
}

/* How many processes, and how many states each of them may find. */
static unsigned share_out(const struct search *s, size_t nr_items, uint64_t *max_states)
{
	const struct fine_options *options = s->options;
	unsigned nr = nr_items < options->jobs ? (unsigned)nr_items : options->jobs;
	uint64_t left = options->limits.max_states - s->stats->explore.states;

	*max_states = options->round ? options->round : CREW_ROUND;
	if (!options->limits.max_states || left >= nr * *max_states)
		return nr;
	*max_states = left / nr;
	if (*max_states)
		return nr;
	*max_states = left;
	return 1;
}

static int do_round(struct crew *crew)
{
	struct search *s = crew->s;
	struct member *members = calloc(s->options->jobs, sizeof(*members));
	struct work left = {0};
	sigset_t before;
	uint64_t max_states;
	unsigned wanted = share_out(s, crew->work.nr_items, &max_states);
	unsigned nr = 0;
	int err =
		members ? visited_reserve(&s->visited, s->visited.used + wanted * (max_states + 1))
			: -ENOMEM;

	atomic_store(crew->next, 0);
	while (!err && nr < wanted) {
		err = begin_member(crew, &members[nr], max_states);
		nr += !err;
	}
	/* One is enough. */
	if (nr)
		err = 0;
	hold_signals(&before);
	for (unsigned i = 0; i < nr; i++)
		err = end_member(crew, &members[i], &left, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!err)
		err = work_add(&left, &crew->work, *crew->next);
	free(members);
	work_free(&crew->work);
	crew->work = left;
	return err;
}

static bool has_room(const struct search *s)
{
	uint64_t max_states = s->options->limits.max_states;

	return !max_states || s->stats->explore.states < max_states;
}

static int do_rounds(struct crew *crew)
{
	struct search *s = crew->s;
	int err = 0;

	while (!err && !s->ended && crew->work.nr_items) {
		if (search_must_stop(s) || !has_room(s))
			s->ended = true;
		else
			err = do_round(crew);
	}
	return err;
}

int crew_search(struct search *s)
{
	struct crew crew = {.s = s, .pid = getpid()};
	int err = work_add_frames(&crew.work, s);

	crew.next = mmap(NULL, sizeof(*crew.next), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crew.next == MAP_FAILED) {
		work_free(&crew.work);
		return -ENOMEM;
	}
	if (!err)
		err = visited_share(&s->visited);
	/* Each process begins in the first state. */
	while (s->depth > 1)
		search_pop(s);
	search_return(s);
	s->depth = 0;
	if (!err)
		err = do_rounds(&crew);
	munmap(crew.next, sizeof(*crew.next));
	work_free(&crew.work);
	return err;
}
