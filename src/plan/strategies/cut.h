/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting an order of all items into layers.
 */
#ifndef PLAN_STRATEGIES_CUT_H
#define PLAN_STRATEGIES_CUT_H

#include <stratapack/plan.h>

/* Put PARTITION's items, in the order that it has, into at most BOUND layers: the first BOUND - 1
 * alone, the rest together in the last. BOUND and the number of items are at least 1. */
void strata_partition_cut(struct strata_partition *partition, uint32_t bound);

/* Put all items into one layer, in the order of their ids. */
void strata_partition_single(struct strata_partition *partition);

#endif
