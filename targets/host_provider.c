/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_provider.c - which references and pins user space can take on this kernel, and by what */
#include "targets/host_means.h"

#include <stdio.h>
#include <sys/utsname.h>

bool host_is_since(int major, int minor)
{
	struct utsname name;
	int ours = 0, ours_minor = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &ours, &ours_minor);
	return ours > major || (ours == major && ours_minor >= minor);
}

enum taken {
	TAKES_REFERENCES, /* FOLL_GET */
	TAKES_PINS,       /* FOLL_PIN */
	TAKES_EITHER,     /* as iov_iter_extract_pages() does on this kernel */
};

/*
 * What takes references or pins with exactly these flags. Slow and fast GUP differ in what they
 * lock, and in whether they wait for a userfaultfd's monitor; fast GUP leaves to slow whatever it
 * can't do. So a test may ask for either, unless it has a monitor (waits_otherwise()).
 *
 * What asks for other flags on some kernels is told apart by its probe, since distributions bring
 * changes to older kernels.
 */
struct host_provider {
	enum taken takes;
	unsigned flags;
	const struct host_means *means;
	/* Try it out on a page of our own. False: `reason` says in one line what is missing. */
	bool (*probe)(struct host *host, unsigned char *page, char *reason, size_t size);
	int fast_since[2]; /* the release from which on it is fast GUP, as far as we go back */
};

#define ALWAYS_FAST  \
	{            \
		0, 0 \
	}

static const struct host_provider providers[] = {
	/*
	 * RDMA, ib_umem_get(): by fast GUP for as long as it pins, v5.6. A region without write
	 * access asked for FOLL_WRITE | FOLL_FORCE until v6.2: b40656aa7d55 ("RDMA/umem: remove
	 * FOLL_FORCE usage"), which relies on 84209e87c696 in mm/gup.c.
	 */
	{TAKES_PINS, LITMUS_FOLL_WRITE | LITMUS_FOLL_LONGTERM, &host_rdma_write, host_probe_rdma,
	 ALWAYS_FAST},
	{TAKES_PINS, LITMUS_FOLL_LONGTERM, &host_rdma_read, host_probe_rdma_longterm, ALWAYS_FAST},
	{TAKES_PINS, LITMUS_FOLL_WRITE | LITMUS_FOLL_FORCE | LITMUS_FOLL_LONGTERM, &host_rdma_read,
	 host_probe_rdma_force, ALWAYS_FAST},
	/* io_uring: by fast GUP since v6.10, 1943f96b3816 ("io_uring: unify io_pin_pages()"). */
	{TAKES_PINS,
	 LITMUS_FOLL_WRITE | LITMUS_FOLL_LONGTERM,
	 &host_ring,
	 host_probe_ring,
	 {6, 10}},
	/* Direct I/O, on a file of FUSE (host_dio.c). */
	{TAKES_PINS, LITMUS_FOLL_WRITE, &host_direct_read, host_probe_direct_pin, ALWAYS_FAST},
	{TAKES_PINS, 0, &host_direct_write, host_probe_direct_pin, ALWAYS_FAST},
	{TAKES_REFERENCES, LITMUS_FOLL_WRITE, &host_direct_read, host_probe_direct_get,
	 ALWAYS_FAST},
	{TAKES_REFERENCES, 0, &host_direct_write, host_probe_direct_get, ALWAYS_FAST},
	{TAKES_EITHER, LITMUS_FOLL_WRITE, &host_direct_read, host_probe_direct, ALWAYS_FAST},
	{TAKES_EITHER, 0, &host_direct_write, host_probe_direct, ALWAYS_FAST},
	/* vmsplice(2), iov_iter_get_pages(): references on every kernel so far. */
	{TAKES_REFERENCES, 0, &host_pipe_means, host_probe_pipe, ALWAYS_FAST},
};

#define NR_PROVIDERS ((int)(sizeof(providers) / sizeof(providers[0])))

static bool takes_pages(const struct litmus_op *op)
{
	return litmus_op_info(op->code)->makes_handle;
}

