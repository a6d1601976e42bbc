/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The completion script for bash, made of the option tables (bash's manual, "Programmable
 * Completion").
 */
#include "cli/command.h"
#include "cli/completion/completion.h"

/* Bash splits words at ':' and '=' by itself, so both appear as words of their own. */
static const char script_start[] =
	"# bash completion for stratapack\n"
	"_stratapack()\n"
	"{\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal command=${COMP_WORDS[1]} options= operands= words= kind=\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W '--help --version ";

static const char script_commands[] =
	"' -- \"$current\")\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcase $current in\n"
	"\t= | :)\n"
	"\t\tprevious=$current\n"
	"\t\tcurrent=\n"
	"\t\t;;\n"
	"\tesac\n"
	"\tif [ \"$previous\" = = ]; then\n"
	"\t\tprevious=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\t\t[ \"${COMP_WORDS[COMP_CWORD]}\" = = ] && previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tfi\n"
	"\tcase $command in\n";

static const char script_kinds[] = "\tesac\n"
				   "\tcase \"$command $previous\" in\n"
				   "\t*' :')\n"
				   "\t\tkind=files\n"
				   "\t\t;;\n";

static const char script_end[] =
	"\tesac\n"
	"\tif [ \"$kind\" = files ]; then\n"
	"\t\tcompopt -o filenames\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
	"\telif [ \"$kind\" = directories ]; then\n"
	"\t\tcompopt -o filenames\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$current\")\n"
	"\telif [ \"$kind\" = transports ]; then\n"
	"\t\tcompopt -o nospace\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -S : -W \"$words\" -- \"$current\")\n"
	"\telif [ \"$kind\" = words ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	"\telif [ \"$kind\" = text ]; then\n"
	"\t\treturn\n"
	"\telif [ \"${current#-}\" != \"$current\" ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
	"\telif [ -n \"$operands\" ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$operands\" -- \"$current\")\n"
	"\telse\n"
	"\t\tcompopt -o filenames\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
	"\tfi\n"
	"}\n"
	"complete -F _stratapack stratapack\n";

static const char *kind_name(enum strata_value_kind kind)
{
	switch (kind) {
	case STRATA_VALUE_TEXT:
		return "text";
	case STRATA_VALUE_FILE:
		return "files";
	case STRATA_VALUE_DIRECTORY:
		return "directories";
	case STRATA_VALUE_DESTINATION:
		return "transports";
	default:
		return "words";
	}
}

static void append_value(
	void *data, const struct strata_command *command, const struct strata_option *option)
{
	struct strata_buffer *buffer = data;

	if (!option->argument || option->optional)
		return;
	strata_buffer_format(buffer, "\t'%s --%s'", command->name, option->name);
	if (option->letter)
		strata_buffer_format(buffer, " | '%s -%c'", command->name, option->letter);
	strata_buffer_format(buffer, ")\n\t\tkind=%s\n\t\twords='", kind_name(option->value));
	strata_completion_words(buffer, option->value, " ");
	strata_buffer_string(buffer, "'\n\t\t;;\n");
}

void strata_completion_bash(struct strata_buffer *buffer)
{
	strata_buffer_string(buffer, script_start);
	strata_completion_words(buffer, STRATA_VALUE_COMMAND, " ");
	strata_buffer_string(buffer, script_commands);
	for (const struct strata_command *const *at = strata_commands; *at; at++) {
		strata_buffer_format(buffer, "\t%s)\n\t\toptions='", (*at)->name);
		strata_completion_options(buffer, *at, " ");
		strata_buffer_string(buffer, "'\n\t\toperands='");
		strata_completion_words(buffer, (*at)->operand, " ");
		strata_buffer_string(buffer, "'\n\t\t;;\n");
	}
	strata_buffer_string(buffer, script_kinds);
	for (const struct strata_command *const *at = strata_commands; *at; at++)
		strata_completion_visit(*at, append_value, buffer);
	strata_buffer_string(buffer, script_end);
}
