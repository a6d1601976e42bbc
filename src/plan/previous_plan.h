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

/* Make PARTITION, which BOUND layers and a strategy gave, the best of three: itself; the previous
 * layers, in their order, with new items where they cost least; and those of the previous layers
 * that can stay as they are, with the rest divided anew. What is best counts a year, and the layers
 * that must be pulled once because they are not those of the previous image. Where nothing changed
 * or went, and little came, it is the second without a look at the others. With KEEP, it is the
 * third. */
int strata_sticky_choose(const struct strata_graph *graph, const struct strata_churn *churn,
	const struct strata_plan *previous_plan, uint32_t bound, bool keep,
	struct strata_partition *partition, struct strata_error *error) STRATA_MUST_CHECK;

#endif
