/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/components.h"

#include <string.h>

#include "util/error.h"

#define UNSEEN UINT32_MAX

/* Tarjan's algorithm with its own stack: `next` is the reference that a suspended item goes on
 * with. */
struct search {
	const struct strata_graph *graph;
	struct strata_components *components;
	uint32_t *number; /* order of first visit */
	uint32_t *low;
	uint32_t *next;
	uint32_t *calls;
	uint32_t *stack;
	uint32_t stack_size;
	uint32_t visited;
};

static void enter(struct search *search, uint32_t item)
{
	search->number[item] = search->low[item] = search->visited++;
	search->stack[search->stack_size++] = item;
}

/* ITEM and everything above it on the stack is one component. */
static void close_component(struct search *search, uint32_t item)
{
	uint32_t member;

	do {
		member = search->stack[--search->stack_size];
		search->components->of_item[member] = search->components->count;
	} while (member != item);
	search->components->count++;
}

static void visit(struct search *search, uint32_t start)
{
	uint32_t depth = 0;

	search->calls[depth++] = start;
	enter(search, start);
	while (depth > 0) {
		uint32_t item = search->calls[depth - 1];
		const struct strata_item *record = strata_graph_item(search->graph, item);

		if (search->next[item] < record->reference_count) {
			uint32_t other = record->references[search->next[item]++];

			if (search->number[other] == UNSEEN) {
				search->calls[depth++] = other;
				enter(search, other);
			} else if (search->components->of_item[other] == UNSEEN &&
				   search->number[other] < search->low[item]) {
				search->low[item] = search->number[other];
			}
			continue;
		}
		depth--;
		if (search->low[item] == search->number[item])
			close_component(search, item);
		if (depth > 0 && search->low[item] < search->low[search->calls[depth - 1]])
			search->low[search->calls[depth - 1]] = search->low[item];
	}
}

static void group_members(struct strata_components *components, uint32_t item_count)
{
	uint32_t *starts = components->member_starts;

	for (uint32_t i = 0; i < item_count; i++)
		starts[components->of_item[i] + 1]++;
	for (uint32_t c = 0; c < components->count; c++)
		starts[c + 1] += starts[c];
	for (uint32_t i = item_count; i-- > 0;)
		components->members[--starts[components->of_item[i] + 1]] = i;
	/* Each start was moved to the beginning of its own group, one place too far right. */
	memmove(starts, starts + 1, components->count * sizeof(*starts));
	starts[components->count] = item_count;
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static void connect(const struct strata_graph *graph, struct strata_components *components)
{
	uint32_t filled = 0;

	for (uint32_t c = 0; c < components->count; c++) {
		uint32_t start = filled, kept = filled;

		components->reference_starts[c] = start;
		for (uint32_t m = components->member_starts[c];
			m < components->member_starts[c + 1]; m++) {
			const struct strata_item *item =
				strata_graph_item(graph, components->members[m]);

			for (uint32_t r = 0; r < item->reference_count; r++) {
				uint32_t other = components->of_item[item->references[r]];

				if (other != c)
					components->references[filled++] = other;
			}
		}
		qsort(components->references + start, filled - start,
			sizeof(*components->references), compare_numbers);
		for (uint32_t r = start; r < filled; r++) {
			if (r == start ||
				components->references[r] != components->references[r - 1])
				components->references[kept++] = components->references[r];
		}
		filled = kept;
	}
	components->reference_starts[components->count] = filled;
}

int strata_components_find(const struct strata_graph *graph, struct strata_components *components,
	struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph);
	strata_autofree uint32_t *work = strata_allocate((size_t)count * 5, sizeof(*work));
	struct search search = {.graph = graph, .components = components};
	size_t references = 0;

	for (uint32_t i = 0; i < count; i++)
		references += strata_graph_item(graph, i)->reference_count;
	*components = (struct strata_components)STRATA_COMPONENTS_INIT;
	components->of_item = strata_allocate(count, sizeof(uint32_t));
	components->members = strata_allocate(count, sizeof(uint32_t));
	components->member_starts = strata_allocate((size_t)count + 1, sizeof(uint32_t));
	components->references = strata_allocate(references, sizeof(uint32_t));
	components->reference_starts = strata_allocate((size_t)count + 1, sizeof(uint32_t));
	if (!work || !components->of_item || !components->members || !components->member_starts ||
		!components->references || !components->reference_starts) {
		strata_components_release(components);
		return strata_fail_memory(error);
	}
	search.number = work;
	search.low = work + count;
	search.next = work + (size_t)count * 2;
	search.calls = work + (size_t)count * 3;
	search.stack = work + (size_t)count * 4;
	for (uint32_t i = 0; i < count; i++)
		search.number[i] = components->of_item[i] = UNSEEN;
	for (uint32_t i = 0; i < count; i++) {
		if (search.number[i] == UNSEEN)
			visit(&search, i);
	}
	group_members(components, count);
	connect(graph, components);
	return 0;
}

void strata_components_release(struct strata_components *components)
{
	free(components->of_item);
	free(components->members);
	free(components->member_starts);
	free(components->references);
	free(components->reference_starts);
	*components = (struct strata_components)STRATA_COMPONENTS_INIT;
}
