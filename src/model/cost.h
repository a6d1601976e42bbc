/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What layers cost.
 *
 * The planner compares costs in 1/256 of a byte, so that tiny graphs are planned as well as large
 * ones.
 */
#ifndef MODEL_COST_H
#define MODEL_COST_H

#include "model/causes.h"
#include "util/fixed_point.h"

enum {
	STRATA_COST_SHIFT = 8, /* from bytes to costs */
};

/* BYTES times DIRTY, which is in 1 / STRATA_FIXED_ONE, as a cost. */
static inline uint64_t strata_cost_of(uint64_t bytes, uint64_t dirty)
{
	return strata_fixed_multiply(bytes, dirty, 20 - STRATA_COST_SHIFT);
}

/* What one layer costs the planner (struct strata_cost's `planned`): so many bytes, with this
 * HAZARD, of several classes where MIXED is set. */
uint64_t strata_cost_planned(
	const struct strata_churn *churn, uint64_t bytes, struct strata_hazard hazard, bool mixed);

/* The same for a layer that is dirty and pulled so often (strata_churn_dirty(),
 * strata_churn_pulls()). */
static inline uint64_t strata_cost_planned_of(const struct strata_churn *churn, uint64_t bytes,
	uint64_t dirty, uint64_t pulls, bool mixed)
{
	uint64_t cost = strata_saturating_add(strata_cost_of(bytes + STRATA_REQUEST, pulls),
		(uint64_t)STRATA_REQUEST << STRATA_COST_SHIFT);

	if (mixed)
		cost = strata_saturating_add(
			cost, strata_fixed_multiply(strata_cost_of(bytes, dirty + STRATA_FIXED_ONE),
				      churn->storage_share, 20));
	return cost;
}

/* What comes lower in a pile of which only the unbroken prefix is reused: BYTES with a HAZARD, of
 * disjoint causes. Weighted discounted completion time (Rothkopf 1966): least where they lie in
 * ascending order of (exp(hazard) - 1) / bytes. The result is as a comparison for sorting; what has
 * no bytes comes last. */
int strata_cost_compare_prefix(
	uint64_t bytes, uint64_t hazard, uint64_t other_bytes, uint64_t other_hazard);

#endif
