/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the graph of a request comes from: which source each item is looked up in, and reading all
 * sources into one graph.
 */
#ifndef BUILD_SOURCES_H
#define BUILD_SOURCES_H

#include <stratapack/build.h>

#include "util/strings.h"

/* Something that adds records to a graph before that is finished: a fleet's own files. */
struct strata_extra_source {
	int (*fill)(void *data, struct strata_graph *graph, struct strata_error *error);
	void *data;
};

/* Read all sources of REQUEST for COUNT ITEMS, and EXTRA (NULL: none). *GRAPH is finished, and the
 * caller's. */
int strata_sources_read(const struct strata_request *request, const char *const *items,
	size_t count, const struct strata_extra_source *extra, struct strata_graph **graph,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same for the items of a plan, where no items were named. */
int strata_sources_read_planned(const struct strata_request *request,
	const struct strata_plan *plan, struct strata_graph **graph,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Fail where REQUEST has no source for one of COUNT ITEMS, or a source without items: all that can
 * be told before anything is read. */
int strata_sources_check(const struct strata_request *request, const char *const *items,
	size_t count, const struct strata_extra_source *extra,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
