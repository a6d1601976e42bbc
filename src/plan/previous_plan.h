/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Yesterday's plan, seen from today's graph.
 */
#ifndef PLAN_PREVIOUS_PLAN_H
#define PLAN_PREVIOUS_PLAN_H

#include <stratapack/plan.h>

#include "util/memory.h"

#define STRATA_NO_LAYER UINT32_MAX

struct strata_previous {
	uint32_t layer_count; /* of the previous plan */
	uint32_t *layer_of;   /* item -> the layer that it, or what it replaces, was in; or none */
	bool *touched;        /* layers that cannot stay as they are: an item changed or went */
};

#define STRATA_PREVIOUS_INIT  \
	{                     \
		0, NULL, NULL \
	}
#define strata_autoprevious STRATA_CLEANUP(strata_previous_release)

/* Find the items of GRAPH in PLAN: by their ids, or where an id went, by the name without hash and
 * version. */
int strata_previous_find(const struct strata_graph *graph, const struct strata_plan *plan,
	struct strata_previous *previous, struct strata_error *error) STRATA_MUST_CHECK;

void strata_previous_release(struct strata_previous *previous);

/* Choose between three plans of at most BOUND layers, and fill PARTITION with the best:
 *
 * - the PARTITION that a strategy made;
 * - the previous layers, in their order, with new items where they cost least;
 * - those previous layers that can stay as they are, and the other items divided anew.
 *
 * The cost of a plan is that of a year, and of pulling once the layers that the previous image does
 * not have. Where no item changed or was removed, and few bytes were added, the second is taken at
 * once. With KEEP, the third is taken. */
int strata_sticky_choose(const struct strata_graph *graph, const struct strata_churn *churn,
	const struct strata_plan *previous_plan, uint32_t bound, bool keep,
	struct strata_partition *partition, struct strata_error *error) STRATA_MUST_CHECK;

#endif
