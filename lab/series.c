/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/series.h"

#include <stratapack/fleet.h>
#include <stratapack/graph.h>

#include <stdlib.h>
#include <string.h>

#include "graph/item_record.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"
#include "util/sha256.h"

struct strata_series *strata_series_new(bool propagate, struct strata_error *error)
{
	struct strata_series *series = calloc(1, sizeof(*series));

	if (series)
		series->propagate = propagate;
	else
		strata_fail_memory(error);
	return series;
}

void strata_series_free(struct strata_series *series)
{
	if (!series)
		return;
	for (uint32_t s = 0; s < series->state_count; s++) {
		for (size_t i = 0; i < series->states[s].fleet->image_count; i++)
			strata_graph_free(series->states[s].graphs[i]);
	}
	strata_arena_free(&series->arena);
	strata_map_release(&series->image_numbers);
	strata_map_release(&series->content_numbers);
	free(series->states);
	free(series->revisions);
	free(series);
}

uint32_t strata_series_run_count(const struct strata_series *series)
{
	return series->run_count > 0 ? series->run_count : 1;
}

uint32_t strata_series_revision_count(const struct strata_series *series)
{
	return series->state_count + series->run_length;
}

int strata_series_append(struct strata_series *series, uint32_t state, const uint32_t *contents,
	struct strata_error *error)
{
	if (strata_series_revision_count(series) > STRATA_LARGEST_SERIES)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the series has more than %d revisions", STRATA_LARGEST_SERIES);
	if (strata_grow(&series->revisions, &series->revision_capacity,
		    (size_t)series->revision_count + 1, sizeof(*series->revisions)) < 0)
		return strata_fail_memory(error);
	series->revisions[series->revision_count++] = (struct strata_revision){state, contents};
	return 0;
}

/* --- contents ---------------------------------------------------------------------------------
 *
 * With propagation, an item's content depends on that of all that it refers to: its key has a
 * digest of its cycle and of the digests below that.
 */

static void append_identity(struct strata_buffer *text, const struct strata_item *item)
{
	strata_buffer_format(
		text, "%s\n%s\n", item->id, item->identity ? item->identity : item->version);
}

static int compare_digests(const void *left, const void *right)
{
	return memcmp(left, right, STRATA_SHA256_HEX_SIZE);
}

