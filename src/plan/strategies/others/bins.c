/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/strategies/others/bins.h"

#include "util/error.h"
#include "util/memory.h"

int strata_bins_write(struct strata_partition *partition, const uint32_t *bin_of,
	uint32_t bin_count, struct strata_error *error)
{
	strata_autofree uint32_t *next = strata_allocate((size_t)bin_count + 1, sizeof(*next));

	if (!next)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < partition->item_count; i++)
		next[bin_of[i] + 1]++;
	partition->layer_count = 0;
	for (uint32_t bin = 0; bin < bin_count; bin++) {
		if (next[bin + 1] > 0)
			partition->ends[partition->layer_count++] = next[bin] + next[bin + 1];
		next[bin + 1] += next[bin];
	}
	for (uint32_t i = 0; i < partition->item_count; i++)
		partition->order[next[bin_of[i]]++] = i;
	return 0;
}
