/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model: causes, rates, costs, and the bounds that no layering goes below.
 */
#include <math.h>
#include <stdlib.h>

#include "graphs.h"

#include <stratapack/churn.h>
#include <stratapack/graph.h>

#include "graph/graph.h"
#include "model/causes.h"
#include "model/cost.h"
#include "model/prior.h"
#include "model/rates.h"
#include "random_graphs.h"
#include "util/fixed_point.h"
#include "util/json.h"

static struct strata_rate per_year(double events)
{
	return (struct strata_rate){(uint64_t)(events * (double)STRATA_FIXED_ONE), 0};
}

static struct strata_churn *make_churn(const struct strata_graph *graph,
	enum strata_propagation propagation, const struct strata_rates *rates)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_churn_options options = {.propagation = propagation, .rates = rates};
	struct strata_churn *churn = NULL;

	assert_succeeds(strata_churn_new(graph, &options, &churn, &error), &error);
	return churn;
}

/* Rates of every kind for the names of draw()'s items. */
static struct strata_rates *draw_rates(bool batch)
{
	static const char *const names[] = {"glibc", "a", "bash", "a-b", "zlib"};
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_rates *rates = strata_rates_new(&error);

	each_case(n, names) {
		struct strata_rate rate = {random_below(1 << 20), 0};

		rate.per_year = (rate.per_year << random_below(8)) / 3;
		if (batch && random_below(2))
			rate.batch = random_below(1 << 20);
		assert_succeeds(strata_rates_set(rates, names[n], rate, &error), &error);
	}
	assert_succeeds(
		strata_rates_set_calendar(rates, 52, batch ? random_below(9) : 0, &error), &error);
	return rates;
}

static void test_exponentials(void **state)
{
	uint64_t before = 0;

	(void)state;
	for (uint64_t x = 0; x < UINT64_C(24) << 32; x += x < 1 << 20 ? 1 : 99991) {
		uint64_t changed = strata_fixed_one_minus_exp(x);
		double exact = -expm1(-(double)x / 4294967296.0) * 4294967296.0;

		assert_true(fabs((double)changed - exact) < 3);
		assert_true(changed >= before);
		before = changed;
	}
	assert_int_equal(strata_fixed_one_minus_exp(UINT64_MAX), UINT64_C(1) << 32);
	assert_int_equal(strata_fixed_exp_minus_one(UINT64_MAX), UINT64_MAX);
	for (uint64_t p = 1; p < UINT64_C(1) << 32; p += 12345677) {
		double exact = -log1p(-(double)p / 4294967296.0) * 4294967296.0;
		double found = (double)strata_fixed_minus_log_one_minus(p);

		assert_true(fabs(found - exact) < 4 * exp(exact / 4294967296.0));
	}
}

static void test_integers(void **state)
{
	(void)state;
	assert_int_equal(strata_fixed_root(0), 0);
	assert_int_equal(strata_fixed_root(UINT64_MAX), UINT32_MAX);
	for (uint64_t root = 1; root < 100000; root += 37) {
		assert_int_equal(strata_fixed_root(root * root), root);
		assert_int_equal(strata_fixed_root(root * root - 1), root - 1);
	}
	assert_int_equal(strata_fixed_multiply(UINT64_MAX, UINT64_MAX, 0), UINT64_MAX);
	assert_int_equal(
		strata_fixed_multiply(UINT64_C(1) << 40, UINT64_C(1) << 40, 20), UINT64_C(1) << 60);
	assert_int_equal(strata_fixed_multiply(UINT64_MAX, 1 << 20, 20), UINT64_MAX);
	assert_int_equal(strata_fixed_multiply(UINT64_MAX, 1 << 21, 20), UINT64_MAX);
	assert_int_equal(strata_saturating_add(UINT64_MAX, 1), UINT64_MAX);
	assert_true(strata_wide_compare(strata_wide_multiply(UINT64_MAX, 2),
			    strata_wide_multiply(UINT64_MAX - 1, 2)) > 0);
	assert_true(
		strata_wide_compare(strata_wide_multiply(6, 35), strata_wide_multiply(7, 30)) == 0);
}

