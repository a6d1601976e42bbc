/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipelines: layers by steps that people write, the language of nixpkgs' `layeringPipeline`.
 *
 * A pipeline is a JSON array of steps, and a step an array of an operation's name and its
 * arguments; stratapack-pipeline(5) and docs/pipeline.schema.json describe them. Each step takes
 * and gives one part of the graph, a list of parts, or parts with names. Each part that the last
 * step gives becomes a layer.
 */
#ifndef STRATAPACK_PIPELINE_H
#define STRATAPACK_PIPELINE_H

#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

struct strata_pipeline;

/* Read the pipeline at PATH ("-": stdin). *PIPELINE is the caller's. Its steps are checked when
 * they run. */
STRATA_PUBLIC int strata_pipeline_load(
	const char *path, struct strata_pipeline **pipeline, struct strata_error *error);
STRATA_PUBLIC void strata_pipeline_free(struct strata_pipeline *pipeline);

/* The strategy that divides items by the steps of PIPELINE, which must outlive it.
 * STRATA_ERROR_INVALID where a step cannot be done, where the steps make more layers than the bound
 * allows, and where an item is in no layer. */
STRATA_PUBLIC struct strata_strategy strata_pipeline_strategy(
	const struct strata_pipeline *pipeline);

#ifdef __cplusplus
}
#endif

#endif
