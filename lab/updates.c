/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/updates.h"

#include <string.h>

#include "util/error.h"
#include "util/file.h"
#include "util/json.h"

enum {
	FORMAT_VERSION = 1,
	SIZE_LIMIT = 256 * 1024 * 1024,
};

void strata_updates_free(struct strata_updates *updates)
{
	if (!updates)
		return;
	strata_arena_free(&updates->arena);
	free(updates);
}

void strata_cleanup_updates(struct strata_updates **updates)
{
	strata_updates_free(*updates);
}

/* Read an array of revisions after the first, ascending, into *NUMBERS. */
static int read_revisions(struct strata_updates *updates, const struct strata_json *object,
	const char *key, bool required, uint32_t **numbers, uint32_t *count,
	struct strata_error *error)
{
	const struct strata_json *array = NULL;
	int status = strata_json_get_array(object, key, required, &array, error);

	if (status < 0)
		return status;
	*count = (uint32_t)strata_json_count(array);
	*numbers = strata_arena_array(&updates->arena, *count, sizeof(**numbers));
	if (!*numbers)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < *count; i++) {
		const struct strata_json *value = strata_json_at(array, i);
		int64_t number = strata_json_integer(value);

		if (strata_json_kind(value) != STRATA_JSON_INTEGER ||
			number <= (i > 0 ? (*numbers)[i - 1] : 0) || number > updates->revisions)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"member \"%s\" must have ascending revisions from 1 to %u", key,
				updates->revisions);
		(*numbers)[i] = (uint32_t)number;
	}
	return 0;
}

/* Exactly one of "at", "every" and "count" says when. */
static int read_cause(struct strata_updates *updates, const struct strata_json *object,
	struct strata_update_cause *cause, struct strata_error *error)
{
	static const char *const keys[] = {"cause", "count", "batched", "every", "at", NULL};
	uint64_t every = 0, count = 0;
	int status, given;

	if (strata_json_kind(object) != STRATA_JSON_OBJECT)
		return strata_fail(error, STRATA_ERROR_FORMAT, "expected an object");
	given = (strata_json_member(object, "count") != NULL) +
		(strata_json_member(object, "every") != NULL) +
		(strata_json_member(object, "at") != NULL);
	status = strata_json_check_keys(object, keys, error);
	if (status == 0)
		status = strata_json_get_string(object, "cause", true, &cause->name, error);
	if (status == 0 && given != 1)
		status = strata_fail(error, STRATA_ERROR_FORMAT,
			"expected exactly one of the members \"count\", \"every\" and \"at\"");
	if (status == 0)
		status = strata_json_get_size(object, "count", false, &count, error);
	if (status == 0)
		status = strata_json_get_bool(object, "batched", false, &cause->batched, error);
	if (status == 0)
		status = strata_json_get_size(object, "every", false, &every, error);
	if (status == 0)
		status = read_revisions(
			updates, object, "at", false, &cause->at, &cause->at_count, error);
	if (status < 0)
		return status;
	if (strata_json_member(object, "every") && (every == 0 || every > STRATA_LARGEST_SERIES))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"every\" must be a number from 1 to %d", STRATA_LARGEST_SERIES);
	if (count > (cause->batched ? updates->batch_count : updates->revisions))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"count\": there are not as many %s",
			cause->batched ? "batches" : "revisions");
	cause->name = strata_arena_string(&updates->arena, cause->name);
	cause->count = (uint32_t)count;
	cause->every = (uint32_t)every;
	return cause->name ? 0 : strata_fail_memory(error);
}

static int read_causes(struct strata_updates *updates, const struct strata_json *document,
	struct strata_error *error)
{
	const struct strata_json *array = NULL;
	int status = strata_json_get_array(document, "causes", true, &array, error);

	updates->causes = strata_arena_array(
		&updates->arena, strata_json_count(array), sizeof(*updates->causes));
	if (!updates->causes)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < strata_json_count(array); i++) {
		status = read_cause(updates, strata_json_at(array, i),
			&updates->causes[updates->cause_count++], error);
		if (status < 0)
			status = strata_context(error, status, "cause %zu", i + 1);
	}
	return status;
}

static int read_document(struct strata_updates *updates, const struct strata_json *document,
	struct strata_error *error)
{
	static const char *const keys[] = {
		"$schema", "stratapackUpdates", "revisions", "batches", "causes", NULL};
	uint64_t version = 0, revisions = 0;
	int status = strata_json_get_size(document, "stratapackUpdates", true, &version, error);

