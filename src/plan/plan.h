/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan from the inside: owning it and making one.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

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

#endif
