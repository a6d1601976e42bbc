/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The size of a tree as a NAR.
 */
#ifndef GRAPH_NAR_SIZE_H
#define GRAPH_NAR_SIZE_H

#include <stdint.h>

#include "util/error.h"

/* The size of the tree at PATH under ROOT as a NAR (Nix's archive format): what the databases call
 * narSize, so that a graph without sizes is planned as the same graph with them. */
int strata_nar_size(const char *root, const char *path, uint64_t *size,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