/* With batch days as in the formula of churn.h. */
static void test_dirty_rebuilds_follow_the_formula(void **state)
{
	static const struct node nodes[] = {{"x", NULL, 1}, {"y", NULL, 1}};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autorates struct strata_rates *rates = strata_rates_new(&error);
	strata_autochurn struct strata_churn *churn = NULL;
	const uint64_t both = 3;
	double expected = 100 * (1 - exp(-(30 + 0.5) / 100)) + 8 * (1 - (1 - 0.25) * (1 - 0.5));
	uint64_t dirty;

	(void)state;
	strata_rates_set_default(rates, (struct strata_rate){STRATA_FIXED_ONE / 2, 1 << 18});
	assert_succeeds(strata_rates_set(rates, "y",
				(struct strata_rate){30 * STRATA_FIXED_ONE, 1 << 19}, &error),
		&error);
	assert_succeeds(strata_rates_set_calendar(rates, 100, 8, &error), &error);
	churn = make_churn(graph, STRATA_PROPAGATION_OWN, rates);
	assert_int_equal(strata_churn_cause_count(churn), 2);
	assert_string_equal(strata_churn_cause_name(churn, 1), "y");
	dirty = strata_churn_dirty(churn, strata_churn_set_hazard(churn, &both));
	assert_true(fabs((double)dirty / (double)STRATA_FIXED_ONE - expected) < 1e-4);
	assert_int_equal(strata_churn_dirty(churn, (struct strata_hazard){0, 0}), 0);
}

static void test_store_content_changes_with_its_closure(void **state)
{
	static const struct node nodes[] = {{"app", "x y", 1}, {"x", "y libc", 1}, {"y", "x", 1},
		{"libc", NULL, 1}, {"lone", NULL, 1}};
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autochurn struct strata_churn *own = make_churn(graph, STRATA_PROPAGATION_OWN, NULL);
	strata_autochurn struct strata_churn *closure =
		make_churn(graph, STRATA_PROPAGATION_CLOSURE, NULL);
	strata_autochurn struct strata_churn *automatic =
		make_churn(graph, STRATA_PROPAGATION_BY_CONTENT, NULL);
	/* Causes and items are in the same order here: app libc lone x y. */
	static const uint64_t expected[] = {0x1b, 0x02, 0x04, 0x1a, 0x1a};

	(void)state;
	assert_int_equal(strata_churn_class_count(own), 5);
	assert_false(strata_churn_is_shared(own));
	assert_true(strata_churn_is_shared(closure));
	assert_int_equal(strata_churn_class_count(closure), 4);
	assert_int_equal(strata_churn_words(closure), 1);
	each_number(uint32_t, i, 0, 5) {
		uint32_t class_index = strata_churn_class(closure, i);

		assert_int_equal(*strata_churn_class_causes(own, strata_churn_class(own, i)),
			UINT64_C(1) << i);
		assert_int_equal(*strata_churn_class_causes(closure, class_index), expected[i]);
		assert_int_equal(strata_churn_class_hazard(closure, class_index).single,
			strata_churn_set_hazard(closure, &expected[i]).single);
		/* These items have trees in a store. */
		assert_int_equal(strata_churn_class(automatic, i), class_index);
	}
}

