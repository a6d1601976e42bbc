/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack completion: the script that teaches a shell to complete our options.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/completion/completion.h"
#include "cli/text/output.h"

struct completion {
	struct strata_general_options general;
	struct completion_options {
		struct strata_used used;
		const char *command; /* list its options instead */
	} own;
};

static int apply_list_options(void *target, const char *value, struct strata_error *error)
{
	((struct completion_options *)target)->command = value;
	if (strata_command_find(value))
		return 0;
	return strata_fail(error, STRATA_ERROR_INVALID, "there is no such command");
}

/* Hidden: the check of the man pages asks for what they must mention. */
static const struct strata_option completion_options[] = {
	{.name = "list-options",
		.argument = "COMMAND",
		.value = STRATA_VALUE_COMMAND,
		.apply = apply_list_options},
	{.name = NULL},
};

static const struct strata_option_group completion_group = {"Output", completion_options};

static const struct strata_command_group completion_groups[] = {
	{&strata_general_group, offsetof(struct completion, general)},
	{&completion_group, offsetof(struct completion, own)},
	{NULL, 0},
};

static const struct {
	const char *shell;
	void (*write)(struct strata_buffer *buffer);
} writers[] = {
	{"bash", strata_completion_bash},
	{"zsh", strata_completion_zsh},
	{"fish", strata_completion_fish},
};

static int write_script(const char *shell, struct strata_buffer *buffer, struct strata_error *error)
{
	for (size_t index = 0; index < sizeof(writers) / sizeof(*writers); index++)
		if (shell && strcmp(writers[index].shell, shell) == 0) {
			writers[index].write(buffer);
			return 0;
		}
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID, "'%s' is no shell that we know",
			shell ? shell : ""),
		"stratapack completion bash|zsh|fish");
}

static int run_completion(const struct strata_command *command, int argc, char **argv)
{
	struct completion completion = {.general = {.help = false}};
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code =
		strata_command_begin(command, argc, argv, &completion, &completion.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (completion.own.command) {
		strata_completion_options(&text, strata_command_find(completion.own.command), "\n");
		strata_buffer_byte(&text, '\n');
	} else if (write_script(argc - first == 1 ? argv[first] : NULL, &text, &error) < 0) {
		return strata_report_use(&error);
	}
	return strata_print(&text, &error) < 0 ? strata_report(&error) : STRATA_EXIT_DONE;
}

const struct strata_command strata_command_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "print the completion script of a shell",
	.description = "Print the script that lets a shell complete commands and options. An "
		       "installation has it in place already.",
	.examples = "  # for the shell that runs now\n"
		    "  source <(stratapack completion bash)\n"
		    "  stratapack completion fish | source\n",
	.operand = STRATA_VALUE_SHELL,
	.groups = completion_groups,
	.run = run_completion,
};