static bool is_fast(const struct host_provider *provider)
{
	return host_is_since(provider->fast_since[0], provider->fast_since[1]);
}

/* Is it this that the operation asks for? */
static bool gives(const struct host_provider *provider, const struct litmus_op *op)
{
	if (provider->flags != op->flags)
		return false;
	switch (op->code) {
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
		return provider->takes == TAKES_REFERENCES;
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
		return provider->takes == TAKES_PINS;
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		return provider->takes == TAKES_EITHER;
	default: /* nothing holds on to pages of another process */
		return false;
	}
}

static void flag_names(unsigned flags, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", flags & LITMUS_FOLL_WRITE ? " | FOLL_WRITE" : "",
		 flags & LITMUS_FOLL_FORCE ? " | FOLL_FORCE" : "",
		 flags & LITMUS_FOLL_LONGTERM ? " | FOLL_LONGTERM" : "");
}

/* Is there a register operation of the test whose pages this operation could come to? */
static bool meets_monitor(const struct litmus_test *test, const struct litmus_op *gup)
{
	int object = test->vars[gup->addr.var].object;

	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			const struct litmus_op *op = &test->tasks[i].ops[j];

			if (op->code != LITMUS_UFFDIO_REGISTER)
				continue;
			if (op->flags == LITMUS_UFFDIO_REGISTER_MODE_WP &&
			    !(gup->flags & LITMUS_FOLL_WRITE))
				continue;
			if (test->vars[op->addr.var].object == object || litmus_moves(test))
				return true;
		}
	}
	return false;
}

/* Slow GUP, which keeps the mmap lock, fails where fast GUP drops it and waits for a monitor. */
static bool waits_otherwise(const struct litmus_test *test, const struct litmus_op *op,
			    const struct host_provider *provider)
{
	bool slow = op->code == LITMUS_GET_USER_PAGES || op->code == LITMUS_PIN_USER_PAGES;

	if (op->code == LITMUS_IOV_ITER_EXTRACT_PAGES || slow != is_fast(provider))
		return false;
	return meets_monitor(test, op);
}

/* Is the handle of this operation dropped right after it? */
static bool is_last_use(const struct litmus_test *test, const struct litmus_task *task, int op)
{
	const struct litmus_op *next = &task->ops[op + 1];

	if (op + 1 == task->nr_ops)
		return test->nr_tasks == 1;
	return next->handle == task->ops[op].handle &&
	       (next->code == LITMUS_PUT_PAGE || next->code == LITMUS_UNPIN_USER_PAGE ||
		next->code == LITMUS_BIO_RELEASE_PAGES);
}

/* Can the device of these means do all that the test asks of it? */
static bool can_dma(const struct litmus_test *test, const struct litmus_task *task,
		    const struct litmus_op *take, const struct host_means *means, char *reason,
		    size_t size)
{
	for (int i = 0; i < task->nr_ops; i++) {
		const struct litmus_op *op = &task->ops[i];

		if (op->handle != take->dest ||
		    (op->code != LITMUS_DMA_READ && op->code != LITMUS_DMA_WRITE))
			continue;
		if (op->code == LITMUS_DMA_READ ? !means->dma_read : !means->dma_write) {
			snprintf(reason, size, "%s", means->no_dma);
			return false;
		}
		if (means->one_shot && !is_last_use(test, task, i)) {
			snprintf(reason, size,
				 "direct I/O lets go of its page when it has moved the data");
			return false;
		}
	}
	return true;
}

/* Does the provider give what this operation asks for, in this test? If not so, says why. */
static bool fits(const struct litmus_test *test, const struct litmus_task *task,
		 const struct litmus_op *op, const struct host_provider *provider, char *reason,
		 size_t size)
{
	if (!gives(provider, op))
		return false;
	if (waits_otherwise(test, op, provider)) {
		snprintf(reason, size,
			 "slow GUP fails where fast GUP waits for a userfaultfd, and user space "
			 "has %s GUP only",
			 is_fast(provider) ? "fast" : "slow");
		return false;
	}
	if (provider->means->one_shot && op->nr_pages > 1) {
		snprintf(reason, size, "direct I/O is held in flight on single pages only");
		return false;
	}
	return can_dma(test, task, op, provider->means, reason, size);
}

