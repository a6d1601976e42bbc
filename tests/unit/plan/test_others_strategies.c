/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other programs' strategies: what these programs make of the same graphs.
 */
#include "random_graphs.h"

#include "graph/components.h"
#include "graph/internal.h"
#include "model/causes.h"
#include "plan/strategies/others/closures.h"
#include "plan/strategies/others/nixery.h"
#include "plan/strategies/others/sources.h"

static void test_auto_as_nixpkgs(void **state)
{
	static const struct node nodes[] = {{"app", "libA libB cfg", 2}, {"cfg", NULL, 1},
		{"libA", "ssl libc", 50}, {"libB", "ssl zlib libc", 40}, {"ssl", "libc", 10},
		{"zlib", "libc", 3}, {"libc", NULL, 30}};
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);

	(void)state;
	assert_plan(graph, "auto", 1, "app cfg libA libB libc ssl zlib");
	assert_plan(graph, "auto", 2, "libA libc ssl | app cfg libB zlib");
	assert_plan(graph, "auto", 3, "libA libc ssl | app cfg libB zlib");
	assert_plan(graph, "auto", 4, "libc ssl | libB zlib | libA | app cfg");
	assert_plan(graph, "auto", 5, "libc | ssl | libB zlib | libA | app cfg");
	assert_plan(graph, "auto", 6, "libc | zlib | ssl | libB | libA | app cfg");
	assert_plan(graph, "auto", 7, "cfg | libc | zlib | ssl | libB | libA | app");
	assert_plan(graph, "auto", 100, "cfg | libc | zlib | ssl | libB | libA | app");
}

enum { MOST = 12 };

/* The loop of nixpkgs as it stands there, on bits: owners[d] are primaries. */
struct loop {
	uint32_t count;
	uint32_t below[MOST]; /* strict dependencies, all of them */
	uint32_t owners[MOST];
};

static uint32_t count_owner_sets(const uint32_t *owners, uint32_t count)
{
	uint32_t distinct = 0;

	for (uint32_t i = 0; i < count; i++) {
		bool seen = false;

		for (uint32_t j = 0; j < i; j++)
			seen = seen || owners[j] == owners[i];
		distinct += !seen;
	}
	return distinct;
}

static void run_loop(struct loop *loop, const struct strata_graph *graph, uint32_t bound)
{
	bool done[MOST] = {false};

	for (uint32_t i = 0; i < loop->count; i++)
		loop->owners[i] = 0;
	for (uint32_t step = 0; step < loop->count; step++) {
		uint32_t next[MOST], primary = UINT32_MAX;

		for (uint32_t i = 0; i < loop->count; i++) {
			if (!done[i] && (primary == UINT32_MAX ||
						strata_graph_item(graph, i)->size >=
							strata_graph_item(graph, primary)->size))
				primary = i;
		}
		done[primary] = true;
		memcpy(next, loop->owners, sizeof(next));
		next[primary] = 1u << primary;
		for (uint32_t d = 0; d < loop->count; d++) {
			if (!(loop->below[primary] >> d & 1))
				continue;
			for (uint32_t p = 0; p < loop->count; p++) {
				if (loop->below[p] >> primary & 1)
					next[d] &= ~(1u << p);
			}
			if (!(next[d] & loop->below[primary]))
				next[d] |= 1u << primary;
		}
		if (count_owner_sets(next, loop->count) > bound)
			return;
		memcpy(loop->owners, next, sizeof(next));
	}
}

/* The layers of PLAN are the items with equal owners in LOOP. */
static void assert_same_owners(
	const struct strata_plan *plan, const struct strata_graph *graph, const struct loop *loop)
{
	assert_int_equal(plan->layer_count, count_owner_sets(loop->owners, loop->count));
	each_number(size_t, layer, 0, plan->layer_count) {
		uint32_t first = strata_graph_find(graph, plan->layers[layer].items[0]);

		each_number(size_t, i, 0, plan->layers[layer].item_count) {
			uint32_t item = strata_graph_find(graph, plan->layers[layer].items[i]);

			assert_int_equal(loop->owners[item], loop->owners[first]);
		}
	}
}

