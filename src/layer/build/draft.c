/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/build/draft.h"

#include "layer/build/tree_stream.h"
#include "layer/cache/cache.h"

static int look_up(struct strata_draft *draft, const struct strata_recipe *recipe,
	const struct strata_build_options *options, struct strata_layer *layer,
	struct strata_error *error)
{
	draft->looked_up = true;
	return strata_cache_find(options->cache, &recipe->key, &draft->witness, !options->describe,
		layer, &draft->found, error);
}

/* The observer hears of what is left out once. */
static int collect(struct strata_draft *draft, const struct strata_recipe *recipe,
	const struct strata_build_options *options, struct strata_error *error)
{
	struct strata_build_options again = *options;
	struct strata_observer quiet;
	int status;

	if (draft->had_tree && options->observer) {
		quiet = *options->observer;
		quiet.note = NULL;
		again.observer = &quiet;
	}
	draft->has_tree = draft->had_tree = true;
	draft->tree = (struct strata_tree)STRATA_TREE_INIT;
	status = strata_tree_collect(recipe, &again, &draft->tree, error);
	if (status < 0)
		strata_draft_drop_tree(draft);
	return status;
}

int strata_draft_prepare(struct strata_draft *draft, const struct strata_recipe *recipe,
	const struct strata_build_options *options, struct strata_layer *layer,
	struct strata_error *error)
{
	bool witnessed = options->cache && strata_recipe_needs_witness(recipe);
	int status = 0;

	if (options->cache && !draft->looked_up && !witnessed)
		status = look_up(draft, recipe, options, layer, error);
	if (status < 0 || draft->found || draft->has_tree)
		return status;
	status = collect(draft, recipe, options, error);
	if (status == 0 && witnessed)
		status = strata_tree_witness(&draft->tree, &draft->witness, error);
	if (status == 0 && witnessed && !draft->looked_up)
		status = look_up(draft, recipe, options, layer, error);
	if (draft->found)
		strata_draft_drop_tree(draft);
	return status;
}

int strata_draft_measure(struct strata_draft *draft, struct strata_error *error)
{
	return strata_tree_stream_size(&draft->tree, &draft->size, error);
}

size_t strata_draft_memory(const struct strata_draft *draft)
{
	return draft->has_tree ? draft->tree.count * sizeof(*draft->tree.entries) +
					 strata_arena_size(&draft->tree.arena)
			       : 0;
}

int strata_draft_check(const struct strata_draft *draft, const struct strata_layer *layer,
	struct strata_error *error)
{
	if (draft->size == 0 || layer->diff_size == draft->size)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_CHANGED,
			"files of this layer changed while the image was built"),
		"stop what is writing to them, and try again");
}

void strata_draft_drop_tree(struct strata_draft *draft)
{
	if (draft->has_tree)
		strata_tree_release(&draft->tree);
	draft->has_tree = false;
}
