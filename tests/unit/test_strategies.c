#include "graphs.h"

#include <time.h>

#include "base/buffer.h"
#include "graph/components.h"
#include "graph/internal.h"
#include "plan/internal.h"
#include "plan/scores.h"

__extension__ typedef unsigned __int128 wide;

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 33) % bound;
}

/* Plan GRAPH with the strategy called NAME and compare: items with blanks between, layers with
 * "|". */
static void assert_plan(
	const struct strata_graph *graph, const char *name, uint32_t bound, const char *expected)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autoplan struct strata_plan *plan = NULL;
	struct strata_plan_options options = {
		.strategy = strata_strategy_find(name), .max_layers = bound};

	assert_non_null(options.strategy);
	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		if (layer > 0)
			strata_buffer_string(&text, " | ");
		for (size_t i = 0; i < plan->layers[layer].item_count; i++)
			strata_buffer_format(
				&text, "%s%s", i > 0 ? " " : "", plan->layers[layer].items[i]);
	}
	assert_string_equal(text.data, expected);
}

static const struct node christensen[] = {
	{"A", "B G", 0},
	{"B", "C E", 0},
	{"C", "D E", 0},
	{"D", "F", 0},
	{"E", "F", 0},
	{"F", NULL, 0},
	{"G", NULL, 0},
};

static void test_popularity_orders_and_cuts_as_nixpkgs(void **state)
{
	static const struct node small[] = {
		{"foo", "bar baz", 0}, {"bar", "baz", 0}, {"baz", "tux", 0}, {"tux", NULL, 0}};
	strata_autograph struct strata_graph *graph =
		make_graph(christensen, COUNT_OF(christensen), NULL);
	strata_autograph struct strata_graph *other = make_graph(small, COUNT_OF(small), NULL);

	(void)state;
	assert_plan(graph, "popularity", 1, "F E D C B G A");
	assert_plan(graph, "popularity", 2, "F | E D C B G A");
	assert_plan(graph, "popularity", 4, "F | E | D | C B G A");
	assert_plan(graph, "popularity", 6, "F | E | D | C | B | G A");
	assert_plan(graph, "popularity", 7, "F | E | D | C | B | G | A");
	assert_plan(graph, "popularity", 8, "F | E | D | C | B | G | A");
	assert_plan(other, "popularity", 100, "tux | baz | bar | foo");
}

/* Named roots that others refer to do not count as sources. */
static void test_popularity_ignores_named_roots(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(&error);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(christensen); i++)
		add_node(graph, &christensen[i]);
	assert_succeeds(strata_graph_add_root(graph, "A", &error), &error);
	assert_succeeds(strata_graph_add_root(graph, "G", &error), &error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	assert_plan(graph, "popularity", 1, "F E D C B G A");
}

static void test_popularity_breaks_ties_by_name_then_hash(void **state)
{
	/* All scores are 1. In byte order the keys are "a-1-/s/z", "a-1.1-/s/c", "b-/s/a",
	 * "b-/s/y", "b-/s/\xc3\xa9", "b-2-/s/x", "z". */
	static const struct node nodes[] = {{"/s/z-a-1", NULL, 0}, {"/s/y-b", NULL, 0},
		{"z", NULL, 0}, {"/s/x-b-2", NULL, 0}, {"/s/c-a-1.1", NULL, 0}, {"/s/a-b", NULL, 0},
		{"/s/\xc3\xa9-b", NULL, 0}};
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);

	(void)state;
	assert_plan(graph, "popularity", 1,
		"/s/z-a-1 /s/c-a-1.1 /s/a-b /s/y-b /s/\xc3\xa9-b /s/x-b-2 z");
}

/* The members of a cycle share a score: here 3 each, since the cycle counts once, and 4 below. */
static void test_popularity_condenses_cycles(void **state)
{
	static const struct node nodes[] = {{"top", "x y top", 0}, {"x", "y", 0},
		{"y", "x below", 0}, {"below", NULL, 0}, {"lone", "x", 0}};
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);

	(void)state;
	assert_plan(graph, "popularity", 1, "below x y lone top");
}

