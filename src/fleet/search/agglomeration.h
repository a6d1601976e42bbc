/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agglomeration: merge the layers of a layout, cheapest first, until every image is within its
 * bound.
 *
 * A merge of two layers is for a set of images that have both. The others keep the layers as they
 * are, so an image with few layers does not pay for one with many (*private merges*). What a merge
 * costs is divided by n^5/4, n being the number of images over their bounds that it relieves: with
 * n alone, too little is left to share for merges to come.
 */
#ifndef FLEET_SEARCH_AGGLOMERATION_H
#define FLEET_SEARCH_AGGLOMERATION_H

#include "fleet/search/layout.h"

struct strata_merge_options {
	/* Divide by n^5/4 instead of n: what many images share is merged before what few have, and
	 * more of it stays common. Now one is better, now the other. */
	bool eager;
	/* Give up as soon as the layout costs more, and look at few neighbours only; 0: never. */
	int64_t ceiling;
};

/* Merge until no image has more layers than BOUNDS says (at least 1 each). */
int strata_fleet_merge(struct strata_layout *layout, const uint32_t *bounds,
	const struct strata_merge_options *options, const struct strata_observer *observer,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
