/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans above layers that are there already.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "graphs.h"

#include "graph/graph.h"
#include "plan/layers_below.h"
#include "util/buffer.h"

/* tool -> shell, text; text -> locale -> libc; shell -> libc -> data; data refers back to libc. */
static const struct node nodes[] = {
	{"tool", "shell text", 5},
	{"text", "locale", 40},
	{"locale", "libc", 30},
	{"shell", "libc", 20},
	{"libc", "data", 100},
	{"data", "libc", 60},
};

struct fixture {
	struct strata_graph *graph;
	struct strata_plan below;
	struct strata_plan_layer layers[4];
};

static void make_fixture(struct fixture *fixture, size_t layers)
{
	fixture->graph = make_graph(nodes, COUNT_OF(nodes), "tool");
	fixture->below = (struct strata_plan){.layers = fixture->layers, .layer_count = layers};
}

static void set_layer(struct fixture *fixture, size_t layer, const char *const *items)
{
	fixture->layers[layer] = (struct strata_plan_layer){.items = items};
	while (items[fixture->layers[layer].item_count])
		fixture->layers[layer].item_count++;
}

/* Each item of GRAPH as "id>reference,reference ". The caller frees it. */
static char *spell(const struct strata_graph *graph)
{
	struct strata_buffer text = STRATA_BUFFER_INIT;

	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		const struct strata_item *item = strata_graph_item(graph, i);

		strata_buffer_format(&text, "%s>", item->id);
		for (uint32_t r = 0; r < item->reference_count; r++)
			strata_buffer_format(&text, "%s%s", r ? "," : "",
				strata_graph_item(graph, item->references[r])->id);
		strata_buffer_byte(&text, ' ');
	}
	return strata_buffer_take(&text);
}

static void expect_rest(struct fixture *fixture, const char *expected, const char *root)
{
	strata_autograph struct strata_graph *rest = NULL;
	struct strata_error error = STRATA_ERROR_INIT;
	const uint32_t *roots;
	uint32_t count;
	char *text;

	assert_succeeds(strata_plan_rest(&fixture->below, fixture->graph, &rest, &error), &error);
	text = spell(rest);
	assert_string_equal(text, expected);
	free(text);
	roots = strata_graph_roots(rest, &count);
	assert_int_equal(count, 1);
	assert_string_equal(strata_graph_item(rest, roots[0])->id, root);
	strata_graph_free(fixture->graph);
}

static void test_references_lead_through_what_is_below(void **state)
{
	struct fixture fixture;

	(void)state;
	make_fixture(&fixture, 2);
	set_layer(&fixture, 0, (const char *const[]){"libc", NULL});
	set_layer(&fixture, 1, (const char *const[]){"text", NULL});
	/* data's way back to itself is no reference. */
	expect_rest(&fixture, "data> locale>data shell>data tool>locale,shell ", "tool");
}

static void test_what_a_root_below_needs_is_a_root(void **state)
{
	struct fixture fixture;

	(void)state;
	make_fixture(&fixture, 1);
	set_layer(&fixture, 0, (const char *const[]){"tool", "shell", "text", "locale", NULL});
	expect_rest(&fixture, "data>libc libc>data ", "libc");
}

static void test_everything_may_be_below(void **state)
{
	struct fixture fixture;
	strata_autograph struct strata_graph *rest = NULL;
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_entry tmp = {.kind = STRATA_ENTRY_DIRECTORY, .path = "/tmp", .mode = 01777};
	struct strata_plan_options options = {.max_layers = 2,
		.below = &fixture.below,
		.customisation = {.entries = &tmp, .entry_count = 1}};
	struct strata_plan *plan;

	(void)state;
	make_fixture(&fixture, 1);
	set_layer(&fixture, 0,
		(const char *const[]){"tool", "shell", "text", "locale", "libc", "data", NULL});
	assert_succeeds(strata_plan_rest(&fixture.below, fixture.graph, &rest, &error), &error);
	assert_int_equal(strata_graph_count(rest), 0);
	assert_succeeds(strata_plan_make(fixture.graph, &options, &plan, &error), &error);
	assert_succeeds(strata_plan_check(plan, fixture.graph, &error), &error);
	assert_int_equal(strata_plan_image_layers(plan), 2);
	strata_plan_free(plan);
	strata_graph_free(fixture.graph);
}

static void test_layers_below_stay_as_they_are(void **state)
{
	struct fixture fixture;
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_plan_options options = {
		.strategy = strata_strategy_find("size"), .max_layers = 4, .below = &fixture.below};
	struct strata_plan *plan;

	(void)state;
	make_fixture(&fixture, 2);
	set_layer(&fixture, 0, (const char *const[]){"libc", "data", NULL});
	set_layer(&fixture, 1, (const char *const[]){"tool", NULL});
	fixture.layers[0].compression = "zstd:19";
	assert_succeeds(strata_plan_make(fixture.graph, &options, &plan, &error), &error);
	assert_succeeds(strata_plan_check(plan, fixture.graph, &error), &error);
	assert_int_equal(plan->layer_count, 4);
	assert_string_equal(plan->layers[0].compression, "zstd:19");
	assert_null(plan->layers[1].compression);
	assert_null(plan->layers[2].compression);
	assert_string_equal(plan->layers[0].items[0], "libc");
	assert_string_equal(plan->layers[0].items[1], "data");
	assert_string_equal(plan->layers[1].items[0], "tool");
	strata_plan_free(plan);
	strata_graph_free(fixture.graph);
}

static void expect_refusal(struct fixture *fixture, const char *words)
{
	struct strata_graph *rest = NULL;
	struct strata_error error = STRATA_ERROR_INIT;

	assert_fails(strata_plan_rest(&fixture->below, fixture->graph, &rest, &error),
		STRATA_ERROR_INVALID, words, &error);
	strata_graph_free(fixture->graph);
}

static void test_foreign_and_repeated_items_are_refused(void **state)
{
	struct fixture fixture;

	(void)state;
	make_fixture(&fixture, 1);
	set_layer(&fixture, 0, (const char *const[]){"libc", "glibc", NULL});
	expect_refusal(&fixture, "layer 1: item 'glibc'");
	make_fixture(&fixture, 2);
	set_layer(&fixture, 0, (const char *const[]){"libc", NULL});
	set_layer(&fixture, 1, (const char *const[]){"data", "libc", NULL});
	expect_refusal(&fixture, "layer 2: item 'libc' is in two layers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references_lead_through_what_is_below),
		cmocka_unit_test(test_what_a_root_below_needs_is_a_root),
		cmocka_unit_test(test_everything_may_be_below),
		cmocka_unit_test(test_layers_below_stay_as_they_are),
		cmocka_unit_test(test_foreign_and_repeated_items_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
