/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator, on series that can be reckoned by hand.
 */
#include <stdlib.h>

#include "graphs.h"

#include "lab/simulate.h"
#include <stratapack/fleet.h>
#include <stratapack/graph.h>

#include "fleet/fleet.h"
#include "graph/graph.h"
#include "lab/updates.h"
#include "util/memory.h"

static void cleanup_series(struct strata_series **series)
{
	strata_series_free(*series);
}
#define autoseries STRATA_CLEANUP(cleanup_series)

struct image {
	const char *name;
	uint64_t weight;
	const char *items; /* ids with blanks between */
};

static struct strata_fleet *make_fleet(
	const struct strata_graph *graph, const struct image *images, size_t count)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_fleet *fleet;

	assert_succeeds(strata_fleet_new(graph, &fleet, &error), &error);
	each_number(size_t, i, 0, count) {
		uint32_t items[16];
		char *copy = strdup(images[i].items), *rest = copy;
		struct strata_fleet_image image = {.name = images[i].name,
			.weight = images[i].weight,
			.max_layers = 100,
			.items = items};

		for (char *id = strtok_r(copy, " ", &rest); id; id = strtok_r(NULL, " ", &rest))
			items[image.item_count++] = strata_graph_find(graph, id);
		assert_succeeds(strata_fleet_add(fleet, &image, &error), &error);
		free(copy);
	}
	assert_succeeds(strata_fleet_sort(fleet, &error), &error);
	return fleet;
}

static void update(struct strata_series *series, const char *json, uint64_t seed)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autoupdates struct strata_updates *updates = NULL;

	assert_succeeds(
		strata_updates_parse("updates", json, strlen(json), &updates, &error), &error);
	assert_succeeds(strata_series_update(series, updates, seed, &error), &error);
}

/* What a strategy costs, with machines one and two revisions behind. */
struct costs {
	struct strata_outcome outcome;
	struct strata_pull pulls[2];
};

static struct costs cost(struct strata_series *series, const char *strategy, uint32_t bound)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct costs costs = {.pulls = {{.behind = 1}, {.behind = 2}}};
	struct strata_contender contender = {
		.name = strategy ? strategy : "ideal", .max_layers = bound};

	if (strategy) {
		contender.fleet = strcmp(strategy, "fleet") == 0;
		contender.storage_weight = STRATA_DEFAULT_STORAGE_WEIGHT;
		contender.strategy = strata_strategy_find(strategy);
		assert_true(contender.fleet || contender.strategy);
	}
	assert_int_equal(strata_series_run_count(series), 1);
	costs.outcome.pulls = costs.pulls;
	costs.outcome.pull_count = 2;
	assert_succeeds(strata_simulate(series, &contender, &costs.outcome, &error), &error);
	return costs;
}

static void assert_pull(const struct strata_pull *pull, uint64_t pairs, uint64_t digest,
	uint64_t prefix, uint64_t requests)
{
	assert_int_equal(pull->pairs, pairs);
	assert_int_equal(pull->digest, digest);
	assert_int_equal(pull->prefix, prefix);
	assert_int_equal(pull->requests, requests);
}

static const struct node nodes[] = {{"a", NULL, 10}, {"b", "a", 20}, {"c", NULL, 5}};
static const struct image images[] = {{"x", 3, "a b"}, {"y", 1, "a c"}};
static const char a_then_b[] = "{\"stratapackUpdates\": 1, \"revisions\": 2, \"causes\": ["
			       "{\"cause\": \"a\", \"at\": [1]}, {\"cause\": \"b\", \"at\": [2]},"
			       "{\"cause\": \"unknown\", \"at\": [1, 2]}]}";

static void test_costs_by_hand(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autofleet struct strata_fleet *fleet = make_fleet(graph, images, COUNT_OF(images));
	autoseries struct strata_series *series = strata_series_new(false, &error);
	struct costs costs;

	(void)state;
	assert_succeeds(strata_series_add(series, fleet, &error), &error);
	update(series, a_then_b, 1);
	assert_int_equal(strata_series_revision_count(series), 3);

	/* a, b, c; a anew; b anew. */
	costs = cost(series, NULL, 0);
	assert_int_equal(costs.outcome.first, 35);
	assert_int_equal(costs.outcome.registry, 65);
	assert_int_equal(costs.pulls[0].digest, (3 + 1) * 10 + 3 * 20);
	assert_int_equal(costs.pulls[1].digest, 3 * 30 + 10);

	/* x is 30 bytes and changes twice, y is 15 and changes once. */
	costs = cost(series, "single", 1);
	assert_int_equal(costs.outcome.first, 45);
	assert_int_equal(costs.outcome.registry, 3 * 30 + 2 * 15);
	assert_int_equal(costs.outcome.layer_sum, 6);
	assert_int_equal(costs.outcome.image_sum, 6);
	assert_pull(&costs.pulls[0], 8, 3 * 60 + 15, 3 * 60 + 15, 3 * 2 + 1);
	assert_pull(&costs.pulls[1], 4, 3 * 30 + 15, 3 * 30 + 15, 3 + 1);

	/* x is b below a, y is a below c. */
	costs = cost(series, "size", 2);
	assert_int_equal(costs.outcome.first, 35);
	assert_int_equal(costs.outcome.registry, 65);
	assert_int_equal(costs.outcome.layer_sum, 12);
	assert_pull(&costs.pulls[0], 8, 100, 3 * 10 + 15 + 3 * 30, 3 + 1 + 3);
	assert_pull(&costs.pulls[1], 4, 100, 3 * 30 + 15, 3 * 2 + 1);
}

