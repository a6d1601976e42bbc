/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Greedy merging: from every piece alone, always join the two groups for which that costs least.
 */
#ifndef PLAN_CHURN_GREEDY_MERGING_H
#define PLAN_CHURN_GREEDY_MERGING_H

#include "plan/churn/pieces.h"

/* The merges in their order: after M of them, there are count - M groups. */
struct strata_merging {
	uint32_t piece_count;
	uint32_t merge_count;
	struct strata_merge {
		uint32_t into, from; /* groups, called by their first piece */
	} * merges;
	uint64_t *costs; /* [m]: of all groups after m merges */
};

#define STRATA_MERGING_INIT      \
	{                        \
		0, 0, NULL, NULL \
	}
#define strata_automerging STRATA_CLEANUP(strata_merging_release)

/* Merge until LEAST groups are left. */
int strata_merging_run(const struct strata_pieces *pieces, uint32_t least,
	struct strata_merging *merging, struct strata_error *error) STRATA_MUST_CHECK;

/* Fill GROUP_OF, piece -> group, with the state that has COUNT groups, numbered from 0 by their
 * first pieces. */
void strata_merging_groups(
	const struct strata_merging *merging, uint32_t count, uint32_t *group_of);

void strata_merging_release(struct strata_merging *merging);

#endif