/* LEVELS stacked pairs, each item of which refers to both of the next pair, below one root. */
static struct strata_graph *make_ladder(uint32_t levels)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_graph *graph = strata_graph_new(&error);

	add_node(graph, &(struct node){"root", "a-00000 b-00000", 0});
	for (uint32_t level = 0; level < levels; level++) {
		char a[32], b[32], next[64] = "";

		snprintf(a, sizeof(a), "a-%05u", level);
		snprintf(b, sizeof(b), "b-%05u", level);
		if (level + 1 < levels)
			snprintf(next, sizeof(next), "a-%05u b-%05u", level + 1, level + 1);
		add_node(graph, &(struct node){a, next, 0});
		add_node(graph, &(struct node){b, next, 0});
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	return graph;
}

/* The order in which a ladder must come: lowest pair first. */
static void assert_ladder_order(const struct strata_graph *graph, uint32_t levels)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autoplan struct strata_plan *plan = NULL;
	struct strata_plan_options options = {
		.strategy = strata_strategy_find("popularity"), .max_layers = 1};

	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_int_equal(plan->layers[0].item_count, 2 * levels + 1);
	for (uint32_t i = 0; i < 2 * levels; i++) {
		char expected[32];

		snprintf(expected, sizeof(expected), "%c-%05u", i % 2 ? 'b' : 'a',
			levels - 1 - i / 2);
		assert_string_equal(plan->layers[0].items[i], expected);
	}
	assert_string_equal(plan->layers[0].items[2 * levels], "root");
}

static void test_popularity_of_64_levels_needs_more_than_64_bits(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_ladder(64);
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autoscores struct strata_scores scores = STRATA_SCORES_INIT;
	const uint64_t *score;

	(void)state;
	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	assert_succeeds(strata_scores_count(&components, &scores, &error), &error);
	assert_int_equal(scores.words, 2);
	score = scores.values + 2 * components.of_item[strata_graph_find(graph, "a-00063")];
	/* 27670116110564327423, as Python's unbounded integers have it. */
	assert_true(((wide)score[1] << 64 | score[0]) ==
		    (wide)UINT64_C(2767011611056432) * 10000 + 7423);
	score = scores.values + 2 * components.of_item[strata_graph_find(graph, "b-00000")];
	assert_true(score[0] == 2 && score[1] == 0);
	assert_ladder_order(graph, 64);
}

static void test_popularity_of_300_levels_is_exact(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_ladder(300);
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autoscores struct strata_scores scores = STRATA_SCORES_INIT;
	const uint64_t *score;

	(void)state;
	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	assert_succeeds(strata_scores_count(&components, &scores, &error), &error);
	assert_int_equal(scores.words, 8);
	/* 3 * 2^299 - 1 */
	score = scores.values + (size_t)8 * components.of_item[strata_graph_find(graph, "a-00299")];
	for (int w = 0; w < 4; w++)
		assert_true(score[w] == UINT64_MAX);
	assert_true(score[4] == ((UINT64_C(1) << 44) | ((UINT64_C(1) << 43) - 1)));
	for (int w = 5; w < 8; w++)
		assert_true(score[w] == 0);
	assert_ladder_order(graph, 300);
}

static void test_popularity_refuses_what_it_cannot_count(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *largest = make_ladder(4093);
	strata_autograph struct strata_graph *graph = make_ladder(4200);
	strata_autoplan struct strata_plan *plan = NULL;
	struct strata_plan_options options = {.strategy = strata_strategy_find("popularity")};

	(void)state;
	assert_ladder_order(largest, 4093);
	assert_int_equal(strata_plan_make(graph, &options, &plan, &error), STRATA_ERROR_INVALID);
	assert_non_null(strstr(error.message, "4096 bits"));
	assert_non_null(strstr(error.hint, "--strategy size"));
	strata_error_clear(&error);
	assert_null(plan);
}

/*
 * The contest as nixpkgs states it, with its table of all pairs, for graphs without cycles:
 * table[v][x] is what x has in the contest of v's children.
 */
static void hold_contest(const struct strata_components *components, const uint32_t *children,
	uint32_t child_count, wide *const *tables, wide *points)
{
	for (uint32_t i = 0; i < child_count; i++) {
		points[children[i]] += 1;
		for (uint32_t x = 0; x < components->count; x++) {
			if (tables[children[i]][x] > 0)
				points[x] += tables[children[i]][x] + 1;
		}
	}
}

