/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program stratapack: find the command and run it.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/program.h"
#include "cli/text/output.h"
#include "util/suggestion.h"

const struct strata_command *const strata_commands[] = {
	&strata_command_build,
	&strata_command_plan,
	&strata_command_layer,
	&strata_command_image,
	&strata_command_index,
	&strata_command_inspect,
	&strata_command_verify,
	&strata_command_why,
	&strata_command_push,
	&strata_command_copy,
	&strata_command_tags,
	&strata_command_login,
	&strata_command_logout,
	&strata_command_simulate,
	&strata_command_diff,
	&strata_command_cache,
	&strata_command_strategies,
	&strata_command_completion,
	&strata_command_help,
	NULL,
};

const struct strata_command *strata_command_find(const char *name)
{
	for (const struct strata_command *const *at = strata_commands; *at; at++)
		if (strcmp((*at)->name, name) == 0)
			return *at;
	return NULL;
}

/* Print TEXT as the whole result of the program. */
static int print_result(const struct strata_buffer *text)
{
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;

	return strata_print(text, &error) < 0 ? strata_report(&error) : STRATA_EXIT_DONE;
}

static int print_overview(void)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	strata_buffer_string(&text,
		"Usage: stratapack COMMAND [OPTION]... [OPERAND]...\n"
		"\n"
		"Make layered container images from the package graph of a Guix, Nix or Debian "
		"system.\n"
		"\n"
		"Examples:\n"
		"  # an image of this Debian machine's python3, for docker and podman\n"
		"  stratapack build python3 --essential -o docker-archive:python.tar:python\n"
		"  # an image of a Guix profile, with its bin as /bin, as an OCI layout\n"
		"  stratapack build \"$(realpath ~/.guix-profile)\" -S /bin=bin -o "
		"oci:layout:tool\n"
		"  # what is in it, and is it sound?\n"
		"  stratapack inspect python.tar && stratapack verify python.tar\n"
		"\n"
		"Commands:\n");
	for (const struct strata_command *const *at = strata_commands; *at; at++)
		strata_buffer_format(&text, "  %-12s%s\n", (*at)->name, (*at)->summary);
	strata_buffer_string(&text,
		"\n"
		"'stratapack COMMAND --help' explains a command; 'stratapack --version' prints the "
		"version.\n");
	return print_result(&text);
}

static int print_version(void)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	strata_buffer_string(&text, "stratapack " STRATA_VERSION "\n");
	return print_result(&text);
}

static int fail_unknown(const char *name)
{
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	struct strata_suggestion near = STRATA_SUGGESTION_INIT;
	int status = strata_fail(&error, STRATA_ERROR_INVALID, "there is no command '%s'", name);

	for (const struct strata_command *const *at = strata_commands; *at; at++)
		strata_suggestion_offer(&near, name, (*at)->name);
	if (near.name)
		strata_hint(&error, status,
			"do you mean '%s'? 'stratapack --help' lists the commands", near.name);
	else
		strata_hint(&error, status, "'stratapack --help' lists the commands");
	return strata_report_use(&error);
}

static int run_help(const struct strata_command *command, int argc, char **argv)
{
	struct strata_general_options general = {.help = false};
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	const struct strata_command *subject;
	int first;
	int code = strata_command_begin(command, argc, argv, &general, &general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (first == argc)
		return print_overview();
	subject = strata_command_find(argv[first]);
	if (!subject)
		return fail_unknown(argv[first]);
	strata_options_help(subject, &text);
	return print_result(&text);
}

static const struct strata_command_group help_groups[] = {
	{&strata_general_group, 0},
	{NULL, 0},
};

const struct strata_command strata_command_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "explain a command",
	.description = "Explain COMMAND, or list all commands.",
	.examples = "  stratapack help build\n",
	.operand = STRATA_VALUE_COMMAND,
	.groups = help_groups,
	.run = run_help,
};

static int dispatch(int argc, char **argv)
{
	const struct strata_command *command;

	if (argc < 2) {
		strata_autoerror struct strata_error error = STRATA_ERROR_INIT;

		strata_hint(&error, strata_fail(&error, STRATA_ERROR_INVALID, "no command given"),
			"'stratapack --help' lists the commands");
		return strata_report_use(&error);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_overview();
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return print_version();
	command = strata_command_find(argv[1]);
	return command ? command->run(command, argc - 1, argv + 1) : fail_unknown(argv[1]);
}

int main(int argc, char **argv)
{
	return strata_program_run(dispatch, argc, argv);
}
