/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "cli/text/output.h"

int strata_command_begin(const struct strata_command *command, int argc, char **argv, void *options,
	const struct strata_general_options *general, int *first)
{
	strata_autobuffer struct strata_buffer help = STRATA_BUFFER_INIT;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;

	if (strata_options_parse(command, argc, argv, options, first, &error) < 0)
		return strata_report_use(&error);
	if (!general->help)
		return STRATA_COMMAND_GOES_ON;
	strata_options_help(command, &help);
	return strata_print(&help, &error) < 0 ? strata_report(&error) : STRATA_EXIT_DONE;
}
