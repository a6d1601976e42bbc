/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strategy `single`: one layer with everything.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "plan/strategies/cut.h"
#include "plan/strategies/strategies.h"

static int partition_single(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_partition_single(partition);
	return 0;
}

const struct strata_strategy strata_strategy_single = {
	.name = "single",
	.summary = "everything in one layer",
	.trade_off =
		"The smallest and simplest image, and the fastest to load once. Every change of "
		"any item sends and stores everything again.",
	.customisation_on_top_layer = true,
	.partition = partition_single,
};
