/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates: which causes fire in which of the revisions after a state.
 *
 *	{"stratapackUpdates": 1, "revisions": 65, "batches": [9, 18],
 *	 "causes": [{"cause": "openssl", "count": 3},
 *	            {"cause": "bash", "count": 1, "batched": true},
 *	            {"cause": "linux", "every": 4},
 *	            {"cause": "tzdata", "at": [3, 7]}]}
 */
#ifndef LAB_UPDATES_H
#define LAB_UPDATES_H

#include "lab/series.h"

struct strata_update_cause {
	const char *name;
	uint32_t count; /* so many times, at random */
	bool batched;   /* ... in batches only */
	uint32_t every; /* so many revisions; 0: no period */
	uint32_t *at;   /* in these revisions */
	uint32_t at_count;
};

struct strata_updates {
	struct strata_arena arena; /* owns everything below */
	uint32_t revisions;
	uint32_t *batches; /* revisions, ascending */
	uint32_t batch_count;
	struct strata_update_cause *causes;
	uint32_t cause_count;
};

#define strata_autoupdates STRATA_CLEANUP(strata_cleanup_updates)
void strata_cleanup_updates(struct strata_updates **updates);

/* Read updates from LENGTH bytes of TEXT, which messages call NAME. *UPDATES is the caller's. */
int strata_updates_parse(const char *name, const char *text, size_t length,
	struct strata_updates **updates, struct strata_error *error) STRATA_MUST_CHECK;

#endif
