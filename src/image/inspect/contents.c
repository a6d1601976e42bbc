/* SPDX-License-Identifier: Apache-2.0 */
#include "image/inspect/contents.h"

#include <stratapack/plan.h>

#include <string.h>

#include "image/inspect/inspect.h"
#include "image/provenance/provenance.h"
#include "plan/plan.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/file.h"
#include "util/json.h"
#include "util/map.h"
#include "util/memory.h"
#include "util/text.h"

static int read_layer(struct strata_contents *contents, const struct strata_read_layer *read,
	struct strata_contents_layer *layer, struct strata_error *error)
{
	struct strata_told_items told = {.customised = false};
	int status;

	const char *author = strata_json_string(strata_json_member(read->history, "created_by"));
	const char *comment = strata_json_string(strata_json_member(read->history, "comment"));

	layer->size = read->size ? read->size : read->place.size;
	if (read->has_digest)
		layer->digest = read->digest;
	if (read->has_diff_id)
		layer->diff_id = read->diff_id;
	if (!author || strcmp(author, STRATA_HISTORY_AUTHOR) != 0 || !comment)
		return 0;
	status = strata_provenance_read_items(comment, &contents->arena, &told, error);
	layer->known = true;
	layer->items = told.items;
	layer->customised = told.customised;
	layer->incomplete = told.incomplete;
	return status;
}

static const char *label(const struct strata_read_image *image, const char *name)
{
	return strata_json_string(
		strata_json_member(strata_inspect_run_member(image, "Labels"), name));
}

/* Append what IMAGE tells of versions: in its history, or in a label where it is of before. */
static void gather_versions(const struct strata_read_image *image, struct strata_buffer *text)
{
	const struct strata_json *history = strata_json_member(image->config, "history");
	const char *told = label(image, STRATA_VERSIONS_LABEL);

	if (told)
		strata_buffer_string(text, told);
	for (size_t i = 0; i < strata_json_count(history); i++) {
		const struct strata_json *entry = strata_json_at(history, i);
		const char *author = strata_json_string(strata_json_member(entry, "created_by"));

		told = strata_json_string(strata_json_member(entry, "comment"));
		if (told && author && strcmp(author, STRATA_VERSIONS_AUTHOR) == 0)
			strata_buffer_format(text, " %s", told);
	}
}

static int read_versions(struct strata_contents *contents, const struct strata_read_image *image,
	struct strata_error *error)
{
	strata_autoversions struct strata_told_versions versions = STRATA_TOLD_VERSIONS_INIT;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	int status;

	gather_versions(image, &text);
	status = strata_buffer_check(&text, error);
	if (status < 0 || text.length == 0)
		return status;
	status = strata_provenance_read_versions(text.data, &contents->arena, &versions, error);
	for (size_t i = 0; status == 0 && i < contents->count; i++)
		status = strata_provenance_apply_versions(
			&versions, &contents->arena, &contents->layers[i].items, error);
	return status;
}

int strata_contents_of(const struct strata_read_image *image, struct strata_contents *contents,
	struct strata_error *error)
{
	*contents = (struct strata_contents)STRATA_CONTENTS_INIT;
	contents->base_count =
		strata_provenance_read_base(label(image, STRATA_BASE_LABEL), image->layer_count);
	contents->count = image->layer_count;
	contents->layers =
		strata_arena_array(&contents->arena, image->layer_count, sizeof(*contents->layers));
	if (!contents->layers)
		return strata_fail_memory(error);
	for (size_t i = 0; i < image->layer_count; i++) {
		int status = read_layer(contents, &image->layers[i], &contents->layers[i], error);

		if (status < 0)
			return status;
	}
	return read_versions(contents, image, error);
}

static int read_first_image(
	const char *source, struct strata_contents *contents, struct strata_error *error)
{
	strata_autoreading struct strata_reading reading = {0};
	struct strata_findings findings = {0};
	int status = strata_reading_open(source, &findings, &reading, error);
	size_t index = 0;

	while (status == 0 && index < reading.count &&
		(reading.images[index].broken || reading.images[index].artifact))
		index++;
	if (status == 0 && index == reading.count)
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT, "%s: there is no sound image in it",
				source),
			"run stratapack verify to see what is wrong");
	if (status == 0)
		status = strata_contents_of(&reading.images[index], contents, error);
	strata_findings_release(&findings);
	return status;
}

static int read_plan(const char *path, struct strata_contents *contents, struct strata_error *error)
{
	strata_autoplan struct strata_plan *plan = NULL;
	int status = strata_plan_load(path, &plan, error);

	if (status < 0)
		return status;
	contents->is_plan = true;
	contents->count = strata_plan_image_layers(plan);
	contents->layers =
		strata_arena_array(&contents->arena, contents->count, sizeof(*contents->layers));
	for (size_t i = 0; contents->layers && i < contents->count; i++) {
		if (i < plan->layer_count &&
			strata_plan_copy_layer(
				&contents->arena, &plan->layers[i], &contents->layers[i].items) < 0)
			return strata_fail_memory(error);
		contents->layers[i].customised =
			i + 1 == contents->count &&
			!strata_customisation_is_empty(&plan->customisation);
	}
	return contents->layers ? 0 : strata_fail_memory(error);
}

int strata_contents_read(
	const char *source, struct strata_contents *contents, struct strata_error *error)
{
	*contents = (struct strata_contents)STRATA_CONTENTS_INIT;
	if (strcmp(source, "-") == 0 || strata_file_looks_like_json(source))
		return read_plan(source, contents, error);
	return read_first_image(source, contents, error);
}

void strata_contents_release(struct strata_contents *contents)
{
	strata_arena_free(&contents->arena);
	*contents = (struct strata_contents)STRATA_CONTENTS_INIT;
}

/* The layers with known items, as a plan; those of a base are not planned. */
static int make_plan(const struct strata_contents *contents, struct strata_plan *plan)
{
	plan->strategy = "";
	plan->layers = strata_arena_array(plan->arena, contents->count, sizeof(*plan->layers));
	if (!plan->layers)
		return -1;
	for (size_t i = contents->base_count; i < contents->count; i++) {
		if (contents->layers[i].items.item_count == 0)
			continue;
		if (strata_plan_copy_layer(plan->arena, &contents->layers[i].items,
			    &plan->layers[plan->layer_count++]) < 0)
			return -1;
	}
	return 0;
}

int strata_image_plan(const char *source, struct strata_plan **plan, struct strata_error *error)
{
	strata_autocontents struct strata_contents contents = STRATA_CONTENTS_INIT;
	strata_autoplan struct strata_plan *made = NULL;
	int status = strata_contents_read(source, &contents, error);

	if (status < 0)
		return status;
	made = strata_plan_new(error);
	if (!made)
		return STRATA_ERROR_MEMORY;
	if (make_plan(&contents, made) < 0)
		return strata_fail_memory(error);
	if (made->layer_count == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_NOT_FOUND,
				"%s: nothing says which items its layers hold", source),
			"give a plan, or an image that stratapack made");
	*plan = strata_take(made);
	return 0;
}
