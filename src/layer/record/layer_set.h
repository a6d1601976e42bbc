/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An array of layers that releases them together.
 */
#ifndef LAYER_RECORD_LAYER_SET_H
#define LAYER_RECORD_LAYER_SET_H

#include <stratapack/layer.h>

#include "util/memory.h"

struct strata_layer_set {
	struct strata_layer *layers; /* zeroed until filled */
	size_t count;
};

#define strata_autolayers STRATA_CLEANUP(strata_layer_set_release)

/* Room for COUNT layers. */
int strata_layer_set_reserve(
	struct strata_layer_set *set, size_t count, struct strata_error *error) STRATA_MUST_CHECK;
void strata_layer_set_release(struct strata_layer_set *set);

#endif
