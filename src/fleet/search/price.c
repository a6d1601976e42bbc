/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/price.h"

struct strata_prospect strata_prospect_find(
	const struct strata_layout *layout, const struct strata_fleet_layer *like)
{
	uint32_t found = strata_layer_table_find(
		&layout->table, layout->layers, like->hash, like->atom_count, like->size);

	if (found == STRATA_LAYER_NONE)
		return (struct strata_prospect){.price = strata_fleet_model_price(layout->model,
							like->size, like->dirty, false)};
	return (struct strata_prospect){layout->layers[found].price, &layout->layers[found]};
}
