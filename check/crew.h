/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crew.h - one search by several processes */
#ifndef CHECK_CREW_H
#define CHECK_CREW_H

#include "check/search.h"

/* States that one process finds before what is left is shared out. */
#define CREW_ROUND 20000

/* Go on with a search that has stopped at its max_states. 0, or an error. */
int crew_search(struct search *s);

#endif
