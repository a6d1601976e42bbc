/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small random fleets, the same on every run, and what their plans cost.
 */
#ifndef FLEETS_H
#define FLEETS_H

#include <stdlib.h>

#include "graphs.h"

#include <stratapack/fleet.h>
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "fleet/fleet.h"
#include "fleet/search/cost.h"
#include "graph/formats/nar_hash.h"
#include "graph/formats/parsers.h"
#include "graph/formats/source_text.h"
#include "graph/graph.h"
#include "graph/item_name.h"
#include "graph/item_record.h"
#include "graph/nar_size.h"
#include "model/causes.h"

enum {
	MOST_ITEMS = 12,
	MOST_IMAGES = 4,
};

static uint64_t fleet_random_state;

static inline uint32_t draw_below(uint32_t bound)
{
	fleet_random_state =
		fleet_random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(fleet_random_state >> 33) % bound;
}

struct fleet_sketch {
	uint32_t items, images;
	uint64_t sizes[MOST_ITEMS];
	uint32_t causes[MOST_ITEMS];
	uint32_t members[MOST_IMAGES]; /* bits of items */
	uint32_t bounds[MOST_IMAGES];
	uint64_t weights[MOST_IMAGES];
	uint32_t rates[MOST_ITEMS]; /* of causes, tenths a year */
	uint32_t storage_weight;
};

static inline void draw_fleet(
	struct fleet_sketch *sketch, uint64_t seed, uint32_t items, uint32_t images)
{
	static const uint32_t storage[] = {0, 100, 1000, 1000, 10000, 50000};

	fleet_random_state = seed * 977 + 13;
	*sketch = (struct fleet_sketch){.items = items, .images = images};
	for (uint32_t i = 0; i < items; i++) {
		sketch->sizes[i] = 1000 + draw_below(1000) * (uint64_t)draw_below(1000);
		sketch->causes[i] = draw_below(items);
		sketch->rates[i] = draw_below(4) == 0 ? draw_below(300) : draw_below(20);
	}
	for (uint32_t m = 0; m < images; m++) {
		while (sketch->members[m] == 0)
			sketch->members[m] = draw_below(1u << items) | draw_below(1u << items);
		sketch->bounds[m] = 1 + draw_below(3);
		sketch->weights[m] = 1 + draw_below(4);
	}
	sketch->storage_weight = storage[draw_below(sizeof(storage) / sizeof(*storage))];
}

/* A fleet and what it is planned with. */
struct test_fleet {
	struct strata_graph *graph;
	struct strata_churn *churn;
	struct strata_fleet *fleet;
	struct strata_fleet_options options;
};

/* Tell the fleet with items and images in an order of SHUFFLE; of all images, or of ONLY one. */
static inline struct test_fleet tell_fleet(
	const struct fleet_sketch *sketch, uint64_t shuffle, uint32_t only)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct test_fleet told = {.graph = strata_graph_new(&error)};
	struct strata_rates *rates = strata_rates_new(&error);
	struct strata_churn_options options = {.rates = rates};

	for (uint32_t n = 0; n < sketch->items; n++) {
		uint32_t i = (uint32_t)((n + shuffle) % sketch->items);
		char id[16], cause[16];
		const char *tree = "/tree";
		struct strata_item_record record = {.id = id,
			.cause = cause,
			.size = sketch->sizes[i],
			.has_size = true,
			.trees = &tree,
			.tree_count = 1};

		snprintf(id, sizeof(id), "item%02u", i);
		snprintf(cause, sizeof(cause), "cause%02u", sketch->causes[i]);
		assert_succeeds(strata_graph_add(told.graph, &record, &error), &error);
		assert_succeeds(strata_rates_set(rates, cause,
					(struct strata_rate){
						.per_year = STRATA_FIXED_ONE *
							    sketch->rates[sketch->causes[i]] / 10},
					&error),
			&error);
	}
	assert_succeeds(strata_graph_finish(told.graph, NULL, &error), &error);
	assert_succeeds(strata_churn_new(told.graph, &options, &told.churn, &error), &error);
	strata_rates_free(rates);
	assert_succeeds(strata_fleet_new(told.graph, &told.fleet, &error), &error);
	for (uint32_t n = 0; n < sketch->images; n++) {
		uint32_t m = (uint32_t)((n + shuffle) % sketch->images), items[MOST_ITEMS];
		char name[16];
		struct strata_fleet_image image = {.name = name,
			.weight = sketch->weights[m],
			.max_layers = sketch->bounds[m],
			.items = items};

		if (only < sketch->images && m != only)
			continue;
		snprintf(name, sizeof(name), "image%u", m);
		for (uint32_t i = sketch->items; i-- > 0;) {
			if (sketch->members[m] >> i & 1)
				items[image.item_count++] = i;
		}
		assert_succeeds(strata_fleet_add(told.fleet, &image, &error), &error);
	}
	assert_succeeds(strata_fleet_sort(told.fleet, &error), &error);
	told.options = (struct strata_fleet_options){
		.churn = told.churn, .storage_weight = sketch->storage_weight, .request = 1000};
	return told;
}

