/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/strategy_options.h"

#include "cli/options/quantity.h"
#include "util/suggestion.h"
#include "util/text.h"

static int apply_strategy(void *target, const char *value, struct strata_error *error)
{
	struct strata_strategy_options *options = target;
	strata_autobuffer struct strata_buffer names = STRATA_BUFFER_INIT;
	struct strata_suggestion near = STRATA_SUGGESTION_INIT;

	options->strategy = strata_strategy_find(value);
	if (options->strategy)
		return 0;
	for (const struct strata_strategy *const *at = strata_strategies(); *at; at++) {
		strata_buffer_format(&names, "%s%s", names.length ? ", " : "", (*at)->name);
		strata_suggestion_offer(&near, value, (*at)->name);
	}
	if (near.name)
		return strata_hint(error,
			strata_fail(
				error, STRATA_ERROR_INVALID, "there is no strategy with this name"),
			"do you mean '%s'? 'stratapack strategies' lists them all", near.name);
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID, "there is no strategy with this name"),
		"the strategies are %s; 'stratapack strategies' explains them", names.data);
}

static int apply_max_layers(void *target, const char *value, struct strata_error *error)
{
	struct strata_strategy_options *options = target;
	uint64_t number;

	options->above_base = *value == '+';
	value += options->above_base;
	if (!strata_text_to_number(value, 10, &number) || number == 0 || number > UINT32_MAX)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "this is not a number of layers from 1 on");
	options->max_layers = (uint32_t)number;
	return 0;
}

static int apply_storage_weight(void *target, const char *value, struct strata_error *error)
{
	struct strata_strategy_options *options = target;

	options->has_storage_weight = true;
	return strata_quantity_thousandths(
		value, STRATA_LARGEST_STORAGE_WEIGHT, &options->storage_weight, error);
}

static const struct strata_option strategy_options[] = {
	{.name = "strategy",
		.argument = "NAME",
		.value = STRATA_VALUE_STRATEGY,
		.help = "how items share layers; 'stratapack strategies' lists the names, the "
			"default first",
		.apply = apply_strategy},
	{.name = "pipeline",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "divide items by the steps in this file, which are those of nixpkgs' "
			"layeringPipeline",
		STRATA_STORES_TEXT(struct strata_strategy_options, pipeline)},
	{.name = "max-layers",
		.argument = "[+]N",
		.help = "bound on the layers of the whole image, customisation included (default "
			"100), or with + of those above a base image",
		.apply = apply_max_layers},
	{.name = "below",
		.argument = "PLAN",
		.value = STRATA_VALUE_FILE,
		.help = "take the layers of this plan as they are, at the bottom, and divide what "
			"they do not hold",
		STRATA_STORES_TEXT(struct strata_strategy_options, below)},
	{.name = "previous",
		.argument = "PLAN|IMAGE|CATALOGUE",
		.value = STRATA_VALUE_FILE,
		.help = "keep the layers of this plan, of the image that machines have, or of the "
			"fleet that this catalogue is of, unless a change saves more than it makes "
			"machines pull",
		STRATA_STORES_TEXT(struct strata_strategy_options, previous)},
	{.name = "storage-weight",
		.argument = "N",
		.help = "what bytes that a registry stores are worth, against those that machines "
			"pull: above 1 for less storage, below for smaller updates (default 1)",
		.apply = apply_storage_weight},
	{.name = NULL},
};

const struct strata_option_group strata_strategy_group = {"Layering", strategy_options};

static const struct strata_option force_options[] = {
	{.name = "force",
		.help = "allow more than 125 layers, which Docker's classic store cannot load",
		STRATA_STORES_FLAG(struct strata_force_options, force)},
	{.name = NULL},
};

const struct strata_option_group strata_force_group = {"Limits", force_options};
