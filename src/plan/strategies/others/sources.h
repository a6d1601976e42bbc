/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items by their source: what is built from one source package changes together.
 */
#ifndef PLAN_STRATEGIES_OTHERS_SOURCES_H
#define PLAN_STRATEGIES_OTHERS_SOURCES_H

#include <stratapack/plan.h>

#include "util/memory.h"

struct strata_source_group {
	const char *name; /* borrowed from the graph */
	uint64_t size;
	/* How often the item changes that changes most often: the exponent of the probability to
	 * stay the same for a week, in 2^-32. 0 where nobody asked. */
	uint64_t hazard;
	uint32_t largest; /* the item with most bytes, the first one of several */
};

/* Sorted by name, bytewise. */
struct strata_source_groups {
	uint32_t count;
	struct strata_source_group *groups;
	uint32_t *of_item;
};

#define STRATA_SOURCE_GROUPS_INIT \
	{                         \
		0, NULL, NULL     \
	}
#define strata_autosourcegroups STRATA_CLEANUP(strata_source_groups_release)

/* Group the items of GRAPH. CHURN may be NULL. */
int strata_source_groups_find(const struct strata_graph *graph, const struct strata_churn *churn,
	struct strata_source_groups *sources, struct strata_error *error) STRATA_MUST_CHECK;

/* The hazard of a week of an item. */
uint64_t strata_weekly_hazard(const struct strata_churn *churn, uint32_t item);

void strata_source_groups_release(struct strata_source_groups *sources);

/* The middle of COUNT numbers (of an even count, the mean of the two), which become sorted. */
uint64_t strata_median(uint64_t *numbers, uint32_t count);

/* The median of their distances from MIDDLE; SCRATCH has room for COUNT numbers. */
uint64_t strata_median_deviation(
	const uint64_t *numbers, uint32_t count, uint64_t middle, uint64_t *scratch);

/* The mean of COUNT numbers below 2^53 in sum, and their standard deviation. */
void strata_mean_deviation(
	const uint64_t *numbers, uint32_t count, uint64_t *mean, uint64_t *deviation);

#endif
