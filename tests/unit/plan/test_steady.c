/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strategy `steady`: planned anew, an image that changed a little has nearly all of its layers.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "random_graphs.h"

#include "graph/graph.h"
#include "model/causes.h"

enum { MOST_PACKAGES = 200 };

/* An image of Debian packages; a package of size 0 is not in it. */
struct archive {
	uint64_t sizes[MOST_PACKAGES];
	uint32_t updates[MOST_PACKAGES];
};

static void draw_archive(struct archive *archive, uint64_t seed)
{
	random_state = seed;
	for (uint32_t p = 0; p < MOST_PACKAGES; p++) {
		/* Sizes of all orders of magnitude. */
		archive->sizes[p] = (UINT64_C(1000) << random_below(14)) + random_below(1000);
		archive->updates[p] = random_below(6) == 0 ? 1 + random_below(5) : 0;
	}
}

static struct strata_plan *plan_archive(
	const struct archive *archive, const char *strategy, uint32_t bound)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(&error);
	struct strata_plan_options options = {
		.strategy = strata_strategy_find(strategy), .max_layers = bound};
	struct strata_plan *plan = NULL;

	for (uint32_t p = 0; p < MOST_PACKAGES; p++) {
		char name[16], version[32];
		struct strata_item_record record = {.id = name,
			.cause = name,
			.version = version,
			.size = archive->sizes[p],
			.has_size = true,
			.content = STRATA_CONTENT_ABSENT};

		snprintf(name, sizeof(name), "package%03u", p);
		snprintf(version, sizeof(version), archive->updates[p] ? "1-1+deb13u%u" : "1-1",
			archive->updates[p]);
		if (archive->sizes[p] > 0)
			assert_succeeds(strata_graph_add(graph, &record, &error), &error);
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_succeeds(strata_plan_check(plan, graph, &error), &error);
	assert_true(plan->layer_count <= bound);
	return plan;
}

static bool has_item(const struct strata_plan_layer *layer, const char *item)
{
	for (size_t i = 0; i < layer->item_count; i++) {
		if (strcmp(layer->items[i], item) == 0)
			return true;
	}
	return false;
}

static bool same_items(const struct strata_plan_layer *a, const struct strata_plan_layer *b)
{
	if (a->item_count != b->item_count)
		return false;
	for (size_t i = 0; i < a->item_count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

/* How many layers of NOW are new, but for that of CHANGED, which had to be. */
static uint32_t count_moved(
	const struct strata_plan *before, const struct strata_plan *now, const char *changed)
{
	uint32_t moved = 0;

	for (size_t l = 0; l < now->layer_count; l++) {
		bool found = has_item(&now->layers[l], changed);

		for (size_t b = 0; !found && b < before->layer_count; b++)
			found = same_items(&now->layers[l], &before->layers[b]);
		moved += !found;
	}
	return moved;
}

enum change { UPDATED, GONE, ADDED, CHANGES };

/* How many layers move in all where one package of SEED's image changes, planned anew. */
static uint32_t count_moved_by(uint64_t seed, enum change change, const char *strategy)
{
	static struct archive before, now;
	strata_autoplan struct strata_plan *was = NULL, *is = NULL;
	char name[16];
	uint32_t p;

	draw_archive(&before, seed);
	p = random_below(MOST_PACKAGES);
	now = before;
	snprintf(name, sizeof(name), "package%03u", p);
	if (change == UPDATED) {
		now.updates[p]++;
		now.sizes[p] += now.sizes[p] / 50;
	} else if (change == GONE) {
		now.sizes[p] = 0;
	} else {
		before.sizes[p] = 0;
	}
	was = plan_archive(&before, strategy, 25);
	is = plan_archive(&now, strategy, 25);
	return count_moved(was, is, name);
}

/* An update moves a layer beside its own once in many times, and what comes or goes one or two; by
 * churn, planned anew, it is several each time. */
static void test_small_changes_move_few_layers(void **state)
{
	const uint32_t images = getenv("STRATAPACK_TESTS_BRIEF") ? 24 : 60;
	const uint32_t most[CHANGES] = {images / 3, 2 * images, 2 * images};

	(void)state;
	for (enum change change = UPDATED; change < CHANGES; change++) {
		uint32_t steady = 0, churn = 0;

		for (uint64_t seed = 0; seed < images; seed++) {
			steady += count_moved_by(seed, change, "steady");
			churn += count_moved_by(seed, change, "churn");
		}
		print_message("change %d of %d images: steady moves %u layers, churn %u\n", change,
			images, steady, churn);
		assert_true(steady <= most[change]);
		assert_true(steady * 2 < churn);
	}
}

/* What counts its updates is not known to change more often: it would go elsewhere with each. */
static void test_counters_move_nothing(void **state)
{
	static struct archive before, now;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		strata_autoplan struct strata_plan *was = NULL, *is = NULL;

		draw_archive(&before, seed);
		now = before;
		for (uint32_t p = 0; p < MOST_PACKAGES; p += 3)
			now.updates[p] += 1 + p % 4;
		was = plan_archive(&before, "steady", 30);
		is = plan_archive(&now, "steady", 30);
		assert_int_equal(count_moved(was, is, ""), 0);
	}
}

/* Large packages are alone as soon as there are layers for them. */
static void test_large_packages_are_alone(void **state)
{
	struct archive archive = {.sizes = {[3] = 1000,
					  [4] = 2000,
					  [5] = 3000,
					  [6] = 1100,
					  [7] = 90000000,
					  [8] = 70000000}};
	strata_autoplan struct strata_plan *one = plan_archive(&archive, "steady", 1);
	strata_autoplan struct strata_plan *three = plan_archive(&archive, "steady", 3);

	(void)state;
	assert_int_equal(one->layer_count, 1);
	assert_int_equal(three->layer_count, 3);
	for (size_t l = 0; l < 3; l++)
		assert_true(three->layers[l].item_count == 1 || three->layers[l].item_count == 4);
}

/* Graphs of a store, whose items have causes in common, with and without cycles: every item is in
 * one layer, and there are not too many. */
static void test_stores_keep_to_the_bound(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct strata_error error = STRATA_ERROR_INIT;
		strata_autograph struct strata_graph *graph = NULL;
		struct sketch sketch;

		random_state = seed;
		draw(&sketch, seed, 1 + random_below(16), random_below(40), seed % 2 == 0);
		graph = tell(&sketch, seed);
		free(sketch.edges);
		for (uint32_t bound = 1; bound <= 17; bound += 4) {
			strata_autoplan struct strata_plan *plan = NULL;
			struct strata_plan_options options = {
				.strategy = strata_strategy_find("steady"), .max_layers = bound};

			assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
			assert_succeeds(strata_plan_check(plan, graph, &error), &error);
			assert_true(plan->layer_count <= bound);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_changes_move_few_layers),
		cmocka_unit_test(test_counters_move_nothing),
		cmocka_unit_test(test_large_packages_are_alone),
		cmocka_unit_test(test_stores_keep_to_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
