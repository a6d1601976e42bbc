/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a layer that can leave it: one of its atoms, all of its atoms that change together,
 * or all of it.
 */
#ifndef FLEET_SEARCH_LAYER_PARTS_H
#define FLEET_SEARCH_LAYER_PARTS_H

#include "fleet/search/layout.h"
#include "fleet/search/price.h"

struct strata_layer_part {
	uint32_t start, count; /* its atoms, within the order by class */
	uint64_t size, hash;
	uint64_t dirty;
	const struct strata_cause_set *causes;
	struct strata_prospect rest; /* what the layer becomes without it; not of all of it */
};

struct strata_parts {
	const struct strata_layout *layout;
	struct strata_layer_part *list;
	size_t count, capacity;
	uint32_t *order; /* atoms of the layer by class */
	size_t order_capacity;
	uint32_t *uses; /* for each cause, the atoms of the layer with it */
};

int strata_parts_init(struct strata_parts *parts, const struct strata_layout *layout,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_parts_release(struct strata_parts *parts);

/* Find the parts of LAYER; the last is all of it. They are good until the layout changes. */
int strata_parts_find(struct strata_parts *parts, const struct strata_fleet_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
