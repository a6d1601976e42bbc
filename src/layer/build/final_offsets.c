/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding out how large every blob will be before the first is made, so that files which take them
 * all can be laid out.
 */
#include "layer/build/build.h"
#include "util/observer.h"

/* The trees that were measured are kept until their layers are made, up to this many files. With
 * more files, some directories are listed twice. */
enum { KEPT_TREE_BYTES = 32 * 1024 * 1024 };

static void keep_tree(struct strata_build *build, struct strata_draft *draft)
{
	size_t memory = strata_draft_memory(draft);

	if (atomic_fetch_add(&build->tree_bytes, memory) + memory <= KEPT_TREE_BYTES)
		return;
	atomic_fetch_sub(&build->tree_bytes, memory);
	strata_draft_drop_tree(draft);
}

static int find_size(struct strata_build *build, size_t index, struct strata_error *error)
{
	const struct strata_recipe *recipe = build->recipes[index];
	struct strata_draft *draft = &build->drafts[index];
	struct strata_layer *layer = &build->layers[index];
	int status = strata_draft_prepare(draft, recipe, build->options, layer, error);

	if (status < 0 || draft->found)
		return status;
	if (recipe->compression.kind != STRATA_CODEC_NONE) {
		atomic_store(&build->unsized, true);
		return 0;
	}
	status = strata_draft_measure(draft, error);
	layer->codec = STRATA_CODEC_NONE;
	layer->size = layer->diff_size = draft->size;
	keep_tree(build, draft);
	return status;
}

static int run_task(void *data, size_t index, struct strata_error *error)
{
	struct strata_build *build = data;
	size_t layer = build->order[index];
	int status = strata_check_cancelled(build->options->observer, error);

	if (status == 0 && !atomic_load(&build->unsized))
		status = find_size(build, layer, error);
	return status < 0 ? strata_context(error, status, "layer %zu", layer + 1) : 0;
}

int strata_build_place(struct strata_build *build, struct strata_error *error)
{
	const struct strata_build_options *options = build->options;
	int status =
		strata_pool_run(build->encoding.pool, build->layer_count, run_task, build, error);

	if (status == 0 && !atomic_load(&build->unsized))
		status = options->place(
			options->data, build->layers, build->layer_count, &build->placement, error);
	return status;
}
