/*
 * Plans that are kept and extended.
 */
#include "graphs.h"

#include <stratapack/churn.h>

#include "graph/internal.h"
#include "plan/churn.h"
#include "plan/rates.h"
#include "random_graphs.h"

enum {
	MOST_ITEMS = 40,
};

/* A release of some packages: item I has version VERSIONS[I], and is there where that is not 0. */
struct release {
	uint32_t count;
	uint32_t versions[MOST_ITEMS];
	uint64_t sizes[MOST_ITEMS];
};

/* In a store, what is above a changed item has another name too. */
static uint32_t hash_of(const struct release *release, uint32_t item, bool store)
{
	uint32_t hash = release->versions[item];

	for (uint32_t below = 0; store && below < item; below += 1 + item % 3) {
		if (release->versions[below])
			hash = hash * 31 + release->versions[below];
	}
	return hash;
}

static void name_item(
	const struct release *release, uint32_t item, bool store, char *id, size_t size)
{
	if (store)
		snprintf(id, size, "/s/%032u-pack%c%c-1", hash_of(release, item, true),
			'a' + item / 26, 'a' + item % 26);
	else
		snprintf(id, size, "pack%02u:all", item);
}

static struct strata_graph *graph_of(const struct release *release, bool store)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_graph *graph = strata_graph_new(&error);

	for (uint32_t i = 0; i < release->count; i++) {
		char id[80], version[16], below[MOST_ITEMS][80];
		const char *references[MOST_ITEMS], *tree = "/tree";
		struct strata_item_record record = {.id = id,
			.version = store ? NULL : version,
			.size = release->sizes[i],
			.has_size = true,
			.content = store ? STRATA_CONTENT_STORE : STRATA_CONTENT_FILES,
			.references = references,
			.trees = &tree,
			.tree_count = 1};

		if (!release->versions[i])
			continue;
		name_item(release, i, store, id, sizeof(id));
		snprintf(version, sizeof(version), "%u", release->versions[i]);
		for (uint32_t other = 0; other < i; other += 1 + i % 3) {
			if (!release->versions[other])
				continue;
			name_item(release, other, store, below[record.reference_count],
				sizeof(below[0]));
			references[record.reference_count] = below[record.reference_count];
			record.reference_count++;
		}
		assert_succeeds(strata_graph_add(graph, &record, &error), &error);
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	return graph;
}

static void draw_release(struct release *release, uint64_t seed)
{
	random_state = seed;
	*release = (struct release){.count = 12 + random_below(20)};
	for (uint32_t i = 0; i < release->count; i++) {
		release->versions[i] = 1;
		release->sizes[i] = (uint64_t)1 << (12 + random_below(14));
	}
}

static struct strata_plan *plan_after(const struct strata_graph *graph, const char *strategy,
	uint32_t bound, const struct strata_plan *previous)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_plan *plan = NULL;
	struct strata_plan_options options = {.strategy = strata_strategy_find(strategy),
		.max_layers = bound,
		.previous = previous};

	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_succeeds(strata_plan_check(plan, graph, &error), &error);
	assert_true(plan->layer_count <= bound);
	return plan;
}

static bool is_same_layer(const struct strata_plan_layer *a, const struct strata_plan_layer *b)
{
	if (a->item_count != b->item_count)
		return false;
	for (size_t i = 0; i < a->item_count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0 ||
			(a->versions && strcmp(a->versions[i], b->versions[i]) != 0))
			return false;
	}
	return true;
}

/* The bytes of PLAN that someone with PREVIOUS does not have. */
static uint64_t bytes_to_pull(const struct strata_graph *graph, const struct strata_plan *plan,
	const struct strata_plan *previous)
{
	uint64_t sum = 0;

	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		bool known = false;

		for (size_t old = 0; previous && old < previous->layer_count && !known; old++)
			known = is_same_layer(&plan->layers[layer], &previous->layers[old]);
		for (size_t i = 0; i < plan->layers[layer].item_count && !known; i++)
			sum += strata_graph_item(
				graph, strata_graph_find(graph, plan->layers[layer].items[i]))
				       ->size;
	}
	return sum;
}

static void test_nothing_new_changes_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct release release;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autoplan struct strata_plan *previous = NULL;
		strata_autoplan struct strata_plan *plan = NULL;
		strata_autoplan struct strata_plan *update = NULL;

		draw_release(&release, seed);
		graph = graph_of(&release, seed % 2);
		previous = plan_after(graph, seed % 3 ? "churn" : "size", 6, NULL);
		plan = plan_after(graph, "churn", 6, seed % 3 ? previous : NULL);
		update = plan_after(graph, "update", 6, previous);
		assert_int_equal(update->layer_count, previous->layer_count);
		for (size_t layer = 0; layer < previous->layer_count; layer++) {
			assert_true(
				is_same_layer(&update->layers[layer], &previous->layers[layer]) ||
				seed % 3 == 0);
			if (seed % 3)
				assert_true(is_same_layer(
					&plan->layers[layer], &previous->layers[layer]));
		}
		assert_true(bytes_to_pull(graph, update, previous) == 0 || seed % 3 == 0);
	}
}