/* With layers enough, and bytes that are worth a request, a fleet has its ideal. */
static void test_a_fleet(void **state)
{
	static const struct node large[] = {
		{"a", NULL, 10000000}, {"b", "a", 20000000}, {"c", NULL, 5000000}};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(large, COUNT_OF(large), NULL);
	strata_autofleet struct strata_fleet *fleet = make_fleet(graph, images, COUNT_OF(images));
	autoseries struct strata_series *series = strata_series_new(false, &error);
	struct costs costs;

	(void)state;
	assert_succeeds(strata_series_add(series, fleet, &error), &error);
	update(series, a_then_b, 1);
	costs = cost(series, "fleet", 2);
	assert_int_equal(costs.outcome.registry, 65000000);
	assert_int_equal(costs.pulls[0].digest, 100000000);
	costs = cost(series, "fleet", 1);
	assert_int_equal(costs.outcome.registry, 120000000);
}

static void test_propagation(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autofleet struct strata_fleet *fleet = make_fleet(graph, images, COUNT_OF(images));
	autoseries struct strata_series *series = strata_series_new(true, &error);

	(void)state;
	assert_succeeds(strata_series_add(series, fleet, &error), &error);
	update(series, a_then_b, 1);
	/* a and b anew; b anew. */
	assert_int_equal(cost(series, NULL, 0).outcome.registry, 35 + 30 + 20);
}

/* The graph of the nodes, where A and B have these versions. */
static struct strata_graph *make_state(const char *a, const char *b)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_graph *graph = strata_graph_new(&error);
	const char *reference = "a", *tree = "/tree";
	struct strata_item_record record = {.id = "a",
		.version = a,
		.size = 10,
		.has_size = true,
		.trees = &tree,
		.tree_count = 1};

	assert_succeeds(strata_graph_add(graph, &record, &error), &error);
	record.id = "b";
	record.identity = b;
	record.version = "same";
	record.size = 20;
	record.references = &reference;
	record.reference_count = 1;
	assert_succeeds(strata_graph_add(graph, &record, &error), &error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	return graph;
}

static void try_states(bool propagate, uint64_t registry, uint64_t pull)
{
	static const struct image one = {"x", 1, "a b"}, another = {"y", 1, "a"};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *first = make_state("1", "p");
	strata_autograph struct strata_graph *second = make_state("2", "p");
	strata_autograph struct strata_graph *third = make_state("1", "p");
	strata_autofleet struct strata_fleet *first_fleet = make_fleet(first, &one, 1);
	strata_autofleet struct strata_fleet *second_fleet =
		make_fleet(second, (const struct image[]){one, another}, 2);
	strata_autofleet struct strata_fleet *third_fleet = make_fleet(third, &one, 1);
	autoseries struct strata_series *series = strata_series_new(propagate, &error);
	struct costs costs;

	assert_succeeds(strata_series_add(series, first_fleet, &error), &error);
	assert_succeeds(strata_series_add(series, second_fleet, &error), &error);
	assert_succeeds(strata_series_add(series, third_fleet, &error), &error);
	costs = cost(series, NULL, 0);
	/* The third state is the first one again: the registry has all of it. */
	assert_int_equal(costs.outcome.registry, registry);
	/* Image y comes and goes: nobody has an earlier one. */
	assert_int_equal(costs.pulls[0].pairs, 2);
	assert_int_equal(costs.pulls[0].digest, pull);
	assert_int_equal(costs.pulls[1].pairs, 1);
	assert_int_equal(costs.pulls[1].digest, 0);
}

static void test_states(void **state)
{
	(void)state;
	try_states(false, 30 + 10, 2 * 10);
	try_states(true, 30 + 30, 2 * 30);
}

/* In how many of the revisions of a run its only item changes, and in which. */
static uint32_t count_changes(const char *json, uint64_t seed, uint32_t *last)
{
	static const struct node node = {"a", NULL, 1};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(&node, 1, NULL);
	strata_autofleet struct strata_fleet *fleet =
		make_fleet(graph, &(struct image){"x", 1, "a"}, 1);
	autoseries struct strata_series *series = strata_series_new(false, &error);
	uint32_t count = 0;

	assert_succeeds(strata_series_add(series, fleet, &error), &error);
	update(series, json, seed);
	for (uint32_t r = 1; r < series->revision_count; r++) {
		if (*series->revisions[r].contents == *series->revisions[r - 1].contents)
			continue;
		*last = r;
		count++;
	}
	return count;
}

