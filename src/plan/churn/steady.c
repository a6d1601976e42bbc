/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers that stay without any memory: what is planned anew tomorrow is nearly what it was today.
 *
 * The least cost is found among few partitions, all of the same tree: a trie over keys that each
 * class of items has by itself. A key interleaves the bits of how large the class is with those of
 * how often it is known to change, both coarse, and ends with a hash of the name. A layer is all
 * that is below one node of the trie. Which nodes these are is the best of all such choices, by a
 * dynamic program over the tree. So a class that grows, comes or goes changes the layer that it is
 * in, and the choice changes in few places; cuts through a sorted list, or merges, change in all.
 *
 * docs/model.md has what that costs and saves.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "model/cost.h"
#include "plan/churn/prefix_order.h"
#include "plan/strategies/strategies.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/memory.h"

enum {
	SIZE_STEP = 2,    /* halves of an octave in which sizes are the same */
	HAZARD_STEP = 12, /* likewise of hazards, in quarters: three octaves */
	LEAST_SIZE = 512, /* more than four times the binary logarithm of any size */
	KEY_BITS = 8,     /* of each of the two */
	HASH_BITS = 32,
	/* As if so much more changed: what is planned for small steps only is bad for large ones,
	 * and what is planned for larger ones is hardly worse for small ones. */
	CAUTION = 4,
	/* Of a root of bytes, an hazard in 2^-32 of a week: √bytes / 10,000 a year. */
	EXPECTED = 8260,
};

/* Beyond this nothing is left to chance, and sums stay in range. */
#define MOST_EXPECTED (UINT64_C(64) << 32)

/* A class of items. */
struct point {
	uint64_t key, size;
	uint64_t expected; /* the hazard that its size suggests */
	uint32_t class_index;
	const char *name;
	bool known; /* somebody counted how often it changes */
};

/* What is below a node of the trie: a run of points, sorted by key. */
struct node {
	uint32_t start, end;
	uint32_t most;     /* layers that it can be divided into, the bound at most */
	uint64_t *costs;   /* of the best division into 1, 2, … layers */
	uint32_t *to_left; /* how many of them are below `left` */
	struct node *left, *right;
};

struct steady {
	const struct strata_graph *graph;
	const struct strata_churn *churn;
	uint32_t bound;
	struct point *points;
	uint32_t count;
	uint64_t *causes; /* scratch: a set */
	struct strata_arena arena;

	uint32_t *layer_of; /* class -> layer */
	struct strata_piece *layers;
	uint64_t *sets;
	uint32_t layer_count;
};

static void release_steady(struct steady *steady)
{
	free(steady->points);
	free(steady->causes);
	free(steady->layer_of);
	free(steady->layers);
	free(steady->sets);
	strata_arena_free(&steady->arena);
}

static int allocate_steady(struct steady *steady, struct strata_error *error)
{
	size_t words = steady->churn->words;

	steady->count = steady->churn->class_count;
	steady->points = strata_allocate(steady->count, sizeof(*steady->points));
	steady->causes = strata_allocate(words, sizeof(*steady->causes));
	steady->layer_of = strata_allocate(steady->count, sizeof(*steady->layer_of));
	steady->layers = strata_allocate(steady->bound, sizeof(*steady->layers));
	steady->sets = strata_allocate(words * steady->bound, sizeof(*steady->sets));
	if (!steady->points || !steady->causes || !steady->layer_of || !steady->layers ||
		!steady->sets)
		return strata_fail_memory(error);
	return 0;
}

/* --- keys ------------------------------------------------------------------------------------- */

static uint32_t hash_name(const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	hash = (hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash >> HASH_BITS);
}

/* Four times the binary logarithm of VALUE, rounded down to about a quarter. */
static uint32_t quarters(uint64_t value)
{
	static const uint8_t parts[] = {0, 1, 1, 2, 2, 3, 3, 3};
	uint32_t octave;

	if (value < sizeof(parts))
		value = sizeof(parts);
	octave = 63 - (uint32_t)__builtin_clzll(value);
	return octave * 4 + parts[value >> (octave - 3) & 7];
}

/* The bits of A and B by turns. */
static uint64_t interleave(uint32_t a, uint32_t b)
{
	uint64_t both = 0;

	for (unsigned bit = 0; bit < KEY_BITS; bit++)
		both |= (uint64_t)(a >> bit & 1) << 2 * bit | (uint64_t)(b >> bit & 1)
								      << (2 * bit + 1);
	return both;
}