static void test_auto_is_the_loop_of_nixpkgs(void **state)
{
	(void)state;
	each_seed(seed, 3000) {
		struct strata_error error = STRATA_ERROR_INIT;
		strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
		strata_autograph struct strata_graph *graph = NULL;
		struct loop loop = {0};
		struct sketch sketch;
		uint32_t items;

		random_state = seed;
		items = 1 + random_below(MOST);
		draw(&sketch, seed, items, random_below(30), false);
		graph = tell(&sketch, seed);
		free(sketch.edges);
		loop.count = strata_graph_count(graph);
		assert_succeeds(strata_components_find(graph, &components, &error), &error);
		for (uint32_t c = 0; c < components.count; c++) {
			uint32_t item = components.members[c];
			const struct strata_item *fields = strata_graph_item(graph, item);

			for (uint32_t r = 0; r < fields->reference_count; r++)
				loop.below[item] |= 1u << fields->references[r] |
						    loop.below[fields->references[r]];
		}
		each_number(uint32_t, bound, 1, loop.count + 1) {
			strata_autoplan struct strata_plan *plan = NULL;
			struct strata_plan_options options = {
				.strategy = strata_strategy_find("auto"), .max_layers = bound};

			run_loop(&loop, graph, bound);
			assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
			assert_same_owners(plan, graph, &loop);
		}
	}
}

static void test_closures(void **state)
{
	static const struct node nodes[] = {
		{"a", "b c", 1}, {"b", "d", 10}, {"c", "d", 100}, {"d", "e", 1000}, {"e", "d", 5}};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	struct strata_closure closures[2];
	uint32_t class_of[4];

	(void)state;
	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	assert_int_equal(components.count, 4);
	for (uint32_t c = 0; c < 4; c++)
		class_of[c] = components.of_item[0] == c; /* a, and all others */
	assert_succeeds(
		strata_closures_measure(graph, &components, class_of, 2, closures, &error), &error);
	assert_int_equal(closures[1].size, 1116);
	assert_int_equal(closures[1].components, 4);
	assert_int_equal(closures[0].size, 1115);
	assert_int_equal(closures[0].components, 3);
}

/* Graham Christensen's graph: the scores are A1 B2 C3 D4 E6 F11 G2. */
static void test_nix2container(void **state)
{
	static const struct node nodes[] = {{"A", "B G", 0}, {"B", "C E", 0}, {"C", "D E", 0},
		{"D", "F", 0}, {"E", "F", 0}, {"F", NULL, 0}, {"G", NULL, 0}};
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autograph struct strata_graph *ladder = make_ladder(100);

	(void)state;
	assert_plan(graph, "nix2container", 1, "F E D C G B A");
	assert_plan(graph, "nix2container", 3, "F | E | D C G B A");
	assert_plan(graph, "nix2container", 7, "F | E | D | C | G | B | A");
	/* Scores that do not fit are equal: what is seen last comes first. */
	assert_int_equal(strata_graph_count(ladder), 201);
}

static void test_nixery(void **state)
{
	static const struct node nodes[] = {{"A", "E", 1000000}, {"B", "E", 2000000},
		{"C", "E D", 5000000}, {"D", "F G", 6000000}, {"E", NULL, 10000000},
		{"F", NULL, 4000000}, {"G", NULL, 150000000}};
	/* The popularity of E is 5000, of all others 1. */
	static const uint32_t popularity[] = {1, 1, 1, 1, 5000, 1, 1};
	static const struct {
		uint32_t bound;
		const char *layers; /* one letter for each item, '|' between layers */
	} cases[] = {
		{6, "E|C|DF|G|B|A"},
		{7, "E|C|DF|G|B|A"},
		{5, "E|C|DF|G|AB"},
		{4, "E|C|DF|ABG"},
		{3, "E|C|ABDFG"},
		{2, "E|ABCDFG"},
		{1, "ABCDEFG"},
	};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(&error);
	uint32_t order[COUNT_OF(nodes)], ends[COUNT_OF(nodes)];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(nodes); i++)
		add_node(graph, &nodes[i]);
	for (const char *const *root = (const char *const[]){"A", "B", "C", "D", NULL}; *root;
		root++)
		assert_succeeds(strata_graph_add_root(graph, *root, &error), &error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	each_case(c, cases) {
		struct strata_partition partition = {
			.order = order, .item_count = COUNT_OF(nodes), .ends = ends};
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
		uint32_t at = 0;

		assert_succeeds(strata_nixery_partition(
					graph, popularity, cases[c].bound, &partition, &error),
			&error);
		for (uint32_t layer = 0; layer < partition.layer_count; layer++) {
			if (layer > 0)
				strata_buffer_byte(&text, '|');
			for (; at < partition.ends[layer]; at++)
				strata_buffer_string(
					&text, strata_graph_item(graph, partition.order[at])->id);
		}
		assert_string_equal(text.data, cases[c].layers);
	}
}

