/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers that are there already, in a base image or in a plan below: the rest of the graph is
 * planned above them.
 */
#ifndef PLAN_LAYERS_BELOW_H
#define PLAN_LAYERS_BELOW_H

#include <stratapack/plan.h>

/* The graph of what the layers of BELOW do not hold, for a plan above them: an item refers to what
 * it reached directly or through items of BELOW. Each item of BELOW must be in GRAPH and in one
 * layer only (STRATA_ERROR_INVALID). *REST is the caller's. */
int strata_plan_rest(const struct strata_plan *below, const struct strata_graph *graph,
	struct strata_graph **rest, struct strata_error *error) STRATA_MUST_CHECK;

/* The graph of what is not left to the base image of PLAN, as strata_plan_rest() makes it. *REST is
 * the caller's. */
int strata_plan_rest_above_base(const struct strata_plan *plan, const struct strata_graph *graph,
	struct strata_graph **rest, struct strata_error *error) STRATA_MUST_CHECK;

/* Put copies of the layers of BELOW below those of PLAN. */
int strata_plan_put_below(struct strata_plan *plan, const struct strata_plan *below,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Leave to the base image of PLAN the items that HELD, a plan of what it holds, has. */
int strata_plan_leave_to_base(struct strata_plan *plan, const struct strata_plan *held,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
