/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack tags: the tags of a repository.
 */
#include "cli/command.h"
#include "cli/options/registry_options.h"
#include "cli/text/output.h"
#include "util/text.h"

struct tags {
	struct strata_general_options general;
	struct strata_registry_choices registry;
};

static const struct strata_command_group tags_groups[] = {
	{&strata_registry_group, offsetof(struct tags, registry)},
	{&strata_general_group, offsetof(struct tags, general)},
	{NULL, 0},
};

static bool add_tag(void *data, const char *tag)
{
	struct strata_buffer *text = data;

	strata_text_visible(text, tag);
	strata_buffer_byte(text, '\n');
	return strata_signals_caught() == 0;
}

static int list(struct tags *tags, const char *repository, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_registry *registry;
	int status = strata_registry_choices_open(
		&tags->registry, tags->general.quiet, &registry, error);
	if (status == 0)
		status = strata_registry_tags(registry, repository, add_tag, &text, error);
	if (status == 0)
		status = strata_signals_check(error);
	return status < 0 ? status : strata_print(&text, error);
}

static int run_tags(const struct strata_command *command, int argc, char **argv)
{
	struct tags tags = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &tags, &tags.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (argc - first != 1) {
		strata_hint(&error,
			strata_fail(&error, STRATA_ERROR_INVALID, "one repository is needed"),
			"stratapack tags docker://HOST/REPOSITORY");
		return strata_report_use(&error);
	}
	return list(&tags, argv[first], &error) < 0 ? strata_report(&error) : STRATA_EXIT_DONE;
}

const struct strata_command strata_command_tags = {
	.name = "tags",
	.operands = "docker://HOST/REPOSITORY",
	.summary = "list the tags of a repository",
	.description = "List the tags of a repository in a registry, one a line.",
	.examples = "  stratapack tags docker://example.org/team/tool\n",
	.operand = STRATA_VALUE_TEXT,
	.groups = tags_groups,
	.run = run_tags,
};