	if (status < 0)
		return status;
	if (version != FORMAT_VERSION)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the updates have format version %llu, but only version %d is known",
			(unsigned long long)version, FORMAT_VERSION);
	status = strata_json_check_keys(document, keys, error);
	if (status == 0)
		status = strata_json_get_size(document, "revisions", true, &revisions, error);
	if (status == 0 && (revisions == 0 || revisions >= STRATA_LARGEST_SERIES))
		status = strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"revisions\" must be a number from 1 to %d",
			STRATA_LARGEST_SERIES - 1);
	if (status < 0)
		return status;
	updates->revisions = (uint32_t)revisions;
	status = read_revisions(updates, document, "batches", false, &updates->batches,
		&updates->batch_count, error);
	return status == 0 ? read_causes(updates, document, error) : status;
}

int strata_updates_parse(const char *name, const char *text, size_t length,
	struct strata_updates **updates, struct strata_error *error)
{
	strata_autoupdates struct strata_updates *read = calloc(1, sizeof(*read));
	strata_autojson struct strata_json *document = NULL;
	int status;

	if (!read)
		return strata_fail_memory(error);
	status = strata_json_parse(name, text, length, &document, error);
	if (status < 0)
		return status;
	status = read_document(read, document, error);
	if (status < 0)
		return strata_context(error, status, "updates '%s'", name);
	*updates = strata_take(read);
	return 0;
}

int strata_updates_load(
	const char *path, struct strata_updates **updates, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	int status = strata_file_read(path, SIZE_LIMIT, &text, error);

	return status == 0 ? strata_updates_parse(name, text.data, text.length, updates, error)
			   : status;
}

/* --- chance -----------------------------------------------------------------------------------
 *
 * Each cause has its own generator, so that other causes do not influence it: SplitMix64 (Steele,
 * Lea, Flood: Fast splittable pseudorandom number generators, 2014), seeded with FNV-1a of the
 * name.
 */

static uint64_t seed_of(uint64_t seed, const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ (seed * UINT64_C(0x9e3779b97f4a7c15));

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return hash;
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A number below BOUND. Of 64 bits, the bias is too small to matter. */
static uint32_t random_below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)(next_random(state) % bound);
}

/* Choose COUNT of the numbers 0 .. TOTAL - 1, each set alike (Knuth's algorithm S). */
static void choose(uint64_t *state, uint32_t count, uint32_t total, bool *chosen)
{
	for (uint32_t i = 0; i < total; i++) {
		chosen[i] = random_below(state, total - i) < count;
		count -= chosen[i];
	}
}

/* --- what changes when ------------------------------------------------------------------------ */

/* FIRES[r] becomes whether CAUSE fires in revision r, from 1 on. SCRATCH is as large. */
static void schedule(const struct strata_updates *updates, const struct strata_update_cause *cause,
	uint64_t seed, bool *fires, bool *scratch)
{
	uint64_t state = seed_of(seed, cause->name);

	memset(fires, 0, (updates->revisions + 1) * sizeof(*fires));
	for (uint32_t i = 0; i < cause->at_count; i++)
		fires[cause->at[i]] = true;
	/* Where a period begins is left to chance. */
	if (cause->every > 0) {
		for (uint32_t r = 1 + random_below(&state, cause->every); r <= updates->revisions;
			r += cause->every)
			fires[r] = true;
	}
	if (cause->batched) {
		choose(&state, cause->count, updates->batch_count, scratch);
		for (uint32_t b = 0; b < updates->batch_count; b++)
			fires[updates->batches[b]] = scratch[b];
	} else if (cause->count > 0) {
		choose(&state, cause->count, updates->revisions, fires + 1);
	}
}

/* Mark in CHANGED what refers to what is marked. */
static void propagate(const struct strata_components *components, bool *changed, bool *dirty)
{
	for (uint32_t c = 0; c < components->count; c++) {
		dirty[c] = false;
		for (uint32_t m = components->member_starts[c];
			m < components->member_starts[c + 1]; m++)
			dirty[c] |= changed[components->members[m]];
		for (uint32_t r = components->reference_starts[c];
			r < components->reference_starts[c + 1]; r++)
			dirty[c] |= dirty[components->references[r]];
		for (uint32_t m = components->member_starts[c];
			m < components->member_starts[c + 1]; m++)
			changed[components->members[m]] = dirty[c];
	}
}

