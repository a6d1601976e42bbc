/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/pipeline.h>

#include "fuzz_file.h"

/* The input is a pipeline of layers. */
static void use(const char *path, struct strata_error *error)
{
	struct strata_pipeline *pipeline;

	if (strata_pipeline_load(path, &pipeline, error) == 0)
		strata_pipeline_free(pipeline);
}

FUZZ_FILE(use)
