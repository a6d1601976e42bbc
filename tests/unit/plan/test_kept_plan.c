/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans that are kept and extended.
 */
#include "graphs.h"

#include <stratapack/churn.h>
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "graph/graph.h"
#include "model/causes.h"
#include "model/rates.h"
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

/* Add ITEM, whose references are told from the last to the first where BACKWARDS is set. */
static void add_item(struct strata_graph *graph, const struct release *release, uint32_t item,
	bool store, bool backwards)
{
	struct strata_error error = STRATA_ERROR_INIT;
	char id[80], version[16], below[MOST_ITEMS][80];
	const char *references[MOST_ITEMS], *tree = "/tree";
	struct strata_item_record record = {.id = id,
		.version = store ? NULL : version,
		.size = release->sizes[item],
		.has_size = true,
		.content = store ? STRATA_CONTENT_STORE : STRATA_CONTENT_FILES,
		.references = references,
		.trees = &tree,
		.tree_count = 1};
	uint32_t count = 0;

	name_item(release, item, store, id, sizeof(id));
	snprintf(version, sizeof(version), "%u", release->versions[item]);
	for (uint32_t other = 0; other < item; other += 1 + item % 3) {
		if (release->versions[other])
			name_item(release, other, store, below[count++], sizeof(below[0]));
	}
	for (uint32_t r = 0; r < count; r++)
		references[r] = below[backwards ? count - 1 - r : r];
	record.reference_count = count;
	assert_succeeds(strata_graph_add(graph, &record, &error), &error);
}

/* The graph of RELEASE, whose items are told from FIRST on, around. */
static struct strata_graph *graph_told(const struct release *release, bool store, uint32_t first)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_graph *graph = strata_graph_new(&error);

	for (uint32_t n = 0; n < release->count; n++) {
		uint32_t item = (n + first) % release->count;

		if (release->versions[item])
			add_item(graph, release, item, store, first % 2);
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	return graph;
}

static struct strata_graph *graph_of(const struct release *release, bool store)
{
	return graph_told(release, store, 0);
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

static struct strata_plan *plan_with(const struct strata_graph *graph,
	const struct strata_churn *churn, const char *strategy, uint32_t bound,
	const struct strata_plan *previous)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_plan *plan = NULL;
	struct strata_plan_options options = {.strategy = strata_strategy_find(strategy),
		.max_layers = bound,
		.churn = churn,
		.previous = previous};

	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_succeeds(strata_plan_check(plan, graph, &error), &error);
	assert_true(plan->layer_count <= bound);
	return plan;
}

static struct strata_plan *plan_after(const struct strata_graph *graph, const char *strategy,
	uint32_t bound, const struct strata_plan *previous)
{
	return plan_with(graph, NULL, strategy, bound, previous);
}

/* Whether A and B have the same items; the order of these does not count. */
static bool is_same_layer(const struct strata_plan_layer *a, const struct strata_plan_layer *b)
{
	size_t found = 0;

	for (size_t i = 0; i < a->item_count; i++) {
		for (size_t j = 0; j < b->item_count; j++)
			found += strcmp(a->items[i], b->items[j]) == 0 &&
				 (!a->versions || strcmp(a->versions[i], b->versions[j]) == 0);
	}
	return a->item_count == b->item_count && found == a->item_count;
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

/* How many layers of PLAN are not among those of PREVIOUS. */
static size_t count_new_layers(const struct strata_plan *plan, const struct strata_plan *previous)
{
	size_t count = 0;

	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		bool same = false;

		for (size_t old = 0; old < previous->layer_count; old++)
			same |= is_same_layer(&plan->layers[layer], &previous->layers[old]);
		count += !same;
	}
	return count;
}

/* PLAN begins with all layers of PREVIOUS, in their order. */
static void assert_all_stay(const struct strata_plan *plan, const struct strata_plan *previous)
{
	assert_true(plan->layer_count >= previous->layer_count);
	each_number(size_t, layer, 0, previous->layer_count)
		assert_true(is_same_layer(&plan->layers[layer], &previous->layers[layer]));
}

/* Strategies that extend a previous plan. */
static const char *const extending[] = {"churn", "update"};