static void assert_scores_as_in_contest(const struct strata_graph *graph)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autoscores struct strata_scores scores = STRATA_SCORES_INIT;
	uint32_t count = strata_graph_count(graph), source_count = 0;
	wide **tables = calloc(count, sizeof(*tables));
	wide *points = calloc(count, sizeof(*points));
	bool *referred = calloc(count, sizeof(*referred));
	uint32_t *sources = calloc(count, sizeof(*sources));

	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	for (uint32_t c = 0; c < components.count; c++) {
		uint32_t start = components.reference_starts[c];
		uint32_t end = components.reference_starts[c + 1];

		tables[c] = calloc(count, sizeof(**tables));
		hold_contest(
			&components, components.references + start, end - start, tables, tables[c]);
		for (uint32_t r = start; r < end; r++)
			referred[components.references[r]] = true;
	}
	for (uint32_t c = 0; c < components.count; c++) {
		if (!referred[c])
			sources[source_count++] = c;
	}
	hold_contest(&components, sources, source_count, tables, points);
	assert_succeeds(strata_scores_count(&components, &scores, &error), &error);
	for (uint32_t c = 0; c < components.count; c++) {
		const uint64_t *score = scores.values + (size_t)c * scores.words;

		assert_true(score[0] == (uint64_t)points[c]);
		assert_true((scores.words > 1 ? score[1] : 0) == (uint64_t)(points[c] >> 64));
		free(tables[c]);
	}
	free(tables);
	free(points);
	free(referred);
	free(sources);
}

/* A random graph: what it is depends on SEED, the order in which it is told on SHUFFLE. */
struct sketch {
	uint32_t count;
	uint32_t edge_count;
	uint32_t *edges; /* pairs */
	uint64_t sizes[16];
	uint32_t names[16];
	uint32_t root_count;
};

static void name_node(const struct sketch *sketch, uint32_t node, char *name, size_t size)
{
	static const char *const names[] = {"glibc-2.39", "a", "bash", "a-b", "zlib-1"};

	snprintf(name, size, "/s/%02u-%s", (node * 7 + 3) % 97, names[sketch->names[node % 16]]);
}

static void draw(struct sketch *sketch, uint64_t seed, uint32_t count, uint32_t edges, bool cycles)
{
	random_state = seed;
	*sketch = (struct sketch){.count = count, .edge_count = edges};
	sketch->edges = calloc((size_t)edges + 1, 2 * sizeof(*sketch->edges));
	for (uint32_t i = 0; i < 16; i++) {
		sketch->sizes[i] = random_below(5);
		sketch->names[i] = random_below(5);
	}
	for (uint32_t e = 0; e < edges; e++) {
		uint32_t from = random_below(count), to = random_below(count);

		/* Without cycles, references go down; a reference to oneself is always fine. */
		sketch->edges[2 * e] = cycles || from > to ? from : to;
		sketch->edges[2 * e + 1] = cycles || from > to ? to : from;
	}
	sketch->root_count = cycles ? random_below(3) : 0;
}

static struct strata_graph *tell(const struct sketch *sketch, uint64_t shuffle)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_graph *graph = strata_graph_new(&error);
	uint32_t records = sketch->count + sketch->edge_count;
	uint32_t *order = calloc(records, sizeof(*order));

	random_state = shuffle;
	for (uint32_t i = 0; i < records; i++) {
		uint32_t other = random_below(i + 1);

		order[i] = order[other];
		order[other] = i;
	}
	for (uint32_t i = 0; i < records; i++) {
		bool edge = order[i] >= sketch->count;
		const uint32_t *ends = sketch->edges + 2 * (edge ? order[i] - sketch->count : 0);
		uint32_t node = edge ? ends[0] : order[i];
		char id[64], reference[64] = "";

		name_node(sketch, node, id, sizeof(id));
		if (edge)
			name_node(sketch, ends[1], reference, sizeof(reference));
		add_node(graph, &(struct node){id, reference, sketch->sizes[node % 16]});
	}
	for (uint32_t r = 0; r < sketch->root_count; r++) {
		char id[64];

		name_node(sketch, (r * 5 + 1) % sketch->count, id, sizeof(id));
		assert_succeeds(strata_graph_add_root(graph, id, &error), &error);
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	free(order);
	return graph;
}

