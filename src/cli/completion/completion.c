/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion/completion.h"

#include <stratapack/image.h>
#include <stratapack/plan.h>

#include "cli/command.h"

static void append_word(
	struct strata_buffer *buffer, size_t start, const char *word, const char *separator)
{
	strata_buffer_format(buffer, "%s%s", buffer->length > start ? separator : "", word);
}

void strata_completion_words(
	struct strata_buffer *buffer, enum strata_value_kind kind, const char *separator)
{
	static const char *const codecs[] = {"none", "gzip", "zstd"};
	static const char *const shells[] = {"bash", "zsh", "fish"};
	size_t start = buffer->length;

	switch (kind) {
	case STRATA_VALUE_STRATEGY:
		for (const struct strata_strategy *const *at = strata_strategies(); *at; at++)
			append_word(buffer, start, (*at)->name, separator);
		break;
	case STRATA_VALUE_COMPRESSION:
		for (size_t index = 0; index < sizeof(codecs) / sizeof(*codecs); index++)
			append_word(buffer, start, codecs[index], separator);
		break;
	case STRATA_VALUE_SHELL:
		for (size_t index = 0; index < sizeof(shells) / sizeof(*shells); index++)
			append_word(buffer, start, shells[index], separator);
		break;
	case STRATA_VALUE_COMMAND:
		for (const struct strata_command *const *at = strata_commands; *at; at++)
			append_word(buffer, start, (*at)->name, separator);
		break;
	case STRATA_VALUE_DESTINATION:
		for (int format = 0; format <= STRATA_FORMAT_REGISTRY; format++)
			append_word(buffer, start, strata_format_name((enum strata_format)format),
				separator);
		break;
	case STRATA_VALUE_TEXT:
	case STRATA_VALUE_FILE:
	case STRATA_VALUE_DIRECTORY:
		break;
	}
}

void strata_completion_visit(const struct strata_command *command,
	void (*visit)(void *data, const struct strata_command *command,
		const struct strata_option *option),
	void *data)
{
	for (const struct strata_command_group *use = command->groups; use->group; use++)
		for (const struct strata_option *option = use->group->options; option->name;
			option++)
			if (option->help)
				visit(data, command, option);
}

struct option_list {
	struct strata_buffer *buffer;
	size_t start;
	const char *separator;
};

static void add_option(
	void *data, const struct strata_command *command, const struct strata_option *option)
{
	struct option_list *list = data;

	append_word(list->buffer, list->start, "--", list->separator);
	strata_buffer_string(list->buffer, option->name);
	if (option->letter)
		strata_buffer_format(list->buffer, "%s-%c", list->separator, option->letter);
}

void strata_completion_options(
	struct strata_buffer *buffer, const struct strata_command *command, const char *separator)
{
	struct option_list list = {buffer, buffer->length, separator};

	strata_completion_visit(command, add_option, &list);
}
