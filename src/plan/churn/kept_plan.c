/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sticky plans: whether to keep, to extend, or to plan afresh.
 */
#include <string.h>

#include "plan/churn/churn.h"
#include "plan/churn/grouping.h"
#include "plan/churn/prefix_order.h"
#include "plan/previous_plan.h"
#include "util/error.h"

enum {
	HESITATION = 50, /* a change must save at least one part in this many */
};

struct sticky {
	const struct strata_graph *graph;
	const struct strata_churn *churn;
	struct strata_previous previous;
	uint32_t *old_counts; /* of items in each previous layer, that are still there */
	uint32_t bound;
	struct strata_pieces items; /* a piece for each item */
};

static void sticky_release(struct sticky *sticky)
{
	strata_previous_release(&sticky->previous);
	free(sticky->old_counts);
	strata_pieces_release(&sticky->items);
}

/* Items one by one: those of one class may have come to lie in different layers. */
static int find_items(struct sticky *sticky, struct strata_error *error)
{
	struct strata_pieces *items = &sticky->items;
	uint32_t count = strata_graph_count(sticky->graph);
	strata_autofree uint32_t *last = strata_allocate(sticky->churn->class_count, sizeof(*last));

	items->churn = sticky->churn;
	items->count = count;
	items->words = sticky->churn->words;
	items->pieces = strata_arena_array(&items->arena, count, sizeof(*items->pieces));
	if (!items->pieces || !last)
		return strata_fail_memory(error);
	for (uint32_t c = 0; c < sticky->churn->class_count; c++)
		last[c] = UINT32_MAX;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t c = sticky->churn->class_of[i];

		items->pieces[i] =
			(struct strata_piece){.size = strata_graph_item(sticky->graph, i)->size,
				.hazard = sticky->churn->class_hazards[c],
				.causes = sticky->churn->class_causes[c],
				.twin = i};
		if (last[c] < i) {
			items->pieces[i].twin = items->pieces[last[c]].twin;
			items->pieces[last[c]].twin = i;
		}
		last[c] = i;
	}
	return 0;
}

static int sticky_prepare(
	struct sticky *sticky, const struct strata_plan *plan, struct strata_error *error)
{
	int status = strata_previous_find(sticky->graph, plan, &sticky->previous, error);

	if (status < 0)
		return status;
	sticky->old_counts = strata_allocate(plan->layer_count, sizeof(*sticky->old_counts));
	if (!sticky->old_counts)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < strata_graph_count(sticky->graph); i++) {
		if (sticky->previous.layer_of[i] != STRATA_NO_LAYER)
			sticky->old_counts[sticky->previous.layer_of[i]]++;
	}
	return find_items(sticky, error);
}

/* What it costs to pull SIZE bytes once. */
static uint64_t once(uint64_t size)
{
	return strata_saturating_add(size, STRATA_REQUEST) << STRATA_COST_SHIFT;
}

/* Whether the layer of PARTITION from START to END is one of the previous plan, unchanged. */
static bool is_unchanged(const struct sticky *sticky, const struct strata_partition *partition,
	uint32_t start, uint32_t end)
{
	uint32_t old = sticky->previous.layer_of[partition->order[start]];

	if (old == STRATA_NO_LAYER || sticky->previous.touched[old] ||
		sticky->old_counts[old] != end - start)
		return false;
	for (uint32_t at = start; at < end; at++) {
		if (sticky->previous.layer_of[partition->order[at]] != old)
			return false;
	}
	return true;
}

/* The cost of a year of PARTITION, and of the layers that must be pulled at once. */
static int cost_of(const struct sticky *sticky, const struct strata_partition *partition,
	uint64_t *cost, struct strata_error *error)
{
	strata_autogrouping struct strata_grouping grouping = STRATA_GROUPING_INIT;
	strata_autofree uint32_t *layer_of =
		strata_allocate(partition->item_count, sizeof(*layer_of));
	int status = layer_of ? strata_grouping_new(
					&sticky->items, partition->layer_count, &grouping, error)
			      : strata_fail_memory(error);
	uint32_t start = 0;

	if (status < 0)
		return status;
	for (uint32_t layer = 0; layer < partition->layer_count; layer++) {
		for (uint32_t at = start; at < partition->ends[layer]; at++)
			layer_of[partition->order[at]] = layer;
		start = partition->ends[layer];
	}
	strata_grouping_set(&grouping, layer_of, partition->layer_count);
	*cost = strata_grouping_cost(&grouping);
	start = 0;
	for (uint32_t layer = 0; layer < partition->layer_count; layer++) {
		if (!is_unchanged(sticky, partition, start, partition->ends[layer]))
			*cost = strata_saturating_add(*cost, once(grouping.groups[layer].size));
		start = partition->ends[layer];
	}
	return 0;
}

