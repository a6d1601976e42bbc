/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "cli/options/registry_options.h"
#include "cli/text/output.h"

/* Open the registry client where COMMAND has options for one, and its words need it. */
static int open_registry(const struct strata_command *command, int argc, char **argv, void *options,
	const struct strata_general_options *general)
{
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;

	for (const struct strata_command_group *at = command->groups; at->group; at++) {
		if (at->group == &strata_registry_group && command->reads_registries &&
			strata_registry_choices_open_for((void *)((char *)options + at->offset),
				argv, (size_t)argc, general->quiet, &error) < 0)
			return strata_report(&error);
	}
	return STRATA_COMMAND_GOES_ON;
}

int strata_command_begin(const struct strata_command *command, int argc, char **argv, void *options,
	const struct strata_general_options *general, int *first)
{
	strata_autobuffer struct strata_buffer help = STRATA_BUFFER_INIT;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;

	if (strata_options_parse(command, argc, argv, options, first, &error) < 0)
		return strata_report_use(&error);
	if (!general->help)
		return open_registry(command, argc, argv, options, general);
	strata_options_help(command, &help);
	return strata_print(&help, &error) < 0 ? strata_report(&error) : STRATA_EXIT_DONE;
}