static void test_scores_are_those_of_the_contest(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 4000; seed++) {
		struct sketch sketch;
		strata_autograph struct strata_graph *graph = NULL;

		random_state = seed;
		draw(&sketch, seed, 1 + random_below(14), random_below(40), seed % 4 == 3);
		graph = tell(&sketch, seed);
		assert_scores_as_in_contest(graph);
		free(sketch.edges);
	}
}

/* More targets than there are in one block, with ids of their own. */
static void test_scores_across_blocks(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct strata_error error = STRATA_ERROR_INIT;
		strata_autograph struct strata_graph *graph = strata_graph_new(&error);

		random_state = seed;
		for (uint32_t i = 0; i < 200 + 111 * seed; i++) {
			char id[32], references[256] = "";

			snprintf(id, sizeof(id), "n-%04u", i);
			for (uint32_t e = random_below(4); e > 0 && i > 0; e--)
				snprintf(references + strlen(references), 32, " n-%04u",
					random_below(i));
			add_node(graph, &(struct node){id, references, 1});
		}
		assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
		assert_scores_as_in_contest(graph);
	}
}

static void assert_same_plan(const struct strata_plan *left, const struct strata_plan *right)
{
	assert_int_equal(left->layer_count, right->layer_count);
	assert_int_equal(left->customisation_layer, right->customisation_layer);
	for (size_t layer = 0; layer < left->layer_count; layer++) {
		assert_int_equal(left->layers[layer].item_count, right->layers[layer].item_count);
		for (size_t i = 0; i < left->layers[layer].item_count; i++)
			assert_string_equal(
				left->layers[layer].items[i], right->layers[layer].items[i]);
	}
}

/* Each item is in exactly one layer, no layer is empty, and no bound is exceeded. */
static void assert_partition(
	const struct strata_plan *plan, const struct strata_graph *graph, uint32_t bound)
{
	struct strata_error error = STRATA_ERROR_INIT;
	bool seen[16] = {false};
	uint32_t total = 0;

	assert_true(strata_plan_image_layers(plan) <= bound);
	assert_true(plan->layer_count > 0);
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		assert_true(plan->layers[layer].item_count > 0);
		for (size_t i = 0; i < plan->layers[layer].item_count; i++) {
			uint32_t item = strata_graph_find(graph, plan->layers[layer].items[i]);

			assert_int_not_equal(item, STRATA_GRAPH_NONE);
			assert_false(seen[item]);
			seen[item] = true;
			total++;
		}
	}
	assert_int_equal(total, strata_graph_count(graph));
	assert_succeeds(strata_plan_check(plan, graph, &error), &error);
}

/* Whatever an item refers to, outside of its cycle, lies below it. */
static void assert_dependencies_first(
	const struct strata_plan *plan, const struct strata_graph *graph)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	size_t place[16];

	assert_succeeds(strata_components_find(graph, &components, &error), &error);
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		assert_int_equal(plan->layers[layer].item_count, 1);
		place[strata_graph_find(graph, plan->layers[layer].items[0])] = layer;
	}
	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		const struct strata_item *item = strata_graph_item(graph, i);

		for (uint32_t r = 0; r < item->reference_count; r++) {
			uint32_t below = item->references[r];

			assert_true(components.of_item[below] == components.of_item[i] ||
				    place[below] < place[i]);
		}
	}
}

static void try_strategy(const struct strata_strategy *strategy, const struct strata_graph *graph,
	const struct strata_graph *retold, uint32_t bound, bool customise)
{
	static const struct strata_entry entry = {
		.kind = STRATA_ENTRY_DIRECTORY, .path = "/tmp", .mode = 01777};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autoplan struct strata_plan *plan = NULL;
	strata_autoplan struct strata_plan *again = NULL;
	struct strata_plan_options options = {.strategy = strategy,
		.max_layers = bound + 2,
		.base_layers = 2,
		.entries = &entry,
		.entry_count = customise};
	uint32_t count = strata_graph_count(graph);
	uint32_t needed = count + (customise && count > 1);
	int status = strata_plan_make(graph, &options, &plan, &error);

	if (strcmp(strategy->name, "per-item") == 0 && bound < needed) {
		char hint[64];

		assert_int_equal(status, STRATA_ERROR_INVALID);
		snprintf(hint, sizeof(hint), "use --max-layers %u", needed + 2);
		assert_string_equal(error.hint, hint);
		strata_error_clear(&error);
		return;
	}
	assert_succeeds(status, &error);
	assert_partition(plan, graph, bound);
	assert_succeeds(strata_plan_make(retold, &options, &again, &error), &error);
	assert_same_plan(plan, again);
	if (strcmp(strategy->name, "per-item") == 0)
		assert_dependencies_first(plan, graph);
	if (strcmp(strategy->name, "popularity") == 0 || strcmp(strategy->name, "size") == 0)
		assert_int_equal(strata_plan_image_layers(plan),
			bound < count + customise ? bound : count + customise);
	if (strcmp(strategy->name, "single") == 0)
		assert_int_equal(strata_plan_image_layers(plan), 1);
	if (strcmp(strategy->name, "two") == 0)
		assert_true(strata_plan_image_layers(plan) <= 2);
}

