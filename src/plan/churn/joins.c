/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins: two groups that cost less as one.
 */
#include "plan/churn/grouping.h"

/* Whether groups A and B, which have no class in common, cost less as one. */
static bool gains(const struct strata_grouping *grouping, uint32_t a, uint32_t b)
{
	const struct strata_pieces *pieces = grouping->pieces;
	const struct strata_group *x = &grouping->groups[a], *y = &grouping->groups[b];
	uint64_t apart = strata_saturating_add(x->cost, y->cost);
	uint64_t size = strata_saturating_add(x->size, y->size);
	struct strata_hazard more = y->hazard;

	/* The joined group is pulled at least as often as each of both: nearly all pairs fail. */
	if (strata_cost_of(size, x->pulls > y->pulls ? x->pulls : y->pulls) >= apart)
		return false;
	if (pieces->words > 0)
		more = strata_churn_extra_hazard(pieces->churn, grouping->sets + b * pieces->words,
			grouping->sets + a * pieces->words);
	return strata_cost_planned(pieces->churn, size, strata_hazard_add(x->hazard, more), true) <
	       apart;
}

/* Let GROUP take in all others that cost more apart. Returns whether there were any. */
static bool take_in(struct strata_grouping *grouping, uint32_t group)
{
	bool any = false;

	for (uint32_t other = group + 1; other < grouping->count; other++) {
		if (grouping->groups[other].piece_count == 0 || !gains(grouping, group, other))
			continue;
		for (uint32_t p = 0; p < grouping->pieces->count; p++) {
			if (grouping->group_of[p] == other)
				strata_grouping_move(grouping, p, group);
		}
		any = true;
	}
	return any;
}

void strata_grouping_join(struct strata_grouping *grouping)
{
	bool any;

	do {
		any = false;
		for (uint32_t group = 0; group < grouping->count; group++) {
			if (grouping->groups[group].piece_count > 0)
				any |= take_in(grouping, group);
		}
	} while (any);
}
