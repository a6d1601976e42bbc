/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes of a layout cost: layers that images leave, and layers that they join.
 */
#ifndef FLEET_SEARCH_PRICE_H
#define FLEET_SEARCH_PRICE_H

#include "fleet/search/layout.h"

/* A layer that images could have; perhaps it is there already. */
struct strata_prospect {
	struct strata_layer_price price;
	const struct strata_fleet_layer *known; /* some image or machine has it; NULL: none */
};

/* The layer with the atoms of LIKE, by its hash, their number and its size; where it is new, it is
 * renewed as often as LIKE. */
struct strata_prospect strata_prospect_find(
	const struct strata_layout *layout, const struct strata_fleet_layer *like);

/* The change in cost when IMAGES, of WEIGHT together, get the layer. */
static inline int64_t strata_price_joining(const struct strata_layout *layout,
	const struct strata_prospect *prospect, const uint64_t *images, uint64_t weight)
{
	const struct strata_fleet_layer *known = prospect->known;
	int64_t cost = (int64_t)weight * prospect->price.pulled;

	if (known && known->published)
		cost -= (int64_t)strata_layout_having(layout, known, images) *
			prospect->price.spared;
	return known && known->alive ? cost : cost + prospect->price.stored;
}

/* The change in cost, below 0, when IMAGES, of WEIGHT together, lose LAYER, which they all have. */
static inline int64_t strata_price_leaving(const struct strata_layout *layout,
	const struct strata_fleet_layer *layer, const uint64_t *images, uint64_t weight)
{
	int64_t cost = -((int64_t)weight * layer->price.pulled);

	if (layer->published)
		cost += (int64_t)strata_layout_having(layout, layer, images) * layer->price.spared;
	for (size_t w = 0; w < layout->model->words; w++) {
		if ((layer->images[w] & ~images[w]) != 0)
			return cost;
	}
	return cost - layer->price.stored;
}

#endif
