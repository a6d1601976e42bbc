/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/graph.h>

#include "fuzz_file.h"

/* The input is a Packages index of a Debian archive. */
static void use(const char *path, struct strata_error *error)
{
	const struct strata_packages_index_options options = {.files = &path, .file_count = 1};
	struct strata_graph *graph = strata_graph_new(error);

	if (graph && strata_graph_read_packages_index(graph, &options, error) == 0 &&
		strata_graph_finish(graph, NULL, error) < 0)
		strata_error_clear(error);
	strata_graph_free(graph);
}

FUZZ_FILE(use)
