/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack build: from a source to images, in one go.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/finishing.h"
#include "cli/layer_set.h"
#include "cli/options/cache_options.h"
#include "cli/options/layer_options.h"
#include "cli/planning.h"
#include "cli/text/progress.h"
#include "util/file.h"

struct build {
	struct strata_general_options general;
	struct strata_planning planning;
	struct strata_layer_options layer;
	struct strata_cache_options cache;
	struct strata_thread_options thread;
	struct strata_finishing finishing;

	/* The results for the one who called. */
	struct strata_buffer result, summary;
};

static const struct strata_command_group build_groups[] = {
	STRATA_PLANNING_GROUPS(struct build, planning),
	{&strata_layer_group, offsetof(struct build, layer)},
	STRATA_FINISHING_GROUPS(struct build, finishing),
	{&strata_cache_group, offsetof(struct build, cache)},
	{&strata_thread_group, offsetof(struct build, thread)},
	{&strata_general_group, offsetof(struct build, general)},
	{NULL, 0},
};

static int prepare(
	struct build *build, char *const *items, size_t count, struct strata_error *error)
{
	int result = strata_layer_options_complete(&build->layer, error);

	if (result == 0)
		result = strata_finishing_prepare(&build->finishing, error);
	if (result == 0)
		result = strata_output_options_check_codec(
			&build->finishing.output, build->layer.compression.kind, error);
	if (result == 0)
		result = strata_planning_prepare(&build->planning, items, count, error);
	return result;
}

/* The image goes into the cache's layout too: from there other tools can take it. */
static int keep_image(struct build *build, struct strata_cache *cache,
	const struct strata_layer_set *set, struct strata_error *error)
{
	if (!cache || build->finishing.report.describe)
		return 0;
	return strata_finishing_keep(
		&build->finishing, set->layers, set->count, strata_cache_path(cache), error);
}

/* The outputs take the compression of every layer: a plan may choose it for each. */
static int check_codecs(const struct build *build, struct strata_recipe *const *recipes,
	size_t count, struct strata_error *error)
{
	int result = 0;

	for (size_t index = 0; result == 0 && index < count; index++)
		result = strata_output_options_check_codec(
			&build->finishing.output, recipes[index]->compression.kind, error);
	return result;
}

/* Make the layers of RECIPES above those of the base. On failure SET has none. */
static int make_layers(struct build *build, struct strata_recipe *const *recipes, size_t count,
	const char *staging, const struct strata_build_options *options,
	struct strata_layer_set *set, struct strata_error *error)
{
	size_t below = strata_base_layer_count(build->finishing.base.base);
	int result = strata_layer_set_reserve(set, below + count, error);

	if (result == 0)
		result = strata_finishing_add_base(
			&build->finishing, staging, options, set->layers, error);
	/* Layers are valid only on success. */
	set->count = result < 0 ? 0 : below;
	if (result == 0)
		result = strata_layers_build(
			recipes, count, staging, options, set->layers + below, error);
	if (result == 0)
		set->count = below + count;
	return result;
}

static int build_in(struct build *build, const char *staging, struct strata_cache *cache,
	const struct strata_observer *observer, struct strata_error *error)
{
	struct strata_build_options options = {
		.root = build->planning.root.root,
		.threads = build->thread.threads,
		.avoid = staging,
		.observer = observer,
		.cache = cache,
		.describe = build->finishing.report.describe,
		.ready = strata_finishing_add_layer,
		.data = &build->finishing,
	};
	strata_autolayers struct strata_layer_set set = {NULL, 0};
	struct strata_recipe **recipes;
	size_t count;
	int result = strata_recipes_make(build->planning.plan, build->planning.graph,
		&build->layer.rules, &build->layer.compression, &recipes, &count, error);

	if (result < 0)
		return result;
	result = check_codecs(build, recipes, count, error);
	if (result == 0)
		result = strata_finishing_tell_versions(
			&build->finishing, build->planning.plan, error);
	if (result == 0)
		result = strata_finishing_open(&build->finishing, error);
	if (result == 0 && strata_finishing_takes_places(&build->finishing))
		options.place = strata_finishing_place;
	if (result == 0)
		result = make_layers(build, recipes, count, staging, &options, &set, error);
	strata_recipes_free(recipes, count);
	if (result == 0)
		result = strata_finishing_run(&build->finishing, set.layers, set.count,
			build->planning.graph, &build->result, &build->summary, error);
	return result < 0 ? result : keep_image(build, cache, &set, error);
}