static void test_nothing_new_changes_nothing(void **state)
{
	(void)state;
	each_seed(seed, 60) {
		struct release release;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autoplan struct strata_plan *previous = NULL;

		draw_release(&release, seed);
		graph = graph_of(&release, seed % 2);
		previous = plan_after(graph, "churn", 6, NULL);
		each_case(e, extending) {
			strata_autoplan struct strata_plan *plan =
				plan_after(graph, extending[e], 6, previous);

			assert_int_equal(plan->layer_count, previous->layer_count);
			assert_all_stay(plan, previous);
		}
	}
}

/* Every third item of GRAPH changes every other week, the others once in ten years. */
static struct strata_churn *uneven_churn(const struct strata_graph *graph)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autorates struct strata_rates *rates = strata_rates_new(&error);
	struct strata_churn_options options = {
		.propagation = STRATA_PROPAGATION_OWN, .rates = rates};
	struct strata_churn *churn = NULL;

	each_number(uint32_t, i, 0, strata_graph_count(graph)) {
		struct strata_rate rate = {
			i % 3 ? STRATA_FIXED_ONE / 10 : STRATA_FIXED_ONE * 26, 0};

		assert_succeeds(
			strata_rates_set(rates, strata_graph_item(graph, i)->id, rate, &error),
			&error);
	}
	assert_succeeds(strata_churn_new(graph, &options, &churn, &error), &error);
	return churn;
}

/* `update` keeps what is there however bad it is; who plans for a year leaves it when that pays. */
static void test_a_bad_plan_is_kept_for_updates_only(void **state)
{
	unsigned left = 0;

	(void)state;
	each_seed(seed, 60) {
		struct release release;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autochurn struct strata_churn *churn = NULL;
		strata_autoplan struct strata_plan *previous = NULL;
		strata_autoplan struct strata_plan *update = NULL;
		strata_autoplan struct strata_plan *plan = NULL;

		draw_release(&release, seed);
		graph = graph_of(&release, seed % 2);
		previous = plan_after(graph, "single", 6, NULL);
		churn = uneven_churn(graph);
		update = plan_with(graph, churn, "update", 6, previous);
		assert_int_equal(update->layer_count, previous->layer_count);
		assert_all_stay(update, previous);
		plan = plan_with(graph, churn, "churn", 6, previous);
		left += count_new_layers(plan, previous) > 0;
	}
	print_message("# bad plans left: %u of %u\n", left, (unsigned)trials(60));
	assert_true(left * 6 > trials(60) * 5);
}

/* A small package that nobody needs comes, to whatever plan there was: where there is room, every
 * layer stays, and where there is none, all but one do. */
static void test_a_new_leaf_moves_no_layer(void **state)
{
	static const char *const before[] = {"churn", "size", "popularity"};

	(void)state;
	each_seed(seed, 150) {
		struct release release;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autograph struct strata_graph *larger = NULL;
		strata_autoplan struct strata_plan *previous = NULL;
		uint32_t bound = 2 + (uint32_t)(seed % 6);

		draw_release(&release, seed);
		graph = graph_of(&release, seed % 2);
		previous = plan_after(graph, before[seed / 2 % 3], bound, NULL);
		release.versions[release.count] = 1;
		release.sizes[release.count++] = 5000;
		larger = graph_of(&release, seed % 2);
		each_case(e, extending) {
			strata_autoplan struct strata_plan *roomy =
				plan_after(larger, extending[e], 60, previous);
			strata_autoplan struct strata_plan *tight = plan_after(
				larger, extending[e], (uint32_t)previous->layer_count, previous);

			assert_int_equal(roomy->layer_count, previous->layer_count + 1);
			assert_all_stay(roomy, previous);
			assert_int_equal(tight->layer_count, previous->layer_count);
			assert_int_equal(count_new_layers(tight, previous), 1);
		}
	}
}

/* Some items change, one comes, and one goes. */
static void update_release(struct release *release)
{
	for (uint32_t i = 0; i < release->count; i += 3 + random_below(4))
		release->versions[i]++;
	release->versions[random_below(release->count)] = 0;
	release->versions[release->count] = 1;
	release->sizes[release->count++] = 1000 + random_below(1 << 20);
}

