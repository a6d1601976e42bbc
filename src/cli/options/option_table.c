/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/option_table.h"

#include <getopt.h>
#include <stdint.h>
#include <string.h>

#include "util/memory.h"
#include "util/suggestion.h"

enum {
	OPTION_LIMIT = 128, /* options of one command; its tables are ours */
	FIRST_VALUE = 256,  /* getopt's values from here on are indices into the list */
	HELP_COLUMN = 26,
	HELP_WIDTH = 92,
};

/* One option of a command and the structure that it writes to. */
struct bound_option {
	const struct strata_option *option;
	struct strata_used *target;
};

struct bound_options {
	struct bound_option list[OPTION_LIMIT];
	struct option longs[OPTION_LIMIT + 1];
	char letters[3 * OPTION_LIMIT + 2];
	size_t count;
};

static void bind_option(
	struct bound_options *bound, const struct strata_option *option, struct strata_used *target)
{
	struct option *entry = &bound->longs[bound->count];
	size_t length = strlen(bound->letters);

	entry->name = option->name;
	entry->val = FIRST_VALUE + (int)bound->count;
	entry->has_arg = no_argument;
	if (option->argument)
		entry->has_arg = option->optional ? optional_argument : required_argument;
	if (option->letter) {
		bound->letters[length++] = option->letter;
		if (option->argument)
			bound->letters[length++] = ':';
	}
	bound->list[bound->count].option = option;
	bound->list[bound->count].target = target;
	bound->count++;
}

/* All options of COMMAND as getopt_long wants them. The leading ':' tells a missing argument from
 * an unknown option. */
static int bind_options(const struct strata_command *command, char *target,
	struct bound_options *bound, struct strata_error *error)
{
	memset(bound, 0, sizeof(*bound));
	bound->letters[0] = ':';
	for (const struct strata_command_group *use = command->groups; use->group; use++) {
		const struct strata_option *option;

		for (option = use->group->options; option->name; option++) {
			if (bound->count == OPTION_LIMIT)
				return strata_fail(error, STRATA_ERROR_INVALID,
					"'%s' has too many options", command->name);
			bind_option(bound, option, (void *)(target + use->offset));
		}
	}
	return 0;
}

static const struct bound_option *find_option(const struct bound_options *bound, int value)
{
	if (value >= FIRST_VALUE)
		return &bound->list[value - FIRST_VALUE];
	for (size_t index = 0; index < bound->count; index++)
		if (value && bound->list[index].option->letter == value)
			return &bound->list[index];
	return NULL;
}

static int store(const struct strata_option *option, char *target, const char *value,
	struct strata_error *error)
{
	void *member = target + option->offset;

	switch (option->store) {
	case STRATA_STORE_FLAG:
		*(bool *)member = true;
		return 0;
	case STRATA_STORE_TEXT:
		*(const char **)member = value;
		return 0;
	case STRATA_STORE_LIST:
		return strata_strings_add(member, value, error);
	default:
		return option->apply(target, value, error);
	}
}

static int apply_option(
	const struct bound_option *bound, const char *value, struct strata_error *error)
{
	const struct strata_option *option = bound->option;
	int status = store(option, (char *)bound->target, value, error);

	if (status < 0 && value)
		return strata_context(error, status, "--%s '%s'", option->name, value);
	if (status < 0)
		return strata_context(error, status, "--%s", option->name);
	if (!bound->target->option)
		bound->target->option = option->name;
	return 0;
}

/* What other tools call things that a command has under another name. */
static const struct {
	const char *word, *option, *hint; /* the option that the hint is about */
} foreign_names[] = {
	{"--format", "output", "the format is the transport of -o: oci:PATH, docker-archive:FILE"},
	{"--iidfile", "json", "--json prints the digest of the image"},
	{"-f", "output", "there is no file of instructions: options say what is in the image"},
	{"--file", "output", "there is no file of instructions: options say what is in the image"},
};

static bool has_option(const struct bound_options *bound, const char *name)
{
	for (size_t index = 0; index < bound->count; index++)
		if (strcmp(bound->list[index].option->name, name) == 0)
			return true;
	return false;
}

/* Say what may be meant by WORD, which is none of the options. Returns RESULT. */
static int hint_option(const struct strata_command *command, const struct bound_options *bound,
	const char *word, int result, struct strata_error *error)
{
	struct strata_suggestion near = STRATA_SUGGESTION_INIT;
	strata_autofree char *name = strndup(word, strcspn(word, "="));

	if (!name)
		return strata_fail_memory(error);
	for (size_t index = 0; index < sizeof(foreign_names) / sizeof(*foreign_names); index++)
		if (strcmp(name, foreign_names[index].word) == 0 &&
			has_option(bound, foreign_names[index].option))
			return strata_hint(error, result, "%s", foreign_names[index].hint);
	for (size_t index = 0; index < bound->count && strncmp(name, "--", 2) == 0; index++)
		if (bound->list[index].option->help)
			strata_suggestion_offer(&near, name + 2, bound->list[index].option->name);
	if (near.name)
		return strata_hint(error, result,
			"do you mean '--%s'? 'stratapack %s --help' lists the options", near.name,
			command->name);
	return strata_hint(
		error, result, "'stratapack %s --help' lists the options", command->name);
}

