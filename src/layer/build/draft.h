/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer of which no file's content was read yet: it is in the cache, or there is the tree that it
 * will be made of.
 */
#ifndef LAYER_BUILD_DRAFT_H
#define LAYER_BUILD_DRAFT_H

#include "layer/tree/tree.h"

struct strata_draft {
	bool looked_up;
	bool found; /* in the cache: the layer is complete */
	bool has_tree, had_tree;
	struct strata_tree tree;
	struct strata_digest witness; /* of the tree; "" where the cache does not ask for one */
	bool is_unsettled;            /* a later change of a file might not show in the witness */
	bool is_disturbed; /* files were touched while they were read, which their contents outlived
			    */
	uint64_t size;     /* of the tree's stream, once it was measured; else 0 */
};

/* Look the layer of RECIPE up in the cache, filling LAYER if it is there; collect its tree if not.
 * What is there already is not done again. */
int strata_draft_prepare(struct strata_draft *draft, const struct strata_recipe *recipe,
	const struct strata_build_options *options, struct strata_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Find out how long the stream of the tree will be. */
int strata_draft_measure(struct strata_draft *draft, struct strata_error *error) STRATA_MUST_CHECK;

/* The memory that the tree takes, in bytes. */
size_t strata_draft_memory(const struct strata_draft *draft);

/* STRATA_ERROR_CHANGED if LAYER has not become as large as the draft was measured. */
int strata_draft_check(const struct strata_draft *draft, const struct strata_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Free the tree; preparing collects it again. Zeroed is fine. */
void strata_draft_drop_tree(struct strata_draft *draft);

#endif
