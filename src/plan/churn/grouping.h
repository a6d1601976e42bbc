/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A division of pieces into groups, each of which will be a layer, with its cost.
 */
#ifndef PLAN_CHURN_GROUPING_H
#define PLAN_CHURN_GROUPING_H

#include "plan/churn/pieces.h"

struct strata_group {
	uint64_t size;
	struct strata_hazard hazard;
	uint64_t pulls; /* strata_churn_pulls() */
	uint64_t cost;
	uint32_t piece_count; /* 0: an empty group costs nothing */
	uint32_t class_count; /* at most: several of a piece count as two */
};

struct strata_grouping {
	const struct strata_pieces *pieces;
	uint32_t *group_of; /* piece -> group */
	struct strata_group *groups;
	uint32_t count; /* groups, empty ones included */
	uint32_t capacity;
	/* Of each group, how many of its pieces have each cause, and the causes that any has; not
	 * where hazards add up. */
	uint32_t *counts;
	uint64_t *sets;
};

#define STRATA_GROUPING_INIT                       \
	{                                          \
		NULL, NULL, NULL, 0, 0, NULL, NULL \
	}
#define strata_autogrouping STRATA_CLEANUP(strata_grouping_release)

/* Room for CAPACITY groups of PIECES; no piece is in any yet. */
int strata_grouping_new(const struct strata_pieces *pieces, uint32_t capacity,
	struct strata_grouping *grouping, struct strata_error *error) STRATA_MUST_CHECK;
void strata_grouping_release(struct strata_grouping *grouping);

/* Put every piece into the group that GROUP_OF says, of COUNT groups. */
void strata_grouping_set(
	struct strata_grouping *grouping, const uint32_t *group_of, uint32_t count);

/* Put PIECE, which is in no group, into GROUP. */
void strata_grouping_add(struct strata_grouping *grouping, uint32_t piece, uint32_t group);

/* The cost of all groups. */
uint64_t strata_grouping_cost(const struct strata_grouping *grouping);

/* The hazard that GROUP would have with PIECE, which is in another, and that the group of PIECE
 * would have without it. */
struct strata_hazard strata_grouping_hazard_with(
	const struct strata_grouping *grouping, uint32_t piece, uint32_t group);
struct strata_hazard strata_grouping_hazard_without(
	const struct strata_grouping *grouping, uint32_t piece);

/* The classes that GROUP gains with PIECE, which is in another, or loses without it, which is in
 * it. */
uint32_t strata_grouping_classes(
	const struct strata_grouping *grouping, uint32_t piece, uint32_t group);

/* Move PIECE to group TO. */
void strata_grouping_move(struct strata_grouping *grouping, uint32_t piece, uint32_t to);

/* Exchange the pieces A and B, which are in different groups, where that costs less. Returns
 * whether they were exchanged. */
bool strata_grouping_exchange(struct strata_grouping *grouping, uint32_t a, uint32_t b);

/* Move pieces between the groups, one by one or two for each other, while that lowers the cost.
 * ORDER has all pieces, as below. */
void strata_grouping_improve(struct strata_grouping *grouping, const uint32_t *order);

/* Join groups while that lowers the cost. No class may be in two groups. A group that was joined to
 * another stays as an empty one. */
void strata_grouping_join(struct strata_grouping *grouping);

/* Split groups along ORDER (strata_pieces_order) where that lowers the cost most, until there are
 * COUNT of them or nothing is gained. COUNT is within the capacity. */
int strata_grouping_split(struct strata_grouping *grouping, const uint32_t *order, uint32_t count,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