static int execute(struct build *build, const struct strata_observer *observer, bool *wrong_use,
	struct strata_error *error)
{
	strata_autocache struct strata_cache *cache = NULL;
	strata_autofree char *parent = NULL;
	strata_autofree char *staging = NULL;
	int result = strata_finishing_open_base(&build->finishing, error);

	build->planning.base = build->finishing.base.base;
	if (result == 0)
		result = strata_planning_run(&build->planning, observer, wrong_use, error);
	if (result == 0)
		result = strata_base_check_plan(
			build->finishing.base.base, build->planning.plan, error);
	if (result == 0)
		result = strata_cache_options_open(&build->cache, &cache, error);
	if (result < 0)
		return result;
	parent = cache ? strdup(strata_cache_path(cache))
		       : strata_finishing_staging_parent(&build->finishing.output);
	if (!parent)
		return strata_fail_memory(error);
	staging = strata_directory_temporary(parent, error);
	if (!staging)
		return STRATA_ERROR_IO;
	result = build_in(build, staging, cache, observer, error);
	strata_directory_remove(staging);
	return result;
}

static int run_prepared(struct build *build)
{
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	struct strata_progress_line line;
	bool wrong_use = false;
	int result;

	strata_progress_begin(&line, build->general.quiet);
	result = execute(build, &line.observer, &wrong_use, &error);
	strata_progress_end(&line);
	if (result == 0)
		result = strata_finishing_show(
			&build->result, &build->summary, build->general.quiet, &error);
	if (result == 0)
		return STRATA_EXIT_DONE;
	return wrong_use ? strata_report_use(&error) : strata_report(&error);
}

static int run_build(const struct strata_command *command, int argc, char **argv)
{
	struct build build = {.result = STRATA_BUFFER_INIT, .summary = STRATA_BUFFER_INIT};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &build, &build.general, &first);

	if (code == STRATA_COMMAND_GOES_ON) {
		if (prepare(&build, argv + first, (size_t)(argc - first), &error) < 0)
			code = strata_report_use(&error);
		else
			code = run_prepared(&build);
	}
	strata_planning_release(&build.planning);
	strata_finishing_release(&build.finishing);
	strata_buffer_release(&build.result);
	strata_buffer_release(&build.summary);
	return code;
}

const struct strata_command strata_command_build = {
	.name = "build",
	.operands = "[ITEM]... -o TRANSPORT:PATH[:NAME[:TAG]]",
	.summary = "make an image of items and everything that they need",
	.description =
		"Make a layered image of ITEMs, which are store paths or Debian packages, and of "
		"everything that they refer to. It is plan, layer and image in one.",
	.examples =
		"  # this machine's python3, for docker load and podman load\n"
		"  stratapack build python3 --essential --entrypoint python3 \\\n"
		"    -o docker-archive:python.tar:python:3\n"
		"  # a Guix profile, in two formats from one pass over the files\n"
		"  stratapack build /gnu/store/...-profile -S /bin=bin --entrypoint /bin/hello \\\n"
		"    -o oci:layout:hello -o universal-archive:hello.tar:hello\n"
		"  # inside a derivation, from the closure that the builder was given\n"
		"  stratapack build --references-graph closure --compression zstd:19 \\\n"
		"    -o oci-archive:image.tar:tool:1.0\n"
		"  # straight into podman\n"
		"  stratapack build git -o docker-archive:-:git | podman load\n",
	.groups = build_groups,
	.run = run_build,
};
