/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "graphs.h"

#include "graph/graph.h"

static const struct node four[] = {
	{"a", "b c", 10}, {"b", "d", 20}, {"c", "d", 30}, {"d", NULL, 40}};

static const struct strata_entry customisation[] = {
	{.kind = STRATA_ENTRY_DIRECTORY, .path = "/tmp", .mode = 01777},
	{.kind = STRATA_ENTRY_SYMLINK, .path = "/bin/sh", .target = "/s/bash/bin/sh"},
};

static void test_bound_counts_every_layer_of_the_image(void **state)
{
	static const struct {
		const char *strategy;
		uint32_t max_layers, base_layers;
		bool customise;
		size_t layers;
		bool own_layer;
	} cases[] = {
		{"popularity", 0, 0, true, 4, true},
		{"popularity", 5, 0, true, 4, true},
		{"popularity", 4, 0, true, 3, true},
		{"popularity", 4, 0, false, 4, false},
		{"popularity", 2, 0, true, 1, true},
		{"popularity", 1, 0, true, 1, false},
		{"popularity", 7, 4, true, 2, true},
		{"popularity", 5, 4, true, 1, false},
		{"popularity", 200, 190, true, 4, true},
		{"size", 3, 0, true, 2, true},
		{"single", 100, 0, true, 1, false},
		{"single", 1, 0, true, 1, false},
		{"two", 100, 0, true, 2, false},
		{"two", 2, 0, true, 2, false},
		{"two", 1, 0, true, 1, false},
		{"per-item", 5, 0, true, 4, true},
		{"per-item", 4, 0, false, 4, false},
	};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);

	(void)state;
	each_case(c, cases) {
		strata_autoplan struct strata_plan *plan = NULL;
		struct strata_plan_options options = {
			.strategy = strata_strategy_find(cases[c].strategy),
			.max_layers = cases[c].max_layers,
			.base_layers = cases[c].base_layers,
			.customisation.entries = customisation,
			.customisation.entry_count =
				cases[c].customise ? COUNT_OF(customisation) : 0,
		};

		assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
		assert_int_equal(plan->layer_count, cases[c].layers);
		assert_int_equal(plan->customisation_layer, cases[c].own_layer);
		assert_int_equal(strata_plan_image_layers(plan),
			cases[c].layers + (cases[c].own_layer ? 1 : 0));
		assert_int_equal(plan->max_layers,
			cases[c].max_layers ? cases[c].max_layers : STRATA_DEFAULT_MAX_LAYERS);
		assert_string_equal(plan->strategy, cases[c].strategy);
	}
}

static void test_bound_without_room_names_one_that_works(void **state)
{
	static const struct {
		const char *strategy;
		uint32_t max_layers, base_layers;
		size_t entry_count;
		const char *hint;
	} cases[] = {
		{"popularity", 4, 4, 2, "use --max-layers 5"},
		{"popularity", 3, 8, 0, "use --max-layers 9"},
		{"single", 125, 125, 2, "use --max-layers 126, or choose another strategy"},
		{"per-item", 4, 4, 2, "use --max-layers 9"},
		{"per-item", 5, 4, 2, "use --max-layers 9"},
		{"per-item", 8, 4, 2, "use --max-layers 9"},
		{"per-item", 3, 0, 0, "use --max-layers 4"},
		{"per-item", 124, 122, 0, "use --max-layers 126, or choose another strategy"},
	};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);

	(void)state;
	each_case(c, cases) {
		strata_autoplan struct strata_plan *plan = NULL;
		struct strata_plan_options options = {
			.strategy = strata_strategy_find(cases[c].strategy),
			.max_layers = cases[c].max_layers,
			.base_layers = cases[c].base_layers,
			.customisation.entries = customisation,
			.customisation.entry_count = cases[c].entry_count,
		};

		assert_int_equal(
			strata_plan_make(graph, &options, &plan, &error), STRATA_ERROR_INVALID);
		assert_string_equal(error.hint, cases[c].hint);
		assert_null(plan);
		options.max_layers = (uint32_t)strtoul(error.hint + 17, NULL, 10);
		strata_error_clear(&error);
		assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	}
}

static void test_empty_graph(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(NULL, 0, NULL);

	(void)state;
	for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
		strategy++) {
		in_case("strategy %s", (*strategy)->name);

		strata_autoplan struct strata_plan *empty = NULL;
		strata_autoplan struct strata_plan *customised = NULL;
		struct strata_plan_options options = {.strategy = *strategy, .max_layers = 1};

		assert_succeeds(strata_plan_make(graph, &options, &empty, &error), &error);
		assert_int_equal(strata_plan_image_layers(empty), 0);
		assert_succeeds(strata_plan_check(empty, graph, &error), &error);
		options.customisation.entries = customisation;
		options.customisation.entry_count = 1;
		assert_succeeds(strata_plan_make(graph, &options, &customised, &error), &error);
		assert_int_equal(customised->layer_count, 0);
		assert_true(customised->customisation_layer);
		assert_int_equal(strata_plan_image_layers(customised), 1);
		assert_succeeds(strata_plan_check(customised, graph, &error), &error);
	}
}

static void test_single_item(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	static const struct node node = {"only", "only", 1};
	strata_autograph struct strata_graph *graph = make_graph(&node, 1, NULL);

	(void)state;
	for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
		strategy++) {
		in_case("strategy %s", (*strategy)->name);

		each_number(uint32_t, bound, 1, 4) {
			strata_autoplan struct strata_plan *plan = NULL;
			struct strata_plan_options options = {.strategy = *strategy,
				.max_layers = bound,
				.customisation.entries = customisation,
				.customisation.entry_count = 1};

			assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
			assert_int_equal(plan->layer_count, 1);
			assert_string_equal(plan->layers[0].items[0], "only");
			assert_int_equal(plan->customisation_layer,
				bound > 1 && !(*strategy)->customisation_on_top_layer);
		}
	}
}

/* Plans that did not come through strata_plan_load() are checked as strictly. */
static void test_plans_of_library_users_are_checked(void **state)
{
	static const char *const all[] = {"a", "b", "c", "d"};
	struct strata_plan_layer repeated[] = {
		{.items = all, .item_count = 4}, {.items = all + 2, .item_count = 1}};
	struct strata_plan_layer empty[] = {{.items = all, .item_count = 4}, {.item_count = 0}};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);
	strata_autograph struct strata_graph *nothing = make_graph(NULL, 0, NULL);
	struct strata_entry entry = {.path = "/a"};
	struct strata_plan plan = {.layers = repeated, .layer_count = 2};
	struct strata_plan homeless = {
		.customisation.entries = &entry, .customisation.entry_count = 1};

	(void)state;
	assert_fails(strata_plan_check(&plan, graph, &error), STRATA_ERROR_INVALID,
		"layer 2: item 'c' is already in layer 1", &error);
	plan.layers = empty;
	assert_fails(strata_plan_check(&plan, graph, &error), STRATA_ERROR_INVALID,
		"layer 2 has no items", &error);
	plan.layer_count = 1;
	assert_succeeds(strata_plan_check(&plan, graph, &error), &error);
	assert_fails(strata_plan_check(&homeless, nothing, &error), STRATA_ERROR_INVALID,
		"customisation", &error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_counts_every_layer_of_the_image),
		cmocka_unit_test(test_bound_without_room_names_one_that_works),
		cmocka_unit_test(test_empty_graph),
		cmocka_unit_test(test_single_item),
		cmocka_unit_test(test_plans_of_library_users_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
