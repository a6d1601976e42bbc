/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to a part of a graph. The rules are those of nixpkgs' flatten-references-graph;
 * where it knows no cycles, the members of one that nothing refers to are all roots.
 */
#include <string.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "graph/graph.h"
#include "graph/item_record.h"
#include "plan/strategies/pipeline/pipeline.h"
#include "plan/strategies/strategies.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/json.h"
#include "util/memory.h"

static bool is_marked(const struct strata_marks *marks, uint32_t item)
{
	return marks->of_item[item] == marks->current;
}

static void mark(struct strata_marks *marks, uint32_t item)
{
	marks->of_item[item] = marks->current;
}

/* Fill the set `part` with the items of FLOW, and empty the other sets. */
static void enter(struct strata_flow_run *run, const struct strata_flow *flow)
{
	run->part.current++;
	run->named.current++;
	run->reached.current++;
	run->below.current++;
	for (uint32_t i = 0; i < flow->item_count; i++)
		mark(&run->part, flow->items[i]);
}

/* --- which items are named -------------------------------------------------------------------- */

/* The item with this id, or which the path lies in. */
static uint32_t find_path(const struct strata_flow_run *run, const char *path)
{
	strata_autofree char *copy = strdup(path);
	uint32_t item = STRATA_GRAPH_NONE;

	while (copy && *copy && item == STRATA_GRAPH_NONE) {
		char *slash = strrchr(copy, '/');

		item = strata_graph_find(run->graph, copy);
		if (!slash)
			break;
		*slash = '\0';
	}
	return item;
}

/* Mark the item INDEX as named, or with CHILDREN those items of the part that it refers to. */
static void mark_item(struct strata_flow_run *run, uint32_t index, bool children)
{
	const struct strata_item *item = strata_graph_item(run->graph, index);

	if (!children)
		mark(&run->named, index);
	for (uint32_t i = 0; children && i < item->reference_count; i++) {
		if (is_marked(&run->part, item->references[i]))
			mark(&run->named, item->references[i]);
	}
}

static void mark_path(struct strata_flow_run *run, const struct strata_flow *flow, const char *path,
	bool children)
{
	uint32_t found = find_path(run, path);

	if (found != STRATA_GRAPH_NONE) {
		if (is_marked(&run->part, found))
			mark_item(run, found, children);
		return;
	}
	for (uint32_t i = 0; i < flow->item_count; i++) {
		if (strcmp(strata_graph_item(run->graph, flow->items[i])->name, path) == 0)
			mark_item(run, flow->items[i], children);
	}
}

/* Mark what PATHS names in FLOW. What is not there is passed over, as an image need not have all
 * that a pipeline speaks of. */
static int mark_paths(struct strata_flow_run *run, const struct strata_flow *flow,
	const struct strata_json *paths, bool children, struct strata_error *error)
{
	const struct strata_json *parents = strata_json_member(paths, "children_of");
	int status = 0;

	if (strata_json_kind(paths) == STRATA_JSON_STRING) {
		mark_path(run, flow, strata_json_string(paths), children);
		return 0;
	}
	if (parents && !children && strata_json_count(paths) == 1)
		return mark_paths(run, flow, parents, true, error);
	if (strata_json_kind(paths) != STRATA_JSON_ARRAY)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"paths are a string, {\"children_of\": paths}, or an array of these");
	for (size_t i = 0; status == 0 && i < strata_json_count(paths); i++)
		status = mark_paths(run, flow, strata_json_at(paths, i), children, error);
	return status;
}

/* --- searching -------------------------------------------------------------------------------- */

/* Add START and what it reaches within the part to FOUND, without a step onto a CLOSED item. */
static void reach(struct strata_flow_run *run, uint32_t start, bool upwards,
	const struct strata_marks *closed, struct strata_marks *found)
{
	uint32_t depth = 0;

	if (is_marked(found, start))
		return;
	mark(found, start);
	run->stack[depth++] = start;
	while (depth > 0) {
		uint32_t item = run->stack[--depth];
		const uint32_t *next = run->referrers + run->referrer_starts[item];
		uint32_t count = run->referrer_starts[item + 1] - run->referrer_starts[item];

		if (!upwards) {
			next = strata_graph_item(run->graph, item)->references;
			count = strata_graph_item(run->graph, item)->reference_count;
		}
		for (uint32_t i = 0; i < count; i++) {
			if (!is_marked(&run->part, next[i]) || is_marked(found, next[i]) ||
				(closed && is_marked(closed, next[i])))
				continue;
			mark(found, next[i]);
			run->stack[depth++] = next[i];
		}
	}
}

