/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about how items change.
 */
#ifndef CLI_OPTIONS_RATES_OPTIONS_H
#define CLI_OPTIONS_RATES_OPTIONS_H

#include <stratapack/churn.h>

#include "cli/options/option_table.h"

struct strata_rates_options {
	struct strata_used used;
	const char *rates;             /* a rates file; NULL: none */
	struct strata_strings history; /* images or plans, the oldest first */
	bool no_changelogs;
	enum strata_propagation propagation;
};
extern const struct strata_option_group strata_rates_group;

/* The churn of GRAPH, whose files are under ROOT (NULL: "/"), by what the options say. *CHURN is
 * the caller's, and GRAPH must outlive it. */
int strata_rates_options_churn(const struct strata_rates_options *options,
	const struct strata_graph *graph, const char *root, struct strata_churn **churn,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_rates_options_release(struct strata_rates_options *options);

#endif
