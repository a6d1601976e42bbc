/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default of nixpkgs' dockerTools since 2024.
 *
 * Items become *primaries*, largest first. An item is owned by the lowest primaries that reach it:
 * by every primary above which, on the way down to the item, no other primary lies. Items with the
 * same owners are a layer; so are those that no primary reaches. Primaries are taken for as long
 * as there are no more layers than the bound allows.
 *
 * A cycle is one item here; nixpkgs knows none. Of equally large items the one with the later id is
 * taken first, as where nixpkgs gets them sorted. Its layers of equal closures have a random order;
 * these have that of their first items.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "graph/components.h"
#include "plan/strategies/others/bins.h"
#include "plan/strategies/others/closures.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/memory.h"

/* Sets of primaries, each once. */
struct owners {
	uint32_t *primaries; /* ascending by number of the component */
	uint32_t count;
	uint32_t users; /* components that have these owners */
	/* The last step that looked at the set, and what it becomes in that step. */
	uint32_t step, successor;
};

struct division {
	const struct strata_components *components;
	struct owners *sets;
	size_t set_capacity;
	uint32_t set_count, sets_in_use;
	uint32_t *set_of;  /* component -> its owners; borrowed */
	uint32_t *pending; /* what set_of becomes, for those that the current step reaches */
	uint32_t *reached; /* those components, the primary itself first */
	uint32_t reached_count;
	uint32_t *seen; /* the last step that reached a component */
	bool *above;    /* whether a component reaches the current primary */
};

static void release_division(struct division *division)
{
	for (uint32_t i = 0; i < division->set_count; i++)
		free(division->sets[i].primaries);
	free(division->sets);
	free(division->pending);
	free(division->reached);
	free(division->seen);
	free(division->above);
}

/* Find the number of the set with these PRIMARIES in STEP. A set that nobody has any more, and that
 * this step has not looked at, makes room for another. */
static int intern(struct division *division, const uint32_t *primaries, uint32_t count,
	uint32_t step, uint32_t *number, struct strata_error *error)
{
	strata_autofree uint32_t *copy = NULL;
	uint32_t room = division->set_count;
	struct owners *set;

	for (uint32_t s = 0; s < division->set_count; s++) {
		set = &division->sets[s];
		if (set->count == count &&
			memcmp(set->primaries, primaries, count * sizeof(*primaries)) == 0) {
			*number = s;
			return 0;
		}
		if (set->users == 0 && set->step != step)
			room = s;
	}
	copy = strata_allocate(count, sizeof(*copy));
	if (!copy || strata_grow(&division->sets, &division->set_capacity, (size_t)room + 1,
			     sizeof(*set)) < 0)
		return strata_fail_memory(error);
	memcpy(copy, primaries, count * sizeof(*copy));
	set = &division->sets[room];
	if (room == division->set_count)
		division->set_count++;
	else
		free(set->primaries);
	*set = (struct owners){.primaries = strata_take(copy),
		.count = count,
		.step = step,
		.successor = UINT32_MAX};
	*number = room;
	return 0;
}

/* List what PRIMARY reaches, itself included. */
static void reach(struct division *division, uint32_t primary, uint32_t step)
{
	const struct strata_components *components = division->components;
	uint32_t done = 0;

	division->reached_count = 0;
	division->reached[division->reached_count++] = primary;
	division->seen[primary] = step;
	while (done < division->reached_count) {
		uint32_t c = division->reached[done++];

		for (uint32_t r = components->reference_starts[c];
			r < components->reference_starts[c + 1]; r++) {
			uint32_t below = components->references[r];

			if (division->seen[below] == step)
				continue;
			division->seen[below] = step;
			division->reached[division->reached_count++] = below;
		}
	}
}

/* Whoever refers to a component has a higher number. */
static void mark_above(struct division *division, uint32_t primary)
{
	const struct strata_components *components = division->components;

	for (uint32_t c = 0; c < components->count; c++) {
		division->above[c] = c == primary;
		for (uint32_t r = components->reference_starts[c];
			!division->above[c] && r < components->reference_starts[c + 1]; r++)
			division->above[c] = division->above[components->references[r]];
	}
}

