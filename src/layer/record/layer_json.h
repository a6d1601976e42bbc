/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer's facts as JSON (docs/layer.schema.json): beside its blob, and in the cache.
 */
#ifndef LAYER_RECORD_LAYER_JSON_H
#define LAYER_RECORD_LAYER_JSON_H

#include <stratapack/layer.h>

#include "util/json.h"
#include "util/json_writer.h"

void strata_layer_write(struct strata_json_writer *json, const struct strata_layer *layer);

/* Read what strata_layer_write() wrote; the blob stays NULL. On failure LAYER may hold parts:
 * release it. */
int strata_layer_read(struct strata_layer *layer, const struct strata_json *object,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Hash the layer's blob again; STRATA_ERROR_MISMATCH where it is not what the layer says. */
int strata_layer_check_blob(
	const struct strata_layer *layer, struct strata_error *error) STRATA_MUST_CHECK;

#endif
