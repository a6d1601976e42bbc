/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/state.h"

#include <string.h>

#include "build/sources.h"
#include "util/error.h"
#include "util/memory.h"

static const struct {
	const char *kind;
	int (*read)(
		struct strata_graph *, const char *, struct strata_error *); /* NULL: an index */
} kinds[] = {
	{"packages-index", NULL},
	{"graph", strata_graph_read_json},
	{"references-graph", strata_graph_read_references},
	{"nix-json", strata_graph_read_nix_json},
};

static int add_file(struct strata_source_options *source, const char *path,
	int (*read)(struct strata_graph *, const char *, struct strata_error *),
	struct strata_error *error)
{
	if (!*path)
		return strata_fail(error, STRATA_ERROR_INVALID, "a file has no name");
	if (!read)
		return strata_strings_add(&source->indices, path, error);
	return strata_source_options_add_file(source, path, read, error);
}

int strata_simulated_state_parse(struct strata_simulated_state *state, const char *text,
	bool essential, struct strata_error *error)
{
	const char *colon = strchr(text, ':');
	char *at;
	size_t kind = 0;
	int status = 0;

	for (; colon && kind < sizeof(kinds) / sizeof(*kinds); kind++) {
		if (strlen(kinds[kind].kind) == (size_t)(colon - text) &&
			strncmp(kinds[kind].kind, text, (size_t)(colon - text)) == 0)
			break;
	}
	if (!colon || kind == sizeof(kinds) / sizeof(*kinds))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"'%s' does not say what kind of state it is", text),
			"write packages-index:FILE, graph:FILE, references-graph:FILE or "
			"nix-json:FILE; several files of one state with commas between");
	state->text = text;
	state->files = strdup(colon + 1);
	if (!state->files)
		return strata_fail_memory(error);
	for (at = state->files; status == 0 && at;) {
		char *file = strsep(&at, ",");

		status = add_file(&state->source, file, kinds[kind].read, error);
	}
	if (status < 0)
		return strata_context(error, status, "state '%s'", text);
	state->source.essential = essential && !kinds[kind].read;
	return 0;
}

static int fill(void *data, struct strata_graph *graph, struct strata_error *error)
{
	return strata_fleet_fill(data, graph, error);
}

static int read_fleet(struct strata_simulated_state *state, const char *path,
	const struct strata_observer *observer, struct strata_error *error)
{
	struct strata_request request = STRATA_REQUEST_INIT;
	struct strata_extra_source extra = {.fill = fill};
	const char *const *roots;
	size_t count;
	int status = strata_fleet_load(path, &state->fleet, error);

	if (status == 0)
		status = strata_fleet_roots(state->fleet, &roots, &count, error);
	if (status < 0)
		return status;
	extra.data = state->fleet;
	strata_source_options_apply(&state->source, &request);
	request.observer = observer;
	status = strata_sources_read(&request, roots, count, &extra, &state->graph, error);
	return status < 0 ? status : strata_fleet_resolve(state->fleet, state->graph, NULL, error);
}

/* All items are one image. */
static int read_image(struct strata_simulated_state *state, const struct strata_observer *observer,
	struct strata_error *error)
{
	strata_autofree uint32_t *items = NULL;
	struct strata_fleet_image image = {
		.name = "image", .weight = 1, .max_layers = STRATA_DEFAULT_MAX_LAYERS};
	struct strata_request request = STRATA_REQUEST_INIT;
	int status;

	strata_source_options_apply(&state->source, &request);
	request.observer = observer;
	status = strata_sources_read(&request, NULL, 0, NULL, &state->graph, error);
	if (status == 0)
		status = strata_fleet_new(state->graph, &state->fleet, error);
	if (status < 0)
		return status;
	image.item_count = strata_graph_count(state->graph);
	items = strata_allocate(image.item_count, sizeof(*items));
	if (!items)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < image.item_count; i++)
		items[i] = i;
	image.items = items;
	status = strata_fleet_add(state->fleet, &image, error);
	return status < 0 ? status : strata_fleet_sort(state->fleet, error);
}

int strata_simulated_state_read(struct strata_simulated_state *state, const char *fleet,
	const struct strata_observer *observer, struct strata_error *error)
{
	int status = fleet ? read_fleet(state, fleet, observer, error)
			   : read_image(state, observer, error);

	return status < 0 ? strata_context(error, status, "state '%s'", state->text) : 0;
}

void strata_simulated_state_release(struct strata_simulated_state *state)
{
	if (state->fleet)
		strata_fleet_free(state->fleet);
	if (state->graph)
		strata_graph_free(state->graph);
	strata_source_options_release(&state->source);
	free(state->files);
}
