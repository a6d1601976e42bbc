/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph: items are added in any order, and finishing sorts them, resolves their references
 * and finds what is missing.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <stratapack/graph.h>

#include "graph/components.h"
#include "graph/graph.h"
#include "graph/item_entry.h"
#include "graph/item_name.h"
#include "graph/nar_size.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/compare.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"
#include "util/path.h"
#include "util/text.h"

/* What an item needs until the graph is finished. */
struct pending {
	struct strata_item item;
	const char **reference_ids;
	size_t reference_count;
	size_t reference_capacity;
	bool has_size;
};

/* What lives as long as the graph does. */
struct possession {
	void *thing;
	void (*release)(void *thing);
	struct possession *next;
};

struct strata_graph {
	struct strata_arena arena;
	struct strata_map index; /* id -> index into pending, or into items once finished */

	struct pending *pending;
	size_t pending_capacity;
	uint32_t pending_count;

	const char **root_ids;
	size_t root_id_capacity;
	uint32_t root_id_count;
	bool names_roots; /* even if they turn out to be none */

	struct strata_item *items;
	uint32_t item_count;
	uint32_t *roots;
	uint32_t root_count;

	struct possession *possessions; /* the latest first */

	const char *architecture, *variant; /* NULL: unknown */
};

struct strata_graph *strata_graph_new(struct strata_error *error)
{
	struct strata_graph *graph = calloc(1, sizeof(*graph));

	if (!graph)
		strata_fail_memory(error);
	return graph;
}

void strata_graph_free(struct strata_graph *graph)
{
	if (!graph)
		return;
	for (struct possession *own = graph->possessions; own; own = own->next)
		own->release(own->thing);
	strata_arena_free(&graph->arena);
	strata_map_release(&graph->index);
	free(graph->pending);
	free(graph->root_ids);
	free(graph);
}

void strata_cleanup_graph(struct strata_graph **graph)
{
	strata_graph_free(*graph);
}

int strata_graph_own(struct strata_graph *graph, void *thing, void (*release)(void *thing),
	struct strata_error *error)
{
	struct possession *own = strata_arena_array(&graph->arena, 1, sizeof(*own));

	if (!own) {
		release(thing);
		return strata_fail_memory(error);
	}
	*own = (struct possession){thing, release, graph->possessions};
	graph->possessions = own;
	return 0;
}

/* Copy COUNT strings into the arena, sorted and without repeats. */
static const char *const *copy_sorted(
	struct strata_graph *graph, const char *const *strings, size_t count, size_t *kept)
{
	const char **copy = strata_arena_array(&graph->arena, count + 1, sizeof(*copy));

	if (!copy)
		return NULL;
	if (count > 0)
		memcpy(copy, strings, count * sizeof(*copy));
	qsort(copy, count, sizeof(*copy), strata_compare_strings);
	*kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(copy[i], copy[*kept - 1]) != 0)
			copy[(*kept)++] = copy[i];
	}
	for (size_t i = 0; i < *kept; i++) {
		copy[i] = strata_arena_string(&graph->arena, copy[i]);
		if (!copy[i])
			return NULL;
	}
	return copy;
}

static int check_id(const char *id, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer shown = STRATA_BUFFER_INIT;
	bool printable = true;

	for (const char *at = id; *at; at++)
		printable = printable && (unsigned char)*at >= 0x20 && *at != 0x7f;
	if (*id && printable && strata_text_is_utf8(id, strlen(id)))
		return 0;
	strata_text_visible(&shown, id);
	return strata_fail(error, STRATA_ERROR_FORMAT,
		"'%s' cannot name an item: names are UTF-8 without control characters", shown.data);
}

static int check_paths(
	const char *id, const char *const *paths, size_t count, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < count; i++)
		status = strata_check_path(paths[i], STRATA_ERROR_FORMAT, error);
	return status < 0 ? strata_context(error, status, "item '%s'", id) : 0;
}

