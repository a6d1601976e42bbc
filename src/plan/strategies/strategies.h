/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every strategy there is; strategies.c lists them.
 */
#ifndef PLAN_STRATEGIES_STRATEGIES_H
#define PLAN_STRATEGIES_STRATEGIES_H

#include <stratapack/plan.h>

/* Each is described where it is defined. */
extern const struct strata_strategy strata_strategy_churn;
extern const struct strata_strategy strata_strategy_update;
extern const struct strata_strategy strata_strategy_steady;
extern const struct strata_strategy strata_strategy_popularity;
extern const struct strata_strategy strata_strategy_size;
extern const struct strata_strategy strata_strategy_two;
extern const struct strata_strategy strata_strategy_single;
extern const struct strata_strategy strata_strategy_per_item;

/* What other programs do, as far as it can be done here: in competitors/. */
extern const struct strata_strategy strata_strategy_auto;
extern const struct strata_strategy strata_strategy_nix2container;
extern const struct strata_strategy strata_strategy_nixery;
extern const struct strata_strategy strata_strategy_origin;
extern const struct strata_strategy strata_strategy_ostree;
extern const struct strata_strategy strata_strategy_chunkah;
extern const struct strata_strategy strata_strategy_rechunk;
extern const struct strata_strategy strata_strategy_merge;

#endif