static void test_every_strategy_partitions_every_graph(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 3000; seed++) {
		struct sketch sketch;
		strata_autograph struct strata_graph *graph = NULL;
		strata_autograph struct strata_graph *retold = NULL;
		uint32_t count;

		random_state = seed;
		draw(&sketch, seed, 1 + random_below(12), random_below(30), seed % 4 != 0);
		graph = tell(&sketch, seed);
		retold = tell(&sketch, seed + 1000000);
		count = strata_graph_count(graph);
		free(sketch.edges);
		for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
			strategy++) {
			const uint32_t bounds[] = {
				1, 2, count > 1 ? count - 1 : 1, count, count + 1, count + 2, 100};

			for (size_t b = 0; b < COUNT_OF(bounds); b++) {
				try_strategy(*strategy, graph, retold, bounds[b], false);
				try_strategy(*strategy, graph, retold, bounds[b], true);
			}
		}
	}
}

/* Guix's cut: N layers in all, the customisation's own on top. */
static void test_size_cuts_as_guix(void **state)
{
	static const struct node nodes[] = {{"a", "b", 10}, {"b", NULL, 40}, {"c", NULL, 20},
		{"d", NULL, 20}, {"e", "a c d", 30}};
	static const struct strata_entry entry = {
		.kind = STRATA_ENTRY_DIRECTORY, .path = "/tmp", .mode = 01777};
	static const struct {
		uint32_t bound;
		size_t layers;
		size_t tail;
	} cases[] = {{2, 2, 5}, {4, 4, 3}, {5, 5, 2}, {6, 6, 1}, {7, 6, 1}};
	static const char *const order[] = {"b", "e", "c", "d", "a"};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);

	(void)state;
	for (size_t c = 0; c < COUNT_OF(cases); c++) {
		strata_autoplan struct strata_plan *plan = NULL;
		struct strata_plan_options options = {.strategy = strata_strategy_find("size"),
			.max_layers = cases[c].bound,
			.entries = &entry,
			.entry_count = 1};
		size_t place = 0;

		assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
		assert_true(plan->customisation_layer);
		assert_int_equal(strata_plan_image_layers(plan), cases[c].layers);
		for (size_t layer = 0; layer < plan->layer_count; layer++) {
			bool last = layer + 1 == plan->layer_count;

			assert_int_equal(plan->layers[layer].item_count, last ? cases[c].tail : 1);
			for (size_t i = 0; i < plan->layers[layer].item_count; i++)
				assert_string_equal(plan->layers[layer].items[i], order[place++]);
		}
	}
}

static void test_two_puts_roots_and_their_references_on_top(void **state)
{
	static const struct node nodes[] = {{"profile", "guile glibc", 0}, {"guile", "gc glibc", 0},
		{"gc", "glibc", 0}, {"glibc", "bash", 0}, {"bash", NULL, 0}};
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), "profile");
	strata_autograph struct strata_graph *flat = make_graph(nodes + 3, 2, NULL);

	(void)state;
	assert_plan(graph, "two", 2, "bash gc | glibc guile profile");
	assert_plan(graph, "two", 100, "bash gc | glibc guile profile");
	assert_plan(graph, "two", 1, "bash gc glibc guile profile");
	assert_plan(flat, "two", 100, "bash glibc");
	assert_plan(graph, "single", 100, "bash gc glibc guile profile");
}

