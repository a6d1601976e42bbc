/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	if (graph)
		fuzz_finish(graph,
			strata_graph_parse_nix_json(
				graph, "input", (const char *)data, size, &error),
			&error);
	return 0;
}