static int describe(struct strata_graph *graph, struct strata_item *item,
	const struct strata_item_record *record, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer version = STRATA_BUFFER_INIT;

	strata_item_split_name(record->id, &name, &version);
	if (strata_buffer_check(&name, error) < 0 || strata_buffer_check(&version, error) < 0)
		return STRATA_ERROR_MEMORY;
	item->id = strata_arena_string(&graph->arena, record->id);
	item->name = strata_arena_string(&graph->arena, record->name ? record->name : name.data);
	item->version = strata_arena_string(
		&graph->arena, record->version ? record->version : version.data);
	if (!item->id || !item->name || !item->version)
		return strata_fail_memory(error);
	item->cause = item->name;
	if (record->cause)
		item->cause = strata_arena_string(&graph->arena, record->cause);
	item->content = record->content;
	/* A package may well have no files: its id is no path. One that only lacks its first slash
	 * would bring nothing. */
	if (record->tree_count == 0 && record->file_count == 0 && record->entry_count == 0 &&
		(record->content == STRATA_CONTENT_STORE || strchr(record->id, '/'))) {
		int status = check_paths(record->id, &record->id, 1, error);

		if (status < 0)
			return strata_hint(error, status,
				"an item that is no path needs a list of its files or trees");
		item->trees = copy_sorted(graph, &record->id, 1, &item->tree_count);
	} else {
		item->trees =
			copy_sorted(graph, record->trees, record->tree_count, &item->tree_count);
	}
	item->files = copy_sorted(graph, record->files, record->file_count, &item->file_count);
	item->entries =
		strata_item_entries_copy(&graph->arena, record->entries, record->entry_count);
	item->entry_count = record->entry_count;
	return item->cause && item->trees && item->files && item->entries
		       ? 0
		       : strata_fail_memory(error);
}

/* The pending item for a record's id: the one that is there, or a new one. */
static int find_or_add(struct strata_graph *graph, const struct strata_item_record *record,
	struct pending **result, struct strata_error *error)
{
	uint32_t index = strata_map_get(&graph->index, record->id);
	struct pending *pending;
	int status;

	if (index != STRATA_MAP_NONE) {
		*result = &graph->pending[index];
		return 0;
	}
	status = check_id(record->id, error);
	if (status == 0)
		status = check_paths(record->id, record->trees, record->tree_count, error);
	if (status == 0)
		status = check_paths(record->id, record->files, record->file_count, error);
	for (size_t i = 0; status == 0 && i < record->entry_count; i++)
		status = check_paths(record->id, &record->entries[i].path, 1, error);
	if (status < 0)
		return status;
	if (graph->pending_count == STRATA_GRAPH_NONE - 1 ||
		strata_grow(&graph->pending, &graph->pending_capacity,
			(size_t)graph->pending_count + 1, sizeof(*pending)) < 0)
		return strata_fail_memory(error);
	pending = &graph->pending[graph->pending_count];
	*pending = (struct pending){0};
	status = describe(graph, &pending->item, record, error);
	if (status < 0)
		return status;
	if (strata_map_put(&graph->index, pending->item.id, graph->pending_count) < 0)
		return strata_fail_memory(error);
	graph->pending_count++;
	*result = pending;
	return 0;
}

static int merge_facts(struct strata_graph *graph, struct pending *pending,
	const struct strata_item_record *record, struct strata_error *error)
{
	struct strata_item *item = &pending->item;

	if (record->has_size && pending->has_size && record->size != item->size)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"two records of '%s' differ in size: %llu and %llu", record->id,
			(unsigned long long)item->size, (unsigned long long)record->size);
	if (record->identity && item->identity && strcmp(record->identity, item->identity) != 0)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"two records of '%s' differ in content: %s and %s", record->id,
			item->identity, record->identity);
	if (record->has_size) {
		pending->has_size = true;
		item->size = record->size;
	}
	if (record->identity && !item->identity) {
		item->identity = strata_arena_string(&graph->arena, record->identity);
		if (!item->identity)
			return strata_fail_memory(error);
	}
	return 0;
}

/* Doubling keeps a source that repeats a record many times linear. */
static int reserve_references(struct strata_graph *graph, struct pending *pending, size_t more,
	struct strata_error *error)
{
	size_t needed = pending->reference_count + more;
	size_t capacity = 2 * pending->reference_capacity;
	const char **ids;

	if (needed <= pending->reference_capacity)
		return 0;
	if (capacity < needed)
		capacity = needed;
	ids = strata_arena_array(&graph->arena, capacity, sizeof(*ids));
	if (!ids)
		return strata_fail_memory(error);
	if (pending->reference_count > 0)
		memcpy(ids, pending->reference_ids, pending->reference_count * sizeof(*ids));
	pending->reference_ids = ids;
	pending->reference_capacity = capacity;
	return 0;
}

int strata_graph_add(struct strata_graph *graph, const struct strata_item_record *record,
	struct strata_error *error)
{
	struct pending *pending = NULL;
	int status = find_or_add(graph, record, &pending, error);