static inline void free_fleet(struct test_fleet *told)
{
	strata_fleet_free(told->fleet);
	strata_churn_free(told->churn);
	strata_graph_free(told->graph);
}

/* Costs by set of items, worked out once. */
struct price_list {
	struct strata_fleet_model model;
	uint64_t sizes[1 << MOST_ITEMS];
	uint64_t dirty[1 << MOST_ITEMS];
};

static inline void make_prices(struct price_list *prices, const struct test_fleet *told)
{
	struct strata_error error = STRATA_ERROR_INIT;
	size_t words = strata_churn_words(told->churn);
	uint32_t count = strata_graph_count(told->graph);

	*prices = (struct price_list){.model = STRATA_FLEET_MODEL_INIT};
	assert_succeeds(
		strata_fleet_model_make(&prices->model, told->fleet, &told->options, &error),
		&error);
	assert_true(words <= 1);
	for (uint32_t set = 1; set < 1u << count; set++) {
		uint64_t causes = 0;

		for (uint32_t i = 0; i < count; i++) {
			if (!(set >> i & 1))
				continue;
			prices->sizes[set] += strata_graph_item(told->graph, i)->size;
			causes |= *strata_churn_class_causes(
				told->churn, strata_churn_class(told->churn, i));
		}
		prices->dirty[set] = strata_churn_dirty(
			told->churn, strata_churn_set_hazard(told->churn, &causes));
	}
}

/* What it costs that images of WEIGHT have the layer SET. */
static inline int64_t price(const struct price_list *prices, uint32_t set, uint64_t weight)
{
	struct strata_layer_price of = strata_fleet_model_price(
		&prices->model, prices->sizes[set], prices->dirty[set], false);

	return of.stored + (int64_t)weight * of.pulled;
}

/* A layer and the weight of the images that have it. */
struct priced_layer {
	uint32_t set;
	uint64_t weight;
};

/* Add LAYER of an image of WEIGHT to those known. */
static inline void add_priced(
	struct priced_layer *layers, uint32_t *count, uint32_t set, uint64_t weight)
{
	for (uint32_t l = 0; l < *count; l++) {
		if (layers[l].set == set) {
			layers[l].weight += weight;
			return;
		}
	}
	layers[(*count)++] = (struct priced_layer){set, weight};
}

static inline int64_t price_all(
	const struct price_list *prices, const struct priced_layer *layers, uint32_t count)
{
	int64_t sum = 0;

	for (uint32_t l = 0; l < count; l++)
		sum += price(prices, layers[l].set, layers[l].weight);
	return sum;
}

/* Collect the layers of one image's partition; weights are the model's. */
static inline void add_partition(struct priced_layer *layers, uint32_t *count,
	const struct strata_partition *partition, uint64_t weight)
{
	for (uint32_t l = 0; l < partition->layer_count; l++) {
		uint32_t set = 0;

		for (uint32_t i = l > 0 ? partition->ends[l - 1] : 0; i < partition->ends[l]; i++)
			set |= 1u << partition->order[i];
		add_priced(layers, count, set, weight);
	}
}

/* Every item of each image is in exactly one layer, and there are not too many. */
static inline void assert_valid(const struct strata_fleet_plan *plan)
{
	const struct strata_fleet *fleet = plan->fleet;

	for (size_t m = 0; m < fleet->image_count; m++) {
		const struct strata_partition *partition = &plan->partitions[m];
		uint32_t bound = plan->options.max_layers ? plan->options.max_layers
							  : fleet->images[m].max_layers;
		char *seen = calloc(strata_graph_count(fleet->graph), 1);

		assert_true(partition->layer_count <= bound);
		assert_int_equal(partition->item_count, fleet->images[m].item_count);
		for (uint32_t l = 0, start = 0; l < partition->layer_count; l++) {
			assert_true(partition->ends[l] > start);
			start = partition->ends[l];
		}
		if (partition->layer_count > 0)
			assert_int_equal(
				partition->ends[partition->layer_count - 1], partition->item_count);
		for (uint32_t i = 0; i < partition->item_count; i++) {
			assert_false(seen[partition->order[i]]);
			seen[partition->order[i]] = 1;
		}
		for (uint32_t i = 0; i < fleet->images[m].item_count; i++)
			assert_true(seen[fleet->images[m].items[i]]);
		free(seen);
	}
}

static inline int64_t plan_price(
	const struct price_list *prices, const struct strata_fleet_plan *plan)
{
	struct priced_layer layers[MOST_IMAGES * MOST_ITEMS];
	uint32_t count = 0;

	for (size_t m = 0; m < plan->fleet->image_count; m++)
		add_partition(layers, &count, &plan->partitions[m], prices->model.weights[m]);
	return price_all(prices, layers, count);
}

#endif