/* The previous layers with today's items, while they are filled. Groups are the previous layers,
 * then new ones. */
struct keeping {
	const struct sticky *sticky;
	struct strata_grouping grouping;
	bool *settled; /* groups that are pulled again only where something is added to them */
	uint32_t used; /* groups that are not empty */
};

static uint64_t join_cost(const struct keeping *keeping, uint32_t item, uint32_t group)
{
	const struct strata_grouping *grouping = &keeping->grouping;
	const struct strata_group *into = &grouping->groups[group];
	uint64_t cost =
		strata_cost_planned(keeping->sticky->churn,
			into->size + grouping->pieces->pieces[item].size,
			strata_grouping_hazard_with(grouping, item, group),
			into->class_count + strata_grouping_classes(grouping, item, group) > 1) -
		into->cost;

	return keeping->settled[group] ? strata_saturating_add(cost, once(into->size)) : cost;
}

/* Put a new item where it costs least: alone, or into a layer. While there is room, a layer that
 * would otherwise stay unchanged gets nothing added. */
static void place(struct keeping *keeping, uint32_t item)
{
	struct strata_grouping *grouping = &keeping->grouping;
	const struct strata_piece *piece = &grouping->pieces->pieces[item];
	uint64_t least = UINT64_MAX;
	uint32_t best = grouping->count;

	if (keeping->used < keeping->sticky->bound)
		least = strata_saturating_add(strata_cost_planned(keeping->sticky->churn,
						      piece->size, piece->hazard, false),
			(uint64_t)STRATA_REQUEST << STRATA_COST_SHIFT);
	for (uint32_t group = 0; group < grouping->count; group++) {
		uint64_t cost;

		if (grouping->groups[group].piece_count == 0 ||
			(keeping->settled[group] && keeping->used < keeping->sticky->bound))
			continue;
		cost = join_cost(keeping, item, group);
		if (cost < least) {
			least = cost;
			best = group;
		}
	}
	if (best == grouping->count) {
		grouping->count++;
		keeping->used++;
	}
	strata_grouping_add(grouping, item, best);
	keeping->settled[best] = false;
}

/* Join the two groups for which that costs least. */
static void join_cheapest(struct keeping *keeping)
{
	struct strata_grouping *grouping = &keeping->grouping;
	const struct strata_churn *churn = keeping->sticky->churn;
	size_t words = grouping->pieces->words;
	uint64_t least = UINT64_MAX;
	uint32_t into = 0, from = 0;

	for (uint32_t a = 0; a < grouping->count; a++) {
		const struct strata_group *x = &grouping->groups[a];

		for (uint32_t b = a + 1; b < grouping->count && x->piece_count > 0; b++) {
			const struct strata_group *y = &grouping->groups[b];
			uint64_t cost;

			if (y->piece_count == 0)
				continue;
			cost = strata_cost_planned(churn, x->size + y->size,
				strata_hazard_add(x->hazard,
					strata_churn_extra_hazard(churn, grouping->sets + b * words,
						grouping->sets + a * words)),
				true);
			cost += keeping->settled[a] ? once(x->size) : 0;
			cost += keeping->settled[b] ? once(y->size) : 0;
			/* Never below zero: together they cost at least as much, less one request.
			 */
			cost += 2 * once(0);
			cost -= x->cost + y->cost;
			if (cost < least) {
				least = cost;
				into = a;
				from = b;
			}
		}
	}
	for (uint32_t i = 0; i < grouping->pieces->count; i++) {
		if (grouping->group_of[i] == from)
			strata_grouping_move(grouping, i, into);
	}
	keeping->settled[into] = false;
	keeping->used--;
}

/* Large items come first, so that small ones can join them. */
struct newcomer {
	uint64_t size;
	uint32_t item;
};

static int compare_newcomers(const void *left, const void *right)
{
	const struct newcomer *a = left, *b = right;

	if (a->size != b->size)
		return a->size < b->size ? 1 : -1;
	return (a->item > b->item) - (a->item < b->item);
}

static int place_newcomers(struct keeping *keeping, struct strata_error *error)
{
	const struct strata_pieces *items = &keeping->sticky->items;
	strata_autofree struct newcomer *newcomers =
		strata_allocate(items->count, sizeof(*newcomers));
	uint32_t count = 0;

	if (!newcomers)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < items->count; i++) {
		if (keeping->sticky->previous.layer_of[i] == STRATA_NO_LAYER)
			newcomers[count++] = (struct newcomer){items->pieces[i].size, i};
	}
	qsort(newcomers, count, sizeof(*newcomers), compare_newcomers);
	for (uint32_t n = 0; n < count; n++)
		place(keeping, newcomers[n].item);
	return 0;
}