	if (status == 0)
		status = merge_facts(graph, pending, record, error);
	if (status == 0)
		status = reserve_references(graph, pending, record->reference_count, error);
	for (size_t i = 0; status == 0 && i < record->reference_count; i++) {
		char *id = strata_arena_string(&graph->arena, record->references[i]);

		if (!id)
			return strata_fail_memory(error);
		pending->reference_ids[pending->reference_count++] = id;
	}
	return status;
}

int strata_graph_add_root(struct strata_graph *graph, const char *id, struct strata_error *error)
{
	if (strata_grow(&graph->root_ids, &graph->root_id_capacity,
		    (size_t)graph->root_id_count + 1, sizeof(*graph->root_ids)) < 0)
		return strata_fail_memory(error);
	graph->root_ids[graph->root_id_count] = strata_arena_string(&graph->arena, id);
	if (!graph->root_ids[graph->root_id_count])
		return strata_fail_memory(error);
	graph->root_id_count++;
	graph->names_roots = true;
	return 0;
}

int strata_graph_set_platform(struct strata_graph *graph, const char *architecture,
	const char *variant, struct strata_error *error)
{
	graph->architecture = strata_arena_string(&graph->arena, architecture);
	graph->variant = strata_arena_string(&graph->arena, variant);
	return graph->architecture && graph->variant ? 0 : strata_fail_memory(error);
}

const char *strata_graph_architecture(const struct strata_graph *graph)
{
	return graph->architecture;
}

const char *strata_graph_variant(const struct strata_graph *graph)
{
	return graph->variant;
}

int strata_graph_add_references_as_roots(
	struct strata_graph *graph, const char *id, struct strata_error *error)
{
	uint32_t index = strata_map_get(&graph->index, id);

	if (index == STRATA_MAP_NONE)
		return strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"the references of item '%s' were asked for, but the graph has no record "
			"of it",
			id);
	graph->names_roots = true;
	for (size_t r = 0; r < graph->pending[index].reference_count; r++) {
		int status =
			strata_graph_add_root(graph, graph->pending[index].reference_ids[r], error);

		if (status < 0)
			return status;
	}
	return 0;
}

/* Mark what the roots reach, following ids. STACK has room for every pending item. */
static int mark_closure(
	struct strata_graph *graph, bool *reached, uint32_t *stack, struct strata_error *error)
{
	uint32_t depth = 0;

	for (uint32_t r = 0; r < graph->root_id_count; r++) {
		uint32_t index = strata_map_get(&graph->index, graph->root_ids[r]);

		if (index == STRATA_MAP_NONE)
			return strata_fail(error, STRATA_ERROR_NOT_FOUND,
				"item '%s' was asked for, but the graph has no record of it",
				graph->root_ids[r]);
		if (!reached[index])
			stack[depth++] = index;
		reached[index] = true;
	}
	for (uint32_t i = 0; !graph->names_roots && i < graph->pending_count; i++) {
		reached[i] = true;
		stack[depth++] = i;
	}
	while (depth > 0) {
		const struct pending *pending = &graph->pending[stack[--depth]];

		for (size_t r = 0; r < pending->reference_count; r++) {
			uint32_t index = strata_map_get(&graph->index, pending->reference_ids[r]);

			if (index == STRATA_MAP_NONE)
				return strata_hint(error,
					strata_fail(error, STRATA_ERROR_NOT_FOUND,
						"item '%s' refers to '%s', of which the graph has "
						"no record",
						pending->item.id, pending->reference_ids[r]),
					"give the whole closure (for example: nix path-info "
					"--recursive)");
			if (!reached[index])
				stack[depth++] = index;
			reached[index] = true;
		}
	}
	return 0;
}

static int compare_pending(const void *left, const void *right)
{
	const struct pending *a = left, *b = right;

	return strcmp(a->item.id, b->item.id);
}

/* Sort and unite: returns how many distinct numbers other than EXCEPT are left. */
static uint32_t make_set(uint32_t *numbers, size_t count, uint32_t except)
{
	uint32_t kept = 0;

	qsort(numbers, count, sizeof(*numbers), strata_compare_indices);
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] != except && (kept == 0 || numbers[i] != numbers[kept - 1]))
			numbers[kept++] = numbers[i];
	}
	return kept;
}

