/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for layers by how items change.
 */
#ifndef PLAN_CHURN_CHURN_H
#define PLAN_CHURN_CHURN_H

#include <stratapack/plan.h>

#include "util/error.h"

/* Divide the items of GRAPH, but for those that SKIP marks (NULL: none), into at most BOUND layers,
 * ordered for clients that reuse a prefix. PARTITION has room for the rest and its number. */
int strata_churn_divide(const struct strata_graph *graph, const struct strata_churn *churn,
	const bool *skip, uint32_t bound, struct strata_partition *partition,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
