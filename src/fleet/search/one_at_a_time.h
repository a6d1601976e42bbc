/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning images one at a time, each as if it were alone. Where pulls count for much and images
 * have little in common, that can be better than merging for all of them.
 */
#ifndef FLEET_SEARCH_ONE_AT_A_TIME_H
#define FLEET_SEARCH_ONE_AT_A_TIME_H

#include "fleet/search/atoms.h"

/* Fill LAYOUT, which is empty, so that every image is within its bound, at the least cost for that
 * image alone. */
int strata_apart_lay_out(struct strata_layout *layout, const struct strata_atoms *atoms,
	const uint32_t *bounds, const struct strata_observer *observer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Give one image after the other the layers that it has in APART, where that lowers the cost of
 * LAYOUT. Both layouts have the same atoms. */
int strata_apart_adopt(struct strata_layout *layout, const struct strata_layout *apart,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
