/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to a graph and a plan for it.
 */
#ifndef BUILD_PLANNING_H
#define BUILD_PLANNING_H

#include "build/job.h"

/* Read the plan where one is given, the graph, and make the plan or check the given one. The base
 * is open. */
int strata_planning_run(struct strata_job *job, struct strata_error *error) STRATA_MUST_CHECK;

/* Fill the rates of the job with what the request knows of how items of GRAPH change. */
int strata_planning_read_rates(struct strata_job *job, const struct strata_graph *graph,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
