/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much components reach.
 */
#ifndef PLAN_STRATEGIES_OTHERS_CLOSURES_H
#define PLAN_STRATEGIES_OTHERS_CLOSURES_H

#include "graph/components.h"

struct strata_closure {
	uint64_t size;       /* bytes of the items that are reached, the own ones included */
	uint32_t components; /* how many components these are */
};

/* Fill CLOSURES with what each of CLASS_COUNT classes of components reaches: component C is of
 * class CLASS_OF[C]. */
int strata_closures_measure(const struct strata_graph *graph,
	const struct strata_components *components, const uint32_t *class_of, uint32_t class_count,
	struct strata_closure *closures, struct strata_error *error) STRATA_MUST_CHECK;

#endif
