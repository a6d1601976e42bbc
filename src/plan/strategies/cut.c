/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/strategies/cut.h"

void strata_partition_cut(struct strata_partition *partition, uint32_t bound)
{
	uint32_t layers = partition->item_count < bound ? partition->item_count : bound;

	for (uint32_t layer = 0; layer < layers; layer++)
		partition->ends[layer] = layer + 1;
	partition->ends[layers - 1] = partition->item_count;
	partition->layer_count = layers;
}

void strata_partition_single(struct strata_partition *partition)
{
	for (uint32_t i = 0; i < partition->item_count; i++)
		partition->order[i] = i;
	strata_partition_cut(partition, 1);
}
