/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of layers for clients that reuse only an unbroken prefix of them.
 */
#ifndef PLAN_CHURN_PREFIX_ORDER_H
#define PLAN_CHURN_PREFIX_ORDER_H

#include "plan/churn/pieces.h"

/* Fill ORDER with the COUNT layers, which are sets of items like pieces are, bottom first, so that
 * a pull of all from the lowest dirty one on costs least: the best order where no two layers share
 * a cause (strata_cost_compare_prefix), and one that no exchange of neighbours betters where they
 * do. Layers that are alike stay in the order of their numbers. */
int strata_pile_order(const struct strata_churn *churn, const struct strata_piece *layers,
	uint32_t count, uint32_t *order, struct strata_error *error) STRATA_MUST_CHECK;

#endif