/* The digest of component C, of which those below it are known. SORTED has room for all of them. */
static int digest_component(const struct strata_graph *graph,
	const struct strata_components *components, uint32_t c,
	char (*digests)[STRATA_SHA256_HEX_SIZE], char (*sorted)[STRATA_SHA256_HEX_SIZE],
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	uint32_t below = components->reference_starts[c + 1] - components->reference_starts[c];

	for (uint32_t m = components->member_starts[c]; m < components->member_starts[c + 1]; m++)
		append_identity(&text, strata_graph_item(graph, components->members[m]));
	for (uint32_t r = 0; r < below; r++)
		memcpy(sorted[r],
			digests[components->references[components->reference_starts[c] + r]],
			sizeof(*sorted));
	qsort(sorted, below, sizeof(*sorted), compare_digests);
	for (uint32_t r = 0; r < below; r++)
		strata_buffer_format(&text, "%s\n", sorted[r]);
	if (strata_buffer_check(&text, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_sha256_of(text.data, text.length, digests[c], error);
}

/* Find the components of GRAPH and their digests, which are the caller's. */
static int digest_closures(const struct strata_graph *graph, struct strata_components *components,
	char (**result)[STRATA_SHA256_HEX_SIZE], struct strata_error *error)
{
	int status = strata_components_find(graph, components, error);
	char(*digests)[STRATA_SHA256_HEX_SIZE];
	strata_autofree char(*sorted)[STRATA_SHA256_HEX_SIZE] = NULL;

	if (status < 0)
		return status;
	digests = strata_allocate(components->count, sizeof(*digests));
	*result = digests;
	sorted = strata_allocate(components->count, sizeof(*sorted));
	if (!digests || !sorted)
		return strata_fail_memory(error);
	for (uint32_t c = 0; status == 0 && c < components->count; c++)
		status = digest_component(graph, components, c, digests, sorted, error);
	return status;
}

/* The number of the content with this key. */
static int number_content(struct strata_series *series, const struct strata_buffer *key,
	uint32_t *number, struct strata_error *error)
{
	char *copy;

	if (strata_buffer_check(key, error) < 0)
		return STRATA_ERROR_MEMORY;
	*number = strata_map_get(&series->content_numbers, key->data);
	if (*number != STRATA_MAP_NONE)
		return 0;
	copy = strata_arena_string(&series->arena, key->data);
	*number = series->content_count;
	if (!copy || strata_map_put(&series->content_numbers, copy, *number) < 0)
		return strata_fail_memory(error);
	series->content_count++;
	return 0;
}

static int number_contents(struct strata_series *series, const struct strata_graph *graph,
	uint32_t *contents, struct strata_error *error)
{
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autofree char(*digests)[STRATA_SHA256_HEX_SIZE] = NULL;
	strata_autobuffer struct strata_buffer key = STRATA_BUFFER_INIT;
	int status = 0;

	if (series->propagate)
		status = digest_closures(graph, &components, &digests, error);
	for (uint32_t i = 0; status == 0 && i < strata_graph_count(graph); i++) {
		strata_buffer_truncate(&key, 0);
		append_identity(&key, strata_graph_item(graph, i));
		if (series->propagate)
			strata_buffer_string(&key, digests[components.of_item[i]]);
		status = number_content(series, &key, &contents[i], error);
	}
	return status;
}

/* --- states ----------------------------------------------------------------------------------- */

static int number_image(struct strata_series *series, const char *name, uint32_t *number,
	struct strata_error *error)
{
	char *copy;

	*number = strata_map_get(&series->image_numbers, name);
	if (*number != STRATA_MAP_NONE)
		return 0;
	copy = strata_arena_string(&series->arena, name);
	*number = series->image_number_count;
	if (!copy || strata_map_put(&series->image_numbers, copy, *number) < 0)
		return strata_fail_memory(error);
	series->image_number_count++;
	return 0;
}

int strata_series_add(
	struct strata_series *series, const struct strata_fleet *fleet, struct strata_error *error)
{
	struct strata_state state = {.fleet = fleet};
	uint32_t *contents = strata_arena_array(
		&series->arena, strata_graph_count(fleet->graph), sizeof(*contents));
	int status = 0;

	if (series->run_count > 0)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "no state can follow updates in a series");
	state.numbers =
		strata_arena_array(&series->arena, fleet->image_count, sizeof(*state.numbers));
	state.graphs =
		strata_arena_array(&series->arena, fleet->image_count, sizeof(*state.graphs));
	if (!contents || !state.numbers || !state.graphs ||
		strata_grow(&series->states, &series->state_capacity,
			(size_t)series->state_count + 1, sizeof(state)) < 0)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < fleet->image_count; i++)
		status = number_image(series, fleet->images[i].name, &state.numbers[i], error);
	if (status == 0)
		status = number_contents(series, fleet->graph, contents, error);
	if (status == 0)
		status = strata_series_append(series, series->state_count, contents, error);
	if (status == 0)
		series->states[series->state_count++] = state;
	return status;
}

/* Add ITEM of the graph WHOLE to GRAPH, with those of its references that MEMBERS marks. */
static int add_item(struct strata_graph *graph, const struct strata_graph *whole,
	const struct strata_item *item, const bool *members, struct strata_error *error)
{
	strata_autofree const char **references =
		strata_allocate(item->reference_count, sizeof(*references));
	struct strata_item_record record = strata_item_record_of(item);

	if (!references)
		return strata_fail_memory(error);
	record.references = references;
	for (uint32_t r = 0; r < item->reference_count; r++) {
		if (members[item->references[r]])
			references[record.reference_count++] =
				strata_graph_item(whole, item->references[r])->id;
	}
	return strata_graph_add(graph, &record, error);
}

static int fill_graph(struct strata_graph *graph, const struct strata_graph *whole,
	const struct strata_fleet_image *image, bool *members, struct strata_error *error)
{
	int status = 0;

	for (uint32_t i = 0; i < image->item_count; i++)
		members[image->items[i]] = true;
	for (uint32_t i = 0; status == 0 && i < image->item_count; i++)
		status = add_item(
			graph, whole, strata_graph_item(whole, image->items[i]), members, error);
	for (uint32_t i = 0; i < image->item_count; i++)
		members[image->items[i]] = false;
	return status == 0 ? strata_graph_finish(graph, NULL, error) : status;
}

int strata_series_make_graphs(
	struct strata_series *series, uint32_t number, struct strata_error *error)
{
	struct strata_state *state = &series->states[number];
	const struct strata_fleet *fleet = state->fleet;
	strata_autofree bool *members =
		strata_allocate(strata_graph_count(fleet->graph), sizeof(*members));
	int status = 0;

	if (!members)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < fleet->image_count; i++) {
		if (state->graphs[i])
			continue;
		state->graphs[i] = strata_graph_new(error);
		if (!state->graphs[i])
			return STRATA_ERROR_MEMORY;
		status = fill_graph(
			state->graphs[i], fleet->graph, &fleet->images[i], members, error);
	}
	return status;
}
