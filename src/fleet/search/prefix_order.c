/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/prefix_order.h"

#include "util/error.h"
#include "util/fixed_point.h"

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

static int compare_kept(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->layer->group != b->layer->group)
		return a->layer->group < b->layer->group ? -1 : 1;
	return compare_ranked(left, right);
}

int strata_layout_rank(const struct strata_layout *layout, uint32_t *ranks, uint32_t *count,
	struct strata_error *error)
{
	strata_autofree struct ranked *ranked =
		strata_allocate(layout->layer_count, sizeof(*ranked));
	const struct strata_churn *churn = layout->model->churn;
	uint32_t kept = 0, fresh = layout->layer_count;

	*count = 0;
	if (!ranked)
		return strata_fail_memory(error);
	for (uint32_t l = 0; l < layout->layer_count; l++) {
		const struct strata_fleet_layer *layer = &layout->layers[l];

		if (!layer->alive)
			continue;
		ranked[layer->group != STRATA_LAYER_NONE ? kept++ : --fresh] = (struct ranked){
			.layer = layer,
			.rate = strata_churn_rebuilds(churn) * layer->hazard.single +
				strata_churn_batch_days(churn) * layer->hazard.batch,
			.size = layer->size + 1,
			.first = layout->atoms[layer->atoms[0]].first,
			.number = l,
		};
	}
	qsort(ranked, kept, sizeof(*ranked), compare_kept);
	qsort(ranked + fresh, layout->layer_count - fresh, sizeof(*ranked), compare_ranked);
	for (uint32_t k = 0, f = fresh; k < kept || f < layout->layer_count;) {
		bool from_kept = f == layout->layer_count ||
				 (k < kept && compare_ranked(&ranked[k], &ranked[f]) < 0);

		ranks[ranked[from_kept ? k++ : f++].number] = (*count)++;
	}
	return 0;
}