/* A package of a source, with a rate of its own. */
struct package {
	const char *id, *source;
	uint64_t size;
	uint32_t rate; /* a year */
};

struct archive {
	struct strata_graph *graph;
	struct strata_churn *churn;
};

static struct archive make_archive(const struct package *packages, size_t count)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_rates *rates = strata_rates_new(&error);
	struct archive archive = {.graph = strata_graph_new(&error)};
	struct strata_churn_options options = {.rates = rates};

	each_number(size_t, i, 0, count) {
		struct strata_item_record record = {.id = packages[i].id,
			.cause = packages[i].source,
			.size = packages[i].size,
			.has_size = true,
			.content = STRATA_CONTENT_ABSENT};
		struct strata_rate rate = {packages[i].rate * STRATA_FIXED_ONE, 0};

		assert_succeeds(strata_graph_add(archive.graph, &record, &error), &error);
		assert_succeeds(strata_rates_set(rates, packages[i].source, rate, &error), &error);
	}
	assert_succeeds(strata_graph_finish(archive.graph, NULL, &error), &error);
	assert_succeeds(strata_churn_new(archive.graph, &options, &archive.churn, &error), &error);
	strata_rates_free(rates);
	return archive;
}

static void free_archive(struct archive *archive)
{
	strata_churn_free(archive->churn);
	strata_graph_free(archive->graph);
}

static void assert_archive_plan(
	const struct archive *archive, const char *name, uint32_t bound, const char *expected)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autoplan struct strata_plan *plan = NULL;
	struct strata_plan_options options = {.strategy = strata_strategy_find(name),
		.max_layers = bound,
		.churn = archive->churn};

	assert_succeeds(strata_plan_make(archive->graph, &options, &plan, &error), &error);
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		if (layer > 0)
			strata_buffer_string(&text, " | ");
		for (size_t i = 0; i < plan->layers[layer].item_count; i++)
			strata_buffer_format(
				&text, "%s%s", i > 0 ? " " : "", plan->layers[layer].items[i]);
	}
	assert_string_equal(text.data, expected);
}

static void test_origin(void **state)
{
	static const struct package packages[] = {{"bin", "x", 5, 1}, {"data", "x", 30, 1},
		{"lib", "y", 20, 1}, {"other", "z", 20, 1}, {"tiny", "w", 1, 1}};
	struct archive archive = make_archive(packages, COUNT_OF(packages));

	(void)state;
	assert_archive_plan(&archive, "origin", 1, "bin data lib other tiny");
	assert_archive_plan(&archive, "origin", 2, "bin data | lib other tiny");
	assert_archive_plan(&archive, "origin", 3, "bin data | lib | other tiny");
	assert_archive_plan(&archive, "origin", 9, "bin data | lib | other | tiny");
	free_archive(&archive);
}

/* What never changes merges for nothing. Beside e, these two lose 2000 x 0.175 bytes a week; a and
 * c lose 457 beside each other, and any of them beside e most of its bytes. */
static void test_merge(void **state)
{
	static const struct package packages[] = {{"a", "a", 1000, 50}, {"b", "b", 1000, 0},
		{"c", "c", 1000, 60}, {"d", "d", 1000, 0}, {"e", "e", 1000000, 10}};
	struct archive archive = make_archive(packages, COUNT_OF(packages));

	(void)state;
	assert_archive_plan(&archive, "merge", 5, "b | d | e | a | c");
	assert_archive_plan(&archive, "merge", 4, "b d | e | a | c");
	assert_archive_plan(&archive, "merge", 3, "b d e | a | c");
	assert_archive_plan(&archive, "merge", 2, "b d e | a c");
	free_archive(&archive);
}

