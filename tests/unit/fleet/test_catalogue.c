/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "fleets.h"

#include "fleet/catalogue/catalogue.h"

static struct strata_fleet_plan *plan_told(struct test_fleet *told)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_fleet_plan *plan = NULL;

	assert_succeeds(strata_fleet_plan(told->fleet, &told->options, &plan, &error), &error);
	assert_valid(plan);
	return plan;
}

static struct strata_catalogue *catalogue_of(const struct strata_fleet_plan *plan)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_catalogue *catalogue = NULL;

	assert_succeeds(strata_catalogue_make(plan, &catalogue, &error), &error);
	return catalogue;
}

/* Whether image M has the same layers, as bits of items, in the same order. */
static bool same_layers(
	const struct strata_fleet_plan *a, const struct strata_fleet_plan *b, size_t m)
{
	const struct strata_partition *x = &a->partitions[m], *y = &b->partitions[m];

	return x->item_count == y->item_count && x->layer_count == y->layer_count &&
	       memcmp(x->ends, y->ends, x->layer_count * sizeof(*x->ends)) == 0 &&
	       memcmp(x->order, y->order, x->item_count * sizeof(*x->order)) == 0;
}

/* Images but the first are as they were, unless the whole fleet has become cheaper for it. */
static void assert_stays(const struct strata_fleet_plan *before,
	const struct strata_fleet_plan *now, const struct price_list *before_prices,
	const struct price_list *now_prices)
{
	int64_t was = plan_price(before_prices, before), is = plan_price(now_prices, now);

	each_number(size_t, m, 1, before->fleet->image_count) {
		if (!same_layers(before, now, m))
			assert_true(is < was);
	}
}

static void test_catalogues_are_read_as_written(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	char path[] = "/tmp/stratapack-catalogue-XXXXXX";
	struct fleet_sketch sketch;
	struct test_fleet told;
	struct strata_fleet_plan *plan;
	struct strata_catalogue *written, *read = NULL;

	(void)state;
	close(mkstemp(path));
	draw_fleet(&sketch, 7, 12, 4);
	told = tell_fleet(&sketch, 0, UINT32_MAX);
	plan = plan_told(&told);
	written = catalogue_of(plan);
	assert_succeeds(strata_catalogue_save(written, path, &error), &error);
	assert_succeeds(strata_catalogue_load(path, &read, &error), &error);
	assert_int_equal(read->storage_weight, written->storage_weight);
	assert_int_equal(read->request, written->request);
	assert_int_equal(read->group_count, written->group_count);
	each_number(size_t, g, 0, read->group_count) {
		const struct strata_catalogue_group *a = &written->groups[g];
		const struct strata_catalogue_group *b = &read->groups[g];

		assert_int_equal(a->item_count, b->item_count);
		assert_int_equal(a->image_count, b->image_count);
		assert_string_equal(a->content, b->content);
		each_number(size_t, i, 0, a->item_count)
			assert_string_equal(a->items[i], b->items[i]);
		each_number(size_t, i, 0, a->image_count)
			assert_string_equal(a->images[i], b->images[i]);
	}
	strata_catalogue_free(read);
	strata_catalogue_free(written);
	strata_fleet_plan_free(plan);
	free_fleet(&told);
	unlink(path);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_malformed_catalogues_are_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"{}", "\"stratapackCatalogue\""},
		{"{\"stratapackCatalogue\": 2, \"groups\": []}", "version 2"},
		{"{\"stratapackCatalogue\": 1}", "\"groups\""},
		{"{\"stratapackCatalogue\": 1, \"groups\": [], \"x\": 1}", "\"x\""},
		{"{\"stratapackCatalogue\": 1, \"groups\": [{\"items\": [], \"images\": []}]}",
			"group 1: the group has no items"},
		{"{\"stratapackCatalogue\": 1, \"groups\": [{\"items\": [\"\"], \"images\": []}]}",
			"not empty"},
		{"{\"stratapackCatalogue\": 1, \"groups\": [{\"items\": [\"a\", \"a\"], "
		 "\"images\": []}]}",
			"stands twice"},
		{"{\"stratapackCatalogue\": 1, \"groups\": [], \"parameters\": "
		 "{\"storageWeightPerMille\": 1000001}}",
			"too large"},
	};
	struct strata_error error = STRATA_ERROR_INIT;
	char path[] = "/tmp/stratapack-catalogue-XXXXXX";

	(void)state;
	close(mkstemp(path));
	each_case(c, cases) {
		struct strata_catalogue *catalogue = NULL;

		write_text(path, cases[c].text);
		assert_true(strata_catalogue_load(path, &catalogue, &error) < 0);
		if (!strstr(error.message, cases[c].words) || !strstr(error.message, path))
			fail_msg("%s: %s", cases[c].words, error.message);
		strata_error_clear(&error);
		assert_null(catalogue);
	}
	unlink(path);
}

