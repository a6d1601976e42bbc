/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as people want to see it: what is in each layer, how often it changes and why, and how far
 * all of it is from the least possible.
 */
#ifndef CLI_TEXT_EXPLAINING_H
#define CLI_TEXT_EXPLAINING_H

#include <stratapack/forecast.h>

#include "util/buffer.h"
#include "util/error.h"

/* Append the layers of PLAN for GRAPH as a table. */
int strata_plan_table(const struct strata_plan *plan, const struct strata_graph *graph,
	const struct strata_churn *churn, const struct strata_forecast *forecast,
	struct strata_buffer *buffer, struct strata_error *error) STRATA_MUST_CHECK;

/* Append the figures of the model. */
int strata_forecast_text(const struct strata_churn *churn, const struct strata_forecast *forecast,
	struct strata_buffer *buffer, struct strata_error *error) STRATA_MUST_CHECK;

/* Append both as JSON (docs/explain.schema.json). */
void strata_forecast_json(const struct strata_plan *plan, const struct strata_churn *churn,
	const struct strata_forecast *forecast, struct strata_buffer *buffer);

#endif
