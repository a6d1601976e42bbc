/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet from the inside: where the items of its images come from, and owning it.
 */
#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H

#include <stdbool.h>

#include <stratapack/fleet.h>

#include "util/arena.h"
#include "util/map.h"
#include "util/memory.h"

/* Where the items of an image come from. The source of an image has the image's index. */
struct strata_fleet_source {
	const char *const *roots; /* ids, names or links */
	size_t root_count;
	bool exact; /* the roots are all items that there are */

	const char *file; /* a graph of its own; NULL: that of the fleet */
	int (*read)(struct strata_graph *graph, const char *path, struct strata_error *error);
	const char *const *ids; /* the items in it, once it is read */
	size_t id_count;
};

#define strata_autofleet STRATA_CLEANUP(strata_cleanup_fleet)
void strata_cleanup_fleet(struct strata_fleet **fleet);

#define strata_autofleetplan STRATA_CLEANUP(strata_cleanup_fleet_plan)
void strata_cleanup_fleet_plan(struct strata_fleet_plan **plan);

/* An empty fleet with an arena, the caller's; NULL on error. */
struct strata_fleet *strata_fleet_allocate(struct strata_error *error);

#endif
