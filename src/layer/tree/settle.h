/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the clock could tell a change of a tree's files from what is known of them.
 */
#ifndef LAYER_TREE_SETTLE_H
#define LAYER_TREE_SETTLE_H

#include "layer/tree/tree.h"

/* A witness (strata_tree_witness()) is good for later only if whatever changes from now on gets
 * another change time. Wait for that where it takes no more than a few ticks of the clock; *SETTLED
 * is false where it would take longer: git calls such files racily clean. To be called before the
 * contents are read. */
int strata_tree_settle(const struct strata_tree *tree, bool *settled,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
