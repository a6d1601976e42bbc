/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack simulate: what ways of layering cost over time. No image needs it, so it is a program
 * of its own, stratapack-simulate, which this command runs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options/simulate_options.h"

static const char program[] = "stratapack-simulate";

/* Where the program lies beside this one: PATH is left empty where that cannot be told. */
static void find_beside(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[length < 0 ? 0 : length] = '\0';
	slash = strrchr(path, '/');
	if (slash && (size_t)(slash + 1 - path) + sizeof(program) <= size)
		memcpy(slash + 1, program, sizeof(program));
	else
		path[0] = '\0';
}

static int run_elsewhere(const struct strata_command *command, int argc, char **argv)
{
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	char path[4096];

	find_beside(path, sizeof(path));
	if (path[0])
		execv(path, argv);
	execvp(program, argv);
	if (errno == ENOENT)
		strata_hint(&error,
			strata_fail(
				&error, STRATA_ERROR_UNSUPPORTED, "%s is not installed", program),
			"it is a program of its own, which this build was made without "
			"(meson's option 'simulate')");
	else
		strata_fail_errno(&error, "cannot run '%s'", program);
	return strata_report(&error);
}

static const struct strata_command_group simulate_groups[] = {
	{&strata_simulate_group, offsetof(struct strata_simulate_command, own)},
	{&strata_general_group, offsetof(struct strata_simulate_command, general)},
	{NULL, 0},
};

const struct strata_command strata_command_simulate = {
	.name = "simulate",
	.operands = "STATE...",
	.summary = "compare what strategies cost over time",
	.description =
		"Let strategies plan a series of states of a fleet, and count what the registry "
		"stores and what machines pull. A STATE is packages-index:FILE, graph:FILE, "
		"references-graph:FILE or nix-json:FILE, several files with commas between.",
	.examples = "  # yesterday's closure and today's, every strategy, two bounds\n"
		    "  stratapack simulate --max-layers 25,100 graph:old.json graph:new.json\n"
		    "  # a fleet on Debian stable, with a year of updates\n"
		    "  stratapack simulate --fleet fleet.json --essential --updates year.json \\\n"
		    "    packages-index:stable.packages\n",
	.operand = STRATA_VALUE_FILE,
	.groups = simulate_groups,
	.run = run_elsewhere,
};
