/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about how items change.
 */
#ifndef CLI_OPTIONS_RATES_OPTIONS_H
#define CLI_OPTIONS_RATES_OPTIONS_H

#include <stratapack/build.h>

#include "cli/options/option_table.h"

struct strata_rates_options {
	struct strata_used used;
	const char *rates;             /* a rates file; NULL: none */
	struct strata_strings history; /* images or plans, the oldest first */
	bool no_changelogs;
	enum strata_propagation propagation;
};
extern const struct strata_option_group strata_rates_group;

/* Say in REQUEST what the options say. */
void strata_rates_options_apply(
	const struct strata_rates_options *options, struct strata_request *request);

void strata_rates_options_release(struct strata_rates_options *options);

#endif
