/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of layers: by update rate per byte, ascending.
 *
 * That is Smith's rule (1956): a client that reuses only an unbroken prefix of the layers pulls, at
 * each update of a layer, all bytes from it upwards. The order by rate over size has the least
 * expected bytes. The order of all layers of the fleet gives the order in each image. Layers of a
 * catalogue that is extended keep its order, since another order would break the prefixes that
 * machines have.
 */
#ifndef FLEET_SEARCH_PREFIX_ORDER_H
#define FLEET_SEARCH_PREFIX_ORDER_H

#include "fleet/search/layout.h"

/* Write to RANKS, which has room for every layer number, where each living layer stands in the
 * order; *COUNT is how many there are. */
int strata_layout_rank(const struct strata_layout *layout, uint32_t *ranks, uint32_t *count,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
