/*
 * What changes of a layout cost: layers that images leave, and layers that they join.
 */
#ifndef FLEET_PRICE_H
#define FLEET_PRICE_H

#include "fleet/layout.h"

/* A layer that images could have; perhaps it is there already. */
struct strata_prospect {
	struct strata_fleet_layer layer;           /* size, dirty, published */
	const struct strata_fleet_layer *existing; /* where some image has it; else NULL */
	bool known;                                /* it was there, or machines have it */
	int64_t before;                            /* what that costs */
	uint64_t lacking;                          /* of its images */
};

/* Look for the layer with these atoms: their hash and number, size and renewals. */
void strata_prospect_find(struct strata_prospect *prospect, const struct strata_layout *layout,
	const struct strata_fleet_layer *like);

/* What it costs that IMAGES, of WEIGHT together, get the layer. */
int64_t strata_price_joining(const struct strata_layout *layout,
	const struct strata_prospect *prospect, const uint64_t *images, uint64_t weight);

/* What it costs that IMAGES, of WEIGHT together, lose LAYER, which they all have: below 0. */
int64_t strata_price_leaving(const struct strata_layout *layout,
	const struct strata_fleet_layer *layer, const uint64_t *images, uint64_t weight);

/* The cost of all layers. */
int64_t strata_price_layout(const struct strata_layout *layout);

#endif
