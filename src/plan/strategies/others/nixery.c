/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grouping of Nixery: what only one item needs goes with it.
 *
 * A virtual root refers to what was asked for, and to every item that is big (its closure is) or
 * popular. Below it, in the tree of dominators, every child of the root is a layer with all that it
 * dominates. Where they are too many, those of the least rating become one: the popularity of the
 * child, times the closures of all items that it dominates.
 *
 * Nixery knows how many packages of its collection refer to an item. Here, it counts how many items
 * of the graph do. A cycle is one item, as popular as its most popular member. Of equal ratings,
 * the layer whose first item comes first is the lower one in the pile.
 */
#include "plan/strategies/others/nixery.h"

#include <stdlib.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "graph/components.h"
#include "plan/strategies/others/bins.h"
#include "plan/strategies/others/closures.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/fixed_point.h"
#include "util/memory.h"

static const uint64_t big_closure = 100000000;
static const uint32_t popular = 100;

struct group {
	uint64_t rating;
	uint32_t popularity;
	uint32_t first_item;
	uint32_t child; /* the component below the virtual root */
};

struct grouping {
	const struct strata_graph *graph;
	struct strata_components components;
	struct strata_closure *closures;
	uint32_t *popularity; /* of components */
	uint32_t *dominators; /* of components: a component, or `root` */
	uint32_t *child_of;   /* the child of the root that dominates a component */
	uint32_t root;        /* one more than the components */
};

static void release_grouping(struct grouping *grouping)
{
	strata_components_release(&grouping->components);
	free(grouping->closures);
	free(grouping->popularity);
	free(grouping->dominators);
	free(grouping->child_of);
}

static int measure(
	struct grouping *grouping, const uint32_t *popularity, struct strata_error *error)
{
	struct strata_components *components = &grouping->components;
	strata_autofree uint32_t *identity = NULL;
	int status = strata_components_find(grouping->graph, components, error);

	if (status < 0)
		return status;
	grouping->root = components->count;
	identity = strata_allocate(components->count, sizeof(*identity));
	grouping->closures = strata_allocate(components->count, sizeof(*grouping->closures));
	grouping->popularity = strata_allocate(components->count, sizeof(*grouping->popularity));
	grouping->dominators = strata_allocate(components->count, sizeof(*grouping->dominators));
	grouping->child_of = strata_allocate(components->count, sizeof(*grouping->child_of));
	if (!identity || !grouping->closures || !grouping->popularity || !grouping->dominators ||
		!grouping->child_of)
		return strata_fail_memory(error);
	for (uint32_t c = 0; c < components->count; c++)
		identity[c] = c;
	for (uint32_t i = 0; i < strata_graph_count(grouping->graph); i++) {
		uint32_t *most = &grouping->popularity[components->of_item[i]];

		if (*most < popularity[i])
			*most = popularity[i];
	}
	return strata_closures_measure(grouping->graph, components, identity, components->count,
		grouping->closures, error);
}

/* The nearest common dominator. Whoever dominates a component has a higher number, the root the
 * highest. */
static uint32_t meet(const struct grouping *grouping, uint32_t a, uint32_t b)
{
	while (a != b) {
		if (a < b)
			a = grouping->dominators[a];
		else
			b = grouping->dominators[b];
	}
	return a;
}

/* The tree of dominators (Cooper, Harvey, Kennedy: A simple, fast dominance algorithm, 2001): one
 * pass, since there are no cycles and those above are done first. */
static void find_dominators(struct grouping *grouping)
{
	const struct strata_components *components = &grouping->components;
	uint32_t *dominators = grouping->dominators, root_count;
	const uint32_t *roots = strata_graph_roots(grouping->graph, &root_count);
	const uint32_t unknown = UINT32_MAX;

	for (uint32_t c = 0; c < components->count; c++)
		dominators[c] = unknown;
	for (uint32_t r = 0; r < root_count; r++)
		dominators[components->of_item[roots[r]]] = grouping->root;
	for (uint32_t c = components->count; c-- > 0;) {
		/* What nothing reaches would be a root, if all roots were not named. */
		if (dominators[c] == unknown || grouping->closures[c].size > big_closure ||
			grouping->popularity[c] >= popular)
			dominators[c] = grouping->root;
		for (uint32_t r = components->reference_starts[c];
			r < components->reference_starts[c + 1]; r++) {
			uint32_t below = components->references[r];

			dominators[below] = dominators[below] == unknown
						    ? c
						    : meet(grouping, dominators[below], c);
		}
		grouping->child_of[c] =
			dominators[c] == grouping->root ? c : grouping->child_of[dominators[c]];
	}
}