/* A small package that nobody needs comes: every layer stays, whatever was there. */
static void test_a_new_leaf_moves_no_layer(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct release release;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autograph struct strata_graph *larger = NULL;
		strata_autoplan struct strata_plan *previous = NULL;
		strata_autoplan struct strata_plan *plan = NULL;

		draw_release(&release, seed);
		graph = graph_of(&release, seed % 2);
		/* There is room for it. */
		previous = plan_after(graph, "churn", 60, NULL);
		release.versions[release.count] = 1;
		release.sizes[release.count++] = 5000;
		larger = graph_of(&release, seed % 2);
		plan = plan_after(larger, "churn", 60, previous);
		assert_int_equal(plan->layer_count, previous->layer_count + 1);
		for (size_t layer = 0; layer < previous->layer_count; layer++)
			assert_true(is_same_layer(&plan->layers[layer], &previous->layers[layer]));
	}
}

/* At the bound it must go somewhere: all items stay where they are nevertheless. */
static void test_a_new_leaf_moves_no_item(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct release release;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autograph struct strata_graph *larger = NULL;
		strata_autoplan struct strata_plan *previous = NULL;
		strata_autoplan struct strata_plan *plan = NULL;
		size_t changed = 0;

		draw_release(&release, seed);
		graph = graph_of(&release, seed % 2);
		previous = plan_after(graph, "churn", 6, NULL);
		release.versions[release.count] = 1;
		release.sizes[release.count++] = 5000;
		larger = graph_of(&release, seed % 2);
		plan = plan_after(larger, "churn", 6, previous);
		for (size_t layer = 0; layer < plan->layer_count; layer++) {
			bool same = false;

			for (size_t old = 0; old < previous->layer_count; old++)
				same |= is_same_layer(&plan->layers[layer], &previous->layers[old]);
			changed += !same;
		}
		assert_int_equal(changed, 1);
	}
}

/* Over a series of releases with updates, arrivals and departures. */
static void test_sticky_plans_are_not_worse_than_fresh_ones(void **state)
{
	uint64_t sticky_sum = 0, fresh_sum = 0, update_sum = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 24; seed++) {
		struct release release;
		struct strata_plan *sticky = NULL, *fresh = NULL;
		uint64_t sticky_bytes = 0, fresh_bytes = 0;

		draw_release(&release, seed);
		for (unsigned week = 0; week < 30; week++) {
			strata_autograph struct strata_graph *graph = graph_of(&release, seed % 2);
			struct strata_plan *next = plan_after(graph, "churn", 8, sticky);
			struct strata_plan *anew = plan_after(graph, "churn", 8, NULL);
			strata_autoplan struct strata_plan *update =
				plan_after(graph, "update", 8, sticky);

			if (week > 0) {
				sticky_bytes += bytes_to_pull(graph, next, sticky);
				fresh_bytes += bytes_to_pull(graph, anew, fresh);
				update_sum += bytes_to_pull(graph, update, sticky);
			}
			strata_plan_free(sticky);
			strata_plan_free(fresh);
			sticky = next;
			fresh = anew;
			random_state = seed * 1000 + week;
			for (uint32_t i = 0; i < release.count; i++) {
				if (release.versions[i] && random_below(12) == 0)
					release.versions[i]++;
			}
			if (random_below(4) == 0 && release.count < MOST_ITEMS) {
				release.sizes[release.count] = 1000 + random_below(1 << 20);
				release.versions[release.count++] = 1;
			}
			if (random_below(6) == 0)
				release.versions[random_below(release.count)] = 0;
		}
		strata_plan_free(sticky);
		strata_plan_free(fresh);
		sticky_sum += sticky_bytes;
		fresh_sum += fresh_bytes;
		/* No single series may be much worse by luck either. */
		assert_true(sticky_bytes < fresh_bytes + fresh_bytes / 10);
	}
	print_message("sticky / fresh: %.3f, update / sticky: %.3f\n",
		(double)sticky_sum / (double)fresh_sum, (double)update_sum / (double)sticky_sum);
	assert_true(sticky_sum <= fresh_sum);
	assert_true(update_sum <= sticky_sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_new_changes_nothing),
		cmocka_unit_test(test_a_new_leaf_moves_no_layer),
		cmocka_unit_test(test_a_new_leaf_moves_no_item),
		cmocka_unit_test(test_sticky_plans_are_not_worse_than_fresh_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
