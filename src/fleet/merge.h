/*
 * Agglomeration: merge the layers of a layout, cheapest first, until every image is within its
 * bound.
 *
 * A merge of two layers is for a set of images that have both. The others keep the layers as they
 * are, so an image with few layers does not pay for one with many (*private merges*). What a merge
 * costs is divided by the number of images over their bounds that it relieves.
 */
#ifndef FLEET_MERGE_H
#define FLEET_MERGE_H

#include "fleet/layout.h"

/* Merge until no image has more layers than BOUNDS says (at least 1 each), and on while a merge
 * saves more than it costs. */
int strata_fleet_merge(struct strata_layout *layout, const uint32_t *bounds,
	const struct strata_observer *observer, struct strata_error *error) STRATA_MUST_CHECK;

#endif
