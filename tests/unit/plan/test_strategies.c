/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "random_graphs.h"

#include "graph/components.h"
#include "graph/graph.h"

static void assert_same_plan(const struct strata_plan *left, const struct strata_plan *right)
{
	assert_int_equal(left->layer_count, right->layer_count);
	assert_int_equal(left->customisation_layer, right->customisation_layer);
	each_number(size_t, layer, 0, left->layer_count) {
		assert_int_equal(left->layers[layer].item_count, right->layers[layer].item_count);
		each_number(size_t, i, 0, left->layers[layer].item_count)
			assert_string_equal(
				left->layers[layer].items[i], right->layers[layer].items[i]);
	}
}

/* Each item is in exactly one layer, no layer is empty, and no bound is exceeded. */
static void assert_partition(
	const struct strata_plan *plan, const struct strata_graph *graph, uint32_t bound)
{
	struct strata_error error = STRATA_ERROR_INIT;
	bool seen[16] = {false};
	uint32_t total = 0;

	assert_true(strata_plan_image_layers(plan) <= bound);
	assert_true(plan->layer_count > 0);
	each_number(size_t, layer, 0, plan->layer_count) {
		assert_true(plan->layers[layer].item_count > 0);
		each_number(size_t, i, 0, plan->layers[layer].item_count) {
			uint32_t item = strata_graph_find(graph, plan->layers[layer].items[i]);

			assert_int_not_equal(item, STRATA_GRAPH_NONE);
			assert_false(seen[item]);
			seen[item] = true;
			total++;
		}
	}
	assert_int_equal(total, strata_graph_count(graph));
	assert_succeeds(strata_plan_check(plan, graph, &error), &error);
}

/* Whatever an item refers to, outside of its cycle, lies below it. */
static void assert_dependencies_first(
	const struct strata_plan *plan, const struct strata_graph *graph)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	size_t place[16];

	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	each_number(size_t, layer, 0, plan->layer_count) {
		assert_int_equal(plan->layers[layer].item_count, 1);
		place[strata_graph_find(graph, plan->layers[layer].items[0])] = layer;
	}
	each_number(uint32_t, i, 0, strata_graph_count(graph)) {
		const struct strata_item *item = strata_graph_item(graph, i);

		each_number(uint32_t, r, 0, item->reference_count) {
			uint32_t below = item->references[r];

			assert_true(components.of_item[below] == components.of_item[i] ||
				    place[below] < place[i]);
		}
	}
}

static void try_strategy(const struct strata_strategy *strategy, const struct strata_graph *graph,
	const struct strata_graph *retold, uint32_t bound, bool customise)
{
	static const struct strata_entry entry = {
		.kind = STRATA_ENTRY_DIRECTORY, .path = "/tmp", .mode = 01777};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autoplan struct strata_plan *plan = NULL;
	strata_autoplan struct strata_plan *again = NULL;
	struct strata_plan_options options = {.strategy = strategy,
		.max_layers = bound + 2,
		.base_layers = 2,
		.customisation.entries = &entry,
		.customisation.entry_count = customise};
	uint32_t count = strata_graph_count(graph);
	uint32_t needed = count + (customise && count > 1);
	int status = strata_plan_make(graph, &options, &plan, &error);

	if (strcmp(strategy->name, "per-item") == 0 && bound < needed) {
		char hint[64];

		assert_int_equal(status, STRATA_ERROR_INVALID);
		snprintf(hint, sizeof(hint), "use --max-layers %u", needed + 2);
		assert_string_equal(error.hint, hint);
		strata_error_clear(&error);
		return;
	}
	assert_succeeds(status, &error);
	assert_partition(plan, graph, bound);
	assert_succeeds(strata_plan_make(retold, &options, &again, &error), &error);
	assert_same_plan(plan, again);
	if (strcmp(strategy->name, "per-item") == 0)
		assert_dependencies_first(plan, graph);
	if (strcmp(strategy->name, "popularity") == 0 || strcmp(strategy->name, "size") == 0)
		assert_int_equal(strata_plan_image_layers(plan),
			bound < count + customise ? bound : count + customise);
	if (strcmp(strategy->name, "single") == 0)
		assert_int_equal(strata_plan_image_layers(plan), 1);
	if (strcmp(strategy->name, "two") == 0)
		assert_true(strata_plan_image_layers(plan) <= 2);
}

