/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adoption: let an image have a layer of another image, all of which is in it.
 *
 * What it has of that in its own layers goes out of them, and if it has too many then, they are
 * merged and improved. No single move finds that: each step on the way costs something.
 */
#ifndef FLEET_SEARCH_ADOPTION_H
#define FLEET_SEARCH_ADOPTION_H

#include "fleet/search/layout.h"

/* Adopt layers while that lowers the cost. LAYOUT, of ATOM_COUNT atoms, is within BOUNDS, and stays
 * so. */
int strata_fleet_adopt(struct strata_layout *layout, uint32_t atom_count, const uint32_t *bounds,
	const struct strata_observer *observer, struct strata_error *error) STRATA_MUST_CHECK;

#endif
