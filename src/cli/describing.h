/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests without blobs.
 */
#ifndef CLI_DESCRIBING_H
#define CLI_DESCRIBING_H

#include "cli/options/cache_options.h"
#include "cli/options/layer_options.h"
#include "cli/planning.h"

/* Append to BUFFER, as JSON, what an image of the plan for PLATFORM would be: its layers with all
 * digests and sizes, and manifest and image ID with no other image options than the defaults. */
int strata_describe_plan(const struct strata_planning *planning,
	const struct strata_platform *platform, const struct strata_layer_options *layer,
	const struct strata_cache_options *cache_options, const struct strata_observer *observer,
	struct strata_buffer *buffer, struct strata_error *error) STRATA_MUST_CHECK;

#endif
