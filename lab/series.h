/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series, as the simulator walks it.
 */
#ifndef LAB_SERIES_H
#define LAB_SERIES_H

#include "lab/simulate.h"

#include "graph/components.h"
#include "util/arena.h"
#include "util/map.h"
#include "util/memory.h"

struct strata_state {
	const struct strata_fleet *fleet;
	uint32_t *numbers; /* of its images' names, among those of the whole series */
	/* Of each image, its items alone; NULL until a contender needs it. */
	struct strata_graph **graphs;
};

/* One rebuild of the fleet. */
struct strata_revision {
	uint32_t state;
	const uint32_t *contents; /* the number of each item's content */
};

struct strata_series {
	bool propagate;
	struct strata_arena arena;
	struct strata_map image_numbers;
	uint32_t image_number_count;
	struct strata_map content_numbers;
	uint32_t content_count;
	struct strata_state *states;
	size_t state_capacity;
	uint32_t state_count;
	/* First the revisions of the states, then those of each run, which continue the last state.
	 */
	struct strata_revision *revisions;
	size_t revision_capacity;
	uint32_t revision_count;
	uint32_t run_count;
	uint32_t run_length; /* revisions of each run, without the states' */
};

/* Add a revision of STATE with CONTENTS, which live in the arena. */
int strata_series_append(struct strata_series *series, uint32_t state, const uint32_t *contents,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Give every image of STATE its graph. */
int strata_series_make_graphs(
	struct strata_series *series, uint32_t state, struct strata_error *error) STRATA_MUST_CHECK;

#endif
