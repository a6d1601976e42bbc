/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/rates_options.h"

#include <string.h>

#include "util/error.h"

static int apply_propagation(void *target, const char *value, struct strata_error *error)
{
	struct strata_rates_options *options = target;

	if (strcmp(value, "own") == 0)
		options->propagation = STRATA_PROPAGATION_OWN;
	else if (strcmp(value, "closure") == 0)
		options->propagation = STRATA_PROPAGATION_CLOSURE;
	else
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"this is no way in which changes spread"),
			"use own, where an item changes only with its own cause, or closure, where "
			"it changes with all that it refers to");
	return 0;
}

static const struct strata_option rates_options[] = {
	{.name = "rates",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "how often things change, as JSON; other rates are estimated from the graph",
		STRATA_STORES_TEXT(struct strata_rates_options, rates)},
	{.name = "history",
		.argument = "PLAN|IMAGE",
		.value = STRATA_VALUE_FILE,
		.help = "count what changed from one of these to the next, the oldest first; "
			"repeatable",
		STRATA_STORES_LIST(struct strata_rates_options, history)},
	{.name = "no-changelogs",
		.help = "do not look into the changelogs of Debian packages for how often they "
			"changed",
		STRATA_STORES_FLAG(struct strata_rates_options, no_changelogs)},
	{.name = "propagation",
		.argument = "own|closure",
		.help = "whether an item changes with its own cause only, or with all that it "
			"refers to (default: own for files, closure for store items)",
		.apply = apply_propagation},
	{.name = NULL},
};

const struct strata_option_group strata_rates_group = {"How items change", rates_options};

void strata_rates_options_apply(
	const struct strata_rates_options *options, struct strata_request *request)
{
	request->rates = options->rates;
	request->history = options->history.items;
	request->history_count = options->history.count;
	request->no_changelogs = options->no_changelogs;
	request->propagation = options->propagation;
}

void strata_rates_options_release(struct strata_rates_options *options)
{
	strata_strings_release(&options->history);
}
