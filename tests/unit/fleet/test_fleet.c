/* SPDX-License-Identifier: Apache-2.0 */
#include "debian_packages.h"
#include "fleets.h"

/* All partitions of the set of items of one image into at most BOUND sets, and for several images
 * all their combinations: the least price. */
struct search {
	const struct price_list *prices;
	const struct fleet_sketch *sketch;
	struct priced_layer layers[MOST_IMAGES * MOST_ITEMS];
	uint32_t layer_count;
	int64_t least;
};

static void search_images(struct search *search, uint32_t image);

static void search_image(struct search *search, uint32_t image, uint32_t left, uint32_t blocks)
{
	uint32_t first = left & -left, rest = left ^ first;

	if (left == 0) {
		search_images(search, image + 1);
		return;
	}
	if (blocks == 0)
		return;
	/* The block of the first item, with each subset of the others. */
	for (uint32_t others = rest;; others = (others - 1) & rest) {
		uint32_t set = others | first, before = search->layer_count;
		uint64_t weight = search->prices->model.weights[image];

		add_priced(search->layers, &search->layer_count, set, weight);
		search_image(search, image, left & ~set, blocks - 1);
		if (search->layer_count > before) {
			search->layer_count = before;
		} else {
			for (uint32_t l = 0; l < before; l++) {
				if (search->layers[l].set == set)
					search->layers[l].weight -= weight;
			}
		}
		if (others == 0)
			break;
	}
}

static void search_images(struct search *search, uint32_t image)
{
	int64_t total;

	if (image < search->sketch->images) {
		search_image(search, image, search->sketch->members[image],
			search->sketch->bounds[image]);
		return;
	}
	total = price_all(search->prices, search->layers, search->layer_count);
	if (total < search->least)
		search->least = total;
}

static int64_t least_price(const struct price_list *prices, const struct fleet_sketch *sketch)
{
	struct search search = {.prices = prices, .sketch = sketch, .least = INT64_MAX};

	search_images(&search, 0);
	return search.least;
}

static struct strata_fleet_plan *plan_told(struct test_fleet *told)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_fleet_plan *plan = NULL;

	assert_succeeds(strata_fleet_plan(told->fleet, &told->options, &plan, &error), &error);
	assert_valid(plan);
	return plan;
}

struct distance {
	double sum, worst;
	unsigned count;
};

/* How far the plan of SKETCH is from the optimum. */
static void measure(const struct fleet_sketch *sketch, struct distance *distance)
{
	struct price_list *prices = malloc(sizeof(*prices));
	struct test_fleet told = tell_fleet(sketch, 0, UINT32_MAX);
	struct strata_fleet_plan *plan = plan_told(&told);
	double ratio;

	make_prices(prices, &told);
	ratio = (double)plan_price(prices, plan) / (double)least_price(prices, sketch);
	assert_true(ratio > 0.999999);
	distance->sum += ratio;
	distance->count++;
	if (ratio > distance->worst)
		distance->worst = ratio;
	strata_fleet_plan_free(plan);
	strata_fleet_model_release(&prices->model);
	free_fleet(&told);
	free(prices);
}

static void assert_close(
	const struct distance *distance, const char *what, double mean, double worst)
{
	print_message("# %s: mean %.4f, worst %.4f of the optimum, %u cases\n", what,
		distance->sum / distance->count, distance->worst, distance->count);
	/* Few cases have no mean to speak of. */
	assert_true(in_brief() || distance->sum / distance->count < mean);
	assert_true(distance->worst < worst);
}

static void measure_random(uint32_t items, uint32_t images, uint32_t cases, uint64_t first_seed,
	double mean, double worst)
{
	struct distance distance = {.worst = 1};
	char what[64];

	each_seed(c, cases) {
		struct fleet_sketch sketch;

		draw_fleet(&sketch, first_seed + c, items, images);
		measure(&sketch, &distance);
	}
	snprintf(what, sizeof(what), "%u random images of %u items", images, items);
	assert_close(&distance, what, mean, worst);
}

static void test_plans_are_close_to_the_optimum(void **state)
{
	(void)state;
	measure_random(8, 1, 300, 1000, 1.002, 1.1);
	measure_random(7, 2, 300, 2000, 1.003, 1.15);
	measure_random(6, 3, 200, 3000, 1.004, 1.15);
}

/* Add the image of the Debian package ROOT, unless it has more than MOST, or SKETCH no room. */
static void add_debian_image(
	struct fleet_sketch *sketch, uint32_t *packages, uint32_t root, uint32_t most)
{
	uint32_t found[DEBIAN_MOST], count = 0, members = 0, before = sketch->items;

	debian_close(root, found, &count);
	for (uint32_t f = 0; f < count; f++) {
		uint32_t i = 0;

		while (i < sketch->items && packages[i] != found[f])
			i++;
		if (i == MOST_ITEMS || count > most) {
			sketch->items = before;
			return;
		}
		if (i == sketch->items)
			packages[sketch->items++] = found[f];
		members |= 1u << i;
	}
	sketch->members[sketch->images++] = members;
}

