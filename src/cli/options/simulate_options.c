/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/simulate_options.h"

#include <string.h>

#include "util/memory.h"
#include "util/text.h"

int strata_numbers_add(struct strata_numbers *list, uint32_t number, struct strata_error *error)
{
	if (strata_grow(&list->numbers, &list->capacity, list->count + 1, sizeof(*list->numbers)) <
		0)
		return strata_fail_memory(error);
	list->numbers[list->count++] = number;
	return 0;
}

/* Numbers from 1 to LARGEST with commas between. */
static int add_numbers(struct strata_numbers *list, const char *value, uint32_t largest,
	struct strata_error *error)
{
	strata_autofree char *copy = strdup(value);
	int status = copy ? 0 : strata_fail_memory(error);

	for (char *at = copy; status == 0 && at;) {
		uint64_t number;

		if (!strata_text_to_number(strsep(&at, ","), 10, &number) || number == 0 ||
			number > largest)
			return strata_fail(error, STRATA_ERROR_INVALID,
				"this is not a list of numbers from 1 to %u with commas between",
				largest);
		status = strata_numbers_add(list, (uint32_t)number, error);
	}
	return status;
}

static int apply_max_layers(void *target, const char *value, struct strata_error *error)
{
	return add_numbers(
		&((struct strata_simulate_options *)target)->max_layers, value, 1000000, error);
}

static int apply_behind(void *target, const char *value, struct strata_error *error)
{
	return add_numbers(&((struct strata_simulate_options *)target)->behind, value,
		STRATA_LARGEST_BEHIND, error);
}

static int apply_seed(void *target, const char *value, struct strata_error *error)
{
	return add_numbers(
		&((struct strata_simulate_options *)target)->seeds, value, 1000000000, error);
}

static const struct strata_option simulate_options[] = {
	{.name = "fleet",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "the images, see stratapack-fleet(5) (default: one image with all items of "
			"a state)",
		STRATA_STORES_TEXT(struct strata_simulate_options, fleet)},
	{.name = "essential",
		.help = "add the essential packages of the Packages indices to every image",
		STRATA_STORES_FLAG(struct strata_simulate_options, essential)},
	{.name = "updates",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "what changes in the revisions after the last state, see "
			"stratapack-simulate(1)",
		STRATA_STORES_TEXT(struct strata_simulate_options, updates)},
	{.name = "seed",
		.argument = "N[,N]...",
		.help = "what the updates leave to chance; each number is another run (default 1)",
		.apply = apply_seed},
	{.name = "propagate",
		.help = "a change of an item changes all that refers to it, as in Guix and Nix",
		STRATA_STORES_FLAG(struct strata_simulate_options, propagate)},
	{.name = "rates",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "how often the strategies believe causes to fire, see stratapack-rates(5)",
		STRATA_STORES_TEXT(struct strata_simulate_options, rates)},
	{.name = "strategy",
		.argument = "NAME",
		.value = STRATA_VALUE_STRATEGY,
		.help = "let this strategy take part, or 'fleet', 'fleet:STORAGE-WEIGHT', "
			"'churn:STORAGE-WEIGHT', with 'sticky:' before it to extend the plans of "
			"the state before; repeatable (default: all)",
		STRATA_STORES_LIST(struct strata_simulate_options, contenders)},
	{.name = "max-layers",
		.argument = "N[,N]...",
		.help = "bounds on the layers with items (default 100)",
		.apply = apply_max_layers},
	{.name = "behind",
		.argument = "N[,N]...",
		.help = "count the pulls of machines that are so many revisions behind (default 1)",
		.apply = apply_behind},
	{.name = "json",
		.help = "print JSON instead of a table",
		STRATA_STORES_FLAG(struct strata_simulate_options, json)},
	{.name = "plot",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "draw the results, as SVG, into this file too",
		STRATA_STORES_TEXT(struct strata_simulate_options, plot)},
	{.name = NULL},
};

const struct strata_option_group strata_simulate_group = {"Simulation", simulate_options};