/* Whether how often a class changes is known, and not only guessed from what may be other today. */
static bool is_known(const struct strata_churn *churn, uint32_t class_index)
{
	const uint64_t *set = churn->class_causes[class_index];

	for (size_t w = 0; w < churn->words; w++) {
		for (uint64_t bits = set[w]; bits != 0; bits &= bits - 1) {
			size_t cause = w * 64 + (unsigned)__builtin_ctzll(bits);

			if (churn->causes[cause].source != STRATA_RATE_EXPECTED)
				return true;
		}
	}
	return false;
}

static void make_key(const struct strata_churn *churn, struct point *point)
{
	uint64_t hazard = strata_hazard_joint(churn, churn->class_hazards[point->class_index]);
	uint32_t size = (LEAST_SIZE - quarters(point->size)) / SIZE_STEP;
	uint32_t rate = 0;

	point->known = is_known(churn, point->class_index);
	if (point->known)
		rate = quarters(hazard << 8) / HAZARD_STEP;
	point->expected = strata_fixed_root(point->size) * EXPECTED;
	if (point->expected > MOST_EXPECTED)
		point->expected = MOST_EXPECTED;
	point->key = interleave(size, rate) << HASH_BITS | hash_name(point->name);
}

static int compare_points(const void *left, const void *right)
{
	const struct point *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->class_index > b->class_index) - (a->class_index < b->class_index);
}

static void make_points(struct steady *steady)
{
	const struct strata_churn *churn = steady->churn;

	for (uint32_t i = strata_graph_count(steady->graph); i-- > 0;) {
		const struct strata_item *item = strata_graph_item(steady->graph, i);
		struct point *point = &steady->points[churn->class_of[i]];

		point->class_index = churn->class_of[i];
		point->size = strata_saturating_add(point->size, item->size);
		/* Where items have causes in common, one that is first has its own. */
		point->name = churn->shared ? item->name : item->cause;
	}
	for (uint32_t p = 0; p < steady->count; p++)
		make_key(churn, &steady->points[p]);
	qsort(steady->points, steady->count, sizeof(*steady->points), compare_points);
}

/* --- the tree --------------------------------------------------------------------------------- */

/* Add the causes of CLASS_INDEX to SET, or where hazards add up, its hazard to *HAZARD. */
static void add_class(const struct strata_churn *churn, uint32_t class_index, uint64_t *set,
	struct strata_hazard *hazard)
{
	const uint64_t *causes = churn->class_causes[class_index];

	for (size_t w = 0; churn->shared && w < churn->words; w++)
		set[w] |= causes[w];
	if (!churn->shared)
		*hazard = strata_hazard_add(*hazard, churn->class_hazards[class_index]);
}

/* What the points from START to END cost in one layer. */
static uint64_t cost_of(struct steady *steady, uint32_t start, uint32_t end)
{
	const struct strata_churn *churn = steady->churn;
	struct strata_hazard hazard = {0, 0};
	uint64_t size = 0, expected = 0;

	memset(steady->causes, 0, churn->words * sizeof(*steady->causes));
	for (uint32_t p = start; p < end; p++) {
		const struct point *point = &steady->points[p];

		size = strata_saturating_add(size, point->size);
		expected += point->expected;
		if (point->known)
			add_class(churn, point->class_index, steady->causes, &hazard);
	}
	if (churn->shared)
		hazard = strata_churn_set_hazard(churn, steady->causes);
	hazard.single = CAUTION * (strata_hazard_joint(churn, hazard) + expected);
	hazard.batch = 0;
	return strata_cost_planned(churn, size, hazard, end - start > 1);
}

static int grow(struct steady *steady, uint32_t start, uint32_t end, struct node **node,
	struct strata_error *error);

/* Make the nodes below NODE, whose points differ in their keys. */
static int branch(struct steady *steady, struct node *node, struct strata_error *error)
{
	const struct point *points = steady->points;
	uint64_t differ = points[node->start].key ^ points[node->end - 1].key;
	uint64_t bit = UINT64_C(1) << (63 - __builtin_clzll(differ));
	uint32_t middle = node->start;
	int status;

	while (!(points[middle].key & bit))
		middle++;
	status = grow(steady, node->start, middle, &node->left, error);
	if (status == 0)
		status = grow(steady, middle, node->end, &node->right, error);
	if (status < 0)
		return status;
	node->most = node->left->most + node->right->most;
	if (node->most > steady->bound)
		node->most = steady->bound;
	return 0;
}