static void test_rates_of_items_speak_for_their_cause(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(&error);
	strata_autorates struct strata_rates *rates = strata_rates_new(&error);
	strata_autochurn struct strata_churn *churn = NULL;
	static const char *const names[] = {"libssl3", "openssl", "zlib1g", "bash"};
	static const char *const causes[] = {"openssl", "openssl", "zlib", "bash"};

	(void)state;
	each_case(i, names) {
		struct strata_item_record record = {.id = names[i],
			.cause = causes[i],
			.content = STRATA_CONTENT_FILES,
			.has_size = true};

		assert_succeeds(strata_graph_add(graph, &record, &error), &error);
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	strata_rates_set_default(rates, per_year(7));
	assert_succeeds(strata_rates_set(rates, "libssl3", per_year(3), &error), &error);
	assert_succeeds(strata_rates_set(rates, "zlib1g", per_year(1), &error), &error);
	assert_succeeds(strata_rates_set(rates, "zlib1g", per_year(2), &error), &error);
	churn = make_churn(graph, STRATA_PROPAGATION_BY_CONTENT, rates);
	assert_int_equal(strata_churn_cause_rate(churn, 0).per_year, per_year(7).per_year);
	assert_int_equal(strata_churn_cause_rate(churn, 1).per_year, per_year(3).per_year);
	assert_int_equal(strata_churn_cause_rate(churn, 2).per_year, per_year(2).per_year);
	strata_churn_free(churn);
	/* A cause's own rate is better than an item's. */
	assert_succeeds(strata_rates_set(rates, "openssl", per_year(1), &error), &error);
	churn = make_churn(graph, STRATA_PROPAGATION_BY_CONTENT, rates);
	assert_int_equal(strata_churn_cause_rate(churn, 1).per_year, per_year(1).per_year);
}

static int read_rates(const char *text, struct strata_rates *rates, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;

	assert_succeeds(strata_json_parse("rates", text, strlen(text), &document, error), error);
	return strata_rates_read(rates, document, error);
}

static void test_rates_file(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autorates struct strata_rates *rates = strata_rates_new(&error);

	(void)state;
	assert_succeeds(read_rates("{\"stratapackRates\": 1, \"rebuildsPerYear\": 365, "
				   "\"batchDaysPerYear\": 6, \"default\": 0.25, \"rates\": {"
				   "\"glibc\": 12, \"bash\": {\"perYear\": 1.5, \"batch\": 0.5},"
				   "\"certain\": {\"batch\": 1}}}",
				rates, &error),
		&error);
	assert_int_equal(rates->rebuilds, 365);
	assert_int_equal(rates->batch_days, 6);
	assert_int_equal(rates->otherwise.per_year, STRATA_FIXED_ONE / 4);
	assert_int_equal(strata_rates_find(rates, "glibc")->rate.per_year, 12 * STRATA_FIXED_ONE);
	assert_int_equal(strata_rates_find(rates, "bash")->rate.per_year, STRATA_FIXED_ONE * 3 / 2);
	assert_int_equal(strata_rates_find(rates, "bash")->rate.batch, STRATA_FIXED_ONE / 2);
	assert_int_equal(strata_rates_find(rates, "certain")->rate.batch, STRATA_FIXED_ONE - 1);
	assert_null(strata_rates_find(rates, "unknown"));
}

static void test_bad_rates_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum strata_status status;
		const char *words;
	} cases[] = {
		{"{}", STRATA_ERROR_FORMAT, "\"stratapackRates\" is missing"},
		{"{\"stratapackRates\": 2}", STRATA_ERROR_UNSUPPORTED, "version 2"},
		{"{\"stratapackRates\": 1, \"rate\": {}}", STRATA_ERROR_FORMAT, "\"rate\""},
		{"{\"stratapackRates\": 1, \"rates\": {\"x\": -1}}", STRATA_ERROR_FORMAT,
			"the rate of 'x'"},
		{"{\"stratapackRates\": 1, \"rates\": {\"x\": 1e9}}", STRATA_ERROR_FORMAT,
			"from 0 to 1048576"},
		{"{\"stratapackRates\": 1, \"rates\": {\"x\": \"1\"}}", STRATA_ERROR_FORMAT,
			"a number"},
		{"{\"stratapackRates\": 1, \"rates\": {\"x\": {\"batch\": 1.5}}}",
			STRATA_ERROR_FORMAT, "from 0 to 1"},
		{"{\"stratapackRates\": 1, \"rates\": {\"x\": {\"year\": 1}}}", STRATA_ERROR_FORMAT,
			"\"year\""},
		{"{\"stratapackRates\": 1, \"default\": []}", STRATA_ERROR_FORMAT, "\"default\""},
		{"{\"stratapackRates\": 1, \"rebuildsPerYear\": 0}", STRATA_ERROR_INVALID,
			"at least once"},
		{"{\"stratapackRates\": 1, \"rebuildsPerYear\": 9999999999}", STRATA_ERROR_INVALID,
			"at most 3652"},
		{"{\"stratapackRates\": 1, \"batchDaysPerYear\": 3601}", STRATA_ERROR_INVALID,
			"at most 3652"},
	};
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	each_case(c, cases) {
		strata_autorates struct strata_rates *rates = strata_rates_new(&error);

		assert_fails(read_rates(cases[c].text, rates, &error), cases[c].status,
			cases[c].words, &error);
	}
}