static void test_what_is_left_to_chance(void **state)
{
	static const char random[] = "{\"stratapackUpdates\": 1, \"revisions\": 20, \"causes\": ["
				     "{\"cause\": \"a\", \"count\": 1}]}";
	static const char among_others[] =
		"{\"stratapackUpdates\": 1, \"revisions\": 20, \"causes\": ["
		"{\"cause\": \"b\", \"count\": 7}, {\"cause\": \"a\", \"count\": 1}]}";
	static const char batched[] =
		"{\"stratapackUpdates\": 1, \"revisions\": 20, \"batches\": [4, 8, 20],"
		"\"causes\": [{\"cause\": \"a\", \"count\": 1, \"batched\": true}]}";
	static const char all[] = "{\"stratapackUpdates\": 1, \"revisions\": 20, \"causes\": ["
				  "{\"cause\": \"a\", \"count\": 20}]}";
	static const char every[] = "{\"stratapackUpdates\": 1, \"revisions\": 20, \"causes\": ["
				    "{\"cause\": \"a\", \"every\": 5}]}";
	bool seen[21] = {false};
	uint32_t last, other, distinct = 0;

	(void)state;
	each_number(uint64_t, seed, 1, 201) {
		assert_int_equal(count_changes(random, seed, &last), 1);
		assert_int_equal(count_changes(among_others, seed, &other), 1);
		assert_int_equal(last, other);
		distinct += !seen[last];
		seen[last] = true;
		assert_int_equal(count_changes(batched, seed, &last), 1);
		assert_true(last == 4 || last == 8 || last == 20);
		assert_int_equal(count_changes(every, seed, &last), 4);
	}
	assert_int_equal(distinct, 20);
	assert_int_equal(count_changes(all, 1, &last), 20);
}

/* Two runs are two beginnings of the same series, not one after the other. */
static void test_runs(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autofleet struct strata_fleet *fleet = make_fleet(graph, images, COUNT_OF(images));
	autoseries struct strata_series *series = strata_series_new(false, &error);
	struct strata_contender contender = {
		.name = "single", .strategy = strata_strategy_find("single")};
	const uint32_t bound = 3, behind = 1;
	struct strata_contest_options options = {.contenders = &contender,
		.contender_count = 1,
		.max_layers = &bound,
		.max_layers_count = 1,
		.behind = &behind,
		.behind_count = 1};
	struct strata_contest *contest;

	(void)state;
	assert_succeeds(strata_series_add(series, fleet, &error), &error);
	update(series, a_then_b, 1);
	update(series,
		"{\"stratapackUpdates\": 1, \"revisions\": 2, \"causes\": ["
		"{\"cause\": \"c\", \"at\": [2]}]}",
		1);
	assert_fails(strata_series_add(series, fleet, &error), STRATA_ERROR_INVALID,
		"no state can follow", &error);
	assert_succeeds(strata_contest_run(series, &options, &contest, &error), &error);
	assert_int_equal(contest->run_count, 2);
	assert_int_equal(contest->revision_count, 3);
	assert_int_equal(contest->ideal.registry, 65 + 40);
	assert_int_equal(contest->ideal.pulls[0].digest, 100 + 5);
	assert_int_equal(contest->result_count, 1);
	assert_int_equal(contest->results[0].sum.registry, 120 + 60);
	assert_int_equal(contest->results[0].sum.pulls[0].digest, 195 + 15);
	assert_int_equal(contest->results[0].registry.least, 1500);
	assert_int_equal(contest->results[0].registry.most, 1846);
	assert_int_equal(contest->results[0].digest[0].least, 1950);
	assert_int_equal(contest->results[0].digest[0].most, 3000);
	strata_contest_free(contest);
}

static void refuse(const char *json, const char *words)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_updates *updates;

	assert_fails(strata_updates_parse("updates", json, strlen(json), &updates, &error),
		STRATA_ERROR_FORMAT, words, &error);
}

static void test_bad_updates(void **state)
{
	(void)state;
	refuse("{\"stratapackUpdates\": 1, \"causes\": []}", "\"revisions\"");
	refuse("{\"stratapackUpdates\": 1, \"revisions\": 0, \"causes\": []}", "from 1 to 9999");
	refuse("{\"stratapackUpdates\": 1, \"revisions\": 3, \"batches\": [2, 2], \"causes\": []}",
		"ascending revisions from 1 to 3");
	refuse("{\"stratapackUpdates\": 1, \"revisions\": 3, \"causes\": [{\"cause\": \"a\"}]}",
		"cause 1: expected exactly one of");
	refuse("{\"stratapackUpdates\": 1, \"revisions\": 3, \"causes\": [{\"cause\": \"a\", "
	       "\"count\": 4}]}",
		"not as many revisions");
	refuse("{\"stratapackUpdates\": 1, \"revisions\": 3, \"causes\": [{\"cause\": \"a\", "
	       "\"every\": 0}]}",
		"\"every\"");
	refuse("{\"stratapackUpdates\": 1, \"revisions\": 3, \"causes\": [{\"cause\": \"a\", "
	       "\"at\": [4]}]}",
		"from 1 to 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_costs_by_hand),
		cmocka_unit_test(test_a_fleet),
		cmocka_unit_test(test_propagation),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_what_is_left_to_chance),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_bad_updates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
