/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the plan share.
 */
#ifndef PLAN_INTERNAL_H
#define PLAN_INTERNAL_H

#include <stratapack/plan.h>

#include "util/arena.h"
#include "util/memory.h"

#define strata_autoplan STRATA_CLEANUP(strata_cleanup_plan)
void strata_cleanup_plan(struct strata_plan **plan);

/* An empty plan with an arena, owned by the caller; NULL on error. */
struct strata_plan *strata_plan_new(struct strata_error *error);

/* Copy LAYER into ARENA. Returns 0, or -1 where memory is out. */
int strata_plan_copy_layer(struct strata_arena *arena, const struct strata_plan_layer *layer,
	struct strata_plan_layer *copy);

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
