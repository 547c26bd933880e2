/* SPDX-License-Identifier: GPL-2.0-or-later */
/* promise.c - the table of promises */

#include "spec/promise.h"

#include <stddef.h>

enum answer { NO, YES, ANY };

/* The first row that fits counts. */
static const struct {
	enum answer pin, write, longterm, hole, shared, writable;
	enum promise promise;
} promises[] = {
	/*
	 * Shared memory is not copied on write, so nothing can come between the holder and the
	 * page.
	 */
	{ANY, ANY, ANY, ANY, YES, ANY, PROMISE_ALIAS},
	/*
	 * pin_user_pages() is for those who access the data; Documentation/core-api/
	 * pin_user_pages.rst. Direct I/O that reads from the file is held to this too, although
	 * open(2) has long warned of O_DIRECT together with fork(): those who call read(2) rely on
	 * it, and the kernel gives it since v6.5.
	 */
	{YES, YES, ANY, ANY, ANY, ANY, PROMISE_ALIAS},
	/*
	 * A short-term pin for reading of a page that was never written to may be one of the zero
	 * page. gup_must_unshare() leaves those alone on purpose: whoever wants to see what is
	 * written later takes a FOLL_LONGTERM pin.
	 */
	{YES, NO, NO, YES, ANY, ANY, PROMISE_LAG},
	{YES, NO, ANY, ANY, ANY, ANY, PROMISE_ALIAS},
	/*
	 * A reference doesn't keep fork() from sharing the page, and who writes first gets the
	 * copy. Where the mapping is not writable (FOLL_FORCE), the page is protected from the
	 * start.
	 */
	{NO, YES, ANY, ANY, ANY, YES, PROMISE_ALIAS_UNTIL_SHARED},
	{NO, ANY, ANY, ANY, ANY, ANY, PROMISE_LAG},
};

static bool fits(enum answer answer, bool value)
{
	return answer == ANY || (answer == YES) == value;
}

enum promise promise_of(struct taking t, bool strict)
{
	for (size_t i = 0; !strict && i < sizeof(promises) / sizeof(promises[0]); i++) {
		if (fits(promises[i].pin, t.pin) && fits(promises[i].write, t.write) &&
		    fits(promises[i].longterm, t.longterm) && fits(promises[i].hole, t.hole) &&
		    fits(promises[i].shared, t.shared) && fits(promises[i].writable, t.writable))
			return promises[i].promise;
	}
	return PROMISE_ALIAS;
}