/* Where nothing changed, nothing changes. */
static void test_an_extended_catalogue_keeps_its_groups(void **state)
{
	uint32_t kept = 0;

	(void)state;
	each_seed(seed, 200) {
		struct price_list *prices = malloc(sizeof(*prices));
		struct fleet_sketch sketch;
		struct test_fleet told;
		struct strata_fleet_plan *plan, *again;
		struct strata_catalogue *catalogue;

		draw_fleet(&sketch, seed, 12, 4);
		told = tell_fleet(&sketch, 0, UINT32_MAX);
		make_prices(prices, &told);
		plan = plan_told(&told);
		catalogue = catalogue_of(plan);
		told.options.previous = catalogue;
		again = plan_told(&told);
		assert_stays(plan, again, prices, prices);
		kept += again->kept == catalogue->group_count;
		strata_fleet_plan_free(again);
		strata_catalogue_free(catalogue);
		strata_fleet_plan_free(plan);
		strata_fleet_model_release(&prices->model);
		free_fleet(&told);
		free(prices);
	}
	assert_int_equal(kept, trials(200));
}

/* A small new item in one image moves nothing in the others, nor does one that is gone. */
static void test_small_changes_stay_where_they_are(void **state)
{
	uint32_t stayed = 0, kept = 0;

	(void)state;
	each_seed(seed, 200) {
		struct fleet_sketch sketch, more;
		struct test_fleet told, told_more;
		struct strata_fleet_plan *plan, *grown, *shrunk;
		struct strata_catalogue *catalogue;

		draw_fleet(&sketch, seed, 11, 4);
		more = sketch;
		more.items++;
		more.sizes[11] = 10;
		more.causes[11] = 11;
		more.members[0] |= 1u << 11;
		told = tell_fleet(&sketch, 0, UINT32_MAX);
		told_more = tell_fleet(&more, 0, UINT32_MAX);
		plan = plan_told(&told);
		catalogue = catalogue_of(plan);
		told_more.options.previous = catalogue;
		grown = plan_told(&told_more);
		strata_catalogue_free(catalogue);
		catalogue = catalogue_of(grown);
		told.options.previous = catalogue;
		shrunk = plan_told(&told);
		for (size_t m = 1; m < sketch.images; m++)
			stayed += same_layers(plan, grown, m);
		kept += same_layers(plan, shrunk, 1) && same_layers(plan, shrunk, 2) &&
			same_layers(plan, shrunk, 3);
		strata_catalogue_free(catalogue);
		strata_fleet_plan_free(shrunk);
		strata_fleet_plan_free(grown);
		strata_fleet_plan_free(plan);
		free_fleet(&told_more);
		free_fleet(&told);
	}
	assert_int_equal(stayed, 3 * trials(200));
	assert_int_equal(kept, trials(200));
}

/* The graph of one image of a fleet alone. */
static struct strata_graph *graph_of_image(const struct test_fleet *told, size_t m)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_graph *graph = strata_graph_new(&error);

	each_number(uint32_t, i, 0, told->fleet->images[m].item_count) {
		const struct strata_item *item =
			strata_graph_item(told->graph, told->fleet->images[m].items[i]);
		struct strata_item_record record = {.id = item->id,
			.cause = item->cause,
			.size = item->size,
			.has_size = true,
			.trees = item->trees,
			.tree_count = item->tree_count};

		assert_succeeds(strata_graph_add(graph, &record, &error), &error);
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	return graph;
}