/* Find the best divisions of NODE by those of the nodes below it. */
static void divide(struct node *node)
{
	const struct node *left = node->left, *right = node->right;

	for (uint32_t l = 1; l <= left->most; l++) {
		for (uint32_t r = 1; r <= right->most && l + r <= node->most; r++) {
			uint64_t cost =
				strata_saturating_add(left->costs[l - 1], right->costs[r - 1]);

			if (node->to_left[l + r - 1] != 0 && cost >= node->costs[l + r - 1])
				continue;
			node->costs[l + r - 1] = cost;
			node->to_left[l + r - 1] = l;
		}
	}
}

/* Make *NODE of the points from START to END, and all below it. */
static int grow(struct steady *steady, uint32_t start, uint32_t end, struct node **node,
	struct strata_error *error)
{
	struct node *made = strata_arena_array(&steady->arena, 1, sizeof(*made));
	int status = 0;

	if (!made)
		return strata_fail_memory(error);
	*made = (struct node){.start = start, .end = end, .most = 1};
	if (steady->points[start].key != steady->points[end - 1].key)
		status = branch(steady, made, error);
	if (status < 0)
		return status;
	made->costs = strata_arena_array(&steady->arena, made->most, sizeof(*made->costs));
	made->to_left = strata_arena_array(&steady->arena, made->most, sizeof(*made->to_left));
	if (!made->costs || !made->to_left)
		return strata_fail_memory(error);
	made->costs[0] = cost_of(steady, start, end);
	if (made->left)
		divide(made);
	*node = made;
	return 0;
}

/* --- layers ----------------------------------------------------------------------------------- */

/* Make what is below NODE COUNT layers. */
static void make_layers(struct steady *steady, const struct node *node, uint32_t count)
{
	size_t words = steady->churn->words;
	struct strata_piece *layer;
	uint64_t *set;

	if (count > 1) {
		make_layers(steady, node->left, node->to_left[count - 1]);
		make_layers(steady, node->right, count - node->to_left[count - 1]);
		return;
	}
	layer = &steady->layers[steady->layer_count];
	set = steady->sets + steady->layer_count * words;
	for (uint32_t p = node->start; p < node->end; p++) {
		const struct point *point = &steady->points[p];

		steady->layer_of[point->class_index] = steady->layer_count;
		layer->size = strata_saturating_add(layer->size, point->size);
		add_class(steady->churn, point->class_index, set, &layer->hazard);
	}
	if (steady->churn->shared) {
		layer->causes = set;
		layer->hazard = strata_churn_set_hazard(steady->churn, set);
	}
	steady->layer_count++;
}

/* Layers in the order that is best for clients that reuse a prefix. */
static int write_layers(
	const struct steady *steady, struct strata_partition *partition, struct strata_error *error)
{
	uint32_t filled = 0;
	strata_autofree uint32_t *order = strata_allocate(steady->layer_count, sizeof(*order));
	int status;

	if (!order)
		return strata_fail_memory(error);
	status =
		strata_pile_order(steady->churn, steady->layers, steady->layer_count, order, error);
	if (status < 0)
		return status;
	for (uint32_t place = 0; place < steady->layer_count; place++) {
		for (uint32_t i = 0; i < partition->item_count; i++) {
			if (steady->layer_of[steady->churn->class_of[i]] == order[place])
				partition->order[filled++] = i;
		}
		partition->ends[place] = filled;
	}
	partition->layer_count = steady->layer_count;
	return 0;
}

static int partition_steadily(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	STRATA_CLEANUP(release_steady)
	struct steady steady = {
		.graph = graph, .churn = churn, .bound = bound, .arena = STRATA_ARENA_INIT};
	struct node *root = NULL;
	uint32_t best = 1;
	int status = allocate_steady(&steady, error);

	(void)strategy;
	if (status < 0)
		return status;
	make_points(&steady);
	status = grow(&steady, 0, steady.count, &root, error);
	if (status < 0)
		return status;
	for (uint32_t count = 2; count <= root->most; count++)
		best = root->costs[count - 1] < root->costs[best - 1] ? count : best;
	make_layers(&steady, root, best);
	return write_layers(&steady, partition, error);
}

const struct strata_strategy strata_strategy_steady = {
	.name = "steady",
	.summary = "what is as large and changes as often shares a layer; it stays without memory",
	.trade_off =
		"A plan that is made anew, with no plan or image from before, leaves nearly all "
		"layers as they were. Where a plan from before is at hand, churn with "
		"--previous pulls less.",
	.uses_churn = true,
	.weighs_storage = true,
	.partition = partition_steadily,
};
