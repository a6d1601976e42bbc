/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of layers for clients that reuse only an unbroken prefix of them.
 */
#ifndef PLAN_CHURN_PREFIX_ORDER_H
#define PLAN_CHURN_PREFIX_ORDER_H

#include "plan/churn/pieces.h"

/* Fill ORDER with the COUNT layers, which are sets of items like pieces, bottom first. A client
 * pulls all layers from the lowest dirty one upwards; the order is the one for which that costs
 * least. It is the best one where no two layers share a cause (strata_cost_compare_prefix). Where
 * some do, no exchange of neighbours makes it better. Equal layers stay in the order of their
 * numbers. */
int strata_pile_order(const struct strata_churn *churn, const struct strata_piece *layers,
	uint32_t count, uint32_t *order, struct strata_error *error) STRATA_MUST_CHECK;

#endif
