#include "fleet/price.h"

struct strata_prospect strata_prospect_find(
	const struct strata_layout *layout, const struct strata_fleet_layer *like)
{
	uint32_t found = strata_layout_find(layout, like->hash, like->atom_count, like->size);

	if (found == STRATA_LAYER_NONE)
		return (struct strata_prospect){.price = strata_fleet_model_price(layout->model,
							like->size, like->dirty, false)};
	return (struct strata_prospect){layout->layers[found].price, &layout->layers[found]};
}

int64_t strata_price_layout(const struct strata_layout *layout)
{
	int64_t sum = 0;

	for (uint32_t l = 0; l < layout->layer_count; l++) {
		const struct strata_fleet_layer *layer = &layout->layers[l];
		uint64_t having;

		if (!layer->alive)
			continue;
		having = layer->published ? strata_layout_having(layout, layer, layer->images) : 0;
		sum += layer->price.stored + (int64_t)layer->weight * layer->price.pulled -
		       (int64_t)having * layer->price.spared;
	}
	return sum;
}