static void test_changelog_lines(void **state)
{
	static const char *const bad[] = {"", " -- A <a@b>", " -- A <a@b>  Mon",
		"-- A <a@b>  Mon, 1 Jan 2024", " -- A <a@b>  Mon, 32 Jan 2024 10:00:00 +0000",
		" -- A <a@b>  Mon, 01 Foo 2024", " -- A <a@b>  Mon, 01 Jan 99999999999",
		" -- A <a@b>  Mon, Jan 01 2024"};
	int32_t day, next;

	(void)state;
	assert_true(
		strata_changelog_day(" -- A B <a@b.c>  Thu, 29 Feb 2024 23:59:59 -0500\n", &day));
	assert_true(
		strata_changelog_day(" -- A B <a@b.c>  Fri,  1 Mar 2024 00:00:00 +0100\n", &next));
	assert_int_equal(next - day, 1);
	assert_true(
		strata_changelog_day(" -- A B <a@b.c>  Wed, 01 Mar 2023 00:00:00 +0100\n", &day));
	assert_int_equal(next - day, 366);
	assert_true(
		strata_changelog_day(" -- A B <a@b.c>  Sat, 31 Dec 1999 00:00:00 +0100\n", &day));
	assert_true(
		strata_changelog_day(" -- A B <a@b.c>  Sat, 01 Jan 2000 00:00:00 +0100\n", &next));
	assert_int_equal(next - day, 1);
	each_case(i, bad)
		assert_false(strata_changelog_day(bad[i], &day));
}

static void test_versions_that_count_updates(void **state)
{
	(void)state;
	assert_int_equal(strata_prior_version_updates("1.2-3+deb12u4"), 4);
	assert_int_equal(strata_prior_version_updates("1:1.2-3~deb11u12"), 12);
	assert_int_equal(strata_prior_version_updates("1.2-3+deb12u99999999999999999999"), 1000);
	assert_int_equal(strata_prior_version_updates("2.35-0ubuntu3.8"), 8);
	assert_int_equal(strata_prior_version_updates("2.35-0ubuntu0.22.04.5"), 5);
	assert_int_equal(strata_prior_version_updates("2.35-0ubuntu3"), 0);
	assert_int_equal(strata_prior_version_updates("1.2-3"), 0);
	assert_int_equal(strata_prior_version_updates("debug-1deb12"), 0);
	assert_int_equal(strata_prior_version_updates(""), 0);
}

