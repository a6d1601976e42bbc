/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A draft: a layer before the content of any file is read. Either the cache has it, or the draft
 * has the tree that the layer will be made from.
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

/* Look the layer of RECIPE up in the cache. Fill LAYER if it is there; else collect its tree. A
 * draft that is prepared already stays as it is. */
int strata_draft_prepare(struct strata_draft *draft, const struct strata_recipe *recipe,
	const struct strata_build_options *options, struct strata_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Find out how long the stream of the tree will be. */
int strata_draft_measure(struct strata_draft *draft, struct strata_error *error) STRATA_MUST_CHECK;

/* The memory that the tree takes, in bytes. */
size_t strata_draft_memory(const struct strata_draft *draft);

/* STRATA_ERROR_CHANGED if the size of LAYER is not the one that was measured for the draft. */
int strata_draft_check(const struct strata_draft *draft, const struct strata_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Free the tree; preparing collects it again. Zeroed is fine. */
void strata_draft_drop_tree(struct strata_draft *draft);

#endif