/* The owners SET once PRIMARY is one: without those above it, and with it unless one is below. */
static int succeed(struct division *division, uint32_t set, uint32_t primary, uint32_t step,
	uint32_t *successor, struct strata_error *error)
{
	strata_autofree uint32_t *primaries =
		strata_allocate((size_t)division->sets[set].count + 1, sizeof(*primaries));
	uint32_t count = 0;
	bool below = false, placed = false;
	int status;

	if (!primaries)
		return strata_fail_memory(error);
	if (division->sets[set].step == step && division->sets[set].successor != UINT32_MAX) {
		*successor = division->sets[set].successor;
		return 0;
	}
	division->sets[set].step = step;
	for (uint32_t p = 0; p < division->sets[set].count; p++)
		below |= division->seen[division->sets[set].primaries[p]] == step;
	for (uint32_t p = 0; p < division->sets[set].count; p++) {
		uint32_t owner = division->sets[set].primaries[p];

		if (division->above[owner])
			continue;
		if (!below && !placed && owner > primary) {
			primaries[count++] = primary;
			placed = true;
		}
		primaries[count++] = owner;
	}
	if (!below && !placed)
		primaries[count++] = primary;
	status = intern(division, primaries, count, step, successor, error);
	if (status == 0)
		division->sets[set].successor = *successor;
	return status;
}

static void move_user(struct division *division, uint32_t from, uint32_t to)
{
	if (--division->sets[from].users == 0)
		division->sets_in_use--;
	if (division->sets[to].users++ == 0)
		division->sets_in_use++;
}

/* Make component PRIMARY a primary, unless there were more than BOUND sets then. */
static int take_primary(struct division *division, uint32_t primary, uint32_t step, uint32_t bound,
	bool *taken, struct strata_error *error)
{
	int status = intern(division, &primary, 1, step, &division->pending[0], error);

	for (uint32_t s = 0; s < division->set_count; s++)
		division->sets[s].successor = UINT32_MAX;
	reach(division, primary, step);
	mark_above(division, primary);
	for (uint32_t i = 1; status == 0 && i < division->reached_count; i++)
		status = succeed(division, division->set_of[division->reached[i]], primary, step,
			&division->pending[i], error);
	if (status < 0)
		return status;
	for (uint32_t i = 0; i < division->reached_count; i++)
		move_user(division, division->set_of[division->reached[i]], division->pending[i]);
	*taken = division->sets_in_use <= bound;
	for (uint32_t i = 0; i < division->reached_count; i++) {
		uint32_t *set = &division->set_of[division->reached[i]];

		if (*taken)
			*set = division->pending[i];
		else
			move_user(division, division->pending[i], *set);
	}
	return 0;
}

struct sized {
	uint64_t size;
	uint32_t last_item;
	uint32_t component;
};

static int compare_sized(const void *left, const void *right)
{
	const struct sized *a = left, *b = right;

	if (a->size != b->size)
		return a->size < b->size ? 1 : -1;
	return (a->last_item < b->last_item) - (a->last_item > b->last_item);
}

static uint64_t component_size(
	const struct strata_graph *graph, const struct strata_components *components, uint32_t c)
{
	uint64_t size = 0;

	for (uint32_t m = components->member_starts[c]; m < components->member_starts[c + 1]; m++)
		size += strata_graph_item(graph, components->members[m])->size;
	return size;
}

static int divide(struct division *division, const struct strata_graph *graph, uint32_t bound,
	struct strata_error *error)
{
	const struct strata_components *components = division->components;
	uint32_t count = components->count, empty;
	strata_autofree struct sized *sorted = strata_allocate(count, sizeof(*sorted));
	bool taken = true;
	int status = intern(division, &count, 0, 0, &empty, error);

	if (!sorted)
		return strata_fail_memory(error);
	if (status < 0)
		return status;
	division->sets[empty].users = count;
	division->sets_in_use = 1;
	for (uint32_t c = 0; c < count; c++)
		sorted[c] = (struct sized){component_size(graph, components, c),
			components->members[components->member_starts[c + 1] - 1], c};
	qsort(sorted, count, sizeof(*sorted), compare_sized);
	/* Steps begin at 1: nothing was seen in step 0. */
	for (uint32_t step = 1; status == 0 && taken && step <= count; step++)
		status = take_primary(
			division, sorted[step - 1].component, step, bound, &taken, error);
	return status;
}