struct updating {
	struct strata_series *series;
	const struct strata_updates *updates;
	const struct strata_graph *graph;
	struct strata_components components;
	struct strata_map cause_numbers;
	uint32_t *cause_of; /* item -> cause, or STRATA_MAP_NONE */
	bool *fires;        /* (revisions + 1) for each cause */
	bool *changed, *dirty;
};

static void release_updating(struct updating *updating)
{
	strata_components_release(&updating->components);
	strata_map_release(&updating->cause_numbers);
	free(updating->cause_of);
	free(updating->fires);
	free(updating->changed);
	free(updating->dirty);
}

static int prepare(struct updating *updating, uint64_t seed, struct strata_error *error)
{
	const struct strata_updates *updates = updating->updates;
	uint32_t items = strata_graph_count(updating->graph);
	size_t width = (size_t)updates->revisions + 1;
	strata_autofree bool *scratch = strata_allocate(width, sizeof(*scratch));
	int status = strata_components_find(updating->graph, &updating->components, error);

	if (status < 0)
		return status;
	updating->cause_of = strata_allocate(items, sizeof(*updating->cause_of));
	updating->fires = strata_allocate(updates->cause_count * width, sizeof(*updating->fires));
	updating->changed = strata_allocate(items, sizeof(*updating->changed));
	updating->dirty = strata_allocate(updating->components.count, sizeof(*updating->dirty));
	if (!scratch || !updating->cause_of || !updating->fires || !updating->changed ||
		!updating->dirty)
		return strata_fail_memory(error);
	for (uint32_t c = 0; c < updates->cause_count; c++) {
		const struct strata_update_cause *cause = &updates->causes[c];

		if (strata_map_get(&updating->cause_numbers, cause->name) != STRATA_MAP_NONE)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"the updates name cause '%s' twice", cause->name);
		if (strata_map_put(&updating->cause_numbers, cause->name, c) < 0)
			return strata_fail_memory(error);
		schedule(updates, cause, seed, updating->fires + c * width, scratch);
	}
	for (uint32_t i = 0; i < items; i++)
		updating->cause_of[i] = strata_map_get(
			&updating->cause_numbers, strata_graph_item(updating->graph, i)->cause);
	return 0;
}

/* Revision R of the updates: CONTENTS are those of the one before, and become its own. */
static void update(struct updating *updating, uint32_t r, uint32_t *contents)
{
	uint32_t items = strata_graph_count(updating->graph);
	size_t width = (size_t)updating->updates->revisions + 1;

	for (uint32_t i = 0; i < items; i++) {
		uint32_t cause = updating->cause_of[i];

		updating->changed[i] =
			cause != STRATA_MAP_NONE && updating->fires[cause * width + r];
	}
	if (updating->series->propagate)
		propagate(&updating->components, updating->changed, updating->dirty);
	for (uint32_t i = 0; i < items; i++) {
		if (updating->changed[i])
			contents[i] = updating->series->content_count++;
	}
}

int strata_series_update(struct strata_series *series, const struct strata_updates *updates,
	uint64_t seed, struct strata_error *error)
{
	STRATA_CLEANUP(release_updating)
	struct updating updating = {
		.series = series, .updates = updates, .components = STRATA_COMPONENTS_INIT};
	const uint32_t *last;
	uint32_t state, items;
	int status;

	if (series->state_count == 0)
		return strata_fail(error, STRATA_ERROR_INVALID, "there is no state to update");
	if (series->run_count > 0 && updates->revisions != series->run_length)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "two runs of a series differ in length");
	series->run_length = updates->revisions;
	state = series->state_count - 1;
	last = series->revisions[state].contents;
	updating.graph = series->states[state].fleet->graph;
	items = strata_graph_count(updating.graph);
	status = prepare(&updating, seed, error);
	for (uint32_t r = 1; status == 0 && r <= updates->revisions; r++) {
		uint32_t *contents = strata_arena_array(&series->arena, items, sizeof(*contents));

		if (!contents)
			return strata_fail_memory(error);
		if (items > 0)
			memcpy(contents, last, items * sizeof(*contents));
		update(&updating, r, contents);
		last = contents;
		status = strata_series_append(series, state, contents, error);
	}
	if (status == 0)
		series->run_count++;
	return status;
}
