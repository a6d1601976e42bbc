/*
 * How often things change, as far as the graph alone tells.
 */
#ifndef PLAN_PRIOR_H
#define PLAN_PRIOR_H

#include <stratapack/churn.h>

/* Fill RATES, one for each of the COUNT causes of GRAPH; CAUSE_OF has each item's. */
void strata_prior_rates(const struct strata_graph *graph, const uint32_t *cause_of,
	struct strata_rate *rates, uint32_t count);

#endif
