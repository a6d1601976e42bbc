/* SPDX-License-Identifier: Apache-2.0 */
/* No image of any plan of any fleet has more layers than it may: fleets large enough that all ways
 * of planning have work, planned afresh, again after changes, and as images that come later. */
#include "fleets.h"

enum {
	CROWD_MOST_ITEMS = 64,
	CROWD_MOST_IMAGES = 12,
};

/* A fleet on one day. Versions and bounds change from day to day. */
struct crowd {
	uint32_t items, images;
	uint64_t sizes[CROWD_MOST_ITEMS];
	uint32_t causes[CROWD_MOST_ITEMS];
	uint32_t versions[CROWD_MOST_ITEMS];
	uint32_t rates[CROWD_MOST_ITEMS]; /* of causes, tenths a year */
	uint64_t members[CROWD_MOST_IMAGES];
	uint32_t bounds[CROWD_MOST_IMAGES];
	uint64_t weights[CROWD_MOST_IMAGES];
	uint32_t storage_weight;
};

static uint64_t draw_members(uint32_t items)
{
	uint64_t common = 0, own = 0;

	for (uint32_t i = 0; i < items; i++) {
		/* What comes first is what most have. */
		common |= (uint64_t)(draw_below(items) >= i / 2) << i;
		own |= (uint64_t)(draw_below(3) == 0) << i;
	}
	return common | own | UINT64_C(1) << draw_below(items);
}

static void draw_crowd(struct crowd *crowd, uint64_t seed)
{
	static const uint32_t storage[] = {0, 100, 1000, 1000, 10000, 50000};

	fleet_random_state = seed * 7919 + 5;
	*crowd = (struct crowd){
		.items = 2 + draw_below(draw_below(4) == 0 ? CROWD_MOST_ITEMS - 1 : 20),
		.images = 1 + draw_below(CROWD_MOST_IMAGES)};
	for (uint32_t i = 0; i < crowd->items; i++) {
		crowd->sizes[i] = 1000 + draw_below(1000) * (uint64_t)draw_below(1000);
		crowd->causes[i] = draw_below(3) == 0 ? draw_below(crowd->items) : i;
		crowd->rates[i] = draw_below(4) == 0 ? draw_below(300) : draw_below(20);
	}
	for (uint32_t m = 0; m < crowd->images; m++) {
		crowd->members[m] = draw_members(crowd->items);
		crowd->bounds[m] = 1 + draw_below(draw_below(2) == 0 ? 3 : 14);
		crowd->weights[m] = 1 + draw_below(4);
	}
	crowd->storage_weight = storage[draw_below(COUNT_OF(storage))];
}

/* Another day: items are updated, come and go, images too, and bounds are others. */
static void change_crowd(struct crowd *crowd)
{
	for (uint32_t i = 0; i < crowd->items; i++) {
		crowd->versions[i] += draw_below(5) == 0;
		crowd->sizes[i] += draw_below(20) == 0 ? draw_below(500000) : 0;
	}
	if (draw_below(2) == 0 && crowd->items < CROWD_MOST_ITEMS) {
		crowd->sizes[crowd->items] = 1000 + draw_below(900000);
		crowd->causes[crowd->items] = crowd->items;
		crowd->rates[crowd->items] = draw_below(40);
		crowd->items++;
	}
	for (uint32_t m = 0; m < crowd->images; m++) {
		if (draw_below(3) == 0)
			crowd->members[m] |= UINT64_C(1) << draw_below(crowd->items);
		if (draw_below(3) == 0 && (crowd->members[m] & (crowd->members[m] - 1)) != 0)
			crowd->members[m] &= crowd->members[m] - 1;
		if (draw_below(4) == 0)
			crowd->bounds[m] = 1 + draw_below(crowd->bounds[m] + 1);
	}
	if (draw_below(3) == 0 && crowd->images < CROWD_MOST_IMAGES) {
		crowd->members[crowd->images] = draw_members(crowd->items);
		crowd->bounds[crowd->images] = 1 + draw_below(8);
		crowd->weights[crowd->images] = 1;
		crowd->images++;
	}
}

