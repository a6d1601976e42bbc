/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other programs' strategies: what these programs make of the same graphs.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "random_graphs.h"

#include "graph/components.h"
#include "graph/graph.h"
#include "model/causes.h"
#include "plan/strategies/others/closures.h"
#include "plan/strategies/others/nixery.h"
#include "plan/strategies/others/sources.h"
#include "util/buffer.h"

enum { MOST = 12 };

/* The loop of nixpkgs as it stands there, on bits: owners[d] are primaries. */
struct loop {
	uint32_t count;
	uint32_t below[MOST]; /* strict dependencies, all of them */
	uint32_t owners[MOST];
};

static uint32_t count_owner_sets(const uint32_t *owners, uint32_t count)
{
	uint32_t distinct = 0;

	for (uint32_t i = 0; i < count; i++) {
		bool seen = false;

		for (uint32_t j = 0; j < i; j++)
			seen = seen || owners[j] == owners[i];
		distinct += !seen;
	}
	return distinct;
}

static void run_loop(struct loop *loop, const struct strata_graph *graph, uint32_t bound)
{
	bool done[MOST] = {false};

	for (uint32_t i = 0; i < loop->count; i++)
		loop->owners[i] = 0;
	for (uint32_t step = 0; step < loop->count; step++) {
		uint32_t next[MOST], primary = UINT32_MAX;

		for (uint32_t i = 0; i < loop->count; i++) {
			if (!done[i] && (primary == UINT32_MAX ||
						strata_graph_item(graph, i)->size >=
							strata_graph_item(graph, primary)->size))
				primary = i;
		}
		done[primary] = true;
		memcpy(next, loop->owners, sizeof(next));
		next[primary] = 1u << primary;
		for (uint32_t d = 0; d < loop->count; d++) {
			if (!(loop->below[primary] >> d & 1))
				continue;
			for (uint32_t p = 0; p < loop->count; p++) {
				if (loop->below[p] >> primary & 1)
					next[d] &= ~(1u << p);
			}
			if (!(next[d] & loop->below[primary]))
				next[d] |= 1u << primary;
		}
		if (count_owner_sets(next, loop->count) > bound)
			return;
		memcpy(loop->owners, next, sizeof(next));
	}
}

/* The layers of PLAN are the items with equal owners in LOOP. */
static void assert_same_owners(
	const struct strata_plan *plan, const struct strata_graph *graph, const struct loop *loop)
{
	assert_int_equal(plan->layer_count, count_owner_sets(loop->owners, loop->count));
	each_number(size_t, layer, 0, plan->layer_count) {
		uint32_t first = strata_graph_find(graph, plan->layers[layer].items[0]);

		each_number(size_t, i, 0, plan->layers[layer].item_count) {
			uint32_t item = strata_graph_find(graph, plan->layers[layer].items[i]);

			assert_int_equal(loop->owners[item], loop->owners[first]);
		}
	}
}

static void test_auto_is_the_loop_of_nixpkgs(void **state)
{
	(void)state;
	each_seed(seed, 3000) {
		struct strata_error error = STRATA_ERROR_INIT;
		strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
		strata_autograph struct strata_graph *graph = NULL;
		struct loop loop = {0};
		struct sketch sketch;
		uint32_t items;

		random_state = seed;
		items = 1 + random_below(MOST);
		draw(&sketch, seed, items, random_below(30), false);
		graph = tell(&sketch, seed);
		free(sketch.edges);
		loop.count = strata_graph_count(graph);
		assert_succeeds(strata_components_find(graph, &components, &error), &error);
		for (uint32_t c = 0; c < components.count; c++) {
			uint32_t item = components.members[c];
			const struct strata_item *fields = strata_graph_item(graph, item);

			for (uint32_t r = 0; r < fields->reference_count; r++)
				loop.below[item] |= 1u << fields->references[r] |
						    loop.below[fields->references[r]];
		}
		each_number(uint32_t, bound, 1, loop.count + 1) {
			strata_autoplan struct strata_plan *plan = NULL;
			struct strata_plan_options options = {
				.strategy = strata_strategy_find("auto"), .max_layers = bound};

			run_loop(&loop, graph, bound);
			assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
			assert_same_owners(plan, graph, &loop);
		}
	}
}