/* The lowest rating first. */
static int compare_groups(const void *left, const void *right)
{
	const struct group *a = left, *b = right;

	if (a->rating != b->rating)
		return a->rating < b->rating ? -1 : 1;
	return (a->first_item < b->first_item) - (a->first_item > b->first_item);
}

static uint64_t saturating_product(uint64_t a, uint64_t b)
{
	return strata_fixed_multiply(a, b, 0);
}

static int write_groups(const struct grouping *grouping, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	const struct strata_components *components = &grouping->components;
	uint32_t count = 0;
	strata_autofree struct group *groups = strata_allocate(components->count, sizeof(*groups));
	strata_autofree uint32_t *bin_of = strata_allocate(components->count, sizeof(*bin_of));
	strata_autofree uint32_t *bins = strata_allocate(partition->item_count, sizeof(*bins));

	if (!groups || !bin_of || !bins)
		return strata_fail_memory(error);
	for (uint32_t c = 0; c < components->count; c++)
		groups[c] = (struct group){0, grouping->popularity[c], UINT32_MAX, c};
	for (uint32_t i = partition->item_count; i-- > 0;) {
		uint32_t c = components->of_item[i];
		struct group *group = &groups[grouping->child_of[c]];

		group->first_item = i;
		if (components->members[components->member_starts[c]] == i)
			group->rating =
				strata_saturating_add(group->rating, grouping->closures[c].size);
	}
	for (uint32_t c = 0; c < components->count; c++) {
		groups[c].rating = saturating_product(groups[c].rating, groups[c].popularity);
		if (grouping->child_of[c] == c)
			groups[count++] = groups[c];
	}
	qsort(groups, count, sizeof(*groups), compare_groups);
	/* The highest rating is the bottom; what is too much joins the top. */
	for (uint32_t g = 0; g < count; g++) {
		uint32_t bin = count - 1 - g;

		bin_of[groups[g].child] = bin < bound ? bin : bound - 1;
	}
	for (uint32_t i = 0; i < partition->item_count; i++)
		bins[i] = bin_of[grouping->child_of[components->of_item[i]]];
	return strata_bins_write(partition, bins, count < bound ? count : bound, error);
}

int strata_nixery_partition(const struct strata_graph *graph, const uint32_t *popularity,
	uint32_t bound, struct strata_partition *partition, struct strata_error *error)
{
	STRATA_CLEANUP(release_grouping)
	struct grouping grouping = {.graph = graph, .components = STRATA_COMPONENTS_INIT};
	int status = measure(&grouping, popularity, error);

	if (status < 0)
		return status;
	find_dominators(&grouping);
	return write_groups(&grouping, bound, partition, error);
}

static int partition_nixery(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autofree uint32_t *popularity =
		strata_allocate(partition->item_count, sizeof(*popularity));

	if (!popularity)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < partition->item_count; i++) {
		const struct strata_item *item = strata_graph_item(graph, i);

		for (uint32_t r = 0; r < item->reference_count; r++)
			popularity[item->references[r]]++;
	}
	/* Nixery's unknown is 1. */
	for (uint32_t i = 0; i < partition->item_count; i++)
		popularity[i] += popularity[i] == 0;
	return strata_nixery_partition(graph, popularity, bound, partition, error);
}

const struct strata_strategy strata_strategy_nixery = {
	.name = "nixery",
	.summary = "Nixery's own: each item that several need, with what only it needs",
	.trade_off =
		"A package travels with all that nothing else uses, and comes and goes with it. "
		"Where such groups are more than the bound, which is soon, the least popular ones "
		"lie together, and these are the ones that change.",
	.partition = partition_nixery,
};
