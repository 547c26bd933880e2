/* SPDX-License-Identifier: GPL-2.0-or-later */
/* promise.h - what each way of holding a page promises to the device and to the owner */
#ifndef SPEC_PROMISE_H
#define SPEC_PROMISE_H

#include <stdbool.h>

/*
 * Every promise ends when the owner unmaps, discards or replaces the page: the holder then keeps
 * what it has, and the address names something else.
 */
enum promise {
	/* The holder and the owner see one page, whatever anybody does. */
	PROMISE_ALIAS,
	/* The same, until somebody shares the page (fork) or write-protects it; then PROMISE_LAG.
	 */
	PROMISE_ALIAS_UNTIL_SHARED,
	/*
	 * At any time the holder may be left behind with the page as it then is, while the owner
	 * goes on with another one. It never sees what another mm wrote after the fork.
	 */
	PROMISE_LAG,
};

/* How a page was taken. */
struct taking {
	bool pin;      /* FOLL_PIN; else FOLL_GET */
	bool write;    /* FOLL_WRITE */
	bool longterm; /* FOLL_LONGTERM */
	bool hole;     /* private, and nothing has ever been written to the page */
	bool shared;   /* MAP_SHARED */
	bool writable; /* the mapping has PROT_WRITE */
};

/* What is promised; `strict`: hold everything to the promise of a pin. */
enum promise promise_of(struct taking taking, bool strict);

#endif
