/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many layers each image of a fleet may have, and whether a layout keeps to that.
 */
#ifndef FLEET_SEARCH_BOUNDS_H
#define FLEET_SEARCH_BOUNDS_H

#include "fleet/search/layout.h"

/* Find the bound of every image of FLEET: that of the options, or else its own. */
int strata_bounds_find(const struct strata_fleet *fleet, const struct strata_fleet_options *options,
	uint32_t *bounds, struct strata_error *error) STRATA_MUST_CHECK;

/* Fail where an image of LAYOUT has more layers than BOUNDS allow. That would be a fault of the
 * search; it is checked, since such a plan is worse than none. */
int strata_bounds_check(const struct strata_fleet *fleet, const uint32_t *bounds,
	const struct strata_layout *layout, struct strata_error *error) STRATA_MUST_CHECK;

#endif