/* Two layers of which all is known. */
static void test_costs_of_layers(void **state)
{
	static const struct node nodes[] = {{"x", NULL, 1000}, {"y", NULL, 300}, {"z", NULL, 70}};
	static const uint32_t layer_of[] = {0, 1, 1};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autorates struct strata_rates *rates = strata_rates_new(&error);
	strata_autochurn struct strata_churn *churn = NULL;
	double x = 52 * (1 - exp(-2 / 52.0)), yz = 52 * (1 - exp(-13 / 52.0));
	double xyz = 52 * (1 - exp(-15 / 52.0));
	struct strata_cost cost;

	(void)state;
	assert_succeeds(strata_rates_set(rates, "x", per_year(2), &error), &error);
	assert_succeeds(strata_rates_set(rates, "y", per_year(10), &error), &error);
	assert_succeeds(strata_rates_set(rates, "z", per_year(3), &error), &error);
	churn = make_churn(graph, STRATA_PROPAGATION_OWN, rates);
	assert_succeeds(strata_cost_layers(graph, churn, layer_of, 2, &cost, &error), &error);
	assert_int_equal(cost.pulled, (int)(1000 * x + 370 * yz));
	assert_int_equal(cost.registry, (int)(1370 + 1000 * x + 370 * yz));
	assert_int_equal(cost.pulled_prefix, (int)(1000 * x + 370 * xyz));
	assert_true(fabs((double)cost.requests / (double)STRATA_FIXED_ONE - x - yz) < 1e-4);
}

/* All partitions of COUNT items into at most BOUND layers, in every order of the layers: no cost is
 * below its bound. */
struct enumeration {
	const struct strata_graph *graph;
	const struct strata_churn *churn;
	struct strata_cost_bound bound;
	uint32_t count, bound_layers;
	uint32_t layer_of[8];
};

static void enumerate(struct enumeration *all, uint32_t item)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_cost cost;

	if (item < all->count) {
		for (uint32_t layer = 0; layer < all->bound_layers; layer++) {
			all->layer_of[item] = layer;
			enumerate(all, item + 1);
		}
		return;
	}
	assert_succeeds(strata_cost_layers(all->graph, all->churn, all->layer_of, all->bound_layers,
				&cost, &error),
		&error);
	/* Each is rounded down, and the exponential is exact to two units of 2^-32. */
	assert_true(cost.pulled + 1 >= all->bound.pulled);
	assert_true(cost.pulled + 1 >= all->bound.ideal.pulled);
	assert_true(cost.pulled_prefix + 1 >= all->bound.ideal.pulled_prefix);
	assert_true(cost.registry + 1 >= all->bound.ideal.registry);
	assert_true(cost.requests + 64 >= all->bound.ideal.requests);
}

static void test_no_layering_goes_below_the_bounds(void **state)
{
	(void)state;
	each_seed(seed, 300) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct sketch sketch;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autorates struct strata_rates *rates = NULL;
		strata_autochurn struct strata_churn *churn = NULL;
		struct enumeration all = {.graph = NULL};

		draw(&sketch, seed, 1 + (uint32_t)(seed % 6), (uint32_t)(seed % 9), true);
		for (uint32_t i = 0; i < 16; i++)
			sketch.sizes[i] *= 1000;
		graph = tell(&sketch, 0);
		free(sketch.edges);
		rates = draw_rates(seed % 2);
		churn = make_churn(graph,
			seed % 3 ? STRATA_PROPAGATION_CLOSURE : STRATA_PROPAGATION_OWN, rates);
		all.graph = graph;
		all.churn = churn;
		all.count = strata_graph_count(graph);
		all.bound_layers = 1 + (uint32_t)(seed % 3);
		assert_succeeds(
			strata_cost_bound(graph, churn, all.bound_layers, &all.bound, &error),
			&error);
		enumerate(&all, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exponentials),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_dirty_rebuilds_follow_the_formula),
		cmocka_unit_test(test_store_content_changes_with_its_closure),
		cmocka_unit_test(test_rates_of_items_speak_for_their_cause),
		cmocka_unit_test(test_rates_file),
		cmocka_unit_test(test_bad_rates_are_refused),
		cmocka_unit_test(test_changelog_lines),
		cmocka_unit_test(test_versions_that_count_updates),
		cmocka_unit_test(test_costs_of_layers),
		cmocka_unit_test(test_no_layering_goes_below_the_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