static void test_permuted_input_changes_nothing(void **state)
{
	(void)state;
	each_seed(seed, 40) {
		struct release release;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autograph struct strata_graph *later = NULL;
		strata_autoplan struct strata_plan *previous = NULL;

		draw_release(&release, seed);
		graph = graph_of(&release, seed % 2);
		previous = plan_after(graph, "churn", 6, NULL);
		update_release(&release);
		later = graph_of(&release, seed % 2);
		each_number(uint32_t, first, 1, 6) {
			strata_autograph struct strata_graph *told =
				graph_told(&release, seed % 2, first);

			each_case(e, extending) {
				strata_autoplan struct strata_plan *plan =
					plan_after(later, extending[e], 6, previous);
				strata_autoplan struct strata_plan *again =
					plan_after(told, extending[e], 6, previous);

				assert_int_equal(plan->layer_count, again->layer_count);
				assert_all_stay(again, plan);
			}
		}
	}
}

/* What PLAN costs in a year, and once for those who have PREVIOUS. */
static uint64_t cost_after(const struct strata_graph *graph, const struct strata_plan *plan,
	const struct strata_plan *previous)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autochurn struct strata_churn *churn = NULL;
	uint32_t layer_of[MOST_ITEMS];
	struct strata_cost cost;

	assert_succeeds(strata_churn_new(graph, NULL, &churn, &error), &error);
	for (uint32_t layer = 0; layer < plan->layer_count; layer++) {
		for (size_t i = 0; i < plan->layers[layer].item_count; i++)
			layer_of[strata_graph_find(graph, plan->layers[layer].items[i])] = layer;
	}
	assert_succeeds(strata_cost_layers(
				graph, churn, layer_of, (uint32_t)plan->layer_count, &cost, &error),
		&error);
	return cost.planned + bytes_to_pull(graph, plan, previous) +
	       count_new_layers(plan, previous) * STRATA_REQUEST;
}

/* Of an update, what must be pulled; of a plan that is kept, what it costs, but for the fiftieth
 * that is not worth a change. */
static void test_a_larger_bound_costs_no_more(void **state)
{
	(void)state;
	each_seed(seed, 60) {
		struct release release;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autograph struct strata_graph *later = NULL;
		strata_autoplan struct strata_plan *previous = NULL;
		uint64_t bytes = UINT64_MAX, least = UINT64_MAX - UINT64_MAX / 40;

		draw_release(&release, seed);
		graph = graph_of(&release, seed % 2);
		previous = plan_after(graph, "churn", 6, NULL);
		update_release(&release);
		later = graph_of(&release, seed % 2);
		each_number(uint32_t, bound, 1, 12) {
			strata_autoplan struct strata_plan *update =
				plan_after(later, "update", bound, previous);
			strata_autoplan struct strata_plan *plan =
				plan_after(later, "churn", bound, previous);
			uint64_t now = bytes_to_pull(later, update, previous);
			uint64_t cost = cost_after(later, plan, previous);

			assert_true(now <= bytes);
			assert_true(cost <= least + least / 49);
			bytes = now;
			least = cost < least ? cost : least;
		}
	}
}

/* Over a series of releases with updates, arrivals and departures. */
static void test_sticky_plans_are_not_worse_than_fresh_ones(void **state)
{
	uint64_t sticky_sum = 0, fresh_sum = 0, update_sum = 0;

	(void)state;
	each_seed(seed, 24) {
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
	print_message("# sticky / fresh: %.3f, update / sticky: %.3f\n",
		(double)sticky_sum / (double)fresh_sum, (double)update_sum / (double)sticky_sum);
	assert_true(sticky_sum <= fresh_sum);
	assert_true(update_sum <= sticky_sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_new_changes_nothing),
		cmocka_unit_test(test_a_new_leaf_moves_no_layer),
		cmocka_unit_test(test_a_bad_plan_is_kept_for_updates_only),
		cmocka_unit_test(test_permuted_input_changes_nothing),
		cmocka_unit_test(test_a_larger_bound_costs_no_more),
		cmocka_unit_test(test_sticky_plans_are_not_worse_than_fresh_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
