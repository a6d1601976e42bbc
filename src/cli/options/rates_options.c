/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/rates_options.h"

#include <string.h>

#include <stratapack/image.h>

#include "model/rates.h"
#include "util/error.h"

static int apply_rates(void *target, const char *value, struct strata_error *error)
{
	((struct strata_rates_options *)target)->rates = value;
	return 0;
}

static int apply_history(void *target, const char *value, struct strata_error *error)
{
	return strata_strings_add(&((struct strata_rates_options *)target)->history, value, error);
}

static int apply_no_changelogs(void *target, const char *value, struct strata_error *error)
{
	((struct strata_rates_options *)target)->no_changelogs = true;
	return 0;
}

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
		.help = "how often things change, as JSON; what it does not say, the graph suggests",
		.apply = apply_rates},
	{.name = "history",
		.argument = "PLAN|IMAGE",
		.value = STRATA_VALUE_FILE,
		.help = "count what changed from one of these to the next, the oldest first; "
			"repeatable",
		.apply = apply_history},
	{.name = "no-changelogs",
		.help = "do not look into the changelogs of Debian packages for how often they "
			"changed",
		.apply = apply_no_changelogs},
	{.name = "propagation",
		.argument = "own|closure",
		.help = "whether an item changes with its own cause only, or with all that it "
			"refers to (default: own for files, closure for store items)",
		.apply = apply_propagation},
	{.name = NULL},
};

const struct strata_option_group strata_rates_group = {"How items change", rates_options};

int strata_rates_options_churn(const struct strata_rates_options *options,
	const struct strata_graph *graph, const char *root, struct strata_churn **churn,
	struct strata_error *error)
{
	strata_autorates struct strata_rates *rates = strata_rates_new(error);
	struct strata_churn_options churn_options = {options->propagation, rates};
	int result = 0;

	if (!rates)
		return STRATA_ERROR_MEMORY;
	if (!options->no_changelogs)
		result = strata_rates_read_changelogs(rates, graph, root, error);
	if (result == 0 && options->rates)
		result = strata_rates_load(rates, options->rates, error);
	if (result == 0 && options->history.count > 0)
		result = strata_rates_read_history(
			rates, options->history.items, options->history.count, error);
	return result < 0 ? result : strata_churn_new(graph, &churn_options, churn, error);
}

void strata_rates_options_release(struct strata_rates_options *options)
{
	strata_strings_release(&options->history);
}