static void test_per_item_puts_dependencies_first(void **state)
{
	static const struct node nodes[] = {{"app", "x lib", 0}, {"x", "y", 0}, {"y", "x libc", 0},
		{"lib", "libc", 0}, {"libc", NULL, 0}, {"data", NULL, 0}};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(nodes, COUNT_OF(nodes), NULL);
	strata_autoplan struct strata_plan *plan = NULL;
	struct strata_plan_options options = {
		.strategy = strata_strategy_find("per-item"), .max_layers = 5};

	(void)state;
	assert_plan(graph, "per-item", 6, "data | libc | lib | x | y | app");
	assert_int_equal(strata_plan_make(graph, &options, &plan, &error), STRATA_ERROR_INVALID);
	assert_string_equal(error.message,
		"strategy 'per-item' needs 6 layers for this image, but the bound is 5");
	assert_string_equal(error.hint, "use --max-layers 6");
	strata_error_clear(&error);
}

static void test_per_item_beyond_what_clients_load(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_ladder(70);
	strata_autoplan struct strata_plan *plan = NULL;
	struct strata_plan_options options = {.strategy = strata_strategy_find("per-item")};

	(void)state;
	assert_int_equal(strata_plan_make(graph, &options, &plan, &error), STRATA_ERROR_INVALID);
	assert_string_equal(error.hint, "use --max-layers 141, or choose another strategy");
	strata_error_clear(&error);
	options.max_layers = 141;
	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_int_equal(plan->layer_count, 141);
}

/* 200,000 references, and so many paths that a score has a thousand bits. */
static void test_a_large_graph(void **state)
{
	enum { ITEMS = 20000, REFERENCES = 10 };
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(&error);

	(void)state;
	random_state = 1;
	for (uint32_t i = 0; i < ITEMS; i++) {
		char id[32], references[REFERENCES * 16] = "";
		size_t length = 0;

		snprintf(id, sizeof(id), "%05u-n", i);
		for (int r = 0; r < REFERENCES && i > 0; r++) {
			uint32_t reach = i < 200 ? i : 200;

			length += (size_t)snprintf(references + length, sizeof(references) - length,
				" %05u-n", i - 1 - random_below(reach));
		}
		add_node(graph, &(struct node){id, references, random_below(1000)});
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
		strategy++) {
		strata_autoplan struct strata_plan *plan = NULL;
		struct strata_plan_options options = {.strategy = *strategy, .max_layers = ITEMS};
		clock_t start = clock();

		assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
		print_message("%s: %ld ms\n", (*strategy)->name,
			(long)((clock() - start) * 1000 / CLOCKS_PER_SEC));
		assert_succeeds(strata_plan_check(plan, graph, &error), &error);
	}
}

static void test_strategies_are_named(void **state)
{
	(void)state;
	assert_string_equal(strata_strategies()[0]->name, "popularity");
	assert_ptr_equal(strata_strategy_find("popularity"), strata_strategies()[0]);
	assert_null(strata_strategy_find("Popularity"));
	assert_null(strata_strategy_find(""));
	for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
		strategy++) {
		assert_true(strlen((*strategy)->summary) > 10);
		assert_true(strlen((*strategy)->trade_off) > 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strategies_are_named),
		cmocka_unit_test(test_popularity_orders_and_cuts_as_nixpkgs),
		cmocka_unit_test(test_popularity_ignores_named_roots),
		cmocka_unit_test(test_popularity_breaks_ties_by_name_then_hash),
		cmocka_unit_test(test_popularity_condenses_cycles),
		cmocka_unit_test(test_popularity_of_64_levels_needs_more_than_64_bits),
		cmocka_unit_test(test_popularity_of_300_levels_is_exact),
		cmocka_unit_test(test_popularity_refuses_what_it_cannot_count),
		cmocka_unit_test(test_scores_are_those_of_the_contest),
		cmocka_unit_test(test_scores_across_blocks),
		cmocka_unit_test(test_every_strategy_partitions_every_graph),
		cmocka_unit_test(test_size_cuts_as_guix),
		cmocka_unit_test(test_two_puts_roots_and_their_references_on_top),
		cmocka_unit_test(test_per_item_puts_dependencies_first),
		cmocka_unit_test(test_per_item_beyond_what_clients_load),
		cmocka_unit_test(test_a_large_graph),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