/* The items of FLOW for which IN_FIRST and IN_SECOND tell whether they are in FIRST and SECOND. */
static int select_items(struct strata_flow_run *run, const struct strata_flow *flow,
	const struct strata_marks *first, bool in_first, const struct strata_marks *second,
	bool in_second, struct strata_flow *selected, struct strata_error *error)
{
	*selected = (struct strata_flow){.kind = STRATA_FLOW_PART};
	selected->items =
		strata_arena_array(&run->arena, flow->item_count, sizeof(*selected->items));
	if (!selected->items)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < flow->item_count; i++) {
		uint32_t item = flow->items[i];

		if (is_marked(first, item) == in_first &&
			(!second || is_marked(second, item) == in_second))
			selected->items[selected->item_count++] = item;
	}
	return 0;
}

/* Room for COUNT members with NAMES, or without. */
static int make_members(struct strata_flow_run *run, const char *const *names, size_t count,
	struct strata_flow *flow, struct strata_error *error)
{
	*flow = (struct strata_flow){.kind = names ? STRATA_FLOW_NAMED : STRATA_FLOW_LIST};
	flow->members = strata_arena_array(&run->arena, count, sizeof(*flow->members));
	flow->names = strata_arena_array(&run->arena, count, sizeof(*flow->names));
	if (!flow->members || !flow->names)
		return strata_fail_memory(error);
	for (size_t i = 0; names && i < count; i++)
		flow->names[i] = names[i];
	flow->member_count = count;
	return 0;
}

/* --- operations ------------------------------------------------------------------------------- */

int strata_flow_subcomponent(struct strata_flow_run *run, const struct strata_json *paths,
	bool upwards, struct strata_flow *flow, struct strata_error *error)
{
	static const char *const names[] = {"main", "rest"};
	struct strata_flow divided;
	int status;

	enter(run, flow);
	status = mark_paths(run, flow, paths, false, error);
	for (uint32_t i = 0; status == 0 && i < flow->item_count; i++) {
		if (is_marked(&run->named, flow->items[i]))
			reach(run, flow->items[i], upwards, NULL, &run->reached);
	}
	if (status == 0)
		status = make_members(run, names, 2, &divided, error);
	if (status == 0)
		status = select_items(
			run, flow, &run->reached, true, NULL, false, &divided.members[0], error);
	if (status == 0)
		status = select_items(
			run, flow, &run->reached, false, NULL, false, &divided.members[1], error);
	if (status == 0)
		*flow = divided;
	return status;
}

/* FLOW as a graph of its own, whose items are those of FLOW in the order of the whole graph. */
static int make_graph(struct strata_flow_run *run, const struct strata_flow *flow,
	struct strata_graph **graph, struct strata_error *error)
{
	strata_autograph struct strata_graph *made = strata_graph_new(error);
	strata_autofree const char **references =
		strata_allocate(strata_graph_count(run->graph), sizeof(*references));
	int status = 0;

	if (!made)
		return STRATA_ERROR_MEMORY;
	if (!references)
		return strata_fail_memory(error);
	for (uint32_t i = 0; status == 0 && i < flow->item_count; i++) {
		const struct strata_item *item = strata_graph_item(run->graph, flow->items[i]);
		struct strata_item_record record = strata_item_record_of(item);

		record.references = references;
		record.reference_count = 0;
		for (uint32_t other = 0; other < item->reference_count; other++) {
			uint32_t index = item->references[other];

			if (is_marked(&run->part, index))
				references[record.reference_count++] =
					strata_graph_item(run->graph, index)->id;
		}
		status = strata_graph_add(made, &record, error);
	}
	if (status == 0)
		status = strata_graph_finish(made, NULL, error);
	if (status == 0)
		*graph = strata_take(made);
	return status;
}

/* Mark what is reached without going onto an item that is named, from the one root of FLOW or from
 * a virtual one above several. *NAMED_ROOT: there is one root, and it is named. */
