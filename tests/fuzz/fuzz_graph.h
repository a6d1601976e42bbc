/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the targets for sources of graphs share.
 */
#ifndef FUZZ_GRAPH_H
#define FUZZ_GRAPH_H

#include <stratapack/graph.h>

#include "fuzz.h"
#include "graph/formats/nar_hash.h"
#include "graph/formats/parsers.h"
#include "graph/formats/source_text.h"
#include "graph/graph.h"
#include "graph/item_name.h"
#include "graph/item_record.h"
#include "graph/nar_size.h"

/* Finish what a source has read, which may fail but not crash. The root directory does not exist,
 * so that nothing of this machine is measured. STATUS is the source's. */
static inline void fuzz_finish(struct strata_graph *graph, int status, struct strata_error *error)
{
	if (status == 0)
		(void)strata_graph_finish(graph, "/nonexistent", error);
	strata_error_clear(error);
}

#endif
