/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack diff: what an update pulls, and why.
 */
#include <stratapack/image.h>

#include "cli/command.h"
#include "cli/options/registry_options.h"
#include "cli/text/image_text.h"
#include "cli/text/output.h"

struct diff {
	struct strata_general_options general;
	struct strata_registry_choices registry;
	struct diff_options {
		struct strata_used used;
		bool json;
	} own;
};

static const struct strata_option diff_options[] = {
	{.name = "json",
		.help = "print JSON instead of text",
		STRATA_STORES_FLAG(struct diff_options, json)},
	{.name = NULL},
};

static const struct strata_option_group diff_group = {"Output", diff_options};

static const struct strata_command_group diff_groups[] = {
	{&diff_group, offsetof(struct diff, own)},
	{&strata_registry_group, offsetof(struct diff, registry)},
	{&strata_general_group, offsetof(struct diff, general)},
	{NULL, 0},
};

static int print_text(const char *old_source, const char *new_source, struct strata_error *error)
{
	strata_autocontents struct strata_contents old = STRATA_CONTENTS_INIT;
	strata_autocontents struct strata_contents now = STRATA_CONTENTS_INIT;
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	struct strata_diff diff = {.old = NULL};
	int status = strata_contents_read(old_source, &old, error);

	if (status == 0)
		status = strata_contents_read(new_source, &now, error);
	if (status == 0)
		status = strata_diff_find(&old, &now, &diff, error);
	if (status == 0)
		strata_diff_text(&diff, &buffer);
	strata_diff_release(&diff);
	return status < 0 ? status : strata_print(&buffer, error);
}

static int print_diff(const char *old, const char *now, bool json, struct strata_error *error)
{
	strata_autofree char *text = NULL;
	int status;

	if (!json)
		return print_text(old, now, error);
	status = strata_image_diff(old, now, &text, error);
	return status < 0 ? status : strata_print_text(text, error);
}

static int run_diff(const struct strata_command *command, int argc, char **argv)
{
	struct diff diff = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &diff, &diff.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (argc - first != 2) {
		strata_hint(&error,
			strata_fail(&error, STRATA_ERROR_INVALID, "two images are needed"),
			"stratapack diff OLD NEW");
		return strata_report_use(&error);
	}
	return print_diff(argv[first], argv[first + 1], diff.own.json, &error) < 0
		       ? strata_report(&error)
		       : STRATA_EXIT_DONE;
}

const struct strata_command strata_command_diff = {
	.name = "diff",
	.operands = "OLD NEW",
	.summary = "show what an update from one image to another pulls, and why",
	.description =
		"Compare two images, or two plans: which layers of NEW a machine with OLD must "
		"pull, and which items made them change. Images are archives or directories in any "
		"format that 'stratapack inspect' reads. Which items a layer holds is known of "
		"images that stratapack made; of others, the bytes are.",
	.examples = "  stratapack diff yesterday.tar today.tar\n"
		    "  # before anything is built\n"
		    "  stratapack plan python3 --previous old.tar -o new.json\n"
		    "  stratapack diff old.json new.json\n"
		    "  # the items that made layers change\n"
		    "  stratapack diff --json oci:old oci:new | jq -r '.layers[].reasons[] | "
		    "select(.kind == \"changed\").item'\n",
	.operand = STRATA_VALUE_FILE,
	.reads_registries = true,
	.groups = diff_groups,
	.run = run_diff,
};