static bool can_take(const struct litmus_test *test, const struct litmus_task *task,
		     const struct litmus_op *op, char *reason, size_t size)
{
	char flags[64];

	flag_names(op->flags, flags, sizeof(flags));
	snprintf(reason, size, "nothing in user space holds on to %s(%s)",
		 litmus_op_info(op->code)->name, flags[0] ? flags + 3 : "0");
	for (int i = 0; i < NR_PROVIDERS; i++) {
		if (fits(test, task, op, &providers[i], reason, size))
			return true;
	}
	return false;
}

static bool can_do(const struct litmus_test *test, const struct litmus_task *task,
		   const struct litmus_op *op, char *reason, size_t size)
{
	switch (op->code) {
	case LITMUS_LOCK_PAGE:
	case LITMUS_UNLOCK_PAGE:
		snprintf(reason, size, "user space can't take the page lock");
		return false;
	case LITMUS_END_PAGE_WRITEBACK:
		snprintf(reason, size, "user space can't tell a swap device when to be done");
		return false;
	default:
		return !takes_pages(op) || can_take(test, task, op, reason, size);
	}
}

bool host_can_hold(const struct litmus_test *test, char *reason, size_t size)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		const struct litmus_task *task = &test->tasks[i];

		for (int j = 0; j < task->nr_ops; j++) {
			if (!can_do(test, task, &task->ops[j], reason, size))
				return false;
		}
	}
	reason[0] = '\0';
	return true;
}

static bool works(const struct host *host, int provider)
{
	return host->shared->providers & 1U << provider;
}

/* What is there for this operation? If nothing, why not the last of what could be. */
static bool probe_op(struct host *host, const struct litmus_task *task, const struct litmus_op *op,
		     unsigned char *page, char *reason, size_t size)
{
	bool found = false;

	for (int i = 0; i < NR_PROVIDERS; i++) {
		char unused[256];

		if (!fits(host->test, task, op, &providers[i], unused, sizeof(unused)))
			continue;
		if (!works(host, i) && providers[i].probe(host, page, reason, size))
			host->shared->providers |= 1U << i;
		found |= works(host, i);
	}
	return found;
}

bool host_probe_pins(struct host *host, unsigned char *page, char *reason, size_t size)
{
	const struct litmus_test *test = host->test;

	host->shared->providers = 0;
	for (int i = 0; i < test->nr_tasks; i++) {
		const struct litmus_task *task = &test->tasks[i];

		for (int j = 0; j < task->nr_ops; j++) {
			if (takes_pages(&task->ops[j]) &&
			    !probe_op(host, task, &task->ops[j], page, reason, size))
				return false;
		}
	}
	reason[0] = '\0';
	return true;
}

/* The means for an operation: of those that work, which one's turn it is. */
static const struct host_means *choose(const struct host *host, const struct litmus_task *task,
				       const struct litmus_op *op)
{
	const struct host_means *found[NR_PROVIDERS];
	unsigned nr = 0;

	for (int i = 0; i < NR_PROVIDERS; i++) {
		char unused[256];

		if (works(host, i) &&
		    fits(host->test, task, op, &providers[i], unused, sizeof(unused)))
			found[nr++] = providers[i].means;
	}
	return nr ? found[host->iteration % nr] : NULL;
}

void host_choose_means(struct host *host)
{
	const struct litmus_test *test = host->test;

	for (int i = 0; i < test->nr_tasks; i++) {
		const struct litmus_task *task = &test->tasks[i];

		for (int j = 0; j < task->nr_ops; j++) {
			if (takes_pages(&task->ops[j]))
				host->means[i][j] = choose(host, task, &task->ops[j]);
		}
	}
}

void host_start_means(struct host *host)
{
	const struct litmus_test *test = host->test;

	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			const struct host_means *means = host->means[i][j];

			if (test->tasks[i].process == host->process && means && means->start)
				means->start(host);
		}
	}
}
