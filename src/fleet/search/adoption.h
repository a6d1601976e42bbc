/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adoption: let an image have a layer of another image, all of which is in it.
 *
 * The atoms of that layer leave the image's own layers. If the image then has too many layers, they
 * are merged and improved. No single move finds this, since each step on the way raises the cost.
 */
#ifndef FLEET_SEARCH_ADOPTION_H
#define FLEET_SEARCH_ADOPTION_H

#include "fleet/search/layout.h"

/* Adopt layers while that lowers the cost. LAYOUT, of ATOM_COUNT atoms, is within BOUNDS, and stays
 * so. */
int strata_fleet_adopt(struct strata_layout *layout, uint32_t atom_count, const uint32_t *bounds,
	const struct strata_observer *observer, struct strata_error *error) STRATA_MUST_CHECK;

#endif
