/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strategy "origin" of apko: the packages of one source share a layer, and the sources with
 * most bytes have one of their own. What apko merges since one package replaces another, and the
 * layer for files of no package, have no counterpart here.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "plan/strategies/others/bins.h"
#include "plan/strategies/others/sources.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/memory.h"

struct sized {
	uint64_t size;
	uint32_t group;
};

/* Largest first; groups are in the order of their names. */
static int compare_sized(const void *left, const void *right)
{
	const struct sized *a = left, *b = right;

	if (a->size != b->size)
		return a->size < b->size ? 1 : -1;
	return (a->group > b->group) - (a->group < b->group);
}

static int partition_by_origin(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autosourcegroups struct strata_source_groups sources = STRATA_SOURCE_GROUPS_INIT;
	strata_autofree struct sized *sorted = NULL;
	strata_autofree uint32_t *bin_of_group = NULL;
	strata_autofree uint32_t *bins = strata_allocate(partition->item_count, sizeof(*bins));
	int status = strata_source_groups_find(graph, NULL, &sources, error);

	if (status < 0)
		return status;
	sorted = strata_allocate(sources.count, sizeof(*sorted));
	bin_of_group = strata_allocate(sources.count, sizeof(*bin_of_group));
	if (!sorted || !bin_of_group || !bins)
		return strata_fail_memory(error);
	for (uint32_t g = 0; g < sources.count; g++)
		sorted[g] = (struct sized){sources.groups[g].size, g};
	qsort(sorted, sources.count, sizeof(*sorted), compare_sized);
	for (uint32_t g = 0; g < sources.count; g++)
		bin_of_group[sorted[g].group] = g < bound ? g : bound - 1;
	for (uint32_t i = 0; i < partition->item_count; i++)
		bins[i] = bin_of_group[sources.of_item[i]];
	return strata_bins_write(
		partition, bins, sources.count < bound ? sources.count : bound, error);
}

const struct strata_strategy strata_strategy_origin = {
	.name = "origin",
	.summary = "apko's own: the packages of each of the largest sources, the rest together",
	.trade_off =
		"Packages that are built together travel together, so an update of a large source "
		"renews its own layer alone. The rest, hundreds of small sources, is renewed by an "
		"update of any of them.",
	.partition = partition_by_origin,
};