static int keep_closure(struct strata_graph *graph, struct strata_error *error)
{
	strata_autofree bool *reached = strata_allocate(graph->pending_count, sizeof(*reached));
	strata_autofree uint32_t *stack = strata_allocate(graph->pending_count, sizeof(*stack));
	uint32_t kept = 0;
	int status;

	if (!reached || !stack)
		return strata_fail_memory(error);
	status = mark_closure(graph, reached, stack, error);
	if (status < 0)
		return status;
	for (uint32_t i = 0; i < graph->pending_count; i++) {
		if (reached[i])
			graph->pending[kept++] = graph->pending[i];
	}
	graph->pending_count = kept;
	if (kept > 0)
		qsort(graph->pending, kept, sizeof(*graph->pending), compare_pending);
	strata_map_release(&graph->index);
	for (uint32_t i = 0; i < kept; i++) {
		if (strata_map_put(&graph->index, graph->pending[i].item.id, i) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

static int measure(struct strata_item *item, const char *root, struct strata_error *error)
{
	for (size_t i = 0; i < item->tree_count; i++) {
		uint64_t size;
		int status = strata_nar_size(root, item->trees[i], &size, error);

		if (status < 0)
			return strata_context(error, status, "measuring item '%s'", item->id);
		item->size += size;
	}
	for (size_t i = 0; i < item->file_count; i++) {
		strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
		struct stat info;

		strata_buffer_format(&path, "%s%s", root ? root : "", item->files[i]);
		if (strata_buffer_check(&path, error) < 0)
			return STRATA_ERROR_MEMORY;
		/* What is missing is reported by whoever packs it. */
		if (lstat(path.data, &info) == 0 && S_ISREG(info.st_mode))
			item->size += (uint64_t)info.st_size;
	}
	for (size_t i = 0; i < item->entry_count; i++)
		item->size += item->entries[i].length;
	return 0;
}

static int resolve(struct strata_graph *graph, const char *root, struct strata_error *error)
{
	graph->items =
		strata_arena_array(&graph->arena, graph->pending_count, sizeof(*graph->items));
	if (!graph->items)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < graph->pending_count; i++) {
		struct pending *pending = &graph->pending[i];
		uint32_t *references = strata_arena_array(
			&graph->arena, pending->reference_count, sizeof(*references));
		int status;

		if (!references)
			return strata_fail_memory(error);
		for (size_t r = 0; r < pending->reference_count; r++)
			references[r] = strata_map_get(&graph->index, pending->reference_ids[r]);
		pending->item.references = references;
		pending->item.reference_count = make_set(references, pending->reference_count, i);
		graph->items[i] = pending->item;
		status = pending->has_size ? 0 : measure(&graph->items[i], root, error);
		if (status < 0)
			return status;
	}
	graph->item_count = graph->pending_count;
	return 0;
}

/* Without named roots: the members of every component that no other component refers to. */
static int derive_roots(struct strata_graph *graph, struct strata_error *error)
{
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autofree bool *referred = NULL;
	int status = strata_components_find(graph, &components, error);

	if (status < 0)
		return status;
	referred = strata_allocate(components.count, sizeof(*referred));
	if (!referred)
		return strata_fail_memory(error);
	for (uint32_t r = 0; r < components.reference_starts[components.count]; r++)
		referred[components.references[r]] = true;
	for (uint32_t i = 0; i < graph->item_count; i++) {
		if (!referred[components.of_item[i]])
			graph->roots[graph->root_count++] = i;
	}
	return 0;
}

int strata_graph_finish(struct strata_graph *graph, const char *root, struct strata_error *error)
{
	size_t most;
	int status = keep_closure(graph, error);

	if (status == 0)
		status = resolve(graph, root, error);
	if (status < 0)
		return status;
	most = graph->root_id_count > graph->item_count ? graph->root_id_count : graph->item_count;
	graph->roots = strata_arena_array(&graph->arena, most, sizeof(*graph->roots));
	if (!graph->roots)
		return strata_fail_memory(error);
	if (!graph->names_roots)
		status = derive_roots(graph, error);
	for (uint32_t r = 0; r < graph->root_id_count; r++)
		graph->roots[r] = strata_map_get(&graph->index, graph->root_ids[r]);
	if (graph->root_id_count > 0)
		graph->root_count = make_set(graph->roots, graph->root_id_count, STRATA_GRAPH_NONE);
	free(strata_take(graph->pending));
	graph->pending_count = 0;
	return status;
}

uint32_t strata_graph_count(const struct strata_graph *graph)
{
	return graph->item_count;
}

const struct strata_item *strata_graph_item(const struct strata_graph *graph, uint32_t index)
{
	return &graph->items[index];
}

uint32_t strata_graph_find(const struct strata_graph *graph, const char *id)
{
	return strata_map_get(&graph->index, id);
}

const uint32_t *strata_graph_roots(const struct strata_graph *graph, uint32_t *count)
{
	*count = graph->root_count;
	return graph->roots;
}