static void test_every_strategy_partitions_every_graph(void **state)
{
	(void)state;
	each_seed(seed, 3000) {
		struct sketch sketch;
		uint32_t items;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autograph struct strata_graph *retold = NULL;
		uint32_t count;

		random_state = seed;
		items = 1 + random_below(12);
		draw(&sketch, seed, items, random_below(30), seed % 4 != 0);
		graph = tell(&sketch, seed);
		retold = tell(&sketch, seed + 1000000);
		count = strata_graph_count(graph);
		free(sketch.edges);
		for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
			strategy++) {
			in_case("strategy %s", (*strategy)->name);

			const uint32_t bounds[] = {
				1, 2, count > 1 ? count - 1 : 1, count, count + 1, count + 2, 100};

			/* It searches; its own tests have many more graphs. */
			if ((*strategy)->uses_churn && seed % 8 != 0)
				continue;
			each_case(b, bounds) {
				try_strategy(*strategy, graph, retold, bounds[b], false);
				try_strategy(*strategy, graph, retold, bounds[b], true);
			}
		}
	}
}

static void test_per_item_beyond_what_clients_load(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_ladder(70);
	strata_autoplan struct strata_plan *plan = NULL;
	struct strata_plan_options options = {.strategy = strata_strategy_find("per-item")};

	(void)state;
	assert_int_equal(strata_plan_make(graph, &options, &plan, &error), STRATA_ERROR_INVALID);
	assert_string_equal(error.hint, "use --max-layers 141, or choose another strategy");
	strata_error_clear(&error);
	options.max_layers = 141;
	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_int_equal(plan->layer_count, 141);
}

/* 200,000 references, and so many paths that a score has a thousand bits. */
static void test_a_large_graph(void **state)
{
	enum { REFERENCES = 10 };
	const uint32_t items = in_brief() ? 2000 : 20000;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(&error);

	(void)state;
	random_state = 1;
	for (uint32_t i = 0; i < items; i++) {
		char id[32], references[REFERENCES * 16] = "";
		size_t length = 0;

		snprintf(id, sizeof(id), "%05u-n", i);
		for (int r = 0; r < REFERENCES && i > 0; r++) {
			uint32_t reach = i < 200 ? i : 200;

			length += (size_t)snprintf(references + length, sizeof(references) - length,
				" %05u-n", i - 1 - random_below(reach));
		}
		add_node(graph, &(struct node){id, references, random_below(1000)});
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
		strategy++) {
		in_case("strategy %s", (*strategy)->name);

		strata_autoplan struct strata_plan *plan = NULL;
		struct strata_plan_options options = {.strategy = *strategy, .max_layers = items};

		/* Without a previous plan it is the first one. */
		if ((*strategy)->keeps_previous) {
			assert_ptr_equal((*strategy)->partition, strata_strategies()[0]->partition);
			continue;
		}

		assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
		assert_succeeds(strata_plan_check(plan, graph, &error), &error);
	}
}

static void test_strategies_are_named(void **state)
{
	(void)state;
	assert_string_equal(strata_strategies()[0]->name, "churn");
	assert_ptr_equal(strata_strategy_find("churn"), strata_strategies()[0]);
	assert_null(strata_strategy_find("Churn"));
	assert_null(strata_strategy_find(""));
	for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
		strategy++) {
		in_case("strategy %s", (*strategy)->name);

		assert_true(strlen((*strategy)->summary) > 10);
		assert_true(strlen((*strategy)->trade_off) > 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strategies_are_named),
		cmocka_unit_test(test_every_strategy_partitions_every_graph),
		cmocka_unit_test(test_per_item_beyond_what_clients_load),
		cmocka_unit_test(test_a_large_graph),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
