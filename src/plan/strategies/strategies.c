/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of all strategies.
 */
#include <string.h>

#include <stratapack/plan.h>

#include "plan/strategies/strategies.h"

static const struct strata_strategy *const strategies[] = {
	&strata_strategy_churn,
	&strata_strategy_steady,
	&strata_strategy_popularity,
	&strata_strategy_size,
	&strata_strategy_two,
	&strata_strategy_single,
	&strata_strategy_per_item,
	&strata_strategy_update,
	&strata_strategy_auto,
	&strata_strategy_nix2container,
	&strata_strategy_nixery,
	&strata_strategy_origin,
	&strata_strategy_ostree,
	&strata_strategy_chunkah,
	&strata_strategy_rechunk,
	&strata_strategy_merge,
	NULL,
};

const struct strata_strategy *const *strata_strategies(void)
{
	return strategies;
}

const struct strata_strategy *strata_strategy_find(const char *name)
{
	for (const struct strata_strategy *const *strategy = strategies; *strategy; strategy++) {
		if (strcmp((*strategy)->name, name) == 0)
			return *strategy;
	}
	return NULL;
}
