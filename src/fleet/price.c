#include "fleet/price.h"

void strata_prospect_find(struct strata_prospect *prospect, const struct strata_layout *layout,
	const struct strata_fleet_layer *like)
{
	uint32_t found = strata_layout_find(layout, like->hash, like->atom_count, like->size);
	const struct strata_fleet_layer *existing;

	*prospect = (struct strata_prospect){.layer = {.size = like->size, .dirty = like->dirty}};
	if (found == STRATA_LAYER_NONE)
		return;
	existing = &layout->layers[found];
	prospect->known = true;
	prospect->layer.published = existing->published;
	if (!existing->alive)
		return;
	prospect->existing = existing;
	prospect->lacking =
		strata_layout_lacking(layout, existing, existing->images, existing->weight);
	prospect->before =
		strata_layout_cost(layout, existing, existing->weight, prospect->lacking);
}

int64_t strata_price_joining(const struct strata_layout *layout,
	const struct strata_prospect *prospect, const uint64_t *images, uint64_t weight)
{
	uint64_t lacking = strata_layout_lacking(layout, &prospect->layer, images, weight);

	if (prospect->existing)
		weight += prospect->existing->weight;
	return strata_layout_cost(layout, &prospect->layer, weight, prospect->lacking + lacking) -
	       prospect->before;
}

int64_t strata_price_leaving(const struct strata_layout *layout,
	const struct strata_fleet_layer *layer, const uint64_t *images, uint64_t weight)
{
	uint64_t lacking = strata_layout_lacking(layout, layer, layer->images, layer->weight);
	uint64_t share = strata_layout_lacking(layout, layer, images, weight);
	int64_t before = strata_layout_cost(layout, layer, layer->weight, lacking);

	for (size_t w = 0; w < layout->model->words; w++) {
		if ((layer->images[w] & ~images[w]) != 0)
			return strata_layout_cost(
				       layout, layer, layer->weight - weight, lacking - share) -
			       before;
	}
	return -before;
}

int64_t strata_price_layout(const struct strata_layout *layout)
{
	int64_t sum = 0;

	for (uint32_t l = 0; l < layout->layer_count; l++) {
		const struct strata_fleet_layer *layer = &layout->layers[l];

		if (layer->alive)
			sum += strata_layout_cost(layout, layer, layer->weight,
				strata_layout_lacking(layout, layer, layer->images, layer->weight));
	}
	return sum;
}
