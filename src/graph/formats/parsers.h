/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sources that are files, from memory: what readers of files and fuzzers call.
 */
#ifndef GRAPH_FORMATS_PARSERS_H
#define GRAPH_FORMATS_PARSERS_H

#include <stratapack/graph.h>

#include "util/buffer.h"

/* The sources from memory; NAME is what messages call the text. The references parser cuts TEXT
 * into lines in place. */
int strata_graph_parse_references(struct strata_graph *graph, const char *name,
	struct strata_buffer *text, struct strata_error *error) STRATA_MUST_CHECK;
int strata_graph_parse_nix_json(struct strata_graph *graph, const char *name, const char *text,
	size_t length, struct strata_error *error) STRATA_MUST_CHECK;
int strata_graph_parse_json(struct strata_graph *graph, const char *name, const char *text,
	size_t length, struct strata_error *error) STRATA_MUST_CHECK;

#endif