/* A layer and what its items reach. */
struct layer {
	struct strata_closure closure;
	uint32_t first_item;
	uint32_t class_number;
};

static int compare_layers(const void *left, const void *right)
{
	const struct layer *a = left, *b = right;

	if (a->closure.size != b->closure.size)
		return a->closure.size < b->closure.size ? -1 : 1;
	if (a->closure.components != b->closure.components)
		return a->closure.components < b->closure.components ? -1 : 1;
	return (a->first_item > b->first_item) - (a->first_item < b->first_item);
}

/* A layer for each of CLASS_COUNT classes of components, above all that it refers to. */
static int write_layers(const struct strata_graph *graph,
	const struct strata_components *components, const uint32_t *class_of, uint32_t class_count,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autofree struct strata_closure *closures =
		strata_allocate(class_count, sizeof(*closures));
	strata_autofree struct layer *layers = strata_allocate(class_count, sizeof(*layers));
	strata_autofree uint32_t *bin_of_class =
		strata_allocate(class_count, sizeof(*bin_of_class));
	strata_autofree uint32_t *bins = strata_allocate(partition->item_count, sizeof(*bins));
	int status;

	if (!closures || !layers || !bin_of_class || !bins)
		return strata_fail_memory(error);
	status = strata_closures_measure(graph, components, class_of, class_count, closures, error);
	if (status < 0)
		return status;
	for (uint32_t k = 0; k < class_count; k++)
		layers[k] = (struct layer){closures[k], UINT32_MAX, k};
	for (uint32_t i = partition->item_count; i-- > 0;)
		layers[class_of[components->of_item[i]]].first_item = i;
	qsort(layers, class_count, sizeof(*layers), compare_layers);
	for (uint32_t l = 0; l < class_count; l++)
		bin_of_class[layers[l].class_number] = l;
	for (uint32_t i = 0; i < partition->item_count; i++)
		bins[i] = bin_of_class[class_of[components->of_item[i]]];
	return strata_bins_write(partition, bins, class_count, error);
}

/* The components of GRAPH by their owners: the number of the set is that of the class. */
static int find_classes(const struct strata_graph *graph,
	const struct strata_components *components, uint32_t bound, uint32_t *class_of,
	uint32_t *class_count, struct strata_error *error)
{
	STRATA_CLEANUP(release_division)
	struct division division = {.components = components, .set_of = class_of};
	int status;

	division.pending = strata_allocate(components->count, sizeof(*division.pending));
	division.reached = strata_allocate(components->count, sizeof(*division.reached));
	division.seen = strata_allocate(components->count, sizeof(*division.seen));
	division.above = strata_allocate(components->count, sizeof(*division.above));
	if (!division.pending || !division.reached || !division.seen || !division.above)
		return strata_fail_memory(error);
	status = divide(&division, graph, bound, error);
	*class_count = division.set_count;
	return status;
}

static int partition_auto(const struct strata_strategy *strategy, const struct strata_graph *graph,
	const struct strata_churn *churn, uint32_t bound, struct strata_partition *partition,
	struct strata_error *error)
{
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autofree uint32_t *class_of = NULL;
	uint32_t class_count;
	int status = strata_components_find(graph, &components, error);

	if (status < 0)
		return status;
	class_of = strata_allocate(components.count, sizeof(*class_of));
	if (!class_of)
		return strata_fail_memory(error);
	class_count = components.count;
	/* There never are more sets of owners than components: all can be primaries. */
	for (uint32_t c = 0; c < components.count && bound >= components.count; c++)
		class_of[c] = c;
	if (bound < components.count)
		status = find_classes(graph, &components, bound, class_of, &class_count, error);
	return status < 0
		       ? status
		       : write_layers(graph, &components, class_of, class_count, partition, error);
}

const struct strata_strategy strata_strategy_auto = {
	.name = "auto",
	.summary = "nixpkgs' own: large items, each with what only it needs",
	.trade_off =
		"What a large package alone depends on travels with it, and whatever several need "
		"is apart, so images that use the same large packages share layers. It does not "
		"look at what changes, and the roots, which change most, lie with all small items.",
	.partition = partition_auto,
};
