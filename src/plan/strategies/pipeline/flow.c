/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flows through a pipeline: the whole graph in the beginning, a list of parts in the end.
 */
#include <string.h>

#include "plan/strategies/pipeline/pipeline.h"
#include "util/error.h"

struct sized {
	uint64_t size;
	uint32_t item;
};

static int compare_sized(const void *left, const void *right)
{
	const struct sized *a = left, *b = right;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

static int find_referrers(struct strata_flow_run *run, uint32_t count, struct strata_error *error)
{
	uint32_t *starts = strata_arena_array(&run->arena, (size_t)count + 2, sizeof(*starts));

	if (!starts)
		return strata_fail_memory(error);
	/* Counted two places up, so that filling moves each start to where it belongs. */
	for (uint32_t i = 0; i < count; i++) {
		const struct strata_item *item = strata_graph_item(run->graph, i);

		for (uint32_t other = 0; other < item->reference_count; other++)
			starts[item->references[other] + 2]++;
	}
	for (uint32_t i = 2; i < count + 2; i++)
		starts[i] += starts[i - 1];
	run->referrers = strata_arena_array(
		&run->arena, (size_t)starts[count + 1] + 1, sizeof(*run->referrers));
	if (!run->referrers)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		const struct strata_item *item = strata_graph_item(run->graph, i);

		for (uint32_t other = 0; other < item->reference_count; other++)
			run->referrers[starts[item->references[other] + 1]++] = i;
	}
	run->referrer_starts = starts;
	return 0;
}

int strata_flow_run_start(struct strata_flow_run *run, const struct strata_graph *graph,
	struct strata_flow *whole, struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph);
	strata_autofree struct sized *sorted = strata_allocate(count, sizeof(*sorted));
	struct strata_marks *marks[] = {&run->part, &run->named, &run->reached, &run->below};

	run->graph = graph;
	run->stack = strata_arena_array(&run->arena, count, sizeof(*run->stack));
	*whole = (struct strata_flow){.kind = STRATA_FLOW_PART, .item_count = count};
	whole->items = strata_arena_array(&run->arena, count, sizeof(*whole->items));
	if (!sorted || !run->stack || !whole->items)
		return strata_fail_memory(error);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		marks[i]->of_item =
			strata_arena_array(&run->arena, count, sizeof(*marks[i]->of_item));
		if (!marks[i]->of_item)
			return strata_fail_memory(error);
	}
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = (struct sized){strata_graph_item(graph, i)->size, i};
	qsort(sorted, count, sizeof(*sorted), compare_sized);
	for (uint32_t i = 0; i < count; i++)
		whole->items[i] = sorted[i].item;
	return find_referrers(run, count, error);
}

void strata_flow_run_release(struct strata_flow_run *run)
{
	strata_arena_free(&run->arena);
}

/* How many parts FLOW has, and how many items. */
static void measure(const struct strata_flow *flow, size_t *parts, uint32_t *items)
{
	if (flow->kind == STRATA_FLOW_PART) {
		*parts += flow->item_count > 0;
		*items += flow->item_count;
	}
	for (size_t i = 0; i < flow->member_count; i++)
		measure(&flow->members[i], parts, items);
}

static void gather_parts(const struct strata_flow *flow, struct strata_flow *list)
{
	if (flow->kind == STRATA_FLOW_PART && flow->item_count > 0)
		list->members[list->member_count++] = *flow;
	for (size_t i = 0; i < flow->member_count; i++)
		gather_parts(&flow->members[i], list);
}

static void gather_items(const struct strata_flow *flow, struct strata_flow *part)
{
	if (flow->item_count > 0)
		memcpy(part->items + part->item_count, flow->items,
			flow->item_count * sizeof(*part->items));
	part->item_count += flow->item_count;
	for (size_t i = 0; i < flow->member_count; i++)
		gather_items(&flow->members[i], part);
}

int strata_flow_flatten(
	struct strata_flow_run *run, struct strata_flow *flow, struct strata_error *error)
{
	struct strata_flow list = {.kind = STRATA_FLOW_LIST};
	size_t parts = 0;
	uint32_t items = 0;

	measure(flow, &parts, &items);
	list.members = strata_arena_array(&run->arena, parts, sizeof(*list.members));
	if (!list.members)
		return strata_fail_memory(error);
	gather_parts(flow, &list);
	*flow = list;
	return 0;
}

int strata_flow_limit(struct strata_flow_run *run, uint64_t count, struct strata_flow *flow,
	struct strata_error *error)
{
	struct strata_flow rest, merged = {.kind = STRATA_FLOW_PART};
	size_t parts = 0;
	uint32_t items = 0;

	if (flow->member_count <= count)
		return 0;
	rest = (struct strata_flow){
		.kind = STRATA_FLOW_LIST,
		.members = flow->members + count - 1,
		.member_count = flow->member_count - (count - 1),
	};
	measure(&rest, &parts, &items);
	merged.items = strata_arena_array(&run->arena, items, sizeof(*merged.items));
	if (!merged.items)
		return strata_fail_memory(error);
	gather_items(&rest, &merged);
	flow->members[count - 1] = merged;
	flow->member_count = count;
	return 0;
}
