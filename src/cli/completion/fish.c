/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The completion script for fish, made of the option tables (fish's manual, `complete`).
 */
#include <string.h>

#include "cli/command.h"
#include "cli/completion/completion.h"

/* Append TEXT in single quotes. */
static void append_quoted(struct strata_buffer *buffer, const char *text)
{
	strata_buffer_byte(buffer, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			strata_buffer_byte(buffer, '\\');
		strata_buffer_byte(buffer, *text);
	}
	strata_buffer_byte(buffer, '\'');
}

static void append_value(struct strata_buffer *buffer, const struct strata_option *option)
{
	switch (option->value) {
	case STRATA_VALUE_TEXT:
		strata_buffer_string(buffer, " -x");
		break;
	case STRATA_VALUE_FILE:
		strata_buffer_string(buffer, option->optional ? " -F" : " -r -F");
		break;
	case STRATA_VALUE_DIRECTORY:
		strata_buffer_string(buffer, " -x -a '(__fish_complete_directories)'");
		break;
	case STRATA_VALUE_DESTINATION:
		strata_buffer_string(buffer, " -r -F -a '");
		strata_completion_words(buffer, option->value, ": ");
		strata_buffer_string(buffer, ":'");
		break;
	default:
		strata_buffer_string(buffer, " -x -a '");
		strata_completion_words(buffer, option->value, " ");
		strata_buffer_byte(buffer, '\'');
		break;
	}
}

static void append_option(
	void *data, const struct strata_command *command, const struct strata_option *option)
{
	struct strata_buffer *buffer = data;

	strata_buffer_format(buffer,
		"complete -c stratapack -n '__fish_seen_subcommand_from %s' -l %s", command->name,
		option->name);
	if (option->letter)
		strata_buffer_format(buffer, " -s %c", option->letter);
	if (option->argument)
		append_value(buffer, option);
	strata_buffer_string(buffer, " -d ");
	append_quoted(buffer, option->help);
	strata_buffer_byte(buffer, '\n');
}

static void append_command(struct strata_buffer *buffer, const struct strata_command *command)
{
	strata_buffer_format(buffer, "complete -c stratapack -n __fish_use_subcommand -f -a %s -d ",
		command->name);
	append_quoted(buffer, command->summary);
	strata_buffer_byte(buffer, '\n');
	if (command->operand == STRATA_VALUE_SHELL || command->operand == STRATA_VALUE_COMMAND) {
		strata_buffer_format(buffer,
			"complete -c stratapack -n '__fish_seen_subcommand_from %s' -f -a '",
			command->name);
		strata_completion_words(buffer, command->operand, " ");
		strata_buffer_string(buffer, "'\n");
	}
	strata_completion_visit(command, append_option, buffer);
}

void strata_completion_fish(struct strata_buffer *buffer)
{
	strata_buffer_string(buffer,
		"# fish completion for stratapack\n"
		"complete -c stratapack -n __fish_use_subcommand -l help -s h -d 'list the "
		"commands'\n"
		"complete -c stratapack -n __fish_use_subcommand -l version -s V -d 'print the "
		"version'\n");
	for (const struct strata_command *const *at = strata_commands; *at; at++)
		append_command(buffer, *at);
}