static void add_item(
	struct test_fleet *told, const struct crowd *crowd, uint32_t i, struct strata_rates *rates)
{
	struct strata_error error = STRATA_ERROR_INIT;
	char id[16], cause[16], version[16];
	const char *tree = "/tree";
	struct strata_item_record record = {.id = id,
		.cause = cause,
		.version = version,
		.size = crowd->sizes[i],
		.has_size = true,
		.trees = &tree,
		.tree_count = 1};

	snprintf(id, sizeof(id), "item%02u", i);
	snprintf(cause, sizeof(cause), "cause%02u", crowd->causes[i]);
	snprintf(version, sizeof(version), "%u", crowd->versions[i]);
	assert_succeeds(strata_graph_add(told->graph, &record, &error), &error);
	assert_succeeds(
		strata_rates_set(rates, cause,
			(struct strata_rate){
				.per_year = STRATA_FIXED_ONE * crowd->rates[crowd->causes[i]] / 10},
			&error),
		&error);
}

/* The fleet of CROWD's images, or of one of every STRIDE of them. */
static struct test_fleet tell_crowd(const struct crowd *crowd, uint32_t stride)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct test_fleet told = {.graph = strata_graph_new(&error)};
	struct strata_rates *rates = strata_rates_new(&error);
	struct strata_churn_options options = {.rates = rates};

	for (uint32_t i = 0; i < crowd->items; i++)
		add_item(&told, crowd, i, rates);
	assert_succeeds(strata_graph_finish(told.graph, NULL, &error), &error);
	assert_succeeds(strata_churn_new(told.graph, &options, &told.churn, &error), &error);
	strata_rates_free(rates);
	assert_succeeds(strata_fleet_new(told.graph, &told.fleet, &error), &error);
	for (uint32_t m = 0; m < crowd->images; m += stride) {
		uint32_t items[CROWD_MOST_ITEMS];
		char name[16];
		struct strata_fleet_image image = {.name = name,
			.weight = crowd->weights[m],
			.max_layers = crowd->bounds[m],
			.items = items};

		snprintf(name, sizeof(name), "image%02u", m);
		for (uint32_t i = 0; i < crowd->items; i++) {
			if (crowd->members[m] >> i & 1)
				items[image.item_count++] = i;
		}
		assert_succeeds(strata_fleet_add(told.fleet, &image, &error), &error);
	}
	assert_succeeds(strata_fleet_sort(told.fleet, &error), &error);
	told.options = (struct strata_fleet_options){
		.churn = told.churn, .storage_weight = crowd->storage_weight, .request = 1000};
	return told;
}

/* Plan TOLD with what PREVIOUS (NULL: nothing) says, and check the plan. */
static struct strata_fleet_plan *plan_after(struct test_fleet *told,
	const struct strata_catalogue *previous, bool others_remain, uint64_t seed)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_fleet_plan *plan = NULL;

	told->options.previous = previous;
	told->options.others_remain = others_remain;
	if (strata_fleet_plan(told->fleet, &told->options, &plan, &error) < 0)
		fail_msg("fleet %llu: %s", (unsigned long long)seed, error.message);
	assert_valid(plan);
	return plan;
}

static void follow_crowd(uint64_t seed)
{
	struct crowd crowd;
	struct strata_catalogue *catalogue = NULL;

	draw_crowd(&crowd, seed);
	each_number(uint32_t, day, 0, 3) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct test_fleet all = tell_crowd(&crowd, 1), some = tell_crowd(&crowd, 2);
		struct strata_fleet_plan *plan = plan_after(&all, catalogue, false, seed);

		strata_fleet_plan_free(plan_after(&some, catalogue, catalogue != NULL, seed));
		strata_catalogue_free(catalogue);
		catalogue = NULL;
		assert_succeeds(strata_catalogue_make(plan, &catalogue, &error), &error);
		strata_fleet_plan_free(plan);
		free_fleet(&all);
		free_fleet(&some);
		change_crowd(&crowd);
	}
	strata_catalogue_free(catalogue);
}

static void test_no_image_has_more_layers_than_it_may(void **state)
{
	(void)state;
	each_seed(seed, 500)
		follow_crowd(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_image_has_more_layers_than_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