/* A fleet of IMAGES Debian programs of at most MOST packages: ROOT, and the next ones that fit. */
static void make_debian_fleet(
	struct fleet_sketch *sketch, uint32_t root, uint32_t images, uint32_t most)
{
	static const uint32_t storage[] = {100, 1000, 10000};
	uint32_t packages[MOST_ITEMS];

	*sketch = (struct fleet_sketch){.storage_weight = storage[root % 3]};
	for (uint32_t p = root; sketch->images < images; p = (p + 1) % COUNT_OF(debian_packages)) {
		if (debian_is_root(p))
			add_debian_image(sketch, packages, p, most);
	}
	for (uint32_t i = 0; i < sketch->items; i++) {
		const struct debian_package *package = &debian_packages[packages[i]];

		sketch->sizes[i] = (uint64_t)package->kibibytes << 10;
		while (strcmp(debian_packages[packages[sketch->causes[i]]].source,
			       package->source) != 0)
			sketch->causes[i]++;
		/* With half an update where none was seen, which may have been luck. */
		sketch->rates[sketch->causes[i]] = (10 * package->updates + 5) * 12 / DEBIAN_MONTHS;
	}
	for (uint32_t m = 0; m < sketch->images; m++) {
		sketch->bounds[m] = 2 + (root + m) % 2;
		sketch->weights[m] = 1 + m;
	}
}

static void measure_debian(uint32_t images, uint32_t most, double mean, double worst)
{
	struct distance distance = {.worst = 1};
	char what[64];

	each_number(uint32_t, root, 0, trials(COUNT_OF(debian_packages))) {
		struct fleet_sketch sketch;

		if (!debian_is_root(root))
			continue;
		make_debian_fleet(&sketch, root, images, most);
		measure(&sketch, &distance);
	}
	snprintf(what, sizeof(what), "%u images of Debian packages", images);
	assert_close(&distance, what, mean, worst);
}

static void test_plans_of_real_packages_are_close_to_the_optimum(void **state)
{
	(void)state;
	measure_debian(2, 7, 1.001, 1.1);
	measure_debian(3, 5, 1.001, 1.1);
}

/* A plan of the fleet is not dearer than the plans of its images, each made alone. */
static void test_fleets_cost_no_more_than_their_images(void **state)
{
	(void)state;
	each_seed(seed, 400) {
		struct priced_layer layers[MOST_IMAGES * MOST_ITEMS];
		struct fleet_sketch sketch;
		struct price_list *prices = malloc(sizeof(*prices));
		struct test_fleet told;
		struct strata_fleet_plan *plan;
		uint32_t count = 0;
		int64_t together;

		draw_fleet(&sketch, seed, 10, 4);
		told = tell_fleet(&sketch, 0, UINT32_MAX);
		make_prices(prices, &told);
		plan = plan_told(&told);
		together = plan_price(prices, plan);
		strata_fleet_plan_free(plan);
		for (uint32_t m = 0; m < sketch.images; m++) {
			struct test_fleet alone = tell_fleet(&sketch, 0, m);

			plan = plan_told(&alone);
			add_partition(
				layers, &count, &plan->partitions[0], prices->model.weights[m]);
			strata_fleet_plan_free(plan);
			free_fleet(&alone);
		}
		assert_true(together <= price_all(prices, layers, count));
		strata_fleet_model_release(&prices->model);
		free_fleet(&told);
		free(prices);
	}
}

static void test_order_of_input_changes_nothing(void **state)
{
	(void)state;
	each_seed(seed, 100) {
		struct fleet_sketch sketch;
		struct test_fleet told;
		struct strata_fleet_plan *plan;

		draw_fleet(&sketch, seed, 12, 4);
		told = tell_fleet(&sketch, 0, UINT32_MAX);
		plan = plan_told(&told);
		each_number(uint64_t, shuffle, 1, 6) {
			struct test_fleet other = tell_fleet(&sketch, shuffle, UINT32_MAX);
			struct strata_fleet_plan *again = plan_told(&other);

			each_number(size_t, m, 0, 4) {
				const struct strata_partition *a = &plan->partitions[m];
				const struct strata_partition *b = &again->partitions[m];

				assert_int_equal(a->layer_count, b->layer_count);
				assert_memory_equal(
					a->ends, b->ends, a->layer_count * sizeof(*a->ends));
				assert_memory_equal(
					a->order, b->order, a->item_count * sizeof(*a->order));
				assert_memory_equal(plan->layers[m], again->layers[m],
					a->layer_count * sizeof(**plan->layers));
			}
			strata_fleet_plan_free(again);
			free_fleet(&other);
		}
		strata_fleet_plan_free(plan);
		free_fleet(&told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans_are_close_to_the_optimum),
		cmocka_unit_test(test_plans_of_real_packages_are_close_to_the_optimum),
		cmocka_unit_test(test_fleets_cost_no_more_than_their_images),
		cmocka_unit_test(test_order_of_input_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