static int reach_from_roots(struct strata_flow_run *run, const struct strata_flow *flow,
	bool *named_root, struct strata_error *error)
{
	strata_autograph struct strata_graph *graph = NULL;
	const uint32_t *roots;
	uint32_t count;
	int status = make_graph(run, flow, &graph, error);

	if (status < 0)
		return status;
	roots = strata_graph_roots(graph, &count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t root =
			strata_graph_find(run->graph, strata_graph_item(graph, roots[i])->id);

		if (!is_marked(&run->named, root))
			reach(run, root, false, &run->named, &run->reached);
		else if (count == 1)
			*named_root = true;
	}
	return 0;
}

int strata_flow_split_paths(struct strata_flow_run *run, const struct strata_json *paths,
	struct strata_flow *flow, struct strata_error *error)
{
	const char *names[3];
	struct strata_flow parts[3], divided;
	bool named_root = false, found = false;
	size_t count = 0;
	int status;

	enter(run, flow);
	status = mark_paths(run, flow, paths, false, error);
	for (uint32_t i = 0; status == 0 && i < flow->item_count; i++) {
		if (!is_marked(&run->named, flow->items[i]))
			continue;
		found = true;
		reach(run, flow->items[i], false, NULL, &run->below);
	}
	if (status == 0 && found)
		status = reach_from_roots(run, flow, &named_root, error);
	if (status == 0 && (!found || named_root)) {
		names[0] = found ? "main" : "rest";
		parts[0] = *flow;
		count = 1;
	} else if (status == 0) {
		static const char *const all[] = {"main", "common", "rest"};

		for (size_t i = 0; status == 0 && i < 3; i++) {
			status = select_items(run, flow, &run->below, i<2, &run->reached, i> 0,
				&parts[count], error);
			if (status == 0 && parts[count].item_count > 0)
				names[count++] = all[i];
		}
	}
	if (status == 0)
		status = make_members(run, names, count, &divided, error);
	if (status < 0)
		return status;
	memcpy(divided.members, parts, count * sizeof(*parts));
	*flow = divided;
	return 0;
}

int strata_flow_remove_paths(struct strata_flow_run *run, const struct strata_json *paths,
	struct strata_flow *flow, struct strata_error *error)
{
	struct strata_flow left;
	int status;

	enter(run, flow);
	status = mark_paths(run, flow, paths, false, error);
	if (status == 0)
		status = select_items(run, flow, &run->named, false, NULL, false, &left, error);
	if (status == 0)
		*flow = left;
	return status;
}

/* Divide the COUNT items in ORDER into parts of SIZE. */
static int divide(struct strata_flow_run *run, const uint32_t *order, uint32_t count, uint32_t size,
	struct strata_flow *flow, struct strata_error *error)
{
	uint32_t parts = count / size + (count % size > 0);
	uint32_t *items = strata_arena_array(&run->arena, count, sizeof(*items));
	int status = make_members(run, NULL, parts, flow, error);

	if (status < 0)
		return status;
	if (!items)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++)
		items[i] = order[i];
	for (uint32_t i = 0; i < parts; i++)
		flow->members[i] = (struct strata_flow){
			.kind = STRATA_FLOW_PART,
			.items = items + (size_t)i * size,
			.item_count = count - i * size < size ? count - i * size : size,
		};
	return 0;
}

int strata_flow_split_every(struct strata_flow_run *run, uint32_t size, struct strata_flow *flow,
	struct strata_error *error)
{
	return divide(run, flow->items, flow->item_count, size, flow, error);
}

int strata_flow_popularity(
	struct strata_flow_run *run, struct strata_flow *flow, struct strata_error *error)
{
	strata_autograph struct strata_graph *graph = NULL;
	uint32_t count = flow->item_count;
	strata_autofree uint32_t *order = strata_allocate(count, sizeof(*order));
	strata_autofree uint32_t *ends = strata_allocate(count, sizeof(*ends));
	struct strata_partition partition = {.order = order, .item_count = count, .ends = ends};
	int status = 0;

	if (!order || !ends)
		return strata_fail_memory(error);
	enter(run, flow);
	if (count > 0)
		status = make_graph(run, flow, &graph, error);
	if (status == 0 && count > 0)
		status = strata_strategy_popularity.partition(
			&strata_strategy_popularity, graph, NULL, count, &partition, error);
	for (uint32_t i = 0; status == 0 && i < count; i++)
		order[i] = strata_graph_find(run->graph, strata_graph_item(graph, order[i])->id);
	return status < 0 ? status : divide(run, order, count, 1, flow, error);
}