static void test_statistics(void **state)
{
	uint64_t odd[] = {5, 1, 9}, even[] = {4, 1, 10, 2}, scratch[4], mean, deviation;

	(void)state;
	assert_int_equal(strata_median(odd, 3), 5);
	assert_int_equal(strata_median(even, 4), 3);
	assert_int_equal(strata_median(NULL, 0), 0);
	assert_int_equal(strata_median_deviation(odd, 3, 5, scratch), 4);
	assert_int_equal(strata_median_deviation(even, 4, 3, scratch), 1);
	strata_mean_deviation((const uint64_t[]){2, 4, 4, 4, 5, 5, 7, 9}, 8, &mean, &deviation);
	assert_int_equal(mean, 5);
	assert_int_equal(deviation, 2);
	/* Numbers whose squares do not fit. */
	strata_mean_deviation(
		(const uint64_t[]){UINT64_C(1) << 40, UINT64_C(3) << 40}, 2, &mean, &deviation);
	assert_int_equal(mean, UINT64_C(2) << 40);
	assert_int_equal(deviation, UINT64_C(1) << 40);
}

/* With 10 layers, 8 of them are for large sources. */
static void test_chunkah(void **state)
{
	static const struct package packages[] = {{"big1", "big1", 900, 1},
		{"big1-doc", "big1", 50, 1}, {"big2", "big2", 800, 1}, {"n1", "n1", 10, 0},
		{"n2", "n2", 11, 0}, {"n3", "n3", 9, 0}, {"n4", "n4", 10, 0}, {"n5", "n5", 12, 40},
		{"n6", "n6", 8, 0}, {"n7", "n7", 10, 0}};
	struct archive archive = make_archive(packages, COUNT_OF(packages));

	(void)state;
	assert_archive_plan(&archive, "chunkah", 1, "big1 big1-doc big2 n1 n2 n3 n4 n5 n6 n7");
	/* Two alone; n5 is the least stable of the rest, whose tier has its own layer. */
	assert_archive_plan(
		&archive, "chunkah", 4, "n1 n2 n3 n4 n6 n7 | big1 big1-doc | big2 | n5");
	/* What comes or goes does not move the others. */
	assert_archive_plan(&archive, "chunkah", 100,
		"n1 | n2 | n3 | n4 | n6 | n7 | big1 big1-doc | big2 | n5");
	free_archive(&archive);
}

static void test_ostree(void **state)
{
	static const struct package packages[] = {{"big1", "big1", 9000, 1},
		{"big2", "big2", 8000, 1}, {"m1", "m1", 100, 1}, {"m2", "m2", 101, 2},
		{"m3", "m3", 99, 3}, {"m4", "m4", 102, 4}, {"m5", "m5", 100, 5}, {"s1", "s1", 1, 1},
		{"s2", "s2", 2, 1}};
	struct archive archive = make_archive(packages, COUNT_OF(packages));

	(void)state;
	assert_archive_plan(&archive, "ostree", 3, "big1 big2 m1 m2 m3 m4 m5 s1 s2");
	/* 6 layers: one is kept empty, 2 are for large ones, 1 is for small ones. Of what is
	 * between, m4 is larger than the rest, which takes 2 more layers, of which there is one. */
	assert_archive_plan(&archive, "ostree", 6, "big1 | big2 | s1 s2 | m4 | m1 m2 m3 m5");
	assert_archive_plan(&archive, "ostree", 8, "big1 | big2 | s1 s2 | m4 | m1 m2 | m3 m5");
	assert_archive_plan(
		&archive, "ostree", 10, "big1 | big2 | m4 | m2 | m1 | m5 | m3 | s2 | s1");
	free_archive(&archive);
}

/* What changes together costs nothing to put together. */
static void test_rechunk(void **state)
{
	static const struct package packages[] = {{"a1", "a", 4000000, 20},
		{"a2", "a", 2000000, 20}, {"b1", "b", 4200000, 0}, {"b2", "c", 2500000, 0},
		{"t1", "t1", 1000, 3}, {"t2", "t2", 2000, 3}, {"u1", "u1", 700000, 9}};
	struct archive archive = make_archive(packages, COUNT_OF(packages));

	(void)state;
	assert_archive_plan(&archive, "rechunk", 1, "a1 a2 b1 b2 t1 t2 u1");
	assert_archive_plan(&archive, "rechunk", 4, "t1 t2 | u1 | b1 b2 | a1 a2");
	assert_archive_plan(&archive, "rechunk", 7, "a1 | a2 | b1 | b2 | t1 | t2 | u1");
	free_archive(&archive);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auto_as_nixpkgs),
		cmocka_unit_test(test_auto_is_the_loop_of_nixpkgs),
		cmocka_unit_test(test_closures),
		cmocka_unit_test(test_nix2container),
		cmocka_unit_test(test_nixery),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_chunkah),
		cmocka_unit_test(test_ostree),
		cmocka_unit_test(test_rechunk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
