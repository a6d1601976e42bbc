/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The completion script for zsh, made of the option tables (zshcompsys(1), `_arguments`).
 */
#include <string.h>

#include "cli/command.h"
#include "cli/completion/completion.h"

/* Append TEXT for the inside of a single-quoted specification of _arguments. */
static void append_quoted(struct strata_buffer *buffer, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			strata_buffer_string(buffer, "'\\''");
		else if (strchr("[]:\\", *text))
			strata_buffer_format(buffer, "\\%c", *text);
		else
			strata_buffer_byte(buffer, *text);
	}
}

static void append_action(struct strata_buffer *buffer, enum strata_value_kind kind)
{
	switch (kind) {
	case STRATA_VALUE_TEXT:
		strata_buffer_byte(buffer, ' ');
		break;
	case STRATA_VALUE_FILE:
		strata_buffer_string(buffer, "_files");
		break;
	case STRATA_VALUE_DIRECTORY:
		strata_buffer_string(buffer, "_files -/");
		break;
	case STRATA_VALUE_DESTINATION:
		strata_buffer_string(buffer, "_stratapack_destination");
		break;
	default:
		strata_buffer_byte(buffer, '(');
		strata_completion_words(buffer, kind, " ");
		strata_buffer_byte(buffer, ')');
		break;
	}
}

/* One specification: '*--name=[help]:ARGUMENT:action'. */
static void append_specification(
	struct strata_buffer *buffer, const struct strata_option *option, const char *spelling)
{
	strata_buffer_format(buffer, " \\\n\t\t\t'*%s", spelling);
	strata_buffer_string(buffer, "[");
	append_quoted(buffer, option->help);
	strata_buffer_byte(buffer, ']');
	if (option->argument) {
		strata_buffer_string(buffer, option->optional ? "::" : ":");
		append_quoted(buffer, option->argument);
		strata_buffer_byte(buffer, ':');
		append_action(buffer, option->value);
	}
	strata_buffer_byte(buffer, '\'');
}

static void append_option(
	void *data, const struct strata_command *command, const struct strata_option *option)
{
	strata_autobuffer struct strata_buffer spelling = STRATA_BUFFER_INIT;
	const char *joint = "";

	if (option->argument)
		joint = option->optional ? "=-" : "=";
	strata_buffer_format(&spelling, "--%s%s", option->name, joint);
	append_specification(data, option, spelling.data);
	if (!option->letter)
		return;
	strata_buffer_truncate(&spelling, 0);
	strata_buffer_format(&spelling, "-%c%s", option->letter, option->argument ? "+" : "");
	append_specification(data, option, spelling.data);
}

static void append_commands(struct strata_buffer *buffer)
{
	for (const struct strata_command *const *at = strata_commands; *at; at++) {
		strata_buffer_format(buffer, "\t\t\t'%s:", (*at)->name);
		append_quoted(buffer, (*at)->summary);
		strata_buffer_string(buffer, "'\n");
	}
}

void strata_completion_zsh(struct strata_buffer *buffer)
{
	strata_buffer_string(buffer, "#compdef stratapack\n"
				     "\n"
				     "_stratapack_destination()\n"
				     "{\n"
				     "\tif compset -P 1 '*:'; then\n"
				     "\t\t_files\n"
				     "\telse\n"
				     "\t\tcompadd -S : -- ");
	strata_completion_words(buffer, STRATA_VALUE_DESTINATION, " ");
	strata_buffer_string(buffer, "\n"
				     "\tfi\n"
				     "}\n"
				     "\n"
				     "_stratapack()\n"
				     "{\n"
				     "\tif (( CURRENT == 2 )); then\n"
				     "\t\tlocal -a commands=(\n");
	append_commands(buffer);
	strata_buffer_string(buffer, "\t\t)\n"
				     "\t\t_describe command commands\n"
				     "\t\treturn\n"
				     "\tfi\n"
				     "\tlocal command=$words[2]\n"
				     "\tshift words\n"
				     "\t(( CURRENT-- ))\n"
				     "\tcase $command in\n");
	for (const struct strata_command *const *at = strata_commands; *at; at++) {
		strata_buffer_format(buffer, "\t%s)\n\t\t_arguments -s -S", (*at)->name);
		strata_completion_visit(*at, append_option, buffer);
		/* Where zsh could only name the operand, that would keep it from completing
		 * options. */
		if ((*at)->operands && (*at)->operand != STRATA_VALUE_TEXT) {
			strata_buffer_string(buffer, " \\\n\t\t\t'*:operand:");
			append_action(buffer, (*at)->operand);
			strata_buffer_byte(buffer, '\'');
		}
		strata_buffer_string(buffer, "\n\t\t;;\n");
	}
	strata_buffer_string(buffer, "\tesac\n"
				     "}\n"
				     "\n"
				     "_stratapack \"$@\"\n");
}
