/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of store items.
 */
#ifndef GRAPH_ITEM_NAME_H
#define GRAPH_ITEM_NAME_H

#include <stdbool.h>

#include "util/buffer.h"

/* Whether ID is the path of a store item, whose name has a hash and so is new where the content is.
 */
bool strata_item_has_hash(const char *id);

/* Split the base name of a store item into what follows the hash: name and version, as Nix and
 * Guix do it (the version begins at the first dash that no letter follows). Both buffers are
 * emptied first. For an id that is no path: the part before ":" and no version. */
void strata_item_split_name(
	const char *id, struct strata_buffer *name, struct strata_buffer *version);

#endif
