/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_pages.c - where a test's objects are, and how large their pages */
#include "targets/host_pages.h"

bool host_is_hugetlb(const struct litmus_object *object)
{
	return object->kind.backing == LITMUS_HUGETLB ||
	       object->kind.backing == LITMUS_SHARED_HUGETLB;
}

bool host_has_hugetlb(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_objects; i++) {
		if (host_is_hugetlb(&test->objects[i]))
			return true;
	}
	return false;
}

/* The object that says how large pages are here: addresses alone follow another one. */
static const struct litmus_object *shape_of(const struct litmus_test *test, int object)
{
	const struct litmus_object *found = &test->objects[object];

	return found->kind.backing == LITMUS_UNMAPPED && found->like >= 0
		       ? &test->objects[found->like]
		       : found;
}

uint64_t host_unit(const struct host *host, int object)
{
	const struct litmus_object *shape = shape_of(host->test, object);

	if (host_is_hugetlb(shape))
		return host->huge_size;
	if (shape->kind.backing == LITMUS_THP &&
	    !(shape->kind.states & (LITMUS_PTE_MAPPED | LITMUS_PARTIAL)))
		return host->huge_size / (uint64_t)shape->nr_pages;
	return (uint64_t)host->page_size;
}

uint64_t host_object_address(const struct host *host, int object)
{
	return HOST_BASE + (uint64_t)object * 2 * LITMUS_MAX_PAGES * host->huge_size;
}

uint64_t host_page_address(const struct host *host, struct litmus_addr addr)
{
	int object = host->test->vars[addr.var].object;

	return host_object_address(host, object) + (uint64_t)addr.page * host_unit(host, object);
}

uint64_t host_address(const struct host *host, struct litmus_addr addr)
{
	return host_page_address(host, addr) +
	       (uint64_t)host->test->vars[addr.var].word * sizeof(int);
}

uint64_t host_length(const struct host *host, const struct litmus_op *op)
{
	return (uint64_t)op->nr_pages * host_unit(host, host->test->vars[op->addr.var].object);
}