static void test_closures(void **state)
{
	static const struct node nodes[] = {
		{"a", "b c", 1}, {"b", "d", 10}, {"c", "d", 100}, {"d", "e", 1000}, {"e", "d", 5}};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	struct strata_closure closures[2];
	uint32_t class_of[4];

	(void)state;
	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	assert_int_equal(components.count, 4);
	for (uint32_t c = 0; c < 4; c++)
		class_of[c] = components.of_item[0] == c; /* a, and all others */
	assert_succeeds(
		strata_closures_measure(graph, &components, class_of, 2, closures, &error), &error);
	assert_int_equal(closures[1].size, 1116);
	assert_int_equal(closures[1].components, 4);
	assert_int_equal(closures[0].size, 1115);
	assert_int_equal(closures[0].components, 3);
}

static void test_nixery(void **state)
{
	static const struct node nodes[] = {{"A", "E", 1000000}, {"B", "E", 2000000},
		{"C", "E D", 5000000}, {"D", "F G", 6000000}, {"E", NULL, 10000000},
		{"F", NULL, 4000000}, {"G", NULL, 150000000}};
	/* The popularity of E is 5000, of all others 1. */
	static const uint32_t popularity[] = {1, 1, 1, 1, 5000, 1, 1};
	static const struct {
		uint32_t bound;
		const char *layers; /* one letter for each item, '|' between layers */
	} cases[] = {
		{6, "E|C|DF|G|B|A"},
		{7, "E|C|DF|G|B|A"},
		{5, "E|C|DF|G|AB"},
		{4, "E|C|DF|ABG"},
		{3, "E|C|ABDFG"},
		{2, "E|ABCDFG"},
		{1, "ABCDEFG"},
	};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(&error);
	uint32_t order[COUNT_OF(nodes)], ends[COUNT_OF(nodes)];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(nodes); i++)
		add_node(graph, &nodes[i]);
	for (const char *const *root = (const char *const[]){"A", "B", "C", "D", NULL}; *root;
		root++)
		assert_succeeds(strata_graph_add_root(graph, *root, &error), &error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	each_case(c, cases) {
		struct strata_partition partition = {
			.order = order, .item_count = COUNT_OF(nodes), .ends = ends};
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
		uint32_t at = 0;

		assert_succeeds(strata_nixery_partition(
					graph, popularity, cases[c].bound, &partition, &error),
			&error);
		for (uint32_t layer = 0; layer < partition.layer_count; layer++) {
			if (layer > 0)
				strata_buffer_byte(&text, '|');
			for (; at < partition.ends[layer]; at++)
				strata_buffer_string(
					&text, strata_graph_item(graph, partition.order[at])->id);
		}
		assert_string_equal(text.data, cases[c].layers);
	}
}

static void test_statistics(void **state)
{
	uint64_t odd[] = {5, 1, 9}, even[] = {4, 1, 10, 2}, scratch[4], mean, deviation;

	(void)state;
	assert_int_equal(strata_median(odd, 3), 5);
	assert_int_equal(strata_median(even, 4), 3);
	assert_int_equal(strata_median(NULL, 0), 0);
	assert_int_equal(strata_median_deviation(odd, 3, 5, scratch), 4);
	assert_int_equal(strata_median_deviation(even, 4, 3, scratch), 1);
	strata_mean_deviation((const uint64_t[]){2, 4, 4, 4, 5, 5, 7, 9}, 8, &mean, &deviation);
	assert_int_equal(mean, 5);
	assert_int_equal(deviation, 2);
	/* Numbers whose squares do not fit. */
	strata_mean_deviation(
		(const uint64_t[]){UINT64_C(1) << 40, UINT64_C(3) << 40}, 2, &mean, &deviation);
	assert_int_equal(mean, UINT64_C(2) << 40);
	assert_int_equal(deviation, UINT64_C(1) << 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auto_is_the_loop_of_nixpkgs),
		cmocka_unit_test(test_closures),
		cmocka_unit_test(test_nixery),
		cmocka_unit_test(test_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
