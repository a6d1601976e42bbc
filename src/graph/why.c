/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/why.h"

#include <string.h>

#include "util/memory.h"

int strata_why_find(const struct strata_graph *graph, const char *text, uint32_t *item,
	struct strata_error *error)
{
	const char *first = NULL;

	*item = strata_graph_find(graph, text);
	if (*item != STRATA_GRAPH_NONE)
		return 0;
	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		if (strcmp(strata_graph_item(graph, i)->name, text) != 0)
			continue;
		if (first)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"several items have the name '%s'", text),
				"name one whole: '%s' or '%s'", first,
				strata_graph_item(graph, i)->id);
		first = strata_graph_item(graph, i)->id;
		*item = i;
	}
	if (first)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_NOT_FOUND, "there is no item '%s'", text),
		"nothing that was asked for needs it");
}

/* For each item, those that refer to it: from begin[item] to begin[item + 1] in `items`. */
struct referrers {
	uint32_t *begin, *items;
};

static int find_referrers(struct strata_arena *arena, const struct strata_graph *graph,
	struct referrers *referrers, struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph);
	size_t edges = 0;

	for (uint32_t i = 0; i < count; i++)
		edges += strata_graph_item(graph, i)->reference_count;
	referrers->begin = strata_arena_array(arena, (size_t)count + 2, sizeof(uint32_t));
	referrers->items = strata_arena_array(arena, edges + 1, sizeof(uint32_t));
	if (!referrers->begin || !referrers->items)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		const struct strata_item *item = strata_graph_item(graph, i);

		for (uint32_t r = 0; r < item->reference_count; r++)
			referrers->begin[item->references[r] + 2]++;
	}
	for (uint32_t i = 2; i < count + 2; i++)
		referrers->begin[i] += referrers->begin[i - 1];
	/* Filling moves the beginning of each to its end, which is where the next one begins. */
	for (uint32_t i = 0; i < count; i++) {
		const struct strata_item *item = strata_graph_item(graph, i);

		for (uint32_t r = 0; r < item->reference_count; r++)
			referrers->items[referrers->begin[item->references[r] + 1]++] = i;
	}
	return 0;
}

/* Breadth first from the item to what leads to it: NEXT of each is the step towards the item. */
static void find_steps(const struct referrers *referrers, uint32_t item, uint32_t count,
	uint32_t *next, uint32_t *queue)
{
	uint32_t done = 0, waiting = 1;

	for (uint32_t i = 0; i < count; i++)
		next[i] = STRATA_GRAPH_NONE;
	next[item] = item;
	queue[0] = item;
	while (done < waiting) {
		uint32_t at = queue[done++];

		for (uint32_t r = referrers->begin[at]; r < referrers->begin[at + 1]; r++) {
			uint32_t from = referrers->items[r];

			if (next[from] != STRATA_GRAPH_NONE)
				continue;
			next[from] = at;
			queue[waiting++] = from;
		}
	}
}

static int follow(struct strata_why *why, uint32_t root, const uint32_t *next,
	struct strata_why_path *path, struct strata_error *error)
{
	uint32_t count = 1, *items;

	for (uint32_t at = root; at != why->item; at = next[at])
		count++;
	items = strata_arena_array(&why->arena, count, sizeof(*items));
	if (!items)
		return strata_fail_memory(error);
	items[0] = root;
	for (uint32_t i = 1; i < count; i++)
		items[i] = next[items[i - 1]];
	*path = (struct strata_why_path){.items = items, .count = count};
	return 0;
}

static int find_paths(struct strata_why *why, const struct strata_graph *graph, uint32_t *next,
	uint32_t *queue, struct strata_error *error)
{
	struct referrers referrers;
	struct strata_why_path *paths;
	uint32_t root_count;
	const uint32_t *roots = strata_graph_roots(graph, &root_count);
	int status = find_referrers(&why->arena, graph, &referrers, error);

	if (status < 0)
		return status;
	find_steps(&referrers, why->item, strata_graph_count(graph), next, queue);
	paths = strata_arena_array(&why->arena, (size_t)root_count + 1, sizeof(*paths));
	if (!paths)
		return strata_fail_memory(error);
	for (uint32_t i = 0; status == 0 && i < root_count; i++)
		if (next[roots[i]] != STRATA_GRAPH_NONE)
			status = follow(why, roots[i], next, &paths[why->path_count++], error);
	why->paths = paths;
	return status;
}

/* What the roots reach without the item stays. */
static void find_leaving(
	struct strata_why *why, const struct strata_graph *graph, bool *stays, uint32_t *stack)
{
	uint32_t count = strata_graph_count(graph), depth = 0, root_count;
	const uint32_t *roots = strata_graph_roots(graph, &root_count);
	uint32_t *leaving = stack;

	stays[why->item] = true;
	for (uint32_t i = 0; i < root_count; i++)
		if (!stays[roots[i]]) {
			stays[roots[i]] = true;
			stack[depth++] = roots[i];
		}
	while (depth > 0) {
		const struct strata_item *item = strata_graph_item(graph, stack[--depth]);

		for (uint32_t r = 0; r < item->reference_count; r++)
			if (!stays[item->references[r]]) {
				stays[item->references[r]] = true;
				stack[depth++] = item->references[r];
			}
	}
	why->size = strata_graph_item(graph, why->item)->size;
	for (uint32_t i = 0; i < count; i++)
		if (!stays[i]) {
			leaving[why->leaving_count++] = i;
			why->size += strata_graph_item(graph, i)->size;
		}
	why->leaving = leaving;
}

int strata_why_ask(struct strata_why *why, const struct strata_graph *graph, uint32_t item,
	struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph);
	uint32_t *next, *queue;
	bool *stays;
	int status;

	*why = (struct strata_why){.item = item};
	next = strata_arena_array(&why->arena, count, sizeof(*next));
	queue = strata_arena_array(&why->arena, count, sizeof(*queue));
	stays = strata_arena_array(&why->arena, count, sizeof(*stays));
	if (!next || !queue || !stays)
		return strata_fail_memory(error);
	status = find_paths(why, graph, next, queue, error);
	if (status == 0)
		find_leaving(why, graph, stays, queue);
	return status;
}

void strata_why_release(struct strata_why *why)
{
	strata_arena_free(&why->arena);
}
