/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agglomeration: merge the layers of a layout, cheapest first, until every image is within its
 * bound.
 *
 * A merge of two layers is for a set of images that have both. The others keep the layers as they
 * are, so an image with few layers does not pay for one with many (*private merges*). What a merge
 * costs is divided by n^5/4, where n is the number of images over their bounds that it relieves.
 * With n instead, too few layers stay shared for later merges.
 */
#ifndef FLEET_SEARCH_AGGLOMERATION_H
#define FLEET_SEARCH_AGGLOMERATION_H

#include "fleet/search/layout.h"

struct strata_merge_options {
	/* Divide by n^5/4 instead of n. Then layers of many images are merged before layers of few,
	 * and more of them stay shared. Which of the two is better depends on the fleet. */
	bool eager;
	/* Give up as soon as the layout costs more, and look at few neighbours only; 0: never. */
	int64_t ceiling;
};

/* Merge until no image has more layers than BOUNDS says (at least 1 each). */
int strata_fleet_merge(struct strata_layout *layout, const uint32_t *bounds,
	const struct strata_merge_options *options, const struct strata_observer *observer,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
