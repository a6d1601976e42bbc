/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers as numbers of the items: what the strategies in this folder end with.
 */
#ifndef PLAN_STRATEGIES_OTHERS_BINS_H
#define PLAN_STRATEGIES_OTHERS_BINS_H

#include <stratapack/plan.h>

/* Fill PARTITION: item I goes into layer BIN_OF[I], of BIN_COUNT layers, bottom first. Within a
 * layer items stand in the order of their ids; layers without items vanish. */
int strata_bins_write(struct strata_partition *partition, const uint32_t *bin_of,
	uint32_t bin_count, struct strata_error *error) STRATA_MUST_CHECK;

#endif