/* Layers stay in the order of their numbers; those from FIRST_NEW on follow in the best order for
 * clients that reuse a prefix. */
static int order_layers(const struct sticky *sticky, const struct strata_grouping *grouping,
	uint32_t first_new, struct strata_partition *partition, struct strata_error *error)
{
	uint32_t count = grouping->count - first_new, filled = 0, layer = 0;
	strata_autofree struct strata_piece *fresh = strata_allocate(count, sizeof(*fresh));
	strata_autofree uint32_t *order = strata_allocate(count, sizeof(*order));
	int status;

	if (!fresh || !order)
		return strata_fail_memory(error);
	for (uint32_t g = 0; g < count; g++)
		fresh[g] = (struct strata_piece){.size = grouping->groups[first_new + g].size,
			.hazard = grouping->groups[first_new + g].hazard,
			.causes = grouping->sets + (first_new + g) * grouping->pieces->words};
	status = strata_pile_order(sticky->churn, fresh, count, order, error);
	if (status < 0)
		return status;
	for (uint32_t g = 0; g < grouping->count; g++) {
		uint32_t group = g < first_new ? g : first_new + order[g - first_new];
		uint32_t before = filled;

		for (uint32_t i = 0; i < grouping->pieces->count; i++) {
			if (grouping->group_of[i] == group)
				partition->order[filled++] = i;
		}
		if (filled > before)
			partition->ends[layer++] = filled;
	}
	partition->layer_count = layer;
	return 0;
}

/* The previous layers with today's items. */
static int keep_layers(
	const struct sticky *sticky, struct strata_partition *partition, struct strata_error *error)
{
	struct keeping keeping = {.sticky = sticky};
	uint32_t old = sticky->previous.layer_count, count = sticky->items.count;
	strata_autofree bool *settled = strata_allocate((size_t)old + sticky->bound, 1);
	int status = strata_grouping_new(&sticky->items,
		old + (sticky->bound < count ? sticky->bound : count), &keeping.grouping, error);

	keeping.settled = settled;
	if (status == 0 && !settled)
		status = strata_fail_memory(error);
	if (status == 0) {
		keeping.grouping.count = old;
		for (uint32_t i = 0; i < count; i++) {
			if (sticky->previous.layer_of[i] != STRATA_NO_LAYER)
				strata_grouping_add(
					&keeping.grouping, i, sticky->previous.layer_of[i]);
		}
		for (uint32_t layer = 0; layer < old; layer++) {
			settled[layer] = !sticky->previous.touched[layer];
			keeping.used += keeping.grouping.groups[layer].piece_count > 0;
		}
		while (keeping.used > sticky->bound)
			join_cheapest(&keeping);
		status = place_newcomers(&keeping, error);
	}
	if (status == 0)
		status = order_layers(sticky, &keeping.grouping, old, partition, error);
	strata_grouping_release(&keeping.grouping);
	return status;
}

/* The previous layers that can stay as they are, the largest ones where there are too many, and
 * above them the rest, divided anew. */
static int extend_layers(
	const struct sticky *sticky, struct strata_partition *partition, struct strata_error *error)
{
	uint32_t old = sticky->previous.layer_count, count = sticky->items.count, kept = 0;
	strata_autofree bool *stays = strata_allocate(old, sizeof(*stays));
	strata_autofree bool *skip = strata_allocate(count, sizeof(*skip));
	strata_autofree uint64_t *sizes = strata_allocate(old, sizeof(*sizes));
	struct strata_partition rest = {0};
	uint32_t filled = 0, left = count;
	int status = 0;

	if (!stays || !skip || !sizes)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		if (sticky->previous.layer_of[i] != STRATA_NO_LAYER)
			sizes[sticky->previous.layer_of[i]] += sticky->items.pieces[i].size;
	}
	for (uint32_t layer = 0; layer < old; layer++) {
		stays[layer] = !sticky->previous.touched[layer] && sticky->old_counts[layer] > 0;
		kept += stays[layer];
		left -= stays[layer] ? sticky->old_counts[layer] : 0;
	}
	while (kept > sticky->bound || (kept == sticky->bound && left > 0)) {
		uint32_t least = STRATA_NO_LAYER;

		for (uint32_t layer = 0; layer < old; layer++) {
			if (stays[layer] &&
				(least == STRATA_NO_LAYER || sizes[layer] < sizes[least]))
				least = layer;
		}
		stays[least] = false;
		left += sticky->old_counts[least];
		kept--;
	}
	partition->layer_count = 0;
	for (uint32_t layer = 0; layer < old; layer++) {
		for (uint32_t i = 0; stays[layer] && i < count; i++) {
			if (sticky->previous.layer_of[i] == layer) {
				partition->order[filled++] = i;
				skip[i] = true;
			}
		}
		if (stays[layer])
			partition->ends[partition->layer_count++] = filled;
	}
	rest.order = partition->order + filled;
	rest.ends = partition->ends + partition->layer_count;
	rest.item_count = left;
	if (left > 0)
		status = strata_churn_divide(
			sticky->graph, sticky->churn, skip, sticky->bound - kept, &rest, error);
	for (uint32_t layer = 0; layer < rest.layer_count; layer++)
		rest.ends[layer] += filled;
	partition->layer_count += rest.layer_count;
	return status;
}

