/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nixery's grouping, apart from where popularity comes from.
 */
#ifndef PLAN_STRATEGIES_OTHERS_NIXERY_H
#define PLAN_STRATEGIES_OTHERS_NIXERY_H

#include <stratapack/plan.h>

/* Group GRAPH, whose item I has POPULARITY[I], into at most BOUND layers. */
int strata_nixery_partition(const struct strata_graph *graph, const uint32_t *popularity,
	uint32_t bound, struct strata_partition *partition,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
