/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack strategies: the ways to divide items into layers.
 */
#include <stratapack/plan.h>

#include "cli/command.h"
#include "cli/text/output.h"
#include "util/json_writer.h"

struct strategies {
	struct strata_general_options general;
	struct strategies_options {
		struct strata_used used;
		bool json;
	} own;
};

static const struct strata_option strategies_options[] = {
	{.name = "json",
		.help = "print JSON instead of text",
		STRATA_STORES_FLAG(struct strategies_options, json)},
	{.name = NULL},
};

static const struct strata_option_group strategies_group = {"Output", strategies_options};

static const struct strata_command_group strategies_groups[] = {
	{&strategies_group, offsetof(struct strategies, own)},
	{&strata_general_group, offsetof(struct strategies, general)},
	{NULL, 0},
};

static void write_json(struct strata_buffer *buffer)
{
	struct strata_json_writer json = {.buffer = buffer, .indented = true};

	strata_json_begin_array(&json);
	for (const struct strata_strategy *const *at = strata_strategies(); *at; at++) {
		strata_json_begin_object(&json);
		strata_json_member_string(&json, "name", (*at)->name);
		strata_json_member_string(&json, "summary", (*at)->summary);
		strata_json_member_string(&json, "tradeOff", (*at)->trade_off);
		strata_json_member_bool(&json, "default", at == strata_strategies());
		strata_json_end_object(&json);
	}
	strata_json_end_array(&json);
	strata_buffer_byte(buffer, '\n');
}

static void write_text(struct strata_buffer *buffer)
{
	for (const struct strata_strategy *const *at = strata_strategies(); *at; at++)
		strata_buffer_format(buffer, "%s%s\n    %s\n    %s\n", (*at)->name,
			at == strata_strategies() ? " (default)" : "", (*at)->summary,
			(*at)->trade_off);
}

static int run_strategies(const struct strata_command *command, int argc, char **argv)
{
	struct strategies strategies = {.general = {.help = false}};
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code =
		strata_command_begin(command, argc, argv, &strategies, &strategies.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (first != argc) {
		strata_fail(
			&error, STRATA_ERROR_INVALID, "'%s' is one operand too many", argv[first]);
		return strata_report_use(&error);
	}
	if (strategies.own.json)
		write_json(&text);
	else
		write_text(&text);
	return strata_print(&text, &error) < 0 ? strata_report(&error) : STRATA_EXIT_DONE;
}

const struct strata_command strata_command_strategies = {
	.name = "strategies",
	.summary = "list the ways to divide items into layers",
	.description = "List the strategies that --strategy takes, what they do, and what they "
		       "cost. The first is the default.",
	.examples = "  stratapack strategies\n"
		    "  stratapack strategies --json | jq -r '.[].name'\n",
	.operand = STRATA_VALUE_TEXT,
	.groups = strategies_groups,
	.run = run_strategies,
};
