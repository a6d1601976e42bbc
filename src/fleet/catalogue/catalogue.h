/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about catalogues share.
 */
#ifndef FLEET_CATALOGUE_CATALOGUE_H
#define FLEET_CATALOGUE_CATALOGUE_H

#include <stratapack/fleet.h>
#include <stratapack/graph.h>

#include "fleet/fleet.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/sha256.h"

#define strata_autocatalogue STRATA_CLEANUP(strata_cleanup_catalogue)
void strata_cleanup_catalogue(struct strata_catalogue **catalogue);

/* An empty catalogue with an arena, the caller's; NULL on error. */
struct strata_catalogue *strata_catalogue_new(struct strata_error *error);

/* A digest that stands for the content of COUNT items of GRAPH, ascending: of their ids, versions
 * and identities. */
int strata_catalogue_content(const struct strata_graph *graph, const uint32_t *items,
	uint32_t count, char content[STRATA_SHA256_HEX_SIZE],
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
