/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "random_graphs.h"

#include "graph/components.h"
#include "graph/graph.h"
#include "plan/strategies/popularity_scores.h"

__extension__ typedef unsigned __int128 wide;

/* The order in which a ladder must come: lowest pair first. */
static void assert_ladder_order(const struct strata_graph *graph, uint32_t levels)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autoplan struct strata_plan *plan = NULL;
	struct strata_plan_options options = {
		.strategy = strata_strategy_find("popularity"), .max_layers = 1};

	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_int_equal(plan->layers[0].item_count, 2 * levels + 1);
	each_number(uint32_t, i, 0, 2 * levels) {
		char expected[32];

		snprintf(expected, sizeof(expected), "%c-%05u", i % 2 ? 'b' : 'a',
			levels - 1 - i / 2);
		assert_string_equal(plan->layers[0].items[i], expected);
	}
	assert_string_equal(plan->layers[0].items[2 * levels], "root");
}

static void test_popularity_of_64_levels_needs_more_than_64_bits(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_ladder(64);
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autoscores struct strata_scores scores = STRATA_SCORES_INIT;
	const uint64_t *score;

	(void)state;
	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	assert_succeeds(strata_scores_count(&components, &scores, &error), &error);
	assert_int_equal(scores.words, 2);
	score = scores.values + 2 * components.of_item[strata_graph_find(graph, "a-00063")];
	/* 27670116110564327423, as Python's unbounded integers have it. */
	assert_true(((wide)score[1] << 64 | score[0]) ==
		    (wide)UINT64_C(2767011611056432) * 10000 + 7423);
	score = scores.values + 2 * components.of_item[strata_graph_find(graph, "b-00000")];
	assert_true(score[0] == 2 && score[1] == 0);
	assert_ladder_order(graph, 64);
}

static void test_popularity_of_300_levels_is_exact(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_ladder(300);
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autoscores struct strata_scores scores = STRATA_SCORES_INIT;
	const uint64_t *score;

	(void)state;
	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	assert_succeeds(strata_scores_count(&components, &scores, &error), &error);
	assert_int_equal(scores.words, 8);
	/* 3 * 2^299 - 1 */
	score = scores.values + (size_t)8 * components.of_item[strata_graph_find(graph, "a-00299")];
	each_number(int, w, 0, 4)
		assert_true(score[w] == UINT64_MAX);
	assert_true(score[4] == ((UINT64_C(1) << 44) | ((UINT64_C(1) << 43) - 1)));
	each_number(int, w, 5, 8)
		assert_true(score[w] == 0);
	assert_ladder_order(graph, 300);
}

static void test_popularity_refuses_what_it_cannot_count(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *largest = make_ladder(4093);
	strata_autograph struct strata_graph *graph = make_ladder(4200);
	strata_autoplan struct strata_plan *plan = NULL;
	struct strata_plan_options options = {.strategy = strata_strategy_find("popularity")};

	(void)state;
	assert_ladder_order(largest, 4093);
	assert_int_equal(strata_plan_make(graph, &options, &plan, &error), STRATA_ERROR_INVALID);
	assert_non_null(strstr(error.message, "4096 bits"));
	assert_non_null(strstr(error.hint, "--strategy size"));
	strata_error_clear(&error);
	assert_null(plan);
}

/*
 * The contest as nixpkgs states it, with its table of all pairs, for graphs without cycles:
 * table[v][x] is what x has in the contest of v's children.
 */
static void hold_contest(const struct strata_components *components, const uint32_t *children,
	uint32_t child_count, wide *const *tables, wide *points)
{
	for (uint32_t i = 0; i < child_count; i++) {
		points[children[i]] += 1;
		for (uint32_t x = 0; x < components->count; x++) {
			if (tables[children[i]][x] > 0)
				points[x] += tables[children[i]][x] + 1;
		}
	}
}

static void assert_scores_as_in_contest(const struct strata_graph *graph)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autoscores struct strata_scores scores = STRATA_SCORES_INIT;
	uint32_t count = strata_graph_count(graph), source_count = 0;
	wide **tables = calloc(count, sizeof(*tables));
	wide *points = calloc(count, sizeof(*points));
	bool *referred = calloc(count, sizeof(*referred));
	uint32_t *sources = calloc(count, sizeof(*sources));

	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	for (uint32_t c = 0; c < components.count; c++) {
		uint32_t start = components.reference_starts[c];
		uint32_t end = components.reference_starts[c + 1];

		tables[c] = calloc(count, sizeof(**tables));
		hold_contest(
			&components, components.references + start, end - start, tables, tables[c]);
		for (uint32_t r = start; r < end; r++)
			referred[components.references[r]] = true;
	}
	for (uint32_t c = 0; c < components.count; c++) {
		if (!referred[c])
			sources[source_count++] = c;
	}
	hold_contest(&components, sources, source_count, tables, points);
	assert_succeeds(strata_scores_count(&components, &scores, &error), &error);
	each_number(uint32_t, c, 0, components.count) {
		const uint64_t *score = scores.values + (size_t)c * scores.words;

		assert_true(score[0] == (uint64_t)points[c]);
		assert_true((scores.words > 1 ? score[1] : 0) == (uint64_t)(points[c] >> 64));
		free(tables[c]);
	}
	free(tables);
	free(points);
	free(referred);
	free(sources);
}

static void test_scores_are_those_of_the_contest(void **state)
{
	(void)state;
	each_seed(seed, 4000) {
		struct sketch sketch;
		uint32_t items;
		strata_autograph struct strata_graph *graph = NULL;

		random_state = seed;
		items = 1 + random_below(14);
		draw(&sketch, seed, items, random_below(40), seed % 4 == 3);
		graph = tell(&sketch, seed);
		assert_scores_as_in_contest(graph);
		free(sketch.edges);
	}
}

/* More targets than there are in one block, with ids of their own. */
static void test_scores_across_blocks(void **state)
{
	(void)state;
	each_seed(seed, 6) {
		struct strata_error error = STRATA_ERROR_INIT;
		strata_autograph struct strata_graph *graph = strata_graph_new(&error);

		random_state = seed;
		for (uint32_t i = 0; i < 200 + 111 * seed; i++) {
			char id[32], references[256] = "";

			snprintf(id, sizeof(id), "n-%04u", i);
			for (uint32_t e = random_below(4); e > 0 && i > 0; e--)
				snprintf(references + strlen(references), 32, " n-%04u",
					random_below(i));
			add_node(graph, &(struct node){id, references, 1});
		}
		assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
		assert_scores_as_in_contest(graph);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_popularity_of_64_levels_needs_more_than_64_bits),
		cmocka_unit_test(test_popularity_of_300_levels_is_exact),
		cmocka_unit_test(test_popularity_refuses_what_it_cannot_count),
		cmocka_unit_test(test_scores_are_those_of_the_contest),
		cmocka_unit_test(test_scores_across_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
