/*
 * What the sources of a graph share.
 */
#ifndef GRAPH_INTERNAL_H
#define GRAPH_INTERNAL_H

#include <stratapack/graph.h>

#include "base/buffer.h"

#define strata_autograph STRATA_CLEANUP(strata_cleanup_graph)
void strata_cleanup_graph(struct strata_graph **graph);

/* Split the base name of a store item into what follows the hash: name and version, as Nix and
 * Guix do it (the version begins at the first dash that no letter follows). Both buffers are
 * emptied first. For an id that is no path: the part before ":" and no version. */
void strata_item_split_name(
	const char *id, struct strata_buffer *name, struct strata_buffer *version);

/* The size of the tree at PATH under ROOT as a NAR (Nix's archive format): what the databases call
 * narSize, so that a graph without sizes is planned as the same graph with them. */
int strata_nar_size(const char *root, const char *path, uint64_t *size,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
