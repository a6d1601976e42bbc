/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local search: moves that lower the cost after merging, which never revises a merge.
 *
 * Atoms of a layer move to another layer, for the images that have both. Or they become a new
 * layer, for images that have room for one.
 */
#ifndef FLEET_SEARCH_LOCAL_SEARCH_H
#define FLEET_SEARCH_LOCAL_SEARCH_H

#include "fleet/search/layout.h"

/* Move parts while that lowers the cost, in images that changed later than SINCE, to or from
 * layers that did. LAYOUT is within BOUNDS, and stays so. */
int strata_fleet_improve(struct strata_layout *layout, const uint32_t *bounds, uint32_t since,
	const struct strata_observer *observer, struct strata_error *error) STRATA_MUST_CHECK;

#endif
