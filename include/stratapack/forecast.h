/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the model of churn.h says of a plan.
 */
#ifndef STRATAPACK_FORECAST_H
#define STRATAPACK_FORECAST_H

#include "churn.h"
#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	STRATA_WORST_CAUSES = 3,
};

struct strata_layer_forecast {
	uint64_t size;        /* bytes of items */
	uint64_t dirty;       /* expected updates a year, in 1 / STRATA_FIXED_ONE */
	uint32_t cause_count; /* how many causes make it change */
	/* The causes that fire most often, and their shares of all events in thousandths. */
	uint32_t worst[STRATA_WORST_CAUSES], shares[STRATA_WORST_CAUSES];
	unsigned worst_count;
};

struct strata_forecast {
	struct strata_cost cost;
	struct strata_cost_bound bound;       /* of as many layers as the plan has */
	struct strata_layer_forecast *layers; /* those with items, bottom first; owned */
	size_t layer_count;
	uint32_t sources[STRATA_RATE_SOURCES]; /* number of causes by enum strata_rate_source */
};

/* Forecast a year of PLAN, which must be a valid plan of GRAPH. FORECAST is the caller's to
 * release.
 */
STRATA_PUBLIC int strata_plan_forecast(const struct strata_plan *plan,
	const struct strata_graph *graph, const struct strata_churn *churn,
	struct strata_forecast *forecast, struct strata_error *error);
STRATA_PUBLIC void strata_forecast_release(struct strata_forecast *forecast);

#ifdef __cplusplus
}
#endif

#endif