static int fail_option(const struct strata_command *command, const struct bound_options *bound,
	int found, const char *word, struct strata_error *error)
{
	const struct bound_option *option = find_option(bound, optopt);
	char letter[] = {'-', (char)optopt, '\0'};
	int status;

	if (found == ':' && option)
		status = strata_fail(error, STRATA_ERROR_INVALID,
			"the option '--%s' needs an argument: %s", option->option->name,
			option->option->argument);
	else if (option)
		status = strata_fail(error, STRATA_ERROR_INVALID,
			"the option '--%s' takes no argument", option->option->name);
	else if (optopt)
		status = strata_fail(
			error, STRATA_ERROR_INVALID, "there is no option '-%c'", optopt);
	else
		status = strata_fail(error, STRATA_ERROR_INVALID,
			"the option '%s' is unknown or ambiguous", word);
	return hint_option(command, bound, optopt ? letter : word, status, error);
}

int strata_options_parse(const struct strata_command *command, int argc, char **argv, void *target,
	int *first, struct strata_error *error)
{
	struct bound_options bound;
	int status = bind_options(command, target, &bound, error);

	if (status < 0)
		return status;
	opterr = 0;
	optind = 0; /* makes glibc start afresh */
	for (;;) {
		int place = optind > 0 ? optind : 1;
		int found = getopt_long(argc, argv, bound.letters, bound.longs, NULL);

		if (found == -1)
			break;
		if (found == '?' || found == ':')
			return fail_option(command, &bound, found,
				argv[optind > 1 ? optind - 1 : place], error);
		status = apply_option(find_option(&bound, found), optarg, error);
		if (status < 0)
			return status;
	}
	*first = optind;
	return 0;
}

/* Append TEXT, broken between words, in a column of its own; newlines in it are kept. */
static void append_wrapped(struct strata_buffer *buffer, const char *text, size_t column)
{
	size_t at = column;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (at > column && at + 1 + word > HELP_WIDTH) {
			strata_buffer_format(buffer, "\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			strata_buffer_byte(buffer, ' ');
			at++;
		}
		strata_buffer_append(buffer, text, word);
		at += word;
		text += word;
		if (*text == '\n') {
			strata_buffer_format(buffer, "\n%*s", (int)column, "");
			at = column;
		}
		if (*text)
			text++;
	}
	strata_buffer_byte(buffer, '\n');
}

static void append_option(struct strata_buffer *buffer, const struct strata_option *option)
{
	size_t start = buffer->length, width;

	if (option->letter)
		strata_buffer_format(buffer, "  -%c, --%s", option->letter, option->name);
	else
		strata_buffer_format(buffer, "      --%s", option->name);
	if (option->argument && option->optional)
		strata_buffer_format(buffer, "[=%s]", option->argument);
	else if (option->argument)
		strata_buffer_format(buffer, " %s", option->argument);
	width = buffer->length - start;
	if (width + 2 > HELP_COLUMN)
		strata_buffer_format(buffer, "\n%*s", HELP_COLUMN, "");
	else
		strata_buffer_format(buffer, "%*s", (int)(HELP_COLUMN - width), "");
	append_wrapped(buffer, option->help, HELP_COLUMN);
}

static void append_group(struct strata_buffer *buffer, const struct strata_option_group *group)
{
	bool has_title = false;

	for (const struct strata_option *option = group->options; option->name; option++) {
		if (!option->help)
			continue;
		if (!has_title)
			strata_buffer_format(buffer, "\n%s:\n", group->title);
		has_title = true;
		append_option(buffer, option);
	}
}

void strata_options_help(const struct strata_command *command, struct strata_buffer *buffer)
{
	strata_buffer_format(buffer, "Usage: stratapack %s [OPTION]...%s%s\n\n", command->name,
		command->operands ? " " : "", command->operands ? command->operands : "");
	append_wrapped(buffer, command->description, 0);
	strata_buffer_format(buffer, "\nExamples:\n%s", command->examples);
	for (const struct strata_command_group *use = command->groups; use->group; use++)
		append_group(buffer, use->group);
	strata_buffer_format(buffer, "\nMore: man stratapack-%s\n", command->name);
}

static const struct strata_option general_options[] = {
	{.name = "quiet",
		.letter = 'q',
		.help = "no notes, progress or summary on stderr; errors only",
		STRATA_STORES_FLAG(struct strata_general_options, quiet)},
	{.name = "help",
		.letter = 'h',
		.help = "print this help and exit",
		STRATA_STORES_FLAG(struct strata_general_options, help)},
	{.name = NULL},
};

const struct strata_option_group strata_general_group = {"General", general_options};