struct candidate {
	struct strata_partition partition;
	uint64_t cost;
};

static int new_candidate(
	struct candidate *candidate, uint32_t item_count, struct strata_error *error)
{
	candidate->partition.item_count = item_count;
	candidate->partition.order =
		strata_allocate(item_count, sizeof(*candidate->partition.order));
	candidate->partition.ends = strata_allocate(item_count, sizeof(*candidate->partition.ends));
	return candidate->partition.order && candidate->partition.ends ? 0
								       : strata_fail_memory(error);
}

static void copy_partition(struct strata_partition *to, const struct strata_partition *from)
{
	memcpy(to->order, from->order, from->item_count * sizeof(*to->order));
	memcpy(to->ends, from->ends, from->layer_count * sizeof(*to->ends));
	to->layer_count = from->layer_count;
}

/* Whether it pays to replace a plan that costs KEPT by one that costs CHANGED. Rates are estimates:
 * a plan that followed every small difference would change at each rebuild. */
static bool pays(uint64_t kept, uint64_t changed)
{
	return changed < kept - kept / HESITATION;
}

/* Whether only a few bytes were added since the previous plan: these must not move anything. */
static bool only_grew(const struct sticky *sticky)
{
	uint64_t total = 0, fresh = 0;
	uint32_t kept = 0;

	for (uint32_t layer = 0; layer < sticky->previous.layer_count; layer++) {
		if (sticky->previous.touched[layer])
			return false;
		kept += sticky->old_counts[layer] > 0;
	}
	for (uint32_t i = 0; i < sticky->items.count; i++) {
		uint64_t size = sticky->items.pieces[i].size;

		total = strata_saturating_add(total, size);
		if (sticky->previous.layer_of[i] == STRATA_NO_LAYER)
			fresh = strata_saturating_add(fresh, size);
	}
	return kept <= sticky->bound && fresh > 0 && fresh <= total / HESITATION;
}

static int choose(struct sticky *sticky, bool keep, struct candidate *kept,
	struct candidate *extended, struct strata_partition *partition, struct strata_error *error)
{
	uint64_t cost = 0;
	int status;

	if (keep)
		return extend_layers(sticky, partition, error);
	if (only_grew(sticky))
		return keep_layers(sticky, partition, error);
	status = extend_layers(sticky, &extended->partition, error);
	if (status == 0)
		status = keep_layers(sticky, &kept->partition, error);
	if (status == 0)
		status = cost_of(sticky, &kept->partition, &kept->cost, error);
	if (status == 0)
		status = cost_of(sticky, &extended->partition, &extended->cost, error);
	if (status == 0)
		status = cost_of(sticky, partition, &cost, error);
	if (status < 0)
		return status;
	if (!pays(kept->cost, extended->cost) && !pays(kept->cost, cost))
		copy_partition(partition, &kept->partition);
	else if (!pays(extended->cost, cost))
		copy_partition(partition, &extended->partition);
	return 0;
}

int strata_sticky_choose(const struct strata_graph *graph, const struct strata_churn *churn,
	const struct strata_plan *previous_plan, uint32_t bound, bool keep,
	struct strata_partition *partition, struct strata_error *error)
{
	struct sticky sticky = {.graph = graph, .churn = churn, .bound = bound};
	struct candidate kept = {{0}, 0}, extended = {{0}, 0};
	int status = sticky_prepare(&sticky, previous_plan, error);

	if (status == 0)
		status = new_candidate(&kept, partition->item_count, error);
	if (status == 0)
		status = new_candidate(&extended, partition->item_count, error);
	if (status == 0)
		status = choose(&sticky, keep, &kept, &extended, partition, error);
	free(kept.partition.order);
	free(kept.partition.ends);
	free(extended.partition.order);
	free(extended.partition.ends);
	sticky_release(&sticky);
	return status;
}
