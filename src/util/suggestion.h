/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the names that there are somebody meant who wrote one that is not there.
 */
#ifndef UTIL_SUGGESTION_H
#define UTIL_SUGGESTION_H

#include <stddef.h>

/* The best so far; start with STRATA_SUGGESTION_INIT. */
struct strata_suggestion {
	const char *name; /* borrowed; NULL: no name is near */
	size_t distance;
};
#define STRATA_SUGGESTION_INIT \
	{                      \
		NULL, 0        \
	}

/* Take NAME where it is nearer to WRITTEN than what was offered before: the earlier of two that
 * are as near stays. A name is near where at most a third of the letters of WRITTEN, and three of
 * them, were mistyped. */
void strata_suggestion_offer(
	struct strata_suggestion *suggestion, const char *written, const char *name);

#endif