static struct strata_plan *plan_by_catalogue(
	const struct strata_graph *graph, struct strata_catalogue *catalogue, uint32_t bound)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_plan *plan = NULL;
	struct strata_strategy strategy = strata_catalogue_strategy(catalogue);
	struct strata_plan_options options = {.strategy = &strategy, .max_layers = bound};

	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_succeeds(strata_plan_check(plan, graph, &error), &error);
	assert_true(plan->layer_count <= bound);
	return plan;
}

/* An image that the catalogue has gets its layers, whatever its rates look like alone. */
static void test_known_images_get_their_layers(void **state)
{
	(void)state;
	each_seed(seed, 50) {
		struct fleet_sketch sketch;
		struct test_fleet told;
		struct strata_fleet_plan *plan;
		struct strata_catalogue *catalogue;

		draw_fleet(&sketch, seed, 12, 4);
		told = tell_fleet(&sketch, 0, UINT32_MAX);
		plan = plan_told(&told);
		catalogue = catalogue_of(plan);
		each_number(size_t, m, 0, sketch.images) {
			struct strata_error error = STRATA_ERROR_INIT;
			strata_autograph struct strata_graph *graph = graph_of_image(&told, m);
			strata_autoplan struct strata_plan *one = plan_by_catalogue(
				graph, catalogue, plan->fleet->images[m].max_layers);
			strata_autoplan struct strata_plan *wanted = NULL;

			assert_succeeds(strata_fleet_plan_image(plan, m, &wanted, &error), &error);
			assert_int_equal(one->layer_count, wanted->layer_count);
			each_number(size_t, l, 0, one->layer_count) {
				assert_int_equal(
					one->layers[l].item_count, wanted->layers[l].item_count);
				each_number(size_t, i, 0, one->layers[l].item_count)
					assert_string_equal(one->layers[l].items[i],
						wanted->layers[l].items[i]);
			}
			assert_string_equal(one->strategy, "catalogue");
		}
		strata_catalogue_free(catalogue);
		strata_fleet_plan_free(plan);
		free_fleet(&told);
	}
}

/* A foreign image shares what fits, and has room for the rest. */
static void test_foreign_images_share_groups(void **state)
{
	static const struct node nodes[] = {{"base", NULL, 900000}, {"tool", NULL, 700000},
		{"data", NULL, 500000}, {"new", NULL, 300000}};
	static const char *const base[] = {"base"}, *const both[] = {"data", "tool"},
				 *const images[] = {"one"};
	struct strata_catalogue_group groups[] = {
		{base, 1, images, 1, ""},
		{both, 2, images, 1, ""},
	};
	struct strata_catalogue catalogue = {
		.groups = groups, .group_count = 2, .storage_weight = 1000, .request = 16384};
	strata_autograph struct strata_graph *all = make_graph(nodes, 4, NULL);
	strata_autograph struct strata_graph *part = make_graph(nodes, 2, NULL);
	strata_autoplan struct strata_plan *plan = plan_by_catalogue(all, &catalogue, 4);
	strata_autoplan struct strata_plan *less = plan_by_catalogue(part, &catalogue, 4);
	strata_autoplan struct strata_plan *tight = plan_by_catalogue(all, &catalogue, 1);
	bool found = false;

	(void)state;
	assert_int_equal(plan->layer_count, 3);
	each_number(size_t, l, 0, 3) {
		if (plan->layers[l].item_count == 2) {
			assert_string_equal(plan->layers[l].items[0], "data");
			assert_string_equal(plan->layers[l].items[1], "tool");
			found = true;
		}
	}
	assert_true(found);
	/* Half of a group is no group. */
	assert_int_equal(less->layer_count, 2);
	assert_int_equal(tight->layer_count, 1);
	assert_int_equal(tight->layers[0].item_count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalogues_are_read_as_written),
		cmocka_unit_test(test_malformed_catalogues_are_refused),
		cmocka_unit_test(test_an_extended_catalogue_keeps_its_groups),
		cmocka_unit_test(test_small_changes_stay_where_they_are),
		cmocka_unit_test(test_known_images_get_their_layers),
		cmocka_unit_test(test_foreign_images_share_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
