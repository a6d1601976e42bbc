/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;

	strata_buffer_append(&text, data, size);
	if (graph && strata_buffer_check(&text, NULL) == 0)
		fuzz_finish(graph, strata_graph_parse_references(graph, "input", &text, &error),
			&error);
	return 0;
}
