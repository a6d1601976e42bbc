/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/record/layer_set.h"

#include "util/error.h"

int strata_layer_set_reserve(struct strata_layer_set *set, size_t count, struct strata_error *error)
{
	set->layers = strata_allocate(count, sizeof(*set->layers));
	if (!set->layers)
		return strata_fail_memory(error);
	set->count = count;
	return 0;
}

void strata_layer_set_release(struct strata_layer_set *set)
{
	for (size_t index = 0; index < set->count; index++)
		strata_layer_release(&set->layers[index]);
	free(set->layers);
}
