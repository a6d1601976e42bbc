/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting one order of the pieces into groups, as well as it can be cut.
 */
#ifndef PLAN_CHURN_SEGMENTS_H
#define PLAN_CHURN_SEGMENTS_H

#include "plan/churn/pieces.h"

/* The best cuts of an order into 1, 2, ... groups: dynamic programming over the number of groups,
 * each row by divide and conquer, which is exact where the costs of segments satisfy the quadrangle
 * inequality, and close where they do not. */
struct strata_segments {
	uint32_t piece_count;
	uint32_t most;    /* groups */
	uint64_t *costs;  /* [g - 1]: of the best cut into exactly g groups */
	uint16_t *starts; /* [(g - 1) * (pieces + 1) + end]: where the last group begins */
	const uint32_t *order;
};

#define STRATA_SEGMENTS_INIT           \
	{                              \
		0, 0, NULL, NULL, NULL \
	}
#define strata_autosegments STRATA_CLEANUP(strata_segments_release)

/* Cut ORDER, which must outlive the result, into up to MOST groups, MOST no more than there are
 * pieces. */
int strata_segments_find(const struct strata_pieces *pieces, const uint32_t *order, uint32_t most,
	struct strata_segments *segments, struct strata_error *error) STRATA_MUST_CHECK;

/* Fill GROUP_OF, piece -> group, with the best cut into COUNT groups. */
void strata_segments_groups(
	const struct strata_segments *segments, uint32_t count, uint32_t *group_of);

void strata_segments_release(struct strata_segments *segments);

#endif
