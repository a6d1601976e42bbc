#include "fleet/order.h"

#include "base/error.h"
#include "base/fixed.h"

struct ranked {
	const struct strata_fleet_layer *layer;
	uint64_t rate, size;
	uint32_t first; /* item */
	uint32_t number;
};

static int compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	int order = strata_wide_compare(
		strata_wide_multiply(a->rate, b->size), strata_wide_multiply(b->rate, a->size));

	if (order != 0)
		return order;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

int strata_layout_rank(const struct strata_layout *layout, uint32_t *ranks, uint32_t *count,
	struct strata_error *error)
{
	strata_autofree struct ranked *ranked =
		strata_allocate(layout->layer_count, sizeof(*ranked));
	const struct strata_churn *churn = layout->model->churn;

	*count = 0;
	if (!ranked)
		return strata_fail_memory(error);
	for (uint32_t l = 0; l < layout->layer_count; l++) {
		const struct strata_fleet_layer *layer = &layout->layers[l];

		if (!layer->alive)
			continue;
		ranked[(*count)++] = (struct ranked){
			.layer = layer,
			.rate = strata_churn_rebuilds(churn) * layer->hazard.single +
				strata_churn_batch_days(churn) * layer->hazard.batch,
			.size = layer->size + 1,
			.first = layout->atoms[layer->atoms[0]].first,
			.number = l,
		};
	}
	qsort(ranked, *count, sizeof(*ranked), compare_ranked);
	for (uint32_t r = 0; r < *count; r++)
		ranks[ranked[r].number] = r;
	return 0;
}
